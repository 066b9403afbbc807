//! [`LiftBudget`]: how many bytes of the host the values of one call may take. A value may name the same bytes of a guest
//! many times, and takes more in the host than in the guest: without a limit, a small guest could exhaust its host.

use super::context::LiftContext;
use super::error::{CanonError, CanonResult};
use crate::limits::{LimitExceeded, LimitKind};
use crate::vm::HostBudget;

/// What an allocator keeps beside each block, and loses by rounding, more or less. Else a list of tiny strings would cost
/// the host twice what it is charged for.
const BLOCK_OVERHEAD: u64 = 16;

/// What is left of the bytes that one call may take.
pub(crate) struct LiftBudget {
    limit: u64,
    left: u64,
    /// What the store's guests have of the host, and may have, where there is less left of that.
    store: Option<(u64, u64)>,
}

impl LiftBudget {
    #[inline]
    pub(crate) fn new(limit: u64) -> LiftBudget {
        LiftBudget { limit, left: limit, store: None }
    }

    /// For a call that may take `limit` bytes, but no more than the store has left.
    #[inline]
    pub(crate) fn within(limit: u64, store: &HostBudget) -> LiftBudget {
        match store.left() {
            left if left < limit => LiftBudget { limit: left, left, store: Some((store.used(), store.limit())) },
            _ => LiftBudget::new(limit),
        }
    }

    /// For values that are the host's own.
    #[inline]
    pub(crate) fn unlimited() -> LiftBudget {
        LiftBudget::new(u64::MAX)
    }

    /// Takes a block of the host's memory from what is left. Comes before the allocation.
    #[inline]
    pub(crate) fn charge(&mut self, bytes: u64) -> CanonResult<()> {
        if bytes == 0 {
            return Ok(());
        }
        match self.left.checked_sub(bytes.saturating_add(BLOCK_OVERHEAD)) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.exceeded(bytes)),
        }
    }

    #[cold]
    fn exceeded(&self, bytes: u64) -> CanonError {
        match self.store {
            Some((used, limit)) => {
                let asked = used.saturating_add(self.spent()).saturating_add(bytes);
                LimitExceeded::new(LimitKind::HostBytes, asked, Some(limit)).into()
            }
            None => CanonError::too_large(self.limit),
        }
    }

    /// An empty text with room for exactly `bytes` bytes, charged.
    #[inline]
    pub(crate) fn text(&mut self, bytes: usize) -> CanonResult<String> {
        self.charge(bytes as u64)?;
        Ok(String::with_capacity(bytes))
    }

    /// How much has been taken.
    #[inline]
    pub(crate) fn spent(&self) -> u64 {
        self.limit - self.left
    }
}

impl LiftContext<'_> {
    /// How many bytes the values have taken that have been lifted.
    #[inline]
    pub(crate) fn lifted_bytes(&self) -> u64 {
        self.budget.spent()
    }

    /// Takes a block of the host's memory from what the call may lift. Comes before the allocation.
    #[inline]
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
