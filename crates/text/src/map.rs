//! [`TextMap`]: where in a text the bytes of its binary come from.

use crate::encode::TextError;
use crate::item::{opening, token_length, token_within};
use crate::walk::walk;
use wast::lexer::Lexer;
use wast::parser::{ParseBuffer, parse};
use wast::{QuoteWat, Wast, WastDirective};

/// A place in a text: what is marked there, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TextPlace {
    /// Where it starts.
    pub offset: usize,
    /// How long it is.
    pub length: usize,
}

/// Leads from offsets of a binary to the places of the text that it was encoded from.
#[derive(Debug)]
pub struct TextMap {
    /// Sorted by where they start in the binary.
    places: Vec<Mapped>,
}

/// Bytes of the binary, up to those of the next one, and what they come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapped {
    pub(crate) binary: u64,
    pub(crate) text: usize,
    /// Whether it is a definition that is told of as a whole: a part of it may be what is meant.
    pub(crate) item: bool,
}

impl TextMap {
    /// The map of a text that [`encode`](crate::encode) takes, or of what stands in a script in its place: the directive
    /// `(module definition …)` too.
    ///
    /// # Errors
    ///
    /// When the text is no module or component.
    pub fn new(text: &str) -> Result<TextMap, TextError> {
        let places = places(text).map_err(|error| TextError::of(text, &error))?;
        Ok(TextMap { places })
    }

    /// Where in `text`, which is the one that the map is of, the byte at `binary` comes from: an instruction, or the definition around it. Of a definition, what `message` is
    /// about, if that can be told from the names and indices in it.
    pub fn place(&self, text: &str, binary: usize, message: &str) -> TextPlace {
        let after = self.places.partition_point(|place| place.binary <= binary as u64);
        let root = Mapped { binary: 0, text: 0, item: false };
        let found = after.checked_sub(1).map_or(root, |at| self.places[at]);
        let within = found.item.then(|| token_within(text, found.text, message)).flatten();
        within.unwrap_or_else(|| {
            let offset = opening(text, found.text);
            TextPlace { offset, length: token_length(text, offset) }
        })
    }
}

/// A lexer that takes whatever characters comments and strings hold: whether they may hold them was decided before.
pub(crate) fn lexer(text: &str) -> Lexer<'_> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    lexer
}

fn places(text: &str) -> Result<Vec<Mapped>, wast::Error> {
    let mut buffer = ParseBuffer::new_with_lexer(lexer(text))?;
    buffer.track_instr_spans(true);
    let mut directives = parse::<Wast<'_>>(&buffer)?.directives;
    let mut places = match directives.first_mut() {
        Some(WastDirective::Module(QuoteWat::Wat(wat)) | WastDirective::ModuleDefinition(QuoteWat::Wat(wat))) => {
            let wasm = wat.encode()?;
            walk(wat, &wasm, text)
        }
        // Quoted text and other directives are mapped as a whole.
        _ => Vec::new(),
    };
    places.sort_by_key(|place| place.binary);
    Ok(places)
}
