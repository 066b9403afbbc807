//! What locks more than one directory: moving something, and removing a directory. The order of locks stands in `node.rs`.

use super::node::{Node, NodeEntries, NodeKind};
use crate::error::{ErrorCode, WasiResult};
use crate::fs::FileType;
use crate::fs::lock::{locked, writing};
use std::sync::{Arc, RwLockWriteGuard};

/// A name in a directory.
#[derive(Clone, Copy)]
pub(super) struct PlacedName<'a> {
    pub(super) directory: &'a Arc<Node>,
    pub(super) name: &'a str,
    /// Whether a `/` stood behind it.
    pub(super) slash: bool,
}

/// Two directories, which may be one.
struct Both<'a> {
    from: RwLockWriteGuard<'a, NodeEntries>,
    to: Option<RwLockWriteGuard<'a, NodeEntries>>,
}

impl Both<'_> {
    fn to(&mut self) -> &mut NodeEntries {
        self.to.as_mut().unwrap_or(&mut self.from)
    }
}

/// Removes an empty directory.
pub(super) fn remove_directory(name: PlacedName<'_>) -> WasiResult<()> {
    let volume = name.directory.volume();
    let now = volume.now();
    let _topology = locked(&volume.topology);
    let mut entries = writing(&name.directory.directory()?.entries);
    let node = entries.names.get(name.name).cloned().ok_or(ErrorCode::NoEntry)?;
    empty(&node, now)?;
    entries.remove(name.directory, name.name, now);
    Ok(())
}

/// Marks a directory as removed, if nothing is in it.
fn empty(node: &Node, now: u64) -> WasiResult<()> {
    let mut entries = writing(&node.directory()?.entries);
    if !entries.names.is_empty() {
        return Err(ErrorCode::NotEmpty.into());
    }
    entries.removed = true;
    node.times.change(now);
    Ok(())
}

/// Moves something, in place of what is there.
pub(super) fn rename(from: PlacedName<'_>, to: PlacedName<'_>) -> WasiResult<()> {
    let volume = from.directory.volume();
    let now = volume.now();
    let topology = locked(&volume.topology);
    let one = Arc::ptr_eq(from.directory, to.directory);
    let mut both = Both {
        from: writing(&from.directory.directory()?.entries),
        to: if one { None } else { Some(writing(&to.directory.directory()?.entries)) },
    };
    let node = both.from.names.get(from.name).cloned().ok_or(ErrorCode::NoEntry)?;
    if both.to().removed {
        return Err(ErrorCode::NoEntry.into());
    }
    let target = both.to().names.get(to.name).cloned();
    check(&from, &to, &node, target.as_ref())?;
    if target.as_ref().is_some_and(|target| Arc::ptr_eq(target, &node)) {
        return Ok(());
    }
    if let Some(target) = &target
        && target.file_type() == FileType::Directory
    {
        empty(target, now)?;
    }
    // Fails only where the name is new and there is no room for it: nothing has been changed then.
    both.to().put(to.directory, to.name, node.clone(), now)?;
    both.from.remove(from.directory, from.name, now);
    drop(both);
    match &node.kind {
        NodeKind::Directory(directory) => *locked(&directory.parent) = Arc::downgrade(to.directory),
        NodeKind::File(_) | NodeKind::Link(_) => (),
    }
    node.times.change(now);
    drop(topology);
    if let Some(target) = target
        && target.file_type() != FileType::Directory
    {
        target.lose_name(now);
    }
    Ok(())
}

/// Whether something may be moved there, in the order in which Linux asks.
fn check(from: &PlacedName<'_>, to: &PlacedName<'_>, node: &Arc<Node>, target: Option<&Arc<Node>>) -> WasiResult<()> {
    let is_directory = node.file_type() == FileType::Directory;
    if !is_directory && (from.slash || to.slash) {
        return Err(ErrorCode::NotDirectory.into());
    }
    if is_directory && to.directory.is_within(node) {
        return Err(ErrorCode::Invalid.into());
    }
    let Some(target) = target else { return Ok(()) };
    let onto_directory = target.file_type() == FileType::Directory;
    if onto_directory && from.directory.is_within(target) {
        return Err(ErrorCode::NotEmpty.into());
    }
    if Arc::ptr_eq(node, target) || is_directory == onto_directory {
        return Ok(());
    }
    Err(if is_directory { ErrorCode::NotDirectory } else { ErrorCode::IsDirectory }.into())
}
