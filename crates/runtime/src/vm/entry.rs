//! The way from the host into a guest and back.

use super::context::RawStoreContext;
use super::raw_value::RawValue;
use super::signals::set_current;
use super::stack::StackLimit;
use crate::error::Result;
use crate::store::StoreInner;

/// An entry trampoline: `(context, code, values) -> u8`, 1 for a return and 0 for a failure.
type Entry = unsafe extern "C" fn(usize, usize, *mut RawValue) -> u8;

/// Runs a guest's function.
///
/// `entry`, `context` and `code` are those of one function record of this store; `values` are its parameters, checked,
/// with room for its results.
pub(super) fn enter<T: 'static>(
    store: &mut StoreInner<T>,
    entry: usize,
    context: usize,
    code: usize,
    values: &mut [RawValue],
) -> Result<()> {
    let of_store = store.vm.context().stack_limit();
    let stack_limit = StackLimit::from_here(store.vm.engine().config().max_wasm_stack, of_store)?;
    let raw: *const RawStoreContext = store.vm.context_pointer();
    let owner: *mut StoreInner<T> = store;
    // SAFETY: V1: from here to the end of the activation the store is reached through `owner` only. The pointers are
    // derived from the exclusive borrow; the context does not move and is reached through shared references only.
    let (raw_context, vm) = unsafe { (&*raw, &raw mut (*owner).vm) };
    let saved = raw_context.begin(owner.cast(), vm, stack_limit.address());
    let outer = set_current(raw);
    // SAFETY: V2, V9: the function record says that `entry` is an entry trampoline for functions of `code`'s type and
    // that `context` is the context it runs in.
    let returned = unsafe {
        let entry = std::mem::transmute::<usize, Entry>(entry);
        entry(context, code, values.as_mut_ptr())
    };
    set_current(outer);
    raw_context.end(saved);
    drop(stack_limit);
    if returned == 1 { Ok(()) } else { Err(store.vm.context().take_failure()) }
}
