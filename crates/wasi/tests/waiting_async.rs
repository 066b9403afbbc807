//! Waiting in a runtime: the same ends it as in a thread, and other tasks go on meanwhile.

use gusset::{Trap, TrapCode};
use gusset_wasi::{
    Interest, Pollable, Ready, SocketStream, Stream, VirtualClock, Waiter, WasiConfig, WasiCtx, WasiError,
};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

/// One thread, so that what keeps it shows.
fn run<R>(future: impl Future<Output = R>) -> R {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn ctx() -> WasiCtx {
    WasiCtx::new(&WasiConfig::builder().system_time().build().unwrap())
}

fn pair() -> (Arc<SocketStream>, SocketStream) {
    let (ours, guests) = UnixStream::pair().unwrap();
    (Arc::new(SocketStream::unix(guests)), SocketStream::unix(ours))
}

/// What wakes whoever waits, when it is told to.
#[derive(Default)]
struct Bell(Mutex<(bool, Vec<Waker>)>);

impl Bell {
    fn ring(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        state.1.drain(..).for_each(Waker::wake);
    }
}

impl Pollable for Bell {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let mut state = self.0.lock().unwrap();
        if state.0 {
            return Poll::Ready(Ready::default());
        }
        state.1.push(waiter.waker());
        Poll::Pending
    }
}

#[test]
fn a_descriptor_a_waker_or_a_clock_ends_it() {
    run(async {
        let mut ctx = ctx();
        let ((stream, other_end), bell) = (pair(), Arc::new(Bell::default()));
        let sources: [(Arc<dyn Pollable>, Interest); 2] =
            [(stream.clone(), Interest::Read), (bell.clone(), Interest::Read)];
        let later = async |act: fn(&SocketStream, &Bell)| {
            tokio::time::sleep(Duration::from_millis(20)).await;
            act(&other_end, &bell);
        };
        let write = later(|end, _| assert_eq!(end.write(b"x").unwrap(), 1));
        let (ready, ()) = tokio::join!(ctx.wait_async(&sources, None), write);
        assert_eq!(ready.unwrap().iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0]);
        stream.read(&mut [0; 8]).unwrap();
        let deadline = ctx.monotonic_now() + Duration::from_millis(20);
        assert_eq!(ctx.wait_async(&sources, Some(deadline)).await.unwrap(), []);
        assert!(ctx.monotonic_now() >= deadline);
        let (ready, ()) = tokio::join!(ctx.wait_async(&sources, None), later(|_, bell| bell.ring()));
        assert_eq!(ready.unwrap(), [(1, Ready::default())]);
        assert_eq!(ctx.wait_async(&[], Some(Duration::ZERO)).await.unwrap(), []);
    });
}

/// The system watches a descriptor for one at a time.
#[test]
fn several_wait_for_one_descriptor() {
    run(async {
        let (stream, other_end) = pair();
        let waits = |mut ctx: WasiCtx| {
            let stream = stream.clone();
            let same = [(stream.clone() as Arc<dyn Pollable>, Interest::Read), (stream, Interest::Read)];
            tokio::spawn(async move { ctx.wait_async(&same, None).await.unwrap().len() })
        };
        let tasks = [ctx(), ctx(), ctx()].map(waits);
        tokio::time::sleep(Duration::from_millis(10)).await;
        other_end.write(b"x").unwrap();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 2);
        }
    });
}

#[test]
fn a_deadline_ends_the_guest_while_it_waits() {
    run(async {
        let mut ctx = ctx();
        ctx.set_deadline(Some(Instant::now() + Duration::from_millis(20)));
        let sources: [(Arc<dyn Pollable>, Interest); 1] = [(Arc::new(Bell::default()), Interest::Read)];
        let Err(WasiError::Stop(error)) = ctx.wait_async(&sources, None).await else { panic!("it is stopped") };
        assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Interrupt));
    });
}

#[test]
fn a_wait_that_is_given_up_leaves_all_as_it_is() {
    run(async {
        let mut ctx = ctx();
        let (stream, other_end) = pair();
        let sources: [(Arc<dyn Pollable>, Interest); 1] = [(stream.clone(), Interest::Read)];
        for _ in 0..100 {
            let given_up = tokio::time::timeout(Duration::from_micros(100), ctx.wait_async(&sources, None)).await;
            assert!(given_up.is_err());
        }
        other_end.write(b"kept").unwrap();
        assert_eq!(ctx.wait_async(&sources, None).await.unwrap().len(), 1);
        let mut bytes = [0; 8];
        assert_eq!(stream.read(&mut bytes).unwrap(), 4);
    });
}

/// A host's own way to sleep may keep a thread, and not that of the tasks.
#[test]
fn the_hosts_way_to_sleep_holds_nobody_up() {
    run(async {
        let clock = VirtualClock::new(Duration::ZERO, Duration::ZERO);
        let sleeper = clock.clone();
        let config = WasiConfig::builder()
            .monotonic_clock(clock)
            .sleep(move |time| {
                std::thread::sleep(Duration::from_millis(20));
                sleeper.advance(time);
            })
            .build()
            .unwrap();
        let mut ctx = WasiCtx::new(&config);
        let mut ticks = 0;
        tokio::select! {
            biased;
            slept = ctx.wait_async(&[], Some(Duration::from_secs(86_400))) => assert_eq!(slept.unwrap(), []),
            () = async { loop { tokio::task::yield_now().await; ticks += 1; } } => {}
        }
        assert!(ticks > 0);
        assert_eq!(ctx.monotonic_now(), Duration::from_secs(86_400));
        // What lets no time pass in the world does not in a runtime either.
        let mut virtual_ctx = WasiCtx::new(&WasiConfig::default());
        let day = virtual_ctx.monotonic_now() + Duration::from_secs(86_400);
        assert_eq!(virtual_ctx.wait_async(&[], Some(day)).await.unwrap(), []);
        assert!(virtual_ctx.monotonic_now() >= day);
    });
}

#[test]
fn without_a_runtime_it_says_so() {
    let (mut ctx, source) = (ctx(), Arc::new(Bell::default()));
    let sources: [(Arc<dyn Pollable>, Interest); 1] = [(source, Interest::Read)];
    let mut waiting = std::pin::pin!(ctx.wait_async(&sources, None));
    let mut task = std::task::Context::from_waker(Waker::noop());
    let Poll::Ready(Err(WasiError::Stop(error))) = waiting.as_mut().poll(&mut task) else { panic!("it cannot wait") };
    assert_eq!(error.to_string(), "a guest waits, and there is no Tokio runtime: its calls must be polled within one");
}
