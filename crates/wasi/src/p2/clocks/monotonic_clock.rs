//! `wasi:clocks/monotonic-clock`: time that only goes on, and pollables of it.

use crate::clock::nanoseconds;
use crate::error::WasiResult;
use crate::p2::{IoPollable, WasiCtxView, interface};
use gusset::Resource;
use std::time::Duration;

interface! { "wasi:clocks/monotonic-clock@0.2.12" {
    function "now": now;
    function "resolution": resolution;
    function "subscribe-instant": subscribe_instant;
    function "subscribe-duration": subscribe_duration;
} }

fn now(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(u64,)> {
    Ok((nanoseconds(view.ctx.monotonic_now()),))
}

fn resolution(view: &mut WasiCtxView<'_>, (): ()) -> WasiResult<(u64,)> {
    Ok((nanoseconds(view.ctx.monotonic_resolution()),))
}

fn subscribe_instant(view: &mut WasiCtxView<'_>, (when,): (u64,)) -> WasiResult<(Resource<IoPollable>,)> {
    Ok((view.table.push(IoPollable::at(Duration::from_nanos(when)))?,))
}

fn subscribe_duration(view: &mut WasiCtxView<'_>, (length,): (u64,)) -> WasiResult<(Resource<IoPollable>,)> {
    let when = view.ctx.monotonic_now().saturating_add(Duration::from_nanos(length));
    Ok((view.table.push(IoPollable::at(when))?,))
}
