//! What a call between components uses, charged where hosts count fuel: as much whatever is checked, toggled, outlined or copied
//! in one go.

use crate::emit::Translator;
use crate::place::{Amount, Side};
use gusset_types::{ADAPTER_FUEL, BYTE_FUEL, FlatType};

impl Translator<'_, '_> {
    /// Charges for the call that begins.
    pub(crate) fn charge_call(&mut self) {
        if self.lane.src.fuel {
            let fuel = self.module.import_fuel();
            self.ins().global_get(fuel).i64_const(ADAPTER_FUEL).i64_sub().global_set(fuel);
        }
    }

    /// Charges for bytes of the source that are copied next.
    pub(crate) fn charge_bytes(&mut self, bytes: Amount) {
        let Side { fuel: true, .. } = self.lane.src else { return };
        let fuel = self.module.import_fuel();
        let ty = self.lane.src.pointer();
        self.ins().global_get(fuel);
        self.amount(bytes, ty);
        if ty == FlatType::I32 {
            self.ins().i64_extend_i32_u();
        }
        if BYTE_FUEL != 1 {
            self.ins().i64_const(BYTE_FUEL).i64_mul();
        }
        self.ins().i64_sub().global_set(fuel);
    }
}
