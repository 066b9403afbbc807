//! What is known of files and done to them as a whole: `filestat`, sizes, times, syncing, advice.

use super::guest::{GuestFiles, OUT, ROOT, TestGuest, for_each, for_each_with};
use gusset_wasi::preview1::{Errno, Rights};
use gusset_wasi::{Input, MemoryFileSystem, WasiConfigBuilder};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::cell::RefCell;
use std::io::Write;
use std::os::unix::fs::MetadataExt;

/// `filestat`, by the layout of the guest's version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    pub device: u64,
    pub inode: u64,
    pub file_type: u8,
    pub links: u64,
    pub size: u64,
    pub times: [u64; 3],
}

/// Calls a function that writes a `filestat`, and looks at each byte of it.
pub fn stat_by(guest: &mut TestGuest, name: &str, arguments: &[u64]) -> Stat {
    let at = guest.place(72);
    guest.write(at, &[0xaa; 72]);
    guest.ok(name, &[arguments, &[at.into()]].concat());
    let old = guest.version.name == "wasi_unstable";
    let (links, rest, length) = if old { (20, 24, 56) } else { (24, 32, 64) };
    assert_eq!(guest.read(at, 72)[length..], [0xaa; 16][..72 - length], "what is behind it stays");
    assert_eq!(guest.read(at + 17, links - 17), [0; 7][..links - 17], "what is between type and links");
    let links = if old { guest.u32_at(at + 20).into() } else { guest.u64_at(at + 24) };
    Stat {
        device: guest.u64_at(at),
        inode: guest.u64_at(at + 8),
        file_type: guest.read(at + 16, 1)[0],
        links,
        size: guest.u64_at(at + rest),
        times: [8, 16, 24].map(|offset| guest.u64_at(at + rest + offset)),
    }
}

fn stat(guest: &mut TestGuest, fd: u64) -> Stat {
    stat_by(guest, "fd_filestat_get", &[fd])
}

#[test]
fn fd_filestat_get_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abc");
        let again = guest.open("a", 0, Rights::ALL);
        let other = guest.file("b", "");
        let found = stat(guest, fd);
        assert_eq!((found.file_type, found.links, found.size), (4, 1, 3));
        assert!(found.times.iter().all(|time| *time > 1_000_000_000_000_000_000), "nanoseconds since 1970");
        assert_eq!(stat(guest, again), found);
        let other = stat(guest, other);
        assert_eq!(other.device, found.device);
        assert_ne!(other.inode, found.inode);
        let root = stat(guest, ROOT);
        assert_eq!(root.file_type, 3);
        let stdin = Stat { device: 0, inode: 0, file_type: 0, links: 0, size: 0, times: [0; 3] };
        assert_eq!(stat(guest, 0), stdin);
    });
}

#[test]
fn fd_filestat_get_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        let size = if guest.version.name == "wasi_unstable" { 56 } else { 64 };
        guest.ok("fd_filestat_get", &[fd, (2 << 16) - size]);
        guest.fails(Errno::Fault, "fd_filestat_get", &[fd, (2 << 16) - size + 8]);
        guest.fails(Errno::Inval, "fd_filestat_get", &[fd, 4]);
        guest.fails(Errno::Badf, "fd_filestat_get", &[fd + 1, OUT.into()]);
        guest.drop_rights(fd, Rights::FD_FILESTAT_GET);
        guest.fails(Errno::Notcapable, "fd_filestat_get", &[fd, OUT.into()]);
    });
}

#[test]
fn fd_filestat_set_size_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abcdef");
        guest.ok("fd_filestat_set_size", &[fd, 2]);
        guest.ok("fd_filestat_set_size", &[fd, 4]);
        assert_eq!(guest.host_file("a").unwrap(), b"ab\0\0");
        assert_eq!(stat(guest, fd).size, 4);
    });
}

