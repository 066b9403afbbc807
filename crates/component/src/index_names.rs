//! Names for the indices in a message: a validator speaks of `core function 0`, people of `$f`. Nothing here is done before there
//! is an error to show.

use gusset_types::Printable;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{ComponentName, CustomSectionReader, KnownCustom, Name, NameMap, Parser, Payload};

/// A message about what stands at `offset` in the component or module `wasm`, with names for the indices in it, as far as the name
/// section of the component or module around that place has any; `None` if it names nothing.
///
/// ```
/// let wasm = wat::parse_str("(component (type $t u8) (export \"a\" (instance 0)))")?;
/// let named = gusset_component::name_indices(&wasm, 12, "type index 0 is not an instance type");
/// assert_eq!(named.as_deref(), Some("type $t is not an instance type"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn name_indices(wasm: &[u8], offset: usize, message: &str) -> Option<String> {
    // Quoted names may look like anything.
    let mut parts = message.split('`');
    let mut named = None;
    let mut text = String::new();
    let mut open = false;
    while let Some(part) = parts.next() {
        if std::mem::take(&mut open) {
            text.push('`');
        }
        let mut rest = part;
        while let Some(found) = find_index(rest) {
            let names = named.get_or_insert_with(|| names_around(wasm, offset));
            let index = &rest[found.index.clone()];
            let name = index.parse().ok().and_then(|index| names.get(&(found.space, index)));
            match name {
                Some(name) => text.push_str(&format!("{}{} {}", &rest[..found.start], found.space.text(), id(name))),
                None => text.push_str(&rest[..found.index.end]),
            }
            rest = &rest[found.index.end..];
        }
        text.push_str(rest);
        if let Some(quoted) = parts.next() {
            text.push('`');
            text.push_str(quoted);
            open = true;
        }
    }
    (text != message).then_some(text)
}

/// What has indices of its own: what messages call it, and whether it is of core wasm within a component.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Space {
    what: &'static str,
    core: bool,
}

/// What messages call the spaces; what has two names stands below the second.
const SPACES: [(&str, &str); 11] = [
    ("function", "function"),
    ("func", "function"),
    ("type", "type"),
    ("instance", "instance"),
    ("module", "module"),
    ("component", "component"),
    ("table", "table"),
    ("memory", "memory"),
    ("global", "global"),
    ("tag", "tag"),
    ("value", "value"),
];

impl Space {
    fn text(self) -> String {
        if self.core { format!("core {}", self.what) } else { self.what.into() }
    }
}

/// An index in a message.
struct FoundIndex {
    space: Space,
    /// Where the words for the space start.
    start: usize,
    index: Range<usize>,
}

/// The first index in `text` that follows the name of a space: `type index 3`, `core function 0`.
fn find_index(text: &str) -> Option<FoundIndex> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for word in text.split_inclusive([' ', ',', ':', ';', '(', ')', '.']) {
        let range = start..start + word.trim_end_matches([' ', ',', ':', ';', '(', ')', '.']).len();
        start += word.len();
        if range.is_empty() {
            continue;
        }
        if text[range.clone()].bytes().all(|byte| byte.is_ascii_digit()) {
            let mut before = words.iter().rev().map(|word| (word.start, &text[word.clone()]));
            let mut last = before.next();
            if matches!(last, Some((_, "index"))) {
                last = before.next();
            }
            let space = last.and_then(|(at, word)| Some((at, SPACES.iter().find(|space| space.0 == word)?.1)));
            if let Some((at, what)) = space {
                let core = before.next().filter(|(_, word)| *word == "core");
                let start = core.map_or(at, |(at, _)| at);
                return Some(FoundIndex { space: Space { what, core: core.is_some() }, start, index: range });
            }
        }
        words.push(range);
    }
    None
}

