//! One function body to Cranelift's IR, validated operator by operator on the way.
//!
//! What each operator does stands in [`op`](crate::op); this file has the state that they share and the loop over them. It
//! translates what has just been validated, so operands are taken without asking.

use crate::error::CodegenError;
use crate::frame::Frame;
use crate::inlined_call::Inlining;
use crate::joint_contexts::ContextAt;
use crate::key::CodeKey;
use crate::live_references;
use crate::locals::LocalTypes;
use crate::metering::Fuel;
use crate::module_env::{Body, ModuleEnv, UnitEnv};
use crate::op::{BlockTypes, ControlFrame, Handler};
use crate::places::OperatorPlaces;
use crate::region::Regions;
use crate::scan::BodyScan;
use crate::settings::CompilerSettings;
use crate::signature::{clif_type, needs_stack_map, wasm_signature};
use crate::ssa::{Ssa, SsaLocal};
use crate::trap::check_stack_in_prologue;
use crate::trap_place::AccessCodes;
use cranelift_codegen::ir::{
    self, ExtFuncData, ExternalName, FuncRef, Function, InstBuilder, SigRef, SourceLoc, StackSlot, Type, UserFuncName,
    Value,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use gusset_artifact::{CoreFuncType, CoreValType, FuncIndex, ModuleIndex, SignatureIndex};
use std::collections::HashMap;
use wasmparser::{
    BinaryReader, FuncValidator, FuncValidatorAllocations, OperatorsReader, OperatorsReaderAllocations,
    ValidatorResources,
};

/// How many values one function may pass along edges, as block parameters, to and from calls, and through stack maps. A few
/// bytes of wasm can ask for a thousand each, so the limit grows with the body. Real functions stay far below it.
fn max_passed(body_len: usize, functions: usize) -> usize {
    let allowance = MAX_UNIT_ALLOWANCE / functions.max(1);
    allowance.clamp(MIN_ALLOWANCE, MAX_ALLOWANCE) + body_len.saturating_mul(2)
}

/// What a function may pass whatever its size: a fair share of the first constant, between the others.
const MAX_UNIT_ALLOWANCE: usize = 1 << 20;
const MIN_ALLOWANCE: usize = 1 << 6;
const MAX_ALLOWANCE: usize = 1 << 16;

/// An entry of a stack map costs so much less than a value that is passed.
const MAP_ENTRIES_PER_VALUE: usize = 8;

/// How many labels the tables of branches of one function may name: each takes a byte of wasm and, with the edge that it
/// becomes, half a kilobyte of Cranelift's.
pub(crate) const MAX_TABLE_LABELS: usize = 1 << 18;

/// How deeply loops and conditionals may be nested in each other before the function takes the frame form: the time that
/// Cranelift's optimiser takes grows with the square.
const MAX_SSA_NESTING: usize = 1_000;

/// How much the optimiser may have to look for the loops around what it computes, with the square of how many there are for each operator: for each
/// byte of a function, and a first allowance. Sixty loops in one another would use it up.
const LOOPS_PER_BYTE: usize = 1 << 12;
const LOOPS_ALLOWANCE: usize = 1 << 20;

/// The loops that are open, and how much the optimiser may still have to look for them: see [`LOOPS_PER_BYTE`].
pub(crate) struct OpenLoops {
    pub(crate) depth: usize,
    left: usize,
}

impl OpenLoops {
    /// None yet, in a function of so many bytes.
    fn of(body_len: usize) -> OpenLoops {
        OpenLoops { depth: 0, left: LOOPS_ALLOWANCE + LOOPS_PER_BYTE.saturating_mul(body_len) }
    }

    pub(crate) fn count_operator(&mut self) {
        self.left = self.left.saturating_sub(self.depth * self.depth);
    }
}

/// What a worker keeps from one function to the next.
#[derive(Default)]
pub(crate) struct TranslationBuffers {
    validator: FuncValidatorAllocations,
    builder: FunctionBuilderContext,
    pub(crate) bodies: BodyBuffers,
}

/// What is kept for bodies, of which several are translated at once where calls are inlined.
#[derive(Default)]
pub(crate) struct BodyBuffers {
    pub(crate) scans: Vec<BodyScan>,
    pub(crate) ssas: Vec<Ssa>,
    pub(crate) operators: Vec<OperatorsReaderAllocations>,
}

/// A function in Cranelift's IR.
pub(crate) struct TranslatedFunction {
    pub(crate) func: Function,
    /// Signatures of its indirect calls.
    pub(crate) indirect: Vec<SignatureIndex>,
    /// Whether it has loops, reachable or not.
    pub(crate) has_loops: bool,
    /// What its places stand for.
    pub(crate) places: OperatorPlaces,
}

/// How the locals and operands of a function live from one block to the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FormKind {
    /// As values and block parameters; see [`ssa`](crate::ssa).
    Ssa,
    /// In the stack frame; see [`frame`](crate::frame).
    Frame,
}

