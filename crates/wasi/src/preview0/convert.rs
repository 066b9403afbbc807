//! Conversions between preview0 and preview1: records byte by byte, a number, and sets of rights; and the kinds of parameters and results
//! that go through them.

use crate::error::ErrorCode;
use crate::preview1::poll::{SubscriptionArray, SubscriptionLayout};
use crate::preview1::{Fdstat, Filestat, GuestMemory, Parameter, Rights, Role, Stored, Whence};

/// Whence a distance is measured: what is first now was last.
fn whence(number: u32) -> Result<Whence, ErrorCode> {
    match number {
        0 => Ok(Whence::Current),
        1 => Ok(Whence::End),
        2 => Ok(Whence::Set),
        _ => Err(ErrorCode::Invalid),
    }
}

/// A `filestat`: the number of links had 32 bits, right behind the type. More links than that are shown as the most there can be.
fn filestat(new: &[u8; 64]) -> [u8; 56] {
    let mut old = [0; 56];
    // Device, inode, type.
    old[..17].copy_from_slice(&new[..17]);
    let links = u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|byte| new[24 + byte]));
    old[20..24].copy_from_slice(&u32::try_from(links).unwrap_or(u32::MAX).to_le_bytes());
    // Size and times.
    old[24..].copy_from_slice(&new[32..]);
    old
}

/// A `subscription`: that of a clock had an identifier of its own in front of what it has now.
fn subscription(old: &[u8; 56]) -> [u8; 48] {
    const CLOCK: u8 = 0;
    let mut new = [0; 48];
    new[..24].copy_from_slice(&old[..24]);
    if old[8] == CLOCK {
        new[16..].copy_from_slice(&old[24..]);
    }
    new
}

/// The rights that there were: none to accept connections.
fn rights(new: Rights) -> Rights {
    new.without(Rights::SOCK_ACCEPT)
}

/// `whence`.
pub(super) struct Preview0Whence;

impl Parameter for Preview0Whence {
    const ROLES: &[Role] = Whence::ROLES;
    type Core = u32;
    type Values = [u32; 1];
    type Checked = Whence;

    fn check([number]: [u32; 1], _: &GuestMemory<'_>) -> Result<Whence, ErrorCode> {
        whence(number)
    }
}

/// `rights`.
pub(super) struct Preview0Rights;

impl Parameter for Preview0Rights {
    const ROLES: &[Role] = Rights::ROLES;
    type Core = u64;
    type Values = [u64; 1];
    type Checked = Rights;

    fn check(bits: [u64; 1], memory: &GuestMemory<'_>) -> Result<Rights, ErrorCode> {
        Rights::check(bits, memory).map(rights)
    }
}

/// `fdstat`.
pub(super) struct Preview0Fdstat(pub(super) Fdstat);

impl Stored for Preview0Fdstat {
    const SIZE: u32 = Fdstat::SIZE;
    const ALIGN: u32 = Fdstat::ALIGN;

    fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), ErrorCode> {
        let Preview0Fdstat(new) = self;
        Fdstat { base: rights(new.base), inheriting: rights(new.inheriting), ..*new }.store(memory, at)
    }
}

/// `filestat`.
pub(super) struct Preview0Filestat(pub(super) Filestat);

impl Stored for Preview0Filestat {
    const SIZE: u32 = 56;
    const ALIGN: u32 = Filestat::ALIGN;

    fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), ErrorCode> {
        let mut new = [0; Filestat::SIZE as usize];
        self.0.store(&mut GuestMemory::new(&mut new), 0)?;
        memory.write(at, &filestat(&new))
    }
}

/// How a `subscription` is laid out.
pub(super) enum Preview0Layout {}

impl SubscriptionLayout for Preview0Layout {
    const SIZE: u32 = 56;

    fn read(memory: &GuestMemory<'_>, at: u32) -> Result<[u8; 48], ErrorCode> {
        Ok(subscription(&memory.array(at)?))
    }
}

/// What is waited for.
pub(super) type Preview0Subscriptions = SubscriptionArray<Preview0Layout>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileType;
    use crate::preview1::FdFlags;

    /// Bytes that tell where they stand.
    fn numbered<const N: usize>() -> [u8; N] {
        std::array::from_fn(|at| at as u8 + 100)
    }

    #[test]
    fn whence_starts_with_the_present() {
        let all: Vec<_> = (0..3).map(|number| whence(number).unwrap()).collect();
        assert_eq!(all, [Whence::Current, Whence::End, Whence::Set]);
        for number in [3, 256, u32::MAX] {
            assert_eq!(whence(number), Err(ErrorCode::Invalid));
        }
    }

    #[test]
    fn every_byte_of_a_filestat_has_its_place() {
        let mut new: [u8; 64] = numbered();
        new[28..32].fill(0);
        let old = filestat(&new);
        for (old_at, new_at, length) in [
            ("device", 0, 0, 8),
            ("inode", 8, 8, 8),
            ("type", 16, 16, 1),
            ("links", 20, 24, 4),
            ("size", 24, 32, 8),
            ("accessed", 32, 40, 8),
            ("modified", 40, 48, 8),
            ("changed", 48, 56, 8),
        ]
        .map(|(_, old_at, new_at, length)| (old_at, new_at, length))
        {
            assert_eq!(old[old_at..old_at + length], new[new_at..new_at + length]);
        }
        assert_eq!(old[17..20], [0; 3], "padding");
    }

    #[test]
    fn more_links_than_there_can_be_are_as_many_as_there_can_be() {
        for (links, shown) in
            [(0, 0), (7, 7), (u64::from(u32::MAX), u32::MAX), (1 << 32, u32::MAX), (u64::MAX, u32::MAX)]
        {
            let mut new = [0; 64];
            new[24..32].copy_from_slice(&u64::to_le_bytes(links));
            assert_eq!(filestat(&new)[20..24], shown.to_le_bytes());
        }
    }

    #[test]
    fn every_byte_of_a_subscription_has_its_place() {
        let mut old: [u8; 56] = numbered();
        old[8] = 0;
        let clock = subscription(&old);
        assert_eq!(clock[..16], old[..16], "user data and tag");
        assert_eq!(clock[16..20], old[24..28], "clock");
        assert_eq!(clock[24..32], old[32..40], "timeout");
        assert_eq!(clock[32..40], old[40..48], "precision");
        assert_eq!(clock[40..42], old[48..50], "flags");
        for tag in [1, 2, 3, 255] {
            old[8] = tag;
            let other = subscription(&old);
            assert_eq!(other[..20], old[..20], "user data, tag, and descriptor");
            assert_eq!(other[24..], [0; 24]);
        }
    }

    #[test]
    fn there_are_29_rights() {
        assert_eq!(rights(Rights::ALL).bits(), (1 << 29) - 1);
        let checked = Preview0Rights::check([u64::MAX], &GuestMemory::new(&mut []));
        assert_eq!(checked.unwrap().bits(), (1 << 29) - 1);
        let stat = Fdstat {
            file_type: FileType::SocketStream,
            flags: FdFlags::NONBLOCK,
            base: Rights::ALL,
            inheriting: Rights::SOCK_ACCEPT,
        };
        let mut bytes = [0xff; 24];
        Preview0Fdstat(stat).store(&mut GuestMemory::new(&mut bytes), 0).unwrap();
        let expected = [6, 0, 4, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(bytes, expected);
    }
}
