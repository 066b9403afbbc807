//! Reading, writing and positions: `fd_read`, `fd_pread`, `fd_write`, `fd_pwrite`, `fd_seek`, `fd_tell`. Bytes go straight between
//! a file and the guest's memory.

use super::descriptors::{Entry, Fd, waiting};
use super::flags::{FdFlags, Whence};
use super::memory::GuestMemory;
use super::rights::Rights;
use super::vectors::{Ciovecs, Iovecs, Pace};
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Descriptor, File, file_offset};
use crate::stream::Stream;
use crate::wait::Interest;
use std::io::SeekFrom;

pub(super) fn read(ctx: &mut WasiCtx, memory: &mut GuestMemory<'_>, fd: Fd, iovs: Iovecs) -> WasiResult<u32> {
    let pace = Pace::until(ctx.deadline());
    waiting(ctx, fd, Interest::Read, |entry| match &entry.thing {
        Descriptor::File(file) => {
            let position = entry.position;
            let count = iovs.fill(memory, pace, |bytes, before| file.read_at(bytes, position + u64::from(before)))?;
            entry.position += u64::from(count);
            Ok(count)
        }
        Descriptor::Stream(stream) => iovs.fill(memory, pace, |bytes, _| stream.read(bytes)),
        Descriptor::Directory(_) => Err(ErrorCode::IsDirectory.into()),
        Descriptor::Listener(_) => Err(ErrorCode::NotConnected.into()),
    })
}

pub(super) fn pread(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovs: Iovecs,
    offset: u64,
) -> WasiResult<u32> {
    let (offset, pace) = (file_offset(offset)?, Pace::until(ctx.deadline()));
    waiting(ctx, fd, Interest::Read, |entry| {
        if let Descriptor::Stream(stream) = &entry.thing {
            return iovs.fill(memory, pace, |bytes, before| stream.read_at(bytes, offset + u64::from(before)));
        }
        let file = entry.file(ErrorCode::InvalidSeek)?;
        iovs.fill(memory, pace, |bytes, before| file.read_at(bytes, offset + u64::from(before)))
    })
}

pub(super) fn write(ctx: &mut WasiCtx, memory: &mut GuestMemory<'_>, fd: Fd, iovs: Ciovecs) -> WasiResult<u32> {
    let pace = Pace::until(ctx.deadline());
    if ctx.deadline().is_some()
        && let Descriptor::Stream(stream) = &ctx.preview1().get(fd)?.thing
    {
        let stream = stream.clone();
        return write_before_deadline(ctx, memory, fd, &*stream, &iovs);
    }
    waiting(ctx, fd, Interest::Write, |entry| match &entry.thing {
        Descriptor::File(file) => {
            let (count, position) = write_file(&**file, entry, memory, &iovs, entry.position, pace)?;
            let synced = sync_written(&**file, entry.flags, count);
            entry.position = position;
            synced
        }
        Descriptor::Stream(stream) => iovs.drain(memory, pace, |bytes, _| stream.write(bytes)),
        Descriptor::Directory(_) => Err(ErrorCode::IsDirectory.into()),
        Descriptor::Listener(_) => Err(ErrorCode::NotConnected.into()),
    })
}

/// Writes as much as where writing waits in the system, which it would do beyond any deadline.
fn write_before_deadline(
    ctx: &mut WasiCtx,
    memory: &GuestMemory<'_>,
    fd: Fd,
    stream: &dyn Stream,
    iovs: &Ciovecs,
) -> WasiResult<u32> {
    let (mut done, length) = (0, iovs.length());
    let written = waiting(ctx, fd, Interest::Write, |entry| {
        let count = iovs.drain_rest(memory, done, |bytes| stream.write_without_waiting(bytes))?;
        done += count;
        match count == 0 || done == length || entry.flags.contains(FdFlags::NONBLOCK) {
            true => Ok(()),
            false => Err(ErrorCode::WouldBlock.into()),
        }
    });
    match written {
        Err(error) if done == 0 || error.code().is_none() => Err(error),
        _ => Ok(done),
    }
}

/// As on Linux, a file that is appended to is appended to whatever the offset.
pub(super) fn pwrite(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovs: Ciovecs,
    offset: u64,
) -> WasiResult<u32> {
    let (offset, pace) = (file_offset(offset)?, Pace::until(ctx.deadline()));
    waiting(ctx, fd, Interest::Write, |entry| {
        if let Descriptor::Stream(stream) = &entry.thing {
            return iovs.drain(memory, pace, |bytes, before| stream.write_at(bytes, offset + u64::from(before)));
        }
        let file = entry.file(ErrorCode::InvalidSeek)?;
        let (count, _) = write_file(&**file, entry, memory, &iovs, offset, pace)?;
        sync_written(&**file, entry.flags, count)
    })
}

/// Writes at an offset, or at the end; how many bytes, and where the next ones would go.
#[inline]
fn write_file(
    file: &dyn File,
    entry: &Entry,
    memory: &GuestMemory<'_>,
    iovs: &Ciovecs,
    offset: u64,
    pace: Pace,
) -> WasiResult<(u32, u64)> {
    if entry.flags.contains(FdFlags::APPEND) {
        let mut end = offset;
        let append = |bytes: &[u8], _| {
            let (count, after) = file.append(bytes)?;
            end = after;
            Ok(count)
        };
        let count = iovs.drain(memory, pace, append)?;
        Ok((count, end))
    } else {
        let count = iovs.drain(memory, pace, |bytes, before| file.write_at(bytes, offset + u64::from(before)))?;
        Ok((count, offset + u64::from(count)))
    }
}

/// Sees to it that what was written is stored, where the descriptor says so.
#[inline]
fn sync_written(file: &dyn File, flags: FdFlags, count: u32) -> WasiResult<u32> {
    if flags.intersects(FdFlags::SYNC.union(FdFlags::DSYNC).union(FdFlags::RSYNC)) {
        file.sync(!flags.contains(FdFlags::SYNC))?;
    }
    Ok(count)
}

/// Moving needs a right of its own; telling where one is does not.
pub(crate) fn seek(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd, offset: i64, whence: Whence) -> WasiResult<u64> {
    let entry = ctx.preview1().get_mut(fd)?;
    if (offset, whence) != (0, Whence::Current) && !entry.base.contains(Rights::FD_SEEK) {
        return Err(ErrorCode::NotCapable.into());
    }
    if let Descriptor::Stream(stream) = &entry.thing {
        return stream.seek(match whence {
            Whence::Set => SeekFrom::Start(u64::try_from(offset).map_err(|_| ErrorCode::Invalid)?),
            Whence::Current => SeekFrom::Current(offset),
            Whence::End => SeekFrom::End(offset),
        });
    }
    let from = match whence {
        Whence::Set => 0,
        Whence::Current => entry.position,
        Whence::End => entry.file(ErrorCode::InvalidSeek)?.metadata()?.size,
    };
    entry.position = file_offset(from.checked_add_signed(offset).ok_or(ErrorCode::Invalid)?)?;
    Ok(entry.position)
}

pub(super) fn tell(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<u64> {
    let entry = ctx.preview1().get(fd)?;
    match &entry.thing {
        Descriptor::Stream(stream) => stream.seek(SeekFrom::Current(0)),
        _ => Ok(entry.position),
    }
}
