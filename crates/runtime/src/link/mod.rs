//! What a [`Linker`](crate::Linker) is made of: definitions by name, how a component's imports are found among them, and what
//! is said about those that are not.

#[cfg(feature = "compile")]
mod adapter;
mod definitions;
mod exports;
mod linked_func;
mod module;
mod near_miss;
mod problems;
mod resolve;
mod root_names;
mod same_type;
mod slot;
mod unknown_imports;

pub(crate) use definitions::{HostDestructor, HostItem, Names};
pub(crate) use exports::exports;
pub(crate) use linked_func::LinkedFunc;
pub(crate) use module::LinkedModule;
pub(crate) use resolve::{LinkedImports, resolve};
pub use slot::FuncSlot;
pub(crate) use unknown_imports::define_unknown_imports;