/// A name as the text format writes it.
fn id(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-./:<=>?@\\^_`|~".contains(&byte);
    let shown = Printable::name(name);
    if !name.is_empty() && name.bytes().all(plain) { format!("${shown}") } else { format!("$\"{shown}\"") }
}

type Names<'a> = HashMap<(Space, u32), &'a str>;

/// The names of the innermost component or module that holds `offset`.
fn names_around(wasm: &[u8], offset: usize) -> Names<'_> {
    let mut names = Names::new();
    // Whether the place is in each of the components and modules that are being read, and how many of them it is known to be in.
    let (mut around, mut depth) = (vec![true], 1);
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                around.push(around.last() == Some(&true) && unchecked_range.contains(&(offset as u64)));
                if around.last() == Some(&true) {
                    depth = around.len();
                    names.clear();
                }
            }
            Payload::End(_) => {
                around.pop();
            }
            Payload::CustomSection(section) if around.len() == depth && around.last() == Some(&true) => {
                read(&section, &mut names);
            }
            _ => {}
        }
    }
    names
}

fn read<'a>(section: &CustomSectionReader<'a>, names: &mut Names<'a>) {
    let mut add = |what, core, map: NameMap<'a>| {
        let space = Space { what, core };
        names.extend(map.into_iter().map_while(Result::ok).map(|naming| ((space, naming.index), naming.name)));
    };
    match section.as_known() {
        KnownCustom::Name(subsections) => {
            for subsection in subsections.into_iter().map_while(Result::ok) {
                match subsection {
                    Name::Function(map) => add("function", false, map),
                    Name::Type(map) => add("type", false, map),
                    Name::Table(map) => add("table", false, map),
                    Name::Memory(map) => add("memory", false, map),
                    Name::Global(map) => add("global", false, map),
                    Name::Tag(map) => add("tag", false, map),
                    _ => {}
                }
            }
        }
        KnownCustom::ComponentName(subsections) => {
            for subsection in subsections.into_iter().map_while(Result::ok) {
                match subsection {
                    ComponentName::CoreFuncs(map) => add("function", true, map),
                    ComponentName::CoreTypes(map) => add("type", true, map),
                    ComponentName::CoreInstances(map) => add("instance", true, map),
                    ComponentName::CoreModules(map) => add("module", false, map),
                    // There are none of these but core ones.
                    ComponentName::CoreTables(map) => add("table", false, map),
                    ComponentName::CoreMemories(map) => add("memory", false, map),
                    ComponentName::CoreGlobals(map) => add("global", false, map),
                    ComponentName::CoreTags(map) => add("tag", false, map),
                    ComponentName::Funcs(map) => add("function", false, map),
                    ComponentName::Types(map) => add("type", false, map),
                    ComponentName::Instances(map) => add("instance", false, map),
                    ComponentName::Components(map) => add("component", false, map),
                    ComponentName::Values(map) => add("value", false, map),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "(component
        (core module $m (type $t (func)) (func $f (type $t)) (memory $mem 1) (func (export \"f\")))
        (core instance $i (instantiate $m))
        (alias core export $i \"f\" (core func $\"a b\"))
        (type $u u8)
        (component $c (type $inner u16)))";

    fn named(needle: &[u8], message: &str) -> Option<String> {
        let wasm = wat::parse_str(TEXT).unwrap();
        let offset = wasm.windows(needle.len()).position(|bytes| bytes == needle).unwrap();
        name_indices(&wasm, offset, message)
    }

    #[test]
    fn indices_are_named_by_the_innermost_name_section() {
        // A place in the root: its own first bytes.
        let root = |message| named(b"\0asm", message);
        assert_eq!(
            root("type index 0, of core instance 0 and module 0").unwrap(),
            "type $u, of core instance $i and module $m"
        );
        assert_eq!(root("`x` of core function 0").unwrap(), "`x` of core function $\"a b\"");
        assert_eq!(root("func 0; `type 0` is quoted"), None);
        assert_eq!(root("unknown type 7: type index out of bounds"), None);
        assert_eq!(root("core type 0, 0, type0"), None, "there is no such name");
        // A place in the core module: the body of its first function.
        let module = |message| named(&[2, 0, 0x0b], message);
        assert_eq!(module("function 0: type 0 (memory 0)").unwrap(), "function $f: type $t (memory $mem)");
        assert_eq!(module("function 1 has no name"), None);
    }

    #[test]
    fn what_is_cut_or_wild_is_no_panic() {
        let wasm = wat::parse_str(TEXT).unwrap();
        for len in 0..wasm.len() {
            name_indices(&wasm[..len], len / 2, "type 0");
        }
        assert_eq!(name_indices(&wasm, usize::MAX, "type 0").as_deref(), Some("type $u"));
        for message in ["", "`", "type", "type 99999999999999999999", "type 0`", " type  0 ", "é type 0"] {
            name_indices(&wasm, 0, message);
        }
    }
}
