//! Calls: of the module's own functions, of imports, through tables, and of the runtime.

use crate::builtin_stub::stub_signature;
use crate::error::CodegenError;
use crate::func::FuncTranslator;
use crate::inline_plan::UnitFunction;
use crate::joint_contexts::ContextAt;
use crate::key::CodeKey;
use crate::known_tables;
use crate::metering::BulkAmount;
use crate::scan::is_call;
use crate::signature::{POINTER, checked_constant_field, constant_field};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{FuncRef, InstBuilder, InstructionData, Opcode, SigRef, Value, ValueDef};
use gusset_artifact::{BuiltinFunction, ContextLayout, FUNC_REF, FuncIndex, HeapType, SignatureIndex, TableIndex};
use gusset_types::TrapCode;
use wasmparser::Operator;

/// What a call goes to.
#[derive(Clone, Copy)]
pub(crate) enum Callee {
    /// Code of the same image.
    Code(FuncRef),
    /// Code of this signature at an address.
    Address(SigRef, Value),
}

impl FuncTranslator<'_, '_> {
    pub(crate) fn call_operator(&mut self, operator: &Operator<'_>) -> Result<bool, CodegenError> {
        if is_call(operator) {
            self.look_if_due();
        }
        match *operator {
            Operator::Call { function_index } => self.call(FuncIndex::from_u32(function_index))?,
            Operator::CallIndirect { type_index, table_index } => {
                let signature = self.env.types.signature(type_index);
                self.call_indirect(signature, TableIndex::from_u32(table_index))?;
            }
            Operator::ReturnCall { function_index } => {
                let func = FuncIndex::from_u32(function_index);
                if self.env.transcoder(func).is_some() {
                    return Err(CodegenError::internal("a transcoder is called in place of returning"));
                }
                let signature = self.signature_of(func);
                let (callee, context) = self.function(func, signature);
                self.tail_call(callee, context, signature);
            }
            Operator::ReturnCallIndirect { type_index, table_index } => {
                let signature = self.env.types.signature(type_index);
                let (callee, context) = self.checked_element(signature, TableIndex::from_u32(table_index));
                self.tail_call(callee, context, signature);
            }
            Operator::CallRef { type_index } => {
                let signature = self.env.types.signature(type_index);
                let (callee, context) = self.checked_reference(signature);
                self.call_function(callee, context, signature);
            }
            Operator::ReturnCallRef { type_index } => {
                let signature = self.env.types.signature(type_index);
                let (callee, context) = self.checked_reference(signature);
                self.tail_call(callee, context, signature);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn call(&mut self, func: FuncIndex) -> Result<(), CodegenError> {
        let signature = self.signature_of(func);
        if let Some(transcoder) = self.env.transcoder(func) {
            return self.call_transcoder(transcoder, signature);
        }
        if let Some(body) = self.defined(func).and_then(|function| self.inlinable(function)) {
            let context = self.context_of(func);
            return self.inline_call(body, context, signature);
        }
        let (callee, context) = self.function(func, signature);
        self.call_function(callee, context, signature);
        Ok(())
    }

    fn call_indirect(&mut self, signature: SignatureIndex, table: TableIndex) -> Result<(), CodegenError> {
        if let Some(function) = self.known_element(table, signature) {
            self.calls_indirectly(signature);
            let record = self.element_record(table);
            let context = self.builder.ins().load(POINTER, checked_constant_field(), record, FUNC_REF.context);
            if let Some(body) = self.inlinable(function) {
                return self.inline_call(body, ContextAt::value(context), signature);
            }
            let callee = self.code(CodeKey::Function(function.0, function.1), signature);
            self.call_function(callee, context, signature);
            return Ok(());
        }
        let (callee, context) = self.checked_element(signature, table);
        self.call_function(callee, context, signature);
        Ok(())
    }

    /// The function that the topmost operand finds in a table, if that is known and has this signature. It may not be there yet.
    fn known_element(&mut self, table: TableIndex, signature: SignatureIndex) -> Option<UnitFunction> {
        let index = self.operand(self.stack.len() - 1);
        let ValueDef::Result(inst, 0) = self.builder.func.dfg.value_def(index) else { return None };
        let InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } = self.builder.func.dfg.insts[inst] else {
            return None;
        };
        let index =
            imm.bits() as u64 & if self.builder.func.dfg.value_type(index) == I32 { u32::MAX.into() } else { u64::MAX };
        let function = self.unit.known_tables.element(self.unit, (self.module, table), index)?;
        let given = self.unit.modules[function.0].module.functions.at(function.1);
        (given == signature).then_some(function)
    }

    /// Calls a function with the topmost operands, and pushes its results.
    fn call_function(&mut self, callee: Callee, context: Value, signature: SignatureIndex) {
        let arguments = self.arguments(context, signature);
        let results = self.emit_call(callee, &arguments);
        self.push_results(&results, signature);
    }

    /// Calls a function with the topmost operands in place of returning: what it returns goes to the caller, and the frame is its own.
    fn tail_call(&mut self, callee: Callee, context: Value, signature: SignatureIndex) {
        let arguments = self.arguments(context, signature);
        match callee {
            Callee::Code(code) => self.builder.ins().return_call(code, &arguments),
            Callee::Address(signature, code) => self.builder.ins().return_call_indirect(signature, code, &arguments),
        };
        self.reachable = false;
    }

    /// A function of the module's index space, and its context.
    fn function(&mut self, func: FuncIndex, signature: SignatureIndex) -> (Callee, Value) {
        let context = self.context_of(func);
        let context = self.context_address(context);
        let callee = match self.defined(func) {
            Some((module, func)) => self.code(CodeKey::Function(module, func), signature),
            None => {
                let slot = self.env.layout.imported_function(func);
                let code = self.load_field(POINTER, constant_field(), slot + FUNC_REF.code);
                Callee::Address(self.signature_ref(signature), code)
            }
        };
        (callee, context)
    }

    /// The function of the unit that a function of the module's index space is, if it is known.
    fn defined(&self, func: FuncIndex) -> Option<UnitFunction> {
        known_tables::defined(self.env, self.module, func)
    }

    /// The context of a function of the module's index space.
    fn context_of(&mut self, func: FuncIndex) -> ContextAt {
        if func.as_u32() as usize >= self.env.links.len() {
            return self.context;
        }
        if let Some(joint) = self.joint_context(func) {
            return joint;
        }
        let slot = self.env.layout.imported_function(func);
        ContextAt::value(self.load_field(POINTER, constant_field(), slot + FUNC_REF.context))
    }

    fn code(&mut self, key: CodeKey, signature: SignatureIndex) -> Callee {
        Callee::Code(self.callee(key, |this| this.signature_ref(signature)))
    }

    /// The function of this signature in a table, at the index that is the topmost operand, and its context; traps when there is none.
    fn checked_element(&mut self, signature: SignatureIndex, table: TableIndex) -> (Callee, Value) {
        self.calls_indirectly(signature);
        let record = self.element_record(table);
        // Whatever stands in a table of this very type has the signature.
        if self.env.module.tables[table].element.heap != HeapType::Concrete(signature) {
            let given = self.builder.ins().load(I32, checked_constant_field(), record, FUNC_REF.type_id);
            let wanted = self.type_id(signature);
            let matches = self.builder.ins().icmp(IntCC::Equal, given, wanted);
            self.trap_unless(matches, TrapCode::IndirectCallTypeMismatch);
        }
        self.record_target(record, signature)
    }

    /// The record of the function in a table, at the index that is the topmost operand; traps when there is none.
    fn element_record(&mut self, table: TableIndex) -> Value {
        let index = self.pop();
        let element = self.table_element(table, index, TrapCode::UndefinedElement);
        self.function_element(table, index, &element, Some(TrapCode::UninitializedElement))
    }

    /// The function of this signature that the topmost operand refers to, and its context; traps when that is null.
    fn checked_reference(&mut self, signature: SignatureIndex) -> (Callee, Value) {
        self.calls_indirectly(signature);
        let record = self.pop();
        self.trap_unless(record, TrapCode::NullFunctionReference);
        self.record_target(record, signature)
    }

    /// What a function reference's record has for its callers.
    fn record_target(&mut self, record: Value, signature: SignatureIndex) -> (Callee, Value) {
        let code = self.builder.ins().load(POINTER, checked_constant_field(), record, FUNC_REF.code);
        let context = self.builder.ins().load(POINTER, checked_constant_field(), record, FUNC_REF.context);
        (Callee::Address(self.signature_ref(signature), code), context)
    }

    /// The engine-wide number of a signature, which only the process that runs the code knows.
    fn type_id(&mut self, signature: SignatureIndex) -> Value {
        let ids = self.load_field(POINTER, constant_field(), ContextLayout::TYPE_IDS);
        // An `i32` counts bytes up to 2^29 signatures; validation allows a million types in a module.
        self.builder.ins().load(I32, constant_field(), ids, (signature.as_u32() * 4) as i32)
    }

    /// Takes the arguments of a call off the stack and puts the callee's context before them.
    fn arguments(&mut self, context: Value, signature: SignatureIndex) -> Vec<Value> {
        let count = self.unit.signature(signature).params.len();
        let mut arguments = self.top(count);
        arguments.insert(0, context);
        arguments.extend(self.fuel_left());
        self.truncate(self.stack.len() - count);
        self.store_operands();
        arguments
    }

    /// A call of what may throw, and its results.
    pub(crate) fn emit_call(&mut self, callee: Callee, arguments: &[Value]) -> Vec<Value> {
        match self.handlers.is_empty() {
            true => self.emit_plain_call(callee, arguments),
            false => self.emit_try_call(callee, arguments),
        }
    }

    /// A call that returns, if it does, to what is behind it.
    fn emit_plain_call(&mut self, callee: Callee, arguments: &[Value]) -> Vec<Value> {
        let call = match callee {
            Callee::Code(code) => self.builder.ins().call(code, arguments),
            Callee::Address(signature, code) => self.builder.ins().call_indirect(signature, code, arguments),
        };
        self.map_frame(call);
        self.builder.inst_results(call).to_vec()
    }

    pub(crate) fn push_results(&mut self, values: &[Value], signature: SignatureIndex) {
        let unit = self.unit;
        let results = &unit.signature(signature).results;
        self.passed += results.len();
        for (&value, &ty) in values.iter().zip(results) {
            self.push_typed(value, ty);
        }
        if let Some(&left) = values.get(results.len()) {
            self.set_fuel_left(left);
        }
    }

    /// The stub of a function of the runtime.
    pub(crate) fn builtin(&mut self, builtin: BuiltinFunction) -> FuncRef {
        self.callee(CodeKey::Builtin(builtin), |this| this.builder.import_signature(stub_signature(builtin)))
    }

    /// Calls a function of the runtime through its stub; the result, if it has one that is not just success.
    pub(crate) fn call_builtin(&mut self, builtin: BuiltinFunction, arguments: &[Value]) -> Option<Value> {
        self.call_builtin_for_all(builtin, arguments).first().copied()
    }

    /// The same for all that it returns.
    pub(crate) fn call_builtin_for_all(&mut self, builtin: BuiltinFunction, arguments: &[Value]) -> Vec<Value> {
        let callee = self.builtin(builtin);
        self.store_operands();
        let arguments: Vec<_> = std::iter::once(self.own_context()).chain(arguments.iter().copied()).collect();
        self.emit_plain_call(Callee::Code(callee), &arguments)
    }

    /// The same for what may work for long, on so many bytes or elements: the host may be asked meanwhile whether it goes on.
    pub(crate) fn call_bulk_builtin(
        &mut self,
        builtin: BuiltinFunction,
        arguments: &[Value],
        amount: Option<BulkAmount>,
    ) -> Option<Value> {
        self.charge_amount(amount);
        self.hand_over_fuel();
        let result = self.call_builtin(builtin, arguments);
        self.take_back_fuel();
        result
    }
}
