//! [`HostBudget`]: how many bytes of the host the runtime itself keeps for the guests of a store, which no limiter is asked about:
//! contexts, tables, external references, handles, values on their way. Whoever is about to take some charges it before.

use crate::limits::{LimitExceeded, LimitKind};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a store's guests have of the host's memory, and how much they may have. Only the thread that has the store changes it.
pub(crate) struct HostBudget {
    used: AtomicU64,
    limit: AtomicU64,
}

impl HostBudget {
    pub(super) fn new(limit: u64) -> HostBudget {
        HostBudget { used: AtomicU64::new(0), limit: AtomicU64::new(limit) }
    }

    /// How many bytes are in use.
    #[inline]
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    pub(crate) fn set_limit(&self, bytes: u64) {
        self.limit.store(bytes, Ordering::Relaxed);
    }

    /// How many bytes more there may be.
    #[inline]
    pub(crate) fn left(&self) -> u64 {
        self.limit().saturating_sub(self.used())
    }

    /// Takes bytes. Comes before the allocation.
    ///
    /// # Errors
    ///
    /// When there would be more than there may be: nothing is taken then.
    pub(crate) fn charge(&self, bytes: u64) -> Result<(), LimitExceeded> {
        if bytes > self.left() {
            return Err(self.exceeded(bytes));
        }
        self.count(bytes);
        Ok(())
    }

    /// Takes bytes that cannot be refused, since something else bounds them: they are missing for what can.
    #[inline]
    pub(crate) fn count(&self, bytes: u64) {
        self.used.store(self.used().saturating_add(bytes), Ordering::Relaxed);
    }

    /// Gives bytes back.
    #[inline]
    pub(crate) fn release(&self, bytes: u64) {
        self.used.store(self.used().saturating_sub(bytes), Ordering::Relaxed);
    }

    #[cold]
    fn exceeded(&self, bytes: u64) -> LimitExceeded {
        LimitExceeded::new(LimitKind::HostBytes, self.used().saturating_add(bytes), Some(self.limit()))
    }

    /// Takes bytes until the loan is dropped; nothing for none. They are within what is left.
    #[inline]
    pub(crate) fn lend(&self, bytes: u64) -> Option<BudgetLoan<'_>> {
        (bytes != 0).then(|| {
            self.count(bytes);
            BudgetLoan { budget: self, bytes }
        })
    }
}

/// Bytes that are given back when this is dropped.
pub(crate) struct BudgetLoan<'a> {
    budget: &'a HostBudget,
    bytes: u64,
}

impl Drop for BudgetLoan<'_> {
    #[inline]
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_counted_and_the_rest_is_refused() {
        let budget = HostBudget::new(100);
        assert!(budget.charge(60).is_ok() && budget.charge(40).is_ok());
        let error = budget.charge(1).unwrap_err();
        assert_eq!((error.asked, error.limit, budget.used()), (101, Some(100), 100));
        budget.release(50);
        let loan = budget.lend(50);
        assert_eq!(budget.left(), 0);
        drop(loan);
        assert_eq!((budget.left(), budget.lend(0).is_none()), (50, true));
        budget.count(u64::MAX);
        assert!(budget.charge(1).is_err_and(|error| error.asked == u64::MAX));
        budget.release(u64::MAX);
        budget.set_limit(10);
        assert!(budget.charge(11).is_err() && budget.charge(10).is_ok());
    }
}
