//! What passes an assertion and what does not: verdicts of the engine, never what it lacks.

use gusset_wast::{DirectiveStatus, Messages, Report, WastOptions, WastRunner, read_text};

fn run(script: &str) -> Report {
    WastRunner::new(WastOptions::default()).expect("this machine is supported").run_text("a.wast", script)
}

/// Whether each directive of a script passed.
fn passed(script: &str) -> Vec<bool> {
    run(script).directives.iter().map(|directive| directive.status == DirectiveStatus::Passed).collect()
}

/// A valid component that needs what the engine does not have.
const UNSUPPORTED: &str =
    r#"(type $s (stream u8)) (import "f" (func $f (param "s" $s))) (core func (canon lower (func $f)))"#;

#[test]
fn what_is_not_supported_passes_no_directive() {
    for directive in [
        format!("(component {UNSUPPORTED})"),
        format!("(component definition {UNSUPPORTED})"),
        format!(r#"(assert_unlinkable (component {UNSUPPORTED}) "")"#),
        format!(r#"(assert_invalid (component {UNSUPPORTED}) "")"#),
        format!(r#"(assert_malformed (component quote "{}") "")"#, UNSUPPORTED.replace('"', "\\\"")),
        r#"(assert_invalid (module (func (drop (ref.i31 (i32.const 0))))) "")"#.into(),
        r#"(assert_unlinkable (module (func (drop (ref.i31 (i32.const 0))))) "")"#.into(),
    ] {
        assert_eq!(passed(&directive), [false], "{directive}");
    }
    let script = r#"(module (func (export "f"))) (assert_suspension (invoke "f") "") (assert_exception (invoke "f"))"#;
    assert_eq!(passed(script), [true, false, false]);
}

/// What a thread does counts as it would without one, and it has what it is given alone.
#[test]
fn directives_of_threads_are_judged() {
    let script = r#"(module $m (memory (export "m") 1 1 shared) (func (export "f")))
        (thread $t (invoke "f"))
        (wait $t)
        (thread $u (shared (module $m))
            (register "m" $m)
            (module (import "m" "m" (memory 1 1 shared)) (func (export "g")))
            (invoke "g"))
        (wait $u)
        (wait $u)"#;
    assert_eq!(passed(script), [true, true, false, true, true, true, true, true, true, false]);
}

#[test]
fn what_is_invalid_whatever_is_supported_is_invalid() {
    let invalid = format!("(component {UNSUPPORTED} (export \"g\" (func 1)))");
    assert_eq!(passed(&format!(r#"(assert_invalid {invalid} "")"#)), [true]);
    let wrong = "(module (func (drop (ref.i31 (i32.const 0))) (i32.add)))";
    assert_eq!(passed(&format!(r#"(assert_invalid {wrong} "")"#)), [true]);
    assert_eq!(passed(r#"(assert_malformed (module binary "asm") "")"#), [true]);
}

#[test]
fn only_errors_of_linking_are_errors_of_linking() {
    let script = r#"
        (module $m (memory (export "m") 1) (func (export "f")))
        (register "m" $m)
        (assert_unlinkable (module (import "m" "g" (func))) "unknown import")
        (assert_unlinkable (module (import "m" "f" (func (param i32)))) "incompatible import type")
        (assert_unlinkable (component (import "f" (func))) "is missing")
        (assert_unlinkable (module (import "m" "m" (memory 1)) (data (i32.const 65536) "a")) "")
        (assert_unlinkable (module (func $start unreachable) (start $start)) "")
        (assert_unlinkable (module (table 4000000000 funcref)) "")
        (assert_unlinkable (module) "")"#;
    assert_eq!(passed(script), [true, true, true, true, true, false, false, false, false]);
}

#[test]
fn after_a_definition_that_is_missing_there_is_no_instance() {
    let script = r#"(module (func (export "f"))) (module instance $i $missing) (assert_return (invoke "f"))"#;
    assert_eq!(passed(script), [true, false, false]);
}

#[test]
fn a_script_for_others_is_skipped_and_has_not_passed() {
    let report = run(";;! hogel = true\n(module)\n(module)\n");
    assert_eq!(report.skipped.as_deref(), Some("it is for engines with the feature `hogel`"));
    assert_eq!(report.counts.total().skipped, 2);
    assert_eq!(report.counts.total().ran(), 0);
    assert!(!report.passed() && report.failures.is_empty());
}

/// What [`read_text`] makes of a file with these bytes.
fn read(bytes: &[u8]) -> Result<String, String> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(file.path(), bytes).expect("the temporary file can be written");
    read_text(file.path()).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_comment_may_hold_anything() {
    let text = ";; \0\u{1}\u{7f}\u{202e}\u{feff}\n(module) (; \0\r\n\u{2066} ;)\n(module)\n";
    assert_eq!(passed(text), [true, true]);
    assert_eq!(read(text.as_bytes()).expect("it is text"), text);
}

#[test]
fn lines_end_in_any_way_and_a_mark_of_order_may_stand_first() {
    let lines = ";;! multi_memory = false\n(module)\n;; (\n(assert_invalid (module (memory 1) (memory 1)) \"\")";
    for (end, last) in [("\n", 4), ("\r\n", 4), ("\r", 1)] {
        let text = read(format!("\u{feff}{}", lines.replace('\n', end)).as_bytes()).expect("it is text");
        let report = run(&text);
        assert_eq!(report.counts.total().passed, 2, "{end:?}: {report}");
        assert_eq!(report.directives[1].line, last, "{end:?}");
    }
}

#[test]
fn what_is_no_text_is_told_with_its_place() {
    let error = read(b"(module)\n;; \xff\n").expect_err("a byte is none of UTF-8");
    assert!(error.contains("byte 12, on line 2, is not UTF-8"), "{error}");
    assert!(read(b"\0asm").expect_err("it is binary").contains("no script"));
    assert!(read(b"\0\0").expect_err("it is binary too").contains("no text"));
}

/// Each `instance` is one of its own, of a definition that makes none.
#[test]
fn definitions_of_components_are_instantiated_one_by_one() {
    let script = r#"
        (component definition $counter
            (core module $m (global $n (mut i32) (i32.const 0)) (func (export "next") (result i32)
                (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))
            (core instance $i (instantiate $m))
            (func (export "next") (result u32) (canon lift (core func $i "next"))))
        (component instance $a $counter)
        (assert_return (invoke "next") (u32.const 1))
        (component instance $b $counter)
        (assert_return (invoke "next") (u32.const 1))
        (assert_return (invoke $a "next") (u32.const 2))
        (assert_trap (component (core module $m (func $f unreachable) (start $f)) (core instance (instantiate $m))) "unreachable")
        (component definition (import "missing" (func)))
        (component instance)
        (assert_return (invoke "next") (u32.const 3))"#;
    // After an instantiation that fails there is no latest instance.
    assert_eq!(passed(script), [true, true, true, true, true, true, true, true, false, false]);
}

/// A named instance shares its modules and resource types with later components, and nothing else.
#[test]
fn components_share_modules_and_resource_types_by_name() {
    let shared = r#"(component $c
        (core module $m (func (export "f") (result i32) (i32.const 7)))
        (core instance $i (instantiate $m))
        (type $r' (resource (rep i32)))
        (export "m" (core module $m))
        (export $r "r" (type $r'))
        (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;
    let modules = |name: &str| {
        format!(
            r#"(component
                (import "{name}" (instance $c (export "m" (core module (export "f" (func (result i32)))))))
                (alias export $c "m" (core module $m))
                (core instance $i (instantiate $m))
                (func (export "g") (result u32) (canon lift (core func $i "f"))))
               (assert_return (invoke "g") (u32.const 7))"#
        )
    };
    let resources = r#"(component (import "c" (instance (export "r" (type (sub resource))))))"#;
    let functions = r#"(assert_unlinkable (component (import "c" (instance (export "f" (func (result u32)))))) "")"#;
    let script = [shared, &modules("c"), resources, functions].join("\n");
    assert_eq!(passed(&script), [true; 5]);
    let script = [shared, r#"(register "d" $c)"#, &modules("d")].join("\n");
    assert_eq!(passed(&script), [true; 4]);
    // An instance without a name is not shared.
    assert_eq!(passed(&[&shared.replace("$c", ""), &*modules("c")].join("\n")), [true, false, false]);
}

/// A core module's name is one for the script alone, unless the caller wants what other engines' scripts count on.
#[test]
fn core_modules_are_imported_by_name_where_that_is_asked_for() {
    let script = r#"(module $m (func (export "f") (result i32) (i32.const 7)))
        (module (import "m" "f" (func (result i32))) (export "g" (func 0)))
        (assert_return (invoke "g") (i32.const 7))"#;
    assert_eq!(passed(script), [true, false, false]);
    let options = WastOptions { link_by_name: true, ..WastOptions::default() };
    assert!(WastRunner::new(options).unwrap().run_text("names.wast", script).failures.is_empty());
}

#[test]
fn the_head_says_that_nans_are_canonical() {
    let script = r#"(module (func (export "f") (param f32 f32) (result i32)
            (i32.reinterpret_f32 (f32.div (local.get 0) (local.get 1)))))
        (assert_return (invoke "f" (f32.const 0) (f32.const 0)) (i32.const 0x7fc00000))"#;
    assert_eq!(passed(&format!(";;! nan_canonicalization = true\n{script}")), [true, true]);
}

/// What scripts of the field import from the instance `host`.
#[test]
fn the_host_counts_what_is_dropped() {
    let script = r#"(component
        (import "host" (instance $host
            (export "resource1" (type $r (sub resource)))
            (export "resource1-again" (type (eq $r)))
            (export "resource2" (type (sub resource)))
            (export "[constructor]resource1" (func (param "r" u32) (result (own $r))))
            (export "[static]resource1.last-drop" (func (result u32)))
            (export "[static]resource1.drops" (func (result u32)))
            (export "[method]resource1.simple" (func (param "self" (borrow $r)) (param "rep" u32)))))
        (alias export $host "resource1" (type $r))
        (core func $new (canon lower (func $host "[constructor]resource1")))
        (core func $simple (canon lower (func $host "[method]resource1.simple")))
        (core func $drops (canon lower (func $host "[static]resource1.drops")))
        (core func $last (canon lower (func $host "[static]resource1.last-drop")))
        (core func $drop (canon resource.drop $r))
        (core module $m
            (import "" "new" (func $new (param i32) (result i32)))
            (import "" "simple" (func $simple (param i32 i32)))
            (import "" "drops" (func $drops (result i32)))
            (import "" "last" (func $last (result i32)))
            (import "" "drop" (func $drop (param i32)))
            (func (export "right") (result i32)
                (local $r i32)
                (local.set $r (call $new (i32.const 5)))
                (call $simple (local.get $r) (i32.const 5))
                (call $drop (local.get $r))
                (i32.add (i32.mul (call $drops) (i32.const 10)) (call $last)))
            (func (export "wrong") (call $simple (call $new (i32.const 5)) (i32.const 6))))
        (core instance $i (instantiate $m (with "" (instance
            (export "new" (func $new)) (export "simple" (func $simple)) (export "drops" (func $drops))
            (export "last" (func $last)) (export "drop" (func $drop))))))
        (func (export "right") (result u32) (canon lift (core func $i "right")))
        (func (export "wrong") (canon lift (core func $i "wrong"))))
        (assert_return (invoke "right") (u32.const 15))
        (assert_return (invoke "right") (u32.const 25))
        (assert_return (invoke "wrong"))
        (assert_unlinkable (component (import "host" (instance
            (export "resource1" (type $r (sub resource))) (export "resource2" (type (eq $r)))))) "")"#;
    assert_eq!(passed(script), [true, true, true, false, true]);
    let failure = &run(script).failures[0];
    assert_eq!(failure.actual, "error: host#[method]resource1.simple: expected the resource 6, got 5");
}

#[test]
fn places_are_those_of_the_script() {
    let text = "(module (func))\n(module definition $m\n  (func (result i32)\n    (i64.const 1)))\n\
                (module\n  (func (export \"f\")\n    unreachable))\n(assert_return (invoke \"f\"))\n\
                (assert_unlinkable (module\n  (import \"a\" \"b\" (func))) \"no such words\")\n";
    let options = WastOptions { messages: Messages::All, ..WastOptions::default() };
    let report = WastRunner::new(options).unwrap().run_text("places.wast", text);
    let [invalid, trap, unlinkable] = &*report.failures else { panic!("{report:?}") };
    assert_eq!(invalid.actual, "error: function 0 of core module `module`: type mismatch: expected i32, found i64");
    let quoted = [" --> places.wast:4:18", "  |", "4 |     (i64.const 1)))", "  |                  ^"];
    assert_eq!(invalid.place, quoted);
    assert_eq!(trap.actual, "trap: wasm `unreachable` instruction executed");
    assert!(trap.place[0].ends_with("!f (places.wast:7:5)"), "{trap:?}");
    assert_eq!(unlinkable.actual, "error: unknown import: `a::b` has not been defined");
    let quoted =
        ["  --> places.wast:10:3", "   |", "10 |   (import \"a\" \"b\" (func))) \"no such words\")", "   |   ^"];
    assert_eq!(unlinkable.place, quoted);
}

/// Imports of WASI for scripts, and functions that use them.
const WASI: &str = r#";;! wasi = true
    (module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_unstable" "proc_exit" (func $exit0 (param i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\0f\00\00\00")
        (data (i32.const 16) "one\1b\n\ntwo\nthree")
        (func (export "exit") (param i32) (call $exit (local.get 0)))
        (func (export "exit0") (param i32) (call $exit0 (local.get 0)))
        (func (export "trap") unreachable)
        (func (export "write") (param i32) (result i32) (local $errno i32)
            (loop $more
                (local.set $errno (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br_if $more (i32.and (i32.eqz (local.get $errno)) (i32.gt_s (local.get 0) (i32.const 0)))))
            (local.get $errno)))
"#;

#[test]
fn an_exit_is_told_by_its_code_and_is_neither_a_trap_nor_a_return() {
    for (directive, holds) in [
        (r#"(assert_trap (invoke "exit" (i32.const 3)) "exit with code 3")"#, true),
        (r#"(assert_trap (invoke "exit0" (i32.const 3)) "exit with code 3")"#, true),
        (r#"(assert_trap (invoke "exit" (i32.const -1)) "exit with code 4294967295")"#, true),
        (r#"(assert_trap (invoke "exit" (i32.const 0)) "exit with code 0")"#, true),
        (r#"(assert_trap (invoke "exit" (i32.const 33)) "exit with code 3")"#, false),
        (r#"(assert_trap (invoke "exit" (i32.const 3)) "exit")"#, false),
        (r#"(assert_trap (invoke "exit" (i32.const 3)) "")"#, false),
        (r#"(assert_trap (invoke "exit" (i32.const 3)) "unreachable")"#, false),
        (r#"(assert_trap (invoke "trap") "exit with code 3")"#, false),
        (r#"(assert_trap (invoke "trap") "unreachable")"#, true),
        (r#"(assert_exhaustion (invoke "exit" (i32.const 3)) "exit with code 3")"#, false),
        (r#"(assert_return (invoke "exit" (i32.const 0)))"#, false),
        (r#"(invoke "exit" (i32.const 0))"#, false),
    ] {
        let script = format!("{WASI}{directive}");
        assert_eq!(passed(&script), [true, holds], "{directive}");
        let options = WastOptions { messages: Messages::Ignored, ..WastOptions::default() };
        let freely = WastRunner::new(options).expect("this machine is supported").run_text("a.wast", &script);
        assert_eq!(freely.passed(), holds || directive.contains("\"trap\""), "{directive}");
    }
    let failure = &run(&format!("{WASI}(invoke \"exit\" (i32.const 7))")).failures[0];
    assert_eq!(failure.actual, "exit with code 7");
}

#[test]
fn what_guests_write_is_shown_with_what_fails() {
    let script = format!(
        r#"{WASI}(invoke "write" (i32.const 1))
        (assert_return (invoke "write" (i32.const 1)) (i32.const 9))
        (assert_return (invoke "trap"))
        (assert_return (invoke "write" (i32.const 7)) (i32.const 9))
        (assert_return (invoke "write" (i32.const 100000)) (i32.const 51))"#
    );
    let report = run(&script);
    let [one, none, many] = &*report.failures else { panic!("{report}") };
    let lines = [r"one\u{1b}", "", "two", "three"].map(|line| format!("the guest wrote: {line}"));
    assert_eq!(one.place, lines);
    assert!(none.place.iter().all(|line| !line.contains("wrote")), "{report}");
    assert_eq!((many.place.len(), many.place.last().map(String::as_str)), (21, Some("and more")));
}
