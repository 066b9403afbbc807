//! How wasm values and signatures look in machine code: the one place that fixes the calling conventions.
//!
//! Wasm code is called in Cranelift's `tail` convention, the callee's context first. Results beyond the registers of that
//! convention go through an area that the caller provides (Cranelift's implicit struct return); neither the IR nor the
//! runtime sees it. The native convention is the platform's C convention.

use cranelift_codegen::ir::types::{F32, F64, I8X16, I32, I64};
use cranelift_codegen::ir::{AbiParam, ArgumentPurpose, MemFlagsData, Signature, Type};
use cranelift_codegen::isa::CallConv;
use gusset_artifact::{CoreFuncType, CoreValType};

/// The type of pointers: contexts, code, function references.
pub(crate) const POINTER: Type = I64;

/// How a value is represented.
pub(crate) fn clif_type(ty: CoreValType) -> Type {
    match ty {
        CoreValType::I32 => I32,
        CoreValType::I64 => I64,
        CoreValType::F32 => F32,
        CoreValType::F64 => F64,
        CoreValType::V128 => I8X16,
        CoreValType::Ref(reference) if reference.heap.is_func() => POINTER,
        CoreValType::Ref(_) => I32,
    }
}

/// Whether the store must be able to find values of this type on the stack.
pub(crate) fn needs_stack_map(ty: CoreValType) -> bool {
    matches!(ty, CoreValType::Ref(reference) if !reference.heap.is_func())
}

/// The signature of wasm code. Where it counts fuel, what is left is the last parameter and the last result.
pub(crate) fn wasm_signature(ty: &CoreFuncType, fuel: bool) -> Signature {
    let mut signature = context_signature();
    signature.params.extend(ty.params.iter().map(|&ty| AbiParam::new(clif_type(ty))));
    signature.returns.extend(ty.results.iter().map(|&ty| AbiParam::new(clif_type(ty))));
    if fuel {
        signature.params.push(AbiParam::new(I64));
        signature.returns.push(AbiParam::new(I64));
    }
    signature
}

/// A signature in the wasm convention that takes a context only, to be extended.
pub(crate) fn context_signature() -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature.params.push(AbiParam::special(POINTER, ArgumentPurpose::VMContext));
    signature
}

/// A signature in the native convention. Small integers are zero-extended, as the C conventions of some platforms want.
pub(crate) fn native_signature(convention: CallConv, params: &[Type], results: &[Type]) -> Signature {
    let extended = |ty: Type| {
        let param = AbiParam::new(ty);
        if ty.is_int() && ty.bits() < 64 { param.uext() } else { param }
    };
    let mut signature = Signature::new(convention);
    signature.params.extend(params.iter().map(|&ty| extended(ty)));
    signature.returns.extend(results.iter().map(|&ty| extended(ty)));
    signature
}

/// Loads of what never changes while a context lives, wherever the code would like to have them.
pub(crate) fn constant_field() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

/// Loads of immutable records whose address had to be checked first: they stay behind the check.
pub(crate) fn checked_constant_field() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly()
}

/// Loads and stores of what changes.
pub(crate) fn field() -> MemFlagsData {
    MemFlagsData::trusted()
}
