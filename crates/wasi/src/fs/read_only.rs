//! [`ReadOnly`]: any directory, of which nothing can be changed.

use super::{Advice, Descriptor, Directory, DirectoryEntries, File, Metadata, OpenOptions, RelativePath};
use crate::error::{ErrorCode, WasiResult};
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
        Err(error) if error.code() == Some(ErrorCode::NoEntry) => Err(ErrorCode::ReadOnly.into()),
        Err(error) => Err(error),
    }
}

/// What is told instead of opening something that would be changed or made.
pub(super) fn refuse_open(directory: &dyn Directory, path: RelativePath<'_>, options: OpenOptions) -> ErrorCode {
    let found = directory.metadata(path, options.follow && !options.exclusive);
    let code = match found {
        Ok(found) => options.check(found.file_type).err(),
        Err(error) => Some(error),
    };
    match code.and_then(|error| error.code()) {
        Some(ErrorCode::NoEntry) if options.create => ErrorCode::ReadOnly,
        Some(code) => code,
        None => ErrorCode::ReadOnly,
    }
}

impl Directory for ReadOnly {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        options.last_link()?;
        if options.changes() || (options.create && options.exclusive) {
            return Err(refuse_open(&*self.0, path, options).into());
        }
        let opened = self.0.open(path, OpenOptions { create: false, ..options });
        match opened {
            Ok(Descriptor::Directory(_)) if options.create => Err(ErrorCode::IsDirectory.into()),
            Ok(Descriptor::Directory(directory)) => Ok(Descriptor::Directory(Arc::new(ReadOnly(directory)))),
            Ok(Descriptor::File(file)) => Ok(Descriptor::File(Arc::new(ReadOnlyFile(file)))),
            // Opened to be read alone.
            Ok(other @ (Descriptor::Stream(_) | Descriptor::Listener(_))) => Ok(other),
            Err(error) if error.code() == Some(ErrorCode::NoEntry) && options.create => Err(ErrorCode::ReadOnly.into()),
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

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        self.0.sync(data_only)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) {
        self.0.advise(offset, length, advice);
    }
}
