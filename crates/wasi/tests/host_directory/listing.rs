//! Listing: names, inodes and kinds, in directories of all sizes.

use crate::folder::{TestFolder, names, refused, subdirectory};
use gusset_wasi::{Directory, ErrorCode, FileType};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener;

#[test]
fn entries_have_the_inodes_and_kinds_of_what_they_name() {
    let folder = TestFolder::new();
    folder.write("file", "abc");
    folder.make_directory("directory");
    folder.symlink("nowhere", "link");
    folder.fifo("pipe");
    let _listener = UnixListener::bind(folder.at("socket")).unwrap();
    let entries: BTreeMap<String, (u64, FileType)> = folder
        .inside
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.name, (entry.inode, entry.file_type)))
        .collect();
    let inode = |name| fs::symlink_metadata(folder.at(name)).unwrap().ino();
    let expected = [
        ("file", FileType::RegularFile),
        ("directory", FileType::Directory),
        ("link", FileType::SymbolicLink),
        ("pipe", FileType::Fifo),
        ("socket", FileType::SocketStream),
    ];
    assert_eq!(entries, expected.map(|(name, ty)| (name.to_owned(), (inode(name), ty))).into_iter().collect());
}

#[test]
fn a_name_that_is_not_utf8_is_left_out() {
    let folder = TestFolder::new();
    fs::write(folder.at("").join(OsStr::from_bytes(b"\xff\xfe")), "").unwrap();
    folder.write("grün", "");
    assert_eq!(names(&folder.inside), ["grün"]);
}

#[test]
fn many_entries_are_each_listed_once() {
    let folder = TestFolder::new();
    let expected: BTreeSet<String> = (0..1000).map(|number| format!("{number:0200}")).collect();
    for name in &expected {
        folder.write(name, "");
    }
    let listed = names(&folder.inside);
    assert_eq!(listed.len(), expected.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
    let order = |directory: &dyn Directory| directory.entries().unwrap().map(|e| e.unwrap().name).collect::<Vec<_>>();
    assert_eq!(order(&folder.inside), order(&folder.inside));
}

#[test]
fn listings_do_not_disturb_each_other() {
    let folder = TestFolder::new();
    for name in ["a", "b", "c"] {
        folder.write(name, "");
    }
    let mut first = folder.inside.entries().unwrap();
    first.next().unwrap().unwrap();
    assert_eq!(names(&folder.inside).len(), 3);
    assert_eq!(first.count(), 2);
}

#[test]
fn an_entry_that_goes_meanwhile_spoils_nothing() {
    let folder = TestFolder::new();
    let names: Vec<String> = (0..1000).map(|number| format!("{number:0200}")).collect();
    for name in &names {
        folder.write(name, "");
    }
    let mut entries = folder.inside.entries().unwrap();
    let first = entries.next().unwrap().unwrap();
    for name in &names {
        fs::remove_file(folder.at(name)).unwrap();
    }
    assert!(names.contains(&first.name));
    for entry in entries {
        entry.unwrap();
    }
}

#[test]
fn a_removed_directory_has_no_listing() {
    let folder = TestFolder::new();
    folder.make_directory("a");
    let below = subdirectory(&folder.inside, "a").unwrap();
    assert_eq!(names(&*below), [""; 0]);
    fs::remove_dir(folder.at("a")).unwrap();
    let listed: Vec<_> = below.entries().unwrap().collect();
    assert_eq!(listed.into_iter().map(refused).collect::<Vec<_>>(), [ErrorCode::NoEntry]);
}
