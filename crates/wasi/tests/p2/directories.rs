//! `wasi:filesystem/types` and `preopens`: the functions on what is in a directory.

use super::filesystem::{Code, DescriptorTypeWord, FOLLOW, How, ListedItem, NONE, Open, for_each, guest_with};
use super::guest::P2Guest;
use gusset::ResourceAny;
use gusset_wasi::{MemoryFileSystem, WasiConfig};

#[test]
fn preopens_are_what_the_host_gives() {
    let (one, two) = (MemoryFileSystem::new(), MemoryFileSystem::new());
    one.write("f", "").unwrap();
    let config = WasiConfig::builder()
        .preopened_directory("/", one.root())
        .preopened_directory("deep/er", two.root())
        .build()
        .unwrap();
    let mut guest = P2Guest::new(&config);
    let (first, second) = (guest.preopens(), guest.preopens());
    let names: Vec<_> = first.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["/", "deep/er"]);
    let is_same = "types#[method]descriptor.is-same-object";
    assert!(guest.call::<_, bool>(is_same, (first[0].0, second[0].0)));
    assert!(!guest.call::<_, bool>(is_same, (first[0].0, first[1].0)));
    assert!(guest.stat_at(first[0].0, NONE, "f").is_ok());
    assert_eq!(guest.stat_at(first[1].0, NONE, "f"), Err(Code::NoEntry));
    assert!(P2Guest::new(&WasiConfig::default()).preopens().is_empty());
}

#[test]
fn opening_makes_finds_and_refuses() {
    let create = Open::CREATE;
    for_each(|guest, root| {
        assert_eq!(guest.open(root, NONE, "f", Open::empty(), How::READ), Err(Code::NoEntry));
        let file = guest.open(root, NONE, "f", create, How::READ | How::WRITE).unwrap();
        guest.write_at(file, b"text", 0).unwrap();
        assert_eq!(guest.open(root, NONE, "f", create | Open::EXCLUSIVE, How::READ), Err(Code::Exist));
        assert!(guest.open(root, NONE, "f", create, How::READ).is_ok());
        assert_eq!(guest.stat(file).unwrap().size, 4);
        assert!(guest.open(root, NONE, "f", Open::TRUNCATE, How::WRITE).is_ok());
        assert_eq!(guest.stat(file).unwrap().size, 0);
        assert_eq!(guest.open(root, NONE, "f", Open::DIRECTORY, How::READ), Err(Code::NotDirectory));
        assert_eq!(guest.open(root, NONE, "d", Open::DIRECTORY | create, How::READ), Err(Code::Invalid));
        assert_eq!(guest.open(root, NONE, ".", Open::DIRECTORY | Open::TRUNCATE, How::READ), Err(Code::Invalid));
        assert_eq!(guest.open(root, NONE, ".", Open::empty(), How::WRITE), Err(Code::IsDirectory));
        assert_eq!(guest.open(root, NONE, ".", Open::DIRECTORY, How::WRITE), Err(Code::IsDirectory));
        assert_eq!(guest.open(root, NONE, "f/x", Open::empty(), How::READ), Err(Code::NotDirectory));
        assert_eq!(guest.open(file, NONE, "x", Open::empty(), How::READ), Err(Code::NotDirectory));
        assert_eq!(guest.open(root, NONE, "..", Open::empty(), How::READ), Err(Code::NotPermitted));
        assert_eq!(guest.open(root, NONE, "/f", Open::empty(), How::READ), Err(Code::NotPermitted));
        assert_eq!(guest.open(root, NONE, "", Open::empty(), How::READ), Err(Code::NoEntry));
        assert_eq!(guest.open(root, NONE, "a\0b", Open::empty(), How::READ), Err(Code::Invalid));
        assert_eq!(guest.open(root, NONE, &"x".repeat(256), Open::empty(), How::READ), Err(Code::NameTooLong));
        guest.symlink(root, "f", "l").unwrap();
        assert!(guest.open(root, FOLLOW, "l", Open::empty(), How::READ).is_ok());
        assert_eq!(guest.open(root, NONE, "l", Open::empty(), How::READ), Err(Code::Loop));
        guest.symlink(root, "..", "out").unwrap();
        assert_eq!(guest.open(root, FOLLOW, "out", Open::empty(), How::READ), Err(Code::NotPermitted));
    });
}

