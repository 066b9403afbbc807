//! What only archives have: forms of headers, damage, names that no archive should have.

use super::script::Session;
use gusset_wasi::{ArchiveDirectory, Directory, RelativePath};
use std::sync::Arc;
use tar::{Builder, EntryType, Header};

type Entry<'a> = (&'a str, EntryType, &'a str);

/// Entries with their names as they are given, which the library's own writer would refuse. What is told of a link is its target.
fn tar_of(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for &(name, entry_type, text) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(entry_type);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        let is_link = matches!(entry_type, EntryType::Symlink | EntryType::Link);
        let data = if is_link { "" } else { text };
        if is_link {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_size(data.len() as u64);
        header.set_mtime(1000);
        header.set_cksum();
        tar.append(&header, data.as_bytes()).expect("an entry");
    }
    tar.into_inner().expect("an archive")
}

const FILE: EntryType = EntryType::Regular;

#[track_caller]
fn check_refused(entries: &[Entry<'_>], expected: &str) {
    let error = ArchiveDirectory::tar(tar_of(entries)).expect_err("it is refused");
    assert_eq!(format!("{error:#}"), expected);
}

fn session(archive: ArchiveDirectory) -> Session {
    Session::new(Arc::new(archive))
}

#[test]
fn names_that_lead_nowhere_good_are_refused() {
    check_refused(&[("a/../../b", FILE, "")], "the entry \"a/../../b\" of the archive: its name has a `..` in it");
    check_refused(&[("..", FILE, "")], "the entry \"..\" of the archive: its name has a `..` in it");
    check_refused(&[(".", FILE, "x")], "the entry \".\" of the archive: it has the name of the root");
    let below_file = [("a", FILE, ""), ("a/b", FILE, "")];
    check_refused(&below_file, "the entry \"a/b\" of the archive: it is below \"a\", which is no directory");
    let below_link = [("a", EntryType::Symlink, "/etc"), ("a/passwd", FILE, "")];
    check_refused(&below_link, "the entry \"a/passwd\" of the archive: it is below \"a\", which is no directory");
    let over_directory = [("a/b", FILE, ""), ("a", FILE, "")];
    check_refused(&over_directory, "the entry \"a\" of the archive: it has the name of a directory that is not empty");
}

#[test]
fn links_lead_to_what_is_there() {
    let missing = [("a", EntryType::Link, "b"), ("b", FILE, "")];
    check_refused(&missing, "the entry \"a\" of the archive: it is a hard link to \"b\", which is no file before it");
    let directory = [("b", EntryType::Directory, ""), ("a", EntryType::Link, "b")];
    check_refused(&directory, "the entry \"a\" of the archive: it is a hard link to \"b\", which is no file before it");
    let above = [("a", EntryType::Link, "../b")];
    check_refused(&above, "the entry \"a\" of the archive: its name has a `..` in it");
    check_refused(&[("a", EntryType::Symlink, "")], "the entry \"a\" of the archive: it is a link to nothing");
}

#[test]
fn what_is_no_file_is_refused() {
    check_refused(
        &[("null", EntryType::Char, "")],
        "the entry \"null\" of the archive: it is a device, which no archive can give a guest",
    );
    check_refused(
        &[("pipe", EntryType::Fifo, "")],
        "the entry \"pipe\" of the archive: it is a named pipe, which no archive can give a guest",
    );
    check_refused(
        &[("x", EntryType::new(b'Z'), "")],
        "the entry \"x\" of the archive: what its type 'Z' is, is not known",
    );
}

#[test]
fn absolute_names_start_at_the_root() {
    let archive = tar_of(&[
        ("/etc/passwd", FILE, "root"),
        ("/a", EntryType::Symlink, "/etc"),
        ("/l", EntryType::Link, "/etc/passwd"),
    ]);
    let mut session = session(ArchiveDirectory::tar(archive).expect("it is read"));
    assert_eq!(session.run("read etc/passwd"), "root");
    assert_eq!(session.run("same l etc/passwd"), "true");
    assert_eq!(session.run("stat a"), "NotPermitted");
    assert_eq!(session.run("readlink a"), "NotPermitted");
}

#[test]
fn the_last_of_a_name_counts() {
    let archive = tar_of(&[
        ("x", FILE, "one"),
        ("h", EntryType::Link, "x"),
        ("x", FILE, "two"),
        ("d", FILE, "file"),
        ("d", EntryType::Directory, ""),
        ("e", EntryType::Directory, ""),
        ("e", EntryType::Symlink, "x"),
        ("f/g", FILE, "kept"),
        ("f/", EntryType::Directory, ""),
        ("x", EntryType::Link, "x"),
    ]);
    let mut session = session(ArchiveDirectory::tar(archive).expect("it is read"));
    assert_eq!(session.run("ls"), "d/ e@ f/ h x");
    assert_eq!(session.run("read x"), "two");
    assert_eq!(session.run("read h"), "one");
    assert_eq!(session.run("stat h"), "file size=3 links=1");
    assert_eq!(session.run("read f/g"), "kept");
    assert_eq!(session.run("modified f/g"), "accessed=1000 modified=1000");
}

/// 130 parts: neither fits into the header of ustar.
#[test]
fn long_names_and_pax() {
    let long = "long-name/".repeat(13) + "x";
    let mut tar = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(3);
    tar.append_data(&mut header, &long, &b"gnu"[..]).expect("an entry");
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "link", &long).expect("an entry");
    let pax_name = "pax/".repeat(50) + "y";
    tar.append_pax_extensions([("path", pax_name.as_bytes()), ("mtime", b"5.5")]).expect("an entry");
    let mut header = Header::new_ustar();
    header.set_path("short").expect("a path");
    header.set_size(3);
    header.set_cksum();
    tar.append(&header, &b"pax"[..]).expect("an entry");
    let archive = ArchiveDirectory::tar(tar.into_inner().expect("an archive")).expect("it is read");
    let mut session = session(archive);
    assert_eq!(session.run("read link"), "gnu");
    assert_eq!(session.run(&format!("read {pax_name}")), "pax");
    assert_eq!(session.run("ls"), "link@ long-name/ pax/");
}

