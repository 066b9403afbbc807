//! The functions on descriptors themselves: closing, numbers, rights, flags, names of pre-opened directories.

use super::guest::{OUT, ROOT, TestGuest, for_each, for_each_with};
use gusset_wasi::preview1::{Errno, Rights};
use gusset_wasi::{Input, SocketStream, WasiConfigBuilder};
use std::cell::RefCell;
use std::os::unix::net::UnixStream;

const APPEND: u64 = 1;
const NONBLOCK: u64 = 4;
const SYNC: u64 = 16;

fn fdstat(guest: &mut TestGuest, fd: u64) -> (u8, u16, Rights, Rights) {
    guest.ok("fd_fdstat_get", &[fd, OUT.into()]);
    let bytes = guest.read(OUT, 24);
    assert_eq!((bytes[1], &bytes[4..8]), (0, [0; 4].as_slice()), "what is between the fields");
    let rights = |at| Rights::of_guest(guest.u64_at(OUT + at));
    (bytes[0], u16::from_le_bytes([bytes[2], bytes[3]]), rights(8), rights(16))
}

#[test]
fn fd_close_means() {
    for_each(|guest| {
        let (first, second) = (guest.file("a", ""), guest.file("b", ""));
        assert_eq!((first, second), (4, 5), "the lowest that are free");
        guest.ok("fd_close", &[first]);
        assert_eq!(guest.file("c", ""), first, "the lowest again");
        // What the guest was given can be closed as well.
        guest.ok("fd_close", &[0]);
        guest.ok("fd_close", &[ROOT]);
        guest.fails(Errno::Badf, "fd_prestat_get", &[ROOT, OUT.into()]);
    });
}

#[test]
fn fd_close_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        guest.ok("fd_close", &[fd]);
        for fd in [fd, 5, 8192, u64::from(u32::MAX)] {
            guest.fails(Errno::Badf, "fd_close", &[fd]);
        }
    });
}

#[test]
fn fd_fdstat_get_means() {
    for_each(|guest| {
        let (ty, flags, base, inheriting) = fdstat(guest, ROOT);
        assert_eq!((ty, flags), (3, 0));
        assert!(base.contains(Rights::PATH_OPEN.union(Rights::FD_READDIR)));
        assert!(!base.intersects(Rights::FD_SEEK.union(Rights::FD_WRITE).union(Rights::FD_FILESTAT_SET_SIZE)));
        assert!(inheriting.contains(Rights::FD_SEEK.union(Rights::FD_WRITE)) && inheriting.contains(base));
        let file = guest.open("a", 1, Rights::FD_READ.union(Rights::FD_SEEK).union(Rights::PATH_OPEN));
        // A file opens nothing, and is not written where that was not asked for; all else is had.
        let (ty, flags, base, inheriting) = fdstat(guest, file);
        assert_eq!((ty, flags, inheriting), (4, 0, Rights::NONE));
        assert!(base.contains(Rights::FD_READ.union(Rights::FD_TELL).union(Rights::FD_FILESTAT_GET)));
        assert!(!base.intersects(Rights::FD_WRITE.union(Rights::PATH_OPEN)));
        let (ty, _, base, _) = fdstat(guest, 0);
        assert_eq!(ty, 0, "the guest's libc must not take it for a terminal");
        assert!(base.contains(Rights::FD_READ) && !base.intersects(Rights::FD_WRITE.union(Rights::FD_SEEK)));
        let (_, _, base, _) = fdstat(guest, 1);
        assert!(base.contains(Rights::FD_WRITE) && !base.intersects(Rights::FD_READ.union(Rights::FD_TELL)));
    });
}

#[test]
fn fd_fdstat_get_refuses() {
    for_each(|guest| {
        guest.fails(Errno::Badf, "fd_fdstat_get", &[9, OUT.into()]);
        guest.fails(Errno::Inval, "fd_fdstat_get", &[ROOT, u64::from(OUT) + 4]);
        guest.fails(Errno::Fault, "fd_fdstat_get", &[ROOT, (2 << 16) - 16]);
    });
}

