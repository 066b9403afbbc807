//! [`MemoryDirectory`]: an open directory in memory. It is the same one wherever it is moved, and nothing can be made in it once it is removed.

use super::contents::Contents;
use super::file::MemoryFile;
use super::node::{Node, NodeKind, add, new_directory};
use super::rename::{PlacedName, remove_directory, rename};
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::fs::lock::{reading, writing};
use crate::fs::resolve::{FileTree, LastLink, LastPart, ResolvedPath, check_link_target, resolve};
use crate::fs::{
    Descriptor, Directory, DirectoryEntries, DirectoryEntry, FileType, Metadata, OpenOptions, RelativePath, SetTimes,
};
use std::any::Any;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, RwLock};

/// How many entries are listed at a time, so that a large directory is neither copied nor locked at once.
const BATCH: usize = 128;

/// A directory of a [`MemoryFileSystem`](super::MemoryFileSystem).
///
/// ```
/// use gusset_wasi::{MemoryFileSystem, ReadOnly, WasiConfig};
/// let files = MemoryFileSystem::new();
/// files.create_directory_all("in")?;
/// files.create_directory_all("out")?;
/// let config = WasiConfig::builder()
///     .preopened_directory("/in", ReadOnly::new(files.open_directory("in")?))
///     .preopened_directory("/out", files.open_directory("out")?)
///     .build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct MemoryDirectory(Arc<Node>);

struct MemoryTree;

impl FileTree for MemoryTree {
    type Node = Arc<Node>;

    fn child(&self, directory: &Arc<Node>, name: &str) -> WasiResult<Option<Arc<Node>>> {
        Ok(reading(&directory.directory()?.entries).names.get(name).cloned())
    }

    fn file_type(&self, node: &Arc<Node>) -> FileType {
        node.file_type()
    }

    fn link_target(&self, link: &Arc<Node>) -> WasiResult<String> {
        match &link.kind {
            NodeKind::Link(target) => Ok(target.to_string()),
            _ => Err(ErrorCode::Invalid.into()),
        }
    }
}

impl MemoryDirectory {
    /// The node is a directory.
    pub(super) fn new(node: Arc<Node>) -> MemoryDirectory {
        MemoryDirectory(node)
    }

    fn resolve<'a>(&self, path: RelativePath<'a>, last: LastLink) -> WasiResult<ResolvedPath<'a, Arc<Node>>> {
        resolve(&MemoryTree, &self.0, path, last)
    }

    fn existing(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Arc<Node>> {
        let last = if follow { LastLink::Follow } else { LastLink::Keep };
        Ok(self.resolve(path, last)?.node.ok_or(ErrorCode::NoEntry)?)
    }

    /// Makes something where nothing is. `directory`: it is one, so that a slash behind its name is right.
    fn make(
        &self,
        path: RelativePath<'_>,
        directory: bool,
        node: impl FnOnce(&Arc<Node>, u64) -> WasiResult<Arc<Node>>,
    ) -> WasiResult<()> {
        let found = self.resolve(path, LastLink::Entry)?;
        let name = found.last.name_or(ErrorCode::Exist)?;
        if found.node.is_some() {
            return Err(ErrorCode::Exist.into());
        }
        if found.slash && !directory {
            return Err(ErrorCode::NoEntry.into());
        }
        let now = self.0.volume().now();
        add(&found.parent, name, node(&found.parent, now)?, now)
    }

    /// The node behind a handle to a directory of this file system.
    fn same_volume<'a>(&self, directory: &'a dyn Directory) -> WasiResult<&'a MemoryDirectory> {
        let other = directory.as_any().downcast_ref::<MemoryDirectory>();
        let same = |other: &&MemoryDirectory| Arc::ptr_eq(other.0.volume(), self.0.volume());
        Ok(other.filter(same).ok_or(ErrorCode::CrossDevice)?)
    }
}

fn open_node(node: Arc<Node>, options: OpenOptions) -> WasiResult<Descriptor> {
    match &node.kind {
        NodeKind::Directory(_) => Ok(Descriptor::Directory(Arc::new(MemoryDirectory(node)))),
        NodeKind::File(contents) => {
            if options.truncate {
                let now = node.volume().now();
                writing(contents).set_size(&node.account, 0)?;
                node.times.modify(now);
            }
            Ok(Descriptor::File(Arc::new(MemoryFile::new(node, options.read, options.write))))
        }
        NodeKind::Link(_) => Err(ErrorCode::Loop.into()),
    }
}

fn has_code(error: &WasiError, code: ErrorCode) -> bool {
    error.code() == Some(code)
}

