//! How code sees that it has run for long enough: by the epoch, and by the fuel that it has used.
//!
//! It looks where a run can get longer than the code is: in a function, once before it calls or loops, and at each branch back to the
//! start of a loop that may go on for long. Looking costs a compare and a branch that is never taken. What is behind that branch is a call
//! of the runtime and no trap, because the store may let the guest go on, and a guest on a stack of its own can be left there until it
//! does; its stub keeps all registers, and is given what the code loads there anew, so that nothing is kept or moves aside for it.
//!
//! Fuel is counted by the operators of the wasm, before anything is optimised, so that every form and level of code counts the same.
//! What is left of the store's share is handed from function to function as a last parameter and a last result, and from block to block
//! as a value; the store's context has it while the runtime or the host is called. What operators use is only added up while
//! translating, and subtracted where control splits or joins.

use crate::builtin_stub::stub_signature;
use crate::frame::Place;
use crate::func::{Form, FuncTranslator};
use crate::key::CodeKey;
use crate::op::BlockTypes;
use crate::signature::{POINTER, constant_field, field};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, MemFlagsData, Value};
use gusset_artifact::{BuiltinFunction, ContextLayout, STORE_CONTEXT};
use gusset_types::FUNCTION_FUEL;
use wasmparser::Operator;

/// A function that has no more bytes than this looks only where it calls or loops: otherwise it is done sooner than its caller looks.
const UNWATCHED_BYTES: usize = 256;

/// What is left of the fuel at the place that is translated.
#[derive(Clone, Copy)]
pub(crate) struct Fuel {
    /// What was left when control last split or joined.
    left: Left,
    /// What the operators since then use.
    used: i64,
}

#[derive(Clone, Copy)]
enum Left {
    Value(Value),
    /// In the frame form.
    Slot(Place),
}

/// What an operator uses. What makes no code is free, and so is what only ends or begins something.
fn cost(operator: &Operator<'_>) -> i64 {
    match operator {
        Operator::Nop
        | Operator::Drop
        | Operator::Unreachable
        | Operator::Return
        | Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::Else
        | Operator::End => 0,
        _ => 1,
    }
}

/// More is charged for nothing: no memory or table has so many bytes or elements, and what is left stays a number with a sign.
const LARGEST_AMOUNT: i64 = 1 << 48;

/// So many bytes or elements, which an operator works on.
#[derive(Clone, Copy)]
pub(crate) struct BulkAmount {
    /// Of 64 bits.
    value: Value,
    /// Whether it is below 2^32.
    small: bool,
}

impl FuncTranslator<'_, '_> {
    /// Whether this function counts, and looks at what is left: generated ones only hand it on, and charge what they charge.
    fn counts(&self) -> bool {
        self.fuel.is_some() && !self.env.generated
    }

    /// Begins with what the caller handed over.
    pub(crate) fn declare_fuel(&mut self, left: Value) {
        let left = match &mut self.form {
            Form::Ssa(_) => Left::Value(left),
            Form::Frame(frame) => {
                let place = frame.declare_number();
                self.store_to(place, left);
                Left::Slot(place)
            }
        };
        self.fuel = Some(Fuel { left, used: 0 });
    }

    /// An operator that can be reached uses fuel.
    pub(crate) fn charge(&mut self, operator: &Operator<'_>) {
        if self.counts() {
            self.use_fuel(cost(operator));
        }
    }

    /// What an operator works on, as it says in an operand, which is given extended to 64 bits too.
    pub(crate) fn amount(&self, operand: Value, extended: Value) -> Option<BulkAmount> {
        Some(BulkAmount { value: extended, small: self.builder.func.dfg.value_type(operand) == I32 })
    }

    /// An operator uses as much again for each of `amount` bytes or elements, which it must have before it begins.
    pub(crate) fn charge_amount(&mut self, amount: Option<BulkAmount>) {
        let (true, Some(BulkAmount { value: mut amount, small })) = (self.counts(), amount) else { return };
        if !small {
            let most = self.builder.ins().iconst(I64, LARGEST_AMOUNT);
            amount = self.builder.ins().umin(amount, most);
        }
        if let Some(left) = self.fuel_left() {
            let left = self.builder.ins().isub(left, amount);
            self.set_fuel_left(left);
            self.watch_fuel();
        }
    }

    fn use_fuel(&mut self, used: i64) {
        if let Some(fuel) = &mut self.fuel {
            fuel.used += used;
        }
    }

    /// What is left, where fuel is counted.
    pub(crate) fn fuel_left(&mut self) -> Option<Value> {
        let Fuel { left, used } = self.fuel?;
        let left = match left {
            Left::Value(value) => value,
            Left::Slot(place) => self.load_from(place, I64),
        };
        Some(if used == 0 { left } else { self.builder.ins().iadd_imm_s(left, -used) })
    }

