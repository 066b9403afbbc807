//! Resolution of paths below a directory, all of it by cap-primitives: the one place where a path is opened. What it says leads out is
//! [`ErrorCode::NotPermitted`].

use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::fs::resolve::MAX_LINKS;
use crate::fs::{OpenOptions, RelativePath};
use cap_primitives::fs::{FollowSymlinks, OpenOptions as HostOptions, OpenOptionsExt};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd};
use rustix::fs::OFlags;
use std::fs;
use std::path::Path;

/// Opens what is not asked to be a directory. Never waits, and makes no terminal this process's own.
pub(super) fn open(start: &fs::File, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<fs::File> {
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let as_directory = || open_directory(start, path, OpenOptions { follow: true, ..OpenOptions::default() });
    if options.create {
        if path.names_directory() {
            // As POSIX has it, whether it is there or not, unless it leads out.
            return match as_directory() {
                Err(WasiError::Code(ErrorCode::NotPermitted)) => Err(ErrorCode::NotPermitted.into()),
                _ => Err(ErrorCode::IsDirectory.into()),
            };
        }
        flags |= OFlags::CREATE;
        flags.set(OFlags::EXCL, options.exclusive);
    }
    flags.set(OFlags::TRUNC, options.truncate);
    let mut host = HostOptions::new();
    // One of the two it must be. These flags go with either, which the library's own methods for them do not.
    host.read(options.read || !options.write).write(options.write).custom_flags(flags.bits() as i32);
    host._cap_fs_ext_follow(follow_symlinks(options.follow));
    match cap_primitives::fs::open(start, Path::new(path.as_str()), &host).map_err(WasiError::from) {
        // Without `openat2`, of a link to a path with a slash at its end.
        Err(WasiError::Code(ErrorCode::Invalid)) if options.create && as_directory().is_ok() => {
            Err(ErrorCode::IsDirectory.into())
        }
        result => result,
    }
}

/// Opens a directory as a place, which takes no right to list it.
pub(super) fn open_directory(start: &fs::File, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<fs::File> {
    if options.create {
        return Err(ErrorCode::Invalid.into());
    }
    let path = Path::new(path.as_str());
    let fd = if options.follow {
        cap_primitives::fs::open_dir(start, path)?
    } else {
        cap_primitives::fs::open_dir_nofollow(start, path)?
    };
    if options.write || options.truncate { Err(ErrorCode::IsDirectory.into()) } else { Ok(fd) }
}

/// Opens anything as a place, which takes no right to it, and does nothing to it.
pub(super) fn open_place(start: &fs::File, path: RelativePath<'_>, follow: bool) -> WasiResult<fs::File> {
    let mut host = HostOptions::new();
    host.read(true).custom_flags(OFlags::PATH.bits() as i32)._cap_fs_ext_follow(follow_symlinks(follow));
    Ok(cap_primitives::fs::open(start, Path::new(path.as_str()), &host)?)
}

/// A path to what symbolic links at the end of a path lead to. It may be one again by the time it is used.
pub(super) fn follow_links(start: &fs::File, path: RelativePath<'_>) -> WasiResult<String> {
    let mut path = path.as_str().to_owned();
    for _ in 0..=MAX_LINKS {
        let name = ResolvedName::of_link(start, RelativePath::new(&path)?, ErrorCode::NotPermitted)?;
        let target = match read_link(&name) {
            Err(WasiError::Code(ErrorCode::Invalid)) => return Ok(path),
            target => target?,
        };
        path.truncate(path.len() - name.name.len());
        path.push_str(&target);
    }
    Err(ErrorCode::Loop.into())
}

/// What a symbolic link holds, if it is relative.
pub(super) fn read_link(name: &ResolvedName<'_>) -> WasiResult<String> {
    let target = rustix::fs::readlinkat(&name.parent, name.name, Vec::new())?;
    let target = target.into_string().map_err(|_| ErrorCode::IllegalByteSequence)?;
    if target.starts_with('/') { Err(ErrorCode::NotPermitted.into()) } else { Ok(target) }
}

/// Where the system shows what an open descriptor stands for.
pub(super) fn path_of(fd: &fs::File) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

fn follow_symlinks(follow: bool) -> FollowSymlinks {
    if follow { FollowSymlinks::Yes } else { FollowSymlinks::No }
}

/// A name in a directory, for calls that do not follow it.
pub(super) struct ResolvedName<'a> {
    pub(super) parent: Parent<'a>,
    /// Neither `.` nor `..`, and one part. It ends in the slashes that the path ends in: whether they are refused is for the system to
    /// say, in the same step. Calls that make, move and remove names do not follow a symbolic link before a slash; others do.
    pub(super) name: &'a str,
}

/// The directory where a path starts, or one on the way.
pub(super) enum Parent<'a> {
    Start(&'a fs::File),
    Below(fs::File),
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Parent::Start(file) => file.as_fd(),
            Parent::Below(file) => file.as_fd(),
        }
    }
}

impl<'a> ResolvedName<'a> {
    /// The place that a path names; `refusal` where it ends in `.` or `..`, and so in no name.
    pub(super) fn new(start: &'a fs::File, path: RelativePath<'a>, refusal: ErrorCode) -> WasiResult<ResolvedName<'a>> {
        let path = path.as_str();
        let end = path.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1);
        let (before, name) = path.split_at(end);
        if matches!(name.trim_end_matches('/'), "." | "..") {
            cap_primitives::fs::open_dir(start, Path::new(path))?;
            return Err(refusal.into());
        }
        let parent = if before.is_empty() {
            Parent::Start(start)
        } else {
            Parent::Below(cap_primitives::fs::open_dir(start, Path::new(before))?)
        };
        Ok(ResolvedName { parent, name })
    }

    /// The place that a path names, for calls that take a slash after a symbolic link for a reason to follow it; `refusal` for a path that can
    /// only be a directory's, if it is one.
    pub(super) fn of_link(
        start: &'a fs::File,
        path: RelativePath<'a>,
        refusal: ErrorCode,
    ) -> WasiResult<ResolvedName<'a>> {
        if path.names_directory() {
            cap_primitives::fs::open_dir(start, Path::new(path.as_str()))?;
            return Err(refusal.into());
        }
        ResolvedName::new(start, path, refusal)
    }
}
