//! `proc_exit`, `proc_raise`, `sched_yield`.

use super::guest::Guest;
use gusset_wasi::preview1::Errno;
use gusset_wasi::{Exit, WasiConfig};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn an_exit_reaches_the_host_with_its_code() {
    Guest::each(WasiConfig::default, |guest| {
        for code in [0, 1, 125, 126, 255, 256, u32::MAX] {
            let error = guest.try_call("proc_exit", [code.into()]).unwrap_err();
            assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit::new(code)));
            assert!(error.downcast_ref::<gusset::Trap>().is_none(), "an exit is no trap");
        }
    });
}

#[test]
fn nobody_has_signals() {
    Guest::each(WasiConfig::default, |guest| {
        guest.refused("proc_raise", [15], Errno::Notsup);
        guest.refused("proc_raise", [31], Errno::Inval);
    });
}

#[test]
fn giving_way_is_the_hosts_affair() {
    let yields = Arc::new(AtomicU32::new(0));
    let config = || {
        let counter = yields.clone();
        WasiConfig::builder().yield_now(move || _ = counter.fetch_add(1, Ordering::Relaxed)).build().unwrap()
    };
    Guest::each(config, |guest| guest.succeed("sched_yield", []));
    assert_eq!(yields.load(Ordering::Relaxed), 2);
    Guest::each(WasiConfig::default, |guest| guest.succeed("sched_yield", []));
}
