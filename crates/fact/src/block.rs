//! Elements by blocks: lists whose elements are numbers of fixed places, of which some must be made canonical or checked, or between which there
//! is padding, are translated several at once by vector instructions, as long as whole blocks are left and all in them is valid. What remains is
//! for the loop over elements, which also finds out what is wrong with an element, and which it is.

use crate::emit::Translator;
use crate::list::ListElements;
use crate::place::Amount;
use crate::scalar::{CANONICAL_NAN_32, CANONICAL_NAN_64};
use crate::shape::{Shape, ShapeField, fields_layout};
use crate::short::MoveMemory;
use gusset_types::{FlatType, Layout, PointerWidth, Types, ValType};
use wasm_encoder::BlockType;

/// Bytes of a vector.
const VECTOR: u32 = 16;
/// Bytes of a block, at most.
const MAX_BLOCK: u32 = 128;
/// As many bytes are better than fewer.
const WANTED_BLOCK: u32 = 64;

/// Which bytes, and which of two or four that are one number, a vector has something at.
type LaneBytes = [u8; VECTOR as usize];

/// What is to be done with a vector of elements. What a byte has nothing of is such that nothing happens to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct VectorLanes {
    /// All bits of bytes that belong to a value.
    defined: LaneBytes,
    /// The largest byte that a byte may become: 1 of a `bool`.
    limits: LaneBytes,
    /// The bits of flags.
    labels: LaneBytes,
    /// The largest discriminant, where numbers have a byte, two, or four.
    cases: [LaneBytes; 3],
    /// Whether a byte is part of a `char`.
    chars: LaneBytes,
    /// Whether it is part of a float of four bytes, or of eight.
    floats: [LaneBytes; 2],
}

impl VectorLanes {
    const NOTHING: VectorLanes = VectorLanes {
        defined: [0; VECTOR as usize],
        limits: [u8::MAX; VECTOR as usize],
        labels: [u8::MAX; VECTOR as usize],
        cases: [[u8::MAX; VECTOR as usize]; 3],
        chars: [0; VECTOR as usize],
        floats: [[0; VECTOR as usize]; 2],
    };
}

/// A block of elements.
#[derive(Debug)]
pub(crate) struct ElementBlock {
    vectors: Vec<VectorLanes>,
    /// How many elements.
    elements: u32,
}

