//! The frame form of a function: locals and operands live in the stack frame, as they do in baseline compilers.
//!
//! Nothing but the context is alive from one block to the next, and no block has parameters, so that everything that the code
//! generator does is linear in the size of the code, whatever the shape of the body. Translation takes it when the other form
//! ([`ssa`](crate::ssa)) would cost too much.
//!
//! An operand has a slot by its height. It stays a value until control splits, a label is reached or something is called;
//! then it is stored once and is loaded when it is popped. Vectors have slots of their own, which are twice as wide, and so do
//! references: theirs hold null or a reference from the start, so all of them can be listed at every call.

use crate::func::{Form, FuncTranslator, Operand};
use crate::signature::{POINTER, field, needs_stack_map};
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::types::I32;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, StackSlot, StackSlotData, StackSlotKind, Type, UserStackMapEntry, Value,
};
use gusset_artifact::CoreValType;
use std::iter::StepBy;
use std::ops::Range;

/// Bytes of a slot: the widest type's but for vectors.
const SLOT_SIZE: u32 = 8;

/// Bytes of a vector's slot.
const VECTOR_SLOT_SIZE: u32 = 16;

/// Where something stands in the frame.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    slot: StackSlot,
    offset: u32,
}

/// Slots for operands that are rare: there is one for a height of the operand stack as soon as such an operand stands there.
struct RareSlots {
    slot: StackSlot,
    slot_size: u32,
    /// The bytes that are in use.
    bytes: u32,
    /// Where the operand at a height has its slot, if there ever was one.
    heights: Vec<Option<Place>>,
}

/// The frame of a function in this form.
pub(crate) struct Frame {
    numbers: StackSlot,
    references: RareSlots,
    vectors: RareSlots,
    locals: Vec<(CoreValType, Place)>,
    /// The first byte of the slots for operands that are numbers.
    first_operand: u32,
    /// The bytes of `numbers` that are in use.
    number_bytes: u32,
    /// No operand below this height must be stored any more.
    stored: usize,
}

/// An area whose size is not known yet.
fn new_slot(func: &mut Function, slot_size: u32) -> StackSlot {
    let (kind, align_shift) = (StackSlotKind::ExplicitSlot, slot_size.trailing_zeros() as u8);
    func.create_sized_stack_slot(StackSlotData { kind, size: 0, align_shift, key: None })
}

impl RareSlots {
    fn new(func: &mut Function, slot_size: u32) -> RareSlots {
        RareSlots { slot: new_slot(func, slot_size), slot_size, bytes: 0, heights: Vec::new() }
    }

    fn add(&mut self) -> Place {
        let place = Place { slot: self.slot, offset: self.bytes };
        self.bytes += self.slot_size;
        place
    }

    /// The slot of the operand at a height.
    fn operand(&mut self, height: usize) -> Place {
        if height >= self.heights.len() {
            self.heights.resize(height + 1, None);
        }
        if let Some(place) = self.heights[height] {
            return place;
        }
        let place = self.add();
        self.heights[height] = Some(place);
        place
    }

    fn offsets(&self) -> StepBy<Range<u32>> {
        (0..self.bytes).step_by(self.slot_size as usize)
    }
}

impl Frame {
    pub(crate) fn new(func: &mut Function) -> Frame {
        Frame {
            numbers: new_slot(func, SLOT_SIZE),
            references: RareSlots::new(func, SLOT_SIZE),
            vectors: RareSlots::new(func, VECTOR_SLOT_SIZE),
            locals: Vec::new(),
            first_operand: 0,
            number_bytes: 0,
            stored: 0,
        }
    }

    /// Declares the local at the next place. All are declared before there are operands.
    fn declare(&mut self, ty: CoreValType) -> Place {
        let place = match ty {
            _ if needs_stack_map(ty) => self.references.add(),
            CoreValType::V128 => self.vectors.add(),
            _ => self.declare_number(),
        };
        self.locals.push((ty, place));
        place
    }

    /// Declares a place for a number that is no local, before there are operands.
    pub(crate) fn declare_number(&mut self) -> Place {
        let place = Place { slot: self.numbers, offset: self.number_bytes };
        self.number_bytes += SLOT_SIZE;
        self.first_operand = self.number_bytes;
        place
    }

