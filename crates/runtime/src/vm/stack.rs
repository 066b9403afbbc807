//! How deep guests may go on the stack that they run on. What counts is the thread's, not the store's: a host function
//! may enter another store, or lend its store to another thread. On a fiber it is the fiber's, which takes it along.

use super::context::RawStoreContext;
use super::fiber::{self, FiberState};
use super::store::VmStore;
use crate::error::{Error, Result};
use crate::trap::Trap;
use gusset_types::TrapCode;
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

/// What stays free below guests, for what they call: stubs, the runtime's functions and the host's. The deepest values
/// that guests can pass take most of it, and several times as much in code that is not optimised.
pub(super) const RESERVE: usize = if cfg!(debug_assertions) { 256 << 10 } else { 128 << 10 };

thread_local! {
    /// The thread's own stack, once it is known: see [`OwnStack`].
    static OWN: Cell<OwnStack> = const { Cell::new(OwnStack { low: 0, high: 0 }) };
    /// Below this address guests may not go now on the thread's own stack. What the outermost activation on it may use
    /// is all that those within it may use, of whatever store they are. 0 until it is known.
    static LIMIT: Cell<usize> = const { Cell::new(0) };
    /// The thread's activations on other stacks, of whatever store. It is never dropped, since guests may run while the thread
    /// ends, and keeps no memory while it is empty.
    static ELSEWHERE: ManuallyDrop<RefCell<Vec<ForeignActivation>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// An activation on a stack that the host has switched to. Which stack it is, and how large, nobody says; but it is known to
/// have all that the activation may use, and what host functions need below that.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ForeignActivation {
    start: usize,
    limit: usize,
    /// Which of the thread's it is.
    number: u64,
}

impl ForeignActivation {
    /// Whether an address is on the same stack, as far as that is known.
    fn has_on_its_stack(&self, address: usize) -> bool {
        (self.limit.saturating_sub(RESERVE)..=self.start).contains(&address)
    }
}

/// The usable part of the thread's own stack; all zero before anybody has asked, and an empty range at the very end of
/// the address space when the system does not say.
#[derive(Clone, Copy)]
pub(super) struct OwnStack {
    low: usize,
    high: usize,
}

impl OwnStack {
    const UNKNOWN: OwnStack = OwnStack { low: usize::MAX, high: usize::MAX };
    /// What it seems to be while a fiber runs. Where it may grow without end, the system counts all that is free below it, and fibers' stacks
    /// may be made there.
    const NOT_IN_USE: OwnStack = OwnStack::UNKNOWN;

    #[inline]
    fn contains(self, address: usize) -> bool {
        (self.low..self.high).contains(&address)
    }
}

/// The right to go down to a limit. Until it is dropped, guests that are entered on the same stack are bound by it.
pub(crate) struct StackLimit {
    limit: usize,
    outer: OuterLimit,
}

/// Who begins an activation. It counts on a fiber, which may only wait where no frame of the host is kept waiting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EnteredBy {
    /// The host, of which there may be frames between the activation and the one around it.
    Host,
    /// The runtime, for the guest that is running: there are none.
    Runtime,
}

/// What is to be put back.
enum OuterLimit {
    /// On the thread's own stack: what stood in [`LIMIT`] before.
    Own(usize),
    /// On the stack of a fiber: what it had before, and whether the activation kept it from waiting. The fiber outlives its
    /// activations.
    Fiber { fiber: *const FiberState, limit: usize, blocks: bool },
    /// Elsewhere: the activation leaves [`ELSEWHERE`]. Hosts that have many stacks end activations in any order.
    Elsewhere(ForeignActivation),
}

impl StackLimit {
    /// For an activation of at most `max` bytes that starts here, in the store of that context.
    ///
    /// # Errors
    ///
    /// When there is no room for any guest.
    #[inline(always)]
    fn from_here(max: usize, by: EnteredBy, store: *const RawStoreContext) -> Result<StackLimit> {
        let here = stack_pointer();
        let outer = match LIMIT.get() {
            0 => prepare(),
            limit => limit,
        };
        let wanted = here.saturating_sub(max).max(1);
        if !OWN.get().contains(here) {
            return elsewhere(here, wanted, by, store);
        }
        let limit = wanted.max(outer);
        if limit >= here {
            return Err(exhausted(here));
        }
        LIMIT.set(limit);
        Ok(StackLimit { limit, outer: OuterLimit::Own(outer) })
    }

