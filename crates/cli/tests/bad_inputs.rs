//! Inputs that nobody should hand to `gusset`, and what it says to them: what is wrong and where, an exit code, no panic, and
//! neither time nor memory to speak of. Each test runs the program as a person would.

use crate::program::{ScratchFolder, gusset};

/// The opening bytes of a component.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A component that exports a few functions of different types.
const FUNCTIONS: &str = r#"
(component
  (core module $M
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "one") (result i32) (i32.const 1))
    (func (export "fail") unreachable))
  (core instance $m (instantiate $M))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "add")))
  (func $one (result u32) (canon lift (core func $m "one")))
  (func (export "fail") (canon lift (core func $m "fail")))
  (instance $i (export "one" (func $one)))
  (instance $j (export "one" (func $one)) (export "other" (func $one)))
  (export "test:names/first" (instance $i))
  (export "test:names/second@1.2.3" (instance $j)))
"#;

/// `gusset run` of a file with these contents must fail and say all of `expected`.
fn refused(name: &str, contents: impl AsRef<[u8]>, expected: &[&str]) {
    let scratch = ScratchFolder::new();
    let file = scratch.file(name, contents.as_ref());
    let outcome = gusset(["run", &file, "--invoke", "f()"]);
    outcome.assert_refused(1);
    outcome.assert_says(&[&[name], expected].concat());
}

/// `gusset run --invoke CALL` of [`FUNCTIONS`] must fail with this exit code and say all of `expected`.
fn refused_call(call: &str, code: i32, expected: &[&str]) {
    let scratch = ScratchFolder::new();
    let file = scratch.file("functions.wat", FUNCTIONS.as_bytes());
    let outcome = gusset(["run", &file, "--invoke", call]);
    outcome.assert_refused(code);
    outcome.assert_says(expected);
}

fn leb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A section with the number `id` whose length is told as it is.
fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(contents.len() as u64), contents].concat()
}

