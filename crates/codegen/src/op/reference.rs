//! References: null, its test, and references to functions.

use crate::convert;
use crate::error::CodegenError;
use crate::func::FuncTranslator;
use crate::signature::{POINTER, field};
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I32;
use gusset_artifact::{BuiltinFunction, CoreValType, FUNC_REF, FuncIndex, RefType};
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

    /// The address of the function's record. An import's slot is one from the start; that of an escaping function may be still to
    /// be written.
    fn ref_func(&mut self, func: FuncIndex) -> Result<(), CodegenError> {
        let imported = func.as_u32() < self.env.module.imported_functions;
        let record = match imported {
            true => Some(self.env.layout.imported_function(func)),
            false => self.env.layout.func_ref(func),
        };
        let record =
            record.ok_or_else(|| CodegenError::internal(format!("function {func} escapes without a record")))?;
        if !imported {
            self.write_record(func, record);
        }
        let offset = self.builder.ins().iconst(POINTER, i64::from(record));
        let reference = self.builder.ins().iadd(self.context, offset);
        self.push(reference);
        Ok(())
    }

    /// Makes sure that the record of a function of this module is written.
    fn write_record(&mut self, func: FuncIndex, record: i32) {
        self.store_operands();
        let code = self.builder.ins().load(POINTER, field(), self.context, record + FUNC_REF.code);
        let (written, unwritten) = (self.next_block(), self.next_block());
        self.builder.set_cold_block(unwritten);
        self.builder.ins().brif(code, written, &[], unwritten, &[]);
        self.builder.switch_to_block(unwritten);
        let func = self.index(func.as_u32());
        self.call_builtin(BuiltinFunction::FunctionReference, &[func]);
        self.builder.ins().jump(written, &[]);
        self.builder.switch_to_block(written);
    }
}
