//! Waiting keeps no descriptor of the system. A program of its own, since it counts those of the whole process.
#![cfg(target_os = "linux")]

use gusset_wasi::{Interest, Pollable, Ready, SocketStream, Waiter, WasiConfig, WasiCtx};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::task::{Poll, Waker};
use std::time::Duration;

/// Keeps every waker that it gets.
#[derive(Default)]
struct Collector(Mutex<Vec<Waker>>);

impl Pollable for Collector {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.0.lock().unwrap().push(waiter.waker());
        Poll::Pending
    }
}

fn count() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn waiting_keeps_none() {
    let (_ours, guests) = UnixStream::pair().unwrap();
    let (guests, collector) = (SocketStream::unix(guests), Collector::default());
    let before = count();
    for _ in 0..100 {
        let ctx = WasiCtx::new(&WasiConfig::builder().system_time().build().unwrap());
        let sources: [(&dyn Pollable, Interest); 2] = [(&guests, Interest::Read), (&collector, Interest::Read)];
        let deadline = ctx.monotonic_now() + Duration::from_micros(100);
        assert_eq!(ctx.wait(&sources, Some(deadline)).unwrap(), []);
    }
    assert_eq!(count(), before);
    let wakers = std::mem::take(&mut *collector.0.lock().unwrap());
    assert!(wakers.len() >= 100);
    // Nobody waits any more; nothing is written to nobody.
    wakers.into_iter().for_each(Waker::wake);
}
