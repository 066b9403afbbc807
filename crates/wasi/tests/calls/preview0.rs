//! What differs in preview0, byte by byte, beside preview1 over the same descriptors.

use super::guest::{Guest, Version};
use crate::folder::TestFolder;
use gusset_wasi::preview1::{self, Errno};
use gusset_wasi::{HostDirectory, SocketListener, WasiConfig, preview0};
use std::net::TcpListener;

const PATH: u64 = 1024;
const OLD: u64 = 64;
const NEW: u64 = 128;
const FD: u64 = 256;

/// What can be done with a file and more, among it what preview0 does not know.
const RIGHTS: u64 = u64::MAX;

fn guest_of(folder: &TestFolder) -> Guest {
    let directory = HostDirectory::open(folder.at("")).unwrap();
    let listener = SocketListener::tcp(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    let mut config = WasiConfig::builder();
    config.preopened_directory("/", directory).preopened_listener(listener);
    Guest::new(&config.build().unwrap())
}

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
    let folder = TestFolder::new();
    std::fs::write(folder.at("file"), b"0123456789").unwrap();
    std::fs::hard_link(folder.at("file"), folder.at("other")).unwrap();
    let mut guest = guest_of(&folder);
    guest.write(PATH as u32, b"file");
    guest.succeed("path_open", [3, 0, PATH, 4, 0, RIGHTS, 0, 0, FD]);
    let fd = u64::from(guest.u32(FD as u32));
    for by_path in [false, true] {
        guest.write(OLD as u32, &[0xaa; 128]);
        for (version, to) in [(Version::Preview0, OLD), (Version::Preview1, NEW)] {
            guest.version = version;
            if by_path {
                guest.succeed("path_filestat_get", [3, 0, PATH, 4, to]);
            } else {
                guest.succeed("fd_filestat_get", [fd, to]);
            }
        }
        let (old, new) = (guest.bytes(OLD as u32, 64), guest.bytes(NEW as u32, 64));
        assert_eq!(old[..16], new[..16], "device and inode");
        assert_eq!((old[16], new[16]), (4, 4), "a regular file");
        assert_eq!(old[17..20], [0; 3]);
        assert_eq!((old[20..24].to_vec(), new[24..32].to_vec()), (vec![2, 0, 0, 0], vec![2, 0, 0, 0, 0, 0, 0, 0]));
        assert_eq!((old[24..32].to_vec(), new[32..40].to_vec()), (vec![10, 0, 0, 0, 0, 0, 0, 0], old[24..32].to_vec()));
        assert_eq!(old[32..56], new[40..64], "times");
        assert_eq!(old[56..], [0xaa; 8], "nothing beyond");
    }
    guest.version = Version::Preview0;
    let end = u64::from(super::guest::MEMORY_SIZE);
    guest.succeed("fd_filestat_get", [fd, end - 56]);
    guest.refused("fd_filestat_get", [fd, end - 48], Errno::Fault);
    guest.refused("fd_filestat_get", [fd, 4], Errno::Inval);
    guest.refused("path_filestat_get", [3, 0, PATH, 4, end - 48], Errno::Fault);
}

#[test]
fn distances_start_elsewhere() {
    let folder = TestFolder::new();
    std::fs::write(folder.at("file"), b"0123456789").unwrap();
    let mut guest = guest_of(&folder);
    guest.write(PATH as u32, b"file");
    guest.succeed("path_open", [3, 0, PATH, 4, 0, RIGHTS, 0, 0, FD]);
    let fd = u64::from(guest.u32(FD as u32));
    for (version, current, end, set) in [(Version::Preview0, 0, 1, 2), (Version::Preview1, 1, 2, 0)] {
        guest.version = version;
        for (whence, offset, position) in [(set, 4, 4), (current, 3, 7), (current, -2, 5), (end, -1, 9), (end, 5, 15)] {
            guest.succeed("fd_seek", [fd, i64::cast_unsigned(offset), whence, OLD]);
            assert_eq!(guest.u64(OLD as u32), position);
        }
        for (whence, offset) in [(3, 0), (256, 0), (set, -1), (end, -11)] {
            guest.refused("fd_seek", [fd, i64::cast_unsigned(offset), whence, OLD], Errno::Inval);
        }
    }
}

#[test]
fn there_is_no_right_to_accept() {
    let mut guest = guest_of(&TestFolder::new());
    let accept = 1 << 29;
    for (version, has) in [(Version::Preview1, accept), (Version::Preview0, 0)] {
        guest.version = version;
        guest.succeed("fd_fdstat_get", [4, OLD]);
        assert_eq!(guest.u64(OLD as u32 + 8) & accept, has);
        assert_ne!(guest.u64(OLD as u32 + 8), 0);
    }
    // A guest that gives up what it does not need gives up what it does not know.
    let rights = guest.u64(OLD as u32 + 8);
    guest.succeed("fd_fdstat_set_rights", [4, rights | accept, 0]);
    guest.version = Version::Preview1;
    guest.succeed("fd_fdstat_get", [4, OLD]);
    assert_eq!(guest.u64(OLD as u32 + 8), rights);
}

#[test]
fn both_versions_are_about_the_same_descriptors() {
    let folder = TestFolder::new();
    let mut guest = guest_of(&folder);
    guest.write(PATH as u32, b"file");
    guest.write_vectors(512, &[(PATH as u32, 4)]);
    guest.version = Version::Preview0;
    guest.succeed("path_open", [3, 0, PATH, 4, 1, RIGHTS, 0, 0, FD]);
    let fd = u64::from(guest.u32(FD as u32));
    guest.succeed("fd_write", [fd, 512, 1, OLD]);
    guest.version = Version::Preview1;
    guest.succeed("fd_write", [fd, 512, 1, OLD]);
    guest.succeed("fd_tell", [fd, OLD]);
    assert_eq!(guest.u64(OLD as u32), 8);
    guest.succeed("fd_close", [fd]);
    guest.version = Version::Preview0;
    guest.refused("fd_tell", [fd, OLD], Errno::Badf);
    assert_eq!(std::fs::read(folder.at("file")).unwrap(), b"filefile");
}