    /// The lowest address that guests may use.
    #[inline]
    pub(super) fn address(&self) -> usize {
        self.limit
    }
}

impl Drop for StackLimit {
    #[inline]
    fn drop(&mut self) {
        match self.outer {
            OuterLimit::Own(limit) => LIMIT.set(limit),
            OuterLimit::Fiber { fiber, limit, blocks } => leave_on_fiber(fiber, limit, blocks),
            OuterLimit::Elsewhere(activation) => leave(activation),
        }
    }
}

impl VmStore {
    /// The right to go down from here, for an activation in this store.
    ///
    /// # Errors
    ///
    /// When there is no room for any guest.
    #[inline(always)]
    pub(crate) fn limit_stack(&self, by: EnteredBy) -> Result<StackLimit> {
        StackLimit::from_here(self.engine().config().max_wasm_stack, by, self.context_pointer())
    }
}

/// The limit on a stack that is not the thread's own.
#[cold]
#[inline(never)]
fn elsewhere(here: usize, wanted: usize, by: EnteredBy, store: *const RawStoreContext) -> Result<StackLimit> {
    match fiber::current_at(here) {
        Some(fiber) => on_fiber(fiber, here, wanted, by, store),
        None => on_unknown_stack(here, wanted),
    }
}

/// The limit on the stack of a fiber: that of the innermost activation there, which at first is the stack's own.
fn on_fiber(
    fiber: &FiberState,
    here: usize,
    wanted: usize,
    by: EnteredBy,
    store: *const RawStoreContext,
) -> Result<StackLimit> {
    let outer = fiber.stack_limit();
    let limit = wanted.max(outer);
    if limit >= here {
        return Err(Trap::new(TrapCode::StackOverflow).into());
    }
    let blocks = fiber.begin_activation(limit, by, store);
    Ok(StackLimit { limit, outer: OuterLimit::Fiber { fiber, limit: outer, blocks } })
}

#[cold]
#[inline(never)]
fn leave_on_fiber(fiber: *const FiberState, limit: usize, blocks: bool) {
    // SAFETY: V15: an activation on a fiber ends there, before the fiber does.
    unsafe { (*fiber).end_activation(limit, blocks) }
}

/// The limit on a stack that the host has switched to: that of the innermost activation on the same stack, if there is one.
fn on_unknown_stack(here: usize, wanted: usize) -> Result<StackLimit> {
    ELSEWHERE.with(|all| {
        let mut all = all.borrow_mut();
        let outer = all.iter().rev().find(|outer| outer.has_on_its_stack(here));
        let limit = outer.map_or(wanted, |outer| wanted.max(outer.limit));
        if limit >= here {
            return Err(exhausted(here));
        }
        let number = all.last().map_or(0, |last| last.number + 1);
        let activation = ForeignActivation { start: here, limit, number };
        all.push(activation);
        Ok(StackLimit { limit, outer: OuterLimit::Elsewhere(activation) })
    })
}

#[cold]
#[inline(never)]
fn leave(activation: ForeignActivation) {
    ELSEWHERE.with(|all| {
        let mut all = all.borrow_mut();
        if let Some(at) = all.iter().rposition(|other| *other == activation) {
            all.remove(at);
        }
        if all.is_empty() {
            *all = Vec::new();
        }
    });
}

/// Bytes of the present stack below here; `None` where nobody knows.
#[cfg(any(feature = "addr2line", feature = "compile", feature = "demangle"))]
pub(crate) fn stack_left() -> Option<usize> {
    let own = match OWN.get() {
        OwnStack { high: 0, .. } => learn_own(),
        own => own,
    };
    let here = stack_pointer();
    own.contains(here).then(|| here - own.low)
}

