//! The table of the functions that differ from preview1's: in a record, in what a number means, or in which rights there are.

use super::convert::{Preview0Fdstat, Preview0Filestat, Preview0Rights, Preview0Subscriptions, Preview0Whence};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::preview1::functions::{FunctionInfo, ParameterInfo, enter, errno, functions};
use crate::preview1::{
    CoreValue, Errno, Fd, FdFlags, FileDelta, GuestMemory, GuestText, LookupFlags, OpenFlags, Parameter, Results,
    Rights, Role, Stored, fd, io, path, points, poll,
};
use gusset::core::{Caller, Linker};
use gusset::{Result, bail};

functions! {
    fd_fdstat_get(fd: Fd) -> (stat: Preview0Fdstat) => fdstat_get;
    fd_fdstat_set_rights(fd: Fd, base: Preview0Rights, inheriting: Preview0Rights) -> () => fd::fdstat_set_rights;
    fd_filestat_get(fd: Fd[FD_FILESTAT_GET]) -> (stat: Preview0Filestat) => filestat_get;
    fd_seek(fd: Fd[FD_TELL], offset: FileDelta, whence: Preview0Whence) -> (newoffset: u64) => io::seek;
    path_filestat_get(
        fd: Fd[PATH_FILESTAT_GET], flags: LookupFlags, path path_len: GuestText
    ) -> (stat: Preview0Filestat) => filestat_get_at;
    path_open(
        fd: Fd[PATH_OPEN], dirflags: LookupFlags, path path_len: GuestText, oflags: OpenFlags,
        base: Preview0Rights, inheriting: Preview0Rights, fdflags: FdFlags
    ) -> (opened_fd: Fd) => path::open;
    poll_oneoff(subscriptions events nsubscriptions: Preview0Subscriptions) -> (nevents: u32) => poll::oneoff;
}

fn fdstat_get(ctx: &mut WasiCtx, memory: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<Preview0Fdstat> {
    fd::fdstat_get(ctx, memory, fd).map(Preview0Fdstat)
}

fn filestat_get(ctx: &mut WasiCtx, memory: &mut GuestMemory<'_>, fd: Fd) -> WasiResult<Preview0Filestat> {
    fd::filestat_get(ctx, memory, fd).map(Preview0Filestat)
}

fn filestat_get_at(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    flags: LookupFlags,
    path: GuestText,
) -> WasiResult<Preview0Filestat> {
    path::filestat_get(ctx, memory, fd, flags, path).map(Preview0Filestat)
}
