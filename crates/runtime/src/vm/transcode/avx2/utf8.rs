//! From UTF-8.

use super::shuffles::{KEPT_BYTES, KEPT_UNITS, of_set};
use super::{all, load, load_wide, table, units_of, units_of_wide};
use std::arch::x86_64::{
    __m256i, _mm_add_epi8, _mm_alignr_epi8, _mm_and_si128, _mm_cmpeq_epi8, _mm_cvtsi64_si128, _mm_cvtsi128_si64,
    _mm_movemask_epi8, _mm_set1_epi8, _mm_setzero_si128, _mm_shuffle_epi8, _mm_srli_si128, _mm256_add_epi8,
    _mm256_and_si256, _mm256_blendv_epi8, _mm256_castsi256_si128, _mm256_cmpgt_epi8, _mm256_cvtepu8_epi16,
    _mm256_extracti128_si256, _mm256_max_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_srli_epi16, _mm256_sub_epi8, _mm256_subs_epu8, _mm256_testz_si256,
    _mm256_unpackhi_epi8, _mm256_unpacklo_epi8, _mm256_xor_si256,
};

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// Bytes before those that may begin a character of theirs.
const BEFORE: usize = 3;

/// A block, with what stands around it: whether a character ends is told by the byte behind it.
type AroundBlock = [u8; BEFORE + BLOCK + 1];

/// As many bytes become as many units as a shuffle may write too much: what has no more behind it is the end of a text.
const OVERWRITTEN: usize = 3 * 8 + BEFORE;

/// The longest end of a text.
const END: usize = BLOCK + OVERWRITTEN - 1;

/// What two bytes in a row must not be: sets of nibbles, the upper and lower one of the first byte, and the upper one of the second.
const MISTAKES: [[u16; 3]; 8] = [
    // The start of a character, and no continuation.
    [0xf000, 0xffff, 0xf0ff],
    // A continuation behind ASCII.
    [0x00ff, 0xffff, 0x0f00],
    // Two bytes where one would do.
    [0x1000, 0x0003, 0x0f00],
    // Three bytes where two would do.
    [0x4000, 0x0001, 0x0300],
    // Half of a character of UTF-16.
    [0x4000, 0x2000, 0x0c00],
    // Four bytes where three would do, or beyond the last character, by the same second byte.
    [0x8000, 0xffe1, 0x0100],
    // Beyond the last character, by any other.
    [0x8000, 0xfff0, 0x0e00],
    // A continuation behind another: no mistake as the third or fourth byte of a character, where nothing else may stand.
    [0x0f00, 0xffff, 0x0f00],
];

/// The bit of the last one.
const CONTINUES: u8 = 0x80;

static FIRST_UPPER: [u8; 16] = mistakes_of(0);
static FIRST_LOWER: [u8; 16] = mistakes_of(1);
static SECOND_UPPER: [u8; 16] = mistakes_of(2);

/// Of each nibble, in which mistakes it is, a bit each.
const fn mistakes_of(which: usize) -> [u8; 16] {
    let mut all = [0; 16];
    let mut at = 0;
    while at < 16 * MISTAKES.len() {
        let (nibble, mistake) = (at / MISTAKES.len(), at % MISTAKES.len());
        all[nibble] |= ((MISTAKES[mistake][which] >> nibble & 1) as u8) << mistake;
        at += 1;
    }
    all
}

/// Not 0 where a byte cannot stand behind the three before it: `before` has the bytes one, two and three places before each.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn mistakes(now: __m256i, before: [__m256i; 3]) -> __m256i {
    let lower = |bytes| _mm256_and_si256(bytes, all(0x0f));
    let upper = |bytes| lower(_mm256_srli_epi16::<4>(bytes));
    let first_upper = _mm256_shuffle_epi8(table(&FIRST_UPPER), upper(before[0]));
    let first_lower = _mm256_shuffle_epi8(table(&FIRST_LOWER), lower(before[0]));
    let second_upper = _mm256_shuffle_epi8(table(&SECOND_UPPER), upper(now));
    let pairs = _mm256_and_si256(_mm256_and_si256(first_upper, first_lower), second_upper);
    let third = _mm256_or_si256(at_least::<0xe0>(before[1]), at_least::<0xf0>(before[2]));
    _mm256_xor_si256(pairs, _mm256_and_si256(third, all(CONTINUES)))
}

/// The top bit of each byte that is not below `LEAST`, with others below it.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn at_least<const LEAST: u8>(bytes: __m256i) -> __m256i {
    _mm256_subs_epu8(bytes, all(LEAST - 0x80))
}

