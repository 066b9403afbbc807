//! The setting of each program by its name, as wasmtime's own tests run it: a table.

use super::setting::{PeerCommand, PeerFile, PeerInput, PeerRequest, PeerServer, PeerService, PeerSetting};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How `gusset run` ends where the guest traps, and where it uses what it was given so that a host function fails.
const TRAPPED: i32 = 134;
const MISUSED: i32 = 1;

/// Programs that are none of 0.2's or preview1's, by what their names begin with, and why none is run.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("p3_", "for WASI 0.3: there are no asynchronous functions of components yet"),
    ("async_", "asynchronous functions of components"),
    ("nn_", "for wasi:nn"),
    ("p2_tls_", "for wasi:tls"),
    ("dwarf_", "what a debugger shows"),
    ("debugger_", "what a debugger shows"),
    ("guest_debug_", "what a debugger shows"),
    ("wizer_", "for a tool that starts programs ahead of time"),
    ("fuzz_", "inputs of a fuzzer"),
];

/// How the program is run, if its name is known.
pub(super) fn setting(name: &str) -> Option<PeerSetting> {
    Some(match name {
        _ if name.starts_with("p1_cli_") || name.starts_with("p2_cli_serve_") => return cli_or_service(name),
        _ if name.starts_with("p2_cli_") => return cli(name),
        _ if name.starts_with("p2_http_") => return outgoing(name),
        _ if name.starts_with("p2_api_") => return api(name),
        "config_get" => PeerCommand::default().option(&["--config-var", "hello=world"]).into(),
        "keyvalue_main" => PeerSetting::NotRun("wasi:keyvalue is not there"),
        _ if name.starts_with("piped_") => PeerSetting::Piped,
        "p1_stdio_isatty" => PeerSetting::NotRun("wants a terminal, and is watched by pipes"),
        _ if name.starts_with("p1_") || name.starts_with("p2_") => policy(name).into(),
        _ => return None,
    })
}

/// Programs about files, clocks, random bytes, streams and sockets: all have one setting, with exceptions.
fn policy(name: &str) -> PeerCommand {
    let mut command = PeerCommand::default().env("ERRNO_MODE_UNIX=1").words(&["."]).folder(".");
    if name.starts_with("p2_") {
        command = command.option(&["--inherit-network"]);
    }
    match name {
        "p1_stat_extreme_host_mtime" => {
            command.files = vec![PeerFile { path: "extreme.dat", contents: Some(b"hello"), is_ancient: true }];
        }
        "p2_file_stream_not_permitted" => command.read_only = true,
        _ if name.ends_with("_readonly") || name.ends_with("_across_perms") => command.read_only = true,
        "p2_pollable_traps" => return command.ends(MISUSED, "poll"),
        "p2_stream_pollable_traps" => return command.ends(MISUSED, "pollable"),
        "p2_udp_send_too_much" => return command.ends(MISUSED, "`check-send` permits"),
        _ => {}
    }
    command
}

/// Programs that wasmtime's command line is tested by.
fn cli(name: &str) -> Option<PeerSetting> {
    let plain = PeerCommand::default();
    Some(match name.strip_prefix("p2_cli_")? {
        "hello_stdout" | "default_clocks" | "export_cabi_realloc" | "exit_success" | "exit_default" | "sleep" => {
            plain.into()
        }
        "max_resources" => plain.into(),
        "exit_failure" => plain.ends(1, "").into(),
        "exit_with_code" => plain.ends(42, "").into(),
        "exit_panic" => plain.ends(TRAPPED, "Curiouser and curiouser!").into(),
        "args" => plain.words(&["hello", "this", "", "is an argument", "with 🚩 emoji"]).into(),
        "argv0" => PeerSetting::Commands(
            ["a", "b", "foo.wasm"]
                .map(|name| PeerCommand::default().option(&["--argv0", name]).words(&[name]))
                .to_vec(),
        ),
        "env" => plain.env("frabjous=day").env("callooh=callay").into(),
        "large_env" => large_environment().into(),
        "much_stdout" => much_output(),
        "stdin" => plain.input(PeerInput::Bytes(TUMTUM.as_bytes())).into(),
        "stdin_empty" => plain.input(PeerInput::Bytes(b"not to be read")).into(),
        "stdin_eisdir" => plain.input(PeerInput::Folder).ends(0, "got expected ErrorCode::IsDirectory").into(),
        "splice_stdin" => plain
            .input(PeerInput::Bytes(TUMTUM.as_bytes()))
            .prints(format!("before splice\n{TUMTUM}\ncompleted splicing {} bytes\n", TUMTUM.len()))
            .into(),
        "stdio_write_flushes" => plain.input(PeerInput::HeldUntil("> ")).into(),
        "stdout_epipe" => plain.input(PeerInput::HeldUntil("x")).ends(0, "got expected StreamError::Closed").into(),
        "file_read" => plain.folder("/").file("bar.txt", "And stood awhile in thought").into(),
        "file_append" => plain.folder("/").file("bar.txt", BRILLIG).leaves("bar.txt", BRILLIG_AND_ON).into(),
        "file_dir_sync" => plain.folder("/").file("bar.txt", BRILLIG).into(),
        "directory_list" => (plain.folder("/").inner_folder("sub"))
            .file("foo.txt", "")
            .file("bar.txt", "")
            .file("baz.txt", "")
            .file("sub/wow.txt", "")
            .file("sub/yay.txt", "")
            .into(),
        "multiple_preopens" => plain.option(&["--dir", "/::/a", "--dir", "/::/b", "--dir", "/::/c"]).into(),
        "no_tcp" | "no_udp" | "no_ip_name_lookup" => plain.into(),
        "sleep_forever" => PeerSetting::Commands(
            ["1ns", "250ms"].map(|time| PeerCommand::default().option(&["--timeout", time]).ends(124, "")).to_vec(),
        ),
        "hostcall_fuel" => host_calls(),
        "initial_cwd" => PeerSetting::NotRun("`gusset run` has no way to say what `initial-cwd` tells"),
        "many_resources" => PeerSetting::NotRun("`gusset run` sets no limit on handles but the table's own"),
        "invoke_async" => PeerSetting::NotRun("asynchronous functions of components"),
        "http_headers" => PeerSetting::NotRun("imports WASI 0.3 beside 0.2"),
        _ => return None,
    })
}

