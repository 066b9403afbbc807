//! Clocks: `clock_res_get`, `clock_time_get`.

use super::memory::GuestMemory;
use super::parameter::{Parameter, Role};
use crate::clock::nanoseconds;
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};

/// `clockid`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ClockId {
    Realtime,
    Monotonic,
    /// How long the process has been running, or the thread: how busy the host is, is none of a guest's affairs.
    CpuTime,
}

impl ClockId {
    pub(super) fn from_number(number: u32) -> Result<ClockId, ErrorCode> {
        match number {
            0 => Ok(ClockId::Realtime),
            1 => Ok(ClockId::Monotonic),
            2 | 3 => Ok(ClockId::CpuTime),
            _ => Err(ErrorCode::Invalid),
        }
    }
}

impl Parameter for ClockId {
    const ROLES: &[Role] = &[Role::I32];
    type Core = u32;
    type Values = [u32; 1];
    type Checked = ClockId;

    #[inline]
    fn check([number]: [u32; 1], _: &GuestMemory<'_>) -> Result<ClockId, ErrorCode> {
        ClockId::from_number(number)
    }
}

pub(super) fn res_get(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, id: ClockId) -> WasiResult<u64> {
    match id {
        ClockId::Realtime => Ok(nanoseconds(ctx.wall_resolution())),
        ClockId::Monotonic => Ok(nanoseconds(ctx.monotonic_resolution())),
        ClockId::CpuTime => Err(ErrorCode::BadDescriptor.into()),
    }
}

/// The precision that a guest can do with is nothing that it could be given less of.
#[inline]
pub(super) fn time_get(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, id: ClockId, _precision: u64) -> WasiResult<u64> {
    match id {
        ClockId::Realtime => Ok(nanoseconds(ctx.wall_now())),
        ClockId::Monotonic => Ok(nanoseconds(ctx.monotonic_now())),
        ClockId::CpuTime => Err(ErrorCode::BadDescriptor.into()),
    }
}