/// The form of the function at hand, with its state.
pub(crate) enum Form {
    Ssa(Box<Ssa>),
    Frame(Frame),
}

impl Form {
    /// The state at the start of a function that may pass so many values.
    fn begin(kind: FormKind, func: &mut Function, buffers: &mut BodyBuffers, max_passed: usize) -> Form {
        match kind {
            FormKind::Ssa => Form::Ssa(buffers.ssa(max_passed)),
            FormKind::Frame => Form::Frame(Frame::new(func)),
        }
    }
}

impl BodyBuffers {
    /// The values of locals, none as yet, for a body that may pass so many.
    pub(crate) fn ssa(&mut self, max_passed: usize) -> Box<Ssa> {
        let mut ssa = self.ssas.pop().unwrap_or_default();
        ssa.clear(max_passed);
        Box::new(ssa)
    }
}

/// What stands on the operand stack.
#[derive(Clone, Copy)]
pub(crate) enum Operand {
    Value {
        value: Value,
        /// Whether the store must be able to find it on the stack.
        reference: bool,
    },
    /// It is in the slot of its height: in the frame form only.
    Stored { ty: Type, reference: bool },
}

impl Operand {
    pub(crate) fn is_reference(self) -> bool {
        match self {
            Operand::Value { reference, .. } | Operand::Stored { reference, .. } => reference,
        }
    }
}

/// The state of the translation of one function.
pub(crate) struct FuncTranslator<'a, 'b> {
    pub(crate) builder: FunctionBuilder<'b>,
    pub(crate) unit: &'a UnitEnv,
    pub(crate) env: &'a ModuleEnv,
    pub(crate) settings: &'a CompilerSettings,
    /// The machine, where it decides what an operator becomes.
    pub(crate) isa: &'a dyn TargetIsa,
    pub(crate) module: ModuleIndex,
    /// The instance's context.
    pub(crate) context: ContextAt,
    pub(crate) regions: Regions,
    pub(crate) form: Form,
    pub(crate) scan: BodyScan,
    pub(crate) buffers: &'b mut BodyBuffers,
    pub(crate) places: OperatorPlaces,
    pub(crate) inlining: Inlining<'a>,
    /// How many operators stand before the one at hand.
    pub(crate) position: u32,
    /// How many loops have been opened.
    pub(crate) loops: usize,
    /// The operands.
    pub(crate) stack: Vec<Operand>,
    pub(crate) control: Vec<ControlFrame<'a>>,
    /// Whether the operator at hand can be reached; if not, it has no code and no operands.
    pub(crate) reachable: bool,
    /// Values passed along edges, as block parameters, and to and from calls.
    pub(crate) passed: usize,
    /// See [`max_passed`].
    pub(crate) max_passed: usize,
    /// Entries of the frame form's stack maps.
    pub(crate) map_entries: usize,
    /// Values of the SSA form that stack maps must have, but for parameters for locals.
    pub(crate) references: Vec<Value>,
    pub(crate) calls: usize,
    /// Counted against [`MAX_TABLE_LABELS`].
    pub(crate) table_labels: usize,
    /// Open loops and conditionals, counted against [`MAX_SSA_NESTING`].
    pub(crate) nesting: usize,
    pub(crate) open_loops: OpenLoops,
    /// Where fuel is counted.
    pub(crate) fuel: Option<Fuel>,
    /// What ways to a label need not subtract of what they have used, since all of them have.
    pub(crate) fuel_owed: HashMap<ir::Block, i64>,
    /// Whether it must still look at epoch and fuel before it calls or loops.
    pub(crate) look_due: bool,
    /// The open `try_table`s.
    pub(crate) handlers: Vec<Handler>,
    /// Where the values of what is thrown stand.
    pub(crate) thrown_values: Option<StackSlot>,
    /// Which trap codes loads have.
    pub(crate) access_codes: AccessCodes,
    callees: HashMap<CodeKey, FuncRef>,
    signatures: HashMap<SignatureIndex, SigRef>,
    indirect: Vec<SignatureIndex>,
    /// The last part that a block was cut in, and the block: see [`current_block`](Self::current_block).
    pub(crate) part: (ir::Block, ir::Block),
}

