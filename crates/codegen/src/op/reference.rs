//! References: null, its test, and references to functions.

use crate::error::CodegenError;
use crate::func::{FuncTranslator, Operand};
use crate::signature::{POINTER, field};
use cranelift_codegen::ir::InstBuilder;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I32;
use gusset_artifact::{BuiltinFunction, CoreValType, FUNC_REF, FuncIndex, RefType};
use gusset_types::TrapCode;
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(crate) fn reference_operator(&mut self, operator: &Operator<'_>) -> Result<bool, CodegenError> {
        match *operator {
            Operator::RefNull { hty } => {
                let ty = CoreValType::Ref(RefType { nullable: true, heap: self.env.types.heap_type(hty)? });
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
            Operator::RefAsNonNull => {
                let reference = self.operand(self.stack.len() - 1);
                self.trap_unless(reference, TrapCode::NullReference);
            }
            Operator::BrOnNull { relative_depth } => self.br_on_null(relative_depth),
            Operator::BrOnNonNull { relative_depth } => self.br_on_non_null(relative_depth),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Branches without the reference if it is null, and goes on with it otherwise.
    fn br_on_null(&mut self, depth: u32) {
        // While the host may run, the reference is where the store finds it.
        self.watch_way_back(depth);
        let reference = self.stack[self.stack.len() - 1].is_reference();
        let value = self.pop();
        let is_null = self.builder.ins().icmp_imm_u(IntCC::Equal, value, 0);
        self.branch_if(is_null, depth);
        // On this way on it is as it was: a value of the block before, which dominates this one.
        self.stack.push(Operand::Value { value, reference });
    }

    /// Branches with the reference if it is not null, and goes on without it otherwise.
    fn br_on_non_null(&mut self, depth: u32) {
        let value = self.operand(self.stack.len() - 1);
        self.push(value);
        self.br_if(depth);
        self.pop();
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
        let (base, record) = self.context.field(record);
        let offset = self.builder.ins().iconst(POINTER, i64::from(record));
        let reference = self.builder.ins().iadd(base, offset);
        self.push(reference);
        Ok(())
    }

    /// Makes sure that the record of a function of this module is written.
    fn write_record(&mut self, func: FuncIndex, record: i32) {
        self.store_operands();
        let code = self.load_field(POINTER, field(), record + FUNC_REF.code);
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
