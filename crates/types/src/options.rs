//! Canonical options (`canonopt`): what `canon lift` and `canon lower` say about the core side of a function.

use crate::index::{ComponentInstanceIndex, CoreDefIndex};
use crate::layout::PointerWidth;
use serde::{Deserialize, Serialize};

/// The encoding of strings in a component's memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum StringEncoding {
    /// UTF-8 (the default).
    #[default]
    Utf8,
    /// UTF-16, little-endian, two-byte aligned.
    Utf16,
    /// Latin-1 or, where bit 31 of the length is set, UTF-16 (`latin1+utf16`).
    Latin1Utf16,
}

/// The log2 of the bytes of a page, unless the type of a memory says otherwise.
pub const PAGE_SIZE_LOG2: u8 = 16;

/// The options of one `canon lift` or `canon lower`, with every reference symbolic.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CanonOptions {
    /// The component instance whose flags and handle table this side uses.
    pub instance: ComponentInstanceIndex,
    /// The encoding of strings.
    pub string_encoding: StringEncoding,
    /// The linear memory, where the signature needs one.
    pub memory: Option<CoreDefIndex>,
    /// The width of that memory's addresses.
    pub pointer_width: PointerWidth,
    /// The log2 of the bytes of that memory's pages: 16, or 0.
    pub page_size_log2: u8,
    /// The allocator, `(old, old_size, align, new_size) -> pointer`.
    pub realloc: Option<CoreDefIndex>,
    /// What a lifted function's results are handed to once they have been read.
    pub post_return: Option<CoreDefIndex>,
    /// The async ABI. Not supported yet; its place is here.
    pub async_: bool,
    /// The callback of an async lift.
    pub callback: Option<CoreDefIndex>,
}
