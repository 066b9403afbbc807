//! What ends a guest that writes to an output whose reader is gone, as the system ends programs in a shell.

use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::exit::Exit;
use crate::fs::{FileType, Metadata};
use crate::stream::Stream;
use crate::wait::{Interest, Pollable, Ready, Waiter};
use std::io::SeekFrom;
use std::sync::Arc;
use std::task::Poll;

/// What a shell reports of a program that SIGPIPE has ended.
const SIGPIPE_EXIT: u32 = 128 + 13;

/// An output without which the guest need not go on.
pub(super) struct EndingStream(pub(super) Arc<dyn Stream>);

fn end<T>(result: WasiResult<T>) -> WasiResult<T> {
    match result {
        Err(WasiError::Code(ErrorCode::Pipe)) => Err(WasiError::Stop(Exit::new(SIGPIPE_EXIT).into())),
        result => result,
    }
}

impl Pollable for EndingStream {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.0.poll_ready(interest, waiter)
    }
}

impl Stream for EndingStream {
    fn file_type(&self) -> FileType {
        self.0.file_type()
    }

    fn metadata(&self) -> WasiResult<Metadata> {
        self.0.metadata()
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        self.0.read(bytes)
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        end(self.0.write(bytes))
    }

    fn write_without_waiting(&self, bytes: &[u8]) -> WasiResult<usize> {
        end(self.0.write_without_waiting(bytes))
    }

    fn keeps_thread(&self) -> bool {
        self.0.keeps_thread()
    }

    fn seek(&self, to: SeekFrom) -> WasiResult<u64> {
        self.0.seek(to)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        self.0.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        end(self.0.write_at(bytes, offset))
    }

    fn flush(&self) -> WasiResult<()> {
        end(self.0.flush())
    }

    fn shutdown(&self, read: bool, write: bool) -> WasiResult<()> {
        self.0.shutdown(read, write)
    }

    fn peek(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        self.0.peek(bytes)
    }
}
