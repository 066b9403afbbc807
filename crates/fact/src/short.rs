//! Short moves: functions of the module that move a few units between two memories without a loop. What they move is taken in pieces, half of
//! them counted from the start and half from the end, which may overlap; all of it is read before anything is written. Callers have checked both
//! ranges. A longer range is the work of `memory.copy` or of a transcoder.

use crate::body::{DefinedFunc, FunctionBody};
use crate::module::ModuleBuilder;
use gusset_types::FlatType;
use wasm_encoder::{BlockType, InstructionSink, MemArg, MemArgTarget};

/// What a short move makes of units.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum UnitMove {
    /// Of so many bytes each: the same.
    Copy(u32),
    /// Of a byte: two.
    Widen,
    /// Of two bytes: the lower one.
    Narrow,
}

impl UnitMove {
    /// Bytes of a unit that is read.
    fn source(self) -> u32 {
        match self {
            UnitMove::Copy(bytes) => bytes,
            UnitMove::Widen => 1,
            UnitMove::Narrow => 2,
        }
    }

    /// Bytes of what stands for so many bytes of the source.
    fn destination(self, source: u32) -> u32 {
        match self {
            UnitMove::Copy(_) => source,
            UnitMove::Widen => 2 * source,
            UnitMove::Narrow => source / 2,
        }
    }

    /// Bytes of the longest source.
    pub(crate) fn most(self) -> u32 {
        2 * self.classes()[0].bytes()
    }

    /// How ranges are taken apart, the longest first: each kind of range has at least as many bytes as its half, and at most twice as many.
    fn classes(self) -> &'static [MovedHalf] {
        const ALL: &[MovedHalf] = &[
            MovedHalf::new(2, 16),
            MovedHalf::new(1, 16),
            MovedHalf::new(1, 8),
            MovedHalf::new(1, 4),
            MovedHalf::new(1, 2),
            MovedHalf::new(1, 1),
        ];
        /// As numbers of 8 bytes are stored: a wider load of what has just been stored by two would wait for both.
        const NUMBERS: &[MovedHalf] = &[MovedHalf::new(4, 8), MovedHalf::new(2, 8), MovedHalf::new(1, 8)];
        match self {
            UnitMove::Widen => &ALL[1..],
            UnitMove::Narrow | UnitMove::Copy(2) => &ALL[..5],
            UnitMove::Copy(4) => &ALL[..4],
            UnitMove::Copy(8) => NUMBERS,
            UnitMove::Copy(_) => ALL,
        }
    }

    /// Whether pieces of so many bytes of the source are vectors.
    fn by_vector(self, piece: u32) -> bool {
        match self {
            UnitMove::Copy(_) => piece == 16,
            UnitMove::Widen | UnitMove::Narrow => piece >= 4,
        }
    }
}

/// What half of a range is read by: so many pieces of so many bytes.
#[derive(Clone, Copy)]
struct MovedHalf {
    pieces: u32,
    piece: u32,
}

impl MovedHalf {
    const fn new(pieces: u32, piece: u32) -> MovedHalf {
        MovedHalf { pieces, piece }
    }

    fn bytes(self) -> u32 {
        self.pieces * self.piece
    }
}

/// A memory that a short move works on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MoveMemory {
    pub(crate) index: u32,
    pub(crate) pointer: FlatType,
}

impl MoveMemory {
    /// The operand of an access, of which nothing is known but that it is within the memory.
    pub(crate) fn arg(self, offset: u32) -> MemArg {
        MemArg { offset: offset.into(), align: 0, target: MemArgTarget::Memory(self.index), ordering: None }
    }
}

/// A function that moves what has up to [`UnitMove::most`] bytes: `(src, dst, bytes: i32)`. Where it moves nothing but ASCII, it returns whether it
/// found something else; then it has written nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShortMove {
    pub(crate) from: MoveMemory,
    pub(crate) to: MoveMemory,
    pub(crate) units: UnitMove,
    pub(crate) ascii: bool,
}

impl ShortMove {
    fn params(&self) -> [FlatType; 3] {
        [self.from.pointer, self.to.pointer, FlatType::I32]
    }

