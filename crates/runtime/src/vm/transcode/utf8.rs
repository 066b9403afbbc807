//! From UTF-8. What begins with ASCII is done as long as it goes on so; the rest is checked a piece at a time, and made into something else
//! while it is still in the nearest cache.

use super::Transcoded;
use super::block::{BLOCK, beyond_ascii, copy_ascii, widen, widen_ascii};
use super::vectors::ByteShuffles;
use encoding_rs::mem;
use gusset_types::TrapCode;

/// Bytes that are checked and then converted.
const PIECE: usize = 8 << 10;

/// Texts that are no longer than this are copied in blocks, if they are ASCII, without a look at what else they could be; and made into something
/// else character by character.
const SHORT: usize = 64;

/// Checks it and copies it.
pub(super) fn to_utf8(src: &[u8], dst: &mut [u8]) -> Result<Transcoded, TrapCode> {
    let ascii = if src.len() <= SHORT { copy_ascii(src, dst) } else { 0 };
    for_each_piece(src, ascii, |start, piece| dst[start..][..piece.len()].copy_from_slice(piece.as_bytes()))?;
    Ok(Transcoded::new(src.len(), src.len()))
}

/// Checks it and makes it into UTF-16.
pub(super) fn to_utf16(src: &[u8], dst: &mut [u16]) -> Result<Transcoded, TrapCode> {
    if let Some(shuffles) = ByteShuffles::detect() {
        let written = shuffles.utf8_to_utf16(src, dst).ok_or_else(|| what_is_wrong(src))?;
        return Ok(Transcoded::new(src.len(), written));
    }
    if src.len() <= SHORT {
        return short_to_utf16(src, dst);
    }
    let prefix = widen_ascii(src, dst);
    let mut written = prefix;
    for_each_piece(src, prefix, |start, piece| {
        let ascii = if start == prefix { 0 } else { widen_ascii(piece.as_bytes(), &mut dst[written..]) };
        written += ascii;
        written += widen_text(&piece[ascii..], &mut dst[written..]);
    })?;
    Ok(Transcoded::new(src.len(), written))
}

/// The same, a character at a time.
fn short_to_utf16(src: &[u8], dst: &mut [u16]) -> Result<Transcoded, TrapCode> {
    let (mut read, mut written) = (0, 0);
    while read < src.len() {
        let Some((character, bytes)) = first_character(&src[read..]) else { return Err(what_is_wrong(&src[read..])) };
        match u16::try_from(character) {
            Ok(unit) => {
                dst[written] = unit;
                written += 1;
            }
            Err(_) => {
                let above = character - 0x1_0000;
                dst[written..written + 2]
                    .copy_from_slice(&[0xd800 | (above >> 10) as u16, 0xdc00 | (above & 0x3ff) as u16]);
                written += 2;
            }
        }
        read += bytes;
    }
    Ok(Transcoded::new(read, written))
}

/// The first character of a text, and of how many bytes it is made; `None` if it is none.
#[inline(always)]
fn first_character(text: &[u8]) -> Option<(u32, usize)> {
    let continued = |bytes: &[u8]| bytes.iter().all(|byte| byte & 0xc0 == 0x80);
    let join = |first: u8, rest: &[u8]| rest.iter().fold(first.into(), |all, byte| all << 6 | u32::from(byte & 0x3f));
    match *text {
        [first @ ..0x80, ..] => Some((first.into(), 1)),
        [first @ 0xc2..0xe0, second, ..] if continued(&[second]) => Some((join(first & 0x1f, &[second]), 2)),
        [first @ 0xe0..0xf0, second, third, ..] if continued(&[second, third]) => {
            let character = join(first & 0x0f, &[second, third]);
            (character >= 0x800 && character & 0xf800 != 0xd800).then_some((character, 3))
        }
        [first @ 0xf0..0xf5, second, third, fourth, ..] if continued(&[second, third, fourth]) => {
            let character = join(first & 0x07, &[second, third, fourth]);
            (0x1_0000..0x11_0000).contains(&character).then_some((character, 4))
        }
        _ => None,
    }
}

