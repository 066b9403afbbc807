//! Waiting for timers, descriptors of the system, and what wakes.

use gusset::core::{Linker, Module};
use gusset::{Config, Engine, Store, Trap, TrapCode};
use gusset_wasi::{
    ErrorCode, FileType, Input, Interest, MonotonicClock, Output, Pollable, RandomSource, Ready, SocketStream, Stream,
    VirtualClock, Waiter, WasiConfig, WasiCtx, WasiError, WasiResult, preview1,
};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(20);

fn real_ctx() -> WasiCtx {
    WasiCtx::new(&WasiConfig::builder().system_time().build().unwrap())
}

fn positions(ready: Vec<(usize, Ready)>) -> Vec<usize> {
    ready.into_iter().map(|(at, _)| at).collect()
}

/// Ready once it has been told so; it keeps one waker, as most do.
#[derive(Default)]
struct Happening {
    happened: AtomicBool,
    waker: Mutex<Option<Waker>>,
    asked: AtomicU32,
}

impl Happening {
    fn wake(&self) {
        if let Some(waker) = self.waker.lock().unwrap().take() {
            waker.wake();
        }
    }

    fn happen(&self) {
        self.happened.store(true, Ordering::SeqCst);
        self.wake();
    }
}

impl Pollable for Happening {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        *self.waker.lock().unwrap() = Some(waiter.waker());
        if self.happened.load(Ordering::SeqCst) { Poll::Ready(Ready::default()) } else { Poll::Pending }
    }
}

/// Is never ready, and wakes nobody.
struct Never;

impl Pollable for Never {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        drop(waiter.waker());
        Poll::Pending
    }
}

#[test]
fn a_timer_alone_lasts_as_long_as_it_says() {
    let ctx = real_ctx();
    let start = Instant::now();
    assert_eq!(ctx.wait(&[], Some(ctx.monotonic_now() + SHORT)).unwrap(), []);
    assert!(start.elapsed() >= SHORT);
    assert_eq!(ctx.wait(&[], Some(Duration::ZERO)).unwrap(), [], "that time is over");
    assert_eq!(ctx.wait(&[], None).unwrap_err().code(), Some(ErrorCode::Invalid));
}

/// Whatever a guest waits for, its store's deadline ends that; what is ready by then, or comes in time, is told as ever.
#[test]
fn a_deadline_ends_any_wait() {
    let mut ctx = real_ctx();
    let (pending, mut ours) = UnixStream::pair().unwrap();
    let pending = SocketStream::unix(pending);
    let sources: [&[(&dyn Pollable, Interest)]; 3] =
        [&[], &[(&Never, Interest::Read)], &[(&Never, Interest::Read), (&pending, Interest::Read)]];
    for sources in sources {
        for timer in
            [None, Some(Duration::from_secs(3600))].into_iter().filter(|timer| timer.is_some() || !sources.is_empty())
        {
            let deadline = Instant::now() + SHORT;
            ctx.set_deadline(Some(deadline));
            let error = ctx.wait(sources, timer.map(|timer| ctx.monotonic_now() + timer)).unwrap_err();
            assert!(Instant::now() >= deadline);
            let WasiError::Stop(error) = error else { panic!("{error:?} is for the guest") };
            assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Interrupt));
        }
    }
    // An earlier timer rings, and what is ready is ready.
    assert_eq!(ctx.wait(&[], Some(Duration::ZERO)).unwrap(), []);
    ctx.set_deadline(Some(Instant::now() + Duration::from_secs(3600)));
    assert_eq!(ctx.wait(&[(&pending, Interest::Read)], Some(ctx.monotonic_now() + SHORT)).unwrap(), []);
    ours.write_all(b"x").unwrap();
    ctx.set_deadline(Some(Instant::now()));
    assert_eq!(positions(ctx.wait(&[(&pending, Interest::Read)], None).unwrap()), [0]);
}

