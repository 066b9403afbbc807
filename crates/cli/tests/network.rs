//! What of the network a component is given by the command line, over the loopback.

use crate::program::gusset;
use std::io::ErrorKind;
use std::net::TcpListener;

const CONNECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/connect.wat");

/// A port of the host's, and whether anybody has come.
struct HostPort(TcpListener);

impl HostPort {
    fn new() -> HostPort {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        HostPort(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn has_heard(&self) -> bool {
        match self.0.accept() {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                false
            }
        }
    }

    /// What a guest says that connects to it with these options, of which `PORT` is its own, and whether it has come.
    fn connect(&self, options: &[&str], by_name: bool) -> (String, bool) {
        let port = self.port();
        let call = format!("connect({port}, {by_name})");
        let options: Vec<String> = options.iter().map(|option| option.replace("PORT", &port.to_string())).collect();
        let mut arguments = vec!["run"];
        arguments.extend(options.iter().map(String::as_str));
        arguments.extend(["--invoke", &call, CONNECT]);
        let ended = gusset(&arguments);
        assert_eq!(ended.stderr, "", "{arguments:?}");
        (ended.stdout, self.has_heard())
    }
}

#[test]
fn is_denied_by_default() {
    let target = HostPort::new();
    for by_name in [false, true] {
        assert_eq!(target.connect(&[], by_name), ("err(access-denied)\n".to_owned(), false));
    }
}

#[test]
fn is_reached_as_far_as_rules_go() {
    let target = HostPort::new();
    let (reached, denied) = (("ok\n".to_owned(), true), ("err(access-denied)\n".to_owned(), false));
    for (rule, by_address, by_name) in [
        ("127.0.0.1:PORT", &reached, &denied),
        ("127.0.0.0/8:*", &reached, &denied),
        // It has to be looked up first.
        ("localhost:PORT", &denied, &reached),
        ("*:PORT", &reached, &reached),
        ("127.0.0.1:1", &denied, &denied),
        ("127.0.0.2:*", &denied, &denied),
        ("[::1]:*", &denied, &denied),
        ("localhost:1", &denied, &denied),
        ("other.example:*", &denied, &denied),
    ] {
        assert_eq!(&target.connect(&["--allow-net", rule], false), by_address, "{rule}");
        assert_eq!(&target.connect(&["--allow-net", rule], true), by_name, "{rule}");
    }
    // Several are as many permissions.
    let rules = ["--allow-net", "192.0.2.1:80", "--allow-net", "127.0.0.1:PORT", "--allow-net", "localhost:1"];
    assert_eq!(target.connect(&rules, true), reached);
}

#[test]
fn is_inherited() {
    let target = HostPort::new();
    for by_name in [false, true] {
        assert_eq!(target.connect(&["--inherit-network"], by_name), ("ok\n".to_owned(), true));
    }
    let free = HostPort::new().port();
    let call = format!("connect({free}, false)");
    let ended = gusset(["run", "--inherit-network", "--invoke", &call, CONNECT]);
    assert_eq!(ended.stdout, "err(connection-refused)\n");
}
