//! [`LogSink`]: what the server and its guests write goes through a queue to a thread that writes it. So nobody waits for a terminal or a pipe that
//! takes nothing, but a guest that has more in the queue than its share.

use super::listen::TOLD_EACH;
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
    /// What it is called where it cannot be written.
    what: &'static str,
    /// Where that is told, if not here.
    told_in: Option<Arc<LogSink>>,
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
    /// How many lines there was no room for, here or where they go, since that was told here.
    lost: u64,
    /// A line was begun, and the rest of it could not be written.
    is_torn: bool,
    /// The thread has taken some that it is writing.
    writing: bool,
    ended: bool,
}

/// What is written at once.
#[derive(Default)]
struct LogBatch {
    bytes: Vec<u8>,
    shares: Vec<(Arc<GuestShare>, usize)>,
    /// It begins with the end of a line that was torn.
    mends: bool,
    /// Of how many lost lines its last one tells.
    told_lost: u64,
}

/// What one guest has in the queue.
#[derive(Default)]
pub(super) struct GuestShare {
    queued: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl LogSink {
    /// Starts the thread that writes to `out`, which is `what`.
    ///
    /// # Errors
    ///
    /// When the system starts none.
    pub(super) fn start(
        what: &'static str,
        told_in: Option<&Arc<LogSink>>,
        out: impl Write + Send + 'static,
    ) -> io::Result<Arc<LogSink>> {
        let sink = Arc::new(LogSink {
            what,
            told_in: told_in.cloned(),
            queue: Mutex::default(),
            filled: Condvar::new(),
            drained: Condvar::new(),
            closed: AtomicBool::new(false),
        });
        let writer = sink.clone();
        thread::Builder::new().name("gusset-log".into()).spawn(move || writer.run(out))?;
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

    /// Waits until all is written, or until then; nothing that comes later is written. How many lines were lost is told where it is told that
    /// this cannot be written.
    pub(super) fn finish(&self, end: Instant) {
        self.lock().ended = true;
        self.filled.notify_one();
        self.drain(end);
        let lost = self.lock().lost;
        // Who reads it no more wants none.
        if let Some(sink) = self.told_in.as_ref().filter(|_| lost > 0 && !self.is_closed()) {
            sink.put(format!("warning: {lost} lines of {} were lost\n", self.what));
        }
    }

    fn drain(&self, end: Instant) {
        let mut queue = self.lock();
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
        let mut batch = LogBatch::default();
        let mut told: Option<Instant> = None;
        while self.take(&mut batch) {
            let (written, outcome) = write_counted(&mut out, &batch.bytes);
            match outcome {
                Ok(()) => self.lock().lost -= batch.told_lost,
                Err(error) => {
                    self.lock().note_failure(&batch, written);
                    // A disk that is full may have room again, a pipe that nobody reads has none.
                    if error.kind() == io::ErrorKind::BrokenPipe {
                        self.closed.store(true, Ordering::Relaxed);
                    } else if let Some(sink) = &self.told_in
                        && told.is_none_or(|at| at.elapsed() > TOLD_EACH)
                    {
                        told = Some(Instant::now());
                        sink.put(format!("warning: {} cannot be written: {error}\n", self.what));
                    }
                }
            }
            batch.bytes.clear();
            for (share, count) in batch.shares.drain(..) {
                GuestShare::give_back(&share, count);
            }
        }
    }

    /// Takes some lines, once there are any; no more will come where it returns `false`.
    fn take(&self, batch: &mut LogBatch) -> bool {
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
        batch.mends = mem::take(&mut queue.is_torn);
        if batch.mends {
            batch.bytes.push(b'\n');
        }
        while batch.bytes.len() < BATCH
            && let Some((bytes, share)) = queue.lines.pop_front()
        {
            batch.bytes.extend_from_slice(&bytes);
            match share {
                Some(share) => {
                    queue.guests -= bytes.len() + LINE;
                    batch.shares.push((share, bytes.len()));
                }
                None => queue.own -= bytes.len(),
            }
        }
        if queue.lost > 0 {
            let line = format!("warning: {} lines of the log were lost: they could not be written\n", queue.lost);
            batch.bytes.extend_from_slice(line.as_bytes());
        }
        batch.told_lost = queue.lost;
        true
    }
}

impl LogQueue {
    /// Of the batch, only so many bytes could be written.
    fn note_failure(&mut self, batch: &LogBatch, written: usize) {
        let rest = &batch.bytes[written..];
        let ends = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        // What ends a torn line, and what tells of lost ones, are none themselves.
        let others = u64::from(batch.mends && written == 0) + u64::from(batch.told_lost > 0);
        self.lost += ends.saturating_sub(others);
        self.is_torn = batch.bytes[..written].last().map_or(batch.mends, |last| *last != b'\n');
    }
}

/// Writes all of it, or says how much was written before that failed.
fn write_counted(out: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match out.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, out.flush())
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
        let sink = LogSink::start("the log", None, Gate(gate, written.clone())).unwrap();
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

    /// A disk of which so many bytes are free.
    struct Disk(Arc<Mutex<(usize, Vec<u8>)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            let count = bytes.len().min(disk.0);
            disk.0 -= count;
            disk.1.extend_from_slice(&bytes[..count]);
            if count == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(count) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_a_full_disk_does_not_take_are_counted() {
        let (disk, errors) = (Arc::new(Mutex::new((7, Vec::new()))), Arc::new(Mutex::new((usize::MAX, Vec::new()))));
        let told_in = LogSink::start("standard error", None, Disk(errors.clone())).unwrap();
        let sink = LogSink::start("the log", Some(&told_in), Disk(disk.clone())).unwrap();
        let end = || Instant::now() + Duration::from_secs(60);
        let put = |line: &str| {
            sink.put(format!("{line}\n"));
            sink.drain(end());
        };
        ["one", "two", "three", "four"].into_iter().for_each(put);
        assert_eq!(disk.lock().unwrap().1, b"one\ntwo");
        // It has room again, and then has none.
        disk.lock().unwrap().0 = 100;
        put("five");
        disk.lock().unwrap().0 = 0;
        put("six");
        sink.finish(end());
        told_in.finish(end());
        let text = |disk: &Mutex<(usize, Vec<u8>)>| String::from_utf8(disk.lock().unwrap().1.clone()).unwrap();
        assert_eq!(text(&disk), "one\ntwo\nfive\nwarning: 3 lines of the log were lost: they could not be written\n");
        let errors = text(&errors);
        let (first, last) = errors.split_once('\n').unwrap();
        assert!(first.starts_with("warning: the log cannot be written: "), "{first}");
        assert_eq!(last, "warning: 1 lines of the log were lost\n");
    }

    #[test]
    fn what_guests_leave_behind_is_bounded() {
        let (open, gate) = mpsc::channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let sink = LogSink::start("the log", None, Gate(gate, written.clone())).unwrap();
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
