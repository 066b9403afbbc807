//! The functions that take a path.

use super::files::{Stat, stat_by};
use super::guest::{CREAT, DIRECTORY, EXCL, OUT, ROOT, TRUNC, TestGuest, for_each};
use gusset_wasi::preview1::{Errno, Rights};

const NOFOLLOW: u64 = 0;
const FOLLOW: u64 = 1;

/// What no path may be, whatever is asked for: what a function refuses it with. `arguments` puts a path in its place.
fn paths_are_refused(guest: &mut TestGuest, name: &str, right: Rights, arguments: impl Fn(u64, [u64; 2]) -> Vec<u64>) {
    let long_name = "n".repeat(256);
    let long_path = "d/".repeat(2500);
    for (path, errno) in [
        (b"".as_slice(), Errno::Noent),
        (b"a\0b", Errno::Inval),
        (b"\0", Errno::Inval),
        (b"a\xff", Errno::Ilseq),
        (b"\xed\xa0\x80", Errno::Ilseq),
        (b"/a", Errno::Perm),
        (b"../a", Errno::Perm),
        (b"d/../../a", Errno::Perm),
        (b"a/b", Errno::Notdir),
        (b"missing/b", Errno::Noent),
        (long_name.as_bytes(), Errno::Nametoolong),
        (long_path.as_bytes(), Errno::Nametoolong),
    ] {
        let text = guest.text(path);
        guest.fails(errno, name, &arguments(ROOT, text));
    }
    for text in [[2 << 16, 1], [(2 << 16) - 1, 2], [0, u64::from(u32::MAX)], [u64::from(u32::MAX), 1]] {
        guest.fails(Errno::Fault, name, &arguments(ROOT, text));
    }
    let fd = guest.file("other", "");
    let text = guest.text("a");
    guest.fails(Errno::Notdir, name, &arguments(fd, text));
    guest.fails(Errno::Notdir, name, &arguments(1, text));
    guest.fails(Errno::Badf, name, &arguments(99, text));
    guest.drop_rights(ROOT, right);
    guest.fails(Errno::Notcapable, name, &arguments(ROOT, text));
}

fn stat(guest: &mut TestGuest, path: &str, follow: u64) -> Stat {
    let [at, length] = guest.text(path);
    stat_by(guest, "path_filestat_get", &[ROOT, follow, at, length])
}

fn symlink(guest: &mut TestGuest, target: &str, path: &str) -> Errno {
    let (target, path) = (guest.text(target), guest.text(path));
    guest.call("path_symlink", &[target[0], target[1], ROOT, path[0], path[1]])
}

/// A file `a`, a directory `d`, and a link `l` to the file.
fn with_files(test: impl Fn(&mut TestGuest)) {
    for_each(|guest| {
        guest.file("a", "contents");
        guest.directory("d");
        assert_eq!(symlink(guest, "a", "l"), Errno::Success);
        test(guest);
    });
}

#[test]
fn path_create_directory_means() {
    with_files(|guest| {
        for path in ["d/e", "d/e/f", "./g", "with/".trim_end_matches('/'), "h/"] {
            let [at, length] = guest.text(path);
            guest.ok("path_create_directory", &[ROOT, at, length]);
            assert_eq!(stat(guest, path, NOFOLLOW).file_type, 3);
        }
    });
}

#[test]
fn path_create_directory_refuses() {
    with_files(|guest| {
        for path in ["a", "d", "l", "."] {
            let [at, length] = guest.text(path);
            guest.fails(Errno::Exist, "path_create_directory", &[ROOT, at, length]);
        }
        paths_are_refused(guest, "path_create_directory", Rights::PATH_CREATE_DIRECTORY, |fd, [at, length]| {
            vec![fd, at, length]
        });
    });
}

#[test]
fn path_filestat_get_means() {
    with_files(|guest| {
        let file = stat(guest, "a", NOFOLLOW);
        assert_eq!((file.file_type, file.size, file.links), (4, 8, 1));
        assert_eq!(stat(guest, "l", FOLLOW), file);
        let link = stat(guest, "l", NOFOLLOW);
        assert_eq!((link.file_type, link.size), (7, 1));
        assert_ne!(link.inode, file.inode);
        let root = stat_by(guest, "fd_filestat_get", &[ROOT]);
        assert_eq!(stat(guest, ".", NOFOLLOW), root);
        assert_eq!(stat(guest, "d/..", NOFOLLOW), root);
    });
}

