//! `fd_readdir`: a directory's entries as records in a buffer. A cookie is a position in a listing that the descriptor keeps, so
//! that it means the same whenever it is used.

use super::descriptors::Fd;
use super::memory::GuestMemory;
use super::parameter::Buffer;
use super::record::file_type_number;
use crate::ctx::WasiCtx;
use crate::error::{WasiError, WasiResult};
use crate::fs::{Directory, DirectoryEntries, DirectoryEntry, FileType, RelativePath};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The size of a `dirent`; the name follows.
const HEADER: usize = 24;

/// How many bytes all listings of a guest keep, roughly; a guest can have as many as it has descriptors.
const MAX_LISTED: usize = 64 << 20;

/// What a directory has been listed as: `.` and `..`, and then what has been asked for of the rest. Where that is too much to keep,
/// what was passed is let go, and who goes back to it gets it from a new listing.
pub(super) struct DirectoryListing {
    known: VecDeque<DirectoryEntry>,
    /// The position of the first one that is known.
    start: u64,
    rest: Option<DirectoryEntries>,
    /// What reading failed with, after entries that were told.
    failure: Option<WasiError>,
    kept: KeptBytes,
}

/// How many bytes the listings of a guest keep.
#[derive(Clone, Default)]
pub(super) struct ListedBytes(Arc<AtomicUsize>);

/// How many of them one keeps.
struct KeptBytes {
    all: ListedBytes,
    own: usize,
}

impl KeptBytes {
    fn add(&mut self, bytes: usize) {
        self.own += bytes;
        self.all.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn subtract(&mut self, bytes: usize) {
        self.own -= bytes;
        self.all.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn are_too_many(&self) -> bool {
        self.all.0.load(Ordering::Relaxed) > MAX_LISTED
    }
}

impl Drop for KeptBytes {
    fn drop(&mut self) {
        self.subtract(self.own);
    }
}

fn size_of_entry(entry: &DirectoryEntry) -> usize {
    size_of::<DirectoryEntry>() + entry.name.capacity()
}

impl DirectoryListing {
    fn new(directory: &dyn Directory, all: ListedBytes) -> WasiResult<DirectoryListing> {
        let inode = directory.metadata(RelativePath::HERE, true)?.inode;
        let rest = Some(directory.entries()?);
        let kept = KeptBytes { all, own: 0 };
        let mut listing = DirectoryListing { known: VecDeque::new(), start: 0, rest, failure: None, kept };
        // What is above is none of the guest's business.
        for (name, inode) in [(".", inode), ("..", 0)] {
            listing.push(DirectoryEntry { name: name.into(), inode, file_type: FileType::Directory });
        }
        Ok(listing)
    }

    fn push(&mut self, entry: DirectoryEntry) {
        self.kept.add(size_of_entry(&entry));
        self.known.push_back(entry);
    }

    /// The entry at a position that has not been let go; none beyond the last one.
    fn get(&mut self, position: u64) -> WasiResult<Option<&DirectoryEntry>> {
        while position >= self.start + self.known.len() as u64 {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let Some(entry) = self.rest.as_mut().and_then(Iterator::next) else {
                self.rest = None;
                return Ok(None);
            };
            self.push(entry?);
            while self.kept.are_too_many()
                && self.start < position
                && let Some(passed) = self.known.pop_front()
            {
                self.kept.subtract(size_of_entry(&passed));
                self.start += 1;
            }
        }
        Ok(self.known.get((position - self.start) as usize))
    }
}

/// Fills the buffer with entries from a position on, the last one cut off where it ends; how many bytes that are. Fewer than there is
/// room for: it was the last one.
pub(super) fn readdir(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    buffer: Buffer,
    cookie: u64,
) -> WasiResult<u32> {
    let descriptors = ctx.preview1();
    let all = descriptors.listed.clone();
    let entry = descriptors.get_mut(fd)?;
    let directory = Arc::clone(entry.directory()?);
    let listing = match &mut entry.listing {
        Some(listing) if cookie > 0 && cookie >= listing.start => listing,
        none => none.insert(Box::new(DirectoryListing::new(&*directory, all)?)),
    };
    let bytes = buffer.bytes(memory)?;
    let mut used = 0;
    let mut position = cookie;
    while used < bytes.len() {
        let entry = match listing.get(position) {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            // What is there is told; the next call fails.
            Err(error) if used > 0 && error.code().is_some() => {
                listing.failure = Some(error);
                break;
            }
            Err(error) => return Err(error),
        };
        position += 1;
        used += put(&mut bytes[used..], &header(entry, position));
        used += put(&mut bytes[used..], entry.name.as_bytes());
    }
    Ok(used as u32)
}

fn header(entry: &DirectoryEntry, next: u64) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..8].copy_from_slice(&next.to_le_bytes());
    bytes[8..16].copy_from_slice(&entry.inode.to_le_bytes());
    bytes[16..20].copy_from_slice(&(entry.name.len() as u32).to_le_bytes());
    bytes[20] = file_type_number(entry.file_type);
    bytes
}

