//! The table of descriptors: what numbers stand for, in four words each.

use crate::errno::ErrorNumber;
use crate::imports::stdio;
#[cfg(feature = "filesystem")]
use crate::imports::{cli, filesystem};
use crate::outcome::NumberOrError;
use crate::rights;
use crate::words::{FIELDS, GlobalWord, MAX_DESCRIPTORS, STARTED};

/// What sort of thing a descriptor is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct DescriptorKind(u64);

impl DescriptorKind {
    /// The number is free.
    pub(crate) const FREE: DescriptorKind = DescriptorKind(0);
    pub(crate) const INPUT: DescriptorKind = DescriptorKind(1);
    pub(crate) const OUTPUT: DescriptorKind = DescriptorKind(2);
    pub(crate) const FILE: DescriptorKind = DescriptorKind(3);
    pub(crate) const DIRECTORY: DescriptorKind = DescriptorKind(4);
    /// The number is taken, and stands for nothing.
    pub(crate) const RESERVED: DescriptorKind = DescriptorKind(5);
}

/// A descriptor: a handle in its lower half, and what follows above.
#[derive(Clone, Copy)]
pub(crate) struct DescriptorEntry(u64);

const KIND: u32 = 32;
const FLAGS: u32 = 35;
/// It was given to the guest, by name.
const PREOPENED: u64 = 1 << 40;
/// There is a handle: standard streams are asked for when they are used.
const OPENED: u64 = 1 << 41;
/// Rights were given up.
const NARROWED: u64 = 1 << 42;
/// Its `descriptor-type`.
const TYPE: u32 = 43;

/// `fdflags`.
pub(crate) mod fd_flags {
    pub(crate) const APPEND: u32 = 1;
    pub(crate) const DSYNC: u32 = 2;
    pub(crate) const NONBLOCK: u32 = 4;
    pub(crate) const RSYNC: u32 = 8;
    pub(crate) const SYNC: u32 = 16;
    pub(crate) const ALL: u32 = APPEND | DSYNC | NONBLOCK | RSYNC | SYNC;
}

impl DescriptorEntry {
    /// One with all rights.
    #[cfg(feature = "filesystem")]
    #[inline(always)]
    pub(crate) fn new(kind: DescriptorKind, handle: u32, flags: u32, file_type: u8) -> DescriptorEntry {
        DescriptorEntry(
            kind.0 << KIND | u64::from(flags) << FLAGS | OPENED | u64::from(file_type) << TYPE | u64::from(handle),
        )
    }

    #[inline(always)]
    pub(crate) fn kind(self) -> DescriptorKind {
        DescriptorKind(self.0 >> KIND & 7)
    }

    /// The handle of a file or directory.
    #[inline(always)]
    pub(crate) fn handle(self) -> u32 {
        self.0 as u32
    }

    #[inline(always)]
    pub(crate) fn flags(self) -> u32 {
        (self.0 >> FLAGS) as u32 & fd_flags::ALL
    }

    #[inline(always)]
    pub(crate) fn is_opened(self) -> bool {
        self.0 & OPENED != 0
    }

    #[cfg(feature = "filesystem")]
    #[inline(always)]
    pub(crate) fn is_preopened(self) -> bool {
        self.0 & PREOPENED != 0
    }

    #[inline(always)]
    pub(crate) fn is_narrowed(self) -> bool {
        self.0 & NARROWED != 0
    }

    #[cfg(feature = "filesystem")]
    #[inline(always)]
    pub(crate) fn narrowed(self, narrowed: bool) -> DescriptorEntry {
        if narrowed { DescriptorEntry(self.0 | NARROWED) } else { self }
    }

    /// The `descriptor-type` of a file or directory.
    #[cfg(feature = "filesystem")]
    #[inline(always)]
    pub(crate) fn file_type(self) -> u8 {
        (self.0 >> TYPE) as u8 & 7
    }
}

#[inline(always)]
fn entry_word(fd: u32) -> GlobalWord {
    GlobalWord::of_descriptor(fd, 0)
}

/// Where a file is read and written next; which standard stream it is; of a directory that was given, which one, and above that how long its
/// name is.
#[inline(always)]
pub(crate) fn position(fd: u32) -> GlobalWord {
    GlobalWord::of_descriptor(fd, 1)
}

/// The rights, and above them those that what is opened through it is told to have.
#[inline(always)]
fn rights_word(fd: u32) -> GlobalWord {
    GlobalWord::of_descriptor(fd, 2)
}

/// The stream that lists a directory, and above it the position of that one's next entry, or 0 where there is none.
#[cfg(feature = "filesystem")]
#[inline(always)]
pub(crate) fn listing(fd: u32) -> GlobalWord {
    GlobalWord::of_descriptor(fd, 3)
}

