//! Rust types that stand for `option` and `result`.

use super::shape::{segment, variant_layouts};
use super::{ComponentType, Lift, Lower, NO_TYPE, layout_of};
use crate::canon::{CanonError, CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext};
use crate::type_scope::{TypeMismatch, TypeScope};
use gusset_types::{DefinedType, ERROR_LABEL, Layout, OK_LABEL, SOME_LABEL, TrapCode, Types, ValType};

/// The payload type of an `option` type.
#[inline]
fn some_type(types: &Types, ty: ValType) -> Option<ValType> {
    match types.find(ty) {
        Some(DefinedType::Option(some)) => Some(*some),
        _ => None,
    }
}

/// The payload types of a `result` type.
#[inline]
fn result_types(types: &Types, ty: ValType) -> Option<[Option<ValType>; 2]> {
    match types.find(ty) {
        Some(DefinedType::Result(result)) => Some([result.ok, result.err]),
        _ => None,
    }
}

/// The payload types of what has been found to be a `result` type.
#[inline]
fn payloads_of(types: &Types, ty: ValType) -> [ValType; 2] {
    result_types(types, ty).unwrap_or_default().map(|ty| ty.unwrap_or(NO_TYPE))
}

/// Reads the discriminant of a value of `T` at `at`, one of two; the case and where its payload lies.
#[inline]
fn load_case<T: ComponentType>(cx: &mut LiftContext<'_>, at: u64) -> CanonResult<(usize, u64)> {
    let case = usize::from(cx.bytes::<1>(at)?[0]);
    if case > 1 {
        return Err(invalid(case as u64));
    }
    Ok((case, at + u64::from(layout_of::<T>(cx.width).payload_offset(2))))
}

/// Writes the discriminant of a value of `T`, one of two; where the payload lies.
#[inline]
fn store_case<T: ComponentType>(cx: &mut LowerContext<'_>, case: u8, at: u64) -> CanonResult<u64> {
    cx.write(at, &[case])?;
    Ok(at + u64::from(layout_of::<T>(cx.width).payload_offset(2)))
}

/// The trap for the discriminant of a case that is neither.
#[cold]
fn invalid(case: u64) -> CanonError {
    TrapCode::InvalidDiscriminant.with(case, 2).into()
}

impl<T: ComponentType> ComponentType for Option<T> {
    const FLAT_COUNT: usize = 1 + T::FLAT_COUNT;
    const LAYOUTS: [Layout; 2] = variant_layouts(&[<()>::LAYOUTS, T::LAYOUTS]);
    const SCALAR: bool = T::SCALAR;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        let Some(some) = some_type(types.types, ty) else { return Err(types.other(ty, Self::describe())) };
        T::matches_payload(types, Some(some)).map_err(|mismatch| mismatch.within(segment(SOME_LABEL)))
    }
    fn describe() -> String {
        format!("option<{}>", T::describe())
    }
}

impl<T: Lift> Lift for Option<T> {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let some = some_type(cx.types, ty).unwrap_or(NO_TYPE);
        match load_case::<Self>(cx, at)? {
            (0, _) => Ok(None),
            (_, at) => T::load(cx, some, at).map(Some).map_err(|error| error.within(segment(SOME_LABEL))),
        }
    }
    #[inline]
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let some = some_type(cx.types, ty).unwrap_or(NO_TYPE);
        let end = flat.position() + Self::FLAT_COUNT;
        let value = match flat.u32() {
            0 => None,
            1 => {
                let payload = T::lift_flat(cx, some, flat);
                Some(payload.map_err(|error| error.within(segment(SOME_LABEL)))?)
            }
            case => return Err(invalid(case.into())),
        };
        flat.skip_to(end);
        Ok(value)
    }
}

impl<T: Lower> Lower for Option<T> {
    #[inline]
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        let some = some_type(cx.types, ty).unwrap_or(NO_TYPE);
        let payload_at = store_case::<Self>(cx, u8::from(self.is_some()), at)?;
        let Some(payload) = self else { return Ok(()) };
        let stored = payload.store(cx, some, payload_at);
        stored.map_err(|error| error.within(segment(SOME_LABEL)))
    }
    #[inline]
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let some = some_type(cx.types, ty).unwrap_or(NO_TYPE);
        let end = flat.position() + Self::FLAT_COUNT;
        flat.u32(u32::from(self.is_some()));
        if let Some(payload) = self {
            let lowered = payload.lower_flat(cx, some, flat);
            lowered.map_err(|error| error.within(segment(SOME_LABEL)))?;
        }
        flat.fill_to(end);
        Ok(())
    }
}

