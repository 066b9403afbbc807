//! String transcoders: what adapters call to move strings between memories. What each does stands with [`Transcode`].
//!
//! What the adapter has checked is checked here again, so that a wrong adapter is an error and never reaches outside of a
//! memory. Where source and destination overlap, the result is as if the source had been read first, which
//! is what lifting before lowering means.

use super::handle::MemoryHandle;
use super::raw_value::RawValue;
use super::store::VmStore;
use crate::error::{Error, bail};
use encoding_rs::{Encoding, mem};
use gusset_types::{CodeUnits, PointerWidth, Transcode, TrapCode};
use std::borrow::Cow;
use std::ops::Range;

/// The memories of a transcoder.
pub(crate) enum TranscodeMemories<'a> {
    /// One memory is source and destination.
    Same(&'a mut [u8]),
    /// Two memories that share no byte.
    Distinct(&'a [u8], &'a mut [u8]),
}

/// A transcoder with the widths of its memories' addresses.
#[derive(Clone, Copy)]
pub(crate) struct Transcoder {
    pub(crate) op: Transcode,
    pub(crate) src_width: PointerWidth,
    pub(crate) dst_width: PointerWidth,
}

impl Transcoder {
    /// Does what the operation says; `values` holds its parameters and then its results.
    pub(crate) fn run(self, memories: TranscodeMemories<'_>, values: &mut [RawValue]) -> Result<(), Error> {
        let Some(ranges) = self.ranges(values) else { bail!("an adapter called a transcoder with a wrong range") };
        let (src, dst) = ranges;
        let written = match memories {
            TranscodeMemories::Distinct(from, to) => {
                let (Some(from), Some(to)) = (from.get(src), to.get_mut(dst)) else {
                    bail!("an adapter called a transcoder outside of a memory");
                };
                self.transcode(from, to)
            }
            TranscodeMemories::Same(memory) => {
                if src.end > memory.len() || dst.end > memory.len() {
                    bail!("an adapter called a transcoder outside of a memory");
                }
                self.within(memory, src, dst)
            }
        };
        let ((first, second), status) = match written {
            Ok(written) => (written, 0),
            Err(code) if self.op.contract().invalid.contains(&code) => ((0, 0), code as u8),
            Err(code) => bail!("an adapter called a transcoder wrongly: {code}"),
        };
        let (_, results) = self.op.signature(self.src_width, self.dst_width);
        for (slot, result) in values.iter_mut().zip([first, second]).take(results.len()) {
            *slot = RawValue::from_u64(result);
        }
        if !self.op.contract().invalid.is_empty() {
            values[results.len() - 1] = RawValue::from_u64(u64::from(status));
        }
        Ok(())
    }

    /// The source, its length in code units and the destination, of those that have all of these.
    pub(crate) fn parameters(self, values: &[RawValue]) -> [u64; 3] {
        [self.pointer(values, 0), self.length(values), self.pointer(values, 2)]
    }

    /// How many units the source has: the second parameter of every transcoder.
    #[inline]
    pub(crate) fn length(self, values: &[RawValue]) -> u64 {
        self.pointer(values, 1)
    }

    #[inline]
    fn pointer(self, values: &[RawValue], at: usize) -> u64 {
        match if at < 2 { self.src_width } else { self.dst_width } {
            PointerWidth::Memory32 => values[at].u32().into(),
            PointerWidth::Memory64 => values[at].u64(),
        }
    }

    /// The byte ranges that are read and written.
    fn ranges(self, values: &[RawValue]) -> Option<(Range<usize>, Range<usize>)> {
        let pointer = |i: usize, width| match width {
            PointerWidth::Memory32 => usize::try_from(values[i].u32()).ok(),
            PointerWidth::Memory64 => usize::try_from(values[i].u64()).ok(),
        };
        let range = |start: usize, count: usize, units: CodeUnits| {
            Some(start..start.checked_add(count.checked_mul(units.bytes() as usize)?)?)
        };
        let contract = self.op.contract();
        if self.op == Transcode::InflateLatin1 {
            let (dst, length) = (pointer(0, self.dst_width)?, pointer(1, self.dst_width)?);
            return Some((0..0, range(dst, length, contract.destination)?));
        }
        let length = pointer(1, self.src_width)?;
        let room = length.checked_mul(contract.room as usize)?;
        let src = range(pointer(0, self.src_width)?, length, contract.source)?;
        Some((src, range(pointer(2, self.dst_width)?, room, contract.destination)?))
    }

