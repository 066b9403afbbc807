//! Short texts between components of other encodings, beside what the standard library says: all kinds of characters and of what is none, in
//! each place and of each length up to where a transcoder takes over; and that nothing else is written.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Engine, Instance, Linker, Store, Trap, TrapCode, TypedFunc};

/// What the callee's memory has where nothing was written.
const UNTOUCHED: u8 = 0xaa;

/// How many bytes behind a text are looked at.
const BEHIND: usize = 24;

/// The longest texts, in bytes of the source; no power of two is near but that up to which they are short.
const LONGEST: usize = 36;

/// The module that both components have. A block that is the last one grows and shrinks where it is.
const LIBC: &str = r#"
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func $reset (global.set $next (i32.const 1024)) (memory.fill (i32.const 1024) (i32.const 0xaa) (i32.const 2048)))
    (func (export "reset") (param i32) (call $reset))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (if (i32.eqz (local.get $old)) (then
        (local.set $old (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))))
      (global.set $next (i32.add (local.get $old) (local.get $size)))
      (local.get $old))
    (start $reset)"#;

/// A component whose `run` passes bytes on as a text of so many units, and gives back what the callee has then, and what stands behind it.
fn composition(from: &str, to: &str, width: u32) -> String {
    format!(
        r#"(component
          (component $lib
            (core module $m {LIBC}
              (func (export "f") (param i32 i32) (result i32)
                (i32.store (i32.const 8) (local.get 0))
                (i32.store (i32.const 12)
                  (i32.add (i32.mul (local.get 1) (i32.const {width})) (i32.const {BEHIND})))
                (i32.const 8)))
            (core instance $i (instantiate $m))
            (func (export "f") (param "text" string) (result (list u8)) (canon lift (core func $i "f")
              (memory (core memory $i "memory")) (realloc (core func $i "realloc"))
              (post-return (core func $i "reset")) string-encoding={to})))
          (component $app
            (import "f" (func $f (param "text" string) (result (list u8))))
            (core module $libc {LIBC})
            (core instance $libc (instantiate $libc))
            (core func $f (canon lower (func $f)
              (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")) string-encoding={from}))
            (core module $m
              (import "" "f" (func $f (param i32 i32 i32)))
              (func (export "run") (param $at i32) (param $bytes i32) (param $units i32) (result i32)
                (call $f (local.get $at) (local.get $units) (i32.const 16))
                (i32.const 16)))
            (core instance $i (instantiate $m (with "" (instance (export "f" (func $f))))))
            (func (export "run") (param "bytes" (list u8)) (param "units" u32) (result (list u8))
              (canon lift (core func $i "run") (memory (core memory $libc "memory"))
                (realloc (core func $libc "realloc")) (post-return (core func $libc "reset")))))
          (instance $lib (instantiate $lib))
          (instance $app (instantiate $app (with "f" (func $lib "f"))))
          (export "run" (func $app "run")))"#
    )
}

type Run = TypedFunc<(Vec<u8>, u32), (Vec<u8>,)>;

/// One pair of encodings.
struct ShortTextPair {
    engine: Engine,
    component: Component,
    /// Bytes of a unit of the source.
    unit: usize,
    live: (Store<()>, Instance, Run),
    expected: fn(&[u8]) -> Result<Vec<u8>, TrapCode>,
    seen: u32,
}

impl ShortTextPair {
    fn new(from: &str, to: &str, unit: usize, expected: fn(&[u8]) -> Result<Vec<u8>, TrapCode>) -> ShortTextPair {
        let engine = Engine::default();
        let width = if to == "utf16" { 2 } else { 1 };
        let component = Component::new(&engine, composition(from, to, width)).unwrap();
        let live = ShortTextPair::instantiate(&engine, &component);
        ShortTextPair { engine, component, unit, live, expected, seen: 0 }
    }

    fn instantiate(engine: &Engine, component: &Component) -> (Store<()>, Instance, Run) {
        let mut store = Store::new(engine, ());
        let instance = Linker::new(engine).instantiate(&mut store, component).unwrap();
        let run = instance.get_typed_func(&mut store, "run").unwrap();
        (store, instance, run)
    }

    fn check(&mut self, bytes: &[u8]) {
        self.seen += 1;
        let (store, _, run) = &mut self.live;
        let outcome = run.call(store, (bytes.to_vec(), (bytes.len() / self.unit) as u32));
        match ((self.expected)(bytes), outcome) {
            (Ok(mut text), Ok((found,))) => {
                text.extend([UNTOUCHED; BEHIND]);
                assert!(found == text, "{bytes:02x?} became {found:02x?}, not {text:02x?}");
            }
            (Err(code), Err(error)) => {
                let trap = error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{bytes:02x?}: {error:?}"));
                assert_eq!(trap.code(), code, "{bytes:02x?}");
                self.live = ShortTextPair::instantiate(&self.engine, &self.component);
            }
            (expected, outcome) => panic!("{bytes:02x?}: {outcome:?}, not {expected:02x?}"),
        }
    }

    /// Something in each place of texts of each length, that are made of others.
    fn check_everywhere(&mut self, fillers: &[&[u8]], things: &[&[u8]]) {
        for (filler, thing) in fillers.iter().flat_map(|filler| things.iter().map(move |thing| (filler, thing))) {
            let most = LONGEST.saturating_sub(thing.len()) / filler.len();
            for before in 0..=most {
                for after in [0, 1, 2, most - before] {
                    self.check(&[&filler.repeat(before), *thing, &filler.repeat(after)].concat());
                }
            }
        }
    }
}

/// Characters of each length, at the ends of what has it.
const CHARS: [char; 15] = [
    '\0',
    'z',
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
    '\u{10000}',
    '\u{10ffff}',
];

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn all_of(encode: impl Fn(&str) -> Vec<u8>, chars: &[char]) -> Vec<Vec<u8>> {
    chars.iter().map(|char| encode(char.encode_utf8(&mut [0; 4]))).collect()
}

fn slices(texts: &[Vec<u8>]) -> Vec<&[u8]> {
    texts.iter().map(|text| &**text).collect()
}

#[test]
fn utf8_becomes_utf16() {
    let mut pair = ShortTextPair::new("utf8", "utf16", 1, |bytes| Ok(utf16(std::str::from_utf8(bytes)?)));
    let chars = all_of(|text| text.into(), &CHARS);
    let fillers = all_of(|text| text.into(), &['a', 'é', '☃', '𝄞']);
    pair.check_everywhere(&slices(&fillers), &slices(&chars));
    // Each second byte behind each first one, and each third behind what begins three.
    for first in 0x7f..=0xff_u8 {
        for second in [0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff] {
            let bad = [&[first, second][..], &[first, second, 0x7f], &[first, second, 0xbf], &[first, second, 0xc0]];
            bad.into_iter().for_each(|bad| pair.check(bad));
            pair.check(&[&[first, second, 0x80], &b"abc"[..]].concat());
        }
    }
    let bad: [&[u8]; 9] = [
        b"\xff",
        b"\xc3",
        b"\xe2\x98",
        b"\xf0\x9d\x84",
        b"\x80",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xe0\x9f\xbf",
        b"\xf4\x90\x80\x80",
    ];
    pair.check_everywhere(&slices(&fillers), &bad);
    assert!(pair.seen > 10_000);
}

#[test]
fn utf16_becomes_utf8() {
    let expected = |bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        String::from_utf16(&units).map(String::into_bytes).map_err(|_| TrapCode::InvalidUtf16)
    };
    let mut pair = ShortTextPair::new("utf16", "utf8", 2, expected);
    let (chars, fillers) = (all_of(utf16, &CHARS), all_of(utf16, &['a', 'é', '☃', '𝄞']));
    pair.check_everywhere(&slices(&fillers), &slices(&chars));
    let bad: [&[u8]; 5] = [b"\x00\xd8", b"\xff\xdb", b"\x00\xdc", b"\xff\xdf", b"\x00\xdc\x00\xd8"];
    pair.check_everywhere(&slices(&fillers), &bad);
    for unit in (0..=0xffff_u16).step_by(97) {
        pair.check(&unit.to_le_bytes());
    }
    assert!(pair.seen > 4_000);
}

#[test]
fn latin1_becomes_utf8() {
    let expected = |bytes: &[u8]| Ok(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes());
    let mut pair = ShortTextPair::new("latin1+utf16", "utf8", 1, expected);
    let all: Vec<Vec<u8>> = (0..=0xff).map(|byte| vec![byte]).collect();
    pair.check_everywhere(&[b"a", b"\xe9"], &slices(&all));
}