#[test]
fn fd_fdstat_set_flags_means() {
    for_each(|guest| {
        let fd = guest.file("a", "first");
        guest.ok("fd_fdstat_set_flags", &[fd, APPEND | SYNC]);
        assert_eq!(fdstat(guest, fd).1, (APPEND | SYNC) as u16);
        assert_eq!(guest.put(fd, "second"), Ok(6), "at the end, though the position is the start");
        guest.ok("fd_fdstat_set_flags", &[fd, 0]);
        guest.seek_to_start(fd);
        assert_eq!(guest.put(fd, "F"), Ok(1));
        assert_eq!(guest.host_file("a").unwrap(), b"Firstsecond");
    });
}

#[test]
fn fd_fdstat_set_flags_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        for flags in [32, 1 << 16, u64::from(u32::MAX)] {
            guest.fails(Errno::Inval, "fd_fdstat_set_flags", &[fd, flags]);
        }
        guest.fails(Errno::Badf, "fd_fdstat_set_flags", &[77, 0]);
        guest.drop_rights(fd, Rights::FD_FDSTAT_SET_FLAGS);
        guest.fails(Errno::Notcapable, "fd_fdstat_set_flags", &[fd, APPEND]);
        assert_eq!(fdstat(guest, fd).1, 0);
    });
}

#[test]
fn fd_fdstat_set_rights_means() {
    for_each(|guest| {
        let fd = guest.file("a", "text");
        guest.ok("fd_fdstat_set_rights", &[fd, Rights::FD_READ.bits(), 0]);
        assert_eq!(fdstat(guest, fd).2, Rights::FD_READ);
        assert_eq!(guest.get(fd, 2), Ok("te".to_owned()));
        assert_eq!(guest.put(fd, "x"), Err(Errno::Badf));
        // What is opened through a directory has no more than that hands on.
        let (_, _, base, inheriting) = fdstat(guest, ROOT);
        guest.ok("fd_fdstat_set_rights", &[ROOT, base.bits(), inheriting.without(Rights::FD_WRITE).bits()]);
        let fd = guest.open("a", 0, Rights::ALL);
        assert_eq!(guest.put(fd, "x"), Err(Errno::Badf));
        assert_eq!(guest.host_file("a").unwrap(), b"text");
    });
}

#[test]
fn fd_fdstat_set_rights_refuses() {
    for_each(|guest| {
        guest.file("a", "");
        let fd = guest.open("a", 0, Rights::FD_READ);
        let rights = fdstat(guest, fd).2;
        let more = rights.union(Rights::FD_WRITE).bits();
        guest.fails(Errno::Notcapable, "fd_fdstat_set_rights", &[fd, more, 0]);
        guest.fails(Errno::Notcapable, "fd_fdstat_set_rights", &[fd, 0, 1]);
        assert_eq!(fdstat(guest, fd).2, rights);
        guest.fails(Errno::Badf, "fd_fdstat_set_rights", &[99, 0, 0]);
    });
}

/// Two more directories, under names that a guest could mistake for the end.
fn with_directories(config: &mut WasiConfigBuilder) {
    let empty = || gusset_wasi::HostDirectory::open(std::env::temp_dir()).expect("a directory");
    config.preopened_directory("data", empty()).preopened_directory("ü/x", empty());
}

#[test]
fn fd_prestat_get_means() {
    for_each_with(with_directories, |guest| {
        for (fd, length) in [(3, 1), (4, 4), (5, 4)] {
            guest.write(OUT, &[0xff; 8]);
            guest.ok("fd_prestat_get", &[fd, OUT.into()]);
            assert_eq!(guest.read(OUT, 8), [0, 0, 0, 0, length, 0, 0, 0]);
        }
    });
}

#[test]
fn fd_prestat_get_refuses() {
    for_each_with(with_directories, |guest| {
        // The numbers before, and the first one after, by which a libc knows that it has seen all.
        for fd in [0, 1, 2, 6] {
            guest.fails(Errno::Badf, "fd_prestat_get", &[fd, OUT.into()]);
        }
        guest.directory("d");
        let fd = guest.open_directory("d");
        guest.fails(Errno::Badf, "fd_prestat_get", &[fd, OUT.into()]);
    });
}