/// The thread leaves its own stack, if it is on it, for a fiber's; [`return_to`] is given what this returns.
#[inline(never)]
pub(super) fn leave_own_stack() -> OwnStack {
    if LIMIT.get() == 0 {
        prepare();
    }
    OWN.replace(OwnStack::NOT_IN_USE)
}

/// The thread has come back from a fiber.
#[inline(never)]
pub(super) fn return_to(own: OwnStack) {
    OWN.set(own);
}

/// Has the thread's own stack seem to be all that there is, until [`return_to`] is given what this returns.
#[cfg(all(test, feature = "compile", feature = "wat"))]
pub(super) fn seem_everywhere() -> OwnStack {
    prepare();
    OWN.replace(OwnStack { low: 0, high: usize::MAX })
}

/// An address in this stack frame.
#[inline(always)]
fn stack_pointer() -> usize {
    let here = 0u8;
    &raw const here as usize
}

/// Learns the limit on the thread's own stack, which it is on.
#[cold]
fn prepare() -> usize {
    let limit = learn_own().low.saturating_add(RESERVE);
    LIMIT.set(limit);
    limit
}

#[cold]
fn learn_own() -> OwnStack {
    let own = own_stack().unwrap_or(OwnStack::UNKNOWN);
    OWN.set(own);
    own
}

#[cold]
fn exhausted(here: usize) -> Error {
    let own = OWN.get();
    let trap = Error::from(Trap::new(TrapCode::StackOverflow));
    if own.contains(here) && own.high - own.low <= RESERVE {
        let (size, needed) = ((own.high - own.low) >> 10, RESERVE >> 10);
        return trap.context(format!("a thread with {size} KiB of stack; guests need more than {needed} KiB"));
    }
    trap
}

/// The usable part of the thread's own stack, from its lowest address on; `None` when the system does not say.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn own_stack() -> Option<OwnStack> {
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
        known.then(|| OwnStack { low: start.saturating_add(guard), high: start.saturating_add(size) })
    }
}

/// The usable part of the thread's own stack, from its lowest address on; `None` when the system does not say.
#[cfg(target_os = "macos")]
fn own_stack() -> Option<OwnStack> {
    // SAFETY: V7: asks for what is of this thread.
    let (high, size) = unsafe {
        let this = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(this) as usize, libc::pthread_get_stacksize_np(this))
    };
    Some(OwnStack { low: high.checked_sub(size)?, high })
}

