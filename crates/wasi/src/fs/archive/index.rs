//! [`ArchiveIndex`]: the tree of what is in an archive, made once. What is wrong with a name is found here, before a guest sees any.

use super::bytes::ArchivePart;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::device::new_device;
use crate::fs::path::MAX_NAME;
use crate::fs::resolve::FileTree;
use crate::fs::{FileType, Metadata, RelativePath};
use gusset::{Result, bail, ensure};
use std::collections::BTreeMap;
use std::time::Duration;

/// How much may be in an archive: paths of many parts make more of it than there are bytes.
const MAX_NODES: usize = 1_000_000;

/// The root's number among the nodes.
pub(super) const ROOT: u32 = 0;

pub(super) struct ArchiveIndex {
    device: u64,
    nodes: Vec<ArchiveNode>,
}

pub(super) struct ArchiveNode {
    pub(super) kind: ArchiveNodeKind,
    modified: Duration,
    links: u64,
}

pub(super) enum ArchiveNodeKind {
    /// By their names.
    Directory(Vec<(Box<str>, u32)>),
    File(ArchivePart),
    Link(Box<str>),
}

/// What an archive says that something is.
pub(super) enum ArchiveItem<'a> {
    Directory,
    File(ArchivePart),
    Link(&'a str),
    /// Another name of the file that stands under a path.
    Second(&'a str),
}

/// Makes an index, an item after the other.
pub(super) struct IndexBuilder {
    nodes: Vec<BuiltNode>,
    limit: usize,
}

struct BuiltNode {
    kind: BuiltKind,
    modified: Duration,
    /// How many names a file or a link has.
    names: u64,
}

enum BuiltKind {
    Directory(BTreeMap<Box<str>, u32>),
    File(ArchivePart),
    Link(Box<str>),
}

impl IndexBuilder {
    pub(super) fn new() -> IndexBuilder {
        let root = BuiltNode { kind: BuiltKind::Directory(BTreeMap::new()), modified: Duration::ZERO, names: 1 };
        IndexBuilder { nodes: vec![root], limit: MAX_NODES }
    }

    /// Adds an item, with the directories above it. The last one of a name counts, as where an archive is unpacked.
    pub(super) fn add(&mut self, path: &str, item: ArchiveItem<'_>, modified: Duration) -> Result<()> {
        let mut parts = parts_of(path)?.peekable();
        let mut directory = ROOT;
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return self.put(directory, part, item, modified);
            }
            directory = match self.child(directory, part) {
                None => self.new_directory(directory, part, modified)?,
                Some(node) if self.entries(node).is_some() => node,
                Some(_) => bail!("it is below {part:?}, which is no directory"),
            };
        }
        ensure!(matches!(item, ArchiveItem::Directory), "it has the name of the root");
        self.nodes[ROOT as usize].modified = modified;
        Ok(())
    }

    pub(super) fn finish(mut self) -> ArchiveIndex {
        for at in 0..self.nodes.len() {
            if let Some(entries) = self.entries(at as u32) {
                // Its name, its `.`, and the `..` of those in it.
                let subdirectories = entries.values().filter(|&&node| self.entries(node).is_some()).count();
                self.nodes[at].names = 2 + subdirectories as u64;
            }
        }
        let finished = |node: BuiltNode| ArchiveNode {
            kind: match node.kind {
                BuiltKind::Directory(entries) => ArchiveNodeKind::Directory(entries.into_iter().collect()),
                BuiltKind::File(part) => ArchiveNodeKind::File(part),
                BuiltKind::Link(target) => ArchiveNodeKind::Link(target),
            },
            modified: node.modified,
            links: node.names,
        };
        ArchiveIndex { device: new_device(), nodes: self.nodes.into_iter().map(finished).collect() }
    }

    fn put(&mut self, directory: u32, name: &str, item: ArchiveItem<'_>, modified: Duration) -> Result<()> {
        let old = self.child(directory, name);
        let kind = match item {
            ArchiveItem::Directory => match old {
                Some(old) if self.entries(old).is_some() => {
                    self.nodes[old as usize].modified = modified;
                    return Ok(());
                }
                _ => BuiltKind::Directory(BTreeMap::new()),
            },
            ArchiveItem::File(part) => BuiltKind::File(part),
            ArchiveItem::Link(target) => {
                ensure!(!target.is_empty() && target.len() < RelativePath::MAX_PATH, "it is a link to nothing");
                BuiltKind::Link(target.into())
            }
            ArchiveItem::Second(path) => {
                let file = self.find(path)?.filter(|&node| self.entries(node).is_none());
                let Some(file) = file else { bail!("it is a hard link to {path:?}, which is no file before it") };
                if old == Some(file) {
                    return Ok(());
                }
                self.make_room(old)?;
                self.nodes[file as usize].names += 1;
                self.name(directory, name, file);
                return Ok(());
            }
        };
        self.make_room(old)?;
        let node = self.new_node(kind, modified)?;
        self.name(directory, name, node);
        Ok(())
    }

    /// Takes away what had a name before.
    fn make_room(&mut self, old: Option<u32>) -> Result<()> {
        let Some(old) = old else { return Ok(()) };
        let full = self.entries(old).is_some_and(|entries| !entries.is_empty());
        ensure!(!full, "it has the name of a directory that is not empty");
        self.nodes[old as usize].names -= 1;
        Ok(())
    }

    fn new_directory(&mut self, parent: u32, name: &str, modified: Duration) -> Result<u32> {
        let node = self.new_node(BuiltKind::Directory(BTreeMap::new()), modified)?;
        self.name(parent, name, node);
        Ok(node)
    }

    fn new_node(&mut self, kind: BuiltKind, modified: Duration) -> Result<u32> {
        ensure!(self.nodes.len() < self.limit, "there are more than {} files, directories and links", self.limit);
        self.nodes.push(BuiltNode { kind, modified, names: 1 });
        Ok((self.nodes.len() - 1) as u32)
    }

    fn name(&mut self, directory: u32, name: &str, node: u32) {
        if let BuiltKind::Directory(entries) = &mut self.nodes[directory as usize].kind {
            entries.insert(name.into(), node);
        }
    }

    fn entries(&self, node: u32) -> Option<&BTreeMap<Box<str>, u32>> {
        match &self.nodes[node as usize].kind {
            BuiltKind::Directory(entries) => Some(entries),
            _ => None,
        }
    }

    fn child(&self, directory: u32, name: &str) -> Option<u32> {
        self.entries(directory)?.get(name).copied()
    }

    fn find(&self, path: &str) -> Result<Option<u32>> {
        Ok(parts_of(path)?.try_fold(ROOT, |directory, part| self.child(directory, part)))
    }
}

