//! `gusset inspect`, `validate` and `adapters`: what they print of components that are as they should be. `GUSSET_BLESS=1` rewrites the
//! JSON document.

use crate::program::{Ended, ScratchFolder, gusset, shell};
use std::path::Path;

/// Where the inputs are that are no mistakes themselves.
const INPUTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mistakes/inputs/");

/// What `gusset` prints with these arguments, which must be right.
fn printed(arguments: &[&str]) -> String {
    let Ended { code, stdout, stderr, .. } = gusset(arguments);
    assert_eq!((code, &*stderr), (Some(0), ""), "{arguments:?}");
    stdout
}

fn input(name: &str) -> String {
    format!("{INPUTS}{name}")
}

#[test]
fn what_a_component_is() {
    let text = printed(&["inspect", &input("values.wat")]);
    let world = "\
world {
  export record size {
    width: u32,
    height: u8,
  }
  export enum direction {
    north,
    south,
  }
  export flags marks {
    new,
    sale,
  }
  export variant shape {
    round(u32),
    square(size),
    none,
  }
  export greet: func(name: string) -> string;
  export total: func(prices: list<u8>) -> u32;
  export area: func(size: size) -> u32;
  export turn: func(to: direction) -> u32;
  export mark: func(with: marks) -> u32;
  export draw: func(shape: shape) -> u32;
}

inside:
  core module `m`: ";
    // `with` is a word of WIT's own.
    assert!(text.contains(&world.replace("mark: func(with:", "mark: func(%with:")), "{text}");
    let scratch = ScratchFolder::new();
    let piped = shell(Path::new(&scratch.path("")), &format!("gusset inspect - < {}", input("values.wat")));
    assert_eq!(piped.stdout, text, "{}", piped.stderr);
}

#[test]
fn the_same_as_json() {
    let document = printed(&["inspect", "--json", &input("composed.wat")]);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inspect.json");
    if std::env::var_os("GUSSET_BLESS").is_some() {
        std::fs::write(golden, document).expect("the golden file can be written");
        return;
    }
    let expected = std::fs::read_to_string(golden).expect("the golden file is there");
    assert!(document == expected, "it has changed (`cargo xtask bless` rewrites it); now:\n{document}");
}

/// A component with all that can be told of one.
const EVERYTHING: &str = r#"(component
    (import "i" (instance $i
        (export "r" (type $r (sub resource)))
        (export "[method]r.m" (func (param "self" (borrow $r))))
        (type $rec (record (field "x" u8))) (export "rec" (type (eq $rec)))
        (type $var (variant (case "x" u8) (case "y"))) (export "var" (type (eq $var)))
        (type $en (enum "q")) (export "en" (type (eq $en)))
        (type $fl (flags "a")) (export "fl" (type (eq $fl)))
        (type $al (list u8)) (export "al" (type (eq $al)))))
    (alias export $i "r" (type $r)) (import "r" (type (eq $r)))
    (import "j" (implements "a:b/c") (instance))
    (import "add" (func (param "x" u8) (result u8)))
    (import "v" (value $v u8)) (export "w" (value $v))
    (import "m" (core module (import "a" "b" (func)) (export "c" (memory 1))))
    (import "c" (component (import "x" (func))))
    (type $ft (func)) (export "ft" (type $ft))
    (type $it (instance)) (export "it" (type $it))
    (type $ct (component)) (export "ct" (type $ct))
    (core module $m (memory 1) (@producers (language "C" "1") (processed-by "p" "2") (sdk "s" "3"))))"#;

/// What docs/inspect-json.md names as members and kinds is all that there is, and there is all of it.
#[test]
fn json_holds_what_its_description_names() {
    let scratch = ScratchFolder::new();
    let document = printed(&["inspect", "--json", &scratch.file("all.wat", EVERYTHING.as_bytes())]);
    let description = include_str!("../../../docs/inspect-json.md");
    // What else is between backticks, such as an example of a type, has other letters.
    let plain = |word: &&str| word.chars().all(|char| char.is_ascii_lowercase() || matches!(char, '-' | '_'));
    let described: Vec<&str> = description.split('`').skip(1).step_by(2).filter(plain).collect();
    assert!(described.len() > 40, "{described:?}");
    for word in described {
        let holds = [format!("\"{word}\": "), format!(": \"{word}\""), format!(": {word}")];
        assert!(holds.iter().any(|text| document.contains(text)), "`{word}` is not in {document}");
    }
    let words = document.split('"').skip(1).step_by(2);
    let members: Vec<&str> = words.filter(|word| document.contains(&format!("\"{word}\": "))).collect();
    assert!(members.len() > 40, "{members:?}");
    let kinds = document.split("\"kind\": \"").skip(1).filter_map(|rest| rest.split('"').next());
    for word in members.into_iter().chain(kinds) {
        assert!(description.contains(&format!("`{word}`")), "`{word}` is not described");
    }
}