#[test]
fn sparse_files_are_refused() {
    let mut tar = Builder::new(Vec::new());
    tar.append_pax_extensions([("GNU.sparse.major", &b"1"[..])]).expect("an entry");
    let mut header = Header::new_ustar();
    header.set_path("holes").expect("a path");
    header.set_size(0);
    header.set_cksum();
    tar.append(&header, &b""[..]).expect("an entry");
    let error = ArchiveDirectory::tar(tar.into_inner().expect("an archive")).expect_err("it is refused");
    let expected =
        "the entry \"holes\" of the archive: it is sparse, which is not supported: its bytes are not in a row";
    assert_eq!(format!("{error:#}"), expected);
}

#[test]
fn what_is_cut_off_or_no_archive_is_refused() {
    let refused = |bytes: Vec<u8>| format!("{:#}", ArchiveDirectory::tar(bytes).expect_err("it is refused"));
    let whole = tar_of(&[("a", FILE, "one"), ("b", FILE, &"x".repeat(5000))]);
    let cut = refused(whole[..4000].to_vec());
    assert_eq!(cut, "the entry \"b\" of the archive: it is cut off: 5000 bytes from 1536, and the archive has 4000");
    assert!(refused(whole[..1300].to_vec()).starts_with("the archive is damaged after the entry \"a\""));
    let mut damaged = whole.clone();
    damaged[1030] ^= 1;
    assert!(refused(damaged).starts_with("the archive is damaged after the entry \"a\""));
    assert!(refused(vec![7; 2000]).starts_with("the archive is damaged at its start"));
    let compressed = refused(b"\x1f\x8b rest".to_vec());
    assert_eq!(compressed, "the archive is compressed (gzip): it must be decompressed first");
    assert_eq!(session(ArchiveDirectory::tar(Vec::new()).expect("nothing is in it")).run("ls"), "empty");

    let mut huge = Header::new_gnu();
    huge.as_old_mut().name[0] = b'h';
    huge.set_size(u64::MAX >> 1);
    huge.set_cksum();
    let error = refused(huge.as_bytes().to_vec());
    assert!(error.contains("\"h\"") || error.contains("at its start"), "{error}");
}

/// No damage panics, and none makes more of an archive than there is.
#[test]
fn damage_of_any_kind_is_an_error_or_harmless() {
    let long = "name/".repeat(30) + "x";
    let mut whole = tar_of(&[("a/b", FILE, "one"), ("l", EntryType::Symlink, "a"), ("h", EntryType::Link, "a/b")]);
    whole.truncate(whole.len() - 1024);
    let mut tar = Builder::new(whole);
    let mut header = Header::new_gnu();
    header.set_size(3);
    tar.append_data(&mut header, &long, &b"gnu"[..]).expect("an entry");
    tar.append_pax_extensions([("path", long.as_bytes()), ("mtime", b"3")]).expect("an entry");
    let mut header = Header::new_ustar();
    header.set_size(3);
    tar.append_data(&mut header, "pax", &b"pax"[..]).expect("an entry");
    let whole = tar.into_inner().expect("an archive");
    let mut seed = 1_u64;
    let mut below = |bound: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % bound
    };
    let mut read = 0;
    for _ in 0..3000 {
        let mut damaged = whole.clone();
        let block = below(damaged.len() / 512) * 512;
        for _ in 0..=below(3) {
            let at = block + below(512);
            damaged[at] = [0, b'/', b'.', b'9', 0xff, b'x', b'g', b'S'][below(8)];
        }
        // The sum is right: the damage is looked at.
        let mut header = Header::from_byte_slice(&damaged[block..block + 512]).clone();
        header.set_cksum();
        damaged[block..block + 512].copy_from_slice(header.as_bytes());
        if let Ok(archive) = ArchiveDirectory::tar(damaged) {
            read += 1;
            session(archive).dump();
        }
    }
    assert!(read > 100, "{read}");
}

static EMBEDDED: &[u8] = b"static bytes";

#[test]
fn embedded_files() {
    let files = [("a/b", EMBEDDED), ("/c", b"see"), ("a/b", b"again")];
    let mut session = session(ArchiveDirectory::embedded(files).expect("it is made"));
    assert_eq!(session.run("ls"), "a/ c");
    assert_eq!(session.run("read a/b"), "again");
    let error = ArchiveDirectory::embedded([("a", EMBEDDED), ("a/b", EMBEDDED)]).expect_err("it is refused");
    assert_eq!(format!("{error:#}"), "the embedded file \"a/b\": it is below \"a\", which is no directory");
}

#[test]
fn archives_count_links_of_directories() {
    let archive = tar_of(&[("a/b/x", FILE, ""), ("a/c/", EntryType::Directory, ""), ("a/y", FILE, "")]);
    let archive = ArchiveDirectory::tar(archive).expect("it is read");
    let links = |path| archive.metadata(RelativePath::new(path).expect("a path"), true).expect("metadata").link_count;
    assert_eq!([links("."), links("a"), links("a/b")], [3, 4, 2]);
}
