//! The functions on descriptors that move no bytes: `fd_advise` to `fd_sync`.

use super::exports;
use super::io::file_offset;
use crate::descriptors::{self, DescriptorKind, fd_flags};
use crate::errno::ErrorNumber;
#[cfg(feature = "filesystem")]
use crate::imports::filesystem;
use crate::memory::{check, fill_with_zeros, store8, store16, store32, store64};
use crate::rights;
#[cfg(feature = "filesystem")]
pub(super) use file::{Below, descriptor_flags, done, hash, new_timestamp, size, stat, told, type_number};

/// `filetype` of a terminal.
const CHARACTER_DEVICE: u8 = 2;

/// All of `fstflags`.
pub(super) const FST_FLAGS: u32 = 15;

/// How large a `filestat` is.
pub(super) const FILESTAT: u64 = 64;

/// Where its type is.
const FILESTAT_TYPE: u32 = 16;

exports! {
    fn fd_advise(fd: u32, offset: u64, length: u64, advice: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_ADVISE)?;
        if advice > 5 {
            return Err(ErrorNumber::INVAL);
        }
        file_offset(offset)?;
        file_offset(length)?;
        #[cfg(feature = "filesystem")]
        done(|to| filesystem::advise(entry.handle(), offset, length, advice, to))?;
        let _ = entry;
        Ok(())
    }

    /// A file is made longer, and never shorter. That room is kept for what it will hold cannot be had.
    fn fd_allocate(fd: u32, offset: u64, length: u64) {
        let entry = descriptors::with_rights(fd, rights::FD_ALLOCATE)?;
        file_offset(offset)?;
        file_offset(length)?;
        if length == 0 {
            return Err(ErrorNumber::INVAL);
        }
        if offset + length > i64::MAX as u64 {
            return Err(ErrorNumber::FBIG);
        }
        #[cfg(feature = "filesystem")]
        if told(|to| filesystem::get_flags(entry.handle(), to)).get32()? & descriptor_flags::WRITE == 0 {
            return Err(ErrorNumber::BADF);
        }
        #[cfg(feature = "filesystem")]
        if size(entry.handle()).get()? < offset + length {
            done(|to| filesystem::set_size(entry.handle(), offset + length, to))?;
        }
        let _ = entry;
        Ok(())
    }

    fn fd_close(fd: u32) {
        descriptors::close(fd).get()?;
        Ok(())
    }

    fn fd_datasync(fd: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_DATASYNC)?;
        sync(fd, entry.kind(), entry.handle(), true)
    }

    fn fd_sync(fd: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_SYNC)?;
        sync(fd, entry.kind(), entry.handle(), false)
    }

    fn fd_fdstat_get(fd: u32, to: u32) {
        let entry = descriptors::entry(fd)?;
        check(to, 24, 8)?;
        let file_type = file_type(fd, entry);
        let (base, inheriting) = descriptors::rights_of(fd);
        store64(to, file_type.into());
        store16(to + 2, entry.flags() as u16);
        store64(to + 8, base.into());
        store64(to + 16, inheriting.into());
        Ok(())
    }

    fn fd_fdstat_set_flags(fd: u32, flags: u32) {
        descriptors::with_rights(fd, rights::FD_FDSTAT_SET_FLAGS)?;
        if flags & !fd_flags::ALL != 0 {
            return Err(ErrorNumber::INVAL);
        }
        descriptors::set_flags(fd, flags);
        Ok(())
    }

    fn fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64) {
        descriptors::entry(fd)?;
        let (had, had_inheriting) = descriptors::rights_of(fd);
        let (base, inheriting) = (base as u32 & rights::ALL, inheriting as u32 & rights::ALL);
        if base & !had != 0 || inheriting & !had_inheriting != 0 {
            return Err(ErrorNumber::NOTCAPABLE);
        }
        descriptors::narrow(fd, base, inheriting);
        Ok(())
    }

    fn fd_filestat_get(fd: u32, to: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_FILESTAT_GET)?;
        check(to, FILESTAT, 8)?;
        #[cfg(feature = "filesystem")]
        if entry.kind() == DescriptorKind::FILE || entry.kind() == DescriptorKind::DIRECTORY {
            stat(entry.handle(), None, to).get()?;
            return Ok(());
        }
        let file_type = file_type(fd, entry);
        fill_with_zeros(to, FILESTAT as u32);
        store8(to + FILESTAT_TYPE, file_type);
        Ok(())
    }

    fn fd_filestat_set_size(fd: u32, size: u64) {
        let entry = descriptors::with_rights(fd, rights::FD_FILESTAT_SET_SIZE)?;
        file_offset(size)?;
        #[cfg(feature = "filesystem")]
        done(|to| filesystem::set_size(entry.handle(), size, to))?;
        let _ = entry;
        Ok(())
    }

    fn fd_filestat_set_times(fd: u32, accessed: u64, modified: u64, flags: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_FILESTAT_SET_TIMES)?;
        #[cfg(feature = "filesystem")]
        {
            let (a, a_seconds, a_nanoseconds) = new_timestamp(accessed, flags)?;
            let (m, m_seconds, m_nanoseconds) = new_timestamp(modified, flags >> 2)?;
            if flags > FST_FLAGS {
                return Err(ErrorNumber::INVAL);
            }
            done(|to| {
                filesystem::set_times(entry.handle(), a, a_seconds, a_nanoseconds, m, m_seconds, m_nanoseconds, to);
            })?;
        }
        let _ = (entry, accessed, modified, flags);
        Ok(())
    }

    /// What the guest's libc walks over, until the first number that stands for nothing.
    fn fd_prestat_get(fd: u32, to: u32) {
        let entry = descriptors::entry(fd)?;
        check(to, 8, 4)?;
        #[cfg(feature = "filesystem")]
        if let Some(length) = descriptors::preopens::name_length(fd, entry) {
            store32(to, 0);
            store32(to + 4, length);
            return Ok(());
        }
        let _ = entry;
        Err(ErrorNumber::BADF)
    }

    fn fd_prestat_dir_name(fd: u32, to: u32, length: u32) {
        let entry = descriptors::entry(fd)?;
        check(to, length.into(), 1)?;
        #[cfg(feature = "filesystem")]
        if let Some(needed) = descriptors::preopens::name_length(fd, entry) {
            if length < needed {
                return Err(ErrorNumber::NAMETOOLONG);
            }
            descriptors::preopens::name(descriptors::position(fd).get32(), to, needed);
            return Ok(());
        }
        let _ = entry;
        Err(ErrorNumber::NOTDIR)
    }

    fn fd_renumber(from: u32, to: u32) {
        descriptors::renumber(from, to).get()?;
        Ok(())
    }
}

