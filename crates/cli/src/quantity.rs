//! Values of options that are amounts: spans of time, and sizes in bytes.

use std::time::Duration;

/// The units of time, each in nanoseconds. A number without one is seconds.
const UNITS_OF_TIME: &[(&str, u64)] = &[("ms", 1_000_000), ("us", 1_000), ("ns", 1), ("s", 1_000_000_000)];

/// The units of size, each in bytes.
const UNITS_OF_SIZE: &[(&str, u64)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// Reads `10s`, `500ms`, `20us`, `5ns`, or a number of seconds.
///
/// # Errors
///
/// When it is of another form, or too long to be counted in nanoseconds (584 years).
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    let nanoseconds = amount(text, UNITS_OF_TIME, 1_000_000_000);
    nanoseconds
        .map(Duration::from_nanos)
        .ok_or("expected a whole number with its unit: `10s`, `500ms`, `20us` or `5ns`")
}

/// Reads `64MiB`, `512KiB`, `1GiB`, or a number of bytes.
///
/// # Errors
///
/// When it is of another form, or more than 64 bits can hold.
pub(crate) fn size(text: &str) -> Result<u64, &'static str> {
    amount(text, UNITS_OF_SIZE, 1)
        .ok_or("expected a whole number of bytes, or with a unit: `512KiB`, `64MiB` or `1GiB`")
}

/// A whole number times its unit, where it has none times `alone`.
fn amount(text: &str, units: &[(&str, u64)], alone: u64) -> Option<u64> {
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "" => alone,
        _ => units.iter().find(|(name, _)| *name == unit)?.1,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_or_are_seconds() {
        for (text, nanoseconds) in [
            ("0", 0),
            ("2", 2_000_000_000),
            ("10s", 10_000_000_000),
            ("500ms", 500_000_000),
            ("20us", 20_000),
            ("5ns", 5),
            ("18446744073s", 18_446_744_073_000_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1.5s", "1 s", "1m", "1S", "18446744074s", "99999999999999999999", "+1", "１s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_bytes_or_have_a_unit() {
        for (text, bytes) in
            [("0", 0), ("65536", 65536), ("3KiB", 3 << 10), ("64MiB", 64 << 20), ("16777215TiB", 16777215 << 40)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "64M", "64MB", "64mib", "1.5GiB", "-1", "16777216TiB", "18446744073709551616"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
