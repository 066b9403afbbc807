//! [`HostDirectory`]: a directory of the host's, and nothing but what is below it.
//!
//! Two things keep a guest inside. Whatever has more than one part, or may lead through a symbolic link, is resolved by cap-primitives alone
//! (`openat2` where the system has it, part by part where not); see [`resolve`]. And what is done to a name in a directory that was so
//! resolved is done by a call that does not follow it, should it have become a symbolic link meanwhile.

mod convert;
mod entries;
mod file;
mod resolve;
mod special;

use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Descriptor, Directory, DirectoryEntries, FileType, Metadata, OpenOptions, RelativePath, SetTimes};
pub(crate) use convert::metadata_of;
use convert::timestamps_of;
use entries::HostEntries;
use gusset::{Context, Result};
use resolve::ResolvedName;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use std::any::Any;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// A directory of the host's, for guests to use as the process could, and nothing that is not below it.
///
/// No path leads a guest out, neither by `..` nor through a symbolic link, and whatever the guest, other guests or the host rename meanwhile:
/// that is [`ErrorCode::NotPermitted`]. Links like those of `/proc/self/fd`, which lead anywhere without a path, are not followed
/// ([`ErrorCode::Loop`]). A symbolic link to an absolute path is neither made nor read nor followed, to spare guests what would lead elsewhere
/// than it says; one to a relative path that leads out is made, and is not followed. A directory that the host moves out while a guest has it
/// open stays that guest's.
///
/// What is below, and what is mounted there, is the guest's with all that the process may do to it: give it no directory with files that
/// should not be written or devices that should not be used.
///
/// - files and directories that it makes have the modes that the process's `umask` leaves of `rw-rw-rw-` and `rwxrwxrwx`;
/// - devices and named pipes are opened as a [`Stream`](crate::Stream), sockets not at all ([`ErrorCode::NoDevice`]). Opening never
///   waits. A named pipe that nobody has open to write makes its reader wait until somebody has, unless it is opened
///   [`nonblocking`](OpenOptions::nonblocking); one that nobody reads cannot be opened to write alone ([`ErrorCode::NoDevice`]);
/// - names that are not UTF-8 are left out of listings: no guest can say them. Times before 1970 are shown as 1970.
///
/// ```
/// use gusset_wasi::{HostDirectory, WasiConfig};
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let config = WasiConfig::builder().preopened_directory("/data", HostDirectory::open(folder)?).build()?;
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Debug)]
pub struct HostDirectory {
    /// Opened as a place (`O_PATH`), or to be read.
    fd: fs::File,
}

impl HostDirectory {
    /// The directory at a path of the host's; symbolic links on it are followed.
    ///
    /// # Errors
    ///
    /// Where there is none, or the process may not use it.
    pub fn open(path: impl AsRef<Path>) -> Result<HostDirectory> {
        let path = path.as_ref();
        let fd = cap_primitives::fs::open_ambient_dir(path, cap_primitives::ambient_authority())
            .with_context(|| format!("cannot open the directory {path:?}"))?;
        Ok(HostDirectory { fd })
    }

    /// The directory itself, opened to be read, with a position of its own.
    fn reopen(&self) -> WasiResult<rustix::fd::OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.fd, ".", flags, Mode::empty())?)
    }

    /// Another directory of a rename or a link, if it is of the host's.
    fn peer(directory: &dyn Directory) -> WasiResult<&HostDirectory> {
        directory.as_any().downcast_ref().ok_or_else(|| ErrorCode::CrossDevice.into())
    }
}

