//! Why a directive did not hold, as it travels from where that is found to the report. The words of reports are made here.

use crate::difference::Difference;
use crate::message::{error_text, exit_text, is_internal, quoted_line};
use gusset::{AdapterName, Error, Printable, Trap, WasmBacktrace, WasmFrame, nearest};

/// What should have happened and what did.
pub(crate) struct Mismatch {
    pub(crate) expected: String,
    pub(crate) actual: String,
    /// Of values: the part that differs, where it is not the whole.
    pub(crate) difference: Option<Box<Difference>>,
    pub(crate) place: Vec<String>,
    /// The adapter that a trap names.
    pub(crate) adapter: Option<Box<AdapterName>>,
    /// Whether the engine itself is at fault, whatever the script asked for.
    pub(crate) internal: bool,
}

impl Mismatch {
    pub(crate) fn new(expected: impl Into<String>, actual: impl Into<String>) -> Mismatch {
        let (expected, actual) = (expected.into(), actual.into());
        Mismatch { expected, actual, difference: None, place: Vec::new(), adapter: None, internal: false }
    }

    /// This, with the part that differs.
    pub(crate) fn at(self, difference: Option<Difference>) -> Mismatch {
        Mismatch { difference: difference.map(Box::new), ..self }
    }

    /// The engine gave `error` instead of what was expected.
    pub(crate) fn error(expected: impl Into<String>, error: &Error) -> Mismatch {
        let (actual, place) = describe(error);
        let site = error.downcast_ref::<Trap>().and_then(Trap::site);
        let adapter = site.map(|site| Box::new(site.adapter.clone()));
        Mismatch { expected: expected.into(), actual, difference: None, place, adapter, internal: is_internal(error) }
    }
}

/// Stops with what should have happened and what did.
pub(crate) fn mismatch<T>(expected: impl Into<String>, actual: impl Into<String>) -> Result<T, Mismatch> {
    Err(Mismatch::new(expected, actual))
}

/// How many exports are named where another one is wanted.
const MAX_NAMED: usize = 8;

/// Stops since nothing is exported as `name`; `names` are of what is.
pub(crate) fn no_export<T>(what: &str, name: &str, names: &[&str]) -> Result<T, Mismatch> {
    let quote = |name: &&str| format!("`{}`", Printable::name(name));
    let others = match (nearest(name, names.iter().copied()), names) {
        (_, []) => String::new(),
        (Some(near), _) => format!("; did you mean {}?", quote(&near)),
        (None, _) => {
            let named: Vec<String> = names.iter().take(MAX_NAMED).map(quote).collect();
            let more = names.len().saturating_sub(MAX_NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("; the {what}s are {}{more}", named.join(", "))
        }
    };
    mismatch(format!("an exported {what} {}", quote(&name)), format!("there is none{others}"))
}

/// The words of an error, and for a trap its place: the adapter and value, then the backtrace.
fn describe(error: &Error) -> (String, Vec<String>) {
    if let Some(exit) = exit_text(error) {
        return (exit, backtrace(error));
    }
    let Some(trap) = error.downcast_ref::<Trap>() else {
        let quoted = quoted_line(error).unwrap_or_default();
        let place = quoted.lines().map(str::to_string).chain(backtrace(error));
        let text = error_text(error);
        // Several imports that are not met stand on a line each.
        let (first, more) = text.split_once('\n').unwrap_or((&text, ""));
        return (format!("error: {first}"), more.lines().map(str::to_string).chain(place).collect());
    };
    let mut place: Vec<String> = trap.locked_by().map(ToString::to_string).into_iter().collect();
    if let Some(site) = trap.site() {
        let path = if site.path.is_empty() { String::new() } else { format!(": {}", site.path) };
        place.push(format!("in the adapter {}{path}", site.adapter));
    }
    place.extend(backtrace(error));
    (format!("trap: {}", trap.cause()), place)
}

fn backtrace(error: &Error) -> Vec<String> {
    let Some(backtrace) = WasmBacktrace::of(error) else { return Vec::new() };
    let place = |frame: &WasmFrame| frame.location().map_or_else(String::new, |place| format!(" ({place})"));
    let frames = backtrace.frames().iter();
    let mut lines: Vec<_> = frames.map(|frame| format!("at {frame}{}", place(frame))).collect();
    for gap in backtrace.gaps().iter().rev() {
        lines.insert(gap.position, format!("… {} more …", gap.frames));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_named_where_another_is_wanted() {
        let actual = |name, names: &[&str]| match no_export::<()>("function", name, names) {
            Ok(()) => String::new(),
            Err(mismatch) => mismatch.actual,
        };
        assert_eq!(actual("f", &[]), "there is none");
        assert_eq!(actual("ad", &["sub", "add"]), "there is none; did you mean `add`?");
        assert_eq!(actual("x", &["sub", "a\nb"]), r"there is none; the functions are `sub`, `a\nb`");
        let many = ["f"; MAX_NAMED + 3];
        assert!(actual("x", &many).ends_with("`f`, `f` and 3 more"), "{}", actual("x", &many));
    }
}
