//! `wasi:clocks`, and waiting for them.

use super::filesystem::Time;
use super::guest::P2Guest;
use gusset::Resource;
use gusset_wasi::p2::IoPollable;
use gusset_wasi::{VirtualClock, WasiConfig};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A guest with a clock that stands still, and that clock.
fn guest() -> (P2Guest, VirtualClock) {
    let clock = VirtualClock::new(Duration::new(1_000_000_000, 7), Duration::ZERO);
    let sleeper = clock.clone();
    let config = WasiConfig::builder()
        .wall_clock(clock.clone())
        .monotonic_clock(clock.clone())
        .sleep(move |time| sleeper.advance(time))
        .build()
        .unwrap();
    (P2Guest::new(&config), clock)
}

#[test]
fn clocks_show_what_the_hosts_do() {
    let (mut guest, clock) = guest();
    assert_eq!(guest.call::<_, u64>("monotonic-clock#now", ()), 0);
    assert_eq!(guest.call::<_, Time>("wall-clock#now", ()), Time { seconds: 1_000_000_000, nanoseconds: 7 });
    clock.advance(Duration::new(2, 5));
    assert_eq!(guest.call::<_, u64>("monotonic-clock#now", ()), 2_000_000_005);
    assert_eq!(guest.call::<_, Time>("wall-clock#now", ()), Time { seconds: 1_000_000_002, nanoseconds: 12 });
    assert_eq!(guest.call::<_, u64>("monotonic-clock#resolution", ()), 1);
    assert_eq!(guest.call::<_, Time>("wall-clock#resolution", ()), Time { seconds: 0, nanoseconds: 1 });
}

#[test]
fn a_guest_waits_for_an_instant_or_so_long() {
    let (mut guest, clock) = guest();
    clock.advance(Duration::from_secs(10));
    let second = 1_000_000_000;
    let ready =
        |guest: &mut P2Guest, of: &Resource<IoPollable>| guest.call::<_, bool>("poll#[method]pollable.ready", (of,));
    let at: Resource<IoPollable> = guest.call("monotonic-clock#subscribe-instant", (13 * second,));
    let after: Resource<IoPollable> = guest.call("monotonic-clock#subscribe-duration", (2 * second,));
    let never: Resource<IoPollable> = guest.call("monotonic-clock#subscribe-duration", (u64::MAX,));
    let past: Resource<IoPollable> = guest.call("monotonic-clock#subscribe-instant", (second,));
    assert!(ready(&mut guest, &past) && !ready(&mut guest, &at));
    guest.try_call::<_, ()>("poll#[method]pollable.block", (&after,)).unwrap();
    assert_eq!(guest.call::<_, u64>("monotonic-clock#now", ()), 12 * second);
    assert!(ready(&mut guest, &after) && !ready(&mut guest, &at));
    let poll = |guest: &mut P2Guest, list: &[&Resource<IoPollable>]| guest.call::<_, Vec<u32>>("poll#poll", (list,));
    assert_eq!(poll(&mut guest, &[&never, &at]), [1]);
    assert_eq!(guest.call::<_, u64>("monotonic-clock#now", ()), 13 * second);
    assert_eq!(poll(&mut guest, &[&past, &never, &at, &after]), [0, 2, 3]);
    clock.advance(Duration::MAX);
    assert_eq!(poll(&mut guest, &[&never]), [0], "a clock that has come to its end");
}

#[test]
fn a_guest_that_was_given_no_clock_sleeps_at_once() {
    let mut guest = P2Guest::new(&WasiConfig::default());
    let start = Instant::now();
    let day: Resource<IoPollable> = guest.call("monotonic-clock#subscribe-duration", (86_400_000_000_000_u64,));
    guest.try_call::<_, ()>("poll#[method]pollable.block", (&day,)).unwrap();
    assert!(guest.call::<_, u64>("monotonic-clock#now", ()) >= 86_400_000_000_000);
    assert!(start.elapsed() < Duration::from_secs(3600));
}

/// A host's way to sleep is asked for what is left.
#[test]
fn sleep_is_the_hosts() {
    let slept = Arc::new(Mutex::new(Vec::new()));
    let sleeps = slept.clone();
    let config = WasiConfig::builder().sleep(move |time| sleeps.lock().unwrap().push(time)).build().unwrap();
    let mut guest = P2Guest::new(&config);
    let pollable: Resource<IoPollable> = guest.call("monotonic-clock#subscribe-duration", (5_000_000_000_u64,));
    guest.try_call::<_, ()>("poll#[method]pollable.block", (&pollable,)).unwrap();
    assert!(matches!(slept.lock().unwrap()[..], [time] if time <= Duration::from_secs(5)));
}
