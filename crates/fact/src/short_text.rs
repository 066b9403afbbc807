//! Short texts that are not ASCII: functions of the module that make a few characters into those of another encoding, one after the other. They
//! know characters of the Basic Multilingual Plane; whatever else there is, half of a character and what is no text among it, they leave to a
//! transcoder, which begins anew. Callers have checked both ranges, which are in two memories: what is written is never read.

use crate::body::{DefinedFunc, FunctionBody};
use crate::module::ModuleBuilder;
use crate::short::MoveMemory;
use gusset_types::{CodeUnits, FlatType, Transcode};
use wasm_encoder::{BlockType, InstructionSink};

/// A function that makes up to [`ShortText::most`] units into others: `(src, dst, units: i32) -> i32`, how many units it wrote, or
/// [`NOT_DONE`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShortText {
    pub(crate) from: MoveMemory,
    pub(crate) to: MoveMemory,
    pub(crate) op: Transcode,
}

/// That a transcoder has to do it.
pub(crate) const NOT_DONE: i32 = -1;

/// Bytes of a source that are not yet too many for one character after the other.
const SHORT_BYTES: u32 = 32;

impl ShortText {
    /// The function that does in short what a transcoder does, if there is one.
    pub(crate) fn of(op: Transcode, [from, to]: [MoveMemory; 2]) -> Option<ShortText> {
        let is_known = matches!(op, Transcode::Utf8ToUtf16 | Transcode::Utf16ToUtf8 | Transcode::Latin1ToUtf8);
        (is_known && from.index != to.index).then_some(ShortText { from, to, op })
    }

    /// The most units that it may be given.
    pub(crate) fn most(&self) -> u32 {
        SHORT_BYTES / self.op.contract().source.bytes()
    }

    fn params(&self) -> [FlatType; 3] {
        [self.from.pointer, self.to.pointer, FlatType::I32]
    }

    fn name(&self) -> String {
        format!("short {} m{} m{}", self.op.contract().name, self.from.index, self.to.index)
    }
}

impl ModuleBuilder<'_> {
    /// A function for short texts, declared if it is new.
    pub(crate) fn short_text(&mut self, short: ShortText) -> DefinedFunc {
        if let Some(&known) = self.short_texts.get(&short) {
            return known;
        }
        let defined = self.declare(short.name(), &short.params(), &[FlatType::I32]);
        self.short_texts.insert(short, defined);
        defined
    }

    /// Writes every one that has been asked for.
    pub(crate) fn define_short_texts(&mut self) {
        for (short, defined) in std::mem::take(&mut self.short_texts) {
            let mut body = FunctionBody::new(&short.params());
            let [at, unit, rest] = [short.to.pointer, FlatType::I32, FlatType::I32].map(|ty| body.zeroed_local(ty));
            let mut writer = TextWriter { short, body, at, unit, rest };
            writer.write();
            self.define(defined, writer.body);
        }
    }
}

/// The parameters: where to read next, where writing began, and how many units are left.
const SRC: u32 = 0;
const DST: u32 = 1;
const LEFT: u32 = 2;

/// Writes the body of one.
struct TextWriter {
    short: ShortText,
    body: FunctionBody,
    /// A local: where to write next.
    at: u32,
    /// A local: the first unit of a character.
    unit: u32,
    /// A local: the bytes behind it, then the character.
    rest: u32,
}