/// Elsewhere what the system says of a main thread's stack is what has been touched of it: of no use.
#[cfg(not(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos")))]
fn own_stack() -> Option<OwnStack> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "x86_64", feature = "compile"))]
    use crate::{
        Config, Engine, Store,
        core::{Func, FuncType, Instance, Module},
        vm::mapping::Mapping,
    };
    #[cfg(all(target_arch = "x86_64", feature = "compile"))]
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    #[cfg(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos"))]
    #[test]
    fn inner_activations_keep_the_limit_of_the_outer_one() {
        let limit = |max| StackLimit::from_here(max, EnteredBy::Host, std::ptr::null()).unwrap();
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
    fn on_other_stacks_the_innermost_activation_there_counts() {
        prepare();
        let (max, stack, other) = (1 << 20, 1 << 40, 2 << 40);
        let at = |here: usize| on_unknown_stack(here, here - max).unwrap();
        let outer = at(stack);
        assert_eq!(outer.address(), stack - max);
        let inner = at(stack - 1000);
        assert_eq!(inner.address(), stack - max, "of whatever store it is");
        let switched = at(other);
        assert_eq!(switched.address(), other - max);
        let back = on_unknown_stack(stack - 2000, stack - 3000).unwrap();
        assert_eq!(back.address(), stack - 3000);
        assert_eq!(at(stack - 2100).address(), stack - 3000);
        assert!(on_unknown_stack(stack - 3001, 1).is_err(), "the host has gone beyond the limit");
        assert_eq!(at(other - 5).address(), other - max);
        // The stacks' activations end in any order.
        drop(outer);
        drop(switched);
        assert_eq!(at(other - 5).address(), other - 5 - max);
        assert_eq!(at(stack - 2100).address(), stack - 3000);
        drop(back);
        assert_eq!(at(stack - 2100).address(), stack - max);
        drop(inner);
        assert_eq!(at(stack - 2100).address(), stack - 2100 - max);
        assert_eq!(ELSEWHERE.with(|all| all.borrow().capacity()), 0);
    }

    #[cfg(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos"))]
    #[test]
    fn no_guest_runs_on_a_tiny_stack() {
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let thread = thread
            .spawn(|| StackLimit::from_here(1 << 20, EnteredBy::Host, std::ptr::null()).map(|limit| limit.address()))
            .unwrap();
        let error = thread.join().unwrap().unwrap_err();
        assert!(error.to_string().contains("KiB of stack"), "{error}");
        assert_eq!(error.downcast_ref::<Trap>().unwrap().code(), TrapCode::StackOverflow);
    }

    /// Runs `work` on a stack of that many bytes, about which the system says nothing.
    #[cfg(all(target_arch = "x86_64", feature = "compile"))]
    fn on_foreign_stack(bytes: usize, work: &mut dyn FnMut()) {
        extern "C" fn run(work: *mut &mut dyn FnMut()) {
            // SAFETY: V7: the pointer is of the caller's argument, which lives until the switch back.
            unsafe { (*work)() }
        }
        let stack = Mapping::reserve(bytes).unwrap().into_stack().unwrap();
        let top = stack.start().wrapping_add(stack.len());
        let mut work = work;
        // SAFETY: V7: the stack is mapped, aligned to pages and used by nobody else; the call comes back to it.
        unsafe {
            std::arch::asm!(
                "mov r12, rsp", "mov rsp, {top}", "call {run}", "mov rsp, r12",
                top = in(reg) top, run = in(reg) run as extern "C" fn(*mut &mut dyn FnMut()),
                in("rdi") &raw mut work, out("r12") _, clobber_abi("C")
            )
        }
    }

    /// Calls a guest in a store of its own, whose host function does the same.
    #[cfg(all(target_arch = "x86_64", feature = "compile"))]
    fn recurse(engine: &Engine, module: &Module, grow: Option<usize>, depth: &Arc<AtomicUsize>) -> Result<()> {
        depth.fetch_add(1, Ordering::Relaxed);
        let mut store = Store::new(engine, ());
        let again = (engine.clone(), module.clone(), depth.clone());
        let again = Func::new(&mut store, FuncType::default(), move |_, _, _| {
            let (engine, module, depth) = &again;
            let grow_now = grow.filter(|every| depth.load(Ordering::Relaxed).is_multiple_of(*every));
            let mut result = Ok(());
            match grow_now {
                Some(_) => on_foreign_stack(4 << 20, &mut || result = recurse(engine, module, None, depth)),
                None => result = recurse(engine, module, grow, depth),
            }
            result
        })?;
        let instance = Instance::new(&mut store, module, &[again.into()])?;
        instance.get_func(&mut store, "run").expect("it is exported").call(&mut store, &[], &mut [])
    }

    /// As recursion through stores on the thread's own stack: it ends in a trap, and never in a crash.
    #[cfg(all(target_arch = "x86_64", feature = "compile"))]
    #[test]
    fn recursion_through_stores_on_a_foreign_stack_ends_in_a_trap() {
        let engine = Engine::new(Config::new().memory_reservation(1 << 16).memory_guard(0)).unwrap();
        let text = r#"(module (import "" "again" (func $again)) (func (export "run") (call $again)))"#;
        let module = Module::new(&engine, text).unwrap();
        // Once all on one stack, once with a switch to another one on the way.
        for grow in [None, Some(3)] {
            let depth = Arc::new(AtomicUsize::new(0));
            let mut result = Ok(());
            on_foreign_stack(4 << 20, &mut || result = recurse(&engine, &module, grow, &depth));
            let error = result.expect_err("it has no end");
            assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::StackOverflow), "{error}");
            assert!(depth.load(Ordering::Relaxed) > 10, "{depth:?}");
        }
        assert_eq!(ELSEWHERE.with(|all| all.borrow().len()), 0, "all of them have been left");
    }
}