#[test]
fn path_filestat_get_refuses() {
    with_files(|guest| {
        let [at, length] = guest.text("a");
        guest.fails(Errno::Inval, "path_filestat_get", &[ROOT, 2, at, length, OUT.into()]);
        guest.fails(Errno::Inval, "path_filestat_get", &[ROOT, 0, at, length, u64::from(OUT) + 1]);
        guest.fails(Errno::Fault, "path_filestat_get", &[ROOT, 0, at, length, (2 << 16) - 8]);
        let [at, length] = guest.text("a/");
        guest.fails(Errno::Notdir, "path_filestat_get", &[ROOT, 0, at, length, OUT.into()]);
        paths_are_refused(guest, "path_filestat_get", Rights::PATH_FILESTAT_GET, |fd, [at, length]| {
            vec![fd, 0, at, length, OUT.into()]
        });
    });
}

#[test]
fn path_filestat_set_times_means() {
    with_files(|guest| {
        let [at, length] = guest.text("l");
        let file = stat(guest, "a", NOFOLLOW);
        guest.ok("path_filestat_set_times", &[ROOT, NOFOLLOW, at, length, 1 << 40, 1 << 41, 1 | 4]);
        assert_eq!(stat(guest, "l", NOFOLLOW).times[..2], [1 << 40, 1 << 41]);
        assert_eq!(stat(guest, "a", NOFOLLOW).times, file.times);
        guest.ok("path_filestat_set_times", &[ROOT, FOLLOW, at, length, 0, 1 << 42, 4]);
        assert_eq!(stat(guest, "a", NOFOLLOW).times[..2], [file.times[0], 1 << 42]);
    });
}

#[test]
fn path_filestat_set_times_refuses() {
    with_files(|guest| {
        let [at, length] = guest.text("a");
        for flags in [3, 12, 16] {
            guest.fails(Errno::Inval, "path_filestat_set_times", &[ROOT, 0, at, length, 1, 1, flags]);
        }
        guest.fails(Errno::Inval, "path_filestat_set_times", &[ROOT, 2, at, length, 1, 1, 1]);
        let right = Rights::PATH_FILESTAT_SET_TIMES;
        paths_are_refused(guest, "path_filestat_set_times", right, |fd, [at, length]| vec![fd, 0, at, length, 1, 1, 5]);
    });
}

#[test]
fn path_link_means() {
    with_files(|guest| {
        let (old, new) = (guest.text("a"), guest.text("d/b"));
        guest.ok("path_link", &[ROOT, NOFOLLOW, old[0], old[1], ROOT, new[0], new[1]]);
        assert_eq!(stat(guest, "d/b", NOFOLLOW), stat(guest, "a", NOFOLLOW));
        assert_eq!(stat(guest, "a", NOFOLLOW).links, 2);
        // To the link itself, and to where it leads; into another directory.
        let directory = guest.open_directory("d");
        let (old, new) = (guest.text("l"), guest.text("c"));
        guest.ok("path_link", &[ROOT, FOLLOW, old[0], old[1], directory, new[0], new[1]]);
        assert_eq!(stat(guest, "d/c", NOFOLLOW).links, 3);
        let new = guest.text("m");
        guest.ok("path_link", &[ROOT, NOFOLLOW, old[0], old[1], ROOT, new[0], new[1]]);
        assert_eq!(stat(guest, "m", NOFOLLOW).file_type, 7);
    });
}

