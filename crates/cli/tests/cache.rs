//! The cache of the program, as a person meets it: it is there without being asked for, and in nobody's way when it cannot be used.

use crate::program::{Ended, ScratchFolder, shell};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// A component, and a program that writes a greeting.
const CALC: &str = include_str!("mistakes/inputs/calc.wat");
const HELLO: &str = include_str!("programs/hello.wat");
const WORDS: &str = include_str!("programs/words.wat");

fn scratch() -> ScratchFolder {
    let scratch = ScratchFolder::new();
    scratch.file("calc.wat", CALC.as_bytes());
    scratch.file("hello.wat", HELLO.as_bytes());
    scratch.file("words.wat", WORDS.as_bytes());
    scratch
}

fn run(scratch: &ScratchFolder, line: &str) -> Ended {
    shell(Path::new(&scratch.path("")), line)
}

/// What a line writes, which must end well and say nothing else.
fn written(scratch: &ScratchFolder, line: &str) -> String {
    let ended = run(scratch, line);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{line}\n{}", ended.stdout);
    ended.stdout
}

/// The names and inodes of the entries in a folder: an entry that is written anew is another file.
fn entries(scratch: &ScratchFolder, folder: &str) -> Vec<(String, u64)> {
    let Ok(files) = std::fs::read_dir(scratch.path(folder)) else { return Vec::new() };
    let files = files.map(|file| file.expect("readable"));
    let entries = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "gusset"));
    let entry = |file: std::fs::DirEntry| {
        let inode = file.metadata().expect("it is there").ino();
        (file.file_name().into_string().expect("text"), inode)
    };
    let mut entries: Vec<_> = entries.map(entry).collect();
    entries.sort();
    entries
}

#[test]
fn a_second_run_finds_what_the_first_one_left() {
    let scratch = scratch();
    let line = "GUSSET_CACHE_DIR=c gusset run calc.wat --invoke 'add(1, 2)'; GUSSET_CACHE_DIR=c gusset run hello.wat";
    assert_eq!(written(&scratch, line), "3\nHello, world!\n");
    let left = entries(&scratch, "c");
    assert_eq!(left.len(), 2);
    assert_eq!(std::fs::metadata(scratch.path("c")).expect("it was made").mode() & 0o7777, 0o700);
    assert_eq!(written(&scratch, line), "3\nHello, world!\n");
    assert_eq!(entries(&scratch, "c"), left);
    // What is only looked at leaves nothing.
    let line = "export GUSSET_CACHE_DIR=d
        gusset run --no-cache calc.wat --invoke 'add(1, 2)'; gusset run calc.wat --no-cache --invoke 'add(1, 2)'
        gusset validate --runnable calc.wat; gusset inspect calc.wat > /dev/null; gusset run --no-cache hello.wat";
    assert_eq!(written(&scratch, line), "3\n3\nHello, world!\n");
    assert!(!Path::new(&scratch.path("d")).exists());
}

#[test]
fn what_is_compiled_lazily_is_found_and_not_kept() {
    let scratch = scratch();
    let line = "GUSSET_CACHE_DIR=c gusset run --lazy hello.wat";
    assert_eq!(written(&scratch, line), "Hello, world!\n");
    assert!(!Path::new(&scratch.path("c")).exists());
    written(&scratch, "GUSSET_CACHE_DIR=c gusset run hello.wat");
    let left = entries(&scratch, "c");
    assert_eq!(written(&scratch, line), "Hello, world!\n");
    assert_eq!((entries(&scratch, "c"), left.len()), (left, 1));
}

#[test]
fn traps_and_their_places_are_the_same_from_the_cache() {
    let scratch = scratch();
    let line = "GUSSET_CACHE_DIR=c gusset run calc.wat --invoke 'divide(1, 0)'";
    let [first, second] = [run(&scratch, line), run(&scratch, line)];
    assert_eq!(entries(&scratch, "c").len(), 1);
    assert_eq!((first.code, &first.stderr), (Some(134), &second.stderr));
    first.assert_says(&["integer divide by zero", "calc.wat:4:"]);
}

