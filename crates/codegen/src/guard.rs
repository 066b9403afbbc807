//! Guards of large frames, where nothing may fault. A function compares the stack pointer with the limit of its stack only once
//! its frame is there, and by then has touched it. That is harmless while the frame fits into what stays free below the limit;
//! before a larger one stands a guard, which has next to no frame, compares first, and then goes on in the function.

use crate::builtin_stub::stub_signature;
use crate::compiled::{CompiledFunction, GeneratorBuffers, Isas, Relocation, compile_stub};
use crate::error::CodegenError;
use crate::func::import_code;
use crate::key::CodeKey;
use crate::placement::Placement;
use crate::signature::POINTER;
use crate::trap::{call_trap, stack_limit};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Function, InstBuilder, Signature, UserFuncName};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use gusset_artifact::BuiltinFunction;
use gusset_types::TrapCode;

/// The largest frame that needs no guard. The runtime keeps several times as much free.
const UNGUARDED_FRAME: u32 = 16 << 10;

/// The function, behind a guard where its frame needs one.
pub(crate) fn guarded(
    isas: &Isas,
    buffers: &mut GeneratorBuffers,
    signature: Signature,
    function: CompiledFunction,
) -> Result<CompiledFunction, CodegenError> {
    if function.frame_size <= UNGUARDED_FRAME {
        return Ok(function);
    }
    let guard = build(isas, signature, function.key, function.frame_size);
    let guard = compile_stub(isas, buffers, guard, true)?;
    join(&*isas.best, guard, function)
}

/// In the guard the function's name means what stands behind the guard, everywhere else the guard.
fn build(isas: &Isas, signature: Signature, key: CodeKey, frame_size: u32) -> Function {
    let mut func = Function::with_name_signature(UserFuncName::User(key.to_name()), signature.clone());
    let mut buffers = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut func, &mut buffers);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let arguments = builder.block_params(entry).to_vec();
    let limit = stack_limit(&mut builder, arguments[0]);
    let lowest = builder.ins().iadd_imm_s(limit, i64::from(frame_size));
    let stack = builder.ins().get_stack_pointer(POINTER);
    let below = builder.ins().icmp(IntCC::UnsignedLessThan, stack, lowest);
    let (trapping, enough) = (builder.create_block(), builder.create_block());
    builder.set_cold_block(trapping);
    builder.ins().brif(below, trapping, [], enough, []);
    builder.switch_to_block(trapping);
    let stub = builder.import_signature(stub_signature(BuiltinFunction::Trap));
    let stub = import_code(&mut builder, CodeKey::Builtin(BuiltinFunction::Trap), stub);
    call_trap(&mut builder, stub, arguments[0], TrapCode::StackOverflow);
    builder.switch_to_block(enough);
    let signature = builder.import_signature(signature);
    let body = import_code(&mut builder, key, signature);
    builder.ins().return_call(body, &arguments);
    builder.seal_all_blocks();
    builder.finalize(isas.best.frontend_config());
    func
}

/// One piece of code of two.
fn join(
    isa: &dyn TargetIsa,
    mut guard: CompiledFunction,
    body: CompiledFunction,
) -> Result<CompiledFunction, CodegenError> {
    let plane = &mut ControlPlane::default();
    let mut text = isa.text_section_builder(2);
    text.append(true, &guard.code, guard.alignment, plane);
    let to_body = |relocation: &Relocation| relocation.target == body.key;
    for jump in guard.relocations.iter().filter(|relocation| to_body(relocation)) {
        if !text.resolve_reloc(jump.offset.into(), jump.kind, jump.addend, 1) {
            return Err(CodegenError::internal(format!("cannot resolve a reference of kind {:?}", jump.kind)));
        }
    }
    guard.relocations.retain(|relocation| !to_body(relocation));
    let start = text.append(true, &body.code, body.alignment, plane) as u32;
    guard.code = text.finish(plane);
    guard.alignment = guard.alignment.max(body.alignment);
    guard.placement = Placement::of(isa, &guard.code);
    guard.frame_size = body.frame_size;
    let body = body.moved(start, 0);
    guard.relocations.extend(body.relocations);
    guard.traps.extend(body.traps);
    guard.call_sites.extend(body.call_sites);
    guard.stack_maps.extend(body.stack_maps);
    guard.addresses.extend(body.addresses);
    // The guard itself calls nothing.
    (guard.inlined, guard.inlined_calls) = (body.inlined, body.inlined_calls);
    Ok(guard)
}
