//! The translator: writes the code that lifts a value from its source and lowers it to its destination in one pass. Here is what
//! every kind of value needs (places, coercions, checks, traps); each kind has a file of its own.

use crate::body::{FunctionBody, core_type};
use crate::handle::Borrows;
use crate::module::ModuleBuilder;
use crate::place::{Amount, Destination, FlatSlot, Lane, MemoryPlace, Pair, Side, Source};
use crate::shape::Shape;
use crate::site::{Path, Sites};
use gusset_types::{FlatType, MAX_BYTE_LENGTH, MAX_TRAP_INDICES, TRAP_FROM_REALLOC, TrapCode, Types};
use wasm_encoder::{BlockType, InstructionSink, MemArg, MemArgTarget};

/// The current index of a list around the value at hand.
#[derive(Clone, Copy)]
pub(crate) enum Index {
    Local(u32, FlatType),
    Const(u32),
}

pub(crate) struct Translator<'a, 't> {
    pub(crate) module: &'a mut ModuleBuilder<'t>,
    pub(crate) types: &'t Types,
    pub(crate) body: FunctionBody,
    pub(crate) lane: Lane,
    pub(crate) sites: Sites<'t>,
    pub(crate) path: Path,
    /// Outermost first.
    pub(crate) indices: Vec<Index>,
    pub(crate) borrows: Borrows,
    /// What is checked is what `realloc` returned.
    from_realloc: bool,
}

impl<'a, 't> Translator<'a, 't> {
    pub(crate) fn new(
        module: &'a mut ModuleBuilder<'t>,
        body: FunctionBody,
        lane: Lane,
        sites: Sites<'t>,
    ) -> Translator<'a, 't> {
        let types = module.types;
        Translator {
            module,
            types,
            body,
            lane,
            sites,
            path: Path::default(),
            indices: Vec::new(),
            borrows: Borrows::default(),
            from_realloc: false,
        }
    }

