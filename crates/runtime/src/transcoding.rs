//! Strings that adapters pass, however long: a transcoder that has much to do does it in pieces, and the deadline is looked at between
//! two. What comes of it is the same.

use crate::error::Result;
use crate::store::StoreInner;
use crate::vm::{MemoryHandle, RawValue, Transcoder};
use gusset_types::{CodeUnits, Transcode, TranscodeResult};

/// Bytes of a source that are transcoded at once: a small part of a millisecond.
const PIECE_BYTES: u64 = 1 << 20;

impl<T: 'static> StoreInner<T> {
    /// Runs a transcoder that an adapter calls; `values` holds its parameters and then its results.
    ///
    /// # Errors
    ///
    /// When the guest's deadline has come; an error that is our own fault when a range is not within its memory.
    pub(crate) fn transcode(
        &mut self,
        transcoder: Transcoder,
        src: MemoryHandle,
        dst: MemoryHandle,
        values: &mut [RawValue],
    ) -> Result<()> {
        self.check_deadline()?;
        // No unit is longer than two bytes.
        if transcoder.length(values) > PIECE_BYTES / 2 {
            return self.transcode_long(transcoder, src, dst, values);
        }
        self.vm.transcode(transcoder, src, dst, values)
    }

    #[cold]
    fn transcode_long(
        &mut self,
        transcoder: Transcoder,
        src: MemoryHandle,
        dst: MemoryHandle,
        values: &mut [RawValue],
    ) -> Result<()> {
        let divided = match self.vm.engine().config().epoch_interruption {
            true => StringPieces::of(transcoder, src == dst, values),
            false => None,
        };
        match divided {
            Some(pieces) => self.transcode_pieces(pieces, PIECE_BYTES, src, dst, values),
            None => self.vm.transcode(transcoder, src, dst, values),
        }
    }

    /// Does it in pieces of so many bytes of the source.
    fn transcode_pieces(
        &mut self,
        mut pieces: StringPieces,
        most: u64,
        src: MemoryHandle,
        dst: MemoryHandle,
        values: &mut [RawValue],
    ) -> Result<()> {
        while pieces.read < pieces.length {
            let length = pieces.next_length(self.vm.memory(src), most);
            let mut piece = pieces.values(length);
            self.vm.transcode(pieces.transcoder, src, dst, &mut piece)?;
            if pieces.status(&piece) != 0 {
                // What is wrong with a piece alone need not be what is wrong with the whole.
                return self.vm.transcode(pieces.transcoder, src, dst, values);
            }
            if !pieces.advance(length, &piece) {
                break;
            }
            self.check_deadline()?;
        }
        pieces.finish(values);
        Ok(())
    }
}

/// A range of a memory, in code units.
#[derive(Clone, Copy)]
struct StringRange {
    start: u64,
    units: CodeUnits,
}

impl StringRange {
    /// Bytes of so many units.
    fn bytes(self, length: u64) -> Option<u64> {
        length.checked_mul(self.units.bytes().into())
    }

    /// Where the unit of that number stands.
    fn at(self, number: u64) -> u64 {
        self.start.saturating_add(self.bytes(number).unwrap_or(u64::MAX))
    }
}

/// What a transcoder is to do, and how far it has come.
struct StringPieces {
    transcoder: Transcoder,
    src: StringRange,
    dst: StringRange,
    /// Units of the source.
    length: u64,
    read: u64,
    written: u64,
}

impl StringPieces {
    /// `None` for what is not done in pieces: what has to be looked at as a whole before anything is written, or overlaps.
    fn of(transcoder: Transcoder, same_memory: bool, values: &[RawValue]) -> Option<StringPieces> {
        match transcoder.op {
            Transcode::Utf8ToUtf8
            | Transcode::Utf16ToUtf16
            | Transcode::Latin1ToLatin1
            | Transcode::Latin1ToUtf16
            | Transcode::Utf8ToUtf16
            | Transcode::Utf16ToUtf8
            | Transcode::Latin1ToUtf8
            | Transcode::Utf16ToAscii
            | Transcode::Latin1ToAscii => {}
            Transcode::Utf8ToLatin1
            | Transcode::Utf16ToLatin1
            | Transcode::Utf16ToLatin1OrUtf16
            | Transcode::InflateLatin1 => return None,
        }
        let contract = transcoder.op.contract();
        let [src, length, dst] = transcoder.parameters(values);
        let src = StringRange { start: src, units: contract.source };
        let dst = StringRange { start: dst, units: contract.destination };
        let (src_end, room) = (src.at(length), dst.at(length.checked_mul(contract.room.into())?));
        if same_memory && src.start < room && dst.start < src_end {
            return None;
        }
        Some(StringPieces { transcoder, src, dst, length, read: 0, written: 0 })
    }

    /// How many units come next: some, of which none is half of a character.
    fn next_length(&self, memory: &[u8], most: u64) -> u64 {
        let (left, at_once) = (self.length - self.read, (most / u64::from(self.src.units.bytes())).max(4));
        if left <= at_once {
            return left;
        }
        let byte = |at: u64| usize::try_from(at).ok().and_then(|at| memory.get(at)).copied().unwrap_or_default();
        let end = self.read + at_once;
        let is_whole = |end: &u64| match self.src.units {
            CodeUnits::Utf8 => byte(self.src.at(*end)) & 0xc0 != 0x80,
            CodeUnits::Utf16 => byte(self.src.at(*end).saturating_sub(1)) & 0xfc != 0xd8,
            CodeUnits::Latin1 => true,
        };
        // Where there is no such end, it is no text, which transcoding will tell.
        (end - 3..=end).rev().find(is_whole).unwrap_or(end) - self.read
    }

