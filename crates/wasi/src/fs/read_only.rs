//! [`ReadOnly`]: any directory, of which nothing can be changed.

use super::{Advice, Descriptor, Directory, DirectoryEntries, File, Metadata, OpenOptions, RelativePath};
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::wait::{Interest, Pollable, Ready, Waiter};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::task::Poll;

/// A directory of which nothing can be changed, nor of what is opened below it ([`ErrorCode::ReadOnly`]). As POSIX has it, opening
/// a file with `create` succeeds where it is there already and is not to be written.
///
/// ```
/// use gusset_wasi::{MemoryFileSystem, ReadOnly, WasiConfig};
/// let files = MemoryFileSystem::new();
/// files.write("greeting", "hello")?;
/// let config = WasiConfig::builder().preopened_directory("/", ReadOnly::new(files.root())).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct ReadOnly(Arc<dyn Directory>);

struct ReadOnlyFile(Arc<dyn File>);

impl ReadOnly {
    /// That directory, read-only.
    pub fn new(directory: impl Directory) -> ReadOnly {
        ReadOnly(Arc::new(directory))
    }
}

/// What is told instead of making something new at a path.
pub(super) fn refuse_new(directory: &dyn Directory, path: RelativePath<'_>) -> WasiResult<()> {
    match directory.metadata(path, false) {
        Ok(_) => Err(ErrorCode::Exist.into()),
        Err(error) => Err(refuse_missing(directory, path, error)),
    }
}

/// What is told of a path that would be made, where asking for it failed: that nothing can be made, unless the way to it fails.
fn refuse_missing(directory: &dyn Directory, path: RelativePath<'_>, error: WasiError) -> WasiError {
    if error.code() != Some(ErrorCode::NoEntry) {
        return error;
    }
    let before = path.as_str().trim_end_matches('/').rsplit_once('/').map(|(before, _)| RelativePath::new(before));
    match before {
        Some(Ok(before)) => directory.metadata(before, true).err().unwrap_or(ErrorCode::ReadOnly.into()),
        _ => ErrorCode::ReadOnly.into(),
    }
}

/// What is told instead of opening something that would be changed or made.
fn refuse_open(directory: &dyn Directory, path: RelativePath<'_>, options: OpenOptions) -> WasiError {
    match directory.metadata(path, options.follow && !options.exclusive) {
        Ok(found) => options.check(found.file_type).err().unwrap_or(ErrorCode::ReadOnly.into()),
        Err(error) if options.create => refuse_missing(directory, path, error),
        Err(error) => error,
    }
}

impl Directory for ReadOnly {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        if options.create && options.directory {
            return Err(ErrorCode::Invalid.into());
        }
        if options.changes() || (options.create && options.exclusive) {
            return Err(refuse_open(&*self.0, path, options));
        }
        let opened = self.0.open(path, OpenOptions { create: false, ..options });
        match opened {
            Ok(Descriptor::Directory(_)) if options.create => Err(ErrorCode::IsDirectory.into()),
            Ok(Descriptor::Directory(directory)) => Ok(Descriptor::Directory(Arc::new(ReadOnly(directory)))),
            Ok(Descriptor::File(file)) => Ok(Descriptor::File(Arc::new(ReadOnlyFile(file)))),
            // Opened to be read alone.
            Ok(other @ (Descriptor::Stream(_) | Descriptor::Listener(_))) => Ok(other),
            Err(error) if options.create => Err(refuse_missing(&*self.0, path, error)),
            Err(error) => Err(error),
        }
    }

    fn metadata(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Metadata> {
        self.0.metadata(path, follow)
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        self.0.entries()
    }

    fn read_link(&self, path: RelativePath<'_>) -> WasiResult<String> {
        self.0.read_link(path)
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

impl fmt::Debug for ReadOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOnly").finish_non_exhaustive()
    }
}

impl Pollable for ReadOnlyFile {
    fn poll_ready<'a>(&'a self, interest: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        self.0.poll_ready(interest, waiter)
    }
}

impl File for ReadOnlyFile {
    fn metadata(&self) -> WasiResult<Metadata> {
        self.0.metadata()
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        self.0.read_at(bytes, offset)
    }

    fn allocate(&self, _: u64, _: u64) -> WasiResult<()> {
        Err(ErrorCode::BadDescriptor.into())
    }

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        self.0.sync(data_only)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) {
        self.0.advise(offset, length, advice);
    }
}
