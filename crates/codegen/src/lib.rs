//! Core wasm link units to machine code: [`LinkUnit`] in, [`CodeImage`](gusset_artifact::CodeImage) out.
//!
//! **Internal.** It is a part of the crate `gusset`, which is for hosts. What it makes public may change in any release, without notice.
//!
//! A link unit is all core modules of a component (or a single module) together with what is statically known about how
//! they are linked. Every module is fully validated: what stands outside of function bodies first, the bodies in the same
//! pass that translates them. This crate knows no components, and it never runs or maps what it makes.
//!
//! The way of a function: [`module_env`] finds it, [`scan`] looks at what it does with its locals, [`func`] validates and
//! translates it to Cranelift's IR with one file per group of instructions in [`op`], values of locals by [`ssa`], or by
//! [`frame`] where [`cost`] says that the optimiser could not afford it; [`compiled`] makes machine code of it, and
//! [`image`] places that beside the others. What is called may be translated in the place of the call, as [`inline_plan`] decides and
//! [`inlined_call`] does.
//!
//! Where functions are compiled when they are called, [`lazy`] makes the image without them, with a [`thunk`] in each one's place, and then one
//! after the other, in [`chunk`]s.
//!
//! ```
//! use gusset_codegen::{Compiler, CompilerSettings, LinkUnit, UnitModule};
//! use gusset_types::Arena;
//!
//! let empty_module = b"\0asm\x01\0\0\0";
//! let mut modules = Arena::default();
//! modules.push(UnitModule { name: "empty", wasm: empty_module, offset: 0, imports: &[], open_exports: None, single: false, generated: false });
//!
//! let compiler = Compiler::new(&CompilerSettings::default())?;
//! let image = compiler.compile(&LinkUnit { modules })?;
//! assert_eq!(image.modules.len(), 1);
//! # Ok::<(), gusset_codegen::CodegenError>(())
//! ```
#![forbid(unsafe_code)]
#![allow(rustdoc::private_intra_doc_links, reason = "the crate's page is its map")]

mod access_plan;
mod bounds;
mod builtin_stub;
mod chunk;
mod compiled;
mod compiler;
mod convert;
mod cost;
mod entry;
mod error;
mod features;
mod frame;
mod func;
mod guard;
mod host_stub;
mod image;
mod inline_plan;
mod inlined_call;
mod joint_contexts;
mod key;
mod known_tables;
mod lazy;
mod live_references;
mod locals;
mod loop_invariants;
mod memory_image;
mod metering;
mod module_env;
mod names;
mod op;
mod optional_bodies;
mod parallel;
mod placement;
mod places;
mod progress;
mod region;
mod scan;
mod settings;
mod signature;
mod ssa;
mod target;
mod thunk;
mod transcoder;
mod trap;
mod trap_place;
mod unit;

pub use chunk::{ChunkFunction, CodeChunk};
pub use compiler::Compiler;
pub use error::{CodegenError, CodegenErrorKind};
pub use features::validate;
pub use joint_contexts::MAX_JOINT_CONTEXTS;
pub use lazy::{LazyUnit, LazyWorker};
pub use progress::FunctionsDone;
pub use settings::{CompilerSettings, OptimizationLevel};
pub use target::CodeTarget;
pub use unit::{LinkUnit, UnitModule};

/// The version of the code generator that this is built with: another one makes other code.
pub const CODE_GENERATOR: &str = cranelift_codegen::VERSION;
