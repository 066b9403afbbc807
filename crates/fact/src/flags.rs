//! The flags of component instances: `may_leave` and `may_enter`, tested and toggled around calls.

use crate::emit::Translator;
use gusset_types::{ComponentInstanceIndex, TrapCode};

impl Translator<'_, '_> {
    /// Traps with `code` unless the flag is set.
    pub(crate) fn check_flag(&mut self, instance: ComponentInstanceIndex, flag: i32, code: TrapCode) {
        let flags = self.module.import_flags(instance);
        self.ins().global_get(flags).i32_const(flag).i32_and().i32_eqz();
        self.trap_if(code);
    }

    pub(crate) fn clear_flag(&mut self, instance: ComponentInstanceIndex, flag: i32) {
        let flags = self.module.import_flags(instance);
        self.ins().global_get(flags).i32_const(!flag).i32_and().global_set(flags);
    }

    pub(crate) fn set_flag(&mut self, instance: ComponentInstanceIndex, flag: i32) {
        let flags = self.module.import_flags(instance);
        self.ins().global_get(flags).i32_const(flag).i32_or().global_set(flags);
    }
}
