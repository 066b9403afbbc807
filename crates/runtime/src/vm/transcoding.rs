//! Transcoders as compiled code calls them: between two memories of the calling instance. One that has much to do does it in pieces, and
//! the deadline is looked at between two. What comes of it is the same.

use super::builtins::{Caller, caller, leave_after_panic, leave_with, store_context};
use super::context::RawStoreContext;
use super::metering::ask_whether_to_go_on;
use super::store::VmStore;
use super::transcode::{TranscodeCall, TranscodeMemories, Transcoded};
use super::unwind::leave;
use crate::error::{Result, bail};
use gusset_artifact::{TRANSCODE_STATUS_SHIFT, TranscoderImport};
use gusset_types::{CodeUnits, Transcode, TranscodeResult, TrapCode};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes of a source that are transcoded at once: a small part of a millisecond.
const PIECE_BYTES: u64 = 1 << 20;

/// What compiled code gets.
#[repr(C)]
pub(super) struct TranscodeResults {
    first: u64,
    second: u64,
}

impl TranscodeResults {
    /// Those of an operation in the contract's order, or the status.
    #[inline]
    fn new(op: Transcode, transcoded: Result<Transcoded, TrapCode>) -> TranscodeResults {
        match (transcoded, op.contract().results) {
            (Ok(Transcoded { read, written }), [TranscodeResult::Read, ..]) => {
                TranscodeResults { first: read, second: written }
            }
            (Ok(Transcoded { written, .. }), _) => TranscodeResults { first: written, second: 0 },
            (Err(code), _) => TranscodeResults { first: 0, second: (code as u64) << TRANSCODE_STATUS_SHIFT },
        }
    }
}

/// How far a call has come.
enum Progress {
    Done(TranscodeResults),
    Pieces(StringPieces),
}

/// A transcoder that compiled code calls.
pub(super) unsafe extern "C" fn transcode(
    context: Caller,
    transcoder: u64,
    src: u64,
    length: u64,
    dst: u64,
) -> TranscodeResults {
    // SAFETY: V1, V3: compiled code passes its context, and holds no borrow of the store.
    let (raw, late) = unsafe { (store_context(context), caller(context).0.is_late()) };
    if late {
        // SAFETY: V1, V3: compiled code calls, and nothing borrows the store.
        unsafe { look_at_deadline(raw) };
    }
    let begin = || {
        // SAFETY: V1, V3: as above.
        let (store, instance) = unsafe { caller(context) };
        let Some(TranscoderImport { op, src: from, dst: to }) = TranscoderImport::from_number(transcoder) else {
            bail!("internal error: compiled code calls no transcoder");
        };
        let (from, to) = (store.memory_number(instance, from), store.memory_number(instance, to));
        let call = TranscodeCall { op, src, length, dst };
        // No unit is longer than two bytes.
        if length > PIECE_BYTES / 2
            && store.engine().config().epoch_interruption
            && let Some(pieces) = StringPieces::of(call, from, to)
        {
            return Ok(Progress::Pieces(pieces));
        }
        Ok(Progress::Done(TranscodeResults::new(op, store.transcode(call, from, to)?)))
    };
    // SAFETY: V1, V3: as above; what is in scope has no destructor.
    match unsafe { guarded(raw, begin) } {
        Progress::Done(results) => results,
        // SAFETY: V1, V3: as above.
        Progress::Pieces(pieces) => unsafe { transcode_pieces(context, pieces) },
    }
}

/// # Safety
///
/// Called by the builtin that compiled code called with that context, and that holds nothing to drop.
#[cold]
unsafe fn transcode_pieces(context: Caller, mut pieces: StringPieces) -> TranscodeResults {
    // SAFETY: V3: compiled code passes its context.
    let raw = unsafe { store_context(context) };
    loop {
        // SAFETY: V1, V3: as above; nothing else borrows the store, which is let go before the host is asked.
        let piece = || unsafe { caller(context) }.0.transcode_piece(&mut pieces, PIECE_BYTES);
        // SAFETY: V1, V3: as the caller says.
        let transcoded = unsafe { guarded(raw, piece) };
        // SAFETY: V1, V3: as above.
        unsafe { look_at_deadline(raw) };
        if let Some(transcoded) = transcoded {
            return TranscodeResults::new(pieces.op, transcoded);
        }
    }
}

/// What comes of `work`; the guest is left with an error, or after a panic, if nothing does.
///
/// # Safety
///
/// Called by a builtin that compiled code called, in the store with that context, and that holds nothing to drop.
unsafe fn guarded<R>(raw: &RawStoreContext, work: impl FnOnce() -> Result<R>) -> R {
    // SAFETY: V3, V9: as the caller says; the error or the payload is given away.
    unsafe {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => leave_with(raw, error),
            Err(payload) => leave_after_panic(raw, "transcode", payload),
        }
    }
}