#[test]
fn fd_filestat_set_size_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "abc");
        for size in [1 << 63, u64::MAX] {
            guest.fails(Errno::Inval, "fd_filestat_set_size", &[fd, size]);
        }
        guest.fails(Errno::Isdir, "fd_filestat_set_size", &[ROOT, 0]);
        guest.fails(Errno::Inval, "fd_filestat_set_size", &[1, 0]);
        guest.drop_rights(fd, Rights::FD_FILESTAT_SET_SIZE);
        guest.fails(Errno::Notcapable, "fd_filestat_set_size", &[fd, 0]);
        // The right alone is not enough for a file that was opened to be read.
        let rights = Rights::FD_READ.union(Rights::FD_FILESTAT_SET_SIZE);
        let read_only = guest.open("a", 0, rights);
        let errno = guest.call("fd_filestat_set_size", &[read_only, 0]);
        assert!(matches!(errno, Errno::Badf | Errno::Inval), "{errno}");
        assert_eq!(guest.host_file("a").unwrap(), b"abc");
    });
}

#[test]
fn fd_filestat_set_times_means() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        let [accessed, modified, _] = stat(guest, fd).times;
        guest.ok("fd_filestat_set_times", &[fd, 5, 6, 0]);
        assert_eq!(stat(guest, fd).times[..2], [accessed, modified]);
        guest.ok("fd_filestat_set_times", &[fd, 1_234_567_890_123_456_789, 7, 1]);
        assert_eq!(stat(guest, fd).times[..2], [1_234_567_890_123_456_789, modified]);
        guest.ok("fd_filestat_set_times", &[fd, 8, 2_000_000_001, 4]);
        assert_eq!(stat(guest, fd).times[..2], [1_234_567_890_123_456_789, 2_000_000_001]);
        guest.ok("fd_filestat_set_times", &[fd, 0, 0, 2 | 8]);
        assert!(stat(guest, fd).times[..2].iter().all(|time| *time >= accessed.min(modified)), "the present");
        guest.directory("d");
        let directory = guest.open_directory("d");
        guest.ok("fd_filestat_set_times", &[directory, 1 << 30, 1 << 31, 1 | 4]);
        assert_eq!(stat(guest, directory).times[..2], [1 << 30, 1 << 31]);
    });
}

#[test]
fn fd_filestat_set_times_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        let before = stat(guest, fd);
        for flags in [1 | 2, 4 | 8, 1 | 4 | 8, 15, 16, 1 << 16] {
            guest.fails(Errno::Inval, "fd_filestat_set_times", &[fd, 1, 2, flags]);
        }
        guest.fails(Errno::Inval, "fd_filestat_set_times", &[0, 1, 2, 5]);
        guest.drop_rights(fd, Rights::FD_FILESTAT_SET_TIMES);
        guest.fails(Errno::Notcapable, "fd_filestat_set_times", &[fd, 1, 2, 5]);
        assert_eq!(stat(guest, fd), before);
    });
}

#[test]
fn fd_advise_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abc");
        for advice in 0..6 {
            guest.ok("fd_advise", &[fd, 1, 1 << 40, advice]);
        }
        guest.ok("fd_advise", &[fd, 0, 0, 0]);
        assert_eq!(guest.host_file("a").unwrap(), b"abc");
    });
}

#[test]
fn fd_advise_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        for advice in [6, 256, u64::from(u32::MAX)] {
            guest.fails(Errno::Inval, "fd_advise", &[fd, 0, 0, advice]);
        }
        guest.fails(Errno::Inval, "fd_advise", &[fd, 0, 1 << 63, 0]);
        guest.fails(Errno::Spipe, "fd_advise", &[0, 0, 0, 0]);
        guest.fails(Errno::Isdir, "fd_advise", &[ROOT, 0, 0, 0]);
        guest.drop_rights(fd, Rights::FD_ADVISE);
        guest.fails(Errno::Notcapable, "fd_advise", &[fd, 0, 0, 0]);
    });
}

#[test]
fn fd_allocate_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abc");
        guest.ok("fd_allocate", &[fd, 0, 2]);
        assert_eq!(stat(guest, fd).size, 3, "it never becomes shorter");
        guest.ok("fd_allocate", &[fd, 2, 4]);
        assert_eq!(guest.host_file("a").unwrap(), b"abc\0\0\0");
    });
}

