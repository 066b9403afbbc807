//! From the bytes of a component to its [`Plan`]: parsing, and *flattening*, which works the
//! instantiation of the whole component tree out at compile time and leaves a list of steps over core modules.
//!
//! **Internal.** It is a part of the crate `gusset`, which is for hosts. What it makes public may change in any release, without notice.
//!
//! Wherever a function that one component lifts is lowered in another, flattening asks `gusset_fact` for an adapter;
//! the adapters come back as core modules like all others. This crate never runs anything, and knows no code generator.
//!
//! ```
//! use gusset_component::TranslateSettings;
//!
//! let bytes = wat::parse_str(
//!     r#"(component
//!         (core module $m (func (export "one") (result i32) (i32.const 1)))
//!         (core instance $i (instantiate $m))
//!         (func (export "one") (result u32) (canon lift (core func $i "one"))))"#,
//! )?;
//! let translation = gusset_component::translate(&bytes, &TranslateSettings::default())?;
//! assert!(translation.plan.exports.items.contains_key("one"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod adapter_code;
mod adapters;
mod body;
mod builtin_name;
mod convert;
mod convert_module;
mod error;
mod flatten;
mod index_names;
mod link;
mod may_leave;
mod outline;
mod parse;
mod reach;
mod scope;

use gusset_artifact::{FuncIndex, ImportLink, ModuleIndex, Plan};
use gusset_types::{Arena, ComponentFeatures};
use std::borrow::Cow;

pub use adapter_code::AdapterCode;
pub use error::{TranslateError, TranslateErrorKind};
pub use index_names::name_indices;
pub use outline::{
    ComponentOutline, CoreItemOutline, FuncOutline, ModuleOutline, Outline, OutlineItem, OutlineItemKind, OutlinePart,
    OutlineProducer, OutlineWorld, TypeOutline,
};

/// What is decided before a component is translated.
#[derive(Clone, Copy, Default, Debug)]
pub struct TranslateSettings {
    /// What of the component model it may use.
    pub features: ComponentFeatures,
    /// Whether calls between components go through the host, which lifts and lowers, rather than through adapters: so it sees
    /// each of them.
    pub calls_through_host: bool,
    /// Whether calls between components are charged for, as [`AdapterSpec::fuel`](gusset_fact::AdapterSpec::fuel) says.
    pub fuel: bool,
    /// Whether NaNs that pass between components become canonical.
    pub canonical_nans: bool,
    /// Whether adapters test and toggle `may_leave` also where nobody could see it: for tests, which compare.
    pub keep_flags: bool,
}

/// A component, flattened: what to do, and the core modules to do it with.
#[derive(Clone, Debug)]
pub struct Translation<'a> {
    /// How to instantiate the component.
    pub plan: Plan,
    /// All core modules: those of the component in the order in which they stand in it, whether the plan instantiates
    /// them or not (so that every one of them gets validated), then the modules of adapters.
    pub modules: Arena<ModuleIndex, TranslatedModule<'a>>,
}

/// A core module of a [`Translation`].
#[derive(Clone, Debug)]
pub struct TranslatedModule<'a> {
    /// A name for people: from the component's or the module's name section, else `module N`; `adapters N` for
    /// adapters.
    pub name: String,
    /// The binary. Its function bodies have not been validated.
    pub wasm: Cow<'a, [u8]>,
    /// Where it starts in the input, in bytes; 0 for adapters.
    pub offset: usize,
    /// What is known of each of its imports, in order.
    pub imports: Vec<ImportLink>,
    /// Of its exported functions those, by their indices and in order, that something calls otherwise than by what is known of imports: the
    /// host, or a module of whose imports nothing is known. `None` if all may be called so.
    pub open_exports: Option<Vec<FuncIndex>>,
    /// Whether each instance of the component has one instance of it, which its plan makes, and nobody else makes any.
    pub single: bool,
    /// Whether it holds adapters.
    pub adapter: bool,
}

/// Translates a component in the binary format.
///
/// Everything is validated but the function bodies of core modules: those are validated where they are compiled.
///
/// # Errors
///
/// Input that is no valid component, one that needs what is not supported, and one that is beyond a limit:
/// [`TranslateError::kind`] tells them apart.
pub fn translate<'a>(bytes: &'a [u8], settings: &TranslateSettings) -> Result<Translation<'a>, TranslateError> {
    let parsed = parse::parse(bytes, settings.features).map_err(TranslateError::of_translation)?;
    flatten::flatten(&parsed, settings)
}

/// Validates a component in the binary format completely, function bodies too, without asking whether it could be run. It may use
/// these features of the component model.
///
/// # Errors
///
/// Input that is no valid component, or one whose components are nested too deeply.
pub fn validate(bytes: &[u8], features: ComponentFeatures) -> Result<(), TranslateError> {
    parse::validate(bytes, features)
}

/// Reads what a component or core module in the binary format is, without asking whether it could be run. All of it is validated but
/// function bodies; it may use all that the specification has.
///
/// # Errors
///
/// Input that is neither, or breaks a rule of validation outside of function bodies.
pub fn outline(bytes: &[u8]) -> Result<Outline, TranslateError> {
    outline::read(bytes)
}
