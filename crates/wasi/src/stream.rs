//! [`Stream`] and [`Listener`]: what has no position, such as pipes, terminals and connections.

use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::wait::Pollable;
use std::sync::Arc;

/// Bytes that come or go in order: a pipe, a terminal, a connection, standard input or output.
///
/// No operation waits: what would have to is [`ErrorCode::WouldBlock`], and [`Pollable::poll_ready`] tells what to wait for.
pub trait Stream: Pollable {
    /// What it is shown to be. Programs take a [`CharacterDevice`](FileType::CharacterDevice) for a terminal, and say other things to a person,
    /// so that is for terminals alone.
    fn file_type(&self) -> FileType;

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
