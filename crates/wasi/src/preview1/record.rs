//! What preview1's functions write as their results, with its layout in memory.

use super::descriptors::Fd;
use super::flags::FdFlags;
use super::memory::GuestMemory;
use super::rights::Rights;
use crate::clock::nanoseconds;
use crate::error::ErrorCode;
use crate::fs::{FileType, Metadata};

/// A result that is written to the guest's memory.
pub(crate) trait Stored {
    /// In bytes.
    const SIZE: u32;
    /// What its address is a multiple of.
    const ALIGN: u32;

    /// Writes it to where there is room for it.
    fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), ErrorCode>;
}

/// What a function returns, which is written to `N` addresses.
pub(crate) trait Results<const N: usize> {
    fn store_all(self, memory: &mut GuestMemory<'_>, at: [u32; N]) -> Result<(), ErrorCode>;
}

impl Results<0> for () {
    #[inline]
    fn store_all(self, _: &mut GuestMemory<'_>, []: [u32; 0]) -> Result<(), ErrorCode> {
        Ok(())
    }
}

impl<A: Stored> Results<1> for A {
    #[inline]
    fn store_all(self, memory: &mut GuestMemory<'_>, [at]: [u32; 1]) -> Result<(), ErrorCode> {
        self.store(memory, at)
    }
}

impl<A: Stored, B: Stored> Results<2> for (A, B) {
    fn store_all(self, memory: &mut GuestMemory<'_>, [first, second]: [u32; 2]) -> Result<(), ErrorCode> {
        self.0.store(memory, first)?;
        self.1.store(memory, second)
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Stored for $type {
            const SIZE: u32 = size_of::<$type>() as u32;
            const ALIGN: u32 = size_of::<$type>() as u32;

            #[inline]
            fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), ErrorCode> {
                memory.write(at, &self.to_le_bytes())
            }
        }
    )*};
}

numbers! { u16 u32 u64 }

impl Stored for Fd {
    const SIZE: u32 = 4;
    const ALIGN: u32 = 4;

    fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), ErrorCode> {
        self.0.store(memory, at)
    }
}

/// `filetype`.
pub(crate) fn file_type_number(ty: FileType) -> u8 {
    match ty {
        // There is no number for pipes.
        FileType::Unknown | FileType::Fifo => 0,
        FileType::BlockDevice => 1,
        FileType::CharacterDevice => 2,
        FileType::Directory => 3,
        FileType::RegularFile => 4,
        FileType::SocketDatagram => 5,
        FileType::SocketStream => 6,
        FileType::SymbolicLink => 7,
    }
}

/// `fdstat`.
pub(crate) struct Fdstat {
    pub(crate) file_type: FileType,
    pub(crate) flags: FdFlags,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
}

impl Stored for Fdstat {
    const SIZE: u32 = 24;
    const ALIGN: u32 = 8;

    fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), ErrorCode> {
        let mut bytes = [0; 24];
        bytes[0] = file_type_number(self.file_type);
        bytes[2..4].copy_from_slice(&self.flags.bits().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.base.bits().to_le_bytes());
        bytes[16..24].copy_from_slice(&self.inheriting.bits().to_le_bytes());
        memory.write(at, &bytes)
    }
}

/// `filestat`.
pub(crate) struct Filestat(pub(crate) Metadata);

impl Stored for Filestat {
    const SIZE: u32 = 64;
    const ALIGN: u32 = 8;

    fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), ErrorCode> {
        let Filestat(of) = self;
        let words = [
            of.device,
            of.inode,
            file_type_number(of.file_type).into(),
            of.link_count,
            of.size,
            nanoseconds(of.accessed),
            nanoseconds(of.modified),
            nanoseconds(of.changed),
        ];
        let mut bytes = [0; 64];
        for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        memory.write(at, &bytes)
    }
}

/// `prestat` of a directory: the length of its name.
pub(crate) struct Prestat(pub(crate) u32);

impl Stored for Prestat {
    const SIZE: u32 = 8;
    const ALIGN: u32 = 4;

    fn store(&self, memory: &mut GuestMemory<'_>, at: u32) -> Result<(), ErrorCode> {
        memory.write(at, &u64::from(self.0).wrapping_shl(32).to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn bytes(record: &impl Stored, length: usize) -> Vec<u8> {
        let mut memory = vec![0xee; length + 16];
        record.store(&mut GuestMemory::new(&mut memory), 8).unwrap();
        assert_eq!((memory[..8].to_vec(), memory[length + 8..].to_vec()), (vec![0xee; 8], vec![0xee; 8]));
        memory[8..length + 8].to_vec()
    }

    #[test]
    fn every_byte_of_a_record_has_its_place() {
        let metadata = Metadata {
            device: 0x0102_0304_0506_0708,
            inode: 0x1112_1314_1516_1718,
            file_type: FileType::SymbolicLink,
            link_count: 0x2122_2324_2526_2728,
            size: 0x3132_3334_3536_3738,
            accessed: Duration::from_nanos(0x4142_4344_4546_4748),
            modified: Duration::from_nanos(0x5152_5354_5556_5758),
            // The latest that there is.
            changed: Duration::MAX,
        };
        let word = |highest: u8| (0..8).rev().map(move |at| highest + at);
        let mut expected: Vec<u8> = word(1).chain(word(0x11)).collect();
        expected.extend([7, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend(word(0x21).chain(word(0x31)).chain(word(0x41)).chain(word(0x51)).chain([0xff; 8]));
        assert_eq!(bytes(&Filestat(metadata), 64), expected);
        let base = Rights::FD_READ.union(Rights::SOCK_ACCEPT);
        let stat = Fdstat {
            file_type: FileType::RegularFile,
            flags: FdFlags::SYNC.union(FdFlags::APPEND),
            base,
            inheriting: Rights::ALL,
        };
        let expected = [4, 0, 17, 0, 0, 0, 0, 0, 2, 0, 0, 0x20, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x3f, 0, 0, 0, 0];
        assert_eq!(bytes(&stat, 24), expected);
        assert_eq!(bytes(&Prestat(0x0102_0304), 8), [0, 0, 0, 0, 4, 3, 2, 1]);
        assert_eq!(bytes(&Fd(5), 4), [5, 0, 0, 0]);
    }
}
