//! [`Ticks`]: begins epochs while guests run, at each of which a guest that computes lets others have their turn. Where none runs, nobody ticks.

use gusset::Engine;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

/// How long a guest computes at most before others have their turn.
const TICK: Duration = Duration::from_millis(2);

/// How many ticks come after the last guest has ended: who serves one after another wakes nobody for it.
const IDLE_TICKS: u32 = 250;

pub(super) struct Ticks {
    shared: Arc<TicksState>,
    thread: Thread,
}

#[derive(Default)]
struct TicksState {
    running: AtomicUsize,
    parked: AtomicBool,
}

/// A guest that runs.
pub(super) struct TickingGuest(Arc<TicksState>);

impl Ticks {
    /// Starts the thread that ticks; it ends with the process.
    ///
    /// # Errors
    ///
    /// When the system starts none.
    pub(super) fn start(engine: &Engine) -> io::Result<Ticks> {
        let (shared, engine) = (Arc::<TicksState>::default(), engine.clone());
        let state = shared.clone();
        let thread = thread::Builder::new().name("gusset-ticks".into()).spawn(move || state.run(&engine))?;
        Ok(Ticks { shared, thread: thread.thread().clone() })
    }

    /// Ticks until what is returned is dropped.
    pub(super) fn begin(&self) -> TickingGuest {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.parked.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        TickingGuest(self.shared.clone())
    }
}

impl TicksState {
    fn run(&self, engine: &Engine) {
        let mut idle = 0;
        loop {
            thread::sleep(TICK);
            engine.increment_epoch();
            idle = if self.running.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
            if idle < IDLE_TICKS {
                continue;
            }
            self.parked.store(true, Ordering::SeqCst);
            while self.running.load(Ordering::SeqCst) == 0 {
                thread::park();
            }
            self.parked.store(false, Ordering::SeqCst);
            idle = 0;
        }
    }
}

impl Drop for TickingGuest {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
