//! The file systems that the suite runs over.

use super::script::Session;
use gusset_wasi::{ArchiveDirectory, Directory, HostDirectory, MemoryFileSystem, Overlay, ReadOnly};
use std::any::Any;
use std::sync::Arc;

/// An empty directory of some file system.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) root: Arc<dyn Directory>,
    /// What must stay as long as it is used.
    _kept: Box<dyn Any>,
}

impl World {
    pub(crate) fn of(root: impl Directory) -> World {
        World { name: "a directory", root: Arc::new(root), _kept: Box::new(()) }
    }
}

/// What all others must be like.
pub(crate) fn host() -> World {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = HostDirectory::open(folder.path()).expect("it opens");
    World { name: "host", root: Arc::new(root), _kept: Box::new(folder) }
}

pub(crate) fn memory() -> World {
    let files = MemoryFileSystem::new();
    World { name: "memory", root: Arc::new(files.root()), _kept: Box::new(files) }
}

/// An overlay of files in memory over another world.
pub(crate) fn overlay(lower: World) -> World {
    let root = Overlay::new(MemoryFileSystem::new().root(), lower.root.clone());
    World { name: "overlay", root: Arc::new(root), _kept: Box::new(lower) }
}

/// An overlay of a directory of the host's over another world.
pub(crate) fn host_overlay(lower: World) -> World {
    let upper = host();
    let root = Overlay::new(upper.root.clone(), lower.root.clone());
    World { name: "overlay of host's", root: Arc::new(root), _kept: Box::new((upper, lower)) }
}

/// All that can be written.
pub(crate) fn writable() -> Vec<World> {
    vec![host(), memory(), overlay(memory()), host_overlay(host())]
}

/// What those hold that can only be read, as operations make it.
const TREE: &str = "
    mkdir d
    mkdir d/sub
    write d/x hello
    write d/sub/y deep
    link d/x hard
    symlink d/x l
    symlink d dl
    symlink ../l d/up
    symlink loop loop
    symlink .. out
    symlink d/gone dangling
";

/// All that can be read, with the same tree in each.
pub(crate) fn readable() -> Vec<World> {
    let mut worlds = Vec::new();
    for (name, world) in [("host, read-only", host()), ("memory, read-only", memory())] {
        let mut session = Session::new(world.root.clone());
        for line in TREE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert_eq!(session.run(line), "ok", "{line}");
        }
        worlds.push(World { name, root: Arc::new(ReadOnly::new(world.root.clone())), _kept: Box::new(world) });
    }
    let archive = ArchiveDirectory::tar(tree_as_tar()).expect("an archive");
    worlds.push(World { name: "archive", root: Arc::new(archive), _kept: Box::new(()) });
    worlds
}

fn tree_as_tar() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let file = |size: usize| {
        let mut header = tar::Header::new_gnu();
        header.set_size(size as u64);
        header
    };
    let typed = |entry_type| {
        let mut header = file(0);
        header.set_entry_type(entry_type);
        header
    };
    tar.append_data(&mut typed(tar::EntryType::Directory), "./d/", &b""[..]).expect("an entry");
    tar.append_data(&mut file(5), "./d/x", &b"hello"[..]).expect("an entry");
    tar.append_data(&mut file(4), "d/sub/y", &b"deep"[..]).expect("an entry");
    tar.append_link(&mut typed(tar::EntryType::Link), "hard", "./d/x").expect("an entry");
    let links = [("l", "d/x"), ("dl", "d"), ("d/up", "../l"), ("loop", "loop"), ("out", ".."), ("dangling", "d/gone")];
    for (path, target) in links {
        tar.append_link(&mut typed(tar::EntryType::Symlink), path, target).expect("an entry");
    }
    tar.into_inner().expect("an archive")
}
