//! [`Stream`] and [`Listener`]: what has no position, such as pipes, terminals and connections.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::{FileType, Metadata};
use crate::wait::Pollable;
use std::io::SeekFrom;
use std::sync::Arc;

/// Bytes that come or go in order: a pipe, a terminal, a connection, standard input or output.
///
/// No operation waits: what would have to is [`ErrorCode::WouldBlock`], and [`Pollable::poll_ready`] tells what to wait for.
pub trait Stream: Pollable {
    /// What it is shown to be. Programs take a [`CharacterDevice`](FileType::CharacterDevice) for a terminal, and say other things to a person,
    /// so that is for terminals alone.
    fn file_type(&self) -> FileType;

    /// What is known of it: nothing but what it is, as it stands. A stream of the system's tells what the system does.
    ///
    /// # Errors
    ///
    /// What a system's `fstat` says.
    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(Metadata { file_type: self.file_type(), ..Metadata::default() })
    }

    /// Reads into the bytes; how many were read, 0 only at the end (or into no bytes).
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WouldBlock`] where nothing has come yet; [`ErrorCode::BadDescriptor`], as it stands: not to be read.
    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        let _ = bytes;
        Err(ErrorCode::BadDescriptor.into())
    }

    /// Writes the bytes, or the first of them; how many were written.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WouldBlock`] where none can be taken now; [`ErrorCode::BadDescriptor`], as it stands: not to be written.
    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        let _ = bytes;
        Err(ErrorCode::BadDescriptor.into())
    }

    /// Goes on at another place of a file that stands behind the stream; what place that is. Whoever else has the stream goes on there
    /// too. Only what is a [`RegularFile`](FileType::RegularFile) is asked.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidSeek`], as it stands; [`ErrorCode::Invalid`] for what is before the start.
    fn seek(&self, to: SeekFrom) -> WasiResult<u64> {
        let _ = to;
        Err(ErrorCode::InvalidSeek.into())
    }

    /// Reads from an offset of a file that stands behind the stream, which goes on where it did.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidSeek`], as it stands, and those of [`Stream::read`].
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        let _ = (bytes, offset);
        Err(ErrorCode::InvalidSeek.into())
    }

    /// Writes at an offset of a file that stands behind the stream, which goes on where it did.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidSeek`], as it stands, and those of [`Stream::write`].
    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        let _ = (bytes, offset);
        Err(ErrorCode::InvalidSeek.into())
    }

    /// Sees to it that what was written is on its way.
    ///
    /// # Errors
    ///
    /// Those of writing.
    fn flush(&self) -> WasiResult<()> {
        Ok(())
    }

    /// Ends one direction of a connection or both.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotSocket`], as it stands.
    fn shutdown(&self, read: bool, write: bool) -> WasiResult<()> {
        let _ = (read, write);
        Err(ErrorCode::NotSocket.into())
    }

    /// Reads what has come without taking it away.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NotSocket`], as it stands, and those of [`Stream::read`].
    fn peek(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        let _ = bytes;
        Err(ErrorCode::NotSocket.into())
    }
}

/// A socket that takes connections. It is ready to be read when one has come.
pub trait Listener: Pollable {
    /// The next connection.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WouldBlock`] where none has come.
    fn accept(&self) -> WasiResult<Arc<dyn Stream>>;
}
