//! [`GuestOutput`]: a guest's standard output or error, in whole lines and with the number of its request before each.

use super::log_sink::{GuestShare, LogSink};
use gusset_wasi::{ErrorCode, FileType, Interest, Pollable, Ready, Stream, Waiter, WasiResult};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

/// Longer lines are broken.
const LONGEST_LINE: usize = 8 << 10;

/// What one guest writes.
pub(super) struct GuestOutput {
    sink: Arc<LogSink>,
    /// What its lines begin with: the stream's name and the number of the request.
    prefix: Option<(&'static str, u64)>,
    share: Arc<GuestShare>,
    /// What has no end yet.
    line: Mutex<Vec<u8>>,
}

impl GuestOutput {
    pub(super) fn new(sink: &Arc<LogSink>, prefix: Option<(&'static str, u64)>) -> GuestOutput {
        GuestOutput { sink: sink.clone(), prefix, share: Arc::default(), line: Mutex::default() }
    }

    /// Writes the line; where lines have a prefix, it has an end too.
    fn put(&self, line: &mut Vec<u8>) {
        let text = mem::take(line);
        let whole = match self.prefix {
            Some((name, number)) => {
                let mut whole = format!("{name} [{number}] :: ").into_bytes();
                whole.extend_from_slice(&text);
                if !whole.ends_with(b"\n") {
                    whole.push(b'\n');
                }
                whole
            }
            None => text,
        };
        self.sink.put_for(&self.share, whole);
    }
}

impl Pollable for GuestOutput {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        if self.sink.is_closed() || self.share.poll_room(waiter) {
            return Poll::Ready(Ready { bytes: 0, hung_up: self.sink.is_closed() });
        }
        Poll::Pending
    }
}

impl Stream for GuestOutput {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        if self.sink.is_closed() {
            return Err(ErrorCode::Pipe.into());
        }
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written = 0;
        while written < bytes.len() {
            if !self.share.has_room() {
                return if written == 0 { Err(ErrorCode::WouldBlock.into()) } else { Ok(written) };
            }
            let left = &bytes[written..];
            let most = &left[..left.len().min(LONGEST_LINE - line.len())];
            let end = most.iter().position(|byte| *byte == b'\n');
            let part = &most[..end.map_or(most.len(), |end| end + 1)];
            line.extend_from_slice(part);
            written += part.len();
            if end.is_some() || line.len() == LONGEST_LINE {
                self.put(&mut line);
            }
        }
        Ok(written)
    }
}

/// What the guest has left unended.
impl Drop for GuestOutput {
    fn drop(&mut self) {
        let mut line = mem::take(self.line.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !line.is_empty() {
            self.put(&mut line);
        }
    }
}