impl Directory for HostDirectory {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        if options.directory {
            let fd = resolve::open_directory(&self.fd, path, options)?;
            return Ok(Descriptor::Directory(Arc::new(HostDirectory { fd })));
        }
        let fd = resolve::open(&self.fd, path, options)?;
        // What was made just now needs no question.
        let made = options.create && options.exclusive;
        let file_type = if made { FileType::RegularFile } else { metadata_of(&rustix::fs::fstat(&fd)?).file_type };
        Ok(match file_type {
            FileType::RegularFile => Descriptor::File(Arc::new(file::HostRegularFile::new(fd, options))),
            // The system says so itself, but where the library asks it for no more than a place.
            FileType::Directory if options.write || options.truncate => return Err(ErrorCode::IsDirectory.into()),
            FileType::Directory => Descriptor::Directory(Arc::new(HostDirectory { fd })),
            _ => Descriptor::Stream(Arc::new(special::HostStream::new(fd, file_type, options))),
        })
    }

    fn metadata(&self, path: RelativePath<'_>, follow: bool) -> WasiResult<Metadata> {
        let name = path.as_str();
        if name == "." {
            return Ok(metadata_of(&rustix::fs::fstat(&self.fd)?));
        }
        if name != ".." && !name.contains('/') {
            let metadata = metadata_of(&rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?);
            if !follow || metadata.file_type != FileType::SymbolicLink {
                return Ok(metadata);
            }
        }
        let fd = resolve::open_place(&self.fd, path, follow)?;
        Ok(metadata_of(&rustix::fs::fstat(&fd)?))
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        Ok(Box::new(HostEntries::new(self.reopen()?)))
    }

    fn read_link(&self, path: RelativePath<'_>) -> WasiResult<String> {
        resolve::read_link(&ResolvedName::of_link(&self.fd, path, ErrorCode::Invalid)?)
    }

    fn create_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let place = ResolvedName::new(&self.fd, path, ErrorCode::Exist)?;
        Ok(rustix::fs::mkdirat(&place.parent, place.name, Mode::from_raw_mode(0o777))?)
    }

    fn remove_directory(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let ends_above = path.parts().next_back() == Some("..");
        let refusal = if ends_above { ErrorCode::NotEmpty } else { ErrorCode::Invalid };
        let place = ResolvedName::new(&self.fd, path, refusal)?;
        Ok(rustix::fs::unlinkat(&place.parent, place.name, AtFlags::REMOVEDIR)?)
    }

    fn unlink_file(&self, path: RelativePath<'_>) -> WasiResult<()> {
        let place = ResolvedName::new(&self.fd, path, ErrorCode::IsDirectory)?;
        Ok(rustix::fs::unlinkat(&place.parent, place.name, AtFlags::empty())?)
    }

    fn symlink(&self, target: &str, path: RelativePath<'_>) -> WasiResult<()> {
        if target.starts_with('/') {
            return Err(ErrorCode::NotPermitted.into());
        }
        let place = ResolvedName::new(&self.fd, path, ErrorCode::Exist)?;
        Ok(rustix::fs::symlinkat(target, &place.parent, place.name)?)
    }

    fn rename(&self, from: RelativePath<'_>, directory: &dyn Directory, to: RelativePath<'_>) -> WasiResult<()> {
        let directory = HostDirectory::peer(directory)?;
        let from = ResolvedName::new(&self.fd, from, ErrorCode::Busy)?;
        let to = ResolvedName::new(&directory.fd, to, ErrorCode::Busy)?;
        Ok(rustix::fs::renameat(&from.parent, from.name, &to.parent, to.name)?)
    }

    fn link(
        &self,
        from: RelativePath<'_>,
        follow: bool,
        directory: &dyn Directory,
        to: RelativePath<'_>,
    ) -> WasiResult<()> {
        let directory = HostDirectory::peer(directory)?;
        let resolved;
        let from = if follow && !from.names_directory() {
            resolved = resolve::follow_links(&self.fd, from)?;
            RelativePath::new(&resolved)?
        } else {
            from
        };
        // No directory has a second name.
        let from = ResolvedName::of_link(&self.fd, from, ErrorCode::NotPermitted)?;
        let to = ResolvedName::new(&directory.fd, to, ErrorCode::Exist)?;
        Ok(rustix::fs::linkat(&from.parent, from.name, &to.parent, to.name, AtFlags::empty())?)
    }

    fn set_times(&self, path: RelativePath<'_>, follow: bool, times: SetTimes) -> WasiResult<()> {
        let times = timestamps_of(times)?;
        if !follow && !path.names_directory() {
            let place = ResolvedName::new(&self.fd, path, ErrorCode::Invalid)?;
            return Ok(rustix::fs::utimensat(&place.parent, place.name, &times, AtFlags::SYMLINK_NOFOLLOW)?);
        }
        let fd = resolve::open_place(&self.fd, path, true)?;
        match rustix::fs::utimensat(&fd, "", &times, AtFlags::EMPTY_PATH) {
            // Before Linux 5.8.
            Err(Errno::INVAL) => {
                let path = resolve::path_of(&fd);
                Ok(rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())?)
            }
            result => Ok(result?),
        }
    }

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        let fd = self.reopen()?;
        Ok(if data_only { rustix::fs::fdatasync(fd) } else { rustix::fs::fsync(fd) }?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
