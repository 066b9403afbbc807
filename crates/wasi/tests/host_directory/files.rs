//! Open files: reading and writing at offsets, appending, sizes, space, times.

use crate::folder::{BOTH, CREATE, READ, TestFolder, WRITE, file, refused};
use gusset_wasi::{Advice, ErrorCode, File, FileType, OpenOptions, SetTime, SetTimes};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

fn contents(file: &Arc<dyn File>) -> Vec<u8> {
    let mut bytes = vec![0; 100];
    let count = file.read_at(&mut bytes, 0).unwrap();
    bytes.truncate(count);
    bytes
}

#[test]
fn bytes_are_read_and_written_where_it_is_said() {
    let folder = TestFolder::new();
    let file = file(&folder.inside, "a", CREATE).unwrap();
    assert_eq!(file.write_at(b"abcdef", 0).unwrap(), 6);
    assert_eq!(file.write_at(b"XY", 2).unwrap(), 2);
    assert_eq!(contents(&file), b"abXYef");
    let mut two = [0; 2];
    assert_eq!(file.read_at(&mut two, 5).unwrap(), 1);
    assert_eq!(file.read_at(&mut two, 6).unwrap(), 0);
    assert_eq!(file.read_at(&mut two, 1 << 40).unwrap(), 0);
    assert_eq!(file.read_at(&mut [], 0).unwrap(), 0);
    assert_eq!(file.write_at(b"z", 8).unwrap(), 1);
    assert_eq!(contents(&file), b"abXYef\0\0z");
}

#[test]
fn offsets_that_no_file_has_are_refused() {
    let folder = TestFolder::new();
    let file = file(&folder.inside, "a", CREATE).unwrap();
    for offset in [1 << 63, u64::MAX] {
        assert_eq!(refused(file.read_at(&mut [0], offset)), ErrorCode::Invalid);
        assert_eq!(refused(file.write_at(&[0], offset)), ErrorCode::Invalid);
        assert_eq!(refused(file.set_size(offset)), ErrorCode::Invalid);
        assert_eq!(refused(file.allocate(offset, 1)), ErrorCode::Invalid);
        file.advise(offset, offset, Advice::WillNeed);
    }
    assert_eq!(refused(file.write_at(&[0], i64::MAX as u64)), ErrorCode::Invalid);
    assert_eq!(file.metadata().unwrap().size, 0);
}

#[test]
fn appending_goes_to_the_end_and_leaves_offsets_right() {
    let folder = TestFolder::new();
    let one = file(&folder.inside, "a", CREATE).unwrap();
    let other = file(&folder.inside, "a", WRITE).unwrap();
    assert_eq!(one.append(b"abc").unwrap(), (3, 3));
    assert_eq!(other.append(b"def").unwrap(), (3, 6));
    assert_eq!(one.append(b"ghi").unwrap(), (3, 9));
    assert_eq!(one.append(b"").unwrap(), (0, 9));
    assert_eq!(one.write_at(b"X", 1).unwrap(), 1);
    assert_eq!(one.append(b"jk").unwrap(), (2, 11));
    assert_eq!(contents(&one), b"aXcdefghijk");
    other.set_size(2).unwrap();
    assert_eq!(one.append(b"l").unwrap(), (1, 3));
}

