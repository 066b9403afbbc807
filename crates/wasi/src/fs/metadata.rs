//! What is known of files: [`Metadata`], [`FileType`], entries of directories, times.

use std::time::Duration;

/// What something is.
///
/// ```
/// use gusset_wasi::{Directory, FileType, MemoryFileSystem, RelativePath};
/// let files = MemoryFileSystem::new();
/// files.root().symlink("notes.txt", RelativePath::new("link")?)?;
/// let link = files.root().metadata(RelativePath::new("link")?, false)?;
/// assert_eq!(link.file_type, FileType::SymbolicLink);
/// # Ok::<(), gusset_wasi::WasiError>(())
/// ```
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
///
/// ```
/// use gusset_wasi::{FileType, Metadata};
/// /// Of files that are there from the start and never change; `at` is the number of one.
/// fn metadata(at: usize, bytes: &[u8]) -> Metadata {
///     let inode = at as u64 + 1; // programs take 0 for none
///     Metadata { inode, file_type: FileType::RegularFile, link_count: 1, size: bytes.len() as u64, ..Metadata::default() }
/// }
/// assert_ne!(metadata(0, b"one").inode, metadata(1, b"two").inode);
/// ```
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
///
/// ```
/// use gusset_wasi::{Directory, DirectoryEntry, FileType, MemoryFileSystem, WasiResult};
/// let files = MemoryFileSystem::new();
/// files.write("b", "")?;
/// files.create_directory_all("a")?;
/// let entries: WasiResult<Vec<DirectoryEntry>> = files.root().entries()?.collect();
/// let types: Vec<_> = entries?.into_iter().map(|entry| (entry.name, entry.file_type)).collect();
/// assert_eq!(types, [("a".into(), FileType::Directory), ("b".into(), FileType::RegularFile)]);
/// # Ok::<(), gusset::Error>(())
/// ```
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
///
/// ```
/// use gusset_wasi::{Directory, MemoryFileSystem, RelativePath, SetTime, SetTimes};
/// use std::time::Duration;
/// let (files, path) = (MemoryFileSystem::new(), RelativePath::new("old.txt")?);
/// files.write("old.txt", "1970")?;
/// let times = SetTimes { accessed: None, modified: Some(SetTime::At(Duration::from_secs(1))) };
/// files.root().set_times(path, true, times)?;
/// assert_eq!(files.root().metadata(path, true)?.modified, Duration::from_secs(1));
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SetTimes {
    /// When it was read last; `None` leaves it.
    pub accessed: Option<SetTime>,
    /// When its bytes were changed last; `None` leaves it.
    pub modified: Option<SetTime>,
}

/// What to set a time to.
///
/// ```
/// use gusset_wasi::SetTime;
/// use std::time::{Duration, SystemTime};
/// /// The time that a file of one's own is to have from now on.
/// fn time(set: SetTime) -> Duration {
///     match set {
///         SetTime::Now => SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(),
///         SetTime::At(time) => time,
///     }
/// }
/// assert!(time(SetTime::Now) > time(SetTime::At(Duration::from_secs(1_000_000_000))));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetTime {
    /// The present, by the file system's clock.
    Now,
    /// A time since 1970-01-01T00:00:00Z.
    At(Duration),
}
