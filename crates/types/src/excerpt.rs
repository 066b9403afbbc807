//! A place in a text as people are shown it: the file, line and column, and below it the line with a caret. All errors about
//! text are shown in this form. The text may hold anything: a line of a megabyte, tabs, escape sequences.

use crate::printable::Printable;
use std::fmt;
use unicode_width::UnicodeWidthChar;

/// How many columns of a line are shown, about.
const SHOWN: usize = 100;

/// How many of them lie behind the caret, where there is enough on both sides.
const BEHIND: usize = 40;

/// A place in a text. Its `Display` names and quotes it, in lines without a line break at the end.
///
/// ```
/// use gusset_types::Excerpt;
///
/// let text = "(module\n  (func (call $x)))\n";
/// let place = Excerpt { name: Some("calc.wat"), text, offset: 17, length: 4 };
/// assert_eq!(place.position(), (2, 10));
/// let lines = [" --> calc.wat:2:10", "  |", "2 |   (func (call $x)))", "  |          ^^^^"];
/// assert_eq!(place.to_string(), lines.join("\n"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Excerpt<'a> {
    /// What people call the text: its file. A text without is shown as `<text>`.
    pub name: Option<&'a str>,
    /// All of the text.
    pub text: &'a str,
    /// Where the place starts, in bytes; what lies beyond the text is at its end. The end of a text is shown after the last
    /// thing in it.
    pub offset: usize,
    /// How long it is, in bytes. There is always a caret, and none beyond the line.
    pub length: usize,
}

/// A character as it is shown, and how many columns it takes.
struct Cell {
    shown: Shown,
    width: usize,
}

enum Shown {
    Char(char),
    Tab,
    Escaped(char),
}

impl Cell {
    fn new(char: char) -> Cell {
        match char {
            '\t' => Cell { shown: Shown::Tab, width: 4 },
            char if Printable::misleads(char) => {
                Cell { shown: Shown::Escaped(char), width: char.escape_default().len() }
            }
            char => Cell { shown: Shown::Char(char), width: char.width().unwrap_or(0) },
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shown {
            Shown::Char(char) => write!(f, "{char}"),
            Shown::Tab => f.write_str("    "),
            Shown::Escaped(char) => write!(f, "{}", char.escape_default()),
        }
    }
}

/// Some of the characters that lead away from the caret, nearest first.
struct Side {
    cells: Vec<Cell>,
    /// Whether there are more than those.
    cut: bool,
}

impl Side {
    /// As many characters as could be shown.
    fn new(mut chars: impl Iterator<Item = char>) -> Side {
        let (mut cells, mut width) = (Vec::new(), 0);
        // Characters without a width take no room, so their number is bounded too.
        while cells.len() < SHOWN && width <= SHOWN {
            let Some(char) = chars.next() else { return Side { cells, cut: false } };
            let cell = Cell::new(char);
            width += cell.width;
            cells.push(cell);
        }
        Side { cut: chars.next().is_some(), cells }
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.width).sum()
    }

    /// Leaves what fits into so many columns.
    fn fit(&mut self, columns: usize) {
        let mut width = 0;
        let mut fits = |cell: &Cell| {
            width += cell.width;
            width <= columns
        };
        let kept = self.cells.iter().take_while(|cell| fits(cell)).count();
        self.cut |= kept < self.cells.len();
        self.cells.truncate(kept);
    }
}

impl<'a> Excerpt<'a> {
    /// What stands for the name of a text that has none.
    pub const UNNAMED: &'static str = "<text>";

    /// The line and the column in it, both from 1; columns are counted in characters.
    pub fn position(&self) -> (u32, u32) {
        let at = self.at();
        let start = self.line_start(at);
        let lines = self.text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
        let column = self.text[start..at].chars().count();
        (u32::try_from(lines + 1).unwrap_or(u32::MAX), u32::try_from(column + 1).unwrap_or(u32::MAX))
    }

    /// The line, and where in it the place starts.
    fn line(&self) -> (&'a str, usize) {
        let at = self.at();
        let start = self.line_start(at);
        let line = self.text[start..].split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        (line, (at - start).min(line.len()))
    }

