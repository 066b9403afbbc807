//! `poll_oneoff`: waits for descriptors and clocks. What is wrong with one of them is an event of its own; only what cannot be understood
//! fails the call.
//!
//! What is needed meanwhile lies where events will, of 32 bytes for each subscription: in the last 4 of these what became of each, so that it is
//! read before an event is written there; before that handles, and before that what `poll` returns.

use super::clock::{MONOTONIC, REALTIME, wall_now};
use super::exports;
use crate::area::{Area, One};
use crate::descriptors::{self, DescriptorKind};
use crate::errno::ErrorNumber;
use crate::imports::{clocks, io};
use crate::lists::{self, Lent};
use crate::memory::{check, copy, fill_with_zeros, load8, load16, load32, load64, store8, store16, store32, store64};
use crate::outcome::NumberOrError;
use crate::rights;

/// How much one call may wait for.
const MAX_SUBSCRIPTIONS: u32 = 1 << 16;

/// The sizes of a `subscription` and an `event`.
const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;

/// `eventtype`, which is the tag of a subscription as well.
mod event_type {
    pub(super) const CLOCK: u8 = 0;
    pub(super) const FD_READ: u8 = 1;
    pub(super) const FD_WRITE: u8 = 2;
}

/// `subclockflags`: the timeout is a time of the clock, not a distance.
const ABSOLUTE: u16 = 1;

/// `eventrwflags`.
const HANGUP: u64 = 1;

/// What became of a subscription: it is waited for, has happened, or has not; else it is the number of an error.
const WAITED_FOR: u32 = 0x8000_0000;
const HAPPENED: u32 = 0;
const NOT_HAPPENED: u32 = 0x8000_0001;

/// A handle that is ready: handles are less.
const READY: u32 = 0x8000_0000;

exports! {
    fn poll_oneoff(from: u32, to: u32, count: u32, events: u32) {
        check(from, u64::from(count) * u64::from(SUBSCRIPTION), 8)?;
        check(to, u64::from(count) * u64::from(EVENT), 8)?;
        check(events, 4, 4)?;
        // Nothing would ever happen.
        if count == 0 || count > MAX_SUBSCRIPTIONS {
            return Err(ErrorNumber::INVAL);
        }
        let from_end = u64::from(from) + u64::from(count * SUBSCRIPTION);
        let to_end = u64::from(to) + u64::from(count * EVENT);
        let number = if u64::from(from) >= to_end || u64::from(to) >= from_end {
            poll(from, to, count).get32()?
        } else {
            // Events may be written over subscriptions: these are laid aside.
            descriptors::start_all();
            let lent = Lent::above(from_end.max(to_end));
            let aside = lent.take(count * SUBSCRIPTION, 8);
            copy(from, aside, count * SUBSCRIPTION);
            poll(aside, to, count).get32()?
        };
        store32(events, number);
        Ok(())
    }
}

fn poll(from: u32, to: u32, count: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let (states, handles) = (to + count * (EVENT - 4), to + count * (EVENT - 8));
        check_all(from, count).get()?;
        let waiting = subscribe_all(from, count, states, handles);
        let results = to + count * (EVENT - 12);
        if waiting == count {
            wait(handles, count, results);
        } else if waiting > 0 {
            // Something has happened already: the rest is only looked at. There is room, since that is not waited for.
            let now = clocks::subscribe_to_duration(0);
            store32(handles + waiting * 4, now);
            wait(handles, waiting + 1, results);
            io::drop_pollable(now);
        }
        settle(states, handles, count);
        Ok(tell(from, to, count, states).into())
    })
}

/// That all can be understood, before anything is made for any.
#[inline(always)]
fn check_all(from: u32, count: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let (mut at, mut left) = (from, count);
        while left > 0 {
            let tag = load8(at + 8);
            if tag > event_type::FD_WRITE {
                return Err(ErrorNumber::INVAL);
            }
            if tag == event_type::CLOCK && (load32(at + 16) > 3 || load16(at + 40) & !ABSOLUTE != 0) {
                return Err(ErrorNumber::INVAL);
            }
            at += SUBSCRIPTION;
            left -= 1;
        }
        Ok(0)
    })
}

