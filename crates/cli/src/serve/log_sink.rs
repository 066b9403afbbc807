//! [`LogSink`]: what the server and its guests write goes through a queue to a thread that writes it. So nobody waits for a terminal or a pipe that
//! takes nothing, but a guest that has more in the queue than its share.

use gusset_wasi::Waiter;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::Instant;

/// How many bytes of a guest's may be in the queue before it waits.
const SHARE: usize = 64 << 10;

/// How many bytes of the server's own lines are kept; what comes beyond is not written, and counted.
const OWN_MOST: usize = 4 << 20;

/// How many bytes of all guests' are kept; what comes beyond is not written either. Guests that end leave their lines behind.
const GUESTS_MOST: usize = 16 << 20;

/// What a line takes beside its bytes, about.
const LINE: usize = 64;

/// How much is written at once, about.
const BATCH: usize = 64 << 10;

/// How many wakers of one guest are kept.
const MANY_WAKERS: usize = 64;

/// A destination, with its thread.
pub(super) struct LogSink {
    queue: Mutex<LogQueue>,
    /// There is something to write.
    filled: Condvar,
    /// Nothing is left.
    drained: Condvar,
    /// Nobody reads it any more.
    closed: AtomicBool,
}

#[derive(Default)]
struct LogQueue {
    lines: VecDeque<(Vec<u8>, Option<Arc<GuestShare>>)>,
    /// Bytes of the server's own.
    own: usize,
    /// Bytes of all guests', with what their lines take beside.
    guests: usize,
    /// How many lines there was no room for.
    lost: u64,
    /// The thread has taken some that it is writing.
    writing: bool,
    ended: bool,
}

