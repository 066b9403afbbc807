//! Signal handlers: a fault of compiled code becomes a trap, everything else goes on to the handler that was there
//! before.
//!
//! The handler finds out where it is by the thread's current activation alone: no lock, no allocation, nothing that
//! another thread may be changing.

use super::context::RawStoreContext;
use super::registers::Registers;
use super::unwind;
use crate::error::{Error, Result};
use gusset_types::TrapCode;
use std::cell::Cell;
use std::mem::zeroed;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

/// The store whose compiled code a thread is running; null while it runs the host.
pub(super) struct RunningGuest(Cell<*const RawStoreContext>);

impl RunningGuest {
    #[inline(always)]
    pub(super) fn set(&self, context: *const RawStoreContext) {
        self.0.set(context);
    }
}

thread_local! {
    static CURRENT: RunningGuest = const { RunningGuest(Cell::new(null())) };
    /// Whether this thread is ready for guests' faults.
    static PREPARED: Cell<bool> = const { Cell::new(false) };
}

/// Where this thread says which store's code it is running.
///
/// The compiler may keep the address over calls: who may be on another thread after one asks the store's context instead
/// ([`RawStoreContext::leave_guest`]), where the address is written anew.
#[inline(always)]
pub(super) fn running_guest() -> *const RunningGuest {
    CURRENT.with(|running| running as *const RunningGuest)
}

/// The store whose compiled code this thread is running.
pub(super) fn current() -> *const RawStoreContext {
    CURRENT.with(|running| running.0.get())
}

const SIGNALS: [i32; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// The handlers that were there before, by position in [`SIGNALS`].
static PREVIOUS: OnceLock<[libc::sigaction; 4]> = OnceLock::new();

/// Installs the handlers, once in a process.
pub(crate) fn install_signal_handlers() -> Result<()> {
    static FAILED: OnceLock<Option<i32>> = OnceLock::new();
    match FAILED.get_or_init(|| install().err()) {
        None => Ok(()),
        Some(error) => {
            Err(Error::from(std::io::Error::from_raw_os_error(*error)).context("installing signal handlers"))
        }
    }
}

fn install() -> Result<(), i32> {
    // The handlers that are there are read first, so that ours never runs without knowing them.
    // SAFETY: V10: all-zero bytes are a `sigaction`.
    let mut previous: [libc::sigaction; 4] = unsafe { zeroed() };
    for (signal, previous) in SIGNALS.into_iter().zip(&mut previous) {
        // SAFETY: V10: only reads the present handler.
        check(unsafe { libc::sigaction(signal, null(), previous) })?;
    }
    PREVIOUS.get_or_init(|| previous);
    for signal in SIGNALS {
        // SAFETY: V10: all-zero bytes are a `sigaction`; the handler below is `extern "C"` and takes what SA_SIGINFO
        // gives.
        check(unsafe {
            let mut action: libc::sigaction = zeroed();
            action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
            action.sa_sigaction = on_signal as *const () as usize;
            libc::sigemptyset(&mut action.sa_mask);
            libc::sigaction(signal, &action, null_mut())
        })?;
    }
    Ok(())
}

fn check(result: i32) -> Result<(), i32> {
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)) }
}

unsafe extern "C" fn on_signal(signal: i32, info: *mut libc::siginfo_t, user_context: *mut libc::c_void) {
    // SAFETY: V10: the system passes pointers that are valid during the call, and CURRENT is null or a live store's
    // context.
    let handled = unsafe {
        let mut registers = Registers::of(user_context);
        let is_access = signal == libc::SIGSEGV || signal == libc::SIGBUS;
        let address = is_access.then(|| (*info).si_addr() as usize);
        match current().as_ref() {
            Some(context) => trap(context, &mut registers, address),
            None => false,
        }
    };
    if !handled {
        // SAFETY: V10: the same arguments go on.
        unsafe { chain(signal, info, user_context) }
    }
}

