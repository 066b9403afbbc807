//! [`RootScope`] and [`OwnedRooted`]: for how long the host holds references.

use super::{ExnRef, ExternRef};
use crate::error::Result;
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut};
use crate::vm::{OwnedRoot, RootMark, ScopedRoot};
use std::marker::PhantomData;

/// A scope for handles of references: those that are made with it, or come out of calls that are made with it, are good until it is dropped.
/// Stands for its store meanwhile.
///
/// Each call of a host function has such a scope by itself. A host that makes many references elsewhere opens one for each piece of work:
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{ExternRef, RootScope};
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// for number in 0..1000_u32 {
///     let mut scope = RootScope::new(&mut store);
///     let reference = ExternRef::new(&mut scope, number)?;
///     assert_eq!(reference.data(&scope)?.downcast_ref(), Some(&number));
/// }
/// let outlived = ExternRef::new(RootScope::new(&mut store), 7)?;
/// assert!(outlived.data(&store).unwrap_err().to_string().starts_with("a reference was used after the scope"));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub struct RootScope<C: AsContextMut> {
    store: C,
    mark: RootMark,
}

impl<C: AsContextMut> RootScope<C> {
    /// Opens a scope.
    pub fn new(mut store: C) -> RootScope<C> {
        let mark = store.as_context_mut().0.vm.root_mark();
        RootScope { store, mark }
    }
}

impl<C: AsContextMut> Drop for RootScope<C> {
    fn drop(&mut self) {
        self.store.as_context_mut().0.vm.unroot_since(self.mark);
    }
}

impl<C: AsContextMut> AsContext for RootScope<C> {
    type Data = C::Data;

    fn as_context(&self) -> StoreContext<'_, C::Data> {
        self.store.as_context()
    }
}

impl<C: AsContextMut> AsContextMut for RootScope<C> {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        self.store.as_context_mut()
    }
}

/// A reference that the host holds until it and its clones are dropped: an [`ExternRef`] or [`ExnRef`] that is good beyond its scope, in the
/// host's data for example. Two are equal when they refer to one thing.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Caller, ExternRef, Linker, Module, OwnedRooted};
/// use gusset::{Engine, Result, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "host" "keep" (func $keep (param externref)))
///     (func (export "run") (param externref) (call $keep (local.get 0))))"#)?;
/// type Kept = Option<OwnedRooted<ExternRef>>;
/// let mut linker = Linker::<Kept>::new(&engine);
/// linker.func_wrap("host", "keep", |mut caller: Caller<'_, Kept>, value: Option<ExternRef>| -> Result<()> {
///     let owned = value.map(|value| value.to_owned_rooted(&mut caller)).transpose()?;
///     *caller.data_mut() = owned;
///     Ok(())
/// })?;
/// let mut store = Store::new(&engine, None);
/// let instance = linker.instantiate(&mut store, &module)?;
/// let value = ExternRef::new(&mut store, "kept")?;
/// instance.get_typed_func::<Option<ExternRef>, ()>(&mut store, "run")?.call(&mut store, Some(value))?;
/// let owned = store.data().clone().expect("the guest has called");
/// assert_eq!(owned.to_rooted(&mut store)?, value);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Debug)]
pub struct OwnedRooted<R> {
    root: OwnedRoot,
    kind: PhantomData<fn() -> R>,
}

impl<R> OwnedRooted<R> {
    pub(super) fn new(mut store: impl AsContextMut, root: ScopedRoot) -> Result<OwnedRooted<R>> {
        let root = store.as_context_mut().0.vm.own_root(root)?;
        Ok(OwnedRooted { root, kind: PhantomData })
    }
}

impl<R: RootedReference> OwnedRooted<R> {
    /// The reference, for the scope that is open.
    ///
    /// # Errors
    ///
    /// When it is one of another store.
    pub fn to_rooted(&self, mut store: impl AsContextMut) -> Result<R> {
        Ok(R::from_root(store.as_context_mut().0.vm.scope_root(&self.root)?))
    }
}

impl<R> Clone for OwnedRooted<R> {
    fn clone(&self) -> OwnedRooted<R> {
        OwnedRooted { root: self.root.clone(), kind: PhantomData }
    }
}

impl<R> PartialEq for OwnedRooted<R> {
    fn eq(&self, other: &OwnedRooted<R>) -> bool {
        self.root.is_same(&other.root)
    }
}

impl<R> Eq for OwnedRooted<R> {}

/// A handle that [`OwnedRooted`] can hold: an [`ExternRef`] or an [`ExnRef`].
pub trait RootedReference: sealed::Rooted {}

impl RootedReference for ExternRef {}
impl RootedReference for ExnRef {}

mod sealed {
    #![allow(private_interfaces, reason = "the sealed trait is public, and nobody outside can name it")]

    use super::{ExnRef, ExternRef, ScopedRoot};

    pub trait Rooted {
        fn from_root(root: ScopedRoot) -> Self;
    }

    impl Rooted for ExternRef {
        fn from_root(root: ScopedRoot) -> ExternRef {
            ExternRef(root)
        }
    }

    impl Rooted for ExnRef {
        fn from_root(root: ScopedRoot) -> ExnRef {
            ExnRef(root)
        }
    }
}
