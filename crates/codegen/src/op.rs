//! The instructions, one file per group. Each group says whether an operator is its own and has been translated.

mod call;
mod control;
mod memory;
mod numeric;
mod reference;
mod table;
mod variable;

pub(crate) use control::{BlockTypes, ControlFrame};

use crate::error::CodegenError;
use crate::func::FuncTranslator;
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    /// Translates an operator that has been validated.
    pub(crate) fn operator(&mut self, operator: &Operator<'_>) -> Result<(), CodegenError> {
        if !self.reachable {
            self.unreachable_operator(operator);
            return Ok(());
        }
        self.charge(operator);
        let done = self.variable_operator(operator)
            || self.numeric_operator(operator)
            || self.memory_operator(operator)
            || self.control_operator(operator)?
            || self.call_operator(operator)
            || self.table_operator(operator)
            || self.reference_operator(operator)?;
        match done {
            true => Ok(()),
            false => Err(CodegenError::internal(format!("{operator:?} was validated but is not translated"))),
        }
    }
}
