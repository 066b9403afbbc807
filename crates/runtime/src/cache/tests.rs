//! The directory of a cache by itself: entries here are any bytes. That what is compiled comes back right is tested from outside.

use super::*;
use crate::error::Error;
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, mknodat, utimensat};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use tempfile::TempDir;

/// A directory for one test, and the caches that it has in there.
struct CacheScratch(TempDir);

impl CacheScratch {
    fn new() -> CacheScratch {
        CacheScratch(tempfile::tempdir().expect("a temporary directory can be made"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    fn cache(&self, limit: u64) -> Cache {
        Cache::new(CacheConfig::new().with_directory(self.path()).with_size_limit(limit)).expect("a directory is given")
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(self.path()).expect("the directory is there");
        let mut names: Vec<String> =
            files.map(|file| file.expect("readable").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }

    /// Says that the entry of `number` was used so many seconds after a day in 2020.
    fn used_at(&self, number: u8, seconds: i64) {
        let time = Timespec { tv_sec: 1_600_000_000 + seconds, tv_nsec: 0 };
        let times = Timestamps { last_access: time, last_modification: time };
        let path = self.path().join(key(number).file_name());
        utimensat(CWD, &path, &times, AtFlags::empty()).expect("the entry is there");
    }
}

fn key(number: u8) -> CacheKey {
    CacheKey::new("settings", &[number]).expect("the build can be told")
}

/// What an entry holds; an error if that is not `number`, over and over.
fn read(cache: &Cache, number: u8) -> Option<usize> {
    cache.load(&key(number), |file| {
        let (mut bytes, (file, length)) = (Vec::new(), file.into_parts());
        file.take(length).read_to_end(&mut bytes)?;
        match bytes.iter().all(|byte| *byte == number) {
            true => Ok(bytes.len()),
            false => Err(NotAnEntry::error("the bytes are others")),
        }
    })
}

fn store(cache: &Cache, number: u8, length: usize) {
    cache.store(&key(number), || Ok(vec![number; length]));
}

/// The bytes of a file in which so many are stored.
fn sized(length: u64) -> u64 {
    length + CacheKey::SIZE as u64
}

#[test]
fn what_was_stored_is_found() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    assert_eq!(read(&cache, 1), None);
    assert!(!scratch.path().exists(), "looking makes nothing");
    store(&cache, 1, 1000);
    assert_eq!(read(&cache, 1), Some(1000));
    assert_eq!(read(&cache, 2), None);
    assert_eq!(read(&scratch.cache(1 << 20), 1), Some(1000));
    let stats = CacheStats { hits: 1, misses: 2, stored: 1, damaged: 0, problems: 0 };
    assert_eq!((cache.stats(), cache.last_problem()), (stats, None));
    assert_eq!(cache.usage().expect("it can be read"), CacheUsage { entries: 1, bytes: sized(1000) });
    let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o7777;
    assert_eq!(mode(&scratch.path()), 0o700);
    assert_eq!(mode(&scratch.path().join(key(1).file_name())), 0o600);
    let mut names = ["CACHEDIR.TAG".into(), key(1).file_name(), "lock".into()];
    names.sort();
    assert_eq!(scratch.names(), names);
}

#[test]
fn keys_differ_in_each_part() {
    let key = |identity, wasm: &[u8]| CacheKey::new(identity, wasm).expect("the build can be told");
    let first = key("ab", b"cd");
    assert_eq!(first, key("ab", b"cd"));
    assert_ne!(first, key("abc", b"d"));
    assert_ne!(first, key("ab", b"ce"));
    assert_ne!(first, key("aa", b"cd"));
}

#[test]
fn the_least_recently_used_goes_first() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(8 * sized(100));
    for number in 0..8 {
        store(&cache, number, 100);
        scratch.used_at(number, i64::from(number));
    }
    assert_eq!(cache.usage().expect("it can be read").entries, 8, "the limit may be reached");
    // Use counts, not what was written last.
    assert_eq!(read(&cache, 0), Some(100));
    assert_eq!(read(&cache, 2), Some(100));
    store(&cache, 8, 100);
    // One more than the limit and an eighth of it are two.
    let kept: Vec<u8> = (0..9).filter(|number| scratch.path().join(key(*number).file_name()).exists()).collect();
    assert_eq!(kept, [0, 2, 4, 5, 6, 7, 8]);
    assert_eq!(cache.stats().problems, 0);
}

#[test]
fn the_limit_holds_and_what_is_larger_is_not_kept() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(sized(1000));
    store(&cache, 1, 1001);
    assert_eq!(read(&cache, 1), None);
    store(&cache, 1, 1000);
    assert_eq!(read(&cache, 1), Some(1000));
    scratch.used_at(1, 0);
    store(&cache, 2, 950);
    assert_eq!((read(&cache, 1), read(&cache, 2)), (None, Some(950)));
    for number in 3..200 {
        store(&cache, number, usize::from(number) * 4);
        let bytes = cache.usage().expect("it can be read").bytes;
        assert!(bytes <= sized(1000), "{bytes} after {number}");
    }
    let stats = cache.stats();
    assert_eq!((stats.stored, stats.problems), (199, 0));
    store(&scratch.cache(0), 201, 1);
    assert_eq!(read(&cache, 201), None);
}

#[test]
fn many_entries_are_not_counted_at_each_write() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 30);
    store(&cache, 1, 100);
    let headroom = cache.0.headroom.load(Relaxed);
    assert_eq!(headroom, ((1 << 30) - sized(100)) / PART_BEFORE_COUNTING);
    store(&cache, 2, 100);
    assert_eq!(cache.0.headroom.load(Relaxed), headroom - sized(100));
}

