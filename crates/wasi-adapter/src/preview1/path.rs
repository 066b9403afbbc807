//! The functions that take a path: what they mean is the directory's business.

use super::exports;
use crate::descriptors;
use crate::errno::ErrorNumber;
#[cfg(feature = "filesystem")]
use crate::imports::filesystem;
use crate::memory::{check, is_utf8, store32};
use crate::outcome::NumberOrError;
use crate::rights;
#[cfg(feature = "filesystem")]
use {
    super::fd::{Below, FILESTAT, FST_FLAGS, descriptor_flags, done, new_timestamp, stat, told},
    crate::area::{Area, One, Two},
    crate::descriptors::{DescriptorEntry, DescriptorKind},
    crate::lists::{self, Lent},
    crate::memory::copy,
};

/// `oflags`, which are `open-flags` too.
mod open_flags {
    pub(super) const CREATE: u32 = 1;
    pub(super) const DIRECTORY: u32 = 2;
    pub(super) const TRUNCATE: u32 = 8;
    pub(super) const ALL: u32 = 15;
}

/// How long a path may be.
const MAX_PATH: u32 = 4096;

/// `descriptor-type`.
#[cfg(feature = "filesystem")]
const DIRECTORY: u8 = 3;

/// That bytes which are in memory are text, and not longer than paths may be: this comes after all other checks.
fn text(at: u32, length: u32) -> NumberOrError {
    NumberOrError::of(|| {
        if length > MAX_PATH {
            Err(ErrorNumber::NAMETOOLONG)
        } else if is_utf8(at, length) {
            Ok(0)
        } else {
            Err(ErrorNumber::ILSEQ)
        }
    })
}

/// The handle of a directory that has a right.
fn directory(fd: u32, right: u32) -> NumberOrError {
    NumberOrError::of(|| Ok(descriptors::with_rights(fd, right)?.handle().into()))
}

/// The handles of two directories, each with a right: the second one's in the upper half, where it fits, since handles are less than 2^30.
fn directories(fd: u32, right: u32, new_fd: u32, new_right: u32) -> NumberOrError {
    NumberOrError::of(|| Ok(directory(fd, right).get()? | directory(new_fd, new_right).get()? << 32))
}

/// That both are in memory, and both are text.
fn texts(path: u32, length: u32, new_path: u32, new_length: u32) -> NumberOrError {
    NumberOrError::of(|| {
        check(path, length.into(), 1)?;
        check(new_path, new_length.into(), 1)?;
        text(path, length).get()?;
        text(new_path, new_length).get()
    })
}

/// Whether a link at the end of a path is followed.
#[inline(always)]
fn lookup(flags: u32) -> Result<(), ErrorNumber> {
    if flags > 1 { Err(ErrorNumber::INVAL) } else { Ok(()) }
}

