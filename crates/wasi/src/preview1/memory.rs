//! [`GuestMemory`]: the memory of the guest that calls. Nothing of it is reached but through checked ranges.

use crate::error::{ErrorCode, WasiResult};
use gusset::core::SharedMemory;
use std::cell::OnceCell;

/// Bytes that are moved at once to or from a memory that others may write meanwhile: they are copied aside.
const SHARED_PIECE: u32 = 64 << 10;

/// The bytes of a guest's memory, little-endian as WebAssembly has them.
pub(crate) struct GuestMemory<'a>(MemoryBytes<'a>);

enum MemoryBytes<'a> {
    /// Nobody else has it while a function runs.
    Own(&'a mut [u8]),
    /// Other threads may have it: what is looked at is copied first, and looked at once.
    Shared(&'a SharedMemory, Copies),
}

/// What was copied out of a memory, a list that ends where nothing is.
#[derive(Default)]
struct Copies(OnceCell<(Box<[u8]>, Box<Copies>)>);

impl Copies {
    /// Keeps one more.
    fn keep(&self, bytes: Box<[u8]>) -> &[u8] {
        let mut end = self;
        while let Some((_, next)) = end.0.get() {
            end = next;
        }
        &end.0.get_or_init(|| (bytes, Box::default())).0
    }
}

impl<'a> GuestMemory<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> GuestMemory<'a> {
        GuestMemory(MemoryBytes::Own(bytes))
    }

    pub(crate) fn shared(memory: &'a SharedMemory) -> GuestMemory<'a> {
        GuestMemory(MemoryBytes::Shared(memory, Copies::default()))
    }

    /// Whether a range is in bounds (its end too, where it is empty, as for `memory.copy`) and its start is aligned.
    pub(crate) fn check(&self, at: u32, length: u64, align: u32) -> Result<(), ErrorCode> {
        let size = match &self.0 {
            MemoryBytes::Own(bytes) => bytes.len(),
            MemoryBytes::Shared(memory, _) => memory.data_size(),
        };
        // Neither can overflow: the one is 32 bits wide, the other a count of 32 bits times the size of a record.
        if u64::from(at) + length > size as u64 {
            return Err(ErrorCode::Fault);
        }
        if !at.is_multiple_of(align) {
            return Err(ErrorCode::Invalid);
        }
        Ok(())
    }

    /// How many bytes of a range are moved at once.
    pub(crate) fn piece(&self, length: u32) -> u32 {
        match self.0 {
            MemoryBytes::Own(_) => length,
            MemoryBytes::Shared(..) => length.min(SHARED_PIECE),
        }
    }

    /// Some bytes, few enough to be kept aside.
    pub(crate) fn bytes(&self, at: u32, length: u32) -> Result<&[u8], ErrorCode> {
        match &self.0 {
            MemoryBytes::Own(bytes) => range(bytes, at, length),
            MemoryBytes::Shared(memory, copies) => Ok(copies.keep(copy(memory, at, length)?)),
        }
    }

    /// Lets something read a [piece](Self::piece).
    pub(crate) fn read_piece<R>(
        &self,
        at: u32,
        length: u32,
        read: impl FnOnce(&[u8]) -> WasiResult<R>,
    ) -> WasiResult<R> {
        match &self.0 {
            MemoryBytes::Own(bytes) => read(range(bytes, at, length)?),
            MemoryBytes::Shared(memory, _) => read(&copy(memory, at, length)?),
        }
    }

    /// Lets something write to the start of a [piece](Self::piece), and say how much that is.
    pub(crate) fn write_piece(
        &mut self,
        at: u32,
        length: u32,
        write: impl FnOnce(&mut [u8]) -> WasiResult<usize>,
    ) -> WasiResult<usize> {
        match &mut self.0 {
            MemoryBytes::Own(bytes) => write(range_mut(bytes, at, length)?),
            MemoryBytes::Shared(memory, _) => {
                let mut aside = vec![0; length as usize];
                let count = write(&mut aside)?.min(aside.len());
                memory.write(at as usize, &aside[..count]).map_err(|_| ErrorCode::Fault)?;
                Ok(count)
            }
        }
    }

    /// So many bytes as an array: a field of a record, by which its numbers are read.
    pub(crate) fn array<const N: usize>(&self, at: u32) -> Result<[u8; N], ErrorCode> {
        match &self.0 {
            MemoryBytes::Own(bytes) => {
                let bytes = bytes.get(at as usize..).and_then(|bytes| bytes.first_chunk());
                bytes.copied().ok_or(ErrorCode::Fault)
            }
            MemoryBytes::Shared(memory, _) => {
                let mut array = [0; N];
                memory.read(at as usize, &mut array).map_err(|_| ErrorCode::Fault)?;
                Ok(array)
            }
        }
    }

    pub(crate) fn read_u32(&self, at: u32) -> Result<u32, ErrorCode> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), ErrorCode> {
        let length = u32::try_from(bytes.len()).map_err(|_| ErrorCode::Fault)?;
        match &mut self.0 {
            MemoryBytes::Own(own) => range_mut(own, at, length)?.copy_from_slice(bytes),
            MemoryBytes::Shared(memory, _) => memory.write(at as usize, bytes).map_err(|_| ErrorCode::Fault)?,
        }
        Ok(())
    }
}

fn range(bytes: &[u8], at: u32, length: u32) -> Result<&[u8], ErrorCode> {
    let (at, length) = (at as usize, length as usize);
    bytes.get(at..).and_then(|bytes| bytes.get(..length)).ok_or(ErrorCode::Fault)
}

fn range_mut(bytes: &mut [u8], at: u32, length: u32) -> Result<&mut [u8], ErrorCode> {
    let (at, length) = (at as usize, length as usize);
    bytes.get_mut(at..).and_then(|bytes| bytes.get_mut(..length)).ok_or(ErrorCode::Fault)
}

fn copy(memory: &SharedMemory, at: u32, length: u32) -> Result<Box<[u8]>, ErrorCode> {
    let mut bytes = vec![0; length as usize].into_boxed_slice();
    memory.read(at as usize, &mut bytes).map_err(|_| ErrorCode::Fault)?;
    Ok(bytes)
}
