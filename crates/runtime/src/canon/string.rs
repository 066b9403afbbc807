//! Strings at the host's boundary: `load_string` and `store_string`. To a guest, the host is a peer whose strings are UTF-8.

use super::budget::LiftBudget;
use super::context::{LiftContext, LowerContext, slice_at};
use super::{CanonResult, MAX_BYTE_LENGTH};
use gusset_types::{PointerWidth, StringEncoding, TrapCode, is_aligned};

/// The bit of a length that says UTF-16 in `latin1+utf16`.
#[inline]
fn utf16_tag(width: PointerWidth) -> u64 {
    1 << (width.bytes() * 8 - 1)
}

/// How the characters of a string that is lifted are written.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum StringForm {
    Utf8,
    Utf16,
    Latin1,
}

/// A string where it lies: its address, for traps, and its bytes. What they say has not been checked.
pub(crate) struct StringBytes<'a> {
    pub(crate) at: u64,
    pub(crate) bytes: &'a [u8],
    pub(crate) form: StringForm,
}

impl<'a> LiftContext<'a> {
    /// The string at `at`, of `tagged` code units (`load_string_from_range`).
    pub(crate) fn string(&mut self, at: u64, tagged: u64) -> CanonResult<String> {
        self.string_bytes(at, tagged)?.decode(&mut self.budget)
    }

    /// Where that string lies, after all checks but of its characters.
    #[inline]
    pub(crate) fn string_bytes(&self, at: u64, tagged: u64) -> CanonResult<StringBytes<'a>> {
        let tag = utf16_tag(self.width);
        let (align, units, form) = match self.encoding {
            StringEncoding::Utf8 => (1, tagged, StringForm::Utf8),
            StringEncoding::Utf16 => (2, tagged, StringForm::Utf16),
            StringEncoding::Latin1Utf16 if tagged & tag == 0 => (2, tagged, StringForm::Latin1),
            StringEncoding::Latin1Utf16 => (2, tagged & !tag, StringForm::Utf16),
        };
        let unit = if form == StringForm::Utf16 { 2 } else { 1 };
        let bytes = units.saturating_mul(unit);
        if bytes > MAX_BYTE_LENGTH {
            return Err(TrapCode::StringTooLong.with(units, unit).into());
        }
        if !is_aligned(at, align) {
            return Err(TrapCode::UnalignedPointer.with(at, align.into()).into());
        }
        self.copies(bytes);
        let source = slice_at(self.memory, at, bytes).ok_or(TrapCode::StringPointerOutOfBounds.with(at, bytes))?;
        Ok(StringBytes { at, bytes: source, form })
    }
}

impl<'a> StringBytes<'a> {
    /// The text, a copy that is charged.
    pub(crate) fn decode(&self, budget: &mut LiftBudget) -> CanonResult<String> {
        match self.form {
            StringForm::Utf8 => {
                let valid = self.utf8()?;
                let mut text = budget.text(valid.len())?;
                text.push_str(valid);
                Ok(text)
            }
            StringForm::Utf16 => self.utf16(budget),
            StringForm::Latin1 => {
                // From the first character on that is not ASCII, the decoder makes room for two bytes each.
                let ascii = encoding_rs::Encoding::ascii_valid_up_to(self.bytes) as u64;
                budget.charge(2 * self.bytes.len() as u64 - ascii)?;
                Ok(encoding_rs::mem::decode_latin1(self.bytes).into_owned())
            }
        }
    }

    /// The text as it lies there, if it is UTF-8.
    #[inline]
    pub(crate) fn utf8(&self) -> CanonResult<&'a str> {
        let valid = simdutf8::basic::from_utf8(self.bytes).or_else(|_| std::str::from_utf8(self.bytes));
        valid.map_err(|error| TrapCode::from(error).with(self.at, self.bytes.len() as u64).into())
    }

    /// Decodes UTF-16, once to measure and once to write: what is charged is what it takes.
    fn utf16(&self, budget: &mut LiftBudget) -> CanonResult<String> {
        let units = self.bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        let mut bytes = 0;
        for c in char::decode_utf16(units.clone()) {
            bytes += c.map_err(|_| TrapCode::InvalidUtf16.with(self.at, self.bytes.len() as u64))?.len_utf8();
        }
        let mut text = budget.text(bytes)?;
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