/// Leaves the guest if its deadline has come.
///
/// # Safety
///
/// As for [`guarded`], while nobody has a borrow of the store.
unsafe fn look_at_deadline(raw: &RawStoreContext) {
    // SAFETY: V1, V8, V9: as the caller says; the stub recorded its caller.
    unsafe {
        if raw.is_late() && !ask_whether_to_go_on(raw) {
            leave(raw);
        }
    }
}

impl VmStore {
    /// Runs a transcoder between memories, given by their positions. What is wrong with code units is an outcome.
    ///
    /// # Errors
    ///
    /// One that is our own fault when a range is not within its memory.
    #[inline]
    fn transcode(&mut self, call: TranscodeCall, from: usize, to: usize) -> Result<Result<Transcoded, TrapCode>> {
        let wide = self.memories[to].memory.declared_type().memory64;
        if from == to {
            let memory = self.memories[to].memory.own_mut().bytes_mut();
            return call.run(TranscodeMemories::Same(memory), wide);
        }
        let [from, to] = self.memories.get_disjoint_mut([from, to]).expect("memories of an instance exist");
        let (from, to) = (from.memory.own().bytes(), to.memory.own_mut().bytes_mut());
        call.run(TranscodeMemories::Distinct(from, to), wide)
    }

    /// Does the next piece, of so many bytes of the source; the outcome of it all, if that was the last one.
    ///
    /// # Errors
    ///
    /// As for [`transcode`](VmStore::transcode).
    fn transcode_piece(
        &mut self,
        pieces: &mut StringPieces,
        most: u64,
    ) -> Result<Option<Result<Transcoded, TrapCode>>> {
        let (from, to) = (pieces.from, pieces.to);
        let length = pieces.next_length(self.memories[from].memory.own().bytes(), most);
        match self.transcode(pieces.call(length), from, to)? {
            Ok(transcoded) => Ok(pieces.advance(length, transcoded).map(Ok)),
            // What is wrong with a piece alone need not be what is wrong with the whole.
            Err(_) => Ok(Some(self.transcode(pieces.whole(), from, to)?)),
        }
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
    op: Transcode,
    /// The positions of the memories.
    from: usize,
    to: usize,
    src: StringRange,
    dst: StringRange,
    /// Units of the source.
    length: u64,
    done: Transcoded,
}

impl StringPieces {
    /// `None` for what is not done in pieces: what has to be looked at as a whole before anything is written, or overlaps.
    fn of(call: TranscodeCall, from: usize, to: usize) -> Option<StringPieces> {
        match call.op {
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
        let contract = call.op.contract();
        let src = StringRange { start: call.src, units: contract.source };
        let dst = StringRange { start: call.dst, units: contract.destination };
        let (src_end, room) = (src.at(call.length), dst.at(call.length.checked_mul(contract.room.into())?));
        if from == to && src.start < room && dst.start < src_end {
            return None;
        }
        Some(StringPieces { op: call.op, from, to, src, dst, length: call.length, done: Transcoded::default() })
    }

    /// How many units come next: some, of which none is half of a character.
    fn next_length(&self, memory: &[u8], most: u64) -> u64 {
        let read = self.done.read;
        let (left, at_once) = (self.length - read, (most / u64::from(self.src.units.bytes())).max(4));
        if left <= at_once {
            return left;
        }
        let byte = |at: u64| usize::try_from(at).ok().and_then(|at| memory.get(at)).copied().unwrap_or_default();
        let end = read + at_once;
        let is_whole = |end: &u64| match self.src.units {
            CodeUnits::Utf8 => byte(self.src.at(*end)) & 0xc0 != 0x80,
            CodeUnits::Utf16 => byte(self.src.at(*end).saturating_sub(1)) & 0xfc != 0xd8,
            CodeUnits::Latin1 => true,
        };
        // Where there is no such end, it is no text, which transcoding will tell.
        (end - 3..=end).rev().find(is_whole).unwrap_or(end) - read
    }

    /// What the transcoder is given for the next units.
    fn call(&self, length: u64) -> TranscodeCall {
        let (src, dst) = (self.src.at(self.done.read), self.dst.at(self.done.written));
        TranscodeCall { op: self.op, src, length, dst }
    }

    /// What it was given at first.
    fn whole(&self) -> TranscodeCall {
        TranscodeCall { op: self.op, src: self.src.start, length: self.length, dst: self.dst.start }
    }

    /// Takes note of what was done of so many units; what came of it all, if it does not go on.
    fn advance(&mut self, length: u64, piece: Transcoded) -> Option<Transcoded> {
        self.done.read += piece.read;
        self.done.written += piece.written;
        (piece.read < length || self.done.read == self.length).then_some(self.done)
    }
}

#[cfg(all(test, feature = "compile", feature = "wat"))]
mod tests {
    use super::*;
    use crate::core::{Instance, Module};
    use crate::{AsContextMut, Config, Engine, Store};

