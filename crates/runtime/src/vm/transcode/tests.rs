//! Transcoders beside what the standard library says.

use super::vectors::tests::without_byte_shuffles;
use super::*;

type Outcome = std::result::Result<(Transcoded, Vec<u8>), TrapCode>;

/// What room holds before.
const UNTOUCHED: u8 = 0xaa;

/// Which bit the tests have for UTF-16.
const TAG: u64 = 1 << 31;

const CHECKED_UTF8: [Transcode; 3] = [Transcode::Utf8ToUtf8, Transcode::Utf8ToUtf16, Transcode::Utf8ToLatin1];
const CHECKED_UTF16: [Transcode; 4] =
    [Transcode::Utf16ToUtf16, Transcode::Utf16ToUtf8, Transcode::Utf16ToLatin1, Transcode::Utf16ToLatin1OrUtf16];

/// Bytes at an even address.
fn even(bytes: &[u8]) -> Box<[u16]> {
    bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])).collect()
}

fn bytes_of(units: &mut [u16]) -> &mut [u8] {
    // SAFETY: V12: every bit pattern of a `u16` is two bytes.
    unsafe { units.align_to_mut::<u8>().1 }
}

/// How many bytes of room the contract gives for bytes of the source.
fn room(op: Transcode, src: &[u8]) -> usize {
    let contract = op.contract();
    src.len() / contract.source.bytes() as usize * (contract.room * contract.destination.bytes()) as usize
}

/// What a transcoder makes of bytes at an even address: what stands in the room of the contract then. Beyond that nothing is written.
fn run(op: Transcode, src: &[u8]) -> Outcome {
    let outcome = run_as_detected(op, src);
    assert!(without_byte_shuffles(|| run_as_detected(op, src)) == outcome, "{op:?} of {src:02x?} without shuffles");
    outcome
}

fn run_as_detected(op: Transcode, src: &[u8]) -> Outcome {
    let (mut from, room) = (even(src), room(op, src));
    let mut to = vec![u16::from_ne_bytes([UNTOUCHED; 2]); room.div_ceil(2) + 8];
    let to = bytes_of(&mut to);
    if op == Transcode::InflateLatin1 {
        to[..src.len()].copy_from_slice(src);
    }
    let outcome = transcode(op, &bytes_of(&mut from)[..src.len()], &mut to[..room], TAG);
    assert!(to[room..].iter().all(|byte| *byte == UNTOUCHED), "{op:?} wrote outside of its room");
    Ok((outcome?, to[..room].to_vec()))
}

/// What it should make of them.
fn expected(op: Transcode, src: &[u8]) -> Outcome {
    let units: Vec<u16> = src.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    let chars: Vec<char> = match op.contract().source {
        CodeUnits::Utf8 => std::str::from_utf8(src)?.chars().collect(),
        // What follows ASCII is not looked at.
        CodeUnits::Utf16 if op == Transcode::Utf16ToAscii => {
            units.iter().map(|unit| char::from_u32((*unit).into()).unwrap_or('\u{fffd}')).collect()
        }
        CodeUnits::Utf16 => {
            let chars = char::decode_utf16(units.iter().copied()).collect::<std::result::Result<_, _>>();
            chars.map_err(|_| TrapCode::InvalidUtf16)?
        }
        CodeUnits::Latin1 => src.iter().map(|byte| char::from(*byte)).collect(),
    };
    let limit = match op {
        Transcode::Utf16ToAscii | Transcode::Latin1ToAscii => '\u{7f}',
        Transcode::Utf8ToLatin1 | Transcode::Utf16ToLatin1 => '\u{ff}',
        _ => char::MAX,
    };
    let prefix: String = chars.iter().take_while(|char| **char <= limit).collect();
    let narrow = || prefix.chars().map(|char| u32::from(char) as u8).collect::<Vec<u8>>();
    let wide = || prefix.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut out = match op {
        _ if limit < char::MAX => narrow(),
        Transcode::Latin1ToLatin1 => narrow(),
        _ if op.contract().destination == CodeUnits::Utf16 => wide(),
        _ => prefix.clone().into(),
    };
    let read = match op.contract().source {
        CodeUnits::Utf8 => prefix.len(),
        CodeUnits::Utf16 => prefix.encode_utf16().count(),
        CodeUnits::Latin1 => prefix.chars().count(),
    };
    let mut done = Transcoded::new(read, out.len() / op.contract().destination.bytes() as usize);
    if op == Transcode::Utf16ToLatin1OrUtf16 {
        match chars.iter().all(|char| *char <= '\u{ff}') {
            // Narrowing in place leaves the second half as it was.
            true => out[..chars.len()].copy_from_slice(&narrow()),
            false => done.written |= TAG,
        }
    }
    out.resize(room(op, src), UNTOUCHED);
    Ok((done, out))
}