impl ElementBlock {
    /// The block of elements made of `entry`, whose layout is the same on both sides. `None` if they are not of fixed places, or too large.
    pub(crate) fn of(types: &Types, entry: &[ShapeField<'_>]) -> Option<ElementBlock> {
        let fields = || entry.iter().map(|field| field.1.src);
        let Layout { size, .. } = fields_layout(types, fields(), PointerWidth::Memory32);
        if size == 0 || size > MAX_BLOCK {
            return None;
        }
        // The smallest number of elements that fill whole vectors.
        let elements = VECTOR >> size.trailing_zeros().min(VECTOR.trailing_zeros());
        if elements * size > MAX_BLOCK {
            return None;
        }
        let elements = elements * (WANTED_BLOCK / (elements * size)).max(1);
        let mut block =
            ElementBlock { vectors: vec![VectorLanes::NOTHING; (elements * size / VECTOR) as usize], elements };
        for element in 0..elements {
            let offsets = types.field_offsets(fields(), PointerWidth::Memory32);
            for (field, offset) in entry.iter().zip(offsets) {
                block.place(types, field, element * size + offset)?;
            }
        }
        Some(block)
    }

    /// Notes what stands at an offset. `None` if it is no number of a fixed place.
    fn place(&mut self, types: &Types, &(_, pair): &ShapeField<'_>, offset: u32) -> Option<()> {
        let size = types.layout(pair.src, PointerWidth::Memory32).size;
        match Shape::of(types, pair) {
            Shape::Scalar(ty) => {
                self.number(offset, size);
                match ty {
                    ValType::Bool => self.set(offset, 1, 1, |lanes| &mut lanes.limits),
                    ValType::Char => self.set(offset, 4, u32::MAX, |lanes| &mut lanes.chars),
                    ValType::F32 => self.set(offset, 4, u32::MAX, |lanes| &mut lanes.floats[0]),
                    ValType::F64 => {
                        self.set(offset, 4, u32::MAX, |lanes| &mut lanes.floats[1]);
                        self.set(offset + 4, 4, u32::MAX, |lanes| &mut lanes.floats[1]);
                    }
                    _ => {}
                }
            }
            Shape::Enum(cases) => {
                self.number(offset, size);
                let by_size = size.trailing_zeros() as usize;
                self.set(offset, size, cases - 1, |lanes| &mut lanes.cases[by_size]);
            }
            Shape::Flags(labels) => {
                self.number(offset, size);
                self.set(offset, size, u32::MAX >> (32 - labels), |lanes| &mut lanes.labels);
            }
            Shape::Fields(fields) => {
                let offsets = types.field_offsets(fields.iter().map(|field| field.1.src), PointerWidth::Memory32);
                for (field, at) in fields.iter().zip(offsets) {
                    self.place(types, field, offset + at)?;
                }
            }
            Shape::FixedLengthList(element, length) => {
                let size = types.layout(element.src, PointerWidth::Memory32).size;
                let field = (crate::shape::FieldName::Position(0), element);
                for at in 0..length {
                    self.place(types, &field, offset + at * size)?;
                }
            }
            Shape::String | Shape::List(_) | Shape::Cases(_) | Shape::Own(_) | Shape::Borrow(_) => return None,
        }
        Some(())
    }

    /// Notes that bytes belong to a number.
    fn number(&mut self, offset: u32, size: u32) {
        for at in offset..offset + size {
            self.set(at, 1, u32::MAX, |lanes| &mut lanes.defined);
        }
    }

    /// Notes the lower bytes of a value at the bytes of a number.
    fn set(&mut self, offset: u32, size: u32, value: u32, of: impl Fn(&mut VectorLanes) -> &mut LaneBytes) {
        let lanes = of(&mut self.vectors[(offset / VECTOR) as usize]);
        let at = (offset % VECTOR) as usize;
        lanes[at..at + size as usize].copy_from_slice(&value.to_le_bytes()[..size as usize]);
    }

    fn bytes(&self) -> u32 {
        self.vectors.len() as u32 * VECTOR
    }
}

impl Translator<'_, '_> {
    /// Translates as many elements as there are whole blocks of, up to the first block with one that is not valid; adds to `index` how many that
    /// are, and moves both addresses.
    pub(crate) fn blocks(&mut self, block: &ElementBlock, elements: ListElements, index: u32) {
        let (src_ty, dst_ty) = (self.lane.src.pointer(), self.lane.dst.pointer());
        let left = self.body.local(src_ty);
        self.amount(elements.count, src_ty);
        self.constant(src_ty, block.elements);
        self.divide(src_ty);
        self.ins().local_tee(left);
        self.constant(src_ty, 0);
        self.ne(src_ty);
        self.ins().if_(BlockType::Empty).loop_(BlockType::Empty);
        let memories = self.move_memories();
        let vectors: Vec<u32> = (0..block.vectors.len()).map(|_| self.body.vector()).collect();
        for (at, &vector) in (0..).step_by(VECTOR as usize).zip(&vectors) {
            self.ins().local_get(elements.src_at).v128_load(memories[0].arg(at)).local_set(vector);
        }
        let checked = self.check_vectors(block, &vectors);
        // What is left then is a part of a block, or has something wrong in its first one.
        if checked {
            self.ins().br_if(1);
        }
        for ((at, &vector), lanes) in (0..).step_by(VECTOR as usize).zip(&vectors).zip(&block.vectors) {
            self.store_vector(lanes, vector, (elements.dst_at, at), memories[1]);
        }
        self.body.release_all(vectors);
        self.advance(elements.src_at, src_ty, block.bytes());
        self.advance(elements.dst_at, dst_ty, block.bytes());
        self.advance(index, src_ty, block.elements);
        self.ins().local_get(left);
        self.constant(src_ty, 1);
        self.sub(src_ty);
        self.ins().local_tee(left);
        self.constant(src_ty, 0);
        self.ne(src_ty);
        self.ins().br_if(0).end().end();
        self.body.release(left);
    }

