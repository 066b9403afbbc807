//! Storing a checked text in the encoding of the destination: the `store_string_*` algorithms of the specification, with the same
//! calls of `realloc` in the same order. What moves code units is imported ([`Transcode`]), but for short texts
//! of ASCII, which are moved here ([`short`](crate::short)).

use crate::emit::Translator;
use crate::place::Amount;
use crate::short::{ShortMove, UnitMove};
use crate::short_text::{NOT_DONE, ShortText};
use gusset_types::{CodeUnits, FlatType, StringEncoding, Transcode, TranscodeResult, TrapCode};
use wasm_encoder::{BlockType, ValType as CoreType};

/// A text in the source's memory whose range has been checked.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    pub(crate) units: CodeUnits,
    /// A local.
    pub(crate) address: u32,
    /// A local: how many code units.
    pub(crate) length: u32,
}

impl Translator<'_, '_> {
    pub(crate) fn store_as_utf8(&mut self, text: Text) {
        match text.units {
            CodeUnits::Utf8 => self.store_copy(text, Transcode::Utf8ToUtf8, 1, 1),
            CodeUnits::Utf16 => self.store_growing(text, Transcode::Utf16ToAscii, Transcode::Utf16ToUtf8),
            CodeUnits::Latin1 => self.store_growing(text, Transcode::Latin1ToAscii, Transcode::Latin1ToUtf8),
        }
    }

    pub(crate) fn store_as_utf16(&mut self, text: Text) {
        match text.units {
            CodeUnits::Utf8 => self.store_shrinking(text),
            CodeUnits::Utf16 => self.store_copy(text, Transcode::Utf16ToUtf16, 2, 2),
            CodeUnits::Latin1 => self.store_copy(text, Transcode::Latin1ToUtf16, 2, 2),
        }
    }

    pub(crate) fn store_as_latin1_or_utf16(&mut self, text: Text) {
        match (text.units, self.lane.src.encoding) {
            (CodeUnits::Latin1, _) => self.store_copy(text, Transcode::Latin1ToLatin1, 1, 2),
            (_, StringEncoding::Latin1Utf16) => self.store_probably_utf16(text),
            (CodeUnits::Utf8, _) => self.store_hopefully_latin1(text, Transcode::Utf8ToLatin1, Transcode::Utf8ToUtf16),
            (CodeUnits::Utf16, _) => {
                self.store_hopefully_latin1(text, Transcode::Utf16ToLatin1, Transcode::Utf16ToUtf16)
            }
        }
    }

    /// `store_string_copy`: the number of code units stays the same.
    fn store_copy(&mut self, text: Text, op: Transcode, unit_size: u32, align: u32) {
        let address = self.allocate(align, self.scaled(text, unit_size), TrapCode::StringOutOfBounds);
        self.transcode_all(text, op, address);
        self.ins().local_get(address);
        self.amount(self.scaled(text, 1), self.lane.dst.pointer());
        self.body.release(address);
    }

    /// `store_string_to_utf8`: hopes for ASCII, one byte for each code unit; at the first character beyond it takes the worst case
    /// for all, goes on from there, then gives back what is left.
    fn store_growing(&mut self, text: Text, ascii: Transcode, rest: Transcode) {
        let (src_ty, dst_ty) = (self.lane.src.pointer(), self.lane.dst.pointer());
        let code = TrapCode::StringOutOfBounds;
        let (hoped, worst) = (self.scaled(text, 1), self.scaled(text, rest.contract().room));
        let address = self.allocate(1, hoped, code);
        let (read, written) = (self.body.local(src_ty), self.body.local(dst_ty));
        let prefix = Amount::of(read, src_ty);
        let stored = Amount::of(written, dst_ty);
        self.transcode_prefix(text, ascii, address);
        self.ins().local_set(read);
        self.amount(prefix, dst_ty);
        self.ins().local_set(written).local_get(read).local_get(text.length);
        self.ne(src_ty);
        self.ins().if_(BlockType::Empty);
        {
            self.reallocate(address, Some(hoped), 1, worst, code);
            self.transcode_rest(text, rest, read, [address, written]);
            self.ins().local_get(written);
            self.add(dst_ty);
            self.ins().local_set(written);
            self.amount(worst, dst_ty);
            self.amount(stored, dst_ty);
            self.ne(dst_ty);
            self.ins().if_(BlockType::Empty);
            self.reallocate(address, Some(worst), 1, stored, code);
            self.ins().end();
        }
        self.ins().end().local_get(address).local_get(written);
        self.body.release_all([address, read, written]);
    }

