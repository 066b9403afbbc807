//! What lies outside of a guest's directory, and that it is as it was.

use crate::folder::TestFolder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, FileTimes};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What the canaries hold, which nothing inside does.
pub const SECRET: &[u8] = b"only the host reads this";

const DIRECTORIES: [&str; 3] = ["outside", "outside/directory", "outside/holding"];

/// Canaries beside what guests are given: a `secret` in `outside`, in `outside/directory` and in `outside/holding`, to which the host moves a
/// directory of the inside and back.
pub struct Outside {
    root: PathBuf,
    before: BTreeMap<PathBuf, Canary>,
}

/// What is known of one without opening it.
#[derive(PartialEq, Eq, Debug)]
struct Canary {
    inode: u64,
    mode: u32,
    size: u64,
    links: u64,
    /// Times of access, modification and change.
    times: [(i64, i64); 3],
}

impl Outside {
    pub fn lay_out(folder: &TestFolder) -> Outside {
        let root = folder.outside("");
        for directory in DIRECTORIES {
            fs::create_dir(root.join(directory)).unwrap();
            fs::write(root.join(directory).join("secret"), SECRET).unwrap();
        }
        // A system that keeps times of access only roughly keeps the first one after a change: so nothing was accessed since it was changed.
        let of = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
        for path in canaries(&root) {
            let times = FileTimes::new().set_accessed(of(10_000)).set_modified(of(10_001));
            fs::File::open(path).unwrap().set_times(times).unwrap();
        }
        let before = look(&root);
        Outside { root, before }
    }

    /// Nothing is looked at but names and times, so that it can be asked again.
    #[track_caller]
    pub fn is_untouched(&self, after: impl FnOnce() -> String) {
        let now = look(&self.root);
        assert!(now == self.before, "after {}: {now:#?} was {:#?}", after(), self.before);
    }

    /// Everything, once.
    pub fn check(&self) {
        self.is_untouched(|| "all".to_owned());
        let mut found = BTreeSet::new();
        walk(&self.root.join("outside"), &mut found);
        assert_eq!(found, canaries(&self.root).collect());
        for path in found.iter().filter(|path| path.is_file()) {
            assert_eq!(fs::read(path).unwrap(), SECRET, "{path:?}");
        }
        let around = fs::read_dir(&self.root).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(around.collect::<BTreeSet<_>>(), ["inside", "outside"].map(Into::into).into());
    }

    pub fn has_inode(&self, inode: u64) -> bool {
        self.before.values().any(|canary| canary.inode == inode)
    }
}

fn canaries(root: &Path) -> impl Iterator<Item = PathBuf> {
    DIRECTORIES.into_iter().map(|directory| root.join(directory)).flat_map(|path| [path.join("secret"), path])
}

fn look(root: &Path) -> BTreeMap<PathBuf, Canary> {
    let look = |path: PathBuf| {
        let stat = fs::symlink_metadata(&path).unwrap();
        let (accessed, modified) = ((stat.atime(), stat.atime_nsec()), (stat.mtime(), stat.mtime_nsec()));
        let mut canary = Canary {
            inode: stat.ino(),
            mode: stat.mode(),
            size: stat.size(),
            links: stat.nlink(),
            times: [accessed, modified, (stat.ctime(), stat.ctime_nsec())],
        };
        if path.ends_with("holding") {
            // The host itself moves a directory there and back.
            (canary.size, canary.links, canary.times) = (0, 0, [accessed, (0, 0), (0, 0)]);
        }
        (path, canary)
    };
    canaries(root).map(look).collect()
}

fn walk(path: &Path, found: &mut BTreeSet<PathBuf>) {
    found.insert(path.to_owned());
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), found);
        }
    }
}
