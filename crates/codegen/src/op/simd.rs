//! Vectors of 128 bits: a file per family, and in each a table, one line per instruction.
//!
//! A vector stands on the operand stack with the lanes that it was made with, so that operators that follow one another need no
//! bitcasts. Locals, labels, calls and globals see [`I8X16`], which is what [`FuncTranslator::whole`] makes of any. Lanes are
//! little-endian on every machine, and no bitcast between vectors is an instruction.

/// Applies an instruction of one operand with these lanes, with lanes of a type as the result where one is named.
macro_rules! unary {
    ($this:ident, $instruction:ident, $lanes:expr) => {{
        let value = $this.pop_lanes($lanes);
        let result = $this.builder.ins().$instruction(value);
        $this.push(result);
    }};
    ($this:ident, $instruction:ident, $lanes:expr => $to:expr) => {{
        let value = $this.pop_lanes($lanes);
        let result = $this.builder.ins().$instruction($to, value);
        $this.push(result);
    }};
}

/// Applies an instruction of two operands with these lanes.
macro_rules! binary {
    ($this:ident, $instruction:ident, $lanes:expr) => {{
        let (first, second) = $this.pop_lanes2($lanes);
        let result = $this.builder.ins().$instruction(first, second);
        $this.push(result);
    }};
}

mod comparison;
mod conversion;
mod float;
mod integer;
mod lanes;
mod memory;
mod relaxed;

use crate::func::FuncTranslator;
use cranelift_codegen::ir::types::I8X16;
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(crate) fn vector_operator(&mut self, operator: &Operator<'_>) -> bool {
        self.vector_memory_operator(operator)
            || self.lane_operator(operator)
            || self.vector_integer_operator(operator)
            || self.vector_comparison(operator)
            || self.vector_float_operator(operator)
            || self.vector_conversion(operator)
    }

    /// The topmost operand, a vector, with lanes of this type.
    fn pop_lanes(&mut self, lanes: Type) -> Value {
        let value = self.pop();
        self.with_lanes(value, lanes)
    }

    fn pop_lanes2(&mut self, lanes: Type) -> (Value, Value) {
        let second = self.pop_lanes(lanes);
        (self.pop_lanes(lanes), second)
    }

    fn pop_lanes3(&mut self, lanes: Type) -> (Value, Value, Value) {
        let third = self.pop_lanes(lanes);
        let (first, second) = self.pop_lanes2(lanes);
        (first, second, third)
    }

    /// A vector with lanes of this type.
    fn with_lanes(&mut self, value: Value, lanes: Type) -> Value {
        match self.builder.func.dfg.value_type(value) {
            same if same == lanes => value,
            _ => {
                let flags = MemFlagsData::new().with_endianness(Endianness::Little);
                self.builder.ins().bitcast(lanes, flags, value)
            }
        }
    }

    /// An operand as all see it that do not know how it was made: a vector with lanes of 8 bits, anything else as it is.
    pub(crate) fn whole(&mut self, value: Value) -> Value {
        let is_vector = self.builder.func.dfg.value_type(value).is_vector();
        if is_vector { self.with_lanes(value, I8X16) } else { value }
    }

    /// A vector whose bits are all 0.
    pub(crate) fn zero_vector(&mut self, lanes: Type) -> Value {
        let zero = self.builder.func.dfg.constants.insert([0; 16].as_slice().into());
        self.builder.ins().vconst(lanes, zero)
    }
}
