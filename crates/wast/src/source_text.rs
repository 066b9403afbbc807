//! A script's text with its line starts, to find the line and column of a directive without walking the text each time.

use std::cell::Cell;
use wast::token::Span;

/// How much of a line is shown, in characters.
const LINE_SHOWN: usize = 200;

/// A text that knows where its lines start.
pub(crate) struct SourceText<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The line that was shown last, and how: one line may hold many directives and much space around them.
    shown: Cell<(usize, &'a str)>,
}

impl<'a> SourceText<'a> {
    pub(crate) fn new(text: &'a str) -> SourceText<'a> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        SourceText { text, starts, shown: Cell::new((0, "")) }
    }

    /// The line and column of `span`, both from 1.
    pub(crate) fn position(&self, span: Span) -> (usize, usize) {
        let offset = span.offset().min(self.text.len());
        let line = self.starts.partition_point(|&start| start <= offset);
        (line, offset - self.starts[line - 1] + 1)
    }

    /// The text of a line (from 1), without what stands around it, cut where it gets long.
    pub(crate) fn line(&self, line: usize) -> &'a str {
        if self.shown.get().0 != line {
            self.shown.set((line, self.shown_line(line)));
        }
        self.shown.get().1
    }

    fn shown_line(&self, line: usize) -> &'a str {
        let Some(&start) = self.starts.get(line - 1) else { return "" };
        let end = self.starts.get(line).copied().unwrap_or(self.text.len());
        let line = self.text[start..end].trim();
        line.char_indices().nth(LINE_SHOWN).map_or(line, |(end, _)| line[..end].trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn positions_count_from_one() {
        let text = SourceText::new("a\n  b\n");
        assert_eq!(text.position(Span::from_offset(0)), (1, 1));
        assert_eq!(text.position(Span::from_offset(4)), (2, 3));
        assert_eq!(text.position(Span::from_offset(99)), (3, 1));
        assert_eq!(SourceText::new(&"ä".repeat(1000)).line(1), "ä".repeat(LINE_SHOWN));
        assert_eq!((text.line(2), text.line(7)), ("b", ""));
        assert_eq!((text.line(1), text.line(3), text.line(2)), ("a", "", "b"));
        assert_eq!(SourceText::new("a\r\nb").line(1), "a");
        assert_eq!(SourceText::new("").line(1), "");
    }

    /// Either walk would take half a minute.
    #[test]
    fn no_line_is_looked_for_twice() {
        let began = Instant::now();
        let soon = || began.elapsed().as_secs() < 5;
        let lines = "(a)\n".repeat(60_000);
        let text = SourceText::new(&lines);
        assert!((1..=60_000).all(|line| text.line(line) == "(a)" && soon()));
        let blank = " ".repeat(4 << 20);
        let wide = format!("{blank}(a){blank}");
        let text = SourceText::new(&wide);
        assert!((0..5_000).all(|_| text.line(1) == "(a)" && soon()));
    }
}
