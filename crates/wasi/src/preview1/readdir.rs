//! `fd_readdir`: a directory's entries as records in a buffer. A cookie is a position in a listing that the descriptor keeps, so
//! that it means the same whenever it is used.

use super::descriptors::{Descriptors, Fd};
use super::memory::GuestMemory;
use super::parameter::Buffer;
use super::record::file_type_number;
use crate::ctx::WasiCtx;
use crate::error::{WasiError, WasiResult};
use crate::fs::{Directory, DirectoryEntries, DirectoryEntry, FileType, RelativePath};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The size of a `dirent`; the name follows.
const HEADER: usize = 24;

/// How many bytes all listings of a guest keep, roughly; a guest can have as many as it has descriptors.
const MAX_LISTED: usize = 64 << 20;

/// How many listings of a guest are open in their file systems, whatever those hold for each. Of more, the one that was used longest ago is
/// closed, and is opened again if the guest goes on in it.
const MAX_OPEN: usize = 256;

/// What a directory has been listed as: `.` and `..`, and then what has been asked for of the rest. Where that is too much to keep,
/// what was passed is let go, and who goes back to it gets it from a new listing.
pub(super) struct DirectoryListing {
    known: VecDeque<DirectoryEntry>,
    /// The position of the first one that is known.
    start: u64,
    rest: Rest,
    /// What reading failed with, after entries that were told.
    failure: Option<WasiError>,
    kept: KeptBytes,
    /// As [`ListingTotals::uses`] was.
    last_use: u64,
}

/// What comes after the known entries of a listing.
enum Rest {
    Open(OpenListing),
    Closed,
    Ended,
}

/// What an open listing's file system has for it; counted as long as it is there.
struct OpenListing {
    entries: DirectoryEntries,
    all: Listings,
}

/// What all listings of a guest come to.
#[derive(Clone, Default)]
pub(super) struct Listings(Arc<ListingTotals>);

#[derive(Default)]
struct ListingTotals {
    /// How many bytes they keep.
    bytes: AtomicUsize,
    /// How many are open.
    open: AtomicUsize,
    /// How often one was used.
    uses: AtomicU64,
}

/// How many of the bytes a listing keeps.
struct KeptBytes {
    all: Listings,
    own: usize,
}

impl OpenListing {
    fn new(entries: DirectoryEntries, all: &Listings) -> OpenListing {
        all.0.open.fetch_add(1, Ordering::Relaxed);
        OpenListing { entries, all: all.clone() }
    }
}

impl Drop for OpenListing {
    fn drop(&mut self) {
        self.all.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl KeptBytes {
    fn add(&mut self, bytes: usize) {
        self.own += bytes;
        self.all.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn subtract(&mut self, bytes: usize) {
        self.own -= bytes;
        self.all.0.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn are_too_many(&self) -> bool {
        self.all.0.bytes.load(Ordering::Relaxed) > MAX_LISTED
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
    fn new(directory: &dyn Directory, all: Listings) -> WasiResult<DirectoryListing> {
        let inode = directory.metadata(RelativePath::HERE, true)?.inode;
        let rest = Rest::Open(OpenListing::new(directory.entries()?, &all));
        let kept = KeptBytes { all, own: 0 };
        let mut listing = DirectoryListing { known: VecDeque::new(), start: 0, rest, failure: None, kept, last_use: 0 };
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

    /// The position behind the last one that is known.
    fn end(&self) -> u64 {
        self.start + self.known.len() as u64
    }

    /// The entry at a position that has not been let go; none beyond the last one.
    fn get(&mut self, directory: &dyn Directory, position: u64) -> WasiResult<Option<&DirectoryEntry>> {
        while position >= self.end() {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let Some(entry) = self.next(directory)? else { return Ok(None) };
            self.push(entry);
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

    /// The first entry that is not known yet.
    fn next(&mut self, directory: &dyn Directory) -> WasiResult<Option<DirectoryEntry>> {
        if let Rest::Closed = self.rest {
            self.rest = Rest::Open(OpenListing::new(self.reopened(directory)?, &self.kept.all));
        }
        let Rest::Open(open) = &mut self.rest else { return Ok(None) };
        let next = open.entries.next().transpose()?;
        if next.is_none() {
            self.rest = Rest::Ended;
        }
        Ok(next)
    }

    /// The entries of a new listing that come after the last one in it that is known. What was told may be gone by now, as where a guest
    /// removes what it is told; nothing that was not told is passed over.
    fn reopened(&self, directory: &dyn Directory) -> WasiResult<DirectoryEntries> {
        let known: HashSet<&str> = self.known.iter().map(|entry| &*entry.name).collect();
        let mut entries = directory.entries()?;
        let mut last: Option<String> = None;
        while let Some(entry) = entries.next().transpose()? {
            if known.contains(&*entry.name) {
                let is_last = self.known.back().is_some_and(|last| last.name == entry.name);
                if is_last {
                    return Ok(entries);
                }
                last = Some(entry.name);
            }
        }
        entries = directory.entries()?;
        if let Some(last) = last {
            while entries.next().transpose()?.is_some_and(|entry| entry.name != last) {}
        }
        Ok(entries)
    }
}

/// Sees to it that one more listing can be opened.
fn make_room(descriptors: &mut Descriptors) {
    if descriptors.listings.0.open.load(Ordering::Relaxed) < MAX_OPEN {
        return;
    }
    let open = descriptors.listings_mut().filter(|listing| matches!(listing.rest, Rest::Open(_)));
    if let Some(oldest) = open.min_by_key(|listing| listing.last_use) {
        oldest.rest = Rest::Closed;
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
    let goes_on = |listing: &DirectoryListing| cookie > 0 && cookie >= listing.start;
    let entry = descriptors.get(fd)?;
    let directory = Arc::clone(entry.directory()?);
    if !entry.listing.as_deref().is_some_and(|listing| goes_on(listing) && !matches!(listing.rest, Rest::Closed)) {
        make_room(descriptors);
    }
    let all = descriptors.listings.clone();
    let listing = match &mut descriptors.get_mut(fd)?.listing {
        Some(listing) if goes_on(listing) => listing,
        other => other.insert(Box::new(DirectoryListing::new(&*directory, all)?)),
    };
    listing.last_use = listing.kept.all.0.uses.fetch_add(1, Ordering::Relaxed);
    let mut used = 0;
    let mut position = cookie;
    while used < buffer.length() {
        let entry = match listing.get(&*directory, position) {
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
        used += buffer.put(memory, used, &header(entry, position))?;
        used += buffer.put(memory, used, entry.name.as_bytes())?;
    }
    Ok(used)
}

fn header(entry: &DirectoryEntry, next: u64) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..8].copy_from_slice(&next.to_le_bytes());
    bytes[8..16].copy_from_slice(&entry.inode.to_le_bytes());
    bytes[16..20].copy_from_slice(&(entry.name.len() as u32).to_le_bytes());
    bytes[20] = file_type_number(entry.file_type);
    bytes
}

#[cfg(test)]
mod tests;
