//! The process and its thread: `proc_exit`, `proc_raise`, `sched_yield`.

use super::memory::GuestMemory;
use super::parameter::{Parameter, Role};
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::exit::Exit;
use std::convert::Infallible;

/// The number of the last signal.
const LAST_SIGNAL: u32 = 30;

/// `signal`.
pub(crate) struct Signal;

impl Parameter for Signal {
    const ROLES: &[Role] = &[Role::I32];
    type Core = u32;
    type Values = [u32; 1];
    type Checked = Signal;

    fn check([number]: [u32; 1], _: &GuestMemory<'_>) -> Result<Signal, ErrorCode> {
        if number <= LAST_SIGNAL { Ok(Signal) } else { Err(ErrorCode::Invalid) }
    }
}

pub(super) fn exit(_: &mut WasiCtx, _: &mut GuestMemory<'_>, code: u32) -> WasiResult<Infallible> {
    Err(WasiError::Stop(Exit::new(code).into()))
}

/// Nobody has signals.
pub(super) fn raise(_: &mut WasiCtx, _: &mut GuestMemory<'_>, _: Signal) -> WasiResult<()> {
    Err(ErrorCode::NotSupported.into())
}

pub(super) fn sched_yield(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>) -> WasiResult<()> {
    ctx.yield_now();
    Ok(())
}