exports! {
    fn path_create_directory(fd: u32, path: u32, length: u32) {
        let handle = directory(fd, rights::PATH_CREATE_DIRECTORY).get32()?;
        check(path, length.into(), 1)?;
        text(path, length).get()?;
        #[cfg(feature = "filesystem")]
        done(|to| filesystem::create_directory_at(handle, path, length, to))?;
        let _ = handle;
        Ok(())
    }

    fn path_filestat_get(fd: u32, flags: u32, path: u32, length: u32, to: u32) {
        let handle = directory(fd, rights::PATH_FILESTAT_GET).get32()?;
        lookup(flags)?;
        check(path, length.into(), 1)?;
        #[cfg(feature = "filesystem")]
        {
            check(to, FILESTAT, 8)?;
            text(path, length).get()?;
            stat(handle, Some(Below { path, length, follow: flags }), to).get()?;
        }
        let _ = (handle, to);
        Ok(())
    }

    fn path_filestat_set_times(
        fd: u32, flags: u32, path: u32, length: u32, accessed: u64, modified: u64, which: u32
    ) {
        let handle = directory(fd, rights::PATH_FILESTAT_SET_TIMES).get32()?;
        lookup(flags)?;
        check(path, length.into(), 1)?;
        #[cfg(feature = "filesystem")]
        {
            let (a, a_seconds, a_nanoseconds) = new_timestamp(accessed, which)?;
            let (m, m_seconds, m_nanoseconds) = new_timestamp(modified, which >> 2)?;
            if which > FST_FLAGS {
                return Err(ErrorNumber::INVAL);
            }
            text(path, length).get()?;
            done(|to| {
                filesystem::set_times_at(
                    handle, flags, path, length, a, a_seconds, a_nanoseconds, m, m_seconds, m_nanoseconds, to,
                );
            })?;
        }
        let _ = (handle, accessed, modified, which);
        Ok(())
    }

    fn path_link(fd: u32, flags: u32, path: u32, length: u32, new_fd: u32, new_path: u32, new_length: u32) {
        let both = directories(fd, rights::PATH_LINK_SOURCE, new_fd, rights::PATH_LINK_TARGET).get()?;
        let (handle, new) = (both as u32, (both >> 32) as u32);
        lookup(flags)?;
        texts(path, length, new_path, new_length).get()?;
        #[cfg(feature = "filesystem")]
        done(|to| filesystem::link_at(handle, flags, path, length, new, new_path, new_length, to))?;
        let _ = (handle, new);
        Ok(())
    }

    fn path_open(
        fd: u32, flags: u32, path: u32, length: u32, how: u32, base: u64, inheriting: u64, fd_flags: u32, to: u32
    ) {
        directory(fd, rights::PATH_OPEN).get()?;
        lookup(flags)?;
        check(path, length.into(), 1)?;
        if how & !open_flags::ALL != 0 || fd_flags & !descriptors::fd_flags::ALL != 0 {
            return Err(ErrorNumber::INVAL);
        }
        check(to, 4, 4)?;
        text(path, length).get()?;
        #[cfg(feature = "filesystem")]
        store32(to, open(fd, flags, path, length, how, base as u32, fd_flags).get32()?);
        let _ = (base, inheriting, to, store32);
        Ok(())
    }

    /// What a symbolic link holds, cut off where the buffer ends.
    fn path_readlink(fd: u32, path: u32, length: u32, to: u32, room: u32, count: u32) {
        let handle = directory(fd, rights::PATH_READLINK).get32()?;
        check(path, length.into(), 1)?;
        check(to, room.into(), 1)?;
        check(count, 4, 4)?;
        text(path, length).get()?;
        #[cfg(feature = "filesystem")]
        store32(count, read_link(handle, path, length, to, room).get32()?);
        let _ = handle;
        Ok(())
    }

    fn path_remove_directory(fd: u32, path: u32, length: u32) {
        let handle = directory(fd, rights::PATH_REMOVE_DIRECTORY).get32()?;
        check(path, length.into(), 1)?;
        text(path, length).get()?;
        #[cfg(feature = "filesystem")]
        done(|to| filesystem::remove_directory_at(handle, path, length, to))?;
        let _ = handle;
        Ok(())
    }

    fn path_rename(fd: u32, path: u32, length: u32, new_fd: u32, new_path: u32, new_length: u32) {
        let both = directories(fd, rights::PATH_RENAME_SOURCE, new_fd, rights::PATH_RENAME_TARGET).get()?;
        let (handle, new) = (both as u32, (both >> 32) as u32);
        texts(path, length, new_path, new_length).get()?;
        #[cfg(feature = "filesystem")]
        done(|to| filesystem::rename_at(handle, path, length, new, new_path, new_length, to))?;
        let _ = (handle, new);
        Ok(())
    }

    fn path_symlink(target: u32, target_length: u32, fd: u32, path: u32, length: u32) {
        let handle = directory(fd, rights::PATH_SYMLINK).get32()?;
        check(target, target_length.into(), 1)?;
        check(path, length.into(), 1)?;
        text(target, target_length).get()?;
        if target_length == 0 {
            return Err(ErrorNumber::NOENT);
        }
        text(path, length).get()?;
        #[cfg(feature = "filesystem")]
        done(|to| filesystem::symlink_at(handle, target, target_length, path, length, to))?;
        let _ = handle;
        Ok(())
    }

    fn path_unlink_file(fd: u32, path: u32, length: u32) {
        let handle = directory(fd, rights::PATH_UNLINK_FILE).get32()?;
        check(path, length.into(), 1)?;
        text(path, length).get()?;
        #[cfg(feature = "filesystem")]
        done(|to| filesystem::unlink_file_at(handle, path, length, to))?;
        let _ = handle;
        Ok(())
    }
}