/// Validates and translates a function body; `None` when it needs the frame form.
pub(crate) fn translate(
    unit: &UnitEnv,
    settings: &CompilerSettings,
    isa: &dyn TargetIsa,
    buffers: &mut TranslationBuffers,
    body: &Body<'_>,
    form: FormKind,
    inlines: bool,
) -> Result<Option<TranslatedFunction>, CodegenError> {
    let TranslationBuffers { validator, builder, bodies } = buffers;
    let env = &unit.modules[body.module];
    let ty = unit.signature(env.module.functions.at(body.index));
    let mut validator = body.validator(std::mem::take(validator));
    let mut reader = body.body.get_binary_reader();
    reader.set_features(body.validate.features);
    let locals = LocalTypes::read(&ty.params, &env.types, &mut reader, &mut validator)?;
    let mut scan = bodies.scans.pop().unwrap_or_default();
    let allocations = scan.run(reader.clone(), locals.len(), bodies.operators.pop().unwrap_or_default());

    let body_len = body.body.as_bytes().len();
    let max_passed = max_passed(body_len, unit.functions);
    let name = CodeKey::Function(body.module, body.index).to_name();
    let mut func = Function::with_name_signature(UserFuncName::User(name), wasm_signature(ty, settings.consume_fuel));
    check_stack_in_prologue(&mut func, settings);
    let regions = Regions::new(&mut func);
    let form = Form::begin(form, &mut func, bodies, max_passed);
    let mut builder = FunctionBuilder::new(&mut func, builder);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let mut translator = FuncTranslator {
        context: ContextAt::value(builder.block_params(entry)[0]),
        builder,
        unit,
        env,
        settings,
        isa,
        module: body.module,
        regions,
        form,
        scan,
        buffers: bodies,
        places: OperatorPlaces::default(),
        inlining: Inlining::of(unit, inlines, (body.module, body.index), body_len),
        position: 0,
        loops: 0,
        stack: Vec::new(),
        control: Vec::new(),
        reachable: true,
        passed: ty.params.len() + ty.results.len(),
        max_passed,
        map_entries: 0,
        references: Vec::new(),
        calls: 0,
        table_labels: 0,
        nesting: 0,
        open_loops: OpenLoops::of(body_len),
        fuel: None,
        fuel_owed: HashMap::new(),
        look_due: false,
        handlers: Vec::new(),
        thrown_values: None,
        access_codes: AccessCodes::default(),
        callees: HashMap::new(),
        signatures: HashMap::new(),
        indirect: Vec::new(),
        part: (entry, entry),
    };
    translator.check_stack();
    let start = translator.places.next(reader.original_position());
    translator.enter_function(entry, ty, &locals, (start, body_len));
    let Some((validator, operators)) = translator.body(reader, validator, allocations)? else { return Ok(None) };
    if !translator.can_map_references() {
        return Ok(None);
    }
    buffers.validator = validator;
    let (indirect, has_loops, places) = translator.finish(entry, operators);
    Ok(Some(TranslatedFunction { func, indirect, has_loops, places }))
}

