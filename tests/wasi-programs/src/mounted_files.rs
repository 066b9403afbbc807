//! [`MountedFiles`]: what lies in folders, by the paths that a guest has for it; written to where a program runs, and read from there
//! when it has ended.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// What lies at a path.
#[derive(Clone, PartialEq, Eq)]
pub enum FileNode {
    /// A regular file with its bytes.
    File(Vec<u8>),
    /// A folder. What is in it has paths of its own.
    Folder,
    /// A symbolic link and what it names.
    Link(String),
}

impl fmt::Debug for FileNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileNode::File(bytes) if bytes.len() > 200 => write!(f, "a file of {} bytes", bytes.len()),
            FileNode::File(bytes) => write!(f, "the file \"{}\"", bytes.escape_ascii()),
            FileNode::Folder => f.write_str("a folder"),
            FileNode::Link(target) => write!(f, "a link to {target:?}"),
        }
    }
}

/// Files, folders and symbolic links by their paths, such as `/data/notes/log`. The folders that a guest is given are not in it.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct MountedFiles(BTreeMap<String, FileNode>);

impl MountedFiles {
    /// Puts something at a path, and the folders above it that lie within `mount` where they are missing.
    pub fn put(&mut self, mount: &str, path: &str, node: FileNode) {
        let top = mount.trim_end_matches('/').len();
        for (at, _) in path.match_indices('/').filter(|(at, _)| *at > top) {
            self.0.entry(path[..at].to_owned()).or_insert(FileNode::Folder);
        }
        self.0.insert(path.to_owned(), node);
    }

    /// Puts something at a path, whose folders are there.
    pub(crate) fn insert(&mut self, path: &str, node: FileNode) {
        self.0.insert(path.to_owned(), node);
    }

    /// Takes away what is at a path.
    pub fn remove(&mut self, path: &str) -> Option<FileNode> {
        self.0.remove(path)
    }

    /// What is at a path.
    pub fn get(&self, path: &str) -> Option<&FileNode> {
        self.0.get(path)
    }

    /// All of it, in order of the paths: folders stand before what is in them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FileNode)> {
        self.0.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// What lies within `mount`, with paths relative to that.
    pub fn within<'a>(&'a self, mount: &'a str) -> impl Iterator<Item = (&'a str, &'a FileNode)> {
        let top = mount.trim_end_matches('/');
        self.iter().filter_map(move |(path, node)| Some((path.strip_prefix(top)?.strip_prefix('/')?, node)))
    }

    /// Writes what lies within `mount` to a folder of the host.
    pub fn write_to(&self, mount: &str, folder: &Path) -> Result<()> {
        for (path, node) in self.within(mount) {
            let host = folder.join(path);
            let written = match node {
                FileNode::File(bytes) => std::fs::write(&host, bytes),
                FileNode::Folder => std::fs::create_dir(&host),
                FileNode::Link(target) => std::os::unix::fs::symlink(target, &host),
            };
            written.with_context(|| format!("cannot write {}", host.display()))?;
        }
        Ok(())
    }

    /// Adds what lies in a folder of the host, which a guest has as `mount`.
    pub fn read_from(&mut self, mount: &str, folder: &Path) -> Result<()> {
        let top = mount.trim_end_matches('/');
        for entry in folder.read_dir().with_context(|| format!("cannot list {}", folder.display()))? {
            let (entry, kind) = entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind)))?;
            let (host, path) = (entry.path(), format!("{top}/{}", entry.file_name().to_string_lossy()));
            if kind.is_dir() {
                self.0.insert(path.clone(), FileNode::Folder);
                self.read_from(&path, &host)?;
            } else if kind.is_symlink() {
                let target = std::fs::read_link(&host)?;
                self.0.insert(path, FileNode::Link(target.to_string_lossy().into_owned()));
            } else {
                let bytes = std::fs::read(&host).with_context(|| format!("cannot read {}", host.display()))?;
                self.0.insert(path, FileNode::File(bytes));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_above_are_made_within_the_mount() {
        let mut tree = MountedFiles::default();
        tree.put("/a/b", "/a/b/c/d", FileNode::File(Vec::new()));
        tree.put("/", "/x/y", FileNode::Link("z".into()));
        let paths: Vec<&str> = tree.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["/a/b/c", "/a/b/c/d", "/x", "/x/y"]);
        assert_eq!(tree.within("/a/b").map(|(path, _)| path).collect::<Vec<_>>(), ["c", "c/d"]);
        assert_eq!(tree.within("/a").count(), 2);
    }

    #[test]
    fn a_host_folder_holds_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = MountedFiles::default();
        tree.put("/m", "/m/a/file", FileNode::File(b"text".to_vec()));
        tree.put("/m", "/m/a/link", FileNode::Link("file".into()));
        tree.put("/m", "/m/empty", FileNode::Folder);
        tree.write_to("/m", folder.path()).unwrap();
        let mut read = MountedFiles::default();
        read.read_from("/m", folder.path()).unwrap();
        assert_eq!(read, tree);
    }
}
