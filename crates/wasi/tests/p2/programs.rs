//! `wasi:cli`: what a program is given, and how it ends.

use super::guest::P2Guest;
use gusset::{ComponentType, Lift, Resource, ResourceAny};
use gusset_wasi::{Exit, FileType, Input, Output, Pollable, Stream, WasiConfig, p2::OutputStream};

#[test]
fn arguments_and_variables_are_those_of_the_host() {
    let mut config = WasiConfig::builder();
    config.args(["program", "", "--flag=ö"]).env("HOME", "/").env("EMPTY", "");
    let mut guest = P2Guest::new(&config.build().unwrap());
    assert_eq!(guest.call::<_, Vec<String>>("environment#get-arguments", ()), ["program", "", "--flag=ö"]);
    let variables: Vec<(String, String)> = guest.call("environment#get-environment", ());
    assert_eq!(variables, [("HOME".into(), "/".into()), ("EMPTY".into(), String::new())]);
    assert_eq!(guest.call::<_, Option<String>>("environment#initial-cwd", ()), None);
    let mut guest = P2Guest::new(&WasiConfig::default());
    assert_eq!(guest.call::<_, Vec<String>>("environment#get-arguments", ()), [""; 0]);
}

/// `error` of `wasi:config/store`.
#[derive(ComponentType, Lift, PartialEq, Eq, Debug)]
#[component(variant)]
enum ConfigFailure {
    Upstream(String),
    Io(String),
}

#[test]
fn settings_are_those_of_the_host() {
    let mut config = WasiConfig::builder();
    config.config_value("colour", "red").config_value("size", "").config_value("colour", "blue");
    let mut guest = P2Guest::new(&config.build().unwrap());
    let get = |guest: &mut P2Guest, key: &str| -> Option<String> {
        guest.call::<_, Result<_, ConfigFailure>>("wasi:config/store@0.2.0-rc.1#get", (key,)).unwrap()
    };
    assert_eq!(get(&mut guest, "colour").as_deref(), Some("blue"));
    assert_eq!(get(&mut guest, "size").as_deref(), Some(""));
    assert_eq!(get(&mut guest, "none"), None);
    let all = guest.call::<_, Result<Vec<(String, String)>, ConfigFailure>>("store#get-all", ()).unwrap();
    assert_eq!(all, [("colour".into(), "blue".into()), ("size".into(), String::new())]);
}

#[test]
fn an_exit_ends_the_guest_with_its_code() {
    let exit = |status: Result<(), ()>| {
        let mut guest = P2Guest::new(&WasiConfig::default());
        Exit::of(guest.try_call("exit#exit", (status,))).unwrap().code()
    };
    assert_eq!((exit(Ok(())), exit(Err(()))), (0, 1));
    for code in [0_u8, 3, 255] {
        let mut guest = P2Guest::new(&WasiConfig::default());
        assert_eq!(Exit::of(guest.try_call("exit#exit-with-code", (code,))).unwrap().code(), u32::from(code));
    }
}

/// What says that it is one.
struct Terminal;

impl Pollable for Terminal {}

impl Stream for Terminal {
    fn file_type(&self) -> FileType {
        FileType::CharacterDevice
    }
}

#[test]
fn terminals_are_what_says_so() {
    let find = |guest: &mut P2Guest| {
        ["stdin", "stdout", "stderr"].map(|name| {
            let found: Option<ResourceAny> = guest.call(&format!("terminal-{name}#get-terminal-{name}"), ());
            let is_one = found.is_some();
            if let Some(terminal) = found {
                guest.drop(terminal);
            }
            is_one
        })
    };
    assert_eq!(find(&mut P2Guest::new(&WasiConfig::default())), [false; 3]);
    let mut config = WasiConfig::builder();
    config.stdin(Input::stream(Terminal)).stderr(Output::stream(Terminal));
    let mut guest = P2Guest::new(&config.build().unwrap());
    assert_eq!(find(&mut guest), [true, false, true]);
    assert!(guest.store.data_mut().table.is_empty());
    config.stdout(Output::stream(Terminal));
    assert_eq!(find(&mut P2Guest::new(&config.build().unwrap())), [true; 3]);
}

/// Where a host says so, as in a shell.
#[test]
fn a_guest_can_end_with_its_reader() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(ours);
    let mut config = WasiConfig::builder();
    config.stdout(Output::stream(gusset_wasi::SocketStream::unix(theirs))).end_at_closed_output(true);
    for function in ["blocking-write-and-flush", "write"] {
        let mut guest = P2Guest::new(&config.build().unwrap());
        let stdout: Resource<OutputStream> = guest.call("stdout#get-stdout", ());
        guest.check_write(&stdout).unwrap();
        let name = format!("streams#[method]output-stream.{function}");
        let error = guest.stop::<_, (Result<(), super::guest::StreamFailure>,)>(&name, (&stdout, &b"x"[..]));
        assert_eq!(Exit::of(Err(error)).unwrap().code(), 141);
    }
}
