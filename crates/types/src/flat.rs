//! Flattening: how values and functions become core values and core functions (`flatten_type`, `flatten_functype`).

use crate::layout::PointerWidth;
use crate::val_type::{DefinedType, FuncType, Types, ValType};
use serde::{Deserialize, Serialize};

/// More flat parameters than this go through memory.
pub const MAX_FLAT_PARAMS: usize = 16;
/// More flat results than this go through memory.
pub const MAX_FLAT_RESULTS: usize = 1;

/// A core number type, as flattening yields it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum FlatType {
    I32,
    I64,
    F32,
    F64,
}

impl FlatType {
    /// The type of an address in a memory of this width.
    pub const fn pointer(width: PointerWidth) -> FlatType {
        match width {
            PointerWidth::Memory32 => FlatType::I32,
            PointerWidth::Memory64 => FlatType::I64,
        }
    }

    /// The smallest type that holds a value of either (`join`).
    pub const fn join(self, other: FlatType) -> FlatType {
        match (self, other) {
            (FlatType::I32, FlatType::I32 | FlatType::F32) | (FlatType::F32, FlatType::I32) => FlatType::I32,
            (FlatType::F32, FlatType::F32) => FlatType::F32,
            (FlatType::F64, FlatType::F64) => FlatType::F64,
            _ => FlatType::I64,
        }
    }
}

/// The core signature of a lifted or synchronously lowered function.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FlatSignature {
    /// Core parameters, the return pointer of a lowered function among them (last).
    pub params: Vec<FlatType>,
    /// Core results, at most one.
    pub results: Vec<FlatType>,
    /// The parameters lie in memory as one tuple; the single parameter before a possible return pointer is its address.
    pub params_in_memory: bool,
    /// The result lies in memory: a lifted function returns its address, a lowered one is given it as the last parameter.
    pub result_in_memory: bool,
}

impl Types {
    /// The flat types of `ty`, or `None` when there are more than [`MAX_FLAT_PARAMS`].
    pub fn flat(&self, ty: ValType, width: PointerWidth) -> Option<&[FlatType]> {
        use FlatType::{F32, F64, I32, I64};
        Some(match ty {
            ValType::Bool | ValType::S8 | ValType::U8 | ValType::S16 | ValType::U16 => &[I32],
            ValType::S32 | ValType::U32 | ValType::Char | ValType::ErrorContext => &[I32],
            ValType::S64 | ValType::U64 => &[I64],
            ValType::F32 => &[F32],
            ValType::F64 => &[F64],
            ValType::String if width == PointerWidth::Memory32 => &[I32, I32],
            ValType::String => &[I64, I64],
            ValType::Defined(index) => return self.interned(index).flat[width as usize].as_deref(),
        })
    }

    /// The flat types of `types` one after the other, or `None` when there are more than `limit` (at most
    /// [`MAX_FLAT_PARAMS`]).
    pub(crate) fn flat_many(
        &self,
        types: impl IntoIterator<Item = ValType>,
        width: PointerWidth,
        limit: usize,
    ) -> Option<Vec<FlatType>> {
        let mut flat = Vec::new();
        for ty in types {
            flat.extend_from_slice(self.flat(ty, width)?);
            if flat.len() > limit {
                return None;
            }
        }
        Some(flat)
    }

    /// The signature of the core function that `canon lift` takes for `func` (`flatten_functype` with context lift, sync).
    pub fn lifted_signature(&self, func: &FuncType, width: PointerWidth) -> FlatSignature {
        let pointer = FlatType::pointer(width);
        let (params, params_in_memory) = self.flat_params(func, width);
        let (results, result_in_memory) = match self.flat_many(func.result, width, MAX_FLAT_RESULTS) {
            Some(results) => (results, false),
            None => (vec![pointer], true),
        };
        FlatSignature { params, results, params_in_memory, result_in_memory }
    }

    /// The signature of the core function that `canon lower` makes of `func` (`flatten_functype` with context lower, sync).
    pub fn lowered_signature(&self, func: &FuncType, width: PointerWidth) -> FlatSignature {
        let (mut params, params_in_memory) = self.flat_params(func, width);
        let (results, result_in_memory) = match self.flat_many(func.result, width, MAX_FLAT_RESULTS) {
            Some(results) => (results, false),
            None => {
                params.push(FlatType::pointer(width));
                (vec![], true)
            }
        };
        FlatSignature { params, results, params_in_memory, result_in_memory }
    }

