//! Text by vectors of AVX2. What is done with a block of a text does not depend on what it is made of, but for blocks of ASCII and those with
//! characters of four bytes: each place of a block gets what a character that ends there would be, and a shuffle moves those next to one
//! another that do. So there is no branch for each character, and blocks wait for one another in nothing but where they are written.
//!
//! A shuffle writes a whole vector. What of it is too much is overwritten by what follows, of which there must be enough; the end of a text
//! goes through a buffer.

mod shuffles;
pub(super) mod utf16;
pub(super) mod utf8;

use super::block;
use std::arch::x86_64::{__m128i, __m256i, _mm256_broadcastsi128_si256, _mm256_set1_epi8};

#[inline(always)]
fn load(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: V12: a vector is so many bytes.
    unsafe { std::mem::transmute(*bytes) }
}

#[inline(always)]
fn load_wide(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: V12: a vector is so many bytes.
    unsafe { std::mem::transmute(*bytes) }
}

#[inline(always)]
fn load_units(units: &[u16; 16]) -> __m256i {
    // SAFETY: V12: a vector is so many units.
    unsafe { std::mem::transmute(*units) }
}

#[inline(always)]
fn bytes_of(vector: __m128i) -> [u8; 16] {
    // SAFETY: V12: a vector is so many bytes.
    unsafe { std::mem::transmute(vector) }
}

#[inline(always)]
fn units_of(vector: __m128i) -> [u16; 8] {
    // SAFETY: V12: a vector is so many units.
    unsafe { std::mem::transmute(vector) }
}

#[inline(always)]
fn units_of_wide(vector: __m256i) -> [u16; 16] {
    // SAFETY: V12: a vector is so many units.
    unsafe { std::mem::transmute(vector) }
}

/// A table in both halves.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn table(entries: &[u8; 16]) -> __m256i {
    _mm256_broadcastsi128_si256(load(entries))
}

/// A byte in each place.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn all(byte: u8) -> __m256i {
    _mm256_set1_epi8(byte as i8)
}

/// Writes bytes as so many units.
#[inline(never)]
#[target_feature(enable = "avx2,popcnt")]
pub(super) fn widen(bytes: &[u8], units: &mut [u16]) {
    // Compiled for these vectors, the loop is made of them.
    block::widen(bytes, units);
}
