//! [`Node`]: a file, directory or symbolic link in memory, and what of its names changes together.
//!
//! Order of locks: the volume's topology, directories, then one of the rest (a file's contents, a directory's parent), which is held for
//! nothing else. Who locks a second directory has the topology; so nobody waits for a directory while somebody who has it waits for him.

use super::contents::Contents;
use super::volume::{Account, Volume};
use crate::clock::nanoseconds;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::lock::{locked, reading, writing};
use crate::fs::{FileType, Metadata, SetTime, SetTimes};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

/// What a node and a name cost, beside their bytes: a bit more than what they take.
const NODE_COST: u64 = 512;
const NAME_COST: u64 = 128;

pub(super) struct Node {
    pub(super) account: Account,
    pub(super) inode: u64,
    pub(super) times: Times,
    /// How many names it has; of directories nothing.
    names: AtomicU64,
    pub(super) kind: NodeKind,
}

pub(super) enum NodeKind {
    File(RwLock<Contents>),
    Directory(DirectoryNode),
    Link(Box<str>),
}

#[derive(Default)]
pub(super) struct DirectoryNode {
    pub(super) entries: RwLock<NodeEntries>,
    /// In which directory it is; of the root nothing. Changes only with the topology locked.
    pub(super) parent: Mutex<Weak<Node>>,
}

/// What is in a directory, in the order of the names.
#[derive(Default)]
pub(super) struct NodeEntries {
    pub(super) names: BTreeMap<Box<str>, Arc<Node>>,
    subdirectories: u64,
    /// Its own name is gone: nothing can be made in it any more.
    pub(super) removed: bool,
}

/// Nanoseconds since 1970.
pub(super) struct Times {
    accessed: AtomicU64,
    modified: AtomicU64,
    changed: AtomicU64,
}

impl Node {
    pub(super) fn new(volume: &Arc<Volume>, kind: NodeKind, now: u64) -> WasiResult<Arc<Node>> {
        let held = if let NodeKind::Link(target) = &kind { target.len() as u64 } else { 0 };
        let node = Node::without_charge(volume, kind, now);
        node.account.reserve(NODE_COST + held)?;
        Ok(Arc::new(node))
    }

    /// The root of a new volume, which is there whatever the limit.
    pub(super) fn root(volume: &Arc<Volume>, now: u64) -> Arc<Node> {
        Arc::new(Node::without_charge(volume, NodeKind::Directory(DirectoryNode::default()), now))
    }

    fn without_charge(volume: &Arc<Volume>, kind: NodeKind, now: u64) -> Node {
        let inode = volume.new_inode();
        Node { account: Account::new(volume), inode, times: Times::new(now), names: AtomicU64::new(1), kind }
    }

    pub(super) fn volume(&self) -> &Arc<Volume> {
        self.account.volume()
    }

    pub(super) fn file_type(&self) -> FileType {
        match self.kind {
            NodeKind::File(_) => FileType::RegularFile,
            NodeKind::Directory(_) => FileType::Directory,
            NodeKind::Link(_) => FileType::SymbolicLink,
        }
    }

    pub(super) fn directory(&self) -> WasiResult<&DirectoryNode> {
        match &self.kind {
            NodeKind::Directory(directory) => Ok(directory),
            _ => Err(ErrorCode::NotDirectory.into()),
        }
    }

    pub(super) fn metadata(&self) -> Metadata {
        let (size, link_count) = match &self.kind {
            NodeKind::File(contents) => (reading(contents).size(), self.names.load(Ordering::Relaxed)),
            NodeKind::Link(target) => (target.len() as u64, self.names.load(Ordering::Relaxed)),
            NodeKind::Directory(directory) => (0, reading(&directory.entries).link_count()),
        };
        Metadata {
            device: self.volume().device,
            inode: self.inode,
            file_type: self.file_type(),
            link_count,
            size,
            accessed: Duration::from_nanos(self.times.accessed.load(Ordering::Relaxed)),
            modified: Duration::from_nanos(self.times.modified.load(Ordering::Relaxed)),
            changed: Duration::from_nanos(self.times.changed.load(Ordering::Relaxed)),
        }
    }

    /// Another name, unless the last one has gone in the meantime.
    pub(super) fn add_name(&self, now: u64) -> WasiResult<()> {
        let more = |names: u64| (names > 0).then_some(names + 1);
        self.names.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map_err(|_| ErrorCode::NoEntry)?;
        self.times.change(now);
        Ok(())
    }

    pub(super) fn lose_name(&self, now: u64) {
        self.names.fetch_sub(1, Ordering::Relaxed);
        self.times.change(now);
    }