fn check(op: Transcode, src: &[u8]) {
    let src = &src[..src.len() - src.len() % op.contract().source.bytes() as usize];
    assert!(run(op, src) == expected(op, src), "{op:?} of {src:02x?}: {:02x?}", run(op, src));
}

/// In whatever encodings it has.
fn check_text(text: &str) {
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin1: Vec<u8> = text.chars().map(|char| u32::from(char) as u8).collect();
    for &op in Transcode::ALL {
        check(
            op,
            match op.contract().source {
                CodeUnits::Utf8 => text.as_bytes(),
                CodeUnits::Utf16 => &utf16,
                CodeUnits::Latin1 => &latin1,
            },
        );
    }
}

/// Characters of each length, at the ends of what has it.
const CHARS: [char; 14] = [
    '\0',
    'a',
    '\u{7f}',
    '\u{80}',
    '\u{bf}',
    '\u{c0}',
    '\u{ff}',
    '\u{100}',
    '\u{7ff}',
    '\u{800}',
    '\u{d7ff}',
    '\u{e000}',
    '\u{ffff}',
    '\u{1d11e}',
];

#[test]
fn strings_agree_with_the_standard_library_and_nothing_else_is_written() {
    for text in
        ["", "a", "plain ascii that is longer than a vector register", "naïve", "☃ snow", "𝄞𝄞", "aé☃𝄞", "\u{10ffff}"]
    {
        check_text(text);
    }
    // Each kind of character at each distance from blocks and from the end of the text.
    for char in CHARS {
        for length in (0..70).chain([125, 127, 128, 129, 200, 600]) {
            for after in [0, 1, 2, 7, 15, 16, 33, 64, 127] {
                let text = "a".repeat(length) + &char.to_string() + &"z".repeat(after);
                check_text(&text);
                check_text(&(text.clone() + &char.to_string().repeat(length)));
            }
        }
        check_text(&char.to_string().repeat(300));
    }
}

/// A sequence of numbers that looks like chance.
struct SeededNumbers(u64);

impl SeededNumbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn mixed_strings_agree_with_the_standard_library() {
    let mut numbers = SeededNumbers(1);
    for round in 0..3_000 {
        let kinds = 1 + round % CHARS.len();
        let start = numbers.below(CHARS.len());
        let mut text = String::new();
        for _ in 0..numbers.below(12) {
            let char = CHARS[(start + numbers.below(kinds)) % CHARS.len()];
            text.extend(std::iter::repeat_n(char, 1 + numbers.below(40)));
        }
        check_text(&text);
    }
}

/// Bytes and units of mixed texts that are replaced by others, at the ends of what those may be, or anything.
#[test]
fn damaged_strings_agree_with_the_standard_library() {
    const BYTES: [u8; 16] =
        [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xf0, 0xf4, 0xf5];
    const UNITS: [u16; 8] = [0x7f, 0x80, 0x7ff, 0x800, 0xd800, 0xdbff, 0xdc00, 0xdfff];
    let mut numbers = SeededNumbers(2);
    for _ in 0..4_000 {
        let length = 1 + numbers.below(90);
        let (start, kinds) = (numbers.below(CHARS.len()), 1 + numbers.below(CHARS.len()));
        let text: String = (0..length).map(|_| CHARS[(start + numbers.below(kinds)) % CHARS.len()]).collect();
        let mut utf16: Vec<u16> = text.encode_utf16().collect();
        let mut utf8 = text.into_bytes();
        for _ in 0..1 + numbers.below(2) {
            let (byte, unit) = (BYTES[numbers.below(BYTES.len())], UNITS[numbers.below(UNITS.len())]);
            let at = numbers.below(utf8.len());
            utf8[at] = if numbers.below(4) == 0 { numbers.below(256) as u8 } else { byte };
            let at = numbers.below(utf16.len());
            utf16[at] = unit;
        }
        let (first, last) = (numbers.below(utf8.len()), numbers.below(utf8.len()));
        for bytes in [&utf8[..], &utf8[first..], &utf8[..last]] {
            CHECKED_UTF8.iter().for_each(|&op| check(op, bytes));
        }
        let utf16: Vec<u8> = utf16.into_iter().flat_map(u16::to_le_bytes).collect();
        let half = 2 * numbers.below(utf16.len() / 2);
        for bytes in [&utf16[..], &utf16[half..], &utf16[..half]] {
            CHECKED_UTF16.iter().for_each(|&op| check(op, bytes));
        }
    }
}

