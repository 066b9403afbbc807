//! `wasi:filesystem/types`: the functions on what is open.

use super::filesystem::{
    Code, DescriptorTypeWord, FOLLOW, Hash, How, NONE, Open, SetTo, Time, Use, for_each, guest_with,
};
use super::guest::{P2Guest, StreamFailure};
use gusset::ResourceAny;
use gusset_wasi::{ErrorCode, HostDirectory, MemoryFileSystem, ReadOnly, SeededRandom, WasiConfig};
use std::path::Path;

#[test]
fn files_are_read_and_written_at_offsets() {
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"0123456789");
        assert_eq!(guest.read_at(file, 4, 2), Ok((b"2345".to_vec(), false)));
        assert_eq!(guest.read_at(file, u64::MAX, 8), Ok((b"89".to_vec(), false)));
        assert_eq!(guest.read_at(file, 4, 10), Ok((vec![], true)));
        assert_eq!(guest.write_at(file, b"ab", 11), Ok(2));
        assert_eq!(guest.read_at(file, 99, 9), Ok((b"9\0ab".to_vec(), false)));
        assert_eq!(guest.read_at(file, 4, u64::MAX), Err(Code::Invalid));
        assert_eq!(guest.write_at(file, b"x", 1 << 63), Err(Code::Invalid));
        assert_eq!(guest.write_at(file, &[7; 100_000], 0), Ok(100_000));
        assert_eq!(guest.read_at(file, u64::MAX, 0).map(|(bytes, _)| bytes.len()), Ok(64 << 10));
        assert_eq!(guest.read_at(root, 4, 0), Err(Code::IsDirectory));
        assert_eq!(guest.write_at(root, b"x", 0), Err(Code::BadDescriptor));
        let reading = guest.open(root, NONE, "f", Open::empty(), How::READ).unwrap();
        assert_eq!(guest.write_at(reading, b"x", 0), Err(Code::BadDescriptor));
        let writing = guest.open(root, NONE, "f", Open::empty(), How::WRITE).unwrap();
        assert_eq!(guest.read_at(writing, 1, 0), Err(Code::BadDescriptor));
        assert_eq!(guest.write_at(writing, b"x", 0), Ok(1));
    });
}

#[test]
fn streams_over_a_file_have_positions_of_their_own() {
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"0123456789");
        let (one, other) = (guest.read_from(file, 0).unwrap(), guest.read_from(file, 5).unwrap());
        assert_eq!(guest.read(&one, 4), Ok(b"0123".to_vec()));
        assert_eq!(guest.blocking_read(&other, 4), Ok(b"5678".to_vec()));
        assert_eq!(guest.count("skip", &one, 2), Ok(2));
        assert_eq!(guest.read(&one, 2), Ok(b"67".to_vec()));
        assert_eq!(guest.read(&other, 4), Ok(b"9".to_vec()));
        assert_eq!(guest.read(&other, 4), Err(None));
        let (to, end) = (guest.write_from(file, 8).unwrap(), guest.append_to(file).unwrap());
        guest.write_and_flush(&to, b"ab").unwrap();
        guest.write_and_flush(&end, b"cd").unwrap();
        assert!(guest.check_write(&to).is_ok_and(|permit| permit > 3));
        guest.write(&to, b"efg").unwrap();
        guest.done("flush", &to).unwrap();
        assert_eq!(guest.blocking_read(&other, 9), Ok(b"efg".to_vec()), "a file that has become longer goes on");
        guest.write_and_flush(&end, b"h").unwrap();
        assert_eq!(guest.read_at(file, 99, 0), Ok((b"01234567abefgh".to_vec(), false)));
        // The streams outlive the descriptor.
        guest.drop(file);
        assert_eq!(guest.splice("splice", &end, &one, 99), Ok(6));
        assert_eq!(guest.read(&other, 99), Ok(b"habefgh".to_vec()));
    });
}

#[test]
fn streams_are_of_what_was_opened_for_them() {
    for_each(|guest, root| {
        guest.file(root, "f", b"text");
        let reading = guest.open(root, NONE, "f", Open::empty(), How::READ).unwrap();
        let writing = guest.open(root, NONE, "f", Open::empty(), How::WRITE).unwrap();
        assert_eq!(guest.read_from(writing, 0).err(), Some(Code::BadDescriptor));
        assert_eq!(guest.write_from(reading, 0).err(), Some(Code::BadDescriptor));
        assert_eq!(guest.append_to(reading).err(), Some(Code::BadDescriptor));
        assert_eq!(guest.read_from(reading, 1 << 63).err(), Some(Code::Invalid));
        assert_eq!(guest.write_from(writing, 1 << 63).err(), Some(Code::Invalid));
        assert_eq!(guest.read_from(root, 0).err(), Some(Code::IsDirectory));
        assert_eq!(guest.write_from(root, 0).err(), Some(Code::BadDescriptor));
        assert_eq!(guest.append_to(root).err(), Some(Code::BadDescriptor));
    });
}