#[test]
fn fd_allocate_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "abc");
        guest.fails(Errno::Inval, "fd_allocate", &[fd, 0, 0]);
        guest.fails(Errno::Inval, "fd_allocate", &[fd, 1 << 63, 1]);
        guest.fails(Errno::Inval, "fd_allocate", &[fd, 0, 1 << 63]);
        guest.fails(Errno::Fbig, "fd_allocate", &[fd, i64::MAX as u64, 1]);
        guest.fails(Errno::Isdir, "fd_allocate", &[ROOT, 0, 1]);
        guest.fails(Errno::Spipe, "fd_allocate", &[1, 0, 1]);
        guest.drop_rights(fd, Rights::FD_ALLOCATE);
        guest.fails(Errno::Notcapable, "fd_allocate", &[fd, 0, 9]);
        assert_eq!(guest.host_file("a").unwrap(), b"abc");
    });
}

fn sync_means(name: &str) {
    for_each(|guest| {
        let fd = guest.file("a", "abc");
        for fd in [fd, ROOT, 1] {
            guest.ok(name, &[fd]);
        }
    });
}

fn sync_refuses(name: &str, right: Rights) {
    for_each(|guest| {
        let fd = guest.file("a", "abc");
        guest.drop_rights(fd, right);
        guest.fails(Errno::Notcapable, name, &[fd]);
        guest.fails(Errno::Badf, name, &[fd + 1]);
    });
}

#[test]
fn fd_sync_means() {
    sync_means("fd_sync");
}

#[test]
fn fd_sync_refuses() {
    sync_refuses("fd_sync", Rights::FD_SYNC);
}

#[test]
fn fd_datasync_means() {
    sync_means("fd_datasync");
}

#[test]
fn fd_datasync_refuses() {
    sync_refuses("fd_datasync", Rights::FD_DATASYNC);
}

#[test]
fn what_is_known_of_a_stream_is_what_the_system_says() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"0123456789").unwrap();
    let stdin = file.try_clone().unwrap();
    let configure = |config: &mut WasiConfigBuilder| _ = config.stdin(Input::file(stdin.try_clone().unwrap()));
    for_each_with(configure, |guest| {
        let (found, system) = (stat(guest, 0), file.metadata().unwrap());
        assert_eq!((found.device, found.inode, found.file_type), (system.dev(), system.ino(), 4));
        assert_eq!((found.links, found.size), (system.nlink(), 10));
        assert_eq!(found.times[1], system.mtime() as u64 * 1_000_000_000 + system.mtime_nsec() as u64);
        let GuestFiles::Host(folder) = &guest.world else { return };
        mknodat(CWD, folder.path().join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let [at, length] = guest.text("pipe");
        let pipe = guest.open("pipe", 0, Rights::FD_READ.union(Rights::FD_FILESTAT_GET));
        assert_eq!(stat(guest, pipe), stat_by(guest, "path_filestat_get", &[ROOT, 0, at, length]));
    });
}

#[test]
fn devices_that_are_not_the_hosts_have_the_same_numbers_in_each_run() {
    let devices = || {
        let other = MemoryFileSystem::new();
        let configure = |config: &mut WasiConfigBuilder| _ = config.preopened_directory("/other", other.root());
        let found = RefCell::new(Vec::new());
        for_each_with(configure, |guest| {
            let [first, root, again] = [ROOT + 1, ROOT, ROOT + 1].map(|fd| stat(guest, fd).device);
            let [at, length] = guest.text(".");
            let by_path = stat_by(guest, "path_filestat_get", &[ROOT, 0, at, length]).device;
            assert_eq!((first, root), (again, by_path));
            assert_ne!(first, root);
            found.borrow_mut().push((first, root));
        });
        found.into_inner()
    };
    let first = devices();
    let _others: Vec<_> = (0..3).map(|_| MemoryFileSystem::new()).collect();
    assert_eq!(devices(), first);
}
