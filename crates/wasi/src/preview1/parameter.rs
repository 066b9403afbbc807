//! The kinds of parameters in the [table](super::table): how core values become what a function gets, and what is checked on the
//! way. Whatever a function gets of a guest's memory is in bounds.

use super::descriptors::Fd;
use super::memory::GuestMemory;
use super::rights::Rights;
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::{Advice, RelativePath};
use std::marker::PhantomData;

/// How many vectors one call may have, as on most systems.
const MAX_VECTORS: u32 = 1024;

/// So many vectors are kept without allocating.
const FEW_VECTORS: usize = 4;

/// What one core value of a parameter is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A number of 32 bits, or less.
    I32,
    /// A number of 64 bits.
    I64,
    /// A descriptor.
    Descriptor,
    /// Where a record of `size` bytes is.
    Record {
        /// In bytes.
        size: u32,
        /// What the address is a multiple of.
        align: u32,
    },
    /// Where bytes are; the next value says how many.
    Bytes {
        /// They are written, not read.
        written: bool,
    },
    /// Where addresses and lengths of bytes are; the next value says how many.
    Vectors {
        /// The bytes that they tell of are written, not read.
        written: bool,
    },
    /// Where records are that the function reads or writes; the value called `count` says how many.
    Records {
        /// In bytes.
        size: u32,
        /// What the address is a multiple of.
        align: u32,
        /// They are written, not read.
        written: bool,
    },
    /// Where something is written whose length the context knows.
    Strings {
        /// What the address is a multiple of.
        align: u32,
    },
    /// How many.
    Count,
}

/// A kind of parameter.
pub(crate) trait Parameter: Sized {
    /// What its core values are.
    const ROLES: &[Role];

    /// The Rust type of each of them.
    type Core: CoreValue;
    /// All of them.
    type Values: Copy;
    /// What the function gets.
    type Checked;

    /// Sees that it is a descriptor that has these rights, if it is a descriptor.
    #[inline]
    fn check_descriptor(values: Self::Values, ctx: &mut WasiCtx, rights: Rights) -> Result<(), ErrorCode> {
        let _ = (values, ctx, rights);
        Ok(())
    }

    /// What the function gets: in bounds, and of a meaning.
    fn check(values: Self::Values, memory: &GuestMemory<'_>) -> Result<Self::Checked, ErrorCode>;
}

/// A core value.
pub(crate) trait CoreValue {
    /// The lowest bits.
    fn truncate(value: u64) -> Self;
}

impl CoreValue for u32 {
    fn truncate(value: u64) -> u32 {
        value as u32
    }
}

impl CoreValue for u64 {
    fn truncate(value: u64) -> u64 {
        value
    }
}

/// Whether one of the values is an address.
pub(crate) const fn points(roles: &[Role]) -> bool {
    let mut at = 0;
    while at < roles.len() {
        if !matches!(roles[at], Role::I32 | Role::I64 | Role::Descriptor | Role::Count) {
            return true;
        }
        at += 1;
    }
    false
}

macro_rules! numbers {
    ($($type:ty = $role:ident,)*) => {$(
        impl Parameter for $type {
            const ROLES: &[Role] = &[Role::$role];
            type Core = $type;
            type Values = [$type; 1];
            type Checked = $type;

            #[inline]
            fn check([value]: [$type; 1], _: &GuestMemory<'_>) -> Result<$type, ErrorCode> {
                Ok(value)
            }
        }
    )*};
}

numbers! {
    u32 = I32,
    u64 = I64,
}

/// A signed distance in a file.
pub(crate) type FileDelta = i64;

impl Parameter for FileDelta {
    const ROLES: &[Role] = &[Role::I64];
    type Core = u64;
    type Values = [u64; 1];
    type Checked = i64;

    #[inline]
    fn check([value]: [u64; 1], _: &GuestMemory<'_>) -> Result<i64, ErrorCode> {
        Ok(value.cast_signed())
    }
}

impl Parameter for Fd {
    const ROLES: &[Role] = &[Role::Descriptor];
    type Core = u32;
    type Values = [u32; 1];
    type Checked = Fd;

    #[inline]
    fn check_descriptor([fd]: [u32; 1], ctx: &mut WasiCtx, rights: Rights) -> Result<(), ErrorCode> {
        ctx.preview1().check(Fd(fd), rights)
    }

    #[inline]
    fn check([fd]: [u32; 1], _: &GuestMemory<'_>) -> Result<Fd, ErrorCode> {
        Ok(Fd(fd))
    }
}

impl Parameter for Rights {
    const ROLES: &[Role] = &[Role::I64];
    type Core = u64;
    type Values = [u64; 1];
    type Checked = Rights;

