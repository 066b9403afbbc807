//! Components as a person runs them: commands, which have WASI and end with a code, and libraries.

use crate::program::{SIGINT, ScratchFolder, gusset, interrupted, shell};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

/// A command whose `run` is this code; it may call `$exit` with 0 or 1. Its `run` and its `exit` are of these versions.
fn command(run: &str, exit: &str, code: &str) -> String {
    format!(
        r#"(component
            (import "wasi:cli/exit@{exit}" (instance $host (export "exit" (func (param "status" (result))))))
            (core func $exit (canon lower (func $host "exit")))
            (core module $m
                (import "" "exit" (func $exit (param i32)))
                (func (export "run") (result i32) {code}))
            (core instance $m (instantiate $m (with "" (instance (export "exit" (func $exit))))))
            (func $run (result (result)) (canon lift (core func $m "run")))
            (instance $run (export "run" (func $run)))
            (func (export "seven") (result u32) (canon lift (core func $m "run")))
            (export "wasi:cli/run@{run}" (instance $run)))"#
    )
}

#[test]
fn end_with_what_run_returns_or_what_they_exit_with() {
    let scratch = ScratchFolder::new();
    for (run, exit, code, expected) in [
        ("0.2.0", "0.2.0", "(i32.const 0)", 0),
        ("0.2.0", "0.2.12", "(i32.const 1)", 1),
        ("0.2.12", "0.2.3", "(call $exit (i32.const 0)) unreachable", 0),
        ("0.2.6", "0.2.6", "(call $exit (i32.const 1)) unreachable", 1),
    ] {
        let file = scratch.file("command.wat", command(run, exit, code).as_bytes());
        let ended = gusset(["run", &file, "--a", "b"]);
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(expected), "", ""), "{run}, {exit}: {code}");
    }
}

#[test]
fn that_trap_say_where() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("command.wat", command("0.2.0", "0.2.0", "unreachable").as_bytes());
    let ended = gusset(["run", &file]);
    ended.assert_refused(134);
    ended.assert_says(&["`unreachable` instruction executed", "command.wat:6:"]);
}

#[test]
fn have_functions_beside_run() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("command.wat", command("0.2.0", "0.2.0", "(i32.const 7)").as_bytes());
    let ended = gusset(["run", "--invoke", "seven()", &file]);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "7\n", ""));
    // A function that exits is no failure of the call.
    let text = command("0.2.0", "0.2.0", "(call $exit (i32.const 1)) unreachable");
    let ended = gusset(["run", "--invoke", "seven()", &scratch.file("exit.wat", text.as_bytes())]);
    assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(1), "", ""));
}

#[test]
fn are_limited_as_programs_are() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("spin.wat", command("0.2.0", "0.2.0", "(loop (br 0)) unreachable").as_bytes());
    for (option, value, code) in [("--fuel", "100000", 120), ("--timeout", "50ms", 124)] {
        gusset(["run", option, value, &file]).assert_refused(code);
    }
}

#[test]
fn run_precompiled() {
    let scratch = ScratchFolder::new();
    for (code, expected) in [("(i32.const 0)", 0), ("(i32.const 1)", 1)] {
        let file = scratch.file("command.wat", command("0.2.0", "0.2.0", code).as_bytes());
        let precompiled = scratch.path("command.gusset");
        assert_eq!(gusset(["compile", &file, "-o", &precompiled]).code, Some(0));
        let ended = gusset(["run", "--allow-precompiled", &precompiled, "--word"]);
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(expected), "", ""));
    }
}

/// The path of a program's text.
fn program(name: &str) -> String {
    format!("{}/tests/programs/{name}.wat", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn of_modules_do_as_these_do() {
    let scratch = ScratchFolder::new();
    scratch.file("text", b"from a file\n");
    let folder = program("hello");
    let folder = Path::new(&folder).parent().expect("it lies in a folder").display().to_string();
    let run = |how: &str, line: &str| {
        let line = line.replace("gusset run", &format!("gusset run {how}"));
        let ended = shell(Path::new(&scratch.path("")), &format!("P='{folder}'\n{line}"));
        (ended.code, ended.stdout, ended.stderr)
    };
    for line in [
        "gusset run $P/hello.wat",
        "gusset run $P/words.wat a 'b c' '' --invoke x",
        "gusset run --argv0 me --env A=1 --env B=x=y --dir .::/ --dir /::sys:ro $P/words.wat",
        "rm -rf out; mkdir out; gusset run --dir out::/ $P/create.wat; cat out/made",
        "rm -rf in; mkdir in; gusset run --dir in::/:ro $P/create.wat; ls in",
        "echo piped | gusset run $P/cat.wat",
        "gusset run --stdin text $P/cat.wat",
        "gusset run - a b < $P/words.wat",
        "head -c 1000000 /dev/zero | gusset run $P/cat.wat | wc -c",
        "gusset run --deterministic $P/sleep.wat",
        "{ gusset run $P/yes.wat; echo $? >&2; } | head -n 2",
    ] {
        assert_eq!(run("--via-adapter", line), run("", line), "{line}");
    }
}

#[test]
fn of_modules_can_be_kept_and_precompiled() {
    let scratch = ScratchFolder::new();
    let (command, precompiled) = (scratch.path("hello.wasm"), scratch.path("hello.gusset"));
    for arguments in [
        &["component", "new", &program("hello"), "-o", &command][..],
        &["compile", &command, "-o", &precompiled],
        &["component", "new", &program("hello"), "--preview1", "reactor", "-o", &scratch.path("reactor.wasm")],
    ] {
        let ended = gusset(arguments);
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "", ""), "{arguments:?}");
    }
    for arguments in [&["run", &*command][..], &["run", "--allow-precompiled", &precompiled]] {
        let ended = gusset(arguments);
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "Hello, world!\n", ""), "{arguments:?}");
    }
    let ended = gusset(["run", &scratch.path("reactor.wasm")]);
    ended.assert_refused(1);
    ended.assert_says(&["reactor.wasm exports no functions, so there is nothing to call"]);
}

