//! The directory of a cache: its files are reached through a descriptor that was checked, and never through links. An entry is there
//! whole or not at all, unless the system lost what was written; so whoever reads one checks it.

use super::CacheUsage;
use super::key::CacheKey;
use crate::error::{Context, Error, Result, bail};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, open, openat, renameat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Resource, geteuid, getrlimit};
use std::fmt;
use std::fs::{DirBuilder, File, FileTimes, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileExt};
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

/// How long nobody has written to a file that is taken for abandoned where locks do not tell.
const TIME_TO_WRITE: Duration = Duration::from_secs(60 * 60);

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
    /// What has the name of one of these and is no file.
    pub(super) strange: Vec<String>,
}

/// An entry, as a listing has it.
pub(super) struct CacheEntry {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// When it was used last, in seconds and nanoseconds.
    pub(super) used: (i64, i64),
}

/// The file of an entry, which is this user's alone: it was renamed when it was whole, and is never changed after that. Behind what was stored
/// stands the key.
pub(crate) struct CachedFile {
    file: File,
    status: Stat,
}

/// Why what has the name of an entry is none: it is no file of this user's alone, or not what was written for the key.
#[derive(Debug)]
pub(super) struct NotAnEntry(String);

impl NotAnEntry {
    pub(super) fn error(message: impl Into<String>) -> Error {
        Error::new(NotAnEntry(message.into()))
    }
}

impl fmt::Display for NotAnEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotAnEntry {}

impl CachedFile {
    /// The file, and how many bytes of it were stored.
    pub(crate) fn into_parts(self) -> (File, u64) {
        let stored = self.stored();
        (self.file, stored)
    }

    fn stored(&self) -> u64 {
        (self.status.st_size as u64).saturating_sub(CacheKey::SIZE as u64)
    }

