//! [`Overlay`]: a directory that can be written over one that stays as it is.

mod change;
mod copy_up;
mod entries;
mod file;
mod node;
mod state;

use super::lock::{locked, reading, writing};
use super::resolve::{FileTree, LastLink, LastPart, ResolvedPath, check_link_target, resolve};
use super::{
    Descriptor, Directory, DirectoryEntries, FileType, Metadata, OpenOptions, ReadOnly, RelativePath, SetTimes,
};
use crate::error::{ErrorCode, WasiResult};
use change::OverlayName;
use copy_up::{copy_up, open_file};
use entries::OverlayEntries;
use file::{CopiedFile, LowerFile, OpenedLower};
use node::{OverlayEntry, OverlayLeaf, OverlayNode, OverlayTree};
use state::{OverlayState, identity};
use std::any::Any;
use std::fmt;
use std::sync::{Arc, MutexGuard};

/// A directory that can be written over one that stays as it is: what a guest changes goes to the upper one, and what is only in the
/// lower one is seen through it.
///
/// ```
/// use gusset_wasi::{ArchiveDirectory, MemoryFileSystem, Overlay, WasiConfig};
/// let image = ArchiveDirectory::embedded([("etc/motd", "welcome")])?;
/// let scratch = MemoryFileSystem::new();
/// let config = WasiConfig::builder().preopened_directory("/", Overlay::new(scratch.root(), image)).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// A file of the lower layer is copied to the upper one when it is opened to be written, moved, given a second name, or has its times set.
/// It stays the same one (device and inode) also for those who have it open already, unless it has several names: the others keep the old
/// one. A directory that the lower layer has too cannot be moved ([`ErrorCode::CrossDevice`], at which programs copy
/// instead), and pipes and devices there cannot be changed ([`ErrorCode::NotSupported`]).
///
/// What is removed of the lower layer is remembered by the overlay, not in the upper layer: that holds the guest's own files alone, and any
/// name is the guest's to use. To go on another time, keep [`hidden`](Overlay::hidden) and give it to [`hide`](Overlay::hide).
///
/// While a file is copied, and that takes as long as it is large, who would change the same file waits for it; nobody else does. Nothing else may change the layers meanwhile, and a layer must not ask the overlay that it is in.
#[derive(Clone)]
pub struct Overlay(Arc<OverlayNode>);

impl Overlay {
    /// One directory over another.
    pub fn new(upper: impl Directory, lower: impl Directory) -> Overlay {
        Overlay(Arc::new(OverlayNode::root(Arc::new(upper), Arc::new(ReadOnly::new(lower)))))
    }

    /// Which paths of the lower layer are not seen, with all below them, because they were removed: sorted, from the root.
    pub fn hidden(&self) -> Vec<String> {
        reading(&self.0.layers.state).hidden().map(str::to_owned).collect()
    }

    /// Lets a path of the lower layer, and all below it, not be seen.
    ///
    /// # Errors
    ///
    /// Those of [`RelativePath::new`]; [`ErrorCode::Invalid`] for a path with `..` in it, or to the root.
    pub fn hide(&self, path: &str) -> Result<(), ErrorCode> {
        let parts: Vec<&str> = RelativePath::new(path)?.parts().collect();
        if parts.is_empty() || parts.contains(&"..") {
            return Err(ErrorCode::Invalid);
        }
        writing(&self.0.layers.state).hide(parts.join("/"));
        Ok(())
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        locked(&self.0.layers.changes)
    }

