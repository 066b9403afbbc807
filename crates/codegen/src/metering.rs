//! How code sees that it has run for long enough: by the epoch, and by the fuel that it has used.
//!
//! It looks where a run can get longer than the code is: at the start of a function, and at each branch back to the start of
//! a loop. Looking costs a compare and a branch that is never taken. What is behind that branch is a call of the runtime and no trap,
//! because the store may let the guest go on, and a guest on a stack of its own can be left there until it does; its stub keeps all
//! registers, so that nothing moves aside for it.

use crate::builtin_stub::stub_signature;
use crate::func::{Form, FuncTranslator};
use crate::key::CodeKey;
use crate::op::BlockTypes;
use crate::signature::{POINTER, constant_field, field};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use gusset_artifact::{BuiltinFunction, ContextLayout, STORE_CONTEXT};

/// A function that neither calls nor loops and has no more bytes than this does not look at the epoch: it is done sooner than its
/// caller looks.
const MAX_UNWATCHED: usize = 256;

impl FuncTranslator<'_, '_> {
    /// Looks at the start of a function whose body has so many bytes.
    pub(crate) fn watch_entry(&mut self, body_len: usize) {
        if self.settings.epoch_interruption && (body_len > MAX_UNWATCHED || !self.scan.is_straight()) {
            let early = self.before_deadline();
            self.go_on_if(early, BuiltinFunction::DeadlineReached);
        }
    }

    /// Whether branches back to the start of a loop look at anything.
    pub(crate) fn watches_loops(&self) -> bool {
        self.settings.epoch_interruption
    }

    /// Looks before a branch that may go back to the start of a loop.
    pub(crate) fn watch_branch(&mut self) {
        if self.settings.epoch_interruption {
            let early = self.before_deadline();
            self.go_on_if(early, BuiltinFunction::DeadlineReached);
        }
    }

    /// Goes back to the start of a loop, if there is nothing against it: one branch does both.
    pub(crate) fn jump_back(&mut self, label: Block, carried: BlockTypes<'_>, height: usize) {
        if let Form::Frame(_) = self.form {
            // Operands must be moved on the way.
            self.watch_branch();
            return self.jump(label, carried, height);
        }
        let early = self.before_deadline();
        let cold = self.next_block();
        self.builder.set_cold_block(cold);
        self.branch_to(label, carried, |this, arguments| this.builder.ins().brif(early, label, arguments, cold, []));
        self.builder.switch_to_block(cold);
        self.call_cold(BuiltinFunction::DeadlineReached);
        self.jump(label, carried, height);
    }

    /// Whether the epoch of the deadline has not come yet.
    fn before_deadline(&mut self) -> Value {
        let store = self.store_context();
        let counter = self.builder.ins().load(POINTER, constant_field(), store, STORE_CONTEXT.epoch_counter);
        // Others write it. That the call which follows may write anything is what makes each of these loads one of its own.
        let now = self.builder.ins().load(I64, field(), counter, 0);
        let deadline = self.builder.ins().load(I64, field(), store, STORE_CONTEXT.epoch_deadline);
        self.builder.ins().icmp(IntCC::UnsignedLessThan, now, deadline)
    }

    fn store_context(&mut self) -> Value {
        self.builder.ins().load(POINTER, constant_field(), self.context, ContextLayout::STORE)
    }

    /// Goes on in a new block, with a call of the runtime on the way unless `condition` holds.
    fn go_on_if(&mut self, condition: Value, otherwise: BuiltinFunction) {
        self.store_operands();
        let next = self.next_block();
        let cold = self.builder.create_block();
        self.builder.set_cold_block(cold);
        self.builder.ins().brif(condition, next, [], cold, []);
        self.builder.switch_to_block(cold);
        self.call_cold(otherwise);
        self.builder.ins().jump(next, []);
        self.builder.switch_to_block(next);
    }

    fn call_cold(&mut self, builtin: BuiltinFunction) {
        let callee =
            self.callee(CodeKey::Builtin(builtin), |this| this.builder.import_signature(stub_signature(builtin)));
        let call = self.builder.ins().call(callee, &[self.context]);
        self.map_frame(call);
    }
}