    /// The store of two memories, at the first positions.
    fn store(engine: &Engine) -> Store<()> {
        let mut store = Store::new(engine, ());
        store.set_epoch_deadline(u64::MAX);
        let module = Module::new(engine, "(module (memory 1) (memory 1))").unwrap();
        Instance::new(&mut store, &module, &[]).unwrap();
        store
    }

    /// What a transcoder makes of bytes, done in pieces of so many bytes, or as a whole: its results and the destination's memory.
    fn run(
        store: &mut VmStore,
        op: Transcode,
        bytes: &[u8],
        piece: Option<u64>,
        same: bool,
    ) -> (Result<Transcoded, TrapCode>, Vec<u8>) {
        let (from, to) = (0, usize::from(!same));
        for memory in [from, to] {
            store.memories[memory].memory.own_mut().bytes_mut().fill(0);
        }
        store.memories[from].memory.own_mut().bytes_mut()[2..2 + bytes.len()].copy_from_slice(bytes);
        let length = bytes.len() as u64 / u64::from(op.contract().source.bytes());
        let call = TranscodeCall { op, src: 2, length, dst: 10_000 };
        let outcome = match piece {
            Some(piece) => {
                let mut pieces = StringPieces::of(call, from, to).expect("it can be done in pieces");
                loop {
                    if let Some(outcome) = store.transcode_piece(&mut pieces, piece).unwrap() {
                        break outcome;
                    }
                }
            }
            None => store.transcode(call, from, to).unwrap(),
        };
        let written =
            if outcome.is_ok() { store.memories[to].memory.own().bytes()[9_990..20_000].to_vec() } else { Vec::new() };
        (outcome, written)
    }

    #[test]
    fn pieces_make_the_same_of_any_string() {
        let engine = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        let mut store = store(&engine);
        let store = &mut store.as_context_mut().0.vm;
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
                    let call = TranscodeCall { op, src: 2, length: bytes.len() as u64, dst: 10_000 };
                    if StringPieces::of(call, 0, usize::from(!same)).is_none() {
                        continue;
                    }
                    let whole = run(store, op, bytes, None, same);
                    for piece in [1, 5, 6, 7, 8, 9, 16] {
                        assert_eq!(run(store, op, bytes, Some(piece), same), whole, "{op:?} {bytes:?} {piece}");
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 1000);
    }

    #[test]
    fn what_overlaps_is_not_divided() {
        // Ten bytes, and room for twenty.
        for (dst, divided) in [(0, true), (80, true), (81, false), (100, false), (109, false), (110, true)] {
            let call = TranscodeCall { op: Transcode::Utf8ToUtf16, src: 100, length: 10, dst };
            assert_eq!(StringPieces::of(call, 0, 0).is_some(), divided, "{dst}");
            assert!(StringPieces::of(call, 0, 1).is_some());
        }
    }

    #[test]
    fn a_range_outside_of_a_memory_is_an_error() {
        let engine = Engine::default();
        let mut store = store(&engine);
        let store = &mut store.as_context_mut().0.vm;
        let page = 1 << 16;
        for (from, to) in [(0, 1), (1, 0), (0, 0)] {
            for &op in Transcode::ALL {
                let contract = op.contract();
                let (source, room) =
                    (u64::from(contract.source.bytes()), u64::from(contract.room * contract.destination.bytes()));
                let mut run = |src, length, dst| store.transcode(TranscodeCall { op, src, length, dst }, from, to);
                let fits = |outcome: Result<Result<Transcoded, TrapCode>>| outcome.is_ok();
                assert!(fits(run(page - 4 * source, 4, 0)) && fits(run(0, 4, page - 4 * room)), "{op:?}");
                assert!(fits(run(page, 0, page)), "{op:?}");
                for (src, length, dst) in [
                    (0, 4, page - 4 * room + 1),
                    (0, 4, page),
                    (0, 4, u64::MAX),
                    (0, u64::MAX, 0),
                    (0, u64::MAX / 2 + 1, 0),
                    (0, u64::MAX / 3 + 1, 0),
                    (0, 0, page + 1),
                ] {
                    assert!(!fits(run(src, length, dst)), "{op:?} {src} {length} {dst}");
                }
                if op != Transcode::InflateLatin1 {
                    for (src, length) in [(page - 4 * source + 1, 4), (page, 1), (u64::MAX, 1), (page + 1, 0)] {
                        assert!(!fits(run(src, length, 0)), "{op:?} {src} {length}");
                    }
                }
            }
        }
    }
}