#[test]
fn directories_are_made_and_removed() {
    for_each(|guest, root| {
        guest.at("create-directory-at", root, "d").unwrap();
        assert_eq!(guest.at("create-directory-at", root, "d"), Err(Code::Exist));
        assert_eq!(guest.at("create-directory-at", root, "none/d"), Err(Code::NoEntry));
        let inner = guest.open(root, NONE, "d", Open::DIRECTORY, How::READ).unwrap();
        let file = guest.file(inner, "f", b"");
        assert_eq!(guest.stat_at(root, NONE, "d/f").map(|stat| stat.kind), Ok(DescriptorTypeWord::RegularFile));
        assert_eq!(guest.at("remove-directory-at", root, "d"), Err(Code::NotEmpty));
        assert_eq!(guest.at("remove-directory-at", root, "d/f"), Err(Code::NotDirectory));
        assert_eq!(guest.at("unlink-file-at", root, "d"), Err(Code::IsDirectory));
        guest.at("unlink-file-at", inner, "f").unwrap();
        assert_eq!(guest.at("unlink-file-at", inner, "f"), Err(Code::NoEntry));
        guest.at("remove-directory-at", root, "d").unwrap();
        assert_eq!(guest.stat_at(root, NONE, "d"), Err(Code::NoEntry));
        for function in ["create-directory-at", "remove-directory-at", "unlink-file-at"] {
            assert_eq!(guest.at(function, file, "x"), Err(Code::NotDirectory));
            assert_eq!(guest.at(function, root, "../x"), Err(Code::NotPermitted));
        }
    });
}

#[test]
fn names_are_moved_and_given_anew() {
    for_each(|guest, root| {
        guest.at("create-directory-at", root, "d").unwrap();
        let inner = guest.open(root, NONE, "d", Open::DIRECTORY, How::READ).unwrap();
        let file = guest.file(root, "f", b"text");
        guest.rename(root, "f", inner, "g").unwrap();
        assert_eq!(guest.stat_at(root, NONE, "f"), Err(Code::NoEntry));
        assert_eq!(guest.rename(root, "f", inner, "h"), Err(Code::NoEntry));
        guest.at("create-directory-at", root, "e").unwrap();
        assert_eq!(guest.rename(inner, "g", root, "e"), Err(Code::IsDirectory));
        assert_eq!(guest.rename(file, "g", root, "h"), Err(Code::NotDirectory));
        assert_eq!(guest.rename(inner, "g", file, "h"), Err(Code::NotDirectory));
        assert_eq!(guest.rename(inner, "g", root, "../h"), Err(Code::NotPermitted));
        guest.link(inner, NONE, "g", root, "f").unwrap();
        assert_eq!(guest.stat(file).unwrap().link_count, 2);
        assert_eq!(guest.link(inner, NONE, "g", root, "f"), Err(Code::Exist));
        assert_eq!(guest.link(inner, NONE, "none", root, "x"), Err(Code::NoEntry));
        assert_eq!(guest.link(root, NONE, "d", root, "x"), Err(Code::NotPermitted));
        assert_eq!(guest.link(root, NONE, "f", file, "x"), Err(Code::NotDirectory));
        guest.symlink(root, "f", "l").unwrap();
        guest.link(root, FOLLOW, "l", root, "second").unwrap();
        guest.link(root, NONE, "l", root, "link").unwrap();
        assert_eq!(guest.stat_at(root, NONE, "second").map(|stat| stat.link_count), Ok(3));
        assert_eq!(guest.stat_at(root, NONE, "link").map(|stat| stat.kind), Ok(DescriptorTypeWord::SymbolicLink));
    });
}

#[test]
fn what_is_moved_stays_in_its_file_system() {
    let (one, two) = (MemoryFileSystem::new(), MemoryFileSystem::new());
    one.write("f", "").unwrap();
    let mut config = WasiConfig::builder();
    config.preopened_directory("/one", one.root()).preopened_directory("/two", two.root());
    let mut guest = P2Guest::new(&config.build().unwrap());
    let [from, to] = [0, 1].map(|at| guest.preopens()[at].0);
    assert_eq!(guest.rename(from, "f", to, "f"), Err(Code::CrossDevice));
    assert_eq!(guest.link(from, NONE, "f", to, "f"), Err(Code::CrossDevice));
}