#[test]
fn a_stream_tells_what_a_file_does_not_allow() {
    let files = MemoryFileSystem::builder().capacity_limit(8 << 10).build();
    let (mut guest, root) = guest_with(files.root());
    let file = guest.file(root, "f", b"");
    let to = guest.write_from(file, 0).unwrap();
    assert!(guest.check_write(&to).is_ok_and(|permit| permit >= 16 << 10));
    let full: Result<(), StreamFailure> =
        guest.call("streams#[method]output-stream.write", (&to, vec![1_u8; 16 << 10]));
    let error = full.unwrap_err();
    assert_eq!(guest.error_code(&error), Some(Code::InsufficientSpace));
    assert_eq!(guest.code(error), Some(ErrorCode::InsufficientSpace));
    assert_eq!(guest.check_write(&to), Err(None));
    let end = guest.write_from(file, (1 << 63) - 1).unwrap();
    assert!(guest.write_and_flush(&end, b"xy").is_err_and(|code| code.is_some()));
}

#[test]
fn what_is_stored_with_each_write_is_written_all_the_same() {
    for_each(|guest, root| {
        for how in [How::FILE_INTEGRITY_SYNC, How::DATA_INTEGRITY_SYNC, How::REQUESTED_WRITE_SYNC] {
            let file =
                guest.open(root, NONE, "f", Open::CREATE | Open::TRUNCATE, how | How::WRITE | How::READ).unwrap();
            assert_eq!(guest.write_at(file, b"text", 0), Ok(4));
            let end = guest.append_to(file).unwrap();
            guest.write_and_flush(&end, b"s").unwrap();
            assert_eq!(guest.read_at(file, 9, 0), Ok((b"texts".to_vec(), false)));
            assert_eq!(
                guest.call::<_, Result<How, Code>>("types#[method]descriptor.get-flags", (file,)),
                Ok(how | How::WRITE | How::READ)
            );
        }
    });
}

#[test]
fn flags_and_types_are_those_of_opening() {
    for_each(|guest, root| {
        guest.file(root, "f", b"");
        guest.at("create-directory-at", root, "d").unwrap();
        let expected = [
            ("f", Open::empty(), How::READ, How::READ, DescriptorTypeWord::RegularFile),
            ("f", Open::empty(), How::WRITE, How::WRITE, DescriptorTypeWord::RegularFile),
            ("f", Open::empty(), How::empty(), How::READ, DescriptorTypeWord::RegularFile),
            ("f", Open::TRUNCATE, How::READ | How::MUTATE_DIRECTORY, How::READ, DescriptorTypeWord::RegularFile),
            ("d", Open::DIRECTORY, How::READ, How::READ | How::MUTATE_DIRECTORY, DescriptorTypeWord::Directory),
            (
                "d",
                Open::empty(),
                How::MUTATE_DIRECTORY,
                How::READ | How::MUTATE_DIRECTORY,
                DescriptorTypeWord::Directory,
            ),
            (".", Open::DIRECTORY, How::empty(), How::READ | How::MUTATE_DIRECTORY, DescriptorTypeWord::Directory),
        ];
        for (path, open, how, flags, kind) in expected {
            let opened = guest.open(root, NONE, path, open, how).unwrap();
            assert_eq!(
                guest.call::<_, Result<How, Code>>("types#[method]descriptor.get-flags", (opened,)),
                Ok(flags),
                "{path}"
            );
            assert_eq!(
                guest.call::<_, Result<DescriptorTypeWord, Code>>("types#[method]descriptor.get-type", (opened,)),
                Ok(kind)
            );
            guest.drop(opened);
        }
    });
}

#[test]
fn what_is_known_of_files() {
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"12345");
        guest.link(root, NONE, "f", root, "g").unwrap();
        let stat = guest.stat(file).unwrap();
        assert_eq!((stat.kind, stat.link_count, stat.size), (DescriptorTypeWord::RegularFile, 2, 5));
        assert!(stat.modified.is_some_and(|at| at.seconds > 1_700_000_000 && at.nanoseconds < 1_000_000_000));
        assert!(stat.accessed.is_some() && stat.changed >= stat.modified);
        assert_eq!(guest.stat(root).map(|stat| stat.kind), Ok(DescriptorTypeWord::Directory));
    });
}