#[test]
fn path_link_refuses() {
    with_files(|guest| {
        let (a, d, l, new) = (guest.text("a"), guest.text("d"), guest.text("l"), guest.text("new"));
        guest.fails(Errno::Exist, "path_link", &[ROOT, 0, a[0], a[1], ROOT, l[0], l[1]]);
        guest.fails(Errno::Perm, "path_link", &[ROOT, 0, d[0], d[1], ROOT, new[0], new[1]]);
        guest.fails(Errno::Inval, "path_link", &[ROOT, 2, a[0], a[1], ROOT, new[0], new[1]]);
        guest.fails(Errno::Badf, "path_link", &[ROOT, 0, a[0], a[1], 99, new[0], new[1]]);
        let without = guest.open(".", DIRECTORY, Rights::NONE);
        guest.drop_rights(without, Rights::PATH_LINK_TARGET);
        guest.fails(Errno::Notcapable, "path_link", &[ROOT, 0, a[0], a[1], without, new[0], new[1]]);
        paths_are_refused(guest, "path_link", Rights::PATH_LINK_SOURCE, |fd, [at, length]| {
            vec![fd, 0, at, length, ROOT, new[0], new[1]]
        });
    });
    with_files(|guest| {
        let old = guest.text("l");
        paths_are_refused(guest, "path_link", Rights::PATH_LINK_TARGET, |fd, [at, length]| {
            vec![ROOT, 0, old[0], old[1], fd, at, length]
        });
    });
}

#[test]
fn a_directory_opened_with_nothing_but_the_rights_of_directories_hands_on_more_until_they_are_given_up() {
    with_files(|guest| {
        let narrow = Rights::PATH_OPEN.union(Rights::PATH_CREATE_FILE).union(Rights::FD_READDIR).bits();
        let path = guest.text("d");
        guest.ok("path_open", &[ROOT, 0, path[0], path[1], DIRECTORY, narrow, narrow, 0, OUT.into()]);
        let directory = guest.u32_at(OUT).into();
        let (path, write) = (guest.text("below"), Rights::FD_WRITE.bits());
        let open = [directory, 0, path[0], path[1], CREAT, write, 0, 0, OUT.into()];
        let empty = [directory, 0, path[0], path[1], CREAT | TRUNC, write, 0, 0, OUT.into()];
        guest.ok("path_open", &open);
        let below = guest.u32_at(OUT).into();
        assert_eq!(guest.put(below, "deep"), Ok(4));
        guest.ok("path_open", &empty);
        assert_eq!(guest.host_file("d/below").unwrap(), b"");
        guest.ok("fd_fdstat_set_rights", &[directory, narrow, narrow]);
        guest.ok("path_open", &open);
        let below = guest.u32_at(OUT).into();
        assert_eq!(guest.put(below, "deep"), Err(Errno::Badf));
        guest.fails(Errno::Notcapable, "path_open", &empty);
    });
}

#[test]
fn path_open_means() {
    with_files(|guest| {
        let fd = guest.open("a", 0, Rights::FD_READ);
        assert_eq!(guest.get(fd, 99), Ok("contents".to_owned()));
        let fd = guest.open("l", 0, Rights::FD_READ);
        assert_eq!(guest.get(fd, 99), Ok("contents".to_owned()));
        guest.open("a", CREAT, Rights::FD_WRITE);
        assert_eq!(guest.host_file("a").unwrap(), b"contents");
        guest.open("new", CREAT | EXCL, Rights::NONE);
        assert_eq!(guest.host_file("new").unwrap(), b"");
        // With no right but that of the directory, which reaches files by their paths.
        guest.open("a", TRUNC, Rights::NONE);
        assert_eq!(guest.host_file("a").unwrap(), b"");
        let directory = guest.open("d", 0, Rights::ALL.without(Rights::FD_WRITE));
        let path = guest.text("below");
        let rights = Rights::FD_WRITE.bits();
        guest.ok("path_open", &[directory, 0, path[0], path[1], CREAT, rights, 0, 0, OUT.into()]);
        let below = guest.u32_at(OUT).into();
        assert_eq!(guest.put(below, "deep"), Ok(4));
        assert_eq!(guest.host_file("d/below").unwrap(), b"deep");
        for path in [".", "./", "d/", "d/.", "d/.."] {
            guest.open(path, DIRECTORY, Rights::FD_READDIR);
        }
    });
}

/// Programs that have only met hosts without rights ask for none, or for those of reading and writing.
#[test]
fn rights_that_are_not_asked_for_are_had_but_those_of_reading_and_writing() {
    with_files(|guest| {
        let directory = guest.open(".", DIRECTORY, Rights::NONE);
        let [at, length] = guest.text("a");
        guest.ok("path_open", &[directory, 0, at, length, 0, Rights::FD_READ.bits(), 0, 0, OUT.into()]);
        let file = guest.u32_at(OUT).into();
        guest.seek_to_start(file);
        guest.ok("fd_filestat_get", &[file, OUT.into()]);
        assert_eq!(guest.get(file, 99), Ok("contents".to_owned()));
        assert_eq!(guest.put(file, "x"), Err(Errno::Badf));
        guest.ok("path_open", &[directory, 0, at, length, 0, Rights::FD_WRITE.bits(), 0, 0, OUT.into()]);
        let file = guest.u32_at(OUT).into();
        assert_eq!(guest.get(file, 99), Err(Errno::Badf));
        guest.ok("path_unlink_file", &[directory, at, length]);
        guest.ok("path_create_directory", &[directory, at, length]);
    });
}