#[test]
fn it_lies_where_the_environment_says() {
    let scratch = scratch();
    let line = "unset GUSSET_CACHE_DIR; HOME=$PWD/h XDG_CACHE_HOME=$PWD/x gusset run hello.wat; ls -d x/gusset
        unset XDG_CACHE_HOME; HOME=$PWD/h gusset run hello.wat; ls -d h/.cache/gusset
        GUSSET_CACHE_DIR= HOME=$PWD/i gusset run hello.wat; ls -d i/.cache/gusset
        unset HOME; gusset run hello.wat";
    let greeting = "Hello, world!\n";
    let places = ["x/gusset", "h/.cache/gusset", "i/.cache/gusset"].map(|place| format!("{greeting}{place}\n"));
    assert_eq!(written(&scratch, line), places.concat() + greeting);
    let ended = run(&scratch, "unset GUSSET_CACHE_DIR HOME XDG_CACHE_HOME; gusset cache info");
    ended.assert_refused(1);
    ended.assert_says(&["neither XDG_CACHE_HOME nor HOME is an absolute path"]);
}

#[test]
fn it_is_shown_and_emptied() {
    let scratch = scratch();
    let info = |line: &str| written(&scratch, &format!("export GUSSET_CACHE_DIR=c; {line}"));
    let directory = std::fs::canonicalize(scratch.path("")).expect("it is there").join("c").display().to_string();
    assert_eq!(
        info("gusset cache info"),
        format!("directory: {directory}\nentries: 0\nbytes: 0 of at most 2147483648\n")
    );
    assert!(!Path::new(&directory).exists(), "looking makes nothing");
    info("gusset run hello.wat; gusset run calc.wat --invoke 'add(1, 2)'");
    let names = entries(&scratch, "c");
    let size = |(name, _): &(String, u64)| {
        std::fs::metadata(scratch.path("c").to_string() + "/" + name).expect("it is there").len()
    };
    let bytes: u64 = names.iter().map(size).sum();
    assert_eq!(
        info("gusset cache info --json"),
        format!("{{\"directory\": \"{directory}\", \"entries\": 2, \"bytes\": {bytes}, \"limit\": 2147483648}}\n")
    );
    std::fs::write(scratch.path("c/mine.txt"), "precious").expect("it can be written");
    assert_eq!(info("gusset cache clear"), format!("removed 2 entries, {bytes} bytes\n"));
    assert_eq!(info("gusset cache clear; ls c"), "removed 0 entries, 0 bytes\nCACHEDIR.TAG\nlock\nmine.txt\n");
}

#[test]
fn one_that_cannot_be_used_is_in_nobodys_way() {
    let scratch = scratch();
    std::fs::create_dir(scratch.path("open")).expect("it can be made");
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(scratch.path("open"), open).expect("it is ours");
    std::os::unix::fs::symlink(scratch.path(""), scratch.path("link")).expect("links can be made");
    for place in ["hello.wat", "hello.wat/below", "open", "link", "/proc/nowhere", "/dev/full"] {
        for _ in 0..2 {
            assert_eq!(written(&scratch, &format!("GUSSET_CACHE_DIR={place} gusset run hello.wat")), "Hello, world!\n");
        }
    }
    assert!(entries(&scratch, "open").is_empty() && entries(&scratch, "").is_empty());
    for command in ["info", "clear"] {
        let ended = run(&scratch, &format!("GUSSET_CACHE_DIR=open gusset cache {command}"));
        ended.assert_refused(1);
        ended.assert_says(&["open is not used", "others may write to it (its mode is 0777)"]);
    }
    let ended = run(&scratch, "GUSSET_CACHE_DIR=/proc/nowhere/below gusset cache info");
    ended.assert_refused(1);
    ended.assert_says(&["the cache's directory /proc/nowhere/below is not there, and cannot be made"]);
}