#[test]
fn sizes_are_set() {
    let set_size = "types#[method]descriptor.set-size";
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"12345");
        assert_eq!(guest.call::<_, Result<(), Code>>(set_size, (file, 3_u64)), Ok(()));
        assert_eq!(guest.call::<_, Result<(), Code>>(set_size, (file, 6_u64)), Ok(()));
        assert_eq!(guest.read_at(file, 9, 0), Ok((b"123\0\0\0".to_vec(), false)));
        assert_eq!(guest.call::<_, Result<(), Code>>(set_size, (file, u64::MAX)), Err(Code::Invalid));
        assert_eq!(guest.call::<_, Result<(), Code>>(set_size, (root, 0_u64)), Err(Code::BadDescriptor));
        let reading = guest.open(root, NONE, "f", Open::empty(), How::READ).unwrap();
        let refused = guest.call::<_, Result<(), Code>>(set_size, (reading, 0_u64));
        assert!(matches!(refused, Err(Code::BadDescriptor | Code::Invalid)), "{refused:?}");
    });
}

fn set_times(guest: &mut P2Guest, of: ResourceAny, accessed: SetTo, modified: SetTo) -> Result<(), Code> {
    guest.call("types#[method]descriptor.set-times", (of, accessed, modified))
}

#[test]
fn times_are_set() {
    let at = |seconds, nanoseconds| SetTo::Timestamp(Time { seconds, nanoseconds });
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"");
        for of in [file, root] {
            assert_eq!(set_times(guest, of, at(5, 6), at(7, 999_999_999)), Ok(()));
            assert_eq!(set_times(guest, of, SetTo::NoChange, SetTo::NoChange), Ok(()));
            let stat = guest.stat(of).unwrap();
            assert_eq!(stat.accessed, Some(Time { seconds: 5, nanoseconds: 6 }));
            assert_eq!(stat.modified, Some(Time { seconds: 7, nanoseconds: 999_999_999 }));
            assert_eq!(set_times(guest, of, SetTo::NoChange, SetTo::Now), Ok(()));
            let stat = guest.stat(of).unwrap();
            assert_eq!(stat.accessed, Some(Time { seconds: 5, nanoseconds: 6 }));
            assert!(stat.modified.is_some_and(|at| at.seconds > 1_700_000_000));
            assert_eq!(set_times(guest, of, at(0, 1_000_000_000), SetTo::Now), Err(Code::Invalid));
        }
        // The same by name.
        let set = "types#[method]descriptor.set-times-at";
        guest.symlink(root, "f", "l").unwrap();
        assert_eq!(guest.call::<_, Result<(), Code>>(set, (root, FOLLOW, "l", at(1, 2), SetTo::NoChange)), Ok(()));
        assert_eq!(guest.stat(file).unwrap().accessed, Some(Time { seconds: 1, nanoseconds: 2 }));
        assert_eq!(guest.call::<_, Result<(), Code>>(set, (root, NONE, "l", at(3, 4), at(5, 6))), Ok(()));
        assert_eq!(guest.stat_at(root, NONE, "l").unwrap().modified, Some(Time { seconds: 5, nanoseconds: 6 }));
        assert_eq!(guest.stat(file).unwrap().accessed, Some(Time { seconds: 1, nanoseconds: 2 }));
        assert_eq!(
            guest.call::<_, Result<(), Code>>(set, (root, NONE, "none", SetTo::Now, SetTo::Now)),
            Err(Code::NoEntry)
        );
        assert_eq!(
            guest.call::<_, Result<(), Code>>(set, (file, NONE, "f", SetTo::Now, SetTo::Now)),
            Err(Code::NotDirectory)
        );
    });
}

#[test]
fn files_are_synced_and_advised() {
    let advise = "types#[method]descriptor.advise";
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"");
        for function in ["sync", "sync-data"] {
            for of in [file, root] {
                assert_eq!(
                    guest.call::<_, Result<(), Code>>(&format!("types#[method]descriptor.{function}"), (of,)),
                    Ok(())
                );
            }
        }
        for advice in [Use::Normal, Use::Sequential, Use::Random, Use::WillNeed, Use::DontNeed, Use::NoReuse] {
            assert_eq!(guest.call::<_, Result<(), Code>>(advise, (file, 0_u64, 9_u64, advice)), Ok(()));
        }
        assert_eq!(guest.call::<_, Result<(), Code>>(advise, (file, u64::MAX, 9_u64, Use::Normal)), Err(Code::Invalid));
        assert_eq!(
            guest.call::<_, Result<(), Code>>(advise, (root, 0_u64, 9_u64, Use::Normal)),
            Err(Code::BadDescriptor)
        );
    });
}

fn hash(guest: &mut P2Guest, of: ResourceAny) -> Hash {
    guest.call::<_, Result<_, Code>>("types#[method]descriptor.metadata-hash", (of,)).unwrap()
}

