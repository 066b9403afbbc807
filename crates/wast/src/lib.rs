//! Runs `.wast` scripts of core modules and components on Gusset, directive by directive, and reports what held.
//!
//! Lines `;;! feature = false` at the head of a script switch features off for it, as a [`FeatureList`] does for all scripts.
//! `;;! wasi = true` gives its core modules WASI. A script that names another feature is skipped, which is no pass. [`KnownFailures`] holds reports against lists of what is known not to hold.
//!
//! A failing directive never stops the script: the report names each one with its source line, what was expected and what
//! came. A panic of the engine is a failure like any other. This crate knows no test harness and prints nothing.
//!
//! ```
//! use gusset_wast::{WastOptions, WastRunner};
//!
//! let runner = WastRunner::new(WastOptions::default())?;
//! let report = runner.run_text("add.wast", r#"
//!     (module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
//!     (assert_return (invoke "add" (i32.const 1) (i32.const 2)) (i32.const 3))
//!     (assert_return (invoke "add" (i32.const 1) (i32.const 2)) (i32.const 4))
//! "#);
//! assert_eq!(report.counts.total().passed, 2);
//! assert_eq!(report.failures[0].line, 4);
//! assert_eq!(report.failures[0].expected, "(i32.const 4)");
//! # Ok::<(), gusset::Error>(())
//! ```
#![forbid(unsafe_code)]

mod adapter_text;
mod call_log;
mod component_host;
mod component_script;
mod component_value;
mod core_script;
mod core_value;
mod difference;
#[cfg(test)]
mod documented;
mod feature;
mod header;
mod known_failures;
mod message;
mod meter;
mod outcome;
mod report;
mod runner;
mod script;
mod source_text;
mod spectest;
mod text_file;
mod thread;

pub use adapter_text::{adapter_sizes, adapter_text, some_adapters_text};
pub use call_log::CallLine;
pub use difference::Difference;
pub use feature::{FeatureError, FeatureList};
pub use known_failures::{KnownFailures, ListError, Verdict};
pub use report::{Counts, DirectiveFailure, DirectiveKind, DirectiveResult, DirectiveStatus, Report, Tally};
pub use runner::{Messages, WastOptions, WastRunner};
pub use text_file::{read_text, read_text_from};