/// Makes a handle of what is waited for, or finds that nothing need be; how many handles there are.
#[inline(always)]
fn subscribe_all(from: u32, count: u32, states: u32, handles: u32) -> u32 {
    let (mut index, mut waiting) = (0, 0);
    while index < count {
        let at = from + index * SUBSCRIPTION;
        let pollable = if load8(at + 8) == event_type::CLOCK { clock(at) } else { descriptor(at) };
        let state = match pollable.get32() {
            Ok(HAPPENED) => HAPPENED,
            Ok(handle) => {
                store32(handles + waiting * 4, handle - 1);
                waiting += 1;
                WAITED_FOR
            }
            Err(errno) => errno.code(),
        };
        store32(states + index * 4, state);
        index += 1;
    }
    waiting
}

/// Waits for a clock; the handle and 1 more.
fn clock(at: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let (timeout, absolute) = (load64(at + 24), load16(at + 40) & ABSOLUTE != 0);
        let handle = match load32(at + 16) {
            MONOTONIC if absolute => clocks::subscribe_to_instant(timeout),
            // As far away as it is now.
            REALTIME if absolute => clocks::subscribe_to_duration(timeout.saturating_sub(wall_now().get()?)),
            MONOTONIC | REALTIME => clocks::subscribe_to_duration(timeout),
            _ => return Err(ErrorNumber::INVAL),
        };
        Ok(u64::from(handle) + 1)
    })
}

/// Waits for a descriptor; the handle and 1 more, or 0 where it is always ready.
fn descriptor(at: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let fd = load32(at + 16);
        let right = if load8(at + 8) == event_type::FD_READ { rights::FD_READ } else { rights::FD_WRITE };
        match descriptors::with_rights(fd, right | rights::POLL_FD_READWRITE)?.kind() {
            DescriptorKind::INPUT => Ok(u64::from(io::subscribe_to_input(descriptors::stream(fd))) + 1),
            DescriptorKind::OUTPUT => Ok(u64::from(io::subscribe_to_output(descriptors::stream(fd))) + 1),
            _ => Ok(HAPPENED.into()),
        }
    })
}

/// Waits until at least one of the handles is ready, and marks those that are.
fn wait(handles: u32, count: u32, results: u32) {
    let (mut at, mut left) = {
        // The area is not where results go, since these are fewer bytes than a page without it.
        let mut room = count * 4;
        let area = Area::<One>::beside(results, &mut room);
        lists::to(results, room);
        io::poll(handles, count, area.at);
        (area.u32(0), area.u32(4))
    };
    while left > 0 {
        let ready = handles + load32(at) * 4;
        store32(ready, load32(ready) | READY);
        at += 4;
        left -= 1;
    }
}

/// Takes the handles' marks over to the subscriptions, and drops the handles.
#[inline(always)]
fn settle(states: u32, handles: u32, count: u32) {
    let (mut index, mut waiting) = (0, 0);
    while index < count {
        if load32(states + index * 4) == WAITED_FOR {
            let handle = load32(handles + waiting * 4);
            store32(states + index * 4, if handle & READY != 0 { HAPPENED } else { NOT_HAPPENED });
            io::drop_pollable(handle & !READY);
            waiting += 1;
        }
        index += 1;
    }
}

/// Writes the events; how many.
#[inline(always)]
fn tell(from: u32, to: u32, count: u32, states: u32) -> u32 {
    let (mut index, mut number) = (0, 0);
    while index < count {
        let state = load32(states + index * 4);
        if state != NOT_HAPPENED {
            let (at, event) = (from + index * SUBSCRIPTION, to + number * EVENT);
            let tag = load8(at + 8);
            let userdata = load64(at);
            let bytes = if state == HAPPENED && tag != event_type::CLOCK { readable(load32(at + 16), tag) } else { 0 };
            fill_with_zeros(event, EVENT);
            store64(event, userdata);
            store16(event + 8, state as u16);
            store8(event + 10, tag);
            store64(event + 16, bytes >> 1);
            store64(event + 24, bytes & HANGUP);
            number += 1;
        }
        index += 1;
    }
    number
}

/// How many bytes can be read, times 2, and 1 more at the end of a file. Of a stream nobody knows, so it is one.
fn readable(fd: u32, tag: u8) -> u64 {
    #[cfg(feature = "filesystem")]
    if let Ok(entry) = descriptors::entry(fd)
        && entry.kind() == DescriptorKind::FILE
    {
        if tag != event_type::FD_READ {
            return 0;
        }
        let size = super::fd::size(entry.handle()).get().unwrap_or(0);
        let left = size.saturating_sub(descriptors::position(fd).get());
        return if left == 0 { HANGUP } else { left << 1 };
    }
    let _ = (fd, tag);
    1 << 1
}