/// Nothing of it waits, but it takes long.
#[test]
fn a_deadline_ends_the_making_of_very_many_random_bytes() {
    struct Slow(Arc<AtomicU32>);
    impl RandomSource for Slow {
        fn fill(&self, bytes: &mut [u8]) -> WasiResult<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            thread::sleep(SHORT);
            bytes.fill(7);
            Ok(())
        }
    }
    let calls = Arc::new(AtomicU32::new(0));
    let mut ctx = WasiCtx::new(&WasiConfig::builder().secure_random(Slow(calls.clone())).build().unwrap());
    let mut bytes = vec![0; 3 << 20];
    ctx.fill_secure_random(&mut bytes).unwrap();
    assert!(bytes.iter().all(|&byte| byte == 7));
    let pieces = calls.swap(0, Ordering::Relaxed);
    assert!(pieces > 1);
    ctx.set_deadline(Some(Instant::now()));
    let error = ctx.fill_secure_random(&mut bytes).unwrap_err();
    let WasiError::Stop(error) = error else { panic!("{error:?} is for the guest") };
    assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Interrupt));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

/// A program that sleeps, polls or reads for ever is stopped where it waits, with its frames.
#[test]
fn a_guest_that_waits_is_stopped_at_the_deadline_of_its_store() {
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let text = r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        ;; A subscription to the monotonic clock, an hour from now, and a buffer.
        (data (i32.const 0) "\07\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\a0\b8\30\46\03\00\00")
        (data (i32.const 128) "\00\02\00\00\10\00\00\00")
        (func (export "sleep") (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 120))))
        (func (export "read") (drop (call $read (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 140)))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    preview1::add_to_linker(&mut linker, |ctx| ctx).unwrap();
    let (guests, _ours) = UnixStream::pair().unwrap();
    let stdin = Input::stream(SocketStream::unix(guests));
    let config = WasiConfig::builder().system_time().stdin(stdin).build().unwrap();
    let mut store = Store::new(&engine, WasiCtx::new(&config));
    for name in ["sleep", "read"] {
        let deadline = Instant::now() + SHORT;
        let error = store
            .with_deadline(deadline, |mut store| {
                let instance = linker.instantiate(&mut store, &module)?;
                instance.get_typed_func::<(), ()>(&mut store, name)?.call(&mut store, ())
            })
            .unwrap_err();
        assert!(Instant::now() >= deadline);
        let trap = error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{name}: {error:?}"));
        assert_eq!((trap.code(), trap.backtrace().frames().len()), (TrapCode::Interrupt, 1), "{name}");
    }
}

/// Writing to it waits, unless that is not wanted.
struct WaitsForever(SocketStream);

impl Pollable for WaitsForever {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.0.poll_ready(interest, waiter)
    }
}

impl Stream for WaitsForever {
    fn file_type(&self) -> FileType {
        FileType::SocketStream
    }

    fn write(&self, _: &[u8]) -> WasiResult<usize> {
        panic!("nothing would end this")
    }

    fn write_without_waiting(&self, bytes: &[u8]) -> WasiResult<usize> {
        self.0.write(bytes)
    }
}

/// A guest that has a deadline is stopped where it writes to what nobody reads; what is read slowly, it writes to its end.
#[test]
fn a_guest_that_waits_to_write_is_stopped_at_its_deadline() {
    const BYTES: usize = 2 * 1_000_000;
    let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
    let text = r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 16)
        ;; Two ranges of 1,000,000 bytes.
        (data (i32.const 0) "\10\00\00\00\40\42\0f\00\10\00\00\00\40\42\0f\00")
        (func (export "write") (result i32)
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 1048572)))
            (i32.load (i32.const 1048572))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    preview1::add_to_linker(&mut linker, |ctx| ctx).unwrap();
    let (mut ours, guests) = UnixStream::pair().unwrap();
    let config =
        WasiConfig::builder().stdout(Output::stream(WaitsForever(SocketStream::unix(guests)))).build().unwrap();
    let mut store = Store::new(&engine, WasiCtx::new(&config));
    store.set_deadline(Some(Instant::now() + Duration::from_secs(3600))).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let write = instance.get_typed_func::<(), i32>(&mut store, "write").unwrap();
    let reader = thread::spawn(move || {
        let mut bytes = vec![0; BYTES];
        for piece in bytes.chunks_mut(100_000) {
            thread::sleep(Duration::from_millis(1));
            ours.read_exact(piece).unwrap();
        }
        ours
    });
    assert_eq!(write.call(&mut store, ()).unwrap(), BYTES as i32);
    let _nobody_reads = reader.join().unwrap();
    let deadline = Instant::now() + SHORT;
    let error = store.with_deadline(deadline, |mut store| write.call(&mut store, ())).unwrap_err();
    assert!(Instant::now() >= deadline);
    assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Interrupt), "{error:?}");
}

