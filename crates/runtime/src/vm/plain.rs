//! Numbers as they lie in a linear memory, without a copy.

/// A number of which every pattern of bits is a value: the types that a view of a list can have for elements.
///
/// ```
/// fn numbers<T: gusset::PlainNumber>() {}
/// numbers::<u8>();
/// numbers::<f64>();
/// ```
pub trait PlainNumber: sealed::Plain + Copy + 'static {}

/// Nobody else says what is plain.
mod sealed {
    pub trait Plain {}
}

macro_rules! plain {
    ($($number:ty)*) => {$(
        impl sealed::Plain for $number {}
        impl PlainNumber for $number {}
    )*};
}

plain! { u8 i8 u16 i16 u32 i32 u64 i64 f32 f64 }

/// The numbers that `bytes` are, in the order of bytes of this machine; `None` if they are not aligned, or not so many whole ones.
pub(crate) fn plain_numbers<N: PlainNumber>(bytes: &[u8]) -> Option<&[N]> {
    // SAFETY: V12: `N` is one of the types above, which are numbers.
    let (before, numbers, after) = unsafe { bytes.align_to::<N>() };
    (before.is_empty() && after.is_empty()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_and_whole() {
        let words = [1_u64.to_le_bytes(), u64::MAX.to_le_bytes()];
        let bytes = words.as_flattened();
        let start = bytes.as_ptr().align_offset(4);
        let aligned = &bytes[start..start + 8];
        assert_eq!(plain_numbers::<u32>(aligned).map(<[u32]>::len), Some(2));
        assert!(plain_numbers::<u32>(&aligned[..7]).is_none());
        assert!(plain_numbers::<u32>(&bytes[start + 1..start + 5]).is_none());
        assert_eq!(plain_numbers::<i8>(&bytes[8..]), Some(&[-1_i8; 8][..]));
        assert_eq!(plain_numbers::<f64>(&[]), Some(&[][..]));
    }
}