    /// Whether it is that directory or below it. The topology is locked.
    pub(super) fn is_within(self: &Arc<Node>, directory: &Arc<Node>) -> bool {
        let mut at = self.clone();
        loop {
            if Arc::ptr_eq(&at, directory) {
                return true;
            }
            let NodeKind::Directory(inner) = &at.kind else { return false };
            let Some(parent) = locked(&inner.parent).upgrade() else { return false };
            at = parent;
        }
    }

    fn take_entries(&mut self) -> Vec<Arc<Node>> {
        match &mut self.kind {
            NodeKind::Directory(directory) => {
                let entries = directory.entries.get_mut().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut entries.names).into_values().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A tree goes without recursion, however deep it is.
impl Drop for Node {
    fn drop(&mut self) {
        let mut left = self.take_entries();
        while let Some(node) = left.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                left.append(&mut node.take_entries());
            }
        }
    }
}

impl NodeEntries {
    /// Puts a node under a name that is free.
    pub(super) fn insert(&mut self, directory: &Node, name: &str, node: Arc<Node>, now: u64) -> WasiResult<()> {
        if self.removed {
            return Err(ErrorCode::NoEntry.into());
        }
        if self.names.contains_key(name) {
            return Err(ErrorCode::Exist.into());
        }
        directory.account.reserve(NAME_COST + name.len() as u64)?;
        self.subdirectories += u64::from(node.file_type() == FileType::Directory);
        self.names.insert(name.into(), node);
        directory.times.modify(now);
        Ok(())
    }

    /// Puts a node under a name, in place of what has it.
    pub(super) fn put(&mut self, directory: &Node, name: &str, node: Arc<Node>, now: u64) -> WasiResult<()> {
        let Some(old) = self.names.get_mut(name) else { return self.insert(directory, name, node, now) };
        let is_directory = |node: &Node| u64::from(node.file_type() == FileType::Directory);
        self.subdirectories = self.subdirectories + is_directory(&node) - is_directory(old);
        *old = node;
        directory.times.modify(now);
        Ok(())
    }

    /// Takes a name away.
    pub(super) fn remove(&mut self, directory: &Node, name: &str, now: u64) -> Option<Arc<Node>> {
        let node = self.names.remove(name)?;
        directory.account.release(NAME_COST + name.len() as u64);
        self.subdirectories -= u64::from(node.file_type() == FileType::Directory);
        directory.times.modify(now);
        Some(node)
    }

    /// As on most systems: its name, its own `.`, and the `..` of those in it.
    fn link_count(&self) -> u64 {
        if self.removed { 0 } else { 2 + self.subdirectories }
    }
}

impl Times {
    fn new(now: u64) -> Times {
        Times { accessed: AtomicU64::new(now), modified: AtomicU64::new(now), changed: AtomicU64::new(now) }
    }

    /// Something but the bytes was changed.
    pub(super) fn change(&self, now: u64) {
        self.changed.store(now, Ordering::Relaxed);
    }

    /// The bytes, or the entries, were changed.
    pub(super) fn modify(&self, now: u64) {
        self.modified.store(now, Ordering::Relaxed);
        self.change(now);
    }

    /// It was read. That is noted once after each change, as Linux does by default: readers share what they read.
    pub(super) fn access(&self, volume: &Volume) {
        let accessed = self.accessed.load(Ordering::Relaxed);
        if accessed <= self.modified.load(Ordering::Relaxed) || accessed <= self.changed.load(Ordering::Relaxed) {
            let now = volume.now();
            if now != accessed {
                self.accessed.store(now, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn set(&self, times: SetTimes, now: u64) {
        let time = |set| match set {
            SetTime::Now => now,
            SetTime::At(time) => nanoseconds(time),
        };
        if let Some(accessed) = times.accessed {
            self.accessed.store(time(accessed), Ordering::Relaxed);
        }
        if let Some(modified) = times.modified {
            self.modified.store(time(modified), Ordering::Relaxed);
        }
        if times != SetTimes::default() {
            self.change(now);
        }
    }
}

pub(super) fn new_directory(volume: &Arc<Volume>, parent: Weak<Node>, now: u64) -> WasiResult<Arc<Node>> {
    let directory = DirectoryNode { entries: RwLock::default(), parent: Mutex::new(parent) };
    Node::new(volume, NodeKind::Directory(directory), now)
}

/// Makes a name for a new node in a directory.
pub(super) fn add(directory: &Arc<Node>, name: &str, node: Arc<Node>, now: u64) -> WasiResult<()> {
    writing(&directory.directory()?.entries).insert(directory, name, node, now)
}
