//! Removing and moving in an overlay: what the lower layer has is hidden, what is moved is copied first.

use super::copy_up::copy_up;
use super::node::{OverlayEntry, OverlayNode};
use super::state::{OverlayState, identity};
use crate::error::{ErrorCode, WasiResult};
use crate::fs::lock::{reading, writing};
use crate::fs::{Directory, FileType, RelativePath};
use std::sync::{Arc, MutexGuard};

/// A name in a directory of an overlay.
#[derive(Clone, Copy)]
pub(super) struct OverlayName<'a> {
    pub(super) node: &'a OverlayNode,
    pub(super) name: &'a str,
    /// Whether a `/` stood behind it.
    pub(super) slash: bool,
}

impl OverlayName<'_> {
    fn look_up(&self) -> WasiResult<Option<OverlayEntry>> {
        self.node.look_up(&reading(&self.node.layers.state), self.name)
    }

    fn lower_path(&self) -> Option<String> {
        self.node.lower_path(self.name)
    }

    /// Sees to it that what the lower layer has under the name is not seen once the upper layer's is gone.
    fn hide(&self, state: &mut OverlayState) -> WasiResult<()> {
        if self.node.has_lower(state, self.name)?
            && let Some(path) = self.node.lower_path(self.name)
        {
            state.hide(path);
        }
        Ok(())
    }
}

/// Removes what is no directory. `changes` is locked.
pub(super) fn unlink(changing: MutexGuard<'_, ()>, name: OverlayName<'_>) -> WasiResult<()> {
    let _changing = name.node.layers.when_copied(changing, &[name.lower_path()]);
    let leaf = match name.look_up()? {
        None => return Err(ErrorCode::NoEntry.into()),
        Some(OverlayEntry::Directory(_)) => return Err(ErrorCode::IsDirectory.into()),
        Some(OverlayEntry::Leaf(_)) if name.slash => return Err(ErrorCode::NotDirectory.into()),
        Some(OverlayEntry::Leaf(leaf)) => leaf,
    };
    let mut state = writing(&name.node.layers.state);
    if leaf.is_upper {
        leaf.directory.unlink_file(RelativePath::new(name.name)?)?;
        state.forget(&leaf.found);
    } else if let Some(opened) = name.node.lower_path(name.name).and_then(|path| state.opened(&path)) {
        opened.unlink();
    }
    name.hide(&mut state)
}

/// Removes a directory in which nothing is to be seen. `changes` is locked.
pub(super) fn remove_directory(name: OverlayName<'_>) -> WasiResult<()> {
    let directory = match name.look_up()? {
        None => return Err(ErrorCode::NoEntry.into()),
        Some(OverlayEntry::Leaf(_)) => return Err(ErrorCode::NotDirectory.into()),
        Some(OverlayEntry::Directory(directory)) => directory,
    };
    let mut state = writing(&name.node.layers.state);
    if !is_empty(&directory, &state)? {
        return Err(ErrorCode::NotEmpty.into());
    }
    if directory.upper_part(&state)?.is_some()
        && let Some(upper) = name.node.upper_part(&state)?
    {
        upper.remove_directory(RelativePath::new(name.name)?)?;
    }
    name.hide(&mut state)
}

