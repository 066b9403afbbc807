//! Random bytes: `random_get`.

use super::memory::GuestMemory;
use super::parameter::Buffer;
use crate::ctx::WasiCtx;
use crate::error::WasiResult;

pub(super) fn get(ctx: &mut WasiCtx, memory: &mut GuestMemory<'_>, buffer: Buffer) -> WasiResult<()> {
    buffer.fill(memory, |bytes| ctx.fill_secure_random(bytes))
}