    /// What the transcoder is given for the next units.
    fn values(&self, length: u64) -> [RawValue; 3] {
        [self.src.at(self.read), length, self.dst.at(self.written)].map(RawValue::from_u64)
    }

    /// What is wrong with the units.
    fn status(&self, values: &[RawValue]) -> u32 {
        let contract = self.transcoder.op.contract();
        if contract.invalid.is_empty() { 0 } else { values[contract.results.len()].u32() }
    }

    /// Takes note of what was done; whether it goes on.
    fn advance(&mut self, length: u64, values: &[RawValue]) -> bool {
        let (read, written) = match *self.transcoder.op.contract().results {
            [TranscodeResult::Read] => (values[0].u64(), values[0].u64()),
            [TranscodeResult::Written] => (length, values[0].u64()),
            _ => (length, length),
        };
        self.read += read;
        self.written += written;
        read == length
    }

    /// The results of it all.
    fn finish(&self, values: &mut [RawValue]) {
        let contract = self.transcoder.op.contract();
        match *contract.results {
            [TranscodeResult::Read] => values[0] = RawValue::from_u64(self.read),
            [TranscodeResult::Written] => values[0] = RawValue::from_u64(self.written),
            _ => {}
        }
        if !contract.invalid.is_empty() {
            values[contract.results.len()] = RawValue::from_u64(0);
        }
    }
}

#[cfg(all(test, feature = "compile", feature = "wat"))]
mod tests {
    use super::*;
    use crate::core::{Instance, Module};
    use crate::{Config, Engine, Store};
    use gusset_types::PointerWidth;

    /// What a transcoder makes of bytes, done in pieces of so many bytes, or as a whole: its results and the destination's memory.
    fn run(store: &mut Store<()>, op: Transcode, bytes: &[u8], piece: Option<u64>, same: bool) -> ([u64; 2], Vec<u8>) {
        let text = r#"(module (memory (export "a") 1) (memory (export "b") 1))"#;
        let module = Module::new(store.engine(), text).unwrap();
        let instance = Instance::new(&mut *store, &module, &[]).unwrap();
        let inner = &mut *store.0;
        let names = if same { ["a", "a"] } else { ["a", "b"] };
        let [src, dst] = names.map(|name| {
            let memory = instance.get_memory(crate::store::StoreContextMut(inner), name).expect("it is exported");
            memory.handle(&inner.vm).unwrap()
        });
        inner.vm.memory_mut(src)[2..2 + bytes.len()].copy_from_slice(bytes);
        let length = bytes.len() as u32 / op.contract().source.bytes();
        let mut values = [2, length, 10_000].map(RawValue::from_u32);
        let transcoder = Transcoder { op, src_width: PointerWidth::Memory32, dst_width: PointerWidth::Memory32 };
        match piece {
            Some(piece) => {
                let pieces = StringPieces::of(transcoder, same, &values).expect("it can be done in pieces");
                inner.transcode_pieces(pieces, piece, src, dst, &mut values).unwrap();
            }
            None => inner.vm.transcode(transcoder, src, dst, &mut values).unwrap(),
        }
        let contract = op.contract();
        let status = if contract.invalid.is_empty() { 0 } else { values[contract.results.len()].u32() };
        let result = if contract.results.is_empty() || status != 0 { 0 } else { values[0].u64() };
        let written = if status == 0 { inner.vm.memory(dst)[9_990..20_000].to_vec() } else { Vec::new() };
        ([result, status.into()], written)
    }

    #[test]
    fn pieces_make_the_same_of_any_string() {
        let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX);
        let texts = [
            "",
            "a",
            "ascii alone, and some of it",
            "na\u{ef}ve caf\u{e9} \u{ff}",
            "\u{2603}\u{2603} snow \u{1d11e}\u{1d11e}\u{1d11e} and more",
        ];
        let mut inputs: Vec<Vec<u8>> = Vec::new();
        for text in texts {
            inputs.push(text.into());
            inputs.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        // No text of one or the other kind.
        inputs.extend(
            [
                &b"abcdefg\xe2\x82z abc"[..],
                b"abcd\x80\x80\x80\x80\x80abcd",
                b"abcdefgh\xe2\x82",
                b"a\0b\0c\0\x00\xd8d\0e\0",
            ]
            .map(Vec::from),
        );
        let mut seen = 0;
        for &op in Transcode::ALL {
            for bytes in &inputs {
                let bytes = &bytes
                    [..bytes.len() / op.contract().source.bytes() as usize * op.contract().source.bytes() as usize];
                for same in [false, true] {
                    let values = [2, bytes.len() as u32, 10_000].map(RawValue::from_u32);
                    let transcoder =
                        Transcoder { op, src_width: PointerWidth::Memory32, dst_width: PointerWidth::Memory32 };
                    if StringPieces::of(transcoder, same, &values).is_none() {
                        continue;
                    }
                    let whole = run(&mut store, op, bytes, None, same);
                    for piece in [1, 5, 6, 7, 8, 9, 16] {
                        assert_eq!(run(&mut store, op, bytes, Some(piece), same), whole, "{op:?} {bytes:?} {piece}");
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 1000);
    }

    #[test]
    fn what_overlaps_is_not_divided() {
        let op = Transcode::Utf8ToUtf16;
        let transcoder = Transcoder { op, src_width: PointerWidth::Memory32, dst_width: PointerWidth::Memory32 };
        // Ten bytes, and room for twenty.
        for (dst, divided) in [(0, true), (80, true), (81, false), (100, false), (109, false), (110, true)] {
            let values = [100, 10, dst].map(RawValue::from_u32);
            assert_eq!(StringPieces::of(transcoder, true, &values).is_some(), divided, "{dst}");
            assert!(StringPieces::of(transcoder, false, &values).is_some());
        }
    }
}