/// Makes a trap of a fault, if it is one of compiled code: the thread then continues at the entry's landing pad.
///
/// # Safety
///
/// The thread runs compiled code of `context`'s store, or the signal came from elsewhere and `registers` are not of
/// such code.
unsafe fn trap(context: &RawStoreContext, registers: &mut Registers<'_>, address: Option<usize>) -> bool {
    let pc = registers.pc();
    let Some(code) = context.with_code_at(pc, |code| code.trap_at(pc)) else { return false };
    // An instruction that may fault does so for other reasons as well (a mapped file was truncated, our own bug): only
    // an address that it can be expected to touch makes a trap.
    let offset = match (code, address) {
        (_, None) => None,
        (_, Some(address)) if address < NULL_PAGE => None,
        (TrapCode::MemoryOutOfBounds, Some(address)) => match context.memory_offset(address) {
            Some(offset) => Some(offset),
            None => return false,
        },
        _ => return false,
    };
    context.failure.set_trap(code, offset);
    context.failure.clear_frames();
    unwind::add_frames(context, pc);
    // SAFETY: V9: the faulting instruction is of compiled code, so the frame pointer is of its frame.
    unsafe { unwind::record_frames(context, registers.fp()) };
    registers.resume(context.entry_handler.get(), context.entry_sp.get(), context.entry_fp.get());
    true
}

/// No mapping is below this address: an access there goes through a null reference, or one that is out of bounds was sent there.
const NULL_PAGE: usize = 4096;

/// `SI_USER` of macOS, which `libc` does not have; that of Linux is 0.
const SENT: i32 = if cfg!(target_os = "macos") { 0x1_0001 } else { 0 };

/// Does what would have been done without us.
///
/// # Safety
///
/// The arguments are those of a signal handler.
unsafe fn chain(signal: i32, info: *mut libc::siginfo_t, user_context: *mut libc::c_void) {
    let at = SIGNALS.iter().position(|&known| known == signal);
    let Some(previous) = PREVIOUS.get().zip(at).map(|(all, at)| &all[at]) else { std::process::abort() };
    let handler = previous.sa_sigaction;
    // SAFETY: V10: the handler was installed for this signal with these flags.
    unsafe {
        if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
            let was_sent = (*info).si_code <= 0 || (*info).si_code == SENT;
            if was_sent && handler == libc::SIG_IGN {
                return;
            }
            // The instruction runs again, and then the process ends as it would have; a signal that somebody sent is
            // sent again.
            libc::sigaction(signal, previous, null_mut());
            if was_sent {
                libc::raise(signal);
            }
        } else if previous.sa_flags & libc::SA_SIGINFO != 0 {
            type Handler = unsafe extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
            std::mem::transmute::<usize, Handler>(handler)(signal, info, user_context);
        } else {
            std::mem::transmute::<usize, unsafe extern "C" fn(i32)>(handler)(signal);
        }
    }
}

/// Makes sure that this thread can run signal handlers on a stack of their own that has room for ours. Called before it enters
/// guests that may fault.
#[inline(always)]
pub(super) fn prepare_thread() -> Result<()> {
    if PREPARED.get() { Ok(()) } else { prepare() }
}

#[cold]
fn prepare() -> Result<()> {
    signal_stack::install()?;
    PREPARED.set(true);
    Ok(())
}

mod signal_stack {
    //! A signal stack per thread, for threads that have none or too small a one.

    use super::super::mapping::{Mapping, StackMapping, page_size};
    use crate::error::{Error, Result};
    use std::cell::RefCell;
    use std::mem::zeroed;
    use std::ptr::null_mut;

    /// Registers of the largest processors take 11 KiB of it, and handlers behind ours may be less frugal.
    const SIZE: usize = 64 << 10;

    /// The thread's signal stack, if we gave it one.
    struct SignalStack(StackMapping);

    thread_local! {
        static STACK: RefCell<Option<SignalStack>> = const { RefCell::new(None) };
    }

    pub(super) fn install() -> Result<()> {
        // SAFETY: V10: only reads the present stack; all-zero bytes are a `stack_t`.
        let present = unsafe {
            let mut present: libc::stack_t = zeroed();
            libc::sigaltstack(null_mut(), &mut present);
            present
        };
        if present.ss_flags & libc::SS_DISABLE == 0 && present.ss_size >= SIZE {
            return Ok(());
        }
        let mapping = Mapping::reserve(SIZE.next_multiple_of(page_size()) + page_size())?.into_stack()?;
        let stack = libc::stack_t { ss_sp: mapping.start().cast(), ss_flags: 0, ss_size: mapping.len() };
        // SAFETY: V10: the stack's memory is ours until the thread ends.
        if unsafe { libc::sigaltstack(&stack, null_mut()) } != 0 {
            return Err(Error::from(std::io::Error::last_os_error()).context("giving a thread a signal stack"));
        }
        STACK.with_borrow_mut(|slot| *slot = Some(SignalStack(mapping)));
        Ok(())
    }

