//! What only the file system in memory has: its bound, its clock, what the host does with it.

use super::script::{code, file, options};
use gusset_wasi::{Directory, ErrorCode, File, MemoryFileSystem, RelativePath, VirtualClock};
use std::sync::Arc;
use std::time::Duration;

fn path(path: &str) -> RelativePath<'_> {
    RelativePath::new(path).expect("a path")
}

fn new_file(files: &MemoryFileSystem, name: &str) -> Arc<dyn File> {
    file(files.root().open(path(name), options("rwc")).expect("it opens")).expect("a file")
}

/// A chunk of one byte takes more than that byte.
#[test]
fn what_keeps_the_bytes_counts_too() {
    let files = MemoryFileSystem::new();
    let file = new_file(&files, "scattered");
    let empty = files.used();
    for chunk in 0..1000 {
        assert_eq!(file.write_at(b"x", chunk * (64 << 10)).expect("it is written"), 1);
    }
    assert!(files.used() >= empty + 1000 * 129, "{}", files.used() - empty);
    file.set_size(0).expect("it is emptied");
    assert_eq!(files.used(), empty);
}

#[test]
fn hosts_write_and_read() -> gusset::Result<()> {
    let files = MemoryFileSystem::new();
    files.create_directory_all("/a/b//c")?;
    files.create_directory_all("a/b/c/")?;
    files.write("a/b/c/x", "hello")?;
    files.write("/a/b/c/x", "bye")?;
    assert_eq!(files.read("a/b/c/x")?, b"bye");
    assert_eq!(files.list("a/b/c")?.into_iter().map(|entry| entry.name).collect::<Vec<_>>(), ["x"]);
    assert_eq!(files.open_directory("a/b")?.metadata(path("c/x"), false)?.size, 3);
    Ok(())
}

#[test]
fn what_a_host_gets_wrong_names_the_path() {
    let files = MemoryFileSystem::new();
    let error = files.write("a/x", "").expect_err("there is no such directory");
    assert_eq!(format!("{error:#}"), "cannot write the file \"a/x\": no entry");
    assert_eq!(error.downcast_ref(), Some(&ErrorCode::NoEntry));
    files.write("a", "").expect("it is written");
    let error = files.create_directory_all("a/b").expect_err("a is a file");
    assert_eq!(format!("{error:#}"), "cannot create the directory \"a/b\": not directory");
    let error = files.create_directory_all("a").expect_err("a is a file");
    assert_eq!(format!("{error:#}"), "cannot open the directory \"a\": not directory");
}

#[test]
fn holes_take_nothing() {
    let files = MemoryFileSystem::new();
    let hole = new_file(&files, "hole");
    let end = 1 << 62;
    assert_eq!(hole.write_at(b"end", end).expect("it fits"), 3);
    assert_eq!(hole.metadata().expect("metadata").size, end + 3);
    let mut bytes = [7; 5];
    assert_eq!(hole.read_at(&mut bytes, end - 3).expect("it reads"), 5);
    assert_eq!(&bytes, b"\0\0\0en");
    assert_eq!(hole.read_at(&mut bytes, 1 << 40).expect("it reads"), 5);
    assert_eq!(bytes, [0; 5]);
    hole.set_size(i64::MAX as u64).expect("the largest file");
    assert!(files.used() < 4096, "{}", files.used());
    let error = files.read("hole").expect_err("nobody has so much memory");
    assert_eq!(error.downcast_ref(), Some(&ErrorCode::InsufficientMemory));
    for refused in [hole.set_size(1 << 63), hole.write_at(b"x", i64::MAX as u64).map(drop), hole.append(b"x").map(drop)]
    {
        assert_eq!(code(&refused.expect_err("too large")), ErrorCode::FileTooLarge);
    }
}

#[test]
fn memory_is_bounded_and_given_back() {
    let files = MemoryFileSystem::builder().capacity_limit(1 << 20).build();
    let empty = files.used();
    let large = new_file(&files, "large");
    let bytes = vec![1; 2 << 20];
    let written = large.write_at(&bytes, 0).expect("some of it");
    assert!((900 << 10..1 << 20).contains(&written), "{written}");
    assert_eq!(code(&large.append(&bytes).expect_err("it is full")), ErrorCode::InsufficientSpace);
    assert_eq!(code(&large.allocate(0, 2 << 20).expect_err("it is full")), ErrorCode::InsufficientSpace);
    assert_eq!(code(&large.allocate(0, 1 << 62).expect_err("it is full")), ErrorCode::InsufficientSpace);
    assert_eq!(large.metadata().expect("metadata").size, written as u64);
    // Its name is gone, and it is open still.
    files.root().unlink_file(path("large")).expect("it is unlinked");
    assert!(files.used() > 900 << 10);
    drop(large);
    assert_eq!(files.used(), empty);
}

