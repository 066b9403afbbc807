//! The proposals of the core specification that a host can switch off. What is refused without them, and that it is
//! refused, is the code generator's business.

use serde::{Deserialize, Serialize};

/// A proposal that extended the first version of the core specification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum CoreFeature {
    /// Globals that are mutable, imported or exported.
    MutableGlobal,
    /// Instructions that extend the sign of 8, 16 and 32 bits.
    SignExtension,
    /// Conversions from floats to integers that do not trap.
    SaturatingFloatToInt,
    /// Functions and blocks with several results, and blocks with parameters.
    MultiValue,
    /// Instructions that copy and fill memories and tables, and passive segments.
    BulkMemory,
    /// References as values, and several tables.
    ReferenceTypes,
    /// Several memories.
    MultiMemory,
    /// Integer arithmetic in constant expressions.
    ExtendedConst,
    /// Vectors of 128 bits.
    Simd,
    /// Vector instructions whose results depend on the processor within what the specification permits.
    RelaxedSimd,
    /// Calls in place of returns.
    TailCall,
    /// References to functions whose type is known, and which may not be null.
    FunctionReferences,
    /// `try_table`, `throw` and `throw_ref`, references to exceptions, and tags.
    Exceptions,
    /// `try`, `catch`, `rethrow` and `delegate`, of which the specification has kept nothing.
    LegacyExceptions,
    /// Memories and tables whose addresses have 64 bits.
    Memory64,
    /// Shared memories, and atomic accesses.
    Threads,
    /// Integer arithmetic on 128 bits.
    WideArithmetic,
    /// Memories whose pages are of another size.
    CustomPageSizes,
}

impl CoreFeature {
    /// All of them.
    pub const ALL: &[CoreFeature] = &[
        CoreFeature::MutableGlobal,
        CoreFeature::SignExtension,
        CoreFeature::SaturatingFloatToInt,
        CoreFeature::MultiValue,
        CoreFeature::BulkMemory,
        CoreFeature::ReferenceTypes,
        CoreFeature::MultiMemory,
        CoreFeature::ExtendedConst,
        CoreFeature::Simd,
        CoreFeature::RelaxedSimd,
        CoreFeature::TailCall,
        CoreFeature::FunctionReferences,
        CoreFeature::Exceptions,
        CoreFeature::LegacyExceptions,
        CoreFeature::Memory64,
        CoreFeature::Threads,
        CoreFeature::WideArithmetic,
        CoreFeature::CustomPageSizes,
    ];

    /// The name that tools of the field give it, such as `multi_memory`.
    pub fn name(self) -> &'static str {
        match self {
            CoreFeature::MutableGlobal => "mutable_global",
            CoreFeature::SignExtension => "sign_extension",
            CoreFeature::SaturatingFloatToInt => "saturating_float_to_int",
            CoreFeature::MultiValue => "multi_value",
            CoreFeature::BulkMemory => "bulk_memory",
            CoreFeature::ReferenceTypes => "reference_types",
            CoreFeature::MultiMemory => "multi_memory",
            CoreFeature::ExtendedConst => "extended_const",
            CoreFeature::Simd => "simd",
            CoreFeature::RelaxedSimd => "relaxed_simd",
            CoreFeature::TailCall => "tail_call",
            CoreFeature::FunctionReferences => "function_references",
            CoreFeature::Exceptions => "exceptions",
            CoreFeature::LegacyExceptions => "legacy_exceptions",
            CoreFeature::Memory64 => "memory64",
            CoreFeature::Threads => "threads",
            CoreFeature::WideArithmetic => "wide_arithmetic",
            CoreFeature::CustomPageSizes => "custom_page_sizes",
        }
    }

    /// The one with this [`name`](CoreFeature::name).
    pub fn from_name(name: &str) -> Option<CoreFeature> {
        CoreFeature::ALL.iter().copied().find(|feature| feature.name() == name)
    }

    /// Whether it is on unless a host says otherwise: all are that the specification has or is to have.
    pub fn is_on_by_default(self) -> bool {
        self != CoreFeature::LegacyExceptions
    }

    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// Which [`CoreFeature`]s are on: by default all that [are by default](CoreFeature::is_on_by_default).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct CoreFeatures {
    /// A bit for each feature that is not as it is by default.
    changed: u64,
}

const _: () = assert!(CoreFeature::ALL.len() <= u64::BITS as usize);

impl CoreFeatures {
    /// Whether `feature` is on.
    pub fn has(self, feature: CoreFeature) -> bool {
        feature.is_on_by_default() == (self.changed & feature.bit() == 0)
    }

    /// Switches `feature` on or off.
    pub fn set(&mut self, feature: CoreFeature, enabled: bool) {
        if enabled == feature.is_on_by_default() {
            self.changed &= !feature.bit();
        } else {
            self.changed |= feature.bit();
        }
    }

    /// Those that are on.
    pub fn on(self) -> impl Iterator<Item = CoreFeature> {
        CoreFeature::ALL.iter().copied().filter(move |&feature| self.has(feature))
    }

    /// Those that are off.
    pub fn off(self) -> impl Iterator<Item = CoreFeature> {
        CoreFeature::ALL.iter().copied().filter(move |&feature| !self.has(feature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_has_a_switch_and_a_name_of_its_own() {
        let on_by_default = CoreFeatures::default().on().count();
        assert_eq!(on_by_default, CoreFeature::ALL.len() - 1);
        for &feature in CoreFeature::ALL {
            assert_eq!(CoreFeature::from_name(feature.name()), Some(feature));
            let by_default = feature.is_on_by_default();
            let mut features = CoreFeatures::default();
            assert_eq!(features.has(feature), by_default);
            features.set(feature, !by_default);
            assert_eq!(features.has(feature), !by_default);
            assert_eq!(features.on().count(), if by_default { on_by_default - 1 } else { on_by_default + 1 });
            assert_eq!(features.on().chain(features.off()).count(), CoreFeature::ALL.len());
            features.set(feature, by_default);
            assert_eq!(features, CoreFeatures::default());
        }
        assert_eq!(CoreFeature::from_name("gc"), None);
    }
}