    /// Transcodes within one memory. Both ranges lie in it.
    fn within(self, memory: &mut [u8], src: Range<usize>, dst: Range<usize>) -> Result<(u64, u64), TrapCode> {
        if src.end <= dst.start {
            let (low, high) = memory.split_at_mut(dst.start);
            self.transcode(&low[src], &mut high[..dst.len()])
        } else if dst.end <= src.start {
            let (low, high) = memory.split_at_mut(src.start);
            self.transcode(&high[..src.len()], &mut low[dst])
        } else {
            let copy = memory[src].to_vec();
            self.transcode(&copy, &mut memory[dst])
        }
    }

    /// The two results, as far as the operation has them.
    fn transcode(self, src: &[u8], dst: &mut [u8]) -> Result<(u64, u64), TrapCode> {
        match self.op {
            Transcode::Utf8ToUtf8 => {
                check_utf8(src)?;
                dst.copy_from_slice(src);
                Ok((0, 0))
            }
            Transcode::Latin1ToLatin1 => {
                dst.copy_from_slice(src);
                Ok((0, 0))
            }
            Transcode::Utf16ToUtf16 => {
                check_utf16(&units(src))?;
                dst.copy_from_slice(src);
                Ok((0, 0))
            }
            Transcode::Latin1ToUtf16 => {
                with_units(dst, |dst| mem::convert_latin1_to_utf16(src, dst))?;
                Ok((0, 0))
            }
            Transcode::Utf8ToUtf16 => {
                let text = check_utf8(src)?;
                Ok((with_units(dst, |dst| shrink(text, dst, mem::convert_str_to_utf16))? as u64, 0))
            }
            Transcode::Utf16ToUtf8 => {
                let units = units(src);
                check_utf16(&units)?;
                Ok((mem::convert_utf16_to_utf8(&units, dst) as u64, 0))
            }
            Transcode::Latin1ToUtf8 => Ok((mem::convert_latin1_to_utf8(src, dst) as u64, 0)),
            Transcode::Utf16ToAscii => {
                let units = units(src);
                let read = units_up_to(&units, 0x7f);
                mem::convert_utf16_to_latin1_lossy(&units[..read], dst);
                Ok((read as u64, 0))
            }
            Transcode::Latin1ToAscii => {
                let read = Encoding::ascii_valid_up_to(src);
                dst[..read].copy_from_slice(&src[..read]);
                Ok((read as u64, 0))
            }
            Transcode::Utf8ToLatin1 => {
                let text = check_utf8(src)?;
                let latin1 = &text[..mem::str_latin1_up_to(text)];
                let narrow = |text: &str, dst: &mut [u8]| mem::convert_utf8_to_latin1_lossy(text.as_bytes(), dst);
                Ok((latin1.len() as u64, shrink(latin1, dst, narrow) as u64))
            }
            Transcode::Utf16ToLatin1 => {
                let units = units(src);
                check_utf16(&units)?;
                let read = units_up_to(&units, 0xff);
                mem::convert_utf16_to_latin1_lossy(&units[..read], dst);
                Ok((read as u64, read as u64))
            }
            Transcode::Utf16ToLatin1OrUtf16 => {
                let units = units(src);
                dst.copy_from_slice(src);
                let length = units.len() as u64;
                if mem::is_utf16_latin1(&units) {
                    mem::convert_utf16_to_latin1_lossy(&units, dst);
                    return Ok((length, 0));
                }
                check_utf16(&units)?;
                Ok((length | 1 << (self.dst_width.bytes() * 8 - 1), 0))
            }
            Transcode::InflateLatin1 => {
                for i in (0..dst.len() / 2).rev() {
                    (dst[2 * i], dst[2 * i + 1]) = (dst[i], 0);
                }
                Ok((0, 0))
            }
        }
    }
}

impl VmStore {
    /// Runs a transcoder that an adapter calls.
    ///
    /// # Errors
    ///
    /// An error that is our own fault when a range is not within its memory.
    pub(crate) fn transcode(
        &mut self,
        transcoder: Transcoder,
        src: MemoryHandle,
        dst: MemoryHandle,
        values: &mut [RawValue],
    ) -> Result<(), Error> {
        if src == dst {
            return transcoder.run(TranscodeMemories::Same(self.memory_mut(dst)), values);
        }
        let (base, length) = self.memory_raw(src);
        // SAFETY: V5, V6: different handles are of different memories, each with a mapping of its own, and the store is borrowed
        // exclusively for as long as both slices live.
        let src = unsafe { std::slice::from_raw_parts(base, length) };
        transcoder.run(TranscodeMemories::Distinct(src, self.memory_mut(dst)), values)
    }
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
mod tests {
    use super::*;