/// What a number stands for. Standard streams are there from the first call on, and directories when it is about them.
pub(crate) fn get(fd: u32) -> NumberOrError {
    NumberOrError::of(|| {
        start(fd);
        if fd >= MAX_DESCRIPTORS {
            return Err(ErrorNumber::BADF);
        }
        let entry = DescriptorEntry(entry_word(fd).get());
        if entry.kind() == DescriptorKind::FREE || entry.kind() == DescriptorKind::RESERVED {
            Err(ErrorNumber::BADF)
        } else {
            Ok(entry.0)
        }
    })
}

/// What a number stands for, if it has these rights.
#[inline(always)]
pub(crate) fn with_rights(fd: u32, rights: u32) -> Result<DescriptorEntry, ErrorNumber> {
    Ok(DescriptorEntry(checked(fd, rights).get()?))
}

fn checked(fd: u32, rights: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let entry = DescriptorEntry(get(fd).get()?);
        let missing = rights & !rights_word(fd).get32();
        if missing == 0 { Ok(entry.0) } else { Err(rights::refusal(missing, entry.kind())) }
    })
}

/// What a number stands for.
#[inline(always)]
pub(crate) fn entry(fd: u32) -> Result<DescriptorEntry, ErrorNumber> {
    with_rights(fd, 0)
}

/// The rights of a descriptor that is there, and those that are inherited.
#[inline(always)]
pub(crate) fn rights_of(fd: u32) -> (u32, u32) {
    let word = rights_word(fd).get();
    (word as u32, (word >> 32) as u32)
}

/// Lets a descriptor that is there have these rights.
#[inline(always)]
pub(crate) fn set_rights(fd: u32, base: u32, inheriting: u32) {
    rights_word(fd).set(u64::from(base) | u64::from(inheriting) << 32);
}

/// Takes rights from a descriptor that is there.
#[inline(always)]
pub(crate) fn narrow(fd: u32, base: u32, inheriting: u32) {
    set_rights(fd, base, inheriting);
    entry_word(fd).set(entry_word(fd).get() | NARROWED);
}

#[inline(always)]
pub(crate) fn set_flags(fd: u32, flags: u32) {
    let all = u64::from(fd_flags::ALL) << FLAGS;
    entry_word(fd).set(entry_word(fd).get() & !all | u64::from(flags) << FLAGS);
}

/// Sees to it that what a guest starts with is there.
fn start(fd: u32) {
    if STARTED.get() == 0 {
        STARTED.set(1);
        let mut stream = 0;
        while stream < 3 {
            let (kind, without) = if stream == 0 {
                (DescriptorKind::INPUT, rights::FD_WRITE)
            } else {
                (DescriptorKind::OUTPUT, rights::FD_READ)
            };
            entry_word(stream).set(kind.0 << KIND);
            position(stream).set(stream.into());
            set_rights(stream, rights::STREAM & !without, 0);
            stream += 1;
        }
    }
    #[cfg(feature = "filesystem")]
    if fd > 2 && STARTED.get() == 1 {
        STARTED.set(2);
        preopens::start();
    }
    #[cfg(not(feature = "filesystem"))]
    let _ = fd;
}

/// Sees to it that everything is there, before something else is lent memory.
pub(crate) fn start_all() {
    start(u32::MAX);
}

/// The lowest number that is free, which is found before anything is opened.
pub(crate) fn lowest_free() -> NumberOrError {
    NumberOrError::of(|| {
        start_all();
        let mut fd = 0;
        while fd < MAX_DESCRIPTORS {
            if DescriptorEntry(entry_word(fd).get()).kind() == DescriptorKind::FREE {
                return Ok(fd.into());
            }
            fd += 1;
        }
        Err(ErrorNumber::MFILE)
    })
}

/// Lets a number that is free stand for something.
#[cfg(feature = "filesystem")]
pub(crate) fn set(fd: u32, entry: DescriptorEntry) {
    entry_word(fd).set(entry.0);
    position(fd).set(0);
}

/// Takes a number for nothing.
pub(crate) fn reserve(fd: u32) {
    entry_word(fd).set(DescriptorKind::RESERVED.0 << KIND);
}

/// Frees a number that was taken for nothing.
pub(crate) fn unreserve(fd: u32) -> NumberOrError {
    NumberOrError::of(|| {
        if fd >= MAX_DESCRIPTORS || DescriptorEntry(entry_word(fd).get()).kind() != DescriptorKind::RESERVED {
            return Err(ErrorNumber::BADF);
        }
        entry_word(fd).set(0);
        Ok(0)
    })
}

