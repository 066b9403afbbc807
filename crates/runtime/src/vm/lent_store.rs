//! [`LentStore`]: a store that is lent for the time of a call, to whoever has a shared reference to the place.

use crate::store::{StoreContextMut, StoreInner};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// A place for a store that is lent to one thread at a time.
pub(crate) struct LentStore<T: 'static> {
    /// Null while none is lent, and while it is used.
    store: AtomicPtr<StoreInner<T>>,
    /// The thread that it is lent to; 0 for none.
    thread: AtomicU64,
}

/// Says which thread this is. Who asks may be on another one when he asks again (V15): it is never made a part of him.
#[inline(never)]
fn this_thread() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        /// 0 until it has been asked for.
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    match NUMBER.get() {
        0 => {
            NUMBER.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
            NUMBER.get()
        }
        number => number,
    }
}

impl<T: 'static> LentStore<T> {
    pub(crate) fn new() -> LentStore<T> {
        LentStore { store: AtomicPtr::new(null_mut()), thread: AtomicU64::new(0) }
    }

    /// Lends the store to this thread during `work`.
    pub(crate) fn lend<R>(&self, store: &mut StoreContextMut<'_, T>, work: impl FnOnce() -> R) -> R {
        /// Takes it back, however `work` ends.
        struct StoreLoan<'a, T: 'static>(&'a LentStore<T>);
        impl<T: 'static> Drop for StoreLoan<'_, T> {
            fn drop(&mut self) {
                self.0.store.store(null_mut(), Ordering::Relaxed);
                self.0.thread.store(0, Ordering::Relaxed);
            }
        }
        self.store.store(&raw mut *store.0, Ordering::Relaxed);
        self.thread.store(this_thread(), Ordering::Relaxed);
        let _loan = StoreLoan(self);
        work()
    }

    /// Uses the store; `None` where this thread does not have it, or is using it.
    pub(crate) fn with<R>(&self, work: impl FnOnce(StoreContextMut<'_, T>) -> R) -> Option<R> {
        /// Makes it usable again, however `work` ends.
        struct Used<'a, T: 'static>(&'a LentStore<T>, *mut StoreInner<T>);
        impl<T: 'static> Drop for Used<'_, T> {
            fn drop(&mut self) {
                self.0.store.store(self.1, Ordering::Relaxed);
            }
        }
        if self.thread.load(Ordering::Relaxed) != this_thread() {
            return None;
        }
        // This thread alone writes to the place, as long as it has it.
        let store = self.store.swap(null_mut(), Ordering::Relaxed);
        if store.is_null() {
            return None;
        }
        let used = Used(self, store);
        // SAFETY: V1: the lender has an exclusive borrow, and leaves it to this thread until the loan ends, which is after this; nobody else
        // finds the place full meanwhile.
        Some(work(StoreContextMut(unsafe { &mut *used.1 })))
    }
}
