//! Waiting: [`Pollable`]s say whether they are ready and what to wait for, a [`Waiter`] gathers that, and [`block`] is the one place
//! where a guest's thread waits.
//!
//! What the system can wait for is given to it as a file descriptor, anything else wakes a [`Waker`]; so no runtime and no
//! thread is needed here, and whoever has an executor can make a [`Waiter`] of its waker and wait for the same things in its own way.

#[cfg(feature = "async")]
mod executor;

#[cfg(feature = "async")]
pub(crate) use executor::{keep_thread, pause};

use crate::error::WasiResult;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

/// How often is asked again where nobody can tell when.
const ASK_AGAIN: Duration = Duration::from_millis(10);
/// How many a [`WakerSet`] keeps.
const MANY_WAKERS: usize = 1024;

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
/// ```
/// use gusset_wasi::{Interest, Pollable, Ready, WasiConfig, WasiCtx, Waiter};
/// use std::sync::Mutex;
/// use std::task::{Poll, Waker};
///
/// /// Opens once, for whoever waits before it.
/// #[derive(Default)]
/// struct Gate(Mutex<(bool, Option<Waker>)>);
///
/// impl Gate {
///     fn open(&self) {
///         let mut gate = self.0.lock().unwrap();
///         gate.0 = true;
///         gate.1.take().map(Waker::wake);
///     }
/// }
///
/// impl Pollable for Gate {
///     fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
///         let mut gate = self.0.lock().unwrap();
///         if gate.0 {
///             return Poll::Ready(Ready::default());
///         }
///         gate.1 = Some(waiter.waker());
///         Poll::Pending
///     }
/// }
///
/// let (gate, ctx) = (Gate::default(), WasiCtx::new(&WasiConfig::default()));
/// std::thread::scope(|scope| {
///     scope.spawn(|| gate.open());
///     assert_eq!(ctx.wait(&[(&gate, Interest::Read)], None).unwrap(), [(0, Ready::default())]);
/// });
/// ```
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

/// What goes on while a guest waits for something else: a writer whose bytes the system has not all taken. It is asked whenever its guest
/// waits, and advances when it is.
pub(crate) trait Unfinished: Pollable {
    /// Whether nothing is left to do.
    fn is_finished(&self) -> bool;
}

/// Gathers what to wait for. [`WasiCtx::wait`](crate::WasiCtx::wait) has its own; whoever waits in another way makes one of a waker, asks
/// the [`Pollable`]s, and then waits for the descriptors, and to be woken.
///
/// ```
/// use gusset_wasi::{Interest, Pollable, SocketStream, Waiter};
/// use std::os::unix::net::UnixStream;
/// use std::task::Waker;
/// let (ours, _theirs) = UnixStream::pair()?;
/// let stream = SocketStream::unix(ours);
/// let mut waiter = Waiter::new(Waker::noop().clone());
/// assert!(stream.poll_ready(Interest::Read, &mut waiter).is_pending()); // nobody has written
/// assert_eq!(waiter.fds().len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Waiter<'a> {
    fds: Vec<(BorrowedFd<'a>, Interest)>,
    waker: Waker,
    /// Somebody can neither be waited for nor wake.
    asks_again: bool,
}

/// Where a guest's thread waits, and what the [`Waker`] of its [`Waiter`] wakes. It outlives a wait, so that those who keep wakers know it
/// again; it holds descriptors only while somebody waits.
#[derive(Default)]
pub(crate) struct Wakeup {
    state: Mutex<WakeupState>,
    woken: Condvar,
}

#[derive(Default)]
struct WakeupState {
    woken: bool,
    /// Written to, while the thread waits in the system.
    pipe: Option<OwnedFd>,
}