const TUMTUM: &str = "So rested he by the Tumtum tree";
const BRILLIG: &str = "'Twas brillig, and the slithy toves.\n";
const BRILLIG_AND_ON: &str = "'Twas brillig, and the slithy toves.\nDid gyre and gimble in the wabe;\nAll mimsy were the \
                              borogoves,\nAnd the mome raths outgrabe.\n";

/// 512 variables of 1,024 letters each.
fn large_environment() -> PeerCommand {
    (0..512).fold(PeerCommand::default(), |mut command, number| {
        let name = format!("KEY{number}");
        command = command.env(&name);
        command.inherited.push((name, "x".repeat(1024)));
        command
    })
}

/// 256 KiB in pieces of five sizes.
fn much_output() -> PeerSetting {
    let size = 1 << 18;
    let of_pieces = |bits: u32| {
        let (piece, times) = ("a".repeat(1 << bits), (size >> bits).to_string());
        PeerCommand::default().words(&[&piece, &times]).prints("a".repeat(size))
    };
    PeerSetting::Commands((10..15).map(of_pieces).collect())
}

/// What of that program does not depend on how much wasmtime lets a guest hand over, or that it lets what was made be written though
/// it was not opened for that.
fn host_calls() -> PeerSetting {
    let run = |word| {
        let mut command = PeerCommand::default().option(&["--inherit-network"]).words(&[word]).folder(".");
        command.files = vec![PeerFile { path: "1mb", contents: Some(&[0; 1 << 20]), is_ancient: false }];
        command
    };
    PeerSetting::Commands(["read", "read-file-big", "read-tcp-big"].map(run).to_vec())
}

fn outgoing(name: &str) -> Option<PeerSetting> {
    let plain = PeerCommand::default().option(&["--inherit-network"]);
    Some(match name.strip_prefix("p2_http_outbound_request_")? {
        "invalid_version" => plain.server(PeerServer::Http2).into(),
        "invalid_header" => PeerSetting::NotRun("wants a header forbidden that the test's own host forbids"),
        "timeout" if nobodys_address_answers() => {
            PeerSetting::NotRun("this network answers at an address of which the program knows that nobody has it")
        }
        "response_build" => plain.server(PeerServer::Echo).prints("Called _start\nDone\n").into(),
        _ => plain.server(PeerServer::Echo).into(),
    })
}

/// Whether somebody answers at the address that the program about timeouts takes, of a block that is kept for documentation.
fn nobodys_address_answers() -> bool {
    TcpStream::connect_timeout(&SocketAddr::from(([203, 0, 113, 12], 80)), Duration::from_secs(1)).is_ok()
}

/// Programs whose tests are hosts: as far as the program `gusset` can be that host.
fn api(name: &str) -> Option<PeerSetting> {
    Some(match name {
        "p2_api_read_only" => PeerCommand::default()
            .folder("/:ro")
            .file("bar.txt", "And stood awhile in thought")
            .inner_folder("sub")
            .into(),
        "p2_api_time" => PeerSetting::NotRun("wants clocks of the test's own"),
        "p2_api_reactor" => reactor(),
        _ => return service(name),
    })
}