#[test]
fn truncated() {
    let whole = [COMPONENT, &section(1, b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0")].concat();
    refused("truncated.wasm", &whole[..whole.len() - 3], &["unexpected end", "offset"]);
    refused("header.wasm", &COMPONENT[..6], &["header.wasm"]);
}

#[test]
fn wrong_magic() {
    refused("magic.wasm", b"\0elf\x0d\0\x01\0", &["magic.wasm"]);
    refused("version.wasm", b"\0asm\x0d\0\x07\0", &["version"]);
    refused("noise.wasm", [0xff, 0xfe, 0, 1, 2, 3, 4, 5, 6, 7], &["noise.wasm"]);
}

#[test]
fn core_module() {
    refused("core.wasm", b"\0asm\x01\0\0\0", &["no exported function is called `f`"]);
    refused("core.wat", "(module (func (export \"g\")))", &["no exported function is called `f`", "g: (func)"]);
    let scratch = ScratchFolder::new();
    let outcome = gusset(["adapters", &scratch.file("core.wasm", b"\0asm\x01\0\0\0")]);
    outcome.assert_refused(1);
    outcome.assert_says(&["expected a component, found a core module"]);
}

#[test]
fn missing_import() {
    let function = "(component (import \"test:host/log\" (instance (export \"write\" (func (param \"s\" string))))) \
        (core module $M (func (export \"f\"))) (core instance $m (instantiate $M)) \
        (func (export \"f\") (canon lift (core func $m \"f\"))))";
    refused("missing.wat", function, &["test:host/log", "write"]);
}

#[test]
fn import_of_the_wrong_type() {
    let nested = "(component \
        (component $C (import \"n\" (func (param \"x\" u32)))) \
        (import \"given\" (func $given (param \"x\" string))) \
        (instance (instantiate $C (with \"n\" (func $given)))))";
    refused("wrong-type.wat", nested, &["`n`", "wrong-type.wat:1:"]);
}

#[test]
fn index_out_of_range() {
    // Instantiates core module 7 of none.
    let instance = section(2, &[1, 0, 7, 0]);
    refused("index.wasm", [COMPONENT, &instance].concat(), &["7", "out of bounds", "offset"]);
}

#[test]
fn ten_thousand_nested_components() {
    let mut sizes = vec![COMPONENT.len() as u64];
    for _ in 0..10_000 {
        let inner = sizes[sizes.len() - 1];
        sizes.push(COMPONENT.len() as u64 + 1 + leb(inner).len() as u64 + inner);
    }
    let mut bytes = Vec::new();
    for size in sizes.iter().rev().skip(1) {
        bytes.extend_from_slice(COMPONENT);
        bytes.push(4);
        bytes.extend(leb(*size));
    }
    bytes.extend_from_slice(COMPONENT);
    refused("nested.wasm", bytes, &["nest"]);
}

#[test]
fn ten_thousand_nested_components_as_text() {
    let text = "(component ".repeat(10_000) + &")".repeat(10_000);
    refused("nested.wat", text, &["nest"]);
}

#[test]
fn claims_of_gigabytes() {
    let data = [b"\0asm\x01\0\0\0".as_slice(), &[11, 0xfe, 0xff, 0xff, 0xff, 0x0f, 1, 1], &leb(0xffff_0000)].concat();
    refused("data.wasm", [COMPONENT, &section(1, &data)].concat(), &["section too large", "offset"]);
    refused("section.wasm", [COMPONENT, &[3, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]].concat(), &["unexpected end", "offset"]);
    let memory = "(component (core module (memory 131072)))";
    refused("memory.wat", memory, &["memory size", "memory.wat:1:25"]);
    let count = section(7, &[0xff, 0xff, 0xff, 0xff, 0x0f]);
    refused("count.wasm", [COMPONENT, &count].concat(), &["offset"]);
    let types = [b"\0asm\x01\0\0\0".as_slice(), &section(1, &[0xff, 0xff, 0xff, 0xff, 0x0f])].concat();
    refused("core-count.wasm", [COMPONENT, &section(1, &types)].concat(), &["offset"]);
}

#[test]
fn a_memory_that_is_large_but_untouched_costs_nothing() {
    let scratch = ScratchFolder::new();
    let text = "(component (core module $M (memory 65536) (func (export \"f\") (result i32) (memory.size))) \
        (core instance $a (instantiate $M)) (core instance $b (instantiate $M)) \
        (func (export \"f\") (result u32) (canon lift (core func $b \"f\"))))";
    let outcome = gusset(["run", &scratch.file("large.wat", text.as_bytes()), "--invoke", "f()"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "65536\n"), "{}", outcome.stderr);
    outcome.assert_frugal();
}

#[test]
fn name_that_is_not_utf8() {
    // One import: name of three bytes, of a function of type 0.
    let types = section(7, &[1, 0x40, 0, 1, 0]);
    let import = section(10, &[1, 0, 3, b'a', 0xff, 0xfe, 1, 0]);
    refused("name.wasm", [COMPONENT, &types, &import].concat(), &["UTF-8", "offset"]);
}

#[test]
fn invoke_with_the_wrong_arity() {
    refused_call("add(1)", 1, &["add", "takes 2 arguments", "found 1"]);
    refused_call("add(1, 2, 3)", 1, &["add", "takes 2 arguments", "found 3"]);
}

#[test]
fn invoke_with_the_wrong_types() {
    refused_call("add(1, \"two\")", 1, &["b: expected u32 (0 to 4294967295)", "`\"two\"`"]);
    refused_call("add(1, -1)", 1, &["b: expected u32"]);
    refused_call("add(1, 4294967296)", 1, &["b: expected u32"]);
}

#[test]
fn invoke_with_text_that_is_no_call() {
    refused_call("add(1,", 1, &["--invoke", "`(` is not closed: `)` is missing"]);
    refused_call("add", 1, &["--invoke", "name(arguments)"]);
    refused_call("", 1, &["--invoke"]);
    refused_call("add(1, 2) 3", 1, &["--invoke", "the call ends before `3`"]);
    refused_call(&format!("add({}", "[".repeat(100_000)), 1, &["values are nested more than 100 deep"]);
}

#[test]
fn invoke_of_an_unknown_function() {
    let known = ["test:names/first#one", "test:names/second@1.2.3#other", "add: func(a: u32, b: u32) -> u32"];
    refused_call("subtract(1, 2)", 1, &[&["`subtract`"], &known[..]].concat());
    refused_call("test:names/first#other()", 1, &["`test:names/first#other`"]);
}

#[test]
fn invoke_of_an_ambiguous_name() {
    refused_call("one()", 1, &["`one` is ambiguous", "test:names/first#one", "test:names/second@1.2.3#one"]);
}

#[test]
fn names_that_are_not_ambiguous_work() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("functions.wat", FUNCTIONS.as_bytes());
    let names = ["other()", "test:names/second@1.2.3#one()", "test:names/second#one()", "second#one()", "first#one()"];
    for call in names {
        let outcome = gusset(["run", &file, "--invoke", call]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "1\n"), "{call}: {}", outcome.stderr);
    }
}