/// Writes what there is room for; how many bytes that are.
fn put(to: &mut [u8], bytes: &[u8]) -> usize {
    let count = to.len().min(bytes.len());
    to[..count].copy_from_slice(&bytes[..count]);
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WasiConfig;
    use crate::error::ErrorCode;
    use crate::fs::{Descriptor, Metadata, OpenOptions};
    use crate::preview1::{Errno, call};
    use std::any::Any;

    /// So many entries, named by their numbers; one of them cannot be read.
    struct NumberedEntries(u64, Option<u64>);

    impl Directory for NumberedEntries {
        fn open(&self, _: RelativePath<'_>, _: OpenOptions) -> WasiResult<Descriptor> {
            Err(ErrorCode::NoEntry.into())
        }

        fn metadata(&self, _: RelativePath<'_>, _: bool) -> WasiResult<Metadata> {
            Ok(Metadata { inode: 7, file_type: FileType::Directory, ..Metadata::default() })
        }

        fn entries(&self) -> WasiResult<DirectoryEntries> {
            let unreadable = self.1;
            Ok(Box::new((0..self.0).map(move |inode| {
                let entry = DirectoryEntry { name: inode.to_string(), inode, file_type: FileType::RegularFile };
                if unreadable == Some(inode) { Err(ErrorCode::Io.into()) } else { Ok(entry) }
            })))
        }

        fn as_any(&self) -> &dyn Any {
            self
        }
    }

    fn ctx(directory: NumberedEntries) -> WasiCtx {
        WasiCtx::new(&WasiConfig::builder().preopened_directory("/", directory).build().unwrap())
    }

    /// Calls `fd_readdir` with room for `length` bytes: the names, and the cookie for the next ones.
    fn read(ctx: &mut WasiCtx, cookie: u64, length: u32) -> Result<(Vec<String>, u64), Errno> {
        let mut memory = vec![0; 8 + length as usize];
        let errno = call("fd_readdir", ctx, &mut memory, &[3, 8, length.into(), cookie, 0]).unwrap();
        if errno != Errno::Success {
            return Err(errno);
        }
        let mut rest = &memory[8..][..memory[0] as usize + 256 * memory[1] as usize];
        let (mut names, mut next) = (Vec::new(), cookie);
        while let Some((header, after)) = rest.split_first_chunk::<HEADER>() {
            let Some((name, after)) = after.split_at_checked(header[16].into()) else { break };
            names.push(String::from_utf8(name.to_vec()).unwrap());
            next = u64::from(header[0]) + 256 * u64::from(header[1]);
            rest = after;
        }
        Ok((names, next))
    }

    #[test]
    fn listings_keep_so_much_and_go_on() {
        let mut ctx = ctx(NumberedEntries(1000, None));
        let listed = ctx.preview1().listed.clone();
        // As if other listings kept all that may be kept.
        listed.0.store(MAX_LISTED, Ordering::Relaxed);
        let (mut cookie, mut names, mut most) = (0, Vec::new(), 0);
        loop {
            let (more, next) = read(&mut ctx, cookie, 100).unwrap();
            if more.is_empty() {
                break;
            }
            names.extend(more);
            cookie = next;
            let kept = ctx.preview1().get(Fd(3)).unwrap().listing.as_ref().unwrap().known.len();
            most = most.max(kept);
        }
        assert_eq!((names.len(), &*names[999 + 2]), (1002, "999"));
        assert!(most <= 3, "{most} entries were kept");
        // Back, by a new listing, and on.
        assert_eq!(read(&mut ctx, 1, 60).unwrap(), (vec!["..".to_owned(), "0".to_owned()], 3));
        assert_eq!(read(&mut ctx, 502, 60).unwrap(), (vec!["500".to_owned(), "501".to_owned()], 504));
        assert_eq!(read(&mut ctx, 1002, 60).unwrap().0, [""; 0]);
        assert_eq!(call("fd_close", &mut ctx, &mut [], &[3]).unwrap(), Errno::Success);
        assert_eq!(listed.0.load(Ordering::Relaxed), MAX_LISTED, "nothing is kept of what is closed");
    }

    #[test]
    fn what_comes_before_a_failure_is_told_and_then_the_failure() {
        let mut ctx = ctx(NumberedEntries(3, Some(1)));
        assert_eq!(read(&mut ctx, 0, 500).unwrap(), ([".", "..", "0"].map(str::to_owned).to_vec(), 3));
        assert_eq!(read(&mut ctx, 3, 500), Err(Errno::Io));
        assert_eq!(read(&mut ctx, 3, 500).unwrap(), (vec!["2".to_owned()], 4));
    }
}
