//! [`OverlayNode`]: a directory of an overlay, which the upper layer, the lower one or both have; and what is in it.

use super::state::{OverlayState, identity};
use crate::error::{ErrorCode, WasiResult};
use crate::fs::lock::reading;
use crate::fs::resolve::FileTree;
use crate::fs::{Descriptor, Directory, FileType, Metadata, OpenOptions, RelativePath, SetTime, SetTimes};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

/// What all directories of an overlay share. Order of locks: `changes`, then `state`, then whatever the layers have.
pub(super) struct OverlayLayers {
    pub(super) upper: Arc<dyn Directory>,
    lower: Arc<dyn Directory>,
    /// Whoever changes something has this. A copy gives it back while bytes are copied: its path is in [`OverlayState::copying`] then, and
    /// who would change that one waits.
    pub(super) changes: Mutex<()>,
    /// A path is no longer in `copying`.
    pub(super) copied: Condvar,
    /// Read for each look at both layers, so that nobody sees half a change.
    pub(super) state: RwLock<OverlayState>,
}

pub(super) struct OverlayNode {
    pub(super) layers: Arc<OverlayLayers>,
    /// Its part in the upper layer, once there is one.
    upper: OnceLock<Arc<dyn Directory>>,
    /// Its part in the lower layer. What has one is never moved.
    pub(super) lower: Option<LowerPart>,
}

pub(super) struct LowerPart {
    pub(super) directory: Arc<dyn Directory>,
    /// From the root, which is `""`, without any `.`.
    pub(super) path: String,
}

/// The parts of a directory: the upper layer's, and the lower one's.
type Parts<'a> = (Option<Arc<dyn Directory>>, Option<&'a LowerPart>);

/// Something in an overlay.
#[derive(Clone)]
pub(super) enum OverlayEntry {
    Directory(Arc<OverlayNode>),
    Leaf(OverlayLeaf),
}

/// What is no directory, in the layer that has it.
#[derive(Clone)]
pub(super) struct OverlayLeaf {
    pub(super) directory: Arc<dyn Directory>,
    pub(super) name: Arc<str>,
    pub(super) is_upper: bool,
    pub(super) found: Metadata,
}

impl OverlayLayers {
    /// Waits until none of the paths in the lower layer is being copied.
    pub(super) fn when_copied<'a>(&self, changing: MutexGuard<'a, ()>, paths: &[Option<String>]) -> MutexGuard<'a, ()> {
        let copying = |_: &mut ()| {
            let state = reading(&self.state);
            paths.iter().flatten().any(|path| state.copying.contains(path))
        };
        self.copied.wait_while(changing, copying).unwrap_or_else(PoisonError::into_inner)
    }
}

/// For opening a directory of a layer by its name.
const SUBDIRECTORY: OpenOptions = OpenOptions {
    read: false,
    write: false,
    create: false,
    exclusive: false,
    truncate: false,
    directory: true,
    follow: false,
    nonblocking: false,
};

