//! What is kept of listings.

use super::*;
use crate::WasiConfig;
use crate::error::ErrorCode;
use crate::fs::{Descriptor, Metadata, OpenOptions};
use crate::preview1::{Errno, Rights, call};
use std::any::Any;
use std::ops::Range;

/// So many entries, named by their numbers; one of them cannot be read.
#[derive(Clone, Default)]
struct NumberedEntries {
    count: u64,
    gone: Vec<u64>,
    unreadable: Option<u64>,
    /// How many listings there are.
    open: Arc<AtomicUsize>,
}

struct NumberedListing {
    numbers: Range<u64>,
    of: NumberedEntries,
}

impl Directory for NumberedEntries {
    fn open(&self, _: RelativePath<'_>, _: OpenOptions) -> WasiResult<Descriptor> {
        Ok(Descriptor::Directory(Arc::new(self.clone())))
    }

    fn metadata(&self, _: RelativePath<'_>, _: bool) -> WasiResult<Metadata> {
        Ok(Metadata { inode: 7, file_type: FileType::Directory, ..Metadata::default() })
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(NumberedListing { numbers: 0..self.count, of: self.clone() }))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Iterator for NumberedListing {
    type Item = WasiResult<DirectoryEntry>;

    fn next(&mut self) -> Option<WasiResult<DirectoryEntry>> {
        let inode = self.numbers.by_ref().find(|number| !self.of.gone.contains(number))?;
        let entry = DirectoryEntry { name: inode.to_string(), inode, file_type: FileType::RegularFile };
        Some(if self.of.unreadable == Some(inode) { Err(ErrorCode::Io.into()) } else { Ok(entry) })
    }
}

impl Drop for NumberedListing {
    fn drop(&mut self) {
        self.of.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn ctx(directory: NumberedEntries) -> WasiCtx {
    WasiCtx::new(&WasiConfig::builder().preopened_directory("/", directory).build().unwrap())
}

/// Calls `fd_readdir` with room for `length` bytes: the names, and the cookie for the next ones.
fn read(ctx: &mut WasiCtx, cookie: u64, length: u32) -> Result<(Vec<String>, u64), Errno> {
    read_of(ctx, 3, cookie, length)
}

fn read_of(ctx: &mut WasiCtx, fd: u64, cookie: u64, length: u32) -> Result<(Vec<String>, u64), Errno> {
    let mut memory = vec![0; 8 + length as usize];
    let errno = call("fd_readdir", ctx, &mut memory, &[fd, 8, length.into(), cookie, 0]).unwrap();
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
    let mut ctx = ctx(NumberedEntries { count: 1000, ..NumberedEntries::default() });
    let listings = ctx.preview1().listings.clone();
    // As if other listings kept all that may be kept.
    listings.0.bytes.store(MAX_LISTED, Ordering::Relaxed);
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
    assert_eq!(listings.0.bytes.load(Ordering::Relaxed), MAX_LISTED, "nothing is kept of what is closed");
}

#[test]
fn what_comes_before_a_failure_is_told_and_then_the_failure() {
    let mut ctx = ctx(NumberedEntries { count: 3, unreadable: Some(1), ..NumberedEntries::default() });
    assert_eq!(read(&mut ctx, 0, 500).unwrap(), ([".", "..", "0"].map(str::to_owned).to_vec(), 3));
    assert_eq!(read(&mut ctx, 3, 500), Err(Errno::Io));
    assert_eq!(read(&mut ctx, 3, 500).unwrap(), (vec!["2".to_owned()], 4));
}

/// Opens the directory that was given as number 3.
fn open_again(ctx: &mut WasiCtx) -> u64 {
    let mut memory = *b"........";
    memory[0] = b'.';
    let rights = Rights::FD_READDIR.bits();
    assert_eq!(call("path_open", ctx, &mut memory, &[3, 0, 0, 1, 2, rights, 0, 0, 4]).unwrap(), Errno::Success);
    u32::from_le_bytes(memory[4..].try_into().unwrap()).into()
}

#[test]
fn so_many_listings_are_open_and_all_go_on() {
    let directory = NumberedEntries { count: 20, ..NumberedEntries::default() };
    let open = directory.open.clone();
    let mut ctx = ctx(directory);
    let mut listings: Vec<_> = (0..3000).map(|_| (open_again(&mut ctx), 0, Vec::new())).collect();
    let mut most = 0;
    for round in 0..4 {
        for (fd, cookie, names) in &mut listings {
            let (more, next) = read_of(&mut ctx, *fd, *cookie, 160).unwrap();
            assert!(!more.is_empty(), "{fd} in round {round}");
            names.extend(more);
            *cookie = next;
            most = most.max(open.load(Ordering::Relaxed));
        }
    }
    assert!(most <= MAX_OPEN, "{most} listings were open");
    let all: Vec<String> =
        [".", ".."].map(str::to_owned).into_iter().chain((0..20).map(|name| name.to_string())).collect();
    for (fd, cookie, names) in &mut listings {
        names.extend(read_of(&mut ctx, *fd, *cookie, 1000).unwrap().0);
        assert_eq!(*names, all, "{fd}");
        assert_eq!(read_of(&mut ctx, *fd, 1, 26).unwrap().0, [".."], "{fd} goes back");
        assert_eq!(call("fd_close", &mut ctx, &mut [], &[*fd]).unwrap(), Errno::Success);
    }
    assert_eq!(open.load(Ordering::Relaxed), 0);
    assert_eq!(ctx.preview1().listings.0.open.load(Ordering::Relaxed), 0);
}

/// What is left is told, whatever has been removed of what was told.
#[test]
fn a_listing_that_was_closed_goes_on_behind_what_was_told() {
    let all: Vec<u64> = (0..9).collect();
    for gone in [&[][..], &[0, 1], &[2], &[1, 2], &[0, 1, 2], &[0, 2, 3, 8]] {
        let directory = NumberedEntries { count: 9, ..NumberedEntries::default() };
        let changed = NumberedEntries { gone: gone.into(), ..directory.clone() };
        let mut ctx = ctx(directory);
        assert_eq!(read(&mut ctx, 0, 5 * HEADER as u32 + 6).unwrap().1, 5, "the next is 3");
        for _ in 0..MAX_OPEN {
            let fd = open_again(&mut ctx);
            read_of(&mut ctx, fd, 0, 100).unwrap();
        }
        let entry = ctx.preview1().get_mut(Fd(3)).unwrap();
        assert!(matches!(entry.listing.as_ref().unwrap().rest, Rest::Closed), "it was used longest ago");
        entry.thing = Descriptor::Directory(Arc::new(changed));
        let left = all[3..].iter().filter(|name| !gone.contains(name));
        let left: Vec<String> = left.map(u64::to_string).collect();
        assert_eq!(read(&mut ctx, 5, 1000).unwrap().0, left, "{gone:?}");
    }
}
