//! Texts of case files: what stands in one line, with escapes for what cannot.

use anyhow::{Context, Result, bail};

/// The bytes that a text with the escapes `\n`, `\t`, `\0`, `\\` and `\xHH` stands for.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((plain, escaped)) = rest.split_once('\\') {
        bytes.extend(plain.as_bytes());
        let mut length = 1;
        bytes.push(match escaped.as_bytes().first() {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'0') => 0,
            Some(b'\\') => b'\\',
            Some(b'x') => {
                length = 3;
                let digits = escaped.get(1..3).context("`\\x` is followed by two digits")?;
                u8::from_str_radix(digits, 16).with_context(|| format!("`\\x{digits}` is no byte"))?
            }
            _ => bail!("`\\` is followed by n, t, 0, \\ or x"),
        });
        rest = &escaped[length..];
    }
    bytes.extend(rest.as_bytes());
    Ok(bytes)
}

/// A text in which `%` stands for a number of four digits.
pub(crate) fn numbered(text: &str, number: usize) -> String {
    text.replace('%', &format!("{number:04}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_bytes() {
        assert_eq!(unescape(r"a\n\t\0\\\xffb").unwrap(), b"a\n\t\0\\\xffb");
        assert_eq!(unescape("grüße").unwrap(), "grüße".as_bytes());
        for wrong in [r"\", r"\q", r"\x", r"\x1", r"\xzz", r"\xü"] {
            assert!(unescape(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_percent_sign_is_a_number() {
        assert_eq!(numbered("a%-%", 7), "a0007-0007");
    }
}
