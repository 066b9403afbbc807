//! The string transcoders that adapters call: each moves code units from one linear memory to another.
//!
//! This is the only description of them: adapters take signatures from it, and hosts ranges, units and what a status can say.
//!
//! The adapter has checked alignment and bounds of both ranges before it calls; the ranges may lie in one memory and overlap. A
//! transcoder writes what it says that it wrote, and no other byte of its room: a guest sees its memory between two calls of
//! `realloc`. It does not trap: those that check code units say by a last result, the *status*, what is wrong with them, so that the
//! adapter can trap at the value's own site.

use crate::flat::FlatType;
use crate::layout::PointerWidth;
use crate::trap::TrapCode;
use serde::{Deserialize, Serialize};

/// What a text is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeUnits {
    /// Bytes of UTF-8.
    Utf8,
    /// Two bytes each, little-endian.
    Utf16,
    /// Bytes, each a character.
    Latin1,
}

impl CodeUnits {
    /// Bytes of one unit.
    pub const fn bytes(self) -> u32 {
        match self {
            CodeUnits::Utf8 | CodeUnits::Latin1 => 1,
            CodeUnits::Utf16 => 2,
        }
    }

    /// What can be wrong with units of this kind.
    const fn invalid(self) -> &'static [TrapCode] {
        match self {
            CodeUnits::Utf8 => &[TrapCode::InvalidUtf8, TrapCode::IncompleteUtf8],
            CodeUnits::Utf16 => &[TrapCode::InvalidUtf16],
            CodeUnits::Latin1 => &[],
        }
    }
}

/// What a transcoder does. `latin1+utf16` strings are split into their two cases by the adapter, so transcoders know only
/// Latin-1, UTF-8 and UTF-16. [`Transcode::contract`] has units, room and results of each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Transcode {
    /// Copies and checks.
    Utf8ToUtf8,
    /// Copies and checks.
    Utf16ToUtf16,
    /// Copies.
    Latin1ToLatin1,
    /// Widens.
    Latin1ToUtf16,
    /// All of it.
    Utf8ToUtf16,
    /// All of it.
    Utf16ToUtf8,
    /// All of it.
    Latin1ToUtf8,
    /// Stops before the first character beyond ASCII. What follows is not looked at.
    Utf16ToAscii,
    /// Stops before the first character beyond ASCII.
    Latin1ToAscii,
    /// Checks all, and stops before the first character beyond Latin-1.
    Utf8ToLatin1,
    /// Checks all, and stops before the first character beyond Latin-1.
    Utf16ToLatin1,
    /// Copies UTF-16; if every character is Latin-1, narrows it in place then. The result is the number of bytes, or the number of
    /// code units with the top bit of a destination length set (31, or 63 in a 64-bit memory).
    Utf16ToLatin1OrUtf16,
    /// `(dst, len)`: widens `len` Latin-1 bytes at `dst` to as many code units in place. Only the destination's memory is
    /// touched.
    InflateLatin1,
}

/// What adapters and hosts have agreed on about a transcoder. The parameters are `(src, len, dst)`, lengths in code units, unless
/// [`Transcode`] says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct TranscodeContract {
    /// A name for imports and listings, such as `utf8-to-utf16`.
    pub name: &'static str,
    /// What is read.
    pub source: CodeUnits,
    /// What the room for the result is counted in.
    pub destination: CodeUnits,
    /// How many units of room there are in the destination for each unit of the source.
    pub room: u32,
    /// The results before the status.
    pub results: &'static [TranscodeResult],
    /// What can be wrong with the code units. Where there is anything, one more result is the status: 0, or the number of one
    /// of these codes; the other results mean nothing then.
    pub invalid: &'static [TrapCode],
}

/// A result of a transcoder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TranscodeResult {
    /// How many code units of the source were read.
    Read,
    /// How many code units were written, or the tagged length.
    Written,
}

