//! [`HeldHandles`]: the handles that the host has. A guest's table says what a guest has; this is its counterpart for what was
//! moved or lent to the host, so that a handle that has been given away, or whose call is over, is found out.

use super::{ResourceAny, ResourceType};
use crate::error::{Result, bail, format_err};
use crate::instance::Instance;
use crate::limits::LimitExceeded;
use crate::val::Val;
use crate::vm::{FuncHandle, HostBudget, StoreId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The handles of the host in a store.
pub(crate) struct HeldHandles {
    store: StoreId,
    /// What the slots are taken from.
    budget: Arc<HostBudget>,
    slots: Vec<HeldSlot>,
    /// Slots that are free.
    free: Vec<u32>,
    /// The calls of host functions that are running and whose types hold handles, outermost first; they ascend.
    calls: Vec<u64>,
    next_call: u64,
    /// Handles of guests that are lent to the host until the call that lent them returns: indices in the caller's table.
    lenders: Vec<u32>,
    /// Borrows that end with the call that they came with.
    borrows: Vec<HeldKey>,
    /// What the host lends to guests until the call that it is lent to returns.
    loans: Vec<Loan>,
    /// Own handles of values that are being lifted: nobody has them if that fails.
    arriving: Vec<HeldKey>,
}

/// A slot, and how often it was used before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct HeldKey {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// Which handle of the host it is, among those of a call.
#[derive(PartialEq, Eq, Hash)]
pub(crate) enum HandleIdentity {
    Held(HeldKey),
    /// A `Resource<T>`, by where it is.
    Typed(usize),
}

/// A handle of the host that can be given away or lent to a guest.
pub(crate) trait HostHandle {
    fn identity(&self) -> HandleIdentity;

    /// Its representation, if it is of this type and can be given away (`own`) or lent.
    ///
    /// # Errors
    ///
    /// Why it cannot be.
    fn check(&self, held: &mut HeldHandles, ty: ResourceType, own: bool) -> Result<u32>;

    /// Gives it away, or lends it until the innermost call of a guest returns; its representation.
    ///
    /// # Errors
    ///
    /// As for [`check`](HostHandle::check).
    fn pass(&self, held: &mut HeldHandles, ty: ResourceType, own: bool) -> Result<u32>;
}

struct HeldSlot {
    /// How often the slot was used before: who has another number has a handle of then.
    generation: u32,
    handle: Option<HeldHandle>,
}

/// A handle that the host has.
#[derive(Clone, Copy)]
pub(crate) struct HeldHandle {
    pub(crate) rep: u32,
    pub(crate) own: bool,
    /// How often an own handle is lent to guests.
    lends: u32,
    pub(crate) destructor: Option<Destructor>,
}

/// What is called when an own handle is dropped.
#[derive(Clone, Copy)]
pub(crate) struct Destructor {
    pub(crate) func: FuncHandle,
    /// The root instance whose function it is; `None` for one of the host.
    pub(crate) instance: Option<Instance>,
}

/// Something of the host that is lent to a guest.
enum Loan {
    Held(HeldKey),
    /// A count that a `Resource<T>` keeps.
    Counted(Arc<AtomicU32>),
}

/// How many slots there is room for at first.
const FIRST_SLOTS: usize = 16;

/// Where the stacks of [`HeldHandles`] ended when a call began.
#[derive(Clone, Copy)]
pub(crate) struct HeldMark {
    calls: usize,
    lenders: usize,
    borrows: usize,
    loans: usize,
}

impl HeldHandles {
    /// What a handle takes of the host's memory.
    pub(crate) const BYTES: u64 = size_of::<HeldSlot>() as u64;

    pub(crate) fn new(store: StoreId, budget: Arc<HostBudget>) -> HeldHandles {
        HeldHandles {
            store,
            budget,
            slots: Vec::new(),
            free: Vec::new(),
            calls: Vec::new(),
            next_call: 1,
            lenders: Vec::new(),
            borrows: Vec::new(),
            loans: Vec::new(),
            arriving: Vec::new(),
        }
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    /// Holds an own handle.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub(crate) fn hold_own(
        &mut self,
        ty: ResourceType,
        rep: u32,
        destructor: Option<Destructor>,
    ) -> Result<ResourceAny, LimitExceeded> {
        self.hold(ty, HeldHandle { rep, own: true, lends: 0, destructor })
    }

    /// Holds a borrow that ends with the innermost call.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub(crate) fn hold_borrow(&mut self, ty: ResourceType, rep: u32) -> Result<ResourceAny, LimitExceeded> {
        let any = self.hold(ty, HeldHandle { rep, own: false, lends: 0, destructor: None })?;
        self.borrows.push(any.key());
        Ok(any)
    }

    /// Holds an own handle out of values that are being lifted.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub(crate) fn hold_arriving(
        &mut self,
        ty: ResourceType,
        rep: u32,
        destructor: Option<Destructor>,
    ) -> Result<ResourceAny, LimitExceeded> {
        let any = self.hold_own(ty, rep, destructor)?;
        self.arriving.push(any.key());
        Ok(any)
    }

    /// The values have been lifted, or could not be: then nobody has their handles.
    pub(crate) fn end_arrival(&mut self, arrived: bool) {
        while let Some(key) = self.arriving.pop() {
            if !arrived {
                self.free_slot(key);
            }
        }
    }

    fn hold(&mut self, ty: ResourceType, handle: HeldHandle) -> Result<ResourceAny, LimitExceeded> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => self.new_slot()?,
        };
        let held = &mut self.slots[slot as usize];
        held.handle = Some(handle);
        Ok(ResourceAny::new(self.store, ty, handle.own, HeldKey { slot, generation: held.generation }))
    }

    fn new_slot(&mut self) -> Result<u32, LimitExceeded> {
        if self.slots.len() == self.slots.capacity() {
            let more = self.slots.len().max(FIRST_SLOTS);
            self.budget.charge(more as u64 * (HeldHandles::BYTES + size_of::<u32>() as u64))?;
            self.slots.reserve_exact(more);
        }
        self.slots.push(HeldSlot { generation: 0, handle: None });
        Ok(u32::try_from(self.slots.len() - 1).expect("a store's handles fit its host's memory"))
    }

    fn find(&mut self, key: HeldKey) -> Option<&mut HeldHandle> {
        let slot = self.slots.get_mut(key.slot as usize).filter(|slot| slot.generation == key.generation)?;
        slot.handle.as_mut()
    }

    /// What `any` stands for.
    ///
    /// # Errors
    ///
    /// When it is of another store, has been dropped or given away, or was lent for a call that is over.
    pub(crate) fn get(&mut self, any: ResourceAny) -> Result<HeldHandle> {
        if any.store() != self.store {
            bail!("a resource handle was used with a store that it is not of");
        }
        match self.find(any.key()) {
            Some(handle) => Ok(*handle),
            None if any.owned() => Err(format_err!("a resource handle was used after it was dropped or given away")),
            None => Err(format_err!("a borrowed resource handle was used after the call that it was lent for")),
        }
    }

    /// What `any` stands for, if it can be given away or dropped.
    ///
    /// # Errors
    ///
    /// Also when it is borrowed, or lent.
    pub(crate) fn get_own(&mut self, any: ResourceAny) -> Result<HeldHandle> {
        let handle = self.get(any)?;
        if !handle.own {
            bail!("a borrowed resource handle was given where an owned one is needed");
        }
        if handle.lends != 0 {
            bail!("a resource handle was dropped or given away while it is lent");
        }
        Ok(handle)
    }

    /// Forgets a handle; one that is not there any more is none.
    pub(crate) fn forget(&mut self, any: ResourceAny) {
        self.free_slot(any.key());
    }

    /// Forgets the handles in values that nobody will get; those that have been given away stand for nothing any more.
    pub(crate) fn forget_all(&mut self, vals: &[Val]) {
        vals.iter().for_each(|val| val.each_resource(&mut |any| self.forget(any)));
    }

    fn free_slot(&mut self, key: HeldKey) {
        let Some(held) = self.slots.get_mut(key.slot as usize).filter(|slot| slot.generation == key.generation) else {
            return;
        };
        if held.handle.take().is_some() {
            // One that has been used so often that its numbers would repeat is not used again.
            if let Some(generation) = held.generation.checked_add(1) {
                held.generation = generation;
                self.free.push(key.slot);
            }
        }
    }

    // Loans.

    /// Lends a handle that [`HeldHandles::get`] has found, until the innermost call of a guest returns. A borrow cannot be given
    /// away, so nobody need know that it is lent on.
    pub(crate) fn lend(&mut self, any: ResourceAny) {
        if let Some(handle) = self.find(any.key()).filter(|handle| handle.own) {
            handle.lends += 1;
            self.loans.push(Loan::Held(any.key()));
        }
    }

    /// Lends what keeps its own count, until the innermost call of a guest returns.
    pub(crate) fn lend_counted(&mut self, count: Arc<AtomicU32>) {
        count.fetch_add(1, Ordering::Relaxed);
        self.loans.push(Loan::Counted(count));
    }

    /// A handle of the guest that is calling is lent to the host, until its call returns.
    pub(crate) fn add_lender(&mut self, index: u32) {
        self.lenders.push(index);
    }

    /// The handles that have been lent to the host since `mark`.
    pub(crate) fn lenders_since(&self, mark: HeldMark) -> &[u32] {
        self.lenders.get(mark.lenders..).unwrap_or_default()
    }

    // Calls.

    /// Where the stacks end.
    pub(crate) fn mark(&self) -> HeldMark {
        HeldMark {
            calls: self.calls.len(),
            lenders: self.lenders.len(),
            borrows: self.borrows.len(),
            loans: self.loans.len(),
        }
    }

    /// Begins a call of a host function; the mark ends it.
    pub(crate) fn begin_call(&mut self) -> HeldMark {
        let mark = self.mark();
        self.calls.push(self.next_call);
        self.next_call += 1;
        mark
    }

    /// The call of a host function that borrows of now end with; 0 where there is none.
    pub(crate) fn current_call(&self) -> u64 {
        self.calls.last().copied().unwrap_or(0)
    }

    /// Whether a call is still running.
    pub(crate) fn is_running(&self, call: u64) -> bool {
        self.calls.binary_search(&call).is_ok()
    }

    /// Ends what has begun since `mark`: calls, with the borrows that came with them, and loans.
    pub(crate) fn end(&mut self, mark: HeldMark) {
        self.calls.truncate(mark.calls);
        self.lenders.truncate(mark.lenders);
        while self.borrows.len() > mark.borrows {
            let key = self.borrows.pop().expect("there are more than the mark says");
            self.free_slot(key);
        }
        while self.loans.len() > mark.loans {
            match self.loans.pop().expect("there are more than the mark says") {
                Loan::Held(key) => {
                    if let Some(handle) = self.find(key) {
                        handle.lends -= 1;
                    }
                }
                Loan::Counted(count) => {
                    count.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Store};

    fn handles_of(store: &mut Store<()>) -> HeldHandles {
        let vm = &crate::AsContextMut::as_context_mut(store).0.vm;
        HeldHandles::new(vm.id(), vm.budget().clone())
    }

    #[test]
    fn slots_are_counted_as_they_are_made_and_not_as_they_are_used_again() {
        let mut store = Store::new(&Engine::default(), ());
        let held = &mut handles_of(&mut store);
        let (used, ty) = (held.budget.used(), ResourceType::new());
        held.budget.set_limit(used + 3 * FIRST_SLOTS as u64 * (HeldHandles::BYTES + 4));
        let first = held.hold_own(ty, 0, None).unwrap();
        // Sixteen, then thirty-two; there is no room for as many again.
        let more = (1..32).map(|rep| held.hold_borrow(ty, rep).unwrap()).count();
        let error = held.hold_own(ty, 32, None).unwrap_err();
        assert_eq!((more, error.kind, error.limit), (31, crate::LimitKind::HostBytes, Some(held.budget.limit())));
        held.forget(first);
        assert!(held.hold_own(ty, 33, None).is_ok() && held.hold_own(ty, 34, None).is_err());
    }

    /// Every way for a handle to end, mixed: nothing stays, and a key that is over stands for nothing, whoever has its slot.
    #[test]
    fn handles_end_with_their_calls_and_slots_are_used_again() {
        let mut store = Store::new(&Engine::default(), ());
        let held = &mut handles_of(&mut store);
        let ty = ResourceType::new();
        let kept = held.hold_own(ty, 1, None).unwrap();
        let outer = held.begin_call();
        let first = held.hold_borrow(ty, 2).unwrap();
        let inner = held.begin_call();
        let call = held.current_call();
        let second = held.hold_borrow(ty, 3).unwrap();
        held.forget(first);
        let own = held.hold_own(ty, 4, None).unwrap();
        assert_eq!(own.key().slot, first.key().slot);
        assert!(held.is_running(call) && held.get(second).is_ok() && held.get(first).is_err());
        held.lend(kept);
        held.lend(own);
        assert!(held.get_own(kept).is_err() && held.get(kept).is_ok());
        held.end(inner);
        assert!(!held.is_running(call) && held.get(second).is_err());
        assert!(held.get_own(kept).is_ok() && held.get_own(own).is_ok());
        held.end(outer);
        // The slot of a borrow that was forgotten is another handle's now, which its call does not end.
        assert!(held.get(own).is_ok());
        for any in [kept, own] {
            held.forget(any);
            assert!(held.get(any).is_err());
        }
        assert_eq!((held.slots.iter().filter(|slot| slot.handle.is_some()).count(), held.free.len()), (0, 3));
        assert!(held.loans.is_empty() && held.borrows.is_empty() && held.calls.is_empty());
    }

    #[test]
    fn handles_are_forgotten_wherever_they_are_in_a_value() {
        let mut store = Store::new(&Engine::default(), ());
        let held = &mut handles_of(&mut store);
        let ty = ResourceType::new();
        let mut boxed = |rep| Some(Box::new(Val::Resource(held.hold_own(ty, rep, None).unwrap())));
        let vals = [
            Val::List(vec![Val::Option(boxed(1)), Val::Option(None)]),
            Val::Record(vec![("r".into(), Val::Result(Ok(boxed(2)))), ("s".into(), Val::Result(Err(boxed(3))))]),
            Val::Tuple(vec![Val::Variant("v".into(), boxed(4)), Val::Map(vec![(Val::U8(1), *boxed(5).unwrap())])]),
        ];
        assert_eq!(held.free.len(), 0);
        held.forget_all(&vals);
        assert_eq!((held.slots.len(), held.free.len()), (5, 5));
        held.forget_all(&vals);
        assert_eq!(held.free.len(), 5);
    }

    #[test]
    fn a_slot_whose_numbers_would_repeat_is_not_used_again() {
        let mut store = Store::new(&Engine::default(), ());
        let held = &mut handles_of(&mut store);
        let ty = ResourceType::new();
        let first = held.hold_own(ty, 1, None).unwrap();
        held.slots[0].generation = u32::MAX;
        assert!(held.get(first).is_err());
        let last = HeldKey { slot: 0, generation: u32::MAX };
        held.free_slot(last);
        assert_eq!(held.hold_own(ty, 2, None).unwrap().key().slot, 1);
    }
}
