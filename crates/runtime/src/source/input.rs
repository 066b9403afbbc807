//! What is compiled: a binary, and the text that it was encoded from, by which errors about it are explained.

use super::{CodeSource, Source, TextSource, locate};
use crate::error::{Error, Result, bail};
use gusset_codegen::{CodegenError, CodegenErrorKind};
use gusset_component::TranslateError;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

/// What every binary starts with.
const MAGIC: &[u8] = b"\0asm";

/// A binary, and what it was encoded from.
pub(crate) struct Input<'a> {
    pub(crate) wasm: Cow<'a, [u8]>,
    text: Option<Arc<TextSource>>,
}

impl<'a> Input<'a> {
    /// What `bytes` are, or are the text of. `name` is for people.
    ///
    /// # Errors
    ///
    /// When they are neither.
    pub(crate) fn new(bytes: &'a [u8], name: Option<&str>) -> Result<Input<'a>> {
        if bytes.starts_with(MAGIC) {
            return Ok(Input { wasm: Cow::Borrowed(bytes), text: None });
        }
        if bytes.is_empty() {
            bail!("the input is empty");
        }
        from_text(bytes, name)
    }

    /// What `source` holds.
    ///
    /// # Errors
    ///
    /// As [`Input::new`].
    pub(crate) fn of_source(source: &'a Source) -> Result<Input<'a>> {
        match &source.text {
            Some(text) => Ok(Input { wasm: Cow::Borrowed(&source.bytes), text: Some(text.clone()) }),
            None => Input::new(&source.bytes, Some(&source.name)),
        }
    }

    /// The text for the code of the first `modules` modules of a unit.
    pub(crate) fn code_source(&self, modules: usize) -> Option<CodeSource> {
        Some(CodeSource { text: self.text.clone()?, modules })
    }

    /// The same error, with its place in the text.
    pub(crate) fn translate_error(&self, error: TranslateError) -> TranslateError {
        let place = error.offset().zip(self.text.as_deref());
        match place.and_then(|(offset, text)| locate(text, offset, error.message())) {
            Some(location) => error.located(location),
            None => error,
        }
    }

    /// The same error, with its place in the text if the code generator found it there.
    pub(crate) fn codegen_error(&self, error: Error) -> Error {
        let place = |error: &CodegenError| {
            // What is internal may be in an adapter, whose offsets are its own.
            let offset = error.offset().filter(|_| error.kind() != CodegenErrorKind::Internal);
            let (offset, text) = offset.zip(self.text.as_deref())?;
            locate(text, offset, error.message())
        };
        match error.downcast::<CodegenError>() {
            Ok(error) => Error::from(match place(&error) {
                Some(location) => error.located(location),
                None => error,
            }),
            Err(error) => error,
        }
    }
}

/// What `compile` makes of the bytes of the file at `path`; it is given the file's name, too.
///
/// # Errors
///
/// When the file cannot be read, and those of `compile`, with the file's name before them.
pub(crate) fn with_file<R>(path: &Path, compile: impl FnOnce(&[u8], &str) -> Result<R>) -> Result<R> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| Error::from(error).context(format!("cannot read {shown}")))?;
    compile(&bytes, &shown).map_err(|error| error.context(format!("cannot compile {shown}")))
}

#[cfg(feature = "wat")]
fn from_text<'a>(bytes: &'a [u8], name: Option<&str>) -> Result<Input<'a>> {
    match std::str::from_utf8(bytes) {
        // A comment may hold zeros, but no text starts with one.
        Ok(text) if !text.starts_with('\0') => {
            let text = TextSource::new(name.map(Arc::from), text.into());
            Ok(Input { wasm: Cow::Owned(text.encode()?), text: Some(Arc::new(text)) })
        }
        _ => bail!("the input is neither wasm (it does not start with `\\0asm`) nor text"),
    }
}

#[cfg(not(feature = "wat"))]
fn from_text<'a>(_: &'a [u8], _: Option<&str>) -> Result<Input<'a>> {
    bail!("the input is not wasm: it does not start with `\\0asm`")
}
