//! The string transcoders that adapters call: each moves code units from one linear memory to another.
//!
//! The adapter has checked alignment and bounds of both ranges before it calls; the ranges may lie in one memory and
//! overlap. A transcoder does not trap: those that check code units say by a last result, the *status*, what is wrong with them,
//! so that the adapter can trap at the value's own site.

use crate::flat::FlatType;
use crate::layout::PointerWidth;
use crate::trap::TrapCode;
use serde::{Deserialize, Serialize};

/// What a transcoder does. Lengths are in code units of the side they belong to; `latin1+utf16` strings are split into
/// their two cases by the adapter, so transcoders know only Latin-1, UTF-8 and UTF-16. All that read UTF-8 or UTF-16 have one
/// more result than is shown here, the status: see [`Transcode::invalid`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Transcode {
    /// `(src, len, dst)`: copies `len` bytes and checks that they are UTF-8.
    Utf8ToUtf8,
    /// `(src, len, dst)`: copies `len` code units and checks that they are UTF-16.
    Utf16ToUtf16,
    /// `(src, len, dst)`: copies `len` bytes.
    Latin1ToLatin1,
    /// `(src, len, dst)`: widens `len` bytes to `len` code units.
    Latin1ToUtf16,
    /// `(src, len, dst) -> written`: `dst` has room for `len` code units.
    Utf8ToUtf16,
    /// `(src, len, dst, dst_len) -> (read, written)`: as many whole characters as fit.
    Utf16ToUtf8,
    /// `(src, len, dst, dst_len) -> (read, written)`: as many characters as fit.
    Latin1ToUtf8,
    /// `(src, len, dst) -> (read, written)`: stops before the first character beyond Latin-1; `dst` has room for `len` bytes.
    Utf8ToLatin1,
    /// `(src, len, dst) -> (read, written)`: stops before the first character beyond Latin-1; `dst` has room for `len` bytes.
    Utf16ToLatin1,
    /// `(src, len, dst) -> tagged`: copies UTF-16; if every character is Latin-1, narrows it in place and returns the number of
    /// bytes, else the number of code units with the top bit of a destination length set (31, or 63 in a 64-bit memory). `dst` has room
    /// for `len` code units.
    Utf16ToLatin1OrUtf16,
    /// `(dst, len)`: widens `len` Latin-1 bytes at `dst` to `len` code units in place; `dst` has room for them. `src` of the
    /// signature is unused: only the destination's memory is touched.
    InflateLatin1,
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
        Transcode::Utf8ToLatin1,
        Transcode::Utf16ToLatin1,
        Transcode::Utf16ToLatin1OrUtf16,
        Transcode::InflateLatin1,
    ];

    /// What can be wrong with the code units that it reads. Where there is anything, the last result is the status: 0, or the
    /// number of one of these codes; the other results mean nothing then.
    pub const fn invalid(self) -> &'static [TrapCode] {
        match self {
            Transcode::Utf8ToUtf8 | Transcode::Utf8ToUtf16 | Transcode::Utf8ToLatin1 => {
                &[TrapCode::InvalidUtf8, TrapCode::IncompleteUtf8]
            }
            Transcode::Utf16ToUtf16
            | Transcode::Utf16ToUtf8
            | Transcode::Utf16ToLatin1
            | Transcode::Utf16ToLatin1OrUtf16 => &[TrapCode::InvalidUtf16],
            Transcode::Latin1ToLatin1
            | Transcode::Latin1ToUtf16
            | Transcode::Latin1ToUtf8
            | Transcode::InflateLatin1 => &[],
        }
    }

    /// The core signature: parameters, then results. Source pointers and lengths (and `read`) have the source's width,
    /// destination ones the destination's; the status is an `i32`.
    pub fn signature(self, src: PointerWidth, dst: PointerWidth) -> (Vec<FlatType>, Vec<FlatType>) {
        let (s, d) = (FlatType::pointer(src), FlatType::pointer(dst));
        let (params, mut results) = match self {
            Transcode::Utf8ToUtf8 | Transcode::Utf16ToUtf16 | Transcode::Latin1ToLatin1 | Transcode::Latin1ToUtf16 => {
                (vec![s, s, d], vec![])
            }
            Transcode::Utf8ToUtf16 | Transcode::Utf16ToLatin1OrUtf16 => (vec![s, s, d], vec![d]),
            Transcode::Utf16ToUtf8 | Transcode::Latin1ToUtf8 => (vec![s, s, d, d], vec![s, d]),
            Transcode::Utf8ToLatin1 | Transcode::Utf16ToLatin1 => (vec![s, s, d], vec![s, d]),
            Transcode::InflateLatin1 => (vec![d, d], vec![]),
        };
        if !self.invalid().is_empty() {
            results.push(FlatType::I32);
        }
        (params, results)
    }

    /// A name for imports and listings, such as `utf8-to-utf16`.
    pub const fn name(self) -> &'static str {
        match self {
            Transcode::Utf8ToUtf8 => "utf8-to-utf8",
            Transcode::Utf16ToUtf16 => "utf16-to-utf16",
            Transcode::Latin1ToLatin1 => "latin1-to-latin1",
            Transcode::Latin1ToUtf16 => "latin1-to-utf16",
            Transcode::Utf8ToUtf16 => "utf8-to-utf16",
            Transcode::Utf16ToUtf8 => "utf16-to-utf8",
            Transcode::Latin1ToUtf8 => "latin1-to-utf8",
            Transcode::Utf8ToLatin1 => "utf8-to-latin1",
            Transcode::Utf16ToLatin1 => "utf16-to-latin1",
            Transcode::Utf16ToLatin1OrUtf16 => "utf16-to-latin1-or-utf16",
            Transcode::InflateLatin1 => "inflate-latin1",
        }
    }
}