    fn name(&self) -> String {
        let ShortMove { from, to, .. } = self;
        let ascii = if self.ascii { " of ascii" } else { "" };
        let what = match self.units {
            UnitMove::Copy(bytes) => format!("copy by {bytes}"),
            UnitMove::Widen => "widen".into(),
            UnitMove::Narrow => "narrow".into(),
        };
        format!("short {what}{ascii} m{} m{}", from.index, to.index)
    }
}

impl ModuleBuilder<'_> {
    /// A short move, declared if it is new.
    pub(crate) fn short_move(&mut self, short: ShortMove) -> DefinedFunc {
        if let Some(&known) = self.short_moves.get(&short) {
            return known;
        }
        let results: &[FlatType] = if short.ascii { &[FlatType::I32] } else { &[] };
        let defined = self.declare(short.name(), &short.params(), results);
        self.short_moves.insert(short, defined);
        defined
    }

    /// Writes every short move that has been asked for.
    pub(crate) fn define_short_moves(&mut self) {
        for (short, defined) in std::mem::take(&mut self.short_moves) {
            let mut writer = MoveWriter { short, body: FunctionBody::new(&short.params()) };
            writer.write();
            self.define(defined, writer.body);
        }
    }
}

/// The parameters.
const SRC: u32 = 0;
const DST: u32 = 1;
const BYTES: u32 = 2;

/// Writes the body of one.
struct MoveWriter {
    short: ShortMove,
    body: FunctionBody,
}

