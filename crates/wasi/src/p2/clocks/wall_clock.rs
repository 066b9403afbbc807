//! `wasi:clocks/wall-clock`: the calendar.

use crate::error::{ErrorCode, WasiResult};
use crate::p2::{WasiCtxView, interface};
use gusset::{ComponentType, Lift, Lower};
use std::time::Duration;

/// `datetime`: a time since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(in crate::p2) struct Datetime {
    pub(in crate::p2) seconds: u64,
    pub(in crate::p2) nanoseconds: u32,
}

impl From<Duration> for Datetime {
    fn from(time: Duration) -> Datetime {
        Datetime { seconds: time.as_secs(), nanoseconds: time.subsec_nanos() }
    }
}

impl Datetime {
    /// The same, where that is a time.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Invalid`] for a second that has more nanoseconds than that.
    pub(in crate::p2) fn to_duration(self) -> Result<Duration, ErrorCode> {
        let is_one = self.nanoseconds < 1_000_000_000;
        if is_one { Ok(Duration::new(self.seconds, self.nanoseconds)) } else { Err(ErrorCode::Invalid) }
    }
}

interface! { "wasi:clocks/wall-clock@0.2.12" {
    function "now": now;
    function "resolution": resolution;
} }

fn now(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Datetime,)> {
    Ok((view.ctx.wall_now().into(),))
}

fn resolution(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(Datetime,)> {
    Ok((view.ctx.wall_resolution().into(),))
}
