//! The instructions, one file per group. Each group says whether an operator is its own and has been translated.

mod atomic;
mod call;
mod control;
mod exception;
mod legacy_exception;
mod memory;
mod numeric;
mod reference;
mod simd;
mod table;
mod variable;
mod wide;

pub(crate) use control::{BlockTypes, ControlFrame};
pub(crate) use exception::Handler;

use crate::error::CodegenError;
use crate::func::FuncTranslator;
use wasmparser::Operator;

/// Defines [`Group::of`] over all operators that the parser knows. A proposal that stands in none of the rules does not compile.
macro_rules! groups {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
        impl Group {
            fn of(operator: &Operator<'_>) -> Group {
                match operator {
                    $(Operator::$op { .. } => groups!(group $proposal),)*
                    _ => Group::Untranslated,
                }
            }
        }
    };
    (group mvp) => { Group::First };
    (group sign_extension) => { Group::Numeric };
    (group saturating_float_to_int) => { Group::Numeric };
    (group bulk_memory) => { Group::Bulk };
    (group reference_types) => { Group::Reference };
    (group simd) => { Group::Vector };
    (group relaxed_simd) => { Group::RelaxedVector };
    (group tail_call) => { Group::Call };
    (group function_references) => { Group::FunctionReference };
    (group exceptions) => { Group::Exception };
    (group legacy_exceptions) => { Group::LegacyException };
    (group threads) => { Group::Atomic };
    (group wide_arithmetic) => { Group::Wide };
    // What is no part of the standard that is covered.
    (group gc) => { Group::Untranslated };
    (group custom_descriptors) => { Group::Untranslated };
    (group memory_control) => { Group::Untranslated };
    (group acquire_release_atomics) => { Group::Untranslated };
    (group shared_everything_threads) => { Group::Untranslated };
    (group stack_switching) => { Group::Untranslated };
}

/// Where operators are translated, by the proposal that they came with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Group {
    /// Those of the first version of the specification, which stand in several files.
    First,
    Numeric,
    /// Of memories and tables.
    Bulk,
    /// References, and tables of them.
    Reference,
    Call,
    /// Calls by references, and what asks whether they are null.
    FunctionReference,
    Exception,
    LegacyException,
    Vector,
    RelaxedVector,
    /// Integers of 128 bits.
    Wide,
    Atomic,
    /// No switch lets them through validation.
    Untranslated,
}

wasmparser::for_each_operator!(groups);

impl FuncTranslator<'_, '_> {
    /// Translates an operator that has been validated.
    pub(crate) fn operator(&mut self, operator: &Operator<'_>) -> Result<(), CodegenError> {
        if !self.reachable {
            self.unreachable_operator(operator);
            return Ok(());
        }
        self.charge(operator);
        let done = match Group::of(operator) {
            Group::First => {
                self.variable_operator(operator)
                    || self.numeric_operator(operator)
                    || self.memory_operator(operator)
                    || self.control_operator(operator)?
                    || self.call_operator(operator)?
            }
            Group::Numeric => self.numeric_operator(operator),
            Group::Bulk => self.memory_operator(operator) || self.table_operator(operator),
            Group::Reference => {
                self.table_operator(operator) || self.reference_operator(operator)? || self.variable_operator(operator)
            }
            Group::Call => self.call_operator(operator)?,
            Group::FunctionReference => self.call_operator(operator)? || self.reference_operator(operator)?,
            Group::Exception => self.exception_operator(operator)?,
            Group::LegacyException => self.legacy_exception_operator(operator)?,
            Group::Vector => self.vector_operator(operator),
            Group::RelaxedVector => self.relaxed_operator(operator)?,
            Group::Wide => self.wide_operator(operator),
            Group::Atomic => self.atomic_operator(operator),
            Group::Untranslated => false,
        };
        match done {
            true => Ok(()),
            false => Err(CodegenError::internal(format!("{operator:?} was validated but is not translated"))),
        }
    }
}
