//! What [`OpenOptions`] mean, for file systems that are not the host's.

use super::OpenOptions;
use super::metadata::FileType;
use super::path::RelativePath;
use super::resolve::{FileTree, LastLink, ResolvedPath, resolve, resolve_to_make};
use crate::error::{ErrorCode, WasiResult};

impl OpenOptions {
    /// Where a path leads that is opened in this way.
    ///
    /// # Errors
    ///
    /// Those of [`resolve`]. [`ErrorCode::Invalid`] for a directory that is to be made: files alone are made by opening them, so
    /// [`ErrorCode::IsDirectory`] for one with a name that only a directory can have.
    pub fn resolve<'a, T: FileTree>(
        self,
        tree: &T,
        start: &T::Node,
        path: RelativePath<'a>,
    ) -> WasiResult<ResolvedPath<'a, T::Node>> {
        if self.create && self.directory {
            return Err(ErrorCode::Invalid.into());
        }
        // What must be made by this call is not looked for behind a link.
        let follow = self.follow && !(self.create && self.exclusive);
        let last_link = if follow { LastLink::Follow } else { LastLink::Keep };
        let found = if self.create {
            resolve_to_make(tree, start, path, last_link)?
        } else {
            resolve(tree, start, path, last_link)?
        };
        match &found.node {
            Some(node) => self.check(tree.file_type(node))?,
            None if self.create => (),
            None => return Err(ErrorCode::NoEntry.into()),
        }
        Ok(found)
    }

    /// Whether something that is there can be opened in this way.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Exist`], [`ErrorCode::NotDirectory`], [`ErrorCode::IsDirectory`] or, for a symbolic link, [`ErrorCode::Loop`].
    pub fn check(self, file_type: FileType) -> WasiResult<()> {
        if self.create && self.exclusive {
            return Err(ErrorCode::Exist.into());
        }
        if self.directory && file_type != FileType::Directory {
            return Err(ErrorCode::NotDirectory.into());
        }
        match file_type {
            FileType::Directory if self.create || self.changes() => Err(ErrorCode::IsDirectory.into()),
            FileType::SymbolicLink => Err(ErrorCode::Loop.into()),
            _ => Ok(()),
        }
    }

    /// Whether opening it, or what is done afterwards, can change what is in the file.
    pub fn changes(self) -> bool {
        self.write || self.truncate
    }
}
