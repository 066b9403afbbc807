//! The flag `may_leave` of component instances, tested and toggled around calls.

use crate::emit::Translator;
use crate::place::Amount;
use gusset_types::{ComponentInstanceIndex, FLAG_CANNOT_LEAVE, INSTANCE_STATE, TrapCode, instance_state};
use wasm_encoder::{MemArg, MemArgTarget};

impl Translator<'_, '_> {
    /// Traps unless `instance` may leave.
    pub(crate) fn check_may_leave(&mut self, instance: ComponentInstanceIndex) {
        let flags = self.instance_flags(instance);
        self.ins().i32_const(0).i32_load(flags).i32_const(FLAG_CANNOT_LEAVE).i32_and();
        self.trap_if(TrapCode::CannotLeave, [Amount::Const(0); 2]);
    }

    pub(crate) fn clear_may_leave(&mut self, instance: ComponentInstanceIndex) {
        let flags = self.instance_flags(instance);
        self.ins().i32_const(0).i32_const(0).i32_load(flags).i32_const(FLAG_CANNOT_LEAVE).i32_or().i32_store(flags);
    }

    pub(crate) fn set_may_leave(&mut self, instance: ComponentInstanceIndex) {
        let flags = self.instance_flags(instance);
        self.ins().i32_const(0).i32_const(0).i32_load(flags).i32_const(!FLAG_CANNOT_LEAVE).i32_and().i32_store(flags);
    }

    /// Where the flags of `instance` are, from address 0.
    fn instance_flags(&mut self, instance: ComponentInstanceIndex) -> MemArg {
        let (state, instance) = self.module.import_state_of(instance);
        let offset = u64::from(instance_state(instance) + INSTANCE_STATE.flags);
        MemArg { offset, align: 2, target: MemArgTarget::Memory(state), ordering: None }
    }
}
