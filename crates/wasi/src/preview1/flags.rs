//! Parameters that are sets of flags, or one of a few numbers. What is neither is refused.

use super::memory::GuestMemory;
use super::parameter::{Parameter, Role};
use crate::error::ErrorCode;
use crate::fs::Advice;

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

impl FdFlags {
    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    pub(crate) const fn intersects(self, others: FdFlags) -> bool {
        self.0 & others.0 != 0
    }

    pub(crate) const fn union(self, others: FdFlags) -> FdFlags {
        FdFlags(self.0 | others.0)
    }
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
