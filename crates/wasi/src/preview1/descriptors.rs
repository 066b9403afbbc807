//! [`Descriptors`]: the numbers by which a guest of preview1 (or preview0) knows what it has open.

use super::flags::FdFlags;
use super::readdir::{DirectoryListing, Listings};
use super::rights::Rights;
use crate::config::{Preopen, Settings};
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Descriptor, DeviceNumbers, Directory, File};
use crate::stream::Stream;
use crate::wait::{Interest, Pollable};
use std::sync::Arc;

/// A descriptor's number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fd(pub(crate) u32);

/// A guest's descriptors.
pub(crate) struct Descriptors {
    entries: Vec<Option<Entry>>,
    /// All numbers below are taken.
    lowest_free: usize,
    max: usize,
    pub(super) listings: Listings,
    pub(super) devices: DeviceNumbers,
}

/// What a guest has open under a number.
pub(crate) struct Entry {
    pub(super) thing: Descriptor,
    /// What it may be used for.
    pub(super) base: Rights,
    /// What the guest is told may be asked for when something is opened through it.
    pub(super) inheriting: Rights,
    /// What may be: all, until the guest gives rights up. Libraries open a directory with nothing but the rights of directories, and then
    /// open files through it.
    pub(super) below: Rights,
    /// What the guest has not given up, though it may never have asked for it.
    pub(super) kept: Rights,
    pub(super) flags: FdFlags,
    /// Where a file is read and written next.
    pub(super) position: u64,
    /// What the guest calls a directory that it was given.
    pub(super) preopen_name: Option<Box<str>>,
    /// What a directory has been listed as.
    pub(super) listing: Option<Box<DirectoryListing>>,
}

impl Entry {
    pub(super) fn new(thing: Descriptor, base: Rights, inheriting: Rights, flags: FdFlags) -> Entry {
        let (below, kept) = (Rights::ALL, Rights::ALL);
        Entry { thing, base, inheriting, below, kept, flags, position: 0, preopen_name: None, listing: None }
    }

    /// A thing with all that can be done with it.
    fn all(thing: Descriptor) -> Entry {
        let base = Rights::of(&thing);
        let inheriting = match &thing {
            Descriptor::Directory(_) => Rights::DIRECTORY.union(Rights::FILE),
            Descriptor::Listener(_) => Rights::CONNECTION,
            Descriptor::File(_) | Descriptor::Stream(_) => Rights::NONE,
        };
        Entry::new(thing, base, inheriting, FdFlags::default())
    }

    pub(super) fn directory(&self) -> WasiResult<&Arc<dyn Directory>> {
        self.thing.directory()
    }

    /// The file; what it is instead is told as `instead` would be of a stream.
    pub(super) fn file(&self, instead: ErrorCode) -> WasiResult<&Arc<dyn File>> {
        match &self.thing {
            Descriptor::File(file) => Ok(file),
            Descriptor::Directory(_) => Err(ErrorCode::IsDirectory.into()),
            Descriptor::Stream(_) | Descriptor::Listener(_) => Err(instead.into()),
        }
    }
}

impl Descriptors {
    /// Those of a guest that starts: its standard streams, and what it was given.
    pub(crate) fn new(settings: &Settings, stdio: [Arc<dyn Stream>; 3]) -> Descriptors {
        let mut entries = Vec::with_capacity(3 + settings.preopens.len());
        for (stream, without) in stdio.into_iter().zip([Rights::FD_WRITE, Rights::FD_READ, Rights::FD_READ]) {
            let mut entry = Entry::all(Descriptor::Stream(stream));
            entry.base = entry.base.without(without);
            entries.push(Some(entry));
        }
        for preopen in &settings.preopens {
            entries.push(Some(match preopen {
                Preopen::Directory(name, directory) => {
                    let mut entry = Entry::all(Descriptor::Directory(directory.clone()));
                    entry.preopen_name = Some(name.as_str().into());
                    entry
                }
                Preopen::Listener(listener) => Entry::all(Descriptor::Listener(listener.clone())),
                Preopen::Stream(stream) => Entry::all(Descriptor::Stream(stream.clone())),
            }));
        }
        Descriptors {
            lowest_free: entries.len(),
            entries,
            max: settings.max_descriptors as usize,
            listings: Listings::default(),
            devices: DeviceNumbers::default(),
        }
    }