    fn check([bits]: [u64; 1], _: &GuestMemory<'_>) -> Result<Rights, ErrorCode> {
        Ok(Rights::of_guest(bits))
    }
}

/// Makes a kind of parameter of a set of flags; other bits are refused.
macro_rules! flags {
    ($($(#[$doc:meta])* $type:ident($bits:ty) { $($name:ident = $value:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub(crate) struct $type($bits);

        impl $type {
            $(pub(crate) const $name: $type = $type($value);)*

            const ALL: $bits = 0 $(| $value)*;

            #[allow(dead_code, reason = "a set may have no flags")]
            pub(crate) const fn contains(self, others: $type) -> bool {
                self.0 & others.0 == others.0
            }

            #[allow(dead_code, reason = "not all flags are written to a guest or looked at together")]
            pub(crate) const fn bits(self) -> $bits {
                self.0
            }

            #[allow(dead_code, reason = "not all flags are looked at together")]
            pub(crate) const fn intersects(self, others: $type) -> bool {
                self.0 & others.0 != 0
            }

            #[allow(dead_code, reason = "not all flags are looked at together")]
            pub(crate) const fn union(self, others: $type) -> $type {
                $type(self.0 | others.0)
            }
        }

        impl Parameter for $type {
            const ROLES: &[Role] = &[Role::I32];
            type Core = u32;
            type Values = [u32; 1];
            type Checked = $type;

            fn check([bits]: [u32; 1], _: &GuestMemory<'_>) -> Result<$type, ErrorCode> {
                if bits & !u32::from($type::ALL) != 0 {
                    return Err(ErrorCode::Invalid);
                }
                Ok($type(bits as $bits))
            }
        }
    )*};
}

flags! {
    /// How a descriptor is read and written.
    FdFlags(u16) {
        APPEND = 1,
        DSYNC = 2,
        NONBLOCK = 4,
        RSYNC = 8,
        SYNC = 16,
    }

    /// How the last part of a path is looked up.
    LookupFlags(u32) {
        SYMLINK_FOLLOW = 1,
    }

    /// How something is opened.
    OpenFlags(u16) {
        CREAT = 1,
        DIRECTORY = 2,
        EXCL = 4,
        TRUNC = 8,
    }

    /// Which times are set.
    FstFlags(u16) {
        ATIM = 1,
        ATIM_NOW = 2,
        MTIM = 4,
        MTIM_NOW = 8,
    }
}

pub(crate) use flags;

/// Where a distance starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whence {
    Set,
    Current,
    End,
}

impl Parameter for Whence {
    const ROLES: &[Role] = &[Role::I32];
    type Core = u32;
    type Values = [u32; 1];
    type Checked = Whence;

    fn check([value]: [u32; 1], _: &GuestMemory<'_>) -> Result<Whence, ErrorCode> {
        match value {
            0 => Ok(Whence::Set),
            1 => Ok(Whence::Current),
            2 => Ok(Whence::End),
            _ => Err(ErrorCode::Invalid),
        }
    }
}

impl Parameter for Advice {
    const ROLES: &[Role] = &[Role::I32];
    type Core = u32;
    type Values = [u32; 1];
    type Checked = Advice;

    fn check([value]: [u32; 1], _: &GuestMemory<'_>) -> Result<Advice, ErrorCode> {
        Ok(match value {
            0 => Advice::Normal,
            1 => Advice::Sequential,
            2 => Advice::Random,
            3 => Advice::WillNeed,
            4 => Advice::DontNeed,
            5 => Advice::NoReuse,
            _ => return Err(ErrorCode::Invalid),
        })
    }
}

/// Text that a guest gives, a path or what a symbolic link holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    at: u32,
    length: u32,
}

impl Parameter for Text {
    const ROLES: &[Role] = &[Role::Bytes { written: false }, Role::Count];
    type Core = u32;
    type Values = [u32; 2];
    type Checked = Text;

    fn check([at, length]: [u32; 2], memory: &GuestMemory<'_>) -> Result<Text, ErrorCode> {
        memory.check(at, length.into(), 1)?;
        Ok(Text { at, length })
    }
}

impl Text {
    /// The text, where it is some and not longer than paths may be.
    pub(crate) fn get<'m>(self, memory: &'m GuestMemory<'_>) -> WasiResult<&'m str> {
        if self.length as usize > RelativePath::MAX_LENGTH {
            return Err(ErrorCode::NameTooLong.into());
        }
        let bytes = memory.bytes(self.at, self.length)?;
        Ok(std::str::from_utf8(bytes).map_err(|_| ErrorCode::IllegalByteSequence)?)
    }

    /// The path that it is.
    pub(crate) fn path<'m>(self, memory: &'m GuestMemory<'_>) -> WasiResult<RelativePath<'m>> {
        Ok(RelativePath::new(self.get(memory)?)?)
    }
}

/// Bytes that a function writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    at: u32,
    length: u32,
}

impl Parameter for Buffer {
    const ROLES: &[Role] = &[Role::Bytes { written: true }, Role::Count];
    type Core = u32;
    type Values = [u32; 2];
    type Checked = Buffer;