#[cfg(not(feature = "filesystem"))]
exports! {
    /// No descriptor is a directory.
    fn fd_readdir(fd: u32, _buffer: u32, _length: u32, _cookie: u64, _to: u32) {
        descriptors::with_rights(fd, rights::FD_READDIR)?;
        Ok(())
    }
}

/// `filetype`. There is no number for pipes.
#[inline(always)]
fn file_type(fd: u32, entry: descriptors::DescriptorEntry) -> u8 {
    #[cfg(feature = "filesystem")]
    if entry.kind() == DescriptorKind::FILE || entry.kind() == DescriptorKind::DIRECTORY {
        return file::type_number(entry.file_type());
    } else if descriptors::is_terminal(fd) {
        return CHARACTER_DEVICE;
    }
    let _ = (fd, entry, CHARACTER_DEVICE);
    0
}

/// Waits until what was written is where it stays.
#[inline(always)]
fn sync(fd: u32, kind: DescriptorKind, handle: u32, data_only: bool) -> Result<(), ErrorNumber> {
    match kind {
        DescriptorKind::INPUT => Ok(()),
        DescriptorKind::OUTPUT => {
            super::io::flush_stream(descriptors::stream(fd)).get()?;
            Ok(())
        }
        #[cfg(feature = "filesystem")]
        _ => file::sync(handle, data_only),
        #[cfg(not(feature = "filesystem"))]
        _ => {
            let _ = (handle, data_only);
            Ok(())
        }
    }
}

#[cfg(feature = "filesystem")]
mod file {
    use super::super::clock::nanoseconds;
    use crate::area::{Area, One, Seven, Six, Three};
    use crate::errno::ErrorNumber;
    use crate::imports::filesystem;
    use crate::memory::store64;
    use crate::outcome::NumberOrError;

    /// `filetype` of each `descriptor-type`, four bits each.
    const TYPES: u32 = 0x6470_3210;

    /// All files are on one device: 0.2 does not tell devices.
    const DEVICE: u64 = 1;

    /// `descriptor-flags`.
    pub(crate) mod descriptor_flags {
        pub(crate) const READ: u32 = 1;
        pub(crate) const WRITE: u32 = 2;
        pub(crate) const MUTATE_DIRECTORY: u32 = 32;
    }

    pub(crate) fn type_number(descriptor_type: u8) -> u8 {
        (TYPES >> (u32::from(descriptor_type & 7) * 4)) as u8 & 15
    }

