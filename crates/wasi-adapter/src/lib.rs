//! **Internal.** The adapter from WASI preview1 to WASI 0.2: a core module that stands between a module that imports preview1 and a component's imports
//! of 0.2. It exports preview1's functions, and shares the other module's memory, of which it owns nothing.
//!
//! What it must keep to, for `unsafe` and for its shape; each `SAFETY` names one:
//!
//! 1. **Nothing here lies in memory.** No stack, no statics, no data: all that lasts is in globals ([`words`]), all else in locals. So no
//!    reference or pointer of Rust's points into the memory, and reads and writes at addresses never alias one. `gusset-wasi-adapter-tests`
//!    checks the built modules: no data, no tables, no stack pointer.
//! 2. **An address is a number.** All of the memory is the guest's; it is read and written without regard to alignment, by functions of
//!    [`memory`] alone. An address out of bounds traps, as it would in the guest; none that a guest gives is used before it was checked.
//! 3. **What is borrowed is given back as it was**, before the guest goes on: a few bytes are kept in locals ([`area`]), more are only
//!    borrowed where all are zero ([`lists`]). So whoever allocates in the memory may take any of it at any time, that which was grown here too.
//! 4. **Imported functions are as the canonical ABI lowers them**: they read what they are given before they write results, write results
//!    where they are told to, and lists where `cabi_import_realloc` told them to. They are given no handle that is not there.
//! 5. **No function but an inlined one returns more than a number**: without several values in the ABI, it would return them in memory.

#![no_std]
#![cfg_attr(not(feature = "filesystem"), allow(dead_code, unused_imports, reason = "there are no files"))]

mod area;
mod descriptors;
mod errno;
mod imports;
mod lists;
mod memory;
mod outcome;
mod preview1;
mod rights;
mod words;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
