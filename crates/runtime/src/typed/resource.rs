//! Rust types that stand for handles: [`Resource`] for those of the host's own types, [`ResourceAny`] for those of one that is
//! known at run time.

use super::{COMPARED, ComponentType, Lift, Lower};
use crate::canon::{CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext};
use crate::resource::{HostHandle, Resource, ResourceAny, ResourceType};
use crate::type_scope::{TypeMismatch, TypeScope};
use gusset_types::{DefinedType, Layout, ResourceTypeIndex, ValType};

/// A handle type.
#[derive(Clone, Copy)]
struct HandleType {
    resource: ResourceTypeIndex,
    own: bool,
}

fn handle_type(defined: &DefinedType) -> Option<HandleType> {
    match defined {
        DefinedType::Own(resource) => Some(HandleType { resource: *resource, own: true }),
        DefinedType::Borrow(resource) => Some(HandleType { resource: *resource, own: false }),
        _ => None,
    }
}

impl<T: 'static> ComponentType for Resource<T> {
    const FLAT_COUNT: usize = 1;
    const LAYOUTS: [Layout; 2] = [Layout::scalar(4); 2];
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        let Some(HandleType { resource, .. }) = types.defined(ty).and_then(handle_type) else {
            return Err(types.other(ty, Self::describe()));
        };
        if types.resource(resource) == Some(ResourceType::host::<T>()) {
            return Ok(());
        }
        let name = std::any::type_name::<T>();
        Err(TypeMismatch::new(format!("its resource type is another one than the host's type `{name}`")))
    }
    fn describe() -> String {
        let name = std::any::type_name::<T>();
        let name = name.rsplit("::").next().unwrap_or(name);
        format!("own<{name}> or borrow<{name}>")
    }
}

fn lift_typed<T: 'static>(cx: &mut LiftContext<'_>, ty: ValType, index: u32) -> CanonResult<Resource<T>> {
    let HandleType { resource, own } = handle_type(cx.defined(ty)).expect(COMPARED);
    if own {
        return Ok(Resource::new_own(cx.own_rep(resource, index)?));
    }
    let rep = cx.borrow_rep(resource, index)?;
    Ok(Resource::lent(rep, cx.held()?))
}

impl<T: 'static> Lift for Resource<T> {
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let index = cx.u32(at)?;
        lift_typed(cx, ty, index)
    }
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        lift_typed(cx, ty, flat.u32())
    }
}

fn lower_handle(cx: &mut LowerContext<'_>, ty: ValType, handle: &impl HostHandle) -> CanonResult<u32> {
    let HandleType { resource, own } = handle_type(cx.defined(ty)).expect(COMPARED);
    cx.handle(resource, own, handle)
}

impl<T: 'static> Lower for Resource<T> {
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        let index = lower_handle(cx, ty, self)?;
        cx.write(at, &index.to_le_bytes())
    }
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        flat.u32(lower_handle(cx, ty, self)?);
        Ok(())
    }
}

/// Of whatever resource type the function's is; a handle of another one is found when it is passed.
impl ComponentType for ResourceAny {
    const FLAT_COUNT: usize = 1;
    const LAYOUTS: [Layout; 2] = [Layout::scalar(4); 2];
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        match types.defined(ty).and_then(handle_type) {
            Some(_) => Ok(()),
            None => Err(types.other(ty, Self::describe())),
        }
    }
    fn describe() -> String {
        "a handle".into()
    }
}

fn lift_any(cx: &mut LiftContext<'_>, ty: ValType, index: u32) -> CanonResult<ResourceAny> {
    let HandleType { resource, own } = handle_type(cx.defined(ty)).expect(COMPARED);
    if own { cx.own_any(resource, index) } else { cx.borrow_any(resource, index) }
}

impl Lift for ResourceAny {
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let index = cx.u32(at)?;
        lift_any(cx, ty, index)
    }
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        lift_any(cx, ty, flat.u32())
    }
}

impl Lower for ResourceAny {
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        let index = lower_handle(cx, ty, self)?;
        cx.write(at, &index.to_le_bytes())
    }
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        flat.u32(lower_handle(cx, ty, self)?);
        Ok(())
    }
}