/// All that is wrong with a unit or a character.
const BAD_UTF8: [&[u8]; 14] = [
    b"\xff",
    b"\xc3",
    b"\xe2\x98",
    b"\xf0\x9d\x84",
    b"\x80",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xc0\x80",
    b"\xe0\x9f\xbf",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"\xc3z",
    b"\xe2\x98z",
];
const BAD_UTF16: [&[u16]; 6] =
    [&[0xd800], &[0xdc00], &[0xdbff, 0x61], &[0xd800, 0xd800, 0xdc00], &[0xd800, 0xdc00, 0xdc00], &[0xdfff, 0xdbff]];

#[test]
fn bad_units_are_a_status_wherever_they_stand() {
    for filler in ["a", "é", "☃", "𝄞"] {
        for bad in BAD_UTF8 {
            for (before, after) in (0..70).flat_map(|before| [(before, 0), (before, 1), (before, 40)]) {
                let text = [filler.repeat(before).as_bytes(), bad, filler.repeat(after).as_bytes()].concat();
                CHECKED_UTF8.iter().for_each(|&op| check(op, &text));
            }
        }
        let units: Vec<u16> = filler.encode_utf16().collect();
        for bad in BAD_UTF16 {
            for (before, after) in (0..70).flat_map(|before| [(before, 0), (before, 1), (before, 40)]) {
                let text = [&*units.repeat(before), bad, &units.repeat(after)].concat();
                let text: Vec<u8> = text.into_iter().flat_map(u16::to_le_bytes).collect();
                CHECKED_UTF16.iter().for_each(|&op| check(op, &text));
                // It looks no further than ASCII goes.
                check(Transcode::Utf16ToAscii, &text);
            }
        }
    }
    for op in CHECKED_UTF8 {
        assert_eq!(run(op, b"a\xff").unwrap_err(), TrapCode::InvalidUtf8);
        assert_eq!(run(op, b"a\xc3").unwrap_err(), TrapCode::IncompleteUtf8);
    }
    for op in CHECKED_UTF16 {
        assert_eq!(run(op, &[0, 0xd8]).unwrap_err(), TrapCode::InvalidUtf16);
    }
}

fn call(op: Transcode, src: u64, length: u64, dst: u64) -> TranscodeCall {
    TranscodeCall { op, src, length, dst }
}

/// Whatever the ranges share, the outcome is as if the source had been read first.
#[test]
fn overlapping_ranges_are_read_first() {
    let text = "aé☃𝄞 and some more of it, é";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for &op in Transcode::ALL {
        let contract = op.contract();
        let (src, unit) = match contract.source {
            CodeUnits::Utf16 => (&*utf16, 2),
            _ => (text.as_bytes(), 1),
        };
        if op == Transcode::InflateLatin1 {
            continue;
        }
        let length = src.len() / unit;
        let step = contract.destination.bytes() as usize;
        for dst in (0..200).step_by(step) {
            let mut apart = vec![0_u16; 150];
            let mut within = vec![0_u16; 150];
            let (apart, within) = (bytes_of(&mut apart), bytes_of(&mut within));
            within[60..60 + src.len()].copy_from_slice(src);
            apart.copy_from_slice(within);
            let from = apart.to_vec();
            let call = call(op, 60, length as u64, dst as u64);
            let there = call.run(TranscodeMemories::Distinct(&from, apart), false).unwrap();
            let here = call.run(TranscodeMemories::Same(within), false).unwrap();
            assert_eq!(here, there, "{op:?} to {dst}");
            assert!(here.is_err() || apart == within, "{op:?} to {dst}");
        }
    }
}

