//! Rust tuples: they stand for `tuple` types, and for parameter lists and results.

use super::shape::record_layouts;
use super::{ComponentType, Lift, Lower, ValueList, layout_of};
use crate::canon::{
    CanonResult, FlatReader, FlatWriter, LiftContext, LiftList, LowerContext, LowerList, Offsets, TypeList,
};
use crate::type_scope::{TypeMismatch, TypeScope};
use gusset_types::{DefinedType, Layout, PointerWidth, Types, ValType};

macro_rules! value_list {
    ($($name:ident $i:tt)*) => {
        #[allow(unused_variables, unused_mut, clippy::unused_unit, reason = "the empty list uses nothing")]
        impl<$($name: ComponentType),*> ValueList for ($($name,)*) {
            const FLAT_COUNT: usize = 0 $(+ $name::FLAT_COUNT)*;
            fn matches(types: TypeScope<'_>, list: TypeList<'_>) -> Result<(), TypeMismatch> {
                let count = <[usize]>::len(&[$($i),*]);
                if list.len() != count {
                    return Err(TypeMismatch::new(format!("it has {} parts, the Rust type {count}", list.len())));
                }
                $(
                    $name::matches(types, list.get($i)).map_err(|mismatch| mismatch.within(list.segment($i)))?;
                    debug_assert_eq!($name::LAYOUTS, layouts(types.types, list.get($i)), "the layouts of {}", $name::describe());
                )*
                Ok(())
            }
            fn describe() -> Vec<String> {
                vec![$($name::describe()),*]
            }
        }

        #[allow(unused_variables, unused_mut, non_snake_case, reason = "the empty list uses nothing")]
        impl<$($name: Lift),*> LiftList for ($($name,)*) {
            const SCALARS: Option<usize> =
                if true $(&& $name::SCALAR)* { Some(0 $(+ $name::FLAT_COUNT)*) } else { None };
            #[inline]
            fn lift_flat(cx: &mut LiftContext<'_>, types: TypeList<'_>, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
                $(let $name = $name::lift_flat(cx, types.get($i), flat).map_err(|error| types.at($i, error))?;)*
                Ok(($($name,)*))
            }
            #[inline]
            fn load(cx: &mut LiftContext<'_>, types: TypeList<'_>, at: u64) -> CanonResult<Self> {
                let mut offsets = Offsets::at(at);
                $(
                    let at = offsets.next(layout_of::<$name>(cx.width));
                    let $name = $name::load(cx, types.get($i), at).map_err(|error| types.at($i, error))?;
                )*
                Ok(($($name,)*))
            }
        }

        #[allow(unused_variables, unused_mut, reason = "the empty list uses nothing")]
        impl<$($name: Lower),*> LowerList for ($($name,)*) {
            const SCALARS: Option<usize> =
                if true $(&& $name::SCALAR)* { Some(0 $(+ $name::FLAT_COUNT)*) } else { None };
            #[inline]
            fn lower_flat(
                &self,
                cx: &mut LowerContext<'_>,
                types: TypeList<'_>,
                flat: &mut FlatWriter<'_>,
            ) -> CanonResult<()> {
                $(self.$i.lower_flat(cx, types.get($i), flat).map_err(|error| types.at($i, error))?;)*
                Ok(())
            }
            #[inline]
            fn store(&self, cx: &mut LowerContext<'_>, types: TypeList<'_>, at: u64) -> CanonResult<()> {
                let mut offsets = Offsets::at(at);
                $(
                    let at = offsets.next(layout_of::<$name>(cx.width));
                    self.$i.store(cx, types.get($i), at).map_err(|error| types.at($i, error))?;
                )*
                Ok(())
            }
        }
    };
}

/// What the type says of its layouts, beside what the Rust type does.
fn layouts(types: &Types, ty: ValType) -> [Layout; 2] {
    [PointerWidth::Memory32, PointerWidth::Memory64].map(|width| types.layout(ty, width))
}

/// The item types of a tuple type.
#[inline]
fn items(types: &Types, ty: ValType) -> Option<TypeList<'_>> {
    match types.find(ty) {
        Some(DefinedType::Tuple(items)) => Some(TypeList::Tuple(items)),
        _ => None,
    }
}

/// The item types of what has been found to be a tuple type.
#[inline]
fn items_of(types: &Types, ty: ValType) -> TypeList<'_> {
    items(types, ty).unwrap_or(TypeList::Tuple(&[]))
}

macro_rules! tuple {
    ($($name:ident $i:tt)*) => {
        value_list! { $($name $i)* }

        impl<$($name: ComponentType),*> ComponentType for ($($name,)*) {
            const FLAT_COUNT: usize = <Self as ValueList>::FLAT_COUNT;
            const LAYOUTS: [Layout; 2] = record_layouts(&[$($name::LAYOUTS),*]);
            const SCALAR: bool = true $(&& $name::SCALAR)*;
            fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
                match items(types.types, ty) {
                    Some(items) => <Self as ValueList>::matches(types, items),
                    None => Err(types.other(ty, <Self as ComponentType>::describe())),
                }
            }
            fn describe() -> String {
                format!("tuple<{}>", <Self as ValueList>::describe().join(", "))
            }
        }

        impl<$($name: Lift),*> Lift for ($($name,)*) {
            #[inline]
            fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
                <Self as LiftList>::load(cx, items_of(cx.types, ty), at)
            }
            #[inline]
            fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
                <Self as LiftList>::lift_flat(cx, items_of(cx.types, ty), flat)
            }
        }

        impl<$($name: Lower),*> Lower for ($($name,)*) {
            #[inline]
            fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
                let types = cx.types;
                <Self as LowerList>::store(self, cx, items_of(types, ty), at)
            }
            #[inline]
            fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
                let types = cx.types;
                <Self as LowerList>::lower_flat(self, cx, items_of(types, ty), flat)
            }
        }
    };
}

value_list! {}
tuple! { A0 0 }
tuple! { A0 0 A1 1 }
tuple! { A0 0 A1 1 A2 2 }
tuple! { A0 0 A1 1 A2 2 A3 3 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 A9 9 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 A9 9 A10 10 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 A9 9 A10 10 A11 11 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 A9 9 A10 10 A11 11 A12 12 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 A9 9 A10 10 A11 11 A12 12 A13 13 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 A9 9 A10 10 A11 11 A12 12 A13 13 A14 14 }
tuple! { A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 A9 9 A10 10 A11 11 A12 12 A13 13 A14 14 A15 15 }
