//! Host functions that wait, and calls of guests that may wait for them. `gusset` has no executor: it hands the waker of whoever polls a call on
//! to what the call waits for.

use crate::error::{Result, format_err};
use crate::store::StoreContextMut;
use crate::vm::{CurrentFiber, LentStore};
use gusset_types::Printable;
use std::fmt;
use std::pin::Pin;

/// The call that a host function waited in was dropped: what the function and the guests that called it end with. They are locked as by a trap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Cancelled;

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call was dropped while the host function waited")
    }
}

impl std::error::Error for Cancelled {}

/// What a host function waits for.
pub(crate) type HostFuture<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// Waits for what the host function of that name makes, and drops it before anything else where the call is dropped.
///
/// # Errors
///
/// When the guest has not been entered by a `call_async`, before `make` is called; [`Cancelled`].
pub(crate) fn wait_for<'a, R>(name: &str, make: impl FnOnce() -> HostFuture<'a, R>) -> Result<R> {
    let waiter = CurrentFiber::here().ok_or_else(|| cannot_wait(name))?;
    let mut future = make();
    let result = waiter.wait_for(|task| future.as_mut().poll(task));
    // Here and not where the function ends: what a function returns would be lost if this panics then.
    drop(future);
    result
}

/// Has the guest that is running let others have their turn.
///
/// # Errors
///
/// When it has not been entered by a `call_async`; [`Cancelled`].
pub(crate) fn yield_now() -> Result<()> {
    let waiter = CurrentFiber::here().ok_or_else(|| {
        format_err!(
            "a guest is to let others have their turn, but it has not been entered by `call_async` or `instantiate_async`, or is within \
             a call of a host function"
        )
    })?;
    waiter.yield_now()
}

#[cold]
fn cannot_wait(name: &str) -> crate::Error {
    format_err!(
        "`{}` is a function of the host that waits: the guest that calls it must have been entered by `call_async` or \
         `instantiate_async`, and not by a call of a host function in between",
        Printable::name(name)
    )
}

/// The store, for a future of a host function that waits without it: [`LinkerInstance::func_wrap_concurrent`](crate::LinkerInstance::func_wrap_concurrent).
pub struct Accessor<T: 'static> {
    store: LentStore<T>,
}

impl<T: 'static> Accessor<T> {
    /// Waits for what `make` makes, which may use the store whenever it is polled.
    ///
    /// # Errors
    ///
    /// As for [`wait_for`].
    pub(crate) fn wait_for<R>(
        name: &str,
        mut store: StoreContextMut<'_, T>,
        make: impl for<'a> FnOnce(&'a Accessor<T>) -> HostFuture<'a, R>,
    ) -> Result<R> {
        let waiter = CurrentFiber::here().ok_or_else(|| cannot_wait(name))?;
        let accessor = Accessor { store: LentStore::new() };
        let mut future = accessor.store.lend(&mut store, || make(&accessor));
        let result = waiter.wait_for(|task| accessor.store.lend(&mut store, || future.as_mut().poll(task)));
        // As above.
        drop(future);
        result
    }

    /// Uses the store. Nothing of it may be kept.
    ///
    /// # Panics
    ///
    /// When the function's future is not being polled by this thread: after it has been dropped, while it is dropped, or on another thread; and
    /// within `with` itself.
    #[track_caller]
    pub fn with<R>(&self, work: impl FnOnce(StoreContextMut<'_, T>) -> R) -> R {
        let used = self.store.with(work);
        used.expect("an accessor was used while its function's future is not being polled, or within `Accessor::with`")
    }
}

impl<T: 'static> fmt::Debug for Accessor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accessor").finish_non_exhaustive()
    }
}
