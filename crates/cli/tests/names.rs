//! Names that a guest chooses, as the terminal gets them: no line that the program did not write, no control character, and
//! listings that stay what they are.

use crate::program::{ScratchFolder, gusset};

/// A name that forges a line, clears the screen and turns the direction of writing. As WAT writes it.
const NAME: &str = r#"x\0a  9: forged\1b[2J\c2\9b\e2\80\aey"#;

/// How it is shown.
const SHOWN: &str = r"x\n  9: forged\u{1b}[2J\u{9b}\u{202e}y";

/// Runs `gusset` on a file and returns all that it wrote, which must not command a terminal.
fn written(arguments: &[&str], file: &str, text: &str) -> String {
    let scratch = ScratchFolder::new();
    let file = scratch.file(file, text.as_bytes());
    let arguments = [arguments[0], &file].into_iter().chain(arguments[1..].iter().copied());
    let outcome = gusset(arguments);
    let written = outcome.stdout + &outcome.stderr;
    let bad = |char: char| (char.is_control() && char != '\n') || char == '\u{202e}';
    assert!(!written.contains(bad), "{written:?}");
    assert!(written.lines().all(|line| !line.trim_start().starts_with("9:")), "a forged line:\n{written}");
    written
}

/// Asserts that the name is shown, once or more. The validator's messages have lines, which are joined by colons.
fn assert_shown(written: &str) {
    let joined = SHOWN.replace(r"\n", ": ");
    assert!(written.contains(SHOWN) || written.contains(&joined), "{written}");
}

/// A component that lifts the function `f`, called [`NAME`] in its module, with this body.
fn lifting(body: &str) -> String {
    format!(
        r#"(component (core module $m (func $"{NAME}" (export "f") {body})) (core instance $i (instantiate $m))
            (func (export "f") (canon lift (core func $i "f"))))"#
    )
}

#[test]
fn in_a_backtrace() {
    let written = written(&["run", "--invoke", "f()"], "a.wat", &lifting("unreachable"));
    assert_shown(&written);
    assert!(written.contains("wasm backtrace:"), "{written}");
}

