//! Reading, writing and positions: `fd_read`, `fd_pread`, `fd_write`, `fd_pwrite`, `fd_seek`, `fd_tell`. Bytes go straight between what is read or
//! written and the guest's memory.

use super::exports;
use crate::area::{Area, Two};
use crate::descriptors::{self, DescriptorEntry, DescriptorKind, fd_flags};
use crate::errno::ErrorNumber;
#[cfg(feature = "filesystem")]
use crate::imports::filesystem;
use crate::imports::io;
use crate::lists;
use crate::memory::{check, copy, has, load32, store32, store64};
use crate::outcome::NumberOrError;
use crate::rights;

/// How many ranges one call may have, as on most systems.
const MAX_VECTORS: u32 = 1024;

/// How much a stream takes at once.
const MAX_WRITTEN: u32 = 4096;

/// `stream-error`: the stream is closed.
const CLOSED: u8 = 1;

/// Offsets are signed to those who have to go on from them; what does not fit is none.
#[inline(always)]
pub(super) fn file_offset(offset: u64) -> Result<(), ErrorNumber> {
    if offset > i64::MAX as u64 { Err(ErrorNumber::INVAL) } else { Ok(()) }
}

exports! {
    fn fd_read(fd: u32, iovs: u32, iovs_len: u32, to: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_READ)?;
        check_vectors(iovs, iovs_len).get()?;
        check(to, 4, 4)?;
        let count = match entry.kind() {
            #[cfg(feature = "filesystem")]
            DescriptorKind::FILE => {
                let position = descriptors::position(fd);
                let count = file::read_all(entry, iovs, iovs_len, position.get()).get()?;
                position.set(position.get() + count);
                count
            }
            _ => read_streams(fd, entry.flags(), iovs, iovs_len).get()?,
        };
        store32(to, count as u32);
        Ok(())
    }

    fn fd_pread(fd: u32, iovs: u32, iovs_len: u32, offset: u64, to: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_READ | rights::FD_SEEK)?;
        check_vectors(iovs, iovs_len).get()?;
        check(to, 4, 4)?;
        file_offset(offset)?;
        let count = file::read_all(entry, iovs, iovs_len, offset).get()?;
        store32(to, count as u32);
        Ok(())
    }

    fn fd_write(fd: u32, iovs: u32, iovs_len: u32, to: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_WRITE)?;
        check_vectors(iovs, iovs_len).get()?;
        check(to, 4, 4)?;
        let count = match entry.kind() {
            #[cfg(feature = "filesystem")]
            DescriptorKind::FILE => {
                let position = descriptors::position(fd);
                let count = file::write_all(entry, iovs, iovs_len, position.get()).get()?;
                position.set(if count > 0 && entry.flags() & fd_flags::APPEND != 0 {
                    super::fd::size(entry.handle()).get().unwrap_or(position.get() + count)
                } else {
                    position.get() + count
                });
                count
            }
            _ => write_streams(descriptors::stream(fd), entry.flags(), iovs, iovs_len).get()?,
        };
        store32(to, count as u32);
        Ok(())
    }

    /// As on Linux, a file that is appended to is appended to whatever the offset.
    fn fd_pwrite(fd: u32, iovs: u32, iovs_len: u32, offset: u64, to: u32) {
        let entry = descriptors::with_rights(fd, rights::FD_WRITE | rights::FD_SEEK)?;
        check_vectors(iovs, iovs_len).get()?;
        check(to, 4, 4)?;
        file_offset(offset)?;
        let count = file::write_all(entry, iovs, iovs_len, offset).get()?;
        store32(to, count as u32);
        Ok(())
    }

    /// Moving needs a right of its own; telling where one is does not.
    fn fd_seek(fd: u32, offset: u64, whence: u32, to: u32) {
        let moves = offset != 0 || whence != 1;
        let entry = descriptors::with_rights(fd, rights::FD_TELL | if moves { rights::FD_SEEK } else { 0 })?;
        check(to, 8, 8)?;
        let position = descriptors::position(fd);
        let from = match whence {
            0 => 0,
            1 => position.get(),
            2 => file::size(entry).get()?,
            _ => return Err(ErrorNumber::INVAL),
        };
        let sought = (from as i64).checked_add(offset as i64).ok_or(ErrorNumber::INVAL)?;
        if sought < 0 {
            return Err(ErrorNumber::INVAL);
        }
        position.set(sought as u64);
        store64(to, sought as u64);
        Ok(())
    }

    fn fd_tell(fd: u32, to: u32) {
        descriptors::with_rights(fd, rights::FD_TELL)?;
        check(to, 8, 8)?;
        store64(to, descriptors::position(fd).get());
        Ok(())
    }
}

