//! [`CacheConfig`]: where a cache lies and how large it may grow. The place that goes without saying is the only thing in this library
//! that is read from the environment.

use crate::error::{Result, bail};
use std::path::PathBuf;

/// How many bytes the files of a cache may have together, unless it is said: some dozens of the largest components.
const DEFAULT_SIZE_LIMIT: u64 = 2 << 30;

/// Where a [`Cache`](crate::Cache) lies, and how large it may grow.
///
/// ```
/// use gusset::{Cache, CacheConfig};
/// let cache = Cache::new(CacheConfig::new().with_directory("/var/cache/my-host").with_size_limit(64 << 20))?;
/// assert_eq!(cache.directory(), "/var/cache/my-host");
/// assert_eq!(cache.size_limit(), 64 << 20);
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheConfig {
    directory: Option<PathBuf>,
    pub(super) size_limit: u64,
}

impl Default for CacheConfig {
    fn default() -> CacheConfig {
        CacheConfig::new()
    }
}

impl CacheConfig {
    /// A cache of 2 GiB in the folder `gusset` of the user's caches: below `XDG_CACHE_HOME`, or else `.cache` in `HOME`, on macOS
    /// `Library/Caches` there. The variables are read by [`Cache::new`](crate::Cache::new), if no other directory is given.
    pub fn new() -> CacheConfig {
        CacheConfig { directory: None, size_limit: DEFAULT_SIZE_LIMIT }
    }

    /// The directory. It is made, for the user alone, when something is stored; files there that are no cache's are left alone.
    pub fn with_directory(&mut self, path: impl Into<PathBuf>) -> &mut CacheConfig {
        self.directory = Some(path.into());
        self
    }

    /// How many bytes the files may have together (default 2 GiB). What is larger is not kept, and when there is more, what has not been
    /// used for longest is removed, until a part of it is free again. Processes that write at once can exceed it for a while.
    pub fn with_size_limit(&mut self, bytes: u64) -> &mut CacheConfig {
        self.size_limit = bytes;
        self
    }

    pub(super) fn directory(&self) -> Result<PathBuf> {
        match &self.directory {
            Some(path) => Ok(path.clone()),
            None => match default_directory(|name| std::env::var_os(name).map(PathBuf::from)) {
                Some(path) => Ok(path),
                None => bail!("there is no place for a cache: neither XDG_CACHE_HOME nor HOME is an absolute path"),
            },
        }
    }
}

/// The directory that goes without saying, in the environment that `variable` reads. Relative paths do not count there, as the XDG Base
/// Directory Specification has it.
fn default_directory(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    let in_home = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(in_home)))?;
    Some(caches.join("gusset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_environment_tells_where_caches_lie() {
        let directory = |xdg: Option<&str>, home: Option<&str>| {
            default_directory(|name| match name {
                "XDG_CACHE_HOME" => xdg.map(PathBuf::from),
                "HOME" => home.map(PathBuf::from),
                _ => None,
            })
        };
        assert_eq!(directory(Some("/c"), Some("/h")), Some("/c/gusset".into()));
        assert_eq!(directory(None, Some("/h")), Some("/h/.cache/gusset".into()));
        assert_eq!(directory(Some(""), Some("/h")), Some("/h/.cache/gusset".into()));
        assert_eq!(directory(Some("c"), Some("/h")), Some("/h/.cache/gusset".into()));
        assert_eq!(directory(None, Some("h")), None);
        assert_eq!(directory(None, None), None);
    }
}