impl<T: ComponentType, E: ComponentType> ComponentType for Result<T, E> {
    const FLAT_COUNT: usize = 1 + if T::FLAT_COUNT > E::FLAT_COUNT { T::FLAT_COUNT } else { E::FLAT_COUNT };
    const LAYOUTS: [Layout; 2] = variant_layouts(&[T::LAYOUTS, E::LAYOUTS]);
    const SCALAR: bool = T::SCALAR && E::SCALAR;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        let Some([ok, err]) = result_types(types.types, ty) else {
            return Err(types.other(ty, Self::describe()));
        };
        T::matches_payload(types, ok).map_err(|mismatch| mismatch.within(segment(OK_LABEL)))?;
        E::matches_payload(types, err).map_err(|mismatch| mismatch.within(segment(ERROR_LABEL)))
    }
    fn describe() -> String {
        format!("result<{}, {}>", T::describe(), E::describe())
    }
}

impl<T: Lift, E: Lift> Lift for Result<T, E> {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let [ok, err] = payloads_of(cx.types, ty);
        match load_case::<Self>(cx, at)? {
            (0, at) => T::load(cx, ok, at).map(Ok).map_err(|error| error.within(segment(OK_LABEL))),
            (_, at) => E::load(cx, err, at).map(Err).map_err(|error| error.within(segment(ERROR_LABEL))),
        }
    }
    #[inline]
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let [ok, err] = payloads_of(cx.types, ty);
        let end = flat.position() + Self::FLAT_COUNT;
        let value = match flat.u32() {
            0 => Ok(T::lift_flat(cx, ok, flat).map_err(|error| error.within(segment(OK_LABEL)))?),
            1 => Err(E::lift_flat(cx, err, flat).map_err(|error| error.within(segment(ERROR_LABEL)))?),
            case => return Err(invalid(case.into())),
        };
        flat.skip_to(end);
        Ok(value)
    }
}

impl<T: Lower, E: Lower> Lower for Result<T, E> {
    #[inline]
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        let [ok, err] = payloads_of(cx.types, ty);
        let payload_at = store_case::<Self>(cx, u8::from(self.is_err()), at)?;
        match self {
            Ok(payload) => payload.store(cx, ok, payload_at).map_err(|error| error.within(segment(OK_LABEL))),
            Err(payload) => payload.store(cx, err, payload_at).map_err(|error| error.within(segment(ERROR_LABEL))),
        }
    }
    #[inline]
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let [ok, err] = payloads_of(cx.types, ty);
        let end = flat.position() + Self::FLAT_COUNT;
        flat.u32(u32::from(self.is_err()));
        match self {
            Ok(payload) => payload.lower_flat(cx, ok, flat).map_err(|error| error.within(segment(OK_LABEL)))?,
            Err(payload) => payload.lower_flat(cx, err, flat).map_err(|error| error.within(segment(ERROR_LABEL)))?,
        }
        flat.fill_to(end);
        Ok(())
    }
}

/// No payload of a `result`. There is no type without values to pass, so `()` is nothing else.
impl ComponentType for () {
    const FLAT_COUNT: usize = 0;
    const LAYOUTS: [Layout; 2] = [Layout { size: 0, align: 1 }; 2];
    const SCALAR: bool = true;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        Err(types.other(ty, "no value"))
    }
    fn describe() -> String {
        "_".into()
    }
    fn matches_payload(types: TypeScope<'_>, ty: Option<ValType>) -> Result<(), TypeMismatch> {
        ty.map_or(Ok(()), |ty| Self::matches(types, ty))
    }
}

impl Lift for () {
    #[inline]
    fn load(_: &mut LiftContext<'_>, _: ValType, _: u64) -> CanonResult<Self> {
        Ok(())
    }
    #[inline]
    fn lift_flat(_: &mut LiftContext<'_>, _: ValType, _: &mut FlatReader<'_>) -> CanonResult<Self> {
        Ok(())
    }
}

impl Lower for () {
    #[inline]
    fn store(&self, _: &mut LowerContext<'_>, _: ValType, _: u64) -> CanonResult<()> {
        Ok(())
    }
    #[inline]
    fn lower_flat(&self, _: &mut LowerContext<'_>, _: ValType, _: &mut FlatWriter<'_>) -> CanonResult<()> {
        Ok(())
    }
}
