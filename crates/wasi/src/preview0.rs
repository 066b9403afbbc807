//! Preview0 of WASI (`wasi_unstable`) for core modules. It is preview1 but for a function, some records and the meaning of three numbers, so
//! most of its functions are preview1's, and the others are conversions around these.

mod convert;
mod table;

use crate::ctx::WasiCtx;
use crate::preview1::{self, Errno, FunctionInfo};
use gusset::Result;
use gusset::core::Linker;

/// The name of the module whose functions they are.
const MODULE: &str = "wasi_unstable";

/// What preview1 has come to have since.
const NOT_YET: &str = "sock_accept";

/// Defines the 45 functions of preview0 in a linker; `ctx` finds the guest's state in the data of its store. A module may import preview1's
/// functions too: they are about the same descriptors.
///
/// ```
/// use gusset::Engine;
/// use gusset::core::{Linker, Module};
/// use gusset::Store;
/// use gusset_wasi::{Exit, WasiConfig, WasiCtx, preview0, preview1};
///
/// let engine = Engine::default();
/// let mut linker = Linker::new(&engine);
/// preview0::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
/// preview1::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
/// let module = Module::new(
///     &engine,
///     r#"(module
///          (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
///          (func (export "_start") (call $exit (i32.const 3))))"#,
/// )?;
/// let mut store = Store::new(&engine, WasiCtx::new(&WasiConfig::default()));
/// let instance = linker.instantiate(&mut store, &module)?;
/// let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
/// assert_eq!(Exit::of(start.call(&mut store, ()))?.code(), 3);
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// # Errors
///
/// When the linker has something under one of the names already.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    ctx: impl Fn(&mut T) -> &mut WasiCtx + Send + Sync + Copy + 'static,
) -> Result<()> {
    for function in functions() {
        if is_converted(function.name) {
            table::link(linker, MODULE, function.name, ctx)?;
        } else {
            preview1::link(linker, MODULE, function.name, ctx)?;
        }
    }
    Ok(())
}

/// The functions, in the order of preview1's.
#[doc(hidden)]
pub fn functions() -> impl Iterator<Item = &'static FunctionInfo> {
    preview1::FUNCTIONS
        .iter()
        .filter(|function| function.name != NOT_YET)
        .map(|function| table::FUNCTIONS.iter().find(|converted| converted.name == function.name).unwrap_or(function))
}

/// Calls a function over some memory, with no engine, as [`preview1::call`] does.
///
/// # Errors
///
/// What ends the guest; and when there is no such function, or it has another number of parameters.
#[doc(hidden)]
pub fn call(name: &str, ctx: &mut WasiCtx, memory: &mut [u8], arguments: &[u64]) -> Result<Errno> {
    if is_converted(name) || name == NOT_YET {
        table::call(name, ctx, memory, arguments)
    } else {
        preview1::call(name, ctx, memory, arguments)
    }
}

fn is_converted(name: &str) -> bool {
    table::FUNCTIONS.iter().any(|function| function.name == name)
}
