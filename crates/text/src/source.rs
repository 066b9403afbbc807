//! [`TextSource`]: a text that wasm is made of, kept for the day when an error asks where something stands in it.

use crate::encode::{TextError, encode};
use crate::import::import_place;
use crate::map::{TextMap, TextPlace};
use gusset_types::{Excerpt, SourceLocation};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A text with the definition of a module or component in it. It is mapped when it is first asked for a place, once.
#[derive(Debug)]
pub struct TextSource {
    name: Option<Arc<str>>,
    text: Arc<str>,
    /// The definition.
    range: Range<usize>,
    /// None where the definition cannot be mapped.
    map: OnceLock<Option<TextMap>>,
}

impl TextSource {
    /// A text that is a module or component and nothing else; `name` is its file, for people.
    pub fn new(name: Option<Arc<str>>, text: Arc<str>) -> TextSource {
        let range = 0..text.len();
        TextSource { name, text, range, map: OnceLock::new() }
    }

    /// What stands at `range` in a text that may hold more, such as a script. A range that is none of the text means all of it.
    pub fn part(name: Option<Arc<str>>, text: Arc<str>, range: Range<usize>) -> TextSource {
        let range = if text.get(range.clone()).is_some() { range } else { 0..text.len() };
        TextSource { name, text, range, map: OnceLock::new() }
    }

    /// Its binary, which need not be valid.
    ///
    /// # Errors
    ///
    /// As [`encode`].
    pub fn encode(&self) -> Result<Vec<u8>, TextError> {
        encode(self.definition()).map_err(|error| {
            let TextPlace { offset, length } = error.place();
            TextError::new(error.message(), error.place(), self.location(offset, length))
        })
    }

    /// Where the byte at `binary` of its binary comes from, as [`TextMap::place`] tells.
    pub fn locate(&self, binary: usize, message: &str) -> SourceLocation {
        let map = self.map.get_or_init(|| TextMap::new(self.definition()).ok());
        let root = TextPlace { offset: 0, length: 1 };
        let place = map.as_ref().map_or(root, |map| map.place(self.definition(), binary, message));
        self.location(place.offset, place.length)
    }

    /// Where it declares an import, as [`import_place`] tells.
    pub fn locate_import(&self, names: &[&str]) -> Option<SourceLocation> {
        let TextPlace { offset, length } = import_place(self.definition(), names).ok()??;
        Some(self.location(offset, length))
    }

    fn definition(&self) -> &str {
        &self.text[self.range.clone()]
    }

    fn location(&self, offset: usize, length: usize) -> SourceLocation {
        let offset = self.range.start + offset;
        Excerpt { name: self.name.as_deref(), text: &self.text, offset, length }.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_part_are_those_of_the_whole_text() {
        let text = "(assert_return)\n(module definition $m\n  (import \"a\" \"b\" (func))\n  (func\n    (call 7)))\n";
        let range = crate::definition_at(text, text.find("module").unwrap());
        assert_eq!(&text[range.clone()], text[16..].trim_end());
        let source = TextSource::part(Some("a.wast".into()), text.into(), range);
        let wasm = encode("(module $m (import \"a\" \"b\" (func)) (func (call 7)))").unwrap();
        let call = wasm.windows(2).position(|bytes| bytes == [0x10, 7]).unwrap();
        assert_eq!(source.locate(call, "").to_string(), "a.wast:5:5");
        assert_eq!(source.locate(0, "").to_string(), "a.wast:2:1");
        assert_eq!(source.locate(usize::MAX, "").line, 5, "the last thing that is known");
        assert_eq!(source.locate_import(&["a", "b"]).unwrap().to_string(), "a.wast:3:3");
        assert!(source.locate_import(&["a", "c"]).is_none());
    }

    #[test]
    fn what_cannot_be_mapped_is_its_own_place() {
        let source = TextSource::part(None, "  (register)".into(), 2..12);
        assert_eq!(source.locate(5, "").to_string(), "<text>:1:3");
        let error = source.encode().unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected valid module field\n --> <text>:1:4\n  |\n1 |   (register)\n  |    ^^^^^^^^"
        );
        let beyond = TextSource::part(None, "é".into(), 1..2);
        assert_eq!(beyond.locate(0, "").to_string(), "<text>:1:1");
    }
}
