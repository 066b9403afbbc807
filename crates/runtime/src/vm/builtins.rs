//! The functions that compiled code calls, in [`BuiltinFunction`]'s order: the C side only, with that of bulk instructions in
//! `pieces.rs`, that of growth in `growth.rs` and that of transcoders in `transcoding.rs`; what they mean stands in `bulk.rs`. They never unwind: a panic, which would be a bug of ours, leaves the guest as an error.

use super::atomics::{memory_notify, memory_wait32, memory_wait64};
use super::context::RawStoreContext;
use super::growth::{memory_grow, table_grow};
use super::metering::{ask_at_epoch, next_share};
use super::pieces::{memory_copy, memory_fill, memory_init, table_copy, table_fill, table_init};
use super::raw_value::RawValue;
use super::store::VmStore;
use super::transcoding::transcode;
use super::unwind::leave;
use crate::error::{Error, format_err};
use gusset_artifact::{BuiltinFunction, ContextLayout, DataIndex, ElemIndex, FuncIndex, TableIndex, TagIndex};
use gusset_types::TrapCode;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The addresses of all builtins.
pub(super) struct BuiltinArray([*const (); BuiltinFunction::ALL.len()]);

// SAFETY: V3: the pointers are of functions.
unsafe impl Sync for BuiltinArray {}

impl BuiltinArray {
    /// What a store's context points to.
    pub(super) fn pointer(&self) -> *const *const () {
        self.0.as_ptr()
    }
}

pub(super) static ARRAY: BuiltinArray = BuiltinArray([
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
    deadline_reached as *const (),
    refill_fuel as *const (),
    trap as *const (),
    table_element as *const (),
    function_reference as *const (),
    throw as *const (),
    throw_ref as *const (),
    memory_notify as *const (),
    memory_wait32 as *const (),
    memory_wait64 as *const (),
    transcode as *const (),
]);

/// The order of the array is the contract's; an entry that moved there must move here.
const _: () = {
    assert!(BuiltinFunction::MemoryGrow as u8 == 0 && BuiltinFunction::MemoryInit as u8 == 3);
    assert!(BuiltinFunction::DataDrop as u8 == 4 && BuiltinFunction::TableGrow as u8 == 5);
    assert!(BuiltinFunction::TableInit as u8 == 8 && BuiltinFunction::ElemDrop as u8 == 9);
    assert!(BuiltinFunction::DeadlineReached as u8 == 10 && BuiltinFunction::RefillFuel as u8 == 11);
    assert!(BuiltinFunction::Trap as u8 == 12);
    assert!(BuiltinFunction::TableElement as u8 == 13 && BuiltinFunction::FunctionReference as u8 == 14);
    assert!(BuiltinFunction::Throw as u8 == 15 && BuiltinFunction::ThrowRef as u8 == 16);
    assert!(BuiltinFunction::MemoryNotify as u8 == 17 && BuiltinFunction::MemoryWait64 as u8 == 19);
    assert!(BuiltinFunction::Transcode as u8 == 20 && BuiltinFunction::ALL.len() == 21);
};

/// The context of the instance whose code calls.
pub(super) type Caller = *const u64;

/// The store and the number of the calling instance.
///
/// # Safety
///
/// `caller` is the first parameter of a builtin that compiled code called; the result is used during that call only.
pub(super) unsafe fn caller<'a>(caller: Caller) -> (&'a mut VmStore, usize) {
    // SAFETY: V1, V3: the context of an instance starts with its number and a pointer to the store's context, which
    // knows the store while an activation is running; compiled code holds no reference into the store.
    unsafe {
        let number = caller.add(ContextLayout::RUNTIME as usize / 8).read();
        let context = caller.add(ContextLayout::STORE as usize / 8).read() as *const RawStoreContext;
        (&mut *(*context).vm.get(), number as usize)
    }
}

/// What fallible builtins return.
pub(super) fn status(context: &RawStoreContext, result: Result<(), TrapCode>) -> u8 {
    match result {
        Ok(()) => 1,
        Err(code) => {
            context.failure.set_trap(code, None);
            0
        }
    }
}

/// Leaves the guest after a panic of a builtin.
///
/// # Safety
///
/// Called by a builtin that compiled code called, in the store with that context; nothing of the builtin's is left to drop.
#[cold]
pub(super) unsafe fn leave_after_panic(
    context: *const RawStoreContext,
    builtin: &str,
    payload: Box<dyn Any + Send>,
) -> ! {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    let error = format_err!("internal error: {builtin} panicked: {text}");
    drop(payload);
    // SAFETY: V1, V9: as the caller says.
    unsafe { leave_with(context, error) }
}

/// Leaves the guest with an error.
///
/// # Safety
///
/// As for [`leave_after_panic`].
#[cold]
pub(super) unsafe fn leave_with(context: *const RawStoreContext, error: Error) -> ! {
    // SAFETY: V1, V9: the store outlives its activation; the stub that called the builtin has recorded its caller.
    unsafe {
        (*context).failure.set_host(error);
        leave(&*context)
    }
}