    /// The slot of an operand.
    fn operand(&mut self, height: usize, ty: Type, reference: bool) -> Place {
        if reference {
            return self.references.operand(height);
        }
        if ty.is_vector() {
            return self.vectors.operand(height);
        }
        let offset = self.first_operand + height as u32 * SLOT_SIZE;
        self.number_bytes = self.number_bytes.max(offset + SLOT_SIZE);
        Place { slot: self.numbers, offset }
    }

    /// The type of the local at a place, and where it stands.
    pub(crate) fn local(&self, local: usize) -> (CoreValType, Place) {
        self.locals[local]
    }

    /// The operands from this height on are gone.
    pub(crate) fn truncated(&mut self, height: usize) {
        self.stored = self.stored.min(height);
    }

    /// Gives the slots their sizes, and makes all references null at the start of the function.
    pub(crate) fn finish(&self, func: &mut Function, entry: Block) {
        func.sized_stack_slots[self.numbers].size = self.number_bytes;
        func.sized_stack_slots[self.vectors.slot].size = self.vectors.bytes;
        func.sized_stack_slots[self.references.slot].size = self.references.bytes;
        if self.references.bytes == 0 {
            return;
        }
        let mut cursor = FuncCursor::new(func).at_first_insertion_point(entry);
        let null = cursor.ins().iconst(I32, 0);
        let base = cursor.ins().stack_addr(POINTER, self.references.slot, 0);
        for offset in self.references.offsets() {
            cursor.ins().store(field(), null, base, offset as i32);
        }
    }
}

impl FuncTranslator<'_, '_> {
    /// Declares the local at the next place, and stores its value at the start.
    pub(crate) fn declare_in_frame(&mut self, ty: CoreValType, initial: Value) {
        if let Form::Frame(frame) = &mut self.form {
            let place = frame.declare(ty);
            self.store_to(place, initial);
        }
    }

    /// The value of an operand that stands in its slot.
    pub(crate) fn operand_from_frame(&mut self, height: usize, ty: Type, reference: bool) -> Value {
        let Form::Frame(frame) = &mut self.form else { unreachable!("only the frame form stores operands") };
        let place = frame.operand(height, ty, reference);
        self.load_from(place, ty)
    }

    /// Stores all operands that are still values; there are none to store in the other form.
    pub(crate) fn store_operands(&mut self) {
        let end = self.stack.len();
        let Form::Frame(frame) = &mut self.form else { return };
        let start = std::mem::replace(&mut frame.stored, end);
        for height in start..end {
            if let Operand::Value { value, reference } = self.stack[height] {
                self.store_operand(height, value, reference);
                let ty = self.builder.func.dfg.value_type(value);
                self.stack[height] = Operand::Stored { ty, reference };
            }
        }
    }

    /// Carries the topmost operands to the slots where a label wants them.
    pub(crate) fn move_operands(&mut self, count: usize, height: usize) {
        let first = self.stack.len() - count;
        if first == height {
            return self.store_operands();
        }
        self.passed += count;
        // They move downwards, so that in this order none is overwritten before it is read.
        for at in 0..count {
            let reference = self.stack[first + at].is_reference();
            let value = self.operand(first + at);
            self.store_operand(height + at, value, reference);
        }
    }

    fn store_operand(&mut self, height: usize, value: Value, reference: bool) {
        let ty = self.builder.func.dfg.value_type(value);
        if let Form::Frame(frame) = &mut self.form {
            let place = frame.operand(height, ty, reference);
            self.store_to(place, value);
        }
    }

    /// Counts a call, and lists the references of the frame there.
    pub(crate) fn map_frame(&mut self, call: Inst) {
        self.calls += 1;
        let Form::Frame(frame) = &mut self.form else { return };
        let (slot, offsets) = (frame.references.slot, frame.references.offsets());
        self.map_entries += offsets.len();
        if self.map_entries <= self.max_map_entries() {
            let entries = offsets.map(|offset| UserStackMapEntry { ty: I32, slot, offset });
            self.builder.func.dfg.append_user_stack_map_entries(call, entries);
        }
    }

    pub(crate) fn store_to(&mut self, place: Place, value: Value) {
        let address = self.builder.ins().stack_addr(POINTER, place.slot, place.offset as i32);
        self.builder.ins().store(field(), value, address, 0);
    }

    pub(crate) fn load_from(&mut self, place: Place, ty: Type) -> Value {
        let address = self.builder.ins().stack_addr(POINTER, place.slot, place.offset as i32);
        self.builder.ins().load(ty, field(), address, 0)
    }
}
