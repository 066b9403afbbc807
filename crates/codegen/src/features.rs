//! Which proposals are supported, and how a module that uses another one is told from an invalid one.

use crate::error::{CodegenError, CodegenErrorKind};
use wasmparser::{Parser, Validator, WasmFeatures};

/// The MVP and the proposals that the translation covers. An addition here needs its operators in [`op`](crate::op).
pub(crate) const SUPPORTED: WasmFeatures = WasmFeatures::MVP
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST);

/// Early proposals that give a meaning to bytes which the standard calls malformed: malformed they are, not unsupported.
pub(crate) const UNSTANDARDISED: WasmFeatures = WasmFeatures::SHARED_EVERYTHING_THREADS;

/// Turns an error of validation into one of kind `Unsupported` if the place is valid with every proposal that exists. It
/// validates the whole module once more.
pub(crate) fn explain(error: CodegenError, wasm: &[u8], offset: usize) -> CodegenError {
    // An integer that is too long for 32 bits is malformed, although the 64-bit proposals would read it.
    if error.kind() != CodegenErrorKind::Invalid || error.message().starts_with("invalid var_") {
        return error;
    }
    let valid_with_all = match (error.offset(), first_error_with_all_features(wasm, offset)) {
        (Some(_), None) => true,
        (Some(ours), Some(theirs)) => theirs > ours,
        (None, _) => false,
    };
    if valid_with_all { error.into_unsupported() } else { error }
}

/// Where the module is wrong whatever proposals are on.
fn first_error_with_all_features(wasm: &[u8], offset: usize) -> Option<usize> {
    let mut validator = Validator::new_with_features(WasmFeatures::all().difference(UNSTANDARDISED));
    let mut allocations = wasmparser::FuncValidatorAllocations::default();
    for payload in Parser::new(offset as u64).parse_all(wasm) {
        let step = payload.and_then(|payload| validator.payload(&payload));
        let step = step.and_then(|valid| match valid {
            wasmparser::ValidPayload::Func(func, body) => {
                let mut validator = func.into_validator(std::mem::take(&mut allocations));
                validator.validate(&body)?;
                allocations = validator.into_allocations();
                Ok(())
            }
            _ => Ok(()),
        });
        if let Err(error) = step {
            return Some(error.offset() as usize);
        }
    }
    None
}
