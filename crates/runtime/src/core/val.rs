//! [`Val`]: a core value with its type.

use super::exn_ref::ExnRef;
use super::extern_ref::ExternRef;
use super::func::Func;
use crate::core_text::describe_value;
use crate::error::{Result, bail};
use crate::vm::{RawValue, VmStore};
use gusset_artifact::{CoreValType, HeapType, RefType};

/// A core [value]. Floats are kept as bits, so that NaNs keep theirs and values can be compared.
///
/// ```
/// use gusset::core::{Val, ValType};
/// assert_eq!(Val::from(1.0_f32), Val::F32(0x3f80_0000));
/// assert_eq!(Val::from(f64::NAN), Val::from(f64::NAN));
/// assert_eq!(Val::default_of(ValType::I64), Some(Val::I64(0)));
/// ```
///
/// [value]: https://webassembly.github.io/spec/core/exec/runtime.html#values
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Val {
    /// An `i32`.
    I32(i32),
    /// An `i64`.
    I64(i64),
    /// The bits of an `f32`.
    F32(u32),
    /// The bits of an `f64`.
    F64(u64),
    /// The bits of a `v128`, little-endian.
    V128(u128),
    /// A reference.
    Ref(Ref),
}

/// A core reference. `None` is null.
///
/// ```
/// use gusset::core::{HeapType, Ref};
/// assert_eq!(Ref::null(HeapType::Func), Ref::Func(None));
/// assert!(Ref::Extern(None).is_null());
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Ref {
    /// To a function.
    Func(Option<Func>),
    /// To a value of the host's.
    Extern(Option<ExternRef>),
    /// To an exception.
    Exn(Option<ExnRef>),
}

impl Val {
    /// The default value of a type: zero or null; `None` for references that cannot be null.
    pub fn default_of(ty: CoreValType) -> Option<Val> {
        Some(match ty {
            CoreValType::I32 => Val::I32(0),
            CoreValType::I64 => Val::I64(0),
            CoreValType::F32 => Val::F32(0),
            CoreValType::F64 => Val::F64(0),
            CoreValType::V128 => Val::V128(0),
            CoreValType::Ref(ty) if ty.nullable => Val::Ref(Ref::null(ty.heap)),
            CoreValType::Ref(_) => return None,
        })
    }

    /// The `i32`, if it is one.
    pub fn i32(self) -> Option<i32> {
        if let Val::I32(value) = self { Some(value) } else { None }
    }

    /// The `i64`, if it is one.
    pub fn i64(self) -> Option<i64> {
        if let Val::I64(value) = self { Some(value) } else { None }
    }

    /// The `f32`, if it is one.
    pub fn f32(self) -> Option<f32> {
        if let Val::F32(bits) = self { Some(f32::from_bits(bits)) } else { None }
    }

    /// The `f64`, if it is one.
    pub fn f64(self) -> Option<f64> {
        if let Val::F64(bits) = self { Some(f64::from_bits(bits)) } else { None }
    }

    /// The bits of the `v128`, if it is one.
    pub fn v128(self) -> Option<u128> {
        if let Val::V128(bits) = self { Some(bits) } else { None }
    }

    /// The reference, if it is one.
    ///
    /// ```
    /// use gusset::core::{ExternRef, Func, Val};
    /// use gusset::{Engine, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let (func, value) = (Func::wrap(&mut store, || ()), ExternRef::new(&mut store, 7)?);
    /// assert_eq!(Val::from(func).reference().and_then(|reference| reference.as_func().flatten()), Some(func));
    /// assert_eq!(Val::from(Some(value)).reference().and_then(|reference| reference.as_extern()), Some(Some(value)));
    /// assert!(Val::from(value).reference().is_some_and(|reference| reference.as_exn().is_none()));
    /// assert_eq!((Val::from(7_u128).v128(), Val::from(0.5_f64).f64(), Val::I32(1).i64()), (Some(7), Some(0.5), None));
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn reference(self) -> Option<Ref> {
        if let Val::Ref(reference) = self { Some(reference) } else { None }
    }

    /// The value as compiled code holds it, if it is of type `ty`.
    pub(super) fn to_raw(self, vm: &mut VmStore, ty: CoreValType) -> Result<RawValue> {
        Ok(match (self, ty) {
            (Val::I32(value), CoreValType::I32) => RawValue::from_i32(value),
            (Val::I64(value), CoreValType::I64) => RawValue::from_i64(value),
            (Val::F32(bits), CoreValType::F32) => RawValue::from_f32_bits(bits),
            (Val::F64(bits), CoreValType::F64) => RawValue::from_f64_bits(bits),
            (Val::V128(bits), CoreValType::V128) => RawValue::from_v128(bits),
            (Val::Ref(value), CoreValType::Ref(ty)) => value.to_raw(vm, ty)?,
            (value, ty) => {
                bail!("expected a value of type {}, found one of type {}", describe_value(&ty), value.type_name())
            }
        })
    }

