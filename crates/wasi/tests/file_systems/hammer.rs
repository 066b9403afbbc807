//! Many threads over one file system: none gets an error that it would not get alone, nobody waits for ever, and nothing is left behind.
//! For a moment, or for `GUSSET_HAMMER_SECONDS`.

use super::script::Session;
use super::worlds::{World, host, memory, overlay};
use gusset_wasi::{Directory, MemoryFileSystem};
use std::sync::Arc;
use std::time::{Duration, Instant};

const THREADS: usize = 64;

/// What a thread does in a directory of its own, where nobody else is.
const ALONE: &str = "
    write x hello = ok
    link x y = ok
    mv y z = ok
    read z = hello
    mkdir s = ok
    mv z s/z = ok
    ls s = z
    hold f rw s/z = file
    rm x = ok
    @f stat = file size=5 links=1
    @f append ! = 1 6
    mkdir t = ok
    rm s/z = ok
    mv s t = ok
    @f read = hello!
    rmdir t = ok
    release f = ok
    ls = empty
";

fn alone(session: &mut Session) {
    for line in ALONE.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (line, expected) = line.split_once(" = ").expect("an expectation");
        assert_eq!(session.run(line), expected, "{line}");
    }
}

/// In the directory that all have: others may be first, and that is the only reason to fail.
fn together(session: &mut Session, thread: usize, round: usize) {
    let [a, b] = [(thread + round) % 5, (thread * 3 + round) % 7];
    for (line, allowed) in [
        (format!("write f{a} text"), &["ok"][..]),
        (format!("open rwcf f{a}"), &["file"]),
        (format!("mkdir d{b}"), &["ok", "Exist"]),
        (format!("mv f{a} f{b}"), &["ok", "NoEntry"]),
        (format!("link f{b} f{a}"), &["ok", "NoEntry", "Exist"]),
        (format!("mv d{b} d{a}"), &["ok", "NoEntry", "NotEmpty"]),
        (format!("mv d{a} d{b}/in"), &["ok", "NoEntry", "NotEmpty", "Invalid"]),
        (format!("mv d{b}/in d{a}"), &["ok", "NoEntry", "NotEmpty"]),
        (format!("rmdir d{a}/in"), &["ok", "NoEntry", "NotEmpty"]),
        (format!("rmdir d{a}"), &["ok", "NoEntry", "NotEmpty"]),
        (format!("rm f{b}"), &["ok", "NoEntry"]),
    ] {
        let result = session.run(&line);
        assert!(allowed.contains(&result.as_str()), "{line}: {result}");
    }
    session.run("ls");
}

fn directory(root: &dyn Directory, name: &str) -> Arc<dyn Directory> {
    let path = gusset_wasi::RelativePath::new(name).expect("a path");
    root.create_directory(path).expect("it is made");
    match root.open(path, super::script::options("d")).expect("it opens") {
        gusset_wasi::Descriptor::Directory(directory) => directory,
        _ => panic!("no directory"),
    }
}

fn end() -> Instant {
    let seconds = std::env::var("GUSSET_HAMMER_SECONDS").ok().and_then(|text| text.parse().ok());
    Instant::now() + seconds.map_or(Duration::from_millis(300), Duration::from_secs)
}

fn hammer(world: &World) {
    let end = end();
    let shared = directory(&*world.root, "shared");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let own = directory(&*world.root, &format!("own{thread}"));
            let shared = shared.clone();
            scope.spawn(move || {
                let (mut own, mut shared) = (Session::new(own), Session::new(shared));
                for round in 0.. {
                    alone(&mut own);
                    together(&mut shared, thread, round);
                    if Instant::now() > end {
                        break;
                    }
                }
            });
        }
    });
    remove_all(&mut Session::new(world.root.clone()), "");
}

fn remove_all(session: &mut Session, at: &str) {
    let listing = session.run(&format!("ls {}", if at.is_empty() { "." } else { at }));
    for name in listing.split(' ').filter(|name| *name != "empty") {
        let path = format!("{at}{}", name.trim_end_matches('/'));
        if name.ends_with('/') {
            remove_all(session, &format!("{path}/"));
            assert_eq!(session.run(&format!("rmdir {path}")), "ok", "{path}");
        } else {
            assert_eq!(session.run(&format!("rm {path}")), "ok", "{path}");
        }
    }
}

#[test]
fn files_in_memory() {
    let files = MemoryFileSystem::new();
    let empty = files.used();
    hammer(&World::of(files.root()));
    assert_eq!(files.used(), empty);
}

#[test]
fn an_overlay() {
    hammer(&overlay(memory()));
}

#[test]
fn the_host() {
    hammer(&host());
}

/// What the lower layer has is copied, moved and removed by all at the same time.
#[test]
fn an_overlay_whose_files_are_copied() {
    let lower = memory();
    let text = "0123456789".repeat(30_000);
    let mut below = Session::new(lower.root.clone());
    for name in 0..200 {
        assert_eq!(below.run(&format!("write f{name} {text}")), "ok");
    }
    let whole = below.run("read f0");
    let layers = overlay(lower);
    let end = end();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (mut session, whole) = (Session::new(layers.root.clone()), &whole);
            scope.spawn(move || {
                for round in 0.. {
                    let [a, b] = [(round / 3) % 200, (round / 3 + thread % 2) % 200];
                    for (line, allowed) in [
                        (format!("open w f{a}"), &["file", "NoEntry"][..]),
                        (format!("touch f{b} 5,5"), &["ok", "NoEntry"]),
                        (format!("link f{a} g{b}"), &["ok", "NoEntry", "Exist"]),
                        (format!("mv f{b} f{a}"), &["ok", "NoEntry"]),
                        (format!("read f{a}"), &[whole, "NoEntry"]),
                        (format!("rm f{b}"), &["ok", "NoEntry"]),
                        (format!("rm g{a}"), &["ok", "NoEntry"]),
                    ] {
                        let result = session.run(&line);
                        assert!(allowed.contains(&result.as_str()), "{line}: {}", &result[..result.len().min(100)]);
                    }
                    if Instant::now() > end {
                        break;
                    }
                }
            });
        }
    });
    remove_all(&mut Session::new(layers.root.clone()), "");
    assert_eq!(below.run("ls").split(' ').count(), 200, "the lower layer is as it was");
}
