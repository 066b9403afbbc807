//! `proc_exit`, `proc_raise`, `sched_yield`.

use super::exports;
use crate::errno::ErrorNumber;

/// The number of the last signal.
const LAST_SIGNAL: u32 = 30;

/// Does not return. The first version of 0.2 tells success from failure, and no more.
#[unsafe(no_mangle)]
extern "C" fn proc_exit(code: u32) {
    #[cfg(feature = "filesystem")]
    crate::imports::cli::exit(u32::from(code != 0));
    let _ = code;
    core::arch::wasm32::unreachable()
}

exports! {
    /// Nobody has signals.
    fn proc_raise(signal: u32) {
        if signal <= LAST_SIGNAL { Err(ErrorNumber::NOTSUP) } else { Err(ErrorNumber::INVAL) }
    }

    /// Nothing else runs in a component.
    fn sched_yield() {
        Ok(())
    }
}

/// `wasi:cli/run`: success, since whoever fails exits or traps.
#[cfg(feature = "command")]
#[unsafe(export_name = "wasi:cli/run@0.2.0#run")]
extern "C" fn run() -> u32 {
    #[link(wasm_import_module = "__main_module__")]
    unsafe extern "C" {
        #[link_name = "_start"]
        safe fn main_start();
    }
    main_start();
    0
}
