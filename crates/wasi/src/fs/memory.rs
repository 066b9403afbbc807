//! [`MemoryFileSystem`]: files in memory, with POSIX's meaning of names, links and what is open.

mod contents;
mod directory;
mod file;
mod node;
mod rename;
mod volume;

pub use directory::MemoryDirectory;

use super::{Descriptor, Directory, DirectoryEntry, File, OpenOptions, RelativePath};
use crate::clock::{VirtualClock, WallClock};
use crate::error::{ErrorCode, WasiResult};
use gusset::{Error, Result};
use node::Node;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use volume::Volume;

/// How much memory a file system takes at most, unless the host says otherwise.
const CAPACITY_LIMIT: u64 = 1 << 30;

/// When everything was made, unless the host gives a clock: 2026-01-01T00:00:00Z.
const FIXED_TIME: Duration = Duration::from_secs(1_767_225_600);

/// Files in memory. Any number of guests can have its directories, at the same time and on any threads; clones are the same file system.
///
/// What the host writes and reads goes by paths from the root.
///
/// ```
/// use gusset_wasi::{MemoryFileSystem, WasiConfig};
/// let files = MemoryFileSystem::new();
/// files.create_directory_all("data/in")?;
/// files.write("data/in/numbers.txt", "1 2 3\n")?;
/// let config = WasiConfig::builder().preopened_directory("/data", files.open_directory("data")?).build()?;
/// // … after a guest with that configuration has run:
/// assert_eq!(files.read("data/in/numbers.txt")?, b"1 2 3\n");
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// All of it, names and what describes a file included, takes 1 GiB at most, unless [the builder](MemoryFileSystem::builder) says
/// otherwise; a guest is told [`ErrorCode::InsufficientSpace`] beyond that. Holes in files take nothing.
///
/// Names are listed in their order by bytes. Where no clock is given, times are those of a fixed moment.
#[derive(Clone)]
pub struct MemoryFileSystem {
    root: Arc<Node>,
}

/// Makes a [`MemoryFileSystem`].
///
/// ```
/// use gusset_wasi::{ErrorCode, MemoryFileSystem, SystemClock};
/// let files = MemoryFileSystem::builder().capacity_limit(64 << 10).clock(SystemClock::new()).build();
/// let error = files.write("large", vec![1; 100_000]).unwrap_err();
/// assert_eq!(error.downcast_ref(), Some(&ErrorCode::InsufficientSpace));
/// ```
#[derive(Clone)]
pub struct MemoryFileSystemBuilder {
    limit: u64,
    clock: Option<Arc<dyn WallClock>>,
}

impl MemoryFileSystem {
    /// An empty file system.
    pub fn new() -> MemoryFileSystem {
        MemoryFileSystem::builder().build()
    }

    /// Starts with what [`new`](MemoryFileSystem::new) makes.
    pub fn builder() -> MemoryFileSystemBuilder {
        MemoryFileSystemBuilder { limit: CAPACITY_LIMIT, clock: None }
    }

    /// The root, for a guest.
    pub fn root(&self) -> MemoryDirectory {
        MemoryDirectory::new(self.root.clone())
    }

    /// A directory, for a guest: nothing outside of it can be reached.
    ///
    /// # Errors
    ///
    /// Those of [`Directory::open`]: the [`ErrorCode`] is found in the error.
    pub fn open_directory(&self, path: &str) -> Result<MemoryDirectory> {
        let options = OpenOptions { directory: true, follow: true, ..OpenOptions::default() };
        named("cannot open the directory", path, || match self.open(path, options)? {
            Descriptor::Directory(directory) => {
                let directory = directory.as_any().downcast_ref::<MemoryDirectory>();
                Ok(directory.cloned().ok_or(ErrorCode::NotDirectory)?)
            }
            _ => Err(ErrorCode::NotDirectory.into()),
        })
    }

    /// Makes a directory, and those above it, where they are not there yet.
    ///
    /// # Errors
    ///
    /// Those of [`Directory::create_directory`].
    pub fn create_directory_all(&self, path: &str) -> Result<()> {
        let steps = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for step in steps.map(|end| &path[..end]) {
            named("cannot create the directory", step, || match self.root().create_directory(from_root(step)?) {
                Err(error) if error.code() == Some(ErrorCode::Exist) => Ok(()),
                outcome => outcome,
            })?;
        }
        // What was there already may be something else.
        self.open_directory(path).map(drop)
    }

