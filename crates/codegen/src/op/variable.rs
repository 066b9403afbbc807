//! Locals, globals, and what only moves operands: `drop` and `select`.

use crate::func::{Form, FuncTranslator};
use crate::signature::{clif_type, field};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use gusset_artifact::{CoreValType, GlobalIndex};
use wasmparser::Operator;

impl FuncTranslator<'_, '_> {
    pub(crate) fn variable_operator(&mut self, operator: &Operator<'_>) -> bool {
        match *operator {
            Operator::LocalGet { local_index } => self.local_get(local_index),
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.local_set(local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.operand(self.stack.len() - 1);
                self.local_set(local_index, value);
            }
            Operator::GlobalGet { global_index } => self.global_get(GlobalIndex::from_u32(global_index)),
            Operator::GlobalSet { global_index } => self.global_set(GlobalIndex::from_u32(global_index)),
            Operator::Drop => {
                self.pop();
            }
            Operator::Select => self.select(None),
            Operator::TypedSelect { ty } => self.select(self.env.types.val_type(ty).ok()),
            _ => return false,
        }
        true
    }

    fn local_get(&mut self, local: u32) {
        let (local, block) = (self.scan.place(local), self.current_block());
        match &mut self.form {
            Form::Ssa(ssa) => {
                let value = ssa.read(&mut self.builder, &self.scan, local, block, self.position);
                self.push(value);
            }
            Form::Frame(frame) => {
                let (ty, place) = frame.local(local);
                let value = self.load_from(place, clif_type(ty));
                self.push_typed(value, ty);
            }
        }
    }

    fn local_set(&mut self, local: u32, value: Value) {
        let value = self.whole(value);
        let (local, block) = (self.scan.place(local), self.current_block());
        match &mut self.form {
            Form::Ssa(ssa) => {
                ssa.write(local, block, value);
            }
            Form::Frame(frame) => {
                let (_, place) = frame.local(local);
                self.store_to(place, value);
            }
        }
    }

    fn global_get(&mut self, global: GlobalIndex) {
        if let Some(left) = self.fuel_global(global) {
            return self.push(left);
        }
        let ty = self.env.module.globals[global];
        let (base, offset, flags) = self.global(global);
        // Immutable globals have their value before any code runs.
        let flags = if ty.mutable { flags } else { flags.with_readonly().with_can_move() };
        let value = self.builder.ins().load(clif_type(ty.content), flags, base, offset);
        self.push_typed(value, ty.content);
    }

    fn global_set(&mut self, global: GlobalIndex) {
        let value = self.pop();
        if self.fuel_global(global).is_some() {
            return self.charged(value);
        }
        let value = self.whole(value);
        let (base, offset, flags) = self.global(global);
        self.builder.ins().store(flags, value, base, offset);
    }

    /// What is left of the fuel, if a global of generated code stands for that.
    fn fuel_global(&mut self, global: GlobalIndex) -> Option<Value> {
        if self.env.fuel == Some(global) { self.fuel_left() } else { None }
    }

    fn global(&mut self, global: GlobalIndex) -> (Value, i32, MemFlagsData) {
        let (base, offset) = self.field_or_pointer(self.env.layout.global(global));
        (base, offset, field().with_alias_region(Some(self.regions.global)))
    }

    /// Without a type the operands are numbers or vectors.
    fn select(&mut self, ty: Option<CoreValType>) {
        let (first, second, condition) = self.pop3();
        let (first, second) = (self.whole(first), self.whole(second));
        let value = self.builder.ins().select(condition, first, second);
        match ty {
            Some(ty) => self.push_typed(value, ty),
            None => self.push(value),
        }
    }
}