/// The parts of a name in an archive. It starts at the root, whether it says so or not, and does not leave it.
fn parts_of(path: &str) -> Result<impl Iterator<Item = &str>> {
    ensure!(path.len() < RelativePath::MAX_PATH, "its name is longer than {} bytes", RelativePath::MAX_PATH - 1);
    let parts = || path.split('/').filter(|part| !matches!(*part, "" | "."));
    for part in parts() {
        ensure!(part != "..", "its name has a `..` in it");
        ensure!(part.len() <= MAX_NAME, "a part of its name is longer than {MAX_NAME} bytes");
        ensure!(!part.contains('\0'), "its name has a NUL in it");
    }
    Ok(parts())
}

impl ArchiveIndex {
    pub(super) fn node(&self, node: u32) -> &ArchiveNode {
        &self.nodes[node as usize]
    }

    pub(super) fn metadata(&self, node: u32) -> Metadata {
        let found = self.node(node);
        let size = match &found.kind {
            ArchiveNodeKind::Directory(_) => 0,
            ArchiveNodeKind::File(part) => part.as_slice().len() as u64,
            ArchiveNodeKind::Link(target) => target.len() as u64,
        };
        Metadata {
            device: self.device,
            inode: inode_of(node),
            file_type: self.file_type(&node),
            link_count: found.links,
            size,
            accessed: found.modified,
            modified: found.modified,
            changed: found.modified,
        }
    }
}

pub(super) fn inode_of(node: u32) -> u64 {
    u64::from(node) + 1
}

impl FileTree for ArchiveIndex {
    type Node = u32;

    fn child(&self, directory: &u32, name: &str) -> WasiResult<Option<u32>> {
        let ArchiveNodeKind::Directory(entries) = &self.node(*directory).kind else {
            return Err(ErrorCode::NotDirectory.into());
        };
        let found = entries.binary_search_by(|(entry, _)| (**entry).cmp(name));
        Ok(found.ok().map(|at| entries[at].1))
    }

    fn file_type(&self, node: &u32) -> FileType {
        match self.node(*node).kind {
            ArchiveNodeKind::Directory(_) => FileType::Directory,
            ArchiveNodeKind::File(_) => FileType::RegularFile,
            ArchiveNodeKind::Link(_) => FileType::SymbolicLink,
        }
    }

    fn link_target(&self, link: &u32) -> WasiResult<String> {
        match &self.node(*link).kind {
            ArchiveNodeKind::Link(target) => Ok(target.to_string()),
            _ => Err(ErrorCode::Invalid.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_of_too_much_is_refused() {
        let mut builder = IndexBuilder::new();
        builder.limit = 10;
        let mut add = |path: &str| builder.add(path, ArchiveItem::Directory, Duration::ZERO);
        add("a/b/c/d/e/f/g/h/i").expect("nine, and the root");
        add("a/b").expect("it is there");
        let error = add("a/c").expect_err("the eleventh");
        assert_eq!(error.to_string(), "there are more than 10 files, directories and links");
    }
}
