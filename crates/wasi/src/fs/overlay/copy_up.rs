//! Copying something from the lower layer to the upper one, because it is about to be changed.

use super::node::{OverlayEntry, OverlayLeaf, OverlayNode, times_of};
use super::state::identity;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::lock::{locked, reading, writing};
use crate::fs::{Descriptor, Directory, File, FileType, OpenOptions, RelativePath};
use std::sync::{Arc, MutexGuard};

/// How much is copied at a time.
const PIECE: usize = 256 << 10;

/// The largest file that is copied. What is larger is mostly a hole, and would keep others waiting.
const MAX_COPIED: u64 = 64 << 30;

/// A copy that goes on. However it ends, nothing is left of one that is not complete, and those who wait for it go on.
struct Copying<'a> {
    node: &'a OverlayNode,
    upper: &'a dyn Directory,
    name: &'a str,
    path: &'a str,
    complete: bool,
    /// Whether whoever copies has `changes` locked.
    locked: bool,
}

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        let layers = &self.node.layers;
        let _changing = (!self.locked).then(|| locked(&layers.changes));
        if !self.complete {
            // It would hide the original.
            let _ = RelativePath::new(self.name).map(|name| self.upper.unlink_file(name));
        }
        writing(&layers.state).copying.remove(self.path);
        layers.copied.notify_all();
    }
}

/// What has a name in a directory, as it stands in the upper layer, which it is copied to where it is not there yet; `empty`: without
/// its bytes. `changes` is locked, `state` is not. While it is copied other things may be changed: what was known before may not be so.
pub(super) fn copy_up<'a>(
    changing: MutexGuard<'a, ()>,
    node: &'a OverlayNode,
    name: &str,
    empty: bool,
) -> WasiResult<(MutexGuard<'a, ()>, OverlayLeaf)> {
    let changing = node.layers.when_copied(changing, &[node.lower_path(name)]);
    let leaf = leaf_of(node, name)?;
    if leaf.is_upper {
        return Ok((changing, leaf));
    }
    let upper = node.make_upper()?;
    let path = node.lower_path(name).ok_or(ErrorCode::NoEntry)?;
    writing(&node.layers.state).copying.insert(path.clone());
    let mut copying = Copying { node, upper: &*upper, name, path: &path, complete: false, locked: false };
    drop(changing);
    let outcome = copy(&leaf, &*upper, name, empty);
    let changing = locked(&node.layers.changes);
    copying.locked = true;
    // To end before `changes` is unlocked.
    let mut copying = copying;
    outcome?;
    let relative = RelativePath::new(name)?;
    let found = upper.metadata(relative, false)?;
    copying.complete = true;
    let mut state = writing(&node.layers.state);
    if let Some(opened) = state.opened(&path) {
        let read = OpenOptions { read: true, ..OpenOptions::default() };
        opened.turn_into(open_file(&*upper, relative, read)?);
    }
    // Of a file with several names one is changed now: the others are another file.
    if leaf.found.link_count <= 1 {
        state.set_origin(identity(&found), identity(&leaf.found));
    }
    drop(state);
    drop(copying);
    Ok((changing, OverlayLeaf { directory: upper, name: leaf.name, is_upper: true, found }))
}

pub(super) fn leaf_of(node: &OverlayNode, name: &str) -> WasiResult<OverlayLeaf> {
    match node.look_up(&reading(&node.layers.state), name)? {
        Some(OverlayEntry::Leaf(leaf)) => Ok(leaf),
        Some(OverlayEntry::Directory(_)) => Err(ErrorCode::IsDirectory.into()),
        None => Err(ErrorCode::NoEntry.into()),
    }
}

fn copy(leaf: &OverlayLeaf, upper: &dyn Directory, name: &str, empty: bool) -> WasiResult<()> {
    let relative = RelativePath::new(name)?;
    match leaf.found.file_type {
        FileType::SymbolicLink => {
            upper.symlink(&leaf.directory.read_link(relative)?, relative)?;
            upper.set_times(relative, false, times_of(&leaf.found))
        }
        FileType::RegularFile if !empty && leaf.found.size > MAX_COPIED => Err(ErrorCode::FileTooLarge.into()),
        FileType::RegularFile => {
            let target = OpenOptions { write: true, create: true, exclusive: true, ..OpenOptions::default() };
            let target = open_file(upper, relative, target)?;
            if !empty {
                let source = OpenOptions { read: true, ..OpenOptions::default() };
                copy_bytes(&*open_file(&*leaf.directory, relative, source)?, &*target, leaf.found.size)?;
            }
            target.set_times(times_of(&leaf.found))
        }
        // A pipe or a device.
        _ => Err(ErrorCode::NotSupported.into()),
    }
}

pub(super) fn open_file(
    directory: &dyn Directory,
    name: RelativePath<'_>,
    options: OpenOptions,
) -> WasiResult<Arc<dyn File>> {
    match directory.open(name, options)? {
        Descriptor::File(file) => Ok(file),
        _ => Err(ErrorCode::NotSupported.into()),
    }
}

/// Copies what is not zero: holes stay holes.
fn copy_bytes(source: &dyn File, target: &dyn File, size: u64) -> WasiResult<()> {
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(PIECE).clamp(1, PIECE)];
    let mut at = 0;
    loop {
        let count = source.read_at(&mut bytes, at)?;
        if count == 0 {
            break;
        }
        let mut piece = &bytes[..count];
        if piece.iter().all(|&byte| byte == 0) {
            piece = &[];
        }
        let mut to = at;
        while !piece.is_empty() {
            let written = target.write_at(piece, to)?;
            // A file that takes nothing, or more than there was, is not believed.
            piece = piece.get(written..).filter(|_| written > 0).ok_or(ErrorCode::Io)?;
            to += written as u64;
        }
        at += count as u64;
    }
    target.set_size(at)
}
