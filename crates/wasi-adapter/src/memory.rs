//! The guest's memory: reads and writes at addresses, and whether these are in it.

use crate::errno::ErrorNumber;
use core::arch::wasm32;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

/// The size of a page.
pub(crate) const PAGE: u64 = 1 << 16;

macro_rules! numbers {
    ($($load:ident $store:ident $type:ty,)*) => {$(
        #[inline(always)]
        pub(crate) fn $load(at: u32) -> $type {
            // SAFETY: rules 1 and 2.
            unsafe { with_exposed_provenance::<$type>(at as usize).read_unaligned() }
        }

        #[inline(always)]
        pub(crate) fn $store(at: u32, value: $type) {
            // SAFETY: rules 1 and 2.
            unsafe { with_exposed_provenance_mut::<$type>(at as usize).write_unaligned(value) }
        }
    )*};
}

numbers! {
    load8 store8 u8,
    load16 store16 u16,
    load32 store32 u32,
    load64 store64 u64,
}

/// How long it is, in bytes.
#[inline(always)]
pub(crate) fn size() -> u64 {
    wasm32::memory_size::<0>() as u64 * PAGE
}

/// Makes it longer by so many bytes or some more; it traps where that is refused.
pub(crate) fn grow(bytes: u64) {
    if wasm32::memory_grow::<0>(bytes.div_ceil(PAGE) as usize) == usize::MAX {
        wasm32::unreachable()
    }
}

/// Whether so many bytes are there.
pub(crate) fn has(at: u32, length: u64) -> bool {
    u64::from(at) + length <= size()
}

/// That so many bytes are there, and a number of this size may lie at the address.
#[inline(always)]
pub(crate) fn check(at: u32, length: u64, align: u32) -> Result<(), ErrorNumber> {
    if !has(at, length) {
        Err(ErrorNumber::FAULT)
    } else if at & (align - 1) != 0 {
        Err(ErrorNumber::INVAL)
    } else {
        Ok(())
    }
}

#[inline(always)]
pub(crate) fn copy(from: u32, to: u32, length: u32) {
    // SAFETY: rules 1 and 2; the ranges may overlap.
    unsafe {
        core::ptr::copy(
            with_exposed_provenance::<u8>(from as usize),
            with_exposed_provenance_mut(to as usize),
            length as usize,
        );
    }
}

#[inline(always)]
pub(crate) fn fill_with_zeros(from: u32, length: u32) {
    // SAFETY: rules 1 and 2.
    unsafe { with_exposed_provenance_mut::<u8>(from as usize).write_bytes(0, length as usize) }
}

/// Whether bytes are UTF-8, which a lowered function traps without.
pub(crate) fn is_utf8(at: u32, length: u32) -> bool {
    let mut done = 0;
    while done < length {
        let first = load8(at + done);
        done += 1;
        // How many bytes follow, and between which bounds the first of them is.
        let (mut more, mut low, mut high) = match first {
            0..=0x7f => continue,
            0xc2..=0xdf => (1, 0x80, 0xbf),
            0xe0 => (2, 0xa0, 0xbf),
            0xed => (2, 0x80, 0x9f),
            0xe1..=0xef => (2, 0x80, 0xbf),
            0xf0 => (3, 0x90, 0xbf),
            0xf1..=0xf3 => (3, 0x80, 0xbf),
            0xf4 => (3, 0x80, 0x8f),
            _ => return false,
        };
        while more > 0 {
            if done == length || !(low..=high).contains(&load8(at + done)) {
                return false;
            }
            (low, high) = (0x80, 0xbf);
            done += 1;
            more -= 1;
        }
    }
    true
}
