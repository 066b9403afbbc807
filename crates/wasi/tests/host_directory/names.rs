//! Making, moving and removing names.

use crate::folder::{TestFolder, names, path, refused};
use gusset_wasi::{
    Descriptor, Directory, DirectoryEntries, ErrorCode, HostDirectory, Metadata, OpenOptions, RelativePath, WasiResult,
};
use std::any::Any;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// A folder with one of each: a file, a directory with a file in it, an empty one, and links to these and to nothing.
fn furnished() -> TestFolder {
    let folder = TestFolder::new();
    folder.write("file", "abc");
    folder.make_directory("full");
    folder.write("full/file", "def");
    folder.make_directory("empty");
    folder.symlink("file", "to-file");
    folder.symlink("full", "to-full");
    folder.symlink("none", "dangling");
    folder
}

#[test]
fn directories_are_made() {
    let folder = furnished();
    for name in ["made", "made/below", "slash/", "slashes//", "empty/../other"] {
        folder.inside.create_directory(path(name)).unwrap();
        assert!(folder.at(name).is_dir(), "{name}");
    }
    for name in
        ["file", "file/", "full", "full/", ".", "full/.", "full/..", "to-file", "to-full", "dangling", "to-full/"]
    {
        assert_eq!(refused(folder.inside.create_directory(path(name))), ErrorCode::Exist, "{name}");
    }
    assert_eq!(refused(folder.inside.create_directory(path("none/x"))), ErrorCode::NoEntry);
    assert_eq!(refused(folder.inside.create_directory(path("file/x"))), ErrorCode::NotDirectory);
}

#[test]
fn empty_directories_are_removed() {
    let folder = furnished();
    let remove = |name| folder.inside.remove_directory(path(name));
    folder.make_directory("slash");
    remove("empty").unwrap();
    remove("slash/").unwrap();
    assert!(!folder.at("empty").exists() && !folder.at("slash").exists());
    assert_eq!(refused(remove("full")), ErrorCode::NotEmpty);
    assert_eq!(refused(remove("none")), ErrorCode::NoEntry);
    for name in ["file", "file/", "to-full", "to-full/", "dangling", "dangling/"] {
        assert_eq!(refused(remove(name)), ErrorCode::NotDirectory, "{name}");
    }
    for (name, code) in [(".", ErrorCode::Invalid), ("full/.", ErrorCode::Invalid), ("full/..", ErrorCode::NotEmpty)] {
        assert_eq!(refused(remove(name)), code, "{name}");
    }
}

#[test]
fn files_and_links_are_removed() {
    let folder = furnished();
    let unlink = |name| folder.inside.unlink_file(path(name));
    for name in ["empty", "empty/", "full/", ".", "full/..", "full/."] {
        assert_eq!(refused(unlink(name)), ErrorCode::IsDirectory, "{name}");
    }
    for name in ["file/", "to-file/", "to-full/", "dangling/"] {
        assert_eq!(refused(unlink(name)), ErrorCode::NotDirectory, "{name}");
    }
    assert_eq!(refused(unlink("none")), ErrorCode::NoEntry);
    for name in ["to-file", "to-full", "dangling", "file", "full/file"] {
        unlink(name).unwrap();
    }
    assert_eq!(names(&folder.inside), ["empty", "full"]);
}

