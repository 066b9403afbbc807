//! Rust types that stand for core values, alone and in lists. Their values are read from and written to the places where compiled
//! code passes them, with nothing in between.

#![allow(private_interfaces, reason = "the sealed traits are public, and nobody outside can name them")]

use super::{ExnRef, ExternRef, Func};
use crate::error::{Result, format_err};
use crate::vm::{RawValue, VmStore};
use gusset_artifact::{CoreValType, HeapType, RefType};

/// A Rust type that stands for a core [value type].
///
/// | Rust | core |
/// | --- | --- |
/// | `i32`, `u32` | `i32`, the same bits |
/// | `i64`, `u64` | `i64`, the same bits |
/// | `f32`, `f64` | `f32`, `f64`; a NaN keeps its bits |
/// | `u128` | `v128`, the same bits: the first lane stands in the lowest |
/// | `Option<Func>` | `funcref` |
/// | `Option<ExternRef>` | `externref` |
/// | `Option<ExnRef>` | `exnref` |
/// | `Func`, `ExternRef`, `ExnRef` | `(ref func)`, `(ref extern)`, `(ref exn)` |
///
/// What the trait consists of is not public. [`Val`](super::Val) has the types that are not listed.
///
/// [value type]: https://webassembly.github.io/spec/core/syntax/types.html#value-types
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not stand for a core value",
    label = "one of `i32`, `u32`, `i64`, `u64`, `f32`, `f64`, `u128`, `Func`, `ExternRef`, `ExnRef`, or an `Option` of one of the last three, is wanted here"
)]
pub trait WasmTy: sealed::Value {}

/// The parameters or results of a function in Rust types: a [`WasmTy`], or a tuple of up to 16 of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not stand for parameters or results of a core function",
    label = "a core value, or a tuple of up to 16 core values, is wanted here"
)]
pub trait WasmTyList: sealed::List {}

/// What a closure of the host's may return: a [`WasmTyList`], or a [`Result`] of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a host function may return",
    label = "a core value, a tuple of core values, or a `gusset::Result` of one of these is wanted here"
)]
pub trait WasmRet: sealed::Return {}

pub(super) mod sealed {
    use super::*;

    pub trait Value: Sized + 'static {
        const TYPE: CoreValType;

        fn into_raw(self, vm: &mut VmStore) -> Result<RawValue>;

        fn of_raw(vm: &mut VmStore, raw: RawValue) -> Result<Self>;
    }

    pub trait List: Sized + 'static {
        const TYPES: &'static [CoreValType];

        /// Writes the values to the first places of `to`, which has room for them.
        fn write(self, vm: &mut VmStore, to: &mut [RawValue]) -> Result<()>;

        /// Reads the values from the first places of `from`, which has all of them.
        fn read(vm: &mut VmStore, from: &[RawValue]) -> Result<Self>;
    }

    pub trait Return: Sized {
        const TYPES: &'static [CoreValType];

        fn write(self, vm: &mut VmStore, to: &mut [RawValue]) -> Result<()>;
    }
}

macro_rules! numbers {
    ($($rust:ty: $core:ident, |$value:ident| $into:expr, |$raw:ident| $of:expr;)*) => {$(
        impl WasmTy for $rust {}

        impl sealed::Value for $rust {
            const TYPE: CoreValType = CoreValType::$core;

            #[inline]
            fn into_raw(self, _: &mut VmStore) -> Result<RawValue> {
                let $value = self;
                Ok($into)
            }

            #[inline]
            fn of_raw(_: &mut VmStore, $raw: RawValue) -> Result<$rust> {
                Ok($of)
            }
        }
    )*};
}

numbers! {
    i32: I32, |value| RawValue::from_i32(value), |raw| raw.i32();
    u32: I32, |value| RawValue::from_u32(value), |raw| raw.u32();
    i64: I64, |value| RawValue::from_i64(value), |raw| raw.i64();
    u64: I64, |value| RawValue::from_u64(value), |raw| raw.u64();
    f32: F32, |value| RawValue::from_f32_bits(value.to_bits()), |raw| f32::from_bits(raw.f32_bits());
    f64: F64, |value| RawValue::from_f64_bits(value.to_bits()), |raw| f64::from_bits(raw.f64_bits());
    u128: V128, |value| RawValue::from_v128(value), |raw| raw.v128();
}

impl WasmTy for Option<Func> {}

impl sealed::Value for Option<Func> {
    const TYPE: CoreValType = CoreValType::Ref(RefType::FUNCREF);

    fn into_raw(self, vm: &mut VmStore) -> Result<RawValue> {
        match self {
            Some(func) => vm.reference_of(func.handle(vm)?),
            None => Ok(RawValue::default()),
        }
    }

    fn of_raw(vm: &mut VmStore, raw: RawValue) -> Result<Option<Func>> {
        Ok(vm.func_of_reference(raw)?.map(Func::from_handle))
    }
}