/// Writes the characters that end in a block, and maybe more behind them. How many units they are; `wrong` is not 0 any more if it is no text.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn block_to_utf16(around: &AroundBlock, to: &mut [u16; BLOCK], wrong: &mut __m256i) -> usize {
    let at = |start: usize| load_wide(around[start..].first_chunk().expect("there are as many"));
    let (before, now, next) = ([at(2), at(1), at(0)], at(3), at(4));
    if _mm256_movemask_epi8(_mm256_or_si256(now, before[2])) == 0 {
        let halves = [_mm256_castsi256_si128(now), _mm256_extracti128_si256::<1>(now)];
        for (to, bytes) in to.as_chunks_mut().0.iter_mut().zip(halves) {
            *to = units_of_wide(_mm256_cvtepu8_epi16(bytes));
        }
        return BLOCK;
    }
    *wrong = _mm256_or_si256(*wrong, mistakes(now, before));
    let mut units = units_by_end(now, before);
    let mut ends = _mm256_movemask_epi8(_mm256_cmpgt_epi8(next, all(0xbf))) as u32;
    if _mm256_movemask_epi8(at_least::<0xf0>(_mm256_max_epu8(before[1], before[2]))) != 0 {
        (units, ends) = with_halves(now, before, units, ends);
    }
    let [low, high] = units;
    let [low, high] = [_mm256_unpacklo_epi8(low, high), _mm256_unpackhi_epi8(low, high)];
    let quarters = [
        _mm256_castsi256_si128(low),
        _mm256_castsi256_si128(high),
        _mm256_extracti128_si256::<1>(low),
        _mm256_extracti128_si256::<1>(high),
    ];
    let mut written = 0;
    for (units, number) in quarters.into_iter().zip(0..) {
        let set = ends >> (8 * number) & 0xff;
        let kept = units_of(_mm_shuffle_epi8(units, load(of_set(&KEPT_UNITS, set))));
        *to[written..].first_chunk_mut().expect("each quarter becomes eight units at most") = kept;
        written += set.count_ones() as usize;
    }
    written
}

/// The lower and upper bytes of units: at each byte what a character of up to three would be that ends there.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn units_by_end(now: __m256i, before: [__m256i; 3]) -> [__m256i; 2] {
    let is_last = _mm256_cmpgt_epi8(_mm256_setzero_si256(), now);
    let is_third = _mm256_cmpgt_epi8(all(0xc0), before[0]);
    let two_bits = _mm256_and_si256(_mm256_slli_epi16::<6>(before[0]), all(0xc0));
    let low = _mm256_or_si256(_mm256_and_si256(now, all(0x3f)), two_bits);
    // Of a character of two bytes these are three bits and a 0.
    let four_bits = _mm256_and_si256(_mm256_srli_epi16::<2>(before[0]), all(0x0f));
    let top = _mm256_and_si256(_mm256_slli_epi16::<4>(before[1]), _mm256_and_si256(is_third, all(0xf0)));
    let high = _mm256_or_si256(four_bits, top);
    [_mm256_blendv_epi8(now, low, now), _mm256_and_si256(is_last, high)]
}

/// Puts halves of characters where these have four bytes: the first half at the third byte, the second at the fourth.
#[target_feature(enable = "avx2,popcnt")]
fn with_halves(now: __m256i, before: [__m256i; 3], [low, high]: [__m256i; 2], ends: u32) -> ([__m256i; 2], u32) {
    let [is_first, is_second] = [before[1], before[2]].map(|start| at_least::<0xf0>(start));
    let second_high = _mm256_or_si256(_mm256_and_si256(high, all(0x03)), all(0xdc));
    // Ten bits, of which the upper four are one too many; what is borrowed for that is 0 where the lower byte has enough.
    let six_bits = _mm256_and_si256(_mm256_slli_epi16::<2>(before[0]), all(0xfc));
    let first_low = _mm256_or_si256(six_bits, _mm256_and_si256(_mm256_srli_epi16::<4>(now), all(0x03)));
    let first_low = _mm256_sub_epi8(first_low, all(0x40));
    let is_enough = _mm256_cmpgt_epi8(_mm256_and_si256(before[0], all(0x30)), _mm256_setzero_si256());
    let first_high = _mm256_add_epi8(_mm256_and_si256(before[1], all(0x07)), all(0xd7));
    let first_high = _mm256_sub_epi8(first_high, is_enough);
    let low = _mm256_blendv_epi8(low, first_low, is_first);
    let high = _mm256_blendv_epi8(_mm256_blendv_epi8(high, first_high, is_first), second_high, is_second);
    ([low, high], ends | _mm256_movemask_epi8(is_first) as u32)
}

