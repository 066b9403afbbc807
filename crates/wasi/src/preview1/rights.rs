//! [`Rights`]: what a descriptor may be used for, in preview1's bits; and what a thing can be used for at all.

use crate::error::ErrorCode;
use crate::fs::{Descriptor, FileType};
use crate::stream::Stream;

/// A set of preview1's rights.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Rights(u64);

macro_rules! rights {
    ($($name:ident,)*) => {
        impl Rights {
            rights!(@ 0, $($name,)*);

            /// All of them with their names, in the order of their bits.
            pub const NAMES: &[(Rights, &'static str)] = &[$((Rights::$name, stringify!($name))),*];
        }
    };
    (@ $bit:expr, $name:ident, $($rest:ident,)*) => {
        #[allow(missing_docs, reason = "the specification explains them")]
        pub const $name: Rights = Rights(1 << ($bit));
        rights!(@ $bit + 1, $($rest,)*);
    };
    (@ $bit:expr,) => {
        /// Every right there is.
        pub const ALL: Rights = Rights((1 << ($bit)) - 1);
    };
}

rights! {
    FD_DATASYNC,
    FD_READ,
    FD_SEEK,
    FD_FDSTAT_SET_FLAGS,
    FD_SYNC,
    FD_TELL,
    FD_WRITE,
    FD_ADVISE,
    FD_ALLOCATE,
    PATH_CREATE_DIRECTORY,
    PATH_CREATE_FILE,
    PATH_LINK_SOURCE,
    PATH_LINK_TARGET,
    PATH_OPEN,
    FD_READDIR,
    PATH_READLINK,
    PATH_RENAME_SOURCE,
    PATH_RENAME_TARGET,
    PATH_FILESTAT_GET,
    PATH_FILESTAT_SET_SIZE,
    PATH_FILESTAT_SET_TIMES,
    FD_FILESTAT_GET,
    FD_FILESTAT_SET_SIZE,
    FD_FILESTAT_SET_TIMES,
    PATH_SYMLINK,
    PATH_REMOVE_DIRECTORY,
    PATH_UNLINK_FILE,
    POLL_FD_READWRITE,
    SOCK_SHUTDOWN,
    SOCK_ACCEPT,
}

impl Rights {
    /// None.
    pub const NONE: Rights = Rights(0);

    /// What can be done with anything.
    const COMMON: Rights = Rights::FD_FDSTAT_SET_FLAGS
        .union(Rights::FD_SYNC)
        .union(Rights::FD_DATASYNC)
        .union(Rights::FD_FILESTAT_GET)
        .union(Rights::POLL_FD_READWRITE);

    /// What can be done with a directory.
    pub(crate) const DIRECTORY: Rights =
        Rights::COMMON.union(Rights::FD_FILESTAT_SET_TIMES).union(Rights::PATHS).union(Rights::FD_READDIR);

    /// What takes a path.
    const PATHS: Rights = Rights::PATH_CREATE_DIRECTORY
        .union(Rights::PATH_CREATE_FILE)
        .union(Rights::PATH_LINK_SOURCE)
        .union(Rights::PATH_LINK_TARGET)
        .union(Rights::PATH_OPEN)
        .union(Rights::PATH_READLINK)
        .union(Rights::PATH_RENAME_SOURCE)
        .union(Rights::PATH_RENAME_TARGET)
        .union(Rights::PATH_FILESTAT_GET)
        .union(Rights::PATH_FILESTAT_SET_SIZE)
        .union(Rights::PATH_FILESTAT_SET_TIMES)
        .union(Rights::PATH_SYMLINK)
        .union(Rights::PATH_REMOVE_DIRECTORY)
        .union(Rights::PATH_UNLINK_FILE);

    /// What can be done with a file.
    pub(crate) const FILE: Rights = Rights::COMMON
        .union(Rights::FD_READ)
        .union(Rights::FD_WRITE)
        .union(Rights::POSITIONS)
        .union(Rights::FD_FILESTAT_SET_SIZE)
        .union(Rights::FD_FILESTAT_SET_TIMES);

    /// What only bytes with positions have.
    const POSITIONS: Rights =
        Rights::FD_SEEK.union(Rights::FD_TELL).union(Rights::FD_ADVISE).union(Rights::FD_ALLOCATE);

    /// What can be done with a stream.
    pub(crate) const STREAM: Rights = Rights::COMMON.union(Rights::FD_READ).union(Rights::FD_WRITE);

    /// What can be done with a stream behind which a file stands.
    const FILE_STREAM: Rights = Rights::STREAM.union(Rights::FD_SEEK).union(Rights::FD_TELL);

    /// What can be done with a connection.
    pub(crate) const CONNECTION: Rights = Rights::STREAM.union(Rights::SOCK_SHUTDOWN);

    /// What can be done with a socket that takes connections.
    const LISTENER: Rights = Rights::COMMON.union(Rights::SOCK_ACCEPT);

    const SOCKETS: Rights = Rights::SOCK_SHUTDOWN.union(Rights::SOCK_ACCEPT);

    /// Those of a number that a guest gives; bits that mean nothing are left out.
    pub const fn of_guest(bits: u64) -> Rights {
        Rights(bits & Rights::ALL.0)
    }

    /// The bits.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of the others are among these.
    pub const fn contains(self, others: Rights) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether some of the others are among these.
    pub const fn intersects(self, others: Rights) -> bool {
        self.0 & others.0 != 0
    }

    /// Both.
    #[must_use]
    pub const fn union(self, others: Rights) -> Rights {
        Rights(self.0 | others.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, others: Rights) -> Rights {
        Rights(self.0 & others.0)
    }

    /// These without the others.
    #[must_use]
    pub const fn without(self, others: Rights) -> Rights {
        Rights(self.0 & !others.0)
    }

    /// What can be done with a thing at all.
    pub(crate) fn of(thing: &Descriptor) -> Rights {
        match thing {
            Descriptor::Directory(_) => Rights::DIRECTORY,
            Descriptor::File(_) => Rights::FILE,
            Descriptor::Stream(stream) if is_connection(&**stream) => Rights::CONNECTION,
            Descriptor::Stream(stream) if stream.file_type() == FileType::RegularFile => Rights::FILE_STREAM,
            Descriptor::Stream(_) => Rights::STREAM,
            Descriptor::Listener(_) => Rights::LISTENER,
        }
    }

    /// Why a descriptor that has not these rights is refused. What nobody could do with such a thing, and that it was not opened to be read
    /// or written, is told as POSIX has it; what else is not allowed is a lack of rights.
    #[cold]
    pub(crate) fn refusal(self, thing: &Descriptor) -> ErrorCode {
        let impossible = self.without(Rights::of(thing));
        if impossible == Rights::NONE && self.intersects(Rights::FD_READ.union(Rights::FD_WRITE)) {
            ErrorCode::BadDescriptor
        } else if impossible == Rights::NONE {
            ErrorCode::NotCapable
        } else if impossible.intersects(Rights::SOCKETS) {
            match thing {
                // The other kind of socket.
                Descriptor::Listener(_) => ErrorCode::NotConnected,
                Descriptor::Stream(stream) if is_connection(&**stream) => ErrorCode::Invalid,
                _ => ErrorCode::NotSocket,
            }
        } else if impossible.intersects(Rights::PATHS.union(Rights::FD_READDIR)) {
            ErrorCode::NotDirectory
        } else if matches!(thing, Descriptor::Directory(_)) {
            ErrorCode::IsDirectory
        } else if impossible.intersects(Rights::POSITIONS) {
            ErrorCode::InvalidSeek
        } else if impossible.intersects(Rights::FD_READ.union(Rights::FD_WRITE)) {
            ErrorCode::NotConnected
        } else {
            ErrorCode::Invalid
        }
    }
}

fn is_connection(stream: &dyn Stream) -> bool {
    matches!(stream.file_type(), FileType::SocketStream | FileType::SocketDatagram)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_30_by_their_bits() {
        assert_eq!((Rights::NAMES.len(), Rights::ALL.bits()), (30, (1 << 30) - 1));
        let bits = [(Rights::FD_DATASYNC, 0), (Rights::FD_WRITE, 6), (Rights::PATH_OPEN, 13), (Rights::FD_READDIR, 14)];
        let more = [(Rights::FD_FILESTAT_GET, 21), (Rights::POLL_FD_READWRITE, 27), (Rights::SOCK_ACCEPT, 29)];
        for (right, bit) in bits.iter().chain(&more) {
            assert_eq!(right.bits(), 1 << bit);
        }
        assert_eq!(Rights::of_guest(u64::MAX), Rights::ALL);
    }
}
