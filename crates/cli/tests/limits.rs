//! The limits of `gusset run`: each lets what is within it run, and ends what is beyond it with an error and an exit code of its own.

use crate::program::{Ended, ScratchFolder, shell};
use std::path::Path;

/// Memories, tables and time by request.
const GREEDY: &str = r#"(module
    (memory 1)
    (table 10 funcref)
    (func (export "memory") (param $pages i32) (result i32) (memory.grow (local.get $pages)))
    (func (export "table") (param $elements i32) (result i32) (table.grow (ref.null func) (local.get $elements)))
    (func (export "insist") (param $pages i32)
        (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then unreachable)))
    (func $deep (export "deep") (param $depth i32)
        (if (local.get $depth) (then (call $deep (i32.sub (local.get $depth) (i32.const 1))))))
    (func (export "count") (param $times i32)
        (loop (br_if 0 (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
    (func (export "spin") (loop (br 0))))"#;

/// Three core instances, of which one has a memory.
const INSTANCES: &str = r#"(component
    (core module $a (memory 2))
    (core module $b (func (export "f")))
    (core instance (instantiate $a))
    (core instance (instantiate $b))
    (core instance $b (instantiate $b))
    (func (export "f") (canon lift (core func $b "f"))))"#;

/// Three memories of a page each, in as many instances.
const MEMORIES: &str = r#"(component
    (core module $a (memory 1) (func (export "f")))
    (core instance (instantiate $a))
    (core instance (instantiate $a))
    (core instance $a (instantiate $a))
    (func (export "f") (canon lift (core func $a "f"))))"#;

fn scratch() -> ScratchFolder {
    let scratch = ScratchFolder::new();
    scratch.file("memories.wat", MEMORIES.as_bytes());
    scratch.file("greedy.wat", GREEDY.as_bytes());
    scratch.file("instances.wat", INSTANCES.as_bytes());
    scratch.file("sleep.wat", include_bytes!("programs/sleep.wat"));
    scratch
}

/// Runs `gusset run` with these words.
fn run(scratch: &ScratchFolder, words: &str) -> Ended {
    shell(Path::new(&scratch.path("")), &format!("gusset run {words}"))
}

fn assert_within(scratch: &ScratchFolder, words: &str, output: &str) {
    let ended = run(scratch, words);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), output, ""), "{words}");
}

fn assert_beyond(scratch: &ScratchFolder, words: &str, code: i32, says: &str) {
    let ended = run(scratch, words);
    ended.assert_refused(code);
    assert!(ended.stderr.starts_with(&format!("error: {says}\n")), "{words}: {}", ended.stderr);
}

#[test]
fn memory() {
    let scratch = scratch();
    let greedy = |size: &str, call: &str| format!("--max-memory {size} greedy.wat --invoke '{call}'");
    assert_within(&scratch, &greedy("2MiB", "memory(31)"), "1\n");
    assert_within(&scratch, &greedy("2097152", "insist(31)"), "");
    // The guest is told, and may go on.
    assert_within(&scratch, &greedy("2MiB", "memory(32)"), "-1\n");
    assert_within(&scratch, &greedy("2097151", "memory(31)"), "-1\n");
    let says = "the guest wanted more memory than --max-memory allows, 2097152 bytes";
    assert_beyond(&scratch, &greedy("2MiB", "insist(32)"), 121, says);
    let says = "the guest wanted more memory than --max-memory allows, 65535 bytes";
    assert_beyond(&scratch, &greedy("65535", "memory(0)"), 121, says);
    // A trap for another reason is one.
    assert_eq!(run(&scratch, &greedy("64MiB", "insist(65535)")).code, Some(121));
    assert_eq!(run(&scratch, "greedy.wat --invoke 'insist(65536)'").code, Some(134));
    assert_within(&scratch, "--max-memory 128KiB instances.wat --invoke 'f()'", "()\n");
    let says = "the guest wanted more memory than --max-memory allows, 131071 bytes";
    assert_beyond(&scratch, "--max-memory 131071 instances.wat --invoke 'f()'", 121, says);
    let says = "the guest wanted more memory than --max-memory allows, 1 byte";
    assert_beyond(&scratch, "--max-memory 1 instances.wat --invoke 'f()'", 121, says);
    // What is said is true beside other memories, too.
    assert_within(&scratch, "--max-memory 192K memories.wat --invoke 'f()'", "()\n");
    let says =
        "the guest wanted more memory than --max-memory allows, 196607 bytes; other memories have 131072 bytes of it";
    let words = "--max-memory 196607 memories.wat --invoke 'f()'";
    assert_beyond(&scratch, words, 121, says);
    run(&scratch, words).assert_says(&["a memory of 65536 bytes: the limit is 65535"]);
}

