//! Strings: the checks of the source's range, and which way of storing fits the two encodings.

use crate::emit::Translator;
use crate::helper::HelperKind;
use crate::place::{Amount, Destination, Source};
use crate::transcode::Text;
use gusset_types::{CodeUnits, FlatType, PointerWidth, StringEncoding, TrapCode};

impl Translator<'_, '_> {
    /// Translates a string by the helper for the two encodings.
    pub(crate) fn string(&mut self, src: Source<'_>, dst: Destination<'_>) {
        self.push_range(src);
        let results = self.call_helper(HelperKind::String);
        match dst {
            Destination::Stack(want) => self.coerce_many(&results, want),
            Destination::Memory(_) => {
                let pointer = self.lane.dst.pointer();
                let (address, length) = (self.body.local(pointer), self.body.local(pointer));
                self.ins().local_set(length).local_set(address);
                self.write_range(address, Amount::of(length, pointer), dst);
                self.body.release_all([address, length]);
            }
        }
    }

    /// The body of the helper: parameters 0 and 1 are the source's address and (tagged) length, the results the destination's.
    pub(crate) fn string_body(&mut self) {
        let pointer = self.lane.src.pointer();
        let (address, length) = (0, 1);
        match self.lane.src.encoding {
            StringEncoding::Utf8 => self.text(CodeUnits::Utf8, address, length),
            StringEncoding::Utf16 => self.text(CodeUnits::Utf16, address, length),
            StringEncoding::Latin1Utf16 => {
                let units = self.body.local(pointer);
                let result = self.lane.dst.pointer();
                let block = self.block_type(&[result, result]);
                self.ins().local_get(length);
                self.push_utf16_tag(self.lane.src.width);
                match pointer {
                    FlatType::I32 => self.ins().i32_and(),
                    _ => self.ins().i64_and().i64_const(0).i64_ne(),
                };
                self.ins().if_(block).local_get(length);
                self.push_utf16_tag(self.lane.src.width);
                match pointer {
                    FlatType::I32 => self.ins().i32_xor(),
                    _ => self.ins().i64_xor(),
                };
                self.ins().local_set(units);
                self.text(CodeUnits::Utf16, address, units);
                self.ins().else_();
                self.text(CodeUnits::Latin1, address, length);
                self.ins().end();
                self.body.release(units);
            }
        }
    }

    /// Pushes the bit that tells UTF-16 from Latin-1 in a length of `latin1+utf16`.
    pub(crate) fn push_utf16_tag(&mut self, width: PointerWidth) {
        match width {
            PointerWidth::Memory32 => self.ins().i32_const(i32::MIN),
            PointerWidth::Memory64 => self.ins().i64_const(i64::MIN),
        };
    }

    /// Checks the range of a text and stores it in the destination's encoding; pushes address and (tagged) length.
    fn text(&mut self, units: CodeUnits, address: u32, length: u32) {
        let side = self.lane.src;
        let ty = side.pointer();
        let align = if side.encoding == StringEncoding::Utf8 { 1 } else { 2 };
        self.check_byte_length(length, ty, units.bytes(), TrapCode::StringTooLong);
        self.check_aligned(side, address, align);
        let bytes = Amount::Scaled { local: length, ty, scale: units.bytes() };
        self.check_bounds(side, address, bytes, TrapCode::StringOutOfBounds);
        self.charge_bytes(bytes);
        let text = Text { units, address, length };
        match self.lane.dst.encoding {
            StringEncoding::Utf8 => self.store_as_utf8(text),
            StringEncoding::Utf16 => self.store_as_utf16(text),
            StringEncoding::Latin1Utf16 => self.store_as_latin1_or_utf16(text),
        }
    }
}
