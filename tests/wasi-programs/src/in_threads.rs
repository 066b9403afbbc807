//! Runs a case of a program with threads, as a host does that starts them: each is a store of its own with an instance of the program,
//! and all have one memory.

use crate::case::ProgramCase;
use crate::case_file::program;
use crate::ended::EndedProgram;
use crate::in_library::{LibraryFiles, case_end, run_with};
use anyhow::{Context, Result, anyhow};
use gusset::core::{Caller, ExternType, Linker, Module, SharedMemory};
use gusset::{Config, Engine, Store};
use gusset_wasi::{Exit, WasiConfig, WasiCtx, preview1};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{Builder, JoinHandle};

/// How a program asks for a thread, with what its `wasi_thread_start` is called with behind the thread's number.
const SPAWN: (&str, &str) = ("wasi", "thread-spawn");

/// Whether a build has threads.
pub fn has_threads(build: &str) -> bool {
    build.starts_with("threads/")
}

/// Runs a case with a build that has threads.
///
/// # Errors
///
/// Where it cannot be run at all.
pub fn run_threads(build: &str, case: &ProgramCase, files: LibraryFiles) -> Result<EndedProgram> {
    // An engine of its own: when the program ends, a new epoch ends all its threads.
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let module = Module::from_file(&engine, program(build))?;
    run_with(build, case, files, |config| case_end(run(engine, module, config)?))
}

/// What the threads of a program have in common.
struct Process {
    engine: Engine,
    module: Module,
    memory: SharedMemory,
    config: WasiConfig,
    threads: Mutex<Vec<JoinHandle<()>>>,
    last_thread: AtomicI32,
    /// How it ended, from when it has.
    end: Mutex<Option<gusset::Result<Exit>>>,
}

/// What a thread's store holds. What it has open is its own; standard streams are the program's.
struct Thread {
    process: Arc<Process>,
    wasi: WasiCtx,
}

/// How a program ended; an error where it cannot be started.
fn run(engine: Engine, module: Module, config: &WasiConfig) -> Result<gusset::Result<Exit>> {
    let memory = module.imports().find_map(|(_, _, ty)| match ty {
        ExternType::Memory(ty) if ty.shared => Some(ty),
        _ => None,
    });
    let memory = SharedMemory::new(&engine, memory.context("it imports no shared memory")?)?;
    let process = Arc::new(Process {
        engine,
        module,
        memory,
        config: config.clone(),
        threads: Mutex::default(),
        last_thread: AtomicI32::new(0),
        end: Mutex::default(),
    });
    let outcome =
        process.call(|instance, store| instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call(store, ()));
    process.end(Exit::of(outcome));
    loop {
        let Some(thread) = lock(&process.threads).pop() else { break };
        thread.join().map_err(|_| anyhow!("a thread of the host panicked"))?;
    }
    lock(&process.end).take().context("it has ended")
}

impl Process {
    /// Calls an instance of the program in a store of its own.
    fn call(
        self: &Arc<Self>,
        call: impl FnOnce(gusset::core::Instance, &mut Store<Thread>) -> gusset::Result<()>,
    ) -> gusset::Result<()> {
        let mut linker = Linker::<Thread>::new(&self.engine);
        preview1::add_to_linker(&mut linker, |thread| &mut thread.wasi)?;
        linker.define("env", "memory", self.memory.clone())?;
        linker.func_wrap(SPAWN.0, SPAWN.1, |caller: Caller<'_, Thread>, argument: i32| {
            caller.data().process.spawn(argument)
        })?;
        let mut store = Store::new(&self.engine, Thread { process: self.clone(), wasi: WasiCtx::new(&self.config) });
        store.set_epoch_deadline(1);
        // It may have ended in an epoch before that deadline was set.
        if lock(&self.end).is_some() {
            return Ok(());
        }
        let instance = linker.instantiate(&mut store, &self.module)?;
        call(instance, &mut store)
    }

    /// Starts a thread: its number, or -1 where there is none to be had.
    fn spawn(self: &Arc<Self>, argument: i32) -> i32 {
        let number = self.last_thread.fetch_add(1, Ordering::Relaxed) + 1;
        let process = self.clone();
        let thread = move || {
            let start = |instance: gusset::core::Instance, store: &mut Store<Thread>| {
                let start = instance.get_typed_func::<(i32, i32), ()>(&mut *store, "wasi_thread_start")?;
                start.call(store, (number, argument))
            };
            // A thread that returns ends nothing but itself.
            if let Err(error) = process.call(start) {
                process.end(Exit::of(Err(error)));
            }
        };
        match Builder::new().spawn(thread) {
            Ok(thread) => {
                lock(&self.threads).push(thread);
                number
            }
            Err(_) => -1,
        }
    }

    /// Ends the program, unless it has ended, and with it all threads.
    fn end(&self, how: gusset::Result<Exit>) {
        lock(&self.end).get_or_insert(how);
        self.engine.increment_epoch();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
