//! How deep guests may go on the stack that they run on. What counts is the thread's, not the store's: a host function
//! may enter another store, or lend its store to another thread.

use super::signals::prepare_thread;
use crate::error::{Error, Result};
use crate::trap::Trap;
use gusset_types::TrapCode;
use std::cell::Cell;

/// What stays free below guests, for what they call: stubs, the runtime's functions and the host's. The deepest values
/// that guests can pass take most of it, and several times as much in code that is not optimised.
const RESERVE: usize = if cfg!(debug_assertions) { 256 << 10 } else { 128 << 10 };

thread_local! {
    /// The thread's own stack, once it is known: see [`Own`].
    static OWN: Cell<Own> = const { Cell::new(Own { low: 0, high: 0 }) };
    /// Below this address guests may not go now on the thread's own stack. What the outermost activation on it may use
    /// is all that those within it may use, of whatever store they are.
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// The usable part of the thread's own stack; all zero before anybody has asked, and an empty range at the very end of
/// the address space when the system does not say.
#[derive(Clone, Copy)]
struct Own {
    low: usize,
    high: usize,
}

impl Own {
    const UNKNOWN: Own = Own { low: usize::MAX, high: usize::MAX };

    fn contains(self, address: usize) -> bool {
        (self.low..self.high).contains(&address)
    }
}

/// The right to go down to a limit. Until it is dropped, guests that are entered on the same stack are bound by it.
pub(super) struct StackLimit {
    limit: usize,
    /// What stood in [`LIMIT`] before; `None` on another stack than the thread's own.
    outer: Option<usize>,
}

impl StackLimit {
    /// For an activation of at most `max` bytes that starts here, in a store whose innermost activation, if there is
    /// one, has the limit `of_store`.
    ///
    /// # Errors
    ///
    /// When there is no room for any guest, or the thread cannot be prepared for guests' faults.
    #[inline(always)]
    pub(super) fn from_here(max: usize, of_store: usize) -> Result<StackLimit> {
        let here = stack_pointer();
        let own = OWN.get();
        let own = if own.high == 0 { prepare()? } else { own };
        let wanted = here.saturating_sub(max).max(1);
        let (limit, outer) = match own.contains(here) {
            true => (wanted.max(LIMIT.get()), Some(LIMIT.get())),
            false => (elsewhere(here, wanted, max, of_store), None),
        };
        if limit >= here {
            return Err(exhausted(own, here));
        }
        if outer.is_some() {
            LIMIT.set(limit);
        }
        Ok(StackLimit { limit, outer })
    }

    /// The lowest address that guests may use.
    pub(super) fn address(&self) -> usize {
        self.limit
    }
}

impl Drop for StackLimit {
    fn drop(&mut self) {
        if let Some(outer) = self.outer {
            LIMIT.set(outer);
        }
    }
}

/// The limit on a stack that the host has switched to. Which stack it is, and how large, nobody says: only an outer
/// activation of the same store that is not far away is taken to be on the same one.
#[cold]
fn elsewhere(here: usize, wanted: usize, max: usize, of_store: usize) -> usize {
    let near = of_store.saturating_sub(RESERVE)..of_store.saturating_add(max);
    if near.contains(&here) { wanted.max(of_store) } else { wanted }
}

/// An address in this stack frame.
#[inline(always)]
fn stack_pointer() -> usize {
    let here = 0u8;
    &raw const here as usize
}

/// Makes the thread ready for guests; its own stack.
#[cold]
fn prepare() -> Result<Own> {
    prepare_thread()?;
    let own = own_stack().unwrap_or(Own::UNKNOWN);
    LIMIT.set(own.low.saturating_add(RESERVE));
    OWN.set(own);
    Ok(own)
}

#[cold]
fn exhausted(own: Own, here: usize) -> Error {
    let trap = Error::from(Trap::new(TrapCode::StackOverflow));
    if own.contains(here) && own.high - own.low <= RESERVE {
        let (size, needed) = ((own.high - own.low) >> 10, RESERVE >> 10);
        return trap.context(format_args!("a thread with {size} KiB of stack; guests need more than {needed} KiB"));
    }
    trap
}

/// The usable part of the thread's own stack, from its lowest address on; `None` when the system does not say.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn own_stack() -> Option<Own> {
    use std::mem::MaybeUninit;
    use std::ptr::null_mut;
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: V7: asks for what is of this thread; the attributes are read once they have been written, and destroyed
    // once.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let (mut start, mut size, mut guard) = (null_mut(), 0, 0);
        let known = libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size) == 0
            && libc::pthread_attr_getguardsize(attributes.as_ptr(), &mut guard) == 0;
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        // Some versions count the guard as part of the stack.
        let start = start as usize;
        known.then(|| Own { low: start.saturating_add(guard), high: start.saturating_add(size) })
    }
}

/// The usable part of the thread's own stack, from its lowest address on; `None` when the system does not say.
#[cfg(target_os = "macos")]
fn own_stack() -> Option<Own> {
    // SAFETY: V7: asks for what is of this thread.
    let (high, size) = unsafe {
        let this = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(this) as usize, libc::pthread_get_stacksize_np(this))
    };
    Some(Own { low: high.checked_sub(size)?, high })
}

/// Elsewhere what the system says of a main thread's stack is what has been touched of it: of no use.
#[cfg(not(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos")))]
fn own_stack() -> Option<Own> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos"))]
    #[test]
    fn inner_activations_keep_the_limit_of_the_outer_one() {
        let limit = |max| StackLimit::from_here(max, 0).unwrap();
        let outer = limit(64 << 10);
        let before = outer.address();
        {
            let inner = limit(1 << 20);
            assert_eq!(inner.address(), before);
            assert!(limit(1 << 10).address() > before);
            assert_eq!(limit(1 << 20).address(), before);
        }
        let other = std::thread::spawn(move || limit(64 << 10).address()).join().unwrap();
        assert_ne!(other, before);
        drop(outer);
        assert!(limit(128 << 10).address() < before);
    }

    #[test]
    fn on_other_stacks_the_nearest_activation_of_the_store_counts() {
        let (max, here) = (1 << 20, 1 << 30);
        let at = |of_store| elsewhere(here, here - max, max, of_store);
        assert_eq!(at(0), here - max);
        assert_eq!(at(here - 1000), here - 1000);
        assert_eq!(at(here + 1000), here + 1000, "the host has gone beyond the limit");
        assert_eq!(at(here + (1 << 28)), here - max);
        assert_eq!(at(here - (1 << 28)), here - max);
    }

    #[cfg(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos"))]
    #[test]
    fn no_guest_runs_on_a_tiny_stack() {
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let thread = thread.spawn(|| StackLimit::from_here(1 << 20, 0).map(|limit| limit.address())).unwrap();
        let error = thread.join().unwrap().unwrap_err();
        assert!(error.to_string().contains("KiB of stack"), "{error}");
        assert_eq!(error.downcast_ref::<Trap>().unwrap().code(), TrapCode::StackOverflow);
    }
}
