//! [`LiftBudget`]: how many bytes of the host the values of one call may take. A value may name the same bytes of a guest
//! many times, and takes more in the host than in the guest: without a limit, a small guest could exhaust its host.

use super::context::LiftContext;
use super::error::{CanonError, CanonResult};

/// What an allocator keeps beside each block, and loses by rounding, more or less. Else a list of tiny strings would cost
/// the host twice what it is charged for.
const BLOCK_OVERHEAD: u64 = 16;

/// What is left of the bytes that one call may take.
pub(crate) struct LiftBudget {
    limit: u64,
    left: u64,
}

impl LiftBudget {
    pub(crate) fn new(limit: u64) -> LiftBudget {
        LiftBudget { limit, left: limit }
    }

    /// For values that are the host's own.
    pub(crate) fn unlimited() -> LiftBudget {
        LiftBudget::new(u64::MAX)
    }

    /// Takes a block of the host's memory from what is left. Comes before the allocation.
    pub(crate) fn charge(&mut self, bytes: u64) -> CanonResult<()> {
        if bytes == 0 {
            return Ok(());
        }
        match self.left.checked_sub(bytes.saturating_add(BLOCK_OVERHEAD)) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(CanonError::too_large(self.limit)),
        }
    }

    /// An empty text with room for exactly `bytes` bytes, charged.
    pub(crate) fn text(&mut self, bytes: usize) -> CanonResult<String> {
        self.charge(bytes as u64)?;
        Ok(String::with_capacity(bytes))
    }

    #[cfg(test)]
    pub(crate) fn spent(&self) -> u64 {
        self.limit - self.left
    }
}

impl LiftContext<'_> {
    /// Takes a block of the host's memory from what the call may lift. Comes before the allocation.
    pub(crate) fn charge_block(&mut self, bytes: u64) -> CanonResult<()> {
        self.budget.charge(bytes)
    }

    /// An empty vector with room for exactly `length` values, charged.
    pub(crate) fn vec<V>(&mut self, length: usize) -> CanonResult<Vec<V>> {
        self.charge_block((length as u64).saturating_mul(size_of::<V>() as u64))?;
        Ok(Vec::with_capacity(length))
    }

    /// `value` in a box, charged.
    pub(crate) fn boxed<V>(&mut self, value: V) -> CanonResult<Box<V>> {
        self.charge_block(size_of::<V>() as u64)?;
        Ok(Box::new(value))
    }
}
