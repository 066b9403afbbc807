//! Which proposals are supported and switched on, and how a module that uses another one is told from an invalid one.

use crate::error::{CodegenError, CodegenErrorKind};
use crate::settings::CompilerSettings;
use crate::unit::UnitModule;
use gusset_types::{CoreFeature, CoreFeatures, Printable};
use wasmparser::{FuncValidatorAllocations, Parser, Payload, TypeRef, ValidPayload, Validator, WasmFeatures};

/// The MVP and the proposals that the translation covers. An addition here needs its operators in [`op`](crate::op) and its
/// switch in [`CoreFeature`].
pub(crate) const SUPPORTED: WasmFeatures = WasmFeatures::MVP
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::MEMORY64)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES);

/// What is standardised, has reached phase 4, or is covered all the same. What else the parser knows may still change, and gives a meaning to bytes which
/// the standard calls malformed: malformed they are, not unsupported.
const STANDARDISED: WasmFeatures = WasmFeatures::WASM3
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::COMPACT_IMPORTS);

/// Up to which size (in bytes) a module is validated anew for each feature that is off, to find out which one it needs.
const MAX_SEARCHED: usize = 4 << 20;

/// What `module` may use.
pub(crate) fn allowed(settings: &CompilerSettings, module: &UnitModule<'_>) -> WasmFeatures {
    if module.generated {
        return SUPPORTED;
    }
    settings.features.off().fold(SUPPORTED, |features, feature| features.difference(of_parser(feature)))
}

fn of_parser(feature: CoreFeature) -> WasmFeatures {
    match feature {
        CoreFeature::MutableGlobal => WasmFeatures::MUTABLE_GLOBAL,
        CoreFeature::SignExtension => WasmFeatures::SIGN_EXTENSION,
        CoreFeature::SaturatingFloatToInt => WasmFeatures::SATURATING_FLOAT_TO_INT,
        CoreFeature::MultiValue => WasmFeatures::MULTI_VALUE,
        CoreFeature::BulkMemory => WasmFeatures::BULK_MEMORY,
        CoreFeature::ReferenceTypes => WasmFeatures::REFERENCE_TYPES,
        CoreFeature::MultiMemory => WasmFeatures::MULTI_MEMORY,
        CoreFeature::ExtendedConst => WasmFeatures::EXTENDED_CONST,
        CoreFeature::Simd => WasmFeatures::SIMD,
        CoreFeature::RelaxedSimd => WasmFeatures::RELAXED_SIMD,
        CoreFeature::TailCall => WasmFeatures::TAIL_CALL,
        CoreFeature::FunctionReferences => WasmFeatures::FUNCTION_REFERENCES,
        CoreFeature::Exceptions => WasmFeatures::EXCEPTIONS,
        CoreFeature::LegacyExceptions => WasmFeatures::LEGACY_EXCEPTIONS,
        CoreFeature::Memory64 => WasmFeatures::MEMORY64,
        CoreFeature::Threads => WasmFeatures::THREADS,
        CoreFeature::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
        CoreFeature::CustomPageSizes => WasmFeatures::CUSTOM_PAGE_SIZES,
        _ => WasmFeatures::empty(),
    }
}

/// Makes an error of validation say more: which feature it comes of, if that is switched off; and that it is of kind
/// `Unsupported`, if the module is valid with all that is standardised. A module that is not is reported for that error. It
/// validates the module twice, and small ones once more for each feature that is off.
pub(crate) fn explain(error: CodegenError, settings: &CompilerSettings, module: &UnitModule<'_>) -> CodegenError {
    let (CodegenErrorKind::Invalid, Some(place)) = (error.kind(), error.offset()) else { return error };
    // The 64-bit proposal reads integers of 32 bits that are too long. Without it, and where nothing is of 64 bits, they are malformed.
    if error.message().starts_with("invalid var_") && !has_64_bit_index(module) {
        return error;
    }
    let on = allowed(settings, module);
    let holds_with = |features| first_error(module, features, place).is_none();
    if on != SUPPORTED && holds_with(SUPPORTED) {
        let missing = |feature: &CoreFeature| holds_with(on.union(of_parser(*feature)));
        let small = module.wasm.len() <= MAX_SEARCHED;
        let one = small.then(|| settings.features.off().find(missing)).flatten();
        // Where it takes several at once, they are not worth finding out.
        let features = one.map_or_else(|| settings.features.off().collect(), |feature| vec![feature]);
        return error.switched_off(&features);
    }
    match first_error(module, STANDARDISED, usize::MAX) {
        None => error.into_unsupported(),
        Some(other) if other.message == error.message() => error,
        Some(other) => other.into_error(module),
    }
}