    fn check([at, length]: [u32; 2], memory: &GuestMemory<'_>) -> Result<Buffer, ErrorCode> {
        memory.check(at, length.into(), 1)?;
        Ok(Buffer { at, length })
    }
}

impl Buffer {
    pub(crate) fn bytes<'m>(self, memory: &'m mut GuestMemory<'_>) -> WasiResult<&'m mut [u8]> {
        Ok(memory.bytes_mut(self.at, self.length)?)
    }
}

/// Ranges of memory, kept aside: what is read into one of them cannot change the others.
pub(crate) struct Vectors<Use> {
    few: [(u32, u32); FEW_VECTORS],
    count: usize,
    /// Those beyond the few.
    more: Vec<(u32, u32)>,
    usage: PhantomData<Use>,
}

/// That ranges are written to.
pub(crate) enum Written {}

/// That ranges are read from.
pub(crate) enum Read {}

/// Where bytes go that are read.
pub(crate) type Iovecs = Vectors<Written>;

/// Where bytes come from that are written.
pub(crate) type Ciovecs = Vectors<Read>;

impl Parameter for Iovecs {
    const ROLES: &[Role] = &[Role::Vectors { written: true }, Role::Count];
    type Core = u32;
    type Values = [u32; 2];
    type Checked = Iovecs;

    #[inline]
    fn check(values: [u32; 2], memory: &GuestMemory<'_>) -> Result<Iovecs, ErrorCode> {
        Vectors::read(values, memory)
    }
}

impl Parameter for Ciovecs {
    const ROLES: &[Role] = &[Role::Vectors { written: false }, Role::Count];
    type Core = u32;
    type Values = [u32; 2];
    type Checked = Ciovecs;

    #[inline]
    fn check(values: [u32; 2], memory: &GuestMemory<'_>) -> Result<Ciovecs, ErrorCode> {
        Vectors::read(values, memory)
    }
}

impl<Use> Vectors<Use> {
    fn read([at, count]: [u32; 2], memory: &GuestMemory<'_>) -> Result<Vectors<Use>, ErrorCode> {
        memory.check(at, u64::from(count) * 8, 4)?;
        if count > MAX_VECTORS {
            return Err(ErrorCode::Invalid);
        }
        let mut vectors = Vectors { few: [(0, 0); FEW_VECTORS], count: 0, more: Vec::new(), usage: PhantomData };
        let mut total: u32 = 0;
        for index in 0..count {
            let at = at + index * 8;
            let (start, length) = (memory.read_u32(at)?, memory.read_u32(at + 4)?);
            memory.check(start, length.into(), 1)?;
            total = total.checked_add(length).ok_or(ErrorCode::Invalid)?;
            match vectors.few.get_mut(index as usize) {
                Some(place) => *place = (start, length),
                None => vectors.more.push((start, length)),
            }
        }
        vectors.count = FEW_VECTORS.min(count as usize);
        Ok(vectors)
    }

    /// How many bytes all of them are.
    pub(crate) fn length(&self) -> u32 {
        self.ranges().map(|(_, length)| length).sum()
    }

    /// Where each starts and how long it is.
    fn ranges(&self) -> impl Iterator<Item = (u32, u32)> {
        self.few[..self.count].iter().chain(&self.more).copied().filter(|&(_, length)| length > 0)
    }

    /// Moves the bytes of one range after the other, until one moves less than it has. Where some were moved before it fails, those
    /// count.
    #[inline]
    fn each(&self, mut step: impl FnMut(u32, u32, u32) -> WasiResult<usize>) -> WasiResult<u32> {
        let mut total = 0;
        for (at, length) in self.ranges() {
            let moved = match step(at, length, total) {
                // More than there was room for is not to be had.
                Ok(moved) => u32::try_from(moved).unwrap_or(length).min(length),
                Err(error) if total > 0 && error.code().is_some() => break,
                Err(error) => return Err(error),
            };
            total += moved;
            if moved < length {
                break;
            }
        }
        Ok(total)
    }
}

impl Iovecs {
    /// Fills the ranges by reads, each of which is told how many bytes came before; how many came.
    #[inline]
    pub(crate) fn fill(
        &self,
        memory: &mut GuestMemory<'_>,
        mut read: impl FnMut(&mut [u8], u32) -> WasiResult<usize>,
    ) -> WasiResult<u32> {
        self.each(|at, length, before| read(memory.bytes_mut(at, length)?, before))
    }
}

impl Ciovecs {
    /// Writes the ranges, each by a write that is told how many bytes went before; how many went.
    #[inline]
    pub(crate) fn drain(
        &self,
        memory: &GuestMemory<'_>,
        mut write: impl FnMut(&[u8], u32) -> WasiResult<usize>,
    ) -> WasiResult<u32> {
        self.each(|at, length, before| write(memory.bytes(at, length)?, before))
    }
}
