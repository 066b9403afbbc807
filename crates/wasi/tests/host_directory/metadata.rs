//! What is known of what is at a path, and setting its times.

use crate::folder::{TestFolder, path, refused, subdirectory};
use gusset_wasi::{Directory, ErrorCode, FileType, SetTime, SetTimes};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

#[test]
fn all_of_it_is_what_the_host_sees() {
    let folder = TestFolder::new();
    folder.make_directory("a");
    folder.write("a/file", "abc");
    fs::hard_link(folder.at("a/file"), folder.at("second")).unwrap();
    for name in ["a", "a/", "a/.", ".", "a/..", "a/file", "second", "./second"] {
        let (seen, expected) =
            (folder.inside.metadata(path(name), false).unwrap(), fs::metadata(folder.at(name)).unwrap());
        assert_eq!((seen.device, seen.inode, seen.link_count), (expected.dev(), expected.ino(), expected.nlink()));
        assert_eq!(seen.size, expected.len());
        let ty = if expected.is_dir() { FileType::Directory } else { FileType::RegularFile };
        assert_eq!(seen.file_type, ty, "{name}");
        assert_eq!(seen.modified, expected.modified().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap());
        assert_eq!(seen.changed, Duration::new(expected.ctime() as u64, expected.ctime_nsec() as u32));
        assert_eq!(folder.inside.metadata(path(name), true).unwrap(), seen);
    }
}

#[test]
fn a_symbolic_link_is_one_unless_it_is_followed() {
    let folder = TestFolder::new();
    folder.make_directory("a");
    folder.write("a/file", "abc");
    folder.symlink("a/file", "link");
    folder.symlink("../a", "a/link");
    folder.symlink("a", "directory");
    folder.symlink("none", "dangling");
    let of = |name, follow| folder.inside.metadata(path(name), follow).map(|seen| (seen.file_type, seen.size));
    assert_eq!(of("link", false).unwrap(), (FileType::SymbolicLink, 6));
    assert_eq!(of("link", true).unwrap(), (FileType::RegularFile, 3));
    assert_eq!(of("directory/file", false).unwrap(), (FileType::RegularFile, 3));
    assert_eq!(of("directory", false).unwrap().0, FileType::SymbolicLink);
    assert_eq!(of("directory/", false).unwrap().0, FileType::Directory);
    assert_eq!(of("dangling", false).unwrap(), (FileType::SymbolicLink, 4));
    assert_eq!(refused(of("dangling", true)), ErrorCode::NoEntry);
    assert_eq!(refused(of("link/", false)), ErrorCode::NotDirectory);
    assert_eq!(of("a/link", true).unwrap().0, FileType::Directory);
    assert_eq!(refused(of("none", false)), ErrorCode::NoEntry);
    assert_eq!(refused(of("none/x", false)), ErrorCode::NoEntry);
    assert_eq!(refused(of("a/file/x", false)), ErrorCode::NotDirectory);
}

fn at(seconds: u64, nanoseconds: u32) -> Option<SetTime> {
    Some(SetTime::At(Duration::new(seconds, nanoseconds)))
}

#[test]
fn times_are_set_of_a_link_or_of_what_it_leads_to() {
    let folder = TestFolder::new();
    folder.make_directory("a");
    folder.write("a/file", "");
    folder.symlink("a/file", "link");
    folder.symlink("a", "directory");
    let times = |accessed, modified| SetTimes { accessed, modified };
    let modified = |name| fs::symlink_metadata(folder.at(name)).unwrap().mtime();
    folder.inside.set_times(path("link"), false, times(at(1, 2), at(3, 4))).unwrap();
    let link = fs::symlink_metadata(folder.at("link")).unwrap();
    assert_eq!((link.atime(), link.atime_nsec(), link.mtime(), link.mtime_nsec()), (1, 2, 3, 4));
    folder.inside.set_times(path("link"), true, times(at(5, 6), at(7, 8))).unwrap();
    let file = fs::metadata(folder.at("a/file")).unwrap();
    assert_eq!((file.atime(), file.atime_nsec(), file.mtime(), file.mtime_nsec()), (5, 6, 7, 8));
    for (seconds, name) in [(20, "a/file"), (21, "directory/file"), (22, "link"), (23, "a/../a/file")] {
        folder.inside.set_times(path(name), true, times(None, at(seconds, 0))).unwrap();
        assert_eq!(modified("a/file") as u64, seconds, "{name}");
    }
    for (seconds, name) in [(30, "a"), (31, "a/"), (32, "directory/"), (33, "a/.")] {
        folder.inside.set_times(path(name), false, times(None, at(seconds, 0))).unwrap();
        assert_eq!(modified("a") as u64, seconds, "{name}");
    }
    let below = subdirectory(&folder.inside, "a").unwrap();
    below.set_times(path("."), true, times(None, at(34, 0))).unwrap();
    assert_eq!(modified("a"), 34);
    assert_eq!(refused(folder.inside.set_times(path("none"), true, times(None, at(1, 0)))), ErrorCode::NoEntry);
    assert_eq!(refused(folder.inside.set_times(path("none"), false, times(None, at(1, 0)))), ErrorCode::NoEntry);
    assert_eq!(refused(folder.inside.set_times(path("link/"), false, times(None, None))), ErrorCode::NotDirectory);
}

#[test]
fn a_time_is_left_or_set_to_the_present() {
    let folder = TestFolder::new();
    folder.write("file", "");
    let of = || folder.inside.metadata(path("file"), true).unwrap();
    folder.inside.set_times(path("file"), true, SetTimes { accessed: at(1, 1), modified: at(2, 2) }).unwrap();
    folder.inside.set_times(path("file"), true, SetTimes { accessed: Some(SetTime::Now), modified: None }).unwrap();
    let before = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() - Duration::from_secs(60);
    assert!(of().accessed > before);
    assert_eq!(of().modified, Duration::new(2, 2));
    folder
        .inside
        .set_times(path("file"), false, SetTimes { accessed: at(1, 1), modified: Some(SetTime::Now) })
        .unwrap();
    assert_eq!(of().accessed, Duration::new(1, 1));
    assert!(of().modified > before);
}

#[test]
fn times_before_1970_are_shown_as_1970() {
    let folder = TestFolder::new();
    let file = fs::File::create(folder.at("file")).unwrap();
    let early = SystemTime::UNIX_EPOCH - Duration::from_millis(1_500);
    file.set_times(fs::FileTimes::new().set_accessed(early).set_modified(early)).unwrap();
    let metadata = folder.inside.metadata(path("file"), true).unwrap();
    assert_eq!((metadata.accessed, metadata.modified), (Duration::ZERO, Duration::ZERO));
}