    /// Pushes whether anything in the vectors is not valid, if that can be.
    fn check_vectors(&mut self, block: &ElementBlock, vectors: &[u32]) -> bool {
        let mut checks = 0;
        for (lanes, &vector) in block.vectors.iter().zip(vectors) {
            for (by_size, cases) in lanes.cases.iter().enumerate() {
                if *cases == VectorLanes::NOTHING.cases[by_size] {
                    continue;
                }
                self.ins().local_get(vector);
                self.vector_constant(*cases);
                // Neither is zero where a number is larger.
                match by_size {
                    0 => self.ins().i8x16_sub_sat_u(),
                    1 => self.ins().i16x8_sub_sat_u(),
                    _ => self.ins().i32x4_gt_u(),
                };
                self.merge_check(&mut checks);
            }
            if lanes.chars != VectorLanes::NOTHING.chars {
                self.char_check(lanes.chars, vector);
                self.merge_check(&mut checks);
            }
        }
        if checks != 0 {
            self.ins().v128_any_true();
        }
        checks != 0
    }

    fn merge_check(&mut self, checks: &mut u32) {
        if *checks != 0 {
            self.ins().v128_or();
        }
        *checks += 1;
    }

    /// Pushes a vector that is not zero where a `char` is not valid.
    fn char_check(&mut self, chars: LaneBytes, vector: u32) {
        let of_chars = |value: u32, otherwise: u8| {
            let mut bytes = [otherwise; VECTOR as usize];
            for (at, byte) in bytes.iter_mut().enumerate().filter(|(at, _)| chars[*at] != 0) {
                *byte = value.to_le_bytes()[at % 4];
            }
            bytes
        };
        // As for a single one: valid are those that become at most this.
        self.ins().local_get(vector);
        self.vector_constant(of_chars(0xd800, 0));
        self.ins().v128_xor();
        self.vector_constant(of_chars(0x800, 0));
        self.ins().i32x4_sub();
        self.vector_constant(of_chars(0x10_f7ff, u8::MAX));
        self.ins().i32x4_gt_u();
    }

    /// Stores a vector at a place, canonical; padding stays what it was.
    fn store_vector(&mut self, lanes: &VectorLanes, vector: u32, (dst_at, offset): (u32, u32), memory: MoveMemory) {
        let arg = memory.arg(offset);
        self.ins().local_get(dst_at).local_get(vector);
        if lanes.limits != VectorLanes::NOTHING.limits {
            self.vector_constant(lanes.limits);
            self.ins().i8x16_min_u();
        }
        if lanes.labels != VectorLanes::NOTHING.labels {
            self.vector_constant(lanes.labels);
            self.ins().v128_and();
        }
        if self.module.facts.canonical_nans {
            self.canonical_nans(lanes, vector);
        }
        if lanes.defined != [u8::MAX; VECTOR as usize] {
            self.ins().local_get(dst_at).v128_load(arg);
            self.vector_constant(lanes.defined);
            self.ins().v128_bitselect();
        }
        self.ins().v128_store(arg);
    }

    /// Makes the floats of the vector on the stack canonical; `floats` is a local in which they are as they came.
    fn canonical_nans(&mut self, lanes: &VectorLanes, floats: u32) {
        let nans = [
            [u64::from(CANONICAL_NAN_32) << 32 | u64::from(CANONICAL_NAN_32); 2].map(u64::to_le_bytes),
            [CANONICAL_NAN_64; 2].map(u64::to_le_bytes),
        ];
        for (by_size, nan) in nans.into_iter().enumerate() {
            if lanes.floats[by_size] == VectorLanes::NOTHING.floats[by_size] {
                continue;
            }
            // Where a float is not equal to itself, the canonical one is selected.
            let changed = self.body.vector();
            self.ins().local_set(changed);
            self.ins().v128_const(i128::from_le_bytes(nan.concat().try_into().expect("16 bytes"))).local_get(changed);
            self.ins().local_get(floats).local_get(floats);
            match by_size {
                0 => self.ins().f32x4_ne(),
                _ => self.ins().f64x2_ne(),
            };
            self.vector_constant(lanes.floats[by_size]);
            self.ins().v128_and().v128_bitselect();
            self.body.release(changed);
        }
    }

    fn vector_constant(&mut self, bytes: LaneBytes) {
        self.ins().v128_const(i128::from_le_bytes(bytes));
    }

    /// Divides without a sign.
    fn divide(&mut self, ty: FlatType) {
        match ty {
            FlatType::I32 => self.ins().i32_div_u(),
            _ => self.ins().i64_div_u(),
        };
    }
}

impl ElementBlock {
    /// Whether elements are so many that there may be a block of them.
    pub(crate) fn is_for(&self, count: Amount) -> bool {
        !matches!(count, Amount::Const(count) if count < self.elements)
    }
}
