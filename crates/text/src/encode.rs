//! From text to binary, and what may be wrong with a text.

use std::fmt;
use wast::Wat;
use wast::parser::{ParseBuffer, parse};

/// Why a text is no module or component: a wrong token, a name that nobody defined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextError {
    message: Box<str>,
    offset: usize,
}

impl TextError {
    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the text, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl From<wast::Error> for TextError {
    fn from(error: wast::Error) -> TextError {
        TextError { message: error.message().into(), offset: error.span().offset() }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TextError {}

/// The binary that `text` is the text of: a module, a component, or the fields of a module. It need not be valid.
///
/// # Errors
///
/// When the text does not follow the grammar, or uses a name that it does not define.
pub fn encode(text: &str) -> Result<Vec<u8>, TextError> {
    let buffer = ParseBuffer::new(text)?;
    Ok(parse::<Wat<'_>>(&buffer)?.encode()?)
}
