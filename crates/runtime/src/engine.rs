//! [`Engine`]: what all stores of a process share: the settings, the compiler, and the numbers of core signatures.

use crate::config::Config;
use crate::error::Result;
use crate::signatures::SignatureRegistry;
use crate::vm;
use std::sync::Arc;

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
    signatures: SignatureRegistry,
    allocator: vm::InstanceAllocator,
    #[cfg(feature = "compile")]
    compiler: crate::compile::EngineCompiler,
}

impl Engine {
    /// An engine with these settings. The first one of a process installs signal handlers: guests' faults become traps,
    /// and all other signals go on to the handlers that were there before.
    ///
    /// # Errors
    ///
    /// When the processor or a setting is not supported.
    pub fn new(config: &Config) -> Result<Engine> {
        vm::install_signal_handlers()?;
        Ok(Engine(Arc::new(SharedEngine {
            config: config.clone(),
            signatures: SignatureRegistry::new(),
            allocator: vm::InstanceAllocator::new(config)?,
            #[cfg(feature = "compile")]
            compiler: crate::compile::EngineCompiler::new(config)?,
        })))
    }

    /// The settings that it was made with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Whether both are the same engine: one is the other's clone. Equal settings do not make engines the same.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
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