#[test]
fn appending_from_many_threads_loses_nothing() {
    let folder = TestFolder::new();
    let shared = file(&folder.inside, "a", CREATE).unwrap();
    let mut ends: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                // Half of them by one descriptor, half by one of their own.
                let file = if thread % 2 == 0 { shared.clone() } else { file(&folder.inside, "a", WRITE).unwrap() };
                scope.spawn(move || (0..200).map(|_| file.append(&[b'0' + thread; 5]).unwrap().1).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    ends.sort_unstable();
    // Each was told of an end of its own: nobody's was overwritten.
    assert_eq!(ends, (1..=1600).map(|count| count * 5).collect::<Vec<u64>>());
    let bytes = fs::read(folder.at("a")).unwrap();
    assert!(bytes.chunks(5).all(|chunk| chunk == [chunk[0]; 5]));
}

#[test]
fn what_was_not_opened_for_it_is_refused() {
    let folder = TestFolder::new();
    folder.write("a", "abc");
    for options in [READ, OpenOptions::default()] {
        let file = file(&folder.inside, "a", options).unwrap();
        assert_eq!(refused(file.write_at(b"x", 0)), ErrorCode::BadDescriptor);
        assert_eq!(refused(file.append(b"x")), ErrorCode::BadDescriptor);
        assert_eq!(refused(file.set_size(0)), ErrorCode::BadDescriptor);
        assert_eq!(refused(file.allocate(0, 10)), ErrorCode::BadDescriptor);
    }
    for options in [WRITE, OpenOptions::default()] {
        let file = file(&folder.inside, "a", options).unwrap();
        assert_eq!(refused(file.read_at(&mut [0], 0)), ErrorCode::BadDescriptor);
    }
    assert_eq!(fs::read(folder.at("a")).unwrap(), b"abc");
}

#[test]
fn sizes_are_set() {
    let folder = TestFolder::new();
    let file = file(&folder.inside, "a", CREATE).unwrap();
    file.write_at(b"abcdef", 0).unwrap();
    file.set_size(2).unwrap();
    file.set_size(4).unwrap();
    assert_eq!(contents(&file), b"ab\0\0");
}

#[test]
fn space_is_made_and_nothing_is_lost() {
    let folder = TestFolder::new();
    let file = file(&folder.inside, "a", CREATE).unwrap();
    file.write_at(b"abcdef", 0).unwrap();
    file.allocate(0, 3).unwrap();
    assert_eq!(file.metadata().unwrap().size, 6);
    file.allocate(4, 6).unwrap();
    assert_eq!(contents(&file), b"abcdef\0\0\0\0");
    assert_eq!(refused(file.allocate(0, 0)), ErrorCode::Invalid);
    assert_eq!(refused(file.allocate(i64::MAX as u64, 1)), ErrorCode::FileTooLarge);
}

#[test]
fn an_open_file_outlives_its_name() {
    let folder = TestFolder::new();
    let file = file(&folder.inside, "a", CREATE).unwrap();
    fs::remove_file(folder.at("a")).unwrap();
    assert_eq!(file.append(b"abc").unwrap(), (3, 3));
    let metadata = file.metadata().unwrap();
    assert_eq!((metadata.file_type, metadata.size, metadata.link_count), (FileType::RegularFile, 3, 0));
}

#[test]
fn times_of_an_open_file_are_set() {
    let folder = TestFolder::new();
    folder.write("a", "");
    let file = file(&folder.inside, "a", READ).unwrap();
    let (accessed, modified) = (Duration::new(1, 234_567_891), Duration::new(4_000_000_000, 1));
    let times = SetTimes { accessed: Some(SetTime::At(accessed)), modified: Some(SetTime::At(modified)) };
    file.set_times(times).unwrap();
    let metadata = file.metadata().unwrap();
    assert_eq!((metadata.accessed, metadata.modified), (accessed, modified));
    file.set_times(SetTimes { accessed: None, modified: Some(SetTime::Now) }).unwrap();
    let metadata = file.metadata().unwrap();
    assert_eq!(metadata.accessed, accessed);
    assert!(metadata.modified > Duration::from_secs(1_700_000_000) && metadata.modified != modified);
    file.set_times(SetTimes::default()).unwrap();
    assert_eq!(file.metadata().unwrap().modified, metadata.modified);
    let late = SetTimes { accessed: Some(SetTime::At(Duration::from_secs(u64::MAX))), modified: None };
    assert_eq!(refused(file.set_times(late)), ErrorCode::Overflow);
}

#[test]
fn files_are_synced_and_take_advice() {
    let folder = TestFolder::new();
    let file = file(&folder.inside, "a", BOTH_NEW).unwrap();
    file.write_at(b"abc", 0).unwrap();
    file.sync(true).unwrap();
    file.sync(false).unwrap();
    for advice in
        [Advice::Normal, Advice::Sequential, Advice::Random, Advice::WillNeed, Advice::DontNeed, Advice::NoReuse]
    {
        file.advise(0, 0, advice);
        file.advise(1, 100, advice);
    }
    assert_eq!(contents(&file), b"abc");
}

const BOTH_NEW: OpenOptions = OpenOptions { create: true, exclusive: true, ..BOTH };
