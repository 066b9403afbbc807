//! What lasts from call to call: numbered words, each a global of the module. `wasi-adapter-finish` puts the globals and the two functions in
//! the place of these imports, since Rust has no word for a global.

#[link(wasm_import_module = "words")]
unsafe extern "C" {
    /// Reads a word; it traps where there is none of this number.
    #[link_name = "get"]
    safe fn word_get(index: u32) -> u64;
    /// Writes a word; it traps where there is none of this number. That comes last, since a constant before the call makes it one instruction.
    #[link_name = "set"]
    safe fn word_set(value: u64, index: u32);
}

/// One word.
#[derive(Clone, Copy)]
pub(crate) struct GlobalWord(u32);

/// How many descriptors there can be.
#[cfg(feature = "filesystem")]
pub(crate) const MAX_DESCRIPTORS: u32 = 128;
/// How many descriptors there can be: nothing is ever opened.
#[cfg(not(feature = "filesystem"))]
pub(crate) const MAX_DESCRIPTORS: u32 = 8;

/// How many words keep the beginning of a name.
#[cfg(feature = "filesystem")]
pub(crate) const NAME_WORDS: u32 = 32;
#[cfg(not(feature = "filesystem"))]
pub(crate) const NAME_WORDS: u32 = 0;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident,)*) => { words!(@ 0, $($(#[$doc])* $name,)*); };
    (@ $index:expr, $(#[$doc:meta])* $name:ident, $($rest:tt)*) => {
        $(#[$doc])*
        pub(crate) const $name: GlobalWord = GlobalWord($index);
        words!(@ $index + 1, $($rest)*);
    };
    (@ $index:expr,) => { const SINGLE: u32 = $index; };
}

words! {
    /// What of the descriptors is there: `descriptors.rs`.
    STARTED,
    /// Where a list of bytes goes, and how many.
    DESTINATION,
    DESTINATION_SIZE,
    /// Where lists were put the last time, or 0.
    LENT,
    /// Where the next list goes, and where what was looked at ends.
    NEXT,
    LIMIT,
    /// Lists that lie elsewhere, since what came behind them was taken: from, to.
    EARLIER,
    EARLIER_END,
    /// What the monotonic clock shows while it may not be asked, and whether.
    PAUSED_TIME,
    PAUSED,
    /// An entry of a directory that was told in part: the directory's descriptor and 1 more, the entry's position, its inode, its type, how long
    /// its name is.
    KEPT_OF,
    KEPT_POSITION,
    KEPT_INODE,
    KEPT_TYPE,
    KEPT_LENGTH,
}

/// How many words a descriptor has.
pub(crate) const FIELDS: u32 = 4;

/// How many there are.
const COUNT: u32 = SINGLE + NAME_WORDS + MAX_DESCRIPTORS * FIELDS;

/// How many words there must be; `wasi-adapter-finish` looks, and leaves it out.
#[unsafe(export_name = "words")]
extern "C" fn count() -> u32 {
    COUNT
}

impl GlobalWord {
    /// A part of the name of the entry that was told in part.
    #[cfg(feature = "filesystem")]
    #[inline(always)]
    pub(crate) const fn of_name(part: u32) -> GlobalWord {
        GlobalWord(SINGLE + part)
    }

    /// A field of a descriptor.
    #[inline(always)]
    pub(crate) const fn of_descriptor(fd: u32, field: u32) -> GlobalWord {
        GlobalWord(SINGLE + NAME_WORDS + fd * FIELDS + field)
    }

    #[inline(always)]
    pub(crate) fn get(self) -> u64 {
        word_get(self.0)
    }

    /// The lower half.
    #[inline(always)]
    pub(crate) fn get32(self) -> u32 {
        word_get(self.0) as u32
    }

    #[inline(always)]
    pub(crate) fn set(self, value: u64) {
        word_set(value, self.0);
    }
}

/// Everything as it was at first.
pub(crate) fn reset() {
    let mut index = 0;
    while index < COUNT {
        word_set(0, index);
        index += 1;
    }
}