#[test]
fn what_is_damaged_is_removed() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    let path = scratch.path().join(key(1).file_name());
    store(&cache, 1, 1000);
    let others = [&[1, 1, 2, 1][..], key(1).bytes()].concat();
    for (bytes, words) in [
        (&*others, "the bytes are others"),
        (&[1; 1000], "the key at its end is not the one that it is named for"),
        (&[1; 31], "it is shorter than a key"),
        (&[], "it is shorter than a key"),
    ] {
        fs::write(&path, bytes).expect("it can be written");
        assert_eq!(read(&cache, 1), None);
        assert!(!path.exists());
        let problem = cache.last_problem().expect("there was one");
        assert!(problem.starts_with("removed ") && problem.contains(words), "{problem}");
    }
    let stats = CacheStats { hits: 0, misses: 4, stored: 1, damaged: 4, problems: 4 };
    assert_eq!(cache.stats(), stats);
    store(&cache, 1, 1000);
    assert_eq!(read(&cache, 1), Some(1000));
}

#[test]
fn an_entry_under_the_name_of_another_one_is_not_read() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    store(&cache, 1, 10);
    store(&cache, 2, 10);
    let path = |number| scratch.path().join(key(number).file_name());
    fs::rename(path(2), path(1)).expect("both are ours");
    assert_eq!(cache.load(&key(1), |_| Ok(())), None);
    assert!(!path(1).exists());
    assert_eq!(cache.stats().damaged, 1);
}

#[test]
fn an_entry_stays_when_something_else_is_wrong() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    store(&cache, 1, 10);
    for errno in [Errno::MFILE, Errno::NOMEM, Errno::IO, Errno::STALE, Errno::AGAIN, Errno::ACCESS] {
        let failed = cache.load(&key(1), |_| -> Result<()> { Err(Error::from(errno).context("mapping a file")) });
        assert_eq!(failed, None);
        let problem = cache.last_problem().expect("there was one");
        assert!(problem.starts_with("cannot use ") && problem.contains("mapping a file"), "{problem}");
    }
    assert_eq!(read(&cache, 1), Some(10));
    let stats = CacheStats { hits: 1, misses: 6, stored: 1, damaged: 0, problems: 6 };
    assert_eq!(cache.stats(), stats);
}

