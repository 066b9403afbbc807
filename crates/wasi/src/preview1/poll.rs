//! `poll_oneoff`: waits for descriptors and clocks. What is wrong with one of them is an event of its own; only what cannot be understood
//! fails the call.

use super::clock::ClockId;
use super::descriptors::{Fd, pollable};
use super::errno::Errno;
use super::memory::GuestMemory;
use super::parameter::{Parameter, Role};
use super::rights::Rights;
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::fs::{Descriptor, FileType};
use crate::wait::{Interest, Pollable, Ready};
use std::marker::PhantomData;
use std::time::Duration;

/// How much one call may wait for: what a guest asks for is kept beside its memory.
const MAX_SUBSCRIPTIONS: u32 = 1 << 16;

const EVENT_SIZE: u32 = 32;

/// `subclockflags`: the timeout is a time of the clock, not a distance.
const ABSTIME: u16 = 1;
/// `eventrwflags`.
const HANGUP: u16 = 1;

/// `eventtype`, which is the tag of a subscription as well.
mod event_type {
    pub(super) const CLOCK: u8 = 0;
    pub(super) const FD_READ: u8 = 1;
    pub(super) const FD_WRITE: u8 = 2;
}

/// How a version of the interface has a subscription in memory.
pub(crate) trait SubscriptionLayout {
    /// In bytes. The alignment is 8.
    const SIZE: u32;

    /// The subscription at an address, as preview1 has it.
    fn read(memory: &GuestMemory<'_>, at: u32) -> Result<[u8; 48], ErrorCode>;
}

/// As preview1 has it.
pub(crate) enum Preview1Layout {}

impl SubscriptionLayout for Preview1Layout {
    const SIZE: u32 = 48;

    fn read(memory: &GuestMemory<'_>, at: u32) -> Result<[u8; 48], ErrorCode> {
        memory.array(at)
    }
}

/// What is waited for, and where events are written. There is room for as many.
pub(crate) struct SubscriptionArray<Layout> {
    from: u32,
    to: u32,
    count: u32,
    layout: PhantomData<Layout>,
}

/// Those of preview1.
pub(crate) type Subscriptions = SubscriptionArray<Preview1Layout>;

impl<Layout: SubscriptionLayout> Parameter for SubscriptionArray<Layout> {
    const ROLES: &[Role] = &[
        Role::Records { size: Layout::SIZE, align: 8, written: false },
        Role::Records { size: EVENT_SIZE, align: 8, written: true },
        Role::Count,
    ];
    type Core = u32;
    type Values = [u32; 3];
    type Checked = SubscriptionArray<Layout>;

    fn check([from, to, count]: [u32; 3], memory: &GuestMemory<'_>) -> Result<Self, ErrorCode> {
        memory.check(from, u64::from(count) * u64::from(Layout::SIZE), 8)?;
        memory.check(to, u64::from(count) * u64::from(EVENT_SIZE), 8)?;
        // Nothing would ever happen.
        if count == 0 || count > MAX_SUBSCRIPTIONS {
            return Err(ErrorCode::Invalid);
        }
        Ok(SubscriptionArray { from, to, count, layout: PhantomData })
    }
}

/// Something that is waited for.
struct Subscription {
    userdata: u64,
    event_type: u8,
    awaited: Awaited,
}

enum Awaited {
    /// It cannot be.
    Failed(ErrorCode),
    /// A time of the monotonic clock.
    Time(Duration),
    Descriptor {
        thing: Descriptor,
        position: u64,
        interest: Interest,
    },
}

/// The present, by each clock that a subscription is about. Each is read once, so that what is asked for at the same time is.
struct Present<'a> {
    ctx: &'a WasiCtx,
    monotonic: Option<Duration>,
    wall: Option<Duration>,
}

