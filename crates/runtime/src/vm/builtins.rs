//! The functions that compiled code calls, in [`BuiltinFunction`]'s order: the C side only; what they mean stands in
//! `bulk.rs`. They never unwind.

use super::context::RawStoreContext;
use super::store::VmStore;
use gusset_artifact::{BuiltinFunction, ContextLayout, DataIndex, ElemIndex, MemoryIndex, TableIndex};
use gusset_types::TrapCode;

/// The addresses of all builtins.
pub(super) struct Array([*const (); BuiltinFunction::ALL.len()]);

// SAFETY: V3: the pointers are of functions.
unsafe impl Sync for Array {}

impl Array {
    /// What a store's context points to.
    pub(super) fn pointer(&self) -> *const *const () {
        self.0.as_ptr()
    }
}

pub(super) static ARRAY: Array = Array([
    memory_grow as *const (),
    memory_fill as *const (),
    memory_copy as *const (),
    memory_init as *const (),
    data_drop as *const (),
    table_grow as *const (),
    table_fill as *const (),
    table_copy as *const (),
    table_init as *const (),
    elem_drop as *const (),
]);

/// The order of the array is the contract's; an entry that moved there must move here.
const _: () = {
    assert!(BuiltinFunction::MemoryGrow as u8 == 0 && BuiltinFunction::MemoryInit as u8 == 3);
    assert!(BuiltinFunction::DataDrop as u8 == 4 && BuiltinFunction::TableGrow as u8 == 5);
    assert!(BuiltinFunction::TableInit as u8 == 8 && BuiltinFunction::ElemDrop as u8 == 9);
    assert!(BuiltinFunction::ALL.len() == 10);
};

/// The context of the instance whose code calls.
type Caller = *const u64;

/// The store and the number of the calling instance.
///
/// # Safety
///
/// `caller` is the first parameter of a builtin that compiled code called; the result is used during that call only.
unsafe fn caller<'a>(caller: Caller) -> (&'a mut VmStore, usize) {
    // SAFETY: V1, V3: the context of an instance starts with its number and a pointer to the store's context, which
    // knows the store while an activation is running; compiled code holds no reference into the store.
    unsafe {
        let number = caller.add(ContextLayout::RUNTIME as usize / 8).read();
        let context = caller.add(ContextLayout::STORE as usize / 8).read() as *const RawStoreContext;
        (&mut *(*context).vm.get(), number as usize)
    }
}

/// What fallible builtins return.
fn status(store: &VmStore, result: Result<(), TrapCode>) -> u8 {
    match result {
        Ok(()) => 1,
        Err(code) => {
            store.context().failure.set_trap(code, None);
            0
        }
    }
}

macro_rules! builtin {
    ($(
        $(#[$doc:meta])*
        fn $name:ident($store:ident, $instance:ident $(, $param:ident: $ty:ty)*) $(-> $result:ty)? $body:block
    )*) => {$(
        $(#[$doc])*
        unsafe extern "C" fn $name(context: Caller $(, $param: $ty)*) $(-> $result)? {
            // SAFETY: V3: compiled code passes its context.
            let ($store, $instance) = unsafe { caller(context) };
            $body
        }
    )*};
}

builtin! {
    fn memory_grow(store, instance, memory: u32, pages: u64) -> u64 {
        let memory = store.memory_number(instance, MemoryIndex::from_u32(memory));
        store.grow_memory(memory, pages).unwrap_or(u64::MAX)
    }

    fn memory_fill(store, instance, memory: u32, dst: u64, value: u32, len: u64) -> u8 {
        let result = store.memory_fill(instance, MemoryIndex::from_u32(memory), dst, value as u8, len);
        status(store, result)
    }

    fn memory_copy(store, instance, dst_memory: u32, src_memory: u32, dst: u64, src: u64, len: u64) -> u8 {
        let (to, from) = (MemoryIndex::from_u32(dst_memory), MemoryIndex::from_u32(src_memory));
        let result = store.memory_copy(instance, to, from, dst, src, len);
        status(store, result)
    }

    fn memory_init(store, instance, memory: u32, segment: u32, dst: u64, src: u64, len: u64) -> u8 {
        let (memory, segment) = (MemoryIndex::from_u32(memory), DataIndex::from_u32(segment));
        let result = store.memory_init(instance, memory, segment, dst, src, len);
        status(store, result)
    }

    fn data_drop(store, instance, segment: u32) {
        store.data_drop(instance, DataIndex::from_u32(segment));
    }

    fn table_grow(store, instance, table: u32, count: u64, value: u64) -> u64 {
        let table = store.table_number(instance, TableIndex::from_u32(table));
        store.grow_table(table, count, value).unwrap_or(u64::MAX)
    }

    fn table_fill(store, instance, table: u32, dst: u64, value: u64, len: u64) -> u8 {
        let result = store.table_fill(instance, TableIndex::from_u32(table), dst, value, len);
        status(store, result)
    }

    fn table_copy(store, instance, dst_table: u32, src_table: u32, dst: u64, src: u64, len: u64) -> u8 {
        let (to, from) = (TableIndex::from_u32(dst_table), TableIndex::from_u32(src_table));
        let result = store.table_copy(instance, to, from, dst, src, len);
        status(store, result)
    }

    fn table_init(store, instance, table: u32, segment: u32, dst: u64, src: u64, len: u64) -> u8 {
        let (table, segment) = (TableIndex::from_u32(table), ElemIndex::from_u32(segment));
        let result = store.table_init(instance, table, segment, dst, src, len);
        status(store, result)
    }

    fn elem_drop(store, instance, segment: u32) {
        store.elem_drop(instance, ElemIndex::from_u32(segment));
    }
}
