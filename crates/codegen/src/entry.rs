//! Trampolines through which the host calls wasm code, one per signature. Every trap and host failure inside the call
//! resumes at the trampoline's landing pad.
//!
//! The landing pad relies on nothing but the stack and frame pointers: the trampoline is native code that saved all
//! callee-saved registers, and the wasm convention preserves none.

use crate::host_stub::raw_value;
use crate::key::CodeKey;
use crate::signature::{POINTER, clif_type, constant_field, field, native_signature, wasm_signature};
use cranelift_codegen::ir::types::{I8, I64};
use cranelift_codegen::ir::{
    BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, Function, InstBuilder, UserFuncName, Value,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use gusset_artifact::{ContextLayout, CoreFuncType, STORE_CONTEXT, SignatureIndex};

/// The entry trampoline of a signature: `(context, code, values) -> u8`.
pub(crate) fn build(
    buffers: &mut FunctionBuilderContext,
    target: TargetFrontendConfig,
    signature: SignatureIndex,
    ty: &CoreFuncType,
    fuel: bool,
) -> Function {
    let name = UserFuncName::User(CodeKey::Entry(signature).to_name());
    let native = native_signature(target.default_call_conv, &[POINTER; 3], &[I8]);
    let mut func = Function::with_name_signature(name, native);
    let mut builder = FunctionBuilder::new(&mut func, buffers);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let &[context, code, values] = builder.block_params(entry) else { unreachable!("three parameters") };

    // The address of a handler is asked for by the block that ends with the call.
    let calling = builder.create_block();
    builder.ins().jump(calling, []);
    builder.switch_to_block(calling);
    let store = save_entry(&mut builder, context, calling);
    let mut arguments = vec![context];
    for (at, &ty) in ty.params.iter().enumerate() {
        arguments.push(builder.ins().load(clif_type(ty), field(), values, raw_value(at)));
    }
    if fuel {
        arguments.push(builder.ins().load(I64, field(), store, STORE_CONTEXT.fuel));
    }
    let (returned, landing_pad) = (builder.create_block(), builder.create_block());
    builder.set_cold_block(landing_pad);
    let callee = wasm_signature(ty, fuel);
    let results: Vec<_> =
        callee.returns.iter().map(|result| builder.append_block_param(returned, result.value_type)).collect();
    let callee = builder.import_signature(callee);
    let dfg = &mut builder.func.dfg;
    let normal = BlockCall::new(returned, (0..results.len() as u32).map(BlockArg::TryCallRet), &mut dfg.value_lists);
    let exceptional = BlockCall::new(landing_pad, [], &mut dfg.value_lists);
    let handlers = [ExceptionTableItem::Default(exceptional)];
    let table = dfg.exception_tables.push(ExceptionTableData::new(callee, normal, handlers));
    builder.ins().try_call_indirect(code, &arguments, table);

    builder.switch_to_block(returned);
    for (at, &result) in results[..ty.results.len()].iter().enumerate() {
        builder.ins().store(field(), result, values, raw_value(at));
    }
    if let Some(&left) = results.get(ty.results.len()) {
        builder.ins().store(field(), left, store, STORE_CONTEXT.fuel);
    }
    return_success(&mut builder, 1);
    builder.switch_to_block(landing_pad);
    return_success(&mut builder, 0);
    builder.seal_all_blocks();
    builder.finalize(target);
    func
}

/// Tells the store where traps resume; returns the store's context.
fn save_entry(builder: &mut FunctionBuilder<'_>, context: Value, calling: cranelift_codegen::ir::Block) -> Value {
    let store = builder.ins().load(POINTER, constant_field(), context, ContextLayout::STORE);
    let frame = builder.ins().get_frame_pointer(POINTER);
    builder.ins().store(field(), frame, store, STORE_CONTEXT.entry_fp);
    let stack = builder.ins().get_stack_pointer(POINTER);
    builder.ins().store(field(), stack, store, STORE_CONTEXT.entry_sp);
    let handler = builder.ins().get_exception_handler_address(POINTER, calling, 0);
    builder.ins().store(field(), handler, store, STORE_CONTEXT.entry_handler);
    store
}

fn return_success(builder: &mut FunctionBuilder<'_>, success: i64) {
    let success = builder.ins().iconst(I8, success);
    builder.ins().return_(&[success]);
}
