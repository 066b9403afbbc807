//! The memory that compiled code shares with the runtime: [`Context`] of an instance or a host function, and the
//! [`RawStoreContext`]. Where which field stands is `gusset-artifact`'s to say.

use super::code::CodeMemory;
use super::failure::ActivationFailure;
use super::metering::OnDeadline;
use super::raw_value::RawValue;
use super::signals::{RunningGuest, running_guest};
use super::slot_pool::PoolSlot;
use super::store::VmStore;
use crate::erased_store::ErasedStore;
use crate::store::StoreInner;
use gusset_artifact::{ContextLayout, STORE_CONTEXT};
use std::cell::{Cell, RefCell};
use std::mem::offset_of;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Words that compiled code reads and writes through their address, which never changes.
pub(super) struct Context {
    place: ContextMemory,
}

enum ContextMemory {
    Heap(Box<[ContextSlot]>),
    /// So many slots at the start.
    Pool(PoolSlot, usize),
    /// The slots at a place among those of joint contexts.
    Joint(Rc<Context>, Range<usize>),
}

/// The memory of the contexts of a component instance whose distances its code knows: each of them has its part, once.
pub(crate) struct JointContexts(Rc<Context>);

#[repr(C, align(16))]
struct ContextSlot([Cell<u64>; 2]);

const _: () = assert!(size_of::<ContextSlot>() == size_of::<u128>() && align_of::<ContextSlot>() == align_of::<u128>());

impl Context {
    /// Zeroed words, aligned to 16 bytes.
    pub(super) fn new(bytes: u32) -> Context {
        // The allocator is asked for zeroed memory, which the system need not touch.
        let zeroed = vec![0u128; bytes.div_ceil(16) as usize].into_boxed_slice();
        // SAFETY: V12: a slot is laid out as a `u128`, of which every bit pattern is two words.
        let slots = unsafe { Box::from_raw(Box::into_raw(zeroed) as *mut [ContextSlot]) };
        Context { place: ContextMemory::Heap(slots) }
    }

    /// The same in a slot of a pool; `None` when it is too small.
    pub(super) fn in_pool(bytes: u32, mut slot: PoolSlot) -> Option<Context> {
        let count = bytes.div_ceil(size_of::<ContextSlot>() as u32) as usize;
        slot.use_first(count * size_of::<ContextSlot>())?;
        Some(Context { place: ContextMemory::Pool(slot, count) })
    }

    fn slots(&self) -> &[ContextSlot] {
        match &self.place {
            ContextMemory::Heap(slots) => slots,
            ContextMemory::Joint(joint, part) => &joint.slots()[part.clone()],
            // SAFETY: V5, V12: the slot of the pool is this value's, starts at a page, and has so many bytes that are in use;
            // who has a word only reads and writes whole words, as compiled code does.
            ContextMemory::Pool(slot, count) => unsafe { std::slice::from_raw_parts(slot.base().cast(), *count) },
        }
    }

    pub(super) fn start(&self) -> usize {
        self.slots().as_ptr() as usize
    }

    pub(super) fn len(&self) -> usize {
        size_of_val(self.slots())
    }

    /// The address of the word at `offset`.
    pub(super) fn address(&self, offset: i32) -> usize {
        assert!((offset as usize) < self.len(), "an offset in a context is within it");
        self.start() + offset as usize
    }

    fn word(&self, offset: i32) -> &Cell<u64> {
        assert!(offset % 8 == 0, "words are aligned");
        &self.slots()[offset as usize / 16].0[offset as usize / 8 % 2]
    }

    pub(super) fn get(&self, offset: i32) -> u64 {
        self.word(offset).get()
    }

    pub(super) fn set(&self, offset: i32, word: u64) {
        self.word(offset).set(word);
    }

    pub(super) fn get_value(&self, offset: i32) -> RawValue {
        RawValue::from_v128(self.get(offset) as u128 | (self.get(offset + 8) as u128) << 64)
    }

    pub(super) fn set_value(&self, offset: i32, value: RawValue) {
        self.set(offset, value.u64());
        self.set(offset + 8, (value.v128() >> 64) as u64);
    }
}

impl JointContexts {
    /// In memory that is all zero.
    pub(super) fn new(memory: Context) -> JointContexts {
        JointContexts(Rc::new(memory))
    }

