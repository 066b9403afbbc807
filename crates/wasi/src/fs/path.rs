//! [`RelativePath`]: a path out of a guest that can be handed to a file system.

use crate::error::ErrorCode;

/// The longest part of a path, in bytes.
pub(super) const MAX_NAME: usize = 255;

/// A path that starts at a directory: not empty, not absolute, without NUL, and not too long. It can still have `..` in it, and lead
/// through symbolic links.
///
/// ```
/// use gusset_wasi::{ErrorCode, RelativePath};
/// let path = RelativePath::new("a/./b//../c/")?;
/// assert_eq!(path.parts().collect::<Vec<_>>(), ["a", "b", "..", "c"]);
/// assert!(path.names_directory());
/// assert_eq!(RelativePath::new("/etc/passwd"), Err(ErrorCode::NotPermitted));
/// assert_eq!(RelativePath::new("a\0b"), Err(ErrorCode::Invalid));
/// # Ok::<(), gusset_wasi::WasiError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RelativePath<'a>(&'a str);

impl<'a> RelativePath<'a> {
    /// The longest path, in bytes.
    pub(crate) const MAX_PATH: usize = 4096;

    /// This directory.
    pub const HERE: RelativePath<'static> = RelativePath(".");

    /// A path, checked.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NoEntry`] for none at all, [`ErrorCode::NotPermitted`] for an absolute one, [`ErrorCode::Invalid`] for one with a NUL,
    /// and [`ErrorCode::NameTooLong`] for more than 4,096 bytes, or 255 between two slashes.
    pub fn new(path: &'a str) -> Result<RelativePath<'a>, ErrorCode> {
        if path.is_empty() {
            return Err(ErrorCode::NoEntry);
        }
        if path.contains('\0') {
            return Err(ErrorCode::Invalid);
        }
        if path.len() > RelativePath::MAX_PATH || path.split('/').any(|part| part.len() > MAX_NAME) {
            return Err(ErrorCode::NameTooLong);
        }
        if path.starts_with('/') {
            return Err(ErrorCode::NotPermitted);
        }
        Ok(RelativePath(path))
    }

    /// As it was given.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// What is between the slashes, without `.` and without nothing; `..` is among it.
    pub fn parts(self) -> impl DoubleEndedIterator<Item = &'a str> {
        self.0.split('/').filter(|part| !matches!(*part, "" | "."))
    }

    /// Whether it can only be of a directory: it ends in `/`, `/.` or `/..`, or is one of these.
    pub fn names_directory(self) -> bool {
        matches!(self.0.rsplit('/').next(), Some("" | "." | ".."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_too_long_are_refused() {
        let name = "x".repeat(MAX_NAME);
        let parts = [&*name; 16].join("/");
        assert_eq!(parts.len(), RelativePath::MAX_PATH - 1);
        assert_eq!(RelativePath::new(&format!("{parts}/")).map(|path| path.parts().count()), Ok(16));
        assert_eq!(RelativePath::new(&format!("{parts}//")), Err(ErrorCode::NameTooLong));
        assert_eq!(RelativePath::new(&format!("a/{name}x/b")), Err(ErrorCode::NameTooLong));
    }

    #[test]
    fn paths_to_directories_are_known_by_their_end() {
        let names_directory = |path| RelativePath::new(path).map(RelativePath::names_directory);
        for path in [".", "..", "a/", "a/.", "a/..", "./"] {
            assert_eq!(names_directory(path), Ok(true), "{path}");
        }
        for path in ["a", "a/b", ".a", "a.."] {
            assert_eq!(names_directory(path), Ok(false), "{path}");
        }
        assert_eq!(RelativePath::new(""), Err(ErrorCode::NoEntry));
    }
}