    /// Checks that the key at its end is this one.
    fn check_key(&self, key: &CacheKey) -> Result<()> {
        let mut found = [0; CacheKey::SIZE];
        match self.file.read_exact_at(&mut found, self.stored()) {
            Ok(()) if found == *key.bytes() => Ok(()),
            Ok(()) => Err(NotAnEntry::error("the key at its end is not the one that it is named for")),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Err(NotAnEntry::error("it is shorter than a key"))
            }
            Err(error) => Err(Error::from(error).context("cannot read the cache's file")),
        }
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
        let directory = match CacheDirectory::open(path)? {
            Some(directory) => directory,
            None => {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
                made.with_context(|| format!("cannot make the cache's directory {}", path.display()))?;
                CacheDirectory::open(path)?.context("the cache's directory was removed")?
            }
        };
        directory.tag();
        Ok(directory)
    }

    /// Finds out whether a directory could be made that is not there: the first of those that are lacking on the way is made, and removed.
    pub(super) fn rehearse(path: &Path) -> Result<()> {
        let lacking = path.ancestors().take_while(|folder| folder.symlink_metadata().is_err()).last();
        let Some(lacking) = lacking else { return Ok(()) };
        match DirBuilder::new().mode(0o700).create(lacking) {
            Ok(()) => {
                // Somebody may use it already.
                let _ = std::fs::remove_dir(lacking);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => {
                let what = format!("the cache's directory {} is not there, and cannot be made", path.display());
                Err(Error::from(error).context(what))
            }
        }
    }

    /// Sees to the file that says what this is, which a full disk may have left empty. A cache without it is one all the same.
    fn tag(&self) {
        let found = statat(&self.0, TAG_NAME, AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|status| status.st_size as usize >= TAG.len()) {
            return;
        }
        let _ = self.remove(TAG_NAME);
        let written = self.make(TAG_NAME).and_then(|mut file| Ok(file.write_all(TAG)?));
        if written.is_err() {
            let _ = self.remove(TAG_NAME);
        }
    }

    /// The entry of that key, to be read.
    ///
    /// # Errors
    ///
    /// A [`NotAnEntry`] where what has its name is none.
    pub(super) fn entry(&self, key: &CacheKey) -> Result<Option<CachedFile>> {
        let name = key.file_name();
        let file = match retry_on_intr(|| openat(&self.0, &*name, OFlags::RDONLY | ALWAYS, Mode::empty())) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            // A link, and a socket.
            Err(error @ (Errno::LOOP | Errno::NXIO)) => {
                return Err(NotAnEntry::error(format!("cannot open the cache's file {name}: {error}")));
            }
            Err(error) => return Err(Error::from(error).context(format!("cannot open the cache's file {name}"))),
        };
        let status = fstat(&file).with_context(|| format!("cannot look at the cache's file {name}"))?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Err(NotAnEntry::error(format!("the cache's file {name} is no file")));
        }
        check_owner(&status)
            .map_err(|error| NotAnEntry::error(format!("the cache's file {name} is not used: {error}")))?;
        let file = CachedFile { file: File::from(file), status };
        file.check_key(key)?;
        Ok(Some(file))
    }

    /// Writes an entry: under another name first, so that nobody sees a part of it.
    pub(super) fn write(&self, key: &CacheKey, bytes: &[u8]) -> Result<()> {
        let (name, length) = (key.file_name(), bytes.len() + CacheKey::SIZE);
        // Whoever writes beyond that limit gets a signal, which ends most programs.
        if getrlimit(Resource::Fsize).current.is_some_and(|limit| limit < length as u64) {
            bail!("cannot write {length} bytes into a file of the cache: the process may not write so many");
        }
        let temporary = format!("{name}.{:016x}{TEMPORARY_SUFFIX}", RandomState::new().hash_one(&name));
        let mut file = self.make(&temporary)?;
        // That it is locked tells that somebody is writing it. Whoever removes it before that makes the renaming fail.
        let _ = file.try_lock();
        let written = file.write_all(bytes).and_then(|()| file.write_all(key.bytes())).map_err(Error::from);
        written.and_then(|()| Ok(renameat(&self.0, &temporary, &self.0, &*name)?)).map_err(|error| {
            let _ = self.remove(&temporary);
            error.context(format!("cannot write the cache's file {name}"))
        })
    }

    /// Removes a file, or a directory that is empty. It is no error if that is not there.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        let removed = match unlinkat(&self.0, name, AtFlags::empty()) {
            Err(error @ (Errno::ISDIR | Errno::PERM)) => match unlinkat(&self.0, name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTDIR) => Err(error),
                removed => removed,
            },
            removed => removed,
        };
        match removed {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(Error::from(error).context(format!("cannot remove the cache's file {name}"))),
        }
    }

    /// The lock of who removes entries; `None` if somebody has it. Where files cannot be locked nobody has it, and processes that remove at
    /// once remove more than they need to.
    pub(super) fn lock(&self) -> Result<Option<File>> {
        let flags = OFlags::RDWR | OFlags::CREATE | ALWAYS;
        let file = openat(&self.0, LOCK_NAME, flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(file.context("cannot open the cache's lock")?);
        let free = is_free(file.try_lock()).unwrap_or(true);
        Ok(free.then_some(file))
    }

    /// Whether nobody is writing the file of that name any more.
    pub(super) fn is_abandoned(&self, temporary: &str) -> bool {
        let Ok(file) = openat(&self.0, temporary, OFlags::RDONLY | ALWAYS, Mode::empty()) else { return false };
        let file = File::from(file);
        is_free(file.try_lock()).unwrap_or_else(|| {
            let written = file.metadata().and_then(|metadata| metadata.modified());
            written.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > TIME_TO_WRITE))
        })
    }

    /// All files that are a cache's.
    pub(super) fn listing(&self) -> Result<CacheListing> {
        let mut listing = CacheListing::default();
        for file in Dir::read_from(&self.0).context("cannot read the cache's directory")? {
            let file = file.context("cannot read the cache's directory")?;
            let Ok(name) = file.file_name().to_str() else { continue };
            let Some(role) = FileRole::of(name) else { continue };
            // Somebody may have removed it.
            let Ok(status) = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            match role {
                _ if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile => {
                    listing.strange.push(name.into());
                }
                FileRole::Temporary => listing.temporary.push(name.into()),
                FileRole::Entry => {
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

/// Whether nobody has the lock that was tried; `None` where nothing can be locked, as on some file systems of networks.
fn is_free(locked: std::result::Result<(), TryLockError>) -> Option<bool> {
    match locked {
        Ok(()) => Some(true),
        Err(TryLockError::WouldBlock) => Some(false),
        Err(TryLockError::Error(_)) => None,
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

    #[test]
    fn what_cannot_be_locked_is_not_taken_for_locked() {
        assert_eq!(is_free(Ok(())), Some(true));
        assert_eq!(is_free(Err(TryLockError::WouldBlock)), Some(false));
        for errno in [Errno::NOLCK, Errno::NOTSUP, Errno::INVAL] {
            assert_eq!(is_free(Err(TryLockError::Error(errno.into()))), None);
        }
    }
}
