//! [`Cache`]: what was compiled, kept in a directory under a name that is made of all that it depends on. Whatever is wrong with the
//! directory costs time and nothing else: there is no error, no output, and no answer that compiling would not give.

mod build_identity;
mod compiled;
mod config;
mod directory;
mod key;
mod removal;
#[cfg(test)]
mod tests;

pub(crate) use compiled::{component, module};
pub use config::CacheConfig;
pub(crate) use directory::CachedFile;

use crate::error::{Context, Result};
use directory::{CacheDirectory, NotAnEntry};
use gusset_artifact::ArtifactError;
use key::CacheKey;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Of the bytes that are free below the limit, the part (one in so many) that is written before they are counted again: other processes
/// write too.
const PART_BEFORE_COUNTING: u64 = 4;

/// A directory with what was compiled, for [`Config::cache`](crate::Config::cache): an engine that has one looks there before it
/// compiles, and leaves there what it had to compile. Cheap to clone; engines, threads and processes can share a directory.
///
/// A file there is found by a hash over the component or module, the settings, the processor's features that code uses, and the very build
/// of this library. It is used only if it is whole, and was written for that; else it is removed, and what it stood for is compiled. When files exceed the limit,
/// those are removed that have not been used for longest.
///
/// The directory belongs to the user of the process, and nobody else may write to it: one that is not so is not used, since what lies
/// there is run. Links are not followed.
///
/// An unusable directory, a full disk, or files that somebody removes cost the time to compile and nothing else.
/// [`stats`](Cache::stats) counts what happens, and [`check`](Cache::check) says whether the directory can be used.
///
/// ```no_run
/// use gusset::{Cache, CacheConfig, Component, Config, Engine};
/// let cache = Cache::new(CacheConfig::new().with_directory("/var/cache/my-host").with_size_limit(1 << 30))?;
/// let engine = Engine::new(Config::new().cache(Some(cache.clone())))?;
/// let component = Component::from_file(&engine, "plugin.wasm")?; // compiled,
/// let again = Component::from_file(&engine, "plugin.wasm")?; // and mapped.
/// assert_eq!(cache.stats().hits, 1);
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct Cache(Arc<SharedCache>);

struct SharedCache {
    directory: PathBuf,
    size_limit: u64,
    counters: Counters,
    /// Bytes that may be written before the directory's files are counted again.
    headroom: AtomicU64,
    last_problem: Mutex<Option<String>>,
}

#[derive(Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    stored: AtomicU64,
    damaged: AtomicU64,
    problems: AtomicU64,
}

/// What a [`Cache`] has done in this process; see [`Cache::stats`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CacheStats {
    /// What was found and used.
    pub hits: u64,
    /// What was not there, or could not be used, so that it was compiled.
    pub misses: u64,
    /// What was written.
    pub stored: u64,
    /// Files that were not as they were written, and were removed.
    pub damaged: u64,
    /// How often something did not work: a directory that cannot be used, no space, a file that is damaged;
    /// [`Cache::last_problem`] says what it was.
    pub problems: u64,
}

/// What lies in a [`Cache`]'s directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct CacheUsage {
    /// How many components and modules.
    pub entries: u64,
    /// The bytes of their files.
    pub bytes: u64,
}

impl Cache {
    /// A cache with these settings. Nothing is looked at or made before it is used.
    ///
    /// # Errors
    ///
    /// When no directory was given, and the environment names none; see [`CacheConfig::new`].
    pub fn new(config: &CacheConfig) -> Result<Cache> {
        let directory = config.directory()?;
        let directory = std::path::absolute(&directory)
            .with_context(|| format!("cannot use {} as the cache's directory", directory.display()))?;
        Ok(Cache(Arc::new(SharedCache {
            directory,
            size_limit: config.size_limit,
            counters: Counters::default(),
            headroom: AtomicU64::new(0),
            last_problem: Mutex::default(),
        })))
    }

    /// The cache of this user, at the place that [`CacheConfig::new`] tells.
    ///
    /// # Errors
    ///
    /// Those of [`Cache::new`].
    pub fn from_default_location() -> Result<Cache> {
        Cache::new(&CacheConfig::new())
    }

    /// The directory, as an absolute path. It may not be there before something is stored.
    pub fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// How many bytes the files may have together.
    pub fn size_limit(&self) -> u64 {
        self.0.size_limit
    }

    /// Whether the directory can be used; it is made if it is not there. Whoever does not ask gets things compiled where it cannot.
    ///
    /// # Errors
    ///
    /// When it cannot be made or opened, belongs to somebody else, or others may write to it; or when nothing tells which build of this
    /// library the process runs.
    pub fn check(&self) -> Result<()> {
        key::identity_of_build()?;
        CacheDirectory::create(&self.0.directory).map(drop)
    }