    /// Writes a file: what was in it is gone.
    ///
    /// # Errors
    ///
    /// Those of [`Directory::open`] and [`File::write_at`]. In a file that did not fit is what did.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
        let options = OpenOptions { write: true, create: true, truncate: true, follow: true, ..OpenOptions::default() };
        named("cannot write the file", path, || {
            let file = self.open_file(path, options)?;
            let bytes = bytes.as_ref();
            let mut done = 0;
            while done < bytes.len() {
                done += file.write_at(&bytes[done..], done as u64)?;
            }
            Ok(())
        })
    }

    /// What is in a file.
    ///
    /// # Errors
    ///
    /// Those of [`Directory::open`]; [`ErrorCode::InsufficientMemory`] where it is larger than what the file system may take, as files with holes
    /// can be.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        let options = OpenOptions { read: true, follow: true, ..OpenOptions::default() };
        named("cannot read the file", path, || {
            let file = self.open_file(path, options)?;
            let size = Some(file.metadata()?.size).filter(|&size| size <= self.root.volume().limit());
            let size = size.and_then(|size| usize::try_from(size).ok()).ok_or(ErrorCode::InsufficientMemory)?;
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(size).map_err(|_| ErrorCode::InsufficientMemory)?;
            bytes.resize(size, 0);
            let count = file.read_at(&mut bytes, 0)?;
            bytes.truncate(count);
            Ok(bytes)
        })
    }

    /// What is in a directory.
    ///
    /// # Errors
    ///
    /// Those of [`Directory::open`].
    pub fn list(&self, path: &str) -> Result<Vec<DirectoryEntry>> {
        let directory = self.open_directory(path)?;
        named("cannot list the directory", path, || directory.entries()?.collect())
    }

    /// How much of the memory that it may take is taken, in bytes.
    pub fn used(&self) -> u64 {
        self.root.volume().used()
    }

    fn open(&self, path: &str, options: OpenOptions) -> WasiResult<Descriptor> {
        self.root().open(from_root(path)?, options)
    }

    fn open_file(&self, path: &str, options: OpenOptions) -> WasiResult<Arc<dyn File>> {
        match self.open(path, options)? {
            Descriptor::File(file) => Ok(file),
            _ => Err(ErrorCode::IsDirectory.into()),
        }
    }
}

impl MemoryFileSystemBuilder {
    /// How much memory it may take, in bytes (default: 1 GiB).
    pub fn capacity_limit(&mut self, bytes: u64) -> &mut MemoryFileSystemBuilder {
        self.limit = bytes;
        self
    }

    /// What time things happen at (default: 2026-01-01T00:00:00Z, always).
    pub fn clock(&mut self, clock: impl WallClock + 'static) -> &mut MemoryFileSystemBuilder {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The file system.
    pub fn build(&self) -> MemoryFileSystem {
        let fixed = || Arc::new(VirtualClock::new(FIXED_TIME, Duration::ZERO)) as Arc<dyn WallClock>;
        let volume = Arc::new(Volume::new(self.limit, self.clock.clone().unwrap_or_else(fixed)));
        let now = volume.now();
        MemoryFileSystem { root: Node::root(&volume, now) }
    }
}

/// An operation of the host's, whose error says what it was about.
fn named<R>(what: &str, path: &str, operation: impl FnOnce() -> WasiResult<R>) -> Result<R> {
    operation().map_err(|error| Error::from(error).context(format!("{what} {path:?}")))
}

/// A host path: it starts at the root, whether it says so or not.
fn from_root(path: &str) -> WasiResult<RelativePath<'_>> {
    match path.trim_start_matches('/') {
        "" => Ok(RelativePath::HERE),
        path => Ok(RelativePath::new(path)?),
    }
}

impl Default for MemoryFileSystem {
    fn default() -> MemoryFileSystem {
        MemoryFileSystem::new()
    }
}

impl fmt::Debug for MemoryFileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFileSystem").field("used", &self.used()).finish_non_exhaustive()
    }
}
