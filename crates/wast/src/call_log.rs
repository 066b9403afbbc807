//! The calls between components that a script makes, as they are traced: lines of bounded length, and not without end.

use gusset::{CallStep, TracedCall};
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many lines of a script are kept; the others are counted.
const MAX_LINES: usize = 100_000;

/// How many bytes of a line are kept.
const MAX_LINE_BYTES: usize = 2_000;

/// How deep calls are indented.
const MAX_INDENT: usize = 40;

/// A step of a traced call, on one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallLine {
    /// The line of the directive that led to it, from 1.
    pub line: usize,
    /// The step, as [`TracedCall`] writes it, after two spaces for each call that is around it.
    pub text: String,
}

/// The calls of a script.
#[derive(Clone, Default)]
pub(crate) struct CallLog(Arc<Mutex<Calls>>);

#[derive(Default)]
struct Calls {
    /// The directive that is running.
    line: usize,
    depth: usize,
    lines: Vec<CallLine>,
    omitted: u64,
}

impl CallLog {
    /// From here on calls are those of the directive at `line`.
    pub(crate) fn begin_directive(&self, line: usize) {
        let mut calls = self.calls();
        (calls.line, calls.depth) = (line, 0);
    }

    pub(crate) fn add(&self, call: TracedCall<'_>) {
        let mut calls = self.calls();
        let begins = matches!(call.step, CallStep::Begin(_));
        if !begins {
            calls.depth = calls.depth.saturating_sub(1);
        }
        let (line, depth) = (calls.line, calls.depth.min(MAX_INDENT));
        if calls.lines.len() < MAX_LINES {
            calls.lines.push(CallLine { line, text: cut(format_args!("{:1$}{call}", "", 2 * depth)) });
        } else {
            calls.omitted += 1;
        }
        calls.depth += usize::from(begins);
    }

    /// What was added, and a line for what was not kept.
    pub(crate) fn take(&self) -> Vec<CallLine> {
        let mut calls = std::mem::take(&mut *self.calls());
        if calls.omitted > 0 {
            calls.lines.push(CallLine { line: calls.line, text: format!("and {} more steps of calls", calls.omitted) });
        }
        calls.lines
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text that is cut where it gets long, and not written beyond that.
fn cut(text: fmt::Arguments<'_>) -> String {
    let mut line = CutLine(String::new());
    if line.write_fmt(text).is_err() {
        line.0.push('…');
    }
    line.0
}

struct CutLine(String);

impl Write for CutLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_LINE_BYTES - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset::{AdapterName, Val};

    #[test]
    fn calls_within_calls_are_indented() {
        let log = CallLog::default();
        let name = |callee: &str| AdapterName { caller: "a".into(), callee: callee.into(), function: "f".into() };
        let add = |callee: &str, step| log.add(TracedCall { adapter: &name(callee), step });
        log.begin_directive(3);
        add("b", CallStep::Begin(&[]));
        add("c", CallStep::Begin(&[Val::U8(1)]));
        add("c", CallStep::Return(Some(&Val::U8(2))));
        log.begin_directive(4);
        add("b", CallStep::Begin(&[]));
        let lines: Vec<_> = log.take().into_iter().map(|call| (call.line, call.text)).collect();
        let expected = [(3, "a -> b f()"), (3, "  a -> c f(1)"), (3, "  a <- c f: 2"), (4, "a -> b f()")];
        assert_eq!(lines, expected.map(|(line, text)| (line, text.to_string())));
    }

    #[test]
    fn deep_calls_are_not_indented_further() {
        let (log, name) = (CallLog::default(), AdapterName::default());
        (0..MAX_INDENT + 5).for_each(|_| log.add(TracedCall { adapter: &name, step: CallStep::Begin(&[]) }));
        let indents: Vec<_> = log.take().iter().map(|call| call.text.len() - call.text.trim_start().len()).collect();
        let outermost = indents[0];
        assert_eq!(indents[MAX_INDENT - 1] - outermost, 2 * (MAX_INDENT - 1));
        assert!(indents[MAX_INDENT..].iter().all(|indent| indent - outermost == 2 * MAX_INDENT), "{indents:?}");
    }

    #[test]
    fn neither_lines_nor_their_number_grow_without_end() {
        assert_eq!(cut(format_args!("{}", "x".repeat(MAX_LINE_BYTES))), "x".repeat(MAX_LINE_BYTES));
        assert_eq!(
            cut(format_args!("x{}", "é".repeat(MAX_LINE_BYTES))),
            format!("x{}…", "é".repeat(MAX_LINE_BYTES / 2 - 1))
        );
        let (log, name) = (CallLog::default(), AdapterName::default());
        (0..MAX_LINES + 5).for_each(|_| log.add(TracedCall { adapter: &name, step: CallStep::Return(None) }));
        let lines = log.take();
        assert_eq!((lines.len(), &*lines[MAX_LINES].text), (MAX_LINES + 1, "and 5 more steps of calls"));
    }
}
