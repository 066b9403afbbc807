//! A script's text with its line starts, to find the line and column of a directive without walking the text each time.

use gusset::Excerpt;
use std::cell::Cell;
use wast::token::Span;

/// How much of a line is shown, in characters.
const LINE_SHOWN: usize = 200;

/// How many bytes of a line are looked at on each side of a place: more than there is room for.
const NEAR: usize = 1000;

/// A text that knows where its lines start.
pub(crate) struct SourceText<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// The line that was shown last, how, and whether it was cut: one line may hold many directives and much space around them.
    shown: Cell<(usize, &'a str, bool)>,
}

impl<'a> SourceText<'a> {
    pub(crate) fn new(text: &'a str) -> SourceText<'a> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        SourceText { text, starts, shown: Cell::new((0, "", false)) }
    }

    /// The line and column of `span`, both from 1.
    pub(crate) fn position(&self, span: Span) -> (usize, usize) {
        let offset = span.offset().min(self.text.len());
        let line = self.starts.partition_point(|&start| start <= offset);
        (line, offset - self.starts[line - 1] + 1)
    }

    /// The text of a line (from 1), without what stands around it; `…` stands for the rest of a long one.
    pub(crate) fn line(&self, line: usize) -> String {
        if self.shown.get().0 != line {
            let (shown, cut) = self.shown_line(line);
            self.shown.set((line, shown, cut));
        }
        let (_, shown, cut) = self.shown.get();
        format!("{shown}{}", if cut { "…" } else { "" })
    }

    /// The line around `span` as people are shown it, and carets below the word that stands there. However long the line, only what
    /// is near is looked at.
    pub(crate) fn quoted(&self, span: Span) -> [String; 2] {
        let offset = span.offset().min(self.text.len());
        let (line, _) = self.position(span);
        let (start, end) = (self.starts[line - 1], self.starts.get(line).copied().unwrap_or(self.text.len()));
        let near = self.text.floor_char_boundary(offset.saturating_sub(NEAR).max(start));
        let far = self.text.ceil_char_boundary((offset + NEAR).min(end));
        let text = &self.text[near..far];
        let offset = offset - near;
        let word = text[offset..].find(|char: char| char.is_whitespace() || matches!(char, '(' | ')'));
        let length = word.unwrap_or(text.len() - offset).max(1);
        let shown = Excerpt { name: None, text, offset, length }.to_string();
        // The place is told before, and its number is not that of the line in all of the text.
        let mut lines = shown.lines().skip(2).map(|line| line.get(4..).unwrap_or_default().to_string());
        [lines.next().unwrap_or_default(), lines.next().unwrap_or_default()]
    }

    fn shown_line(&self, line: usize) -> (&'a str, bool) {
        let Some(&start) = self.starts.get(line - 1) else { return ("", false) };
        let end = self.starts.get(line).copied().unwrap_or(self.text.len());
        let line = self.text[start..end].trim();
        line.char_indices().nth(LINE_SHOWN).map_or((line, false), |(end, _)| (line[..end].trim_end(), true))
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
        assert_eq!(SourceText::new(&"ä".repeat(1000)).line(1), "ä".repeat(LINE_SHOWN) + "…");
        assert_eq!([text.line(2), text.line(7)], ["b", ""]);
        assert_eq!([text.line(1), text.line(3), text.line(2)], ["a", "", "b"]);
        assert_eq!(SourceText::new("a\r\nb").line(1), "a");
        assert_eq!(SourceText::new("").line(1), "");
    }

    #[test]
    fn a_quoted_line_keeps_its_caret() {
        let quoted = |text: &str, offset| SourceText::new(text).quoted(Span::from_offset(offset));
        assert_eq!(quoted("(a)\n  (module (b))\n", 7), ["  (module (b))", "   ^^^^^^"]);
        assert_eq!(quoted("(modul", 6), ["(modul", "      ^"]);
        assert_eq!(quoted("", 9), ["", "^"]);
        let long = format!("{}(assert_trap x){}", "é ".repeat(3000), " (y)".repeat(3000));
        let [line, carets] = quoted(&long, long.find("assert").unwrap());
        assert!(line.starts_with('…') && line.ends_with('…') && line.chars().count() < 110, "{line}");
        let column = line.chars().position(|char| char == 'a').unwrap();
        assert_eq!(carets, format!("{}{}", " ".repeat(column), "^".repeat("assert_trap".len())));
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
        let middle = Span::from_offset(blank.len());
        assert!((0..5_000).all(|_| text.quoted(middle)[0].contains("(a)") && soon()));
    }
}
