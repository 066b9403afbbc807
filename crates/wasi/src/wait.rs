//! Waiting: [`Pollable`]s say whether they are ready and what to wait for, a [`Waiter`] gathers that, and [`block`] is the one place
//! where a guest's thread waits.
//!
//! What the system can wait for is given to it as a file descriptor, anything else wakes a [`Waker`]; so no runtime and no
//! thread is needed here, and one that has an executor can wait for the same things in its own way.

use crate::error::WasiResult;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

/// How often is asked again where nobody can be woken.
const WITHOUT_WAKER: Duration = Duration::from_millis(10);

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Interest {
    /// That reading would not wait: there are bytes, or the end, or a failure.
    Read,
    /// That writing would not wait.
    Write,
}

/// What is known of something that is ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ready {
    /// How many bytes can be read or written at least; 0 if that is not known.
    pub bytes: u64,
    /// The other side is gone: there is nothing to read but what is left, or nobody to write to.
    pub hung_up: bool,
}

/// What one can wait for. As it stands it is always ready, which is right for regular files.
///
/// [`Stream`](crate::Stream) has an example.
pub trait Pollable: Send + Sync {
    /// Whether it is ready now; if it is not, the waiter is told what to wait for: a file descriptor ([`Waiter::on_fd`]), or, where
    /// there is none, the waker ([`Waiter::waker`]) is kept and woken when this is worth asking again.
    ///
    /// It never waits itself. A failure counts as ready: the operation itself will tell.
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let _ = (interest, waiter);
        Poll::Ready(Ready::default())
    }
}

/// Gathers what to wait for.
pub struct Waiter<'a> {
    fds: Vec<(BorrowedFd<'a>, Interest)>,
    waker: &'a mut LazyWaker,
}

/// A pipe that wakes what polls it, made when somebody asks for a waker.
#[derive(Default)]
pub(crate) struct LazyWaker {
    /// The end that is polled, and what writes to the other one.
    pipe: Option<(OwnedFd, Waker)>,
    /// Somebody asked, and there is no pipe to be had.
    failed: bool,
}

struct PipeWaker(OwnedFd);

impl Wake for PipeWaker {
    fn wake(self: Arc<PipeWaker>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<PipeWaker>) {
        // A full pipe wakes as well as one with one byte more.
        let _ = rustix::io::write(&self.0, &[0]);
    }
}

impl<'a> Waiter<'a> {
    pub(crate) fn new(waker: &'a mut LazyWaker) -> Waiter<'a> {
        Waiter { fds: Vec::new(), waker }
    }

    /// Waits for a file descriptor of the system.
    pub fn on_fd(&mut self, fd: BorrowedFd<'a>, interest: Interest) {
        self.fds.push((fd, interest));
    }

    /// What to wake. It may be woken from any thread, more than once, and too early.
    pub fn waker(&mut self) -> Waker {
        self.waker.get()
    }
}

impl LazyWaker {
    fn get(&mut self) -> Waker {
        if self.pipe.is_none() {
            let flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK;
            self.pipe = pipe_with(flags).ok().map(|(read, write)| (read, Waker::from(Arc::new(PipeWaker(write)))));
            self.failed = self.pipe.is_none();
        }
        self.pipe.as_ref().map_or_else(|| Waker::noop().clone(), |(_, waker)| waker.clone())
    }
}

/// Waits until something that the waiter was told of may be ready, or for so long; it may return too early. The one place where a
/// guest's thread waits for the world (sleeping is [`Sleep`](crate::clock), which hosts can replace).
pub(crate) fn block(waiter: &Waiter<'_>, timeout: Option<Duration>) -> WasiResult<()> {
    let flags = |interest| match interest {
        Interest::Read => PollFlags::IN,
        Interest::Write => PollFlags::OUT,
    };
    let mut fds: Vec<PollFd<'_>> =
        waiter.fds.iter().map(|&(fd, interest)| PollFd::from_borrowed_fd(fd, flags(interest))).collect();
    if let Some((read, _)) = &waiter.waker.pipe {
        fds.push(PollFd::new(read, PollFlags::IN));
    }
    let timeout = if waiter.waker.failed { Some(timeout.unwrap_or(WITHOUT_WAKER).min(WITHOUT_WAKER)) } else { timeout };
    // What does not fit is longer than anybody waits.
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
