//! Processes that share a directory, some of which are killed while they write: each answer is right, nothing is damaged, and nothing is
//! left behind. `GUSSET_CACHE_SECONDS` makes it longer.

use super::{SharedDirectory, compiled_answer};
use gusset::{Cache, CacheConfig, CacheStats, Config, Engine};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Tells a process of this test where the cache lies, and thereby what it is.
const DIRECTORY_VARIABLE: &str = "GUSSET_TEST_CACHE_DIRECTORY";

/// How many processes there are at once.
const PROCESSES: usize = 8;

/// How many modules there are.
const MODULES: u32 = 24;

/// How many entries there is room for: fewer than there are modules, so that entries come and go.
const ENTRIES: u64 = 10;

/// A number that nobody can foretell.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}

fn seconds() -> u64 {
    std::env::var("GUSSET_CACHE_SECONDS").map_or(2, |text| text.parse().expect("a number of seconds"))
}

/// How many bytes the entries of a module have.
fn bytes_of_an_entry() -> u64 {
    let scratch = SharedDirectory::new();
    compiled_answer(&scratch.engine().0, 1);
    fs::metadata(scratch.entry()).expect("it is there").len()
}

fn cache(directory: &str, limit: u64) -> Cache {
    Cache::new(CacheConfig::new().with_directory(directory).with_size_limit(limit)).expect("a directory is given")
}

fn engine(cache: &Cache) -> Engine {
    Engine::new(Config::new().cache(Some(cache.clone()))).expect("the settings are supported")
}

/// What the processes do: they ask for modules, in any order, until the time is over.
#[test]
fn a_process_asks_for_modules() {
    // In an ordinary run of all tests this is none of these processes.
    let Ok(directory) = std::env::var(DIRECTORY_VARIABLE) else { return };
    let limit = ENTRIES * bytes_of_an_entry();
    let (start, mut asked) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(seconds()) {
        // Each time as one that has just been started.
        let cache = cache(&directory, limit);
        let engine = engine(&cache);
        for _ in 0..8 {
            let number = (random() % u64::from(MODULES)) as u32;
            assert_eq!(compiled_answer(&engine, number), number);
            asked += 1;
        }
        let CacheStats { damaged, .. } = cache.stats();
        assert_eq!(damaged, 0, "{:?}", cache.last_problem());
    }
    println!("{asked} modules");
}

fn start(directory: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("the system tells"));
    command.args(["--exact", "cache::processes::a_process_asks_for_modules", "--nocapture"]);
    command.env(DIRECTORY_VARIABLE, directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command.spawn().expect("processes can be started")
}

#[test]
fn processes_that_are_killed_leave_nothing_that_is_wrong() {
    if std::env::var_os(DIRECTORY_VARIABLE).is_some() {
        return;
    }
    let scratch = SharedDirectory::new();
    let directory = scratch.path().to_str().expect("it is text").to_string();
    let mut children: Vec<Child> = (0..PROCESSES).map(|_| start(&directory)).collect();
    let (begin, mut killed) = (Instant::now(), 0);
    while begin.elapsed() < Duration::from_secs(seconds()) {
        std::thread::sleep(Duration::from_millis(20 + random() % 100));
        let child = &mut children[random() as usize % PROCESSES];
        if child.try_wait().expect("it is ours").is_none() {
            child.kill().expect("it is ours");
            killed += 1;
        }
        let status = child.wait().expect("it is ours");
        assert!(status.success() || status.code().is_none(), "{status}: an answer was wrong, or something damaged");
        *child = start(&directory);
    }
    assert!(killed > 0);
    for mut child in children {
        assert!(child.wait().expect("it is ours").success(), "an answer was wrong, or something damaged");
    }

    let limit = ENTRIES * bytes_of_an_entry();
    let cache = cache(&directory, limit);
    let engine = engine(&cache);
    for number in (0..MODULES).rev() {
        assert_eq!(compiled_answer(&engine, number), number);
    }
    // Whoever first writes sees to the size, and what was asked for last is there.
    assert_eq!([(); 2].map(|()| compiled_answer(&engine, MODULES)), [MODULES; 2]);
    let stats = cache.stats();
    assert!(stats.hits > 0 && stats.stored > 0, "{stats:?}");
    assert_eq!(stats.hits + stats.misses, u64::from(MODULES) + 2, "{stats:?}");
    assert_eq!((stats.damaged, stats.problems), (0, 0), "{:?}", cache.last_problem());
    assert!(cache.usage().expect("it can be read").bytes <= limit);
    let names: Vec<_> =
        fs::read_dir(&directory).expect("it is there").map(|file| file.expect("readable").file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{names:?}");
}
