//! [`GuestMemory`]: the memory of the guest that calls. Nothing of it is reached but through checked ranges.

use crate::error::ErrorCode;

/// The bytes of a guest's memory, little-endian as WebAssembly has them.
pub(crate) struct GuestMemory<'a>(&'a mut [u8]);

impl<'a> GuestMemory<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory(bytes)
    }

    /// Whether a range is in bounds (its end too, where it is empty, as for `memory.copy`) and its start is aligned.
    pub(crate) fn check(&self, at: u32, length: u64, align: u32) -> Result<(), ErrorCode> {
        // Neither can overflow: the one is 32 bits wide, the other a count of 32 bits times the size of a record.
        if u64::from(at) + length > self.0.len() as u64 {
            return Err(ErrorCode::Fault);
        }
        if !at.is_multiple_of(align) {
            return Err(ErrorCode::Invalid);
        }
        Ok(())
    }

    pub(crate) fn bytes(&self, at: u32, length: u32) -> Result<&[u8], ErrorCode> {
        let (at, length) = (at as usize, length as usize);
        self.0.get(at..).and_then(|bytes| bytes.get(..length)).ok_or(ErrorCode::Fault)
    }

    pub(crate) fn bytes_mut(&mut self, at: u32, length: u32) -> Result<&mut [u8], ErrorCode> {
        let (at, length) = (at as usize, length as usize);
        self.0.get_mut(at..).and_then(|bytes| bytes.get_mut(..length)).ok_or(ErrorCode::Fault)
    }

    /// So many bytes as an array: a field of a record, by which its numbers are read.
    pub(crate) fn array<const N: usize>(&self, at: u32) -> Result<[u8; N], ErrorCode> {
        let bytes = self.0.get(at as usize..).and_then(|bytes| bytes.first_chunk());
        bytes.copied().ok_or(ErrorCode::Fault)
    }

    pub(crate) fn read_u32(&self, at: u32) -> Result<u32, ErrorCode> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), ErrorCode> {
        let length = u32::try_from(bytes.len()).map_err(|_| ErrorCode::Fault)?;
        self.bytes_mut(at, length)?.copy_from_slice(bytes);
        Ok(())
    }
}
