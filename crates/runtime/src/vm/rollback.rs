//! What an instance that cannot be made leaves in its store: nothing, as long as nobody can have seen any of it.

use super::function::FunctionOrigin;
use super::instance::InstanceRecord;
use super::limits::LimitedTotals;
use super::store::VmStore;
use gusset_artifact::TableIndex;

/// How much a store holds.
pub(crate) struct StoreMark {
    contexts: usize,
    functions: usize,
    hosts: usize,
    instances: usize,
    memories: usize,
    tables: usize,
    globals: usize,
    tags: usize,
    reservations: usize,
    totals: LimitedTotals,
    host_bytes: u64,
    calls_begun: u64,
}

impl VmStore {
    pub(crate) fn mark(&self) -> StoreMark {
        StoreMark {
            contexts: self.contexts.len(),
            functions: self.functions.len(),
            hosts: self.hosts.len(),
            instances: self.instances.len(),
            memories: self.memories.len(),
            tables: self.tables.len(),
            globals: self.globals.len(),
            tags: self.tags.len(),
            reservations: self.context().reservations.borrow().len(),
            totals: self.totals.clone(),
            host_bytes: self.budget.used(),
            calls_begun: self.calls_begun,
        }
    }

    /// How many memories and tables there are more than at the mark, without those that no limiter is asked about.
    pub(crate) fn made_since(&self, mark: &StoreMark) -> (usize, usize) {
        let memories = self.memories[mark.memories..].iter().filter(|record| !record.of_runtime);
        (memories.count(), self.tables.len() - mark.tables)
    }

    /// Drops all that has been added since the mark, functions too, if nobody can have seen any of it: no code has run, of a guest or of
    /// the host, and no table that was there before has got elements of an instance that goes. Whether that was done.
    pub(crate) fn roll_back_unseen(&mut self, mark: &StoreMark) -> bool {
        let is_shut_in = |record: &InstanceRecord| {
            let mut imported = (0..record.image().module.imported_tables).map(TableIndex::from_u32);
            imported.all(|table| record.items.get(table).is_none_or(|table| table >= mark.tables))
        };
        if self.calls_begun != mark.calls_begun || !self.instances[mark.instances..].iter().all(is_shut_in) {
            return false;
        }
        // Functions of older instances that were imported for the first time lose their numbers.
        for at in mark.functions..self.functions.len() {
            if let FunctionOrigin::Guest { instance, func } = self.functions[at].origin
                && (instance as usize) < mark.instances
            {
                self.forget_number(instance as usize, func);
            }
        }
        self.functions.truncate(mark.functions);
        self.hosts.truncate(mark.hosts);
        self.waiting_for_stubs.split_off(&mark.functions);
        let fuel_import = self.fuel_import.filter(|global| global.index(self.id()) < mark.globals);
        self.fuel_import = fuel_import;
        self.roll_back(mark);
        true
    }

    /// Drops all but functions that has been added since the mark, which nothing else refers to.
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