#[test]
fn one_file_is_the_same_however_it_was_opened() {
    let hash_at = "types#[method]descriptor.metadata-hash-at";
    let is_same = "types#[method]descriptor.is-same-object";
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"");
        guest.link(root, NONE, "f", root, "g").unwrap();
        guest.symlink(root, "f", "l").unwrap();
        let (again, other) =
            (guest.open(root, NONE, "g", Open::empty(), How::READ).unwrap(), guest.file(root, "h", b""));
        assert!(guest.call::<_, bool>(is_same, (file, again)));
        assert!(guest.call::<_, bool>(is_same, (file, file)));
        assert!(!guest.call::<_, bool>(is_same, (file, other)));
        assert!(!guest.call::<_, bool>(is_same, (file, root)));
        let of_file = hash(guest, file);
        guest.write_at(file, b"more", 0).unwrap();
        assert_eq!(hash(guest, again), of_file);
        for (follow, path, same) in
            [(NONE, "f", true), (FOLLOW, "l", true), (NONE, "l", false), (NONE, "h", false), (NONE, ".", false)]
        {
            let found: Result<Hash, Code> = guest.call(hash_at, (root, follow, path));
            assert_eq!(found.map(|found| found == of_file), Ok(same), "{path}");
        }
        assert_eq!(guest.call::<_, Result<Hash, Code>>(hash_at, (root, NONE, "none")), Err(Code::NoEntry));
        assert_eq!(guest.call::<_, Result<Hash, Code>>(hash_at, (file, NONE, "f")), Err(Code::NotDirectory));
    });
}

/// Which file is which is no secret among guests that have the same key, and nothing that one without it could compute.
#[test]
fn a_hash_follows_from_what_the_host_keeps() {
    let files = MemoryFileSystem::new();
    files.write("f", "").unwrap();
    let of = |seed: Option<u64>| {
        let mut config = WasiConfig::builder();
        config.preopened_directory("/", files.root());
        if let Some(seed) = seed {
            config.secure_random(SeededRandom::new(seed));
        }
        let mut guest = P2Guest::new(&config.build().unwrap());
        let root = guest.preopens().remove(0).0;
        hash(&mut guest, root)
    };
    assert_eq!(of(None), of(None), "the same in each run");
    assert_ne!(of(Some(1)), of(Some(2)));
    assert_ne!(of(None), of(Some(0)));
}

#[test]
fn what_cannot_be_changed_says_so() {
    let files = MemoryFileSystem::new();
    files.write("f", "text").unwrap();
    let (mut guest, root) = guest_with(ReadOnly::new(files.root()));
    assert_eq!(guest.open(root, NONE, "f", Open::empty(), How::WRITE), Err(Code::ReadOnly));
    assert_eq!(guest.open(root, NONE, "g", Open::CREATE, How::READ), Err(Code::ReadOnly));
    let file = guest.open(root, NONE, "f", Open::empty(), How::READ).unwrap();
    assert_eq!(set_times(&mut guest, file, SetTo::Now, SetTo::Now), Err(Code::ReadOnly));
    assert_eq!(set_times(&mut guest, root, SetTo::Now, SetTo::Now), Err(Code::ReadOnly));
    assert_eq!(guest.read_at(file, 9, 0), Ok((b"text".to_vec(), false)));
}

/// What a file has no positions for is read and written through streams.
#[test]
fn named_pipes_are_streams() {
    let folder = tempfile::tempdir().unwrap();
    let pipe: &Path = &folder.path().join("p");
    rustix::fs::mknodat(rustix::fs::CWD, pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let (mut guest, root) = guest_with(HostDirectory::open(folder.path()).unwrap());
    let both = guest.open(root, NONE, "p", Open::empty(), How::READ | How::WRITE).unwrap();
    let stat = guest.stat(both).unwrap();
    assert_eq!(stat.kind, DescriptorTypeWord::Fifo);
    assert_eq!(
        guest.call::<_, Result<DescriptorTypeWord, Code>>("types#[method]descriptor.get-type", (both,)),
        Ok(DescriptorTypeWord::Fifo)
    );
    let (from, to) = (guest.read_from(both, 7).unwrap(), guest.write_from(both, 0).unwrap());
    assert_eq!(guest.read(&from, 9), Ok(vec![]));
    guest.write_and_flush(&to, b"through").unwrap();
    assert_eq!(guest.blocking_read(&from, 9), Ok(b"through".to_vec()));
    assert_eq!(guest.read_at(both, 9, 0), Err(Code::InvalidSeek));
    assert_eq!(guest.write_at(both, b"x", 0), Err(Code::InvalidSeek));
    let advise = (both, 0_u64, 9_u64, Use::Normal);
    assert_eq!(guest.call::<_, Result<(), Code>>("types#[method]descriptor.advise", advise), Err(Code::InvalidSeek));
    assert_eq!(set_times(&mut guest, both, SetTo::Now, SetTo::Now), Err(Code::Invalid));
    let again = guest.open(root, NONE, "p", Open::empty(), How::READ | How::WRITE).unwrap();
    assert!(guest.call::<_, bool>("types#[method]descriptor.is-same-object", (both, again)));
}
