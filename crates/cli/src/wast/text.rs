//! Reports for people: each script as it is done, then the counts.

use super::Summary;
use gusset::Printable;
use gusset_wast::{Counts, Tally, Verdict};
use std::fmt;

/// A script: the calls that were traced, then what came of it.
pub(crate) struct Part<'a>(pub(crate) &'a Verdict<'a>);

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0.report();
        let file = Printable::message(&report.file);
        report.calls.iter().try_for_each(|call| writeln!(f, "{file}:{}: {}", call.line, call.text))?;
        self.0.fmt(f)
    }
}

/// What stands at the end.
pub(crate) struct Ending<'a>(pub(crate) &'a Summary);

impl fmt::Display for Ending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { counts, scripts, passed, skipped, expected, by_script } = self.0;
        writeln!(f)?;
        if !by_script.is_empty() {
            by_script.iter().try_for_each(|(script, counts)| rows(f, script, counts))?;
            writeln!(f)?;
        }
        write!(f, "{counts}")?;
        if *expected > 0 {
            writeln!(f, "wast: {expected} failures are expected")?;
        }
        let beside = if *skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        writeln!(f, "{passed} of {scripts} scripts passed{beside}")
    }
}

/// A line for a script, and below it one for each kind of directive in it.
fn rows(f: &mut fmt::Formatter<'_>, script: &str, counts: &Counts) -> fmt::Result {
    writeln!(f, "{}: {}", Printable::message(script), counts.total())?;
    counts.kinds().try_for_each(|(kind, Tally { passed, failed, skipped })| {
        writeln!(f, "  {kind:<22}{passed:>9}{failed:>9}{skipped:>9}")
    })
}
