//! References: null, its test, and references to functions.

use crate::convert;
use crate::error::CodegenError;
use crate::func::FuncTranslator;
use crate::signature::POINTER;
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I32;
use gusset_artifact::{CoreValType, FuncIndex, RefType};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(crate) fn reference_operator(&mut self, operator: &Operator<'_>) -> Result<bool, CodegenError> {
        match *operator {
            Operator::RefNull { hty } => {
                let ty = CoreValType::Ref(RefType { nullable: true, heap: convert::heap_type(hty)? });
                let null = self.zero(ty);
                self.push_null(null, ty);
            }
            Operator::RefIsNull => {
                let reference = self.pop();
                let is_null = self.builder.ins().icmp_imm_u(IntCC::Equal, reference, 0);
                let result = self.builder.ins().uextend(I32, is_null);
                self.push(result);
            }
            Operator::RefFunc { function_index } => self.ref_func(FuncIndex::from_u32(function_index))?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The address of the function's record: an import's slot is one, and each escaping function has one.
    fn ref_func(&mut self, func: FuncIndex) -> Result<(), CodegenError> {
        let record = if func.as_u32() < self.env.module.imported_functions {
            self.env.layout.imported_function(func)
        } else {
            let record = self.env.layout.func_ref(func);
            record.ok_or_else(|| CodegenError::internal(format!("function {func} escapes without a record")))?
        };
        let offset = self.builder.ins().iconst(POINTER, i64::from(record));
        let reference = self.builder.ins().iadd(self.context, offset);
        self.push(reference);
        Ok(())
    }
}
