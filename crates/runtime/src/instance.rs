//! [`Instance`]: the handle of a component instance in a store, and how its exports are found.

use crate::component::Component;
use crate::core::Module;
use crate::error::Result;
use crate::export_name::{FUNCS, MODULES, NoExport, RESOURCES, find_export};
use crate::export_path::ExportPath;
use crate::func::Func;
use crate::resource::ResourceType;
use crate::store::{AsContext, AsContextMut, StoreContext};
use crate::typed::{TypedFunc, ValueList};
use crate::vm::StoreId;
use gusset_artifact::{FuncExportIndex, PlanModule};

/// An [instance] of a [`Component`], in a store. Cheap to copy; the store owns what it stands for.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
/// #     (core instance $i (instantiate $m))
/// #     (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#)?;
/// # let mut store = Store::new(&engine, ());
/// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
/// assert!(instance.get_func(&mut store, "add").is_some());
/// assert!(instance.get_func(&mut store, "docs:calc/ops#add").is_none());
/// let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "add")?;
/// assert_eq!(add.call(&mut store, (1, 2))?, (3,));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [instance]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#instance-definitions
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Instance {
    store: StoreId,
    index: u32,
}

impl Instance {
    pub(crate) fn new(store: StoreId, index: usize) -> Instance {
        Instance { store, index: u32::try_from(index).expect("a store holds fewer than 2^32 instances") }
    }

    /// The position in the store.
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    #[track_caller]
    #[inline]
    pub(crate) fn index(self, store: StoreId) -> usize {
        assert!(self.store == store, "a component instance was used with a store that it is not of");
        self.index as usize
    }

    /// The component that it is an instance of.
    ///
    /// # Panics
    ///
    /// When the instance is of another store. So do all methods that take a store.
    #[track_caller]
    pub fn component(&self, store: impl AsContext) -> Component {
        let store = store.as_context();
        store.0.components[self.index(store.0.vm.id())].component.clone()
    }

    /// The exported function that `path` means, if it means one: its very name, one with a compatible version, or what leaves
    /// out what goes without saying, as [`ExportPath`] has it. A name that can mean several functions means none;
    /// [`Component::find_func`] says which, and what there is instead.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker, Store};
    /// # let engine = Engine::default();
    /// # let component = Component::new(&engine, r#"(component
    /// #     (core module $m (func (export "f")))
    /// #     (core instance $i (instantiate $m))
    /// #     (func $f (canon lift (core func $i "f")))
    /// #     (instance $first (export "reset" (func $f)))
    /// #     (instance $second (export "reset" (func $f)))
    /// #     (export "docs:calc/memory@1.0.0" (instance $first))
    /// #     (export "docs:calc/registers@1.0.0" (instance $second)))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    /// // The component exports docs:calc/memory@1.0.0#reset and docs:calc/registers@1.0.0#reset.
    /// let exact = instance.get_func(&mut store, "docs:calc/memory@1.0.0#reset");
    /// assert!(exact.is_some());
    /// assert_eq!(instance.get_func(&mut store, "memory#reset"), exact);
    /// assert!(instance.get_func(&mut store, "reset").is_none());
    /// let error = instance.get_typed_func::<(), ()>(&mut store, "reset").expect_err("it could be either");
    /// assert!(error.to_string().starts_with("`reset` is ambiguous; it can mean\n  docs:calc/memory@1.0.0#reset: func()\n"));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    #[track_caller]
    pub fn get_func(&self, store: impl AsContextMut, path: impl ExportPath) -> Option<Func> {
        self.find_func(&store.as_context(), &path).ok()
    }

    /// The exported function that `path` means, or why it means none.
    #[track_caller]
    fn find_func<'s, T: 'static>(
        self,
        store: &StoreContext<'s, T>,
        path: &impl ExportPath,
    ) -> Result<Func, NoExport<'s, FuncExportIndex>> {
        let component = &store.0.components[self.index(store.0.vm.id())].component;
        Ok(Func::new(self, find_export(component.plan(), path, FUNCS)?.item.as_u32()))
    }

    /// The core module that is exported at `path`, if there is one: the component's own, or one that was imported. `path` is as for
    /// [`get_func`](Instance::get_func).
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker, Store};
    /// let engine = Engine::default();
    /// let text = r#"(component (core module $m (func (export "f"))) (export "code" (core module $m)))"#;
    /// let component = Component::new(&engine, text)?;
    /// let mut store = Store::new(&engine, ());
    /// let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    /// let module = instance.get_module(&store, "code").expect("it is exported");
    /// assert_eq!(module.exports().len(), 1);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    #[track_caller]
    pub fn get_module(&self, store: impl AsContext, path: impl ExportPath) -> Option<Module> {
        let store = store.as_context();
        let state = &store.0.components[self.index(store.0.vm.id())];
        match find_export(state.component.plan(), &path, MODULES).ok()?.item {
            PlanModule::Imported(import) => {
                state.modules.get(import.as_u32() as usize).map(|linked| linked.module.clone())
            }
            PlanModule::Unit(index) => Some(state.component.module(index)),
        }
    }

    /// The exported resource type at `path`, if there is one; `path` is as for [`get_func`](Instance::get_func). Each
    /// instance has its own of those that its component defines.
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    #[track_caller]
    pub fn get_resource(&self, store: impl AsContextMut, path: impl ExportPath) -> Option<ResourceType> {
        let store = store.as_context();
        let tables = &store.0.components[self.index(store.0.vm.id())].tables;
        Some(tables.resource(find_export(&tables.plan, &path, RESOURCES).ok()?.item))
    }

    /// The exported function at `path`, with Rust types for its parameters and its result:
    /// [`get_func`](Instance::get_func), then [`Func::typed`].
    ///
    /// # Errors
    ///
    /// When there is no such function, or the name can mean several: the error lists those that there are, with their types,
    /// the nearest first. And when its type is another one.
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    #[track_caller]
    pub fn get_typed_func<P, R>(&self, store: impl AsContextMut, path: impl ExportPath) -> Result<TypedFunc<P, R>>
    where
        P: ValueList + crate::canon::LowerList,
        R: ValueList + crate::canon::LiftList,
    {
        let func = self.find_func(&store.as_context(), &path).map_err(|none| none.into_error(&path))?;
        func.typed(&store)
    }
}
