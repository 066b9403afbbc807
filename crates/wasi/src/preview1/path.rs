//! The functions that take a path: what they mean is the directory's business.

use super::descriptors::{Entry, Fd};
use super::fd::set_times;
use super::flags::{FdFlags, FstFlags, LookupFlags, OpenFlags};
use super::memory::GuestMemory;
use super::parameter::{Buffer, GuestText};
use super::record::Filestat;
use super::rights::Rights;
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Descriptor, Directory, OpenOptions, check_link_target};
use std::sync::Arc;

fn directory(ctx: &mut WasiCtx, fd: Fd) -> WasiResult<&Arc<dyn Directory>> {
    ctx.preview1().get(fd)?.directory()
}

pub(super) fn create_directory(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    path: GuestText,
) -> WasiResult<()> {
    directory(ctx, fd)?.create_directory(path.path(memory)?)
}

pub(crate) fn filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    lookup: LookupFlags,
    path: GuestText,
) -> WasiResult<Filestat> {
    let found = directory(ctx, fd)?.metadata(path.path(memory)?, lookup.contains(LookupFlags::SYMLINK_FOLLOW))?;
    Ok(Filestat(ctx.preview1().devices.renumbered(found)))
}

#[allow(clippy::too_many_arguments, reason = "so many has the function")]
pub(super) fn filestat_set_times(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    lookup: LookupFlags,
    path: GuestText,
    accessed: u64,
    modified: u64,
    flags: FstFlags,
) -> WasiResult<()> {
    let times = set_times(accessed, modified, flags)?;
    directory(ctx, fd)?.set_times(path.path(memory)?, lookup.contains(LookupFlags::SYMLINK_FOLLOW), times)
}

pub(super) fn link(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    old_fd: Fd,
    lookup: LookupFlags,
    old_path: GuestText,
    new_fd: Fd,
    new_path: GuestText,
) -> WasiResult<()> {
    let descriptors = ctx.preview1();
    let (old, new) = (descriptors.get(old_fd)?.directory()?, descriptors.get(new_fd)?.directory()?);
    let follow = lookup.contains(LookupFlags::SYMLINK_FOLLOW);
    old.link(old_path.path(memory)?, follow, &**new, new_path.path(memory)?)
}

#[allow(clippy::too_many_arguments, reason = "so many has the function")]
pub(crate) fn open(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    lookup: LookupFlags,
    path: GuestText,
    how: OpenFlags,
    base: Rights,
    _inheriting: Rights,
    flags: FdFlags,
) -> WasiResult<Fd> {
    let path = path.path(memory)?;
    let descriptors = ctx.preview1();
    let entry = descriptors.get(fd)?;
    let below = entry.below;
    let base = base.intersection(below);
    let mut options = open_options(entry, how, base)?;
    options.follow = lookup.contains(LookupFlags::SYMLINK_FOLLOW);
    options.nonblocking = flags.contains(FdFlags::NONBLOCK);
    // Nothing is made that the guest has no number for.
    descriptors.check_room()?;
    let thing = entry.directory()?.open(path, options)?;
    let inheriting = match thing {
        // The directory itself cannot be written.
        Descriptor::Directory(_) if options.write => return Err(ErrorCode::IsDirectory.into()),
        Descriptor::Directory(_) => below,
        _ => Rights::NONE,
    };
    // Other rights than these two are had though nobody asked for them.
    let asked_for = Rights::FD_READ.union(Rights::FD_WRITE);
    let tell = if below.contains(Rights::FD_SEEK) { Rights::FD_TELL } else { Rights::NONE };
    let base = below.union(tell).without(asked_for.without(base)).intersection(Rights::of(&thing));
    Ok(descriptors.insert(Entry { below, kept: below, ..Entry::new(thing, base, inheriting, flags) })?)
}

/// How something is opened by what will be done with it, where the directory's descriptor has the rights for that.
fn open_options(directory: &Entry, how: OpenFlags, base: Rights) -> WasiResult<OpenOptions> {
    let (create, truncate) = (how.contains(OpenFlags::CREAT), how.contains(OpenFlags::TRUNC));
    let may_create = directory.base.contains(Rights::PATH_CREATE_FILE);
    // A library that opens a directory to read it does not ask for this one, and empties files through it all the same.
    let may_truncate = directory.kept.contains(Rights::PATH_FILESTAT_SET_SIZE);
    if create && !may_create || truncate && !may_truncate {
        return Err(ErrorCode::NotCapable.into());
    }
    if how.contains(OpenFlags::DIRECTORY) && (create || truncate) {
        return Err(ErrorCode::Invalid.into());
    }
    let read = base.intersects(Rights::FD_READ.union(Rights::FD_READDIR));
    // Guests that only read ask for these two as well.
    let change = base.intersects(Rights::FD_ALLOCATE.union(Rights::FD_FILESTAT_SET_SIZE)) && !read;
    let write = base.contains(Rights::FD_WRITE) || change || truncate;
    Ok(OpenOptions {
        read: read || !write,
        write,
        create,
        exclusive: create && how.contains(OpenFlags::EXCL),
        truncate,
        directory: how.contains(OpenFlags::DIRECTORY),
        ..OpenOptions::default()
    })
}

/// What a symbolic link holds, cut off where the buffer ends.
pub(super) fn readlink(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    path: GuestText,
    buffer: Buffer,
) -> WasiResult<u32> {
    let target = directory(ctx, fd)?.read_link(path.path(memory)?)?;
    buffer.put(memory, 0, target.as_bytes())
}

pub(super) fn remove_directory(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    path: GuestText,
) -> WasiResult<()> {
    directory(ctx, fd)?.remove_directory(path.path(memory)?)
}

pub(super) fn rename(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    old_fd: Fd,
    old_path: GuestText,
    new_fd: Fd,
    new_path: GuestText,
) -> WasiResult<()> {
    let descriptors = ctx.preview1();
    let (old, new) = (descriptors.get(old_fd)?.directory()?, descriptors.get(new_fd)?.directory()?);
    old.rename(old_path.path(memory)?, &**new, new_path.path(memory)?)
}

pub(super) fn symlink(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    target: GuestText,
    fd: Fd,
    path: GuestText,
) -> WasiResult<()> {
    let target = target.get(memory)?;
    check_link_target(target)?;
    directory(ctx, fd)?.symlink(target, path.path(memory)?)
}

pub(super) fn unlink_file(ctx: &mut WasiCtx, memory: &mut GuestMemory<'_>, fd: Fd, path: GuestText) -> WasiResult<()> {
    directory(ctx, fd)?.unlink_file(path.path(memory)?)
}
