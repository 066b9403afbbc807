//! From UTF-16, and from Latin-1, which is its units below 256.

use super::shuffles::{ONE_OR_TWO, ONE_TO_THREE, of_set};
use super::{bytes_of, load, load_units};
use std::arch::x86_64::{
    __m128i, __m256i, _mm_packus_epi16, _mm_shuffle_epi8, _mm256_add_epi16, _mm256_alignr_epi8, _mm256_and_si256,
    _mm256_blendv_epi8, _mm256_castsi256_si128, _mm256_cmpeq_epi16, _mm256_cvtepu8_epi16, _mm256_extracti128_si256,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_packs_epi16, _mm256_permute2x128_si256, _mm256_set1_epi16,
    _mm256_setzero_si256, _mm256_slli_epi16, _mm256_srli_epi16, _mm256_unpackhi_epi16, _mm256_unpacklo_epi16,
    _mm256_xor_si256,
};

/// Units that are looked at together.
const BLOCK: usize = 16;

/// Bytes that a block may become.
const ROOM: usize = 3 * BLOCK + 4;

/// As many units become as many bytes as a shuffle may write too much: what has no more behind it is the end of a text.
const OVERWRITTEN: usize = 16;

/// The longest end of a text.
const END: usize = BLOCK + OVERWRITTEN - 1;

/// What of a block the next one has to know of.
#[derive(Clone, Copy)]
struct BlockBefore {
    /// Its units, or, if it was short, those of one before that; neither ends with the first half of a character then.
    units: __m256i,
    /// Whether the last one is the first half of a character.
    is_open: bool,
}

#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn each(unit: u16) -> __m256i {
    _mm256_set1_epi16(unit as i16)
}

/// Whether units have a pattern in the bits of a mask.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn is(units: __m256i, mask: u16, pattern: u16) -> __m256i {
    _mm256_cmpeq_epi16(_mm256_and_si256(units, each(mask)), each(pattern))
}

/// The lower and the upper half.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn halves(vector: __m256i) -> [__m128i; 2] {
    [_mm256_castsi256_si128(vector), _mm256_extracti128_si256::<1>(vector)]
}

/// For either half of a block, in eight bits for those of `one` and eight for those of `two`, which units are not among them.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn sets_without(one: __m256i, two: __m256i) -> u32 {
    !_mm256_movemask_epi8(_mm256_packs_epi16(one, two)) as u32
}

/// Writes a block as UTF-8, and maybe more behind that; how many bytes it is.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn block_to_utf8(units: __m256i, before: &mut BlockBefore, to: &mut [u8; ROOM], wrong: &mut bool) -> usize {
    let (is_one, is_two) = (is(units, 0xff80, 0), is(units, 0xf800, 0));
    let mut longer = sets_without(is_one, is_two);
    let was_open = std::mem::replace(&mut before.is_open, false);
    if longer & 0xff00_ff00 == 0 {
        *wrong |= was_open;
        return short_to_utf8(units, is_one, longer, to);
    }
    let six_bits = |units| _mm256_and_si256(units, each(0x3f));
    let last = _mm256_blendv_epi8(_mm256_or_si256(six_bits(units), each(0x80)), units, is_one);
    let start = _mm256_blendv_epi8(each(0x80), each(0xc0), is_two);
    let second = _mm256_or_si256(six_bits(_mm256_srli_epi16::<6>(units)), start);
    let first = _mm256_or_si256(_mm256_srli_epi16::<12>(units), each(0xe0));
    let mut others = _mm256_or_si256(second, _mm256_slli_epi16::<8>(last));
    let is_half = is(units, 0xf800, 0xd800);
    if _mm256_movemask_epi8(is_half) == 0 {
        *wrong |= was_open;
    } else {
        let (bytes, are_paired) = halves_to_utf8(units, *before);
        others = _mm256_blendv_epi8(others, bytes, is_half);
        longer &= sets_without(_mm256_setzero_si256(), is_half);
        *wrong |= !are_paired;
        before.is_open = _mm256_movemask_epi8(is(units, 0xfc00, 0xd800)) < 0;
    }
    before.units = units;
    // Lanes of four bytes: the first, one that is none, and the others.
    let [lower, upper] =
        [_mm256_unpacklo_epi16(first, others), _mm256_unpackhi_epi16(first, others)].map(|lanes| halves(lanes));
    let mut written = 0;
    for (lanes, shift) in [(lower[0], 0), (upper[0], 4), (lower[1], 16), (upper[1], 20)] {
        let set = longer >> shift & 0x0f | longer >> (shift + 4) & 0xf0;
        let bytes = bytes_of(_mm_shuffle_epi8(lanes, load(of_set(&ONE_TO_THREE, set))));
        *to[written..].first_chunk_mut().expect("three quarters become 36 bytes at most") = bytes;
        written += 4 + set.count_ones() as usize;
    }
    written
}

