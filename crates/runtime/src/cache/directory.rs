//! The directory of a cache: its files are reached through a descriptor that was checked, and never through links. An entry is there
//! whole or not at all, unless the system lost what was written; so whoever reads one checks it.

use super::CacheUsage;
use crate::error::{Context, Error, Result, bail};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, open, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use rustix::process::{Resource, geteuid, getrlimit};
use std::fs::{DirBuilder, File, FileTimes};
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What names of entries end with.
pub(super) const ENTRY_SUFFIX: &str = ".gusset";

/// What names of files end with that are being written.
const TEMPORARY_SUFFIX: &str = ".tmp";

/// The length of a key in hexadecimal.
const KEY_LENGTH: usize = 64;

/// The file that is locked by who removes entries.
const LOCK_NAME: &str = "lock";

/// By which programs that make backups know a cache, and what has to stand in it: <https://bford.info/cachedir/>.
const TAG_NAME: &str = "CACHEDIR.TAG";
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n";

/// The time of an entry that was used is set only if it is older: which of two entries was used last matters by the day.
const TIME_BETWEEN_MARKS: Duration = Duration::from_secs(15 * 60);

/// How a file in the directory is opened, whatever for.
const ALWAYS: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// A directory that this user alone can write to.
pub(super) struct CacheDirectory(OwnedFd);

/// The files of a cache.
#[derive(Default)]
pub(super) struct CacheListing {
    pub(super) entries: Vec<CacheEntry>,
    /// What is being written, or was, by a process that is not there any more.
    pub(super) temporary: Vec<String>,
}

/// An entry, as a listing has it.
pub(super) struct CacheEntry {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// When it was used last, in seconds and nanoseconds.
    pub(super) used: (i64, i64),
}

/// The file of an entry, which is this user's alone: it was renamed when it was whole, and is never changed after that.
pub(crate) struct CachedFile {
    file: File,
    status: Stat,
}

impl CachedFile {
    /// The file.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// Notes that the entry was used, unless that was noted a short while ago. In a directory that cannot be written it is not.
    pub(super) fn mark_used(&self) {
        let marked = Duration::from_secs(self.status.st_mtime.try_into().unwrap_or(0));
        let now = SystemTime::now();
        let age = now.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|now| now.checked_sub(marked));
        // One that seems to come from the future would never be removed.
        if age.is_none_or(|age| age > TIME_BETWEEN_MARKS) {
            let _ = self.file.set_times(FileTimes::new().set_modified(now));
        }
    }
}

impl CacheListing {
    pub(super) fn usage(&self) -> CacheUsage {
        let bytes = self.entries.iter().map(|entry| entry.bytes).sum();
        CacheUsage { entries: self.entries.len() as u64, bytes }
    }
}

impl CacheDirectory {
    /// The directory at `path`; none if nothing is there.
    ///
    /// # Errors
    ///
    /// When there is something else, it cannot be opened, or others can write to it.
    pub(super) fn open(path: &Path) -> Result<Option<CacheDirectory>> {
        let shown = path.display();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = match open(path, flags, Mode::empty()) {
            Ok(directory) => directory,
            Err(Errno::NOENT) => return Ok(None),
            Err(_) if path.is_symlink() => {
                bail!("the cache's directory {shown} is a symbolic link, which is not followed")
            }
            Err(error) => return Err(Error::from(error).context(format!("cannot open the cache's directory {shown}"))),
        };
        let status = fstat(&directory).with_context(|| format!("cannot look at the cache's directory {shown}"))?;
        check_owner(&status).with_context(|| format!("the cache's directory {shown} is not used"))?;
        Ok(Some(CacheDirectory(directory)))
    }

    /// The same, made for this user alone if nothing is there.
    pub(super) fn create(path: &Path) -> Result<CacheDirectory> {
        if let Some(directory) = CacheDirectory::open(path)? {
            return Ok(directory);
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.with_context(|| format!("cannot make the cache's directory {}", path.display()))?;
        let directory = CacheDirectory::open(path)?.context("the cache's directory was removed")?;
        // Whoever comes second finds it there, and a cache without it is one all the same.
        let _ = directory.make(TAG_NAME).and_then(|mut file| Ok(file.write_all(TAG)?));
        Ok(directory)
    }

    /// The entry of that name, to be read.
    pub(super) fn entry(&self, name: &str) -> Result<Option<CachedFile>> {
        let file = match openat(&self.0, name, OFlags::RDONLY | ALWAYS, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(Error::from(error).context(format!("cannot open the cache's file {name}"))),
        };
        let status = fstat(&file).with_context(|| format!("cannot look at the cache's file {name}"))?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            bail!("the cache's file {name} is no file");
        }
        check_owner(&status).with_context(|| format!("the cache's file {name} is not used"))?;
        Ok(Some(CachedFile { file: File::from(file), status }))
    }

