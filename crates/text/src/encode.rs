//! From text to binary, and what may be wrong with a text.

use crate::item::token_length;
use crate::map::TextPlace;
use gusset_types::{Excerpt, Printable, SourceLocation};
use std::fmt;
use wast::Wat;
use wast::parser::{ParseBuffer, parse};

/// Why a text is no module or component: a wrong token, a name that nobody defined. `Display` writes what is wrong and quotes the
/// line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextError {
    message: Box<str>,
    place: TextPlace,
    location: SourceLocation,
}

impl TextError {
    pub(crate) fn new(message: &str, place: TextPlace, location: SourceLocation) -> TextError {
        TextError { message: message.into(), place, location }
    }

    /// What is wrong with `text`.
    pub(crate) fn of(text: &str, error: &wast::Error) -> TextError {
        let offset = error.span().offset();
        let length = token_length(text, offset);
        let location = Excerpt { name: None, text, offset, length }.into();
        TextError::new(&error.message(), TextPlace { offset, length }, location)
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is, for people.
    pub fn location(&self) -> &SourceLocation {
        &self.location
    }

    pub(crate) fn place(&self) -> TextPlace {
        self.place
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It quotes tokens, which may hold anything.
        write!(f, "{}\n{}", Printable::message(&self.message), self.location.excerpt())
    }
}

impl std::error::Error for TextError {}

/// The binary that `text` is the text of: a module, a component, or the fields of a module. It need not be valid.
///
/// # Errors
///
/// When the text does not follow the grammar, or uses a name that it does not define.
pub fn encode(text: &str) -> Result<Vec<u8>, TextError> {
    let wasm = || parse::<Wat<'_>>(&ParseBuffer::new(text)?)?.encode();
    wasm().map_err(|error| TextError::of(text, &error))
}
