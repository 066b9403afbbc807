//! Lists and maps: one check of each range, then one copy where bytes may be copied as they are, else blocks ([`block`](crate::block)) and a
//! loop.

use crate::block::ElementBlock;
use crate::emit::{Index, Translator};
use crate::place::{Amount, Destination, MemoryPlace, Side, Source};
use crate::shape::{ShapeField, fields_layout};
use gusset_types::{FlatType, Layout, TrapCode};
use wasm_encoder::BlockType;

/// Two ranges of elements whose bounds have been checked.
#[derive(Clone, Copy)]
pub(crate) struct ListElements {
    /// A local with the first element's address in the source. The loop moves it.
    pub(crate) src_at: u32,
    /// The same in the destination.
    pub(crate) dst_at: u32,
    /// How many.
    pub(crate) count: Amount,
}

impl Translator<'_, '_> {
    /// Translates a list of elements made of `entry`.
    pub(crate) fn list(&mut self, entry: &[ShapeField<'_>], src: Source<'_>, dst: Destination<'_>) {
        let (from, to) = (self.lane.src, self.lane.dst);
        let (src_layout, dst_layout) = self.entry_layouts(entry);
        let (src_at, length) = self.read_range(src);
        let ty = from.pointer();
        let bytes = |layout: Layout| Amount::Scaled { local: length, ty, scale: layout.size };
        self.check_byte_length(length, ty, src_layout.size, TrapCode::ListTooLong);
        self.check_aligned(from, src_at, src_layout.align);
        self.check_bounds(from, src_at, bytes(src_layout), TrapCode::ListOutOfBounds);
        self.charge_bytes(bytes(src_layout));
        let dst_start = self.allocate(dst_layout.align, bytes(dst_layout), TrapCode::ListOutOfBounds);
        let count = Amount::of(length, ty);
        if let Some(size) = self.copyable(entry) {
            self.copy_elements(size, ListElements { src_at, dst_at: dst_start, count });
        } else {
            let dst_at = self.copy_of(dst_start, to.pointer());
            self.element_loop(entry, ListElements { src_at, dst_at, count });
            self.body.release(dst_at);
        }
        self.write_range(dst_start, count, dst);
        self.body.release_all([src_at, dst_start, length]);
    }

    fn entry_layouts(&self, entry: &[ShapeField<'_>]) -> (Layout, Layout) {
        let (src, dst) = (self.lane.src.width, self.lane.dst.width);
        (
            fields_layout(self.types, entry.iter().map(|field| field.1.src), src),
            fields_layout(self.types, entry.iter().map(|field| field.1.dst), dst),
        )
    }

    /// How many bytes an element made of `entry` has, if it is copied as bytes.
    pub(crate) fn copyable(&mut self, entry: &[ShapeField<'_>]) -> Option<u32> {
        let (src_layout, dst_layout) = self.entry_layouts(entry);
        let fields = || entry.iter().map(|field| field.1.src);
        let plain = src_layout == dst_layout && self.module.facts.plain_fields(self.types, fields(), src_layout);
        plain.then_some(src_layout.size)
    }

    /// Translates elements from memory to memory. What the two address locals hold afterwards is undefined.
    pub(crate) fn elements(&mut self, entry: &[ShapeField<'_>], elements: ListElements) {
        match self.copyable(entry) {
            Some(size) => self.copy_elements(size, elements),
            None => self.element_loop(entry, elements),
        }
    }

    fn element_loop(&mut self, entry: &[ShapeField<'_>], elements: ListElements) {
        let (src_layout, dst_layout) = self.entry_layouts(entry);
        let (src_ty, dst_ty) = (self.lane.src.pointer(), self.lane.dst.pointer());
        let index = self.body.local(src_ty);
        self.constant(src_ty, 0);
        self.ins().local_set(index);
        let block = if src_layout == dst_layout { ElementBlock::of(self.types, entry) } else { None };
        let block = block.filter(|block| block.is_for(elements.count));
        if let Some(block) = &block {
            self.blocks(block, elements, index);
        }
        self.ins().block(BlockType::Empty);
        if block.is_some() || !matches!(elements.count, Amount::Const(1..)) {
            self.amount(elements.count, src_ty);
            self.ins().local_get(index);
            self.equal(src_ty);
            self.ins().br_if(0);
        }
        self.ins().loop_(BlockType::Empty);

        self.indices.push(Index::Local(index, src_ty));
        let mark = self.path.enter("[]", "");
        let (src, dst) = (MemoryPlace::of(elements.src_at), MemoryPlace::of(elements.dst_at));
        match entry {
            [(_, element)] => self.value(*element, Source::Memory(src), Destination::Memory(dst)),
            fields => self.fields(fields, Source::Memory(src), Destination::Memory(dst)),
        }
        self.path.leave(mark);
        self.indices.pop();

        self.advance(elements.src_at, src_ty, src_layout.size);
        self.advance(elements.dst_at, dst_ty, dst_layout.size);
        self.advance(index, src_ty, 1);
        self.ins().local_get(index);
        self.amount(elements.count, src_ty);
        self.ne(src_ty);
        self.ins().br_if(0).end().end();
        self.body.release(index);
    }

    pub(crate) fn advance(&mut self, local: u32, ty: FlatType, by: u32) {
        self.ins().local_get(local);
        self.constant(ty, by);
        self.add(ty);
        self.ins().local_set(local);
    }

    /// A new local with the same value.
    fn copy_of(&mut self, local: u32, ty: FlatType) -> u32 {
        let copy = self.body.local(ty);
        self.ins().local_get(local).local_set(copy);
        copy
    }

    /// A new local with the address of a place.
    pub(crate) fn address(&mut self, place: MemoryPlace, side: Side) -> u32 {
        let address = self.body.local(side.pointer());
        self.push_address(place, side);
        self.ins().local_set(address);
        address
    }

    /// Pushes the address of a place.
    pub(crate) fn push_address(&mut self, place: MemoryPlace, side: Side) {
        self.ins().local_get(place.local);
        if place.offset != 0 {
            self.constant(side.pointer(), place.offset);
            self.add(side.pointer());
        }
    }

    /// New locals with the address and the length that the source of a string or list holds.
    pub(crate) fn read_range(&mut self, src: Source<'_>) -> (u32, u32) {
        let pointer = self.lane.src.pointer();
        let (address, length) = (self.body.local(pointer), self.body.local(pointer));
        self.push_range(src);
        self.ins().local_set(length).local_set(address);
        (address, length)
    }

    /// Pushes the address and the length that the source of a string or list holds.
    pub(crate) fn push_range(&mut self, src: Source<'_>) {
        let side = self.lane.src;
        let pointer = side.pointer();
        for word in 0..2 {
            match src {
                Source::Flat(slots) => self.get_slot(slots[word as usize], pointer),
                Source::Memory(place) => {
                    let bytes = side.width.bytes();
                    let arg = self.mem_arg(side, place.at(word * bytes), bytes);
                    self.ins().local_get(place.local);
                    match pointer {
                        FlatType::I32 => self.ins().i32_load(arg),
                        _ => self.ins().i64_load(arg),
                    };
                }
            }
        }
    }

    /// Lowers the address in a local, and a length.
    pub(crate) fn write_range(&mut self, address: u32, length: Amount, dst: Destination<'_>) {
        let side = self.lane.dst;
        let pointer = side.pointer();
        for word in 0..2 {
            if let Destination::Memory(place) = dst {
                self.ins().local_get(place.local);
            }
            match word {
                0 => {
                    self.ins().local_get(address);
                }
                _ => self.amount(length, pointer),
            }
            match dst {
                Destination::Stack(want) => self.coerce(pointer, want[word as usize]),
                Destination::Memory(place) => {
                    let bytes = side.width.bytes();
                    let arg = self.mem_arg(side, place.at(word * bytes), bytes);
                    match pointer {
                        FlatType::I32 => self.ins().i32_store(arg),
                        _ => self.ins().i64_store(arg),
                    };
                }
            }
        }
    }
}
