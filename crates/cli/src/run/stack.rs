//! A stack for guests that are to have more of it than the system gives a program.

use anyhow::{Context, Result, bail};
use std::panic::resume_unwind;
use std::thread;

/// What a stack has beside what guests may use: for the host's functions, and for what the runtime leaves free.
const FOR_THE_HOST: u64 = 1 << 20;

/// Runs something that calls guests where they can use so many bytes of stack.
pub(super) fn with_room<R: Send>(bytes: u64, run: impl FnOnce() -> Result<R> + Send) -> Result<R> {
    let Some(size) = bytes.checked_add(FOR_THE_HOST).and_then(|size| usize::try_from(size).ok()) else {
        bail!("no stack can have {bytes} bytes, as --max-wasm-stack says");
    };
    thread::scope(|scope| {
        let started = thread::Builder::new().stack_size(size).spawn_scoped(scope, run);
        let thread =
            started.with_context(|| format!("there is no stack of {bytes} bytes, as --max-wasm-stack says"))?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