    /// The context of so many bytes that starts at an offset; `None` where there is none, or it has been taken.
    pub(super) fn take(&self, start: u32, bytes: u32) -> Option<Context> {
        let slot = size_of::<ContextSlot>() as u32;
        let part = (start / slot) as usize..start.checked_add(bytes)?.div_ceil(slot) as usize;
        // The word is the store's before anything runs.
        let claim = |context: &Context| {
            let is_free = context.get(ContextLayout::STORE) == 0;
            context.set(ContextLayout::STORE, u64::MAX);
            is_free
        };
        (start.is_multiple_of(slot) && part.end <= self.0.slots().len())
            .then(|| Context { place: ContextMemory::Joint(self.0.clone(), part) })
            .filter(claim)
    }
}

/// The store's context: what its compiled code knows of the store, and behind it what signal handlers and the functions
/// that compiled code calls need to find.
#[repr(C)]
pub(super) struct RawStoreContext {
    stack_limit: Cell<usize>,
    pub(super) entry_fp: Cell<usize>,
    pub(super) entry_sp: Cell<usize>,
    pub(super) entry_handler: Cell<usize>,
    /// With `exit_pc`: where compiled code was left by a stub. A walk over the live references starts there.
    pub(super) exit_fp: Cell<usize>,
    pub(super) exit_pc: Cell<usize>,
    builtins: *const *const (),
    raise: usize,
    pub(super) epoch_counter: *const AtomicU64,
    pub(super) epoch_deadline: Cell<u64>,
    /// What is left of the share of fuel that compiled code took; less than none if it took more at its last step.
    pub(super) fuel: Cell<i64>,
    /// The same where compiled code looks at an epoch.
    pub(super) fuel_at_epoch: Cell<i64>,
    /// The fuel beside that share.
    pub(super) fuel_behind: Cell<u64>,
    /// After how much fuel guests let others have their turn, and how much of that is left behind the share; 0 for never.
    pub(super) fuel_yield_interval: Cell<u64>,
    pub(super) fuel_until_yield: Cell<u64>,
    pub(super) on_deadline: OnDeadline,
    /// The `StoreInner<T>` around this store, as the innermost activation borrowed it.
    pub(super) owner: Cell<*mut ()>,
    /// Makes of `owner` what its data need not be known for.
    erase: EraseOwner,
    /// The store within it.
    pub(super) vm: Cell<*mut VmStore>,
    /// Where the thread of the innermost activation says whose code it is running. A fiber may come back on another thread: so it is
    /// read again after each call of the host.
    thread: Cell<*const RunningGuest>,
    /// What the innermost activation has saved: the one around it. Null while there is none.
    outer: Cell<*const SavedActivation>,
    /// All code that can run in this store, by address.
    pub(super) code: RefCell<Vec<Arc<CodeMemory>>>,
    /// The reservations of all memories.
    pub(super) reservations: RefCell<Vec<Range<usize>>>,
    /// Why the innermost activation is being left.
    pub(super) failure: ActivationFailure,
}

const _: () = {
    assert!(offset_of!(RawStoreContext, stack_limit) == STORE_CONTEXT.stack_limit as usize);
    assert!(offset_of!(RawStoreContext, entry_fp) == STORE_CONTEXT.entry_fp as usize);
    assert!(offset_of!(RawStoreContext, entry_sp) == STORE_CONTEXT.entry_sp as usize);
    assert!(offset_of!(RawStoreContext, entry_handler) == STORE_CONTEXT.entry_handler as usize);
    assert!(offset_of!(RawStoreContext, exit_fp) == STORE_CONTEXT.exit_fp as usize);
    assert!(offset_of!(RawStoreContext, exit_pc) == STORE_CONTEXT.exit_pc as usize);
    assert!(offset_of!(RawStoreContext, builtins) == STORE_CONTEXT.builtins as usize);
    assert!(offset_of!(RawStoreContext, raise) == STORE_CONTEXT.raise as usize);
    assert!(offset_of!(RawStoreContext, epoch_counter) == STORE_CONTEXT.epoch_counter as usize);
    assert!(offset_of!(RawStoreContext, epoch_deadline) == STORE_CONTEXT.epoch_deadline as usize);
    assert!(offset_of!(RawStoreContext, fuel) == STORE_CONTEXT.fuel as usize);
    assert!(offset_of!(RawStoreContext, fuel_at_epoch) == STORE_CONTEXT.fuel_at_epoch as usize);
    assert!(offset_of!(RawStoreContext, owner) >= STORE_CONTEXT.size as usize);
    assert!(size_of::<usize>() == 8 && cfg!(target_endian = "little"), "only 64-bit little-endian hosts are supported");
};

/// Makes a pointer to a store, whatever its data, of the one that an activation borrowed it by.
pub(super) type EraseOwner = fn(*mut ()) -> *mut dyn ErasedStore;