impl Transcode {
    /// Every transcoder.
    pub const ALL: &[Transcode] = &[
        Transcode::Utf8ToUtf8,
        Transcode::Utf16ToUtf16,
        Transcode::Latin1ToLatin1,
        Transcode::Latin1ToUtf16,
        Transcode::Utf8ToUtf16,
        Transcode::Utf16ToUtf8,
        Transcode::Latin1ToUtf8,
        Transcode::Utf16ToAscii,
        Transcode::Latin1ToAscii,
        Transcode::Utf8ToLatin1,
        Transcode::Utf16ToLatin1,
        Transcode::Utf16ToLatin1OrUtf16,
        Transcode::InflateLatin1,
    ];

    /// Units, room and results.
    #[inline]
    pub const fn contract(self) -> &'static TranscodeContract {
        /// In the order of [`Transcode::ALL`], which is that of the numbers.
        static CONTRACTS: [TranscodeContract; Transcode::ALL.len()] = {
            let mut contracts = [Transcode::Utf8ToUtf8.agreed(); Transcode::ALL.len()];
            let mut at = 0;
            while at < contracts.len() {
                contracts[at] = Transcode::ALL[at].agreed();
                at += 1;
            }
            contracts
        };
        &CONTRACTS[self as usize]
    }

    const fn agreed(self) -> TranscodeContract {
        use CodeUnits::{Latin1, Utf8, Utf16};
        use TranscodeResult::{Read, Written};
        let (name, source, destination, room, results): (_, _, _, _, &[TranscodeResult]) = match self {
            Transcode::Utf8ToUtf8 => ("utf8-to-utf8", Utf8, Utf8, 1, &[]),
            Transcode::Utf16ToUtf16 => ("utf16-to-utf16", Utf16, Utf16, 1, &[]),
            Transcode::Latin1ToLatin1 => ("latin1-to-latin1", Latin1, Latin1, 1, &[]),
            Transcode::Latin1ToUtf16 => ("latin1-to-utf16", Latin1, Utf16, 1, &[]),
            Transcode::Utf8ToUtf16 => ("utf8-to-utf16", Utf8, Utf16, 1, &[Written]),
            Transcode::Utf16ToUtf8 => ("utf16-to-utf8", Utf16, Utf8, 3, &[Written]),
            Transcode::Latin1ToUtf8 => ("latin1-to-utf8", Latin1, Utf8, 2, &[Written]),
            Transcode::Utf16ToAscii => ("utf16-to-ascii", Utf16, Utf8, 1, &[Read]),
            Transcode::Latin1ToAscii => ("latin1-to-ascii", Latin1, Utf8, 1, &[Read]),
            Transcode::Utf8ToLatin1 => ("utf8-to-latin1", Utf8, Latin1, 1, &[Read, Written]),
            Transcode::Utf16ToLatin1 => ("utf16-to-latin1", Utf16, Latin1, 1, &[Read, Written]),
            Transcode::Utf16ToLatin1OrUtf16 => ("utf16-to-latin1-or-utf16", Utf16, Utf16, 1, &[Written]),
            Transcode::InflateLatin1 => ("inflate-latin1", Latin1, Utf16, 1, &[]),
        };
        let invalid = match self {
            Transcode::Utf16ToAscii => &[],
            _ => source.invalid(),
        };
        TranscodeContract { name, source, destination, room, results, invalid }
    }

    /// The core signature: parameters, then results. Source pointers and lengths (and `read`) have the source's width,
    /// destination ones the destination's; the status is an `i32`.
    pub fn signature(self, src: PointerWidth, dst: PointerWidth) -> (Vec<FlatType>, Vec<FlatType>) {
        let (s, d) = (FlatType::pointer(src), FlatType::pointer(dst));
        let contract = self.contract();
        let params = if self == Transcode::InflateLatin1 { vec![d, d] } else { vec![s, s, d] };
        let width = |result: &TranscodeResult| if *result == TranscodeResult::Read { s } else { d };
        let mut results: Vec<_> = contract.results.iter().map(width).collect();
        if !contract.invalid.is_empty() {
            results.push(FlatType::I32);
        }
        (params, results)
    }
}
