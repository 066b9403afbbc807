//! Streams in memory: nothing, bytes to read, and a buffer that is written.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

/// What a guest writes, for the host to read. Clones are the same buffer.
///
/// ```
/// use gusset_wasi::OutputBuffer;
/// let buffer = OutputBuffer::new(64 << 10);
/// assert_eq!(buffer.contents(), b"");
/// ```
#[derive(Clone, Debug)]
pub struct OutputBuffer {
    bytes: Arc<Mutex<Vec<u8>>>,
    capacity: usize,
}

impl OutputBuffer {
    /// A buffer that takes so many bytes; what a guest writes beyond that fails there ([`ErrorCode::InsufficientSpace`]).
    pub fn new(capacity: usize) -> OutputBuffer {
        OutputBuffer { bytes: Arc::default(), capacity }
    }

    /// What has been written.
    pub fn contents(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What has been written, which is taken away: there is room again.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes into an [`OutputBuffer`].
pub(super) struct BufferStream(pub(super) OutputBuffer);

impl Pollable for BufferStream {}

impl Stream for BufferStream {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        let mut buffer = self.0.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.0.capacity.saturating_sub(buffer.len());
        if room == 0 && !bytes.is_empty() {
            return Err(ErrorCode::InsufficientSpace.into());
        }
        let count = bytes.len().min(room);
        buffer.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}

/// Reads bytes.
pub(super) struct BytesStream {
    bytes: Arc<[u8]>,
    read: AtomicUsize,
}

impl BytesStream {
    pub(super) fn new(bytes: Arc<[u8]>) -> BytesStream {
        BytesStream { bytes, read: AtomicUsize::new(0) }
    }
}

impl Pollable for BytesStream {
    fn poll_ready<'a>(&'a self, _: Interest, _: &mut Waiter<'a>) -> Poll<Ready> {
        let left = self.bytes.len() - self.read.load(Ordering::Relaxed);
        Poll::Ready(Ready { bytes: left as u64, hung_up: left == 0 })
    }
}

impl Stream for BytesStream {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        let take = |read: usize| Some(read + (self.bytes.len() - read).min(bytes.len()));
        let before = self.read.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).unwrap_or_default();
        let from = &self.bytes[before..];
        let count = from.len().min(bytes.len());
        bytes[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }
}

/// Takes everything and keeps nothing.
pub(super) struct NullStream;

impl Pollable for NullStream {}

impl Stream for NullStream {
    fn file_type(&self) -> FileType {
        FileType::Unknown
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        Ok(bytes.len())
    }
}
