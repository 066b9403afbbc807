//! What is statically known about how the modules of a link unit are linked.

use crate::index::{FuncIndex, MemoryIndex, ModuleIndex, TableIndex};
use gusset_types::Transcode;
use serde::{Deserialize, Serialize};

/// What is known of one import of a module. It holds for every instance of the module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum ImportLink {
    /// Nothing: it is reached through the context.
    Unknown,
    /// It is always a function that this unit defines: it can be called directly. Its context comes from the import's slot,
    /// unless both modules are [joint](crate::ModuleImage::joint).
    Func {
        /// The module that defines it.
        module: ModuleIndex,
        /// A defined function of that module.
        func: FuncIndex,
    },
    /// It is always a table that this unit defines, which nothing outside of it has: whoever else is given that table has such a link too.
    Table {
        /// The module that defines it. It has one instance.
        module: ModuleIndex,
        /// A defined table of that module.
        table: TableIndex,
    },
    /// It is always a memory that this unit defines.
    Memory {
        /// The module that defines it. It has one instance.
        module: ModuleIndex,
        /// A defined memory of that module.
        memory: MemoryIndex,
    },
    /// It is a string transcoder, which code calls as a [builtin](crate::BuiltinFunction::Transcode). Instances are given nothing for
    /// it, and its slot stays empty: the module, which Gusset made, does nothing but call it.
    Transcoder(TranscoderImport),
}

/// A transcoder between two memories of the module that imports it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct TranscoderImport {
    /// What it does.
    pub op: Transcode,
    /// The memory it reads.
    pub src: MemoryIndex,
    /// The memory it writes.
    pub dst: MemoryIndex,
}

impl TranscoderImport {
    /// Bits of a memory's index in the number: a module has a hundred memories at most.
    const MEMORY_BITS: u32 = 28;

    /// All of it in a number, as compiled code hands it to the runtime; `None` where an index is too large.
    pub fn to_number(self) -> Option<u64> {
        let [src, dst] = [self.src, self.dst].map(|memory| u64::from(memory.as_u32()));
        let fits = src.max(dst) < 1 << Self::MEMORY_BITS;
        fits.then_some(self.op as u64 | src << 8 | dst << (8 + Self::MEMORY_BITS))
    }

    /// The inverse of [`to_number`](TranscoderImport::to_number); `None` where the number is of no transcoder.
    #[inline]
    pub fn from_number(number: u64) -> Option<TranscoderImport> {
        let memory = |shift: u32| MemoryIndex::from_u32((number >> shift) as u32 & ((1 << Self::MEMORY_BITS) - 1));
        let op = *Transcode::ALL.get(usize::from(number as u8))?;
        Some(TranscoderImport { op, src: memory(8), dst: memory(8 + Self::MEMORY_BITS) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transcoders_are_numbers() {
        for (at, &op) in Transcode::ALL.iter().enumerate() {
            assert_eq!(op as usize, at, "all are listed in the numbers' order");
            for (src, dst) in [(0, 0), (1, 0), (0, 1), (99, 98), ((1 << 28) - 1, (1 << 28) - 1)] {
                let [src, dst] = [src, dst].map(MemoryIndex::from_u32);
                let import = TranscoderImport { op, src, dst };
                assert_eq!(import.to_number().and_then(TranscoderImport::from_number), Some(import));
            }
        }
        let far = MemoryIndex::from_u32(1 << 28);
        let import = TranscoderImport { op: Transcode::Utf8ToUtf8, src: MemoryIndex::from_u32(0), dst: far };
        assert_eq!(import.to_number(), None);
        assert_eq!(TranscoderImport::from_number(Transcode::ALL.len() as u64), None);
    }
}