#[test]
fn what_is_no_file_of_ours_is_not_read() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    let (path, elsewhere) = (scratch.path().join(key(1).file_name()), scratch.0.path().join("elsewhere"));
    fs::write(&elsewhere, [1; 10]).expect("it can be written");
    let refused = |words: &str| {
        assert_eq!(read(&cache, 1), None, "{words}");
        let problem = cache.last_problem().expect("there was one");
        assert!(problem.contains(words), "{problem}");
        assert!(!path.exists() && !path.is_symlink(), "{words}");
    };
    store(&cache, 2, 10);
    symlink(&elsewhere, &path).expect("links can be made");
    refused("cannot open the cache's file");
    assert!(elsewhere.exists());
    // Nobody writes to it, and nobody waits for that.
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("pipes can be made");
    refused("is no file");
    fs::copy(&elsewhere, &path).expect("it can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("it is ours");
    refused("others may write to it (its mode is 0666)");
    fs::create_dir(&path).expect("directories can be made");
    refused("is no file");
    assert_eq!(cache.stats().damaged, 4);
    // What is in a directory is none of ours.
    fs::create_dir(&path).expect("directories can be made");
    fs::write(path.join("notes.txt"), "mine").expect("it can be written");
    assert_eq!(read(&cache, 1), None);
    store(&cache, 1, 10);
    assert!(cache.last_problem().is_some_and(|problem| problem.contains("cannot write the cache's file")));
    assert_eq!(cache.stats().damaged, 4, "it is still there");
    assert_eq!(cache.usage().expect("it can be read").entries, 1);
    assert!(scratch.names().iter().all(|name| !name.ends_with(".tmp")), "{:?}", scratch.names());
    // It keeps nothing else from being removed.
    let error = format!("{:#}", cache.clear().expect_err("it cannot be removed"));
    assert!(error.starts_with(&format!("removed 1 entries, {} bytes, and could not remove all", sized(10))), "{error}");
    assert!(error.contains(&key(1).file_name()), "{error}");
    assert_eq!(cache.usage().expect("it can be read").entries, 0);
    assert!(path.join("notes.txt").exists());
}

#[test]
fn a_directory_that_others_can_write_to_is_not_used() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    cache.check().expect("it can be made");
    store(&cache, 1, 10);
    let set = |mode| fs::set_permissions(scratch.path(), fs::Permissions::from_mode(mode)).expect("it is ours");
    for mode in [0o777, 0o770, 0o702, 0o1777] {
        set(mode);
        assert_eq!(read(&cache, 1), None);
        store(&cache, 2, 10);
        let error = format!("{:#}", cache.check().expect_err("it is not private"));
        assert!(error.ends_with(&format!("is not used: others may write to it (its mode is {mode:04o})")), "{error}");
        assert!(cache.usage().is_err() && cache.clear().is_err());
    }
    // Others may look at names and sizes; the files are not theirs to read.
    set(0o755);
    assert_eq!((read(&cache, 1), read(&cache, 2)), (Some(10), None));
    assert_eq!(cache.stats().problems, 8);
}

#[test]
fn a_directory_of_somebody_else_is_not_used() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    store(&cache, 1, 10);
    if chown(scratch.path(), Some(12345), None).is_err() {
        println!("not run: this is not root, who alone can give a directory away");
        return;
    }
    assert_eq!(read(&cache, 1), None);
    let error = format!("{:#}", cache.check().expect_err("it is somebody else's"));
    assert!(error.ends_with("is not used: it belongs to user 12345, and this is user 0"), "{error}");
    chown(scratch.path(), Some(0), None).expect("it was ours");
    let path = scratch.path().join(key(1).file_name());
    chown(&path, Some(12345), None).expect("it is ours");
    assert_eq!(read(&cache, 1), None);
    assert!(!path.exists());
}

#[test]
fn a_directory_that_cannot_be_used_costs_nothing_but_time() {
    let scratch = CacheScratch::new();
    let file = scratch.0.path().join("file");
    fs::write(&file, "no directory").expect("it can be written");
    symlink(scratch.0.path(), scratch.path()).expect("links can be made");
    for (path, words) in [
        (file.clone(), "cannot open the cache's directory"),
        (file.join("below"), "cannot open the cache's directory"),
        (scratch.path(), "is a symbolic link, which is not followed"),
        ("/proc/no-such-directory".into(), "cannot make the cache's directory"),
        ("/dev/null".into(), "cannot open the cache's directory"),
    ] {
        let cache = Cache::new(CacheConfig::new().with_directory(&path)).expect("a directory is given");
        assert_eq!(read(&cache, 1), None);
        store(&cache, 1, 10);
        let error = format!("{:#}", cache.check().expect_err("it cannot be used"));
        assert!(error.contains(words), "{error}");
        assert_eq!(cache.last_problem(), Some(error));
        assert_eq!(cache.stats().stored, 0);
        assert!(cache.usage().is_err(), "{}", path.display());
    }
    assert_eq!(fs::read(&file).expect("it is there"), b"no directory");
}

