//! Tests in a process that is forked, as servers do that make their workers so: threads of the other process are not there.

use crate::core::{Caller, Instance, Linker, Module};
use crate::deadline::while_none_rings;
use crate::{Config, Engine, Store, Trap, TrapCode};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Says to a process that it is for one test.
const ALONE: &str = "GUSSET_TEST_ALONE";

/// Does a test, which has that path, in a process of its own: beside others a thread may have one of the standard library's locks when the
/// process is forked, which nobody gives back in the child.
pub(super) fn alone(path: &str, test: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return test();
    }
    let (_, name) = path.split_once("::").expect("it starts with the crate");
    let mut process = Command::new(env::current_exe().expect("it has a file"));
    let output = process.args([name, "--exact", "--test-threads=1"]).env(ALONE, "1").output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}{}", String::from_utf8_lossy(&output.stderr));
}

/// Whether `work` says yes in a child, and soon: one that waits for what nobody does is ended.
pub(super) fn in_child(work: impl FnOnce() -> bool) -> bool {
    // SAFETY: V10: the child, which goes on with this thread alone, allocates, which the system's allocator is prepared for, takes locks that
    // no other thread had, and ends without running anything that belongs to its parent.
    match while_none_rings(|| unsafe { libc::fork() }) {
        -1 => panic!("the system makes no process"),
        0 => {
            let good = catch_unwind(AssertUnwindSafe(work)).unwrap_or(false);
            // SAFETY: V10: as above.
            unsafe { libc::_exit(i32::from(!good)) }
        }
        child => ends_well(child),
    }
}

fn ends_well(child: libc::pid_t) -> bool {
    let (start, mut status) = (Instant::now(), 0);
    // SAFETY: V10: the system writes the status, which lives on.
    while unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) } == 0 {
        if start.elapsed() > Duration::from_secs(60) {
            // SAFETY: V10: the child has not been waited for, so its number is still its own.
            unsafe { libc::kill(child, libc::SIGKILL) };
        }
        thread::sleep(Duration::from_millis(1));
    }
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

#[test]
fn what_a_child_says_is_heard() {
    alone(concat!(module_path!(), "::what_a_child_says_is_heard"), || {
        assert!(in_child(|| true) && !in_child(|| false) && !in_child(|| panic!("in the child")));
    });
}

#[test]
fn deadlines_by_the_clock_come_in_a_forked_process() {
    alone(concat!(module_path!(), "::deadlines_by_the_clock_come_in_a_forked_process"), || {
        let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        let module = Module::new(&engine, r#"(module (func (export "spin") (loop (br 0))))"#).unwrap();
        let mut store = Store::new(&engine, ());
        // There is a thread for it in this process.
        store.set_deadline(Some(Instant::now() + Duration::from_secs(3600))).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let spin = instance.get_typed_func::<(), ()>(&mut store, "spin").unwrap();
        assert!(in_child(|| {
            let soon = Instant::now() + Duration::from_millis(20);
            let error = store.with_deadline(soon, |mut store| spin.call(&mut store, ())).unwrap_err();
            error.downcast_ref::<Trap>().map(Trap::code) == Some(TrapCode::Interrupt)
        }));
    });
}

/// In both processes, from where it was, each with its own copy of the stack; and a fault there is the guest's.
#[test]
fn a_call_that_waits_goes_on_in_a_forked_process() {
    alone(concat!(module_path!(), "::a_call_that_waits_goes_on_in_a_forked_process"), || {
        let engine = Engine::default();
        let module = Module::new(
            &engine,
            r#"(module (import "" "wait" (func $wait)) (memory 1)
                (func (export "load") (param i32) (result i32) (call $wait) (i32.load8_u (local.get 0))))"#,
        );
        let mut linker = Linker::<()>::new(&engine);
        linker.func_wrap_async("", "wait", |_: Caller<'_, ()>, (): ()| Box::new(PendingOnce(false))).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module.unwrap()).unwrap();
        let load = instance.get_typed_func::<u32, u32>(&mut store, "load").unwrap();
        for address in [7, u32::MAX] {
            let mut call = Box::pin(load.call_async(&mut store, address));
            let mut poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll().is_pending());
            let mut ends = || match poll() {
                Poll::Pending => false,
                Poll::Ready(Ok(byte)) => address == 7 && byte == 0,
                Poll::Ready(Err(error)) => {
                    address != 7 && error.downcast_ref::<Trap>().map(Trap::code) == Some(TrapCode::MemoryOutOfBounds)
                }
            };
            assert!(in_child(&mut ends) && ends());
        }
    });
}

/// Is pending once.
struct PendingOnce(bool);

impl Future for PendingOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.0, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
