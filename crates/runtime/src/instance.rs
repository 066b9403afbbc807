//! [`Instance`]: a component instance in a store, and what the store keeps of it. Whether it may be entered is decided here and
//! nowhere else.

use crate::canon::ResolvedOptions;
use crate::component::{Component, ExportedFunc};
use crate::error::{Result, bail, format_err};
use crate::func::{Func, LiftedFunc};
use crate::store::{AsContext, AsContextMut, StoreContextMut};
use crate::trap::Trap;
use crate::typed::{TypedFunc, ValueList};
use crate::vm::{FuncHandle, GlobalHandle, RawValue, StoreId};
use gusset_artifact::ImportIndex;
use gusset_types::{ComponentInstanceIndex, FLAG_MAY_ENTER, Printable, TrapCode};
use std::any::Any;

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

/// What a store keeps of an instance of a component.
pub(crate) struct ComponentInstanceState {
    pub(crate) component: Component,
    /// By [`ComponentInstanceIndex`].
    pub(crate) flags: Box<[InstanceFlags]>,
    /// By the position in [`Component::exported_funcs`].
    pub(crate) exports: Box<[ExportTarget]>,
    /// The functions that the instance imports: an `Arc<[Arc<dyn HostFunction<T>>]>` of the store's `T`.
    pub(crate) imports: Box<dyn Any + Send + Sync>,
    /// A call of the host is running in it.
    entered: bool,
    /// It has trapped, and nobody may enter it any more.
    locked: bool,
}

/// The flags of a component instance of the tree.
#[derive(Clone, Copy)]
pub(crate) struct InstanceFlags {
    pub(crate) global: GlobalHandle,
    pub(crate) parent: Option<ComponentInstanceIndex>,
    /// Whether adapters look at them. If not, `may_enter` concerns the host only, for which one bit does for the whole tree.
    pub(crate) seen_by_adapters: bool,
}

/// Where an exported function leads.
#[derive(Clone, Copy)]
pub(crate) enum ExportTarget {
    /// To a function of a guest.
    Lifted { callee: FuncHandle, options: ResolvedOptions },
    /// To a function that the component itself imports.
    Import(ImportIndex),
}

impl ComponentInstanceState {
    pub(crate) fn new(
        component: Component,
        flags: Box<[InstanceFlags]>,
        exports: Box<[ExportTarget]>,
        imports: Box<dyn Any + Send + Sync>,
    ) -> ComponentInstanceState {
        ComponentInstanceState { component, flags, exports, imports, entered: false, locked: false }
    }
}

/// The export of an instance that is looked for: `"name"`, `"interface#name"`, or the names from the outermost to the
/// innermost.
///
/// ```
/// use gusset::ExportPath;
/// assert_eq!("docs:text/parse@1.0.0#parse".names(), ["docs:text/parse@1.0.0", "parse"]);
/// assert_eq!(["docs:text/parse@1.0.0", "parse"].names(), ["docs:text/parse@1.0.0", "parse"]);
/// ```
pub trait ExportPath {
    /// The names.
    fn names(&self) -> Vec<&str>;
}

impl ExportPath for str {
    fn names(&self) -> Vec<&str> {
        self.split('#').collect()
    }
}

impl ExportPath for String {
    fn names(&self) -> Vec<&str> {
        self.as_str().names()
    }
}

impl<S: AsRef<str>> ExportPath for [S] {
    fn names(&self) -> Vec<&str> {
        self.iter().map(AsRef::as_ref).collect()
    }
}

impl<S: AsRef<str>> ExportPath for Vec<S> {
    fn names(&self) -> Vec<&str> {
        self.as_slice().names()
    }
}

impl<S: AsRef<str>, const N: usize> ExportPath for [S; N] {
    fn names(&self) -> Vec<&str> {
        self.as_slice().names()
    }
}

impl<P: ExportPath + ?Sized> ExportPath for &P {
    fn names(&self) -> Vec<&str> {
        P::names(self)
    }
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
    /// or the names in an array. Names are compared letter by letter, versions included.
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

/// The state of an instance in a store that is borrowed exclusively.
pub(crate) fn state_mut<'a, T: 'static>(
    store: &'a mut StoreContextMut<'_, T>,
    instance: Instance,
) -> &'a mut ComponentInstanceState {
    let index = instance.index(store.0.vm.id());
    &mut store.0.components[index]
}

/// Enters an instance from the host.
///
/// # Errors
///
/// The trap that says that it may not be entered: it has trapped before, or the host is called by it right now.
pub(crate) fn enter<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    callee: ComponentInstanceIndex,
) -> Result<()> {
    let state = state_mut(store, instance);
    if state.entered || state.locked {
        return Err(Trap::new(TrapCode::CannotEnter).into());
    }
    state.entered = true;
    set_may_enter(store, instance, callee, false)
}

/// Leaves an instance that was entered, and locks it if the call did not succeed.
pub(crate) fn leave<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    callee: ComponentInstanceIndex,
    succeeded: bool,
) -> Result<()> {
    let state = state_mut(store, instance);
    state.entered = false;
    state.locked = !succeeded;
    if succeeded { set_may_enter(store, instance, callee, true) } else { Ok(()) }
}

/// Sets `may_enter` of `callee` and its ancestors, where adapters look at it: what the host enters (`entering_set`).
fn set_may_enter<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    instance: Instance,
    callee: ComponentInstanceIndex,
    may_enter: bool,
) -> Result<()> {
    let index = instance.index(store.0.vm.id());
    let mut next = Some(callee);
    while let Some(current) = next {
        let store = &mut *store.0;
        let flags = store.components[index].flags[current.as_u32() as usize];
        if flags.seen_by_adapters {
            let bits = store.vm.global_get(flags.global).i32();
            let bits = if may_enter { bits | FLAG_MAY_ENTER } else { bits & !FLAG_MAY_ENTER };
            store.vm.global_set(flags.global, RawValue::from_i32(bits))?;
        }
        next = flags.parent;
    }
    Ok(())
}

/// The guest's function behind an exported one, with all that a call needs; `None` if it is an import.
pub(crate) fn lifted(exported: &ExportedFunc, target: ExportTarget) -> Option<LiftedFunc> {
    let ExportTarget::Lifted { callee, options } = target else { return None };
    Some(LiftedFunc {
        callee,
        options,
        ty: exported.ty,
        instance: exported.instance,
        params_in_memory: exported.params_in_memory,
        result_in_memory: exported.result_in_memory,
    })
}

/// The error for a function handle whose store has forgotten it, which is our own fault.
pub(crate) fn no_such_export() -> crate::Error {
    format_err!("internal error: a function handle is not of its instance")
}
