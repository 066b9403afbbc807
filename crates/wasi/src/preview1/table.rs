//! The table of preview1's functions, in the order of the [specification]: for each its parameters, the rights that its descriptors
//! must have, what it writes, and where it is.
//!
//! [specification]: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

use super::args::{StringArea, StringArray};
use super::clock::ClockId;
use super::descriptors::Fd;
use super::errno::Errno;
use super::flags::{FdFlags, FstFlags, LookupFlags, OpenFlags, Whence};
use super::functions::{FunctionInfo, ParameterInfo, enter, errno, functions};
use super::memory::GuestMemory;
use super::parameter::{Buffer, CoreValue, FileDelta, GuestText, Parameter, Role, points};
use super::poll::Subscriptions;
use super::proc::Signal;
use super::record::{Fdstat, Filestat, Prestat, Results, Stored};
use super::rights::Rights;
use super::sock::{RiFlags, SdFlags, SiFlags, Socket};
use super::vectors::{Ciovecs, Iovecs};
use super::{args, clock, fd, io, path, poll, proc, random, readdir, sock};
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::fs::Advice;
use gusset::core::{Caller, Linker};
use gusset::{Result, bail};
use std::convert::Infallible;

functions! {
    args_get(argv: StringArray, argv_buf: StringArea) -> () => args::args_get;
    args_sizes_get() -> (argc: u32, argv_buf_size: u32) => args::args_sizes_get;
    environ_get(environ: StringArray, environ_buf: StringArea) -> () => args::environ_get;
    environ_sizes_get() -> (environc: u32, environ_buf_size: u32) => args::environ_sizes_get;
    clock_res_get(id: ClockId) -> (resolution: u64) => clock::res_get;
    clock_time_get(id: ClockId, precision: u64) -> (time: u64) => clock::time_get;
    fd_advise(fd: Fd[FD_ADVISE], offset: u64, len: u64, advice: Advice) -> () => fd::advise;
    fd_allocate(fd: Fd[FD_ALLOCATE], offset: u64, len: u64) -> () => fd::allocate;
    fd_close(fd: Fd) -> () => fd::close;
    fd_datasync(fd: Fd[FD_DATASYNC]) -> () => fd::datasync;
    fd_fdstat_get(fd: Fd) -> (stat: Fdstat) => fd::fdstat_get;
    fd_fdstat_set_flags(fd: Fd[FD_FDSTAT_SET_FLAGS], flags: FdFlags) -> () => fd::fdstat_set_flags;
    fd_fdstat_set_rights(fd: Fd, base: Rights, inheriting: Rights) -> () => fd::fdstat_set_rights;
    fd_filestat_get(fd: Fd[FD_FILESTAT_GET]) -> (stat: Filestat) => fd::filestat_get;
    fd_filestat_set_size(fd: Fd[FD_FILESTAT_SET_SIZE], size: u64) -> () => fd::filestat_set_size;
    fd_filestat_set_times(
        fd: Fd[FD_FILESTAT_SET_TIMES], atim: u64, mtim: u64, fst_flags: FstFlags
    ) -> () => fd::filestat_set_times;
    fd_pread(fd: Fd[FD_READ | FD_SEEK], iovs iovs_len: Iovecs, offset: u64) -> (nread: u32) => io::pread;
    fd_prestat_get(fd: Fd) -> (prestat: Prestat) => fd::prestat_get;
    fd_prestat_dir_name(fd: Fd, path path_len: Buffer) -> () => fd::prestat_dir_name;
    fd_pwrite(fd: Fd[FD_WRITE | FD_SEEK], iovs iovs_len: Ciovecs, offset: u64) -> (nwritten: u32) => io::pwrite;
    fd_read(fd: Fd[FD_READ], iovs iovs_len: Iovecs) -> (nread: u32) => io::read;
    fd_readdir(fd: Fd[FD_READDIR], buf buf_len: Buffer, cookie: u64) -> (bufused: u32) => readdir::readdir;
    fd_renumber(fd: Fd, to: Fd) -> () => fd::renumber;
    fd_seek(fd: Fd[FD_TELL], offset: FileDelta, whence: Whence) -> (newoffset: u64) => io::seek;
    fd_sync(fd: Fd[FD_SYNC]) -> () => fd::sync;
    fd_tell(fd: Fd[FD_TELL]) -> (offset: u64) => io::tell;
    fd_write(fd: Fd[FD_WRITE], iovs iovs_len: Ciovecs) -> (nwritten: u32) => io::write;
    path_create_directory(fd: Fd[PATH_CREATE_DIRECTORY], path path_len: GuestText) -> () => path::create_directory;
    path_filestat_get(
        fd: Fd[PATH_FILESTAT_GET], flags: LookupFlags, path path_len: GuestText
    ) -> (stat: Filestat) => path::filestat_get;
    path_filestat_set_times(
        fd: Fd[PATH_FILESTAT_SET_TIMES], flags: LookupFlags, path path_len: GuestText, atim: u64, mtim: u64,
        fst_flags: FstFlags
    ) -> () => path::filestat_set_times;
    path_link(
        old_fd: Fd[PATH_LINK_SOURCE], old_flags: LookupFlags, old_path old_path_len: GuestText,
        new_fd: Fd[PATH_LINK_TARGET], new_path new_path_len: GuestText
    ) -> () => path::link;
    path_open(
        fd: Fd[PATH_OPEN], dirflags: LookupFlags, path path_len: GuestText, oflags: OpenFlags, base: Rights,
        inheriting: Rights, fdflags: FdFlags
    ) -> (opened_fd: Fd) => path::open;
    path_readlink(
        fd: Fd[PATH_READLINK], path path_len: GuestText, buf buf_len: Buffer
    ) -> (bufused: u32) => path::readlink;
    path_remove_directory(fd: Fd[PATH_REMOVE_DIRECTORY], path path_len: GuestText) -> () => path::remove_directory;
    path_rename(
        fd: Fd[PATH_RENAME_SOURCE], old_path old_path_len: GuestText,
        new_fd: Fd[PATH_RENAME_TARGET], new_path new_path_len: GuestText
    ) -> () => path::rename;
    path_symlink(
        old_path old_path_len: GuestText, fd: Fd[PATH_SYMLINK], new_path new_path_len: GuestText
    ) -> () => path::symlink;
    path_unlink_file(fd: Fd[PATH_UNLINK_FILE], path path_len: GuestText) -> () => path::unlink_file;
    poll_oneoff(subscriptions events nsubscriptions: Subscriptions) -> (nevents: u32) => poll::oneoff;
    proc_exit(rval: u32) -> () noreturn => proc::exit;
    proc_raise(sig: Signal) -> () => proc::raise;
    sched_yield() -> () => proc::sched_yield;
    random_get(buf buf_len: Buffer) -> () => random::get;
    sock_accept(fd: Socket[SOCK_ACCEPT], flags: FdFlags) -> (accepted_fd: Fd) => sock::accept;
    sock_recv(
        fd: Socket[FD_READ], ri_data ri_data_len: Iovecs, ri_flags: RiFlags
    ) -> (ro_datalen: u32, ro_flags: u16) => sock::recv;
    sock_send(fd: Socket[FD_WRITE], si_data si_data_len: Ciovecs, si_flags: SiFlags) -> (so_datalen: u32) => sock::send;
    sock_shutdown(fd: Socket[SOCK_SHUTDOWN], how: SdFlags) -> () => sock::shutdown;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WasiConfig;

    #[test]
    fn there_are_46_functions() {
        assert_eq!(FUNCTIONS.len(), 46);
        let never: Vec<_> = FUNCTIONS.iter().filter(|of| !of.returns).map(|of| of.name).collect();
        assert_eq!(never, ["proc_exit"]);
    }

    #[test]
    fn what_cannot_be_called_is_an_error() {
        let mut ctx = WasiCtx::new(&WasiConfig::default());
        let mut said = |name, arguments: &[u64]| call(name, &mut ctx, &mut [], arguments).unwrap_err().to_string();
        assert_eq!(said("fd_reed", &[]), "there is no function `fd_reed`");
        assert_eq!(said("fd_close", &[1, 2]), "`fd_close` was called with 2 arguments");
        assert!(call("fd_close", &mut ctx, &mut [], &[1 << 32]).is_ok(), "the lowest bits count");
    }
}
