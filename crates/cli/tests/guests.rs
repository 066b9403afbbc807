//! Components that toolchains make, and compositions of several languages, as a person runs them. `tests/guests` says how they are built, and
//! `GUSSET_GUESTS` where they are; those that are small are there already. `GUSSET_GUESTS_RUNNER` names another program that is to do the same.

use crate::program::{Ended, ScratchFolder, run_program};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests");

/// Interpreters are compiled for a while.
const PATIENCE: Duration = Duration::from_secs(600);

const LANGUAGES: [&str; 4] = ["python", "javascript", "c", "rust"];

/// A program that runs components, with its first arguments.
struct Runner {
    words: Vec<String>,
    /// What gives a guest the network.
    network: Option<&'static str>,
}

impl Runner {
    fn all() -> Vec<Runner> {
        let ours = vec![env!("CARGO_BIN_EXE_gusset").into(), "run".into()];
        let other = std::env::var("GUSSET_GUESTS_RUNNER").ok();
        let other = other.map(|words| Runner { words: words.split(' ').map(String::from).collect(), network: None });
        [Some(Runner { words: ours, network: Some("--inherit-network") }), other].into_iter().flatten().collect()
    }

    fn run(&self, options: &[&str], file: &Path, words: &[&str], stdin: &str) -> Ended {
        let file = file.display().to_string();
        let (program, first) = self.words.split_first().expect("it has a name");
        let first = first.iter().map(|word| &**word).chain(self.network);
        let arguments: Vec<&str> =
            first.chain(options.iter().copied()).chain([&*file]).chain(words.iter().copied()).collect();
        run_program(PATIENCE, program, &arguments, stdin)
    }
}

/// Where what the toolchains made is; it says so where it is nowhere.
fn built(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("GUSSET_GUESTS").map(PathBuf::from);
    if folder.is_none() {
        // Past the harness, which would keep what a test that passes prints.
        let said = writeln!(std::io::stderr(), "{what} NOT run: GUSSET_GUESTS names no folder");
        said.expect("it can be written to");
    }
    folder
}

/// A list of texts in WAVE, as it is printed.
fn listed(lines: &str) -> String {
    let mut list = String::new();
    for line in lines.lines() {
        let _ = write!(list, "{}\"{line}\"", if list.is_empty() { "[" } else { ", " });
    }
    list + "]\n"
}

/// Does all that can be done with accounts of another component, and has it fail. What interpreters have of their own, such as when they collect what
/// was dropped, is not `counted`.
fn check_composition(file: &Path, counted: bool) {
    let transcript = std::fs::read_to_string(format!("{SOURCES}/ledger/transcript.txt")).expect("it is there");
    let counts = |item: &str| counted || !item.starts_with("\"alive ");
    let of = |list: &str| list.split(", ").filter(|item| counts(item)).collect::<Vec<_>>().join("\n");
    for runner in Runner::all() {
        let name = format!("{} with {}", file.display(), runner.words[0]);
        let ended = runner.run(&["--invoke", "transcript()"], file, &[], "");
        assert_eq!((ended.code, of(&ended.stdout)), (Some(0), of(&listed(&transcript))), "{name}: {}", ended.stderr);
        let ended = runner.run(&["--invoke", "ask-to-fail(\"a mistake\")"], file, &[], "");
        assert_eq!((ended.code, &*ended.stdout), (Some(134), ""), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains("wasm trap"), "{name}: {}", ended.stderr);
    }
}

#[test]
fn c_and_rust_call_one_another() {
    for name in ["c-with-rust", "rust-with-c"] {
        check_composition(Path::new(&format!("{SOURCES}/ledger/built/ledger-{name}.wasm")), true);
    }
}

#[test]
fn every_language_calls_every_other_one() {
    let Some(folder) = built("compositions") else { return };
    for user in LANGUAGES {
        for provider in LANGUAGES {
            let file = folder.join(format!("ledger-{user}-with-{provider}.wasm"));
            check_composition(&file, ["c", "rust"].contains(&provider));
        }
    }
}

