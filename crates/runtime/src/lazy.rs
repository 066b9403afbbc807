//! [`LazyWork`]: which functions of a lazily compiled unit have been compiled, and which comes next. A function is compiled by one thread;
//! others that want it wait for that thread, which in the background may be at another function still, though not at a long one.

use crate::error::{Error, Result, format_err};
use gusset_codegen::{CodeChunk, Compiler, LazyUnit, LazyWorker};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Less than this much wasm is compiled in the time that it takes to start a thread for it.
const BYTES_FOR_A_THREAD: u64 = 2 << 10;

/// Nobody compiles the function, and nobody has.
const WAITING: u8 = 0;
/// A thread compiles it.
const CLAIMED: u8 = 1;
/// Its code is where its slot says.
const DONE: u8 = 2;

/// The functions of a unit.
pub(crate) struct LazyWork {
    unit: LazyUnit,
    compiler: Arc<Compiler>,
    states: Box<[AtomicU8]>,
    /// The first function that the background has not looked at.
    next: AtomicU32,
    background: Mutex<Background>,
    /// Threads that wait for a function that another one compiles.
    waiting: AtomicUsize,
    lock: Mutex<()>,
    changed: Condvar,
    /// The process whose threads have claimed functions.
    process: AtomicU32,
}

/// Threads that ask what comes [next](LazyWork::next).
#[derive(Default)]
struct Background {
    threads: usize,
    /// What those functions call that a guest has called: it is likely to be called next. The last is wanted first.
    wanted: Vec<u32>,
}

/// One of them, from before it starts until it has ended.
pub(crate) struct InBackground(Arc<LazyWork>);

impl InBackground {
    pub(crate) fn work(&self) -> &LazyWork {
        &self.0
    }
}

impl Drop for InBackground {
    fn drop(&mut self) {
        let mut background = self.0.background();
        background.threads = background.threads.saturating_sub(1);
        if background.threads == 0 {
            // Nobody is left who would take them.
            background.wanted = Vec::new();
        }
    }
}

/// Whose a function is.
pub(crate) enum Claim<'a> {
    /// It has been compiled.
    Done,
    /// Another thread compiles it.
    Busy,
    /// The caller's, who compiles it now.
    Mine(ClaimedFunction<'a>),
}

/// The right to compile a function. It is given up where it is dropped before it is [done](ClaimedFunction::done).
pub(crate) struct ClaimedFunction<'a> {
    work: &'a LazyWork,
    function: u32,
    outcome: u8,
}

impl ClaimedFunction<'_> {
    /// Its number.
    pub(crate) fn function(&self) -> u32 {
        self.function
    }

    /// Its slot has its code.
    pub(crate) fn done(mut self) {
        self.outcome = DONE;
    }
}

impl Drop for ClaimedFunction<'_> {
    fn drop(&mut self) {
        let work = self.work;
        work.states[self.function as usize].store(self.outcome, Ordering::SeqCst);
        if work.waiting.load(Ordering::SeqCst) > 0 {
            drop(work.lock.lock().unwrap_or_else(PoisonError::into_inner));
            work.changed.notify_all();
        }
    }
}

impl LazyWork {
    pub(crate) fn new(unit: LazyUnit, compiler: Arc<Compiler>) -> LazyWork {
        let states = (0..unit.functions()).map(|_| AtomicU8::new(WAITING)).collect();
        let (next, background, waiting, lock, changed) = Default::default();
        let process = AtomicU32::new(process::id());
        LazyWork { unit, compiler, states, next, background, waiting, lock, changed, process }
    }

    pub(crate) fn unit(&self) -> &LazyUnit {
        &self.unit
    }

    pub(crate) fn compiler(&self) -> &Arc<Compiler> {
        &self.compiler
    }

    /// How many threads are worth starting.
    pub(crate) fn worthwhile(&self) -> u64 {
        self.unit.body_bytes() / BYTES_FOR_A_THREAD
    }

    /// There is to be a thread that asks what comes [next](LazyWork::next).
    pub(crate) fn in_background(self: &Arc<LazyWork>) -> InBackground {
        self.background().threads += 1;
        InBackground(self.clone())
    }

    fn background(&self) -> MutexGuard<'_, Background> {
        self.background.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a function.
    pub(crate) fn claim(&self, function: u32) -> Claim<'_> {
        self.run_in(process::id());
        let state = &self.states[function as usize];
        match state.compare_exchange(WAITING, CLAIMED, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => Claim::Mine(ClaimedFunction { work: self, function, outcome: WAITING }),
            Err(DONE) => Claim::Done,
            Err(_) => Claim::Busy,
        }
    }

    /// In a process that was forked the threads of the other one do nothing: what they had claimed is anybody's.
    fn run_in(&self, process: u32) {
        if self.process.load(Ordering::Acquire) == process {
            return;
        }
        let _lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if self.process.load(Ordering::Acquire) != process {
            for state in &self.states {
                let _ = state.compare_exchange(CLAIMED, WAITING, Ordering::Relaxed, Ordering::Relaxed);
            }
            *self.background() = Background::default();
            self.waiting.store(0, Ordering::Relaxed);
            self.process.store(process, Ordering::Release);
        }
    }

    /// Waits until nobody compiles a function.
    pub(crate) fn wait(&self, function: u32) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while self.states[function as usize].load(Ordering::SeqCst) == CLAIMED {
            lock = self.changed.wait(lock).unwrap_or_else(PoisonError::into_inner);
        }
        drop(lock);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether somebody waits for what another thread compiles.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// What the background should compile, and whether a guest is likely to call it soon.
    pub(crate) fn next(&self) -> Option<(ClaimedFunction<'_>, bool)> {
        let wanted = || self.background().wanted.pop();
        while let Some(function) = wanted() {
            if let Claim::Mine(claimed) = self.claim(function) {
                return Some((claimed, true));
            }
        }
        loop {
            let function = self.next.fetch_add(1, Ordering::Relaxed);
            if function >= self.unit.functions() {
                // It must not come round again.
                self.next.store(self.unit.functions(), Ordering::Relaxed);
                return None;
            }
            if let Claim::Mine(claimed) = self.claim(function) {
                return Some((claimed, false));
            }
        }
    }

    /// Lets the background have what a guest's function calls.
    pub(crate) fn want_next(&self, chunk: &CodeChunk) {
        if self.background().threads == 0 {
            return;
        }
        let waiting = |&callee: &u32| self.states[callee as usize].load(Ordering::Relaxed) == WAITING;
        let callees: Vec<u32> = self.unit.callees(chunk).filter(waiting).collect();
        let mut background = self.background();
        if background.threads > 0 {
            background.wanted.extend(callees.into_iter().rev());
        }
    }

    /// Compiles a function and adds it to a chunk.
    ///
    /// # Errors
    ///
    /// When it is beyond a limit of the code generator, or that panics.
    pub(crate) fn compile(&self, worker: &mut LazyWorker, function: u32, chunk: &mut CodeChunk) -> Result<()> {
        let compile = || self.compiler.compile_lazily(&self.unit, worker, function, chunk);
        match catch_unwind(AssertUnwindSafe(compile)) {
            Ok(outcome) => Ok(outcome?),
            Err(payload) => {
                *worker = LazyWorker::default();
                Err(compiler_panicked(&*payload))
            }
        }
    }
}

/// A panic of the compiler, which nobody who calls a guest expects.
pub(crate) fn compiler_panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    format_err!("internal error: the compiler panicked: {text}")
}