/// The same of units that become one or two bytes; `two` has, for either half, those that become two.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn short_to_utf8(units: __m256i, is_one: __m256i, two: u32, to: &mut [u8; ROOM]) -> usize {
    if two == 0 {
        let [lower, upper] = halves(units);
        *to.first_chunk_mut().expect("it is longer") = bytes_of(_mm_packus_epi16(lower, upper));
        return BLOCK;
    }
    let first = _mm256_or_si256(_mm256_srli_epi16::<6>(units), each(0xc0));
    let last = _mm256_or_si256(_mm256_and_si256(units, each(0x3f)), each(0x80));
    let last = _mm256_blendv_epi8(last, units, is_one);
    let lanes = halves(_mm256_or_si256(first, _mm256_slli_epi16::<8>(last)));
    let mut written = 0;
    for (lanes, set) in lanes.into_iter().zip([two & 0xff, two >> 16 & 0xff]) {
        let bytes = bytes_of(_mm_shuffle_epi8(lanes, load(of_set(&ONE_OR_TWO, set))));
        *to[written..].first_chunk_mut().expect("a half becomes 16 bytes at most") = bytes;
        written += 8 + set.count_ones() as usize;
    }
    written
}

/// Two of the four bytes of a character in the place of each of its halves; and whether all halves are such.
#[target_feature(enable = "avx2,popcnt")]
fn halves_to_utf8(units: __m256i, before: BlockBefore) -> (__m256i, bool) {
    // The unit before each.
    let across = _mm256_permute2x128_si256::<0x21>(before.units, units);
    let previous = _mm256_alignr_epi8::<14>(units, across);
    let is_second = is(units, 0xfc00, 0xdc00);
    let is_alone = _mm256_xor_si256(is_second, is(previous, 0xfc00, 0xd800));
    let second_byte = |units| _mm256_and_si256(units, each(0x3f00));
    // The upper eleven bits of the character.
    let upper = _mm256_add_epi16(units, each(0x40_u16.wrapping_sub(0xd800)));
    let first = _mm256_or_si256(
        _mm256_or_si256(_mm256_srli_epi16::<8>(upper), second_byte(_mm256_slli_epi16::<6>(upper))),
        each(0x80f0),
    );
    let two_bits = _mm256_slli_epi16::<4>(_mm256_and_si256(previous, each(0x03)));
    let four_bits = _mm256_and_si256(_mm256_srli_epi16::<6>(units), each(0x0f));
    let second = _mm256_or_si256(
        _mm256_or_si256(_mm256_or_si256(two_bits, four_bits), second_byte(_mm256_slli_epi16::<8>(units))),
        each(0x8080),
    );
    (_mm256_blendv_epi8(first, second, is_second), _mm256_movemask_epi8(is_alone) == 0)
}

/// Checks a text and makes it into UTF-8, if it is one. How many bytes that are; those alone are written.
#[target_feature(enable = "avx2,popcnt")]
pub(in super::super) fn to_utf8(src: &[u16], dst: &mut [u8]) -> Option<usize> {
    let (mut read, mut written, mut wrong) = (0, 0, false);
    let mut before = BlockBefore { units: _mm256_setzero_si256(), is_open: false };
    while src.len() - read > END
        && let Some(block) = src[read..].first_chunk()
        && let Some(to) = dst[written..].first_chunk_mut()
    {
        written += block_to_utf8(load_units(block), &mut before, to, &mut wrong);
        read += BLOCK;
    }
    written += end_to_utf8(&src[read..], before, &mut dst[written..], &mut wrong)?;
    (!wrong).then_some(written)
}

/// The same for the end of a text. Zeros are put behind it, so that what is not complete there is wrong.
#[target_feature(enable = "avx2,popcnt")]
fn end_to_utf8(end: &[u16], mut before: BlockBefore, dst: &mut [u8], wrong: &mut bool) -> Option<usize> {
    let mut from = [0; 2 * BLOCK];
    let mut to = [0; 2 * ROOM];
    from.get_mut(..end.len())?.copy_from_slice(end);
    let (mut done, mut written) = (0, 0);
    while done < end.len()
        && let Some(block) = from[done..].first_chunk()
        && let Some(to) = to[written..].first_chunk_mut()
    {
        written += block_to_utf8(load_units(block), &mut before, to, wrong);
        done += BLOCK;
    }
    *wrong |= before.is_open;
    // The zeros became a byte each.
    let bytes = written.checked_sub(done - end.len())?;
    dst.get_mut(..bytes)?.copy_from_slice(&to[..bytes]);
    Some(bytes)
}

/// Makes Latin-1 into UTF-8, up to a byte not far from its end. How many bytes it read, and how many it wrote; behind those it wrote less than
/// what the rest becomes.
#[target_feature(enable = "avx2,popcnt")]
pub(in super::super) fn from_latin1(src: &[u8], dst: &mut [u8]) -> (usize, usize) {
    let (mut read, mut written) = (0, 0);
    // What a shuffle wrote too much is overwritten by as many bytes.
    while src.len() - read > BLOCK + OVERWRITTEN
        && let Some(bytes) = src[read..].first_chunk()
        && let Some(to) = dst[written..].first_chunk_mut()
    {
        let units = _mm256_cvtepu8_epi16(load(bytes));
        let is_one = is(units, 0x80, 0);
        written += short_to_utf8(units, is_one, sets_without(is_one, is_one) & 0x00ff_00ff, to);
        read += BLOCK;
    }
    (read, written)
}
