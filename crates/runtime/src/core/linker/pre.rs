//! [`InstancePre`]: a module whose imports have been found.

use super::{CoreDefinition, Linker, check_engine};
use crate::core::{Extern, Instance, Module};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::AsContextMut;

/// A module whose imports a [`Linker`] has defined: names are looked up once, and instances are made of it in any number of stores.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Linker, Module};
/// use gusset::{Engine, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module (import "host" "one" (func (result i32))) (export "one" (func 0)))"#)?;
/// let mut linker = Linker::<()>::new(&engine);
/// assert!(linker.instantiate_pre(&module).is_err());
/// linker.func_wrap("host", "one", || 1)?;
/// let ready = linker.instantiate_pre(&module)?;
/// for _ in 0..3 {
///     let mut store = Store::new(&engine, ());
///     let instance = ready.instantiate(&mut store)?;
///     assert_eq!(instance.get_typed_func::<(), i32>(&mut store, "one")?.call(&mut store, ())?, 1);
/// }
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct InstancePre<T: 'static> {
    engine: Engine,
    module: Module,
    /// In the order of the module's imports.
    imports: Vec<CoreDefinition<T>>,
}

impl<T: 'static> Linker<T> {
    /// Finds a module's imports, as [`instantiate`](Linker::instantiate) does it, for any number of instances. What is defined later does not
    /// count for it.
    ///
    /// # Errors
    ///
    /// When imports have not been defined: a [`LinkError`](crate::LinkError), as for [`instantiate`](Linker::instantiate). Types are compared
    /// when an instance is made.
    pub fn instantiate_pre(&self, module: &Module) -> Result<InstancePre<T>> {
        let imports = module.module().imports.iter();
        let imports = imports.map(|import| self.definition(&import.module, &import.name).cloned());
        let imports: Option<_> = imports.collect();
        let imports = imports.ok_or_else(|| self.unknown(module))?;
        Ok(InstancePre { engine: self.engine.clone(), module: module.clone(), imports })
    }
}

impl<T: 'static> InstancePre<T> {
    /// Makes an instance.
    ///
    /// # Errors
    ///
    /// As [`Instance::new`], and when the store is of another engine.
    pub fn instantiate(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance> {
        let inner = store.as_context_mut().0;
        check_engine(&self.engine, inner)?;
        let importer = Some(Instance::next(&inner.vm));
        let imports: Vec<Extern> = self.imports.iter().map(|import| import.item(inner, importer)).collect();
        Instance::new(store, &self.module, &imports)
    }

    /// [`instantiate`](InstancePre::instantiate) of a module whose start function may wait; see
    /// [`Func::call_async`](crate::core::Func::call_async).
    ///
    /// # Errors
    ///
    /// As there, and when there is no stack for it.
    pub async fn instantiate_async(&self, mut store: impl AsContextMut<Data = T>) -> Result<Instance>
    where
        T: Send,
    {
        store.as_context_mut().on_fiber(|store| self.instantiate(store)).await
    }

    /// The module.
    pub fn module(&self) -> &Module {
        &self.module
    }
}

impl<T: 'static> Clone for InstancePre<T> {
    fn clone(&self) -> InstancePre<T> {
        InstancePre { engine: self.engine.clone(), module: self.module.clone(), imports: self.imports.clone() }
    }
}