    /// Writes an entry: under another name first, so that nobody sees a part of it.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        // Whoever writes beyond that limit gets a signal, which ends most programs.
        if getrlimit(Resource::Fsize).current.is_some_and(|limit| limit < bytes.len() as u64) {
            bail!("cannot write {} bytes into a file of the cache: the process may not write so many", bytes.len());
        }
        let temporary = format!("{name}.{:016x}{TEMPORARY_SUFFIX}", RandomState::new().hash_one(name));
        let mut file = self.make(&temporary)?;
        // That it is locked tells that somebody is writing it. Whoever removes it before that makes the renaming fail.
        let _ = file.try_lock();
        let written = file.write_all(bytes).map_err(Error::from);
        written.and_then(|()| Ok(renameat(&self.0, &temporary, &self.0, name)?)).map_err(|error| {
            let _ = self.remove(&temporary);
            error.context(format!("cannot write the cache's file {name}"))
        })
    }

    /// Removes a file. It is no error if that is not there.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(Error::from(error).context(format!("cannot remove the cache's file {name}"))),
        }
    }

    /// The lock of who removes entries; `None` if somebody has it.
    pub(super) fn lock(&self) -> Result<Option<File>> {
        let flags = OFlags::RDWR | OFlags::CREATE | ALWAYS;
        let file = openat(&self.0, LOCK_NAME, flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(file.context("cannot open the cache's lock")?);
        Ok(file.try_lock().is_ok().then_some(file))
    }

    /// Whether nobody is writing the file of that name any more.
    pub(super) fn is_abandoned(&self, temporary: &str) -> bool {
        let file = openat(&self.0, temporary, OFlags::RDONLY | ALWAYS, Mode::empty());
        file.is_ok_and(|file| File::from(file).try_lock().is_ok())
    }

    /// All files that are a cache's.
    pub(super) fn listing(&self) -> Result<CacheListing> {
        let mut listing = CacheListing::default();
        for file in Dir::read_from(&self.0).context("cannot read the cache's directory")? {
            let file = file.context("cannot read the cache's directory")?;
            let Ok(name) = file.file_name().to_str() else { continue };
            match FileRole::of(name) {
                None => {}
                Some(FileRole::Temporary) => listing.temporary.push(name.into()),
                Some(FileRole::Entry) => {
                    // Somebody may have removed it.
                    let Ok(status) = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
                    let (bytes, used) = (status.st_size as u64, (status.st_mtime, status.st_mtime_nsec as i64));
                    listing.entries.push(CacheEntry { name: name.into(), bytes, used });
                }
            }
        }
        Ok(listing)
    }

    /// A new file of that name, for this user alone.
    fn make(&self, name: &str) -> Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | ALWAYS;
        let file = openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR);
        Ok(File::from(file.with_context(|| format!("cannot make the cache's file {name}"))?))
    }
}

/// That what has this status is this user's, and nobody else can write to it.
fn check_owner(status: &Stat) -> Result<()> {
    let (owner, user) = (status.st_uid, geteuid().as_raw());
    if owner != user {
        bail!("it belongs to user {owner}, and this is user {user}");
    }
    let mode = Mode::from_raw_mode(status.st_mode);
    if mode.intersects(Mode::WGRP | Mode::WOTH) {
        bail!("others may write to it (its mode is {:04o})", mode.bits());
    }
    Ok(())
}

/// What a file in the directory is, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum FileRole {
    Entry,
    Temporary,
}

impl FileRole {
    /// `None` for what is no cache's, which is left alone.
    fn of(name: &str) -> Option<FileRole> {
        let (key, rest) = name.split_at_checked(KEY_LENGTH)?;
        let hexadecimal = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !hexadecimal(key) {
            return None;
        }
        let rest = rest.strip_prefix(ENTRY_SUFFIX)?;
        if rest.is_empty() {
            return Some(FileRole::Entry);
        }
        let number = rest.strip_prefix('.')?.strip_suffix(TEMPORARY_SUFFIX)?;
        (number.len() == 16 && hexadecimal(number)).then_some(FileRole::Temporary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_a_caches() {
        let key = "0123456789abcdef".repeat(4);
        assert_eq!(FileRole::of(&format!("{key}.gusset")), Some(FileRole::Entry));
        assert_eq!(FileRole::of(&format!("{key}.gusset.0123456789abcdef.tmp")), Some(FileRole::Temporary));
        for foreign in [
            "plugin.gusset".to_string(),
            key.clone(),
            format!("{key}.wasm"),
            format!("{}.gusset", key.replace('a', "A")),
            format!("{key}0.gusset"),
            format!("{key}.gusset.0.tmp"),
            format!("{key}.gusset.tmp"),
            "é".repeat(40),
            LOCK_NAME.to_string(),
        ] {
            assert_eq!(FileRole::of(&foreign), None, "{foreign}");
        }
    }
}
