//! Reports as one JSON document. What it holds is described in `docs/wast-reports.md`, and stays so for its version.

use super::Summary;
use crate::json_text::{JsonText, join};
use gusset_wast::{Counts, Difference, DirectiveFailure, DirectiveStatus, Tally, Verdict};
use std::fmt::{self, Write};

/// The version of the document. Members may be added to it without a new one; none changes its meaning.
const VERSION: u32 = 1;

/// All scripts of a run.
pub(crate) struct Document<'a> {
    pub(crate) summary: &'a Summary,
    pub(crate) verdicts: &'a [Verdict<'a>],
}

impl fmt::Display for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{{\n\"version\": {VERSION},\n\"passed\": {},", self.summary.held())?;
        write_counts(f, "", &self.summary.counts)?;
        f.write_str(",\n\"scripts\": [")?;
        for (number, verdict) in self.verdicts.iter().enumerate() {
            f.write_str(if number == 0 { "\n" } else { ",\n" })?;
            write_script(f, verdict)?;
        }
        f.write_str("\n]\n}\n")
    }
}

fn write_script(f: &mut fmt::Formatter<'_>, verdict: &Verdict<'_>) -> fmt::Result {
    let report = verdict.report();
    let status = match (verdict.passed(), verdict.skipped()) {
        (_, Some(_)) => "skipped",
        (true, None) => "passed",
        (false, None) => "failed",
    };
    write!(f, "{{\"file\": {}, \"status\": \"{status}\"", JsonText(&report.file))?;
    if let Some(reason) = verdict.skipped() {
        write!(f, ", \"reason\": {}", JsonText(reason))?;
    }
    f.write_str(",\n ")?;
    write_counts(f, " ", &report.counts)?;
    let mut failures = verdict.failures().peekable();
    if let Some((failure, reason)) = failures.next_if(|(failure, _)| failure.kind.is_none()) {
        f.write_str(",\n \"error\": ")?;
        write_failure(f, failure, reason)?;
    }
    f.write_str(",\n \"stale\": [")?;
    join(f, verdict.stale(), |f, line| write!(f, "{}", JsonText(line)))?;
    f.write_str("],\n \"calls\": [")?;
    join(f, &report.calls, |f, call| write!(f, "{{\"line\": {}, \"text\": {}}}", call.line, JsonText(&call.text)))?;
    f.write_str("],\n \"directives\": [")?;
    for (number, directive) in report.directives.iter().enumerate() {
        let status = match directive.status {
            DirectiveStatus::Passed => "passed",
            DirectiveStatus::Failed => "failed",
            DirectiveStatus::Skipped => "skipped",
        };
        f.write_str(if number == 0 { "\n" } else { ",\n" })?;
        let (line, column, kind) = (directive.line, directive.column, directive.kind);
        write!(f, "  {{\"line\": {line}, \"column\": {column}, \"kind\": \"{kind}\", \"status\": \"{status}\"")?;
        // Failures stand in the order of their directives.
        if directive.status == DirectiveStatus::Failed
            && let Some((failure, reason)) = failures.next()
        {
            f.write_str(", \"failure\": ")?;
            write_failure(f, failure, reason)?;
        }
        f.write_char('}')?;
    }
    f.write_str("]}")
}

fn write_failure(f: &mut fmt::Formatter<'_>, failure: &DirectiveFailure, reason: Option<&str>) -> fmt::Result {
    write!(f, "{{\"source\": {}", JsonText(&failure.source))?;
    write!(f, ", \"expected\": {}, \"actual\": {}", JsonText(&failure.expected), JsonText(&failure.actual))?;
    if let Some(Difference { path, expected, actual, .. }) = &failure.difference {
        let [path, expected, actual] = [path, expected, actual].map(|text| JsonText(text));
        write!(f, ", \"difference\": {{\"path\": {path}, \"expected\": {expected}, \"actual\": {actual}}}")?;
    }
    write!(f, ", \"internal\": {}, \"place\": [", failure.internal)?;
    join(f, &failure.place, |f, line| write!(f, "{}", JsonText(line)))?;
    f.write_str("], \"adapters\": [")?;
    join(f, &failure.adapters, |f, text| write!(f, "{}", JsonText(text)))?;
    f.write_char(']')?;
    if let Some(reason) = reason {
        write!(f, ", \"known\": {}", JsonText(reason))?;
    }
    f.write_char('}')
}

/// `"counts": {…}, "kinds": {…}`: all directives together, and by kind.
fn write_counts(f: &mut fmt::Formatter<'_>, indent: &str, counts: &Counts) -> fmt::Result {
    let tally = |f: &mut fmt::Formatter<'_>, Tally { passed, failed, skipped }| {
        write!(f, "{{\"passed\": {passed}, \"failed\": {failed}, \"skipped\": {skipped}}}")
    };
    f.write_str("\"counts\": ")?;
    tally(f, counts.total())?;
    write!(f, ",\n{indent}\"kinds\": {{")?;
    let kinds: Vec<_> = counts.kinds().collect();
    join(f, &kinds, |f, (kind, counted)| {
        write!(f, "\"{kind}\": ")?;
        tally(f, *counted)
    })?;
    f.write_char('}')
}
