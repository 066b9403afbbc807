//! [`WasiError`] and [`ErrorCode`]: the one way in which an operation of a guest fails. Each version of WASI translates the
//! code into its own words, in one place; nothing else here knows any.

use gusset::ResourceTableError;
use rustix::io::Errno;
use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::io;

/// The result of an operation that a guest asks for. `?` takes codes, and the system's errors.
///
/// ```
/// use gusset_wasi::{ErrorCode, WasiResult};
/// fn copy(from: &str, to: &str) -> WasiResult<u64> {
///     if from == to {
///         return Err(ErrorCode::Invalid.into());
///     }
///     Ok(std::fs::copy(from, to)?)
/// }
/// assert_eq!(copy("/not/there", "copy").unwrap_err().code(), Some(ErrorCode::NoEntry));
/// ```
pub type WasiResult<T> = Result<T, WasiError>;

/// Why an operation did not succeed.
///
/// ```
/// use gusset_wasi::{ErrorCode, WasiError};
/// let error = WasiError::from(std::io::Error::from(std::io::ErrorKind::NotFound));
/// assert_eq!(error.code(), Some(ErrorCode::NoEntry));
/// ```
#[derive(Debug)]
pub enum WasiError {
    /// The guest is told.
    Code(ErrorCode),
    /// The guest is not told: it ends, and the host gets this error from the call by which it entered the guest. An
    /// [`Exit`](crate::Exit) and an interruption are such.
    Stop(gusset::Error),
}

/// What an operation can fail with. The names are those of POSIX, written out.
///
/// ```
/// use gusset_wasi::{ErrorCode, MemoryFileSystem};
/// let error = MemoryFileSystem::new().read("notes.txt").unwrap_err();
/// let code = error.downcast_ref::<ErrorCode>();
/// assert_eq!(code, Some(&ErrorCode::NoEntry));
/// assert_eq!(code.unwrap().to_string(), "no entry");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[allow(missing_docs, reason = "POSIX explains its own error numbers")]
#[non_exhaustive]
pub enum ErrorCode {
    Access,
    AddressInUse,
    AddressNotAvailable,
    Already,
    BadDescriptor,
    Busy,
    ConnectionAborted,
    ConnectionRefused,
    ConnectionReset,
    CrossDevice,
    Deadlock,
    /// A file exists where none may.
    Exist,
    /// An address of the guest's memory is out of bounds.
    Fault,
    FileTooLarge,
    HostUnreachable,
    /// A string is not UTF-8.
    IllegalByteSequence,
    InProgress,
    InsufficientMemory,
    InsufficientSpace,
    Interrupted,
    Invalid,
    InvalidSeek,
    Io,
    IsConnected,
    IsDirectory,
    /// Too many symbolic links on the way.
    Loop,
    MessageSize,
    NameTooLong,
    NetworkDown,
    NetworkReset,
    NetworkUnreachable,
    NoDevice,
    NoEntry,
    NoLock,
    NoTty,
    /// The descriptor lacks a right.
    NotCapable,
    NotConnected,
    NotDirectory,
    NotEmpty,
    /// Not permitted: also what leads out of a directory that the guest was given.
    NotPermitted,
    NotRecoverable,
    NotSocket,
    NotSupported,
    Overflow,
    /// Nobody reads any more.
    Pipe,
    Quota,
    Range,
    ReadOnly,
    TextFileBusy,
    TimedOut,
    TooManyFiles,
    TooManyLinks,
    /// It would have to wait; [`WasiCtx::wait`](crate::WasiCtx::wait) does.
    WouldBlock,
}

impl WasiError {
    /// What the guest is told; `None` where it ends instead.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            WasiError::Code(code) => Some(*code),
            WasiError::Stop(_) => None,
        }
    }

    /// Whether the operation would have to wait.
    pub fn would_block(&self) -> bool {
        self.code() == Some(ErrorCode::WouldBlock)
    }
}

/// For hosts: a code is an error of its own, and what ends a guest stays what it is.
impl From<WasiError> for gusset::Error {
    fn from(error: WasiError) -> gusset::Error {
        match error {
            WasiError::Code(code) => code.into(),
            WasiError::Stop(error) => error,
        }
    }
}

