//! Turns of guests that compute. The runtime looks for what has come from clients only when nobody is ready, or now and then; where all threads have guests
//! that are always ready, each look would be many turns away. So a guest that lets others have their turn is ready again after the next look.

use super::body::GuestFuture;
use gusset::Result;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use tokio::task::yield_now;

/// The guest is being polled.
const POLLED: u8 = 1;

/// It is ready again.
const WOKEN: u8 = 2;

/// Who is told while the guest is polled, and after it.
struct TurnWaker {
    state: AtomicU8,
    task: Waker,
}

impl Wake for TurnWaker {
    fn wake(self: Arc<TurnWaker>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<TurnWaker>) {
        // Whoever polls it sees to the rest.
        if self.state.fetch_or(WOKEN, Ordering::AcqRel) & POLLED == 0 {
            self.task.wake_by_ref();
        }
    }
}

/// Lets the guest go on for a turn.
pub(super) fn poll_guest(guest: &mut GuestFuture, task: &mut Context<'_>) -> Poll<Result<()>> {
    let turn = Arc::new(TurnWaker { state: AtomicU8::new(POLLED), task: task.waker().clone() });
    let ended = guest.as_mut().poll(&mut Context::from_waker(&Waker::from(turn.clone())));
    if turn.state.swap(0, Ordering::AcqRel) & WOKEN != 0 {
        // It is pending at first, and has the task woken after the next look.
        let _ = pin!(yield_now()).poll(task);
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    struct CountedWakes(AtomicU32);

    impl Wake for CountedWakes {
        fn wake(self: Arc<CountedWakes>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn no_wake_is_lost() {
        let count = Arc::new(CountedWakes(AtomicU32::new(0)));
        let told = || count.0.load(Ordering::Relaxed);
        let waker = Waker::from(count.clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        // It is woken while it is polled, and ends at the third time.
        let mut times = 0;
        let mut guest: GuestFuture = Box::pin(std::future::poll_fn(move |task| {
            times += 1;
            sender.send(task.waker().clone()).unwrap();
            match times {
                1 => Poll::Pending,
                2 => {
                    task.waker().wake_by_ref();
                    Poll::Pending
                }
                _ => Poll::Ready(Ok(())),
            }
        }));
        let mut poll = || poll_guest(&mut guest, &mut Context::from_waker(&waker)).is_ready();
        assert_eq!((poll(), told()), (false, 0));
        let first = receiver.recv().unwrap();
        first.wake_by_ref();
        assert_eq!(told(), 1);
        // There is no runtime here that looks: it is told at once.
        assert_eq!((poll(), told()), (false, 2));
        receiver.recv().unwrap().wake();
        assert_eq!(told(), 3);
        assert_eq!((poll(), told()), (true, 3));
    }
}