impl TextWriter {
    fn ins(&mut self) -> InstructionSink<'_> {
        self.body.ins()
    }

    /// A loop over characters, in a block that is left for what is not known.
    fn write(&mut self) {
        let (at, unit, from) = (self.at, self.unit, self.short.from.arg(0));
        self.ins().local_get(DST).local_set(at);
        self.ins().block(BlockType::Empty).loop_(BlockType::Empty);
        self.ins().local_get(LEFT).i32_eqz().if_(BlockType::Empty);
        self.written();
        self.ins().return_().end().local_get(SRC);
        match self.short.op.contract().source {
            CodeUnits::Utf16 => self.ins().i32_load16_u(from),
            _ => self.ins().i32_load8_u(from),
        };
        self.ins().local_tee(unit).i32_const(0x80).i32_lt_u().if_(BlockType::Empty);
        self.ins().local_get(at).local_get(unit);
        self.store_unit();
        self.advance(1, 1);
        self.ins().br(1).end();
        match self.short.op {
            Transcode::Utf8ToUtf16 => self.decode(),
            _ => self.encode(),
        }
        self.ins().end().end().i32_const(NOT_DONE);
    }

    /// How many units have been written.
    fn written(&mut self) {
        let at = self.at;
        self.ins().local_get(at).local_get(DST);
        match self.short.to.pointer {
            FlatType::I32 => self.ins().i32_sub(),
            _ => self.ins().i64_sub().i32_wrap_i64(),
        };
        if self.short.op.contract().destination == CodeUnits::Utf16 {
            self.ins().i32_const(1).i32_shr_u();
        }
    }

    /// Stores a unit whose address and value are on the stack.
    fn store_unit(&mut self) {
        let to = self.short.to.arg(0);
        match self.short.op.contract().destination {
            CodeUnits::Utf16 => self.ins().i32_store16(to),
            _ => self.ins().i32_store8(to),
        };
    }

    /// Goes on behind so many units of the source and of the destination.
    fn advance(&mut self, read: u32, written: u32) {
        let ShortText { from, to, op } = self.short;
        let contract = op.contract();
        let at = self.at;
        self.step(SRC, from.pointer, read * contract.source.bytes());
        self.step(at, to.pointer, written * contract.destination.bytes());
        self.ins().local_get(LEFT).i32_const(read as i32).i32_sub().local_set(LEFT);
    }

    fn step(&mut self, local: u32, ty: FlatType, by: u32) {
        self.ins().local_get(local);
        match ty {
            FlatType::I32 => self.ins().i32_const(by as i32).i32_add(),
            _ => self.ins().i64_const(by.into()).i64_add(),
        };
        self.ins().local_set(local);
    }

    /// A character of two or three bytes of UTF-8.
    fn decode(&mut self) {
        let (at, unit, rest, from) = (self.at, self.unit, self.rest, self.short.from);
        self.ins().local_get(unit).i32_const(0xe0).i32_lt_u().if_(BlockType::Empty);
        {
            // What begins none, or one that could be shorter.
            self.ins().local_get(unit).i32_const(0xc2).i32_lt_u().br_if(2);
            self.ins().local_get(LEFT).i32_const(2).i32_lt_u().br_if(2);
            self.ins().local_get(SRC).i32_load8_u(from.arg(1)).local_tee(rest);
            self.ins().i32_const(0xc0).i32_and().i32_const(0x80).i32_ne().br_if(2);
            self.ins().local_get(at).local_get(unit).i32_const(0x1f).i32_and().i32_const(6).i32_shl();
            self.ins().local_get(rest).i32_const(0x3f).i32_and().i32_or();
            self.store_unit();
            self.advance(2, 1);
            self.ins().br(1).end();
        }
        self.ins().local_get(unit).i32_const(0xf0).i32_ge_u().br_if(1);
        self.ins().local_get(LEFT).i32_const(3).i32_lt_u().br_if(1);
        self.ins().local_get(SRC).i32_load16_u(from.arg(1)).local_tee(rest);
        self.ins().i32_const(0xc0c0).i32_and().i32_const(0x8080).i32_ne().br_if(1);
        self.ins().local_get(unit).i32_const(0x0f).i32_and().i32_const(12).i32_shl();
        self.ins().local_get(rest).i32_const(0x3f).i32_and().i32_const(6).i32_shl().i32_or();
        self.ins().local_get(rest).i32_const(8).i32_shr_u().i32_const(0x3f).i32_and().i32_or().local_tee(rest);
        // One that could be shorter, or half of one.
        self.ins().i32_const(0xf800).i32_and().local_tee(unit).i32_eqz();
        self.ins().local_get(unit).i32_const(0xd800).i32_eq().i32_or().br_if(1);
        self.ins().local_get(at).local_get(rest);
        self.store_unit();
        self.advance(3, 1);
        self.ins().br(0);
    }

    /// A character that becomes two or three bytes of UTF-8.
    fn encode(&mut self) {
        let (at, unit, to) = (self.at, self.unit, self.short.to);
        let is_wide = self.short.op.contract().source == CodeUnits::Utf16;
        if is_wide {
            self.ins().local_get(unit).i32_const(0x800).i32_lt_u().if_(BlockType::Empty);
        }
        self.ins().local_get(at).local_get(unit).i32_const(6).i32_shr_u();
        self.ins().local_get(unit).i32_const(8).i32_shl().i32_const(0x3f00).i32_and().i32_or();
        self.ins().i32_const(0x80c0).i32_or().i32_store16(to.arg(0));
        self.advance(1, 2);
        self.ins().br(u32::from(is_wide));
        if !is_wide {
            return;
        }
        self.ins().end();
        self.ins().local_get(unit).i32_const(0xf800).i32_and().i32_const(0xd800).i32_eq().br_if(1);
        self.ins().local_get(at).local_get(unit).i32_const(12).i32_shr_u();
        self.ins().local_get(unit).i32_const(2).i32_shl().i32_const(0x3f00).i32_and().i32_or();
        self.ins().i32_const(0x80e0).i32_or().i32_store16(to.arg(0));
        self.ins().local_get(at).local_get(unit).i32_const(0x3f).i32_and().i32_const(0x80).i32_or();
        self.ins().i32_store8(to.arg(2));
        self.advance(1, 3);
        self.ins().br(0);
    }
}
