//! [`ResourceAny`]: a handle of any resource type, of a guest's or of the host's.

use super::held::{Destructor, HandleIdentity, HeldHandles, HeldKey, HostHandle};
use super::{Resource, ResourceType};
use crate::activation::Activation;
use crate::core::Exception;
use crate::error::{Result, bail};
use crate::instance::Instance;
use crate::store::{AsContextMut, StoreContext, StoreContextMut};
use crate::vm::{EnteredBy, RawValue, StoreId};
use gusset_types::{AdapterName, ResourceTypeIndex};
use std::sync::Arc;

/// A [handle] of a resource whose type is known at run time only: what a [`Val`](crate::Val) holds. It is owned, or
/// borrowed for the call that it came with.
///
/// It is only a number, cheap to copy; the store says what it stands for. A copy that is used after the handle was given
/// to a guest or dropped, or a borrow after its call, is an error where it is used. An owned handle that is neither
/// given away nor [dropped](ResourceAny::resource_drop) takes its place in the store until the store is dropped, and its
/// destructor does not run.
///
/// [handle]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#handle-types
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ResourceAny {
    store: StoreId,
    ty: ResourceType,
    /// The slot, with [`OWNED`] for an own handle.
    slot: u32,
    generation: u32,
}

/// So that a value is no larger than others are.
const OWNED: u32 = 1 << 31;

impl ResourceAny {
    pub(super) fn new(store: StoreId, ty: ResourceType, own: bool, key: HeldKey) -> ResourceAny {
        assert!(key.slot < OWNED, "a store holds fewer than 2^31 handles of the host");
        ResourceAny { store, ty, slot: key.slot | if own { OWNED } else { 0 }, generation: key.generation }
    }

    pub(super) fn key(self) -> HeldKey {
        HeldKey { slot: self.slot & !OWNED, generation: self.generation }
    }

    pub(super) fn store(self) -> StoreId {
        self.store
    }

    /// The resource's type.
    pub fn ty(&self) -> ResourceType {
        self.ty
    }

    /// Whether the handle is owned: to be given away or dropped. Else it is borrowed.
    pub fn owned(&self) -> bool {
        self.slot & OWNED != 0
    }

    /// Drops the handle. For an owned one the destructor runs, of the guest or of the host that defines the type; a borrowed one
    /// ends before its call does.
    ///
    /// # Errors
    ///
    /// When the handle is of another store, has been dropped or given away, or is lent to a guest; the destructor's failure.
    /// A guest whose destructor traps is locked, and the trap is [`TrapCode::CannotEnter`](crate::TrapCode::CannotEnter) if it
    /// was locked before.
    pub fn resource_drop(self, mut store: impl AsContextMut) -> Result<()> {
        let mut store = store.as_context_mut();
        let held = &mut store.0.held;
        if !self.owned() {
            held.get(self)?;
            held.forget(self);
            return Ok(());
        }
        let handle = held.get_own(self)?;
        held.forget(self);
        match handle.destructor {
            Some(destructor) => destructor.call(&mut store, EnteredBy::Host, self.ty, handle.rep),
            None => Ok(()),
        }
    }

    /// [`resource_drop`](ResourceAny::resource_drop) where the destructor may wait: of a guest that calls what waits, or of the host
    /// ([`LinkerInstance::resource_async`](crate::LinkerInstance::resource_async)).
    ///
    /// # Errors
    ///
    /// As there, and those of a [call that may wait](crate::Func::call_async).
    pub async fn resource_drop_async(self, mut store: impl AsContextMut<Data: Send>) -> Result<()> {
        store.as_context_mut().on_fiber(|store| self.resource_drop(store)).await
    }

    /// The handle with the Rust type that stands for its resource type.
    ///
    /// # Errors
    ///
    /// When `T` does not stand for it; and as for [`resource_drop`](ResourceAny::resource_drop), without a destructor.
    pub fn try_into_resource<T: 'static>(self, mut store: impl AsContextMut) -> Result<Resource<T>> {
        if self.ty != ResourceType::host::<T>() {
            bail!("a resource handle is of another type than {}", std::any::type_name::<T>());
        }
        let store = store.as_context_mut();
        let held = &mut store.0.held;
        let handle = if self.owned() { held.get_own(self)? } else { held.get(self)? };
        if self.owned() {
            held.forget(self);
            return Ok(Resource::new_own(handle.rep));
        }
        Ok(Resource::lent(handle.rep, held))
    }

    /// The handle of a resource of the host without its Rust type.
    ///
    /// # Errors
    ///
    /// When it has been given away, is lent, or is a borrow whose call is over.
    pub fn try_from_resource<T: 'static>(resource: Resource<T>, mut store: impl AsContextMut) -> Result<ResourceAny> {
        resource.try_into_resource_any(store.as_context_mut())
    }
}

impl Destructor {
    /// Calls it for a resource of type `ty`: as an ordinary call of the instance whose function it is, if it is a guest's.
    pub(crate) fn call<T: 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
        by: EnteredBy,
        ty: ResourceType,
        rep: u32,
    ) -> Result<()> {
        let values = &mut [RawValue::from_u32(rep)];
        let Some(instance) = self.instance else { return store.call_core_by(by, self.func, values) };
        let mut activation = Activation::enter(store, instance, |store| destructor_name(store, instance, ty))?;
        let called = activation.store().call_core_by(by, self.func, values).map_err(Exception::into_trap);
        match &called {
            Ok(()) => activation.succeed(),
            Err(error) => activation.fail(error, |store| destructor_name(store, instance, ty)),
        }
        called
    }
}

/// Who calls whom, when the host drops a resource that a component in `instance` defines.
fn destructor_name<T: 'static>(store: &StoreContext<'_, T>, instance: Instance, ty: ResourceType) -> AdapterName {
    let tables = &store.0.components[instance.index(store.0.vm.id())].tables;
    let position = tables.resources.iter().position(|resource| *resource == ty);
    let resource = position.and_then(|at| tables.plan.resources.get(ResourceTypeIndex::from_u32(at as u32)));
    let definer = resource.and_then(|resource| tables.plan.component_instances.get(resource.instance?));
    AdapterName {
        caller: "host".into(),
        callee: definer.map_or_else(|| "".into(), |definer| definer.name.clone()),
        function: resource.map_or_else(|| "destructor".into(), |resource| destructor_of(&resource.name)),
    }
}

/// What the destructor of a resource type is called.
pub(crate) fn destructor_of(resource: &str) -> Arc<str> {
    format!("destructor of {resource}").into()
}

/// Whether `any` is a handle of `ty`, for the host's errors.
pub(crate) fn check_type(any: ResourceAny, ty: ResourceType) -> Result<()> {
    if any.ty() == ty { Ok(()) } else { bail!("a resource handle is of another resource type than the value's") }
}

impl HostHandle for ResourceAny {
    fn identity(&self) -> HandleIdentity {
        HandleIdentity::Held(self.key())
    }

    fn check(&self, held: &mut HeldHandles, ty: ResourceType, own: bool) -> Result<u32> {
        check_type(*self, ty)?;
        let handle = if own { held.get_own(*self) } else { held.get(*self) };
        Ok(handle?.rep)
    }

    fn pass(&self, held: &mut HeldHandles, ty: ResourceType, own: bool) -> Result<u32> {
        let rep = self.check(held, ty, own)?;
        if own {
            held.forget(*self)
        } else {
            held.lend(*self)
        }
        Ok(rep)
    }
}
