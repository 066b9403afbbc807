//! What the validator allows. Of core wasm it is what the tools of the standard have on by default, and what the code generator can
//! translate beside that: a feature beyond the engine is refused where it is compiled.

use gusset_types::{ComponentFeature, ComponentFeatures};
use wasmparser::WasmFeatures;

/// Of core wasm.
fn core() -> WasmFeatures {
    WasmFeatures::default().union(WasmFeatures::CUSTOM_PAGE_SIZES)
}

/// Those of the parser, with the component model's as `features` says.
pub(super) fn of_parser(features: ComponentFeatures) -> WasmFeatures {
    let mut all = core();
    for &feature in ComponentFeature::ALL {
        all.set(flag(feature), features.has(feature));
    }
    all
}

/// The feature of the component model that the parser calls by one of these names.
pub(crate) fn feature_of(missing: WasmFeatures) -> Option<ComponentFeature> {
    ComponentFeature::ALL.iter().copied().find(|&feature| missing.intersects(flag(feature)))
}

fn flag(feature: ComponentFeature) -> WasmFeatures {
    match feature {
        ComponentFeature::Async => WasmFeatures::CM_ASYNC,
        ComponentFeature::Map => WasmFeatures::CM_MAP,
        ComponentFeature::Implements => WasmFeatures::CM_IMPLEMENTS,
        ComponentFeature::Values => WasmFeatures::CM_VALUES,
        ComponentFeature::NestedNames => WasmFeatures::CM_NESTED_NAMES,
        ComponentFeature::AsyncStackful => WasmFeatures::CM_ASYNC_STACKFUL,
        ComponentFeature::MoreAsyncBuiltins => WasmFeatures::CM_MORE_ASYNC_BUILTINS,
        ComponentFeature::Threading => WasmFeatures::CM_THREADING,
        ComponentFeature::ErrorContext => WasmFeatures::CM_ERROR_CONTEXT,
        ComponentFeature::FixedLengthLists => WasmFeatures::CM_FIXED_LENGTH_LISTS,
        ComponentFeature::Memory64 => WasmFeatures::CM64,
        ComponentFeature::CanonNames => WasmFeatures::CM_CANON_NAMES,
        ComponentFeature::Forward => WasmFeatures::CM_FORWARD,
        ComponentFeature::Accessors => WasmFeatures::CM_ACCESSORS,
        ComponentFeature::Gc => WasmFeatures::CM_GC,
        // Each has its flag, which a test sees to.
        _ => WasmFeatures::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_has_a_flag_of_its_own_and_the_defaults_are_those_of_the_tools() {
        for &feature in ComponentFeature::ALL {
            assert_eq!(feature_of(flag(feature)), Some(feature));
        }
        assert_eq!(of_parser(ComponentFeatures::default()), core());
    }
}