#[test]
fn tables() {
    let scratch = scratch();
    let greedy = |elements: u32, call: &str| format!("greedy.wat --max-table-elements {elements} --invoke '{call}'");
    assert_within(&scratch, &greedy(100, "table(90)"), "10\n");
    assert_within(&scratch, &greedy(100, "table(91)"), "-1\n");
    assert_within(&scratch, &greedy(10, "table(0)"), "10\n");
    let says = "the guest wanted a larger table than --max-table-elements allows, 9 elements";
    assert_beyond(&scratch, &greedy(9, "table(0)"), 123, says);
}

#[test]
fn how_many_there_are_is_no_limit_without_one() {
    let scratch = scratch();
    // More than a store has by default.
    let module = format!("(core module $a {} (func (export \"f\")))", "(table 0 funcref)".repeat(100));
    let instances = "(core instance (instantiate $a))".repeat(100) + "(core instance $a (instantiate $a))";
    let text = format!("(component {module} {instances} (func (export \"f\") (canon lift (core func $a \"f\"))))");
    scratch.file("tables.wat", text.as_bytes());
    assert_within(&scratch, "tables.wat --invoke 'f()'", "()\n");
}

#[test]
fn instances() {
    let scratch = scratch();
    assert_within(&scratch, "--max-instances 3 instances.wat --invoke 'f()'", "()\n");
    let says = "the guest has more core instances than --max-instances allows, 2";
    assert_beyond(&scratch, "--max-instances 2 instances.wat --invoke 'f()'", 122, says);
}

#[test]
fn time() {
    let scratch = scratch();
    assert_within(&scratch, "--timeout 1000s greedy.wat --invoke 'count(1000)'", "");
    let says = "the guest ran for longer than --timeout allows, 50ms";
    assert_beyond(&scratch, "--timeout 50ms greedy.wat --invoke 'spin()'", 124, says);
    // A guest that waits is stopped, too.
    let ended = run(&scratch, "--timeout 200ms sleep.wat");
    assert_eq!((ended.code, &*ended.stdout), (Some(124), "ready\n"), "{}", ended.stderr);
    ended.assert_says(&["the guest ran for longer than --timeout allows, 200ms"]);
}

/// A guest that waits for what stands behind a pipe, at either end of it.
#[test]
fn time_at_pipes() {
    let scratch = scratch();
    scratch.file("yes.wat", include_bytes!("programs/yes.wat"));
    scratch.file("cat.wat", include_bytes!("programs/cat.wat"));
    let folder = scratch.path("");
    let mute = "mkfifo out; sleep 60 <out >out.log 2>&1 & gusset run --timeout 200ms yes.wat >out; code=$?; kill $!; exit $code";
    let ended = shell(Path::new(&folder), mute);
    assert_eq!(ended.code, Some(124), "{}", ended.stderr);
    ended.assert_says(&["the guest ran for longer than --timeout allows, 200ms"]);
    let ended = shell(Path::new(&folder), "mkfifo in; gusset run --timeout 200ms --stdin in cat.wat");
    assert_eq!((ended.code, &*ended.stdout), (Some(124), ""), "{}", ended.stderr);
    let late = "(sleep 0.1; echo late >in) & gusset run --timeout 1000s --stdin in cat.wat";
    let ended = shell(Path::new(&folder), late);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "late\n"), "{}", ended.stderr);
}

#[test]
fn fuel() {
    let scratch = scratch();
    assert_within(&scratch, "--fuel 100000 greedy.wat --invoke 'count(1000)'", "");
    let says = "the guest used more fuel than --fuel allows, 100000";
    assert_beyond(&scratch, "--fuel 100000 greedy.wat --invoke 'spin()'", 120, says);
    let says = "the guest used more fuel than --fuel allows, 0";
    assert_beyond(&scratch, "--fuel 0 greedy.wat --invoke 'count(1)'", 120, says);
}

#[test]
fn stack() {
    let scratch = scratch();
    let deep = |size: &str| format!("--max-wasm-stack {size} greedy.wat --invoke 'deep(2000)'");
    assert_within(&scratch, &deep("1MiB"), "");
    let ended = run(&scratch, &deep("8KiB"));
    assert_eq!(ended.code, Some(134), "{}", ended.stderr);
    ended.assert_says(&["call stack exhausted"]);
    // The system's stack for a program is no limit.
    let deeper = |size: &str| format!("--max-wasm-stack {size} greedy.wat --invoke 'deep(2000000)'");
    assert_eq!(run(&scratch, &deeper("8M")).code, Some(134));
    assert_within(&scratch, &deeper("256M"), "");
    let ended = run(&scratch, &deep("16777215TiB"));
    ended.assert_refused(1);
    ended.assert_says(&["as --max-wasm-stack says"]);
}

