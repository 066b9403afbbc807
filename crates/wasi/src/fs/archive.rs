//! [`ArchiveDirectory`]: a read-only tree of what is in an archive, or of files that are embedded in the host. Files are read straight out
//! of its bytes.

mod bytes;
mod index;
mod tar;

pub use bytes::ArchiveBytes;

use super::read_only::refuse_new;
use super::resolve::{FileTree, LastLink, resolve};
use super::{Descriptor, Directory, DirectoryEntries, DirectoryEntry, File, Metadata, OpenOptions, RelativePath};
use crate::error::{ErrorCode, WasiResult};
use crate::wait::Pollable;
use bytes::ArchivePart;
use gusset::{Context, Result};
use index::{ArchiveIndex, ArchiveItem, ArchiveNodeKind, IndexBuilder, ROOT, inode_of};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A directory of an archive or of embedded files, of which nothing can be changed ([`ErrorCode::ReadOnly`]). Clones, and what is opened
/// below it, share the bytes and an index of the names that is made once.
///
/// ```
/// use gusset_wasi::{ArchiveDirectory, WasiConfig};
/// let assets = ArchiveDirectory::embedded([
///     ("templates/page.html", "<p>{}</p>"), // or include_bytes!(…)
///     ("LICENSE", "free"),
/// ])?;
/// let config = WasiConfig::builder().preopened_directory("/assets", assets).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct ArchiveDirectory {
    index: Arc<ArchiveIndex>,
    /// It is a directory.
    node: u32,
}

impl ArchiveDirectory {
    /// The root of a tar archive, which is not compressed: of ustar's kind, with GNU's long names, or pax's. Of several entries of one
    /// name the last counts. Names start at the root, whether there is a `/` at their start or not.
    ///
    /// # Errors
    ///
    /// What is damaged or cut off, has `..` in its name, lies below a file, or is a device, a pipe or a sparse file: the error names the
    /// entry.
    pub fn tar(bytes: impl Into<ArchiveBytes>) -> Result<ArchiveDirectory> {
        Ok(ArchiveDirectory::new(tar::read_tar(&bytes.into())?))
    }

    /// The root of a tree of files, with the directories that their paths name. Their times are 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// A path that has `..` in it, or lies below a file: the error names it.
    pub fn embedded(
        files: impl IntoIterator<Item = (impl AsRef<str>, impl Into<ArchiveBytes>)>,
    ) -> Result<ArchiveDirectory> {
        let mut index = IndexBuilder::new();
        for (path, bytes) in files {
            let (path, bytes) = (path.as_ref(), bytes.into());
            let range = 0..bytes.as_slice().len();
            let file = ArchiveItem::File(ArchivePart { bytes, range });
            index.add(path, file, Duration::ZERO).with_context(|| format!("the embedded file {path:?}"))?;
        }
        Ok(ArchiveDirectory::new(index.finish()))
    }

    fn new(index: ArchiveIndex) -> ArchiveDirectory {
        ArchiveDirectory { index: Arc::new(index), node: ROOT }
    }

    fn existing(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<u32> {
        let last = if follow { LastLink::Follow } else { LastLink::Keep };
        Ok(resolve(&*self.index, &self.node, path, last)?.node.ok_or(ErrorCode::NoEntry)?)
    }
}

impl Directory for ArchiveDirectory {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        let found = options.resolve(&*self.index, &self.node, path)?;
        let node = found.node.ok_or(ErrorCode::ReadOnly)?;
        match self.index.node(node).kind {
            ArchiveNodeKind::Directory(_) => {
                Ok(Descriptor::Directory(Arc::new(ArchiveDirectory { index: self.index.clone(), node })))
            }
            _ if options.changes() => Err(ErrorCode::ReadOnly.into()),
            _ => {
                Ok(Descriptor::File(Arc::new(ArchiveFile { index: self.index.clone(), node, readable: options.read })))
            }
        }
    }

    fn metadata(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Metadata> {
        Ok(self.index.metadata(self.existing(path, follow)?))
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        let (directory, mut at) = (self.clone(), 0);
        Ok(Box::new(std::iter::from_fn(move || {
            let ArchiveNodeKind::Directory(entries) = &directory.index.node(directory.node).kind else { return None };
            let (name, node) = entries.get(at)?;
            at += 1;
            let file_type = directory.index.file_type(node);
            Some(Ok(DirectoryEntry { name: name.to_string(), inode: inode_of(*node), file_type }))
        })))
    }

    fn read_link(&self, path: RelativePath<'_>) -> WasiResult<String> {
        let target = self.index.link_target(&self.existing(path, false)?)?;
        // What it would lead to is not what it says.
        if target.starts_with('/') { Err(ErrorCode::NotPermitted.into()) } else { Ok(target) }
    }

    fn create_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        refuse_new(self, path)
    }

    fn symlink(&self, _: &str, path: RelativePath<'_>) -> WasiResult<()> {
        refuse_new(self, path)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for ArchiveDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchiveDirectory").field("inode", &inode_of(self.node)).finish_non_exhaustive()
    }
}

struct ArchiveFile {
    index: Arc<ArchiveIndex>,
    node: u32,
    readable: bool,
}

/// Always ready.
impl Pollable for ArchiveFile {}

impl File for ArchiveFile {
    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(self.index.metadata(self.node))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        match &self.index.node(self.node).kind {
            ArchiveNodeKind::File(part) if self.readable => {
                let from = usize::try_from(offset).ok().and_then(|from| part.as_slice().get(from..));
                let from = from.unwrap_or_default();
                let count = from.len().min(bytes.len());
                bytes[..count].copy_from_slice(&from[..count]);
                Ok(count)
            }
            _ => Err(ErrorCode::BadDescriptor.into()),
        }
    }

    fn allocate(&self, _: u64, _: u64) -> WasiResult<()> {
        Err(ErrorCode::BadDescriptor.into())
    }
}
