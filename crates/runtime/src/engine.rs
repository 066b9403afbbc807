//! [`Engine`]: what all stores of a process share: the settings, the compiler, and the numbers of core signatures.

use crate::config::Config;
use crate::error::Result;
use crate::signatures::SignatureRegistry;
use crate::vm;
use gusset_artifact::CodeIdentity;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The settings and what is shared by everything that is compiled with them. Cheap to clone; threads can share it.
///
/// Components, modules, linkers and stores can be used together only if they are of one engine.
///
/// ```
/// use gusset::{Config, Engine};
/// let engine = Engine::new(&Config::new())?;
/// assert!(Engine::same(&engine, &engine.clone()));
/// assert!(!Engine::same(&engine, &Engine::default()));
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine(Arc<SharedEngine>);

struct SharedEngine {
    config: Config,
    /// What code that it runs is compiled for.
    identity: CodeIdentity,
    signatures: SignatureRegistry,
    epoch: AtomicU64,
    backtrace_details: bool,
    allocator: vm::InstanceAllocator,
    #[cfg(feature = "compile")]
    compiler: crate::compile::EngineCompiler,
}

impl Engine {
    /// An engine with these settings. The first one of a process installs signal handlers: guests' faults become traps,
    /// and all other signals go on to the handlers that were there before. With [`Config::signals_based_traps`] off it installs
    /// none.
    ///
    /// # Errors
    ///
    /// When the processor or a setting is not supported.
    pub fn new(config: &Config) -> Result<Engine> {
        if config.signals_based_traps {
            vm::install_signal_handlers()?;
        }
        Ok(Engine(Arc::new(SharedEngine {
            config: config.clone(),
            identity: config.identity(),
            signatures: SignatureRegistry::new(),
            epoch: AtomicU64::new(0),
            backtrace_details: config.has_backtrace_details(),
            allocator: vm::InstanceAllocator::new(config)?,
            #[cfg(feature = "compile")]
            compiler: crate::compile::EngineCompiler::new(config)?,
        })))
    }

    /// The settings that it was made with.
    #[inline]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What code that it runs is compiled for, but for features of the processor.
    pub(crate) fn identity(&self) -> &CodeIdentity {
        &self.0.identity
    }

    /// Whether both are the same engine: one is the other's clone. Equal settings do not make engines the same.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }

    /// Begins the next epoch: guests whose deadline it is are stopped, or their host is asked, if their code
    /// [looks](Config::epoch_interruption) for it. It neither waits nor allocates, so that a signal handler may call it.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Config, Engine, Store, Trap, TrapCode, core::{Instance, Module}};
    /// use std::{thread, time::Duration};
    ///
    /// let engine = Engine::new(Config::new().epoch_interruption(true))?;
    /// let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#)?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_epoch_deadline(1);
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    /// thread::spawn(move || {
    ///     thread::sleep(Duration::from_millis(10));
    ///     engine.increment_epoch();
    /// });
    /// let error = spin.call(&mut store, ()).unwrap_err();
    /// assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Interrupt));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn increment_epoch(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether backtraces have lines of sources.
    pub(crate) fn has_backtrace_details(&self) -> bool {
        self.0.backtrace_details
    }

    /// The number of the epoch.
    #[cfg(test)]
    pub(crate) fn epoch(&self) -> u64 {
        self.0.epoch.load(Ordering::Relaxed)
    }

    /// Where the number of the epoch stands as long as the engine lives.
    pub(crate) fn epoch_counter(&self) -> *const AtomicU64 {
        &self.0.epoch
    }

    /// The numbers of core signatures.
    pub(crate) fn signatures(&self) -> &SignatureRegistry {
        &self.0.signatures
    }

    /// Where instances come from.
    pub(crate) fn allocator(&self) -> &vm::InstanceAllocator {
        &self.0.allocator
    }

    #[cfg(feature = "compile")]
    pub(crate) fn compiler(&self) -> &crate::compile::EngineCompiler {
        &self.0.compiler
    }
}

impl Default for Engine {
    /// An engine with the default settings.
    ///
    /// # Panics
    ///
    /// On processors that are not supported; [`Engine::new`] returns an error there.
    fn default() -> Engine {
        Engine::new(&Config::new()).expect("the default settings are supported")
    }
}
