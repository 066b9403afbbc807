//! Writing to stdout without panicking when nobody reads it any more.

use anyhow::{Context, Result};
use std::fmt::Display;
use std::io::{BufWriter, ErrorKind, Write};

/// Writes `text` to stdout as it comes: a value's text can be much longer than the value. A reader that has gone away
/// (`| head`) is no error.
pub(crate) fn print(text: impl Display) -> Result<()> {
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    match write!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("cannot write to stdout"),
    }
}