/// Of a store whose data are of type `T`.
pub(super) fn erase<T: 'static>(owner: *mut ()) -> *mut dyn ErasedStore {
    owner.cast::<StoreInner<T>>()
}

/// What an inner activation overwrites and must put back, and what a fiber takes along.
#[derive(Clone, Copy)]
pub(super) struct SavedActivation {
    stack_limit: usize,
    entry_fp: usize,
    entry_sp: usize,
    entry_handler: usize,
    exit_fp: usize,
    exit_pc: usize,
    owner: *mut (),
    vm: *mut VmStore,
    thread: *const RunningGuest,
    outer: *const SavedActivation,
}

impl SavedActivation {
    /// What stands where none has been saved.
    pub(super) const NONE: SavedActivation = SavedActivation {
        stack_limit: 0,
        entry_fp: 0,
        entry_sp: 0,
        entry_handler: 0,
        exit_fp: 0,
        exit_pc: 0,
        owner: std::ptr::null_mut(),
        vm: std::ptr::null_mut(),
        thread: std::ptr::null(),
        outer: std::ptr::null(),
    };
}

/// The frames of an activation: from where it was left to its entry.
#[derive(Clone, Copy)]
pub(super) struct ActivationFrames {
    pub(super) exit_fp: usize,
    pub(super) exit_pc: usize,
    pub(super) entry_fp: usize,
}

impl RawStoreContext {
    /// For code that calls the functions in the array at `builtins`, leaves by `raise`, and calls `on_deadline` when an epoch comes.
    pub(super) fn new(
        builtins: *const *const (),
        raise: usize,
        epoch_counter: *const AtomicU64,
        on_deadline: OnDeadline,
        erase: EraseOwner,
    ) -> RawStoreContext {
        RawStoreContext {
            stack_limit: Cell::new(0),
            entry_fp: Cell::new(0),
            entry_sp: Cell::new(0),
            entry_handler: Cell::new(0),
            exit_fp: Cell::new(0),
            exit_pc: Cell::new(0),
            builtins,
            raise,
            epoch_counter,
            epoch_deadline: Cell::new(0),
            fuel: Cell::new(0),
            fuel_at_epoch: Cell::new(0),
            fuel_behind: Cell::new(0),
            fuel_yield_interval: Cell::new(0),
            fuel_until_yield: Cell::new(0),
            on_deadline,
            owner: Cell::new(std::ptr::null_mut()),
            erase,
            vm: Cell::new(std::ptr::null_mut()),
            thread: Cell::new(std::ptr::null()),
            outer: Cell::new(std::ptr::null()),
            code: RefCell::default(),
            reservations: RefCell::default(),
            failure: ActivationFailure::default(),
        }
    }

    /// Starts an activation, which may use the stack down to `stack_limit`. What is returned stays where it is
    /// [linked](RawStoreContext::link) from until the activation ends.
    #[inline]
    pub(super) fn begin(&self, owner: *mut (), vm: *mut VmStore, stack_limit: usize) -> SavedActivation {
        SavedActivation {
            stack_limit: self.stack_limit.replace(stack_limit),
            entry_fp: self.entry_fp.get(),
            entry_sp: self.entry_sp.get(),
            entry_handler: self.entry_handler.get(),
            exit_fp: self.exit_fp.get(),
            exit_pc: self.exit_pc.get(),
            owner: self.owner.replace(owner),
            vm: self.vm.replace(vm),
            thread: self.thread.replace(running_guest()),
            outer: self.outer.get(),
        }
    }

    /// Goes on with an activation that has paused: this is where the store is now.
    #[inline]
    pub(super) fn go_on(&self, owner: *mut (), vm: *mut VmStore) {
        self.owner.set(owner);
        self.vm.set(vm);
    }

    /// The guest has returned, but its activation goes on: until then it has no frames (V17).
    #[inline]
    pub(super) fn pause(&self) {
        self.exit_fp.set(0);
    }

    /// The innermost activation, as a fiber takes it along.
    pub(super) fn activation(&self) -> SavedActivation {
        SavedActivation {
            stack_limit: self.stack_limit.get(),
            entry_fp: self.entry_fp.get(),
            entry_sp: self.entry_sp.get(),
            entry_handler: self.entry_handler.get(),
            exit_fp: self.exit_fp.get(),
            exit_pc: self.exit_pc.get(),
            owner: self.owner.get(),
            vm: self.vm.get(),
            thread: self.thread.get(),
            outer: self.outer.get(),
        }
    }

    /// Says that the activations of a fiber go on on this thread.
    pub(super) fn set_thread(&self) {
        self.thread.set(running_guest());
    }