    pub(crate) fn get(&self, fd: Fd) -> Result<&Entry, ErrorCode> {
        self.entries.get(fd.0 as usize).and_then(Option::as_ref).ok_or(ErrorCode::BadDescriptor)
    }

    pub(crate) fn get_mut(&mut self, fd: Fd) -> Result<&mut Entry, ErrorCode> {
        self.entries.get_mut(fd.0 as usize).and_then(Option::as_mut).ok_or(ErrorCode::BadDescriptor)
    }

    /// What directories have been listed as.
    pub(super) fn listings_mut(&mut self) -> impl Iterator<Item = &mut DirectoryListing> {
        self.entries.iter_mut().flatten().filter_map(|entry| entry.listing.as_deref_mut())
    }

    /// Whether there is such a descriptor, and it has these rights.
    #[inline]
    pub(crate) fn check(&self, fd: Fd, rights: Rights) -> Result<(), ErrorCode> {
        let entry = self.get(fd)?;
        let missing = rights.without(entry.base);
        if missing == Rights::NONE { Ok(()) } else { Err(missing.refusal(&entry.thing)) }
    }

    /// Whether one more can be had.
    pub(super) fn check_room(&self) -> Result<(), ErrorCode> {
        if self.free() < self.max { Ok(()) } else { Err(ErrorCode::TooManyFiles) }
    }

    /// The lowest number that is free.
    fn free(&self) -> usize {
        let taken = self.entries[self.lowest_free..].iter().take_while(|entry| entry.is_some()).count();
        self.lowest_free + taken
    }

    /// Gives something the lowest number that is free.
    pub(super) fn insert(&mut self, entry: Entry) -> Result<Fd, ErrorCode> {
        let free = self.free();
        if free >= self.max {
            return Err(ErrorCode::TooManyFiles);
        }
        match self.entries.get_mut(free) {
            Some(place) => *place = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        self.lowest_free = free + 1;
        Ok(Fd(u32::try_from(free).map_err(|_| ErrorCode::TooManyFiles)?))
    }

    /// Frees a number; what it stood for.
    pub(super) fn remove(&mut self, fd: Fd) -> Result<Entry, ErrorCode> {
        let at = fd.0 as usize;
        let entry = self.entries.get_mut(at).and_then(Option::take).ok_or(ErrorCode::BadDescriptor)?;
        self.lowest_free = self.lowest_free.min(at);
        Ok(entry)
    }

    /// Lets a number that is taken stand for what another one stands for, which becomes free.
    pub(super) fn renumber(&mut self, from: Fd, to: Fd) -> Result<(), ErrorCode> {
        self.get(from)?;
        self.get(to)?;
        if from != to {
            let entry = self.remove(from)?;
            *self.get_mut(to)? = entry;
        }
        Ok(())
    }
}

/// Does an operation on a descriptor, and waits for as often as it would have to, unless the guest does not want that.
#[inline]
pub(super) fn waiting<R>(
    ctx: &mut WasiCtx,
    fd: Fd,
    interest: Interest,
    mut operation: impl FnMut(&mut Entry) -> WasiResult<R>,
) -> WasiResult<R> {
    loop {
        let entry = ctx.preview1().get_mut(fd)?;
        let outcome = operation(entry);
        match &outcome {
            Err(error) if error.would_block() && !entry.flags.contains(FdFlags::NONBLOCK) => {
                let thing = entry.thing.clone();
                ctx.wait(&[(pollable(&thing), interest)], None)?;
            }
            _ => return outcome,
        }
    }
}

/// What is waited for; a directory is always ready.
pub(super) fn pollable(thing: &Descriptor) -> &dyn Pollable {
    struct Always;
    impl Pollable for Always {}
    match thing {
        Descriptor::Directory(_) => &Always,
        Descriptor::File(file) => &**file,
        Descriptor::Stream(stream) => &**stream,
        Descriptor::Listener(listener) => &**listener,
    }
}
