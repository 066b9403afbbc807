//! Source text to blocks: a block is told by how its first line begins; its text is read by [`spans`](crate::spans).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::iter::Peekable;

use crate::exports::docs::text::parse::{
    Block, Code, Definition, Fault, Heading, Item, ListKind, Listing, Placed, Problem, Span,
};
use crate::{problem, spans};

const FENCE: &str = "```";
const DEEPEST_HEADING: usize = 6;

/// The lines of a source with their numbers, from 1.
struct Lines<'a> {
    rest: Peekable<core::iter::Enumerate<core::str::Lines<'a>>>,
}

impl<'a> Lines<'a> {
    fn peek(&mut self) -> Option<&'a str> {
        self.rest.peek().map(|(_, text)| *text)
    }

    fn next(&mut self) -> Option<(u32, &'a str)> {
        self.rest.next().map(|(index, text)| (index as u32 + 1, text))
    }
}

pub fn parse(source: &str) -> Result<Vec<Placed>, Problem> {
    let mut lines = Lines { rest: source.lines().enumerate().peekable() };
    let mut blocks = Vec::new();
    while let Some((line, text)) = lines.next() {
        if text.trim().is_empty() {
            continue;
        }
        let block = block(&mut lines, line, text)?;
        blocks.push(Placed { line, block });
    }
    Ok(blocks)
}

fn block(lines: &mut Lines<'_>, line: u32, text: &str) -> Result<Block, Problem> {
    if let Some(language) = text.strip_prefix(FENCE) {
        return code(lines, line, language);
    }
    if text.starts_with('#') {
        return heading(line, text);
    }
    if let Some(definition) = text.strip_prefix('@') {
        return define(line, definition);
    }
    if let Some((kind, first)) = item_start(text) {
        return listing(lines, line, kind, first);
    }
    if let Some(first) = quote_text(text) {
        let mut quoted = String::from(first);
        while let Some(more) = lines.peek().and_then(quote_text) {
            lines.next();
            push_line(&mut quoted, more);
        }
        return Ok(Block::Quote(spans::parse(&quoted, line)?));
    }
    match text.trim_end() {
        "---" => Ok(Block::Rule),
        "[contents]" => Ok(Block::Contents),
        _ => Ok(Block::Paragraph(paragraph(lines, line, text)?)),
    }
}

fn code(lines: &mut Lines<'_>, line: u32, language: &str) -> Result<Block, Problem> {
    let language = Some(language.trim()).filter(|language| !language.is_empty()).map(ToString::to_string);
    let mut text = String::new();
    while let Some((_, content)) = lines.next() {
        if content.trim_end() == FENCE {
            return Ok(Block::Code(Code { language, text }));
        }
        text.push_str(content);
        text.push('\n');
    }
    Err(problem(line, Fault::UnclosedCode, format!("the code that starts here has no closing {FENCE}")))
}

fn heading(line: u32, text: &str) -> Result<Block, Problem> {
    let title = text.trim_start_matches('#');
    let level = text.len() - title.len();
    if level > DEEPEST_HEADING {
        let message = format!("a heading of level {level}, but {DEEPEST_HEADING} is the deepest");
        return Err(problem(line, Fault::HeadingTooDeep, message));
    }
    let title = title.trim();
    if title.is_empty() {
        return Err(problem(line, Fault::EmptyHeading, "a heading without a title".to_string()));
    }
    let title = spans::parse(title, line)?;
    Ok(Block::Heading(Heading { level: level as u8, number: Vec::new(), anchor: None, title }))
}

fn define(line: u32, text: &str) -> Result<Block, Problem> {
    let bad = |what: &str| problem(line, Fault::BadDefinition, format!("{what}: write `@name = value`"));
    let (name, value) = text.split_once('=').ok_or_else(|| bad("a definition without a value"))?;
    let name = name.trim();
    if !spans::is_name(name) {
        return Err(bad("a definition whose name is not made of letters, digits and dashes"));
    }
    Ok(Block::Define(Definition { name: name.to_string(), value: value.trim().to_string() }))
}

fn listing(lines: &mut Lines<'_>, line: u32, kind: ListKind, first: &str) -> Result<Block, Problem> {
    let mut items = Vec::new();
    let mut start = line;
    let mut content = String::from(first);
    loop {
        match lines.peek() {
            Some(more) if item_start(more).is_some_and(|(other, _)| other == kind) => {
                items.push(item(&content, start)?);
                let text = item_start(more).map_or("", |(_, text)| text);
                content = String::from(text);
                start = lines.next().map_or(start, |(line, _)| line);
            }
            Some(more) if more.starts_with("  ") && !more.trim().is_empty() => {
                push_line(&mut content, more);
                lines.next();
            }
            _ => break,
        }
    }
    items.push(item(&content, start)?);
    Ok(Block::Listing(Listing { kind, items }))
}

fn item(content: &str, line: u32) -> Result<Item, Problem> {
    let boxes = [("[ ] ", false), ("[x] ", true), ("[X] ", true)];
    for (mark, done) in boxes {
        if let Some(text) = content.strip_prefix(mark) {
            return Ok(Item { done: Some(done), spans: spans::parse(text, line)? });
        }
    }
    Ok(Item { done: None, spans: spans::parse(content, line)? })
}

/// The kind of list whose item the line starts, and the item's text.
fn item_start(text: &str) -> Option<(ListKind, &str)> {
    if let Some(content) = text.strip_prefix("- ") {
        return Some((ListKind::Bullets, content));
    }
    let content = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    if content.len() == text.len() {
        return None;
    }
    content.strip_prefix(". ").map(|content| (ListKind::Numbers, content))
}

fn quote_text(text: &str) -> Option<&str> {
    text.strip_prefix('>').map(str::trim_start)
}

fn paragraph(lines: &mut Lines<'_>, line: u32, first: &str) -> Result<Vec<Span>, Problem> {
    let mut text = String::from(first.trim());
    while let Some(more) = lines.peek() {
        if more.trim().is_empty() || starts_block(more) {
            break;
        }
        lines.next();
        push_line(&mut text, more);
    }
    spans::parse(&text, line)
}

/// Whether the line ends a paragraph that stands right above it.
fn starts_block(text: &str) -> bool {
    text.starts_with(FENCE)
        || text.starts_with(['#', '@', '>'])
        || item_start(text).is_some()
        || matches!(text.trim_end(), "---" | "[contents]")
}

fn push_line(text: &mut String, line: &str) {
    text.push('\n');
    text.push_str(line.trim());
}