#[test]
fn symbolic_links_are_made_and_read() {
    let folder = furnished();
    for (target, name) in [("file", "a"), ("../../out", "full/b"), ("no where/ü", "c"), ("full/", "d")] {
        folder.inside.symlink(target, path(name)).unwrap();
        assert_eq!(fs::read_link(folder.at(name)).unwrap().to_str(), Some(target));
        assert_eq!(folder.inside.read_link(path(name)).unwrap(), target);
    }
    for name in ["file", "empty", "empty/", "dangling", "to-full", ".", "full/.."] {
        assert_eq!(refused(folder.inside.symlink("x", path(name))), ErrorCode::Exist, "{name}");
    }
    assert_eq!(refused(folder.inside.symlink("x", path("new/"))), ErrorCode::NoEntry);
    assert_eq!(refused(folder.inside.symlink("", path("new"))), ErrorCode::NoEntry);
    assert_eq!(refused(folder.inside.symlink("a\0b", path("new"))), ErrorCode::Invalid);
    assert_eq!(refused(folder.inside.symlink(&"x".repeat(5000), path("new"))), ErrorCode::NameTooLong);
    assert_eq!(refused(folder.inside.symlink("/etc", path("new"))), ErrorCode::NotPermitted);
    assert!(fs::symlink_metadata(folder.at("new")).is_err());
}

#[test]
fn what_is_no_link_is_not_read_as_one() {
    let folder = furnished();
    let read = |name| folder.inside.read_link(path(name));
    for name in ["file", "full", "full/", ".", "to-full/", "full/.."] {
        assert_eq!(refused(read(name)), ErrorCode::Invalid, "{name}");
    }
    assert_eq!(refused(read("none")), ErrorCode::NoEntry);
    for name in ["file/", "to-file/", "file/x"] {
        assert_eq!(refused(read(name)), ErrorCode::NotDirectory, "{name}");
    }
    assert_eq!(refused(read("dangling/")), ErrorCode::NoEntry);
    folder.symlink("/etc/passwd", "absolute");
    assert_eq!(refused(read("absolute")), ErrorCode::NotPermitted);
    let target = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff");
    folder.symlink(target, "not-utf8");
    assert_eq!(refused(read("not-utf8")), ErrorCode::IllegalByteSequence);
}

#[test]
fn names_are_moved_in_place_of_others() {
    let folder = furnished();
    let rename = |from, to| folder.inside.rename(path(from), &folder.inside, path(to));
    rename("file", "full/moved").unwrap();
    rename("full/moved", "full/file").unwrap();
    assert_eq!(fs::read(folder.at("full/file")).unwrap(), b"abc");
    rename("full/", "empty/").unwrap();
    assert_eq!(fs::read(folder.at("empty/file")).unwrap(), b"abc");
    rename("to-full", "link").unwrap();
    assert_eq!(fs::read_link(folder.at("link")).unwrap().to_str(), Some("full"));
    rename("link", "link").unwrap();
    // Over a link goes over the link.
    rename("empty/file", "to-file").unwrap();
    assert_eq!(names(&folder.inside), ["dangling", "empty", "link", "to-file"]);
    assert!(fs::symlink_metadata(folder.at("to-file")).unwrap().is_file());
}

#[test]
fn moves_that_make_no_sense_are_refused() {
    let folder = furnished();
    folder.make_directory("full/below");
    let rename = |from, to| refused(folder.inside.rename(path(from), &folder.inside, path(to)));
    assert_eq!(rename("none", "x"), ErrorCode::NoEntry);
    assert_eq!(rename("file", "none/x"), ErrorCode::NoEntry);
    assert_eq!(rename("file", "empty"), ErrorCode::IsDirectory);
    assert_eq!(rename("empty", "file"), ErrorCode::NotDirectory);
    assert_eq!(rename("empty", "full"), ErrorCode::NotEmpty);
    assert_eq!(rename("full", "full/below/x"), ErrorCode::Invalid);
    assert_eq!(rename("empty", "dangling"), ErrorCode::NotDirectory);
    for (from, to) in [("file/", "x"), ("file", "x/"), ("to-full/", "x"), ("to-file/", "x"), ("to-full", "x/")] {
        assert_eq!(rename(from, to), ErrorCode::NotDirectory, "{from} {to}");
    }
    for (from, to) in [(".", "x"), ("full/.", "x"), ("full/below/..", "x"), ("empty", "."), ("empty", "full/..")] {
        assert_eq!(rename(from, to), ErrorCode::Busy, "{from} {to}");
    }
    assert_eq!(names(&folder.inside), ["dangling", "empty", "file", "full", "to-file", "to-full"]);
}

