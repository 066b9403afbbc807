//! How errors leave the program: one `error:` line on stderr, its causes below, and an exit code that tells a trap from the
//! rest.

use crate::run::LimitReached;
use gusset::{Printable, Trap, WasmBacktrace, WasmFrame};
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// What a shell reports for a program that aborts (128 + SIGABRT): the field's code for a guest that trapped.
const TRAPPED: u8 = 134;

/// What is returned for a command line that is not as it should be.
const WRONG_USAGE: u8 = 2;

/// A command line that is not as it should be, in a way that only the program knows.
#[derive(Debug)]
pub(crate) struct WrongUsage(pub(crate) String);

impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Writes `error` and its causes to stderr and chooses the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    // When stderr is gone there is nobody to tell.
    let _ = std::io::stderr().write_all(format!("{}{}", text(error), innermost_line(error)).as_bytes());
    match error.downcast_ref::<LimitReached>() {
        Some(limit) => ExitCode::from(limit.exit_code()),
        None if error.is::<Trap>() => ExitCode::from(TRAPPED),
        None if error.is::<WrongUsage>() => ExitCode::from(WRONG_USAGE),
        None => ExitCode::FAILURE,
    }
}

/// The line at which a guest stood, if it was given as text.
fn innermost_line(error: &anyhow::Error) -> String {
    let frames = WasmBacktrace::of(error).map(WasmBacktrace::frames).unwrap_or_default();
    let location = frames.iter().find_map(WasmFrame::location);
    location.map_or_else(String::new, |location| format!("\n{}\n", location.excerpt()))
}

fn text(error: &anyhow::Error) -> String {
    let mut text = format!("error: {}\n", shortened(error.to_string().trim_end()));
    let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    if !causes.is_empty() {
        text.push_str("\nCaused by:\n");
    }
    // A single cause needs no number.
    let numbered = causes.len() > 1;
    for (number, cause) in causes.iter().enumerate() {
        let (mark, indent) =
            if numbered { (format!("  {number:>3}: "), "\n       ") } else { ("    ".into(), "\n    ") };
        text.push_str(&format!("{mark}{}\n", shortened(cause).replace('\n', indent)));
    }
    text
}

/// `text` with its long lines cut: lines quoted from an input can be as long as the input, and hold anything.
fn shortened(text: &str) -> String {
    text.lines().map(|line| Printable::message(line).to_string()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_stand_below_the_error() {
        let error = anyhow::anyhow!("byte 8\nis bad").context("cannot compile `a.wasm`");
        assert_eq!(text(&error), "error: cannot compile `a.wasm`\n\nCaused by:\n    byte 8\n    is bad\n");
        let outer = text(&error.context("cannot run it"));
        let causes = "    0: cannot compile `a.wasm`\n    1: byte 8\n       is bad\n";
        assert_eq!(outer, format!("error: cannot run it\n\nCaused by:\n{causes}"));
        assert_eq!(text(&anyhow::anyhow!("alone")), "error: alone\n");
        let long = text(&anyhow::anyhow!("a\n{}\nb\u{1b}", "é".repeat(10_000)));
        assert_eq!(long, format!("error: a\n{}…\nb\\u{{1b}}\n", "é".repeat(1000)));
    }
}
