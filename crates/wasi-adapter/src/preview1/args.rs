//! `args_get`, `args_sizes_get`, `environ_get`, `environ_sizes_get`: the lists that 0.2 has, with each string behind the other and a NUL behind
//! each.

use super::exports;
#[cfg(feature = "filesystem")]
use crate::imports::cli;
use crate::memory::{check, store32};

exports! {
    fn args_get(array: u32, bytes: u32) {
        check(array, 0, 4)?;
        check(bytes, 0, 1)?;
        #[cfg(feature = "filesystem")]
        filled::write(filled::ARGUMENTS, array, bytes).get()?;
        Ok(())
    }

    fn args_sizes_get(count: u32, bytes: u32) {
        check(count, 4, 4)?;
        check(bytes, 4, 4)?;
        #[cfg(feature = "filesystem")]
        let sizes = filled::sizes(filled::ARGUMENTS);
        #[cfg(not(feature = "filesystem"))]
        let sizes = 0u64;
        store32(count, (sizes >> 32) as u32);
        store32(bytes, sizes as u32);
        Ok(())
    }

    fn environ_get(array: u32, bytes: u32) {
        check(array, 0, 4)?;
        check(bytes, 0, 1)?;
        #[cfg(feature = "filesystem")]
        filled::write(filled::ENVIRONMENT, array, bytes).get()?;
        Ok(())
    }

    fn environ_sizes_get(count: u32, bytes: u32) {
        check(count, 4, 4)?;
        check(bytes, 4, 4)?;
        #[cfg(feature = "filesystem")]
        let sizes = filled::sizes(filled::ENVIRONMENT);
        #[cfg(not(feature = "filesystem"))]
        let sizes = 0u64;
        store32(count, (sizes >> 32) as u32);
        store32(bytes, sizes as u32);
        Ok(())
    }
}

#[cfg(feature = "filesystem")]
mod filled {
    use super::{cli, store32};
    use crate::area::{Area, One};
    use crate::errno::ErrorNumber;
    use crate::lists::Lent;
    use crate::memory::{copy, load32, store8};
    use crate::outcome::NumberOrError;

    /// How many strings an entry of the list has.
    pub(super) const ARGUMENTS: u32 = 1;
    pub(super) const ENVIRONMENT: u32 = 2;

    /// How many entries there are, and where they are.
    #[inline(always)]
    fn list(parts: u32) -> (u32, u32) {
        let area = Area::<One>::new();
        if parts == ARGUMENTS {
            cli::arguments(area.at);
        } else {
            cli::environment(area.at);
        }
        (area.u32(4), area.u32(0))
    }

    /// How many bytes they are, with something behind each string.
    fn length(parts: u32, at: u32, count: u32) -> u64 {
        let (mut at, mut left) = (at, count * parts);
        let mut length = u64::from(left);
        while left > 0 {
            length += u64::from(load32(at + 4));
            at += 8;
            left -= 1;
        }
        length
    }

    /// How many there are, and in the lower half how many bytes.
    pub(super) fn sizes(parts: u32) -> u64 {
        let _lent = Lent::above(0);
        let (count, at) = list(parts);
        u64::from(count) << 32 | length(parts, at, count)
    }

    pub(super) fn write(parts: u32, array: u32, bytes: u32) -> NumberOrError {
        NumberOrError::of(|| {
            let mut above = u64::from(array.max(bytes));
            loop {
                let lent = Lent::above(above);
                let start = lent.start();
                let (count, at) = list(parts);
                let array_end = u64::from(array) + u64::from(count) * 4;
                let end = u64::from(bytes) + length(parts, at, count);
                if array_end.max(end) <= start {
                    copy_all(parts, at, count, array, bytes);
                    return Ok(0);
                }
                // What the guest wants written may reach to where the list is, which now comes behind the end of the memory.
                if above == u64::MAX {
                    return Err(ErrorNumber::FAULT);
                }
                above = u64::MAX;
            }
        })
    }

    #[inline(always)]
    fn copy_all(parts: u32, list: u32, count: u32, array: u32, bytes: u32) {
        let (mut from, mut to, mut array, mut left) = (list, bytes, array, count);
        while left > 0 {
            store32(array, to);
            let mut part = 0;
            while part < parts {
                let length = load32(from + 4);
                copy(load32(from), to, length);
                to += length;
                part += 1;
                store8(to, if part < parts { b'=' } else { 0 });
                to += 1;
                from += 8;
            }
            array += 4;
            left -= 1;
        }
    }
}
