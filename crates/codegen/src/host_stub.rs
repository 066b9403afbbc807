//! Stubs through which wasm code calls host functions, one per signature: arguments and results go through an array of raw
//! values on the stub's stack.

use crate::builtin_stub::{raise_unless, save_exit, store_of};
use crate::key::CodeKey;
use crate::signature::{POINTER, clif_type, constant_field, field, native_signature, wasm_signature};
use cranelift_codegen::ir::types::{I8, I64};
use cranelift_codegen::ir::{Function, InstBuilder, StackSlotData, StackSlotKind, UserFuncName};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use gusset_artifact::{CoreFuncType, HOST_CONTEXT, RAW_VALUE_SIZE, STORE_CONTEXT, SignatureIndex};

/// Where a raw value stands in an array of them. Validation allows a thousand.
pub(crate) fn raw_value(at: usize) -> i32 {
    at as i32 * RAW_VALUE_SIZE as i32
}

/// The host stub of a signature.
pub(crate) fn build(
    buffers: &mut FunctionBuilderContext,
    target: TargetFrontendConfig,
    signature: SignatureIndex,
    ty: &CoreFuncType,
    fuel: bool,
) -> Function {
    let name = UserFuncName::User(CodeKey::HostStub(signature).to_name());
    let mut func = Function::with_name_signature(name, wasm_signature(ty, fuel));
    let mut builder = FunctionBuilder::new(&mut func, buffers);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let arguments = builder.block_params(entry).to_vec();
    let context = arguments[0];
    let store = store_of(&mut builder, context);
    save_exit(&mut builder, store);

    let count = ty.params.len().max(ty.results.len()) as u32;
    let align_log2 = RAW_VALUE_SIZE.trailing_zeros() as u8;
    let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, count * RAW_VALUE_SIZE, align_log2);
    let slot = builder.create_sized_stack_slot(slot);
    let values = builder.ins().stack_addr(POINTER, slot, 0);
    for (at, &argument) in arguments[1..=ty.params.len()].iter().enumerate() {
        builder.ins().store(field(), argument, values, raw_value(at));
    }
    if let Some(&left) = arguments.get(1 + ty.params.len()) {
        builder.ins().store(field(), left, store, STORE_CONTEXT.fuel);
    }
    let code = builder.ins().load(POINTER, constant_field(), context, HOST_CONTEXT.call);
    let native = native_signature(target.default_call_conv, &[POINTER, POINTER], &[I8]);
    let native = builder.import_signature(native);
    let call = builder.ins().call_indirect(native, code, &[context, values]);
    let success = builder.inst_results(call)[0];
    raise_unless(&mut builder, target.default_call_conv, success, store);
    let results = ty.results.iter().enumerate();
    let mut results: Vec<_> =
        results.map(|(at, &ty)| builder.ins().load(clif_type(ty), field(), values, raw_value(at))).collect();
    if fuel {
        results.push(builder.ins().load(I64, field(), store, STORE_CONTEXT.fuel));
    }
    builder.ins().return_(&results);
    builder.seal_all_blocks();
    builder.finalize(target);
    func
}
