//! Rust types that stand for `option` and `result`.

use super::shape::segment;
use super::{COMPARED, ComponentType, Lift, Lower};
use crate::canon::{CanonError, CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext};
use crate::type_scope::{TypeMismatch, TypeScope};
use gusset_types::{DefinedType, ERROR_LABEL, OK_LABEL, SOME_LABEL, TrapCode, Types, ValType};

/// The payload types of a type that is a `result` or, as `result<_, T>` without an `ok` would be, an `option`.
#[derive(Clone, Copy)]
struct TwoCases {
    payloads: [Option<ValType>; 2],
}

impl TwoCases {
    #[inline]
    fn option(types: &Types, ty: ValType) -> Option<TwoCases> {
        let ValType::Defined(index) = ty else { return None };
        match types.defined(index) {
            DefinedType::Option(some) => Some(TwoCases { payloads: [None, Some(*some)] }),
            _ => None,
        }
    }

    #[inline]
    fn result(types: &Types, ty: ValType) -> Option<TwoCases> {
        let ValType::Defined(index) = ty else { return None };
        match types.defined(index) {
            DefinedType::Result(result) => Some(TwoCases { payloads: [result.ok, result.err] }),
            _ => None,
        }
    }

    /// Where the payload lies: behind one byte, aligned for either.
    #[inline]
    fn payload_offset(self, align: impl Fn(ValType) -> u32) -> u64 {
        u64::from(self.payloads.into_iter().flatten().map(align).max().unwrap_or(1))
    }

    /// Reads the discriminant at `at`; the case and where its payload lies.
    #[inline]
    fn load(self, cx: &mut LiftContext<'_>, at: u64) -> CanonResult<(usize, u64)> {
        let case = usize::from(cx.bytes::<1>(at)?[0]);
        if case > 1 {
            return Err(invalid(case as u64));
        }
        Ok((case, at + self.payload_offset(|ty| cx.types.layout(ty, cx.width).align)))
    }

    /// Writes the discriminant; where the payload lies.
    #[inline]
    fn store(self, cx: &mut LowerContext<'_>, case: u8, at: u64) -> CanonResult<u64> {
        cx.write(at, &[case])?;
        let (types, width) = (cx.types, cx.width);
        Ok(at + self.payload_offset(|ty| types.layout(ty, width).align))
    }
}

/// The trap for the discriminant of a case that is neither.
#[cold]
fn invalid(case: u64) -> CanonError {
    TrapCode::InvalidDiscriminant.with(case, 2).into()
}

/// Any type, for a payload that is not there and is `()`: never looked at.
pub(super) const NO_PAYLOAD: ValType = ValType::Bool;

impl<T: ComponentType> ComponentType for Option<T> {
    const FLAT_COUNT: usize = 1 + T::FLAT_COUNT;
    const SCALAR: bool = T::SCALAR;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        let Some(cases) = TwoCases::option(types.types, ty) else { return Err(types.other(ty, Self::describe())) };
        T::matches_payload(types, cases.payloads[1]).map_err(|mismatch| mismatch.within(segment(SOME_LABEL)))
    }
    fn describe() -> String {
        format!("option<{}>", T::describe())
    }
}

impl<T: Lift> Lift for Option<T> {
    #[inline]
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let cases = TwoCases::option(cx.types, ty).expect(COMPARED);
        match cases.load(cx, at)? {
            (0, _) => Ok(None),
            (_, at) => {
                T::load(cx, cases.payloads[1].expect(COMPARED), at).map(Some).map_err(|e| e.within(segment(SOME_LABEL)))
            }
        }
    }
    #[inline]
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let cases = TwoCases::option(cx.types, ty).expect(COMPARED);
        let end = flat.position() + Self::FLAT_COUNT;
        let value = match flat.u32() {
            0 => None,
            1 => {
                let payload = T::lift_flat(cx, cases.payloads[1].expect(COMPARED), flat);
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
        let cases = TwoCases::option(cx.types, ty).expect(COMPARED);
        let payload_at = cases.store(cx, u8::from(self.is_some()), at)?;
        let Some(payload) = self else { return Ok(()) };
        let stored = payload.store(cx, cases.payloads[1].expect(COMPARED), payload_at);
        stored.map_err(|error| error.within(segment(SOME_LABEL)))
    }
    #[inline]
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let cases = TwoCases::option(cx.types, ty).expect(COMPARED);
        let end = flat.position() + Self::FLAT_COUNT;
        flat.u32(u32::from(self.is_some()));
        if let Some(payload) = self {
            let lowered = payload.lower_flat(cx, cases.payloads[1].expect(COMPARED), flat);
            lowered.map_err(|error| error.within(segment(SOME_LABEL)))?;
        }
        flat.fill_to(end);
        Ok(())
    }
}

impl<T: ComponentType, E: ComponentType> ComponentType for Result<T, E> {
    const FLAT_COUNT: usize = 1 + if T::FLAT_COUNT > E::FLAT_COUNT { T::FLAT_COUNT } else { E::FLAT_COUNT };
    const SCALAR: bool = T::SCALAR && E::SCALAR;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        let Some(cases) = TwoCases::result(types.types, ty) else { return Err(types.other(ty, Self::describe())) };
        let [ok, err] = cases.payloads;
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
        let cases = TwoCases::result(cx.types, ty).expect(COMPARED);
        let [ok, err] = cases.payloads.map(|ty| ty.unwrap_or(NO_PAYLOAD));
        match cases.load(cx, at)? {
            (0, at) => T::load(cx, ok, at).map(Ok).map_err(|error| error.within(segment(OK_LABEL))),
            (_, at) => E::load(cx, err, at).map(Err).map_err(|error| error.within(segment(ERROR_LABEL))),
        }
    }
    #[inline]
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let cases = TwoCases::result(cx.types, ty).expect(COMPARED);
        let [ok, err] = cases.payloads.map(|ty| ty.unwrap_or(NO_PAYLOAD));
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
        let cases = TwoCases::result(cx.types, ty).expect(COMPARED);
        let [ok, err] = cases.payloads.map(|ty| ty.unwrap_or(NO_PAYLOAD));
        let payload_at = cases.store(cx, u8::from(self.is_err()), at)?;
        match self {
            Ok(payload) => payload.store(cx, ok, payload_at).map_err(|error| error.within(segment(OK_LABEL))),
            Err(payload) => payload.store(cx, err, payload_at).map_err(|error| error.within(segment(ERROR_LABEL))),
        }
    }
    #[inline]
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let cases = TwoCases::result(cx.types, ty).expect(COMPARED);
        let [ok, err] = cases.payloads.map(|ty| ty.unwrap_or(NO_PAYLOAD));
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