#[test]
fn rights_come_from_the_directory() {
    with_files(|guest| {
        let directory = guest.open(".", DIRECTORY, Rights::NONE);
        let directorys = Rights::PATH_OPEN.union(Rights::FD_FILESTAT_GET);
        let inheriting = Rights::FD_READ.union(Rights::PATH_OPEN);
        guest.ok("fd_fdstat_set_rights", &[directory, directorys.bits(), inheriting.bits()]);
        let path = guest.text("a");
        let all = Rights::ALL.bits();
        guest.ok("path_open", &[directory, 0, path[0], path[1], 0, all, all, 0, OUT.into()]);
        let file = u64::from(guest.u32_at(OUT));
        guest.ok("fd_fdstat_get", &[file, OUT.into()]);
        assert_eq!([guest.u64_at(OUT + 8), guest.u64_at(OUT + 16)], [Rights::FD_READ.bits(), 0]);
        guest.fails(Errno::Notcapable, "path_open", &[directory, 0, path[0], path[1], CREAT, all, all, 0, OUT.into()]);
        guest.fails(Errno::Notcapable, "path_open", &[directory, 0, path[0], path[1], TRUNC, all, all, 0, OUT.into()]);
        assert_eq!(guest.host_file("a").unwrap(), b"contents");
    });
}

#[test]
fn path_open_refuses() {
    with_files(|guest| {
        let all = Rights::ALL;
        let reading = Rights::FD_READ;
        for (path, how, rights, errno) in [
            ("missing", 0, reading, Errno::Noent),
            ("missing", TRUNC, all, Errno::Noent),
            ("a", CREAT | EXCL, all, Errno::Exist),
            ("l", CREAT | EXCL, all, Errno::Exist),
            ("a", DIRECTORY, reading, Errno::Notdir),
            ("a/", 0, reading, Errno::Notdir),
            ("d", DIRECTORY, all, Errno::Isdir),
            ("d", TRUNC, reading, Errno::Isdir),
            ("d", CREAT, all, Errno::Isdir),
            ("x", DIRECTORY | CREAT, reading, Errno::Inval),
            ("d", DIRECTORY | TRUNC, reading, Errno::Inval),
            ("x", 16, reading, Errno::Inval),
            ("x", 1 << 16, reading, Errno::Inval),
        ] {
            assert_eq!(guest.try_open(path, how, rights), Err(errno), "{path} {how}");
        }
        let [at, length] = guest.text("l");
        guest.fails(Errno::Loop, "path_open", &[ROOT, NOFOLLOW, at, length, 0, 2, 0, 0, OUT.into()]);
        guest.fails(Errno::Inval, "path_open", &[ROOT, 2, at, length, 0, 2, 0, 0, OUT.into()]);
        guest.fails(Errno::Inval, "path_open", &[ROOT, 1, at, length, 0, 2, 0, 32, OUT.into()]);
        // Nothing is made whose number could not be told.
        let [at, length] = guest.text("x");
        guest.fails(Errno::Inval, "path_open", &[ROOT, 0, at, length, CREAT, 2, 0, 0, u64::from(OUT) + 2]);
        guest.fails(Errno::Fault, "path_open", &[ROOT, 0, at, length, CREAT, 2, 0, 0, 2 << 16]);
        assert_eq!(guest.host_file("x"), None);
        paths_are_refused(guest, "path_open", Rights::PATH_OPEN, |fd, [at, length]| {
            vec![fd, 0, at, length, CREAT, 2, 0, 0, OUT.into()]
        });
    });
}