    /// What lies in the directory.
    ///
    /// # Errors
    ///
    /// When it is there and cannot be read, or is not there and cannot be made.
    pub fn usage(&self) -> Result<CacheUsage> {
        match CacheDirectory::open(&self.0.directory)? {
            Some(directory) => Ok(directory.listing()?.usage()),
            None => CacheDirectory::rehearse(&self.0.directory).map(|()| CacheUsage::default()),
        }
    }

    /// Removes what lies in the directory, and says what that was. Who uses a file that is removed can go on using it.
    ///
    /// # Errors
    ///
    /// When the directory is there and cannot be read, or something cannot be removed: then all else is.
    pub fn clear(&self) -> Result<CacheUsage> {
        match CacheDirectory::open(&self.0.directory)? {
            Some(directory) => removal::clear(&directory),
            None => Ok(CacheUsage::default()),
        }
    }

    /// What this cache and its clones have done.
    pub fn stats(&self) -> CacheStats {
        let Counters { hits, misses, stored, damaged, problems } = &self.0.counters;
        let [hits, misses, stored, damaged, problems] =
            [hits, misses, stored, damaged, problems].map(|counter| counter.load(Relaxed));
        CacheStats { hits, misses, stored, damaged, problems }
    }

    /// What did not work last, if anything did not.
    pub fn last_problem(&self) -> Option<String> {
        self.0.last_problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What `read` makes of the entry of this key, if there is one that is whole. `read` checks that.
    fn load<T>(&self, key: &CacheKey, read: impl FnOnce(CachedFile) -> Result<T>) -> Option<T> {
        let found = self.note(self.try_load(key, read)).flatten();
        let counter = if found.is_some() { &self.0.counters.hits } else { &self.0.counters.misses };
        counter.fetch_add(1, Relaxed);
        found
    }

    /// Keeps what `serialize` gives as the entry of this key.
    fn store(&self, key: &CacheKey, serialize: impl FnOnce() -> Result<Vec<u8>>) {
        if self.note(serialize().and_then(|bytes| self.try_store(key, &bytes))) == Some(true) {
            self.0.counters.stored.fetch_add(1, Relaxed);
        }
    }

    fn try_load<T>(&self, key: &CacheKey, read: impl FnOnce(CachedFile) -> Result<T>) -> Result<Option<T>> {
        let Some(directory) = CacheDirectory::open(&self.0.directory)? else { return Ok(None) };
        let entry = match directory.entry(key) {
            Ok(None) => return Ok(None),
            Ok(Some(file)) => {
                file.mark_used();
                read(file)
            }
            Err(error) => Err(error),
        };
        entry.map(Some).map_err(|error| {
            let name = key.file_name();
            let path = self.0.directory.join(&name);
            // What the system lacks just now, or a disk does not give, says nothing of the entry.
            if !(error.is::<NotAnEntry>() || error.is::<ArtifactError>()) {
                return error.context(format!("cannot use {}", path.display()));
            }
            let done = match directory.remove(&name) {
                Ok(()) => {
                    self.0.counters.damaged.fetch_add(1, Relaxed);
                    "removed"
                }
                Err(_) => "cannot remove",
            };
            error.context(format!("{done} {}, which cannot be used", path.display()))
        })
    }

    /// Whether it was stored: what is larger than all may be together is not.
    fn try_store(&self, key: &CacheKey, bytes: &[u8]) -> Result<bool> {
        let size = (bytes.len() + CacheKey::SIZE) as u64;
        if size > self.0.size_limit {
            return Ok(false);
        }
        let directory = CacheDirectory::create(&self.0.directory)?;
        directory.write(key, bytes)?;
        let headroom = self.0.headroom.load(Relaxed).saturating_sub(size);
        self.0.headroom.store(headroom, Relaxed);
        if headroom == 0 {
            let free = removal::keep_within(&directory, self.0.size_limit)?;
            self.0.headroom.store(free / PART_BEFORE_COUNTING, Relaxed);
        }
        Ok(true)
    }

    /// The outcome, if it is not a problem, which is counted and kept to be told.
    fn note<T>(&self, outcome: Result<T>) -> Option<T> {
        outcome
            .inspect_err(|error| {
                self.0.counters.problems.fetch_add(1, Relaxed);
                let text = Some(format!("{error:#}"));
                *self.0.last_problem.lock().unwrap_or_else(PoisonError::into_inner) = text;
            })
            .ok()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SharedCache { directory, size_limit, .. } = &*self.0;
        let mut shown = f.debug_struct("Cache");
        shown.field("directory", directory).field("size_limit", size_limit).finish_non_exhaustive()
    }
}
