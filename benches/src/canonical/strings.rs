//! Rows of strings, in each encoding and from each to others.

use super::guest_loop::GuestLoop;
use super::lists::size;
use super::text::{ANSWER, DATA, RESET, TwoComponents, elements_hash, hash_elements, sparse};
use super::{CanonicalRow, checksum};
use std::rc::Rc;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How a side has its strings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PassedEncoding {
    Utf8,
    Utf16,
    /// Bytes where all characters are below 256, else UTF-16.
    Compact,
}

use PassedEncoding::{Compact, Utf8, Utf16};

/// What a text is made of.
#[derive(Clone, Copy)]
pub enum Script {
    Ascii,
    /// Of Latin-1, a letter in five beyond ASCII.
    Latin,
    Cjk,
}

/// A string as it lies in memory.
struct EncodedText {
    bytes: Vec<u8>,
    /// Of a unit.
    width: usize,
}

/// From which encoding to which, which text, and how many bytes it has.
type StringRow = ([PassedEncoding; 2], Script, usize);

/// The rows.
pub fn rows() -> Vec<CanonicalRow> {
    let row = |(encodings, script, bytes): StringRow| {
        let name = row_name(encodings, script, bytes);
        CanonicalRow::new("strings", &name, move |engines| passed(encodings, script, bytes).runs(engines))
    };
    table().into_iter().map(row).collect()
}

/// What the rows are of.
pub fn table() -> Vec<StringRow> {
    let mut rows = Vec::new();
    let mut add = |from, to, script, bytes| rows.push(([from, to], script, bytes));
    for bytes in [16, 64, 4 * KIB, MIB] {
        add(Utf8, Utf8, Script::Ascii, bytes);
    }
    for script in [Script::Latin, Script::Cjk] {
        for bytes in [4 * KIB, MIB] {
            add(Utf8, Utf8, script, bytes);
        }
    }
    for (from, to) in [(Utf8, Utf16), (Utf16, Utf8)] {
        for script in [Script::Ascii, Script::Latin, Script::Cjk] {
            for bytes in [16, 4 * KIB, MIB] {
                add(from, to, script, bytes);
            }
        }
    }
    let pairs =
        [(Utf16, Utf16), (Compact, Compact), (Compact, Utf8), (Compact, Utf16), (Utf8, Compact), (Utf16, Compact)];
    for (from, to) in pairs {
        for script in [Script::Ascii, Script::Latin, Script::Cjk] {
            add(from, to, script, 4 * KIB);
        }
    }
    rows
}

/// What such a row is called in its group.
pub fn row_name([from, to]: [PassedEncoding; 2], script: Script, bytes: usize) -> String {
    format!("{} to {}, {} of {}", name(from), name(to), size(bytes), script_name(script))
}

fn name(form: PassedEncoding) -> &'static str {
    match form {
        Utf8 => "utf8",
        Utf16 => "utf16",
        Compact => "latin1+utf16",
    }
}

fn script_name(script: Script) -> &'static str {
    match script {
        Script::Ascii => "ASCII",
        Script::Latin => "Latin",
        Script::Cjk => "CJK",
    }
}

/// The character at a place of a text. The first one is one of sixteen, all as long.
fn character(script: Script, at: usize, variant: u32) -> char {
    let letter = (at * 7 + at / 26) as u32;
    let code = match script {
        Script::Ascii if at == 0 => 0x61 + variant,
        Script::Latin if at == 0 => 0xe0 + variant,
        Script::Cjk if at == 0 => 0x4e00 + variant,
        Script::Ascii | Script::Latin if at % 6 == 5 => 0x20,
        Script::Latin if at % 5 == 2 => 0xe0 + letter % 23,
        Script::Ascii | Script::Latin => 0x61 + letter % 26,
        Script::Cjk => 0x4e00 + letter % 0x5000,
    };
    char::from_u32(code).expect("the code points of these scripts are characters")
}

/// How many characters take so many bytes, or up to two less.
pub fn length(script: Script, form: PassedEncoding, bytes: usize) -> usize {
    let width = |at| match (form, script) {
        (Utf8, _) => character(script, at, 0).len_utf8(),
        (Compact, Script::Ascii | Script::Latin) => 1,
        _ => 2,
    };
    let mut taken = 0;
    (0..)
        .find(|&at| {
            taken += width(at);
            taken > bytes
        })
        .expect("the bytes end")
}

