//! What is no function of preview1, and is imported from its module all the same by libraries that are made for such an adapter.

use super::exports;
use crate::descriptors;
use crate::imports::clocks;
use crate::memory::{check, store32};
use crate::words::{self, PAUSED, PAUSED_TIME};

exports! {
    /// Takes a number for something that is not a descriptor of preview1's: to use it is `badf`.
    fn adapter_open_badfd(to: u32) {
        check(to, 4, 4)?;
        let fd = descriptors::lowest_free().get32()?;
        descriptors::reserve(fd);
        store32(to, fd);
        Ok(())
    }

    /// Gives it back.
    fn adapter_close_badfd(fd: u32) {
        descriptors::unreserve(fd).get()?;
        Ok(())
    }
}

/// Forgets everything, without dropping it: a program that was run ahead of time goes on among other handles.
#[unsafe(no_mangle)]
extern "C" fn reset_adapter_state() {
    words::reset();
}

/// Lets the monotonic clock stand still, or go on: where no imported function may be called, as while a list is lowered, it can still be read.
#[unsafe(no_mangle)]
extern "C" fn adapter_monotonic_clock_set_paused(paused: u32) {
    if paused != 0 {
        PAUSED_TIME.set(clocks::monotonic_now());
    }
    PAUSED.set(u64::from(paused != 0));
}
