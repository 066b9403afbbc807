//! [`MemoryImageRange`]: what a memory holds at first, as one range of bytes that can be mapped.

use crate::index::MemoryIndex;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Images start at multiples of this, in the memory and in the image's data, and are so many bytes long: no page of any
/// system is larger.
pub const MEMORY_IMAGE_ALIGNMENT: u32 = 64 << 10;

/// The first contents of a memory that a module defines: its active data segments, already laid out. All of it is within
/// the memory's minimum; the rest of the memory is zero.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MemoryImageRange {
    /// The memory.
    pub memory: MemoryIndex,
    /// Where in the memory the bytes start.
    pub offset: u64,
    /// Where they stand in [`CodeImage::data`](crate::CodeImage::data).
    pub bytes: Range<u32>,
}
