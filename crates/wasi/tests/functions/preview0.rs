//! What differs in preview0, byte by byte, beside preview1 over the same descriptors.

use super::guest::{MEMORY_SIZE, PREVIEW0, PREVIEW1, ROOT, for_each, for_each_with};
use gusset_wasi::preview1::{self, Errno, Rights};
use gusset_wasi::{SocketListener, WasiConfig, preview0};
use std::net::TcpListener;

const OLD: u64 = 64;
const NEW: u64 = 128;

#[test]
fn it_has_all_functions_but_one() {
    let of = |functions: &mut dyn Iterator<Item = &'static preview1::FunctionInfo>| -> Vec<&str> {
        functions.map(|function| function.name).collect()
    };
    let (old, mut new) = (of(&mut preview0::functions()), of(&mut preview1::FUNCTIONS.iter()));
    assert_eq!((old.len(), new.len()), (45, 46));
    new.retain(|name| *name != "sock_accept");
    assert_eq!(old, new);
    let mut ctx = gusset_wasi::WasiCtx::new(&WasiConfig::default());
    let error = preview0::call("sock_accept", &mut ctx, &mut [], &[3, 0, 0]).unwrap_err();
    assert_eq!(error.to_string(), "there is no function `sock_accept`");
}

#[test]
fn a_filestat_is_56_bytes_of_the_same() {
    for_each(|guest| {
        let fd = guest.file("file", "0123456789");
        let ([path, length], [other, other_length]) = (guest.text("file"), guest.text("other"));
        guest.ok("path_link", &[ROOT, 0, path, length, ROOT, other, other_length]);
        for by_path in [false, true] {
            guest.write(OLD as u32, &[0xaa; 128]);
            for (version, to) in [(PREVIEW0, OLD), (PREVIEW1, NEW)] {
                guest.version = version;
                if by_path {
                    guest.ok("path_filestat_get", &[ROOT, 0, path, length, to]);
                } else {
                    guest.ok("fd_filestat_get", &[fd, to]);
                }
            }
            let (old, new) = (guest.read(OLD as u32, 64), guest.read(NEW as u32, 64));
            assert_eq!(old[..16], new[..16], "device and inode");
            assert_eq!((old[16], new[16]), (4, 4), "a regular file");
            assert_eq!(old[17..20], [0; 3]);
            assert_eq!((&old[20..24], &new[24..32]), (&[2, 0, 0, 0][..], &[2, 0, 0, 0, 0, 0, 0, 0][..]), "links");
            assert_eq!((&old[24..32], &new[32..40]), (&[10, 0, 0, 0, 0, 0, 0, 0][..], &old[24..32]), "size");
            assert_eq!(old[32..56], new[40..64], "times");
            assert_eq!(old[56..], [0xaa; 8], "nothing beyond");
        }
        guest.version = PREVIEW0;
        let end = u64::from(MEMORY_SIZE);
        guest.ok("fd_filestat_get", &[fd, end - 56]);
        guest.fails(Errno::Fault, "fd_filestat_get", &[fd, end - 48]);
        guest.fails(Errno::Inval, "fd_filestat_get", &[fd, 4]);
        guest.fails(Errno::Fault, "path_filestat_get", &[ROOT, 0, path, length, end - 48]);
    });
}

#[test]
fn distances_start_elsewhere() {
    for_each(|guest| {
        let fd = guest.file("file", "0123456789");
        for (version, current, end, set) in [(PREVIEW0, 0, 1, 2), (PREVIEW1, 1, 2, 0)] {
            guest.version = version;
            for (whence, offset, position) in
                [(set, 4, 4), (current, 3, 7), (current, -2, 5), (end, -1, 9), (end, 5, 15)]
            {
                guest.ok("fd_seek", &[fd, i64::cast_unsigned(offset), whence, OLD]);
                assert_eq!(guest.u64_at(OLD as u32), position);
            }
            for (whence, offset) in [(3, 0), (256, 0), (set, -1), (end, -11)] {
                guest.fails(Errno::Inval, "fd_seek", &[fd, i64::cast_unsigned(offset), whence, OLD]);
            }
        }
    });
}

#[test]
fn there_is_no_right_to_accept() {
    const LISTENER: u64 = 4;
    let listener = || SocketListener::tcp(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    for_each_with(
        |config| _ = config.preopened_listener(listener()),
        |guest| {
            let accept = Rights::SOCK_ACCEPT.bits();
            for (version, has) in [(PREVIEW1, accept), (PREVIEW0, 0)] {
                guest.version = version;
                guest.ok("fd_fdstat_get", &[LISTENER, OLD]);
                assert_eq!(guest.u64_at(OLD as u32 + 8) & accept, has);
                assert_ne!(guest.u64_at(OLD as u32 + 8), 0);
            }
            // A guest that gives up what it does not need gives up what it does not know.
            let rights = guest.u64_at(OLD as u32 + 8);
            guest.ok("fd_fdstat_set_rights", &[LISTENER, rights | accept, 0]);
            guest.version = PREVIEW1;
            guest.ok("fd_fdstat_get", &[LISTENER, OLD]);
            assert_eq!(guest.u64_at(OLD as u32 + 8), rights);
        },
    );
}

#[test]
fn both_versions_are_about_the_same_descriptors() {
    for_each(|guest| {
        guest.version = PREVIEW0;
        let fd = guest.file("file", "");
        assert_eq!(guest.put(fd, "old "), Ok(4));
        guest.version = PREVIEW1;
        assert_eq!(guest.put(fd, "new"), Ok(3));
        guest.ok("fd_tell", &[fd, OLD]);
        assert_eq!(guest.u64_at(OLD as u32), 7);
        guest.ok("fd_close", &[fd]);
        guest.version = PREVIEW0;
        guest.fails(Errno::Badf, "fd_tell", &[fd, OLD]);
        assert_eq!(guest.host_file("file").unwrap(), b"old new");
    });
}
