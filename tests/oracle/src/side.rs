//! What one side of a call has of its own: the encoding of its strings, and the width of its memory's addresses.

use arbitrary::{Result, Unstructured};

/// A string encoding of one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum Encoding {
    Utf8,
    Utf16,
    Latin1Utf16,
}

impl Encoding {
    /// All three.
    pub const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Latin1Utf16];

    pub(crate) fn option(self) -> &'static str {
        match self {
            Encoding::Utf8 => "string-encoding=utf8",
            Encoding::Utf16 => "string-encoding=utf16",
            Encoding::Latin1Utf16 => "string-encoding=latin1+utf16",
        }
    }
}

/// The addresses of one side's memory: the specification's `opts.memory.ptr_type()`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Addresses {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

impl Addresses {
    /// Both.
    pub const ALL: [Addresses; 2] = [Addresses::I32, Addresses::I64];

    /// Their core type.
    pub(crate) fn core_type(self) -> &'static str {
        match self {
            Addresses::I32 => "i32",
            Addresses::I64 => "i64",
        }
    }

    /// What a memory's type begins with.
    pub(crate) fn memory(self) -> &'static str {
        match self {
            Addresses::I32 => "",
            Addresses::I64 => "i64",
        }
    }

    /// Bytes of one.
    pub(crate) fn size(self) -> u32 {
        match self {
            Addresses::I32 => 4,
            Addresses::I64 => 8,
        }
    }

    /// The bit of a length that says UTF-16 in `latin1+utf16`.
    pub(crate) fn utf16_tag(self) -> u64 {
        1 << (8 * self.size() - 1)
    }
}

/// One side of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallSide {
    /// How its strings are encoded.
    pub encoding: Encoding,
    /// How wide its addresses are.
    pub addresses: Addresses,
}

impl CallSide {
    /// One of the six.
    ///
    /// # Errors
    ///
    /// When the input ends.
    pub fn arbitrary(input: &mut Unstructured<'_>) -> Result<CallSide> {
        let encoding = *input.choose(&Encoding::ALL)?;
        Ok(CallSide { encoding, addresses: *input.choose(&Addresses::ALL)? })
    }

    /// The options of a function that uses this side's memory, and its `realloc`.
    pub(crate) fn options(self) -> String {
        format!("{} (memory (core memory $l \"memory\")) (realloc (core func $l \"realloc\"))", self.encoding.option())
    }
}

/// A side with a memory of 32 bits.
impl From<Encoding> for CallSide {
    fn from(encoding: Encoding) -> CallSide {
        CallSide { encoding, addresses: Addresses::I32 }
    }
}
