//! [`InputStream`]: what a guest reads through `wasi:io/streams`, a stream of the policy layer's or a file from an offset on.

use super::streams::{StreamEnd, Streamed};
use crate::ctx::DescriptorPermit;
use crate::fs::File;
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// What is read at once at most, whatever a guest asks for.
const MOST: usize = 64 << 10;

/// The resource `input-stream` of `wasi:io/streams`.
///
/// ```
/// use gusset::ResourceTable;
/// use gusset_wasi::{SocketStream, p2::InputStream};
/// use std::sync::Arc;
/// let (ours, guests) = std::os::unix::net::UnixStream::pair()?;
/// let mut table = ResourceTable::new();
/// table.push(InputStream::new(Arc::new(SocketStream::unix(guests))))?; // for a function of the host's own to return
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct InputStream(Arc<InputCore>);

struct InputCore {
    source: InputSource,
    state: Mutex<InputState>,
}

enum InputSource {
    Stream(Arc<dyn Stream>),
    File {
        file: Arc<dyn File>,
        /// What counts the descriptor that it was opened by, which may be gone.
        _permit: Option<Arc<DescriptorPermit>>,
    },
}

#[derive(Default)]
struct InputState {
    offset: u64,
    /// The end was read last. More may come to a file or a terminal.
    ended: bool,
    /// It has failed, and was told so.
    closed: bool,
}

impl InputStream {
    /// What a stream reads.
    pub fn new(stream: Arc<dyn Stream>) -> InputStream {
        InputStream::from(InputSource::Stream(stream), 0)
    }

    /// A file from an offset on.
    pub(crate) fn file(file: Arc<dyn File>, offset: u64, permit: Option<Arc<DescriptorPermit>>) -> InputStream {
        InputStream::from(InputSource::File { file, _permit: permit }, offset)
    }

    fn from(source: InputSource, offset: u64) -> InputStream {
        InputStream(Arc::new(InputCore { source, state: Mutex::new(InputState { offset, ..InputState::default() }) }))
    }

    /// Nothing more is read, whatever comes.
    pub(in crate::p2) fn shut_down(&self) {
        self.0.lock().closed = true;
    }

    /// Whether reading may keep a thread for as long as a disk takes.
    pub(super) fn is_slow(&self) -> bool {
        match &self.0.source {
            InputSource::Stream(stream) => stream.keeps_thread(),
            InputSource::File { .. } => true,
        }
    }

    /// What it waits for.
    pub(super) fn source(&self) -> Arc<dyn Pollable> {
        self.0.clone()
    }

    /// Reads some bytes without waiting: at least one, or none where none are asked for.
    pub(super) fn read(&self, length: u64) -> Streamed<Vec<u8>> {
        let mut state = self.0.lock();
        if state.closed {
            return Err(StreamEnd::Closed);
        }
        let length = usize::try_from(length).unwrap_or(MOST).min(MOST);
        if length == 0 {
            return if state.ended { Err(StreamEnd::Closed) } else { Ok(Vec::new()) };
        }
        let mut bytes = vec![0; length];
        let count = match &self.0.source {
            InputSource::Stream(stream) => {
                stream.read(&mut bytes).map_err(|error| StreamEnd::of_stream(error, &**stream))
            }
            InputSource::File { file, .. } => file.read_at(&mut bytes, state.offset).map_err(StreamEnd::from),
        };
        match count {
            Ok(count) => {
                // More than there was room for is not to be had.
                bytes.truncate(count);
                state.offset += bytes.len() as u64;
                state.ended = bytes.is_empty();
                if state.ended { Err(StreamEnd::Closed) } else { Ok(bytes) }
            }
            Err(end) => {
                state.closed = !end.would_block();
                Err(end)
            }
        }
    }
}

impl InputCore {
    fn lock(&self) -> MutexGuard<'_, InputState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pollable for InputCore {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        if self.lock().closed {
            return Poll::Ready(Ready::default());
        }
        match &self.source {
            InputSource::Stream(stream) => stream.poll_ready(Interest::Read, waiter),
            InputSource::File { file, .. } => file.poll_ready(Interest::Read, waiter),
        }
    }
}
