//! The flags of `gusset wast`, and the forms of its reports: whole documents, as programs read them.

use crate::program::{ScratchFolder, gusset};

/// A script of which one directive fails, on line 2.
const FAILING: &str = "(module (func (export \"f\") (result i32) (i32.const 1)))\n\
    (assert_return (invoke \"f\") (i32.const 2))\n\
    (assert_return (invoke \"f\") (i32.const 1))\n";

/// A composition whose adapter traps.
const COMPOSED: &str = r#"(component
  (component $lib
    (core module $m (func (export "put") (param i32)))
    (core instance $i (instantiate $m))
    (func (export "put") (param "c" char) (canon lift (core func $i "put"))))
  (component $app
    (import "put" (func $put (param "c" char)))
    (core func $put (canon lower (func $put)))
    (core module $main
      (import "" "put" (func $put (param i32)))
      (func (export "run") (call $put (i32.const 0xd800))))
    (core instance $i (instantiate $main (with "" (instance (export "put" (func $put))))))
    (func (export "run") (canon lift (core func $i "run"))))
  (instance $lib (instantiate $lib))
  (instance $app (instantiate $app (with "put" (func $lib "put"))))
  (export "run" (func $app "run")))
"#;

/// A composition of three, in which each calls the next.
const NESTED: &str = r#"(component
  (component $base
    (core module $m (func (export "f") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    (core instance $i (instantiate $m))
    (func (export "sum") (param "p" (tuple u8 bool)) (result s8) (canon lift (core func $i "f"))))
  (component $lib
    (import "sum" (func $sum (param "p" (tuple u8 bool)) (result s8)))
    (core func $sum (canon lower (func $sum)))
    (core module $m
      (import "" "sum" (func $sum (param i32 i32) (result i32)))
      (func (export "f") (param i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (drop (call $sum (local.get 0) (i32.const 1)))))
    (core instance $i (instantiate $m (with "" (instance (export "sum" (func $sum))))))
    (func (export "more") (param "c" char) (canon lift (core func $i "f"))))
  (component $app
    (import "more" (func $more (param "c" char)))
    (core func $more (canon lower (func $more)))
    (core module $m
      (import "" "more" (func $more (param i32)))
      (func (export "run") (call $more (i32.const 42)) (call $more (i32.const 0))))
    (core instance $i (instantiate $m (with "" (instance (export "more" (func $more))))))
    (func (export "run") (canon lift (core func $i "run"))))
  (instance $base (instantiate $base))
  (instance $lib (instantiate $lib (with "sum" (func $base "sum"))))
  (instance $app (instantiate $app (with "more" (func $lib "more"))))
  (export "run" (func $app "run")))
"#;

/// Runs `gusset wast` on a script, with these flags; returns the exit code and stdout, in which the script is `FILE`.
fn report(flags: &[&str], script: &str) -> (i32, String) {
    let scratch = ScratchFolder::new();
    let file = scratch.file("a.wast", script.as_bytes());
    let ended = gusset([&["wast"], flags, &[&file]].concat());
    assert_eq!(ended.stderr, "");
    (ended.code.expect("no signal ends it"), ended.stdout.replace(&file, "FILE"))
}

#[test]
fn json() {
    let expected = r#"{
"version": 1,
"passed": false,
"counts": {"passed": 2, "failed": 1, "skipped": 0},
"kinds": {"module": {"passed": 1, "failed": 0, "skipped": 0}, "assert_return": {"passed": 1, "failed": 1, "skipped": 0}},
"scripts": [
{"file": "FILE", "status": "failed",
 "counts": {"passed": 2, "failed": 1, "skipped": 0},
 "kinds": {"module": {"passed": 1, "failed": 0, "skipped": 0}, "assert_return": {"passed": 1, "failed": 1, "skipped": 0}},
 "stale": [],
 "calls": [],
 "directives": [
  {"line": 1, "column": 2, "kind": "module", "status": "passed"},
  {"line": 2, "column": 2, "kind": "assert_return", "status": "failed", "failure": {"source": "(assert_return (invoke \"f\") (i32.const 2))", "expected": "(i32.const 2)", "actual": "(i32.const 1)", "internal": false, "place": [], "adapters": []}},
  {"line": 3, "column": 2, "kind": "assert_return", "status": "passed"}]}
]
}
"#;
    assert_eq!(report(&["--format", "json"], FAILING), (1, expected.into()));
    let (code, text) = report(&["--format", "json"], "(module)");
    assert!(code == 0 && text.contains("\"passed\": true,\n"), "{text}");
    let (code, text) = report(&["--format", "json"], "(modul");
    assert!(code == 1 && text.contains("\"error\": {\"source\": \"(modul\", \"expected\": \"a script\""), "{text}");
    let (code, text) = report(&["--format", "json"], ";;! hogel = true\n(module)");
    let skipped = "\"status\": \"skipped\", \"reason\": \"it is for engines with the feature `hogel`\"";
    assert!(code == 1 && text.contains(skipped), "{text}");
}

#[test]
fn junit() {
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="gusset wast" tests="3" failures="1" errors="0" skipped="0">
  <testsuite name="FILE" tests="3" failures="1" errors="0" skipped="0">
    <testcase classname="FILE" name="1:2 module"/>
    <testcase classname="FILE" name="2:2 assert_return"><failure type="assert_return" message="expected (i32.const 2), found (i32.const 1)">FILE:2:2: assert_return failed
      2 | (assert_return (invoke &quot;f&quot;) (i32.const 2))
        |  ^^^^^^^^^^^^^
         expected: (i32.const 2)
           actual: (i32.const 1)
</failure></testcase>
    <testcase classname="FILE" name="3:2 assert_return"/>
  </testsuite>
</testsuites>
"#;
    assert_eq!(report(&["--format", "junit"], FAILING), (1, expected.into()));
    let (_, text) = report(&["--format", "junit"], ";;! hogel = true\n(module)");
    let skipped = "name=\"2:2 module\"><skipped message=\"it is for engines with the feature `hogel`\"/>";
    assert!(text.contains("failures=\"0\" errors=\"0\" skipped=\"1\"") && text.contains(skipped), "{text}");
    let (_, text) = report(&["--format", "junit"], ";; nothing\n(modul");
    assert!(text.contains("name=\"the script can be read\"><failure type=\"script\""), "{text}");
}

/// What is expected to fail is told as such, and so is a list that is wrong.
#[test]
fn lists_in_documents() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("a.wast", FAILING.as_bytes());
    let list = scratch.file("known.txt", b"a.wast:2 two is not one\na.wast:3 it <holds>\n");
    let document = |format| gusset(["wast", "--format", format, "--known-failures", &list, &file]).stdout;
    let (json, xml) = (document("json"), document("junit"));
    assert!(json.contains("\"adapters\": [], \"known\": \"two is not one\"}"), "{json}");
    assert!(json.contains("(it <holds>), but it passes: take it out\"]"), "{json}");
    assert!(xml.contains("name=\"2:2 assert_return\"><skipped message=\"two is not one\"/>"), "{xml}");
    assert!(
        xml.contains("name=\"the lists are right\"><failure message=") && xml.contains("(it &lt;holds&gt;)"),
        "{xml}"
    );
}

