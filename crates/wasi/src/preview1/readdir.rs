//! `fd_readdir`: a directory's entries as records in a buffer. A cookie is a position in a listing that the descriptor keeps, so
//! that it means the same whenever it is used.

use super::descriptors::Fd;
use super::memory::GuestMemory;
use super::parameter::Buffer;
use super::record::file_type_number;
use crate::ctx::WasiCtx;
use crate::error::WasiResult;
use crate::fs::{Directory, DirectoryEntries, DirectoryEntry, FileType, RelativePath};
use std::sync::Arc;

/// The size of a `dirent`; the name follows.
const HEADER: usize = 24;

/// What a directory has been listed as: `.` and `..`, and then what has been asked for of the rest.
pub(crate) struct Listing {
    known: Vec<DirectoryEntry>,
    rest: Option<DirectoryEntries>,
}

impl Listing {
    fn new(directory: &dyn Directory) -> WasiResult<Listing> {
        let inode = directory.metadata(RelativePath::HERE, true)?.inode;
        let entry = |name: &str, inode| DirectoryEntry { name: name.into(), inode, file_type: FileType::Directory };
        // What is above is none of the guest's business.
        let known = vec![entry(".", inode), entry("..", 0)];
        Ok(Listing { known, rest: Some(directory.entries()?) })
    }

    /// The entry at a position; none beyond the last one.
    fn get(&mut self, position: u64) -> WasiResult<Option<&DirectoryEntry>> {
        while self.known.len() as u64 <= position {
            match self.rest.as_mut().and_then(Iterator::next) {
                Some(entry) => self.known.push(entry?),
                None => {
                    self.rest = None;
                    return Ok(None);
                }
            }
        }
        Ok(self.known.get(usize::try_from(position).unwrap_or(usize::MAX)))
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
    let entry = ctx.preview1().get_mut(fd)?;
    let directory = Arc::clone(entry.directory()?);
    if cookie == 0 {
        entry.listing = None;
    }
    let listing = match &mut entry.listing {
        Some(listing) => listing,
        none => none.insert(Box::new(Listing::new(&*directory)?)),
    };
    let bytes = buffer.bytes(memory)?;
    let mut used = 0;
    let mut position = cookie;
    while used < bytes.len() {
        let entry = match listing.get(position) {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            // What is there is told; the next call fails.
            Err(error) if used > 0 && error.code().is_some() => break,
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