pub(crate) fn oneoff<Layout: SubscriptionLayout>(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    array: SubscriptionArray<Layout>,
) -> WasiResult<u32> {
    // Events may be written over subscriptions, so all of these are read first.
    let raw: Vec<[u8; 48]> = (0..array.count)
        .map(|at| Layout::read(memory, array.from + at * Layout::SIZE))
        .collect::<Result<_, ErrorCode>>()?;
    let subscriptions = subscribe(ctx, &raw)?;
    let events = wait(ctx, &subscriptions)?;
    // There are no more than subscriptions, so each address is one.
    for (at, (subscription, event)) in (0..).zip(&events) {
        memory.write(array.to + at * EVENT_SIZE, &encode(subscription, *event))?;
    }
    Ok(events.len() as u32)
}

fn subscribe(ctx: &mut WasiCtx, raw: &[[u8; 48]]) -> Result<Vec<Subscription>, ErrorCode> {
    let descriptors: Vec<Option<Awaited>> = raw
        .iter()
        .map(|bytes| match bytes[8] {
            event_type::CLOCK => Ok(None),
            event_type::FD_READ => Ok(Some(descriptor(ctx, u32_at(bytes, 16), Interest::Read))),
            event_type::FD_WRITE => Ok(Some(descriptor(ctx, u32_at(bytes, 16), Interest::Write))),
            _ => Err(ErrorCode::Invalid),
        })
        .collect::<Result<_, ErrorCode>>()?;
    let mut present = Present { ctx, monotonic: None, wall: None };
    let subscription = |(bytes, descriptor): (&[u8; 48], Option<Awaited>)| {
        let awaited = match descriptor {
            Some(awaited) => awaited,
            None => present.clock(bytes)?,
        };
        Ok(Subscription { userdata: u64_at(bytes, 0), event_type: bytes[8], awaited })
    };
    raw.iter().zip(descriptors).map(subscription).collect()
}

fn descriptor(ctx: &mut WasiCtx, fd: u32, interest: Interest) -> Awaited {
    let descriptors = ctx.preview1();
    let entry = match descriptors.get(Fd(fd)) {
        Ok(entry) => entry,
        Err(error) => return Awaited::Failed(error),
    };
    let right = match (&entry.thing, interest) {
        // What is to be read of it are connections.
        (Descriptor::Listener(_), Interest::Read) => Rights::SOCK_ACCEPT,
        (_, Interest::Read) => Rights::FD_READ,
        (_, Interest::Write) => Rights::FD_WRITE,
    };
    match descriptors.check(Fd(fd), right.union(Rights::POLL_FD_READWRITE)) {
        Ok(()) => Awaited::Descriptor { thing: entry.thing.clone(), position: entry.position, interest },
        Err(error) => Awaited::Failed(error),
    }
}

impl Present<'_> {
    fn monotonic(&mut self) -> Duration {
        *self.monotonic.get_or_insert_with(|| self.ctx.monotonic_now())
    }

    fn wall(&mut self) -> Duration {
        *self.wall.get_or_insert_with(|| self.ctx.wall_now())
    }

    /// When the time of a clock's subscription comes.
    fn clock(&mut self, bytes: &[u8; 48]) -> Result<Awaited, ErrorCode> {
        let id = ClockId::from_number(u32_at(bytes, 16))?;
        let timeout = Duration::from_nanos(u64_at(bytes, 24));
        let flags = u16::from_le_bytes([bytes[40], bytes[41]]);
        if flags & !ABSTIME != 0 {
            return Err(ErrorCode::Invalid);
        }
        let absolute = flags & ABSTIME != 0;
        Ok(match id {
            ClockId::CpuTime => Awaited::Failed(ErrorCode::Invalid),
            ClockId::Monotonic if absolute => Awaited::Time(timeout),
            // As far away as it is now: a calendar that is set meanwhile changes nothing.
            ClockId::Realtime if absolute => {
                let left = timeout.saturating_sub(self.wall());
                Awaited::Time(self.monotonic().saturating_add(left))
            }
            ClockId::Monotonic | ClockId::Realtime => Awaited::Time(self.monotonic().saturating_add(timeout)),
        })
    }
}

