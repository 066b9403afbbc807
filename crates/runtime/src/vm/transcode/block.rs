//! What transcoders ask of so many code units at once, and do with them: loops without a way out, which become vector instructions.

/// Bytes or units that are looked at together.
pub(super) const BLOCK: usize = 16;

/// As many are looked at before something is done with them: they are in the nearest cache then.
const WINDOW: usize = 1 << 10;

/// The top bit of each byte.
const TOP_BITS: u64 = 0x8080_8080_8080_8080;

/// Those bits that bytes beyond ASCII have: in the place of each byte its top bit.
#[inline(always)]
fn top_bits(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes) & TOP_BITS
}

/// A bit for each byte that is not ASCII.
#[inline(always)]
pub(super) fn beyond_ascii(bytes: &[u8; BLOCK]) -> u32 {
    let [low, high] = bytes.as_chunks().0 else { return 0 };
    // The product moves the top bits next to one another.
    let [low, high] = [low, high].map(|bytes| (top_bits(bytes) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56);
    low as u32 | (high as u32) << 8
}

/// How many bytes come before the first one beyond ASCII.
#[inline(always)]
fn ascii_prefix(bytes: &[u8]) -> usize {
    let mut done = 64 * bytes.as_chunks::<64>().0.iter().take_while(|block| block.is_ascii()).count();
    let (words, rest) = bytes[done..].as_chunks();
    for word in words {
        match top_bits(word) {
            0 => done += 8,
            bits => return done + bits.trailing_zeros() as usize / 8,
        }
    }
    done + rest.iter().take_while(|byte| byte.is_ascii()).count()
}

/// How many units come before the first one beyond `limit`, one less than a power of two.
#[inline(always)]
fn prefix_up_to(units: &[u16], limit: u16) -> usize {
    let bits = |units: &[u16]| units.iter().fold(0, |bits, unit| bits | unit);
    let mut done = 32 * units.as_chunks::<32>().0.iter().take_while(|block| bits(*block) <= limit).count();
    done += 8 * units[done..].as_chunks::<8>().0.iter().take_while(|block| bits(*block) <= limit).count();
    done + units[done..].iter().take_while(|unit| **unit <= limit).count()
}

/// Does something with what comes before the first unit that is no part of a prefix, piece by piece. How many units that are.
#[inline(always)]
fn each_window<T>(src: &[T], prefix: impl Fn(&[T]) -> usize, mut each: impl FnMut(usize, &[T])) -> usize {
    let mut done = 0;
    while done < src.len() {
        let window = &src[done..src.len().min(done + WINDOW)];
        let length = prefix(window);
        each(done, &window[..length]);
        done += length;
        if length < window.len() {
            break;
        }
    }
    done
}

/// Copies what comes before the first byte beyond ASCII. How much that is.
#[inline]
pub(super) fn copy_ascii(src: &[u8], dst: &mut [u8]) -> usize {
    each_window(src, ascii_prefix, |at, bytes| dst[at..][..bytes.len()].copy_from_slice(bytes))
}

/// Widens what comes before the first byte beyond ASCII. How much that is.
#[inline]
pub(super) fn widen_ascii(src: &[u8], dst: &mut [u16]) -> usize {
    each_window(src, ascii_prefix, |at, bytes| widen(bytes, &mut dst[at..]))
}

/// Narrows what comes before the first unit beyond `limit`, one less than a power of two and at most 0xff. How many units that are.
#[inline]
pub(super) fn narrow_up_to(src: &[u16], dst: &mut [u8], limit: u16) -> usize {
    each_window(src, |units| prefix_up_to(units, limit), |at, units| narrow(units, &mut dst[at..]))
}

/// Writes bytes as so many units.
#[inline(always)]
pub(super) fn widen(bytes: &[u8], units: &mut [u16]) {
    for (unit, &byte) in units.iter_mut().zip(bytes) {
        *unit = byte.into();
    }
}

/// Writes the low bytes of units.
#[inline(always)]
fn narrow(units: &[u16], bytes: &mut [u8]) {
    for (byte, &unit) in bytes.iter_mut().zip(units) {
        *byte = unit as u8;
    }
}

/// Whether one is half of a character.
#[inline(always)]
pub(super) fn any_surrogate<const N: usize>(units: &[u16; N]) -> bool {
    units.iter().fold(false, |any, &unit| any | (unit & 0xf800 == 0xd800))
}

/// Whether a unit is the first half of a character.
#[inline(always)]
pub(super) fn is_first_half(unit: u16) -> bool {
    unit & 0xfc00 == 0xd800
}

/// Whether a unit is the second half of a character.
#[inline(always)]
pub(super) fn is_second_half(unit: u16) -> bool {
    unit & 0xfc00 == 0xdc00
}
