//! The functions on descriptors that move no bytes: `fd_advise` to `fd_sync`.

use super::descriptors::{Fd, waiting};
use super::flags::{FdFlags, FstFlags};
use super::memory::GuestMemory;
use super::parameter::Buffer;
use super::record::{Fdstat, Filestat, Prestat};
use super::rights::Rights;
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Advice, Descriptor, FileType, Metadata, RelativePath, SetTime, SetTimes, file_offset};
use crate::wait::Interest;
use std::time::Duration;

pub(super) fn advise(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: Fd,
    offset: u64,
    length: u64,
    advice: Advice,
) -> WasiResult<()> {
    let (offset, length) = (file_offset(offset)?, file_offset(length)?);
    ctx.preview1().get(fd)?.file(ErrorCode::InvalidSeek)?.advise(offset, length, advice);
    Ok(())
}

pub(super) fn allocate(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd, offset: u64, length: u64) -> WasiResult<()> {
    let offset = file_offset(offset)?;
    if file_offset(length)? == 0 {
        return Err(ErrorCode::Invalid.into());
    }
    file_offset(offset + length).map_err(|_| ErrorCode::FileTooLarge)?;
    ctx.preview1().get(fd)?.file(ErrorCode::InvalidSeek)?.allocate(offset, length)
}

pub(super) fn close(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<()> {
    ctx.preview1().remove(fd)?;
    Ok(())
}

pub(super) fn datasync(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<()> {
    sync_to(ctx, fd, true)
}

pub(super) fn sync(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<()> {
    sync_to(ctx, fd, false)
}

fn sync_to(ctx: &mut WasiCtx, fd: Fd, data_only: bool) -> WasiResult<()> {
    waiting(ctx, fd, Interest::Write, |entry| match &entry.thing {
        Descriptor::Directory(directory) => directory.sync(data_only),
        Descriptor::File(file) => file.sync(data_only),
        Descriptor::Stream(stream) => stream.flush(),
        Descriptor::Listener(_) => Err(ErrorCode::Invalid.into()),
    })
}

pub(crate) fn fdstat_get(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<Fdstat> {
    let entry = ctx.preview1().get(fd)?;
    let file_type = match &entry.thing {
        Descriptor::Directory(_) => FileType::Directory,
        Descriptor::File(file) => file.metadata()?.file_type,
        Descriptor::Stream(stream) => stream.file_type(),
        Descriptor::Listener(_) => FileType::SocketStream,
    };
    Ok(Fdstat { file_type, flags: entry.flags, base: entry.base, inheriting: entry.inheriting })
}

pub(super) fn fdstat_set_flags(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd, flags: FdFlags) -> WasiResult<()> {
    ctx.preview1().get_mut(fd)?.flags = flags;
    Ok(())
}

pub(crate) fn fdstat_set_rights(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: Fd,
    base: Rights,
    inheriting: Rights,
) -> WasiResult<()> {
    let entry = ctx.preview1().get_mut(fd)?;
    if !entry.base.contains(base) || !entry.inheriting.contains(inheriting) {
        return Err(ErrorCode::NotCapable.into());
    }
    entry.base = base;
    entry.inheriting = inheriting;
    entry.below = entry.below.intersection(inheriting);
    entry.kept = entry.kept.intersection(base);
    Ok(())
}

pub(crate) fn filestat_get(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<Filestat> {
    let descriptors = ctx.preview1();
    let found = match &descriptors.get(fd)?.thing {
        Descriptor::Directory(directory) => directory.metadata(RelativePath::HERE, true)?,
        Descriptor::File(file) => file.metadata()?,
        Descriptor::Stream(stream) => stream.metadata()?,
        Descriptor::Listener(_) => Metadata { file_type: FileType::SocketStream, ..Metadata::default() },
    };
    Ok(Filestat(descriptors.devices.renumbered(found)))
}

pub(super) fn filestat_set_size(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd, size: u64) -> WasiResult<()> {
    let size = file_offset(size)?;
    ctx.preview1().get(fd)?.file(ErrorCode::Invalid)?.set_size(size)
}

pub(super) fn filestat_set_times(
    ctx: &mut WasiCtx,
    _: &mut GuestMemory<'_>,
    fd: Fd,
    accessed: u64,
    modified: u64,
    flags: FstFlags,
) -> WasiResult<()> {
    let times = set_times(accessed, modified, flags)?;
    match &ctx.preview1().get(fd)?.thing {
        Descriptor::Directory(directory) => directory.set_times(RelativePath::HERE, true, times),
        Descriptor::File(file) => file.set_times(times),
        Descriptor::Stream(_) | Descriptor::Listener(_) => Err(ErrorCode::Invalid.into()),
    }
}

/// Which times the flags say; to set one in two ways is refused.
pub(super) fn set_times(accessed: u64, modified: u64, flags: FstFlags) -> WasiResult<SetTimes> {
    let time = |value, given, now| match (flags.contains(given), flags.contains(now)) {
        (true, true) => Err(ErrorCode::Invalid),
        (true, false) => Ok(Some(SetTime::At(Duration::from_nanos(value)))),
        (false, true) => Ok(Some(SetTime::Now)),
        (false, false) => Ok(None),
    };
    Ok(SetTimes {
        accessed: time(accessed, FstFlags::ATIM, FstFlags::ATIM_NOW)?,
        modified: time(modified, FstFlags::MTIM, FstFlags::MTIM_NOW)?,
    })
}

/// What the guest's libc walks over, until the first number that stands for nothing.
pub(super) fn prestat_get(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<Prestat> {
    let name = ctx.preview1().get(fd)?.preopen_name.as_deref().ok_or(ErrorCode::BadDescriptor)?;
    Ok(Prestat(u32::try_from(name.len()).map_err(|_| ErrorCode::Overflow)?))
}

pub(super) fn prestat_dir_name(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    buffer: Buffer,
) -> WasiResult<()> {
    let name = ctx.preview1().get(fd)?.preopen_name.as_deref().ok_or(ErrorCode::NotDirectory)?;
    if name.len() > buffer.length() as usize {
        return Err(ErrorCode::NameTooLong.into());
    }
    buffer.put(memory, 0, name.as_bytes())?;
    Ok(())
}

pub(super) fn renumber(ctx: &mut WasiCtx, _: &mut GuestMemory<'_>, from: Fd, to: Fd) -> WasiResult<()> {
    Ok(ctx.preview1().renumber(from, to)?)
}