#[test]
fn latin1_is_widened_in_place() {
    for length in 0..200 {
        let latin1: Vec<u8> = (0..length).map(|at| (at * 7 + 130) as u8).collect();
        let mut memory = [0x5555_u16; 256];
        let memory = bytes_of(&mut memory);
        memory[10..10 + length].copy_from_slice(&latin1);
        let call = call(Transcode::InflateLatin1, u64::MAX, length as u64, 10);
        assert!(call.run(TranscodeMemories::Same(memory), false).unwrap().is_ok());
        assert!(memory[..10].iter().chain(&memory[10 + 2 * length..]).all(|byte| *byte == 0x55));
        let wide: Vec<u8> = latin1.iter().flat_map(|byte| [*byte, 0]).collect();
        assert_eq!(memory[10..10 + 2 * length], wide);
    }
}

#[test]
fn a_tag_is_the_top_bit_of_a_length() {
    let from = even("☃☃".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().as_slice());
    let mut from = from;
    let mut to = [0_u16; 2];
    for (wide, tag) in [(false, 1 << 31), (true, 1 << 63)] {
        let memories = TranscodeMemories::Distinct(bytes_of(&mut from), bytes_of(&mut to));
        let done = call(Transcode::Utf16ToLatin1OrUtf16, 0, 2, 0).run(memories, wide).unwrap();
        assert_eq!(done, Ok(Transcoded { read: 2, written: 2 | tag }));
    }
}

#[test]
fn a_range_outside_of_a_memory_is_an_error() {
    let (src, mut dst) = ([b'a'; 8], [0_u16; 4]);
    for (from, length, to) in
        [(0, 9, 0), (u32::MAX.into(), 1, 0), (0, 4, 5), (8, 1, 0), (0, u64::MAX, 0), (u64::MAX, 1, 0)]
    {
        let memories = TranscodeMemories::Distinct(&src, bytes_of(&mut dst));
        assert!(call(Transcode::Utf8ToUtf8, from, length, to).run(memories, false).is_err());
    }
    // The room counts as a whole: 5 bytes of Latin-1 may be 10 of UTF-8.
    let memories = TranscodeMemories::Distinct(&src, bytes_of(&mut dst));
    let error = call(Transcode::Latin1ToUtf8, 0, 5, 0).run(memories, false).unwrap_err();
    assert!(error.to_string().contains("outside of a memory"), "{error}");
    let memories = TranscodeMemories::Distinct(&src, bytes_of(&mut dst));
    let done = call(Transcode::Latin1ToUtf8, 0, 3, 2).run(memories, false).unwrap();
    assert_eq!(
        (done, bytes_of(&mut dst)),
        (Ok(Transcoded { read: 3, written: 3 }), &mut b"\0\0aaa\0\0\0"[..].to_vec()[..])
    );
    // Code units of UTF-16 stand at even addresses.
    let memories = TranscodeMemories::Distinct(&src, bytes_of(&mut dst));
    assert!(call(Transcode::Utf8ToUtf16, 0, 3, 1).run(memories, false).is_err());
}

/// Characters and what is none at each place around where pieces of a long text end, which begin behind a first part of ASCII.
#[test]
fn what_lies_on_the_border_of_pieces_is_as_anywhere() {
    let utf16 = |units: &[u16]| units.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>();
    for (border, first) in [1 << 10, 4 << 10, 8 << 10].into_iter().flat_map(|border| [(border, "a"), (border, "é")]) {
        for before in border - 6..border + 3 {
            let start = first.to_string() + &"z".repeat(before);
            for char in ['\u{ff}', '☃', '𝄞'] {
                check_text(&(start.clone() + &char.to_string() + &"y".repeat(40)));
                check_text(&(start.clone() + &char.to_string() + &char.to_string().repeat(border / 2)));
            }
            for bad in BAD_UTF8 {
                for after in ["", "y", "☃"] {
                    let text = [start.as_bytes(), bad, after.as_bytes()].concat();
                    CHECKED_UTF8.iter().for_each(|&op| check(op, &text));
                }
            }
            let units: Vec<u16> = start.encode_utf16().collect();
            for bad in BAD_UTF16 {
                for after in [0, 1, 40] {
                    let text = utf16(&[&*units, bad, &vec![0x2603; after]].concat());
                    CHECKED_UTF16.iter().for_each(|&op| check(op, &text));
                }
            }
        }
    }
}
