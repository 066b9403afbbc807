//! What all JSON is made of that the program prints.

use gusset::Printable;
use std::fmt::{self, Write};

/// Writes all, with commas between.
pub(crate) fn join<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    mut one: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(number, item)| {
        f.write_str(if number == 0 { "" } else { ", " })?;
        one(f, item)
    })
}

/// A string of JSON. Controls are escaped, and so is what would turn the direction of writing on a terminal.
pub(crate) struct JsonText<'a>(pub(crate) &'a str);

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for char in self.0.chars() {
            match char {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                // All of these are below U+10000.
                _ if Printable::misleads(char) => write!(f, "\\u{:04x}", char as u32)?,
                _ => f.write_char(char)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_hold_no_controls() {
        assert_eq!(
            JsonText("a\"b\\c\nd\u{1b}e\u{202e}f\u{85}ö🦀").to_string(),
            r#""a\"b\\c\nd\u001be\u202ef\u0085ö🦀""#
        );
    }
}