    fn resolve<'a>(&self, path: RelativePath<'a>, last: LastLink) -> WasiResult<ResolvedPath<'a, OverlayEntry>> {
        resolve(&OverlayTree, &OverlayEntry::Directory(self.0.clone()), path, last)
    }

    fn existing<'a>(&self, path: RelativePath<'a>, follow: bool) -> WasiResult<ExistingEntry<'a>> {
        let last = if follow { LastLink::Follow } else { LastLink::Keep };
        let found = self.resolve(path, last)?;
        let entry = found.node.clone().ok_or(ErrorCode::NoEntry)?;
        Ok(ExistingEntry { entry, place: found })
    }

    /// A place where nothing is. `directory`: one is to be made, so that a slash behind its name is right.
    fn new_place<'a>(&self, path: RelativePath<'a>, directory: bool) -> WasiResult<ResolvedPath<'a, OverlayEntry>> {
        let found = self.resolve(path, LastLink::Entry)?;
        found.last.name_or(ErrorCode::Exist)?;
        if found.node.is_some() {
            return Err(ErrorCode::Exist.into());
        }
        if found.slash && !directory {
            return Err(ErrorCode::NoEntry.into());
        }
        Ok(found)
    }

    /// Makes something where nothing was, in the upper layer.
    fn make(
        _changing: MutexGuard<'_, ()>,
        place: &ResolvedPath<'_, OverlayEntry>,
        make: impl FnOnce(&dyn Directory, RelativePath<'_>) -> WasiResult<()>,
    ) -> WasiResult<()> {
        let (parent, name) = (directory_of(&place.parent)?, place.last.name_or(ErrorCode::Exist)?);
        // Somebody else may have made it meanwhile.
        if parent.look_up(&reading(&parent.layers.state), name)?.is_some() {
            return Err(ErrorCode::Exist.into());
        }
        make(&*parent.make_upper()?, RelativePath::new(name)?)
    }

    fn open_upper(&self, leaf: &OverlayLeaf, options: OpenOptions) -> WasiResult<Descriptor> {
        let opened = leaf.directory.open(RelativePath::new(&leaf.name)?, of_leaf(options))?;
        let file = identity(&leaf.found);
        let origin = reading(&self.0.layers.state).origin(file);
        Ok(match opened {
            Descriptor::File(file) if origin != identity(&leaf.found) => {
                Descriptor::File(Arc::new(CopiedFile { file, origin }))
            }
            other => other,
        })
    }

    /// Opens what the lower layer has, to be read; nothing, where it is there no more.
    fn open_lower(node: &OverlayNode, name: &str, options: OpenOptions) -> WasiResult<Option<Descriptor>> {
        let in_lower = |state: &OverlayState| match (node.look_up(state, name)?, node.lower_path(name)) {
            (Some(OverlayEntry::Leaf(leaf)), Some(path)) if !leaf.is_upper => WasiResult::Ok(Some((leaf, path))),
            _ => Ok(None),
        };
        let state = reading(&node.layers.state);
        let Some((leaf, path)) = in_lower(&state)? else { return Ok(None) };
        let opened = state.opened(&path);
        drop(state);
        let read = OpenOptions { read: true, write: false, ..of_leaf(options) };
        let file = match opened {
            Some(file) => file,
            None if leaf.found.file_type != FileType::RegularFile => {
                return leaf.directory.open(RelativePath::new(name)?, of_leaf(options)).map(Some);
            }
            // It may take its time: nothing is locked meanwhile, and what has come of the name is looked at again.
            None => {
                let file = open_file(&*leaf.directory, RelativePath::new(name)?, read)?;
                let mut state = writing(&node.layers.state);
                if in_lower(&state)?.is_none() {
                    return Ok(None);
                }
                let opened = state.opened(&path);
                opened.unwrap_or_else(|| {
                    let file = Arc::new(LowerFile::new(file, identity(&leaf.found)));
                    state.set_opened(path, &file);
                    file
                })
            }
        };
        Ok(Some(Descriptor::File(Arc::new(OpenedLower { file, readable: options.read }))))
    }

    /// Another directory of this overlay.
    fn peer<'a>(&self, directory: &'a dyn Directory) -> WasiResult<&'a Overlay> {
        let other = directory.as_any().downcast_ref::<Overlay>();
        let same = |other: &&Overlay| Arc::ptr_eq(&other.0.layers, &self.0.layers);
        Ok(other.filter(same).ok_or(ErrorCode::CrossDevice)?)
    }
}

/// How what is known to be there, and no link, is opened.
fn of_leaf(options: OpenOptions) -> OpenOptions {
    OpenOptions { create: false, exclusive: false, follow: false, ..options }
}

/// Something that is there, and where.
struct ExistingEntry<'a> {
    entry: OverlayEntry,
    place: ResolvedPath<'a, OverlayEntry>,
}

impl ExistingEntry<'_> {
    /// It, in the upper layer, and changes locked again.
    fn copied_up<'a>(&'a self, changing: MutexGuard<'a, ()>) -> WasiResult<(MutexGuard<'a, ()>, OverlayLeaf)> {
        let name = self.place.last.name_or(ErrorCode::IsDirectory)?;
        copy_up(changing, directory_of(&self.place.parent)?, name, false)
    }
}

fn directory_of(entry: &OverlayEntry) -> WasiResult<&Arc<OverlayNode>> {
    match entry {
        OverlayEntry::Directory(node) => Ok(node),
        OverlayEntry::Leaf(_) => Err(ErrorCode::NotDirectory.into()),
    }
}

fn name_of<'a>(place: &'a ResolvedPath<'_, OverlayEntry>, otherwise: ErrorCode) -> WasiResult<OverlayName<'a>> {
    Ok(OverlayName { node: directory_of(&place.parent)?, name: place.last.name_or(otherwise)?, slash: place.slash })
}