impl<'a> Waiter<'a> {
    /// A waiter that waits for nothing yet, and has this waker to give away.
    pub fn new(waker: Waker) -> Waiter<'a> {
        Waiter { fds: Vec::new(), waker, asks_again: false }
    }

    /// Waits for a file descriptor of the system.
    pub fn on_fd(&mut self, fd: BorrowedFd<'a>, interest: Interest) {
        self.fds.push((fd, interest));
    }

    /// What to wake. It may be woken from any thread, more than once, and too early.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Asks again soon (10 ms from now), for want of a descriptor and of anybody who could wake.
    pub fn ask_again(&mut self) {
        self.asks_again = true;
    }

    /// The descriptors of the system that are to be waited for.
    pub fn fds(&self) -> &[(BorrowedFd<'a>, Interest)] {
        &self.fds
    }

    /// Whether somebody has to be asked again soon.
    pub fn asks_again(&self) -> bool {
        self.asks_again
    }

    /// What the system is asked about: each descriptor once, however often a guest names it, since it takes only so many.
    fn poll_fds(&self) -> Vec<PollFd<'a>> {
        let mut fds = self.fds.clone();
        fds.sort_by_key(|(fd, _)| fd.as_raw_fd());
        let mut polled: Vec<PollFd<'_>> = Vec::with_capacity(fds.len() + 1);
        let mut last: Option<(BorrowedFd<'_>, PollFlags)> = None;
        for (fd, interest) in fds {
            let flags = poll_flags(interest);
            match &mut last {
                Some((known, all)) if known.as_raw_fd() == fd.as_raw_fd() => *all |= flags,
                _ => {
                    polled.extend(last.map(|(fd, flags)| PollFd::from_borrowed_fd(fd, flags)));
                    last = Some((fd, flags));
                }
            }
        }
        polled.extend(last.map(|(fd, flags)| PollFd::from_borrowed_fd(fd, flags)));
        polled
    }
}

impl Wakeup {
    /// What was woken before is forgotten: whatever is ready by now says so when it is asked.
    pub(crate) fn forget(&self) {
        self.lock().woken = false;
    }

    fn lock(&self) -> MutexGuard<'_, WakeupState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits to be woken; whether the time was up first.
    fn park(&self, timeout: Option<Duration>) -> bool {
        let (state, asleep) = (self.lock(), |state: &mut WakeupState| !state.woken);
        match timeout {
            Some(timeout) => {
                let waited = self.woken.wait_timeout_while(state, timeout, asleep);
                waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
            }
            None => {
                drop(self.woken.wait_while(state, asleep));
                false
            }
        }
    }

    /// What is ready to be read once this is woken; `None` where the system has no pipe to give.
    fn open_pipe(&self) -> Option<OwnedFd> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).ok()?;
        let mut state = self.lock();
        if state.woken {
            let _ = rustix::io::write(&write, &[0]);
        }
        state.pipe = Some(write);
        Some(read)
    }
}

impl Wake for Wakeup {
    fn wake(self: Arc<Wakeup>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Wakeup>) {
        let mut state = self.lock();
        state.woken = true;
        if let Some(pipe) = &state.pipe {
            // A full pipe wakes as well as one with a byte more, and its other end is open as long as this one is.
            let _ = rustix::io::write(pipe, &[0]);
        }
        self.woken.notify_all();
    }
}