#[test]
fn to_ask_what_is_there_makes_nothing() {
    let scratch = CacheScratch::new();
    let path = scratch.0.path().join("some/where/below");
    let cache = Cache::new(CacheConfig::new().with_directory(&path)).expect("a directory is given");
    assert_eq!(cache.usage().expect("it can be made"), CacheUsage::default());
    assert_eq!(cache.clear().expect("nothing is there"), CacheUsage::default());
    assert_eq!(fs::read_dir(scratch.0.path()).expect("it is ours").count(), 0);
}

#[test]
fn the_tag_is_whole_or_made_anew() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    store(&cache, 1, 10);
    let path = scratch.path().join("CACHEDIR.TAG");
    let tag = fs::read(&path).expect("it is there");
    assert!(tag.starts_with(b"Signature: 8a477f597d28d172789f06886806bc55"));
    // As a full disk leaves it.
    for damaged in [&b""[..], &tag[..10]] {
        fs::write(&path, damaged).expect("it is ours");
        store(&cache, 2, 10);
        assert_eq!(fs::read(&path).expect("it is there"), tag);
    }
    // Somebody may have said more in it.
    let longer = [&tag[..], b"# mine\n"].concat();
    fs::write(&path, &longer).expect("it is ours");
    store(&cache, 2, 10);
    assert_eq!(fs::read(&path).expect("it is there"), longer);
}

#[test]
fn a_directory_that_goes_away_is_made_anew() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1 << 20);
    store(&cache, 1, 10);
    fs::remove_dir_all(scratch.path()).expect("it is ours");
    assert_eq!(read(&cache, 1), None);
    store(&cache, 1, 10);
    assert_eq!(read(&cache, 1), Some(10));
    assert_eq!(cache.stats().problems, 0);
}

#[test]
fn only_what_is_a_caches_is_removed() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(1000);
    store(&cache, 1, 100);
    let temporary = |digit: &str| format!("{}.{}.tmp", key(1).file_name(), digit.repeat(16));
    let path = |name: &str| scratch.path().join(name);
    for name in ["notes.txt", "precious.gusset", &temporary("a"), &temporary("b")] {
        fs::write(path(name), [0; 2000]).expect("it can be written");
    }
    symlink(path("notes.txt"), path(&temporary("c"))).expect("links can be made");
    // Somebody is still writing this one.
    let written = File::open(path(&temporary("b"))).expect("it is there");
    written.try_lock().expect("nobody has it");
    cache.0.headroom.store(0, Relaxed);
    store(&cache, 2, 100);
    assert!(!path(&temporary("a")).exists() && !path(&temporary("c")).is_symlink());
    assert!(path(&temporary("b")).exists());
    assert_eq!((read(&cache, 1), read(&cache, 2)), (Some(100), Some(100)), "what is no entry does not count");
    symlink(path("notes.txt"), path(&temporary("d"))).expect("links can be made");
    assert_eq!(cache.clear().expect("it can be removed"), CacheUsage { entries: 2, bytes: 2 * sized(100) });
    assert!(path(&temporary("b")).exists());
    drop(written);
    assert_eq!(cache.clear().expect("it can be removed"), CacheUsage::default());
    assert_eq!(scratch.names(), ["CACHEDIR.TAG", "lock", "notes.txt", "precious.gusset"]);
    assert_eq!(cache.stats().problems, 0);
}

#[test]
fn one_process_removes_at_a_time() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(sized(1000));
    store(&cache, 1, 600);
    let lock = File::open(scratch.path().join("lock")).expect("it is there");
    lock.try_lock().expect("nobody has it");
    cache.0.headroom.store(0, Relaxed);
    store(&cache, 2, 600);
    assert_eq!((read(&cache, 1), read(&cache, 2)), (Some(600), Some(600)), "nobody waits");
    drop(lock);
    scratch.used_at(2, 0);
    store(&cache, 3, 100);
    assert_eq!((read(&cache, 1), read(&cache, 2), read(&cache, 3)), (Some(600), None, Some(100)));
}

#[test]
fn threads_share_a_cache() {
    let scratch = CacheScratch::new();
    let cache = scratch.cache(20_000);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for number in 0..100 {
                    store(&cache, number, 1000);
                    assert!(matches!(read(&cache, number), None | Some(1000)));
                }
            });
        }
    });
    let stats = cache.stats();
    assert_eq!((stats.damaged, stats.hits + stats.misses), (0, 800), "{:?}", cache.last_problem());
    assert_eq!(stats.stored + stats.problems, 800, "{:?}", cache.last_problem());
}