fn is_empty(directory: &OverlayNode, state: &OverlayState) -> WasiResult<bool> {
    let (upper, lower) = directory.parts(state)?;
    if let Some(upper) = upper
        && let Some(entry) = upper.entries()?.next()
    {
        entry?;
        return Ok(false);
    }
    let Some(lower) = lower else { return Ok(true) };
    for entry in lower.directory.entries()? {
        let path = directory.lower_path(&entry?.name);
        if path.is_some_and(|path| !state.is_hidden(&path)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Moves something, in place of what is there. `changes` is locked.
pub(super) fn rename<'a>(
    mut changing: MutexGuard<'a, ()>,
    from: OverlayName<'a>,
    to: OverlayName<'_>,
) -> WasiResult<()> {
    loop {
        changing = from.node.layers.when_copied(changing, &[from.lower_path(), to.lower_path()]);
        match rename_copied(from, to)? {
            Renamed::Done => return Ok(()),
            Renamed::NeedsCopy => (changing, _) = copy_up(changing, from.node, from.name, false)?,
        }
    }
}

enum Renamed {
    Done,
    /// What is moved must be in the upper layer first.
    NeedsCopy,
}

/// Moves what the upper layer has, if it may be moved.
fn rename_copied(from: OverlayName<'_>, to: OverlayName<'_>) -> WasiResult<Renamed> {
    let moved = from.look_up()?.ok_or(ErrorCode::NoEntry)?;
    let target = to.look_up()?;
    let is_directory = moved.file_type() == FileType::Directory;
    if !is_directory && (from.slash || to.slash) {
        return Err(ErrorCode::NotDirectory.into());
    }
    if let OverlayEntry::Directory(directory) = &moved
        && directory.lower.is_some()
    {
        // Before anything is said of the target: whoever is told this copies instead, and is told then.
        return Err(ErrorCode::CrossDevice.into());
    }
    let source = move_source(&from, &moved, target.as_ref())?;
    let Some(source) = source else { return Ok(Renamed::Done) };
    if let OverlayEntry::Leaf(leaf) = &moved
        && !leaf.is_upper
    {
        return Ok(Renamed::NeedsCopy);
    }
    let directory = to.node.make_upper()?;
    // The layer below would only be asked about its own part of it.
    if let (OverlayEntry::Directory(_), Some(OverlayEntry::Directory(replaced))) = (&moved, &target)
        && replaced.lower.is_some()
    {
        remove_directory(to)?;
    }
    let mut state = writing(&from.node.layers.state);
    source.rename(RelativePath::new(from.name)?, &*directory, RelativePath::new(to.name)?)?;
    match &target {
        Some(OverlayEntry::Leaf(replaced)) if replaced.is_upper => state.forget(&replaced.found),
        Some(OverlayEntry::Leaf(_)) => {
            if let Some(opened) = to.node.lower_path(to.name).and_then(|path| state.opened(&path)) {
                opened.unlink();
            }
        }
        _ => (),
    }
    from.hide(&mut state)?;
    Ok(Renamed::Done)
}

/// The directory out of which something is moved; nothing, where it is moved onto itself. What the upper layer can say
/// of the two, it says itself.
fn move_source(
    from: &OverlayName<'_>,
    moved: &OverlayEntry,
    target: Option<&OverlayEntry>,
) -> WasiResult<Option<Arc<dyn Directory>>> {
    let state = reading(&from.node.layers.state);
    match (moved, target) {
        (OverlayEntry::Directory(_), Some(OverlayEntry::Leaf(target))) if !target.is_upper => {
            return Err(ErrorCode::NotDirectory.into());
        }
        (OverlayEntry::Leaf(leaf), Some(OverlayEntry::Leaf(target)))
            if identity(&leaf.metadata(&state)) == identity(&target.metadata(&state)) =>
        {
            return Ok(None);
        }
        (OverlayEntry::Leaf(leaf), Some(OverlayEntry::Directory(target))) => {
            if is_below(from.node, target) {
                return Err(ErrorCode::NotEmpty.into());
            }
            if !leaf.is_upper || target.upper_part(&state)?.is_none() {
                return Err(ErrorCode::IsDirectory.into());
            }
        }
        _ => (),
    }
    Ok(Some(match moved {
        OverlayEntry::Directory(_) => from.node.upper_part(&state)?.ok_or(ErrorCode::NoEntry)?,
        OverlayEntry::Leaf(leaf) => leaf.directory.clone(),
    }))
}

/// Whether a directory is another one or below it, in the lower layer.
fn is_below(node: &OverlayNode, above: &OverlayNode) -> bool {
    let (Some(node), Some(above)) = (&node.lower, &above.lower) else { return false };
    node.path.strip_prefix(&above.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
