//! The records, flags and variants of `wasi:filesystem/types`, and what the policy layer calls them.

use crate::error::WasiResult;
use crate::fs::{Advice, DirectoryEntry, FileType, Metadata, SetTime};
use crate::p2::clocks::Datetime;
use gusset::{ComponentType, Lift, Lower, flags};
use std::time::Duration;

/// `descriptor-type`.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
pub(super) enum DescriptorType {
    Unknown,
    BlockDevice,
    CharacterDevice,
    Directory,
    Fifo,
    SymbolicLink,
    RegularFile,
    Socket,
}

impl From<FileType> for DescriptorType {
    fn from(ty: FileType) -> DescriptorType {
        match ty {
            FileType::Unknown => DescriptorType::Unknown,
            FileType::BlockDevice => DescriptorType::BlockDevice,
            FileType::CharacterDevice => DescriptorType::CharacterDevice,
            FileType::Directory => DescriptorType::Directory,
            FileType::Fifo => DescriptorType::Fifo,
            FileType::SymbolicLink => DescriptorType::SymbolicLink,
            FileType::RegularFile => DescriptorType::RegularFile,
            FileType::SocketDatagram | FileType::SocketStream => DescriptorType::Socket,
        }
    }
}

flags! {
    /// `descriptor-flags`.
    pub(super) DescriptorFlags {
        const READ;
        const WRITE;
        const FILE_INTEGRITY_SYNC;
        const DATA_INTEGRITY_SYNC;
        const REQUESTED_WRITE_SYNC;
        const MUTATE_DIRECTORY;
    }
}

flags! {
    /// `path-flags`.
    pub(super) PathFlags {
        const SYMLINK_FOLLOW;
    }
}

flags! {
    /// `open-flags`.
    pub(super) OpenAtFlags {
        const CREATE;
        const DIRECTORY;
        const EXCLUSIVE;
        const TRUNCATE;
    }
}

impl PathFlags {
    pub(super) fn follow(self) -> bool {
        self.contains(PathFlags::SYMLINK_FOLLOW)
    }
}

/// `descriptor-stat`.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct DescriptorStat {
    #[component(name = "type")]
    ty: DescriptorType,
    link_count: u64,
    size: u64,
    data_access_timestamp: Option<Datetime>,
    data_modification_timestamp: Option<Datetime>,
    status_change_timestamp: Option<Datetime>,
}

impl From<Metadata> for DescriptorStat {
    fn from(of: Metadata) -> DescriptorStat {
        // Of a stream that is no file nothing is known.
        let time = |time: Duration| (of.inode != 0).then(|| time.into());
        DescriptorStat {
            ty: of.file_type.into(),
            link_count: of.link_count,
            size: of.size,
            data_access_timestamp: time(of.accessed),
            data_modification_timestamp: time(of.modified),
            status_change_timestamp: time(of.changed),
        }
    }
}

/// `new-timestamp`.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(super) enum NewTimestamp {
    NoChange,
    Now,
    Timestamp(Datetime),
}

impl NewTimestamp {
    /// What it sets, if anything.
    pub(super) fn set_time(self) -> WasiResult<Option<SetTime>> {
        Ok(match self {
            NewTimestamp::NoChange => None,
            NewTimestamp::Now => Some(SetTime::Now),
            NewTimestamp::Timestamp(at) => Some(SetTime::At(at.to_duration()?)),
        })
    }
}

/// `directory-entry`.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(super) struct NamedEntry {
    #[component(name = "type")]
    ty: DescriptorType,
    name: String,
}

impl From<DirectoryEntry> for NamedEntry {
    fn from(entry: DirectoryEntry) -> NamedEntry {
        NamedEntry { ty: entry.file_type.into(), name: entry.name }
    }
}

/// `advice`.
#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
pub(super) enum AdviceParam {
    Normal,
    Sequential,
    Random,
    WillNeed,
    DontNeed,
    NoReuse,
}

impl From<AdviceParam> for Advice {
    fn from(advice: AdviceParam) -> Advice {
        match advice {
            AdviceParam::Normal => Advice::Normal,
            AdviceParam::Sequential => Advice::Sequential,
            AdviceParam::Random => Advice::Random,
            AdviceParam::WillNeed => Advice::WillNeed,
            AdviceParam::DontNeed => Advice::DontNeed,
            AdviceParam::NoReuse => Advice::NoReuse,
        }
    }
}

/// `metadata-hash-value`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ComponentType, Lower)]
#[component(record)]
pub(super) struct MetadataHashValue {
    pub(super) lower: u64,
    pub(super) upper: u64,
}
