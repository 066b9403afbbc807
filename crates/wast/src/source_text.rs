//! A script's text with its line starts, to find the line and column of a directive without walking the text each time.

use wast::token::Span;

/// How much of a line is shown, in characters.
const LINE_SHOWN: usize = 200;

/// A text that knows where its lines start.
pub(crate) struct SourceText<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> SourceText<'a> {
    pub(crate) fn new(text: &'a str) -> SourceText<'a> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        SourceText { text, starts }
    }

    /// The line and column of `span`, both from 1.
    pub(crate) fn position(&self, span: Span) -> (usize, usize) {
        let offset = span.offset().min(self.text.len());
        let line = self.starts.partition_point(|&start| start <= offset);
        (line, offset - self.starts[line - 1] + 1)
    }

    /// The text of a line (from 1), without what stands around it, cut where it gets long.
    pub(crate) fn line(&self, line: usize) -> &'a str {
        let line = self.text.lines().nth(line - 1).unwrap_or_default().trim();
        line.char_indices().nth(LINE_SHOWN).map_or(line, |(end, _)| line[..end].trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one() {
        let text = SourceText::new("a\n  b\n");
        assert_eq!(text.position(Span::from_offset(0)), (1, 1));
        assert_eq!(text.position(Span::from_offset(4)), (2, 3));
        assert_eq!(text.position(Span::from_offset(99)), (3, 1));
        assert_eq!(SourceText::new(&"ä".repeat(1000)).line(1), "ä".repeat(LINE_SHOWN));
        assert_eq!((text.line(2), text.line(7)), ("b", ""));
    }
}