    fn flat_params(&self, func: &FuncType, width: PointerWidth) -> (Vec<FlatType>, bool) {
        match self.flat_many(func.param_types(), width, MAX_FLAT_PARAMS) {
            Some(params) => (params, false),
            None => (vec![FlatType::pointer(width)], true),
        }
    }

    pub(crate) fn compute_flat(&self, ty: &DefinedType, width: PointerWidth) -> Option<Box<[FlatType]>> {
        let pointer = FlatType::pointer(width);
        let many = |types: &mut dyn Iterator<Item = ValType>| self.flat_many(types, width, MAX_FLAT_PARAMS);
        let flat = match ty {
            DefinedType::List(_) | DefinedType::Map(..) => vec![pointer, pointer],
            DefinedType::FixedLengthList(element, length) => {
                // A length is never worked through: only what fits is written out.
                let element = self.flat(*element, width)?;
                let whole = (*length as usize).checked_mul(element.len()).filter(|whole| *whole <= MAX_FLAT_PARAMS)?;
                element.iter().copied().cycle().take(whole).collect()
            }
            DefinedType::Record(fields) => many(&mut fields.iter().map(|field| field.ty))?,
            DefinedType::Tuple(types) => many(&mut types.iter().copied())?,
            DefinedType::Variant(cases) => self.flat_variant(cases.iter().map(|case| case.ty), width)?,
            DefinedType::Option(some) => self.flat_variant([None, Some(*some)], width)?,
            DefinedType::Result(result) => self.flat_variant([result.ok, result.err], width)?,
            DefinedType::Enum(_) | DefinedType::Flags(_) => vec![FlatType::I32],
            DefinedType::Own(_) | DefinedType::Borrow(_) | DefinedType::Stream(_) | DefinedType::Future(_) => {
                vec![FlatType::I32]
            }
        };
        Some(flat.into())
    }

    fn flat_variant(
        &self,
        payloads: impl IntoIterator<Item = Option<ValType>>,
        width: PointerWidth,
    ) -> Option<Vec<FlatType>> {
        let mut flat = vec![FlatType::I32];
        for payload in payloads.into_iter().flatten() {
            for (i, &ty) in self.flat(payload, width)?.iter().enumerate() {
                match flat.get_mut(i + 1) {
                    Some(slot) => *slot = slot.join(ty),
                    None => flat.push(ty),
                }
            }
        }
        (flat.len() <= MAX_FLAT_PARAMS).then_some(flat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::val_type::{Param, ResultType};

    #[test]
    fn variants_join_their_payloads() {
        let mut types = Types::default();
        let ty = types.intern(DefinedType::Result(ResultType { ok: Some(ValType::F32), err: Some(ValType::String) }));
        let flat = types.flat(ty, PointerWidth::Memory32).unwrap();
        assert_eq!(flat, [FlatType::I32, FlatType::I32, FlatType::I32]);
    }

    #[test]
    fn lists_of_fixed_length_are_written_out_up_to_the_limit_only() {
        let mut types = Types::default();
        let pair = types.intern(DefinedType::Tuple([ValType::U8, ValType::F64].into()));
        let mut flat = |length| {
            let ty = types.intern(DefinedType::FixedLengthList(pair, length));
            types.flat(ty, PointerWidth::Memory32).map(<[FlatType]>::to_vec)
        };
        assert_eq!(flat(2), Some([FlatType::I32, FlatType::F64].repeat(2)));
        assert_eq!(flat(8).map(|flat| flat.len()), Some(16));
        assert_eq!(flat(9), None);
        let mut ty = ValType::U8;
        for _ in 0..100 {
            ty = types.intern(DefinedType::FixedLengthList(ty, (1 << 28) - 1));
            assert_eq!(types.flat(ty, PointerWidth::Memory64), None);
        }
    }

    #[test]
    fn many_parameters_go_through_memory() {
        let mut types = Types::default();
        let params = |n: usize| -> Box<[Param]> {
            (0..n).map(|i| Param { name: format!("p{i}").into(), ty: ValType::U32 }).collect()
        };
        let pair = types.intern(DefinedType::Tuple([ValType::U8, ValType::U8].into()));
        let mut func = FuncType { async_: false, params: params(16), result: Some(pair) };
        let lowered = types.lowered_signature(&func, PointerWidth::Memory32);
        assert_eq!((lowered.params.len(), lowered.params_in_memory), (17, false));
        assert!(lowered.result_in_memory && lowered.results.is_empty());
        func.params = params(17);
        let lifted = types.lifted_signature(&func, PointerWidth::Memory32);
        assert_eq!((lifted.params, lifted.params_in_memory), (vec![FlatType::I32], true));
        assert_eq!(lifted.results, [FlatType::I32]);
    }
}
