//! Handles of resources in values, `own` and `borrow`: lifted out of the table of one component instance and lowered into that of
//! another. Tables themselves are worked on by the functions of `handle_table`.

use crate::emit::Translator;
use crate::handle_table::{TableFunc, state_field};
use crate::place::{Amount, Destination, Side, Source};
use gusset_types::{
    ComponentInstanceIndex, FlatType, HANDLE_KIND_BITS, HandleKind, INSTANCE_STATE, MAX_TRAP_INDICES, PAGE_SIZE_LOG2,
    ResourceTypeIndex, TrapCode, handle_tag, instance_state, resource_type_number,
};
use wasm_encoder::BlockType;

/// How a call keeps what it borrows.
#[derive(Default)]
pub(crate) struct Borrows {
    /// A local with the address of the call's scope, where it has one.
    pub(crate) scope: Option<u32>,
    /// Locals with the index of a handle of the caller that is lent, or 0.
    pub(crate) lenders: Vec<u32>,
}

/// Handles at more fixed places than this are chained in the scope, if there is one.
const LENDER_LOCALS: usize = 64;

impl Translator<'_, '_> {
    /// Translates an own handle: `lift_own`, then `lower_own`.
    pub(crate) fn own(&mut self, resource: ResourceTypeIndex, src: Source<'_>, dst: Destination<'_>) {
        let (from, to) = (self.lane.src.instance, self.lane.dst.instance);
        self.begin(dst);
        let index = self.body.local(FlatType::I32);
        self.read_int(4, src);
        self.ins().local_set(index);
        self.use_handle(TableFunc::LiftOwn, from, index, resource);
        self.push_record(to);
        self.push_tag(resource, HandleKind::Own);
        self.ins().i32_const(0);
        self.add_handle(TableFunc::Add, to);
        self.write_int(4, dst);
        self.body.release(index);
    }

    /// Translates a borrow handle: `lift_borrow`, then `lower_borrow`.
    pub(crate) fn borrow(&mut self, resource: ResourceTypeIndex, src: Source<'_>, dst: Destination<'_>) {
        let (from, to) = (self.lane.src.instance, self.lane.dst.instance);
        let chain = self.chain_of_lenders();
        self.begin(dst);
        self.read_int(4, src);
        // At a fixed place the local says until the call ends which handle is lent; 0 where the place is that of another case.
        let index =
            if chain.is_some() { self.body.local(FlatType::I32) } else { self.body.zeroed_local(FlatType::I32) };
        self.ins().local_set(index);
        self.use_handle(TableFunc::LiftBorrow, from, index, resource);
        match chain {
            Some(scope) => {
                self.ins().local_get(index).local_get(scope);
                self.call_table_func(TableFunc::AddLender);
                self.ins().i32_eqz();
                self.trap_if_full(from);
                self.body.release(index);
            }
            None => self.borrows.lenders.push(index),
        }
        // Who defines the type is given the representation itself.
        if self.module.resources[resource].instance != Some(to) {
            let scope = self.borrows.scope.expect("calls that make borrow handles have a scope");
            self.push_record(to);
            self.push_tag(resource, HandleKind::Borrow);
            self.ins().local_get(scope);
            self.add_handle(TableFunc::AddBorrow, to);
        }
        self.write_int(4, dst);
    }

    /// The scope that the handle at hand is chained in as a lender (`Subtask.add_lender`), unless it is at a fixed place.
    fn chain_of_lenders(&self) -> Option<u32> {
        let fixed = self.is_at_fixed_place();
        let scope = self.borrows.scope.filter(|_| !fixed || self.borrows.lenders.len() >= LENDER_LOCALS);
        assert!(fixed || scope.is_some(), "calls that borrow at changing places have a scope");
        scope
    }

    /// Calls a function that takes `(record, index, tag)`, traps if it failed, and leaves its first result on the stack.
    pub(crate) fn use_handle(
        &mut self,
        func: TableFunc,
        instance: ComponentInstanceIndex,
        index: u32,
        resource: ResourceTypeIndex,
    ) {
        self.push_handle(instance, index, resource);
        self.call_table_func(func);
        self.fail_handle_if(instance, index, resource);
    }

    /// Traps for what is wrong with a handle if the `i32` on the stack is not zero.
    pub(crate) fn fail_handle_if(&mut self, instance: ComponentInstanceIndex, index: u32, resource: ResourceTypeIndex) {
        self.ins().if_(BlockType::Empty);
        self.push_handle(instance, index, resource);
        self.push_site();
        self.push_indices();
        let indices = self.indices.len().min(MAX_TRAP_INDICES);
        self.call_table_func(TableFunc::Fail { indices });
        self.ins().unreachable().end();
    }

    fn push_handle(&mut self, instance: ComponentInstanceIndex, index: u32, resource: ResourceTypeIndex) {
        self.push_record(instance);
        self.ins().local_get(index);
        self.push_tag(resource, HandleKind::Own);
    }

    /// Calls a function that adds a handle, traps if there is no room, and leaves the index on the stack.
    pub(crate) fn add_handle(&mut self, func: TableFunc, instance: ComponentInstanceIndex) {
        let index = self.body.local(FlatType::I32);
        self.call_table_func(func);
        self.ins().local_tee(index).i32_eqz();
        self.trap_if_full(instance);
        self.ins().local_get(index);
        self.body.release(index);
    }

    /// Traps if the `i32` on the stack is not zero: there is no room for a handle, or for what a call must know of one.
    pub(crate) fn trap_if_full(&mut self, instance: ComponentInstanceIndex) {
        let length = state_field(self.module.import_state(), instance_state(instance) + INSTANCE_STATE.length);
        self.ins().if_(BlockType::Empty);
        let entries = self.body.local(FlatType::I32);
        self.ins().i32_const(0).i32_load(length).local_set(entries);
        self.trap(TrapCode::HandleTableFull, [Amount::of(entries, FlatType::I32), Amount::Const(0)]);
        self.body.release(entries);
        self.ins().end();
    }

    pub(crate) fn call_table_func(&mut self, func: TableFunc) {
        let func = self.module.table_func(func);
        self.body.call(func);
    }

    /// Pushes the address of the record of an instance.
    pub(crate) fn push_record(&mut self, instance: ComponentInstanceIndex) {
        self.ins().i32_const(instance_state(instance) as i32);
    }

    /// Pushes the tag of a handle. The numbers of imported types are known when the host has given them.
    pub(crate) fn push_tag(&mut self, resource: ResourceTypeIndex, kind: HandleKind) {
        if self.module.resources[resource].instance.is_some() {
            self.ins().i32_const(handle_tag(kind, resource_type_number(resource)) as i32);
        } else {
            let number = self.module.import_resource_type(resource);
            let kind = handle_tag(kind, 0) as i32;
            self.ins().global_get(number).i32_const(HANDLE_KIND_BITS as i32).i32_shl().i32_const(kind).i32_or();
        }
    }
}

impl Side {
    /// A side of which only the instance is known: of what has no values in memory.
    pub(crate) fn of_instance(instance: ComponentInstanceIndex) -> Side {
        Side {
            instance,
            encoding: Default::default(),
            memory: None,
            width: Default::default(),
            page_size_log2: PAGE_SIZE_LOG2,
            realloc: None,
            toggle: false,
            fuel: false,
        }
    }
}
