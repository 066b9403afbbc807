//! Which proposals are supported and switched on, and how a module that uses another one is told from an invalid one.

use crate::error::{CodegenError, CodegenErrorKind};
use crate::settings::CompilerSettings;
use crate::unit::UnitModule;
use gusset_types::CoreFeature;
use wasmparser::{Parser, Validator, WasmFeatures};

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
    .union(WasmFeatures::EXTENDED_CONST);

/// Early proposals that give a meaning to bytes which the standard calls malformed: malformed they are, not unsupported.
pub(crate) const UNSTANDARDISED: WasmFeatures = WasmFeatures::SHARED_EVERYTHING_THREADS;

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
        _ => WasmFeatures::empty(),
    }
}

/// Makes an error of validation say more: which feature it comes of, if that is switched off; and that it is of kind
/// `Unsupported`, if the place is valid with every proposal that exists. It validates the whole module anew for each
/// feature that comes into question.
pub(crate) fn explain(error: CodegenError, settings: &CompilerSettings, module: &UnitModule<'_>) -> CodegenError {
    // An integer that is too long for 32 bits is malformed, although the 64-bit proposals would read it.
    if error.kind() != CodegenErrorKind::Invalid || error.message().starts_with("invalid var_") {
        return error;
    }
    let Some(place) = error.offset() else { return error };
    let valid_with = |features| first_error(module, features).is_none_or(|other| other > place);
    let on = allowed(settings, module);
    if on != SUPPORTED && valid_with(SUPPORTED) {
        let missing = |feature: &CoreFeature| valid_with(on.union(of_parser(*feature)));
        let one = settings.features.off().find(missing);
        // Where it takes several at once, they are not worth finding out.
        let features = one.map_or_else(|| settings.features.off().collect(), |feature| vec![feature]);
        return error.switched_off(&features);
    }
    if valid_with(WasmFeatures::all().difference(UNSTANDARDISED)) { error.into_unsupported() } else { error }
}

/// Where the module is wrong with these features.
fn first_error(module: &UnitModule<'_>, features: WasmFeatures) -> Option<usize> {
    let mut parser = Parser::new(module.offset as u64);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(features);
    let mut allocations = wasmparser::FuncValidatorAllocations::default();
    for payload in parser.parse_all(module.wasm) {
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