impl Directory for MemoryDirectory {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        loop {
            let found = options.resolve(&MemoryTree, &self.0, path)?;
            if let Some(node) = found.node {
                return open_node(node, options);
            }
            let name = found.last.name_or(ErrorCode::IsDirectory)?;
            let now = self.0.volume().now();
            let file = Node::new(self.0.volume(), NodeKind::File(RwLock::new(Contents::default())), now)?;
            match add(&found.parent, name, file.clone(), now) {
                Ok(()) => {
                    let file = MemoryFile::new(file, options.read, options.write);
                    return Ok(Descriptor::File(Arc::new(file)));
                }
                // Somebody else has just made it: that is the file then.
                Err(error) if has_code(&error, ErrorCode::Exist) && !options.exclusive => (),
                Err(error) => return Err(error),
            }
        }
    }

    fn metadata(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Metadata> {
        Ok(self.existing(path, follow)?.metadata())
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        self.0.times.access(self.0.volume());
        Ok(Box::new(MemoryEntries {
            directory: self.0.clone(),
            batch: Vec::new().into_iter(),
            last: None,
            done: false,
        }))
    }

    fn read_link(&self, path: RelativePath<'_>) -> WasiResult<String> {
        MemoryTree.link_target(&self.existing(path, false)?)
    }

    fn create_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        self.make(path, true, |parent, now| new_directory(parent.volume(), Arc::downgrade(parent), now))
    }

    fn remove_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let found = self.resolve(path, LastLink::Entry)?;
        let name = match &found.last {
            LastPart::Name(name) => name,
            LastPart::Here => return Err(ErrorCode::Invalid.into()),
            LastPart::Up => return Err(ErrorCode::NotEmpty.into()),
        };
        remove_directory(PlacedName { directory: &found.parent, name, slash: found.slash })
    }

    fn unlink_file(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let found = self.resolve(path, LastLink::Entry)?;
        let name = found.last.name_or(ErrorCode::IsDirectory)?;
        let now = self.0.volume().now();
        let mut entries = writing(&found.parent.directory()?.entries);
        match entries.names.get(name).map(|node| node.file_type()) {
            None => return Err(ErrorCode::NoEntry.into()),
            Some(FileType::Directory) => return Err(ErrorCode::IsDirectory.into()),
            Some(_) if found.slash => return Err(ErrorCode::NotDirectory.into()),
            Some(_) => (),
        }
        let node = entries.remove(&found.parent, name, now);
        // The bytes, which may be many, go when nothing is locked.
        drop(entries);
        if let Some(node) = node {
            node.lose_name(now);
        }
        Ok(())
    }

    fn symlink(&self, target: &str, path: RelativePath<'_>) -> WasiResult<()> {
        check_link_target(target)?;
        self.make(path, false, |parent, now| Node::new(parent.volume(), NodeKind::Link(target.into()), now))
    }

    fn rename(&self, from: RelativePath<'_>, directory: &dyn Directory, to: RelativePath<'_>) -> WasiResult<()> {
        let other = self.same_volume(directory)?;
        let from = self.resolve(from, LastLink::Entry)?;
        let from_name = from.last.name_or(ErrorCode::Busy)?;
        let to = other.resolve(to, LastLink::Entry)?;
        let to_name = to.last.name_or(ErrorCode::Busy)?;
        rename(
            PlacedName { directory: &from.parent, name: from_name, slash: from.slash },
            PlacedName { directory: &to.parent, name: to_name, slash: to.slash },
        )
    }

    fn link(
        &self,
        from: RelativePath<'_>,
        follow: bool,
        directory: &dyn Directory,
        to: RelativePath<'_>,
    ) -> WasiResult<()> {
        let other = self.same_volume(directory)?;
        let node = self.existing(from, follow)?;
        if from.names_directory() {
            return Err(ErrorCode::NotPermitted.into());
        }
        let found = other.resolve(to, LastLink::Entry)?;
        let name = found.last.name_or(ErrorCode::Exist)?;
        if found.node.is_some() {
            return Err(ErrorCode::Exist.into());
        }
        if found.slash {
            return Err(ErrorCode::NoEntry.into());
        }
        if node.file_type() == FileType::Directory {
            return Err(ErrorCode::NotPermitted.into());
        }
        let now = self.0.volume().now();
        node.add_name(now)?;
        add(&found.parent, name, node.clone(), now).inspect_err(|_| node.lose_name(now))
    }

    fn set_times(&self, path: RelativePath<'_>, follow: bool, times: SetTimes) -> WasiResult<()> {
        let node = self.existing(path, follow)?;
        node.times.set(times, node.volume().now());
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for MemoryDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDirectory").field("inode", &self.0.inode).finish_non_exhaustive()
    }
}

/// Lists a directory by the names, so that what comes and goes meanwhile never hides or doubles another entry.
struct MemoryEntries {
    directory: Arc<Node>,
    batch: std::vec::IntoIter<DirectoryEntry>,
    last: Option<String>,
    done: bool,
}

impl MemoryEntries {
    fn next_batch(&mut self) -> WasiResult<Vec<DirectoryEntry>> {
        let entries = reading(&self.directory.directory()?.entries);
        // As on Linux.
        if entries.removed {
            return Err(ErrorCode::NoEntry.into());
        }
        let after = self.last.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rest = entries.names.range::<str, _>((after, Bound::Unbounded)).take(BATCH);
        let entry = |name: &str, node: &Node| DirectoryEntry {
            name: name.to_owned(),
            inode: node.inode,
            file_type: node.file_type(),
        };
        Ok(rest.map(|(name, node)| entry(name, node)).collect())
    }
}

impl Iterator for MemoryEntries {
    type Item = WasiResult<DirectoryEntry>;

    fn next(&mut self) -> Option<WasiResult<DirectoryEntry>> {
        if self.batch.len() == 0 && !self.done {
            let batch = match self.next_batch() {
                Ok(batch) => batch,
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            };
            self.done = batch.len() < BATCH;
            self.last = batch.last().map(|entry| entry.name.clone());
            self.batch = batch.into_iter();
        }
        self.batch.next().map(Ok)
    }
}
