//! The kinds of parameters in the [table](super::table): how core values become what a function gets, and what is checked on the
//! way. Whatever a function gets of a guest's memory is in bounds.

use super::descriptors::Fd;
use super::memory::GuestMemory;
use super::rights::Rights;
use crate::ctx::WasiCtx;
use crate::error::{ErrorCode, WasiResult};
use crate::fs::RelativePath;

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

/// Text that a guest gives, a path or what a symbolic link holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuestText {
    at: u32,
    length: u32,
}

impl Parameter for GuestText {
    const ROLES: &[Role] = &[Role::Bytes { written: false }, Role::Count];
    type Core = u32;
    type Values = [u32; 2];
    type Checked = GuestText;

    fn check([at, length]: [u32; 2], memory: &GuestMemory<'_>) -> Result<GuestText, ErrorCode> {
        memory.check(at, length.into(), 1)?;
        Ok(GuestText { at, length })
    }
}

impl GuestText {
    /// The text, where it is some and not longer than paths may be.
    pub(crate) fn get<'m>(self, memory: &'m GuestMemory<'_>) -> WasiResult<&'m str> {
        if self.length as usize > RelativePath::MAX_PATH {
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
    pub(crate) fn length(self) -> u32 {
        self.length
    }

    /// Writes what there is room for behind the first `used` bytes; how many bytes that are.
    pub(crate) fn put(self, memory: &mut GuestMemory<'_>, used: u32, bytes: &[u8]) -> WasiResult<u32> {
        let count = bytes.len().min((self.length - used) as usize);
        memory.write(self.at + used, &bytes[..count])?;
        Ok(count as u32)
    }

    /// Fills it, piece by piece.
    pub(crate) fn fill(
        self,
        memory: &mut GuestMemory<'_>,
        mut fill: impl FnMut(&mut [u8]) -> WasiResult<()>,
    ) -> WasiResult<()> {
        let mut done = 0;
        while done < self.length {
            let piece = memory.piece(self.length - done);
            memory.write_piece(self.at + done, piece, |bytes| fill(bytes).map(|()| bytes.len()))?;
            done += piece;
        }
        Ok(())
    }
}
