//! Running text to spans: marks for styles, links, inserts, and line breaks. A line's end counts as a space.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::exports::docs::text::parse::{Fault, Link, Problem, Span, Style, Styled};
use crate::problem;

/// Whether `name` can stand in `{name}` and `@name = value`.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-')
}

pub fn parse(text: &str, line: u32) -> Result<Vec<Span>, Problem> {
    let mut reader = Reader {
        text,
        at: 0,
        line,
        style: Style::empty(),
        open: Vec::new(),
        pending: String::new(),
        spans: Vec::new(),
    };
    while let Some(next) = reader.peek() {
        reader.step(next)?;
    }
    reader.flush();
    match reader.open.last() {
        Some((mark, line)) => Err(unclosed(*mark, *line)),
        None => Ok(reader.spans),
    }
}

fn unclosed(mark: char, line: u32) -> Problem {
    problem(line, Fault::UnclosedMark, format!("{mark} is opened and never closed"))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    style: Style,
    /// The marks that are open, innermost last, with their lines.
    open: Vec<(char, u32)>,
    /// Text that has been read and is in no span yet.
    pending: String,
    spans: Vec<Span>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn step(&mut self, next: char) -> Result<(), Problem> {
        match next {
            '\\' => self.escape(),
            '*' => self.mark('*', Style::STRONG),
            '_' => self.mark('_', Style::EMPHASIS),
            '`' => self.mono()?,
            '[' => self.labelled_link(),
            '<' => self.bare_link(),
            '{' => self.insert(),
            '\n' => {
                self.line += 1;
                self.take(' ', 1);
            }
            other => self.take(other, other.len_utf8()),
        }
        Ok(())
    }

    /// Takes `bytes` bytes of the source to mean `meaning`.
    fn take(&mut self, meaning: char, bytes: usize) {
        self.pending.push(meaning);
        self.at += bytes;
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let text = core::mem::take(&mut self.pending);
        self.spans.push(if self.style.is_empty() {
            Span::Plain(text)
        } else {
            Span::Styled(Styled { style: self.style, text })
        });
    }

    fn push(&mut self, span: Span, bytes: usize) {
        self.flush();
        self.spans.push(span);
        self.at += bytes;
    }

    /// A backslash: at a line's end it breaks the line, before a punctuation mark it hides the mark's meaning.
    fn escape(&mut self) {
        match self.rest()[1..].chars().next() {
            Some('\n') => {
                self.line += 1;
                let kept = self.pending.trim_end().len();
                self.pending.truncate(kept);
                self.push(Span::LineBreak, 2);
            }
            Some(hidden) if hidden.is_ascii_punctuation() => self.take(hidden, 2),
            _ => self.take('\\', 1),
        }
    }

    /// A mark opens before a word and closes after one; within a word, or alone, it is only a character.
    fn mark(&mut self, mark: char, style: Style) {
        let before = self.text[..self.at].chars().next_back();
        let after = self.rest()[1..].chars().next();
        let in_word = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
        let blank = |side: Option<char>| side.is_none_or(char::is_whitespace);
        if self.open.last().is_some_and(|(open, _)| *open == mark) && !blank(before) && !in_word(after) {
            self.flush();
            self.open.pop();
            self.style &= !style;
        } else if !self.style.contains(style) && !in_word(before) && !blank(after) {
            self.flush();
            self.open.push((mark, self.line));
            self.style |= style;
        } else {
            self.pending.push(mark);
        }
        self.at += 1;
    }

    fn mono(&mut self) -> Result<(), Problem> {
        let content = &self.rest()[1..];
        let length = content.find('`').ok_or_else(|| unclosed('`', self.line))?;
        let content = &content[..length];
        let text = content.replace('\n', " ");
        self.push(Span::Styled(Styled { style: self.style | Style::MONO, text }), length + 2);
        self.line += content.matches('\n').count() as u32;
        Ok(())
    }

    /// `[label](target)`; any other bracket is only a character.
    fn labelled_link(&mut self) {
        let link = self.rest()[1..].split_once("](").and_then(|(label, rest)| {
            let (target, _) = rest.split_once(')')?;
            let whole = !label.contains(['[', ']', '\n']) && !target.contains(char::is_whitespace);
            whole.then_some((label, target))
        });
        match link {
            Some((label, target)) => {
                let label = Some(label).filter(|label| !label.is_empty());
                let bytes = label.map_or(0, str::len) + target.len() + 4;
                self.push(
                    Span::Link(Link { target: target.to_string(), label: label.map(ToString::to_string) }),
                    bytes,
                );
            }
            None => self.take('[', 1),
        }
    }

    /// `<target>`, where the target has a scheme; any other angle bracket is only a character.
    fn bare_link(&mut self) {
        let target = self.rest()[1..].split_once('>').map(|(target, _)| target);
        match target.filter(|target| target.contains("://") && !target.contains(char::is_whitespace)) {
            Some(target) => {
                self.push(Span::Link(Link { target: target.to_string(), label: None }), target.len() + 2);
            }
            None => self.take('<', 1),
        }
    }

    fn insert(&mut self) {
        let name = self.rest()[1..].split_once('}').map(|(name, _)| name);
        match name.filter(|name| is_name(name)) {
            Some(name) => {
                let insert = Styled { style: self.style, text: name.to_string() };
                self.push(Span::Insert(insert), name.len() + 2);
            }
            None => self.take('{', 1),
        }
    }
}
