//! Why a text is not the value that was asked for: what is wrong, where in the value, and where in the text.

use gusset_types::{Excerpt, Printable};
use std::fmt;
use std::ops::Range;

/// How much of the input a message quotes, in characters.
const MAX_QUOTED: usize = 60;

/// Why a text is not what was asked for.
///
/// `Display` writes the [message](WaveError::message) and, where there is a text, the line with a caret under the place.
///
/// ```
/// use gusset::WaveCall;
///
/// let error = WaveCall::parse("add(40 2)").unwrap_err();
/// assert_eq!(error.message(), "argument 1: a comma is missing between `40` and `2`");
/// assert_eq!((error.path(), error.span()), ("argument 1", 7..8));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaveError {
    message: String,
    path: String,
    span: Range<usize>,
    excerpt: String,
}

impl WaveError {
    /// What is wrong, in one line that begins with the [path](WaveError::path).
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the value: `items[0].price` in a call, `[0].price` in a value; empty for the whole value.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where in the text, in bytes. Empty where there is no text, or its end is the place.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl fmt::Display for WaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.excerpt.is_empty() { Ok(()) } else { write!(f, "\n{}", self.excerpt) }
    }
}

impl std::error::Error for WaveError {}

/// An error on its way out of a value.
#[derive(Debug)]
pub(super) struct Fault {
    /// From the place outwards, as far as it has come.
    path: String,
    what: String,
    pub(super) span: Range<usize>,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, what: impl Into<String>) -> Fault {
        Fault { path: String::new(), what: what.into(), span }
    }

    /// Puts `segment` before the path.
    pub(super) fn within(mut self, segment: &str) -> Fault {
        self.path.insert_str(0, segment);
        self
    }

    /// Whether it is of the value that was looked at, not of a part of it.
    pub(super) fn is_outermost(&self) -> bool {
        self.path.is_empty()
    }

    /// The error, of a part of `text` that begins at `start`.
    pub(super) fn explain(self, text: &str, start: usize) -> WaveError {
        let Fault { path, what, span } = self;
        let path = Printable::name(&path).to_string();
        // What the parser read may have a line end more.
        let [begin, end] = [span.start, span.end].map(|at| (at + start).min(text.len()));
        let span = begin..end;
        let excerpt = Excerpt { name: None, text, offset: span.start, length: span.len() }.to_string();
        // There is no file to name.
        let lines = excerpt.split_once('\n').map_or("", |(_, lines)| lines);
        WaveError { message: placed(&path, &what), path, span, excerpt: lines.into() }
    }

    /// The error, of a value that no text was made of.
    pub(super) fn without_text(self) -> WaveError {
        let path = Printable::name(&self.path).to_string();
        WaveError { message: placed(&path, &self.what), path, span: 0..0, excerpt: String::new() }
    }
}

fn placed(path: &str, what: &str) -> String {
    if path.is_empty() { what.into() } else { format!("{path}: {what}") }
}

/// People's input as messages quote it: on one line, and cut where it is long.
pub(super) fn quote(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// As [`quote`], without the quotes.
pub(super) fn cut(text: &str) -> String {
    cut_at(text, MAX_QUOTED)
}

/// At most so many characters of a text, on one line.
pub(super) fn cut_at(text: &str, most: usize) -> String {
    let end = text.char_indices().nth(most).map(|(end, _)| end);
    let shown = Printable::name(&text[..end.unwrap_or(text.len())]);
    format!("{shown}{}", if end.is_some() { "…" } else { "" })
}

/// How many names a message lists.
const MAX_LISTED: usize = 8;

/// Names in a message, in quotes, and how many more there are.
pub(super) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let shown: Vec<String> = names.take(MAX_LISTED).map(quote).collect();
    let more = if count > MAX_LISTED { format!(" and {} more", count - MAX_LISTED) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
