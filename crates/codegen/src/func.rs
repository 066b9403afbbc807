//! One function body to Cranelift's IR, validated operator by operator on the way.
//!
//! What each operator does stands in [`op`](crate::op); this file has the state that they share and the loop over them. It
//! translates what has just been validated, so operands are taken without asking.

use crate::convert;
use crate::error::CodegenError;
use crate::key::CodeKey;
use crate::module_env::{Body, ModuleEnv, UnitEnv};
use crate::op::ControlFrame;
use crate::region::Regions;
use crate::settings::CompilerSettings;
use crate::signature::{POINTER, clif_type, constant_field, field, needs_stack_map, wasm_signature};
use cranelift_codegen::ir::{
    self, ExtFuncData, ExternalName, FuncRef, Function, GlobalValueData, InstBuilder, SigRef, SourceLoc, UserFuncName,
    Value,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use gusset_artifact::{ContextLayout, CoreValType, FuncIndex, ModuleIndex, STORE_CONTEXT, SignatureIndex};
use std::collections::HashMap;
use wasmparser::{FuncValidatorAllocations, OperatorsReader, OperatorsReaderAllocations};

/// How many values one function may pass along edges, as block parameters, and to and from calls. A few bytes of wasm can
/// ask for a thousand each, so beyond a first allowance the limit grows with the body; real functions stay far below it.
fn max_bulk_values(body_len: usize) -> usize {
    (1 << 17) + body_len.saturating_mul(16)
}

/// How many labels the tables of branches of one function may name: each takes a byte of wasm and, with the edge that it
/// becomes, half a kilobyte of Cranelift's.
pub(crate) const MAX_TABLE_LABELS: usize = 1 << 18;

/// How deeply loops and conditionals may be nested in each other: the time that Cranelift takes grows with its square.
pub(crate) const MAX_NESTING: usize = 10_000;

/// What a worker keeps from one function to the next.
#[derive(Default)]
pub(crate) struct TranslationBuffers {
    validator: FuncValidatorAllocations,
    operators: OperatorsReaderAllocations,
    builder: FunctionBuilderContext,
}

/// A function in Cranelift's IR.
pub(crate) struct TranslatedFunction {
    pub(crate) func: Function,
    /// Signatures of its indirect calls.
    pub(crate) indirect: Vec<SignatureIndex>,
}

/// The state of the translation of one function.
pub(crate) struct FuncTranslator<'a, 'b> {
    pub(crate) builder: FunctionBuilder<'b>,
    pub(crate) unit: &'a UnitEnv,
    pub(crate) env: &'a ModuleEnv,
    pub(crate) settings: &'a CompilerSettings,
    pub(crate) module: ModuleIndex,
    /// The instance's context.
    pub(crate) context: Value,
    pub(crate) regions: Regions,
    pub(crate) locals: Vec<Variable>,
    /// The operands.
    pub(crate) stack: Vec<Value>,
    pub(crate) control: Vec<ControlFrame>,
    /// Whether the operator at hand can be reached; if not, it has no code and no operands.
    pub(crate) reachable: bool,
    /// Values passed along edges, as block parameters, and to and from calls.
    pub(crate) bulk_values: usize,
    /// See [`max_bulk_values`].
    pub(crate) max_bulk_values: usize,
    /// Counted against [`MAX_TABLE_LABELS`].
    pub(crate) table_labels: usize,
    /// Open loops and conditionals, counted against [`MAX_NESTING`].
    pub(crate) nesting: usize,
    callees: HashMap<CodeKey, FuncRef>,
    signatures: HashMap<SignatureIndex, SigRef>,
    indirect: Vec<SignatureIndex>,
}

/// Validates and translates a function body.
pub(crate) fn translate(
    unit: &UnitEnv,
    settings: &CompilerSettings,
    target: TargetFrontendConfig,
    buffers: &mut TranslationBuffers,
    body: Body<'_>,
) -> Result<TranslatedFunction, CodegenError> {
    let env = &unit.modules[body.module];
    let signature = env.module.functions[body.index];
    let name = CodeKey::Function(body.module, body.index).to_name();
    let mut func = Function::with_name_signature(UserFuncName::User(name), wasm_signature(unit.signature(signature)));
    check_stack_limit(&mut func);
    let regions = Regions::new(&mut func);
    let mut builder = FunctionBuilder::new(&mut func, &mut buffers.builder);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    builder.seal_block(entry);
    let context = builder.block_params(entry)[0];
    let mut translator = FuncTranslator {
        builder,
        unit,
        env,
        settings,
        module: body.module,
        context,
        regions,
        locals: Vec::new(),
        stack: Vec::new(),
        control: Vec::new(),
        reachable: true,
        bulk_values: 0,
        max_bulk_values: max_bulk_values(body.body.as_bytes().len()),
        table_labels: 0,
        nesting: 0,
        callees: HashMap::new(),
        signatures: HashMap::new(),
        indirect: Vec::new(),
    };
    translator.enter_function(entry, signature);
    let allocations = (std::mem::take(&mut buffers.validator), std::mem::take(&mut buffers.operators));
    let (validator, operators) = translator.body(body, allocations)?;
    (buffers.validator, buffers.operators) = (validator, operators);
    let FuncTranslator { builder, mut indirect, .. } = translator;
    builder.finalize(target);
    indirect.sort_unstable();
    indirect.dedup();
    Ok(TranslatedFunction { func, indirect })
}

/// Makes the prologue compare the stack pointer with the store's limit.
fn check_stack_limit(func: &mut Function) {
    let context = func.create_global_value(GlobalValueData::VMContext);
    let mut load = |base, offset: i32, flags| {
        let flags = func.dfg.mem_flags.insert(flags).expect("a new function has room for flags");
        func.create_global_value(GlobalValueData::Load { base, offset: offset.into(), global_type: POINTER, flags })
    };
    let store = load(context, ContextLayout::STORE, constant_field());
    let limit = load(store, STORE_CONTEXT.stack_limit, field());
    func.stack_limit = Some(limit);
}

impl FuncTranslator<'_, '_> {
    /// Parameters become the first locals, and the function itself the outermost block.
    fn enter_function(&mut self, entry: ir::Block, signature: SignatureIndex) {
        let ty = self.unit.signature(signature);
        for (at, &ty) in ty.params.iter().enumerate() {
            let value = self.builder.block_params(entry)[at + 1];
            let local = self.declare_local(ty);
            self.builder.def_var(local, value);
        }
        self.push_function_frame(&ty.results);
    }

    fn declare_local(&mut self, ty: CoreValType) -> Variable {
        let local = self.builder.declare_var(clif_type(ty));
        if needs_stack_map(ty) {
            self.builder.declare_var_needs_stack_map(local);
        }
        self.locals.push(local);
        local
    }

    fn body(
        &mut self,
        body: Body<'_>,
        (validator, operators): (FuncValidatorAllocations, OperatorsReaderAllocations),
    ) -> Result<(FuncValidatorAllocations, OperatorsReaderAllocations), CodegenError> {
        let features = body.validate.features;
        let mut validator = body.validate.into_validator(validator);
        let mut reader = body.body.get_binary_reader();
        reader.set_features(features);
        for _ in 0..reader.read_var_u32()? {
            let offset = reader.original_position();
            let count = reader.read_var_u32()?;
            let ty = reader.read()?;
            validator.define_locals(offset, count, ty)?;
            self.zeroed_locals(count, convert::val_type(ty)?);
        }
        let mut operators = OperatorsReader::new_with_allocs(reader, operators);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            validator.op(offset, &operator)?;
            // An input of 4 GiB or more only loses the places of its operators.
            let place = u32::try_from(offset).map_or_else(|_| SourceLoc::default(), SourceLoc::new);
            self.builder.set_srcloc(place);
            self.operator(&operator).map_err(|error| error.at(offset))?;
            self.check_limits().map_err(|error| error.at(offset))?;
        }
        operators.finish()?;
        Ok((validator.into_allocations(), operators.into_allocations()))
    }

    fn check_limits(&self) -> Result<(), CodegenError> {
        let message = match self {
            _ if self.bulk_values > self.max_bulk_values => {
                "a function that passes so many values between blocks and calls"
            }
            _ if self.table_labels > MAX_TABLE_LABELS => "a function whose `br_table`s name so many labels",
            _ if self.nesting > MAX_NESTING => "loops and conditionals nested so deeply",
            _ => return Ok(()),
        };
        Err(CodegenError::unsupported(format!("not supported: {message}")))
    }

    fn zeroed_locals(&mut self, count: u32, ty: CoreValType) {
        if count == 0 {
            return;
        }
        let zero = self.zero(ty);
        for _ in 0..count {
            let local = self.declare_local(ty);
            self.builder.def_var(local, zero);
        }
    }

    /// The default value of a type.
    pub(crate) fn zero(&mut self, ty: CoreValType) -> Value {
        match ty {
            CoreValType::F32 => self.builder.ins().f32const(0.0),
            CoreValType::F64 => self.builder.ins().f64const(0.0),
            CoreValType::V128 => {
                let zero = self.builder.func.dfg.constants.insert([0; 16].as_slice().into());
                self.builder.ins().vconst(clif_type(ty), zero)
            }
            CoreValType::I32 | CoreValType::I64 | CoreValType::Ref(_) => self.builder.ins().iconst(clif_type(ty), 0),
        }
    }

    pub(crate) fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// Pushes a value whose type may be a reference that the store must find.
    pub(crate) fn push_typed(&mut self, value: Value, ty: CoreValType) {
        if needs_stack_map(ty) {
            self.builder.declare_value_needs_stack_map(value);
        }
        self.stack.push(value);
    }

    pub(crate) fn pop(&mut self) -> Value {
        self.stack.pop().expect("validated: there is an operand")
    }

    pub(crate) fn pop2(&mut self) -> (Value, Value) {
        let second = self.pop();
        (self.pop(), second)
    }

    pub(crate) fn pop3(&mut self) -> (Value, Value, Value) {
        let third = self.pop();
        let (first, second) = self.pop2();
        (first, second, third)
    }

    /// The topmost operands, in order.
    pub(crate) fn top(&self, count: usize) -> &[Value] {
        &self.stack[self.stack.len() - count..]
    }

    /// Refers to a piece of code that is placed in the same image.
    pub(crate) fn callee(&mut self, key: CodeKey, signature: impl FnOnce() -> ir::Signature) -> FuncRef {
        let builder = &mut self.builder;
        *self.callees.entry(key).or_insert_with(|| import_code(builder, key, signature()))
    }

    /// The function that `signature` is the signature of, as the callee of an indirect call.
    pub(crate) fn signature_ref(&mut self, signature: SignatureIndex) -> SigRef {
        let (builder, unit) = (&mut self.builder, self.unit);
        *self
            .signatures
            .entry(signature)
            .or_insert_with(|| builder.import_signature(wasm_signature(unit.signature(signature))))
    }

    /// Records that functions of this signature are called through tables.
    pub(crate) fn calls_indirectly(&mut self, signature: SignatureIndex) {
        if self.indirect.last() != Some(&signature) {
            self.indirect.push(signature);
        }
    }

    /// The signature of a function of this module.
    pub(crate) fn signature_of(&self, func: FuncIndex) -> SignatureIndex {
        self.env.module.functions[func]
    }
}

/// Makes `key` a callee of the function that is built.
pub(crate) fn import_code(builder: &mut FunctionBuilder<'_>, key: CodeKey, signature: ir::Signature) -> FuncRef {
    let signature = builder.import_signature(signature);
    let name = builder.func.declare_imported_user_function(key.to_name());
    builder.import_function(ExtFuncData {
        name: ExternalName::user(name),
        signature,
        colocated: true,
        patchable: false,
    })
}
