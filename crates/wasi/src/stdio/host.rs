//! Streams over a host's [`Read`] and [`Write`].

use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter, WakerSet};
use std::io::{self, Read, Write};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

/// How much is read at once. At most twice as much is read ahead.
const CHUNK: usize = 32 << 10;
/// How long a thread waits that reads what says that it is not ready, and cannot say when it will be.
const NOT_READY: Duration = Duration::from_millis(10);

/// Reads a [`Read`] ahead, by a thread of its own: nothing else could tell whether reading would wait. The thread starts when the guest
/// asks for the first time, and ends with what it reads, or, once the stream is dropped, when its reading returns.
pub(super) struct ReaderStream(Arc<ReadAhead>);

#[derive(Default)]
struct ReadAhead {
    state: Mutex<ReaderState>,
    /// There is room for a chunk, or nobody who reads any more.
    room: Condvar,
}

#[derive(Default)]
struct ReaderState {
    /// Until the thread starts.
    reader: Option<Box<dyn Read + Send>>,
    /// What has been read ahead, from `taken` on.
    bytes: Vec<u8>,
    taken: usize,
    /// What comes after the bytes: the end, or an error, which is told once and followed by the end.
    end: Option<Result<(), ErrorCode>>,
    dropped: bool,
    wakers: WakerSet,
}

impl ReaderStream {
    pub(super) fn new(reader: impl Read + Send + 'static) -> ReaderStream {
        let ahead = ReadAhead::default();
        ahead.lock().reader = Some(Box::new(reader));
        ReaderStream(Arc::new(ahead))
    }

    /// The state, once the thread has been started.
    fn started(&self) -> MutexGuard<'_, ReaderState> {
        let mut state = self.0.lock();
        if let Some(reader) = state.reader.take() {
            let ahead = self.0.clone();
            let thread = thread::Builder::new().name("wasi-stdin".into()).spawn(move || pump(reader, &Pumped(ahead)));
            if thread.is_err() {
                state.end = Some(Err(ErrorCode::InsufficientMemory));
            }
        }
        state
    }
}

impl Drop for ReaderStream {
    fn drop(&mut self) {
        self.0.lock().dropped = true;
        self.0.room.notify_one();
    }
}

impl ReadAhead {
    fn lock(&self) -> MutexGuard<'_, ReaderState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room; whether somebody wants what is read.
    fn wait_for_room(&self) -> bool {
        let full = |state: &mut ReaderState| !state.dropped && state.left().len() > CHUNK;
        !self.room.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner).dropped
    }

    fn change(&self, change: impl FnOnce(&mut ReaderState)) {
        let mut state = self.lock();
        change(&mut state);
        let mut wakers = mem::take(&mut state.wakers);
        drop(state);
        wakers.wake_all();
    }
}

impl ReaderState {
    fn left(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    fn append(&mut self, bytes: &[u8]) {
        self.bytes.drain(..mem::take(&mut self.taken));
        self.bytes.extend_from_slice(bytes);
    }
}

/// The thread's end of it. However the thread ends, nobody waits for it any longer.
struct Pumped(Arc<ReadAhead>);

impl Drop for Pumped {
    fn drop(&mut self) {
        // It panicked, where nothing else is known.
        self.0.change(|state| _ = state.end.get_or_insert(Err(ErrorCode::Io)));
    }
}

fn pump(mut reader: Box<dyn Read + Send>, Pumped(ahead): &Pumped) {
    let mut chunk = vec![0; CHUNK];
    while ahead.wait_for_room() {
        match reader.read(&mut chunk) {
            Ok(0) => return ahead.change(|state| state.end = Some(Ok(()))),
            // A reader that claims more than it was given is not believed.
            Ok(count) => ahead.change(|state| state.append(&chunk[..count.min(CHUNK)])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(NOT_READY),
            Err(error) => return ahead.change(|state| state.end = Some(Err(ErrorCode::from(&error)))),
        }
    }
}

impl Pollable for ReaderStream {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        if interest == Interest::Write {
            return Poll::Ready(Ready::default());
        }
        let mut state = self.started();
        let bytes = state.left().len() as u64;
        if bytes == 0 && state.end.is_none() {
            let mut full = state.wakers.insert(waiter.waker());
            drop(state);
            full.wake_all();
            return Poll::Pending;
        }
        Poll::Ready(Ready { bytes, hung_up: state.end.is_some() })
    }
}

impl Stream for ReaderStream {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        let mut state = self.started();
        let count = state.left().len().min(bytes.len());
        if count > 0 {
            bytes[..count].copy_from_slice(&state.left()[..count]);
            state.taken += count;
            self.0.room.notify_one();
            return Ok(count);
        }
        match &mut state.end {
            _ if bytes.is_empty() => Ok(0),
            Some(end) => Ok(mem::replace(end, Ok(())).map(|()| 0)?),
            None => Err(ErrorCode::WouldBlock.into()),
        }
    }
}

/// Writes to a [`Write`], and waits in it.
pub(super) struct WriterStream<W> {
    writer: Mutex<W>,
    /// It was not ready when it was last written to, and cannot say when it will be.
    not_ready: AtomicBool,
}

impl<W> WriterStream<W> {
    pub(super) fn new(writer: W) -> WriterStream<W> {
        WriterStream { writer: Mutex::new(writer), not_ready: AtomicBool::new(false) }
    }
}

impl<W: Write + Send> Pollable for WriterStream<W> {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        if interest == Interest::Write && self.not_ready.swap(false, Ordering::Relaxed) {
            waiter.ask_again();
            return Poll::Pending;
        }
        Poll::Ready(Ready::default())
    }
}

impl<W: Write + Send> Stream for WriterStream<W> {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn keeps_thread(&self) -> bool {
        true
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match writer.write(bytes) {
                Ok(0) if !bytes.is_empty() => return Err(ErrorCode::InsufficientSpace.into()),
                Ok(count) => return Ok(count.min(bytes.len())),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.not_ready.store(error.kind() == io::ErrorKind::WouldBlock, Ordering::Relaxed);
                    return Err(error.into());
                }
            }
        }
    }

    fn flush(&self) -> WasiResult<()> {
        Ok(self.writer.lock().unwrap_or_else(PoisonError::into_inner).flush()?)
    }
}