#[test]
fn what_is_valid_is_passed_over_in_silence() {
    let scratch = ScratchFolder::new();
    assert_eq!(printed(&["validate", "--runnable", &input("values.wat")]), "");
    let module = scratch.file("module.wat", b"(module (memory 1) (memory 1))");
    assert_eq!(printed(&["validate", "--runnable", &module]), "");
    let off = gusset(["validate", "--features", "-multi-memory", &module]);
    off.assert_refused(1);
    off.assert_says(&["module.wat", "(switched off: multi_memory)"]);
    let inside = scratch.file("inside.wat", b"(component (core module $m (memory 1) (memory 1)))");
    let off = gusset(["validate", "--features", "-multi-memory", &inside]);
    off.assert_refused(1);
    off.assert_says(&["core module `m`", "(switched off: multi_memory)"]);
    let lists = scratch.file("lists.wat", b"(component (import \"f\" (func (param \"x\" (list u8 4)))))");
    assert_eq!(printed(&["validate", &lists]), "");
    gusset(["validate", "--runnable", &lists]).assert_refused(1);
    assert_eq!(printed(&["validate", "--runnable", "--features", "cm-fixed-length-lists", &lists]), "");
    let stream = scratch.file("async.wat", b"(component (core func (canon waitable-set.new)))");
    assert_eq!(printed(&["validate", &stream]), "");
    let unsupported = gusset(["validate", "--runnable", &stream]);
    unsupported.assert_refused(1);
    unsupported.assert_says(&["async.wat is valid, but cannot be run", "not supported: async"]);
}

/// The examples of calls that the program gives are calls.
#[test]
fn examples_of_calls_can_be_made() {
    let file = input("values.wat");
    for function in ["greet", "total", "area", "turn", "mark", "draw"] {
        let asked = gusset(["run", &file, "--invoke", &format!("{function}(1, 1)")]);
        let (_, example) = asked.stderr.split_once("a call of it looks like '").expect("there is an example");
        let (call, _) = example.split_once("'\n").expect("the example ends");
        assert!(call.starts_with(function), "{call}");
        printed(&["run", &file, "--invoke", call]);
    }
}

#[test]
fn adapters_as_a_list() {
    let file = input("composed.wat");
    let list = printed(&["adapters", "--list", &file]);
    assert!(list.starts_with("app -> lib f: func(x: string), ") && list.ends_with(" bytes\n"), "{list}");
    assert_eq!(list.lines().count(), 1, "{list}");
    assert_eq!(printed(&["adapters", "--list", "--caller", "ap", "--callee", "lib", "--function", "f", &file]), list);
    assert!(printed(&["adapters", "--list", "--callee", "app", &file]).starts_with(";; no adapter of "));
}

/// A component that calls two functions of another; only one of them takes a list.
const TWO: &str = r#"(component
  (component $A
    (core module $m (memory (export "m") 1)
      (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 8))
      (func (export "f") (param i32 i32)) (func (export "g") (param i32)))
    (core instance $i (instantiate $m))
    (func (export "take") (param "x" (list char))
      (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "r"))))
    (func (export "check") (param "c" char) (canon lift (core func $i "g"))))
  (instance $lib (instantiate $A))
  (component $B
    (import "take" (func $take (param "x" (list char))))
    (import "check" (func $check (param "c" char)))
    (core module $l (memory (export "m") 1)) (core instance $l (instantiate $l))
    (core func $take' (canon lower (func $take) (memory (core memory $l "m"))))
    (core func $check' (canon lower (func $check)))
    (core module $m (import "" "t" (func $t (param i32 i32))) (import "" "c" (func $c (param i32)))
      (func (export "g") (call $c (i32.const 0x110000)) (call $t (i32.const 1) (i32.const 2))))
    (core instance $i (instantiate $m
      (with "" (instance (export "t" (func $take')) (export "c" (func $check'))))))
    (func (export "g") (canon lift (core func $i "g"))))
  (instance $app (instantiate $B (with "take" (func $lib "take")) (with "check" (func $lib "check"))))
  (export "g" (func $app "g")))"#;

#[test]
fn adapters_of_one_function() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("two.wat", TWO.as_bytes());
    let all = printed(&["adapters", &file]);
    assert!(all.contains(": param \"c\": invalid `char` bit pattern\n"), "{all}");
    assert!(all.contains(": param \"x\"[]: invalid `char` bit pattern\n"), "{all}");
    assert!(all.contains(": param \"x\" (from realloc): "), "{all}");
    let one = printed(&["adapters", "--function", "check", &file]);
    let defined = |function: &str| one.contains(&format!("\n  (func $\"adapter app -> lib {function}\""));
    assert!(defined("check") && !defined("take"), "{one}");
    assert!(one.contains("  ;; 1 functions are left out\n"), "{one}");
    assert!(one.contains(";; app -> lib check\n") && !one.contains(";; app -> lib take\n"), "{one}");
}

/// Each frame of a backtrace that is in an adapter is found by its offset, and the innermost one says what the trap says.
#[test]
fn frames_in_adapters_are_found_by_their_offsets() {
    let scratch = ScratchFolder::new();
    for (file, trap) in [
        (input("composed.wat"), "the caller's value: unaligned pointer"),
        (scratch.file("two.wat", TWO.as_bytes()), "param \"c\": invalid `char` bit pattern"),
    ] {
        let text = printed(&["adapters", &file]);
        let trapped = gusset(["run", &file, "--invoke", "g()"]);
        let frames =
            trapped.stderr.lines().filter_map(|line| line.trim().split_once(": ")?.1.split_once(" - adapters!"));
        let mut found = Vec::new();
        for (offset, function) in frames {
            let start = text.find(&format!("\n  (func $\"{function}\"")).expect("the function of the frame is there");
            let end = text[start..].find("\n  )").map_or(text.len(), |length| start + length);
            let mut lines = text[start..end].lines();
            let line =
                lines.find(|line| line.split_once(";; @").is_some_and(|(_, at)| at.split(':').next() == Some(offset)));
            found.push(line.unwrap_or_else(|| panic!("{offset} is not in\n{}", &text[start..end])));
        }
        assert!(found.first().is_some_and(|line| line.ends_with(trap)), "{found:?}\n{}", trapped.stderr);
        assert!(found.iter().all(|line| line.contains("call $\"")), "{found:?}");
    }
}