    fn transcoder(op: Transcode) -> Transcoder {
        Transcoder { op, src_width: PointerWidth::Memory32, dst_width: PointerWidth::Memory32 }
    }

    /// What room holds before.
    const UNTOUCHED: u8 = 0xaa;

    /// Two even-aligned memories; the destination has the room of the contract.
    fn run(op: Transcode, src: &[u8]) -> Result<((u64, u64), Vec<u8>), TrapCode> {
        let contract = op.contract();
        let units = src.len() / contract.source.bytes() as usize;
        let room = units * (contract.room * contract.destination.bytes()) as usize;
        let mut dst = vec![u64::from_ne_bytes([UNTOUCHED; 8]); room.div_ceil(8) + 1];
        // SAFETY: V12: every bit pattern of a `u64` is eight bytes.
        let dst = unsafe { dst.align_to_mut::<u8>().1 };
        let results = transcoder(op).transcode(src, &mut dst[..room])?;
        Ok((results, dst[..room].to_vec()))
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// The results, and what was written: the rest of the room must be untouched.
    fn written(op: Transcode, src: &[u8], length: usize) -> ((u64, u64), Vec<u8>) {
        let (results, mut out) = run(op, src).unwrap();
        assert!(out[length..].iter().all(|byte| *byte == UNTOUCHED), "{op:?} wrote more than {length} bytes");
        out.truncate(length);
        (results, out)
    }

    fn agrees_with_the_standard_library(text: &str) {
        let (utf8, wide, units) = (text.as_bytes(), utf16(text), text.encode_utf16().count() as u64);
        let count = |bytes: &[u8]| bytes.len() as u64;
        assert_eq!(written(Transcode::Utf8ToUtf8, utf8, utf8.len()), ((0, 0), utf8.to_vec()));
        assert_eq!(written(Transcode::Utf16ToUtf16, &wide, wide.len()), ((0, 0), wide.clone()));
        assert_eq!(written(Transcode::Utf8ToUtf16, utf8, wide.len()), ((units, 0), wide.clone()));
        assert_eq!(written(Transcode::Utf16ToUtf8, &wide, utf8.len()), ((count(utf8), 0), utf8.to_vec()));
        let ascii = &utf8[..Encoding::ascii_valid_up_to(utf8)];
        assert_eq!(written(Transcode::Utf16ToAscii, &wide, ascii.len()), ((count(ascii), 0), ascii.to_vec()));
        let prefix: String = text.chars().take_while(|char| u32::from(*char) <= 0xff).collect();
        let latin1: Vec<u8> = prefix.chars().map(|char| u32::from(char) as u8).collect();
        let narrow = ((count(prefix.as_bytes()), count(&latin1)), latin1.clone());
        assert_eq!(written(Transcode::Utf8ToLatin1, utf8, latin1.len()), narrow);
        let narrow = ((count(&latin1), count(&latin1)), latin1.clone());
        assert_eq!(written(Transcode::Utf16ToLatin1, &wide, latin1.len()), narrow);
        let mut both = wide.clone();
        if prefix.len() < text.len() {
            let tagged = (units | 1 << 31, 0);
            assert_eq!(written(Transcode::Utf16ToLatin1OrUtf16, &wide, wide.len()), (tagged, both));
            return;
        }
        // Narrowing in place leaves the second half as it was.
        both[..latin1.len()].copy_from_slice(&latin1);
        assert_eq!(written(Transcode::Utf16ToLatin1OrUtf16, &wide, wide.len()), ((units, 0), both));
        assert_eq!(written(Transcode::Latin1ToLatin1, &latin1, latin1.len()), ((0, 0), latin1.clone()));
        assert_eq!(written(Transcode::Latin1ToUtf16, &latin1, wide.len()), ((0, 0), wide));
        assert_eq!(written(Transcode::Latin1ToUtf8, &latin1, utf8.len()), ((count(utf8), 0), utf8.to_vec()));
        assert_eq!(written(Transcode::Latin1ToAscii, &latin1, ascii.len()), ((count(ascii), 0), ascii.to_vec()));
    }

    #[test]
    fn strings_agree_with_the_standard_library_and_nothing_else_is_written() {
        for text in ["", "a", "plain ascii that is longer than a vector register", "é", "naïve", "☃ snow", "𝄞𝄞", "aé☃𝄞"]
        {
            agrees_with_the_standard_library(text);
        }
        // Each kind of character at each distance from blocks and from the end of the text, where the library reads ahead.
        for char in ["é", "☃", "𝄞"] {
            for length in [0, 1, 7, 15, 16, 17, 31, 63, 64, 65, 125, 127, 128, 129, 200, 600] {
                for after in [0, 1, 2, 15, 33, 64, 122, 127, 128] {
                    let text = "a".repeat(length) + char + &"z".repeat(after);
                    agrees_with_the_standard_library(&text);
                    agrees_with_the_standard_library(&(text.repeat(2) + &char.repeat(length)));
                }
            }
        }
    }

    #[test]
    fn bad_units_are_a_status() {
        let code = |op, src: &[u8]| run(op, src).map(|_| ()).unwrap_err();
        for op in [Transcode::Utf8ToUtf8, Transcode::Utf8ToUtf16, Transcode::Utf8ToLatin1] {
            assert_eq!(code(op, b"a\xff"), TrapCode::InvalidUtf8);
            assert_eq!(code(op, b"a\xc3"), TrapCode::IncompleteUtf8);
            // A surrogate, and an overlong form.
            assert_eq!(code(op, b"\xed\xa0\x80"), TrapCode::InvalidUtf8);
            assert_eq!(code(op, b"\xc0\x80"), TrapCode::InvalidUtf8);
        }
        let lone = [0x00, 0xd8, b'a', 0];
        for op in
            [Transcode::Utf16ToUtf16, Transcode::Utf16ToUtf8, Transcode::Utf16ToLatin1, Transcode::Utf16ToLatin1OrUtf16]
        {
            assert_eq!(code(op, &lone), TrapCode::InvalidUtf16);
            assert_eq!(code(op, &lone[..2]), TrapCode::InvalidUtf16);
        }
        // It looks no further than ASCII goes.
        assert_eq!(written(Transcode::Utf16ToAscii, &[b'a', 0, 0x00, 0xd8], 1), ((1, 0), b"a".to_vec()));
    }

    fn values(numbers: &[u32]) -> Vec<RawValue> {
        numbers.iter().map(|number| RawValue::from_u32(*number)).collect()
    }

    #[test]
    fn overlapping_ranges_are_read_first() {
        let mut memory = *b"abcdefgh";
        let op = transcoder(Transcode::Utf8ToUtf8);
        op.run(TranscodeMemories::Same(&mut memory), &mut values(&[0, 4, 2])).unwrap();
        assert_eq!(&memory, b"ababcdgh");
        let mut words = [0_u16; 8];
        // SAFETY: V12: every bit pattern of a `u16` is two bytes.
        let memory = unsafe { words.align_to_mut::<u8>().1 };
        memory[..4].copy_from_slice(b"wxyz");
        let op = transcoder(Transcode::Latin1ToUtf16);
        op.run(TranscodeMemories::Same(memory), &mut values(&[0, 4, 2])).unwrap();
        assert_eq!(&memory[2..10], b"w\0x\0y\0z\0");
        let inflate = transcoder(Transcode::InflateLatin1);
        memory[4..7].copy_from_slice(b"abc");
        inflate.run(TranscodeMemories::Same(memory), &mut values(&[4, 3])).unwrap();
        assert_eq!(&memory[4..10], b"a\0b\0c\0");
    }

    #[test]
    fn a_range_outside_of_a_memory_is_an_error() {
        let (src, mut dst) = ([b'a'; 8], [0; 8]);
        for numbers in [[0, 9, 0], [u32::MAX, 1, 0], [0, 4, 5], [8, 1, 0]] {
            let memories = TranscodeMemories::Distinct(&src, &mut dst);
            let error = transcoder(Transcode::Utf8ToUtf8).run(memories, &mut values(&numbers)).unwrap_err();
            assert!(error.to_string().contains("outside of a memory"), "{error}");
        }
        // The room counts as a whole: 5 bytes of Latin-1 may be 10 of UTF-8.
        let memories = TranscodeMemories::Distinct(&src, &mut dst);
        let error = transcoder(Transcode::Latin1ToUtf8).run(memories, &mut values(&[0, 5, 0])).unwrap_err();
        assert!(error.to_string().contains("outside of a memory"), "{error}");
        let mut results = values(&[0, 3, 2]);
        let memories = TranscodeMemories::Distinct(&src, &mut dst);
        transcoder(Transcode::Latin1ToUtf8).run(memories, &mut results).unwrap();
        assert_eq!((results[0].u32(), &dst), (3, b"\0\0aaa\0\0\0"));
    }
}