#[test]
fn what_is_cut_off_is_given_back() {
    let files = MemoryFileSystem::new();
    let file = new_file(&files, "file");
    let before = files.used();
    for size in [1, 65_536, 65_537, 300_000] {
        file.write_at(&vec![1; size], 0).expect("it fits");
        file.allocate(size as u64, 1_000_000).expect("it fits");
        assert!(files.used() >= before + 1_000_000 + size as u64);
        file.set_size(0).expect("it is cut");
        assert_eq!(files.used(), before, "{size}");
    }
}

#[test]
fn names_and_files_without_bytes_count_too() {
    let files = MemoryFileSystem::builder().capacity_limit(1 << 20).build();
    let root = files.root();
    let empty = files.used();
    let refused = (0..).find(|at| root.create_directory(path(&at.to_string())).is_err()).expect("there is an end");
    assert!((500..4000).contains(&refused), "{refused}");
    for at in 0..refused {
        root.remove_directory(path(&at.to_string())).expect("it is removed");
    }
    assert_eq!(files.used(), empty);
}

#[test]
fn what_is_allocated_can_be_written() {
    let files = MemoryFileSystem::builder().capacity_limit(1 << 20).build();
    let (one, other) = (new_file(&files, "one"), new_file(&files, "other"));
    one.allocate(100_000, 500_000).expect("it fits");
    while other.append(&[1; 1000]).is_ok() {}
    assert_eq!(one.write_at(&[2; 500_000], 100_000).expect("it was allocated"), 500_000);
}

#[test]
fn a_deep_tree_goes_without_recursion() {
    let files = MemoryFileSystem::new();
    let mut directory = files.root();
    for _ in 0..200_000 {
        directory.create_directory(path("d")).expect("it is made");
        let next = directory.open(path("d"), options("rd")).expect("it opens");
        let gusset_wasi::Descriptor::Directory(next) = next else { panic!("no directory") };
        directory = next.as_any().downcast_ref::<gusset_wasi::MemoryDirectory>().expect("in memory").clone();
    }
    drop(directory);
    drop(files);
}

#[test]
fn times_are_the_clock_s() {
    let clock = VirtualClock::new(Duration::from_secs(1000), Duration::ZERO);
    let files = MemoryFileSystem::builder().clock(clock.clone()).build();
    let file = new_file(&files, "x");
    let times = || {
        let found = file.metadata().expect("metadata");
        [found.accessed, found.modified, found.changed].map(|time| time.as_secs())
    };
    assert_eq!(times(), [1000, 1000, 1000]);
    clock.advance(Duration::from_secs(1));
    file.write_at(b"x", 0).expect("it writes");
    assert_eq!(times(), [1000, 1001, 1001]);
    clock.advance(Duration::from_secs(1));
    file.read_at(&mut [0], 0).expect("it reads");
    assert_eq!(times(), [1002, 1001, 1001]);
    files.root().rename(path("x"), &files.root(), path("y")).expect("it is moved");
    assert_eq!(times(), [1002, 1001, 1002]);
    let root = files.root().metadata(RelativePath::HERE, true).expect("metadata");
    assert_eq!(root.modified.as_secs(), 1002);
}

#[test]
fn directories_count_their_links() {
    let files = MemoryFileSystem::new();
    let links = |at: &str| files.root().metadata(path(at), true).expect("metadata").link_count;
    files.create_directory_all("a/b").expect("they are made");
    files.create_directory_all("c").expect("it is made");
    assert_eq!([links("."), links("a"), links("c")], [4, 3, 2]);
    files.root().rename(path("a/b"), &files.root(), path("c/b")).expect("it is moved");
    assert_eq!([links("."), links("a"), links("c")], [4, 2, 3]);
    files.root().rename(path("c/b"), &files.root(), path("a")).expect("it is moved");
    assert_eq!([links("."), links("a"), links("c")], [4, 2, 2]);
}

#[test]
fn a_listing_survives_changes() {
    let files = MemoryFileSystem::new();
    for at in 0..1000 {
        files.write(&format!("{at:04}"), "").expect("it is written");
    }
    let mut seen = Vec::new();
    for entry in files.root().entries().expect("it lists") {
        let name = entry.expect("an entry").name;
        files.root().unlink_file(path(&name)).expect("it is unlinked");
        seen.push(name);
    }
    assert_eq!(seen, (0..1000).map(|at| format!("{at:04}")).collect::<Vec<_>>());
}

#[test]
fn file_systems_are_told_apart() {
    let [one, other] = [MemoryFileSystem::new(), MemoryFileSystem::new()];
    let device = |files: &MemoryFileSystem| files.root().metadata(RelativePath::HERE, true).expect("metadata").device;
    assert_ne!(device(&one), device(&other));
    one.write("x", "").expect("it is written");
    let moved = one.root().rename(path("x"), &other.root(), path("x"));
    assert_eq!(code(&moved.expect_err("two file systems")), ErrorCode::CrossDevice);
    let linked = one.root().link(path("x"), false, &other.root(), path("x"));
    assert_eq!(code(&linked.expect_err("two file systems")), ErrorCode::CrossDevice);
}
