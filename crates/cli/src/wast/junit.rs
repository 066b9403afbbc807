//! Reports as JUnit's XML: a suite for each script, a case for each directive. `docs/wast-reports.md` describes it.

use gusset::Printable;
use gusset_wast::{CallLine, DirectiveFailure, DirectiveStatus, Verdict};
use std::fmt::{self, Write};

/// All scripts of a run.
pub(crate) struct Suites<'a> {
    pub(crate) verdicts: &'a [Verdict<'a>],
}

impl fmt::Display for Suites<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
        let suites: Vec<Vec<TestCase<'_>>> = self.verdicts.iter().map(cases).collect();
        write!(f, "<testsuites name=\"gusset wast\"")?;
        write_totals(f, suites.iter().flatten())?;
        f.write_str(">\n")?;
        for (verdict, cases) in self.verdicts.iter().zip(&suites) {
            let file = XmlText(&verdict.report().file);
            write!(f, "  <testsuite name=\"{file}\"")?;
            write_totals(f, cases.iter())?;
            f.write_str(">\n")?;
            cases.iter().try_for_each(|case| case.write(f, &file))?;
            write_calls(f, &verdict.report().calls)?;
            f.write_str("  </testsuite>\n")?;
        }
        f.write_str("</testsuites>\n")
    }
}

/// What was traced is a suite's output.
fn write_calls(f: &mut fmt::Formatter<'_>, calls: &[CallLine]) -> fmt::Result {
    if calls.is_empty() {
        return Ok(());
    }
    f.write_str("    <system-out>\n")?;
    calls.iter().try_for_each(|call| writeln!(f, "{}: {}", call.line, XmlText(&call.text)))?;
    f.write_str("</system-out>\n")
}

fn write_totals<'a>(f: &mut fmt::Formatter<'_>, cases: impl Iterator<Item = &'a TestCase<'a>>) -> fmt::Result {
    let (mut tests, mut failures, mut skipped) = (0, 0, 0);
    for case in cases {
        tests += 1;
        failures += usize::from(matches!(case.outcome, CaseOutcome::Failed(_) | CaseOutcome::Wrong(_)));
        skipped += usize::from(matches!(case.outcome, CaseOutcome::Skipped(_)));
    }
    write!(f, " tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"")
}

/// A directive, or what else is right or wrong with a script.
struct TestCase<'a> {
    name: String,
    outcome: CaseOutcome<'a>,
}

enum CaseOutcome<'a> {
    Passed,
    Failed(&'a DirectiveFailure),
    /// Something else than a directive fails.
    Wrong(&'a str),
    Skipped(&'a str),
}

/// The cases of a script. A failure that is expected counts as skipped: JUnit knows no other word for what is no news.
fn cases<'a>(verdict: &'a Verdict<'_>) -> Vec<TestCase<'a>> {
    let failed = |failure, reason: Option<&'a str>| reason.map_or(CaseOutcome::Failed(failure), CaseOutcome::Skipped);
    let report = verdict.report();
    let mut failures = verdict.failures().peekable();
    let mut cases = Vec::new();
    let named = |name: &str, outcome| TestCase { name: name.into(), outcome };
    if let Some((failure, reason)) = failures.next_if(|(failure, _)| failure.kind.is_none()) {
        cases.push(named("the script can be read", failed(failure, reason)));
    }
    for directive in &report.directives {
        let outcome = match directive.status {
            DirectiveStatus::Passed => CaseOutcome::Passed,
            DirectiveStatus::Skipped => CaseOutcome::Skipped(verdict.skipped().unwrap_or("not run")),
            // Failures stand in the order of their directives.
            DirectiveStatus::Failed => failures
                .next()
                .map_or(CaseOutcome::Wrong("it does not hold"), |(failure, reason)| failed(failure, reason)),
        };
        cases.push(TestCase { name: format!("{}:{} {}", directive.line, directive.column, directive.kind), outcome });
    }
    cases.extend(verdict.stale().iter().map(|line| named("the lists are right", CaseOutcome::Wrong(line))));
    if cases.is_empty() {
        let outcome = verdict.skipped().map_or(CaseOutcome::Wrong("nothing ran"), CaseOutcome::Skipped);
        cases.push(named("something runs", outcome));
    }
    cases
}

impl TestCase<'_> {
    fn write(&self, f: &mut fmt::Formatter<'_>, file: &XmlText<'_>) -> fmt::Result {
        write!(f, "    <testcase classname=\"{file}\" name=\"{}\"", XmlText(&self.name))?;
        match &self.outcome {
            CaseOutcome::Passed => f.write_str("/>\n"),
            CaseOutcome::Skipped(reason) => writeln!(f, "><skipped message=\"{}\"/></testcase>", XmlText(reason)),
            CaseOutcome::Wrong(text) => writeln!(f, "><failure message=\"{}\"/></testcase>", XmlText(text)),
            CaseOutcome::Failed(failure) => {
                let kind = failure.kind.map_or_else(|| "script".into(), |kind| kind.to_string());
                let message = format!("expected {}, found {}", failure.expected, failure.actual);
                write!(f, "><failure type=\"{kind}\" message=\"{}\">", XmlText(&message))?;
                // The text is ours and of several lines.
                failure.to_string().lines().try_for_each(|line| writeln!(f, "{}", XmlText(line)))?;
                f.write_str("</failure></testcase>\n")
            }
        }
    }
}

/// Text in XML: what XML cannot hold, and what would command a terminal, is written as `\u{1b}`.
struct XmlText<'a>(&'a str);

impl fmt::Display for XmlText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                _ if Printable::misleads(char) || matches!(char, '\u{fffe}' | '\u{ffff}') => {
                    write!(f, "{}", char.escape_default())?;
                }
                _ => f.write_char(char)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_xml_can_hold() {
        assert_eq!(
            XmlText("<a b=\"&\">\n\u{0}\u{ffff}ö").to_string(),
            r"&lt;a b=&quot;&amp;&quot;&gt;\n\u{0}\u{ffff}ö"
        );
    }
}
