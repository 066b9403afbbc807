//! What is compiled: a binary, and the text that it was encoded from, by which errors about it are explained.

use super::{CodeSource, NamedSource, TextSource, locate};
use crate::error::{Error, Result, bail};
use gusset_codegen::{CodegenError, CodegenErrorKind};
use gusset_component::{TranslateError, name_indices};
use gusset_types::SourceLocation;
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

/// What every binary starts with.
const MAGIC: &[u8] = b"\0asm";

/// A binary, and what it was encoded from.
pub(crate) struct SourceInput<'a> {
    pub(crate) wasm: Cow<'a, [u8]>,
    text: Option<Arc<TextSource>>,
}

impl<'a> SourceInput<'a> {
    /// What `bytes` are, or are the text of. `name` is for people.
    ///
    /// # Errors
    ///
    /// When they are neither.
    pub(crate) fn new(bytes: &'a [u8], name: Option<&str>) -> Result<SourceInput<'a>> {
        if bytes.starts_with(MAGIC) {
            return Ok(SourceInput { wasm: Cow::Borrowed(bytes), text: None });
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
    /// As [`SourceInput::new`].
    pub(crate) fn of_source(source: &'a NamedSource) -> Result<SourceInput<'a>> {
        match &source.text {
            Some(text) => Ok(SourceInput { wasm: Cow::Borrowed(&source.bytes), text: Some(text.clone()) }),
            None => SourceInput::new(&source.bytes, Some(&source.name)),
        }
    }

    /// Whether it is a core module and no component: the layer in its version tells.
    pub(crate) fn is_core_module(&self) -> bool {
        self.wasm.get(6..8) == Some(&[0, 0])
    }

    /// The text for the code of the first `modules` modules of a unit.
    pub(crate) fn code_source(&self, modules: usize) -> Option<CodeSource> {
        Some(CodeSource { text: self.text.clone()?, modules })
    }

    /// The same error, with names for its indices and with its place in the text.
    pub(crate) fn translate_error(&self, mut error: TranslateError) -> TranslateError {
        let Some(offset) = error.offset() else { return error };
        let (named, location) = self.explain(offset, error.message());
        if let Some(named) = named {
            error = error.named(named);
        }
        match location {
            Some(location) => error.located(location),
            None => error,
        }
    }

    /// The same error, with names and place if it is one about the input.
    pub(crate) fn error(&self, error: Error) -> Error {
        match error.downcast::<TranslateError>() {
            Ok(error) => self.translate_error(error).into(),
            Err(error) => self.codegen_error(error),
        }
    }

    /// The same error, with names and place if it is one of the code generator about the input.
    pub(crate) fn codegen_error(&self, error: Error) -> Error {
        let mut error = match error.downcast::<CodegenError>() {
            Ok(error) => error,
            Err(error) => return error,
        };
        // What is internal may be in an adapter, whose offsets are its own.
        let offset = error.offset().filter(|_| error.kind() != CodegenErrorKind::Internal);
        let Some(offset) = offset else { return error.into() };
        let (named, location) = self.explain(offset, error.message());
        if let Some(named) = named {
            error = error.named(named);
        }
        Error::from(match location {
            Some(location) => error.located(location),
            None => error,
        })
    }

    /// A message about what stands at `offset`, with names if there are any, and the place in the text if there is one.
    fn explain(&self, offset: usize, message: &str) -> (Option<String>, Option<SourceLocation>) {
        let named = name_indices(&self.wasm, offset, message);
        let location = self.text.as_deref().and_then(|text| {
            // The text may have either, the name or the index.
            let words = named.as_ref().map_or_else(|| message.to_string(), |named| format!("{named} {message}"));
            locate(text, offset, &words)
        });
        (named, location)
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
fn from_text<'a>(bytes: &'a [u8], name: Option<&str>) -> Result<SourceInput<'a>> {
    match std::str::from_utf8(bytes) {
        // A comment may hold zeros, but no text starts with one.
        Ok(text) if !text.starts_with('\0') => {
            let text = TextSource::new(name.map(Arc::from), text.into());
            Ok(SourceInput { wasm: Cow::Owned(text.encode()?), text: Some(Arc::new(text)) })
        }
        _ => bail!("the input is neither wasm (it does not start with `\\0asm`) nor text"),
    }
}

#[cfg(not(feature = "wat"))]
fn from_text<'a>(_: &'a [u8], _: Option<&str>) -> Result<SourceInput<'a>> {
    bail!("the input is not wasm: it does not start with `\\0asm`")
}
