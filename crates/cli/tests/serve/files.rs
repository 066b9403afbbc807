//! What is served: services, and what is said of other files and addresses before there is a server.

use super::server::{SERVICE, ServeProcess, command};
use crate::program::{Ended, ScratchFolder, gusset};
use std::net::TcpListener;

fn serve(words: &[&str]) -> Ended {
    gusset([&["serve", "--addr", "127.0.0.1:0"], words].concat())
}

#[test]
fn others_say_what_they_are() {
    let scratch = ScratchFolder::new();
    for (text, says) in [
        (
            "(component)",
            "no HTTP service, which exports `wasi:http/incoming-handler@0.2.x`; the component exports no functions",
        ),
        ("(module)", "is a core module, and services are components: `gusset component new --preview1 proxy`"),
        (
            r#"(component (core module $m (func (export "run") (result i32) (i32.const 0)))
                (core instance $m (instantiate $m))
                (func $run (result (result)) (canon lift (core func $m "run")))
                (instance $run (export "run" (func $run)))
                (export "wasi:cli/run@0.2.0" (instance $run)))"#,
            "it is a command, which `gusset run` runs",
        ),
        (
            r#"(component (core module $m (func (export "f")))
                (core instance $m (instantiate $m))
                (func $f (canon lift (core func $m "f")))
                (instance $f (export "handle" (func $f)))
                (export "wasi:http/incoming-handler@0.2.0" (instance $f)))"#,
            "and not what services export",
        ),
    ] {
        let ended = serve(&[&scratch.file("other.wat", text.as_bytes())]);
        ended.assert_refused(1);
        ended.assert_says(&[says]);
    }
}

#[test]
fn imports_that_are_missing_are_told_before_there_is_a_server() {
    let scratch = ScratchFolder::new();
    let text =
        std::fs::read_to_string(SERVICE).unwrap().replacen("(component", "(component (import \"a:b/c\" (func))", 1);
    let ended = serve(&[&scratch.file("needs.wat", text.as_bytes())]);
    ended.assert_refused(1);
    ended.assert_says(&["it imports what `gusset serve` does not provide\n  a:b/c"]);
}

#[test]
fn an_address_that_is_taken_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let ended = gusset(["serve", "--addr", &address, SERVICE]);
    ended.assert_refused(1);
    ended.assert_says(&[&format!("cannot listen at {address}")]);
}

#[test]
fn precompiled_services_are_served_where_they_may() {
    let scratch = ScratchFolder::new();
    let made = scratch.path("service.gusset");
    assert_eq!(gusset(["compile", "--timeout", SERVICE, "-o", &made]).code, Some(0));
    let ended = serve(&[&made]);
    ended.assert_refused(1);
    ended.assert_says(&["`gusset serve --allow-precompiled"]);
    let server = ServeProcess::of(&mut command(&["--allow-precompiled", &made]));
    assert_eq!(server.get("/hello").text(), "hello\n");
    server.stop();
    for options in [&[][..], &["--fuel"], &["--fuel", "--timeout"]] {
        assert_eq!(gusset([&["compile", SERVICE, "-o", &made], options].concat()).code, Some(0));
        let ended = serve(&["--allow-precompiled", &made]);
        ended.assert_refused(1);
        ended.assert_says(&["`gusset serve` takes what `gusset compile --timeout` makes"]);
        assert!(!ended.stderr.contains("gusset run"), "{}", ended.stderr);
    }
}

#[test]
fn a_pool_that_does_not_fit_is_told() {
    let ended = serve(&["--max-concurrent-requests", "4000000", SERVICE]);
    ended.assert_refused(1);
    ended.assert_says(&["--no-pool"]);
    assert!(!ended.stderr.contains("Config::"), "{}", ended.stderr);
}

#[test]
fn guests_are_given_what_the_options_say() {
    let other = ServeProcess::start(&[]);
    let (here, there) = (format!("127.0.0.1:{}", other.port), format!("/out?127.0.0.1:{}", other.port));
    let server = ServeProcess::start(&["--env", "A=given"]);
    assert_eq!(server.get("/variable").text(), "given");
    // The guest is refused the network, and says so.
    assert_eq!(server.get(&there).status, 502);
    for options in [&["--allow-net", &here][..], &["--inherit-network"]] {
        // What it asks there is the path `/`, of which nobody knows.
        assert_eq!(ServeProcess::start(options).get(&there).status, 404);
    }
    assert_eq!(other.stop().code, Some(0));
}

#[test]
fn a_service_that_outgrows_the_first_pool_may_come_from_a_pipe() {
    let text = std::fs::read_to_string(SERVICE).unwrap();
    let more = "(component (core module $more) ".to_owned() + &"(core instance (instantiate $more)) ".repeat(20);
    let text = text.replacen("(component", &more, 1);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let writing = std::thread::spawn(move || std::io::Write::write_all(&mut writer, text.as_bytes()));
    let server = ServeProcess::of(command(&["-"]).stdin(reader));
    writing.join().unwrap().unwrap();
    assert_eq!(server.get("/hello").text(), "hello\n");
    server.stop();
}

#[test]
fn limits_of_nothing_are_told_before_there_is_a_server() {
    for (option, says) in [
        ("--idle-timeout", "every client needs some time"),
        ("--header-timeout", "every client needs some time"),
        ("--timeout", "with `none` it has all the time there is"),
        ("--max-header-size", "every request has a head"),
        ("--max-requests", "it would stop before it begins"),
        ("--max-wasm-stack", "every guest needs some stack"),
    ] {
        let ended = serve(&[option, "0", SERVICE]);
        ended.assert_refused(2);
        ended.assert_says(&[says]);
    }
    let ended = serve(&["--max-wasm-stack", "1000TiB", SERVICE]);
    ended.assert_refused(1);
    ended.assert_says(&["as --max-wasm-stack says"]);
    let server = ServeProcess::start(&["--shutdown-timeout", "0"]);
    let mut running = server.send(super::server::get("/Never"));
    super::server::read_until(&mut running, "hello");
    assert!(server.stop().stderr.contains("are broken off: --shutdown-timeout is over"));
}