/// That ranges are in memory, and not too many.
fn check_vectors(iovs: u32, count: u32) -> NumberOrError {
    NumberOrError::of(|| {
        check(iovs, u64::from(count) * 8, 4)?;
        if count > MAX_VECTORS {
            return Err(ErrorNumber::INVAL);
        }
        let (mut at, mut left, mut total) = (iovs, count, 0u32);
        while left > 0 {
            let length = load32(at + 4);
            if !has(load32(at), length.into()) {
                return Err(ErrorNumber::FAULT);
            }
            total = total.checked_add(length).ok_or(ErrorNumber::INVAL)?;
            at += 8;
            left -= 1;
        }
        Ok(total.into())
    })
}

/// Goes through ranges with a function of one that returns how many of its bytes it moved, until it moves fewer. A failure after some bytes is
/// left for the next call to find.
#[inline(always)]
fn each(iovs: u32, count: u32, mut one: impl FnMut(u32, u32, u64) -> NumberOrError) -> NumberOrError {
    NumberOrError::of(|| {
        let (mut at, mut left, mut total) = (iovs, count, 0);
        while left > 0 {
            let length = load32(at + 4);
            if length > 0 {
                match one(load32(at), length, total).get() {
                    Ok(moved) => {
                        total += moved;
                        if moved < length.into() {
                            break;
                        }
                    }
                    Err(errno) if total == 0 => return Err(errno),
                    Err(_) => break,
                }
            }
            at += 8;
            left -= 1;
        }
        Ok(total)
    })
}

/// What a stream failed with.
fn stream_error(tag: u8, error: u32) -> ErrorNumber {
    if tag == CLOSED {
        return ErrorNumber::PIPE;
    }
    #[cfg(feature = "filesystem")]
    let errno = {
        let area = Area::<crate::area::One>::new();
        filesystem::filesystem_error_code(error, area.at);
        if area.u8(0) == 0 { ErrorNumber::IO } else { ErrorNumber::of_file(area.u8(1)) }
    };
    #[cfg(not(feature = "filesystem"))]
    let errno = ErrorNumber::IO;
    io::drop_error(error);
    errno
}

/// Reads from a stream into ranges: waits for the first byte, and takes what is there already of what follows.
fn read_streams(fd: u32, flags: u32, iovs: u32, count: u32) -> NumberOrError {
    let stream = descriptors::stream(fd);
    each(iovs, count, |at, length, before| {
        let outcome = read_stream(stream, at, length, before == 0 && flags & fd_flags::NONBLOCK == 0);
        match outcome.get() {
            Ok(0) if before == 0 && flags & fd_flags::NONBLOCK != 0 => NumberOrError::of(|| Err(ErrorNumber::AGAIN)),
            // Nothing comes any more.
            Err(ErrorNumber::PIPE) => NumberOrError::of(|| Ok(0)),
            _ => outcome,
        }
    })
}

fn read_stream(stream: u32, to: u32, length: u32, wait: bool) -> NumberOrError {
    NumberOrError::of(|| {
        let mut length = length;
        let (from, count) = {
            let area = Area::<Two>::beside(to, &mut length);
            lists::to(to, length);
            if wait {
                io::blocking_read(stream, length.into(), area.at);
            } else {
                io::read(stream, length.into(), area.at);
            }
            if area.u8(0) != 0 {
                let (tag, error) = (area.u8(4), area.u32(8));
                drop(area);
                return Err(stream_error(tag, error));
            }
            (area.u32(4), area.u32(8))
        };
        moved(from, to, count)
    })
}

/// Moves what was read to where it belongs, if it is elsewhere; how many bytes that are.
#[inline(always)]
fn moved(from: u32, to: u32, count: u32) -> Result<u64, ErrorNumber> {
    if from != to && count > 0 {
        copy(from, to, count);
    }
    Ok(count.into())
}

/// Writes ranges to a stream, as much as it takes without waiting if the flags say so.
fn write_streams(stream: u32, flags: u32, iovs: u32, count: u32) -> NumberOrError {
    each(iovs, count, |at, length, before| {
        if flags & fd_flags::NONBLOCK == 0 {
            return write_stream(stream, at, length);
        }
        match write_ready(stream, at, length).get() {
            Ok(0) if before == 0 => NumberOrError::of(|| Err(ErrorNumber::AGAIN)),
            written => NumberOrError::of(|| written),
        }
    })
}

/// Calls what writes to a stream.
#[inline(always)]
fn written(call: impl FnOnce(u32)) -> Result<(), ErrorNumber> {
    let area = Area::<Two>::new();
    call(area.at);
    if area.u8(0) == 0 {
        return Ok(());
    }
    let (tag, error) = (area.u8(4), area.u32(8));
    drop(area);
    Err(stream_error(tag, error))
}

/// Writes all of it, unless it fails after some.
pub(super) fn write_stream(stream: u32, at: u32, length: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let mut done = 0;
        while done < length {
            let count = (length - done).min(MAX_WRITTEN);
            match written(|to| io::blocking_write_and_flush(stream, at + done, count, to)) {
                Ok(()) => done += count,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            }
        }
        Ok(done.into())
    })
}

