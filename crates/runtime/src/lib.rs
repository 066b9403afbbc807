//! Gusset: a WebAssembly component-model runtime.
#![deny(unsafe_code)]
#![cfg_attr(
    not(feature = "compile"),
    allow(dead_code, reason = "until artefacts can be loaded, nothing makes a component")
)]

mod canon;
#[cfg(feature = "compile")]
mod compile;
mod component;
mod config;
pub mod core;
mod engine;
mod error;
mod func;
mod host_func;
mod instance;
mod instantiate;
mod linker;
#[cfg(feature = "compile")]
mod source;
mod store;
mod trap;
mod typed;
pub mod types;
mod val;
#[allow(unsafe_code, reason = "the only place for it; see its invariants")]
mod vm;
mod wave;

#[doc(hidden)]
pub use canon::{
    CanonError, CanonResult, FlatReader, FlatWriter, LiftContext, LiftList, LowerContext, LowerList, TypeList,
};
pub use component::{AdapterSource, Component};
pub use config::{Config, OptLevel};
pub use engine::Engine;
pub use error::{Error, Result};
pub use func::Func;
#[cfg(feature = "compile")]
pub use gusset_codegen::{CodegenError, CodegenErrorKind};
#[cfg(feature = "compile")]
pub use gusset_component::{TranslateError, TranslateErrorKind};
pub use gusset_types::{AdapterName, CoreFeature, TrapCode};
pub use instance::{ExportPath, Instance};
pub use instantiate::InstancePre;
pub use linker::{Linker, LinkerInstance};
pub use store::{AsContext, AsContextMut, Store, StoreContext, StoreContextMut};
pub use trap::{AdapterTrapSite, Trap, WasmBacktrace, WasmFrame};
pub use typed::{ComponentType, Lift, Lower, TypedFunc, ValueList};
pub use val::{Val, ValMismatch};
pub use wave::{WaveCall, WaveError};

/// The README's examples are tests.
#[cfg(all(doctest, feature = "compile", feature = "wat"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