#[test]
fn fd_prestat_dir_name_means() {
    for_each_with(with_directories, |guest| {
        for (fd, name) in [(3, "/"), (4, "data"), (5, "ü/x")] {
            let at = guest.place(8);
            guest.write(at, &[0xff; 8]);
            guest.ok("fd_prestat_dir_name", &[fd, at.into(), name.len() as u64]);
            assert_eq!(guest.read(at, name.len()), name.as_bytes());
            assert_eq!(guest.read(at, 8)[name.len()..], [0xff; 8][name.len()..], "no NUL follows");
            guest.ok("fd_prestat_dir_name", &[fd, at.into(), 8]);
        }
    });
}

#[test]
fn fd_prestat_dir_name_refuses() {
    for_each_with(with_directories, |guest| {
        guest.fails(Errno::Nametoolong, "fd_prestat_dir_name", &[4, OUT.into(), 3]);
        guest.fails(Errno::Nametoolong, "fd_prestat_dir_name", &[3, OUT.into(), 0]);
        guest.fails(Errno::Notdir, "fd_prestat_dir_name", &[1, OUT.into(), 8]);
        guest.fails(Errno::Badf, "fd_prestat_dir_name", &[6, OUT.into(), 8]);
        guest.fails(Errno::Fault, "fd_prestat_dir_name", &[4, (2 << 16) - 4, 5]);
    });
}

#[test]
fn fd_renumber_means() {
    for_each(|guest| {
        let (first, second) = (guest.file("a", "of a"), guest.file("b", "of b"));
        assert_eq!(guest.get(first, 3), Ok("of ".to_owned()));
        guest.ok("fd_renumber", &[first, second]);
        assert_eq!(guest.get(second, 9), Ok("a".to_owned()), "the position goes along");
        guest.fails(Errno::Badf, "fd_fdstat_get", &[first, OUT.into()]);
        guest.ok("fd_renumber", &[second, second]);
        assert_eq!(guest.file("c", ""), first, "the number is free");
        guest.ok("fd_renumber", &[second, 1]);
        assert_eq!(guest.put(1, "!"), Ok(1));
        assert_eq!(guest.host_file("a").unwrap(), b"of a!");
    });
}

#[test]
fn fd_renumber_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        guest.fails(Errno::Badf, "fd_renumber", &[fd, fd + 1]);
        guest.fails(Errno::Badf, "fd_renumber", &[fd + 1, fd]);
        guest.fails(Errno::Badf, "fd_renumber", &[u64::from(u32::MAX), u64::from(u32::MAX)]);
        guest.ok("fd_fdstat_get", &[fd, OUT.into()]);
    });
}

#[test]
fn a_guest_has_so_many_descriptors_and_no_file_more() {
    let few = |config: &mut WasiConfigBuilder| {
        config.max_descriptors(6);
    };
    for_each_with(few, |guest| {
        guest.file("a", "");
        guest.file("b", "");
        assert_eq!(guest.try_open("c", 1, Rights::ALL), Err(Errno::Mfile));
        assert_eq!(guest.host_file("c"), None, "a file that nobody can use was made");
        guest.ok("fd_close", &[1]);
        assert_eq!(guest.try_open("c", 1, Rights::ALL), Ok(1));
    });
}

#[test]
fn a_stream_without_bytes_is_not_waited_for_where_the_guest_does_not_want_to() {
    let ours = RefCell::new(Vec::new());
    let never = |config: &mut WasiConfigBuilder| {
        let (silent, guests) = UnixStream::pair().expect("a pair of sockets");
        ours.borrow_mut().push(silent);
        config.stdin(Input::stream(SocketStream::unix(guests)));
    };
    for_each_with(never, |guest| {
        guest.ok("fd_fdstat_set_flags", &[0, NONBLOCK]);
        assert_eq!(guest.get(0, 8), Err(Errno::Again));
    });
}