#[test]
fn a_trap_has_its_own_exit_code() {
    refused_call("fail()", 134, &["functions.wat", "unreachable", "backtrace"]);
}

#[test]
fn no_invoke() {
    let scratch = ScratchFolder::new();
    let outcome = gusset(["run", &scratch.file("functions.wat", FUNCTIONS.as_bytes())]);
    outcome.assert_refused(1);
    outcome.assert_says(&["is a library", "--invoke 'add(1, 1)'", "add: func(a: u32, b: u32) -> u32"]);
}

#[test]
fn files_that_cannot_be_read() {
    let scratch = ScratchFolder::new();
    let missing = scratch.path("missing.wasm");
    for arguments in [vec!["run", &missing, "--invoke", "f()"], vec!["adapters", &missing], vec!["wast", &missing]] {
        let outcome = gusset(arguments);
        outcome.assert_refused(1);
        outcome.assert_says(&["missing.wasm", "No such file"]);
    }
    std::os::unix::fs::symlink(scratch.path("nowhere"), scratch.path("dangling.wasm")).unwrap();
    let outcome = gusset(["run", &scratch.path("dangling.wasm"), "--invoke", "f()"]);
    outcome.assert_refused(1);
    outcome.assert_says(&["dangling.wasm", "No such file"]);
    let secret = scratch.file("secret.wasm", COMPONENT);
    scratch.forbid("secret.wasm");
    // Who may read everything sees an empty component.
    if std::fs::read(&secret).is_err() {
        let outcome = gusset(["run", &secret, "--invoke", "f()"]);
        outcome.assert_refused(1);
        outcome.assert_says(&["secret.wasm", "Permission denied"]);
    }
}

#[test]
fn directory() {
    let scratch = ScratchFolder::new();
    for command in ["run", "adapters"] {
        let outcome = gusset([command, &scratch.path("")]);
        outcome.assert_refused(1);
        outcome.assert_says(&[&scratch.path(""), "is a directory"]);
    }
    let outcome = gusset(["wast", &scratch.path("")]);
    outcome.assert_refused(1);
    outcome.assert_says(&["nothing to run", ".wast"]);
}

#[test]
fn empty_file() {
    refused("empty.wasm", "", &["is empty"]);
}

/// Makes a file of 3 GiB that starts with `contents` and holds nothing else.
fn sparse(scratch: &ScratchFolder, name: &str, contents: &[u8]) -> String {
    let path = scratch.file(name, contents);
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file is there");
    file.set_len(3 << 30).expect("the file system knows sparse files");
    path
}

#[test]
fn files_that_are_too_large_are_not_read() {
    let scratch = ScratchFolder::new();
    let binary = sparse(&scratch, "binary.wasm", COMPONENT);
    let text = sparse(&scratch, "text.wat", "(component)".repeat(1000).as_bytes());
    for command in ["run", "adapters"] {
        for (file, limit) in [(&binary, "512 MiB"), (&text, "64 MiB")] {
            let outcome = gusset([command, file]);
            outcome.assert_refused(1);
            outcome.assert_says(&[file, "is larger than", limit]);
        }
    }
    std::fs::create_dir_all(scratch.path("wit/deps/log")).expect("it can be made");
    let package = "package docs:log;\n".repeat(1000);
    let wit = sparse(&scratch, "wit/deps/log/log.wit", package.as_bytes());
    for (path, name) in [(&wit, "log.wit"), (&scratch.path("wit"), "wit")] {
        let outcome = gusset(["component", "wit", path]);
        outcome.assert_refused(1);
        outcome.assert_says(&[name, "is larger than 16 MiB"]);
    }
    let script = sparse(&scratch, "script.wast", "(module)\n".repeat(1000).as_bytes());
    for arguments in [vec!["wast", &script], vec!["wast", "--known-failures", &script, &script]] {
        let outcome = gusset(arguments);
        outcome.assert_refused(1);
        outcome.assert_says(&["script.wast", "is larger than 64 MiB"]);
    }
}

#[test]
fn files_that_hold_nothing_readable_are_given_up_at_once() {
    let scratch = ScratchFolder::new();
    let zeros = sparse(&scratch, "zeros.wasm", b"");
    for file in [&*zeros, "/dev/zero"] {
        for command in ["run", "adapters"] {
            let outcome = gusset([command, file]);
            outcome.assert_refused(1);
            outcome.assert_says(&[file, "neither a binary component nor text"]);
        }
        for arguments in [vec!["wast", file], vec!["wast", "--known-failures", file, file]] {
            let outcome = gusset(arguments);
            outcome.assert_refused(1);
            outcome.assert_says(&[file, "it is no text"]);
        }
    }
}