impl Directory for Overlay {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        loop {
            let found = options.resolve(&OverlayTree, &OverlayEntry::Directory(self.0.clone()), path)?;
            let parent = directory_of(&found.parent)?;
            let outcome = match &found.node {
                Some(OverlayEntry::Directory(node)) => {
                    return Ok(Descriptor::Directory(Arc::new(Overlay(node.clone()))));
                }
                Some(OverlayEntry::Leaf(leaf)) if leaf.is_upper => self.open_upper(leaf, options),
                Some(OverlayEntry::Leaf(leaf)) if !options.changes() => {
                    match Overlay::open_lower(parent, &leaf.name, options)? {
                        Some(opened) => return Ok(opened),
                        // It was copied or removed meanwhile.
                        None => continue,
                    }
                }
                Some(OverlayEntry::Leaf(leaf)) => {
                    let (_changing, leaf) = copy_up(self.changing(), parent, &leaf.name, options.truncate)?;
                    self.open_upper(&leaf, options)
                }
                None => {
                    let name = RelativePath::new(found.last.name_or(ErrorCode::IsDirectory)?)?;
                    let _changing = self.changing();
                    if parent.look_up(&reading(&parent.layers.state), name.as_str())?.is_some() {
                        // Somebody else has just made it.
                        continue;
                    }
                    let options = OpenOptions { exclusive: true, follow: false, ..options };
                    return parent.make_upper()?.open(name, options);
                }
            };
            match outcome {
                // Somebody else has just removed it.
                Err(error) if options.create && error.code() == Some(ErrorCode::NoEntry) => (),
                outcome => return outcome,
            }
        }
    }

    fn metadata(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Metadata> {
        match self.existing(path, follow)?.entry {
            OverlayEntry::Directory(node) => node.metadata(),
            OverlayEntry::Leaf(leaf) => Ok(leaf.metadata(&reading(&self.0.layers.state))),
        }
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        Ok(Box::new(OverlayEntries::new(self.0.clone())?))
    }

    fn read_link(&self, path: RelativePath<'_>) -> WasiResult<String> {
        OverlayTree.link_target(&self.existing(path, false)?.entry)
    }

    fn create_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let place = self.new_place(path, true)?;
        Overlay::make(self.changing(), &place, |upper, name| upper.create_directory(name))
    }

    fn remove_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let found = self.resolve(path, LastLink::Entry)?;
        let refusal = if found.last == LastPart::Up { ErrorCode::NotEmpty } else { ErrorCode::Invalid };
        let name = name_of(&found, refusal)?;
        let _changing = self.changing();
        change::remove_directory(name)
    }

    fn unlink_file(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let found = self.resolve(path, LastLink::Entry)?;
        let name = name_of(&found, ErrorCode::IsDirectory)?;
        change::unlink(self.changing(), name)
    }

    fn symlink(&self, target: &str, path: RelativePath<'_>) -> WasiResult<()> {
        check_link_target(target)?;
        let place = self.new_place(path, false)?;
        Overlay::make(self.changing(), &place, |upper, name| upper.symlink(target, name))
    }

    fn rename(&self, from: RelativePath<'_>, directory: &dyn Directory, to: RelativePath<'_>) -> WasiResult<()> {
        let other = self.peer(directory)?;
        let from = self.resolve(from, LastLink::Entry)?;
        let from = name_of(&from, ErrorCode::Busy)?;
        let to = other.resolve(to, LastLink::Entry)?;
        let to = name_of(&to, ErrorCode::Busy)?;
        change::rename(self.changing(), from, to)
    }

    fn link(
        &self,
        from: RelativePath<'_>,
        follow: bool,
        directory: &dyn Directory,
        to: RelativePath<'_>,
    ) -> WasiResult<()> {
        let other = self.peer(directory)?;
        let found = self.existing(from, follow)?;
        if from.names_directory() {
            return Err(ErrorCode::NotPermitted.into());
        }
        let place = other.new_place(to, false)?;
        if let OverlayEntry::Directory(_) = found.entry {
            return Err(ErrorCode::NotPermitted.into());
        }
        let (changing, leaf) = found.copied_up(self.changing())?;
        Overlay::make(changing, &place, |upper, name| {
            leaf.directory.link(RelativePath::new(&leaf.name)?, false, upper, name)
        })
    }

    fn set_times(&self, path: RelativePath<'_>, follow: bool, times: SetTimes) -> WasiResult<()> {
        let found = self.existing(path, follow)?;
        let changing = self.changing();
        match &found.entry {
            OverlayEntry::Directory(node) => node.make_upper()?.set_times(RelativePath::HERE, true, times),
            OverlayEntry::Leaf(_) => {
                let (_changing, leaf) = found.copied_up(changing)?;
                leaf.directory.set_times(RelativePath::new(&leaf.name)?, false, times)
            }
        }
    }

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        let upper = self.0.upper_part(&reading(&self.0.layers.state))?;
        upper.map_or(Ok(()), |upper| upper.sync(data_only))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay").finish_non_exhaustive()
    }
}