/// Opens what is below a directory, to be read and written as the rights say; its number.
#[cfg(feature = "filesystem")]
fn open(fd: u32, follow: u32, path: u32, length: u32, how: u32, rights: u32, flags: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let parent = descriptors::entry(fd)?;
        let (own, own_inheriting) = descriptors::rights_of(fd);
        // Libraries open a directory with nothing but the rights of directories, and then open files through it. So what can be had below
        // is limited only once rights were given up.
        let below = if parent.is_narrowed() { own_inheriting } else { rights::ALL };
        let base = rights & below;
        let (create, truncate) = (how & open_flags::CREATE != 0, how & open_flags::TRUNCATE != 0);
        // A library that opens a directory to read it does not ask for this one, and empties files through it all the same.
        let may_truncate = !parent.is_narrowed() || own & rights::PATH_FILESTAT_SET_SIZE != 0;
        if create && own & rights::PATH_CREATE_FILE == 0 || truncate && !may_truncate {
            return Err(ErrorNumber::NOTCAPABLE);
        }
        if how & open_flags::DIRECTORY != 0 && (create || truncate) {
            return Err(ErrorNumber::INVAL);
        }
        let read = base & (rights::FD_READ | rights::FD_READDIR) != 0;
        // Guests that only read ask for these two as well.
        let change = base & (rights::FD_ALLOCATE | rights::FD_FILESTAT_SET_SIZE) != 0 && !read;
        let write = base & rights::FD_WRITE != 0 || change || truncate;
        let mut wanted = if write { descriptor_flags::WRITE } else { 0 };
        if read || !write {
            wanted |= descriptor_flags::READ;
        }
        if how & open_flags::DIRECTORY != 0 {
            wanted |=
                told(|to| filesystem::get_flags(parent.handle(), to)).get32()? & descriptor_flags::MUTATE_DIRECTORY;
        }
        // Nothing is made that the guest has no number for.
        let new = descriptors::lowest_free().get32()?;
        let handle = {
            let area = Area::<One>::new();
            filesystem::open_at(parent.handle(), follow, path, length, how, wanted, area.at);
            if area.u8(0) != 0 {
                return Err(ErrorNumber::of_file(area.u8(4)));
            }
            area.u32(4)
        };
        let file_type = told(|to| filesystem::get_type(handle, to)).get32().unwrap_or(0) as u8;
        let kind = if file_type == DIRECTORY { DescriptorKind::DIRECTORY } else { DescriptorKind::FILE };
        // A directory itself cannot be written.
        if kind == DescriptorKind::DIRECTORY && write {
            filesystem::drop_descriptor(handle);
            return Err(ErrorNumber::ISDIR);
        }
        // Other rights than these two are had though nobody asked for them.
        let not_asked_for = (rights::FD_READ | rights::FD_WRITE) & !base;
        let tell = if below & rights::FD_SEEK != 0 { rights::FD_TELL } else { 0 };
        descriptors::set(new, DescriptorEntry::new(kind, handle, flags, file_type).narrowed(parent.is_narrowed()));
        let inheriting = if kind == DescriptorKind::DIRECTORY { below } else { 0 };
        descriptors::set_rights(new, (below | tell) & !not_asked_for & rights::of(kind), inheriting);
        Ok(new.into())
    })
}

#[cfg(feature = "filesystem")]
fn read_link(handle: u32, path: u32, length: u32, to: u32, room: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let _lent = Lent::above(u64::from(to) + u64::from(room));
        let (from, found) = {
            let mut direct = room;
            let area = Area::<Two>::beside(to, &mut direct);
            lists::to(to, direct);
            filesystem::readlink_at(handle, path, length, area.at);
            if area.u8(0) != 0 {
                return Err(ErrorNumber::of_file(area.u8(4)));
            }
            (area.u32(4), area.u32(8))
        };
        let count = found.min(room);
        if from != to {
            copy(from, to, count);
        }
        Ok(count.into())
    })
}
