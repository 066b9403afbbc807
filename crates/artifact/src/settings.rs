//! What a host can choose about the code that is made. Code that was made with other settings is other code: two images may be
//! linked only if their settings are equal, and all of them are a part of what an artefact is known by.

use crate::artifact::SettingDifference;
use gusset_types::{CoreFeature, CoreFeatures};
use serde::{Deserialize, Serialize};

/// How hard to work on the code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum OptimizationLevel {
    /// As little as possible.
    None,
    /// For speed.
    #[default]
    Speed,
    /// For speed and size.
    SpeedAndSize,
}

/// Settings of a compiler.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CodeSettings {
    /// How hard to work on the code.
    pub optimization: OptimizationLevel,
    /// What modules may use. What needs a feature that is off is invalid, as in an engine that was made before the feature was,
    /// and the message names it.
    pub features: CoreFeatures,
    /// Whether results of float operations that are NaN are always the canonical one, so that runs are reproducible on every
    /// machine. Off: any NaN that the specification allows.
    pub nan_canonicalization: bool,
    /// Whether relaxed vector instructions have the results of the specification's deterministic profile, which are the same on every
    /// machine. Off: any that it permits, and so what the machine is quick at.
    pub relaxed_simd_deterministic: bool,
    /// Bytes of address space that the runtime reserves for each 32-bit memory, from its base. With at least 4 GiB the base
    /// never moves and accesses need no check; with less, every access is checked against the current length.
    pub memory_reservation: u64,
    /// Bytes of inaccessible address space behind the reservation. Accesses whose constant offset reaches beyond it are
    /// checked.
    pub memory_guard: u64,
    /// Whether guests count the fuel that they use, and ask for more where it is used up.
    pub consume_fuel: bool,
    /// Whether code looks for the epoch of its store's deadline.
    pub epoch_interruption: bool,
    /// Gives every function the form that only those get which the optimiser could not afford: for tests, which compare the
    /// two.
    #[doc(hidden)]
    pub frame_form: bool,
    /// Whether small functions are inlined into those that call them, and what stands between components into either.
    pub inlining: bool,
    /// Whether traps are faults of the code, which signal handlers find. Off: no code faults, everything is checked.
    pub signals_based_traps: bool,
    /// Whether the addresses of accesses to memories that are checked are safe ones even where the processor only guesses that
    /// the check holds.
    pub heap_access_spectre_mitigation: bool,
    /// The same for accesses to tables.
    pub table_access_spectre_mitigation: bool,
}

impl Default for CodeSettings {
    fn default() -> Self {
        CodeSettings {
            optimization: OptimizationLevel::Speed,
            features: CoreFeatures::default(),
            nan_canonicalization: false,
            relaxed_simd_deterministic: false,
            memory_reservation: 4 << 30,
            memory_guard: 2 << 30,
            consume_fuel: false,
            epoch_interruption: false,
            frame_form: false,
            inlining: true,
            signals_based_traps: true,
            heap_access_spectre_mitigation: true,
            table_access_spectre_mitigation: true,
        }
    }
}

impl CodeSettings {
    /// Which settings differ in `engine`, by the names that hosts know them by.
    pub(crate) fn differences(&self, engine: &CodeSettings) -> Vec<SettingDifference> {
        // Every field is named, so that none is forgotten.
        let &CodeSettings {
            optimization,
            features,
            nan_canonicalization,
            relaxed_simd_deterministic: relaxed,
            memory_reservation,
            memory_guard,
            consume_fuel,
            epoch_interruption,
            frame_form,
            inlining,
            signals_based_traps,
            heap_access_spectre_mitigation: heap,
            table_access_spectre_mitigation: table,
        } = self;
        let feature = |feature: &CoreFeature| {
            SettingDifference::between(feature.name(), features.has(*feature), engine.features.has(*feature))
        };
        let numbers = [
            ("memory_reservation", memory_reservation, engine.memory_reservation),
            ("memory_guard", memory_guard, engine.memory_guard),
        ];
        let switches = [
            ("nan_canonicalization", nan_canonicalization, engine.nan_canonicalization),
            ("relaxed_simd_deterministic", relaxed, engine.relaxed_simd_deterministic),
            ("consume_fuel", consume_fuel, engine.consume_fuel),
            ("epoch_interruption", epoch_interruption, engine.epoch_interruption),
            ("frame_form", frame_form, engine.frame_form),
            ("compiler_inlining", inlining, engine.inlining),
            ("signals_based_traps", signals_based_traps, engine.signals_based_traps),
            ("heap_access_spectre_mitigation", heap, engine.heap_access_spectre_mitigation),
            ("table_access_spectre_mitigation", table, engine.table_access_spectre_mitigation),
        ];
        SettingDifference::between("opt_level", optimization, engine.optimization)
            .into_iter()
            .chain(CoreFeature::ALL.iter().filter_map(feature))
            .chain(numbers.into_iter().filter_map(|(name, one, other)| SettingDifference::between(name, one, other)))
            .chain(switches.into_iter().filter_map(|(name, one, other)| SettingDifference::between(name, one, other)))
            .collect()
    }

    /// Whether a 32-bit memory has all the address space that it can ever need.
    pub fn full_reservation(&self) -> bool {
        self.memory_reservation >= 1 << 32
    }
}
