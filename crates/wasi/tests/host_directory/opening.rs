//! Opening: what comes of each flag and kind.

use crate::folder::{BOTH, CREATE, DIRECTORY, READ, TestFolder, WRITE, file, path, refused, subdirectory};
use gusset_wasi::{Descriptor, Directory, ErrorCode, HostDirectory, OpenOptions};
use std::fs;

#[test]
fn a_directory_that_is_not_there_is_said_by_its_path() {
    let folder = TestFolder::new();
    let error = HostDirectory::open(folder.at("none")).unwrap_err();
    assert!(format!("{error:#}").contains("inside/none"), "{error:#}");
    folder.write("file", "");
    let error = HostDirectory::open(folder.at("file")).unwrap_err();
    assert!(format!("{error:#}").contains("Not a directory"), "{error:#}");
}

#[test]
fn files_are_made_opened_and_emptied() {
    let folder = TestFolder::new();
    assert_eq!(refused(folder.inside.open(path("a"), BOTH)), ErrorCode::NoEntry);
    file(&folder.inside, "a", CREATE).unwrap().write_at(b"abc", 0).unwrap();
    assert_eq!(fs::read(folder.at("a")).unwrap(), b"abc");
    file(&folder.inside, "a", CREATE).unwrap();
    assert_eq!(fs::read(folder.at("a")).unwrap(), b"abc");
    let exclusive = OpenOptions { exclusive: true, ..CREATE };
    assert_eq!(refused(folder.inside.open(path("a"), exclusive)), ErrorCode::Exist);
    file(&folder.inside, "b", exclusive).unwrap();
    file(&folder.inside, "a", OpenOptions { truncate: true, ..BOTH }).unwrap();
    assert_eq!(fs::read(folder.at("a")).unwrap(), b"");
}

#[test]
fn files_are_made_and_emptied_without_being_written() {
    let folder = TestFolder::new();
    file(&folder.inside, "a", OpenOptions { create: true, ..READ }).unwrap();
    assert!(folder.at("a").is_file());
    file(&folder.inside, "b", OpenOptions { create: true, ..OpenOptions::default() }).unwrap();
    assert!(folder.at("b").is_file());
    folder.write("a", "abc");
    file(&folder.inside, "a", OpenOptions { truncate: true, ..READ }).unwrap();
    assert_eq!(fs::read(folder.at("a")).unwrap(), b"");
}

#[test]
fn directories_are_opened_to_be_read_alone() {
    let folder = TestFolder::new();
    folder.make_directory("a/b");
    folder.write("file", "");
    for options in [READ, DIRECTORY, OpenOptions::default()] {
        for name in ["a", "a/", "a/.", "a/b/..", ".", "./a/b/../../a/"] {
            let opened = folder.inside.open(path(name), options);
            assert!(matches!(opened, Ok(Descriptor::Directory(_))), "{name} {options:?}");
        }
    }
    for options in [WRITE, BOTH, CREATE, OpenOptions { truncate: true, ..READ }] {
        for name in ["a", "a/", "a/.", "a/b/.."] {
            assert_eq!(refused(folder.inside.open(path(name), options)), ErrorCode::IsDirectory, "{name} {options:?}");
        }
        let options = OpenOptions { directory: true, ..options };
        let expected = if options.create { ErrorCode::Invalid } else { ErrorCode::IsDirectory };
        assert_eq!(refused(folder.inside.open(path("a"), options)), expected);
    }
    assert_eq!(refused(folder.inside.open(path("none/"), CREATE)), ErrorCode::IsDirectory);
    assert_eq!(refused(subdirectory(&folder.inside, "file")), ErrorCode::NotDirectory);
    assert_eq!(refused(subdirectory(&folder.inside, "none")), ErrorCode::NoEntry);
    assert!(!folder.at("none").exists());
}

#[test]
fn a_file_is_not_on_a_way() {
    let folder = TestFolder::new();
    folder.write("file", "");
    for name in ["file/", "file/.", "file/x", "file/.."] {
        assert_eq!(refused(folder.inside.open(path(name), READ)), ErrorCode::NotDirectory, "{name}");
    }
    assert_eq!(refused(folder.inside.open(path("none/x"), CREATE)), ErrorCode::NoEntry);
}

