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
        }
    }

    /// The one with this [`name`](CoreFeature::name).
    pub fn from_name(name: &str) -> Option<CoreFeature> {
        CoreFeature::ALL.iter().copied().find(|feature| feature.name() == name)
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Which [`CoreFeature`]s are on: by default all of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct CoreFeatures {
    /// A bit for each feature that is off.
    off: u16,
}

impl CoreFeatures {
    /// Whether `feature` is on.
    pub fn has(self, feature: CoreFeature) -> bool {
        self.off & feature.bit() == 0
    }

    /// Switches `feature` on or off.
    pub fn set(&mut self, feature: CoreFeature, enabled: bool) {
        if enabled {
            self.off &= !feature.bit();
        } else {
            self.off |= feature.bit();
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
        for &feature in CoreFeature::ALL {
            assert_eq!(CoreFeature::from_name(feature.name()), Some(feature));
            let mut features = CoreFeatures::default();
            features.set(feature, false);
            assert_eq!(features.off().collect::<Vec<_>>(), [feature]);
            assert_eq!(features.on().count(), CoreFeature::ALL.len() - 1);
            features.set(feature, true);
            assert_eq!(features, CoreFeatures::default());
        }
        assert_eq!(CoreFeature::from_name("threads"), None);
    }
}
