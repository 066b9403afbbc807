//! From UTF-16. It is checked a piece at a time, and copied or made into something else while it is still in the nearest cache.

use super::Transcoded;
use super::block::{any_surrogate, is_first_half, is_second_half, narrow_up_to};
use super::vectors::ByteShuffles;
use encoding_rs::mem;
use gusset_types::TrapCode;

/// Units that are checked and then converted.
const PIECE: usize = 4 << 10;

/// Texts that are no longer than this are made into UTF-8 character by character.
const SHORT: usize = 32;

/// Units that are looked at together for halves of characters.
const CHECKED: usize = 32;

/// Checks it and copies it; `from` are the same units as bytes.
pub(super) fn to_utf16(src: &[u16], from: &[u8], dst: &mut [u8]) -> Result<Transcoded, TrapCode> {
    let mut start = 0;
    while start < src.len() {
        let end = check(src, start, start + PIECE)?;
        dst[2 * start..2 * end].copy_from_slice(&from[2 * start..2 * end]);
        start = end;
    }
    Ok(Transcoded::new(src.len(), src.len()))
}

/// Checks units from `start` on, up to `end` or to behind the character around it. Where that is.
fn check(src: &[u16], start: usize, end: usize) -> Result<usize, TrapCode> {
    let end = end.min(src.len());
    let mut at = start;
    while let Some(block) = src[at..].first_chunk::<CHECKED>()
        && at < end
    {
        at += if any_surrogate(block) { check_block(src, at)? } else { CHECKED };
    }
    while let Some(block) = src[at..].first_chunk::<8>()
        && at < end
        && !any_surrogate(block)
    {
        at += 8;
    }
    while at < end {
        at += whole(&src[at..])?;
    }
    Ok(at)
}

/// Units of the first character.
fn whole(src: &[u16]) -> Result<usize, TrapCode> {
    match *src {
        [first, second, ..] if is_first_half(first) && is_second_half(second) => Ok(2),
        [unit, ..] if !is_first_half(unit) && !is_second_half(unit) => Ok(1),
        _ => Err(TrapCode::InvalidUtf16),
    }
}

/// Checks a block, to behind the character around its end. How many units that are.
fn check_block(src: &[u16], start: usize) -> Result<usize, TrapCode> {
    let Some(units) = src[start..].first_chunk::<{ CHECKED + 1 }>() else {
        // The end of the text is the end of the block.
        let mut at = start;
        while at < src.len() {
            at += whole(&src[at..])?;
        }
        return Ok(at - start);
    };
    // Second halves stand behind first ones, and first ones before second ones.
    let pairs = units.iter().zip(&units[1..]);
    let wrong = pairs.fold(false, |wrong, (&unit, &next)| wrong | (is_first_half(unit) != is_second_half(next)));
    if wrong || is_second_half(units[0]) {
        return Err(TrapCode::InvalidUtf16);
    }
    Ok(CHECKED + usize::from(is_first_half(units[CHECKED - 1])))
}

/// Checks it and makes it into UTF-8.
pub(super) fn to_utf8(src: &[u16], dst: &mut [u8]) -> Result<Transcoded, TrapCode> {
    if let Some(shuffles) = ByteShuffles::detect() {
        let written = shuffles.utf16_to_utf8(src, dst).ok_or(TrapCode::InvalidUtf16)?;
        return Ok(Transcoded::new(src.len(), written));
    }
    if src.len() <= SHORT {
        return short_to_utf8(src, dst);
    }
    let prefix = narrow_up_to(src, dst, 0x7f);
    let (mut read, mut written) = (prefix, prefix);
    while read < src.len() {
        let end = check(src, read, read + PIECE)?;
        let ascii = if read == prefix { 0 } else { narrow_up_to(&src[read..end], &mut dst[written..], 0x7f) };
        (read, written) = (read + ascii, written + ascii);
        written += mem::convert_utf16_to_utf8(&src[read..end], &mut dst[written..]);
        read = end;
    }
    Ok(Transcoded::new(read, written))
}

/// The same, a character at a time.
fn short_to_utf8(src: &[u16], dst: &mut [u8]) -> Result<Transcoded, TrapCode> {
    let mut written = 0;
    for character in char::decode_utf16(src.iter().copied()) {
        let character = character.map_err(|_| TrapCode::InvalidUtf16)?;
        written += character.encode_utf8(&mut dst[written..]).len();
    }
    Ok(Transcoded::new(src.len(), written))
}

/// Copies what comes before the first character beyond ASCII.
pub(super) fn to_ascii(src: &[u16], dst: &mut [u8]) -> Transcoded {
    let ascii = narrow_up_to(src, dst, 0x7f);
    Transcoded::new(ascii, ascii)
}

/// Checks all of it, and copies what comes before the first character beyond Latin-1.
pub(super) fn to_latin1(src: &[u16], dst: &mut [u8]) -> Result<Transcoded, TrapCode> {
    let latin1 = narrow_up_to(src, dst, 0xff);
    check(src, latin1, src.len())?;
    Ok(Transcoded::new(latin1, latin1))
}

/// Copies it and checks it, or makes it into Latin-1 where that has all of its characters; behind that stands then what a copy has there.
/// `from` are the same units as bytes; `tag` says of the length that it is still UTF-16.
pub(super) fn to_latin1_or_utf16(src: &[u16], from: &[u8], dst: &mut [u8], tag: u64) -> Result<Transcoded, TrapCode> {
    if narrow_up_to(src, dst, 0xff) == src.len() {
        dst[src.len()..].copy_from_slice(&from[src.len()..]);
        return Ok(Transcoded::new(src.len(), src.len()));
    }
    to_utf16(src, from, dst)?;
    let length = src.len() as u64;
    Ok(Transcoded { read: length, written: length | tag })
}