/// Nothing, where there is nothing.
pub(super) fn if_there<T>(outcome: WasiResult<T>) -> WasiResult<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == Some(ErrorCode::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn subdirectory(directory: &dyn Directory, name: &str) -> WasiResult<Arc<dyn Directory>> {
    match directory.open(RelativePath::new(name)?, SUBDIRECTORY)? {
        Descriptor::Directory(directory) => Ok(directory),
        _ => Err(ErrorCode::NotDirectory.into()),
    }
}

impl OverlayNode {
    pub(super) fn root(upper: Arc<dyn Directory>, lower: Arc<dyn Directory>) -> OverlayNode {
        let layers = OverlayLayers {
            upper: upper.clone(),
            lower: lower.clone(),
            changes: Mutex::default(),
            copied: Condvar::new(),
            state: RwLock::default(),
        };
        let lower = Some(LowerPart { directory: lower, path: String::new() });
        OverlayNode { layers: Arc::new(layers), upper: OnceLock::from(upper), lower }
    }

    /// Its part in the lower layer, unless that is gone by now.
    fn lower_part(&self, state: &OverlayState) -> Option<&LowerPart> {
        self.lower.as_ref().filter(|lower| !state.is_hidden(&lower.path))
    }

    /// Its part in the upper layer, if there is one.
    pub(super) fn upper_part(&self, state: &OverlayState) -> WasiResult<Option<Arc<dyn Directory>>> {
        if let Some(upper) = self.upper.get() {
            return Ok(Some(upper.clone()));
        }
        // What has the name there by now may be another directory.
        let Some(lower) = self.lower_part(state) else { return Ok(None) };
        let mut upper = self.layers.upper.clone();
        for part in lower.path.split('/') {
            let Some(next) = if_there(subdirectory(&*upper, part))? else { return Ok(None) };
            upper = next;
        }
        Ok(Some(self.upper.get_or_init(|| upper).clone()))
    }

    /// Its parts in both layers.
    pub(super) fn parts(&self, state: &OverlayState) -> WasiResult<Parts<'_>> {
        Ok((self.upper_part(state)?, self.lower_part(state)))
    }

    /// Its part in the upper layer, which is made if there is none. `changes` is locked, `state` is not.
    pub(super) fn make_upper(&self) -> WasiResult<Arc<dyn Directory>> {
        let state = reading(&self.layers.state);
        if let Some(upper) = self.upper_part(&state)? {
            return Ok(upper);
        }
        // It has neither part any more.
        let path = &self.lower_part(&state).ok_or(ErrorCode::NoEntry)?.path;
        drop(state);
        let (mut upper, mut lower) = (self.layers.upper.clone(), self.layers.lower.clone());
        for part in path.split('/') {
            lower = subdirectory(&*lower, part)?;
            upper = match if_there(subdirectory(&*upper, part))? {
                Some(next) => next,
                None => {
                    upper.create_directory(RelativePath::new(part)?)?;
                    let made = subdirectory(&*upper, part)?;
                    made.set_times(RelativePath::HERE, true, times_of(&lower.metadata(RelativePath::HERE, true)?))?;
                    made
                }
            };
        }
        Ok(self.upper.get_or_init(|| upper).clone())
    }

    /// The path in the lower layer of what has a name here, if that can have anything.
    pub(super) fn lower_path(&self, name: &str) -> Option<String> {
        let path = &self.lower.as_ref()?.path;
        Some(if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") })
    }

    /// Whether the lower layer has something under a name that would be seen if the upper one had not.
    pub(super) fn has_lower(&self, state: &OverlayState, name: &str) -> WasiResult<bool> {
        let (Some(lower), Some(path)) = (self.lower_part(state), self.lower_path(name)) else { return Ok(false) };
        let found = if_there(lower.directory.metadata(RelativePath::new(name)?, false))?;
        Ok(found.is_some() && !state.is_hidden(&path))
    }

    /// What has a name here.
    pub(super) fn look_up(&self, state: &OverlayState, name: &str) -> WasiResult<Option<OverlayEntry>> {
        let relative = RelativePath::new(name)?;
        let (upper, lower) = self.parts(state)?;
        let path = self.lower_path(name);
        let in_lower = match (lower, path) {
            (Some(lower), Some(path)) if !state.is_hidden(&path) => {
                if_there(lower.directory.metadata(relative, false))?.map(|found| (lower, path, found))
            }
            _ => None,
        };
        // Half of a copy is not looked at.
        let upper = upper.filter(|_| !in_lower.as_ref().is_some_and(|(_, path, _)| state.copying.contains(path)));
        let in_upper = match upper {
            Some(upper) => if_there(upper.metadata(relative, false))?.map(|found| (upper, found)),
            None => None,
        };
        let lower_part = |lower: &LowerPart, path| {
            let directory = subdirectory(&*lower.directory, name)?;
            WasiResult::Ok(LowerPart { directory, path })
        };
        let leaf = |directory: &Arc<dyn Directory>, found, is_upper| {
            OverlayEntry::Leaf(OverlayLeaf { directory: directory.clone(), name: name.into(), is_upper, found })
        };
        Ok(Some(match (in_upper, in_lower) {
            (None, None) => return Ok(None),
            (Some((upper, found)), in_lower) if found.file_type == FileType::Directory => {
                let in_lower = in_lower.filter(|(_, _, found)| found.file_type == FileType::Directory);
                let lower = in_lower.map(|(lower, path, _)| lower_part(lower, path)).transpose()?;
                self.subnode(Some(subdirectory(&*upper, name)?), lower)
            }
            (Some((upper, found)), _) => leaf(&upper, found, true),
            (None, Some((lower, path, found))) if found.file_type == FileType::Directory => {
                self.subnode(None, Some(lower_part(lower, path)?))
            }
            (None, Some((lower, _, found))) => leaf(&lower.directory, found, false),
        }))
    }

    fn subnode(&self, upper: Option<Arc<dyn Directory>>, lower: Option<LowerPart>) -> OverlayEntry {
        let upper = upper.map(OnceLock::from).unwrap_or_default();
        OverlayEntry::Directory(Arc::new(OverlayNode { layers: self.layers.clone(), upper, lower }))
    }

    /// What is known of it: what the lower layer says, as long as it has a part there, so that it stays the same one.
    pub(super) fn metadata(&self) -> WasiResult<Metadata> {
        let state = reading(&self.layers.state);
        let upper = self.upper_part(&state)?.map(|upper| upper.metadata(RelativePath::HERE, true)).transpose()?;
        let lower = self.lower.as_ref().map(|lower| lower.directory.metadata(RelativePath::HERE, true)).transpose()?;
        let gone = self.lower_part(&state).is_none();
        match (upper, lower) {
            (Some(upper), None) => Ok(upper),
            // How many directories are in both together is not counted.
            (Some(upper), Some(lower)) => {
                let link_count = if gone { 0 } else { 1 };
                Ok(Metadata { device: lower.device, inode: lower.inode, link_count, ..upper })
            }
            (None, Some(lower)) => Ok(Metadata { link_count: if gone { 0 } else { 1 }, ..lower }),
            (None, None) => Err(ErrorCode::NoEntry.into()),
        }
    }
}

impl OverlayEntry {
    pub(super) fn file_type(&self) -> FileType {
        match self {
            OverlayEntry::Directory(_) => FileType::Directory,
            OverlayEntry::Leaf(leaf) => leaf.found.file_type,
        }
    }
}

impl OverlayLeaf {
    /// What is known of it now; one that was copied is what it was before.
    pub(super) fn metadata(&self, state: &OverlayState) -> Metadata {
        let mut found = self.found.clone();
        if self.is_upper {
            (found.device, found.inode) = state.origin(identity(&found));
        }
        found
    }
}

pub(super) fn times_of(found: &Metadata) -> SetTimes {
    SetTimes { accessed: Some(SetTime::At(found.accessed)), modified: Some(SetTime::At(found.modified)) }
}

/// The tree of an overlay, for walks.
pub(super) struct OverlayTree;

impl FileTree for OverlayTree {
    type Node = OverlayEntry;

    fn child(&self, directory: &OverlayEntry, name: &str) -> WasiResult<Option<OverlayEntry>> {
        match directory {
            OverlayEntry::Directory(node) => node.look_up(&reading(&node.layers.state), name),
            OverlayEntry::Leaf(_) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    fn file_type(&self, node: &OverlayEntry) -> FileType {
        node.file_type()
    }

    fn link_target(&self, link: &OverlayEntry) -> WasiResult<String> {
        match link {
            OverlayEntry::Leaf(leaf) => leaf.directory.read_link(RelativePath::new(&leaf.name)?),
            OverlayEntry::Directory(_) => Err(ErrorCode::Invalid.into()),
        }
    }
}
