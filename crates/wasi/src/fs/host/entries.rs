//! [`HostEntries`]: a directory's entries, a block of the system's at a time.

use crate::error::WasiResult;
use crate::fs::{DirectoryEntry, FileType};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, RawDir, RawDirEntry};
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::vec;

/// How many bytes of entries are asked for at once. What they come to is kept for each listing that is open, 40 KiB at most.
const BLOCK: usize = 8 << 10;

pub(super) struct HostEntries {
    /// Opened for this, since its position is where the next block starts.
    directory: OwnedFd,
    block: vec::IntoIter<WasiResult<DirectoryEntry>>,
    ended: bool,
}

impl HostEntries {
    pub(super) fn new(directory: OwnedFd) -> HostEntries {
        HostEntries { directory, block: Vec::new().into_iter(), ended: false }
    }

    /// The next block, in which there may be none for a guest.
    fn read_block(&mut self) {
        let mut entries = Vec::new();
        let mut buffer = [MaybeUninit::uninit(); BLOCK];
        let mut block = RawDir::new(&self.directory, &mut buffer);
        loop {
            match block.next() {
                Some(Ok(entry)) => entries.extend(entry_of(&self.directory, &entry).transpose()),
                Some(Err(error)) => {
                    entries.push(Err(error.into()));
                    self.ended = true;
                }
                None => self.ended = true,
            }
            if self.ended || block.is_buffer_empty() {
                break;
            }
        }
        self.block = entries.into_iter();
    }
}

/// `None` for `.` and `..`, for a name that is not UTF-8, and for what is gone by now.
fn entry_of(directory: &OwnedFd, entry: &RawDirEntry<'_>) -> WasiResult<Option<DirectoryEntry>> {
    let (Ok(name), inode) = (entry.file_name().to_str(), entry.ino()) else { return Ok(None) };
    if matches!(name, "." | "..") {
        return Ok(None);
    }
    let mut file_type = FileType::from(entry.file_type());
    // Some file systems do not keep it beside the name.
    if file_type == FileType::Unknown {
        match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => file_type = FileType::from(rustix::fs::FileType::from_raw_mode(stat.st_mode)),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(DirectoryEntry { name: name.to_owned(), inode, file_type }))
}

impl Iterator for HostEntries {
    type Item = WasiResult<DirectoryEntry>;

    fn next(&mut self) -> Option<WasiResult<DirectoryEntry>> {
        loop {
            if let Some(entry) = self.block.next() {
                return Some(entry);
            }
            if self.ended {
                return None;
            }
            self.read_block();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags};

    #[test]
    fn an_open_listing_keeps_a_small_part() {
        let folder = tempfile::tempdir().unwrap();
        for name in 0..2000 {
            std::fs::File::create(folder.path().join(name.to_string())).unwrap();
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut entries = HostEntries::new(rustix::fs::openat(CWD, folder.path(), flags, Mode::empty()).unwrap());
        let (mut count, mut most) = (0, 0);
        while let Some(entry) = entries.next() {
            let name = entry.unwrap().name;
            let left = entries.block.as_slice();
            let names: usize = left.iter().map(|entry| entry.as_ref().unwrap().name.capacity()).sum();
            let kept = size_of_val(left) + names;
            (count, most) = (count + 1, most.max(kept + name.len()));
        }
        assert_eq!(count, 2000);
        assert!(most < 40 << 10, "{most} bytes are kept");
    }
}