    /// `store_utf8_to_utf16`: takes the worst case and gives back what is left.
    fn store_shrinking(&mut self, text: Text) {
        let dst_ty = self.lane.dst.pointer();
        let code = TrapCode::StringOutOfBounds;
        let worst = self.scaled(text, 2);
        let address = self.allocate(2, worst, code);
        let written = self.body.local(dst_ty);
        self.transcode_all(text, Transcode::Utf8ToUtf16, address);
        self.ins().local_tee(written);
        self.amount(self.scaled(text, 1), dst_ty);
        self.ne(dst_ty);
        self.ins().if_(BlockType::Empty);
        self.reallocate(address, Some(worst), 2, Amount::Scaled { local: written, ty: dst_ty, scale: 2 }, code);
        self.ins().end().local_get(address).local_get(written);
        self.body.release_all([address, written]);
    }

    /// `store_string_to_latin1_or_utf16`: Latin-1 up to the first character beyond it, from there on UTF-16, after widening what
    /// was stored.
    fn store_hopefully_latin1(&mut self, text: Text, narrow: Transcode, wide: Transcode) {
        let (src_ty, dst_ty) = (self.lane.src.pointer(), self.lane.dst.pointer());
        let code = TrapCode::StringOutOfBounds;
        let hoped = self.scaled(text, 1);
        let address = self.allocate(2, hoped, code);
        let (read, written, length) = (self.body.local(src_ty), self.body.local(dst_ty), self.body.local(dst_ty));
        let stored = |scale| Amount::Scaled { local: written, ty: dst_ty, scale };
        self.transcode_all(text, narrow, address);
        self.ins().local_tee(written).local_set(length).local_tee(read).local_get(text.length);
        self.ne(src_ty);
        self.ins().if_(BlockType::Empty);
        self.widen(text, wide, [address, read, written]);
        self.ins().local_get(written);
        self.push_utf16_tag(self.lane.dst.width);
        match dst_ty {
            FlatType::I32 => self.ins().i32_or(),
            _ => self.ins().i64_or(),
        };
        self.ins().local_set(length).else_();
        // Every character was one byte of Latin-1, but may have been two of UTF-8.
        self.ins().local_get(written);
        self.amount(hoped, dst_ty);
        self.ne(dst_ty);
        self.ins().if_(BlockType::Empty);
        self.reallocate(address, Some(hoped), 2, stored(1), code);
        self.ins().end().end().local_get(address).local_get(length);
        self.body.release_all([address, read, written, length]);
    }

    /// Goes on in UTF-16 after `read` code units that became `written` bytes of Latin-1; afterwards `written` counts all code
    /// units.
    fn widen(&mut self, text: Text, wide: Transcode, [address, read, written]: [u32; 3]) {
        let dst_ty = self.lane.dst.pointer();
        let code = TrapCode::StringOutOfBounds;
        let (hoped, worst) = (self.scaled(text, 1), self.scaled(text, 2));
        let stored = Amount::Scaled { local: written, ty: dst_ty, scale: 2 };
        self.reallocate(address, Some(hoped), 2, worst, code);
        self.ins().local_get(address).local_get(written);
        self.transcode(text, Transcode::InflateLatin1);
        self.push_rest(text, read);
        self.ins().local_get(address);
        self.amount(stored, dst_ty);
        self.add(dst_ty);
        self.transcode(text, wide);
        if wide == Transcode::Utf16ToUtf16 {
            // It moves as many code units as there are left.
            self.amount(self.scaled(text, 1), dst_ty);
            self.amount(Amount::of(read, self.lane.src.pointer()), dst_ty);
            self.sub(dst_ty);
        }
        self.ins().local_get(written);
        self.add(dst_ty);
        self.ins().local_set(written);
        self.amount(worst, dst_ty);
        self.amount(stored, dst_ty);
        self.ne(dst_ty);
        self.ins().if_(BlockType::Empty);
        self.reallocate(address, Some(worst), 2, stored, code);
        self.ins().end();
    }

    /// `store_probably_utf16_to_latin1_or_utf16`: copies, and narrows where every character is Latin-1.
    fn store_probably_utf16(&mut self, text: Text) {
        let dst_ty = self.lane.dst.pointer();
        let code = TrapCode::StringOutOfBounds;
        let wide = self.scaled(text, 2);
        let address = self.allocate(2, wide, code);
        let length = self.body.local(dst_ty);
        self.transcode_all(text, Transcode::Utf16ToLatin1OrUtf16, address);
        self.ins().local_tee(length);
        self.push_utf16_tag(self.lane.dst.width);
        match dst_ty {
            FlatType::I32 => self.ins().i32_and().i32_eqz(),
            _ => self.ins().i64_and().i64_eqz(),
        };
        self.ins().if_(BlockType::Empty);
        self.reallocate(address, Some(wide), 1, Amount::of(length, dst_ty), code);
        self.ins().end().local_get(address).local_get(length);
        self.body.release_all([address, length]);
    }

