//! [`OnFiber`]: the future of work that is done on a fiber.

use super::fiber::Fiber;
use crate::error::Result;
use crate::store::{StoreContextMut, StoreInner};
use std::any::Any;
use std::cell::UnsafeCell;
use std::marker::{PhantomData, PhantomPinned};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The future of work that is done on a fiber, with a store that it has for that. It begins with the first poll.
///
/// Dropped before it is done it is cancelled: the host function that waits ends with [`Cancelled`](crate::Cancelled), and so does all
/// that called it. Forgotten, it keeps its stack and what is on it for ever, and the store can be used.
///
/// It may go on on another thread, so the host's data must be such that can be sent:
///
/// ```
/// async fn call(func: &gusset::TypedFunc<(), ()>, store: &mut gusset::Store<std::cell::Cell<u32>>) -> gusset::Result<()> {
///     func.call_async(store, ()).await
/// }
/// ```
/// ```compile_fail
/// async fn call(func: &gusset::TypedFunc<(), ()>, store: &mut gusset::Store<std::rc::Rc<u32>>) -> gusset::Result<()> {
///     func.call_async(store, ()).await
/// }
/// ```
///
/// Its store is there until it is gone:
///
/// ```compile_fail,E0505
/// fn give_up(func: &gusset::TypedFunc<(), ()>, mut store: gusset::Store<()>) {
///     let call = func.call_async(&mut store, ());
///     drop(store);
///     drop(call);
/// }
/// ```
pub(crate) struct OnFiber<'a, T: 'static, W, R> {
    task: UnsafeCell<FiberTask<T, W, R>>,
    fiber: Option<Fiber>,
    store: PhantomData<&'a mut StoreInner<T>>,
    /// The fiber has the address of `task`.
    _pinned: PhantomPinned,
}

/// What the fiber reads and writes.
struct FiberTask<T: 'static, W, R> {
    store: *mut StoreInner<T>,
    /// Until it is begun.
    work: Option<W>,
    /// From when it is done until somebody has it.
    outcome: Option<Outcome<R>>,
}

/// What work returns, or its panic.
type Outcome<R> = std::result::Result<Result<R>, Box<dyn Any + Send>>;

// SAFETY: V15: it is a borrow of a store, work and a result, which can all be sent, and a fiber.
unsafe impl<T: Send, W: Send, R: Send> Send for OnFiber<'_, T, W, R> {}

impl<T: 'static> StoreContextMut<'_, T> {
    /// Does `work` on a fiber, where guests that it enters may wait.
    pub(crate) fn on_fiber<W, R>(&mut self, work: W) -> OnFiber<'_, T, W, R>
    where
        W: FnOnce(StoreContextMut<'_, T>) -> Result<R>,
    {
        let task = FiberTask { store: &raw mut *self.0, work: Some(work), outcome: None };
        OnFiber { task: UnsafeCell::new(task), fiber: None, store: PhantomData, _pinned: PhantomPinned }
    }
}

/// Does the work.
///
/// # Safety
///
/// `task` is the `FiberTask<T, W, R>` of a future, and this is the fiber that it is polling or cancelling.
unsafe fn run<T: 'static, W, R>(task: *mut ())
where
    W: FnOnce(StoreContextMut<'_, T>) -> Result<R>,
{
    let task = task.cast::<FiberTask<T, W, R>>();
    // SAFETY: V1, V15: the task stays where it is until the fiber has finished, and so does the borrow of the store, which the future has
    // and leaves to the fiber.
    unsafe {
        let work = (*task).work.take().expect("work is done once");
        let store = StoreContextMut(&mut *(*task).store);
        (*task).outcome = Some(catch_unwind(AssertUnwindSafe(|| work(store))));
    }
}

impl<T: 'static, W, R> OnFiber<'_, T, W, R>
where
    W: FnOnce(StoreContextMut<'_, T>) -> Result<R>,
{
    /// Begins the work, or goes on with it.
    fn go_on(&mut self, context: &mut Context<'_>) -> Result<Poll<()>> {
        let task = self.task.get();
        // SAFETY: V1, V15: the store is borrowed by the future, and nobody else reaches it before the fiber runs.
        let vm = unsafe { &(*(*task).store).vm };
        Fiber::prepare_thread(vm)?;
        let fiber = match &mut self.fiber {
            Some(fiber) => fiber,
            // SAFETY: V15: as above.
            None if unsafe { (*task).work.is_none() } => panic!("a call was polled after it was done"),
            // SAFETY: V15: the future is pinned, and ends the fiber before it ends itself.
            none => none.insert(unsafe { Fiber::new(vm, run::<T, W, R>, task.cast())? }),
        };
        Ok(fiber.poll(context))
    }
}

impl<T: 'static, W, R> OnFiber<'_, T, W, R> {
    /// What the work came to; it has been done.
    fn outcome(&mut self) -> Option<Outcome<R>> {
        self.task.get_mut().outcome.take()
    }
}

impl<T: 'static, W, R> Future for OnFiber<'_, T, W, R>
where
    W: FnOnce(StoreContextMut<'_, T>) -> Result<R>,
{
    type Output = Result<R>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<R>> {
        // SAFETY: V15: nothing is moved out of it.
        let this = unsafe { self.get_unchecked_mut() };
        match this.go_on(context) {
            Err(error) => return Poll::Ready(Err(error)),
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(())) => this.fiber = None,
        }
        match this.outcome().expect("work that is done comes to something") {
            Ok(result) => Poll::Ready(result),
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl<T: 'static, W, R> Drop for OnFiber<'_, T, W, R> {
    fn drop(&mut self) {
        let Some(fiber) = self.fiber.take() else { return };
        fiber.cancel();
        // What failed is not asked for any more; a panic is not one of a guest's.
        if let Some(Err(panic)) = self.outcome()
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}