/// Frees a number, and drops what it stood for.
pub(crate) fn close(fd: u32) -> NumberOrError {
    NumberOrError::of(|| {
        let entry = DescriptorEntry(get(fd).get()?);
        #[cfg(feature = "filesystem")]
        crate::preview1::readdir::forget(fd);
        entry_word(fd).set(0);
        if entry.is_opened() {
            match entry.kind() {
                DescriptorKind::INPUT => crate::imports::io::drop_input_stream(entry.handle()),
                DescriptorKind::OUTPUT => crate::imports::io::drop_output_stream(entry.handle()),
                #[cfg(feature = "filesystem")]
                _ => filesystem::drop_descriptor(entry.handle()),
                #[cfg(not(feature = "filesystem"))]
                _ => {}
            }
        }
        Ok(0)
    })
}

/// Lets a number that is taken stand for what another one stands for, which becomes free.
pub(crate) fn renumber(from: u32, to: u32) -> NumberOrError {
    NumberOrError::of(|| {
        entry(from)?;
        entry(to)?;
        if from != to {
            close(to).get()?;
            #[cfg(feature = "filesystem")]
            crate::preview1::readdir::forget(from);
            let mut field = 0;
            while field < FIELDS {
                GlobalWord::of_descriptor(to, field).set(GlobalWord::of_descriptor(from, field).get());
                field += 1;
            }
            entry_word(from).set(0);
            #[cfg(feature = "filesystem")]
            listing(from).set(0);
        }
        Ok(0)
    })
}

/// The stream of a descriptor that is a standard stream, asked for at the first time.
pub(crate) fn stream(fd: u32) -> u32 {
    let entry = DescriptorEntry(entry_word(fd).get());
    if entry.is_opened() {
        return entry.handle();
    }
    let handle = match position(fd).get() {
        0 => stdio::stdin(),
        1 => stdio::stdout(),
        _ => stdio::stderr(),
    };
    entry_word(fd).set(entry.0 | OPENED | u64::from(handle));
    handle
}

/// Whether a standard stream is a terminal.
#[cfg(feature = "filesystem")]
pub(crate) fn is_terminal(fd: u32) -> bool {
    use crate::area::{Area, One};
    let which = position(fd).get();
    let area = Area::<One>::new();
    match which {
        0 => cli::terminal_stdin(area.at),
        1 => cli::terminal_stdout(area.at),
        _ => cli::terminal_stderr(area.at),
    }
    if area.u8(0) == 0 {
        return false;
    }
    match which {
        0 => cli::drop_terminal_input(area.u32(4)),
        _ => cli::drop_terminal_output(area.u32(4)),
    }
    true
}

/// The directories that a guest is given. How they are called is asked for when the guest asks: names lie nowhere.
#[cfg(feature = "filesystem")]
pub(crate) mod preopens {
    use super::{
        DescriptorEntry, DescriptorKind, KIND, MAX_DESCRIPTORS, OPENED, PREOPENED, TYPE, entry_word, position,
        set_rights,
    };
    use crate::area::{Area, One};
    use crate::imports::filesystem;
    use crate::lists::Lent;
    use crate::memory::{copy, load32};
    use crate::rights;

    /// `descriptor-type`.
    const DIRECTORY: u64 = 3;

    /// How many there are, and where what is told of each is.
    #[inline(always)]
    fn list(_: &Lent) -> (u32, u32) {
        let area = Area::<One>::new();
        filesystem::preopened_directories(area.at);
        (area.u32(4), area.u32(0))
    }

    /// The first numbers behind the standard streams stand for them.
    pub(super) fn start() {
        let lent = Lent::above(0);
        let (count, at) = list(&lent);
        let (mut fd, mut index) = (3, 0);
        while index < count {
            let (handle, length) = (load32(at + index * 12), load32(at + index * 12 + 8));
            if fd < MAX_DESCRIPTORS {
                let bits = DescriptorKind::DIRECTORY.0 << KIND | OPENED | PREOPENED | DIRECTORY << TYPE;
                entry_word(fd).set(bits | u64::from(handle));
                position(fd).set(u64::from(index) | u64::from(length) << 32);
                set_rights(fd, rights::DIRECTORY, rights::DIRECTORY | rights::FILE);
                fd += 1;
            } else {
                filesystem::drop_descriptor(handle);
            }
            index += 1;
        }
    }

    /// Copies the name of the one with an index to where there is room for it.
    pub(crate) fn name(index: u32, to: u32, length: u32) {
        let lent = Lent::above(u64::from(to) + u64::from(length));
        let (count, at) = list(&lent);
        let mut other = 0;
        while other < count {
            // They are given once more with each list.
            filesystem::drop_descriptor(load32(at + other * 12));
            other += 1;
        }
        if index < count {
            let (from, found) = (load32(at + index * 12 + 4), load32(at + index * 12 + 8));
            copy(from, to, found.min(length));
        }
    }

    /// Whether it is one of them, and how long its name is.
    #[inline(always)]
    pub(crate) fn name_length(fd: u32, entry: DescriptorEntry) -> Option<u32> {
        entry.is_preopened().then(|| (position(fd).get() >> 32) as u32)
    }
}
