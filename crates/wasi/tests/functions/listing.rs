//! `fd_readdir`.

use super::files::stat_by;
use super::guest::{OUT, ROOT, TestGuest, for_each};
use gusset_wasi::preview1::{Errno, Rights};
use std::collections::BTreeSet;

/// An entry as the guest sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct ListedEntry {
    next: u64,
    inode: u64,
    file_type: u8,
    name: String,
}

/// Calls `fd_readdir`: the entries that are complete, and whether the buffer was filled, so that there may be more.
fn read(guest: &mut TestGuest, fd: u64, cookie: u64, length: usize) -> (Vec<ListedEntry>, bool) {
    let at = guest.place(length);
    guest.ok("fd_readdir", &[fd, at.into(), length as u64, cookie, OUT.into()]);
    let used = guest.u32_at(OUT) as usize;
    assert!(used <= length);
    let bytes = guest.read(at, used);
    let mut entries = Vec::new();
    let mut rest = &bytes[..];
    while let Some((header, after)) = rest.split_first_chunk::<24>() {
        let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
        let name_length = u32::from_le_bytes(header[16..20].try_into().unwrap()) as usize;
        assert_eq!(header[21..], [0; 3]);
        let Some(name) = after.get(..name_length) else { break };
        rest = &after[name_length..];
        let name = String::from_utf8(name.to_vec()).unwrap();
        entries.push(ListedEntry { next: word(0), inode: word(8), file_type: header[20], name });
    }
    (entries, used == length)
}

/// All entries, by a buffer of a size.
fn read_all(guest: &mut TestGuest, fd: u64, length: usize) -> Vec<ListedEntry> {
    let mut all: Vec<ListedEntry> = Vec::new();
    loop {
        let cookie = all.last().map_or(0, |entry| entry.next);
        let (entries, more) = read(guest, fd, cookie, length);
        assert!(!more || !entries.is_empty(), "{length} bytes are enough for an entry");
        all.extend(entries);
        if !more {
            return all;
        }
    }
}

#[test]
fn fd_readdir_means() {
    for_each(|guest| {
        let root = stat_by(guest, "fd_filestat_get", &[ROOT]);
        let (empty, more) = read(guest, ROOT, 0, 4096);
        assert!(!more);
        assert_eq!(empty.iter().map(|of| (&*of.name, of.file_type)).collect::<Vec<_>>(), [(".", 3), ("..", 3)]);
        assert_eq!((empty[0].inode, empty[1].inode), (root.inode, 0), "what is above is not told");
        let file = guest.file("file", "");
        guest.directory("directory with a rather long name");
        let target = guest.text("file");
        let link = guest.text("link");
        guest.ok("path_symlink", &[target[0], target[1], ROOT, link[0], link[1]]);
        let file = stat_by(guest, "fd_filestat_get", &[file]);
        let all = read_all(guest, ROOT, 4096);
        let found: BTreeSet<_> = all[2..].iter().map(|of| (&*of.name, of.file_type)).collect();
        assert_eq!(found, [("directory with a rather long name", 3), ("file", 4), ("link", 7)].into());
        assert_eq!(all.iter().find(|of| of.name == "file").unwrap().inode, file.inode);
        // With any buffer that has room for the longest entry the same comes out.
        for length in [24 + 33, 24 + 34, 100, 150] {
            assert_eq!(read_all(guest, ROOT, length), all, "{length}");
        }
    });
}

#[test]
fn cookies_stay_what_they_were() {
    for_each(|guest| {
        for name in 0..40 {
            let fd = guest.file(&format!("file {name}"), "");
            guest.ok("fd_close", &[fd]);
        }
        guest.directory("d");
        let fd = guest.open("d", 2, Rights::FD_READDIR);
        guest.ok("fd_close", &[fd]);
        let fd = guest.open(".", 2, Rights::FD_READDIR);
        let all = read_all(guest, fd, 300);
        assert_eq!(all.len(), 43);
        let names: BTreeSet<_> = all.iter().map(|entry| &entry.name).collect();
        assert_eq!(names.len(), all.len(), "each comes once");
        // The directory changes, what was listed does not: until it is listed anew.
        for name in 0..40 {
            let [at, length] = guest.text(format!("file {name}"));
            guest.ok("path_unlink_file", &[ROOT, at, length]);
        }
        for (position, entry) in all.iter().enumerate().rev().step_by(7) {
            let (rest, _) = read(guest, fd, entry.next, 4096);
            assert_eq!(rest, all[position + 1..], "from {} on", entry.name);
        }
        assert_eq!(read(guest, fd, 0, 4096).0.len(), 3);
        // Another descriptor starts with a listing of its own, wherever it starts.
        let other = guest.open(".", 2, Rights::FD_READDIR);
        assert_eq!(read(guest, other, 2, 4096).0.len(), 1);
    });
}

#[test]
fn what_has_no_room_is_cut() {
    for_each(|guest| {
        guest.file("name", "");
        let [at, _] = guest.text([0xee; 100]);
        for (length, cookie) in [(0, 0), (1, 0), (23, 0), (24, 0), (25, 1), (27, 2)] {
            guest.ok("fd_readdir", &[ROOT, at, length, cookie, OUT.into()]);
            assert_eq!(u64::from(guest.u32_at(OUT)), length, "filled: there is more");
            assert_eq!(guest.read(at as u32 + length as u32, 8), [0xee; 8], "nothing behind it");
        }
        assert_eq!(guest.read(at as u32 + 24, 3), b"nam");
        guest.ok("fd_readdir", &[ROOT, at, 28, 2, OUT.into()]);
        assert_eq!(guest.u32_at(OUT), 28, "a last one that fills the buffer looks like more to come");
        guest.ok("fd_readdir", &[ROOT, at, 28, 3, OUT.into()]);
        assert_eq!(guest.u32_at(OUT), 0);
    });
}

#[test]
fn fd_readdir_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        guest.fails(Errno::Notdir, "fd_readdir", &[fd, 0, 64, 0, OUT.into()]);
        guest.fails(Errno::Notdir, "fd_readdir", &[0, 0, 64, 0, OUT.into()]);
        guest.fails(Errno::Fault, "fd_readdir", &[ROOT, 8, 2 << 16, 0, OUT.into()]);
        guest.fails(Errno::Fault, "fd_readdir", &[ROOT, 0, u64::from(u32::MAX), 0, OUT.into()]);
        // A cookie that nobody gave out is beyond the end.
        for cookie in [4, 1 << 40, u64::MAX] {
            guest.ok("fd_readdir", &[ROOT, 0, 64, cookie, OUT.into()]);
            assert_eq!(guest.u32_at(OUT), 0);
        }
        guest.drop_rights(ROOT, Rights::FD_READDIR);
        guest.fails(Errno::Notcapable, "fd_readdir", &[ROOT, 0, 64, 0, OUT.into()]);
    });
}
