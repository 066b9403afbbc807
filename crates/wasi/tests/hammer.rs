//! 64 threads with a store each, over one file system in memory and one directory of the host's: nobody gets an error that it would not get
//! alone, nothing is lost. For a second, or `GUSSET_HAMMER_SECONDS`; `--nocapture` shows how much was done.

mod worker;

use crate::folder::{TestFolder, names};
use gusset_wasi::{Directory, MemoryFileSystem};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use worker::{RECORD, Worker};

const THREADS: u32 = 64;

/// What all threads have.
struct HammeredFiles {
    files: MemoryFileSystem,
    folder: TestFolder,
    /// How many threads hold the lock file of each file system, which is to be one at most.
    holders: [AtomicU32; 2],
    ended: AtomicBool,
}

impl HammeredFiles {
    fn new() -> HammeredFiles {
        let (files, folder) = (MemoryFileSystem::new(), TestFolder::new());
        files.create_directory_all("shared").unwrap();
        folder.make_directory("shared");
        HammeredFiles { files, folder, holders: Default::default(), ended: AtomicBool::new(false) }
    }

    fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// How many descriptors of this process are of something below a folder.
fn descriptors_below(folder: &Path) -> usize {
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap();
    // One that is closed meanwhile is of another test.
    descriptors
        .flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok())
        .filter(|to| to.starts_with(folder))
        .count()
}

/// Each record of each thread is in the log once.
fn check_log(log: &[u8], rounds: &[u32]) {
    let records: Vec<&[u8]> = log.chunks(RECORD).collect();
    assert_eq!(records.len() as u32, rounds.iter().sum::<u32>());
    let found: BTreeSet<&[u8]> = records.into_iter().collect();
    for (thread, &rounds) in rounds.iter().enumerate() {
        for round in 0..rounds {
            let record = worker::record(thread as u32, round);
            assert!(found.contains(record.as_bytes()), "{record} is lost");
        }
    }
}

fn check_directory(root: &dyn Directory) {
    let expected: BTreeSet<String> = (0..THREADS).map(|thread| format!("own-{thread}")).collect();
    let found: BTreeSet<String> = names(root).into_iter().filter(|name| name != "log" && name != "shared").collect();
    assert_eq!(found, expected);
    for name in expected.iter().map(String::as_str).chain(["shared"]) {
        let directory = crate::folder::subdirectory(root, name).unwrap();
        assert_eq!(names(&*directory), [""; 0], "{name}");
    }
}

#[test]
fn many_guests_use_the_same_files() {
    let seconds = std::env::var("GUSSET_HAMMER_SECONDS").map_or(1, |seconds| seconds.parse().expect("seconds"));
    let shared = HammeredFiles::new();
    let below = shared.folder.at("");
    let before = descriptors_below(&below);
    assert_eq!(before, 1, "the test's own");
    let rounds: Vec<u32> = std::thread::scope(|scope| {
        let shared = &shared;
        let workers: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || Worker::new(shared, thread).run())).collect();
        // A worker that fails ends the others.
        for _ in 0..seconds * 100 {
            std::thread::sleep(Duration::from_millis(10));
            if workers.iter().any(|worker| worker.is_finished()) {
                break;
            }
        }
        shared.ended.store(true, Ordering::Relaxed);
        workers.into_iter().map(|worker| worker.join().expect("a worker that got what it asked for")).collect()
    });
    assert_eq!(descriptors_below(&below), before);
    check_log(&shared.files.read("log").unwrap(), &rounds);
    check_log(&std::fs::read(shared.folder.at("log")).unwrap(), &rounds);
    check_directory(&shared.files.root());
    check_directory(&shared.folder.inside);
    println!("{} rounds over two file systems by {THREADS} threads", rounds.iter().sum::<u32>());
}
