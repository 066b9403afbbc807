//! `error-code` of `wasi:filesystem/types`, and the one table by which codes become it.

use crate::error::ErrorCode;
use gusset::{ComponentType, Lower};

/// `error-code`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lower)]
#[component(enum)]
pub(super) enum FilesystemError {
    Access,
    WouldBlock,
    Already,
    BadDescriptor,
    Busy,
    Deadlock,
    Quota,
    Exist,
    FileTooLarge,
    IllegalByteSequence,
    InProgress,
    Interrupted,
    Invalid,
    Io,
    IsDirectory,
    Loop,
    TooManyLinks,
    MessageSize,
    NameTooLong,
    NoDevice,
    NoEntry,
    NoLock,
    InsufficientMemory,
    InsufficientSpace,
    NotDirectory,
    NotEmpty,
    NotRecoverable,
    Unsupported,
    NoTty,
    #[allow(dead_code, reason = "the system's two are one to the policy layer")]
    NoSuchDevice,
    Overflow,
    NotPermitted,
    Pipe,
    ReadOnly,
    InvalidSeek,
    TextFileBusy,
    CrossDevice,
}

impl FilesystemError {
    /// The word for a code; what has none is an error of input or output.
    pub(super) fn of(code: ErrorCode) -> FilesystemError {
        FilesystemError::word_for(code).unwrap_or(FilesystemError::Io)
    }

    /// The word for a code, where it is an error of files.
    pub(super) fn word_for(code: ErrorCode) -> Option<FilesystemError> {
        Some(match code {
            ErrorCode::Access => FilesystemError::Access,
            ErrorCode::Already => FilesystemError::Already,
            ErrorCode::BadDescriptor => FilesystemError::BadDescriptor,
            ErrorCode::Busy => FilesystemError::Busy,
            ErrorCode::CrossDevice => FilesystemError::CrossDevice,
            ErrorCode::Deadlock => FilesystemError::Deadlock,
            ErrorCode::Exist => FilesystemError::Exist,
            ErrorCode::FileTooLarge => FilesystemError::FileTooLarge,
            ErrorCode::IllegalByteSequence => FilesystemError::IllegalByteSequence,
            ErrorCode::InProgress => FilesystemError::InProgress,
            // There is no word for too many files.
            ErrorCode::InsufficientMemory | ErrorCode::TooManyFiles => FilesystemError::InsufficientMemory,
            ErrorCode::InsufficientSpace => FilesystemError::InsufficientSpace,
            ErrorCode::Interrupted => FilesystemError::Interrupted,
            ErrorCode::Invalid | ErrorCode::Range | ErrorCode::Fault => FilesystemError::Invalid,
            ErrorCode::InvalidSeek => FilesystemError::InvalidSeek,
            ErrorCode::Io => FilesystemError::Io,
            ErrorCode::IsDirectory => FilesystemError::IsDirectory,
            ErrorCode::Loop => FilesystemError::Loop,
            ErrorCode::MessageSize => FilesystemError::MessageSize,
            ErrorCode::NameTooLong => FilesystemError::NameTooLong,
            ErrorCode::NoDevice => FilesystemError::NoDevice,
            ErrorCode::NoEntry => FilesystemError::NoEntry,
            ErrorCode::NoLock => FilesystemError::NoLock,
            ErrorCode::NoTty => FilesystemError::NoTty,
            ErrorCode::NotCapable | ErrorCode::NotPermitted => FilesystemError::NotPermitted,
            ErrorCode::NotDirectory => FilesystemError::NotDirectory,
            ErrorCode::NotEmpty => FilesystemError::NotEmpty,
            ErrorCode::NotRecoverable => FilesystemError::NotRecoverable,
            ErrorCode::NotSupported => FilesystemError::Unsupported,
            ErrorCode::Overflow => FilesystemError::Overflow,
            ErrorCode::Pipe => FilesystemError::Pipe,
            ErrorCode::Quota => FilesystemError::Quota,
            ErrorCode::ReadOnly => FilesystemError::ReadOnly,
            ErrorCode::TextFileBusy => FilesystemError::TextFileBusy,
            ErrorCode::TooManyLinks => FilesystemError::TooManyLinks,
            ErrorCode::WouldBlock => FilesystemError::WouldBlock,
            ErrorCode::AddressInUse
            | ErrorCode::AddressNotAvailable
            | ErrorCode::ConnectionAborted
            | ErrorCode::ConnectionRefused
            | ErrorCode::ConnectionReset
            | ErrorCode::HostUnreachable
            | ErrorCode::IsConnected
            | ErrorCode::NetworkDown
            | ErrorCode::NetworkReset
            | ErrorCode::NetworkUnreachable
            | ErrorCode::NotConnected
            | ErrorCode::NotSocket
            | ErrorCode::TimedOut => return None,
        })
    }
}
