//! What [`OpenOptions`] mean, for file systems that are not the host's.

use super::OpenOptions;
use super::metadata::FileType;
use super::resolve::LastLink;
use crate::error::{ErrorCode, WasiResult};

impl OpenOptions {
    /// How [`resolve`](crate::resolve) treats a symbolic link at the end of the path.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Invalid`] for a directory that is to be made: files alone are made by opening them.
    pub fn last_link(self) -> WasiResult<LastLink> {
        if self.create && self.directory {
            return Err(ErrorCode::Invalid.into());
        }
        // What must be made by this call is not looked for behind a link.
        Ok(if self.follow && !(self.create && self.exclusive) { LastLink::Follow } else { LastLink::Keep })
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
