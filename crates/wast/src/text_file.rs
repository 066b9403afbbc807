//! Reads scripts and lists. A file may be anything that can be named, a device that never ends included: what is no text is
//! given up after its first bytes, and what is too large is not read.

use gusset::{Engine, Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest file that is read, in bytes: a hundred times the largest script there is.
const MAX_TEXT: u64 = 64 << 20;

/// How many bytes are looked at before the rest is read.
const FIRST_BYTES: u64 = 4096;

/// U+FEFF, in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text in the file at `path`, without the byte order mark that some editors put first.
///
/// # Errors
///
/// When the file cannot be read, is not UTF-8 or larger than 64 MiB.
pub fn read_text(path: &Path) -> Result<String> {
    let open = || -> std::io::Result<(File, u64)> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok((file, length))
    };
    let name = path.display().to_string();
    match open() {
        Ok((file, length)) => read(file, length, &name),
        Err(error) => Err(Error::from(error).context(format!("cannot read {name}"))),
    }
}

/// The text that `from` gives, as [`read_text`] reads it; `name` stands for it in errors.
///
/// # Errors
///
/// As [`read_text`].
pub fn read_text_from(from: impl Read, name: &str) -> Result<String> {
    read(from, 0, name)
}

/// Reads `file`, which says that it has so many bytes. Devices and pipes do not tell.
fn read(mut file: impl Read, length: u64, name: &str) -> Result<String> {
    let mut read = || -> Result<String> {
        let mut bytes = Vec::new();
        file.by_ref().take(FIRST_BYTES).read_to_end(&mut bytes)?;
        if bytes.starts_with(b"\0asm") {
            return Err(Error::msg("it is a binary component or module, and no script"));
        }
        if Engine::detect_precompiled(&bytes).is_some() {
            return Err(Error::msg("it is a precompiled component or module, and no script"));
        }
        // A comment may hold zeros, but no script starts with one; binaries and empty devices do.
        if bytes.first() == Some(&0) {
            return Err(Error::msg("it is no text: its first byte is zero"));
        }
        if length <= MAX_TEXT {
            file.by_ref().take(MAX_TEXT + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
        }
        if length.max(bytes.len() as u64) > MAX_TEXT {
            return Err(Error::msg(format!("it is larger than {} MiB", MAX_TEXT >> 20)));
        }
        if bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            Error::msg(format!("it is no text: byte {at}, on line {line}, is not UTF-8"))
        })
    };
    read().map_err(|error| error.context(format!("cannot read {name}")))
}