/// Checks all of it, and makes what comes before the first character beyond it into Latin-1.
pub(super) fn to_latin1(src: &[u8], dst: &mut [u8]) -> Result<Transcoded, TrapCode> {
    let mut read = copy_ascii(src, dst);
    let mut written = read;
    for_each_piece(src, read, |start, piece| {
        if read == start {
            let latin1 = latin1_prefix(piece.as_bytes());
            written += narrow_text(latin1, &mut dst[written..]);
            read += latin1.len();
        }
    })?;
    Ok(Transcoded::new(read, written))
}

/// Checks a text from `start` on, before which it is ASCII, and calls `each` for its pieces, with where they start, one after the other.
#[inline(always)]
fn for_each_piece(src: &[u8], mut start: usize, mut each: impl FnMut(usize, &str)) -> Result<(), TrapCode> {
    while start < src.len() {
        let end = piece_end(src, start);
        match simdutf8::basic::from_utf8(&src[start..end]) {
            Ok(piece) => each(start, piece),
            Err(_) => return Err(what_is_wrong(&src[start..])),
        }
        start = end;
    }
    Ok(())
}

/// Where the piece ends that starts there: before the start of a character, unless it is no text.
fn piece_end(src: &[u8], start: usize) -> usize {
    let end = start + PIECE;
    if end >= src.len() {
        return src.len();
    }
    (end - 3..=end).rev().find(|&end| src[end] & 0xc0 != 0x80).unwrap_or(end)
}

#[cold]
fn what_is_wrong(src: &[u8]) -> TrapCode {
    std::str::from_utf8(src).map_or_else(TrapCode::from, |_| TrapCode::InvalidUtf8)
}

/// Makes a text into UTF-16, and says of how many units; it writes those alone.
///
/// The library reads ahead in blocks, and leaves what it made of them also where the result turns out shorter. It overwrites all
/// but the last of it; so the end of the text, whose result is longer than a block, goes through a buffer, unless it is as long as
/// what it is made of.
fn widen_text(text: &str, dst: &mut [u16]) -> usize {
    const END: usize = 128;
    let (head, end) = text.split_at(text.floor_char_boundary(text.len().saturating_sub(END)));
    let written = mem::convert_str_to_utf16(head, dst);
    if end.is_ascii() {
        widen(end.as_bytes(), &mut dst[written..]);
        return written + end.len();
    }
    // A character may begin up to three bytes before.
    let mut buffer = [0; END + 3];
    let rest = mem::convert_str_to_utf16(end, &mut buffer);
    dst[written..written + rest].copy_from_slice(&buffer[..rest]);
    written + rest
}

/// What comes before the first character beyond Latin-1.
fn latin1_prefix(text: &[u8]) -> &[u8] {
    /// Where such a character starts, and nothing else.
    const BEYOND: u8 = 0xc4;
    let largest = |block: &[u8]| block.iter().fold(0, |largest, &byte| byte.max(largest));
    let start = 64 * text.as_chunks::<64>().0.iter().take_while(|block| largest(*block) < BEYOND).count();
    let length = text[start..].iter().take_while(|byte| **byte < BEYOND).count();
    &text[..start + length]
}

/// Makes UTF-8 of characters that are all Latin-1 into that, and says how many they are.
fn narrow_text(src: &[u8], dst: &mut [u8]) -> usize {
    let start = ByteShuffles::detect().map(|shuffles| shuffles.utf8_to_latin1(src, dst));
    let (mut read, mut written) = start.unwrap_or_default();
    while let Some([first, rest @ ..]) = src.get(read..) {
        match (first, rest) {
            (0xc2.., [second, ..]) => {
                dst[written] = first << 6 | second & 0x3f;
                (read, written) = (read + 2, written + 1);
            }
            // As many characters follow as a block may have that is written at once: what of it is none is overwritten.
            _ if rest.len() >= 3 * BLOCK => {
                let block: &[u8; BLOCK] = src[read..].first_chunk().expect("there are as many");
                let Some(to) = dst[written..].first_chunk_mut() else { return written };
                *to = *block;
                let ascii = beyond_ascii(block).trailing_zeros().min(BLOCK as u32) as usize;
                (read, written) = (read + ascii, written + ascii);
            }
            _ => {
                dst[written] = *first;
                (read, written) = (read + 1, written + 1);
            }
        }
    }
    written
}