/// A server that says what it was asked, until the test is over: its address.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has one").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.expect("somebody connects")).expect("it asks as one does");
        }
    });
    address
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut body) = (Vec::new(), Vec::new());
    while head.last().is_none_or(|line| line != "\r\n") {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        head.push(line.to_lowercase());
    }
    let field = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim);
    if let Some(length) = field("content-length") {
        body.resize(length.parse().expect("it is a number"), 0);
        reader.read_exact(&mut body)?;
    } else if field("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).expect("it is a number");
            let mut part = vec![0; size + 2];
            reader.read_exact(&mut part)?;
            body.extend(&part[..size]);
            if size == 0 {
                break;
            }
        }
    }
    let asked = head[0].split(' ').nth(1).unwrap_or_default();
    let said = if body.is_empty() { asked.as_bytes() } else { &body };
    let by = field("x-asked-by").unwrap_or("nobody");
    let mut stream = reader.into_inner();
    write!(stream, "HTTP/1.1 200 OK\r\nx-answer: {by}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", said.len())?;
    stream.write_all(said)
}

const UNSORTED: &str = r#"{"b": [1, {"z": "é", "a": null}], "items": [{"amount": 3}, {"amount": -1.5}]}"#;
const SORTED: &str = r#"{
  "b": [
    1,
    {
      "a": null,
      "z": "é"
    }
  ],
  "items": [
    {
      "amount": 3
    },
    {
      "amount": -1.5
    }
  ]
}
sum 1.5
"#;

/// Runs each command of the tool, which both languages have.
fn check_tool(file: &Path, server: &str) {
    let (url, nowhere) = (format!("http://{server}/a?b=c"), "http://127.0.0.1:1/");
    let answered = "200 ['tool'] 6 /a?b=c\n";
    let sent = format!("200 ['tool'] 100000 {}\n", "x".repeat(40));
    let listing = "['one', 'two', 'three', '']\n['deep'] 14\ncannot open missing.txt\ncannot open ../outside.txt\n";
    for runner in Runner::all() {
        let scratch = ScratchFolder::new();
        let folder = scratch.path("data");
        std::fs::create_dir(&folder).expect("there is none yet");
        let folder = format!("{folder}::/data");
        let check = |options: &[&str], words: &[&str], stdin: &str, code: i32, stdout: &str| {
            let ended = runner.run(options, file, words, stdin);
            let name = format!("{} with {}: {words:?}", file.display(), runner.words[0]);
            assert_eq!((ended.code, &*ended.stdout), (Some(code), stdout), "{name}: {}", ended.stderr);
            ended.stderr
        };
        check(&[], &["hello"], "", 0, "Hello, world!\n");
        check(
            &[],
            &["arguments", "a", "b c", "", "é\"", "--dir"],
            "",
            0,
            "[\"a\", \"b c\", \"\", \"é\\\"\", \"--dir\"]\n",
        );
        let variables = ["--env", "A=1", "--env", "B=x=ü"];
        check(&variables, &["environment", "A", "B", "C"], "", 0, "A=1\nB=x=ü\nC=(not set)\n");
        check(&["--dir", &folder], &["files", "/data"], "", 0, listing);
        check(&[], &["json"], UNSORTED, 0, SORTED);
        check(&[], &["get", &url], "", 0, answered);
        check(&[], &["post", &url, "100000"], "", 0, &sent);
        let refused = runner.run(&[], file, &["get", nowhere], "");
        assert!(refused.stdout.starts_with("no answer"), "{} {}", refused.stdout, refused.stderr);
        check(&[], &["sleep"], "", 0, "slept\n");
        check(&[], &["random"], "", 0, "True\n");
        assert_eq!(check(&[], &["error"], "", 0, ""), "an error\n");
        check(&[], &["exit", "0"], "", 0, "");
        // What these languages' libraries have for it knows two codes.
        check(&[], &["exit", "7"], "", 1, "");
        check(&[], &["nonsense"], "", 1, "");
    }
    // Nobody is asked for a guest that may not ask.
    let ours = Runner { network: None, ..Runner::all().swap_remove(0) };
    let ended = ours.run(&[], file, &["get", &url], "");
    assert!(ended.code == Some(0) && ended.stdout.starts_with("no answer"), "{} {}", ended.stdout, ended.stderr);
}

#[test]
fn programs_of_interpreters_do_what_programs_do() {
    let Some(folder) = built("the tools") else { return };
    let server = server();
    for language in ["python", "javascript"] {
        check_tool(&folder.join(format!("tool-{language}.wasm")), &server);
    }
}
