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
    pub trait Plain: Sized {
        /// In bytes.
        const SIZE: usize;

        /// The number that so many bytes are.
        fn read(bytes: &[u8]) -> Self;

        /// Writes its bytes.
        fn write(self, bytes: &mut [u8]);
    }
}

/// The most bytes that a number has.
const WIDEST: usize = 8;

/// A number from its little-endian bytes, which `read` copies to where it is told.
pub(crate) fn read_number<N: PlainNumber, E>(read: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<N, E> {
    let mut bytes = [0; WIDEST];
    read(&mut bytes[..N::SIZE])?;
    Ok(N::read(&bytes[..N::SIZE]))
}

/// Has `write` copy the little-endian bytes of a number.
pub(crate) fn write_number<N: PlainNumber, R>(number: N, write: impl FnOnce(&[u8]) -> R) -> R {
    let mut bytes = [0; WIDEST];
    number.write(&mut bytes[..N::SIZE]);
    write(&bytes[..N::SIZE])
}

macro_rules! plain {
    ($($number:ty)*) => {$(
        impl sealed::Plain for $number {
            const SIZE: usize = size_of::<$number>();

            fn read(bytes: &[u8]) -> $number {
                <$number>::from_le_bytes(bytes.try_into().expect("there are so many bytes"))
            }

            fn write(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
        }
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

/// The bytes that numbers are, in the order of bytes of this machine.
pub(crate) fn plain_bytes<N: PlainNumber>(numbers: &[N]) -> &[u8] {
    // SAFETY: V12: `N` is one of the types above, which are numbers, without a gap.
    let (_, bytes, _) = unsafe { numbers.align_to::<u8>() };
    bytes
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
        assert_eq!(plain_bytes::<u8>(&bytes[3..7]), &bytes[3..7]);
        assert_eq!(plain_bytes(&[1_u16, 0x203]), [1, 0, 3, 2]);
        assert_eq!(plain_bytes(&[f64::from_bits(u64::MAX)]), [0xff; 8]);
    }
}
