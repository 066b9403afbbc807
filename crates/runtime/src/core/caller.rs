//! [`Caller`]: what a closure of a [`Linker`](super::Linker) knows of the instance that calls it.

use super::{Extern, Instance, Memory};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::vm::VmStore;
use std::sync::OnceLock;

/// The store, and the instance for whose import a closure of the host's stands.
///
/// A [`Linker`](super::Linker) makes a function of its closures for each instance, so that it is known without a word from the guest.
/// An instance that hands the function on, as an export or in a table, still is the one that it was made for.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Caller, Linker, Module};
/// use gusset::{Context, Engine, Result, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "host" "print" (func $print (param i32 i32)))
///     (memory (export "memory") 1) (data (i32.const 8) "Hello")
///     (func (export "run") (call $print (i32.const 8) (i32.const 5))))"#)?;
/// let mut linker = Linker::<String>::new(&engine);
/// linker.func_wrap("host", "print", |mut caller: Caller<'_, String>, at: u32, length: u32| -> Result<()> {
///     let memory = caller.get_memory("memory").context("it exports no memory")?;
///     let (bytes, printed) = memory.data_and_store_mut(&mut caller);
///     let text = bytes.get(at as usize..).and_then(|bytes| bytes.get(..length as usize));
///     printed.push_str(&String::from_utf8_lossy(text.context("the text is outside of the memory")?));
///     Ok(())
/// })?;
/// let mut store = Store::new(&engine, String::new());
/// let instance = linker.instantiate(&mut store, &module)?;
/// instance.get_func(&mut store, "run").expect("it is exported").call(&mut store, &[], &mut [])?;
/// assert_eq!(store.data(), "Hello");
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct Caller<'a, T: 'static> {
    store: StoreContextMut<'a, T>,
    importer: Option<&'a Importer>,
}

/// The instance that a function of a linker has been made for, and what that function has found in it.
pub(super) struct Importer {
    instance: Instance,
    /// The name that the function asked for first, and the memory of that name. What an instance exports stays the same.
    memory: OnceLock<(Box<str>, Option<Memory>)>,
}

impl Importer {
    pub(super) fn new(instance: Instance) -> Importer {
        Importer { instance, memory: OnceLock::new() }
    }
}

impl<'a, T: 'static> Caller<'a, T> {
    pub(super) fn new(store: StoreContextMut<'a, T>, importer: Option<&'a Importer>) -> Caller<'a, T> {
        Caller { store, importer }
    }

    pub(super) fn reborrow(&mut self) -> Caller<'_, T> {
        Caller { store: self.store.as_context_mut(), importer: self.importer }
    }

    pub(super) fn vm(&mut self) -> &mut VmStore {
        &mut self.store.0.vm
    }

    /// The instance for whose import the closure stands; `None` where it was taken out of the linker by
    /// [`Linker::get`](super::Linker::get), or is a [`Func`](super::Func) by itself.
    pub fn instance(&self) -> Option<Instance> {
        self.importer.map(|importer| importer.instance)
    }

    /// An export of that instance by its name.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        self.instance()?.get_export(&mut self.store, name)
    }

    /// The memory that the instance exports by that name; `None` if there is no such export or it is something else.
    ///
    /// Made for each call of a closure: what a function has found in its instance by the name that it asks for first is kept
    /// beside it, and from then on asking for that name is one comparison. Any other name is looked up.
    ///
    /// An instance has its memories before it runs, so that its start function's imports find them too.
    pub fn get_memory(&mut self, name: &str) -> Option<Memory> {
        let Importer { instance, memory } = self.importer?;
        let (known, memory) = memory.get_or_init(|| (name.into(), instance.get_memory(&mut self.store, name)));
        if **known == *name { *memory } else { instance.get_memory(&mut self.store, name) }
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    /// [`Store::gc`](crate::Store::gc).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn gc(&mut self) -> Result<()> {
        self.vm().collect()
    }

    /// The engine that the store belongs to.
    pub fn engine(&self) -> &Engine {
        self.store.engine()
    }
}

impl<T: 'static> AsContext for Caller<'_, T> {
    type Data = T;

    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T: 'static> AsContextMut for Caller<'_, T> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}