    /// From here on the thread runs compiled code of this store.
    #[inline(always)]
    pub(super) fn go_to_guest(&self) {
        // SAFETY: V15: an activation is running, on the thread whose place this is.
        unsafe { (*self.thread.get()).set(self) }
    }

    /// From here on the thread runs the host: no fault of it is the guest's.
    #[inline(always)]
    pub(super) fn leave_guest(&self) {
        // SAFETY: V15: as above.
        unsafe { (*self.thread.get()).set(std::ptr::null()) }
    }

    /// Ends an activation, or goes on with the one that was saved.
    #[inline]
    pub(super) fn end(&self, saved: SavedActivation) {
        self.stack_limit.set(saved.stack_limit);
        self.entry_fp.set(saved.entry_fp);
        self.entry_sp.set(saved.entry_sp);
        self.entry_handler.set(saved.entry_handler);
        self.exit_fp.set(saved.exit_fp);
        self.exit_pc.set(saved.exit_pc);
        self.owner.set(saved.owner);
        self.vm.set(saved.vm);
        self.thread.set(saved.thread);
        self.outer.set(saved.outer);
    }

    /// Says which activation is around the innermost one.
    #[inline]
    pub(super) fn link(&self, outer: *const SavedActivation) {
        self.outer.set(outer);
    }

    /// Begins what runs on a fiber: no activation yet, around which is that of whoever polls.
    pub(super) fn begin_fiber(&self, poller: *const SavedActivation) {
        self.entry_fp.set(0);
        self.exit_fp.set(0);
        self.exit_pc.set(0);
        self.outer.set(poller);
    }

    /// The frames of all activations, the innermost first.
    ///
    /// # Safety
    ///
    /// V17: all of them wait for the host, which runs.
    pub(super) unsafe fn each_activation(&self, visit: &mut dyn FnMut(ActivationFrames)) {
        let (exit_fp, exit_pc, entry_fp) = (self.exit_fp.get(), self.exit_pc.get(), self.entry_fp.get());
        let mut frames = ActivationFrames { exit_fp, exit_pc, entry_fp };
        let mut outer = self.outer.get();
        // SAFETY: V17: what an activation has saved is there until it ends.
        while let Some(saved) = unsafe { outer.as_ref() } {
            visit(frames);
            frames = ActivationFrames { exit_fp: saved.exit_fp, exit_pc: saved.exit_pc, entry_fp: saved.entry_fp };
            outer = saved.outer;
        }
    }

    /// The store around it, as the innermost activation borrowed it; null while there is none.
    pub(super) fn erased_owner(&self) -> *mut dyn ErasedStore {
        (self.erase)(self.owner.get())
    }

    /// Adds code that can run in this store.
    pub(super) fn add_code(&self, code: &Arc<CodeMemory>) {
        let mut all = self.code.borrow_mut();
        // Several that have no text may start at one address.
        let at = all.partition_point(|known| known.start() < code.start());
        let mut alike = all[at..].iter().take_while(|known| known.start() == code.start());
        if !alike.any(|known| Arc::ptr_eq(known, code)) {
            all.insert(at, code.clone());
        }
    }

    /// The code around `pc`. Called in signal handlers: it neither allocates nor locks.
    pub(super) fn with_code_at<R>(&self, pc: usize, look: impl FnOnce(&CodeMemory) -> Option<R>) -> Option<R> {
        let all = self.code.try_borrow().ok()?;
        let after = all.partition_point(|code| code.start() <= pc);
        let code = all.get(after.checked_sub(1)?)?;
        code.offset_of(pc)?;
        look(code)
    }

    /// The offset of an address in the reservation that it is in. Called in signal handlers.
    pub(super) fn memory_offset(&self, address: usize) -> Option<usize> {
        let all = self.reservations.try_borrow().ok()?;
        let range = all.iter().find(|range| range.contains(&address))?;
        Some(address - range.start)
    }
}

#[cfg(all(test, feature = "compile", feature = "wat"))]
mod tests {
    use crate::core::{Instance, Module};
    use crate::{Engine, Store};

    /// Code without a text is nowhere: several may seem to be at one place.
    #[test]
    fn code_is_added_once() {
        let engine = Engine::default();
        let modules = [(); 3].map(|()| Module::new(&engine, "(module (memory 1))").unwrap());
        let mut store = Store::new(&engine, ());
        for _ in 0..3 {
            for module in &modules {
                Instance::new(&mut store, module, &[]).unwrap();
            }
        }
        assert_eq!(store.0.vm.context().code.borrow().len(), modules.len());
    }
}