/// The name as words: `no entry`.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{self:?}");
        for (at, letter) in name.char_indices() {
            if at > 0 && letter.is_ascii_uppercase() {
                f.write_char(' ')?;
            }
            f.write_char(letter.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

impl StdError for ErrorCode {}

impl From<ErrorCode> for WasiError {
    fn from(code: ErrorCode) -> WasiError {
        WasiError::Code(code)
    }
}

/// A guest that has handles of what is not there, or too many, is at fault or has met a limit of its host's.
impl From<ResourceTableError> for WasiError {
    fn from(error: ResourceTableError) -> WasiError {
        WasiError::Stop(error.into())
    }
}

impl From<Errno> for WasiError {
    fn from(errno: Errno) -> WasiError {
        WasiError::Code(ErrorCode::from(errno))
    }
}

impl From<io::Error> for WasiError {
    fn from(error: io::Error) -> WasiError {
        WasiError::Code(ErrorCode::from(&error))
    }
}

impl From<&io::Error> for ErrorCode {
    fn from(error: &io::Error) -> ErrorCode {
        if let Some(errno) = Errno::from_io_error(error) {
            return ErrorCode::from(errno);
        }
        match error.kind() {
            io::ErrorKind::NotFound => ErrorCode::NoEntry,
            // What the sandbox says of a path that leads out of it.
            io::ErrorKind::PermissionDenied => ErrorCode::NotPermitted,
            io::ErrorKind::AlreadyExists => ErrorCode::Exist,
            io::ErrorKind::WouldBlock => ErrorCode::WouldBlock,
            io::ErrorKind::InvalidInput => ErrorCode::Invalid,
            io::ErrorKind::InvalidData => ErrorCode::IllegalByteSequence,
            io::ErrorKind::TimedOut => ErrorCode::TimedOut,
            io::ErrorKind::WriteZero | io::ErrorKind::StorageFull => ErrorCode::InsufficientSpace,
            io::ErrorKind::Interrupted => ErrorCode::Interrupted,
            io::ErrorKind::Unsupported => ErrorCode::NotSupported,
            io::ErrorKind::BrokenPipe => ErrorCode::Pipe,
            io::ErrorKind::OutOfMemory => ErrorCode::InsufficientMemory,
            io::ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
            io::ErrorKind::ConnectionReset => ErrorCode::ConnectionReset,
            io::ErrorKind::ConnectionAborted => ErrorCode::ConnectionAborted,
            io::ErrorKind::NotConnected => ErrorCode::NotConnected,
            io::ErrorKind::NotADirectory => ErrorCode::NotDirectory,
            io::ErrorKind::IsADirectory => ErrorCode::IsDirectory,
            io::ErrorKind::DirectoryNotEmpty => ErrorCode::NotEmpty,
            io::ErrorKind::ReadOnlyFilesystem => ErrorCode::ReadOnly,
            io::ErrorKind::CrossesDevices => ErrorCode::CrossDevice,
            io::ErrorKind::InvalidFilename => ErrorCode::NameTooLong,
            io::ErrorKind::FileTooLarge => ErrorCode::FileTooLarge,
            io::ErrorKind::QuotaExceeded => ErrorCode::Quota,
            io::ErrorKind::ResourceBusy => ErrorCode::Busy,
            io::ErrorKind::ExecutableFileBusy => ErrorCode::TextFileBusy,
            io::ErrorKind::Deadlock => ErrorCode::Deadlock,
            io::ErrorKind::TooManyLinks => ErrorCode::TooManyLinks,
            io::ErrorKind::NotSeekable => ErrorCode::InvalidSeek,
            io::ErrorKind::AddrInUse => ErrorCode::AddressInUse,
            io::ErrorKind::AddrNotAvailable => ErrorCode::AddressNotAvailable,
            io::ErrorKind::NetworkDown => ErrorCode::NetworkDown,
            io::ErrorKind::NetworkUnreachable => ErrorCode::NetworkUnreachable,
            io::ErrorKind::HostUnreachable => ErrorCode::HostUnreachable,
            _ => ErrorCode::Io,
        }
    }
}

impl From<Errno> for ErrorCode {
    fn from(errno: Errno) -> ErrorCode {
        match errno {
            Errno::ACCESS => ErrorCode::Access,
            Errno::ADDRINUSE => ErrorCode::AddressInUse,
            Errno::ADDRNOTAVAIL => ErrorCode::AddressNotAvailable,
            Errno::ALREADY => ErrorCode::Already,
            Errno::BADF => ErrorCode::BadDescriptor,
            Errno::BUSY => ErrorCode::Busy,
            Errno::CONNABORTED => ErrorCode::ConnectionAborted,
            Errno::CONNREFUSED => ErrorCode::ConnectionRefused,
            Errno::CONNRESET => ErrorCode::ConnectionReset,
            Errno::XDEV => ErrorCode::CrossDevice,
            Errno::DEADLK => ErrorCode::Deadlock,
            Errno::EXIST => ErrorCode::Exist,
            Errno::FBIG => ErrorCode::FileTooLarge,
            Errno::HOSTUNREACH | Errno::HOSTDOWN | Errno::NONET => ErrorCode::HostUnreachable,
            Errno::ILSEQ => ErrorCode::IllegalByteSequence,
            Errno::INPROGRESS => ErrorCode::InProgress,
            Errno::NOMEM | Errno::NOBUFS => ErrorCode::InsufficientMemory,
            Errno::NOSPC => ErrorCode::InsufficientSpace,
            Errno::INTR => ErrorCode::Interrupted,
            Errno::INVAL => ErrorCode::Invalid,
            Errno::SPIPE => ErrorCode::InvalidSeek,
            Errno::ISCONN => ErrorCode::IsConnected,
            Errno::ISDIR => ErrorCode::IsDirectory,
            Errno::LOOP => ErrorCode::Loop,
            Errno::MSGSIZE => ErrorCode::MessageSize,
            Errno::NAMETOOLONG => ErrorCode::NameTooLong,
            Errno::NETDOWN => ErrorCode::NetworkDown,
            Errno::NETRESET => ErrorCode::NetworkReset,
            Errno::NETUNREACH => ErrorCode::NetworkUnreachable,
            Errno::NODEV | Errno::NXIO => ErrorCode::NoDevice,
            Errno::NOENT => ErrorCode::NoEntry,
            Errno::NOLCK => ErrorCode::NoLock,
            Errno::NOTTY => ErrorCode::NoTty,
            Errno::NOTCONN => ErrorCode::NotConnected,
            Errno::NOTDIR => ErrorCode::NotDirectory,
            Errno::NOTEMPTY => ErrorCode::NotEmpty,
            Errno::PERM => ErrorCode::NotPermitted,
            Errno::NOTRECOVERABLE => ErrorCode::NotRecoverable,
            Errno::NOTSOCK => ErrorCode::NotSocket,
            Errno::NOSYS | Errno::OPNOTSUPP | Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT | Errno::NOPROTOOPT => {
                ErrorCode::NotSupported
            }
            Errno::OVERFLOW => ErrorCode::Overflow,
            Errno::PIPE => ErrorCode::Pipe,
            Errno::DQUOT => ErrorCode::Quota,
            Errno::RANGE => ErrorCode::Range,
            Errno::ROFS => ErrorCode::ReadOnly,
            Errno::TXTBSY => ErrorCode::TextFileBusy,
            Errno::TIMEDOUT => ErrorCode::TimedOut,
            Errno::MFILE | Errno::NFILE => ErrorCode::TooManyFiles,
            Errno::MLINK => ErrorCode::TooManyLinks,
            Errno::AGAIN => ErrorCode::WouldBlock,
            _ => ErrorCode::Io,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host's own reader or writer says what went wrong by a kind, the system by a number; where both have a word for it, the guest is
    /// told the same.
    #[test]
    fn kinds_and_numbers_are_told_alike() {
        let different: Vec<_> = (1..134)
            .map(io::Error::from_raw_os_error)
            .filter(|error| error.kind() != io::ErrorKind::InvalidInput)
            .filter_map(|error| {
                let (number, kind) = (ErrorCode::from(&error), ErrorCode::from(&io::Error::from(error.kind())));
                (number != kind && kind != ErrorCode::Io).then_some((number, kind))
            })
            .collect();
        // The sandbox has but a kind for what leads out, and the system two numbers for what is not allowed.
        assert_eq!(different, [(ErrorCode::Access, ErrorCode::NotPermitted)]);
    }

    #[test]
    fn what_nobody_has_a_word_for_is_an_error_of_input_or_output() {
        for error in [io::Error::from_raw_os_error(9999), io::Error::other("?"), io::ErrorKind::UnexpectedEof.into()] {
            assert_eq!(ErrorCode::from(&error), ErrorCode::Io);
        }
    }
}