#[test]
fn path_readlink_means() {
    with_files(|guest| {
        assert_eq!(symlink(guest, "d/../a/ü", "m"), Errno::Success);
        let [at, length] = guest.text("m");
        let to = guest.place(16);
        for (room, expected) in [(16, "d/../a/ü".as_bytes()), (9, b"d/../a/\xc3\xbc"), (4, b"d/.."), (0, b"")] {
            guest.write(to, &[b'.'; 16]);
            guest.ok("path_readlink", &[ROOT, at, length, to.into(), room, OUT.into()]);
            assert_eq!(guest.u32_at(OUT) as usize, expected.len());
            assert_eq!(guest.read(to, 16), [expected, &[b'.'; 16][expected.len()..]].concat());
        }
    });
}

#[test]
fn path_readlink_refuses() {
    with_files(|guest| {
        for path in ["a", "d", "."] {
            let [at, length] = guest.text(path);
            guest.fails(Errno::Inval, "path_readlink", &[ROOT, at, length, 0, 64, OUT.into()]);
        }
        let [at, length] = guest.text("l");
        guest.fails(Errno::Fault, "path_readlink", &[ROOT, at, length, 2 << 16, 1, OUT.into()]);
        paths_are_refused(guest, "path_readlink", Rights::PATH_READLINK, |fd, [at, length]| {
            vec![fd, at, length, 0, 64, OUT.into()]
        });
    });
}

#[test]
fn path_remove_directory_means() {
    with_files(|guest| {
        guest.directory("d/e");
        for path in ["d/e", "d/"] {
            let [at, length] = guest.text(path);
            guest.ok("path_remove_directory", &[ROOT, at, length]);
            guest.fails(Errno::Noent, "path_filestat_get", &[ROOT, 0, at, length, OUT.into()]);
        }
    });
}

#[test]
fn path_remove_directory_refuses() {
    with_files(|guest| {
        guest.directory("d/e");
        for (path, errno) in [
            ("a", Errno::Notdir),
            ("l", Errno::Notdir),
            ("d", Errno::Notempty),
            ("missing", Errno::Noent),
            (".", Errno::Inval),
        ] {
            let [at, length] = guest.text(path);
            guest.fails(errno, "path_remove_directory", &[ROOT, at, length]);
        }
        paths_are_refused(guest, "path_remove_directory", Rights::PATH_REMOVE_DIRECTORY, |fd, [at, length]| {
            vec![fd, at, length]
        });
    });
}

#[test]
fn path_rename_means() {
    with_files(|guest| {
        let inode = stat(guest, "a", NOFOLLOW).inode;
        guest.file("d/b", "old");
        let directory = guest.open_directory("d");
        let (old, new) = (guest.text("a"), guest.text("b"));
        guest.ok("path_rename", &[ROOT, old[0], old[1], directory, new[0], new[1]]);
        assert_eq!(stat(guest, "d/b", NOFOLLOW).inode, inode, "in place of what was there");
        assert_eq!((guest.host_file("a"), guest.host_file("d/b")), (None, Some(b"contents".to_vec())));
        // A link is moved, not what it leads to; a directory goes with what is in it.
        let (old, new) = (guest.text("l"), guest.text("m"));
        guest.ok("path_rename", &[ROOT, old[0], old[1], ROOT, new[0], new[1]]);
        assert_eq!(stat(guest, "m", NOFOLLOW).file_type, 7);
        let (old, new) = (guest.text("d"), guest.text("e"));
        guest.ok("path_rename", &[ROOT, old[0], old[1], ROOT, new[0], new[1]]);
        assert_eq!(guest.host_file("e/b").unwrap(), b"contents");
        assert_eq!(stat_by(guest, "fd_filestat_get", &[directory]), stat(guest, "e", NOFOLLOW));
    });
}

