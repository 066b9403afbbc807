//! The flag `may_leave` of component instances, tested and toggled around calls.

use crate::emit::Translator;
use crate::place::Amount;
use gusset_types::{ComponentInstanceIndex, FLAG_MAY_LEAVE, TrapCode};

impl Translator<'_, '_> {
    /// Traps unless `instance` may leave.
    pub(crate) fn check_may_leave(&mut self, instance: ComponentInstanceIndex) {
        let flags = self.module.import_flags(instance);
        self.ins().global_get(flags).i32_const(FLAG_MAY_LEAVE).i32_and().i32_eqz();
        self.trap_if(TrapCode::CannotLeave, [Amount::Const(0); 2]);
    }

    pub(crate) fn clear_may_leave(&mut self, instance: ComponentInstanceIndex) {
        let flags = self.module.import_flags(instance);
        self.ins().global_get(flags).i32_const(!FLAG_MAY_LEAVE).i32_and().global_set(flags);
    }

    pub(crate) fn set_may_leave(&mut self, instance: ComponentInstanceIndex) {
        let flags = self.module.import_flags(instance);
        self.ins().global_get(flags).i32_const(FLAG_MAY_LEAVE).i32_or().global_set(flags);
    }
}
