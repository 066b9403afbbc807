//! What an instance that cannot be made leaves in its store: nothing, as long as nobody can have seen any of it.

use super::limits::LimitedTotals;
use super::store::VmStore;

/// How much a store holds.
pub(super) struct StoreMark {
    contexts: usize,
    instances: usize,
    memories: usize,
    tables: usize,
    globals: usize,
    tags: usize,
    reservations: usize,
    totals: LimitedTotals,
    host_bytes: u64,
}

impl VmStore {
    pub(super) fn mark(&self) -> StoreMark {
        StoreMark {
            contexts: self.contexts.len(),
            instances: self.instances.len(),
            memories: self.memories.len(),
            tables: self.tables.len(),
            globals: self.globals.len(),
            tags: self.tags.len(),
            reservations: self.context().reservations.borrow().len(),
            totals: self.totals.clone(),
            host_bytes: self.budget.used(),
        }
    }

    /// Drops all that has been added since, which nothing else refers to.
    pub(super) fn roll_back(&mut self, mark: &StoreMark) {
        self.totals = mark.totals.clone();
        self.budget.release(self.budget.used().saturating_sub(mark.host_bytes));
        self.context().reservations.borrow_mut().truncate(mark.reservations);
        self.memories.truncate(mark.memories);
        self.tables.truncate(mark.tables);
        self.globals.truncate(mark.globals);
        self.tags.truncate(mark.tags);
        self.instances.truncate(mark.instances);
        for (context, _) in self.contexts.drain(mark.contexts..) {
            self.context_at.remove(&context.start());
        }
    }
}
