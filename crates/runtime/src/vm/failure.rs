//! [`Failure`]: why an activation is being left, kept where signal handlers can write it.

use super::context::RawStoreContext;
use crate::error::{Error, format_err};
use crate::trap::{MAX_FRAMES, Trap, WasmBacktrace};
use gusset_types::TrapCode;
use std::cell::{Cell, RefCell};

/// Why the innermost activation is being left. Written where nothing may be allocated, hence an array.
pub(super) struct Failure {
    /// The number of a `TrapCode`, or 0.
    trap: Cell<u8>,
    /// The offset in the memory of the access that faulted.
    memory_offset: Cell<Option<usize>>,
    /// What a host function failed with.
    host: RefCell<Option<Error>>,
    frames: [Cell<usize>; MAX_FRAMES],
    /// How many frames there were, kept or not.
    depth: Cell<usize>,
}

impl Default for Failure {
    fn default() -> Failure {
        Failure {
            trap: Cell::new(0),
            memory_offset: Cell::new(None),
            host: RefCell::default(),
            frames: [const { Cell::new(0) }; MAX_FRAMES],
            depth: Cell::new(0),
        }
    }
}

impl Failure {
    /// Records a trap.
    pub(super) fn set_trap(&self, code: TrapCode, memory_offset: Option<usize>) {
        self.trap.set(code as u8);
        self.memory_offset.set(memory_offset);
    }

    /// Records what a host function failed with.
    pub(super) fn set_host(&self, error: Error) {
        *self.host.borrow_mut() = Some(error);
    }

    /// Forgets the frames of an earlier failure.
    pub(super) fn clear_frames(&self) {
        self.depth.set(0);
    }

    /// Adds the next outer frame: an address within the instruction that is running in it.
    pub(super) fn add_frame(&self, pc: usize) {
        let depth = self.depth.get();
        if let Some(frame) = self.frames.get(depth) {
            frame.set(pc);
        }
        self.depth.set(depth + 1);
    }
}

impl RawStoreContext {
    /// The recorded failure, for the caller of the activation that was left.
    pub(super) fn take_failure(&self) -> Error {
        let failure = &self.failure;
        let trap = TrapCode::from_u8(failure.trap.replace(0));
        let mut error = match (failure.host.take(), trap) {
            (Some(error), _) => error,
            (None, Some(code)) => {
                let offset = failure.memory_offset.take().map(|offset| offset as u64);
                Trap::new(code).with_memory_offset(offset).into()
            }
            (None, None) => format_err!("internal error: a guest was left without a reason"),
        };
        error.add_backtrace(self.backtrace());
        error
    }

    fn backtrace(&self) -> WasmBacktrace {
        let depth = self.failure.depth.get();
        let kept = &self.failure.frames[..depth.min(MAX_FRAMES)];
        let frame = |pc: &Cell<usize>| self.with_code_at(pc.get(), |code| code.frame_at(pc.get()));
        WasmBacktrace::new(kept.iter().filter_map(frame).collect(), depth - kept.len())
    }
}