    /// Where the next instructions go.
    pub(crate) fn ins(&mut self) -> InstructionSink<'_> {
        self.body.ins()
    }

    /// Translates a value, in a function of its own if it is heavy.
    pub(crate) fn value(&mut self, pair: Pair, src: Source<'_>, dst: Destination<'_>) {
        if self.outlines(pair) {
            self.outlined_value(pair, src, dst);
        } else {
            self.value_here(pair, src, dst);
        }
    }

    /// Translates a value in this function.
    pub(crate) fn value_here(&mut self, pair: Pair, src: Source<'_>, dst: Destination<'_>) {
        match Shape::of(self.types, pair) {
            Shape::Scalar(ty) => self.scalar(ty, src, dst),
            Shape::String => self.string(src, dst),
            Shape::List(entry) => self.list(&entry, src, dst),
            Shape::FixedLengthList(element, length) => self.fixed_length_list(element, length, src, dst),
            Shape::Fields(fields) => self.fields(&fields, src, dst),
            Shape::Cases(cases) => self.variant(pair, &cases, src, dst),
            Shape::Enum(cases) => self.enumeration(cases, src, dst),
            Shape::Flags(labels) => self.flags(labels, src, dst),
            Shape::Own(resource) => self.own(resource, src, dst),
            Shape::Borrow(resource) => self.borrow(resource, src, dst),
        }
    }

    // ---- places ----

    /// Pushes the address that a store needs below its value. Pair it with a store or with [`Translator::coerce_to`].
    pub(crate) fn begin(&mut self, dst: Destination<'_>) {
        if let Destination::Memory(address) = dst {
            self.ins().local_get(address.local);
        }
    }

    /// Coerces the value on the stack, of its natural type, to what the destination wants in its only slot.
    pub(crate) fn coerce_to(&mut self, natural: FlatType, want: &[FlatType]) {
        self.coerce(natural, want[0]);
    }

    /// Pushes a flat value as its natural type.
    pub(crate) fn get_slot(&mut self, slot: FlatSlot, natural: FlatType) {
        self.ins().local_get(slot.local);
        self.coerce(slot.ty, natural);
    }

    /// Between the natural type of a value and the type that variants joined it to, in either direction.
    pub(crate) fn coerce(&mut self, from: FlatType, to: FlatType) {
        use FlatType::{F32, F64, I32, I64};
        let mut ins = self.ins();
        match (from, to) {
            (I32, F32) => ins.f32_reinterpret_i32(),
            (I64, I32) => ins.i32_wrap_i64(),
            (I64, F32) => ins.i32_wrap_i64().f32_reinterpret_i32(),
            (I64, F64) => ins.f64_reinterpret_i64(),
            (F32, I32) => ins.i32_reinterpret_f32(),
            (I32, I64) => ins.i64_extend_i32_u(),
            (F32, I64) => ins.i32_reinterpret_f32().i64_extend_i32_u(),
            (F64, I64) => ins.i64_reinterpret_f64(),
            (from, to) => {
                assert_eq!(from, to, "no join makes this coercion");
                &mut ins
            }
        };
    }

    /// Pushes the zero of a type.
    pub(crate) fn zero(&mut self, ty: FlatType) {
        match ty {
            FlatType::I32 => self.ins().i32_const(0),
            FlatType::I64 => self.ins().i64_const(0),
            FlatType::F32 => self.ins().f32_const(0.0f32.into()),
            FlatType::F64 => self.ins().f64_const(0.0f64.into()),
        };
    }

    /// The operand of a load or store of `bytes` at a place of a side's memory.
    pub(crate) fn mem_arg(&mut self, side: Side, address: MemoryPlace, bytes: u32) -> MemArg {
        MemArg {
            offset: u64::from(address.offset),
            align: bytes.trailing_zeros(),
            target: MemArgTarget::Memory(self.module.import_memory(&side)),
            ordering: None,
        }
    }

    /// The block type that pushes `results`.
    pub(crate) fn block_type(&mut self, results: &[FlatType]) -> BlockType {
        match results {
            [] => BlockType::Empty,
            [one] => BlockType::Result(core_type(*one)),
            many => BlockType::FunctionType(self.module.signature(&[], many)),
        }
    }

    // ---- integers of pointer type ----

    /// Pushes a constant of an integer type.
    pub(crate) fn constant(&mut self, ty: FlatType, value: u32) {
        match ty {
            FlatType::I32 => self.ins().i32_const(value as i32),
            _ => self.ins().i64_const(i64::from(value)),
        };
    }

    /// Converts the unsigned integer on the stack.
    pub(crate) fn convert(&mut self, from: FlatType, to: FlatType) {
        match (from, to) {
            (FlatType::I32, FlatType::I64) => {
                self.ins().i64_extend_i32_u();
            }
            (FlatType::I64, FlatType::I32) => {
                self.ins().i32_wrap_i64();
            }
            _ => {}
        }
    }

    pub(crate) fn add(&mut self, ty: FlatType) {
        match ty {
            FlatType::I32 => self.ins().i32_add(),
            _ => self.ins().i64_add(),
        };
    }

    pub(crate) fn sub(&mut self, ty: FlatType) {
        match ty {
            FlatType::I32 => self.ins().i32_sub(),
            _ => self.ins().i64_sub(),
        };
    }

    pub(crate) fn ne(&mut self, ty: FlatType) {
        match ty {
            FlatType::I32 => self.ins().i32_ne(),
            _ => self.ins().i64_ne(),
        };
    }

    pub(crate) fn gt_u(&mut self, ty: FlatType) {
        match ty {
            FlatType::I32 => self.ins().i32_gt_u(),
            _ => self.ins().i64_gt_u(),
        };
    }

    pub(crate) fn equal(&mut self, ty: FlatType) {
        match ty {
            FlatType::I32 => self.ins().i32_eq(),
            _ => self.ins().i64_eq(),
        };
    }

    /// Pushes an amount as a `ty`.
    pub(crate) fn amount(&mut self, amount: Amount, ty: FlatType) {
        match amount {
            Amount::Const(value) => self.constant(ty, value),
            Amount::Scaled { local, ty: from, scale } => {
                self.ins().local_get(local);
                self.convert(from, ty);
                if scale != 1 {
                    self.constant(ty, scale);
                    match ty {
                        FlatType::I32 => self.ins().i32_mul(),
                        _ => self.ins().i64_mul(),
                    };
                }
            }
        }
    }

    // ---- checks ----

    /// Traps with `code` and its values if the `i32` on the stack is not zero.
    pub(crate) fn trap_if(&mut self, code: TrapCode, values: [Amount; 2]) {
        self.ins().if_(BlockType::Empty);
        self.trap(code, values);
        self.ins().end();
    }

    /// Traps with `code` and the values that [`TrapCode::values`] names.
    pub(crate) fn trap(&mut self, code: TrapCode, values: [Amount; 2]) {
        self.push_site();
        let from_realloc = if self.from_realloc { TRAP_FROM_REALLOC } else { 0 };
        self.ins().i32_const((u32::from(code as u8) | from_realloc) as i32);
        values.into_iter().for_each(|value| self.amount(value, FlatType::I64));
        let indices = self.indices.len().min(MAX_TRAP_INDICES);
        self.push_indices();
        let trap = self.module.import_trap(indices);
        self.ins().call(trap).unreachable();
    }

    /// Pushes the site of the value at hand.
    pub(crate) fn push_site(&mut self) {
        match &mut self.sites {
            Sites::Own { adapter } => {
                let site = self.module.sites.number(*adapter, self.path.text());
                self.body.ins().i32_const(site as i32);
            }
            Sites::Callers { site } => {
                self.body.ins().local_get(*site);
            }
            Sites::Cases(cases) => {
                let first = cases.first(&mut self.module.sites, &self.path);
                self.body.ins().i32_const(first as i32).local_get(cases.discriminant).i32_add();
            }
        }
    }

    /// Whether the value at hand is one of a fixed number: in no list, and in no function that adapters share.
    pub(crate) fn is_at_fixed_place(&self) -> bool {
        self.indices.is_empty() && !self.is_outlined()
    }

    /// Whether this is a function that adapters share.
    pub(crate) fn is_outlined(&self) -> bool {
        matches!(self.sites, Sites::Callers { .. })
    }

    /// Pushes the current list indices, as many as a trap can report.
    pub(crate) fn push_indices(&mut self) {
        for i in 0..self.indices.len().min(MAX_TRAP_INDICES) {
            match self.indices[i] {
                Index::Local(local, ty) => {
                    self.ins().local_get(local);
                    self.convert(ty, FlatType::I64);
                }
                Index::Const(index) => {
                    self.ins().i64_const(i64::from(index));
                }
            }
        }
    }

    /// Traps with `code` if the length in the local is that of more than [`MAX_BYTE_LENGTH`] bytes, `size` for each.
    pub(crate) fn check_byte_length(&mut self, length: u32, ty: FlatType, size: u32, code: TrapCode) {
        self.ins().local_get(length);
        self.constant(ty, MAX_BYTE_LENGTH / size.max(1));
        self.gt_u(ty);
        self.trap_if(code, [Amount::of(length, ty), Amount::Const(size)]);
    }

    /// Traps if the address in the local is not aligned.
    pub(crate) fn check_aligned(&mut self, side: Side, address: u32, align: u32) {
        if align == 1 {
            return;
        }
        self.ins().local_get(address);
        self.convert(side.pointer(), FlatType::I32);
        self.ins().i32_const(align as i32 - 1).i32_and();
        self.trap_if(TrapCode::UnalignedPointer, [Amount::of(address, side.pointer()), Amount::Const(align)]);
    }

    /// Traps with `code` unless `bytes` from the address in the local lie in the memory of the side.
    ///
    /// The sum is computed in 64 bits: a 32-bit memory can have 2^32 bytes. In a 64-bit memory it can wrap, so that is tested.
    pub(crate) fn check_bounds(&mut self, side: Side, address: u32, bytes: Amount, code: TrapCode) {
        let memory = self.module.import_memory(&side);
        let wide = FlatType::I64;
        self.ins().local_get(address);
        self.convert(side.pointer(), wide);
        if !matches!(bytes, Amount::Const(0)) {
            self.amount(bytes, wide);
            self.ins().i64_add();
        }
        let end = (side.pointer() == wide).then(|| self.body.local(wide));
        if let Some(end) = end {
            self.ins().local_tee(end);
        }
        self.ins().memory_size(memory);
        self.convert(side.pointer(), wide);
        self.ins().i64_const(side.page_size_log2.into()).i64_shl().i64_gt_u();
        if let Some(end) = end {
            self.ins().local_get(end).local_get(address).i64_lt_u().i32_or();
            self.body.release(end);
        }
        self.trap_if(code, [Amount::of(address, side.pointer()), bytes]);
    }

    // ---- allocation ----

    /// Calls `realloc` of the destination and stores its result in the local `address`, checked.
    pub(crate) fn reallocate(&mut self, address: u32, old: Option<Amount>, align: u32, new: Amount, code: TrapCode) {
        let side = self.lane.dst;
        let pointer = side.pointer();
        let def = side.realloc.expect("validation gives a realloc to every function that needs one");
        let name = format!("realloc of {}", self.module.instance_name(side.instance));
        let realloc = self.module.import_func(def, (&[pointer; 4], &[pointer]), "realloc", name);
        if side.toggle {
            self.clear_may_leave(side.instance);
        }
        match old {
            None => {
                self.constant(pointer, 0);
                self.constant(pointer, 0);
            }
            Some(size) => {
                self.ins().local_get(address);
                self.amount(size, pointer);
            }
        }
        self.constant(pointer, align);
        self.amount(new, pointer);
        self.ins().call(realloc).local_set(address);
        if side.toggle {
            self.set_may_leave(side.instance);
        }
        self.from_realloc = true;
        self.check_aligned(side, address, align);
        self.check_bounds(side, address, new, code);
        self.from_realloc = false;
    }

    /// A new local with the address of a fresh, checked allocation in the destination.
    pub(crate) fn allocate(&mut self, align: u32, bytes: Amount, code: TrapCode) -> u32 {
        let address = self.body.local(self.lane.dst.pointer());
        self.reallocate(address, None, align, bytes, code);
        address
    }
}
