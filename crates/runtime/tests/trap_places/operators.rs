//! The operators that the parser knows, and which of them cannot trap.

/// An operator as the parser lists it.
pub(super) struct ParserOperator {
    pub(super) proposal: &'static str,
    pub(super) name: &'static str,
    /// With `visit_` before it.
    pub(super) visit: &'static str,
    pub(super) arguments: &'static [&'static str],
}

macro_rules! operators {
    ($( @$proposal:ident $name:ident $({ $($argument:ident: $ty:ty),* })? => $visit:ident ($($arity:tt)*) )*) => {
        pub(super) const OPERATORS: &[ParserOperator] = &[$(ParserOperator {
            proposal: stringify!($proposal),
            name: stringify!($name),
            visit: stringify!($visit),
            arguments: &[$($(stringify!($argument)),*)?],
        }),*];
    };
}

wasmparser::for_each_operator!(operators);

/// Proposals that the engine does not have.
const OTHER_PROPOSALS: &[&str] = &[
    "gc",
    "custom_descriptors",
    "memory_control",
    "shared_everything_threads",
    "stack_switching",
    "acquire_release_atomics",
];

/// Proposals whose operators cannot trap, but for accesses to memory.
const CALM_PROPOSALS: &[&str] =
    &["sign_extension", "saturating_float_to_int", "simd", "relaxed_simd", "wide_arithmetic", "legacy_exceptions"];

/// Other operators that cannot trap. What a call traps with is of the function that it calls, and of `throw` the host has an error.
const CALM: &[&str] = &[
    "Nop",
    "Block",
    "Loop",
    "If",
    "Else",
    "End",
    "Br",
    "BrIf",
    "BrTable",
    "Return",
    "Call",
    "ReturnCall",
    "Drop",
    "Select",
    "TypedSelect",
    "TypedSelectMulti",
    "LocalGet",
    "LocalSet",
    "LocalTee",
    "GlobalGet",
    "GlobalSet",
    "MemorySize",
    "MemoryGrow",
    "DataDrop",
    "ElemDrop",
    "TableSize",
    "TableGrow",
    "RefNull",
    "RefIsNull",
    "RefFunc",
    "RefEq",
    "BrOnNull",
    "BrOnNonNull",
    "TryTable",
    "Throw",
    "AtomicFence",
];

impl ParserOperator {
    pub(super) fn is_of_the_engine(&self) -> bool {
        !OTHER_PROPOSALS.contains(&self.proposal)
    }

    /// Whether it accesses a memory at an address.
    pub(super) fn is_access(&self) -> bool {
        self.arguments.contains(&"memarg")
    }

    pub(super) fn is_atomic(&self) -> bool {
        self.proposal == "threads"
    }

    pub(super) fn cannot_trap(&self) -> bool {
        let arithmetic = ["visit_i32_", "visit_i64_", "visit_f32_", "visit_f64_"];
        let is_float = self.visit.starts_with("visit_f");
        let traps = ["_div_", "_rem_", "_trunc_f"].iter().any(|part| self.visit.contains(part));
        let is_calm_arithmetic = self.proposal == "mvp"
            && arithmetic.iter().any(|start| self.visit.starts_with(start))
            && (is_float || !traps);
        !self.is_access()
            && (CALM_PROPOSALS.contains(&self.proposal) || CALM.contains(&self.name) || is_calm_arithmetic)
    }

    /// Its name in the text format.
    pub(super) fn text(&self) -> String {
        let name = self.visit.trim_start_matches("visit_");
        let (ty, rest) = name.split_once('_').expect("it begins with a type");
        match rest.strip_prefix("atomic_") {
            Some(rest) if rest.starts_with("rmw") => format!("{ty}.atomic.{}", rest.replacen('_', ".", 1)),
            Some(rest) => format!("{ty}.atomic.{rest}"),
            None => format!("{ty}.{rest}"),
        }
    }
}