#[test]
fn a_virtual_clock_lets_no_time_pass_in_the_world() {
    let ctx = WasiCtx::new(&WasiConfig::default());
    let (pending, _ours) = UnixStream::pair().unwrap();
    let pending = SocketStream::unix(pending);
    let century = Duration::from_secs(100 * 365 * 86_400);
    for sources in [&[][..], &[(&Never as &dyn Pollable, Interest::Read), (&pending, Interest::Read)][..]] {
        let before = ctx.monotonic_now();
        assert_eq!(ctx.wait(sources, Some(before + century)).unwrap(), []);
        assert!(ctx.monotonic_now() >= before + century);
    }
}

#[test]
fn a_hook_sleeps_in_place_of_the_clock() {
    let slept = Arc::new(Mutex::new(Vec::new()));
    let event = Arc::new(Happening::default());
    let (sleeps, happening) = (slept.clone(), event.clone());
    let hook = move |time| {
        sleeps.lock().unwrap().push(time);
        happening.happen();
    };
    let clock = VirtualClock::new(Duration::ZERO, Duration::ZERO);
    let ctx = WasiCtx::new(&WasiConfig::builder().monotonic_clock(clock.clone()).sleep(hook).build().unwrap());
    let deadline = clock.now() + Duration::from_secs(7);
    assert_eq!(positions(ctx.wait(&[(&*event, Interest::Read)], Some(deadline)).unwrap()), [0]);
    assert_eq!(event.asked.load(Ordering::SeqCst), 2, "it is looked at before and after");
    assert_eq!(*slept.lock().unwrap(), [Duration::from_secs(7)]);
    // Ready from the start: nobody sleeps.
    assert_eq!(positions(ctx.wait(&[(&*event, Interest::Read)], Some(deadline)).unwrap()), [0]);
    assert_eq!(slept.lock().unwrap().len(), 1);
}

#[test]
fn time_in_the_world_counts_where_the_hosts_clock_stands_still() {
    let clock = VirtualClock::new(Duration::ZERO, Duration::ZERO);
    let ctx = WasiCtx::new(&WasiConfig::builder().system_time().monotonic_clock(clock).build().unwrap());
    let start = Instant::now();
    assert_eq!(ctx.wait(&[(&Never, Interest::Read)], Some(SHORT)).unwrap(), []);
    assert!(start.elapsed() >= SHORT);
}

#[test]
fn of_several_descriptors_those_are_told_that_are_ready() {
    let ctx = real_ctx();
    let pairs: Vec<(UnixStream, SocketStream)> = (0..4)
        .map(|_| {
            let (ours, guests) = UnixStream::pair().unwrap();
            (ours, SocketStream::unix(guests))
        })
        .collect();
    let sources: Vec<(&dyn Pollable, Interest)> =
        pairs.iter().map(|(_, guests)| (guests as &dyn Pollable, Interest::Read)).collect();
    assert_eq!(ctx.wait(&sources, Some(ctx.monotonic_now() + SHORT)).unwrap(), []);
    let mut writer = pairs[2].0.try_clone().unwrap();
    let writing = thread::spawn(move || {
        thread::sleep(SHORT);
        writer.write_all(b"seven b").unwrap();
    });
    let ready = ctx.wait(&sources, None).unwrap();
    assert_eq!(ready, [(2, Ready { bytes: 7, hung_up: false })]);
    writing.join().unwrap();
    pairs[0].0.shutdown(std::net::Shutdown::Both).unwrap();
    assert_eq!(positions(ctx.wait(&sources, None).unwrap()), [0, 2]);
}

#[test]
fn a_descriptor_may_be_named_more_often_than_a_process_may_have_any() {
    let (mut ours, guests) = UnixStream::pair().unwrap();
    let (ctx, guests) = (real_ctx(), SocketStream::unix(guests));
    let sources: Vec<(&dyn Pollable, Interest)> = vec![(&guests, Interest::Read); 100_000];
    let writing = thread::spawn(move || {
        thread::sleep(SHORT);
        ours.write_all(b"!").unwrap();
        ours
    });
    assert!(!ctx.wait(&sources, None).unwrap().is_empty());
    drop(writing.join().unwrap());
}