/// What one guest has in the queue.
#[derive(Default)]
pub(super) struct GuestShare {
    queued: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl LogSink {
    /// Starts the thread that writes to `out`.
    ///
    /// # Errors
    ///
    /// When the system starts none.
    pub(super) fn start(name: &str, out: impl Write + Send + 'static) -> io::Result<Arc<LogSink>> {
        let sink = Arc::new(LogSink {
            queue: Mutex::default(),
            filled: Condvar::new(),
            drained: Condvar::new(),
            closed: AtomicBool::new(false),
        });
        let writer = sink.clone();
        thread::Builder::new().name(name.into()).spawn(move || writer.run(out))?;
        Ok(sink)
    }

    /// Writes a line of the server's, if there is room.
    pub(super) fn put(&self, line: String) {
        let mut queue = self.lock();
        if queue.own + line.len() > OWN_MOST {
            queue.lost += 1;
            return;
        }
        queue.own += line.len();
        self.push(queue, line.into_bytes(), None);
    }

    /// Writes bytes of a guest's, whatever it has in the queue, if there is room.
    pub(super) fn put_for(&self, share: &Arc<GuestShare>, bytes: Vec<u8>) {
        let mut queue = self.lock();
        if queue.guests + bytes.len() + LINE > GUESTS_MOST {
            queue.lost += 1;
            return;
        }
        queue.guests += bytes.len() + LINE;
        share.queued.fetch_add(bytes.len(), Ordering::Relaxed);
        self.push(queue, bytes, Some(share.clone()));
    }

    /// Whether what is written here gets nowhere.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Waits until all is written, or until then; nothing that comes later is written.
    pub(super) fn finish(&self, end: Instant) {
        let mut queue = self.lock();
        queue.ended = true;
        self.filled.notify_one();
        while !queue.lines.is_empty() || queue.writing {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = self.drained.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn push(&self, mut queue: MutexGuard<'_, LogQueue>, bytes: Vec<u8>, share: Option<Arc<GuestShare>>) {
        let was_empty = queue.lines.is_empty();
        queue.lines.push_back((bytes, share));
        drop(queue);
        if was_empty {
            self.filled.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, LogQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut out: impl Write) {
        let (mut batch, mut shares) = (Vec::new(), Vec::new());
        while self.take(&mut batch, &mut shares) {
            // A disk that is full may have room again, a pipe that nobody reads has none.
            let written = out.write_all(&batch).and_then(|()| out.flush());
            if written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                self.closed.store(true, Ordering::Relaxed);
            }
            batch.clear();
            for (share, count) in shares.drain(..) {
                GuestShare::give_back(&share, count);
            }
        }
    }

    /// Takes some lines, once there are any; no more will come where it returns `false`.
    fn take(&self, batch: &mut Vec<u8>, shares: &mut Vec<(Arc<GuestShare>, usize)>) -> bool {
        let mut queue = self.lock();
        queue.writing = false;
        loop {
            if !queue.lines.is_empty() {
                break;
            }
            self.drained.notify_all();
            if queue.ended {
                return false;
            }
            queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.writing = true;
        while batch.len() < BATCH
            && let Some((bytes, share)) = queue.lines.pop_front()
        {
            batch.extend_from_slice(&bytes);
            match share {
                Some(share) => {
                    queue.guests -= bytes.len() + LINE;
                    shares.push((share, bytes.len()));
                }
                None => queue.own -= bytes.len(),
            }
        }
        if queue.lost > 0 {
            let lost = mem::take(&mut queue.lost);
            batch.extend_from_slice(
                format!("warning: {lost} lines of the log were lost: nobody took them\n").as_bytes(),
            );
        }
        true
    }
}

impl GuestShare {
    /// Whether the guest may write.
    pub(super) fn has_room(&self) -> bool {
        self.queued.load(Ordering::Relaxed) < SHARE
    }

    /// The same; where it may not, the waiter is told when it may.
    pub(super) fn poll_room(&self, waiter: &Waiter<'_>) -> bool {
        if self.has_room() {
            return true;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waker = waiter.waker();
        if !waiting.iter().any(|known| known.will_wake(&waker)) {
            let forgotten = (waiting.len() >= MANY_WAKERS).then(|| waiting.remove(0));
            waiting.push(waker);
            forgotten.into_iter().for_each(Waker::wake);
        }
        drop(waiting);
        // Room may have come meanwhile, and nobody would tell.
        self.has_room()
    }

    fn give_back(share: &GuestShare, count: usize) {
        share.queued.fetch_sub(count, Ordering::Relaxed);
        let waiting = mem::take(&mut *share.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    /// Takes nothing before it is told to.
    struct Gate(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_guest_has_its_share_and_the_servers_lines_are_bounded() {
        let (open, gate) = mpsc::channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let sink = LogSink::start("log", Gate(gate, written.clone())).unwrap();
        let (one, other) = (Arc::<GuestShare>::default(), Arc::<GuestShare>::default());
        while one.has_room() {
            sink.put_for(&one, vec![b'a'; 4096]);
        }
        assert!(other.has_room());
        let line = "b".repeat(1 << 20);
        (0..6).for_each(|_| sink.put(line.clone()));
        drop(open);
        sink.finish(Instant::now() + Duration::from_secs(60));
        assert!(one.has_room());
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert_eq!(written.matches(&line).count(), 4);
        assert!(written.contains("warning: 2 lines of the log were lost"), "{}", written.len());
    }

    #[test]
    fn what_guests_leave_behind_is_bounded() {
        let (open, gate) = mpsc::channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let sink = LogSink::start("log", Gate(gate, written.clone())).unwrap();
        let line = || [vec![b'a'; 64 << 10], b"\n".to_vec()].concat();
        (0..300).for_each(|_| sink.put_for(&Arc::default(), line()));
        (0..1_000_000).for_each(|_| sink.put_for(&Arc::default(), b"\n".to_vec()));
        sink.put("the server's own\n".into());
        drop(open);
        sink.finish(Instant::now() + Duration::from_secs(60));
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        // One batch may have been taken before.
        assert!((GUESTS_MOST - (128 << 10)..GUESTS_MOST + (128 << 10)).contains(&written.len()), "{}", written.len());
        assert!(written.contains("lines of the log were lost") && written.contains("the server's own\n"));
    }
}
