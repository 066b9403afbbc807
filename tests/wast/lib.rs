//! The conformance run, which programs have for each set of settings: which scripts there are, which features they are run with,
//! and how the list of expected failures is written.
#![forbid(unsafe_code)]

mod conformance;
mod fuel;
mod suites;
mod write_list;

pub use conformance::conformance;
pub use fuel::same_fuel;
pub use suites::{COMPONENT_SUITE, ScriptText, SuiteScript, component_suite, core_suite, local_suite};

/// The snippets of the pages in `docs/` are tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/coming-from-wasmtime.md")]
struct ComingFromWasmtime;

#[cfg(doctest)]
#[doc = include_str!("../../docs/artefacts.md")]
struct Artefacts;

#[cfg(doctest)]
#[doc = include_str!("../../docs/bounds.md")]
struct BoundsForHosts;

#[cfg(doctest)]
#[doc = include_str!("../../docs/async.md")]
struct AsyncForHosts;

#[cfg(doctest)]
#[doc = include_str!("../../docs/threads.md")]
struct ThreadsForHosts;

#[cfg(doctest)]
#[doc = include_str!("../../docs/wasi.md")]
struct WasiForHosts;

/// So are those of what `gusset` derives: a crate of macros that had `gusset` for its tests would have the code generator built twice,
/// once for the compiler's own use.
#[cfg(doctest)]
#[doc = include_str!("../../crates/derive/src/doc/derive_component_type.md")]
struct DeriveComponentTypeDocs;

#[cfg(doctest)]
#[doc = include_str!("../../crates/derive/src/doc/derive_lift.md")]
struct DeriveLiftDocs;

#[cfg(doctest)]
#[doc = include_str!("../../crates/derive/src/doc/derive_lower.md")]
struct DeriveLowerDocs;

#[cfg(doctest)]
#[doc = include_str!("../../crates/derive/src/doc/flags.md")]
struct FlagsDocs;
