//! [`Instance`]: an instance of a core module.

use super::item::Extern;
use super::{Func, Global, Memory, Module, SharedMemory, Table, Tag, TypedFunc, WasmTyList};
use crate::error::{Context, Result, bail, format_err};
use crate::store::AsContextMut;
use crate::vm::{InstanceHandle, VmStore};
use gusset_types::{Printable, nearest};

/// An [instance] of a core module in a store.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Instance, Module, Val};
/// use gusset::{Engine, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (global (export "answer") i32 (i32.const 42))
///     (memory (export "mem") 1))"#)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let answer = instance.get_global(&mut store, "answer").expect("it is exported");
/// assert_eq!(answer.get(&mut store)?, Val::I32(42));
/// assert!(instance.get_func(&mut store, "mem").is_none()); // It is a memory.
/// assert_eq!(instance.exports(&mut store).len(), 2);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [instance]: https://webassembly.github.io/spec/core/appendix/embedding.html#embed-instance
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instance(InstanceHandle);

impl Instance {
    /// Makes an instance, with `imports` in the module's order, and runs its start function: [instantiation].
    ///
    /// # Errors
    ///
    /// When an import is not of its type, there is no room for a memory or table, a segment does not fit (a trap; what
    /// was written before stays written), or the start function fails.
    ///
    /// [instantiation]: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
    pub fn new(mut store: impl AsContextMut, module: &Module, imports: &[Extern]) -> Result<Instance> {
        let store = store.as_context_mut().0;
        let imports = imports.iter().map(|item| item.to_vm(&mut store.vm)).collect::<Result<Vec<_>>>()?;
        let (code, index) = module.code();
        Ok(Instance(store.instantiate(code, index, &imports, None)?))
    }

    /// [`new`](Instance::new) of a module whose start function may wait; see [`Func::call_async`].
    ///
    /// # Errors
    ///
    /// As for [`new`](Instance::new), and when there is no stack for it.
    pub async fn new_async(
        mut store: impl AsContextMut<Data: Send>,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance> {
        store.as_context_mut().on_fiber(|store| Instance::new(store, module, imports)).await
    }

    /// The instance that will be made next in a store. Until it is, nothing may be done with it.
    pub(super) fn next(vm: &VmStore) -> Instance {
        Instance(vm.next_instance())
    }

    /// An export by its name.
    ///
    /// # Panics
    ///
    /// Like all methods here: when the instance is of another store.
    #[track_caller]
    pub fn get_export(&self, mut store: impl AsContextMut, name: &str) -> Option<Extern> {
        let vm = &mut store.as_context_mut().0.vm;
        let (code, module) = vm.instance_module(self.0);
        let entity = code.image().modules[module].module.exports.get(name)?;
        let item = vm.export(self.0, entity).ok()?;
        Some(Extern::from_vm(vm, item))
    }

    /// All exports, in the module's order.
    #[track_caller]
    pub fn exports(&self, mut store: impl AsContextMut) -> Vec<(String, Extern)> {
        let vm = &mut store.as_context_mut().0.vm;
        let (code, module) = vm.instance_module(self.0);
        let exports = code.image().modules[module].module.exports.iter();
        let exports: Vec<_> = exports.map(|(name, entity)| (name.to_string(), entity)).collect();
        let exports = exports.into_iter();
        let item = |vm: &mut VmStore, entity| vm.export(self.0, entity).ok().map(|item| Extern::from_vm(vm, item));
        exports.filter_map(|(name, entity)| Some((name, item(vm, entity)?))).collect()
    }

    /// The exported function of that name; `None` if there is no such export or it is something else.
    #[track_caller]
    pub fn get_func(&self, store: impl AsContextMut, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// The exported function of that name with Rust types, as [`Func::typed`] has it.
    ///
    /// # Errors
    ///
    /// When there is no such export, it is no function, or the types are not the function's.
    #[track_caller]
    pub fn get_typed_func<P: WasmTyList, R: WasmTyList>(
        &self,
        mut store: impl AsContextMut,
        name: &str,
    ) -> Result<TypedFunc<P, R>> {
        let quoted = || format!("`{}`", Printable::name(name));
        match self.get_export(&mut store, name) {
            Some(Extern::Func(func)) => func.typed(store).with_context(|| format!("export {}", quoted())),
            Some(other) => bail!("export {} is no function: {}", quoted(), other.ty(store)),
            None => {
                let exports = self.exports(&mut store);
                let near = nearest(name, exports.iter().map(|(name, _)| &**name));
                let hint = near.map(|near| format!(" (did you mean `{}`?)", Printable::name(near)));
                Err(format_err!("no export is called {}{}", quoted(), hint.unwrap_or_default()))
            }
        }
    }

    /// The exported memory of that name; `None` if there is no such export or it is something else, such as a shared memory.
    #[track_caller]
    pub fn get_memory(&self, store: impl AsContextMut, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// The exported shared memory of that name; `None` if there is no such export or it is something else.
    #[track_caller]
    pub fn get_shared_memory(&self, store: impl AsContextMut, name: &str) -> Option<SharedMemory> {
        self.get_export(store, name)?.into_shared_memory()
    }

    /// The exported table of that name; `None` if there is no such export or it is something else.
    #[track_caller]
    pub fn get_table(&self, store: impl AsContextMut, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }

    /// The exported global of that name; `None` if there is no such export or it is something else.
    #[track_caller]
    pub fn get_global(&self, store: impl AsContextMut, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// The exported tag of that name; `None` if there is no such export or it is something else.
    #[track_caller]
    pub fn get_tag(&self, store: impl AsContextMut, name: &str) -> Option<Tag> {
        self.get_export(store, name)?.into_tag()
    }

    pub(super) fn check(self, vm: &VmStore) -> Result<()> {
        if !self.0.belongs_to(vm.id()) {
            bail!("an instance of one store was used with another");
        }
        Ok(())
    }
}
