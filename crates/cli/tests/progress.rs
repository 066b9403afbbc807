//! The bar that shows how far compiling is, on a terminal of the test's own.

use crate::program::{NO_CACHE, ScratchFolder};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

/// How many columns the bar has.
const COLUMNS: usize = 40;

/// A terminal: the side of whoever looks at it, and the program's.
fn terminal() -> (File, File) {
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
    grantpt(&outer).and_then(|()| unlockpt(&outer)).expect("it is ours");
    let name = ptsname(&outer, Vec::new()).expect("it has a name");
    let inner = OpenOptions::new().read(true).write(true).open(OsStr::from_bytes(name.as_bytes()));
    tcsetwinsize(&outer, Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).expect("it is ours");
    (File::from(outer), inner.expect("it can be opened"))
}

/// A module of so many functions.
fn module(functions: usize) -> String {
    let mut text = String::from("(module");
    for number in 0..functions {
        let _ = write!(text, "(func (export \"f{number}\") (param i32) (result i32) (local.get 0)");
        for step in 0..60 {
            let _ = write!(text, "(i32.mul (i32.xor (local.get 0) (i32.const {step}))) (i32.const {number}) (i32.add)");
        }
        text.push(')');
    }
    text + ")"
}

/// What is seen on the terminal while the file is compiled.
fn seen(file: &str) -> String {
    let (mut outer, inner) = terminal();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gusset"));
    command.args(["compile", file, "-o", "/dev/null"]).env(NO_CACHE.0, NO_CACHE.1).env("TERM", "xterm");
    let mut child = command.stdin(Stdio::null()).stderr(inner).spawn().expect("the program starts");
    // Else the terminal would still have a program.
    drop(command);
    let (mut seen, mut part) = (Vec::new(), [0; 4096]);
    // When no program has it any more, it is an error to read from it.
    while let Ok(read @ 1..) = outer.read(&mut part) {
        seen.extend_from_slice(&part[..read]);
    }
    assert!(child.wait().expect("it is ours").success(), "{}", String::from_utf8_lossy(&seen));
    String::from_utf8(seen).expect("a bar is text")
}

#[test]
fn a_bar_tells_how_far_it_is_once_it_has_taken_a_while() {
    if let Err(error) = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY) {
        println!("not run: there are no terminals here ({error})");
        return;
    }
    let scratch = ScratchFolder::new();
    assert_eq!(seen(&scratch.file("small.wat", module(1).as_bytes())), "", "nobody waits for that");
    // However quick the machine is.
    let shown = [500, 2_000, 8_000, 32_000].into_iter().find_map(|functions| {
        let shown = seen(&scratch.file("large.wat", module(functions).as_bytes()));
        (shown.matches("compiling [").count() > 3).then_some(shown)
    });
    let shown = shown.expect("it takes longer than nobody would wait");
    let mut last = 0;
    for state in shown.split("compiling [").skip(1) {
        let (bar, rest) = state.split_once("] ").expect("the bar ends");
        let (percent, _) = rest.split_once('%').expect("it is told in words, too");
        let percent: usize = percent.parse().expect("it is a number");
        let filled = bar.trim_end().len();
        assert_eq!(bar.len(), COLUMNS);
        assert!(percent <= 100 && percent >= last, "{percent} after {last}");
        assert!((percent * COLUMNS / 100).abs_diff(filled) <= 1, "{percent} % is {bar:?}");
        last = percent;
    }
    // It is gone when it is done.
    assert!(shown.ends_with("\r\u{1b}[2K"), "{:?}", &shown[shown.len() - 200..]);
}