#[test]
fn of_modules_are_ended_by_an_interruption() {
    for (name, waits) in [("sleep", true), ("listen", true)] {
        match interrupted(&["run", "--via-adapter", &program(name)], waits) {
            Some(signal) => assert_eq!(signal, SIGINT, "{name}"),
            None => println!("not run: interruptions are ignored here"),
        }
    }
}

/// What `error-code` of `wasi:http/types` has for these.
const DESTINATION_IP_PROHIBITED: u16 = 4;
const HTTP_REQUEST_DENIED: u16 = 15;

/// A server that has one word for whoever asks.
fn teapot() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has one").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("somebody connects");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).expect("a request has a head");
                head.extend(byte);
            }
            stream.write_all(b"HTTP/1.1 418 No\r\ncontent-length: 0\r\n\r\n").expect("it is heard");
        }
    });
    address
}

#[test]
fn ask_servers_as_far_as_they_may() {
    let (address, ask) = (teapot(), program("ask"));
    let answered = "ok(418)\n".to_string();
    let by_name = address.replace("127.0.0.1", "localhost");
    let any_port = format!("{}:*", address.split(':').next().expect("it has a host"));
    for (options, asked, expected) in [
        (&["--allow-net", &address][..], &address, answered.clone()),
        (&["--allow-net", &any_port], &address, answered.clone()),
        (&["--inherit-network"], &address, answered.clone()),
        (&["--allow-net", &by_name], &by_name, answered),
        (&["--allow-net", "127.0.0.1:1"], &address, format!("err({DESTINATION_IP_PROHIBITED})\n")),
        (&["--allow-net", &address], &by_name, format!("err({HTTP_REQUEST_DENIED})\n")),
        (&[], &by_name, format!("err({HTTP_REQUEST_DENIED})\n")),
        (&[], &address, format!("err({DESTINATION_IP_PROHIBITED})\n")),
    ] {
        let call = format!("ask(\"{asked}\")");
        let ended = gusset(["run", "--invoke", &call].iter().chain(options).chain(&[&*ask]));
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), &*expected, ""), "{options:?} {asked}");
    }
}

#[test]
fn stop_waiting_for_servers_when_their_time_is_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port"); // It answers nobody.
    let call = format!("ask(\"{}\")", listener.local_addr().expect("it has one"));
    gusset(["run", "--inherit-network", "--timeout", "50ms", "--invoke", &call, &program("ask")]).assert_refused(124);
}

/// Returns what is configured for `greeting`.
const CONFIGURED: &str = r#"(component
    (import "wasi:config/store@0.2.0-rc.1" (instance $store
        (type $error' (variant (case "upstream" string) (case "io" string)))
        (export "error" (type $error (eq $error')))
        (export "get" (func (param "key" string) (result (result (option string) (error $error)))))))
    (core module $libc
        (memory (export "memory") 1)
        (data (i32.const 0) "greeting")
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
    (core instance $libc (instantiate $libc))
    (core func $get (canon lower (func $store "get") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
    (core module $m
        (import "" "get" (func $get (param i32 i32 i32)))
        (import "libc" "memory" (memory 1))
        (func (export "greeting") (result i32)
            (call $get (i32.const 0) (i32.const 8) (i32.const 16))
            (i32.const 16)))
    (core instance $m (instantiate $m (with "libc" (instance $libc)) (with "" (instance (export "get" (func $get))))))
    (alias export $store "error" (type $error))
    (func (export "greeting") (result (result (option string) (error $error)))
        (canon lift (core func $m "greeting") (memory (core memory $libc "memory")))))"#;

#[test]
fn find_what_is_configured() {
    let scratch = ScratchFolder::new();
    let file = scratch.file("configured.wat", CONFIGURED.as_bytes());
    for (options, expected) in [
        (&[][..], "ok(none)\n"),
        (&["--config-var", "greeting=a=b"], "ok(some(\"a=b\"))\n"),
        (&["--config-var", "greeting=", "--config-var", "name=you"], "ok(some(\"\"))\n"),
    ] {
        let ended = gusset([&["run", &file, "--invoke", "greeting()"], options].concat());
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), expected, ""), "{options:?}");
    }
}