    /// Pushes address and length of what follows the first `read` code units.
    fn push_rest(&mut self, text: Text, read: u32) {
        let ty = self.lane.src.pointer();
        self.ins().local_get(text.address);
        self.amount(Amount::Scaled { local: read, ty, scale: text.units.bytes() }, ty);
        self.add(ty);
        self.ins().local_get(text.length).local_get(read);
        self.sub(ty);
    }

    /// The length of a text times `scale`.
    fn scaled(&self, text: Text, scale: u32) -> Amount {
        Amount::Scaled { local: text.length, ty: self.lane.src.pointer(), scale }
    }

    /// Transcodes all of a text to the address in a local: a short one that is ASCII without a transcoder. Its results but the status are left on
    /// the stack.
    fn transcode_all(&mut self, text: Text, op: Transcode, address: u32) {
        let Some((units, ascii)) = short_move_of(op) else { return self.call_transcoder(text, op, address) };
        let src_ty = self.lane.src.pointer();
        self.ins().local_get(text.length);
        self.constant(src_ty, units.most() / text.units.bytes());
        self.gt_u(src_ty);
        self.ins().if_(BlockType::Result(CoreType::I32)).i32_const(1).else_();
        self.move_short(text, self.scaled(text, text.units.bytes()), address, (units, ascii));
        if !ascii {
            self.ins().i32_const(0);
        }
        self.ins().end();
        let types = self.transcoded_types(op);
        let block = self.block_type(&types);
        self.ins().if_(block);
        self.transcode_characters(text, op, [text.address, text.length, address]);
        if !types.is_empty() {
            // Each unit is one of either side.
            self.ins().else_();
            types.into_iter().for_each(|ty| self.amount(self.scaled(text, 1), ty));
        }
        self.ins().end();
    }

    /// The same for what comes before the first character beyond ASCII; of a short text, always without a transcoder.
    fn transcode_prefix(&mut self, text: Text, op: Transcode, address: u32) {
        let short = short_move_of(op).expect("ASCII is moved by itself");
        let (src_ty, unit) = (self.lane.src.pointer(), text.units.bytes());
        let read = self.body.local(src_ty);
        self.ins().local_get(text.length).local_set(read).local_get(text.length);
        self.constant(src_ty, short.0.most() / unit);
        self.gt_u(src_ty);
        self.ins().if_(BlockType::Empty);
        self.call_transcoder(text, op, address);
        self.ins().local_set(read).else_();
        self.move_short(text, self.scaled(text, unit), address, short);
        self.ins().if_(BlockType::Empty);
        self.count_ascii(text, read);
        self.move_short(text, Amount::Scaled { local: read, ty: src_ty, scale: unit }, address, short);
        self.ins().drop().end().end().local_get(read);
        self.body.release(read);
    }

    /// Counts, in the local `read`, the units before the first one beyond ASCII, which there is.
    fn count_ascii(&mut self, text: Text, read: u32) {
        let (src_ty, unit) = (self.lane.src.pointer(), text.units.bytes());
        let [from, _] = self.move_memories();
        self.constant(src_ty, 0);
        self.ins().local_set(read).loop_(BlockType::Empty).local_get(text.address);
        self.amount(Amount::Scaled { local: read, ty: src_ty, scale: unit }, src_ty);
        self.add(src_ty);
        match unit {
            1 => self.ins().i32_load8_u(from.arg(0)),
            _ => self.ins().i32_load16_u(from.arg(0)),
        };
        self.ins().i32_const(0x7f).i32_le_u().if_(BlockType::Empty);
        self.advance(read, src_ty, 1);
        self.ins().br(1).end().end();
    }

    /// Transcodes what follows the first `read` units to behind the first `written` ones, which are bytes, at an address.
    fn transcode_rest(&mut self, text: Text, op: Transcode, read: u32, [address, written]: [u32; 2]) {
        let (src_ty, dst_ty) = (self.lane.src.pointer(), self.lane.dst.pointer());
        let rest = [src_ty, src_ty, dst_ty].map(|ty| self.body.local(ty));
        self.push_rest(text, read);
        self.ins().local_set(rest[1]).local_set(rest[0]).local_get(address).local_get(written);
        self.add(dst_ty);
        self.ins().local_set(rest[2]);
        self.transcode_characters(text, op, rest);
        self.body.release_all(rest);
    }

