//! String transcoders: what adapters call to move strings between memories. What each does, and its signature, stands with
//! [`Transcode`].
//!
//! The adapter has checked alignment and bounds; they are checked here again, so that a wrong adapter is an error and never
//! reaches outside of a memory. Where source and destination overlap, the result is as if the source had been read first, which
//! is what lifting before lowering means.

use super::handle::MemoryHandle;
use super::raw_value::RawValue;
use super::store::VmStore;
use crate::canon::utf8_trap;
use crate::error::{Error, bail};
use encoding_rs::mem;
use gusset_types::{PointerWidth, Transcode, TrapCode};
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
            Err(code) if self.op.invalid().contains(&code) => ((0, 0), code as u8),
            Err(code) => bail!("an adapter called a transcoder wrongly: {code}"),
        };
        let (_, results) = self.op.signature(self.src_width, self.dst_width);
        for (slot, result) in values.iter_mut().zip([first, second]).take(results.len()) {
            *slot = RawValue::from_u64(result);
        }
        if !self.op.invalid().is_empty() {
            values[results.len() - 1] = RawValue::from_u64(u64::from(status));
        }
        Ok(())
    }

    /// The byte ranges that are read and written.
    fn ranges(self, values: &[RawValue]) -> Option<(Range<usize>, Range<usize>)> {
        let pointer = |i: usize, width| match width {
            PointerWidth::Memory32 => usize::try_from(values[i].u32()).ok(),
            PointerWidth::Memory64 => usize::try_from(values[i].u64()).ok(),
        };
        let range =
            |start: usize, length: usize, unit: usize| Some(start..start.checked_add(length.checked_mul(unit)?)?);
        if self.op == Transcode::InflateLatin1 {
            return Some((0..0, range(pointer(0, self.dst_width)?, pointer(1, self.dst_width)?, 2)?));
        }
        let (src_unit, dst_unit) = match self.op {
            Transcode::Utf8ToUtf8 | Transcode::Latin1ToLatin1 | Transcode::Latin1ToUtf8 | Transcode::Utf8ToLatin1 => {
                (1, 1)
            }
            Transcode::Latin1ToUtf16 | Transcode::Utf8ToUtf16 => (1, 2),
            Transcode::Utf16ToUtf8 | Transcode::Utf16ToLatin1 => (2, 1),
            Transcode::Utf16ToUtf16 | Transcode::Utf16ToLatin1OrUtf16 | Transcode::InflateLatin1 => (2, 2),
        };
        let length = pointer(1, self.src_width)?;
        let room = match self.op {
            Transcode::Utf16ToUtf8 | Transcode::Latin1ToUtf8 => pointer(3, self.dst_width)?,
            _ => length,
        };
        let src = range(pointer(0, self.src_width)?, length, src_unit)?;
        Some((src, range(pointer(2, self.dst_width)?, room, dst_unit)?))
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
                Ok((with_units(dst, |dst| mem::convert_str_to_utf16(text, dst))? as u64, 0))
            }
            Transcode::Utf16ToUtf8 => utf16_to_utf8(&units(src), dst),
            Transcode::Latin1ToUtf8 => Ok(latin1_to_utf8(src, dst)),
            Transcode::Utf8ToLatin1 => {
                let text = check_utf8(src)?;
                let read = mem::str_latin1_up_to(text);
                let written = mem::convert_utf8_to_latin1_lossy(&src[..read], dst);
                Ok((read as u64, written as u64))
            }
            Transcode::Utf16ToLatin1 => {
                let units = units(src);
                check_utf16(&units)?;
                let read = units.iter().position(|unit| *unit > 0xff).unwrap_or(units.len());
                mem::convert_utf16_to_latin1_lossy(&units[..read], dst);
                Ok((read as u64, read as u64))
            }
            Transcode::Utf16ToLatin1OrUtf16 => {
                let units = units(src);
                if mem::is_utf16_latin1(&units) {
                    mem::convert_utf16_to_latin1_lossy(&units, dst);
                    return Ok((units.len() as u64, 0));
                }
                check_utf16(&units)?;
                dst.copy_from_slice(src);
                Ok((units.len() as u64 | 1 << (self.dst_width.bytes() * 8 - 1), 0))
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
    simdutf8::basic::from_utf8(src).map_err(|_| utf8_trap(src))
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

/// As many whole characters as fit. All of the source is checked.
fn utf16_to_utf8(src: &[u16], dst: &mut [u8]) -> Result<(u64, u64), TrapCode> {
    check_utf16(src)?;
    let (mut read, mut written) = mem::convert_utf16_to_utf8_partial(src, dst);
    // The library may leave room that a last character still fits into.
    for char in char::decode_utf16(src[read..].iter().copied()) {
        let char = char.map_err(|_| TrapCode::InvalidUtf16)?;
        if dst.len() - written < char.len_utf8() {
            break;
        }
        written += char.encode_utf8(&mut dst[written..]).len();
        read += char.len_utf16();
    }
    Ok((read as u64, written as u64))
}

/// As many characters as fit.
fn latin1_to_utf8(src: &[u8], dst: &mut [u8]) -> (u64, u64) {
    let (mut read, mut written) = mem::convert_latin1_to_utf8_partial(src, dst);
    for char in src[read..].iter().map(|byte| char::from(*byte)) {
        if dst.len() - written < char.len_utf8() {
            break;
        }
        written += char.encode_utf8(&mut dst[written..]).len();
        read += 1;
    }
    (read as u64, written as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcoder(op: Transcode) -> Transcoder {
        Transcoder { op, src_width: PointerWidth::Memory32, dst_width: PointerWidth::Memory32 }
    }

    /// Two even-aligned memories.
    fn run(op: Transcode, src: &[u8], room: usize) -> Result<((u64, u64), Vec<u8>), TrapCode> {
        let mut dst = vec![0_u64; room.div_ceil(8) + 1];
        // SAFETY: V12: every bit pattern of a `u64` is eight bytes.
        let dst = unsafe { dst.align_to_mut::<u8>().1 };
        let results = transcoder(op).transcode(src, &mut dst[..room])?;
        Ok((results, dst[..room].to_vec()))
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    const TEXTS: &[&str] =
        &["", "a", "plain ascii that is longer than a vector register", "é", "naïve", "☃ snow", "𝄞𝄞", "aé☃𝄞"];

    #[test]
    fn whole_strings_agree_with_the_standard_library() {
        for text in TEXTS {
            let (utf8, wide, units) = (text.as_bytes(), utf16(text), text.encode_utf16().count() as u64);
            assert_eq!(run(Transcode::Utf8ToUtf8, utf8, utf8.len()).unwrap().1, utf8);
            assert_eq!(run(Transcode::Utf16ToUtf16, &wide, wide.len()).unwrap().1, wide);
            let ((written, _), out) = run(Transcode::Utf8ToUtf16, utf8, 2 * utf8.len()).unwrap();
            assert_eq!((written, &out[..wide.len()]), (units, &*wide));
            let ((read, written), out) = run(Transcode::Utf16ToUtf8, &wide, 3 * units as usize).unwrap();
            assert_eq!((read, &out[..written as usize]), (units, utf8));
            let latin1: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            let ((tagged, _), out) = run(Transcode::Utf16ToLatin1OrUtf16, &wide, wide.len()).unwrap();
            match latin1 {
                Some(latin1) => {
                    assert_eq!((tagged, &out[..latin1.len()]), (units, &*latin1));
                    let ((read, written), out) = run(Transcode::Utf8ToLatin1, utf8, utf8.len()).unwrap();
                    assert_eq!((read, &out[..written as usize]), (utf8.len() as u64, &*latin1));
                    assert_eq!(run(Transcode::Latin1ToUtf16, &latin1, wide.len()).unwrap().1, wide);
                    let ((_, written), out) = run(Transcode::Latin1ToUtf8, &latin1, 2 * latin1.len()).unwrap();
                    assert_eq!(&out[..written as usize], utf8);
                }
                None => assert_eq!((tagged, out), (units | 1 << 31, wide)),
            }
        }
    }

    #[test]
    fn partial_writes_stop_between_characters() {
        let text = "aé☃𝄞z";
        let wide = utf16(text);
        for room in 0..=text.len() {
            let ((read, written), out) = run(Transcode::Utf16ToUtf8, &wide, room).unwrap();
            let fits = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap();
            assert_eq!((written as usize, &out[..fits]), (fits, &text.as_bytes()[..fits]));
            assert_eq!(read as usize, text[..fits].encode_utf16().count());
        }
        assert_eq!(run(Transcode::Latin1ToUtf8, &[b'a', 0xe9, b'b'], 2).unwrap().0, (1, 1));
        assert_eq!(run(Transcode::Latin1ToUtf8, &[b'a', 0xe9, b'b'], 3).unwrap().0, (2, 3));
        let ((read, written), out) = run(Transcode::Utf8ToLatin1, "né☃".as_bytes(), 6).unwrap();
        assert_eq!((read, &out[..written as usize]), (3, &[b'n', 0xe9][..]));
        let ((read, written), out) = run(Transcode::Utf16ToLatin1, &utf16("né𝄞"), 4).unwrap();
        assert_eq!((read, written, &out[..2]), (2, 2, &[b'n', 0xe9][..]));
    }

    #[test]
    fn bad_units_trap() {
        let code = |op, src: &[u8]| run(op, src, 16).map(|_| ()).unwrap_err();
        for op in [Transcode::Utf8ToUtf16, Transcode::Utf8ToLatin1] {
            assert_eq!(code(op, b"a\xff"), TrapCode::InvalidUtf8);
            assert_eq!(code(op, b"a\xc3"), TrapCode::IncompleteUtf8);
            // A surrogate, and an overlong form.
            assert_eq!(code(op, b"\xed\xa0\x80"), TrapCode::InvalidUtf8);
            assert_eq!(code(op, b"\xc0\x80"), TrapCode::InvalidUtf8);
        }
        let lone = [0x00, 0xd8, b'a', 0];
        for op in [Transcode::Utf16ToUtf8, Transcode::Utf16ToLatin1, Transcode::Utf16ToLatin1OrUtf16] {
            assert_eq!(code(op, &lone), TrapCode::InvalidUtf16);
            assert_eq!(code(op, &lone[..2]), TrapCode::InvalidUtf16);
        }
        assert_eq!(run(Transcode::Utf16ToUtf16, &lone, 4).unwrap_err(), TrapCode::InvalidUtf16);
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
        let mut results = values(&[0, 3, 0, 2]);
        let memories = TranscodeMemories::Distinct(&src, &mut dst);
        transcoder(Transcode::Latin1ToUtf8).run(memories, &mut results).unwrap();
        assert_eq!((results[0].u32(), results[1].u32()), (2, 2));
    }
}
