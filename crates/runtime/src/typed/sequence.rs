//! Rust types that stand for strings and lists, and those that stand for what another type does.

use super::{ComponentType, Lift, Lower, NO_TYPE, POINTER_PAIR, layout_of};
use crate::canon::{CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext};
use crate::type_scope::{TypeMismatch, TypeScope};
use gusset_types::{DefinedType, Layout, Types, ValType};

impl ComponentType for str {
    const FLAT_COUNT: usize = 2;
    const LAYOUTS: [Layout; 2] = POINTER_PAIR;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        types.primitive(ty, ValType::String, "string")
    }
    fn describe() -> String {
        "string".into()
    }
}

impl Lower for str {
    #[inline]
    fn store(&self, cx: &mut LowerContext<'_>, _: ValType, at: u64) -> CanonResult<()> {
        let pair = cx.string(self)?;
        cx.write_pointer_pair(at, pair)
    }
    #[inline]
    fn lower_flat(&self, cx: &mut LowerContext<'_>, _: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let (pointer, length) = cx.string(self)?;
        flat.u64(pointer);
        flat.u64(length);
        Ok(())
    }
}

impl Lift for String {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, _: ValType, at: u64) -> CanonResult<Self> {
        let (pointer, length) = cx.pointer_pair(at)?;
        cx.string(pointer, length)
    }
    #[inline]
    fn lift_flat(cx: &mut LiftContext<'_>, _: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let (pointer, length) = (flat.pointer(cx.width), flat.pointer(cx.width));
        cx.string(pointer, length)
    }
}

/// The element type of a list type.
#[inline]
fn element(types: &Types, ty: ValType) -> Option<ValType> {
    match types.find(ty) {
        Some(DefinedType::List(element)) => Some(*element),
        _ => None,
    }
}

/// The element type of what has been found to be a list type.
#[inline]
fn element_of(types: &Types, ty: ValType) -> ValType {
    element(types, ty).unwrap_or(NO_TYPE)
}

impl<T: ComponentType> ComponentType for [T] {
    const FLAT_COUNT: usize = 2;
    const LAYOUTS: [Layout; 2] = POINTER_PAIR;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        match element(types.types, ty) {
            Some(element) => T::matches(types, element).map_err(|mismatch| mismatch.within("[]")),
            None => Err(types.other(ty, Self::describe())),
        }
    }
    fn describe() -> String {
        format!("list<{}>", T::describe())
    }
}

/// Stores a list in new memory; its address and length.
#[inline]
fn store_list<T: Lower>(items: &[T], cx: &mut LowerContext<'_>, ty: ValType) -> CanonResult<(u64, u64)> {
    let element = element_of(cx.types, ty);
    let at = cx.allocate_list(items.len(), layout_of::<T>(cx.width))?;
    T::store_elements(items, cx, element, at)?;
    Ok((at, items.len() as u64))
}

impl<T: Lower> Lower for [T] {
    #[inline]
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        let pair = store_list(self, cx, ty)?;
        cx.write_pointer_pair(at, pair)
    }
    #[inline]
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let (pointer, length) = store_list(self, cx, ty)?;
        flat.u64(pointer);
        flat.u64(length);
        Ok(())
    }
}

/// The bytes of the elements of a list of `T`s, after all checks.
#[inline]
pub(super) fn list_bytes<'a, T: ComponentType>(cx: &LiftContext<'a>, at: u64, length: u64) -> CanonResult<&'a [u8]> {
    cx.list_bytes(at, length, layout_of::<T>(cx.width))
}

#[inline]
fn load_list<T: Lift>(cx: &mut LiftContext<'_>, ty: ValType, at: u64, length: u64) -> CanonResult<Vec<T>> {
    let bytes = list_bytes::<T>(cx, at, length)?;
    T::load_elements(cx, element_of(cx.types, ty), at, bytes)
}

impl<T: Lift> Lift for Vec<T> {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let (pointer, length) = cx.pointer_pair(at)?;
        load_list(cx, ty, pointer, length)
    }
    #[inline]
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let (pointer, length) = (flat.pointer(cx.width), flat.pointer(cx.width));
        load_list(cx, ty, pointer, length)
    }
}

/// Types that stand for what another one does, and lower as it does.
macro_rules! same_as {
    ($([$($generic:tt)*] $rust:ty => $inner:ty, $bound:ident;)*) => {$(
        impl<$($generic)*> ComponentType for $rust where $inner: ComponentType {
            const FLAT_COUNT: usize = <$inner>::FLAT_COUNT;
            const LAYOUTS: [Layout; 2] = <$inner>::LAYOUTS;
            const SCALAR: bool = <$inner>::SCALAR;
            fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
                <$inner as ComponentType>::matches(types, ty)
            }
            fn describe() -> String {
                <$inner>::describe()
            }
            fn matches_payload(types: TypeScope<'_>, ty: Option<ValType>) -> Result<(), TypeMismatch> {
                <$inner>::matches_payload(types, ty)
            }
        }

        impl<$($generic)*> Lower for $rust where $inner: Lower {
            #[inline]
            fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
                <$inner>::store(self, cx, ty, at)
            }
            #[inline]
            fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
                <$inner>::lower_flat(self, cx, ty, flat)
            }
        }
    )*};
}

same_as! {
    [] String => str, Lower;
    [T: ComponentType] Vec<T> => [T], Lower;
    [T: ?Sized] &T => T, Lower;
    [T: ?Sized] Box<T> => T, Lower;
}

impl<T: Lift> Lift for Box<T> {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let value = T::load(cx, ty, at)?;
        cx.boxed(value)
    }
    #[inline]
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let value = T::lift_flat(cx, ty, flat)?;
        cx.boxed(value)
    }
}