/// What differs within a value is told with its place.
#[test]
fn differences_in_json() {
    let script = "(component (core module $m (memory (export \"m\") 1) (data (i32.const 0) \"\\08\\00\\00\\00\\02\\00\\00\\00\\05\\06\")
          (func (export \"f\") (result i32) (i32.const 0)))
        (core instance $i (instantiate $m))
        (func (export \"f\") (result (list u8)) (canon lift (core func $i \"f\") (memory (core memory $i \"m\")))))
        (assert_return (invoke \"f\") (list.const (u8.const 5) (u8.const 7)))";
    let (_, json) = report(&["--format", "json"], script);
    let differs = r#""actual": "(list.const (u8.const 5) (u8.const 6))", "difference": {"path": "[1]", "expected": "(u8.const 7)", "actual": "(u8.const 6)"}, "internal""#;
    assert!(json.contains(differs), "{json}");
}

/// A document is whole or not there.
#[test]
fn no_part_of_a_document_is_written() {
    let scratch = ScratchFolder::new();
    let (good, missing) = (scratch.file("a.wast", b"(module)"), scratch.file("b.wast", b"\0"));
    for format in ["json", "junit"] {
        let ended = gusset(["wast", "--format", format, &good, &missing]);
        ended.assert_refused(1);
        ended.assert_says(&["b.wast", "it is no text"]);
    }
}

#[test]
fn a_summary_by_script_and_kind() {
    let (_, text) = report(&["--summary"], FAILING);
    let rows = "\nFILE: 2 passed, 1 failed, 0 skipped\n\
        \x20 module                        1        0        0\n\
        \x20 assert_return                 1        1        0\n\n\
        directive                  passed   failed  skipped\n";
    assert!(text.contains(rows), "{text}");
    assert!(!report(&[], FAILING).1.contains(rows));
}

#[test]
fn messages_are_compared_as_asked() {
    let trap = "(module (func (export \"f\") unreachable))(assert_trap (invoke \"f\") \"integer overflow\")";
    let invalid = "(assert_invalid (module (func (result i32))) \"never so\")";
    for (flags, codes) in [(&[][..], [1, 0]), (&["--ignore-messages"], [0, 0]), (&["--compare-messages"], [1, 1])] {
        let codes_seen = [trap, invalid].map(|script| report(flags, script).0);
        assert_eq!(codes_seen, codes, "{flags:?}");
    }
    // Only the text is ignored: what has to trap must, and a stack that is used up is a trap of its own.
    let call = "(module (func (export \"f\")) (func $g (export \"g\") call $g) (func (export \"h\") unreachable))";
    for (directive, code) in [
        ("(assert_trap (invoke \"f\") \"\")", 1),
        ("(assert_exhaustion (invoke \"g\") \"whatever\")", 0),
        ("(assert_exhaustion (invoke \"h\") \"\")", 1),
    ] {
        assert_eq!(report(&["--ignore-messages"], &format!("{call}\n{directive}")).0, code, "{directive}");
    }
    let ended = gusset(["wast", "--ignore-messages", "--compare-messages", "a.wast"]);
    assert_eq!(ended.code, Some(2));
}

#[test]
fn features_are_switched_and_heads_come_on_top() {
    let script = "(module (memory 1) (memory 1))";
    for (list, code) in [("multi_memory", 0), ("-multi-memory", 1), ("-multi_memory,multi-memory", 0)] {
        assert_eq!(report(&["--features", list], script).0, code, "{list}");
    }
    let head = format!(";;! multi_memory = true\n{script}");
    assert_eq!(report(&["--features", "-multi-memory"], &head).0, 0);
    let ended = gusset(["wast", "--features", "multi-value,mutli-memory", "a.wast"]);
    ended.assert_refused(2);
    ended.assert_says(&["--features", "there is no feature `mutli-memory`; did you mean `multi_memory`?"]);
}

#[test]
fn scripts_for_others_run_where_that_is_asked_for() {
    let script = ";;! hogel = true\n;;! multi_memory = false\n(module)\n(module (memory 1) (memory 1))";
    let (code, text) = report(&["--no-skip"], script);
    assert!(code == 1 && text.contains("FILE: FAILED: 1 passed, 1 failed, 0 skipped"), "{text}");
}

#[test]
fn jobs_change_no_report() {
    let scratch = ScratchFolder::new();
    for number in 0..30 {
        let slow = format!("(module (func (export \"f\") {}))", "(drop (i32.const 1))".repeat((number % 3) * 2000));
        scratch.file(&format!("{number:02}.wast"), format!("{slow}\n{FAILING}").as_bytes());
    }
    let folder = scratch.path("");
    let alone = gusset(["wast", &folder]).stdout;
    assert!(alone.contains("/00.wast: FAILED: ") && alone.contains("0 of 30 scripts passed"), "{alone}");
    for jobs in ["2", "4", "65535"] {
        assert_eq!(gusset(["wast", "--jobs", jobs, &folder]).stdout, alone, "{jobs}");
    }
    for jobs in ["0", "-1", "many", "65536"] {
        gusset(["wast", &format!("--jobs={jobs}"), &folder]).assert_refused(2);
    }
    scratch.file("20.wast", b"\0");
    let ended = gusset(["wast", "--jobs", "3", &folder]);
    assert!(ended.code == Some(1) && ended.stderr.contains("20.wast"), "{}", ended.stderr);
    assert!(ended.stdout.contains("/19.wast") && !ended.stdout.contains("/21.wast"), "{}", ended.stdout);
}

#[test]
fn adapters_of_what_fails_are_shown() {
    let wat = "        (module $adapters\n";
    let adapter = "          (func $\"adapter app -> lib put\"";
    let script = format!("{COMPOSED}(assert_return (invoke \"run\"))");
    let (_, text) = report(&["--show-adapters"], &script);
    assert!(text.contains(wat) && text.contains(adapter), "{text}");
    assert!(!report(&[], &script).1.contains(wat));
    // What holds shows none, nor does what has none.
    let holds = format!("{COMPOSED}(assert_trap (invoke \"run\") \"invalid `char`\")");
    assert!(!report(&["--show-adapters"], &holds).1.contains(wat));
    let core = format!("{holds}{FAILING}");
    let (code, text) = report(&["--show-adapters"], &core);
    assert!(code == 1 && !text.contains(wat), "{text}");
    let (_, json) = report(&["--show-adapters", "--format", "json"], &script);
    assert!(json.contains("\"adapters\": [\";; adapter module 0\\n;; app -> lib put\\n(module $adapters\\n"), "{json}");
}

/// Calls between components stand before what came of the script, in each form of report.
#[test]
fn calls_are_traced() {
    let script = format!("{NESTED}(assert_trap (invoke \"run\") \"unreachable\")");
    let line = NESTED.lines().count() + 1;
    let expected = [
        r"app -> lib more('*')",
        r"  lib -> base sum((42, true))",
        r"  lib <- base sum: 43",
        r"app <- lib more",
        r"app -> lib more('\u{0}')",
        r"app <- lib more failed",
    ];
    let (code, text) = report(&["--trace"], &script);
    let traced: String = expected.iter().map(|call| format!("FILE:{line}: {call}\n")).collect();
    assert!(code == 0 && text.starts_with(&format!("{traced}FILE: ok: 2 passed")), "{text}");
    assert!(!report(&[], &script).1.contains("->"));

    let (_, json) = report(&["--trace", "--format", "json"], &script);
    let call = format!("{{\"line\": {line}, \"text\": \"  lib -> base sum((42, true))\"}}, {{\"line\"");
    assert!(json.contains(&call), "{json}");
    let (_, xml) = report(&["--trace", "--format", "junit"], &script);
    assert!(xml.contains(&format!("    <system-out>\n{line}: app -&gt; lib more('*')\n")), "{xml}");
}

/// With and without adapters a script holds or fails alike; what a trap says of its place is the same, too.
#[test]
fn a_traced_call_traps_as_an_adapter_does() {
    let script = format!("{COMPOSED}(assert_return (invoke \"run\"))");
    let actual = |flags: &[&str]| {
        let text = report(flags, &script).1;
        let lines: Vec<_> =
            text.lines().skip_while(|line| !line.contains("actual:")).take(2).map(String::from).collect();
        assert!(lines[1].ends_with("in the adapter app -> lib put: param \"c\""), "{text}");
        lines
    };
    assert_eq!(actual(&[]), actual(&["--trace"]));
}
