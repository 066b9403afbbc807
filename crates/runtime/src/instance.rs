//! [`Instance`]: the handle of a component instance in a store, and how its exports are found.

use crate::component::Component;
use crate::core::Module;
use crate::error::{Result, bail};
use crate::export_path::ExportPath;
use crate::func::Func;
use crate::resource::ResourceType;
use crate::store::{AsContext, AsContextMut};
use crate::typed::{TypedFunc, ValueList};
use crate::vm::StoreId;
use gusset_artifact::{ExternItem, PlanModule, RootExport};
use gusset_types::Printable;

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
    pub(crate) fn index(self, store: StoreId) -> usize {
        assert!(self.store == store, "a component instance was used with a store that it is not of");
        self.index as usize
    }

    /// The component that it is an instance of.
    ///
    /// # Panics
    ///
    /// When the instance is of another store. So do all methods that take a store.
    pub fn component(&self, store: impl AsContext) -> Component {
        let store = store.as_context();
        store.0.components[self.index(store.0.vm.id())].component.clone()
    }

    /// The exported function at `path`, if there is one.
    ///
    /// `path` is the name of an exported function, the names of an exported instance and a function with `#` between,
    /// or the names in an array. Where there is no such name, one with a compatible version will do, as in a
    /// [`Linker`](crate::Linker).
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    pub fn get_func(&self, store: impl AsContextMut, path: impl ExportPath) -> Option<Func> {
        let store = store.as_context();
        let state = &store.0.components[self.index(store.0.vm.id())];
        let index = state.component.exported_func(&path.names())?;
        Some(Func::new(*self, index))
    }

    /// The core module that is exported at `path`, if there is one: the component's own, or one that was imported.
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
    pub fn get_module(&self, store: impl AsContext, path: impl ExportPath) -> Option<Module> {
        let store = store.as_context();
        let state = &store.0.components[self.index(store.0.vm.id())];
        match state.component.plan().export(&path.names())? {
            ExternItem::Item(RootExport::Module(PlanModule::Imported(import))) => {
                state.modules.get(import.as_u32() as usize).map(|linked| linked.module.clone())
            }
            ExternItem::Item(RootExport::Module(PlanModule::Unit(_))) => state.component.get_module(path),
            _ => None,
        }
    }

    /// The exported resource type at `path`, if there is one; `path` is as for [`get_func`](Instance::get_func). Each
    /// instance has its own of those that its component defines.
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    pub fn get_resource(&self, store: impl AsContextMut, path: impl ExportPath) -> Option<ResourceType> {
        let store = store.as_context();
        let tables = &store.0.components[self.index(store.0.vm.id())].tables;
        match tables.plan.export(&path.names())? {
            ExternItem::Item(RootExport::Resource(index)) => Some(tables.resource(*index)),
            _ => None,
        }
    }

    /// The exported function at `path`, with Rust types for its parameters and its result:
    /// [`get_func`](Instance::get_func), then [`Func::typed`].
    ///
    /// # Errors
    ///
    /// When there is no such function, or its type is another one.
    ///
    /// # Panics
    ///
    /// When the instance is of another store.
    pub fn get_typed_func<P, R>(&self, mut store: impl AsContextMut, path: impl ExportPath) -> Result<TypedFunc<P, R>>
    where
        P: ValueList + crate::canon::LowerList,
        R: ValueList + crate::canon::LiftList,
    {
        match self.get_func(&mut store, &path) {
            Some(func) => func.typed(&store),
            None => bail!("the component exports no function `{}`", Printable::name(&path.names().join("#"))),
        }
    }
}
