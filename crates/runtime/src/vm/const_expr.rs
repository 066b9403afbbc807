//! Constant expressions: initial values of globals and tables, offsets of segments, and elements. They read only what never
//! changes, so it does not matter when they are evaluated.

use super::raw_value::RawValue;
use super::store::VmStore;
use crate::error::{Error, Result, format_err};
use gusset_artifact::{ConstExpr, ConstOp, ElemIndex, ElementItems};

impl VmStore {
    pub(super) fn evaluate_offset(&self, number: usize, offset: &ConstExpr, wide: bool) -> Result<u64> {
        let offset = self.evaluate(number, offset)?;
        Ok(if wide { offset.u64() } else { offset.u32().into() })
    }

    /// An element of a segment of an instance, as compiled code holds references. The segment has so many.
    pub(super) fn segment_element(&self, number: usize, segment: ElemIndex, at: usize) -> Result<u64> {
        match &self.instances[number].image().module.elements[segment].items {
            ElementItems::Functions(functions) => self.function_reference(number, functions.at(at as u32)),
            ElementItems::Expressions(expressions) => Ok(self.evaluate(number, &expressions[at])?.u64()),
        }
    }

    /// The value of a constant expression of an instance, whose globals before it have been defined.
    pub(super) fn evaluate(&self, number: usize, expression: &ConstExpr) -> Result<RawValue> {
        // Most of them are a constant.
        if let [op] = &*expression.ops
            && let Some(value) = self.constant(number, *op)?
        {
            return Ok(value);
        }
        let mut stack = Vec::new();
        for &op in &expression.ops {
            let value = match self.constant(number, op)? {
                Some(value) => value,
                None => {
                    let (right, left) = stack.pop().zip(stack.pop()).ok_or_else(malformed)?;
                    arithmetic(op, left, right)?
                }
            };
            stack.push(value);
        }
        stack.pop().ok_or_else(malformed)
    }

    /// The value of an operator that takes none from the stack.
    fn constant(&self, number: usize, op: ConstOp) -> Result<Option<RawValue>> {
        Ok(Some(match op {
            ConstOp::I32Const(value) => RawValue::from_i32(value),
            ConstOp::I64Const(value) => RawValue::from_i64(value),
            ConstOp::F32Const(bits) => RawValue::from_f32_bits(bits),
            ConstOp::F64Const(bits) => RawValue::from_f64_bits(bits),
            ConstOp::V128Const(bytes) => RawValue::from_v128(u128::from_le_bytes(bytes)),
            ConstOp::GlobalGet(index) => {
                self.global_value(self.instances[number].items.get(index).ok_or_else(malformed)?)
            }
            ConstOp::RefNull(_) => RawValue::default(),
            ConstOp::RefFunc(func) => RawValue::from_u64(self.function_reference(number, func)?),
            _ => return Ok(None),
        }))
    }
}

fn arithmetic(op: ConstOp, left: RawValue, right: RawValue) -> Result<RawValue> {
    Ok(match op {
        ConstOp::I32Add => RawValue::from_i32(left.i32().wrapping_add(right.i32())),
        ConstOp::I32Sub => RawValue::from_i32(left.i32().wrapping_sub(right.i32())),
        ConstOp::I32Mul => RawValue::from_i32(left.i32().wrapping_mul(right.i32())),
        ConstOp::I64Add => RawValue::from_i64(left.i64().wrapping_add(right.i64())),
        ConstOp::I64Sub => RawValue::from_i64(left.i64().wrapping_sub(right.i64())),
        ConstOp::I64Mul => RawValue::from_i64(left.i64().wrapping_mul(right.i64())),
        _ => return Err(malformed()),
    })
}

fn malformed() -> Error {
    format_err!("internal error: a constant expression is not valid")
}
