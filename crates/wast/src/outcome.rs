//! Why a directive did not hold, as it travels from where that is found to the report. The words of reports are made here.

use crate::message::{error_text, is_internal};
use gusset::{AdapterName, Error, Trap, WasmBacktrace};

/// What should have happened and what did.
pub(crate) struct Mismatch {
    pub(crate) expected: String,
    pub(crate) actual: String,
    pub(crate) place: Vec<String>,
    /// The adapter that a trap names.
    pub(crate) adapter: Option<Box<AdapterName>>,
    /// Whether the engine itself is at fault, whatever the script asked for.
    pub(crate) internal: bool,
}

impl Mismatch {
    pub(crate) fn new(expected: impl Into<String>, actual: impl Into<String>) -> Mismatch {
        let (expected, actual) = (expected.into(), actual.into());
        Mismatch { expected, actual, place: Vec::new(), adapter: None, internal: false }
    }

    /// The engine gave `error` instead of what was expected.
    pub(crate) fn error(expected: impl Into<String>, error: &Error) -> Mismatch {
        let (actual, place) = describe(error);
        let site = error.downcast_ref::<Trap>().and_then(Trap::site);
        let adapter = site.map(|site| Box::new(site.adapter.clone()));
        Mismatch { expected: expected.into(), actual, place, adapter, internal: is_internal(error) }
    }
}

/// Stops with what should have happened and what did.
pub(crate) fn mismatch<T>(expected: impl Into<String>, actual: impl Into<String>) -> Result<T, Mismatch> {
    Err(Mismatch::new(expected, actual))
}

/// The words of an error, and for a trap its place: the adapter and value, then the backtrace.
fn describe(error: &Error) -> (String, Vec<String>) {
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return (format!("error: {}", error_text(error)), backtrace(error));
    };
    let mut place = Vec::new();
    if let Some(site) = trap.site() {
        place.push(format!("in the adapter {}: {}", site.adapter, site.path));
    }
    place.extend(backtrace(error));
    (format!("trap: {}", trap.cause()), place)
}

fn backtrace(error: &Error) -> Vec<String> {
    let frames = WasmBacktrace::of(error).map(WasmBacktrace::frames).unwrap_or_default();
    frames.iter().map(|frame| format!("at {frame}")).collect()
}