    /// Calls what returns nothing, or an `error-code`.
    #[inline(always)]
    pub(crate) fn done(call: impl FnOnce(u32)) -> Result<(), ErrorNumber> {
        let area = Area::<One>::new();
        call(area.at);
        if area.u8(0) == 0 { Ok(()) } else { Err(ErrorNumber::of_file(area.u8(1))) }
    }

    /// Calls what returns a byte.
    #[inline(always)]
    pub(crate) fn told(call: impl FnOnce(u32)) -> NumberOrError {
        NumberOrError::of(|| {
            let area = Area::<One>::new();
            call(area.at);
            if area.u8(0) == 0 { Ok(area.u8(1).into()) } else { Err(ErrorNumber::of_file(area.u8(1))) }
        })
    }

    #[inline(always)]
    pub(crate) fn sync(handle: u32, data_only: bool) -> Result<(), ErrorNumber> {
        done(|to| if data_only { filesystem::sync_data(handle, to) } else { filesystem::sync(handle, to) })
    }

    /// How large a file is.
    pub(crate) fn size(handle: u32) -> NumberOrError {
        NumberOrError::of(|| {
            let area = Area::<Seven>::new();
            let _more = Area::<Six>::behind(&area);
            filesystem::stat(handle, area.at);
            if area.u8(0) == 0 { Ok(area.u64(24)) } else { Err(ErrorNumber::of_file(area.u8(8))) }
        })
    }

    /// A path below a directory, and whether a link at its end is followed.
    #[derive(Clone, Copy)]
    pub(crate) struct Below {
        pub(crate) path: u32,
        pub(crate) length: u32,
        pub(crate) follow: u32,
    }

    /// Writes the `filestat` of a file or directory, or of what is below it.
    #[inline(always)]
    pub(crate) fn stat(handle: u32, below: Option<Below>, to: u32) -> NumberOrError {
        match below {
            None => write_stat(handle, 0, 0, 2, to),
            Some(Below { path, length, follow }) => write_stat(handle, path, length, follow, to),
        }
    }

    fn write_stat(handle: u32, path: u32, length: u32, follow: u32, to: u32) -> NumberOrError {
        NumberOrError::of(|| {
            let inode = hash(handle, path, length, follow).get()?;
            let area = Area::<Seven>::new();
            let more = Area::<Six>::behind(&area);
            if follow > 1 {
                filesystem::stat(handle, area.at);
            } else {
                filesystem::stat_at(handle, follow, path, length, area.at);
            }
            let failed = area.u8(0) != 0;
            // Or the code of the error.
            let file_type = area.u8(8);
            let links = area.u64(16);
            let size = area.u64(24);
            let accessed = time(&area, 32);
            let modified = time(&area, 56);
            let changed = time(&area, 80);
            drop(more);
            drop(area);
            if failed {
                return Err(ErrorNumber::of_file(file_type));
            }
            store64(to, DEVICE);
            store64(to + 8, inode);
            store64(to + 16, type_number(file_type).into());
            store64(to + 24, links);
            store64(to + 32, size);
            store64(to + 40, accessed);
            store64(to + 48, modified);
            store64(to + 56, changed);
            Ok(0)
        })
    }

    /// A time that there may be, in nanoseconds.
    #[inline(always)]
    fn time(area: &Area<Seven>, offset: u32) -> u64 {
        if area.u8(offset) == 0 {
            return 0;
        }
        nanoseconds(area.u64(offset + 8), area.u32(offset + 16)).unwrap_or(u64::MAX)
    }

    /// What stands for an inode: 63 bits of what tells two files apart. `follow` is 2 for the descriptor itself.
    pub(crate) fn hash(handle: u32, path: u32, length: u32, follow: u32) -> NumberOrError {
        NumberOrError::of(|| {
            let area = Area::<Three>::new();
            if follow > 1 {
                filesystem::metadata_hash(handle, area.at);
            } else {
                filesystem::metadata_hash_at(handle, follow, path, length, area.at);
            }
            if area.u8(0) != 0 {
                return Err(ErrorNumber::of_file(area.u8(8)));
            }
            Ok(area.u64(8) & i64::MAX as u64)
        })
    }

    /// `new-timestamp` by the two lowest of the flags: the time that is given, or the present.
    #[inline(always)]
    pub(crate) fn new_timestamp(time: u64, flags: u32) -> Result<(u32, u64, u32), ErrorNumber> {
        match flags & 3 {
            0 => Ok((0, 0, 0)),
            1 => Ok((2, time / 1_000_000_000, (time % 1_000_000_000) as u32)),
            2 => Ok((1, 0, 0)),
            _ => Err(ErrorNumber::INVAL),
        }
    }
}