#[test]
fn symbolic_links_are_followed_if_asked() {
    let folder = TestFolder::new();
    folder.make_directory("a/b");
    folder.write("a/file", "abc");
    folder.symlink("a/file", "to-file");
    folder.symlink("../a", "a/b/up");
    folder.symlink("a/", "to-directory");
    folder.symlink("made", "dangling");
    let stay = OpenOptions { follow: false, ..READ };
    assert!(file(&folder.inside, "to-file", READ).is_ok());
    assert_eq!(refused(folder.inside.open(path("to-file"), stay)), ErrorCode::Loop);
    // On the way they always are.
    assert!(file(&folder.inside, "to-directory/file", stay).is_ok());
    assert_eq!(refused(folder.inside.open(path("to-directory"), stay)), ErrorCode::Loop);
    assert!(matches!(folder.inside.open(path("to-directory"), DIRECTORY), Ok(Descriptor::Directory(_))));
    let stay_directory = OpenOptions { follow: false, ..DIRECTORY };
    assert_eq!(refused(folder.inside.open(path("to-directory"), stay_directory)), ErrorCode::NotDirectory);
    // A slash after it follows it.
    assert!(folder.inside.open(path("to-directory/"), stay_directory).is_ok());
    assert_eq!(refused(folder.inside.open(path("a/b/up"), READ)), ErrorCode::NoEntry);

    assert_eq!(refused(folder.inside.open(path("dangling"), READ)), ErrorCode::NoEntry);
    let exclusive = OpenOptions { exclusive: true, ..CREATE };
    assert_eq!(refused(folder.inside.open(path("dangling"), exclusive)), ErrorCode::Exist);
    assert_eq!(refused(folder.inside.open(path("dangling"), OpenOptions { follow: false, ..CREATE })), ErrorCode::Loop);
    assert!(!folder.at("made").exists());
    file(&folder.inside, "dangling", CREATE).unwrap();
    assert!(folder.at("made").is_file());
}

#[test]
fn links_in_a_ring_end() {
    let folder = TestFolder::new();
    folder.symlink("ring-b", "ring-a");
    folder.symlink("ring-a", "ring-b");
    folder.symlink("self/x", "self");
    for name in ["ring-a", "ring-a/x", "self", "self/y"] {
        assert_eq!(refused(folder.inside.open(path(name), READ)), ErrorCode::Loop, "{name}");
    }
    // The system follows 40.
    folder.write("link-0", "");
    for step in 1..=41 {
        folder.symlink(format!("link-{}", step - 1), &format!("link-{step}"));
    }
    assert!(file(&folder.inside, "link-40", READ).is_ok());
    assert_eq!(refused(folder.inside.open(path("link-41"), READ)), ErrorCode::Loop);
}

#[test]
fn a_directory_that_was_opened_is_one_like_the_first() {
    let folder = TestFolder::new();
    folder.make_directory("a/b");
    let below = subdirectory(&folder.inside, "a").unwrap();
    file(&*below, "b/file", CREATE).unwrap();
    assert!(folder.at("a/b/file").is_file());
    assert_eq!(refused(below.open(path("../a"), READ)), ErrorCode::NotPermitted);
    // It goes with the directory, not with the path.
    fs::rename(folder.at("a"), folder.at("moved")).unwrap();
    file(&*below, "b/other", CREATE).unwrap();
    assert!(folder.at("moved/b/other").is_file());
    fs::remove_dir_all(folder.at("moved")).unwrap();
    assert_eq!(refused(below.open(path("file"), CREATE)), ErrorCode::NoEntry);
    assert_eq!(refused(below.create_directory(path("x"))), ErrorCode::NoEntry);
}

#[test]
fn names_and_paths_may_be_as_long_as_the_systems() {
    let folder = TestFolder::new();
    let name = "n".repeat(255);
    file(&folder.inside, &name, CREATE).unwrap();
    let way = "d/".repeat(300);
    folder.make_directory(&way);
    file(&folder.inside, &format!("{way}file"), CREATE).unwrap();
    let longest = format!("{}{name}", "./".repeat(1920));
    assert_eq!(longest.len(), 4095);
    file(&folder.inside, &longest, READ).unwrap();
}