    /// Transcodes units, of which some may not be ASCII; few of them without a transcoder, if it knows them all. In locals: their address and
    /// number, and where they go. The results but the status are left on the stack.
    fn transcode_characters(&mut self, text: Text, op: Transcode, [from, length, to]: [u32; 3]) {
        let Some(short) = ShortText::of(op, self.move_memories()) else {
            self.ins().local_get(from).local_get(length).local_get(to);
            return self.transcode(text, op);
        };
        let src_ty = self.lane.src.pointer();
        let types = self.transcoded_types(op);
        let block = self.block_type(&types);
        self.ins().block(block).local_get(length);
        self.constant(src_ty, short.most());
        self.gt_u(src_ty);
        self.ins().i32_eqz().if_(BlockType::Empty).local_get(from).local_get(to);
        self.amount(Amount::of(length, src_ty), FlatType::I32);
        let defined = self.module.short_text(short);
        self.body.call(defined);
        let done = self.body.local(FlatType::I32);
        self.ins().local_tee(done).i32_const(NOT_DONE).i32_ne().if_(BlockType::Empty);
        self.amount(Amount::of(done, FlatType::I32), self.lane.dst.pointer());
        self.ins().br(2).end().end().local_get(from).local_get(length).local_get(to);
        self.transcode(text, op);
        self.ins().end();
        self.body.release(done);
    }

    /// Calls a short move of so many bytes of a text. One of ASCII leaves whether it found something else.
    fn move_short(&mut self, text: Text, bytes: Amount, address: u32, (units, ascii): (UnitMove, bool)) {
        let [from, to] = self.move_memories();
        self.ins().local_get(text.address).local_get(address);
        self.amount(bytes, FlatType::I32);
        let short = self.module.short_move(ShortMove { from, to, units, ascii });
        self.body.call(short);
    }

    /// The types of a transcoder's results but the status.
    fn transcoded_types(&self, op: Transcode) -> Vec<FlatType> {
        let (src_ty, dst_ty) = (self.lane.src.pointer(), self.lane.dst.pointer());
        let ty = |result: &TranscodeResult| if *result == TranscodeResult::Read { src_ty } else { dst_ty };
        op.contract().results.iter().map(ty).collect()
    }

    /// Transcodes all of a text by a transcoder.
    fn call_transcoder(&mut self, text: Text, op: Transcode, address: u32) {
        self.ins().local_get(text.address).local_get(text.length).local_get(address);
        self.transcode(text, op);
    }

    /// Calls a transcoder with what is on the stack, and traps if it found code units of `text` that are not valid. Its other
    /// results are left on the stack.
    fn transcode(&mut self, text: Text, op: Transcode) {
        let (mut src, dst) = (self.lane.src, self.lane.dst);
        if op == Transcode::InflateLatin1 {
            // It works within the destination; saying so keeps one import for all sources.
            src = dst;
        }
        let transcoder = self.module.import_transcoder(op, &src, &dst);
        self.ins().call(transcoder);
        let Some((&likely, others)) = op.contract().invalid.split_first() else { return };
        let status = self.body.local(FlatType::I32);
        let values = [Amount::of(text.address, src.pointer()), self.scaled(text, text.units.bytes())];
        self.ins().local_tee(status).if_(BlockType::Empty);
        for &code in others {
            self.ins().local_get(status).i32_const(i32::from(code as u8)).i32_eq();
            self.trap_if(code, values);
        }
        self.trap(likely, values);
        self.ins().end();
        self.body.release(status);
    }
}

/// How a short text is moved that is ASCII, or any text; and whether it must be ASCII. `None` where a copy has to be behind what is moved.
fn short_move_of(op: Transcode) -> Option<(UnitMove, bool)> {
    Some(match op {
        Transcode::Utf8ToUtf8 | Transcode::Latin1ToUtf8 | Transcode::Latin1ToAscii | Transcode::Utf8ToLatin1 => {
            (UnitMove::Copy(1), true)
        }
        Transcode::Latin1ToLatin1 => (UnitMove::Copy(1), false),
        Transcode::Utf16ToUtf16 => (UnitMove::Copy(2), true),
        Transcode::Latin1ToUtf16 => (UnitMove::Widen, false),
        Transcode::Utf8ToUtf16 => (UnitMove::Widen, true),
        Transcode::Utf16ToUtf8 | Transcode::Utf16ToAscii | Transcode::Utf16ToLatin1 => (UnitMove::Narrow, true),
        Transcode::Utf16ToLatin1OrUtf16 | Transcode::InflateLatin1 => return None,
    })
}