    pub(super) fn from_raw(vm: &mut VmStore, ty: CoreValType, raw: RawValue) -> Result<Val> {
        Ok(match ty {
            CoreValType::I32 => Val::I32(raw.i32()),
            CoreValType::I64 => Val::I64(raw.i64()),
            CoreValType::F32 => Val::F32(raw.f32_bits()),
            CoreValType::F64 => Val::F64(raw.f64_bits()),
            CoreValType::V128 => Val::V128(raw.v128()),
            CoreValType::Ref(ty) => Val::Ref(Ref::from_raw(vm, ty, raw)?),
        })
    }

    fn type_name(&self) -> &'static str {
        match self {
            Val::I32(_) => "i32",
            Val::I64(_) => "i64",
            Val::F32(_) => "f32",
            Val::F64(_) => "f64",
            Val::V128(_) => "v128",
            Val::Ref(Ref::Func(_)) => "funcref",
            Val::Ref(Ref::Extern(_)) => "externref",
            Val::Ref(Ref::Exn(_)) => "exnref",
        }
    }
}

impl Ref {
    /// The null reference to that kind of thing.
    pub fn null(heap: HeapType) -> Ref {
        match heap {
            HeapType::Func | HeapType::NoFunc | HeapType::Concrete(_) => Ref::Func(None),
            HeapType::Extern | HeapType::NoExtern => Ref::Extern(None),
            HeapType::Exn | HeapType::NoExn => Ref::Exn(None),
        }
    }

    /// The function or null, if it is a reference to one.
    pub fn as_func(&self) -> Option<Option<Func>> {
        if let Ref::Func(func) = *self { Some(func) } else { None }
    }

    /// The reference to a value of the host's or null, if it is one.
    pub fn as_extern(&self) -> Option<Option<ExternRef>> {
        if let Ref::Extern(value) = *self { Some(value) } else { None }
    }

    /// The reference to an exception or null, if it is one.
    pub fn as_exn(&self) -> Option<Option<ExnRef>> {
        if let Ref::Exn(exception) = *self { Some(exception) } else { None }
    }

    /// Whether it refers to nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Ref::Func(None) | Ref::Extern(None) | Ref::Exn(None))
    }

    /// The reference as compiled code holds it, if it is of type `ty`.
    pub(super) fn to_raw(self, vm: &mut VmStore, ty: RefType) -> Result<RawValue> {
        let raw = match (self, ty.heap) {
            (Ref::Func(Some(func)), heap) if vm.is_func_of(func.handle(vm)?, heap) => {
                vm.reference_of(func.handle(vm)?)?
            }
            (Ref::Extern(Some(ExternRef(root))), HeapType::Extern) | (Ref::Exn(Some(ExnRef(root))), HeapType::Exn) => {
                RawValue::from_u32(vm.rooted(root)?)
            }
            (value, heap) if value == Ref::null(heap) && ty.nullable => RawValue::default(),
            (value, _) => {
                let ty = describe_value(&CoreValType::Ref(ty));
                let null = if value.is_null() { "null " } else { "" };
                bail!("expected a value of type {ty}, found a {null}{}", Val::Ref(value).type_name())
            }
        };
        Ok(raw)
    }

    pub(super) fn from_raw(vm: &mut VmStore, ty: RefType, raw: RawValue) -> Result<Ref> {
        Ok(match Ref::null(ty.heap) {
            Ref::Func(_) => Ref::Func(vm.func_of_reference(raw)?.map(Func::from_handle)),
            // Compiled code says nothing about the upper bytes.
            null if raw.u32() == 0 => null,
            Ref::Extern(_) => Ref::Extern(Some(ExternRef(vm.root(raw.u32())?))),
            Ref::Exn(_) => Ref::Exn(Some(ExnRef(vm.root(raw.u32())?))),
        })
    }
}

impl From<i32> for Val {
    fn from(value: i32) -> Val {
        Val::I32(value)
    }
}

impl From<i64> for Val {
    fn from(value: i64) -> Val {
        Val::I64(value)
    }
}

impl From<f32> for Val {
    fn from(value: f32) -> Val {
        Val::F32(value.to_bits())
    }
}

impl From<f64> for Val {
    fn from(value: f64) -> Val {
        Val::F64(value.to_bits())
    }
}

impl From<Ref> for Val {
    fn from(value: Ref) -> Val {
        Val::Ref(value)
    }
}

impl From<u128> for Val {
    fn from(bits: u128) -> Val {
        Val::V128(bits)
    }
}

macro_rules! references {
    ($($rust:ident: $kind:ident;)*) => {$(
        impl From<Option<$rust>> for Ref {
            fn from(value: Option<$rust>) -> Ref {
                Ref::$kind(value)
            }
        }

        impl From<$rust> for Ref {
            fn from(value: $rust) -> Ref {
                Ref::$kind(Some(value))
            }
        }

        impl From<Option<$rust>> for Val {
            fn from(value: Option<$rust>) -> Val {
                Val::Ref(Ref::$kind(value))
            }
        }

        impl From<$rust> for Val {
            fn from(value: $rust) -> Val {
                Val::Ref(Ref::$kind(Some(value)))
            }
        }
    )*};
}

references! {
    Func: Func;
    ExternRef: Extern;
    ExnRef: Exn;
}