#[test]
fn another_thread_wakes_a_guest_that_waits_for_descriptors_too() {
    let (_ours, guests) = UnixStream::pair().unwrap();
    let (ctx, guests) = (real_ctx(), SocketStream::unix(guests));
    for _ in 0..20 {
        for with_fd in [false, true] {
            let event = Arc::new(Happening::default());
            let happening = event.clone();
            let thread = thread::spawn(move || happening.happen());
            let mut sources: Vec<(&dyn Pollable, Interest)> = vec![(&*event, Interest::Read)];
            if with_fd {
                sources.push((&guests, Interest::Read));
            }
            // A day: what is woken in vain shows.
            let deadline = ctx.monotonic_now() + Duration::from_secs(86_400);
            assert_eq!(positions(ctx.wait(&sources, Some(deadline)).unwrap()), [0]);
            thread.join().unwrap();
        }
    }
}

#[test]
fn being_woken_in_vain_ends_no_wait_and_lengthens_none() {
    let (ctx, event) = (real_ctx(), Arc::new(Happening::default()));
    let (waking, stop) = (event.clone(), Arc::new(AtomicBool::new(false)));
    let stopped = stop.clone();
    let thread = thread::spawn(move || {
        while !stopped.load(Ordering::SeqCst) {
            waking.wake();
            thread::yield_now();
        }
    });
    let start = Instant::now();
    assert_eq!(ctx.wait(&[(&*event, Interest::Read)], Some(ctx.monotonic_now() + SHORT)).unwrap(), []);
    assert!(start.elapsed() >= SHORT);
    stop.store(true, Ordering::SeqCst);
    thread.join().unwrap();
    assert!(event.asked.load(Ordering::SeqCst) > 1);
}

#[test]
fn a_deadline_at_the_end_of_time_is_waited_for() {
    let (mut ours, guests) = UnixStream::pair().unwrap();
    let (ctx, guests) = (real_ctx(), SocketStream::unix(guests));
    for deadline in [Duration::MAX, Duration::from_nanos(u64::MAX), Duration::from_secs(i64::MAX as u64 + 1)] {
        let event = Arc::new(Happening::default());
        let happening = event.clone();
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5));
            happening.happen();
        });
        assert_eq!(positions(ctx.wait(&[(&*event, Interest::Read)], Some(deadline)).unwrap()), [0]);
        thread.join().unwrap();
        ours.write_all(b"!").unwrap();
        assert_eq!(positions(ctx.wait(&[(&guests, Interest::Read)], Some(deadline)).unwrap()), [0]);
    }
}

#[test]
fn what_can_neither_be_polled_nor_wake_is_asked_again() {
    struct Third(AtomicU32);
    impl Pollable for Third {
        fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
            if self.0.fetch_add(1, Ordering::SeqCst) == 2 {
                return Poll::Ready(Ready::default());
            }
            waiter.ask_again();
            Poll::Pending
        }
    }
    let (_ours, guests) = UnixStream::pair().unwrap();
    let (ctx, guests) = (real_ctx(), SocketStream::unix(guests));
    let (alone, beside) = (Third(AtomicU32::new(0)), Third(AtomicU32::new(0)));
    assert_eq!(positions(ctx.wait(&[(&alone, Interest::Read)], None).unwrap()), [0]);
    let sources: [(&dyn Pollable, Interest); 2] = [(&guests, Interest::Read), (&beside, Interest::Write)];
    let deadline = ctx.monotonic_now() + Duration::from_secs(3600);
    assert_eq!(positions(ctx.wait(&sources, Some(deadline)).unwrap()), [1]);
}

/// Shows what the system does, in another way.
struct Stopwatch(Instant);

impl MonotonicClock for Stopwatch {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }
}

#[test]
fn a_guest_sleeps_by_a_clock_of_the_hosts() {
    let ctx = WasiCtx::new(&WasiConfig::builder().monotonic_clock(Stopwatch(Instant::now())).build().unwrap());
    let deadline = ctx.monotonic_now() + SHORT;
    assert_eq!(ctx.wait(&[], Some(deadline)).unwrap(), []);
    assert!(ctx.monotonic_now() >= deadline);
}