/// Validates a module completely, without asking whether it could be compiled. It may use all that is standardised, and what is no more,
/// but for the features that are off.
///
/// # Errors
///
/// What is wrong with it, of kind `Invalid`. If it is that features are off, the error says so.
pub fn validate(module: &UnitModule<'_>, features: CoreFeatures) -> Result<(), CodegenError> {
    let all = STANDARDISED.union(WasmFeatures::LEGACY_EXCEPTIONS);
    let on = features.off().fold(all, |all, feature| all.difference(of_parser(feature)));
    let Some(wrong) = first_error(module, on, usize::MAX) else { return Ok(()) };
    let place = wrong.offset;
    let error = wrong.into_error(module);
    let holds_with = |features| first_error(module, features, place).is_none();
    if on == all || !holds_with(all) {
        return Err(error);
    }
    let missing = features.off().find(|feature| holds_with(on.union(of_parser(*feature))));
    let features = missing.map_or_else(|| features.off().collect(), |feature| vec![feature]);
    Err(error.switched_off(&features))
}

/// Where a module is wrong, and in which function's body.
struct FirstError {
    offset: usize,
    message: String,
    function: Option<u32>,
}

impl FirstError {
    fn into_error(self, module: &UnitModule<'_>) -> CodegenError {
        let error = CodegenError::new(CodegenErrorKind::Invalid, self.message).at(self.offset as u64);
        let error = match self.function {
            Some(function) => error.within(format_args!("function {function}")),
            None => error,
        };
        error.within(format_args!("core module `{}`", Printable::name(module.name)))
    }
}

/// What is wrong with the module when it may use these features, if that lies at `until` or before.
fn first_error(module: &UnitModule<'_>, features: WasmFeatures, until: usize) -> Option<FirstError> {
    let mut parser = Parser::new(module.offset as u64);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    for payload in parser.parse_all(module.wasm) {
        let mut function = None;
        let step = payload.and_then(|payload| validator.payload(&payload)).and_then(|valid| match valid {
            ValidPayload::Func(func, body) => {
                function = Some(func.index);
                if body.range().start > until as u64 {
                    return Ok(true);
                }
                let mut validator = func.into_validator(std::mem::take(&mut allocations));
                validator.validate(&body)?;
                allocations = validator.into_allocations();
                Ok(false)
            }
            _ => Ok(false),
        });
        match step {
            Ok(false) => {}
            Ok(true) => return None,
            Err(error) => {
                let (offset, message) = (error.offset() as usize, Printable::message(error.message()).to_string());
                return (offset <= until).then_some(FirstError { offset, message, function });
            }
        }
    }
    None
}

/// Whether the module has a memory or table with indices of 64 bits, as far as it can be read.
fn has_64_bit_index(module: &UnitModule<'_>) -> bool {
    let mut parser = Parser::new(module.offset as u64);
    parser.set_features(STANDARDISED);
    let wide = |payload| match payload {
        Payload::MemorySection(memories) => memories.into_iter().flatten().any(|memory| memory.memory64),
        Payload::TableSection(tables) => tables.into_iter().flatten().any(|table| table.ty.table64),
        Payload::ImportSection(imports) => imports.into_imports().flatten().any(|import| match import.ty {
            TypeRef::Memory(memory) => memory.memory64,
            TypeRef::Table(table) => table.table64,
            _ => false,
        }),
        _ => false,
    };
    parser.parse_all(module.wasm).map_while(Result::ok).any(wide)
}
