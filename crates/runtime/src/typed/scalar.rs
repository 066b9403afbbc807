//! Rust types that stand for numbers, `bool` and `char`.

use super::{ComponentType, Lift, Lower};
use crate::canon::{CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext, char_from};
use crate::type_scope::{TypeMismatch, TypeScope};
use crate::vm::{plain_bytes, plain_numbers};
use gusset_types::{Layout, ValType};

/// Numbers: little-endian in memory, one core value when flat.
macro_rules! numbers {
    ($($rust:ty, $val_type:ident, $name:literal, $read:ident, $from:expr, $to:expr;)*) => {$(
        impl ComponentType for $rust {
            const FLAT_COUNT: usize = 1;
            const LAYOUTS: [Layout; 2] = [Layout::scalar(size_of::<$rust>() as u32); 2];
            const SCALAR: bool = true;
            fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
                types.primitive(ty, ValType::$val_type, $name)
            }
            fn describe() -> String {
                $name.into()
            }
        }

        impl Lift for $rust {
            #[inline]
            fn load(cx: &mut LiftContext<'_>, _: ValType, at: u64) -> CanonResult<Self> {
                cx.bytes(at).map(<$rust>::from_le_bytes)
            }
            #[inline]
            fn lift_flat(_: &mut LiftContext<'_>, _: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
                Ok($from(flat.$read()))
            }
            #[inline]
            fn load_elements(cx: &mut LiftContext<'_>, _: ValType, _: u64, bytes: &[u8]) -> CanonResult<Vec<Self>> {
                let (chunks, _) = bytes.as_chunks::<{ size_of::<$rust>() }>();
                let mut elements = cx.vec(chunks.len())?;
                match plain_numbers::<$rust>(bytes) {
                    Some(numbers) => elements.extend_from_slice(numbers),
                    None => elements.extend(chunks.iter().map(|bytes| <$rust>::from_le_bytes(*bytes))),
                }
                Ok(elements)
            }
        }

        impl Lower for $rust {
            #[inline]
            fn store(&self, cx: &mut LowerContext<'_>, _: ValType, at: u64) -> CanonResult<()> {
                cx.write(at, &self.to_le_bytes())
            }
            #[inline]
            fn lower_flat(&self, _: &mut LowerContext<'_>, _: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
                flat.$read($to(*self));
                Ok(())
            }
            #[inline]
            fn store_elements(items: &[Self], cx: &mut LowerContext<'_>, _: ValType, at: u64) -> CanonResult<()> {
                let items = plain_bytes(items);
                cx.slice_mut(at, items.len() as u64)?.copy_from_slice(items);
                Ok(())
            }
        }
    )*};
}

numbers! {
    u8, U8, "u8", u32, |bits| bits as u8, u32::from;
    i8, S8, "s8", u32, |bits| bits as i8, |value| i32::from(value) as u32;
    u16, U16, "u16", u32, |bits| bits as u16, u32::from;
    i16, S16, "s16", u32, |bits| bits as i16, |value| i32::from(value) as u32;
    u32, U32, "u32", u32, |bits| bits, |value| value;
    i32, S32, "s32", u32, |bits| bits as i32, |value| value as u32;
    u64, U64, "u64", u64, |bits| bits, |value| value;
    i64, S64, "s64", u64, |bits| bits as i64, |value| value as u64;
    f32, F32, "f32", u32, f32::from_bits, f32::to_bits;
    f64, F64, "f64", u64, f64::from_bits, f64::to_bits;
}

impl ComponentType for bool {
    const FLAT_COUNT: usize = 1;
    const LAYOUTS: [Layout; 2] = [Layout::scalar(1); 2];
    const SCALAR: bool = true;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        types.primitive(ty, ValType::Bool, "bool")
    }
    fn describe() -> String {
        "bool".into()
    }
}

impl Lift for bool {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, _: ValType, at: u64) -> CanonResult<Self> {
        Ok(cx.bytes::<1>(at)?[0] != 0)
    }
    #[inline]
    fn lift_flat(_: &mut LiftContext<'_>, _: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        Ok(flat.u32() != 0)
    }
}

impl Lower for bool {
    #[inline]
    fn store(&self, cx: &mut LowerContext<'_>, _: ValType, at: u64) -> CanonResult<()> {
        cx.write(at, &[u8::from(*self)])
    }
    #[inline]
    fn lower_flat(&self, _: &mut LowerContext<'_>, _: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        flat.u32(u32::from(*self));
        Ok(())
    }
}

impl ComponentType for char {
    const FLAT_COUNT: usize = 1;
    const LAYOUTS: [Layout; 2] = [Layout::scalar(4); 2];
    const SCALAR: bool = true;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        types.primitive(ty, ValType::Char, "char")
    }
    fn describe() -> String {
        "char".into()
    }
}

impl Lift for char {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, _: ValType, at: u64) -> CanonResult<Self> {
        char_from(cx.u32(at)?)
    }
    #[inline]
    fn lift_flat(_: &mut LiftContext<'_>, _: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        char_from(flat.u32())
    }
}

impl Lower for char {
    #[inline]
    fn store(&self, cx: &mut LowerContext<'_>, _: ValType, at: u64) -> CanonResult<()> {
        cx.write(at, &u32::from(*self).to_le_bytes())
    }
    #[inline]
    fn lower_flat(&self, _: &mut LowerContext<'_>, _: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        flat.u32(u32::from(*self));
        Ok(())
    }
}
