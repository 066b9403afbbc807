//! What a [`Linker`](crate::Linker) is made of: definitions by name, how a component's imports are found among them, and what
//! is said about those that are not.

mod definitions;
mod module;
mod problems;
mod resolve;
mod unknown_func;

pub(crate) use definitions::{HostDestructor, HostItem, Names};
pub(crate) use module::LinkedModule;
pub(crate) use resolve::{LinkedImports, resolve};
pub(crate) use unknown_func::define_unknown_funcs;
