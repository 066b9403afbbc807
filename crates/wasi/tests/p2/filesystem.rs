//! The types of `wasi:filesystem/types`, and calls of its functions.

use super::guest::{P2Guest, StreamFailure};
use gusset::{ComponentType, Lift, Lower, Resource, ResourceAny, flags};
use gusset_wasi::p2::{InputStream, OutputStream};
use gusset_wasi::{Directory, HostDirectory, MemoryFileSystem, WasiConfig};

/// `error-code`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(enum)]
pub(crate) enum Code {
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
    NoSuchDevice,
    Overflow,
    NotPermitted,
    Pipe,
    ReadOnly,
    InvalidSeek,
    TextFileBusy,
    CrossDevice,
}

/// `descriptor-type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(enum)]
pub(crate) enum DescriptorTypeWord {
    Unknown,
    BlockDevice,
    CharacterDevice,
    Directory,
    Fifo,
    SymbolicLink,
    RegularFile,
    Socket,
}

flags! {
    pub(crate) How {
        const READ;
        const WRITE;
        const FILE_INTEGRITY_SYNC;
        const DATA_INTEGRITY_SYNC;
        const REQUESTED_WRITE_SYNC;
        const MUTATE_DIRECTORY;
    }
}

flags! {
    pub(crate) Follow {
        const SYMLINK_FOLLOW;
    }
}

flags! {
    pub(crate) Open {
        const CREATE;
        const DIRECTORY;
        const EXCLUSIVE;
        const TRUNCATE;
    }
}

/// `datetime`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Time {
    pub(crate) seconds: u64,
    pub(crate) nanoseconds: u32,
}

/// `descriptor-stat`.
#[derive(Clone, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct DescriptorStatus {
    #[component(name = "type")]
    pub(crate) kind: DescriptorTypeWord,
    pub(crate) link_count: u64,
    pub(crate) size: u64,
    #[component(name = "data-access-timestamp")]
    pub(crate) accessed: Option<Time>,
    #[component(name = "data-modification-timestamp")]
    pub(crate) modified: Option<Time>,
    #[component(name = "status-change-timestamp")]
    pub(crate) changed: Option<Time>,
}

/// `new-timestamp`.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(variant)]
pub(crate) enum SetTo {
    NoChange,
    Now,
    Timestamp(Time),
}

/// `directory-entry`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct ListedItem {
    #[component(name = "type")]
    pub(crate) kind: DescriptorTypeWord,
    pub(crate) name: String,
}

impl PartialOrd for DescriptorTypeWord {
    fn partial_cmp(&self, other: &DescriptorTypeWord) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DescriptorTypeWord {
    fn cmp(&self, other: &DescriptorTypeWord) -> std::cmp::Ordering {
        (*self as u32).cmp(&(*other as u32))
    }
}

/// `metadata-hash-value`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Hash {
    pub(crate) lower: u64,
    pub(crate) upper: u64,
}

/// `advice`.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
pub(crate) enum Use {
    Normal,
    Sequential,
    Random,
    WillNeed,
    DontNeed,
    NoReuse,
}

pub(crate) const NONE: Follow = Follow::empty();
pub(crate) const FOLLOW: Follow = Follow::SYMLINK_FOLLOW;

/// A guest with an empty directory, and that directory.
pub(crate) fn guest_with(directory: impl Directory) -> (P2Guest, ResourceAny) {
    let config = WasiConfig::builder().system_time().preopened_directory("/", directory).build().unwrap();
    let mut guest = P2Guest::new(&config);
    let root = guest.preopens().remove(0).0;
    (guest, root)
}

/// Does the same in memory and on the host.
pub(crate) fn for_each(test: impl Fn(&mut P2Guest, ResourceAny)) {
    let (mut guest, root) = guest_with(MemoryFileSystem::new().root());
    test(&mut guest, root);
    let folder = tempfile::tempdir().unwrap();
    let (mut guest, root) = guest_with(HostDirectory::open(folder.path()).unwrap());
    test(&mut guest, root);
}