    /// From here on so much is left.
    pub(crate) fn set_fuel_left(&mut self, value: Value) {
        let Some(fuel) = self.fuel else { return };
        let left = match fuel.left {
            Left::Value(_) => Left::Value(value),
            Left::Slot(place) => {
                self.store_to(place, value);
                fuel.left
            }
        };
        self.fuel = Some(Fuel { left, used: 0 });
    }

    /// Subtracts what has been used where all ways on see it.
    pub(crate) fn settle_fuel(&mut self) -> Option<Value> {
        let used = self.fuel?.used;
        if used == 0 {
            return self.fuel_left();
        }
        self.use_fuel(-used);
        let left = self.fuel_left()?;
        // The sum with what is negative would be as good, but is longer on x86-64.
        let used = self.builder.ins().iconst(I64, used);
        let left = self.builder.ins().isub(left, used);
        self.set_fuel_left(left);
        Some(left)
    }

    /// Before control splits: the frame form has one place for what is left, the other a value on each way.
    pub(crate) fn split_fuel(&mut self) {
        if let Form::Frame(_) = self.form {
            self.settle_fuel();
        }
    }

    /// A label behind a construct that begins here: what has been used so far stays to be subtracted behind it.
    pub(crate) fn owe_fuel(&mut self, label: Block) {
        if let (Form::Ssa(_), Some(Fuel { used: used @ 1.., .. })) = (&self.form, self.fuel) {
            self.fuel_owed.insert(label, used);
        }
    }

    /// What an edge to a label carries for the parameter of [`fuel_parameter`](Self::fuel_parameter).
    pub(crate) fn fuel_argument(&mut self, label: Block) -> Option<BlockArg> {
        let (Form::Ssa(_), Some(Fuel { left: Left::Value(left), used })) = (&self.form, self.fuel) else { return None };
        let used = used - self.owed(label);
        let left = if used == 0 { left } else { self.builder.ins().iadd_imm_s(left, -used) };
        Some(BlockArg::from(left))
    }

    fn owed(&self, label: Block) -> i64 {
        self.fuel_owed.get(&label).copied().unwrap_or(0)
    }

    /// Adds a parameter for what is left to a label of the SSA form.
    pub(crate) fn fuel_parameter(&mut self, label: Block) {
        if self.fuel.is_some() && matches!(self.form, Form::Ssa(_)) {
            self.builder.append_block_param(label, I64);
        }
    }

    /// Goes on at a label with so many other parameters.
    pub(crate) fn join_fuel(&mut self, label: Block, others: usize) {
        let Some(Fuel { left, .. }) = self.fuel else { return };
        let left = match left {
            Left::Value(_) => Left::Value(self.builder.block_params(label)[others]),
            Left::Slot(_) => left,
        };
        self.fuel = Some(Fuel { left, used: self.owed(label) });
    }

    /// Writes what is left where the runtime and the host find it.
    pub(crate) fn hand_over_fuel(&mut self) {
        if self.fuel.is_some() {
            let store = self.store_context();
            self.hand_over_fuel_at(store, STORE_CONTEXT.fuel);
        }
    }

    fn hand_over_fuel_at(&mut self, store: Value, offset: i32) {
        if let Some(left) = self.settle_fuel() {
            self.builder.ins().store(field(), left, store, offset);
        }
    }

    /// Reads what the runtime or the host left.
    pub(crate) fn take_back_fuel(&mut self) {
        if self.fuel.is_some() {
            let store = self.store_context();
            self.take_back_fuel_from(store, STORE_CONTEXT.fuel);
        }
    }

    fn take_back_fuel_from(&mut self, store: Value, offset: i32) {
        if self.fuel.is_some() {
            let left = self.builder.ins().load(I64, field(), store, offset);
            self.set_fuel_left(left);
        }
    }

    /// Begins a function whose body has so many bytes.
    pub(crate) fn watch_entry(&mut self, body_len: usize) {
        self.look_due = true;
        if body_len > UNWATCHED_BYTES {
            self.look_if_due();
        }
        if self.counts() {
            self.use_fuel(FUNCTION_FUEL);
        }
    }

    /// Looks where the function may get longer than its code, unless it has on each way here.
    pub(crate) fn look_if_due(&mut self) {
        if std::mem::take(&mut self.look_due) {
            self.watch_fuel();
            self.watch_epoch(field());
        }
    }

    /// Whether the function looks at anything.
    pub(crate) fn watches(&self) -> bool {
        self.settings.epoch_interruption || self.counts()
    }