#[test]
fn precompiled_files_have_those_that_they_were_compiled_for() {
    let scratch = scratch();
    let compile = |options: &str| shell(Path::new(&scratch.path("")), &format!("gusset compile greedy.wat {options}"));
    assert_eq!(compile("--timeout --fuel").code, Some(0));
    let bounded = "--allow-precompiled --timeout 1000s --fuel 100000 greedy.gusset --invoke";
    assert_within(&scratch, &format!("{bounded} 'count(1000)'"), "");
    let says = "the guest used more fuel than --fuel allows, 100000";
    assert_beyond(&scratch, &format!("{bounded} 'spin()'"), 120, says);
    // Options behind the file count, too.
    assert_within(
        &scratch,
        "--allow-precompiled --timeout 9s --fuel 99999 greedy.gusset --max-memory 64KiB --invoke 'memory(1)'",
        "-1\n",
    );
    let refused = |words: &str, hint: &str| {
        let ended = run(&scratch, &format!("--allow-precompiled {words} greedy.gusset --invoke 'count(1)'"));
        ended.assert_refused(1);
        let says = format!("error: cannot run greedy.gusset so: {hint}\n");
        assert!(ended.stderr.starts_with(&says), "{words}: {}", ended.stderr);
    };
    refused("", "it was compiled with --fuel and --timeout, and `gusset run` needs both too");
    refused("--timeout 1s", "it was compiled with --fuel, and `gusset run` needs that too");
    refused("--fuel 1000", "it was compiled with --timeout, and `gusset run` needs that too");
    assert_eq!(compile("--timeout").code, Some(0));
    refused(
        "--fuel 1000",
        "it was compiled with --timeout, and `gusset run` needs that too; it was compiled without --fuel: leave that away, or \
         compile it anew with `gusset compile --fuel`",
    );
    assert_eq!(compile("").code, Some(0));
    refused(
        "--fuel 1000 --timeout 1s",
        "it was compiled without --fuel and --timeout: leave both away, or compile it anew with `gusset compile --fuel \
         --timeout`",
    );
}

#[test]
fn values_that_are_none_are_refused() {
    let scratch = scratch();
    for (words, says) in [
        ("--timeout 1.5s", "expected a whole number of seconds, or one with its unit (ns, us, ms, s, m, h)"),
        ("--timeout 5124096h", "more than can be counted"),
        ("--timeout 0", "no guest ends in no time; without the option it has all the time there is"),
        ("--max-memory 64Mbit", "expected a whole number of bytes, or one with its unit (KiB, MiB, GiB, TiB)"),
        ("--max-memory 16777216TiB", "more than can be counted"),
        ("--max-wasm-stack -1", "unexpected argument '-1'"),
        ("--max-wasm-stack 0", "every guest needs some stack"),
        ("--fuel much", "expected a whole number, such as `1000000`"),
        ("--fuel ''", "expected a whole number, such as `1000000`"),
        ("--fuel 18446744073709551616", "more than can be counted"),
        ("--max-instances 1.5", "expected a whole number"),
    ] {
        let ended = run(&scratch, &format!("{words} greedy.wat --invoke 'count(1)'"));
        ended.assert_refused(2);
        ended.assert_says(&[says]);
    }
}

#[test]
fn little_address_space_is_enough() {
    let scratch = scratch();
    if shell(Path::new(&scratch.path("")), "ulimit -v 2000000; gusset --version").code != Some(0) {
        println!("not run: no program starts with little address space, as under an emulator");
        return;
    }
    // Less than a memory reserves by itself, and as much as that.
    for kibibytes in [2_000_000, 6_000_000] {
        let line = format!("ulimit -v {kibibytes}; gusset run greedy.wat --invoke 'memory(1000)'");
        let ended = shell(Path::new(&scratch.path("")), &line);
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "1\n", ""), "{line}");
    }
    let ended =
        shell(Path::new(&scratch.path("")), "ulimit -v 2000000; gusset run greedy.wat --invoke 'memory(60000)'");
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "-1\n"), "{}", ended.stderr);
    let line = r#"echo '(module (memory 1))' >one.wast; ulimit -v 6000000; gusset wast one.wast"#;
    let ended = shell(Path::new(&scratch.path("")), line);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // What is compiled already is as it was compiled.
    let line = "gusset compile greedy.wat; ulimit -v 2000000; gusset run --allow-precompiled greedy.gusset --invoke 'memory(1)'";
    let ended = shell(Path::new(&scratch.path("")), line);
    ended.assert_refused(1);
    ended.assert_says(&["error: this process may have 2048000000 bytes of address space (ulimit -v)"]);
}
