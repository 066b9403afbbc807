//! WASI preview1 (`wasi_snapshot_preview1`) for core modules: how its functions find their arguments, check them, and tell what
//! came out. What they mean is the policy layer's, which knows nothing of this.
//!
//! The functions stand in [`FUNCTIONS`], made from one table in `table.rs`.

mod args;
mod clock;
mod descriptors;
mod errno;
pub(crate) mod fd;
mod flags;
pub(crate) mod functions;
pub(crate) mod io;
mod memory;
mod parameter;
pub(crate) mod path;
pub(crate) mod poll;
mod proc;
mod random;
mod readdir;
mod record;
mod rights;
mod sock;
mod table;
mod vectors;

pub(crate) use descriptors::{Descriptors, Fd};
pub use errno::Errno;
pub(crate) use flags::{FdFlags, LookupFlags, OpenFlags, Whence};
#[doc(hidden)]
pub use functions::{FunctionInfo, ParameterInfo};
pub(crate) use memory::GuestMemory;
#[doc(hidden)]
pub use parameter::Role;
pub(crate) use parameter::{CoreValue, FileDelta, GuestText, Parameter, points};
pub(crate) use record::{Fdstat, Filestat, Results, Stored};
#[doc(hidden)]
pub use rights::Rights;
pub(crate) use table::link;
#[doc(hidden)]
pub use table::{FUNCTIONS, call};

use crate::ctx::WasiCtx;
use gusset::Result;
use gusset::core::Linker;

/// The module that guests import.
const MODULE: &str = "wasi_snapshot_preview1";

/// The name of the memory that guests export.
const MEMORY: &str = "memory";

/// Gives modules the imports of `wasi_snapshot_preview1`. `ctx` finds the context in the data of a store; all that share it share its
/// descriptors.
///
/// A module must export its memory as `memory`, as the [specification] has it; without one it gets an error from each function that would
/// read or write it. The memory may be one that threads share; then each thread's store has a context of its own
/// (`docs/threads.md`). `proc_exit` ends the guest with an [`Exit`](crate::Exit).
///
/// ```
/// use gusset::core::{Linker, Module};
/// use gusset::{Engine, Store};
/// use gusset_wasi::{Output, OutputBuffer, WasiConfig, WasiCtx, preview1};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
///     (memory (export "memory") 1)
///     (data (i32.const 0) "\08\00\00\00\06\00\00\00Hello\n")
///     (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"#)?;
/// let mut linker = Linker::<WasiCtx>::new(&engine);
/// preview1::add_to_linker(&mut linker, |ctx| ctx)?;
/// let said = OutputBuffer::new(1 << 20);
/// let config = WasiConfig::builder().stdout(Output::buffer(&said)).build()?;
/// let mut store = Store::new(&engine, WasiCtx::new(&config));
/// let instance = linker.instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
/// assert_eq!(said.contents(), b"Hello\n");
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// # Errors
///
/// When a function of such a name is defined already.
///
/// [specification]: https://github.com/WebAssembly/WASI/blob/main/legacy/application-abi.md
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Send + Sync + Copy + 'static,
) -> Result<()> {
    FUNCTIONS.iter().try_for_each(|function| link(linker, MODULE, function.name, ctx))
}
