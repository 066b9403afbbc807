//! [`Handles`]: what handles in values are lifted from and lowered to, `lift_own`, `lift_borrow`, `lower_own` and `lower_borrow`,
//! with the host on the other side.

use super::handle_table::{HandleTable, StateMemory, StoreState};
use super::{CanonError, CanonResult, LiftContext, LowerContext};
use crate::component_instance::InstanceResource;
use crate::error::{Error, bail, format_err};
use crate::resource::{HandleIdentity, HeldHandles, HostHandle, ResourceAny, ResourceType};
use crate::trap::mark_host_types;
use gusset_types::{ComponentInstanceIndex, ResourceTypeIndex};
use std::collections::HashMap;

/// The handles of one side of a call, with those of the host.
pub(crate) struct Handles<'a, M> {
    pub(crate) side: HandleSide<'a, M>,
    /// What the resource types are in the instance.
    pub(crate) resources: &'a [InstanceResource],
    pub(crate) held: &'a mut HeldHandles,
}

/// Where handles are.
pub(crate) enum HandleSide<'a, M> {
    /// In the table of a component instance.
    Guest {
        table: HandleTable<M>,
        instance: ComponentInstanceIndex,
        /// The address of the call's cell for borrows, 0 before it has one; `None` where none are lowered.
        scope: Option<&'a mut u32>,
    },
    /// On the way from the host to itself: representations, in the order in which they set out.
    Passage(&'a mut Vec<u32>),
    /// Nowhere yet: those of the host are only checked.
    Check(&'a mut UsedHandles),
}

/// The handles of the side that values are lifted from: nothing is added, so the state memory need not grow.
pub(crate) type LiftHandles<'a> = Handles<'a, &'a mut [u8]>;

/// The handles of the side that values are lowered to.
pub(crate) type LowerHandles<'a> = Handles<'a, StoreState<'a>>;

impl<M: StateMemory> Handles<'_, M> {
    fn resource(&self, ty: ResourceTypeIndex) -> CanonResult<InstanceResource> {
        self.resources.get(ty.as_u32() as usize).copied().ok_or_else(unknown_type)
    }

    /// Moves the resource behind an own handle out; its representation.
    pub(crate) fn lift_own(&mut self, ty: ResourceTypeIndex, index: u32) -> CanonResult<u32> {
        let number = self.resource(ty)?.number;
        let lifted = match &mut self.side {
            HandleSide::Guest { table, .. } => table.remove_own(index, number),
            HandleSide::Passage(passed) => passed_rep(passed, index),
            HandleSide::Check(_) => Err(no_handles()),
        };
        lifted.map_err(|error| self.with_definers(error))
    }

    /// Lends the resource behind a handle to the host until the guest's call returns; its representation.
    pub(crate) fn lift_borrow(&mut self, ty: ResourceTypeIndex, index: u32) -> CanonResult<u32> {
        let number = self.resource(ty)?.number;
        match &mut self.side {
            HandleSide::Guest { table, .. } => match table.lend(index, number) {
                Ok(rep) => {
                    self.held.add_lender(index);
                    Ok(rep)
                }
                Err(error) => Err(self.with_definers(error)),
            },
            HandleSide::Passage(passed) => passed_rep(passed, index),
            HandleSide::Check(_) => Err(no_handles()),
        }
    }

    /// Moves a resource in; the index of its own handle.
    pub(crate) fn lower_own(&mut self, ty: ResourceTypeIndex, rep: u32) -> CanonResult<u32> {
        let number = self.resource(ty)?.number;
        match &mut self.side {
            HandleSide::Guest { table, .. } => table.add_own(number, rep),
            HandleSide::Passage(passed) => Ok(pass(passed, rep)),
            HandleSide::Check(_) => Err(no_handles()),
        }
    }

    /// Lends a resource until the guest's call returns: the index of a borrow handle, or the representation itself where the
    /// guest defines the type.
    pub(crate) fn lower_borrow(&mut self, ty: ResourceTypeIndex, rep: u32) -> CanonResult<u32> {
        let InstanceResource { number, definer, .. } = self.resource(ty)?;
        match &mut self.side {
            HandleSide::Guest { instance, .. } if definer == Some(*instance) => Ok(rep),
            HandleSide::Guest { table, scope, .. } => {
                let scope = scope.as_deref_mut().ok_or_else(no_handles)?;
                if *scope == 0 {
                    *scope = table.new_scope()?;
                }
                table.add_borrow(number, rep, *scope)
            }
            HandleSide::Passage(passed) => Ok(pass(passed, rep)),
            HandleSide::Check(_) => Err(no_handles()),
        }
    }

    /// A trap about a handle of the wrong type, which says where each of the two types is defined.
    #[cold]
    fn with_definers(&self, mut error: CanonError) -> CanonError {
        if let Some(cause) = error.trap_mut() {
            let resource = |ty: ResourceTypeIndex| self.resources.get(ty.as_u32() as usize);
            mark_host_types(cause, |ty| resource(ty).is_some_and(|resource| resource.definer.is_none()));
        }
        error
    }
}

