//! Strings at the host's boundary: `load_string` and `store_string`. To a guest, the host is a peer whose strings are UTF-8.

use super::context::{LiftContext, LowerContext, slice_at};
use super::{CanonResult, MAX_BYTE_LENGTH};
use gusset_types::{PointerWidth, StringEncoding, TrapCode};

/// The bit of a length that says UTF-16 in `latin1+utf16`.
fn utf16_tag(width: PointerWidth) -> u64 {
    1 << (width.bytes() * 8 - 1)
}

impl LiftContext<'_> {
    /// The string at `at`, of `tagged` code units (`load_string_from_range`).
    pub(crate) fn string(&mut self, at: u64, tagged: u64) -> CanonResult<String> {
        let tag = utf16_tag(self.width);
        let (align, units, utf16) = match self.encoding {
            StringEncoding::Utf8 => (1, tagged, false),
            StringEncoding::Utf16 => (2, tagged, true),
            StringEncoding::Latin1Utf16 => (2, tagged & !tag, tagged & tag != 0),
        };
        let bytes = if utf16 { units.saturating_mul(2) } else { units };
        if bytes > MAX_BYTE_LENGTH {
            return Err(TrapCode::StringTooLong.with(units, if utf16 { 2 } else { 1 }).into());
        }
        if !at.is_multiple_of(align) {
            return Err(TrapCode::UnalignedPointer.with(at, align).into());
        }
        let source = slice_at(self.memory, at, bytes).ok_or(TrapCode::StringPointerOutOfBounds.with(at, bytes))?;
        if utf16 {
            return self.utf16(at, source);
        }
        match self.encoding {
            StringEncoding::Latin1Utf16 => {
                // From the first character on that is not ASCII, the decoder makes room for two bytes each.
                let ascii = encoding_rs::Encoding::ascii_valid_up_to(source) as u64;
                self.charge_block(2 * bytes - ascii)?;
                Ok(encoding_rs::mem::decode_latin1(source).into_owned())
            }
            _ => {
                let valid = simdutf8::basic::from_utf8(source).or_else(|_| std::str::from_utf8(source));
                let valid = valid.map_err(|error| TrapCode::from(error).with(at, bytes))?;
                let mut text = self.text(valid.len())?;
                text.push_str(valid);
                Ok(text)
            }
        }
    }

    /// Decodes UTF-16, once to measure and once to write: what is charged is what it takes.
    fn utf16(&mut self, at: u64, source: &[u8]) -> CanonResult<String> {
        let units = source.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        let mut bytes = 0;
        for c in char::decode_utf16(units.clone()) {
            bytes += c.map_err(|_| TrapCode::InvalidUtf16.with(at, source.len() as u64))?.len_utf8();
        }
        let mut text = self.text(bytes)?;
        text.extend(char::decode_utf16(units).map_while(Result::ok));
        Ok(text)
    }
}

impl LowerContext<'_> {
    /// Stores `text` in new memory and returns its address and length, tagged where the encoding has tags
    /// (`store_string_into_range`).
    pub(crate) fn string(&mut self, text: &str) -> CanonResult<(u64, u64)> {
        let bytes = text.len() as u64;
        // In UTF-16 no text has more code units than it has bytes in UTF-8, so twice this fits the allocator's range.
        if bytes > MAX_BYTE_LENGTH {
            return Err(TrapCode::StringTooLong.with(bytes, 1).into());
        }
        match self.encoding {
            StringEncoding::Utf8 => {
                let at = self.allocate(1, bytes)?;
                self.write(at, text.as_bytes())?;
                Ok((at, bytes))
            }
            StringEncoding::Utf16 => {
                let at = self.allocate(2, 2 * bytes)?;
                self.utf16(at, 0, text, 2 * bytes)
            }
            StringEncoding::Latin1Utf16 => self.latin1_or_utf16(text),
        }
    }

    /// Writes UTF-16 into `room` bytes at `at`, behind `units` code units that stand there already, then gives back what was not
    /// needed.
    fn utf16(&mut self, at: u64, mut units: u64, text: &str, room: u64) -> CanonResult<(u64, u64)> {
        let stored = 2 * units;
        for (unit, slot) in text.encode_utf16().zip(self.slice_mut(at + stored, room - stored)?.chunks_exact_mut(2)) {
            slot.copy_from_slice(&unit.to_le_bytes());
            units += 1;
        }
        let at = if 2 * units < room { self.reallocate(at, room, 2, 2 * units)? } else { at };
        Ok((at, units))
    }

    /// `store_string_to_latin1_or_utf16`: Latin-1 until a character does not fit; then what was stored is widened in its new
    /// place, and the rest follows as UTF-16.
    fn latin1_or_utf16(&mut self, text: &str) -> CanonResult<(u64, u64)> {
        let bytes = text.len() as u64;
        let at = self.allocate(2, bytes)?;
        let (latin1, rest) = text.split_at(encoding_rs::mem::str_latin1_up_to(text));
        let latin1 = encoding_rs::mem::encode_latin1_lossy(latin1);
        self.write(at, &latin1)?;
        let written = latin1.len() as u64;
        if rest.is_empty() {
            let at = if written < bytes { self.reallocate(at, bytes, 2, written)? } else { at };
            return Ok((at, written));
        }
        let at = self.reallocate(at, bytes, 2, 2 * bytes)?;
        // What `realloc` has moved there, whatever that is.
        let stored = self.slice_mut(at, 2 * written)?;
        for i in (0..latin1.len()).rev() {
            (stored[2 * i], stored[2 * i + 1]) = (stored[i], 0);
        }
        let (at, units) = self.utf16(at, written, rest, 2 * bytes)?;
        Ok((at, units | utf16_tag(self.width)))
    }
}
