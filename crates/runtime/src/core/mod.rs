//! Core WebAssembly by itself: modules that no component surrounds, for tests of the core specification and for hosts
//! that run such modules. The types of components stand at the root of the crate.
//!
//! The steps are those of the [embedding interface]: a [`Module`] is compiled, gets imports from a [`Linker`] or a
//! slice of [`Extern`]s, and becomes an [`Instance`] in a [`Store`](crate::Store), which components can share. The
//! functions, tables, memories, globals and tags of a store are handles, cheap to copy.
//!
//! ```
//! # #[cfg(all(feature = "compile", feature = "wat"))] {
//! use gusset::core::{Instance, Module, Val};
//! use gusset::{Engine, Store};
//!
//! let engine = Engine::default();
//! let module = Module::new(&engine, r#"(module (func (export "next") (param i32) (result i32)
//!     (i32.add (local.get 0) (i32.const 1))))"#)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Instance::new(&mut store, &module, &[])?;
//! let next = instance.get_func(&mut store, "next").expect("it is exported");
//! let mut results = [Val::I32(0)];
//! next.call(&mut store, &[Val::I32(41)], &mut results)?;
//! assert_eq!(results, [Val::I32(42)]);
//! # }
//! # Ok::<(), gusset::Error>(())
//! ```
//!
//! [embedding interface]: https://webassembly.github.io/spec/core/appendix/embedding.html

mod caller;
mod exception;
mod exn_ref;
mod extern_ref;
mod func;
mod global;
mod instance;
mod into_func;
mod item;
mod linker;
mod memory;
mod module;
mod rooted;
mod shared_memory;
mod table;
mod tag;
mod typed_func;
mod val;
mod wasm_ty;

pub use caller::Caller;
pub use exception::Exception;
pub use exn_ref::ExnRef;
pub use extern_ref::ExternRef;
pub use func::Func;
pub use global::Global;
pub use gusset_artifact::{
    CoreFuncType as FuncType, CoreValType as ValType, GlobalType, HeapType, MemoryType, RefType, TableType,
};
pub use instance::Instance;
pub use into_func::IntoFunc;
pub use item::{Extern, ExternType};
pub use linker::{InstancePre, Linker};
pub use memory::{Memory, MemoryAccessError};
pub use module::Module;
pub use rooted::{OwnedRooted, RootScope, RootedReference};
pub use shared_memory::{SharedMemory, WaitResult};
pub use table::Table;
pub use tag::Tag;
pub use typed_func::TypedFunc;
pub use val::{Ref, Val};
pub use wasm_ty::{WasmRet, WasmTy, WasmTyList};