/// What has happened to a subscription; that it cannot be had is told to the guest as well.
type Event<'s> = (&'s Subscription, Result<Ready, ErrorCode>);

/// Waits until something has happened: what, in the order in which it was asked for.
fn wait<'s>(ctx: &WasiCtx, subscriptions: &'s [Subscription]) -> WasiResult<Vec<Event<'s>>> {
    let first = subscriptions.iter().filter_map(Subscription::time).min();
    let failed = subscriptions.iter().any(|subscription| matches!(subscription.awaited, Awaited::Failed(_)));
    let sources: Vec<(&dyn Pollable, Interest)> = subscriptions.iter().filter_map(Subscription::source).collect();
    let ready = ctx.wait(&sources, if failed { Some(Duration::ZERO) } else { first })?;
    // Where nothing else has happened the first time has come, whatever its clock shows.
    let now = match first {
        Some(first) if ready.is_empty() && !failed => first,
        Some(_) => ctx.monotonic_now(),
        None => Duration::ZERO,
    };
    let mut ready = ready.into_iter().peekable();
    let (mut events, mut source) = (Vec::new(), 0..);
    for subscription in subscriptions {
        match &subscription.awaited {
            Awaited::Failed(error) => events.push((subscription, Err(*error))),
            Awaited::Time(time) if *time <= now => events.push((subscription, Ok(Ready::default()))),
            Awaited::Time(_) => {}
            Awaited::Descriptor { .. } => {
                let this = source.next();
                if let Some((_, found)) = ready.next_if(|(source, _)| Some(*source) == this) {
                    events.push((subscription, subscription.ready(found)?));
                }
            }
        }
    }
    Ok(events)
}

impl Subscription {
    fn time(&self) -> Option<Duration> {
        match &self.awaited {
            Awaited::Time(time) => Some(*time),
            _ => None,
        }
    }

    fn source(&self) -> Option<(&dyn Pollable, Interest)> {
        match &self.awaited {
            Awaited::Descriptor { thing, interest, .. } => Some((pollable(thing), *interest)),
            _ => None,
        }
    }

    /// What is told of a descriptor that is ready: of a regular file how much is left to read.
    fn ready(&self, ready: Ready) -> WasiResult<Result<Ready, ErrorCode>> {
        let Awaited::Descriptor { thing: Descriptor::File(file), position, interest: Interest::Read } = &self.awaited
        else {
            return Ok(Ok(ready));
        };
        match file.metadata() {
            Ok(metadata) if metadata.file_type == FileType::RegularFile => {
                let bytes = metadata.size.saturating_sub(*position);
                Ok(Ok(Ready { bytes, hung_up: bytes == 0 }))
            }
            Ok(_) => Ok(Ok(ready)),
            Err(WasiError::Code(code)) => Ok(Err(code)),
            Err(stop) => Err(stop),
        }
    }
}

/// `event`.
fn encode(subscription: &Subscription, outcome: Result<Ready, ErrorCode>) -> [u8; EVENT_SIZE as usize] {
    let (errno, ready) = match outcome {
        Ok(ready) => (Errno::Success, ready),
        Err(error) => (error.into(), Ready::default()),
    };
    let flags = if ready.hung_up { HANGUP } else { 0 };
    let mut bytes = [0; EVENT_SIZE as usize];
    bytes[..8].copy_from_slice(&subscription.userdata.to_le_bytes());
    bytes[8..10].copy_from_slice(&errno.code().to_le_bytes());
    bytes[10] = subscription.event_type;
    bytes[16..24].copy_from_slice(&ready.bytes.to_le_bytes());
    bytes[24..26].copy_from_slice(&flags.to_le_bytes());
    bytes
}

fn u32_at(bytes: &[u8; 48], at: usize) -> u32 {
    u32::from_le_bytes([0, 1, 2, 3].map(|byte| bytes[at + byte]))
}

fn u64_at(bytes: &[u8; 48], at: usize) -> u64 {
    u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|byte| bytes[at + byte]))
}