impl P2Guest {
    pub(crate) fn preopens(&mut self) -> Vec<(ResourceAny, String)> {
        self.call("preopens#get-directories", ())
    }

    #[track_caller]
    pub(crate) fn open(
        &mut self,
        at: ResourceAny,
        follow: Follow,
        path: &str,
        open: Open,
        how: How,
    ) -> Result<ResourceAny, Code> {
        self.call("types#[method]descriptor.open-at", (at, follow, path, open, how))
    }

    /// A new file that holds these bytes, to be read and written.
    #[track_caller]
    pub(crate) fn file(&mut self, at: ResourceAny, path: &str, contents: &[u8]) -> ResourceAny {
        let file = self.open(at, NONE, path, Open::CREATE | Open::EXCLUSIVE, How::READ | How::WRITE).unwrap();
        assert_eq!(self.write_at(file, contents, 0), Ok(contents.len() as u64));
        file
    }

    #[track_caller]
    pub(crate) fn read_at(&mut self, file: ResourceAny, length: u64, offset: u64) -> Result<(Vec<u8>, bool), Code> {
        self.call("types#[method]descriptor.read", (file, length, offset))
    }

    #[track_caller]
    pub(crate) fn write_at(&mut self, file: ResourceAny, contents: &[u8], offset: u64) -> Result<u64, Code> {
        self.call("types#[method]descriptor.write", (file, contents, offset))
    }

    #[track_caller]
    pub(crate) fn stat(&mut self, of: ResourceAny) -> Result<DescriptorStatus, Code> {
        self.call("types#[method]descriptor.stat", (of,))
    }

    #[track_caller]
    pub(crate) fn stat_at(&mut self, at: ResourceAny, follow: Follow, path: &str) -> Result<DescriptorStatus, Code> {
        self.call("types#[method]descriptor.stat-at", (at, follow, path))
    }

    /// Calls a function that takes a path and returns nothing.
    #[track_caller]
    pub(crate) fn at(&mut self, function: &str, at: ResourceAny, path: &str) -> Result<(), Code> {
        self.call(&format!("types#[method]descriptor.{function}"), (at, path))
    }

    #[track_caller]
    pub(crate) fn rename(&mut self, from: ResourceAny, old: &str, to: ResourceAny, new: &str) -> Result<(), Code> {
        self.call("types#[method]descriptor.rename-at", (from, old, to, new))
    }

    #[track_caller]
    pub(crate) fn link(
        &mut self,
        from: ResourceAny,
        follow: Follow,
        old: &str,
        to: ResourceAny,
        new: &str,
    ) -> Result<(), Code> {
        self.call("types#[method]descriptor.link-at", (from, follow, old, to, new))
    }

    #[track_caller]
    pub(crate) fn symlink(&mut self, at: ResourceAny, target: &str, path: &str) -> Result<(), Code> {
        self.call("types#[method]descriptor.symlink-at", (at, target, path))
    }

    #[track_caller]
    pub(crate) fn read_from(&mut self, file: ResourceAny, offset: u64) -> Result<Resource<InputStream>, Code> {
        self.call("types#[method]descriptor.read-via-stream", (file, offset))
    }

    #[track_caller]
    pub(crate) fn write_from(&mut self, file: ResourceAny, offset: u64) -> Result<Resource<OutputStream>, Code> {
        self.call("types#[method]descriptor.write-via-stream", (file, offset))
    }

    #[track_caller]
    pub(crate) fn append_to(&mut self, file: ResourceAny) -> Result<Resource<OutputStream>, Code> {
        self.call("types#[method]descriptor.append-via-stream", (file,))
    }

    #[track_caller]
    pub(crate) fn drop(&mut self, handle: ResourceAny) {
        handle.resource_drop(&mut self.store).unwrap();
    }

    /// What the interface of files says of an error of a stream.
    #[track_caller]
    pub(crate) fn error_code(&mut self, error: &StreamFailure) -> Option<Code> {
        match error {
            StreamFailure::LastOperationFailed(error) => self.call("types#filesystem-error-code", (error,)),
            StreamFailure::Closed => panic!("it is closed"),
        }
    }
}