#[test]
fn links_hold_what_they_were_given() {
    let read = |guest: &mut P2Guest, at: ResourceAny, path: &str| -> Result<String, Code> {
        guest.call("types#[method]descriptor.readlink-at", (at, path))
    };
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"text");
        guest.symlink(root, "../any/where", "l").unwrap();
        assert_eq!(read(guest, root, "l"), Ok("../any/where".into()));
        assert_eq!(guest.symlink(root, "f", "l"), Err(Code::Exist));
        assert_eq!(guest.symlink(root, "/etc/passwd", "a"), Err(Code::NotPermitted));
        assert_eq!(guest.symlink(root, "", "a"), Err(Code::NoEntry));
        assert_eq!(guest.symlink(root, "a\0b", "a"), Err(Code::Invalid));
        assert_eq!(guest.symlink(file, "f", "a"), Err(Code::NotDirectory));
        assert_eq!(read(guest, root, "f"), Err(Code::Invalid));
        assert_eq!(read(guest, root, "none"), Err(Code::NoEntry));
        assert_eq!(read(guest, file, "f"), Err(Code::NotDirectory));
        guest.symlink(root, "f", "to-f").unwrap();
        assert_eq!(
            guest.stat_at(root, FOLLOW, "to-f").map(|stat| (stat.kind, stat.size)),
            Ok((DescriptorTypeWord::RegularFile, 4))
        );
        assert_eq!(
            guest.stat_at(root, NONE, "to-f").map(|stat| (stat.kind, stat.size)),
            Ok((DescriptorTypeWord::SymbolicLink, 1))
        );
        assert_eq!(guest.stat_at(root, FOLLOW, "l"), Err(Code::NotPermitted));
        assert_eq!(guest.stat_at(file, NONE, "f"), Err(Code::NotDirectory));
    });
}

#[test]
fn listings_have_each_entry_once() {
    let entry = "types#[method]directory-entry-stream.read-directory-entry";
    let list = |guest: &mut P2Guest, stream: ResourceAny| {
        let mut entries = Vec::new();
        while let Some(found) = guest.call::<_, Result<Option<ListedItem>, Code>>(entry, (stream,)).unwrap() {
            entries.push(found);
        }
        entries.sort();
        entries
    };
    for_each(|guest, root| {
        let file = guest.file(root, "f", b"");
        guest.at("create-directory-at", root, "d").unwrap();
        guest.symlink(root, "f", "l").unwrap();
        let open = |guest: &mut P2Guest, of| -> Result<ResourceAny, Code> {
            guest.call("types#[method]descriptor.read-directory", (of,))
        };
        let (one, other) = (open(guest, root).unwrap(), open(guest, root).unwrap());
        let of = |kind, name: &str| ListedItem { kind, name: name.into() };
        let all = [
            of(DescriptorTypeWord::Directory, "d"),
            of(DescriptorTypeWord::SymbolicLink, "l"),
            of(DescriptorTypeWord::RegularFile, "f"),
        ];
        assert_eq!(list(guest, one), all);
        assert_eq!(list(guest, one), [], "it is read");
        guest.drop(one);
        assert_eq!(list(guest, other), all, "each starts at the first");
        assert_eq!(open(guest, file), Err(Code::NotDirectory));
    });
}

/// As many as its host allows, streams over what is open and listings among them.
#[test]
fn descriptors_are_counted() {
    let files = MemoryFileSystem::new();
    files.write("f", "text").unwrap();
    let mut config = WasiConfig::builder();
    config.preopened_directory("/", files.root()).max_descriptors(2);
    let mut guest = P2Guest::new(&config.build().unwrap());
    let root = guest.preopens()[0].0;
    let open = |guest: &mut P2Guest| guest.open(root, NONE, "f", Open::empty(), How::READ);
    let list = |guest: &mut P2Guest| -> Result<ResourceAny, Code> {
        guest.call("types#[method]descriptor.read-directory", (root,))
    };
    let (one, listing) = (open(&mut guest).unwrap(), list(&mut guest).unwrap());
    assert_eq!(open(&mut guest), Err(Code::InsufficientMemory));
    assert_eq!(list(&mut guest), Err(Code::InsufficientMemory));
    assert_eq!(guest.open(root, NONE, "g", Open::CREATE, How::WRITE), Err(Code::InsufficientMemory));
    assert!(files.read("g").is_err(), "nothing was made");
    guest.drop(listing);
    let stream = guest.read_from(one, 0).unwrap();
    guest.drop(one);
    assert!(open(&mut guest).is_ok());
    assert_eq!(open(&mut guest), Err(Code::InsufficientMemory), "the stream keeps the file open");
    guest.store.data_mut().table.delete(stream).map(drop).unwrap();
    assert!(open(&mut guest).is_ok());
    // What fails gives back what it took.
    let (mut guest, root) = guest_with(files.root());
    for _ in 0..10_000 {
        assert_eq!(guest.open(root, NONE, "none", Open::empty(), How::READ), Err(Code::NoEntry));
    }
}
