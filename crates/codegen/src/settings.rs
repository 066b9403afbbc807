//! What a host can choose about the code that is made. Two images may be linked only if their settings are equal, so all of
//! it belongs into a cache's key.

use gusset_types::CoreFeatures;

/// How hard to work on the code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum OptimizationLevel {
    /// As little as possible.
    None,
    /// For speed.
    #[default]
    Speed,
    /// For speed and size.
    SpeedAndSize,
}

/// Settings of a [`Compiler`](crate::Compiler).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CompilerSettings {
    /// How hard to work on the code.
    pub optimization: OptimizationLevel,
    /// What modules may use. What needs a feature that is off is of kind [`Invalid`](crate::CodegenErrorKind::Invalid), as in an
    /// engine that was made before the feature was, and the message names it.
    pub features: CoreFeatures,
    /// Whether results of float operations that are NaN are always the canonical one, so that runs are reproducible on every
    /// machine. Off: any NaN that the specification allows.
    pub nan_canonicalization: bool,
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
    /// Whether traps are faults of the code, which signal handlers find. Off: no code faults, everything is checked.
    pub signals_based_traps: bool,
    /// Whether the addresses of accesses to memories that are checked are safe ones even where the processor only guesses that
    /// the check holds.
    pub heap_access_spectre_mitigation: bool,
    /// The same for accesses to tables.
    pub table_access_spectre_mitigation: bool,
}

impl Default for CompilerSettings {
    fn default() -> Self {
        CompilerSettings {
            optimization: OptimizationLevel::Speed,
            features: CoreFeatures::default(),
            nan_canonicalization: false,
            memory_reservation: 4 << 30,
            memory_guard: 2 << 30,
            consume_fuel: false,
            epoch_interruption: false,
            frame_form: false,
            signals_based_traps: true,
            heap_access_spectre_mitigation: true,
            table_access_spectre_mitigation: true,
        }
    }
}

impl CompilerSettings {
    /// Whether a 32-bit memory has all the address space that it can ever need.
    pub(crate) fn full_reservation(&self) -> bool {
        self.memory_reservation >= 1 << 32
    }
}