#[test]
fn path_rename_refuses() {
    with_files(|guest| {
        guest.directory("d/e");
        for (old, new, errno) in [
            ("missing", "x", Errno::Noent),
            ("a", "d", Errno::Isdir),
            ("d", "a", Errno::Notdir),
            ("d", "d/e/f", Errno::Inval),
            ("a", "missing/x", Errno::Noent),
        ] {
            let (old, new) = (guest.text(old), guest.text(new));
            guest.fails(errno, "path_rename", &[ROOT, old[0], old[1], ROOT, new[0], new[1]]);
        }
        let (old, new) = (guest.text("a"), guest.text("x"));
        let without = guest.open(".", DIRECTORY, Rights::NONE);
        guest.drop_rights(without, Rights::PATH_RENAME_TARGET);
        guest.fails(Errno::Notcapable, "path_rename", &[ROOT, old[0], old[1], without, new[0], new[1]]);
        guest.fails(Errno::Badf, "path_rename", &[ROOT, old[0], old[1], 99, new[0], new[1]]);
        paths_are_refused(guest, "path_rename", Rights::PATH_RENAME_SOURCE, |fd, [at, length]| {
            vec![fd, at, length, ROOT, new[0], new[1]]
        });
    });
    with_files(|guest| {
        let old = guest.text("l");
        paths_are_refused(guest, "path_rename", Rights::PATH_RENAME_TARGET, |fd, [at, length]| {
            vec![ROOT, old[0], old[1], fd, at, length]
        });
        assert_eq!(stat(guest, "l", FOLLOW).size, 8);
    });
}

#[test]
fn path_symlink_means() {
    with_files(|guest| {
        assert_eq!(symlink(guest, "../a", "d/up"), Errno::Success);
        assert_eq!(stat(guest, "d/up", FOLLOW), stat(guest, "a", NOFOLLOW));
        assert_eq!(symlink(guest, "nowhere", "dangling"), Errno::Success);
        let [at, length] = guest.text("dangling");
        guest.fails(Errno::Noent, "path_filestat_get", &[ROOT, FOLLOW, at, length, OUT.into()]);
        // A link that leads out can be made, and leads nowhere.
        assert_eq!(symlink(guest, "../../etc", "out"), Errno::Success);
        let [at, length] = guest.text("out/passwd");
        guest.fails(Errno::Perm, "path_filestat_get", &[ROOT, FOLLOW, at, length, OUT.into()]);
        assert_eq!(symlink(guest, "loop", "loop"), Errno::Success);
        let [at, length] = guest.text("loop");
        guest.fails(Errno::Loop, "path_filestat_get", &[ROOT, FOLLOW, at, length, OUT.into()]);
    });
}

#[test]
fn path_symlink_refuses() {
    with_files(|guest| {
        for (target, errno) in
            [("", Errno::Noent), ("x\0y", Errno::Inval), ("/", Errno::Perm), ("/etc/passwd", Errno::Perm)]
        {
            assert_eq!(symlink(guest, target, "new"), errno, "{target:?}");
        }
        for path in ["a", "d", "l", "."] {
            assert_eq!(symlink(guest, "x", path), Errno::Exist, "{path}");
        }
        let (bad, path) = (guest.text(b"\xff"), guest.text("new"));
        guest.fails(Errno::Ilseq, "path_symlink", &[bad[0], bad[1], ROOT, path[0], path[1]]);
        guest.fails(Errno::Nametoolong, "path_symlink", &[0, 4097, ROOT, path[0], path[1]]);
        let target = guest.text("x");
        paths_are_refused(guest, "path_symlink", Rights::PATH_SYMLINK, |fd, [at, length]| {
            vec![target[0], target[1], fd, at, length]
        });
    });
}

#[test]
fn path_unlink_file_means() {
    with_files(|guest| {
        let fd = guest.open("a", 0, Rights::ALL);
        for path in ["l", "a"] {
            let [at, length] = guest.text(path);
            guest.ok("path_unlink_file", &[ROOT, at, length]);
        }
        assert_eq!(guest.host_file("a"), None);
        // It lives as long as somebody has it open.
        assert_eq!(guest.get(fd, 99), Ok("contents".to_owned()));
        assert_eq!(stat_by(guest, "fd_filestat_get", &[fd]).links, 0);
    });
}

#[test]
fn path_unlink_file_refuses() {
    with_files(|guest| {
        for (path, errnos) in [
            ("d", &[Errno::Isdir, Errno::Perm][..]),
            (".", &[Errno::Isdir]),
            ("a/", &[Errno::Notdir]),
            ("missing", &[Errno::Noent]),
        ] {
            let [at, length] = guest.text(path);
            let errno = guest.call("path_unlink_file", &[ROOT, at, length]);
            assert!(errnos.contains(&errno), "{path}: {errno}");
        }
        paths_are_refused(guest, "path_unlink_file", Rights::PATH_UNLINK_FILE, |fd, [at, length]| vec![fd, at, length]);
    });
}
