//! Stubs through which wasm code calls the runtime's functions: they note where wasm stopped, switch to the native
//! convention, and leave by the entry when the function failed.

use crate::key::CodeKey;
use crate::signature::{POINTER, constant_field, context_signature, field, native_signature};
use crate::trap::after_raise;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{AbiParam, Function, InstBuilder, Signature, Type, UserFuncName, Value};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use gusset_artifact::{BuiltinFunction, ContextLayout, STORE_CONTEXT};

/// What a function of the runtime returns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StubOutcome {
    Nothing,
    /// A `u64` for the caller.
    Value,
    /// Two of them, which the native conventions that there are have in registers.
    Pair,
    /// A `u8`: 0 when a trap was recorded.
    Fallible,
}

impl StubOutcome {
    /// What the function returns in the native convention.
    fn native_results(self) -> &'static [Type] {
        match self {
            StubOutcome::Nothing => &[],
            StubOutcome::Value => &[I64],
            StubOutcome::Pair => &[I64, I64],
            StubOutcome::Fallible => &[I8],
        }
    }
}

/// The parameters behind the context, and the outcome, as [`BuiltinFunction`] documents them.
fn shape(builtin: BuiltinFunction) -> (&'static [Type], StubOutcome) {
    match builtin {
        BuiltinFunction::MemoryGrow => (&[I32, I64], StubOutcome::Value),
        BuiltinFunction::MemoryFill => (&[I32, I64, I32, I64], StubOutcome::Fallible),
        BuiltinFunction::MemoryCopy
        | BuiltinFunction::MemoryInit
        | BuiltinFunction::TableCopy
        | BuiltinFunction::TableInit => (&[I32, I32, I64, I64, I64], StubOutcome::Fallible),
        BuiltinFunction::TableGrow => (&[I32, I64, I64], StubOutcome::Value),
        BuiltinFunction::TableFill => (&[I32, I64, I64, I64], StubOutcome::Fallible),
        BuiltinFunction::DataDrop | BuiltinFunction::ElemDrop => (&[I32], StubOutcome::Nothing),
        BuiltinFunction::DeadlineReached | BuiltinFunction::RefillFuel => (&[], StubOutcome::Fallible),
        BuiltinFunction::Trap => (&[I32], StubOutcome::Fallible),
        BuiltinFunction::TableElement => (&[I32, I64], StubOutcome::Value),
        BuiltinFunction::FunctionReference => (&[I32], StubOutcome::Value),
        BuiltinFunction::Throw => (&[I32, I64], StubOutcome::Fallible),
        BuiltinFunction::ThrowRef => (&[I32], StubOutcome::Fallible),
        BuiltinFunction::MemoryNotify => (&[I32, I64, I64, I32], StubOutcome::Value),
        BuiltinFunction::MemoryWait32 => (&[I32, I64, I64, I32, I64], StubOutcome::Value),
        BuiltinFunction::MemoryWait64 => (&[I32, I64, I64, I64, I64], StubOutcome::Value),
        BuiltinFunction::Transcode => (&[I64, I64, I64, I64], StubOutcome::Pair),
    }
}

/// Whether a stub keeps every register, and is given the store's context instead of an instance's: that costs the stub and spares
/// its callers.
fn preserves_all(builtin: BuiltinFunction) -> bool {
    matches!(builtin, BuiltinFunction::DeadlineReached | BuiltinFunction::RefillFuel)
}

/// The signature of a stub: the wasm convention, without the success of fallible functions.
pub(crate) fn stub_signature(builtin: BuiltinFunction) -> Signature {
    let (params, outcome) = shape(builtin);
    let mut signature = context_signature();
    if preserves_all(builtin) {
        signature.call_conv = CallConv::PreserveAll;
    }
    signature.params.extend(params.iter().map(|&ty| AbiParam::new(ty)));
    if outcome != StubOutcome::Fallible {
        signature.returns.extend(outcome.native_results().iter().map(|&ty| AbiParam::new(ty)));
    }
    signature
}

/// The stub of a function of the runtime.
pub(crate) fn build(
    buffers: &mut FunctionBuilderContext,
    target: TargetFrontendConfig,
    builtin: BuiltinFunction,
) -> Function {
    let (params, outcome) = shape(builtin);
    let name = UserFuncName::User(CodeKey::Builtin(builtin).to_name());
    let mut func = Function::with_name_signature(name, stub_signature(builtin));
    let mut builder = FunctionBuilder::new(&mut func, buffers);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let arguments = builder.block_params(entry).to_vec();
    let store = match preserves_all(builtin) {
        true => arguments[0],
        false => store_of(&mut builder, arguments[0]),
    };
    save_exit(&mut builder, store);
    let builtins = builder.ins().load(POINTER, constant_field(), store, STORE_CONTEXT.builtins);
    let code = builder.ins().load(POINTER, constant_field(), builtins, builtin as i32 * 8);
    let params: Vec<_> = [POINTER].iter().chain(params).copied().collect();
    let native = native_signature(target.default_call_conv, &params, outcome.native_results());
    let native = builder.import_signature(native);
    let call = builder.ins().call_indirect(native, code, &arguments);
    let results = builder.inst_results(call).to_vec();
    if outcome == StubOutcome::Fallible {
        raise_unless(&mut builder, target.default_call_conv, results[0], store);
        builder.ins().return_(&[]);
    } else {
        builder.ins().return_(&results);
    }
    builder.seal_all_blocks();
    builder.finalize(target);
    func
}

/// The store's context.
pub(crate) fn store_of(builder: &mut FunctionBuilder<'_>, context: Value) -> Value {
    builder.ins().load(POINTER, constant_field(), context, ContextLayout::STORE)
}

/// Notes in the store's context which frame called this stub and where it goes on.
pub(crate) fn save_exit(builder: &mut FunctionBuilder<'_>, store: Value) {
    // The stub's own frame pointer points at the saved one of its caller.
    let own = builder.ins().get_frame_pointer(POINTER);
    let caller = builder.ins().load(POINTER, field(), own, 0);
    builder.ins().store(field(), caller, store, STORE_CONTEXT.exit_fp);
    let pc = builder.ins().get_return_address(POINTER);
    builder.ins().store(field(), pc, store, STORE_CONTEXT.exit_pc);
}

/// Leaves by the innermost entry when `success` is 0; goes on in a new block otherwise.
pub(crate) fn raise_unless(builder: &mut FunctionBuilder<'_>, native: CallConv, success: Value, store: Value) {
    let (good, bad) = (builder.create_block(), builder.create_block());
    builder.set_cold_block(bad);
    builder.ins().brif(success, good, [], bad, []);
    builder.switch_to_block(bad);
    let raise = builder.ins().load(POINTER, constant_field(), store, STORE_CONTEXT.raise);
    let signature = builder.import_signature(native_signature(native, &[POINTER], &[]));
    builder.ins().call_indirect(signature, raise, &[store]);
    after_raise(builder);
    builder.switch_to_block(good);
}
