//! [`Activation`]: a call of the host in an instance of a component, and the lock that a failed one leaves behind.
//!
//! Activations nest: a host function may enter the instance that is calling it. Each has frames of one instance (of the
//! root; its inner ones are locked with it), because the instances of a store reach each other through the host alone.
//! What fails is unwound activation by activation, as far as the host lets it, and each locks its own instance: so every
//! instance is locked that has lost a frame, and no other. A host function may keep a failure to itself, but then an
//! outer frame of a locked instance is in lost code: it traps where the host would return to it.

use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::resource::HeldMark;
use crate::store::{AsContext, StoreContext, StoreContextMut, StoreInner};
use crate::trap::{AdapterTrapSite, Trap};
use gusset_types::{AdapterName, TrapCode};

/// A call of the host in an instance. Unless it [succeeds](Activation::succeed), however it ends, it locks the instance.
pub(crate) struct Activation<'a, 's, T: 'static> {
    store: &'a mut StoreContextMut<'s, T>,
    instance: Instance,
    /// Where the host's handles were, if the call passes any: what it lends ends with it.
    mark: Option<HeldMark>,
}

impl<'a, 's, T: 'static> Activation<'a, 's, T> {
    /// Enters an instance from the host, for the call that `name` tells.
    ///
    /// # Errors
    ///
    /// The trap that says that it is locked.
    #[track_caller]
    #[inline]
    pub(crate) fn enter(
        store: &'a mut StoreContextMut<'s, T>,
        instance: Instance,
        name: impl FnOnce(&StoreContext<'_, T>) -> AdapterName,
    ) -> Result<Activation<'a, 's, T>> {
        match is_locked(store.0, instance) {
            true => Err(locked(store.0, instance, name(&store.as_context()))),
            false => Ok(Activation { store, instance, mark: None }),
        }
    }

    /// The store, for what is done in the instance.
    #[inline]
    pub(crate) fn store(&mut self) -> &mut StoreContextMut<'s, T> {
        self.store
    }

    /// What the host lends from now on is lent until the call ends.
    #[inline]
    pub(crate) fn begin_loans(&mut self) {
        self.mark = Some(self.store.0.held.mark());
    }

    #[inline]
    fn end_loans(&mut self) {
        if let Some(mark) = self.mark {
            self.store.0.held.end(mark);
        }
    }

    /// Ends a call that failed: locks the instance, and says by what to those who call it later.
    #[cold]
    pub(crate) fn fail(self, error: &Error, name: impl FnOnce(&StoreContext<'_, T>) -> AdapterName) {
        let function = name(&self.store.as_context()).function;
        let index = self.instance.index(self.store.0.vm.id());
        self.store.0.components[index].explain_lock(&function, error);
    }

    /// Ends a call that left the instance as it should be.
    #[inline]
    pub(crate) fn succeed(mut self) {
        self.end_loans();
        std::mem::forget(self);
    }
}

impl<T: 'static> Drop for Activation<'_, '_, T> {
    fn drop(&mut self) {
        self.end_loans();
        let index = self.instance.index(self.store.0.vm.id());
        self.store.0.components[index].lock();
        self.store.0.any_locked = true;
    }
}

/// Checks that a host function may return to the instance that called it; `name` tells the call.
///
/// # Errors
///
/// The trap that says that it has been locked meanwhile.
#[inline]
pub(crate) fn check_return<T: 'static>(
    store: &StoreInner<T>,
    instance: Instance,
    name: impl FnOnce() -> AdapterName,
) -> Result<()> {
    if store.any_locked && is_locked(store, instance) { Err(locked(store, instance, name())) } else { Ok(()) }
}

#[track_caller]
#[inline]
fn is_locked<T: 'static>(store: &StoreInner<T>, instance: Instance) -> bool {
    store.components[instance.index(store.vm.id())].is_locked()
}

#[cold]
fn locked<T: 'static>(store: &StoreInner<T>, instance: Instance, adapter: AdapterName) -> Error {
    let failure = store.components[instance.index(store.vm.id())].failure().cloned();
    let site = AdapterTrapSite { adapter, path: String::new() };
    Trap::new(TrapCode::CannotEnter).with_site(site).with_lock(failure).into()
}
