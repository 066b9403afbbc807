//! The file systems that the suite runs over.

use gusset_wasi::{Directory, HostDirectory, MemoryFileSystem};
use std::any::Any;
use std::sync::Arc;

/// An empty directory of some file system.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) root: Arc<dyn Directory>,
    /// What must stay as long as it is used.
    _kept: Box<dyn Any>,
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

/// All that can be written.
pub(crate) fn writable() -> Vec<World> {
    vec![host(), memory()]
}
