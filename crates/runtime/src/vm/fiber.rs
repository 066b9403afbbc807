//! Fibers: stacks that guests run on which may wait. A host function that has to wait leaves the stack as it is, and the
//! future of the call is pending; when it is polled again, on whatever thread, it goes on where it was.
//!
//! What is of the thread, and how it comes along (V15):
//!
//! - whose code is running, for signal handlers: nobody's, whenever a fiber is left or gone on with, since the host runs then. Where the
//!   thread says so is written into the store's context each time, and read from there;
//! - how deep guests may go: the fiber has a limit of its own, the thread's are of other stacks, and its own stack is none as long;
//! - which fiber runs: set and put back with each switch;
//! - whether the thread has a signal stack: looked at before each switch;
//! - the list that a thread has of a pool's slots, and how often panics are on their way: nobody waits between two looks at them.
//!
//! What is of the store is the innermost activation, which a fiber takes along too: who polls may have frames of the same store, and so
//! it is theirs again when the fiber is left, even if nobody ever comes back to it.

use super::context::{RawStoreContext, SavedActivation};
use super::signals::prepare_thread;
use super::stack::{EnteredBy, RESERVE, leave_own_stack, return_to};
use super::stack_pool::PooledStack;
use super::store::VmStore;
use crate::async_call::Cancelled;
use crate::error::{Error, Result};
use crate::trap::Trap;
use corosensei::stack::{Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult, Yielder};
use gusset_types::TrapCode;
use std::cell::Cell;
use std::ptr::{null, null_mut};
use std::rc::Rc;
use std::task::{Context, Poll};

/// How many fibers may stand within one another. Each has a stack of its own, so no stack ends the recursion of guests through them.
const MAX_NESTED: u32 = 100;

thread_local! {
    /// The fiber that the thread is running; null on other stacks.
    static CURRENT: Cell<*const FiberState> = const { Cell::new(null()) };
}

/// Asked anew after each switch, so that no address of a thread's is kept over one.
#[inline(never)]
fn current() -> *const FiberState {
    CURRENT.get()
}

#[inline(never)]
fn set_current(fiber: *const FiberState) -> *const FiberState {
    CURRENT.replace(fiber)
}

/// The fiber that is running, if `here` is on its stack: the host may have switched to another one.
pub(super) fn current_at<'a>(here: usize) -> Option<&'a FiberState> {
    // SAFETY: V15: a fiber that is running is there.
    let fiber = unsafe { current().as_ref()? };
    (fiber.low..fiber.high).contains(&here).then_some(fiber)
}

/// Why a fiber goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resumption {
    Polled,
    /// Nobody wants the result any more.
    Cancelled,
}

/// What a fiber knows while it runs. It stays where it is.
pub(super) struct FiberState {
    /// The usable part of its stack.
    low: usize,
    high: usize,
    /// The store that it was made for.
    store: *const RawStoreContext,
    /// How many fibers it stands within, itself among them.
    nested: u32,
    /// Below this address guests may not go now.
    limit: Cell<usize>,
    /// How many activations there are on it, and how many of them keep it from waiting.
    activations: Cell<u32>,
    blocking: Cell<u32>,
    /// What it is left by; null before it has begun.
    yielder: Cell<*const Yielder<Resumption, ()>>,
    /// The context of the poll that is running; null while there is none.
    task: Cell<*mut Context<'static>>,
    /// The activation of whoever polls, around those on the fiber.
    poller: Cell<SavedActivation>,
}

impl FiberState {
    pub(super) fn stack_limit(&self) -> usize {
        self.limit.get()
    }

    /// Begins an activation, and says whether it keeps the fiber from waiting: so it does where it is not the fiber's first, but one that the
    /// host has begun, whose frames may hold what is bound to the thread.
    pub(super) fn begin_activation(&self, limit: usize, by: EnteredBy, store: *const RawStoreContext) -> bool {
        let first = self.activations.get() == 0 && store == self.store;
        let blocks = by == EnteredBy::Host && !first;
        self.limit.set(limit);
        self.activations.update(|count| count + 1);
        self.blocking.update(|count| count + u32::from(blocks));
        blocks
    }

    pub(super) fn end_activation(&self, limit: usize, blocked: bool) {
        self.limit.set(limit);
        self.activations.update(|count| count - 1);
        self.blocking.update(|count| count - u32::from(blocked));
        // The activations around it are on the same thread, which may be another one than when this one began.
        // SAFETY: V15: the store is borrowed as long as there are activations on the fiber.
        unsafe { (*self.store).set_thread() }
    }

