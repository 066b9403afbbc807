//! The process and its thread.

use super::guest::{for_each, for_each_with};
use gusset_wasi::Exit;
use gusset_wasi::preview1::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn proc_exit_means() {
    for_each(|guest| {
        for code in [0, 1, 125, 126, 255, 256, u32::MAX] {
            let error = guest.try_call("proc_exit", &[code.into()]).unwrap_err();
            assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit::new(code)));
            assert!(error.downcast_ref::<gusset::Trap>().is_none(), "an exit is no trap");
        }
    });
}

/// It refuses no code: what it is called after is a guest that has ended, and another call of it ends it again.
#[test]
fn proc_exit_refuses() {
    for_each(|guest| {
        for code in [1, 2] {
            let exit = Exit::of(guest.try_call("proc_exit", &[code]).map(|_| ()));
            assert_eq!(exit.unwrap(), Exit::new(code as u32));
        }
    });
}

#[test]
fn proc_raise_means() {
    // Nobody has signals.
    for_each(|guest| (0..=30).for_each(|signal| guest.fails(Errno::Notsup, "proc_raise", &[signal])));
}

#[test]
fn proc_raise_refuses() {
    for_each(|guest| {
        for signal in [31, 256, u32::MAX] {
            guest.fails(Errno::Inval, "proc_raise", &[signal.into()]);
        }
    });
}

#[test]
fn sched_yield_means() {
    let yields = Arc::new(AtomicU32::new(0));
    let counter = yields.clone();
    let count = move || _ = counter.fetch_add(1, Ordering::Relaxed);
    for_each_with(
        |config| _ = config.yield_now(count.clone()),
        |guest| {
            let before = yields.load(Ordering::Relaxed);
            guest.ok("sched_yield", &[]);
            assert_eq!(yields.load(Ordering::Relaxed), before + 1, "it is the host's affair");
        },
    );
}

/// There is nothing to refuse: it is done also where the host does nothing.
#[test]
fn sched_yield_refuses() {
    for_each(|guest| guest.ok("sched_yield", &[]));
}
