//! String transcoders: what adapters call to move strings between memories. What each does stands with [`Transcode`].
//!
//! What the adapter has checked is checked here again, so that a wrong adapter is an error and never reaches outside of a
//! memory. Where source and destination overlap, the result is as if the source had been read first, which
//! is what lifting before lowering means.

use crate::error::{Result, bail};
use encoding_rs::{Encoding, mem};
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
    Ok(match op {
        Transcode::Utf8ToUtf8 => {
            check_utf8(src)?;
            dst.copy_from_slice(src);
            Transcoded::new(src.len(), src.len())
        }
        Transcode::Latin1ToLatin1 => {
            dst.copy_from_slice(src);
            Transcoded::new(src.len(), src.len())
        }
        Transcode::Utf16ToUtf16 => {
            let units = units(src);
            check_utf16(&units)?;
            dst.copy_from_slice(src);
            Transcoded::new(units.len(), units.len())
        }
        Transcode::Latin1ToUtf16 => {
            with_units(dst, |dst| mem::convert_latin1_to_utf16(src, dst))?;
            Transcoded::new(src.len(), src.len())
        }
        Transcode::Utf8ToUtf16 => {
            let text = check_utf8(src)?;
            let written = with_units(dst, |dst| shrink(text, dst, mem::convert_str_to_utf16))?;
            Transcoded::new(src.len(), written)
        }
        Transcode::Utf16ToUtf8 => {
            let units = units(src);
            check_utf16(&units)?;
            Transcoded::new(units.len(), mem::convert_utf16_to_utf8(&units, dst))
        }
        Transcode::Latin1ToUtf8 => Transcoded::new(src.len(), mem::convert_latin1_to_utf8(src, dst)),
        Transcode::Utf16ToAscii => {
            let units = units(src);
            let read = units_up_to(&units, 0x7f);
            mem::convert_utf16_to_latin1_lossy(&units[..read], dst);
            Transcoded::new(read, read)
        }
        Transcode::Latin1ToAscii => {
            let read = Encoding::ascii_valid_up_to(src);
            dst[..read].copy_from_slice(&src[..read]);
            Transcoded::new(read, read)
        }
        Transcode::Utf8ToLatin1 => {
            let text = check_utf8(src)?;
            let latin1 = &text[..mem::str_latin1_up_to(text)];
            let narrow = |text: &str, dst: &mut [u8]| mem::convert_utf8_to_latin1_lossy(text.as_bytes(), dst);
            Transcoded::new(latin1.len(), shrink(latin1, dst, narrow))
        }
        Transcode::Utf16ToLatin1 => {
            let units = units(src);
            check_utf16(&units)?;
            let read = units_up_to(&units, 0xff);
            mem::convert_utf16_to_latin1_lossy(&units[..read], dst);
            Transcoded::new(read, read)
        }
        Transcode::Utf16ToLatin1OrUtf16 => {
            let units = units(src);
            dst.copy_from_slice(src);
            if mem::is_utf16_latin1(&units) {
                mem::convert_utf16_to_latin1_lossy(&units, dst);
                return Ok(Transcoded::new(units.len(), units.len()));
            }
            check_utf16(&units)?;
            Transcoded { read: units.len() as u64, written: units.len() as u64 | tag }
        }
        Transcode::InflateLatin1 => {
            let length = dst.len() / 2;
            for i in (0..length).rev() {
                (dst[2 * i], dst[2 * i + 1]) = (dst[i], 0);
            }
            Transcoded::new(length, length)
        }
    })
}

fn check_utf8(src: &[u8]) -> Result<&str, TrapCode> {
    Ok(simdutf8::basic::from_utf8(src).or_else(|_| std::str::from_utf8(src))?)
}

fn check_utf16(src: &[u16]) -> Result<(), TrapCode> {
    if mem::utf16_valid_up_to(src) == src.len() { Ok(()) } else { Err(TrapCode::InvalidUtf16) }
}

/// The code units of `bytes`; copied only where they are not aligned, which is so in copies of the source alone.
fn units(bytes: &[u8]) -> Cow<'_, [u16]> {
    // SAFETY: V12: every bit pattern is a `u16`.
    match unsafe { bytes.align_to::<u16>() } {
        ([], units, []) => Cow::Borrowed(units),
        _ => Cow::Owned(bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect()),
    }
}

/// Gives `write` the code units of `bytes`.
fn with_units<R>(bytes: &mut [u8], write: impl FnOnce(&mut [u16]) -> R) -> Result<R, TrapCode> {
    // SAFETY: V12: every bit pattern is a `u16`, and every bit pattern of one is two bytes.
    match unsafe { bytes.align_to_mut::<u16>() } {
        ([], units, []) => Ok(write(units)),
        _ => Err(TrapCode::UnalignedPointer),
    }
}

/// How many code units there are before the first above `limit`, one less than a power of two. Blocks without a way out in
/// the middle become vector instructions.
fn units_up_to(units: &[u16], limit: u16) -> usize {
    const BLOCK: usize = 64;
    let within = |block: &&[u16]| block.iter().fold(0, |bits, unit| bits | unit) <= limit;
    let start = BLOCK * units.chunks_exact(BLOCK).take_while(within).count();
    units[start..].iter().position(|unit| *unit > limit).map_or(units.len(), |at| start + at)
}

/// Converts `text` into something that has as many units as `text` has bytes, or fewer, and writes those alone.
///
/// The library reads ahead in blocks, and leaves what it made of them also where the result turns out shorter. It overwrites all
/// but the last of it; so the end of the text, whose result is longer than a block, goes through a buffer, unless it is as long as
/// what it is made of.
fn shrink<U: Copy + Default>(text: &str, dst: &mut [U], convert: impl Fn(&str, &mut [U]) -> usize) -> usize {
    const END: usize = 128;
    let (head, end) = text.split_at(text.floor_char_boundary(text.len().saturating_sub(END)));
    let written = convert(head, dst);
    if end.is_ascii() {
        return written + convert(end, &mut dst[written..]);
    }
    // A character may begin up to three bytes before.
    let mut buffer = [U::default(); END + 3];
    let rest = convert(end, &mut buffer);
    dst[written..written + rest].copy_from_slice(&buffer[..rest]);
    written + rest
}

#[cfg(test)]
mod tests;
