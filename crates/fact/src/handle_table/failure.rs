//! Why a handle could not be used: asked when it is known that it could not.

use super::TableWriter;
use gusset_types::{HANDLE_ENTRY, HANDLE_KIND_BITS, TrapCode, trap_params};
use wasm_encoder::BlockType;

impl TableWriter<'_, '_> {
    pub(super) fn fail(&mut self, indices: usize) {
        let tag = 2;
        let entry = self.find();
        let found = self.local();
        self.load(entry, HANDLE_ENTRY.tag);
        self.ins().local_tee(found).i32_const((1 << HANDLE_KIND_BITS) - 1).i32_and().i32_eqz();
        self.trap_if(TrapCode::UnknownHandle, indices, |this| {
            this.ins().i64_const(0);
        });
        for local in [found, tag] {
            self.ins().local_get(local).i32_const(HANDLE_KIND_BITS as i32).i32_shr_u();
        }
        self.ins().i32_ne();
        self.trap_if(TrapCode::HandleTypeMismatch, indices, |this| {
            // `mismatched_tags`
            this.ins().local_get(tag).i64_extend_i32_u().local_get(found).i64_extend_i32_u();
            this.ins().i64_const(32).i64_shl().i64_or();
        });
        self.load(entry, HANDLE_ENTRY.lends);
        self.trap_if(TrapCode::HandleLent, indices, |this| {
            this.load(entry, HANDLE_ENTRY.lends);
            this.ins().i64_extend_i32_u();
        });
        self.trap(TrapCode::HandleNotOwned, indices, |this| {
            this.ins().i64_const(0);
        });
    }

    fn trap_if(&mut self, code: TrapCode, indices: usize, limit: impl FnOnce(&mut Self)) {
        self.ins().if_(BlockType::Empty);
        self.trap(code, indices, limit);
        self.ins().end();
    }

    /// Traps at the site that [`TableFunc::Fail`] is given; the value is the index of the handle.
    fn trap(&mut self, code: TrapCode, indices: usize, limit: impl FnOnce(&mut Self)) {
        let (index, site) = (1, 3);
        self.ins().local_get(site).i32_const(i32::from(code as u8)).local_get(index).i64_extend_i32_u();
        limit(self);
        let first = 4;
        (first..first + indices as u32).for_each(|local| {
            self.ins().local_get(local);
        });
        debug_assert_eq!(trap_params(indices).len(), 4 + indices);
        let trap = self.module.import_trap(indices);
        self.ins().call(trap).unreachable();
    }
}