fn write_ready(stream: u32, at: u32, length: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let room = {
            let area = Area::<Two>::new();
            io::check_write(stream, area.at);
            if area.u8(0) != 0 {
                let (tag, error) = (area.u8(8), area.u32(12));
                drop(area);
                return Err(stream_error(tag, error));
            }
            area.u64(8)
        };
        let count = room.min(length.into()) as u32;
        if count > 0 {
            written(|to| io::write(stream, at, count, to))?;
            written(|to| io::flush(stream, to))?;
        }
        Ok(count.into())
    })
}

pub(super) fn flush_stream(stream: u32) -> NumberOrError {
    NumberOrError::of(|| {
        written(|to| io::blocking_flush(stream, to))?;
        Ok(0)
    })
}

#[cfg(feature = "filesystem")]
mod file {
    use super::*;

    /// `descriptor-type`.
    const REGULAR_FILE: u8 = 6;

    const SYNCED: u32 = fd_flags::SYNC | fd_flags::DSYNC | fd_flags::RSYNC;

    pub(super) fn size(entry: DescriptorEntry) -> NumberOrError {
        super::super::fd::size(entry.handle())
    }

    pub(super) fn read_all(entry: DescriptorEntry, iovs: u32, count: u32, offset: u64) -> NumberOrError {
        let whole = entry.file_type() == REGULAR_FILE;
        each(iovs, count, |at, length, before| read(entry.handle(), at, length, offset + before, whole))
    }

    /// Reads from an offset on: of a regular file all that there is room for.
    fn read(handle: u32, to: u32, length: u32, offset: u64, whole: bool) -> NumberOrError {
        NumberOrError::of(|| {
            let mut done = 0;
            while done < length {
                let (at, mut left) = (to + done, length - done);
                let (from, count, ended) = {
                    let area = Area::<Two>::beside(at, &mut left);
                    lists::to(at, left);
                    filesystem::read(handle, left.into(), offset + u64::from(done), area.at);
                    if area.u8(0) != 0 {
                        if done > 0 {
                            break;
                        }
                        return Err(ErrorNumber::of_file(area.u8(4)));
                    }
                    (area.u32(4), area.u32(8), area.u8(12))
                };
                done += moved(from, at, count)? as u32;
                if count == 0 || ended != 0 || !whole {
                    break;
                }
            }
            Ok(done.into())
        })
    }

    pub(super) fn write_all(entry: DescriptorEntry, iovs: u32, count: u32, offset: u64) -> NumberOrError {
        NumberOrError::of(|| {
            let handle = entry.handle();
            let total = if entry.flags() & fd_flags::APPEND != 0 {
                append(handle, iovs, count)
            } else {
                each(iovs, count, |at, length, before| write(handle, at, length, offset + before))
            };
            let total = total.get()?;
            if entry.flags() & SYNCED != 0 {
                let data_only = entry.flags() & fd_flags::SYNC == 0;
                super::super::fd::done(|to| {
                    if data_only { filesystem::sync_data(handle, to) } else { filesystem::sync(handle, to) }
                })?;
            }
            Ok(total)
        })
    }

    fn write(handle: u32, at: u32, length: u32, offset: u64) -> NumberOrError {
        NumberOrError::of(|| {
            let mut done = 0;
            while done < length {
                let area = Area::<Two>::new();
                filesystem::write(handle, at + done, length - done, offset + u64::from(done), area.at);
                let (failed, code, count) = (area.u8(0), area.u8(8), area.u64(8));
                drop(area);
                if failed != 0 && done == 0 {
                    return Err(ErrorNumber::of_file(code));
                }
                if failed != 0 || count == 0 {
                    break;
                }
                done += count as u32;
            }
            Ok(done.into())
        })
    }

    fn append(handle: u32, iovs: u32, count: u32) -> NumberOrError {
        NumberOrError::of(|| {
            let stream = {
                let area = Area::<super::super::super::area::One>::new();
                filesystem::append_via_stream(handle, area.at);
                if area.u8(0) != 0 {
                    return Err(ErrorNumber::of_file(area.u8(4)));
                }
                area.u32(4)
            };
            let outcome = each(iovs, count, |at, length, _| write_stream(stream, at, length));
            io::drop_output_stream(stream);
            outcome.get()
        })
    }
}

#[cfg(not(feature = "filesystem"))]
mod file {
    //! There are no files: no descriptor has the rights that only files have.

    use super::{DescriptorEntry, ErrorNumber, NumberOrError};

    pub(super) fn size(_: DescriptorEntry) -> NumberOrError {
        NumberOrError::of(|| Err(ErrorNumber::SPIPE))
    }

    pub(super) fn read_all(entry: DescriptorEntry, _: u32, _: u32, _: u64) -> NumberOrError {
        size(entry)
    }

    pub(super) fn write_all(entry: DescriptorEntry, _: u32, _: u32, _: u64) -> NumberOrError {
        size(entry)
    }
}