    /// Leaves the fiber until it is polled again.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], when nobody wants the result any more.
    fn wait(&self) -> Result<()> {
        // SAFETY: V15: who runs on the fiber may leave it; it has begun.
        match unsafe { (*self.yielder.get()).suspend(()) } {
            Resumption::Polled => Ok(()),
            Resumption::Cancelled => Err(Cancelled.into()),
        }
    }

    /// The context of the poll that is running.
    fn task<R>(&self, poll: impl FnOnce(&mut Context<'_>) -> R) -> Result<R> {
        // SAFETY: V15: whoever polls waits for the fiber, and leaves the context to it.
        match unsafe { self.task.get().as_mut() } {
            Some(task) => Ok(poll(task)),
            // There is none any more once it has been cancelled.
            None => Err(Cancelled.into()),
        }
    }
}

/// The right of who runs on a fiber to wait.
pub(crate) struct CurrentFiber {
    fiber: *const FiberState,
}

impl CurrentFiber {
    /// `None` where nobody may wait: on another stack, or where a frame of the host is in between that may hold what is bound to its thread.
    pub(crate) fn here() -> Option<CurrentFiber> {
        let mark = 0u8;
        let fiber = current_at(&raw const mark as usize)?;
        (fiber.blocking.get() == 0).then_some(CurrentFiber { fiber })
    }

    fn fiber(&self) -> &FiberState {
        // SAFETY: V15: who has it runs on the fiber, and it goes no further than he: it is neither sent nor kept.
        unsafe { &*self.fiber }
    }

    /// Polls until there is a result, and leaves the fiber in between.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], when nobody wants the result any more.
    pub(crate) fn wait_for<R>(&self, mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> Result<R> {
        loop {
            if let Poll::Ready(result) = self.fiber().task(&mut poll)? {
                return Ok(result);
            }
            self.fiber().wait()?;
        }
    }

    /// Lets others have their turn: leaves the fiber, to be polled again at once.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], when nobody wants the result any more.
    pub(crate) fn yield_now(&self) -> Result<()> {
        self.fiber().task(|task| task.waker().wake_by_ref())?;
        self.fiber().wait()
    }
}

/// A stack and what runs on it. It must be finished before it is dropped.
pub(super) struct Fiber {
    coroutine: Coroutine<Resumption, (), (), PooledStack>,
    state: Rc<FiberState>,
    /// The activation that it was left in.
    activation: Option<SavedActivation>,
}

// SAFETY: V15: what is on the stack of a fiber that waits can be sent to other threads.
unsafe impl Send for Fiber {}

// SAFETY: V5, V15: the stack is a mapping of its own, whose lowest page cannot be accessed, and of more than a page.
unsafe impl Stack for PooledStack {
    fn base(&self) -> StackPointer {
        let end = self.stack().start() as usize + self.stack().len();
        StackPointer::new(end).expect("a stack does not end at address 0")
    }

    fn limit(&self) -> StackPointer {
        StackPointer::new(self.stack().guard() as usize).expect("no mapping is at address 0")
    }
}

impl Fiber {
    /// A fiber for guests of a store, which calls `work` with `argument` when it is polled first.
    ///
    /// # Errors
    ///
    /// When there is no stack for it, or there are too many fibers around it.
    ///
    /// # Safety
    ///
    /// The store is borrowed until the fiber has finished or for good. `work` may be called with `argument`, once, as long as that is so.
    pub(super) unsafe fn new(vm: &VmStore, work: unsafe fn(*mut ()), argument: *mut ()) -> Result<Fiber> {
        // SAFETY: V15: a fiber that is running is there.
        let nested = unsafe { current().as_ref() }.map_or(1, |outer| outer.nested + 1);
        if nested > MAX_NESTED {
            let trap = Error::from(Trap::new(TrapCode::StackOverflow));
            return Err(trap.context(format!("more than {MAX_NESTED} calls that may wait, one within the other")));
        }
        let stack = vm.engine().allocator().stack()?;
        let low = stack.stack().start() as usize;
        let state = Rc::new(FiberState {
            low,
            high: low + stack.stack().len(),
            store: vm.context_pointer(),
            nested,
            limit: Cell::new(low + RESERVE),
            activations: Cell::new(0),
            blocking: Cell::new(0),
            yielder: Cell::new(null()),
            task: Cell::new(null_mut()),
            poller: Cell::new(vm.context().activation()),
        });
        let known = Rc::as_ptr(&state);
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<Resumption, ()>, first: Resumption| {
            // It may be that no thread could run it.
            if first == Resumption::Cancelled {
                return;
            }
            // SAFETY: V15: the state is there as long as the fiber is, and the caller says that `work` may be called.
            unsafe {
                (*known).yielder.set(yielder);
                work(argument);
            }
        });
        Ok(Fiber { coroutine, state, activation: None })
    }