/// Passes a handle on; its number on the way.
fn pass(passed: &mut Vec<u32>, rep: u32) -> u32 {
    passed.push(rep);
    passed.len() as u32 - 1
}

fn passed_rep(passed: &[u32], index: u32) -> CanonResult<u32> {
    passed
        .get(index as usize)
        .copied()
        .ok_or_else(|| format_err!("internal error: a handle was lost on its way").into())
}

#[cold]
fn unknown_type() -> CanonError {
    format_err!("internal error: a resource type is not of the instance").into()
}

#[cold]
pub(crate) fn no_handles() -> CanonError {
    format_err!("internal error: a handle in a call that has none").into()
}

impl<'a> LiftContext<'a> {
    fn handles(&mut self) -> CanonResult<&mut LiftHandles<'a>> {
        self.handles.as_mut().ok_or_else(no_handles)
    }

    fn resource_type(&self, ty: ResourceTypeIndex) -> CanonResult<ResourceType> {
        self.resources.get(ty.as_u32() as usize).copied().ok_or_else(unknown_type)
    }

    /// The values have been lifted, or could not be: then nobody has their handles.
    #[inline]
    pub(super) fn end_arrival(&mut self, arrived: bool) {
        if let Some(handles) = &mut self.handles {
            handles.held.end_arrival(arrived);
        }
    }

    /// Lifts an own handle for a host that knows what its representation means.
    pub(crate) fn own_rep(&mut self, ty: ResourceTypeIndex, index: u32) -> CanonResult<u32> {
        self.handles()?.lift_own(ty, index)
    }

    /// Lifts a borrow for a host that knows what its representation means.
    pub(crate) fn borrow_rep(&mut self, ty: ResourceTypeIndex, index: u32) -> CanonResult<u32> {
        self.handles()?.lift_borrow(ty, index)
    }

    /// The host's handles.
    pub(crate) fn held(&mut self) -> CanonResult<&mut HeldHandles> {
        Ok(self.handles()?.held)
    }

    /// Lifts an own handle.
    pub(crate) fn own_any(&mut self, ty: ResourceTypeIndex, index: u32) -> CanonResult<ResourceAny> {
        self.charge_block(HeldHandles::BYTES)?;
        let resource_type = self.resource_type(ty)?;
        let handles = self.handles()?;
        let rep = handles.lift_own(ty, index)?;
        let destructor = handles.resource(ty)?.destructor;
        Ok(handles.held.hold_arriving(resource_type, rep, destructor)?)
    }

    /// Lifts a borrow, which ends with the call.
    pub(crate) fn borrow_any(&mut self, ty: ResourceTypeIndex, index: u32) -> CanonResult<ResourceAny> {
        self.charge_block(HeldHandles::BYTES)?;
        let resource_type = self.resource_type(ty)?;
        let handles = self.handles()?;
        let rep = handles.lift_borrow(ty, index)?;
        Ok(handles.held.hold_borrow(resource_type, rep)?)
    }
}

impl LowerContext<'_> {
    fn resource_type(&self, ty: ResourceTypeIndex) -> CanonResult<ResourceType> {
        self.resources.get(ty.as_u32() as usize).copied().ok_or_else(unknown_type)
    }

    /// Lowers a handle that the host gives away, if `own`, or lends.
    pub(crate) fn handle(&mut self, ty: ResourceTypeIndex, own: bool, handle: &impl HostHandle) -> CanonResult<u32> {
        let resource_type = self.resource_type(ty)?;
        self.guest.with_owner(|guest| {
            let mut handles = guest.handles()?;
            if let HandleSide::Check(used) = &mut handles.side {
                handle.check(handles.held, resource_type, own).map_err(CanonError::refused)?;
                used.add(handle.identity(), own).map_err(CanonError::refused)?;
                return Ok(0);
            }
            let rep = handle.pass(handles.held, resource_type, own).map_err(CanonError::refused)?;
            if own { handles.lower_own(ty, rep) } else { handles.lower_borrow(ty, rep) }
        })
    }
}

/// The handles that a call is about to be given.
#[derive(Default)]
pub(crate) struct UsedHandles(HashMap<HandleIdentity, bool>);

impl UsedHandles {
    /// One more. What is given away cannot be used twice.
    fn add(&mut self, handle: HandleIdentity, own: bool) -> Result<(), Error> {
        match self.0.insert(handle, own) {
            Some(given) if given || own => bail!("a resource handle that is given away was used twice in one call"),
            _ => Ok(()),
        }
    }
}