macro_rules! rooted {
    ($($rust:ident: $heap:ident;)*) => {$(
        impl WasmTy for Option<$rust> {}

        impl sealed::Value for Option<$rust> {
            const TYPE: CoreValType = CoreValType::Ref(RefType { nullable: true, heap: HeapType::$heap });

            fn into_raw(self, vm: &mut VmStore) -> Result<RawValue> {
                self.map_or(Ok(RawValue::default()), |value| sealed::Value::into_raw(value, vm))
            }

            fn of_raw(vm: &mut VmStore, raw: RawValue) -> Result<Option<$rust>> {
                // Compiled code says nothing about the upper bytes.
                if raw.u32() == 0 { Ok(None) } else { <$rust as sealed::Value>::of_raw(vm, raw).map(Some) }
            }
        }

        impl WasmTy for $rust {}

        impl sealed::Value for $rust {
            const TYPE: CoreValType = CoreValType::Ref(RefType { nullable: false, heap: HeapType::$heap });

            fn into_raw(self, vm: &mut VmStore) -> Result<RawValue> {
                vm.rooted(self.0).map(RawValue::from_u32)
            }

            fn of_raw(vm: &mut VmStore, raw: RawValue) -> Result<$rust> {
                vm.root(raw.u32()).map($rust)
            }
        }
    )*};
}

rooted! {
    ExternRef: Extern;
    ExnRef: Exn;
}

impl WasmTy for Func {}

impl sealed::Value for Func {
    const TYPE: CoreValType = CoreValType::Ref(RefType { nullable: false, heap: HeapType::Func });

    fn into_raw(self, vm: &mut VmStore) -> Result<RawValue> {
        vm.reference_of(self.handle(vm)?)
    }

    fn of_raw(vm: &mut VmStore, raw: RawValue) -> Result<Func> {
        let func = vm.func_of_reference(raw)?;
        func.map(Func::from_handle).ok_or_else(|| format_err!("internal error: a null reference where none is allowed"))
    }
}

impl<A: WasmTy> WasmTyList for A {}

impl<A: WasmTy> sealed::List for A {
    const TYPES: &'static [CoreValType] = &[A::TYPE];

    #[inline]
    fn write(self, vm: &mut VmStore, to: &mut [RawValue]) -> Result<()> {
        to[0] = self.into_raw(vm)?;
        Ok(())
    }

    #[inline]
    fn read(vm: &mut VmStore, from: &[RawValue]) -> Result<A> {
        A::of_raw(vm, from[0])
    }
}

macro_rules! tuples {
    ($(($($a:ident)*))*) => {$(
        impl<$($a: WasmTy),*> WasmTyList for ($($a,)*) {}

        #[allow(non_snake_case, reason = "a value is called as its type")]
        impl<$($a: WasmTy),*> sealed::List for ($($a,)*) {
            const TYPES: &'static [CoreValType] = &[$($a::TYPE),*];

            #[inline]
            fn write(self, _vm: &mut VmStore, to: &mut [RawValue]) -> Result<()> {
                let ($($a,)*) = self;
                let values = [$($a.into_raw(_vm)?),*];
                to[..values.len()].copy_from_slice(&values);
                Ok(())
            }

            #[inline]
            fn read(_vm: &mut VmStore, from: &[RawValue]) -> Result<Self> {
                let [$($a),*] = *from.first_chunk().expect("there is room for all of them");
                Ok(($($a::of_raw(_vm, $a)?,)*))
            }
        }
    )*};
}

/// Calls a macro with the names of the types of each tuple, from none to 16.
macro_rules! for_each_tuple {
    ($macro:ident) => {
        $macro! {
            ()
            (A1)
            (A1 A2)
            (A1 A2 A3)
            (A1 A2 A3 A4)
            (A1 A2 A3 A4 A5)
            (A1 A2 A3 A4 A5 A6)
            (A1 A2 A3 A4 A5 A6 A7)
            (A1 A2 A3 A4 A5 A6 A7 A8)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15)
            (A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16)
        }
    };
}

pub(super) use for_each_tuple;

for_each_tuple!(tuples);

impl<R: WasmTyList> WasmRet for R {}

impl<R: WasmTyList> sealed::Return for R {
    const TYPES: &'static [CoreValType] = <R as sealed::List>::TYPES;

    #[inline]
    fn write(self, vm: &mut VmStore, to: &mut [RawValue]) -> Result<()> {
        sealed::List::write(self, vm, to)
    }
}

impl<R: WasmTyList> WasmRet for Result<R> {}

impl<R: WasmTyList> sealed::Return for Result<R> {
    const TYPES: &'static [CoreValType] = <R as sealed::List>::TYPES;

    #[inline]
    fn write(self, vm: &mut VmStore, to: &mut [RawValue]) -> Result<()> {
        sealed::List::write(self?, vm, to)
    }
}