    /// Looks before a branch that may go back to the start of a loop.
    pub(crate) fn watch_branch(&mut self, kept: MemFlagsData) {
        self.watch_fuel();
        self.watch_epoch(kept);
    }

    /// How a loop loads what never changes: beforehand, unless it calls something and would have to keep it meanwhile.
    pub(crate) fn kept_in_loop(&self, index: usize) -> MemFlagsData {
        if self.scan.loop_calls(index) { field() } else { constant_field() }
    }

    fn watch_fuel(&mut self) {
        if self.counts() {
            let enough = self.has_fuel();
            self.go_on_if(enough, BuiltinFunction::RefillFuel);
        }
    }

    fn watch_epoch(&mut self, kept: MemFlagsData) {
        if self.settings.epoch_interruption {
            let early = self.before_deadline(kept);
            self.go_on_if(early, BuiltinFunction::DeadlineReached);
        }
    }

    /// Generated code has charged, and so much is left.
    pub(crate) fn charged(&mut self, left: Value) {
        self.set_fuel_left(left);
        let enough = self.has_fuel();
        self.go_on_if(enough, BuiltinFunction::RefillFuel);
    }

    /// Goes back to the start of a loop, if there is nothing against it: one branch does both.
    pub(crate) fn jump_back(&mut self, label: Block, carried: BlockTypes<'_>, height: usize, kept: MemFlagsData) {
        if let Form::Frame(_) = self.form {
            // Operands must be moved on the way.
            self.watch_branch(kept);
            return self.jump(label, carried, height);
        }
        let (condition, otherwise) = match self.settings.epoch_interruption {
            true => {
                self.watch_fuel();
                (self.before_deadline(kept), BuiltinFunction::DeadlineReached)
            }
            false => (self.has_fuel(), BuiltinFunction::RefillFuel),
        };
        // It is not marked as cold: standing behind the branch, where nothing else arrives, it lets that be the one that goes back.
        let cold = self.next_block();
        self.branch_to(label, carried, |this, arguments| {
            this.builder.ins().brif(condition, label, arguments, cold, [])
        });
        self.builder.switch_to_block(cold);
        self.call_cold(otherwise);
        self.jump(label, carried, height);
    }

    /// Whether there is fuel left of the share.
    fn has_fuel(&mut self) -> Value {
        let left = self.settle_fuel().expect("asked where fuel is counted");
        self.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, left, 0)
    }

    /// Whether the epoch of the deadline has not come yet; `kept` is how what never changes is loaded.
    fn before_deadline(&mut self, kept: MemFlagsData) -> Value {
        let store = self.load_field(POINTER, kept, ContextLayout::STORE);
        let counter = self.builder.ins().load(POINTER, kept, store, STORE_CONTEXT.epoch_counter);
        // Others write it. That the call which follows may write anything is what makes each of these loads one of its own.
        let now = self.builder.ins().load(I64, field(), counter, 0);
        let deadline = self.builder.ins().load(I64, field(), store, STORE_CONTEXT.epoch_deadline);
        self.builder.ins().icmp(IntCC::UnsignedLessThan, now, deadline)
    }

    fn store_context(&mut self) -> Value {
        self.load_field(POINTER, constant_field(), ContextLayout::STORE)
    }

    /// Goes on in a new block, with a call of the runtime on the way unless `condition` holds.
    fn go_on_if(&mut self, condition: Value, otherwise: BuiltinFunction) {
        self.store_operands();
        self.split_fuel();
        let (next, cold) = (self.next_block(), self.builder.create_block());
        self.builder.set_cold_block(cold);
        self.fuel_parameter(next);
        let argument = self.fuel_argument(next);
        self.builder.ins().brif(condition, next, argument.as_slice(), cold, []);
        self.builder.switch_to_block(cold);
        self.call_cold(otherwise);
        let argument = self.fuel_argument(next);
        self.builder.ins().jump(next, argument.as_slice());
        self.builder.switch_to_block(next);
        self.join_fuel(next, 0);
    }

    fn call_cold(&mut self, builtin: BuiltinFunction) {
        let store = self.load_field(POINTER, field(), ContextLayout::STORE);
        // Epochs come when they come, and what a trap charges is the same in each run.
        let fuel = match builtin {
            BuiltinFunction::DeadlineReached => STORE_CONTEXT.fuel_at_epoch,
            _ => STORE_CONTEXT.fuel,
        };
        self.hand_over_fuel_at(store, fuel);
        let callee =
            self.callee(CodeKey::Builtin(builtin), |this| this.builder.import_signature(stub_signature(builtin)));
        let call = self.builder.ins().call(callee, &[store]);
        self.map_frame(call);
        self.take_back_fuel_from(store, fuel);
    }
}