#[test]
fn one_that_is_read_only_is_read() {
    let scratch = scratch();
    assert_eq!(written(&scratch, "GUSSET_CACHE_DIR=c gusset run hello.wat"), "Hello, world!\n");
    let left = entries(&scratch, "c");
    // Root writes whatever the mode is, but not to what is mounted so.
    let mounted = "unshare -rm sh -c 'mount --bind c c && mount -o remount,bind,ro c && ";
    if run(&scratch, &format!("{mounted}true'")).code != Some(0) {
        println!("not run: nothing can be mounted here");
        return;
    }
    let line = "export GUSSET_CACHE_DIR=c; gusset run hello.wat; gusset run calc.wat --invoke \"add(1, 2)\"";
    assert_eq!(written(&scratch, &format!("{mounted}{line}'")), "Hello, world!\n3\n");
    assert_eq!(entries(&scratch, "c"), left);
}

#[test]
fn a_full_disk_and_a_limit_on_files_are_in_nobodys_way() {
    let scratch = scratch();
    // Whoever writes beyond it gets a signal.
    let line = "ulimit -f 8; GUSSET_CACHE_DIR=c gusset run hello.wat; ls c";
    assert_eq!(written(&scratch, line), "Hello, world!\nCACHEDIR.TAG\n");
    // What memories start as is in files, too.
    let data = format!("(module (memory 2) (data (i32.const 0) \"{}\")", "data".repeat(20_000));
    let text = data + "(func (export \"last\") (result i32) (i32.load8_u (i32.const 79999))))";
    scratch.file("data.wat", text.as_bytes());
    assert_eq!(written(&scratch, "ulimit -f 8; gusset run --no-cache data.wat --invoke 'last()'"), "97\n");
    let mounted = "unshare -rm sh -c 'mount -t tmpfs -o size=32k none full && ";
    if run(&scratch, &format!("mkdir full; {mounted}true'")).code != Some(0) {
        println!("not run: no file system can be mounted here");
        return;
    }
    let line = format!("{mounted}GUSSET_CACHE_DIR=full/c gusset run hello.wat; ls full/c'");
    assert_eq!(written(&scratch, &line), "Hello, world!\nCACHEDIR.TAG\n");
}

#[test]
fn where_nothing_may_be_executed_it_is_used_all_the_same() {
    let scratch = scratch();
    assert_eq!(
        written(&scratch, "GUSSET_CACHE_DIR=c gusset run hello.wat; gusset compile words.wat"),
        "Hello, world!\n"
    );
    let left = entries(&scratch, "c");
    let mounted = "unshare -rm sh -c 'mount --bind . . && mount -o remount,bind,noexec . && cd $PWD && ";
    if run(&scratch, &format!("{mounted}true'")).code != Some(0) {
        println!("not run: nothing can be mounted here");
        return;
    }
    let line = "export GUSSET_CACHE_DIR=c; gusset run hello.wat; gusset run --allow-precompiled words.gusset";
    assert_eq!(written(&scratch, &format!("{mounted}{line}'")), "Hello, world!\nwords.gusset\0");
    assert_eq!(entries(&scratch, "c"), left, "it was not written anew");
}

#[test]
fn what_cannot_be_removed_keeps_nothing_else() {
    let scratch = scratch();
    written(&scratch, "GUSSET_CACHE_DIR=c gusset run hello.wat; GUSSET_CACHE_DIR=c gusset run words.wat");
    let name = "0".repeat(64) + ".gusset";
    let line = format!("mkdir -p c/{name}; touch c/{name}/mine; GUSSET_CACHE_DIR=c gusset cache clear");
    let ended = run(&scratch, &line);
    ended.assert_refused(1);
    ended.assert_says(&["removed 2 entries", "and could not remove all", &name]);
    assert!(entries(&scratch, "c").iter().all(|(entry, _)| *entry == name));
    assert!(written(&scratch, "GUSSET_CACHE_DIR=c gusset cache info").contains("entries: 0\n"));
}

#[test]
fn damaged_entries_are_made_anew() {
    let scratch = scratch();
    let line = "GUSSET_CACHE_DIR=c gusset run hello.wat";
    written(&scratch, line);
    let [(name, _)] = &entries(&scratch, "c")[..] else { panic!("there is one entry") };
    let path = scratch.path(&format!("c/{name}"));
    let whole = std::fs::read(&path).expect("it is there");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("it is ours");
    assert_eq!(written(&scratch, line), "Hello, world!\n");
    assert!(std::fs::read(&path).expect("it is there") == whole);
}