    /// Where the place starts, between two characters.
    fn at(&self) -> usize {
        let end = self.text.len();
        if self.offset >= end { self.text.trim_end().len() } else { self.text.floor_char_boundary(self.offset) }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.as_bytes()[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, column) = self.position();
        let name = Printable::name(self.name.unwrap_or(Excerpt::UNNAMED));
        let gutter = number.to_string().len();
        writeln!(f, "{:gutter$}--> {name}:{number}:{column}", "")?;
        writeln!(f, "{:gutter$} |", "")?;

        let (line, at) = self.line();
        let (mut before, mut behind) = (Side::new(line[..at].chars().rev()), Side::new(line[at..].chars()));
        if before.cut || behind.cut || before.width() + behind.width() > SHOWN {
            let least = behind.width().min(BEHIND);
            before.fit(SHOWN - least);
            behind.fit(SHOWN - before.width());
        }
        let [start, end] = [&before, &behind].map(|side| if side.cut { "…" } else { "" });
        let marked = line.floor_char_boundary(at.saturating_add(self.length).min(line.len()));
        let marked = line.get(at..marked).unwrap_or_default().chars().take(behind.cells.len()).count();
        let carets: usize = behind.cells[..marked].iter().map(|cell| cell.width).sum();

        let mut shown = start.to_string();
        before.cells.iter().rev().chain(&behind.cells).for_each(|cell| shown.push_str(&cell.to_string()));
        shown.push_str(end);
        writeln!(f, "{}", format!("{number} | {shown}").trim_end())?;
        let indent = start.chars().count() + before.width();
        write!(f, "{:gutter$} | {:indent$}{}", "", "", "^".repeat(carets.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, offset: usize, length: usize) -> String {
        Excerpt { name: Some("f"), text, offset, length }.to_string()
    }

    /// The quoted line and the one below it, without what stands left of them.
    fn quoted(text: &str, offset: usize, length: usize) -> (String, String) {
        let shown = shown(text, offset, length);
        let mut lines = shown.lines().skip(2).map(|line| line.split_once('|').unwrap().1.to_string());
        (lines.next().unwrap(), lines.next().unwrap())
    }

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "a\n  é b\r\n\n";
        let position = |offset| Excerpt { name: None, text, offset, length: 1 }.position();
        assert_eq!([0, 1, 2, 4, 7].map(position), [(1, 1), (1, 2), (2, 1), (2, 3), (2, 5)]);
        assert_eq!(position(5), (2, 3), "within a character");
        assert_eq!([8, 9, 10].map(position), [(2, 6), (2, 7), (3, 1)], "in a line's end");
        assert_eq!([11, 99, usize::MAX].map(position), [(2, 6); 3], "the end is after the last thing");
        assert_eq!(Excerpt { name: None, text: "", offset: 0, length: 0 }.position(), (1, 1));
    }

    #[test]
    fn texts_without_a_name_and_without_anything() {
        let place = Excerpt { name: None, text: "", offset: 7, length: 9 };
        assert_eq!(place.to_string(), " --> <text>:1:1\n  |\n1 |\n  | ^");
        let place = Excerpt { name: Some("a\u{1b}b"), text: "x\r\ny z\r\n", offset: 5, length: usize::MAX };
        assert_eq!(place.to_string(), " --> a\\u{1b}b:2:3\n  |\n2 | y z\n  |   ^");
        let text = "\n".repeat(99) + "x";
        assert_eq!(shown(&text, 99, 1), "   --> f:100:1\n    |\n100 | x\n    | ^");
    }

    #[test]
    fn carets_stand_below_what_they_mark() {
        assert_eq!(quoted("\ta b", 3, 1), ("     a b".into(), "       ^".into()));
        assert_eq!(quoted("日本 b", 7, 1), (" 日本 b".into(), "      ^".into()));
        assert_eq!(quoted("日本 b", 0, 6), (" 日本 b".into(), " ^^^^".into()));
        assert_eq!(quoted("a\u{1b}[31m b", 7, 1), (" a\\u{1b}[31m b".into(), "             ^".into()));
        assert_eq!(quoted("e\u{301} b", 4, 1), (" e\u{301} b".into(), "   ^".into()));
        assert_eq!(quoted("ab\ncd", 1, 4), (" ab".into(), "  ^".into()), "not beyond the line");
        assert_eq!(quoted("ab \r\ncd", 4, 1).1, "    ^", "a line's end");
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let text = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let (line, mark) = quoted(&text, 500, 1);
        assert_eq!(line, format!(" …{}X{}…", "a".repeat(60), "b".repeat(39)));
        assert_eq!(line.chars().position(|char| char == 'X'), mark.chars().position(|char| char == '^'));
        let (line, mark) = quoted(&text, 0, 3);
        assert_eq!((line, mark), (format!(" {}…", "a".repeat(100)), " ^^^".into()));
        let (line, mark) = quoted(&text, text.len(), 3);
        assert_eq!((line, mark), (format!(" …{}", "b".repeat(100)), format!("{}^", " ".repeat(102))));
        let (line, mark) = quoted(&text, 495, usize::MAX);
        assert_eq!((line.chars().count(), mark.chars().count()), (103, 102), "all of the window's end is marked");
        for odd in ["\t", "日", "\u{1b}", "\u{301}", "\u{202e}"] {
            let text = odd.repeat(100_000);
            let shown = shown(&text, text.len() / 2, text.len());
            assert!(shown.len() < 2000 && shown.lines().count() == 4, "{shown}");
        }
        let fits = "x".repeat(SHOWN);
        assert_eq!(quoted(&fits, 50, 1).0, format!(" {fits}"));
    }
}