#[test]
fn pipes_in_folders_are_not_waited_for() {
    let scratch = ScratchFolder::new();
    let made = std::process::Command::new("mkfifo").arg(scratch.path("pipe.wast")).status();
    assert!(made.expect("the program is there").success());
    let outcome = gusset(["wast", &scratch.path("")]);
    outcome.assert_refused(1);
    outcome.assert_says(&["nothing to run"]);
}

#[test]
fn folders_that_nest_deeply_are_not_searched() {
    let scratch = ScratchFolder::new();
    std::fs::create_dir_all(scratch.path(&"d/".repeat(70))).expect("folders can be made");
    let outcome = gusset(["wast", &scratch.path("")]);
    outcome.assert_refused(1);
    outcome.assert_says(&["is nested too deeply"]);
}

#[test]
fn links_to_folders_make_no_circles() {
    let scratch = ScratchFolder::new();
    std::fs::create_dir_all(scratch.path("a/b")).unwrap();
    std::fs::create_dir(scratch.path("c")).unwrap();
    scratch.file("c/other.wast", b"(module)");
    scratch.file("a/one.wast", b"(module)");
    for (target, link) in [(".", "l"), ("../..", "a/b/up"), ("../a", "c/d"), ("c", "e")] {
        std::os::unix::fs::symlink(target, scratch.path(link)).unwrap();
    }
    let outcome = gusset(["wast", &scratch.path("")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("a/one.wast") && outcome.stdout.contains("c/other.wast"), "{}", outcome.stdout);
    assert!(outcome.stdout.matches(".wast").count() < 5, "{}", outcome.stdout);
}

#[test]
fn names_that_are_not_unicode_work() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = ScratchFolder::new();
    let path = std::path::Path::new(&scratch.path("")).join(std::ffi::OsStr::from_bytes(b"n\xff.wat"));
    std::fs::write(&path, FUNCTIONS).unwrap();
    let outcome = gusset(["run".as_ref(), path.as_os_str(), "--invoke".as_ref(), "add(1, 2)".as_ref()]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "3\n"), "{}", outcome.stderr);
}

#[test]
fn lines_as_long_as_the_input_are_not_shown_whole() {
    let text = format!("(component {})", "x".repeat(1_000_000));
    let scratch = ScratchFolder::new();
    let file = scratch.file("long.wat", text.as_bytes());
    let outcome = gusset(["run", &file]);
    outcome.assert_refused(1);
    assert!(outcome.stderr.len() < 10_000, "{} bytes", outcome.stderr.len());
    let script = scratch.file("long.wast", format!("(module){}(foo)", " ".repeat(1_000_000)).as_bytes());
    let outcome = gusset(["wast", &script]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stdout.contains("cannot be run"), "{}", outcome.stdout);
    assert!(outcome.stdout.len() < 10_000, "{} bytes", outcome.stdout.len());
}

#[test]
fn text_that_nests_deeply() {
    const DEPTH: usize = 100_000;
    for (open, close, expected) in
        [("(", "", "long.wat"), ("(component ", ")", "nest"), ("(component (type (option ", ")))", "long.wat")]
    {
        refused("long.wat", open.repeat(DEPTH) + &close.repeat(DEPTH), &[expected]);
    }
    let types = format!("(component {}{})", "(type (component ".repeat(DEPTH), "))".repeat(DEPTH));
    refused("types.wat", types, &["nest"]);
    let folded = format!("(component (core module (func {}{})))", "(block ".repeat(DEPTH), ")".repeat(DEPTH));
    refused("folded.wat", folded, &["no exported function is called `f`"]);
}

#[test]
fn text_with_a_syntax_error() {
    refused("syntax.wat", "(component\n  (core module\n    (fnc))\n)\n", &["syntax.wat", ":3:6", "fnc"]);
}

#[test]
fn features_that_are_not_supported() {
    let lifted = "(component (core module $M (func (export \"f\") (result i32) (i32.const 0)) \
        (func (export \"callback\") (param i32 i32 i32) (result i32) (i32.const 0))) (core instance $m (instantiate $M)) \
        (func (export \"f\") async (canon lift (core func $m \"f\") async (callback (core func $m \"callback\")))))";
    refused("async.wat", lifted, &["not supported: async", "canon lift", "async.wat:1:"]);
    let stream = "(component (type $s (stream u8)) (import \"f\" (func $f (param \"s\" $s))) \
        (core func (canon lower (func $f))))";
    refused("stream.wat", stream, &["stream", "not supported", "stream.wat:1:"]);
}

