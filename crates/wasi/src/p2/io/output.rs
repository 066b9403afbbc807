//! [`OutputStream`]: what a guest writes through `wasi:io/streams`. A guest asks how much it may write, and that much is taken from it
//! without waiting: what the stream beneath does not take at once is kept here, and given to it whenever somebody asks or waits.

use super::streams::{StreamEnd, Streamed};
use crate::ctx::{DescriptorPermit, WasiCtx};
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::fs::{File, FileType};
use crate::p2::interface::stop;
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Unfinished, Waiter};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// What may be written at once at most, and so what is kept.
const MOST: usize = 64 << 10;

/// The resource `output-stream` of `wasi:io/streams`.
///
/// ```
/// use gusset::ResourceTable;
/// use gusset_wasi::{SocketStream, p2::OutputStream};
/// use std::sync::Arc;
/// let (ours, guests) = std::os::unix::net::UnixStream::pair()?;
/// let mut table = ResourceTable::new();
/// table.push(OutputStream::new(Arc::new(SocketStream::unix(guests))))?; // for a function of the host's own to return
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct OutputStream(Arc<OutputCore>);

struct OutputCore {
    sink: Sink,
    state: Mutex<OutputState>,
}

/// Where bytes go.
pub(crate) enum Sink {
    Stream(Arc<dyn Stream>),
    File {
        file: Arc<dyn File>,
        /// At the end, wherever that is, in place of the offset.
        append: bool,
        sync: Option<FileSync>,
        /// What counts the descriptor that it was opened by, which may be gone.
        _permit: Option<Arc<DescriptorPermit>>,
    },
}

/// What is stored before a write is over.
#[derive(Clone, Copy)]
pub(crate) struct FileSync {
    pub(crate) data_only: bool,
}

#[derive(Default)]
struct OutputState {
    /// Where a file is written next.
    offset: u64,
    /// What was taken from the guest and not yet by the sink.
    pending: VecDeque<u8>,
    /// How much the guest was told that it may write.
    permit: usize,
    /// The guest has asked for a flush that is not over.
    flushing: bool,
    /// It has failed, and the guest has not been told.
    failure: Option<StreamEnd>,
    /// The guest has ended it; what was taken before is still written.
    shut_down: bool,
    /// It has failed or come to its end.
    closed: bool,
}

/// Whether writing may wait in the system.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    None,
    InSystem,
}

impl OutputStream {
    /// What a stream writes.
    pub fn new(stream: Arc<dyn Stream>) -> OutputStream {
        OutputStream::to(Sink::Stream(stream), 0)
    }

    /// A sink; a file from an offset on.
    pub(crate) fn to(sink: Sink, offset: u64) -> OutputStream {
        OutputStream(Arc::new(OutputCore { sink, state: Mutex::new(OutputState { offset, ..OutputState::default() }) }))
    }

    /// Whether writing may keep a thread for as long as a disk takes.
    pub(super) fn is_slow(&self) -> bool {
        match &self.0.sink {
            Sink::Stream(stream) => stream.keeps_thread(),
            Sink::File { .. } => true,
        }
    }

    /// What it waits for: that more can be written.
    pub(super) fn source(&self) -> Arc<dyn Pollable> {
        self.0.clone()
    }

    /// Whether all was taken by the sink that the guest has written.
    pub(super) fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Lets what was not yet taken by the sink be given to it while the guest waits for anything: whoever reads it may be whom the guest
    /// waits for.
    pub(in crate::p2) fn finish_meanwhile(&self, ctx: &mut WasiCtx) {
        if !self.is_finished() {
            let left: Arc<dyn Unfinished> = self.0.clone();
            ctx.finish_meanwhile(&left);
        }
    }

    /// Ends a connection in this direction, once all is written that the guest has.
    pub(in crate::p2) fn shut_down(&self) {
        let mut state = self.0.lock();
        state.shut_down = true;
        state.advance(&self.0.sink, Patience::None);
    }

    /// How much may be written now.
    pub(super) fn check_write(&self) -> Streamed<usize> {
        let (sink, mut state) = (&self.0.sink, self.0.lock());
        state.settle(sink, Patience::None)?;
        let is_free = state.is_done()
            && sink.pollable().poll_ready(Interest::Write, &mut Waiter::new(Waker::noop().clone())).is_ready();
        state.permit = if is_free { MOST } else { 0 };
        Ok(state.permit)
    }

    /// Writes as much as was permitted, or less.
    pub(super) fn write(&self, contents: &[u8]) -> Streamed<()> {
        let mut state = self.0.lock();
        if !state.shut_down {
            state.spend(contents.len() as u64)?;
        }
        state.put(&self.0.sink, contents, Patience::None);
        state.settle(&self.0.sink, Patience::None)
    }

    /// Writes as many zeroes as was permitted, or fewer.
    pub(super) fn write_zeroes(&self, length: u64) -> Streamed<()> {
        let mut state = self.0.lock();
        let zeroes = vec![0; if state.shut_down { 0 } else { state.spend(length)? }];
        state.put(&self.0.sink, &zeroes, Patience::None);
        state.settle(&self.0.sink, Patience::None)
    }

    /// Begins a flush.
    pub(super) fn flush(&self) -> Streamed<()> {
        self.begin(&[], Patience::None).map(drop)
    }

    /// Writes, permitted or not, and begins a flush; whether it is over.
    pub(super) fn begin(&self, contents: &[u8], patience: Patience) -> Streamed<bool> {
        let (sink, mut state) = (&self.0.sink, self.0.lock());
        state.settle(sink, patience)?;
        state.permit = 0;
        state.put(sink, contents, patience);
        state.flushing = !state.closed;
        state.settle(sink, patience)?;
        Ok(state.is_done())
    }