#[test]
fn files_get_second_names() {
    let folder = furnished();
    let link = |from, follow, to| folder.inside.link(path(from), follow, &folder.inside, path(to));
    let inode = |name| fs::symlink_metadata(folder.at(name)).unwrap().ino();
    link("file", false, "full/second").unwrap();
    link("to-full/file", false, "other").unwrap();
    link("to-file", false, "link").unwrap();
    link("to-file", true, "followed").unwrap();
    assert_eq!((inode("full/second"), inode("followed")), (inode("file"), inode("file")));
    assert_eq!(inode("other"), inode("full/file"));
    assert_eq!(inode("link"), inode("to-file"));
    for to in ["full/second", "empty", "dangling", ".", "empty/"] {
        assert_eq!(refused(link("file", false, to)), ErrorCode::Exist, "{to}");
    }
    for from in ["full", "full/", "full/.", ".", "to-full/"] {
        assert_eq!(refused(link(from, false, "new")), ErrorCode::NotPermitted, "{from}");
    }
    assert_eq!(refused(link("to-full", true, "new")), ErrorCode::NotPermitted);
    for from in ["file/", "to-file/"] {
        assert_eq!(refused(link(from, false, "new")), ErrorCode::NotDirectory, "{from}");
        assert_eq!(refused(link(from, true, "new")), ErrorCode::NotDirectory, "{from}");
    }
    for (from, follow, to) in
        [("none", false, "new"), ("dangling", true, "new"), ("file", false, "new/"), ("file", false, "none/x")]
    {
        assert_eq!(refused(link(from, follow, to)), ErrorCode::NoEntry, "{from} {to}");
    }
    assert!(!folder.at("new").exists());
}

#[test]
fn names_cross_from_one_directory_to_another() {
    let (one, other) = (furnished(), furnished());
    one.inside.rename(path("full/file"), &other.inside, path("empty/moved")).unwrap();
    assert_eq!(fs::read(other.at("empty/moved")).unwrap(), b"def");
    one.inside.link(path("file"), false, &other.inside, path("second")).unwrap();
    assert_eq!(fs::metadata(one.at("file")).unwrap().ino(), fs::metadata(other.at("second")).unwrap().ino());
}

#[test]
fn names_do_not_cross_to_another_device() {
    let one = furnished();
    // A file system of its own wherever Linux is set up as usual.
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
    let other = HostDirectory::open(folder.path()).unwrap();
    let device = |directory: &HostDirectory| directory.metadata(path("."), true).unwrap().device;
    if device(&one.inside) != device(&other) {
        assert_eq!(refused(one.inside.rename(path("file"), &other, path("x"))), ErrorCode::CrossDevice);
        assert_eq!(refused(one.inside.link(path("file"), false, &other, path("x"))), ErrorCode::CrossDevice);
        assert!(one.at("file").exists());
    }
}

/// Not of the host's.
struct Elsewhere;

impl Directory for Elsewhere {
    fn open(&self, _: RelativePath<'_>, _: OpenOptions) -> WasiResult<Descriptor> {
        Err(ErrorCode::NoEntry.into())
    }

    fn metadata(&self, _: RelativePath<'_>, _: bool) -> WasiResult<Metadata> {
        Err(ErrorCode::NoEntry.into())
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        Ok(Box::new(std::iter::empty()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[test]
fn names_do_not_cross_to_another_file_system() {
    let folder = furnished();
    assert_eq!(refused(folder.inside.rename(path("file"), &Elsewhere, path("x"))), ErrorCode::CrossDevice);
    assert_eq!(refused(folder.inside.link(path("file"), false, &Elsewhere, path("x"))), ErrorCode::CrossDevice);
    assert!(folder.at("file").exists());
}

#[test]
fn directories_are_synced() {
    let folder = furnished();
    folder.inside.sync(true).unwrap();
    folder.inside.sync(false).unwrap();
}