fn encode(script: Script, form: PassedEncoding, text: &str) -> EncodedText {
    let compact = form == Compact && !matches!(script, Script::Cjk);
    match form {
        Utf8 => EncodedText { bytes: text.into(), width: 1 },
        _ if compact => EncodedText { bytes: text.chars().map(|char| char as u8).collect(), width: 1 },
        _ => EncodedText { bytes: text.encode_utf16().flat_map(u16::to_le_bytes).collect(), width: 2 },
    }
}

impl EncodedText {
    fn units(&self) -> Vec<u16> {
        match self.width {
            1 => self.bytes.iter().map(|&byte| byte.into()).collect(),
            _ => self.bytes.chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect(),
        }
    }

    /// The length as the canonical ABI has it, which says in which form a compact string is.
    fn tagged_length(&self, form: PassedEncoding) -> u32 {
        let tag = if form == Compact && self.width == 2 { 1 << 31 } else { 0 };
        (self.bytes.len() / self.width) as u32 | tag
    }
}

fn callee(form: PassedEncoding) -> String {
    let (narrow, wide) = (
        "(i64.load8_u (i32.add (local.get $at) (local.get $j)))",
        "(i64.load16_u (i32.add (local.get $at) (i32.shl (local.get $j) (i32.const 1))))",
    );
    let element = match form {
        Utf8 => narrow.to_owned(),
        Utf16 => wide.to_owned(),
        Compact => format!("(if (result i64) (local.get $wide) (then {wide}) (else {narrow}))"),
    };
    let hash = hash_elements(&element);
    format!(
        "(func (export \"f\")
          (param $i i32) (param $step i32) (param $at i32) (param $count i32) (result i64)
          (local $h i64) (local $j i32) (local $wide i32)
          (local.set $wide (i32.shr_u (local.get $count) (i32.const 31)))
          (local.set $count (i32.and (local.get $count) (i32.const 0x7fffffff)))
          {hash}
          (local.set $h (i64.add (i64.mul (local.get $h) (i64.const 31)) (i64.extend_i32_u (local.get $count))))
          (local.set $h (i64.add (local.get $h) (i64.extend_i32_u (local.get $wide))))
          {RESET} {ANSWER})"
    )
}

/// The first character is another one in each call.
pub fn passed([from, to]: [PassedEncoding; 2], script: Script, bytes: usize) -> GuestLoop {
    let length = length(script, from, bytes);
    let text = |variant| -> String { (0..length).map(|at| character(script, at, variant)).collect() };
    let source = encode(script, from, &text(0));
    let target = encode(script, to, &text(0));
    let other = encode(script, from, &text(1));
    let changed = (0..).find(|&at| source.bytes[at] != other.bytes[at]).expect("the first character is another one");
    let once = format!(
        "(i32.store8 (i32.const {}) (i32.add (i32.const {}) (i32.and (local.get $i) (i32.const 15))))
        (call $f (local.get $i) (local.get $step) (i32.const {DATA}) (i32.const {}))",
        DATA as usize + changed,
        source.bytes[changed],
        source.tagged_length(from),
    );
    let text = TwoComponents {
        ty: "(param \"i\" u32) (param \"step\" u32) (param \"text\" string) (result u64)",
        lowered: "(param i32 i32 i32 i32) (result i64)",
        encodings: [name(from), name(to)],
        callee: &callee(to),
        once: &once,
        data: &source.bytes,
        ..TwoComponents::default()
    }
    .text();
    let firsts: Vec<Vec<u16>> = (0..16)
        .map(|variant| encode(script, to, character(script, 0, variant).encode_utf8(&mut [0; 4])).units())
        .collect();
    let (units, wide) = (target.units(), target.tagged_length(to) >> 31);
    let count = units.len();
    let hash = move |i: u32, step| {
        let first = &firsts[(i & 15) as usize];
        let unit = |j: usize| u64::from(first.get(j).copied().unwrap_or(units[j]));
        let hash = elements_hash(i, step, count, unit).wrapping_mul(31);
        hash.wrapping_add(count as u64).wrapping_add(wide.into())
    };
    let expected = move |n, step| checksum(n, |i| hash(i, step), |_, answer| answer);
    GuestLoop::new(text, sparse(count), Rc::new(expected))
}