#[test]
fn in_an_error_of_compilation() {
    assert_shown(&written(&["run"], "a.wat", &lifting("i32.add")));
    let module = format!(r#"(component (core module $"{NAME}" (func (result i32) (i64.const 1))))"#);
    assert_shown(&written(&["run"], "a.wat", &module));
    let exports = format!(r#"(component (core module (func (export "{NAME}")) (func (export "{NAME}"))))"#);
    assert_shown(&written(&["run"], "a.wat", &exports));
    let unsupported = format!(
        r#"(component (component $c (core func (canon waitable-set.new))) (instance $"{NAME}" (instantiate $c)))"#
    );
    assert_shown(&written(&["run"], "a.wat", &unsupported));
}

#[test]
fn in_what_is_said_of_core_modules() {
    for (arguments, text) in [
        (&["run"][..], format!(r#"(module (func (export "{NAME}")))"#)),
        (&["run"], format!(r#"(module (import "{NAME}" "f" (func)) (func (export "_start")))"#)),
        (&["run"], format!(r#"(module (import "env" "{NAME}" (func)) (func (export "f")))"#)),
        (&["run"], format!(r#"(module (func $"{NAME}" (export "_start") unreachable))"#)),
        (&["run", "--invoke", "f"], format!(r#"(module (func (export "{NAME}")))"#)),
        (&["run", "--invoke", "\u{1b}[2J"], format!(r#"(module (func (export "{NAME}")))"#)),
    ] {
        assert_shown(&written(arguments, "a.wat", &text));
    }
}

#[test]
fn in_an_error_of_linking() {
    let missing = format!(r#"(module (import "{NAME}" "{NAME}" (func)))"#);
    assert_shown(&written(&["wast"], "a.wast", &missing));
    let wrong = format!(
        r#"(module $a (func (export "{NAME}"))) (register "{NAME}" $a) (module (import "{NAME}" "{NAME}" (memory 1)))"#
    );
    assert_shown(&written(&["wast"], "a.wast", &wrong));
    let root = format!(r#"(component (import "{NAME}" (func)))"#);
    assert_shown(&written(&["run", "--invoke", "f()"], "a.wat", &root));
}

/// A guest's string is a value: WAVE has escapes of its own.
#[test]
fn in_a_result() {
    let text = r#"(component
        (core module $m (memory (export "m") 1) (data (i32.const 0) "\10\00\00\00\07\00\00\00")
            (data (i32.const 16) "a\0a\1b[2J\7f") (func (export "f") (result i32) (i32.const 0)))
        (core instance $i (instantiate $m))
        (func (export "f") (result string) (canon lift (core func $i "f") (memory (core memory $i "m")))))"#;
    assert_eq!(written(&["run", "--invoke", "f()"], "a.wat", text), "\"a\\n\\u{1b}[2J\\u{7f}\"\n");
}

#[test]
fn in_the_source_lines_of_a_report() {
    let script = "(module (func (export \"f\")))\n(assert_return (invoke \"f\") (i32.const 1)) ;; \u{1b}[2J\u{202e}\n";
    let written = written(&["wast"], "a.wast", script);
    assert!(written.contains(r";; \u{1b}[2J\u{202e}"), "{written}");
}

#[test]
fn in_what_a_script_expects() {
    let written = written(
        &["wast"],
        "a.wast",
        &r#"(module (func (export "f") unreachable))
            (assert_trap (invoke "f") "NAME")
            (assert_return (invoke "NAME"))
            (assert_return (get "NAME"))
            (invoke $"NAME" "f")
            (module instance $i $"NAME")
            (assert_invalid (module) "NAME")
            (assert_malformed (module) "NAME")
            (assert_unlinkable (module) "NAME")
            (module (func (call $"NAME")))
            (module binary "(func (call $\22QUOTED\22))")
            (component)
            (assert_return (invoke "NAME"))"#
            .replace("QUOTED", &NAME.replace('\\', r"\5c"))
            .replace("NAME", NAME),
    );
    // The source line has it as WAT writes it.
    assert_eq!(written.matches(SHOWN).count(), 11, "{written}");
}

/// Two instances, one of which is called [`NAME`] and gets a string that is none.
fn adapted() -> String {
    r#"(component
        (component $A
            (core module $m (memory (export "m") 1)
                (func (export "r") (param i32 i32 i32 i32) (result i32) (i32.const 8)) (func (export "f") (param i32 i32)))
            (core instance $i (instantiate $m))
            (func (export "f") (param "x" string)
                (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "r")))))
        (instance $"NAME" (instantiate $A))
        (component $B (import "f" (func $f (param "x" string)))
            (core module $l (memory (export "m") 1)) (core instance $l (instantiate $l))
            (core func $lo (canon lower (func $f) (memory (core memory $l "m")) string-encoding=utf16))
            (core module $m (import "" "f" (func $f (param i32 i32)))
                (func (export "g") (call $f (i32.const 1) (i32.const 2))))
            (core instance $i (instantiate $m (with "" (instance (export "f" (func $lo))))))
            (func (export "g") (canon lift (core func $i "g"))))
        (instance $b (instantiate $B (with "f" (func $"NAME" "f"))))
        (export "g" (func $b "g")))"#
        .replace("NAME", NAME)
}

#[test]
fn in_the_place_of_a_trap() {
    let written = written(&["run", "--invoke", "g()"], "a.wat", &adapted());
    assert!(written.contains(&format!("in a call of `f` of {SHOWN} by b: param \"x\"")), "{written}");
}

#[test]
fn in_a_listing_of_adapters_which_stays_wat() {
    let listing = written(&["adapters"], "a.wat", &adapted());
    assert!(listing.contains(&format!(";; b -> {SHOWN} f\n")), "{listing}");
    let scratch = ScratchFolder::new();
    let outcome = gusset(["wast", &scratch.file("listing.wast", listing.as_bytes())]);
    // Nothing provides what it imports; that it is a module is all that is asked.
    assert!(
        outcome.stdout.contains("module failed") && outcome.stdout.contains("unknown import"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn in_what_a_component_is() {
    let module = format!(r#"(module $"{NAME}" (import "{NAME}" "{NAME}" (func)) (export "{NAME}" (func 0)))"#);
    let shown = written(&["inspect"], "a.wat", &module);
    assert_eq!(shown.matches(SHOWN).count(), 4, "{shown}");
    let inside = format!(r#"(component $"{NAME}" (core module $"{NAME}" (@custom "{NAME}" "")))"#);
    let shown = written(&["inspect"], "a.wat", &inside);
    assert_eq!(shown.matches(SHOWN).count(), 3, "{shown}");
    for text in [&module, &inside] {
        let document = written(&["inspect", "--json"], "a.wat", text);
        assert!(document.contains(r"x\n  9: forged\u001b[2J\u009b\u202ey"), "{document}");
    }
}

#[test]
fn as_long_as_they_like() {
    let name = "n".repeat(100_000);
    for text in [lifting("unreachable"), lifting("i32.add"), adapted()] {
        let text = text.replace(NAME, &name);
        for call in ["f()", "g()"] {
            let written = written(&["run", "--invoke", call], "a.wat", &text);
            assert!(written.len() < 10_000, "{} bytes", written.len());
        }
        assert!(written(&["adapters"], "a.wat", &text).len() < 200_000);
    }
}