/// The store's context, without the store.
///
/// # Safety
///
/// As for [`caller`].
pub(super) unsafe fn store_context<'a>(caller: Caller) -> &'a RawStoreContext {
    // SAFETY: V1, V3: the context of an instance has a pointer to the store's context, which is only ever borrowed shared.
    unsafe { &*(caller.add(ContextLayout::STORE as usize / 8).read() as *const RawStoreContext) }
}

/// The epoch of the deadline has come. It borrows nothing of the store, which the host is given.
unsafe extern "C" fn deadline_reached(context: *const RawStoreContext) -> u8 {
    // SAFETY: V1, V3, V8: compiled code passes the context of its store, and holds no borrow.
    unsafe { u8::from(ask_at_epoch(&*context)) }
}

/// The share of fuel is used up.
unsafe extern "C" fn refill_fuel(context: *const RawStoreContext) -> u8 {
    // SAFETY: V1, V3: as above.
    unsafe { u8::from(next_share(&*context)) }
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
            let raw = $store.context_pointer();
            match catch_unwind(AssertUnwindSafe(|| $body)) {
                Ok(result) => result,
                // SAFETY: V3: as above; what is in scope has no destructor.
                Err(payload) => unsafe { leave_after_panic(raw, stringify!($name), payload) },
            }
        }
    )*};
}

builtin! {
    fn data_drop(store, instance, segment: u32) {
        store.data_drop(instance, DataIndex::from_u32(segment));
    }

    fn elem_drop(store, instance, segment: u32) {
        store.elem_drop(instance, ElemIndex::from_u32(segment));
    }

    fn trap(store, _instance, code: u32) -> u8 {
        let code = u8::try_from(code).ok().and_then(TrapCode::from_u8).expect("compiled code names a trap");
        status(store.context(), Err(code))
    }

    fn table_element(store, instance, table: u32, index: u64) -> u64 {
        let table = store.table_number(instance, TableIndex::from_u32(table));
        let reference = store.table_element(table, index as usize).expect("the code has checked the index");
        if reference == 0 {
            // So that it is not asked for again.
            store.tables[table].table.set(index as usize, 0);
        }
        reference
    }

    fn function_reference(store, instance, func: u32) -> u64 {
        store.function_reference(instance, FuncIndex::from_u32(func)).expect("functions that are referred to have records")
    }

    fn throw(store, instance, tag: u32, values: *const RawValue) -> u8 {
        let tag = store.tag_number(instance, TagIndex::from_u32(tag));
        let count = store.tags[tag].signature.ty.params.len();
        // SAFETY: V3: compiled code has written as many values there as the tag has.
        let values = unsafe { std::slice::from_raw_parts(values, count) };
        // What is dropped to make room is the host's, and no fault of it the guest's.
        store.context().leave_guest();
        let exception = store.new_exception(tag, values);
        store.context().go_to_guest();
        let failure = &store.context().failure;
        match exception {
            Ok(exception) => failure.set_exception(exception),
            Err(error) => failure.set_host(error),
        }
        0
    }

    fn throw_ref(store, _instance, exception: u32) -> u8 {
        store.context().failure.set_exception(exception);
        0
    }
}

#[cfg(all(test, feature = "compile"))]
mod tests {
    use crate::core::{Instance, Module, Val};
    use crate::{AsContextMut, Engine, Error, Result, Store};

    /// A bug of ours: an instance without what its code refers to.
    #[test]
    fn a_panic_of_a_builtin_is_an_error() -> Result<()> {
        let engine = Engine::default();
        let text = br#"(module (memory 1) (table 1 funcref) (data "x") (elem func)
            (func $fill (export "fill") (result i32)
                (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 1))
            (func $grow (export "grow") (result i32) (memory.grow (i32.const 0)))
            (func $grow_table (export "grow_table") (result i32) (table.grow (ref.null func) (i32.const 0)))
            (func $get (export "get") (result i32) (ref.is_null (table.get (i32.const 0))))
            (func (export "one") (result i32) (i32.const 1)))"#;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
        let mut call = |name: &str, broken: bool| -> Result<Val> {
            let record = &mut store.as_context_mut().0.vm.instances[0];
            let kept = broken.then(|| std::mem::take(&mut record.items));
            let mut results = [Val::I32(0)];
            let outcome =
                instance.get_func(&mut store, name).expect("it is exported").call(&mut store, &[], &mut results);
            if let Some(items) = kept {
                store.as_context_mut().0.vm.instances[0].items = items;
            }
            outcome.map(|()| results[0])
        };
        for name in ["fill", "grow", "grow_table", "get"] {
            let error = call(name, true).expect_err("the instance is broken");
            let text = format!("{error:#}");
            assert!(
                text.contains("internal error: ") && text.contains("panicked: an instance has what its code refers to"),
                "{text}"
            );
            let frame = format!(" - <module 0>!{name}");
            assert!(format!("{error:?}").contains(&frame) || text.contains(&frame), "{error:?}");
            assert_eq!(call("one", false)?, Val::I32(1));
            assert!(call(name, false).is_ok());
        }
        Ok::<(), Error>(())
    }
}
