//! What is known of files: [`Metadata`], [`FileType`], entries of directories, times.

use std::time::Duration;

/// What something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
#[allow(missing_docs, reason = "POSIX's own words")]
#[non_exhaustive]
pub enum FileType {
    #[default]
    Unknown,
    BlockDevice,
    CharacterDevice,
    Directory,
    Fifo,
    RegularFile,
    SocketDatagram,
    SocketStream,
    SymbolicLink,
}

/// What is known of something. Two with the same device and inode are one and the same.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metadata {
    /// Which file system.
    pub device: u64,
    /// What of it, as long as it is there.
    pub inode: u64,
    /// What it is.
    pub file_type: FileType,
    /// How many names it has.
    pub link_count: u64,
    /// In bytes; of a symbolic link that of what it holds.
    pub size: u64,
    /// When it was read last, since 1970-01-01T00:00:00Z, as all times here.
    pub accessed: Duration,
    /// When its bytes were changed last.
    pub modified: Duration,
    /// When anything of it was changed last.
    pub changed: Duration,
}

/// An entry of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirectoryEntry {
    /// The name: never empty, without `/`.
    pub name: String,
    /// As in [`Metadata`].
    pub inode: u64,
    /// As in [`Metadata`]; a symbolic link is one.
    pub file_type: FileType,
}

/// Which times to set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SetTimes {
    /// When it was read last; `None` leaves it.
    pub accessed: Option<SetTime>,
    /// When its bytes were changed last; `None` leaves it.
    pub modified: Option<SetTime>,
}

/// What to set a time to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetTime {
    /// The present, by the file system's clock.
    Now,
    /// A time since 1970-01-01T00:00:00Z.
    At(Duration),
}
