//! String transcoders: what adapters call to move strings between memories. What each does stands with [`Transcode`]; how, in a file for
//! what it reads.
//!
//! What the adapter has checked is checked here again, so that a wrong adapter is an error and never reaches outside of a
//! memory. Where source and destination overlap, the result is as if the source had been read first, which
//! is what lifting before lowering means.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod block;
mod latin1;
mod utf16;
mod utf8;
mod vectors;

use crate::error::{Result, bail};
use gusset_types::{CodeUnits, Transcode, TrapCode};
use std::borrow::Cow;
use std::ops::Range;

/// The memories of a transcoder.
pub(super) enum TranscodeMemories<'a> {
    /// One memory is source and destination.
    Same(&'a mut [u8]),
    /// Two memories that share no byte.
    Distinct(&'a [u8], &'a mut [u8]),
}

/// What a transcoder is to do: read so many code units from an address of one memory, and write to an address of another.
#[derive(Clone, Copy)]
pub(super) struct TranscodeCall {
    pub(super) op: Transcode,
    /// Of [`InflateLatin1`](Transcode::InflateLatin1), nothing.
    pub(super) src: u64,
    pub(super) length: u64,
    pub(super) dst: u64,
}

/// What a transcoder has done, in code units. Of the copied UTF-16 that [`Transcode::Utf16ToLatin1OrUtf16`] may leave, what was written is the
/// tagged length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Transcoded {
    pub(super) read: u64,
    pub(super) written: u64,
}

impl Transcoded {
    /// So many units became so many.
    fn new(read: usize, written: usize) -> Transcoded {
        Transcoded { read: read as u64, written: written as u64 }
    }
}

impl TranscodeCall {
    /// Does it, or says what is wrong with the code units; `wide` says whether addresses of the destination have 64 bits.
    ///
    /// # Errors
    ///
    /// One that is our own fault when a range is not within its memory, or not aligned.
    #[inline]
    pub(super) fn run(self, memories: TranscodeMemories<'_>, wide: bool) -> Result<Result<Transcoded, TrapCode>> {
        let Some((src, dst)) = self.ranges() else { bail!("an adapter called a transcoder with a wrong range") };
        let tag = 1 << if wide { 63 } else { 31 };
        let outcome = match memories {
            TranscodeMemories::Distinct(from, to) => {
                let (Some(from), Some(to)) = (from.get(src), to.get_mut(dst)) else {
                    bail!("an adapter called a transcoder outside of a memory");
                };
                transcode(self.op, from, to, tag)
            }
            TranscodeMemories::Same(memory) => {
                if src.end > memory.len() || dst.end > memory.len() {
                    bail!("an adapter called a transcoder outside of a memory");
                }
                within(self.op, memory, src, dst, tag)
            }
        };
        match outcome {
            Err(code) if !self.op.contract().invalid.contains(&code) => {
                bail!("an adapter called a transcoder wrongly: {code}")
            }
            outcome => Ok(outcome),
        }
    }

    /// The byte ranges that are read and written.
    #[inline]
    fn ranges(self) -> Option<(Range<usize>, Range<usize>)> {
        let contract = self.op.contract();
        let length = usize::try_from(self.length).ok()?;
        let dst = range(self.dst, length.checked_mul(contract.room as usize)?, contract.destination)?;
        if self.op == Transcode::InflateLatin1 {
            return Some((0..0, dst));
        }
        Some((range(self.src, length, contract.source)?, dst))
    }
}

fn range(start: u64, count: usize, units: CodeUnits) -> Option<Range<usize>> {
    let start = usize::try_from(start).ok()?;
    Some(start..start.checked_add(count.checked_mul(units.bytes() as usize)?)?)
}

/// Transcodes within one memory. Both ranges lie in it.
fn within(
    op: Transcode,
    memory: &mut [u8],
    src: Range<usize>,
    dst: Range<usize>,
    tag: u64,
) -> Result<Transcoded, TrapCode> {
    if src.end <= dst.start {
        let (low, high) = memory.split_at_mut(dst.start);
        transcode(op, &low[src], &mut high[..dst.len()], tag)
    } else if dst.end <= src.start {
        let (low, high) = memory.split_at_mut(src.start);
        transcode(op, &high[..src.len()], &mut low[dst], tag)
    } else {
        let copy = memory[src].to_vec();
        transcode(op, &copy, &mut memory[dst], tag)
    }
}

/// Transcodes between ranges that share no byte, or finds code units that are not valid. `tag` tells UTF-16 from Latin-1.
fn transcode(op: Transcode, src: &[u8], dst: &mut [u8], tag: u64) -> Result<Transcoded, TrapCode> {
    match op {
        Transcode::Utf8ToUtf8 => utf8::to_utf8(src, dst),
        Transcode::Utf8ToUtf16 => utf8::to_utf16(src, units_mut(dst)?),
        Transcode::Utf8ToLatin1 => utf8::to_latin1(src, dst),
        Transcode::Utf16ToUtf16 => utf16::to_utf16(&units(src), src, dst),
        Transcode::Utf16ToUtf8 => utf16::to_utf8(&units(src), dst),
        Transcode::Utf16ToAscii => Ok(utf16::to_ascii(&units(src), dst)),
        Transcode::Utf16ToLatin1 => utf16::to_latin1(&units(src), dst),
        Transcode::Utf16ToLatin1OrUtf16 => utf16::to_latin1_or_utf16(&units(src), src, dst, tag),
        Transcode::Latin1ToLatin1 => {
            dst.copy_from_slice(src);
            Ok(Transcoded::new(src.len(), src.len()))
        }
        Transcode::Latin1ToUtf16 => Ok(latin1::to_utf16(src, units_mut(dst)?)),
        Transcode::Latin1ToUtf8 => Ok(latin1::to_utf8(src, dst)),
        Transcode::Latin1ToAscii => Ok(latin1::to_ascii(src, dst)),
        Transcode::InflateLatin1 => Ok(latin1::inflate(dst)),
    }
}

/// The code units of `bytes`; copied only where they are not aligned, which is so in copies of the source alone.
fn units(bytes: &[u8]) -> Cow<'_, [u16]> {
    // SAFETY: V12: every bit pattern is a `u16`.
    match unsafe { bytes.align_to::<u16>() } {
        ([], units, []) => Cow::Borrowed(units),
        _ => Cow::Owned(bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect()),
    }
}

/// The code units of `bytes`, to be written.
fn units_mut(bytes: &mut [u8]) -> Result<&mut [u16], TrapCode> {
    // SAFETY: V12: every bit pattern is a `u16`, and every bit pattern of one is two bytes.
    match unsafe { bytes.align_to_mut::<u16>() } {
        ([], units, []) => Ok(units),
        _ => Err(TrapCode::UnalignedPointer),
    }
}

#[cfg(test)]
mod tests;
