//! Guests use directories while the host swaps these with links that lead out, moves their parents, and moves them out and back. For two
//! seconds, or `GUSSET_RACE_SECONDS`; `--nocapture` shows what came of it.

use super::operations::OPERATIONS;
use super::outside::{Outside, SECRET};
use crate::folder::{CREATE, READ, TestFolder, path, subdirectory};
use gusset_wasi::{Descriptor, Directory, ErrorCode, HostDirectory};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What guests name. Below `way` and `road`, which are directories and links to the outside by turns; through `two`, which is a level higher by
/// turns, and `roving`, which is outside by turns, so that the same `..` lead elsewhere.
const PATHS: &[&str] = &[
    "way/secret",
    "way/new",
    "way/below",
    "way/below/new",
    "way/directory/secret",
    "way/.",
    "road/secret",
    "road/new",
    "road/holding/secret",
    "deep/one/two/three/../../../../outside/secret",
    "deep/one/two/three/../../../../outside/new",
    "deep/one/two/../../../outside/secret",
    "two/three/../../outside/secret",
    "two/three/../../../outside/secret",
    "roving/sub/../../secret",
    "roving/sub/../../new",
    "roving/sub/new",
    "roving/sub/../..",
    "roving/../directory/secret",
];

/// What came of operations: how many were done, and how many refused with each code.
#[derive(Default)]
struct RaceOutcomes {
    done: u64,
    refused: BTreeMap<String, u64>,
}

impl RaceOutcomes {
    fn count(&mut self, refusal: Option<ErrorCode>) {
        match refusal {
            None => self.done += 1,
            Some(code) => *self.refused.entry(format!("{code:?}")).or_default() += 1,
        }
    }

    fn add(&mut self, other: RaceOutcomes) {
        self.done += other.done;
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
    }
}

fn lay_out(folder: &TestFolder) {
    for directory in ["way/below", "road", "deep/one/two/three", "roving/sub", "outside"] {
        folder.make_directory(directory);
    }
    folder.symlink("../outside", "trap");
    folder.symlink(folder.outside("outside"), "pit");
    for file in ["way/secret", "road/secret", "outside/secret", "secret"] {
        folder.write(file, "inside");
    }
}

/// Swaps two names, in one step if the system can.
fn swap(one: &Path, other: &Path) {
    if renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_err() {
        let between = one.with_extension("between");
        fs::rename(one, &between).unwrap();
        fs::rename(other, one).unwrap();
        fs::rename(between, other).unwrap();
    }
}

/// Does something and undoes it until the end; how often.
fn to_and_fro(ended: &AtomicBool, there: impl Fn(), back: impl Fn()) -> u64 {
    let mut count = 0;
    while !ended.load(Ordering::Relaxed) {
        there();
        back();
        count += 1;
    }
    count
}

/// One guest: it does everything to every path, in an order of its own.
struct RacingGuest<'a> {
    directory: HostDirectory,
    outside: &'a Outside,
    random: u64,
    tally: RaceOutcomes,
}