    /// Makes sure that this thread can run a fiber for guests of a store.
    ///
    /// # Errors
    ///
    /// When it cannot have a signal stack.
    pub(super) fn prepare_thread(vm: &VmStore) -> Result<()> {
        if vm.engine().config().signals_based_traps { prepare_thread() } else { Ok(()) }
    }

    /// Goes on with the fiber, on a thread that can run it, until it waits or has finished, and says which.
    pub(super) fn poll(&mut self, task: &mut Context<'_>) -> Poll<()> {
        // The fiber uses it as long as it is borrowed here.
        self.state.task.set((&raw mut *task).cast());
        let finished = self.switch(Resumption::Polled);
        self.state.task.set(null_mut());
        if finished { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Ends the fiber: whoever waits on it gets an error, and so who called him.
    pub(super) fn cancel(mut self) {
        while !self.switch(Resumption::Cancelled) {}
    }

    /// Runs the fiber, and says whether it has finished.
    fn switch(&mut self, resumption: Resumption) -> bool {
        // SAFETY: V15: the store is borrowed until the fiber has finished.
        let context = unsafe { &*self.state.store };
        let outer = context.activation();
        self.state.poller.set(outer);
        match self.activation.take() {
            Some(own) => context.end(own),
            None => context.begin_fiber(self.state.poller.as_ptr()),
        }
        context.set_thread();
        let (outer_fiber, own_stack) = (set_current(Rc::as_ptr(&self.state)), leave_own_stack());
        let result = self.coroutine.resume(resumption);
        return_to(own_stack);
        set_current(outer_fiber);
        self.activation = Some(context.activation());
        context.end(outer);
        matches!(result, CoroutineResult::Return(()))
    }
}

#[cfg(all(test, feature = "compile", feature = "wat"))]
mod tests {
    use crate::core::{Caller, Linker, Module, TypedFunc};
    use crate::vm::stack;
    use crate::{Engine, Error, Result, Store, Trap};
    use gusset_types::TrapCode;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// On a thread whose own stack is said to be all of the address space, a fiber is a fiber: its own stack is the limit, and a plain call
    /// within a call keeps guests from waiting.
    #[test]
    fn a_stack_of_a_thread_that_is_everywhere_is_no_fiber() -> Result<()> {
        let engine = Engine::new(crate::Config::new().max_wasm_stack(usize::MAX))?;
        let module = Module::new(
            &engine,
            r#"(module (import "" "wait" (func $wait)) (import "" "call" (func $call))
                (func (export "wait") (call $wait))
                (func (export "call") (call $call))
                (func $deep (export "deep") (call $wait) (call $deep) (call $wait)))"#,
        )?;
        let mut linker = Linker::<Option<TypedFunc<(), ()>>>::new(&engine);
        linker.func_wrap_async("", "wait", |_: Caller<'_, Option<TypedFunc<(), ()>>>, (): ()| Box::new(async {}))?;
        linker.func_wrap("", "call", |mut caller: Caller<'_, Option<TypedFunc<(), ()>>>| {
            let wait = caller.data().expect("it is there");
            wait.call(&mut caller, ())
        })?;
        let mut store = Store::new(&engine, None);
        let instance = linker.instantiate(&mut store, &module)?;
        let [wait, call, deep] = ["wait", "call", "deep"].map(|name| instance.get_typed_func(&mut store, name));
        *store.data_mut() = Some(wait?);
        let (call, deep) = (call?, deep?);
        let mut error = |func: TypedFunc<(), ()>| -> Error {
            let own = stack::seem_everywhere();
            let mut future = pin!(func.call_async(&mut store, ()));
            let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            stack::return_to(own);
            let Poll::Ready(Err(error)) = polled else { panic!("it fails at once") };
            error
        };
        assert_eq!(error(deep).downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::StackOverflow));
        assert!(error(call).root_cause().to_string().starts_with("`::wait` is a function of the host that waits"));
        Ok(())
    }
}
