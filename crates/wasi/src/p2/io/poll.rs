//! `wasi:io/poll`: waiting for streams, clocks and whatever else gives out pollables.

use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::p2::interface::stop;
use crate::p2::waiting::Sources;
use crate::p2::{Waits, WasiCtxView, interface};
use crate::wait::{Interest, Pollable, Waiter};
use gusset::Resource;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// The resource `pollable` of `wasi:io/poll`. It stands in the table as a child of what it was made for, where that is a resource
/// ([`ResourceTable::push_child`](gusset::ResourceTable::push_child)): that cannot be dropped before.
///
/// ```
/// use gusset_wasi::{Input, Interest, Pollable, p2::IoPollable};
/// use gusset::{ResourceTable, ResourceTableError};
/// use std::{sync::Arc, time::Duration};
/// struct Ready;
/// impl Pollable for Ready {}
/// let mut table = ResourceTable::new();
/// let ready = table.push(Ready)?;
/// table.push_child(IoPollable::new(Arc::new(Ready), Interest::Read), &ready)?;
/// table.push(IoPollable::at(Duration::from_secs(5)))?;
/// assert_eq!(table.delete(ready).err(), Some(ResourceTableError::HasChildren));
/// # Ok::<(), ResourceTableError>(())
/// ```
#[derive(Clone)]
pub struct IoPollable(PollableKind);

#[derive(Clone)]
enum PollableKind {
    Source(Arc<dyn Pollable>, Interest),
    Time(Duration),
}

impl IoPollable {
    /// Ready when the source is.
    pub fn new(source: Arc<dyn Pollable>, interest: Interest) -> IoPollable {
        IoPollable(PollableKind::Source(source, interest))
    }

    /// Ready from when the guest's monotonic clock shows a time.
    pub fn at(time: Duration) -> IoPollable {
        IoPollable(PollableKind::Time(time))
    }
}

interface! { "wasi:io/poll@0.2.12" {
    resource "pollable": IoPollable;
    function "[method]pollable.ready": ready;
    waits "[method]pollable.block": block;
    waits "poll": poll;
} }

fn ready(view: &mut WasiCtxView<'_>, (pollable,): (Resource<IoPollable>,)) -> WasiResult<(bool,)> {
    Ok((match &view.table.get(&pollable)?.0 {
        PollableKind::Source(source, interest) => {
            source.poll_ready(*interest, &mut Waiter::new(Waker::noop().clone())).is_ready()
        }
        PollableKind::Time(time) => view.ctx.monotonic_now() >= *time,
    },))
}

async fn block<W: Waits>(view: &mut WasiCtxView<'_>, (pollable,): (Resource<IoPollable>,), waits: W) -> WasiResult<()> {
    let pollable = view.table.get(&pollable)?.clone();
    wait_for(view.ctx, &[pollable], waits).await?;
    Ok(())
}

async fn poll<W: Waits>(
    view: &mut WasiCtxView<'_>,
    (pollables,): (Vec<Resource<IoPollable>>,),
    waits: W,
) -> WasiResult<(Vec<u32>,)> {
    if pollables.is_empty() {
        return Err(stop("`wasi:io/poll#poll` was called with an empty list, which nothing would end"));
    }
    let awaited: Vec<IoPollable> =
        pollables.iter().map(|pollable| view.table.get(pollable).cloned()).collect::<Result<_, _>>()?;
    Ok((wait_for(view.ctx, &awaited, waits).await?,))
}

/// Waits until some are ready: which, by their positions.
async fn wait_for<W: Waits>(ctx: &mut WasiCtx, pollables: &[IoPollable], waits: W) -> WasiResult<Vec<u32>> {
    let mut sources = Sources::new();
    let mut first: Option<Duration> = None;
    for pollable in pollables {
        match &pollable.0 {
            PollableKind::Source(source, interest) => sources.push((source.clone(), *interest)),
            PollableKind::Time(time) => first = Some(first.map_or(*time, |first| first.min(*time))),
        }
    }
    let ready = waits.wait(ctx, sources, first).await?;
    let now = match first {
        // Where nothing else has happened the first time has come, whatever its clock shows.
        Some(first) if ready.is_empty() => ctx.monotonic_now().max(first),
        Some(_) => ctx.monotonic_now(),
        None => Duration::ZERO,
    };
    let mut ready = ready.into_iter().map(|(source, _)| source).peekable();
    let (mut found, mut source) = (Vec::new(), 0..);
    for (at, pollable) in (0..).zip(pollables) {
        let is_ready = match pollable.0 {
            PollableKind::Time(time) => time <= now,
            PollableKind::Source(..) => {
                let this = source.next();
                ready.next_if(|ready| Some(*ready) == this).is_some()
            }
        };
        if is_ready {
            found.push(at);
        }
    }
    Ok(found)
}
