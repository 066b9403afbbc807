//! From Latin-1.

use super::Transcoded;
use super::block::{BLOCK, beyond_ascii, copy_ascii, widen};
use super::vectors::ByteShuffles;

/// Widens it.
pub(super) fn to_utf16(src: &[u8], dst: &mut [u16]) -> Transcoded {
    match ByteShuffles::detect() {
        Some(shuffles) => shuffles.widen(src, dst),
        None => widen(src, dst),
    }
    Transcoded::new(src.len(), src.len())
}

/// Makes it into UTF-8.
pub(super) fn to_utf8(src: &[u8], dst: &mut [u8]) -> Transcoded {
    let ascii = copy_ascii(src, dst);
    let (mut read, mut written) = (ascii, ascii);
    if let Some(shuffles) = ByteShuffles::detect() {
        let start = shuffles.latin1_to_utf8(&src[ascii..], &mut dst[ascii..]);
        (read, written) = (ascii + start.0, ascii + start.1);
    }
    // What is written behind a character is overwritten by what follows it: there are two more blocks.
    while let Some(blocks) = src[read..].first_chunk::<{ 3 * BLOCK }>()
        && let Some(room) = dst[written..].first_chunk_mut::<{ 3 * BLOCK }>()
    {
        let block: &[u8; BLOCK] = blocks.first_chunk().expect("it is shorter");
        written += match beyond_ascii(block) {
            0 => {
                let ascii = copy_ascii(&src[read..], &mut dst[written..]);
                (read, written) = (read + ascii, written + ascii);
                continue;
            }
            few if few.count_ones() <= 4 => encode_few(blocks, few, room),
            _ => encode_block(block, room),
        };
        read += BLOCK;
    }
    for &byte in &src[read..] {
        if byte.is_ascii() {
            dst[written] = byte;
            written += 1;
        } else {
            dst[written..written + 2].copy_from_slice(&[0xc0 | byte >> 6, 0x80 | byte & 0x3f]);
            written += 2;
        }
    }
    Transcoded::new(src.len(), written)
}

/// A block as UTF-8, and of how many bytes: those up to each of the characters that `beyond` has a bit for are copied at once.
#[inline(always)]
fn encode_few(blocks: &[u8; 3 * BLOCK], mut beyond: u32, room: &mut [u8; 3 * BLOCK]) -> usize {
    let (mut read, mut written) = (0, 0);
    loop {
        if let (Some(from), Some(to)) =
            (blocks[read..].first_chunk::<BLOCK>(), room[written..].first_chunk_mut::<BLOCK>())
        {
            *to = *from;
        }
        if beyond == 0 {
            return written + BLOCK - read;
        }
        let at = beyond.trailing_zeros() as usize;
        let byte = blocks[at % BLOCK];
        written += at - read;
        room[written..written + 2].copy_from_slice(&[0xc0 | byte >> 6, 0x80 | byte & 0x3f]);
        (read, written) = (at + 1, written + 2);
        beyond &= beyond - 1;
    }
}

/// The same without a branch.
#[inline(always)]
fn encode_block(block: &[u8; BLOCK], room: &mut [u8; 3 * BLOCK]) -> usize {
    let mut written = 0;
    for &byte in block {
        let two = byte >= 0x80;
        let byte = u16::from(byte);
        let bytes = if two { 0x80c0 | byte >> 6 | (byte & 0x3f) << 8 } else { byte };
        if let Some(to) = room[written..].first_chunk_mut() {
            *to = bytes.to_le_bytes();
        }
        written += 1 + usize::from(two);
    }
    written
}

/// Copies what comes before the first character beyond ASCII.
pub(super) fn to_ascii(src: &[u8], dst: &mut [u8]) -> Transcoded {
    let ascii = copy_ascii(src, dst);
    Transcoded::new(ascii, ascii)
}

/// Widens what stands at the start of `room`, half of it.
pub(super) fn inflate(room: &mut [u8]) -> Transcoded {
    /// Bytes that are widened at once.
    const INFLATED: usize = 64;
    let length = room.len() / 2;
    let mut left = length;
    // What a block becomes stands where it stood or behind that.
    while let Some(at) = left.checked_sub(INFLATED)
        && let Some(&block) = room[at..].first_chunk::<INFLATED>()
    {
        for (to, byte) in room[2 * at..2 * left].chunks_exact_mut(2).zip(block) {
            to.copy_from_slice(&[byte, 0]);
        }
        left = at;
    }
    for at in (0..left).rev() {
        (room[2 * at], room[2 * at + 1]) = (room[at], 0);
    }
    Transcoded::new(length, length)
}
