//! What the host hands over as a component or module: binary, or text where that is accepted.

use crate::error::{Error, Result, bail};
use std::borrow::Cow;
use std::path::Path;

/// What every binary starts with.
const MAGIC: &[u8] = b"\0asm";

/// The binary that `bytes` are, or are the text of.
///
/// # Errors
///
/// When they are neither.
pub(crate) fn wasm(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    if bytes.starts_with(MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    if bytes.is_empty() {
        bail!("the input is empty");
    }
    from_text(bytes)
}

/// What `compile` makes of the bytes of the file at `path`.
///
/// # Errors
///
/// When the file cannot be read, and those of `compile`, with the file's name before them.
pub(crate) fn with_file<R>(path: &Path, compile: impl FnOnce(&[u8]) -> Result<R>) -> Result<R> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| Error::new(error).context(format!("cannot read {shown}")))?;
    compile(&bytes).map_err(|error| error.context(format!("cannot compile {shown}")))
}

#[cfg(feature = "wat")]
fn from_text(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    match std::str::from_utf8(bytes) {
        // A comment may hold zeros, but no text starts with one.
        Ok(text) if !text.starts_with('\0') => Ok(Cow::Owned(wat::parse_str(text)?)),
        _ => bail!("the input is neither wasm (it does not start with `\\0asm`) nor text"),
    }
}

#[cfg(not(feature = "wat"))]
fn from_text(_: &[u8]) -> Result<Cow<'_, [u8]>> {
    bail!("the input is not wasm: it does not start with `\\0asm`")
}
