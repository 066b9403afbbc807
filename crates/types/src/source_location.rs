//! [`SourceLocation`]: a place in a text that outlives the text, as errors and frames of backtraces carry it.

use crate::excerpt::Excerpt;
use crate::printable::Printable;
use std::fmt;

/// A line and column of a text that was given instead of a binary. `Display` writes `file:line:column`; the line itself, with a
/// caret, is in [`excerpt`](SourceLocation::excerpt).
///
/// ```
/// use gusset_types::{Excerpt, SourceLocation};
///
/// let text = "(module\n  (func (call $x)))\n";
/// let location = SourceLocation::from(Excerpt { name: Some("calc.wat"), text, offset: 16, length: 1 });
/// assert_eq!((location.file.as_deref(), location.line, location.column), (Some("calc.wat"), 2, 9));
/// assert_eq!(location.to_string(), "calc.wat:2:9");
/// assert!(location.excerpt().ends_with("2 |   (func (call $x)))\n  |         ^"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceLocation {
    /// What people call the text: its file; none if it was given without a name.
    pub file: Option<Box<str>>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    excerpt: Box<str>,
}

impl SourceLocation {
    /// The place and its line, in the form in which errors show them: several lines, without a line break at the end.
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }
}

impl From<Excerpt<'_>> for SourceLocation {
    fn from(place: Excerpt<'_>) -> SourceLocation {
        let (line, column) = place.position();
        SourceLocation { file: place.name.map(Box::from), line, column, excerpt: place.to_string().into() }
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = Printable::name(self.file.as_deref().unwrap_or(Excerpt::UNNAMED));
        write!(f, "{file}:{}:{}", self.line, self.column)
    }
}