    /// Goes on with a flush; whether it is over.
    pub(super) fn go_on(&self, patience: Patience) -> Streamed<bool> {
        let mut state = self.0.lock();
        state.settle(&self.0.sink, patience)?;
        Ok(state.is_done())
    }
}

impl OutputState {
    fn is_done(&self) -> bool {
        self.pending.is_empty() && !self.flushing
    }

    /// Nothing that the guest writes from now on is taken.
    fn is_over(&self) -> bool {
        self.closed || self.shut_down
    }

    /// Takes so many bytes from what is permitted.
    fn spend(&mut self, length: u64) -> Streamed<usize> {
        match usize::try_from(length) {
            Ok(length) if length <= self.permit => {
                self.permit -= length;
                Ok(length)
            }
            _ => {
                let permit = self.permit;
                Err(stop(format!("{length} bytes were written to a stream where `check-write` permits {permit}"))
                    .into())
            }
        }
    }

    /// Goes on, and tells a failure once.
    fn settle(&mut self, sink: &Sink, patience: Patience) -> Streamed<()> {
        self.advance(sink, patience);
        match self.failure.take() {
            Some(failure) => Err(failure),
            None if self.is_over() => Err(StreamEnd::Closed),
            None => Ok(()),
        }
    }

    /// Gives bytes to the sink; what it does not take is kept.
    fn put(&mut self, sink: &Sink, contents: &[u8], patience: Patience) {
        let mut left = contents;
        while self.pending.is_empty() && !left.is_empty() && !self.is_over() {
            match sink.write(left, &mut self.offset, patience) {
                Ok(count) => left = &left[count..],
                Err(error) if error.would_block() => break,
                Err(error) => return self.fail(sink, error),
            }
        }
        if !self.is_over() {
            self.pending.extend(left);
        }
    }

    /// Does what can be done of what the guest has asked for.
    fn advance(&mut self, sink: &Sink, patience: Patience) {
        while !self.pending.is_empty() {
            let written = sink.write(self.pending.as_slices().0, &mut self.offset, patience);
            match written {
                Ok(count) => drop(self.pending.drain(..count)),
                Err(error) if error.would_block() => return,
                Err(error) => return self.fail(sink, error),
            }
        }
        if self.flushing {
            match sink.flush() {
                Ok(()) => self.flushing = false,
                Err(error) if error.would_block() => {}
                Err(error) => self.fail(sink, error),
            }
        }
        if self.shut_down && !self.closed {
            self.closed = true;
            sink.shut_down();
        }
    }

    fn fail(&mut self, sink: &Sink, error: WasiError) {
        // That the other side of a connection takes nothing more is its end, and no failure.
        let is_end = error.code() == Some(ErrorCode::Pipe) && sink.is_connection();
        self.failure = (!is_end).then(|| sink.failure(error));
        self.closed = true;
        self.flushing = false;
        self.pending = VecDeque::new();
    }
}

impl Sink {
    fn pollable(&self) -> &dyn Pollable {
        match self {
            Sink::Stream(stream) => &**stream,
            Sink::File { file, .. } => &**file,
        }
    }

    /// Writes some of the bytes, at least one.
    fn write(&self, bytes: &[u8], offset: &mut u64, patience: Patience) -> WasiResult<usize> {
        let count = match self {
            Sink::Stream(stream) if patience == Patience::InSystem => stream.write(bytes)?,
            Sink::Stream(stream) => stream.write_without_waiting(bytes)?,
            Sink::File { file, append: true, .. } => file.append(bytes)?.0,
            Sink::File { file, append: false, .. } => file.write_at(bytes, *offset)?,
        };
        if count == 0 {
            return Err(ErrorCode::Io.into());
        }
        // More than there was is not to be had.
        let count = count.min(bytes.len());
        *offset += count as u64;
        if let Sink::File { file, sync: Some(sync), .. } = self {
            file.sync(sync.data_only)?;
        }
        Ok(count)
    }

    fn failure(&self, error: WasiError) -> StreamEnd {
        match self {
            Sink::Stream(stream) => StreamEnd::of_stream(error, &**stream),
            Sink::File { .. } => error.into(),
        }
    }

    fn is_connection(&self) -> bool {
        matches!(self, Sink::Stream(stream) if stream.file_type() == FileType::SocketStream)
    }

    /// Says to the other side that nothing more comes. If it is gone, it knows.
    fn shut_down(&self) {
        if let Sink::Stream(stream) = self {
            let _ = stream.shutdown(false, true);
        }
    }

    /// Files are written as they are: to store them is another function's.
    fn flush(&self) -> WasiResult<()> {
        match self {
            Sink::Stream(stream) => stream.flush(),
            Sink::File { .. } => Ok(()),
        }
    }
}

impl OutputCore {
    fn lock(&self) -> MutexGuard<'_, OutputState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It is ready when more can be written, whatever is asked.
impl Pollable for OutputCore {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let mut state = self.lock();
        state.advance(&self.sink, Patience::None);
        if state.closed {
            return Poll::Ready(Ready::default());
        }
        let is_done = state.is_done();
        drop(state);
        match self.sink.pollable().poll_ready(Interest::Write, waiter) {
            // It takes some now, or what it says is not what it does.
            Poll::Ready(_) if !is_done => {
                waiter.ask_again();
                Poll::Pending
            }
            ready => ready,
        }
    }
}

impl Unfinished for OutputCore {
    fn is_finished(&self) -> bool {
        let state = self.lock();
        state.closed || (state.pending.is_empty() && !state.shut_down)
    }
}

/// What is left is given away, as far as that does not wait.
impl Drop for OutputCore {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.advance(&self.sink, Patience::None);
    }
}