/// All functions of that library but one, which takes a stream of the host's.
fn reactor() -> PeerSetting {
    let call = |call: &str| PeerCommand::default().env("GOOD_DOG=gussie").option(&["--invoke", call]);
    let stat = "pass-an-imported-record({type: unknown, link-count: 0, size: 0, \
        data-access-timestamp: some({seconds: 45, nanoseconds: 123}), \
        data-modification-timestamp: some({seconds: 10, nanoseconds: 789}), \
        status-change-timestamp: some({seconds: 1, nanoseconds: 0})})";
    let shown = "\"DescriptorStat { type: DescriptorType::Unknown, link-count: 0, size: 0, data-access-timestamp: \
        Some(Datetime { seconds: 45, nanoseconds: 123 }), data-modification-timestamp: Some(Datetime { seconds: 10, \
        nanoseconds: 789 }), status-change-timestamp: Some(Datetime { seconds: 1, nanoseconds: 0 }) }\"\n";
    PeerSetting::Commands(vec![
        call("add-strings([\"hello\", \"$GOOD_DOG\"])").prints("2\n"),
        call("get-strings()").prints("[]\n"),
        call(stat).prints(shown),
    ])
}

fn cli_or_service(name: &str) -> Option<PeerSetting> {
    match name {
        "p1_cli_much_stdout" => Some(much_output()),
        "p1_cli_hostcall_fuel" => Some(PeerSetting::NotRun("wants to be told that it handed over too much at once")),
        _ => service(name),
    }
}

const GET: &str = "GET / HTTP/1.1";
const HOST: &str = "host: localhost";

/// Services, and what they are asked.
fn service(name: &str) -> Option<PeerSetting> {
    let service = PeerService::default();
    let get = PeerRequest::new(&[GET, HOST]);
    let env = |header| PeerRequest::new(&[GET, HOST, header]);
    Some(match name {
        "p2_cli_serve_echo_env" => service
            .option(&["--env", "FOO=bar"])
            .ask(env("env: FOO").has_header("env: bar").answers(""))
            .ask(env("env: BAR").answers(""))
            .into(),
        "p2_cli_serve_hello_world" => service.twice(get.answers("Hello, WASI!")).into(),
        "p2_cli_serve_with_print" => service.twice(get).says("start a print 1234").into(),
        "p2_cli_serve_authority_and_scheme" => service.twice(get).into(),
        "p2_cli_serve_config" => service.option(&["--config-var", "hello=world"]).ask(get.answers("world")).into(),
        "p2_cli_serve_keyvalue" => PeerSetting::NotRun("wasi:keyvalue is not there"),
        "p2_cli_serve_return_before_set" | "p2_cli_serve_trap_before_set" => service.twice(get.fails()).into(),
        "p2_cli_serve_sleep" => service.option(&["--timeout", "100ms"]).ask(get.fails()).into(),
        "p2_api_proxy" => {
            let host = "host: example.com:8080";
            let asks = |line| PeerRequest::new(&[line, host]);
            service
                .ask(asks("GET /test-path HTTP/1.1").answers("hello, world!"))
                .ask(asks("GET /new_fields/50 HTTP/1.1"))
                .ask(asks("GET /early_drop HTTP/1.1"))
                .into()
        }
        "p2_api_proxy_streaming" => {
            let echoed: Vec<u8> = (0..1_u32 << 20).map(|number| (number * 251 + 251) as u8).collect();
            let length = "content-length: 1048576";
            let echo = PeerRequest::new(&["POST /echo HTTP/1.1", HOST, length]);
            let twice = PeerRequest::new(&["POST /double-echo HTTP/1.1", HOST, length, "url: http://{server}/echo"]);
            let hash = PeerRequest::new(&["GET /hash-all HTTP/1.1", HOST, "url: http://{server}/a"]);
            // What the server answers with is empty, and this is what SHA-256 is of nothing.
            let hashed = "http://{server}/a: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n";
            service
                .option(&["--inherit-network"])
                .ask(echo.with_body(echoed.clone()).answers(echoed.clone()))
                .ask(twice.with_body(echoed.clone()).answers(echoed))
                .ask(hash.answers(hashed))
                .into()
        }
        "p2_api_proxy_forward_request" => {
            let forwarded = PeerRequest::new(&["GET /forwarded HTTP/1.1", "host: {server}"]);
            service
                .option(&["--inherit-network"])
                .ask(forwarded.has_header("x-wasmtime-test-uri: /forwarded").answers(""))
                .into()
        }
        _ => return None,
    })
}
