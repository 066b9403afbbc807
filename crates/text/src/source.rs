//! [`TextSource`]: a text that wasm is made of, kept for the day when an error asks where something stands in it.

use crate::encode::{TextError, encode};
use crate::import::import_places;
use crate::item::definition_at;
use crate::map::{TextMap, TextPlace};
use gusset_types::{Excerpt, SourceLocation};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A text with the definition of a module or component in it. It is mapped when it is first asked for a place, once.
pub struct TextSource {
    name: Option<Arc<str>>,
    text: Arc<str>,
    /// Where the definition's keyword stands, if there is more in the text than the definition.
    keyword: Option<usize>,
    /// The map of the definition; none where it cannot be mapped.
    map: OnceLock<Option<TextMap>>,
}

/// Its name and size: traps hold it, and people print those.
impl fmt::Debug for TextSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextSource").field("name", &self.name).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

impl TextSource {
    /// A text that is a module or component and nothing else; `name` is its file, for people.
    pub fn new(name: Option<Arc<str>>, text: Arc<str>) -> TextSource {
        TextSource { name, text, keyword: None, map: OnceLock::new() }
    }

    /// The definition in a text, such as a script, that opens before the keyword at `keyword`: `module` or `component`. One at 0
    /// means all of the text.
    pub fn part(name: Option<Arc<str>>, text: Arc<str>, keyword: usize) -> TextSource {
        let keyword = Some(keyword).filter(|&at| at != 0 && text.is_char_boundary(at));
        TextSource { name, text, keyword, map: OnceLock::new() }
    }

    /// Its binary, which need not be valid.
    ///
    /// # Errors
    ///
    /// As [`encode`].
    pub fn encode(&self) -> Result<Vec<u8>, TextError> {
        let range = self.definition();
        encode(&self.text[range.clone()]).map_err(|error| {
            let place = error.place();
            TextError::new(error.message(), place, self.location(range.start, place))
        })
    }

    /// Where the byte at `binary` of its binary comes from, as [`TextMap::place`] tells.
    pub fn locate(&self, binary: usize, message: &str) -> SourceLocation {
        let range = self.definition();
        let definition = &self.text[range.clone()];
        let map = self.map.get_or_init(|| TextMap::new(definition).ok());
        let root = TextPlace { offset: 0, length: 1 };
        let place = map.as_ref().map_or(root, |map| map.place(definition, binary, message));
        self.location(range.start, place)
    }

    /// Where it declares imports, as [`import_places`] tells.
    pub fn locate_imports(&self, paths: &[Vec<&str>]) -> Vec<Option<SourceLocation>> {
        let range = self.definition();
        let places = import_places(&self.text[range.clone()], paths).unwrap_or_else(|_| vec![None; paths.len()]);
        places.into_iter().map(|place| Some(self.location(range.start, place?))).collect()
    }

    /// Where the definition stands.
    fn definition(&self) -> Range<usize> {
        self.keyword.map_or(0..self.text.len(), |keyword| definition_at(&self.text, keyword))
    }

    /// A place in what starts at `start`.
    fn location(&self, start: usize, place: TextPlace) -> SourceLocation {
        let TextPlace { offset, length } = place;
        Excerpt { name: self.name.as_deref(), text: &self.text, offset: start + offset, length }.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_part_are_those_of_the_whole_text() {
        let text = "(assert_return)\n(module definition $m\n  (import \"a\" \"b\" (func))\n  (func\n    (call 7)))\n";
        let keyword = text.find("module").unwrap();
        assert_eq!(&text[definition_at(text, keyword)], text[16..].trim_end());
        let source = TextSource::part(Some("a.wast".into()), text.into(), keyword);
        let wasm = encode("(module $m (import \"a\" \"b\" (func)) (func (call 7)))").unwrap();
        let call = wasm.windows(2).position(|bytes| bytes == [0x10, 7]).unwrap();
        assert_eq!(source.locate(call, "").to_string(), "a.wast:5:5");
        assert_eq!(source.locate(0, "").to_string(), "a.wast:2:1");
        assert_eq!(source.locate(usize::MAX, "").line, 5, "the last thing that is known");
        let [found, missing] = &source.locate_imports(&[vec!["a", "b"], vec!["a", "c"]])[..] else { panic!("two") };
        assert_eq!(found.as_ref().unwrap().to_string(), "a.wast:3:3");
        assert!(missing.is_none());
    }

    #[test]
    fn what_cannot_be_mapped_is_its_own_place() {
        let source = TextSource::part(None, "  (register)".into(), 3);
        assert_eq!(source.locate(5, "").to_string(), "<text>:1:3");
        let error = source.encode().unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected valid module field\n --> <text>:1:4\n  |\n1 |   (register)\n  |    ^^^^^^^^"
        );
        let beyond = TextSource::part(None, "é".into(), 1);
        assert_eq!(beyond.locate(0, "").to_string(), "<text>:1:1");
    }
}