/// Checks a text and makes it into UTF-16, if it is one. How many units that are; those alone are written.
#[target_feature(enable = "avx2,popcnt")]
pub(in super::super) fn to_utf16(src: &[u8], dst: &mut [u16]) -> Option<usize> {
    let mut wrong = _mm256_setzero_si256();
    let (mut read, mut written) = (0, 0);
    if src.len() > END
        && let Some(first) = src.first_chunk::<{ BLOCK + 1 }>()
        && let Some(to) = dst.first_chunk_mut()
    {
        let mut around = [0; BEFORE + BLOCK + 1];
        around[BEFORE..].copy_from_slice(first);
        (read, written) = (BLOCK, block_to_utf16(&around, to, &mut wrong));
        while src.len() - read > END
            && let Some(around) = src[read - BEFORE..].first_chunk()
            && let Some(to) = dst[written..].first_chunk_mut()
        {
            written += block_to_utf16(around, to, &mut wrong);
            read += BLOCK;
        }
    }
    written += end_to_utf16(src, read, &mut dst[written..], &mut wrong)?;
    (_mm256_testz_si256(wrong, wrong) == 1).then_some(written)
}

/// The same for the end of a text, from `read` on. Zeros are put behind it, so that what is not complete there is a mistake.
#[target_feature(enable = "avx2,popcnt")]
fn end_to_utf16(src: &[u8], read: usize, dst: &mut [u16], wrong: &mut __m256i) -> Option<usize> {
    let mut from = [0; BEFORE + 2 * BLOCK + 1];
    let mut to = [0; 2 * BLOCK];
    let (end, before) = (&src[read..], &src[read.saturating_sub(BEFORE)..read]);
    from[BEFORE - before.len()..BEFORE].copy_from_slice(before);
    from[BEFORE..].get_mut(..end.len())?.copy_from_slice(end);
    let (mut done, mut written) = (0, 0);
    // The byte behind the end is looked at.
    while done <= end.len()
        && let Some(around) = from[done..].first_chunk()
        && let Some(to) = to[written..].first_chunk_mut()
    {
        written += block_to_utf16(around, to, wrong);
        done += BLOCK;
    }
    // The zeros became a unit each.
    let units = written.checked_sub(done - end.len())?;
    dst.get_mut(..units)?.copy_from_slice(&to[..units]);
    Some(units)
}

/// Makes a text of characters that are all Latin-1 into that, up to a character not far from its end. How many bytes it read, and how many it
/// wrote; behind those it wrote less than what the rest becomes.
#[target_feature(enable = "avx2,popcnt")]
pub(in super::super) fn to_latin1(src: &[u8], dst: &mut [u8]) -> (usize, usize) {
    const BYTES: usize = 16;
    let byte = |byte: u8| _mm_set1_epi8(byte as i8);
    let (mut read, mut written) = (0, 0);
    let mut before = _mm_setzero_si128();
    // A shuffle may write eight too many, which have at most two bytes each.
    while src.len() - read > 2 * BYTES
        && let Some(now) = src[read..].first_chunk()
        && let Some(target) = dst[written..].first_chunk_mut::<BYTES>()
    {
        let now = load(now);
        let is_upper = _mm_cmpeq_epi8(_mm_alignr_epi8::<15>(now, before), byte(0xc3));
        let latin1 = _mm_add_epi8(now, _mm_and_si128(is_upper, byte(0x40)));
        let is_start = _mm_cmpeq_epi8(_mm_and_si128(now, byte(0xfe)), byte(0xc2));
        let kept = !_mm_movemask_epi8(is_start) as u32 & 0xffff;
        let [low, high] = [latin1, _mm_srli_si128::<8>(latin1)];
        let first = (kept & 0xff).count_ones() as usize;
        for (to, half, set) in [(0, low, kept), (first, high, kept >> 8)] {
            let shuffle = _mm_cvtsi64_si128(i64::from_le_bytes(*of_set(&KEPT_BYTES, set)));
            let half = _mm_cvtsi128_si64(_mm_shuffle_epi8(half, shuffle)).to_le_bytes();
            if let Some(to) = target[to..].first_chunk_mut() {
                *to = half;
            }
        }
        (before, read, written) = (now, read + BYTES, written + kept.count_ones() as usize);
    }
    let begun = read > 0 && src[read - 1] >= 0xc0;
    (read - usize::from(begun), written)
}
