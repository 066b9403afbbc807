//! Rights of descriptors: what may be done with them, in preview1's bits. WASI 0.2 has none, so they are kept here.

use crate::descriptors::DescriptorKind;
use crate::errno::ErrorNumber;

macro_rules! rights {
    ($($name:ident = $bit:literal,)*) => {
        $(#[allow(dead_code, reason = "some are only told")] pub(crate) const $name: u32 = 1 << $bit;)*
    };
}

rights! {
    FD_DATASYNC = 0,
    FD_READ = 1,
    FD_SEEK = 2,
    FD_FDSTAT_SET_FLAGS = 3,
    FD_SYNC = 4,
    FD_TELL = 5,
    FD_WRITE = 6,
    FD_ADVISE = 7,
    FD_ALLOCATE = 8,
    PATH_CREATE_DIRECTORY = 9,
    PATH_CREATE_FILE = 10,
    PATH_LINK_SOURCE = 11,
    PATH_LINK_TARGET = 12,
    PATH_OPEN = 13,
    FD_READDIR = 14,
    PATH_READLINK = 15,
    PATH_RENAME_SOURCE = 16,
    PATH_RENAME_TARGET = 17,
    PATH_FILESTAT_GET = 18,
    PATH_FILESTAT_SET_SIZE = 19,
    PATH_FILESTAT_SET_TIMES = 20,
    FD_FILESTAT_GET = 21,
    FD_FILESTAT_SET_SIZE = 22,
    FD_FILESTAT_SET_TIMES = 23,
    PATH_SYMLINK = 24,
    PATH_REMOVE_DIRECTORY = 25,
    PATH_UNLINK_FILE = 26,
    POLL_FD_READWRITE = 27,
    SOCK_SHUTDOWN = 28,
    SOCK_ACCEPT = 29,
}

/// What takes a path.
const PATHS: u32 = PATH_CREATE_DIRECTORY
    | PATH_CREATE_FILE
    | PATH_LINK_SOURCE
    | PATH_LINK_TARGET
    | PATH_OPEN
    | PATH_READLINK
    | PATH_RENAME_SOURCE
    | PATH_RENAME_TARGET
    | PATH_FILESTAT_GET
    | PATH_FILESTAT_SET_SIZE
    | PATH_FILESTAT_SET_TIMES
    | PATH_SYMLINK
    | PATH_REMOVE_DIRECTORY
    | PATH_UNLINK_FILE;

/// What can be done with anything.
const COMMON: u32 = FD_FDSTAT_SET_FLAGS | FD_SYNC | FD_DATASYNC | FD_FILESTAT_GET | POLL_FD_READWRITE;

/// What only bytes with positions have.
const POSITIONS: u32 = FD_SEEK | FD_TELL | FD_ADVISE | FD_ALLOCATE;

/// What can be done with a directory.
pub(crate) const DIRECTORY: u32 = COMMON | FD_FILESTAT_SET_TIMES | PATHS | FD_READDIR;

/// What can be done with a file.
pub(crate) const FILE: u32 = COMMON | FD_READ | FD_WRITE | POSITIONS | FD_FILESTAT_SET_SIZE | FD_FILESTAT_SET_TIMES;

/// What can be done with a stream.
pub(crate) const STREAM: u32 = COMMON | FD_READ | FD_WRITE;

const SOCKETS: u32 = SOCK_SHUTDOWN | SOCK_ACCEPT;

/// Every right there is.
pub(crate) const ALL: u32 = (1 << 30) - 1;

/// What can be done with such a thing at all.
#[inline(always)]
pub(crate) fn of(kind: DescriptorKind) -> u32 {
    match kind {
        DescriptorKind::DIRECTORY => DIRECTORY,
        DescriptorKind::FILE => FILE,
        _ => STREAM,
    }
}

/// Why a descriptor that lacks these rights is refused: that it was not opened to be read or written, and what nobody could do with such a
/// thing, is told as POSIX has it.
#[inline(always)]
pub(crate) fn refusal(missing: u32, kind: DescriptorKind) -> ErrorNumber {
    let impossible = missing & !of(kind);
    if impossible == 0 {
        if missing & (FD_READ | FD_WRITE) != 0 { ErrorNumber::BADF } else { ErrorNumber::NOTCAPABLE }
    } else if impossible & SOCKETS != 0 {
        ErrorNumber::NOTSOCK
    } else if impossible & (PATHS | FD_READDIR) != 0 {
        ErrorNumber::NOTDIR
    } else if kind == DescriptorKind::DIRECTORY {
        ErrorNumber::ISDIR
    } else if impossible & POSITIONS != 0 {
        ErrorNumber::SPIPE
    } else {
        ErrorNumber::INVAL
    }
}
