//! [`Caller`]: what a closure of a [`Linker`](super::Linker) knows of the instance that calls it.

use super::{Extern, Instance};
use crate::engine::Engine;
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut};

/// The store, and the instance for whose import a closure of the host's stands.
///
/// A [`Linker`](super::Linker) makes a function of its closures for each instance, so that it is known without a word from the guest.
/// An instance that hands the function on, as an export or in a table, still is the one that it was made for.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Caller, FuncType, Linker, Module, ValType};
/// use gusset::{Engine, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "host" "print" (func $print (param i32 i32)))
///     (memory (export "memory") 1) (data (i32.const 8) "Hello")
///     (func (export "run") (call $print (i32.const 8) (i32.const 5))))"#)?;
/// let mut linker = Linker::<String>::new(&engine);
/// let ty = FuncType { params: [ValType::I32; 2].into(), results: [].into() };
/// linker.func_new("host", "print", ty, |mut caller: Caller<'_, String>, params, _| {
///     let [gusset::core::Val::I32(at), gusset::core::Val::I32(length)] = *params else { unreachable!("its type says so") };
///     let memory = caller.get_export("memory").and_then(|export| export.into_memory()).expect("it exports one");
///     let mut text = vec![0; length as usize];
///     text.copy_from_slice(&memory.data(&caller)[at as usize..][..length as usize]);
///     caller.data_mut().push_str(&String::from_utf8_lossy(&text));
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
    instance: Option<Instance>,
}

impl<'a, T: 'static> Caller<'a, T> {
    pub(super) fn new(store: StoreContextMut<'a, T>, instance: Option<Instance>) -> Caller<'a, T> {
        Caller { store, instance }
    }

    /// The instance for whose import the closure stands; `None` where it was taken out of the linker by
    /// [`Linker::get`](super::Linker::get).
    pub fn instance(&self) -> Option<Instance> {
        self.instance
    }

    /// An export of that instance by its name.
    pub fn get_export(&mut self, name: &str) -> Option<Extern> {
        self.instance?.get_export(&mut self.store, name)
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
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