impl RacingGuest<'_> {
    fn below(&mut self, end: usize) -> usize {
        // Xorshift: good enough to mix.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % end as u64) as usize
    }

    fn step(&mut self) {
        let name = PATHS[self.below(PATHS.len())];
        // What operations move and link, and where they leave it.
        let files = ["file", "secret", "way/secret", "road/secret", "outside/secret", "way/below/new"];
        files.iter().for_each(|name| drop(self.directory.open(path(name), CREATE)));
        let _ = self.directory.create_directory(path("empty"));
        let _ = self.directory.unlink_file(path("spare"));
        let _ = self.directory.remove_directory(path("spare"));
        let operation = &OPERATIONS[self.below(OPERATIONS.len())];
        let refusal = operation.refusal(&self.directory, name);
        self.tally.count(refusal);
        self.look(name);
        if let Ok(below) = subdirectory(&self.directory, "roving/sub") {
            // It may be outside by now, but what is beside it is not reached.
            for name in ["../../secret", "../../new", "..", "link/../secret"] {
                let refusal = operation.refusal(&*below, name);
                assert!(refusal.is_some(), "{}: {name}", operation.name);
                self.tally.count(refusal);
            }
            let refusal =
                self.directory.rename(path(name), &*below, path("moved")).err().and_then(|error| error.code());
            self.tally.count(refusal);
        }
    }

    /// Whatever is there to be seen is not of the outside.
    fn look(&mut self, name: &str) {
        if let Ok(metadata) = self.directory.metadata(path(name), true) {
            assert!(!self.outside.has_inode(metadata.inode), "{name} shows the outside");
        }
        let opened = self.directory.open(path(name), READ);
        self.tally.count(opened.as_ref().err().and_then(|error| error.code()));
        match opened {
            Ok(Descriptor::File(file)) => {
                let mut bytes = [0; SECRET.len()];
                let _ = file.read_at(&mut bytes, 0);
                assert!(bytes != SECRET, "{name} was read");
                assert!(!self.outside.has_inode(file.metadata().unwrap().inode), "{name} was opened");
            }
            Ok(Descriptor::Directory(directory)) => {
                let metadata = directory.metadata(path("."), true).unwrap();
                assert!(!self.outside.has_inode(metadata.inode), "{name} was opened");
                let names = directory.entries().into_iter().flatten().flatten();
                names.for_each(|entry| assert!(entry.name != "holding", "{name} was listed"));
            }
            _ => {}
        }
    }
}

#[test]
fn nothing_outside_is_reached_while_the_host_renames() {
    let seconds = std::env::var("GUSSET_RACE_SECONDS").map_or(2, |seconds| seconds.parse().expect("seconds"));
    let folder = TestFolder::new();
    let outside = Outside::lay_out(&folder);
    lay_out(&folder);
    let (ended, swaps, end) =
        (AtomicBool::new(false), AtomicU64::new(0), Instant::now() + Duration::from_secs(seconds));
    let mut tally = RaceOutcomes::default();
    std::thread::scope(|scope| {
        let (ended, swaps, folder, outside) = (&ended, &swaps, &folder, &outside);
        let host = |there: Box<dyn Fn() + Send>, back: Box<dyn Fn() + Send>| {
            scope.spawn(move || swaps.fetch_add(to_and_fro(ended, there, back), Ordering::Relaxed));
        };
        for (directory, link) in [("way", "trap"), ("road", "pit")] {
            let swap = move || swap(&folder.at(directory), &folder.at(link));
            host(Box::new(swap), Box::new(swap));
        }
        for (here, there) in [
            (folder.at("deep/one/two"), folder.at("two")),
            (folder.at("roving"), folder.outside("outside/holding/roving")),
        ] {
            let (from, to) = (here.clone(), there.clone());
            host(
                Box::new(move || fs::rename(&here, &there).unwrap()),
                Box::new(move || fs::rename(&to, &from).unwrap()),
            );
        }
        let guests: Vec<_> = (1..=3)
            .map(|seed| {
                scope.spawn(move || {
                    let directory = HostDirectory::open(folder.at("")).unwrap();
                    let mut guest =
                        RacingGuest { directory, outside, random: seed * 0x9e37_79b9, tally: RaceOutcomes::default() };
                    while Instant::now() < end && !ended.load(Ordering::Relaxed) {
                        guest.step();
                    }
                    guest.tally
                })
            })
            .collect();
        // A guest that fails ends the others, and the host.
        let tallies: Vec<_> = guests.into_iter().map(|guest| guest.join()).collect();
        ended.store(true, Ordering::Relaxed);
        tallies.into_iter().for_each(|guest| tally.add(guest.expect("a guest that was kept inside")));
    });
    outside.check();
    let refused: u64 = tally.refused.values().sum();
    println!("{} done, {refused} refused: {:?}; {} swaps", tally.done, tally.refused, swaps.into_inner());
    assert!(tally.done > 0 && tally.refused.contains_key("NotPermitted"));
}
