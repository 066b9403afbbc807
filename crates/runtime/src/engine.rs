//! [`Engine`]: what all stores of a process share: the settings, the compiler, and the numbers of core signatures.

use crate::config::Config;
use crate::error::{Result, bail};
use crate::vm;
use gusset_artifact::{CoreFuncType, CoreValType, HeapType, RefType};
use indexmap::IndexSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
pub struct Engine(Arc<Inner>);

struct Inner {
    id: u64,
    config: Config,
    /// The position of a signature is its number, in every function reference of every store.
    signatures: Mutex<IndexSet<Arc<CoreFuncType>>>,
    #[cfg(feature = "compile")]
    compiler: crate::compile::Compiler,
}

impl Engine {
    /// An engine with these settings. The first one of a process installs signal handlers: guests' faults become traps,
    /// and all other signals go on to the handlers that were there before.
    ///
    /// # Errors
    ///
    /// When the processor or a setting is not supported.
    pub fn new(config: &Config) -> Result<Engine> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        vm::install_signal_handlers()?;
        Ok(Engine(Arc::new(Inner {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            config: config.clone(),
            signatures: Mutex::default(),
            #[cfg(feature = "compile")]
            compiler: crate::compile::Compiler::new(config)?,
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

    /// A number that no other engine of the process has.
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    #[cfg(feature = "compile")]
    pub(crate) fn compiler(&self) -> &crate::compile::Compiler {
        &self.0.compiler
    }

    /// The engine-wide number of a signature.
    ///
    /// # Errors
    ///
    /// When it speaks of other signatures (typed function references): their indices mean nothing outside their unit.
    pub(crate) fn signature_id(&self, ty: &CoreFuncType) -> Result<u32> {
        let concrete = |ty: &CoreValType| matches!(ty, CoreValType::Ref(RefType { heap: HeapType::Concrete(_), .. }));
        if ty.params.iter().chain(&*ty.results).any(concrete) {
            bail!("unsupported: typed function references in the signature of a function");
        }
        let mut signatures = self.0.signatures.lock().unwrap_or_else(PoisonError::into_inner);
        let index = match signatures.get_index_of(ty) {
            Some(index) => index,
            None => signatures.insert_full(Arc::new(ty.clone())).0,
        };
        Ok(u32::try_from(index).expect("fewer than 2^32 signatures"))
    }

    /// The signature with this number.
    pub(crate) fn signature(&self, id: u32) -> Arc<CoreFuncType> {
        let signatures = self.0.signatures.lock().unwrap_or_else(PoisonError::into_inner);
        signatures.get_index(id as usize).expect("the number is of this engine").clone()
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
