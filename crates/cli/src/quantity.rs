//! Values of options that are amounts: spans of time, sizes in bytes, and numbers of things.

use std::time::Duration;

/// The units of time, each in nanoseconds. A number without one is seconds.
const UNITS_OF_TIME: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("min", 60 * SECOND),
    ("h", 3600 * SECOND),
];

const SECOND: u64 = 1_000_000_000;

/// The units of size, each in bytes: powers of 1024, as shells and containers have them. What follows may be left away, and capitals do not count.
const UNITS_OF_SIZE: &[(&str, u64)] = &[("k", 1 << 10), ("m", 1 << 20), ("g", 1 << 30), ("t", 1 << 40)];

/// What may follow a unit of size.
const BYTES: &[&str] = &["", "b", "i", "ib"];

/// Why a text is no amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum NoAmount {
    /// It is of another form.
    Form,
    /// It is more than 64 bits hold.
    TooMuch,
}

/// Reads a time to stop a guest at: `10s`, `500ms`, `5m`, or a number of seconds.
///
/// # Errors
///
/// Those of [`span`], and when it is nothing.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    match span(text)? {
        Duration::ZERO => Err("no guest ends in no time; without the option it has all the time there is"),
        time => Ok(time),
    }
}

/// Reads a time, which may be none.
///
/// # Errors
///
/// When it is of another form, or too long to be counted in nanoseconds (584 years).
pub(crate) fn span(text: &str) -> Result<Duration, &'static str> {
    let factor = |unit: &str| match unit {
        "" => Some(SECOND),
        _ => UNITS_OF_TIME.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor),
    };
    amount(text, factor).map(Duration::from_nanos).map_err(|error| match error {
        NoAmount::TooMuch => "more than can be counted: at most `18446744073s`, 584 years",
        NoAmount::Form => {
            "expected a whole number of seconds, or one with its unit (ns, us, ms, s, m, h): `10s`, `500ms` or `5m`"
        }
    })
}

/// Reads `64MiB`, `64M`, `512k`, or a number of bytes.
///
/// # Errors
///
/// When it is of another form, or more than 64 bits can hold.
pub(crate) fn size(text: &str) -> Result<u64, &'static str> {
    let factor = |unit: &str| {
        let unit = unit.to_ascii_lowercase();
        if matches!(&*unit, "" | "b") {
            return Some(1);
        }
        let (name, factor) = UNITS_OF_SIZE.iter().find(|(name, _)| unit.starts_with(name))?;
        BYTES.contains(&&unit[name.len()..]).then_some(*factor)
    };
    amount(text, factor).map_err(|error| match error {
        NoAmount::TooMuch => "more than can be counted: at most `16777215TiB`",
        NoAmount::Form => {
            "expected a whole number of bytes, or one with its unit (KiB, MiB, GiB, TiB): `512KiB`, `64MiB` or `1GiB`"
        }
    })
}

/// Reads the size of a stack.
///
/// # Errors
///
/// Those of [`size`], and when it is nothing.
pub(crate) fn stack_size(text: &str) -> Result<u64, &'static str> {
    match size(text)? {
        0 => Err("every guest needs some stack"),
        bytes => Ok(bytes),
    }
}

/// Reads how much or how many of something there may be.
///
/// # Errors
///
/// When it is no whole number, or more than 64 bits can hold.
pub(crate) fn number(text: &str) -> Result<u64, &'static str> {
    let factor = |unit: &str| unit.is_empty().then_some(1);
    amount(text, factor).map_err(|error| match error {
        NoAmount::TooMuch => "more than can be counted: at most 18446744073709551615",
        NoAmount::Form => "expected a whole number, such as `1000000`",
    })
}

/// Reads how many things there may be in memory.
///
/// # Errors
///
/// Those of [`number`].
pub(crate) fn count(text: &str) -> Result<usize, &'static str> {
    number(text).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

/// A whole number times what its unit stands for.
fn amount(text: &str, factor: impl Fn(&str) -> Option<u64>) -> Result<u64, NoAmount> {
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = factor(unit).filter(|_| !number.is_empty()).ok_or(NoAmount::Form)?;
    // Nothing but digits can be wrong by their number only.
    let number = number.parse::<u64>().map_err(|_| NoAmount::TooMuch)?;
    number.checked_mul(factor).ok_or(NoAmount::TooMuch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_or_are_seconds() {
        for (text, nanoseconds) in [
            ("2", 2_000_000_000),
            ("10s", 10_000_000_000),
            ("500ms", 500_000_000),
            ("20us", 20_000),
            ("5ns", 5),
            ("1m", 60_000_000_000),
            ("2min", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            ("18446744073s", 18_446_744_073_000_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_nanos(nanoseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1.5s", "1 s", "1S", "1M", "+1", "１s", "s1"] {
            assert!(duration(text).is_err_and(|error| error.starts_with("expected a whole number")), "{text}");
        }
        for text in ["18446744074s", "99999999999999999999", "5124096h"] {
            assert!(duration(text).is_err_and(|error| error.starts_with("more than can be counted")), "{text}");
        }
        for text in ["0", "0ms"] {
            assert!(duration(text).is_err_and(|error| error.starts_with("no guest ends in no time")), "{text}");
            assert_eq!(span(text), Ok(Duration::ZERO), "{text}");
        }
    }

    #[test]
    fn sizes_are_bytes_or_have_a_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("65536", 65536),
            ("10B", 10),
            ("3KiB", 3 << 10),
            ("3k", 3 << 10),
            ("64MiB", 64 << 20),
            ("64M", 64 << 20),
            ("64MB", 64 << 20),
            ("64mib", 64 << 20),
            ("64Mi", 64 << 20),
            ("2g", 2 << 30),
            ("16777215TiB", 16777215 << 40),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5GiB", "-1", "1 M", "1P", "1Mbit", "1bib", "1é", "1ké"] {
            assert!(size(text).is_err_and(|error| error.starts_with("expected a whole number")), "{text}");
        }
        for text in ["16777216TiB", "18446744073709551616"] {
            assert!(size(text).is_err_and(|error| error.starts_with("more than can be counted")), "{text}");
        }
    }

    #[test]
    fn a_stack_has_some_bytes() {
        assert_eq!(stack_size("1"), Ok(1));
        assert_eq!(stack_size("0k"), Err("every guest needs some stack"));
    }

    #[test]
    fn numbers_are_whole() {
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(count("7"), Ok(7));
        assert!(number("18446744073709551616").is_err_and(|error| error.starts_with("more than can be counted")));
        for text in ["", "1e6", "-1", "1_000", "much"] {
            assert!(number(text).is_err_and(|error| error.starts_with("expected a whole number")), "{text}");
        }
    }
}