impl MoveWriter {
    fn ins(&mut self) -> InstructionSink<'_> {
        self.body.ins()
    }

    fn write(&mut self) {
        for &half in self.short.units.classes() {
            self.ins().local_get(BYTES).i32_const(half.bytes() as i32).i32_ge_u().if_(BlockType::Empty);
            self.class(half);
            self.done(false);
            self.ins().return_().end();
        }
        self.done(false);
    }

    fn done(&mut self, found: bool) {
        if self.short.ascii {
            self.ins().i32_const(found.into());
        }
    }

    /// Moves a range that has at least one half, and at most two.
    fn class(&mut self, half: MovedHalf) {
        let ShortMove { from, to, units, ascii } = self.short;
        let last_from = self.last_half(SRC, from.pointer, UnitMove::Copy(1), half);
        let mut pieces = Vec::new();
        for at in [SRC, last_from] {
            for piece in 0..half.pieces {
                self.ins().local_get(at);
                pieces.push(self.load(from.arg(piece * half.piece), half.piece));
            }
        }
        if ascii {
            self.return_unless_ascii(&pieces, half.piece);
        }
        let last_to = self.last_half(DST, to.pointer, units, half);
        let mut values = pieces.iter();
        for at in [DST, last_to] {
            for (piece, &value) in (0..half.pieces).zip(values.by_ref()) {
                self.store(at, to.arg(units.destination(piece * half.piece)), half.piece, value);
            }
        }
        self.body.release_all(pieces.into_iter().chain([last_from, last_to]));
    }

    /// A new local with the address of what the last half becomes.
    fn last_half(&mut self, start: u32, pointer: FlatType, units: UnitMove, half: MovedHalf) -> u32 {
        let last = self.body.local(pointer);
        self.ins().local_get(start).local_get(BYTES).i32_const(half.bytes() as i32).i32_sub();
        match units {
            UnitMove::Copy(_) => &mut self.ins(),
            UnitMove::Widen => self.ins().i32_const(1).i32_shl(),
            UnitMove::Narrow => self.ins().i32_const(1).i32_shr_u(),
        };
        match pointer {
            FlatType::I32 => self.ins().i32_add(),
            _ => self.ins().i64_extend_i32_u().i64_add(),
        };
        self.ins().local_set(last);
        last
    }

    /// A new local with a piece of so many bytes at the address on the stack.
    fn load(&mut self, arg: MemArg, piece: u32) -> u32 {
        let vector = self.short.units.by_vector(piece);
        let local = match piece {
            _ if vector => self.body.vector(),
            8 => self.body.local(FlatType::I64),
            _ => self.body.local(FlatType::I32),
        };
        let mut ins = self.body.ins();
        match (piece, vector) {
            (8, true) => ins.v128_load64_zero(arg),
            (4, true) => ins.v128_load32_zero(arg),
            _ => load_piece(&mut ins, piece, arg),
        };
        self.ins().local_set(local);
        local
    }

    /// Returns if one of the pieces is not ASCII.
    fn return_unless_ascii(&mut self, pieces: &[u32], piece: u32) {
        /// Bits that no character of ASCII has, in units of a byte and of two.
        const BEYOND: [u64; 2] = [0x8080_8080_8080_8080, 0xff80_ff80_ff80_ff80];
        let beyond = BEYOND[self.short.units.source() as usize - 1];
        let vector = self.short.units.by_vector(piece);
        for (at, &local) in pieces.iter().enumerate() {
            self.ins().local_get(local);
            match at {
                0 => &mut self.ins(),
                _ if vector => self.ins().v128_or(),
                _ if piece == 8 => self.ins().i64_or(),
                _ => self.ins().i32_or(),
            };
        }
        match piece {
            _ if vector => {
                let beyond =
                    i128::from_le_bytes(([beyond; 2]).map(u64::to_le_bytes).concat().try_into().expect("16 bytes"));
                self.ins().v128_const(beyond).v128_and().v128_any_true()
            }
            8 => self.ins().i64_const(beyond as i64).i64_and().i64_const(0).i64_ne(),
            _ => self.ins().i32_const(beyond as i32).i32_and(),
        };
        self.ins().if_(BlockType::Empty);
        self.done(true);
        self.ins().return_().end();
    }

    /// Stores what a piece of so many bytes becomes.
    fn store(&mut self, at: u32, arg: MemArg, piece: u32, value: u32) {
        let units = self.short.units;
        let wide = MemArg { offset: arg.offset + 16, ..arg };
        let mut ins = self.body.ins();
        ins.local_get(at).local_get(value);
        match (units, piece) {
            (UnitMove::Copy(_), piece) => store_piece(&mut ins, piece, arg),
            (UnitMove::Widen, 16) => {
                ins.i16x8_extend_low_i8x16_u().v128_store(arg);
                ins.local_get(at).local_get(value).i16x8_extend_high_i8x16_u().v128_store(wide)
            }
            (UnitMove::Widen, 8) => ins.i16x8_extend_low_i8x16_u().v128_store(arg),
            (UnitMove::Widen, 4) => ins.i16x8_extend_low_i8x16_u().v128_store64_lane(arg, 0),
            (UnitMove::Widen, 2) => {
                ins.local_get(value).i32_const(8).i32_shl().i32_or();
                ins.i32_const(0x00ff_00ff).i32_and().i32_store(arg)
            }
            (UnitMove::Widen, _) => ins.i32_store16(arg),
            (UnitMove::Narrow, 2) => ins.i32_store8(arg),
            (UnitMove::Narrow, piece) => {
                // Of units that are no ASCII, which nobody narrows here, it would saturate.
                ins.local_get(value).i8x16_narrow_i16x8_u();
                match piece {
                    16 => ins.v128_store64_lane(arg, 0),
                    8 => ins.v128_store32_lane(arg, 0),
                    _ => ins.v128_store16_lane(arg, 0),
                }
            }
        };
    }
}

/// Loads so many bytes, a power of two up to 16, from the address on the stack.
pub(crate) fn load_piece<'i, 'b>(
    ins: &'i mut InstructionSink<'b>,
    piece: u32,
    arg: MemArg,
) -> &'i mut InstructionSink<'b> {
    match piece {
        16 => ins.v128_load(arg),
        8 => ins.i64_load(arg),
        4 => ins.i32_load(arg),
        2 => ins.i32_load16_u(arg),
        _ => ins.i32_load8_u(arg),
    }
}

/// Stores what [`load_piece`] has loaded.
pub(crate) fn store_piece<'i, 'b>(
    ins: &'i mut InstructionSink<'b>,
    piece: u32,
    arg: MemArg,
) -> &'i mut InstructionSink<'b> {
    match piece {
        16 => ins.v128_store(arg),
        8 => ins.i64_store(arg),
        4 => ins.i32_store(arg),
        2 => ins.i32_store16(arg),
        _ => ins.i32_store8(arg),
    }
}