impl<'a> FuncTranslator<'a, '_> {
    /// Declares the locals that the body names, and the function itself as the outermost block.
    fn enter_function(
        &mut self,
        entry: ir::Block,
        ty: &'a CoreFuncType,
        locals: &LocalTypes<'_>,
        (start, body_len): (SourceLoc, usize),
    ) {
        let params = self.builder.block_params(entry)[1..=ty.params.len()].to_vec();
        for at in 0..self.scan.named().len() {
            let param = self.scan.named()[at] as usize;
            if ty.params.get(param).is_some_and(|&ty| needs_stack_map(ty)) && matches!(self.form, Form::Ssa(_)) {
                self.track(params[param]);
            }
        }
        self.declare_locals(locals, &params);
        if self.settings.consume_fuel {
            let left = self.builder.block_params(entry)[1 + ty.params.len()];
            self.declare_fuel(left);
        }
        if self.watches() {
            self.builder.set_srcloc(start);
            self.watch_entry(body_len);
        }
        self.push_function_frame(BlockTypes::All(&ty.results));
    }

    /// Ends the function, and gives back what is kept for the next one: the signatures of indirect calls, whether there are loops, and places.
    fn finish(
        self,
        entry: ir::Block,
        operators: OperatorsReaderAllocations,
    ) -> (Vec<SignatureIndex>, bool, OperatorPlaces) {
        let has_loops = self.has_loops();
        let FuncTranslator { mut builder, mut indirect, form, scan, places, buffers, isa, .. } = self;
        buffers.scans.push(scan);
        buffers.operators.push(operators);
        match form {
            Form::Ssa(ssa) => buffers.ssas.push(*ssa),
            Form::Frame(frame) => frame.finish(builder.func, entry),
        }
        builder.seal_all_blocks();
        builder.finalize(isa.frontend_config());
        indirect.sort_unstable();
        indirect.dedup();
        (indirect, has_loops, places)
    }

    /// Declares the locals that the body names, parameters with these values.
    pub(crate) fn declare_locals(&mut self, locals: &LocalTypes<'_>, params: &[Value]) {
        let mut zeros = HashMap::new();
        for at in 0..self.scan.named().len() {
            let local = self.scan.named()[at];
            let ty = locals.get(local);
            let initial = match params.get(local as usize) {
                Some(&param) => param,
                None => *zeros.entry(ty).or_insert_with(|| self.zero(ty)),
            };
            match &mut self.form {
                Form::Ssa(ssa) => {
                    ssa.declare(SsaLocal { ty: clif_type(ty), reference: needs_stack_map(ty), initial });
                }
                Form::Frame(_) => self.declare_in_frame(ty, initial),
            }
        }
    }

    /// `None` when it needs the frame form.
    fn body(
        &mut self,
        reader: BinaryReader<'_>,
        mut validator: FuncValidator<ValidatorResources>,
        allocations: OperatorsReaderAllocations,
    ) -> Result<Option<(FuncValidatorAllocations, OperatorsReaderAllocations)>, CodegenError> {
        let mut operators = OperatorsReader::new_with_allocs(reader, allocations);
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            validator.op(offset, &operator)?;
            let place = self.places.next(offset);
            self.builder.set_srcloc(place);
            self.operator(&operator).map_err(|error| error.at(offset))?;
            self.position += 1;
            self.open_loops.count_operator();
            if self.wants_frame() {
                return Ok(None);
            }
            self.check_limits().map_err(|error| error.at(offset))?;
        }
        operators.finish()?;
        Ok(Some((validator.into_allocations(), operators.into_allocations())))
    }

    /// Whether the values of the function have become too many for this form.
    pub(crate) fn wants_frame(&self) -> bool {
        let Form::Ssa(ssa) = &self.form else { return false };
        self.inlining.is_abandoned()
            || self.passed + ssa.work() > self.max_passed
            || self.nesting > MAX_SSA_NESTING
            || self.open_loops.left == 0
    }

    /// Whether the references of the whole function are not alive over too many calls for this form.
    fn can_map_references(&self) -> bool {
        let Form::Ssa(ssa) = &self.form else { return true };
        let references = [self.references.as_slice(), ssa.references()].concat();
        live_references::affordable(self.builder.func, &references, self.calls, self.max_map_entries())
    }

    /// How many entries the stack maps of the function may have.
    pub(crate) fn max_map_entries(&self) -> usize {
        self.max_passed.saturating_mul(MAP_ENTRIES_PER_VALUE)
    }

    /// Whether it has loops, reachable or not: what is inlined has none.
    fn has_loops(&self) -> bool {
        self.loops > 0
    }

    pub(crate) fn check_limits(&self) -> Result<(), CodegenError> {
        let message = match self {
            _ if self.passed > self.max_passed => "a function that passes so many values between blocks and calls",
            _ if self.map_entries > self.max_map_entries() => "a function with so many references over so many calls",
            _ if self.table_labels > MAX_TABLE_LABELS => "a function whose `br_table`s name so many labels",
            _ => return Ok(()),
        };
        Err(CodegenError::unsupported(format!("not supported: {message}")))
    }

    /// The default value of a type.
    pub(crate) fn zero(&mut self, ty: CoreValType) -> Value {
        match ty {
            CoreValType::F32 => self.builder.ins().f32const(0.0),
            CoreValType::F64 => self.builder.ins().f64const(0.0),
            CoreValType::V128 => self.zero_vector(clif_type(ty)),
            CoreValType::I32 | CoreValType::I64 | CoreValType::Ref(_) => self.builder.ins().iconst(clif_type(ty), 0),
        }
    }

    pub(crate) fn push(&mut self, value: Value) {
        self.stack.push(Operand::Value { value, reference: false });
    }

    /// Pushes a value whose type may be a reference that the store must find.
    pub(crate) fn push_typed(&mut self, value: Value, ty: CoreValType) {
        let reference = needs_stack_map(ty);
        if reference && matches!(self.form, Form::Ssa(_)) {
            self.track(value);
        }
        self.stack.push(Operand::Value { value, reference });
    }

    /// Makes the SSA form keep a reference where the store finds it.
    pub(crate) fn track(&mut self, reference: Value) {
        self.references.push(reference);
        self.builder.declare_value_needs_stack_map(reference);
    }

    /// Pushes a null reference, which the store need not find: but its slot is one of a reference.
    pub(crate) fn push_null(&mut self, null: Value, ty: CoreValType) {
        self.stack.push(Operand::Value { value: null, reference: needs_stack_map(ty) });
    }

    pub(crate) fn pop(&mut self) -> Value {
        let height = self.stack.len().checked_sub(1).expect("validated: there is an operand");
        let value = self.operand(height);
        self.truncate(height);
        value
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

    /// The operand at a height.
    pub(crate) fn operand(&mut self, height: usize) -> Value {
        match self.stack[height] {
            Operand::Value { value, .. } => value,
            Operand::Stored { ty, reference } => self.operand_from_frame(height, ty, reference),
        }
    }

    /// The topmost operands, in order, as what they are handed to sees them.
    pub(crate) fn top(&mut self, count: usize) -> Vec<Value> {
        self.passed += count;
        let heights = self.stack.len() - count..self.stack.len();
        let mut whole = |height| {
            let value = self.operand(height);
            self.whole(value)
        };
        heights.map(&mut whole).collect()
    }

    /// Drops the operands from a height on.
    pub(crate) fn truncate(&mut self, height: usize) {
        self.stack.truncate(height);
        if let Form::Frame(frame) = &mut self.form {
            frame.truncated(height);
        }
    }

    /// The block that code is being written to. Checks cut blocks in parts, and then it is the first part: as to what locals
    /// and labels want to know, they are one.
    pub(crate) fn current_block(&self) -> ir::Block {
        let current = self.builder.current_block().expect("code is being written");
        let (part, block) = self.part;
        if part == current { block } else { current }
    }

    /// Refers to a piece of code that is placed in the same image.
    pub(crate) fn callee(&mut self, key: CodeKey, signature: impl FnOnce(&mut Self) -> SigRef) -> FuncRef {
        if let Some(&callee) = self.callees.get(&key) {
            return callee;
        }
        let signature = signature(self);
        let callee = import_code(&mut self.builder, key, signature);
        self.callees.insert(key, callee);
        callee
    }

    /// The function that `signature` is the signature of, as the callee of an indirect call.
    pub(crate) fn signature_ref(&mut self, signature: SignatureIndex) -> SigRef {
        let (builder, unit, fuel) = (&mut self.builder, self.unit, self.settings.consume_fuel);
        *self
            .signatures
            .entry(signature)
            .or_insert_with(|| builder.import_signature(wasm_signature(unit.signature(signature), fuel)))
    }

    /// Records that functions of this signature are called through tables.
    pub(crate) fn calls_indirectly(&mut self, signature: SignatureIndex) {
        if self.indirect.last() != Some(&signature) {
            self.indirect.push(signature);
        }
    }

    /// The signature of a function of this module.
    pub(crate) fn signature_of(&self, func: FuncIndex) -> SignatureIndex {
        self.env.module.functions.at(func)
    }
}

/// Makes `key` a callee of the function that is built.
pub(crate) fn import_code(builder: &mut FunctionBuilder<'_>, key: CodeKey, signature: SigRef) -> FuncRef {
    let name = builder.func.declare_imported_user_function(key.to_name());
    builder.import_function(ExtFuncData {
        name: ExternalName::user(name),
        signature,
        colocated: true,
        patchable: false,
    })
}