#[test]
fn core_module_inside_that_does_not_validate() {
    let text = "(component (core module $M (func $broken (result i32) i64.const 0)))";
    refused("invalid.wat", text, &["type mismatch", "invalid.wat:1:66"]);
}

#[test]
fn scripts_that_fail() {
    let scratch = ScratchFolder::new();
    let failing = scratch.file(
        "failing.wast",
        b"(module (func (export \"f\") (result i32) (i32.const 1)))\n\
        (assert_return (invoke \"f\") (i32.const 2))\n",
    );
    let outcome = gusset(["wast", &failing]);
    assert_eq!(outcome.code, Some(1));
    for part in ["failing.wast:2:", "(assert_return (invoke \"f\")", "(i32.const 2)", "(i32.const 1)", "1 failed"] {
        assert!(outcome.stdout.contains(part), "{part:?} is missing:\n{}", outcome.stdout);
    }
    let nothing = scratch.file("nothing.wast", b";; nothing\n");
    let outcome = gusset(["wast", &nothing]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.stdout.contains("nothing ran") || outcome.stdout.contains("cannot be run"), "{}", outcome.stdout);
}

#[test]
fn scripts_for_other_engines_are_skipped() {
    let scratch = ScratchFolder::new();
    let other = scratch.file("other.wast", b";;! hogel = true\n(module)\n");
    let ours = scratch.file("ours.wast", b";; \0\n(module)\n");
    let ended = gusset(["wast", &other, &ours]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    for part in ["other.wast: skipped: it is for engines with the feature `hogel`", "1 of 2 scripts passed, 1 skipped"]
    {
        assert!(ended.stdout.contains(part), "{part:?} is missing:\n{}", ended.stdout);
    }
    let ended = gusset(["wast", &other]);
    assert_eq!(ended.code, Some(1), "nothing passed");
    assert!(ended.stdout.contains("0 of 1 scripts passed, 1 skipped"), "{}", ended.stdout);
}

#[test]
fn known_failures() {
    let scratch = ScratchFolder::new();
    let script = "(module (func (export \"f\") (result i32) (i32.const 1)))\n\
        (assert_return (invoke \"f\") (i32.const 2))\n\
        (assert_return (invoke \"f\") (i32.const 1))\n";
    let script = scratch.file("failing.wast", script.as_bytes());
    let expect = |list: &str, code: i32, parts: &[&str]| {
        let list = scratch.file("known.txt", list.as_bytes());
        let outcome = gusset(["wast", "--known-failures", &list, &script]);
        assert_eq!(outcome.code, Some(code), "{}{}", outcome.stdout, outcome.stderr);
        for part in parts {
            let said = outcome.stdout.contains(part) || outcome.stderr.contains(part);
            assert!(said, "{part:?} is missing:\n{}{}", outcome.stdout, outcome.stderr);
        }
    };
    expect("failing.wast:2-2 a range\n", 0, &["1 as expected"]);
    expect("failing.wast:2-3 a range\n", 1, &["failing.wast:2-3: listed in", "but at line 3 it passes"]);
    let known = "failing.wast:2 two is not one\n";
    expect(known, 0, &["ok: 2 passed, 1 failed", "1 as expected", "wast: 1 failures are expected", "1 of 1 scripts"]);
    expect(&format!("{known}other.wast:1 not run\n"), 0, &[]);
    expect("# nothing\n", 1, &["failing.wast:2:2: assert_return failed"]);
    expect(&format!("{known}failing.wast:3 it holds\n"), 1, &["listed in", "(it holds), but it passes"]);
    expect(&format!("{known}failing.wast:4 gone\n"), 1, &["(gone), but no directive starts there"]);
    expect("failing.wast:2\n", 1, &["known.txt:1: a reason is missing"]);
    let missing = scratch.path("missing.txt");
    let outcome = gusset(["wast", "--known-failures", &missing, &script]);
    outcome.assert_refused(1);
    outcome.assert_says(&["missing.txt", "No such file"]);
}

#[test]
fn wrong_usage() {
    for arguments in [vec!["run"], vec!["walk"], vec!["run", "--invok", "f()", "a.wasm"], vec!["wast"]] {
        let outcome = gusset(arguments);
        outcome.assert_refused(2);
        outcome.assert_says(&["Usage"]);
    }
}