/// Waits until something that the waiter was told of may be ready, or `wakeup` is woken, or for so long; whether the time was up. It may return
/// too early.
///
/// This is the one place where a guest's thread waits for the world (sleep may be the host's own, and writing waits in the system where no
/// deadline is set: see [`Output`](crate::Output)). A guest's deadline shortens the time, which the loop of `WasiCtx::wait` answers with
/// [`WasiError::Stop`](crate::WasiError::Stop), which no interface above turns into an error of the guest's; so no epoch that begins
/// meanwhile is seen before the wait is over. Whoever is to interrupt a guest at another time sets a flag that is looked at there, after
/// [`Wakeup::forget`], and wakes its [`Wakeup`], which ends any wait here at once, whatever it is for.
pub(crate) fn block(wakeup: &Wakeup, waiter: &Waiter<'_>, timeout: Option<Duration>) -> WasiResult<bool> {
    let shorten = |shorten: bool| if shorten { Some(timeout.unwrap_or(ASK_AGAIN).min(ASK_AGAIN)) } else { timeout };
    if waiter.fds.is_empty() {
        let shortened = shorten(waiter.asks_again);
        return Ok(wakeup.park(shortened) && shortened == timeout);
    }
    let mut fds = waiter.poll_fds();
    let pipe = wakeup.open_pipe();
    let shortened = shorten(waiter.asks_again || pipe.is_none());
    fds.extend(pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    // What does not fit is longer than anybody waits.
    let span = shortened.and_then(|timeout| Timespec::try_from(timeout).ok());
    let polled = poll(&mut fds, span.as_ref());
    // Before the end that is read is closed.
    wakeup.lock().pipe = None;
    match polled {
        Ok(count) => Ok(count == 0 && shortened == timeout),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether a file descriptor of the system is ready.
pub(crate) fn poll_fd(fd: BorrowedFd<'_>, interest: Interest) -> Poll<Ready> {
    let mut fds = [PollFd::from_borrowed_fd(fd, poll_flags(interest))];
    match poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(0) | Err(Errno::INTR) => Poll::Pending,
        Ok(_) => {
            let hung_up = fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR);
            let bytes = if interest == Interest::Read { rustix::io::ioctl_fionread(fd).unwrap_or(0) } else { 0 };
            Poll::Ready(Ready { bytes, hung_up })
        }
        // The operation itself will tell.
        Err(_) => Poll::Ready(Ready::default()),
    }
}

fn poll_flags(interest: Interest) -> PollFlags {
    match interest {
        Interest::Read => PollFlags::IN,
        Interest::Write => PollFlags::OUT,
    }
}

/// Those whom a stream has to wake. What waits again and again is in it once.
#[derive(Default)]
pub(crate) struct WakerSet(Vec<Waker>);

impl WakerSet {
    /// Those that it returns are to be woken, once nothing is locked: most of so many are of guests that have ended, and the others come again.
    #[must_use]
    pub(crate) fn insert(&mut self, waker: Waker) -> WakerSet {
        let mut full = WakerSet::default();
        if !self.0.iter().any(|known| known.will_wake(&waker)) {
            if self.0.len() >= MANY_WAKERS {
                full = mem::take(self);
            }
            self.0.push(waker);
        }
        full
    }

    pub(crate) fn wake_all(&mut self) {
        for waker in self.0.drain(..) {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fd::AsFd;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    #[test]
    fn so_many_wait_and_none_is_forgotten() {
        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Count>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let counts: Vec<_> = (0..MANY_WAKERS + 1).map(|_| Arc::new(Count(AtomicUsize::new(0)))).collect();
        let mut wakers = WakerSet::default();
        for count in counts.iter().chain(&counts[MANY_WAKERS..]) {
            wakers.insert(Waker::from(count.clone())).wake_all();
        }
        assert_eq!(wakers.0.len(), 1);
        wakers.wake_all();
        assert!(counts.iter().all(|count| count.0.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn a_wait_for_descriptors_alone_ends_when_it_is_woken() {
        let (silent, _other_end) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let wakeup = Arc::<Wakeup>::default();
        let mut waiter = Waiter::new(Waker::from(wakeup.clone()));
        waiter.on_fd(silent.as_fd(), Interest::Read);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                Waker::from(wakeup.clone()).wake();
            });
            assert!(!block(&wakeup, &waiter, None).unwrap());
        });
        // Woken before it waits, too; and not once that is forgotten.
        assert!(!block(&wakeup, &waiter, None).unwrap());
        wakeup.forget();
        assert!(block(&wakeup, &waiter, Some(Duration::from_millis(1))).unwrap());
    }
}
