//! [`NumberOrError`]: what a function that is not inlined returns of its own, in one number (rule 5).

use crate::errno::ErrorNumber;

/// A number of 63 bits, or why there is none, as a negative number.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct NumberOrError(i64);

impl NumberOrError {
    /// What the closure returns, which can use `?`.
    #[inline(always)]
    pub(crate) fn of(compute: impl FnOnce() -> Result<u64, ErrorNumber>) -> NumberOrError {
        match compute() {
            Ok(value) => NumberOrError(value as i64),
            Err(errno) => NumberOrError(-i64::from(errno.code())),
        }
    }

    #[inline(always)]
    pub(crate) fn get(self) -> Result<u64, ErrorNumber> {
        if self.0 < 0 { Err(ErrorNumber::from_code(-self.0 as u32)) } else { Ok(self.0 as u64) }
    }

    #[inline(always)]
    pub(crate) fn get32(self) -> Result<u32, ErrorNumber> {
        Ok(self.get()? as u32)
    }
}
