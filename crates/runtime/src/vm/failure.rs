//! [`ActivationFailure`]: why an activation is being left, kept where signal handlers can write it.

use crate::backtrace::BacktraceGap;
use crate::error::Error;
use gusset_types::TrapCode;
use std::cell::{Cell, RefCell};

/// How many frames of an activation a backtrace keeps: those where it stopped, and those where it began.
const MAX_INNERMOST: usize = 40;
const MAX_OUTERMOST: usize = 20;

/// A frame of a function: those whose calls were inlined share one of the stack.
#[derive(Clone, Copy, Default)]
pub(super) struct FramePlace {
    /// An address within the instruction that is running.
    pub(super) pc: usize,
    /// Which of the functions that run there, of which the innermost has the number 0.
    pub(super) number: u32,
}

/// Why the innermost activation is being left. Written where nothing may be allocated, hence an array.
pub(super) struct ActivationFailure {
    /// The number of a `TrapCode`, or 0.
    trap: Cell<u8>,
    /// The offset in the memory of the access that faulted.
    memory_offset: Cell<Option<usize>>,
    /// What a host function failed with.
    host: RefCell<Option<Error>>,
    /// The exception that is being thrown, or 0.
    exception: Cell<u32>,
    innermost: [Cell<FramePlace>; MAX_INNERMOST],
    /// Those behind them, each in the place of the one that came as many before it as there are places.
    outermost: [Cell<FramePlace>; MAX_OUTERMOST],
    /// How many frames there were, kept or not.
    depth: Cell<usize>,
}

impl Default for ActivationFailure {
    fn default() -> ActivationFailure {
        ActivationFailure {
            trap: Cell::new(0),
            memory_offset: Cell::new(None),
            host: RefCell::default(),
            exception: Cell::new(0),
            innermost: [const { Cell::new(FramePlace { pc: 0, number: 0 }) }; MAX_INNERMOST],
            outermost: [const { Cell::new(FramePlace { pc: 0, number: 0 }) }; MAX_OUTERMOST],
            depth: Cell::new(0),
        }
    }
}

impl ActivationFailure {
    /// Records a trap.
    pub(super) fn set_trap(&self, code: TrapCode, memory_offset: Option<usize>) {
        self.trap.set(code as u8);
        self.memory_offset.set(memory_offset);
    }

    /// Records what a host function failed with.
    pub(super) fn set_host(&self, error: Error) {
        *self.host.borrow_mut() = Some(error);
    }

    /// Records an exception.
    pub(super) fn set_exception(&self, exception: u32) {
        self.exception.set(exception);
    }

    /// The exception that is being thrown, if it is one.
    pub(super) fn exception(&self) -> Option<u32> {
        Some(self.exception.get()).filter(|&exception| exception != 0)
    }

    /// The exception that is being thrown, if it is one: it is no longer.
    pub(super) fn take_exception(&self) -> Option<u32> {
        Some(self.exception.replace(0)).filter(|&exception| exception != 0)
    }

    /// Forgets the frames of an earlier failure.
    pub(super) fn clear_frames(&self) {
        self.depth.set(0);
    }

    /// Adds the next outer frame.
    pub(super) fn add_frame(&self, place: FramePlace) {
        let depth = self.depth.get();
        match depth.checked_sub(MAX_INNERMOST) {
            None => self.innermost[depth].set(place),
            Some(behind) => self.outermost[behind % MAX_OUTERMOST].set(place),
        }
        self.depth.set(depth + 1);
    }

    /// What a host function failed with, if one did.
    pub(super) fn take_host(&self) -> Option<Error> {
        self.host.take()
    }

    /// The trap, if there was one, and the offset in memory of the access that faulted.
    pub(super) fn take_trap(&self) -> Option<(TrapCode, Option<usize>)> {
        let code = TrapCode::from_u8(self.trap.replace(0))?;
        Some((code, self.memory_offset.take()))
    }

    /// The frames that were kept, innermost first, and how many there were behind the first so many of them that are returned.
    pub(super) fn frames(&self) -> (impl Iterator<Item = FramePlace>, BacktraceGap) {
        let depth = self.depth.get();
        let behind = depth.saturating_sub(MAX_INNERMOST);
        let outermost =
            (behind.saturating_sub(MAX_OUTERMOST)..behind).map(|at| self.outermost[at % MAX_OUTERMOST].get());
        let innermost = self.innermost.iter().take(depth).map(Cell::get);
        let gap = BacktraceGap { position: MAX_INNERMOST, frames: behind.saturating_sub(MAX_OUTERMOST) };
        (innermost.chain(outermost), gap)
    }
}