    impl Drop for SignalStack {
        fn drop(&mut self) {
            // SAFETY: V10: the stack is taken away from the thread, if it is still ours, before its memory goes.
            unsafe {
                let mut present: libc::stack_t = zeroed();
                libc::sigaltstack(null_mut(), &mut present);
                if present.ss_sp == self.0.start().cast() {
                    let none = libc::stack_t { ss_sp: null_mut(), ss_flags: libc::SS_DISABLE, ss_size: SIZE };
                    libc::sigaltstack(&none, null_mut());
                }
            }
        }
    }
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use super::*;
    use crate::core::{Func, FuncType, Instance, Module};
    use crate::{Engine, Store};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    /// Runs the test named `test` once more in a process of its own, in which `fault` is called by a guest; returns the
    /// signal that ended the process.
    fn signal_of(test: &str, fault: fn()) -> Result<Option<i32>> {
        const MARK: &str = "GUSSET_TEST_FAULT";
        if std::env::var_os(MARK).is_none() {
            let name = format!("vm::signals::tests::{test}");
            let mut child = Command::new(std::env::current_exe()?);
            child
                .args(["--exact", &name, "--test-threads=1"])
                .env(MARK, "1")
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            return Ok(child.status()?.signal());
        }
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let func = Func::new(&mut store, FuncType::default(), move |_, _, _| {
            fault();
            Ok(())
        })?;
        let module = Module::new(&engine, br#"(module (import "" "" (func)) (func (export "f") (call 0)))"#)?;
        let instance = Instance::new(&mut store, &module, &[func.into()])?;
        instance.get_func(&mut store, "f").expect("it is exported").call(&mut store, &[], &mut [])?;
        Ok(None)
    }

    #[test]
    fn a_fault_of_the_host_ends_the_process() -> Result<()> {
        let fault = || {
            // SAFETY: V10: nothing is at the address, and the fault ends the process.
            unsafe { (16 as *mut u8).write_volatile(1) }
        };
        assert_eq!(signal_of("a_fault_of_the_host_ends_the_process", fault)?, Some(libc::SIGSEGV));
        Ok(())
    }

    /// A thread that the C library alone knows of has no signal stack of its own.
    #[test]
    fn guests_fault_on_threads_that_rust_did_not_start() -> Result<()> {
        extern "C" fn run(_: *mut libc::c_void) -> *mut libc::c_void {
            let trap = || -> Result<TrapCode> {
                let engine = Engine::default();
                let mut store = Store::new(&engine, ());
                let module = Module::new(
                    &engine,
                    br#"(module (memory 1) (func $f (export "f") (param i32)
                    (drop (i32.load (local.get 0))) (call $f (local.get 0))))"#,
                )?;
                let f = Instance::new(&mut store, &module, &[])?.get_func(&mut store, "f").expect("it is exported");
                let fault = f.call(&mut store, &[crate::core::Val::I32(-1)], &mut []).expect_err("it is out of bounds");
                assert_eq!(
                    fault.downcast_ref::<crate::Trap>().map(crate::Trap::code),
                    Some(TrapCode::MemoryOutOfBounds)
                );
                let deep = f.call(&mut store, &[crate::core::Val::I32(0)], &mut []).expect_err("it has no end");
                Ok(deep.downcast_ref::<crate::Trap>().expect("it traps").code())
            };
            let passed = std::panic::catch_unwind(|| matches!(trap(), Ok(TrapCode::StackOverflow)));
            usize::from(matches!(passed, Ok(true))) as *mut libc::c_void
        }
        // SAFETY: V7: the thread gets nothing of this one, and is waited for.
        let passed = unsafe {
            let (mut thread, mut passed) = (zeroed(), null_mut());
            assert_eq!(libc::pthread_create(&mut thread, null(), run, null_mut()), 0);
            assert_eq!(libc::pthread_join(thread, &mut passed), 0);
            passed as usize
        };
        assert_eq!(passed, 1);
        Ok(())
    }

    #[test]
    fn a_signal_that_was_sent_has_its_default_effect() -> Result<()> {
        let send = || {
            // SAFETY: V10: the handler may run at any time.
            unsafe { libc::raise(libc::SIGFPE) };
        };
        assert_eq!(signal_of("a_signal_that_was_sent_has_its_default_effect", send)?, Some(libc::SIGFPE));
        Ok(())
    }
}
