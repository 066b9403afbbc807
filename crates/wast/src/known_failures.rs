//! Lists of directives that are known not to hold. A line is `path:line reason`, or `path:first-last reason` for all directives
//! from one line to another; empty lines and those that start with `#` are not looked at. A list only forgives: what is listed
//! and holds is as wrong as what fails and is not listed, and a fault of the engine itself is never forgiven.

use crate::report::{DirectiveFailure, Report};
use gusset::Printable;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Known failures: for each script, its lines, and in which list and why.
///
/// ```
/// use gusset_wast::{KnownFailures, WastOptions, WastRunner};
///
/// let mut known = KnownFailures::default();
/// known.add("known.txt", "suite/f.wast:2 nobody knows why\n")?;
/// let script = "(module (func (export \"f\")))\n(assert_trap (invoke \"f\") \"unreachable\")";
/// let report = WastRunner::new(WastOptions::default())?.run_text("/home/me/suite/f.wast", script);
/// let verdict = known.judge("/home/me/suite/f.wast", &report);
/// assert!(verdict.passed());
/// assert_eq!(verdict.expected(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct KnownFailures {
    /// By path, then by the first line.
    scripts: BTreeMap<String, BTreeMap<usize, Known>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Known {
    last: usize,
    list: String,
    reason: String,
}

impl Known {
    fn lines(&self, first: usize) -> String {
        if first == self.last { first.to_string() } else { format!("{first}-{}", self.last) }
    }
}

/// A list that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListError(String);

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ListError {}

/// A report, held against lists of known failures.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    report: &'a Report,
    /// For each failure of the report, why it is expected, if it is.
    reasons: Vec<Option<&'a str>>,
    stale: Vec<String>,
}

impl KnownFailures {
    /// Adds the lines of a list; `name` is the list's, for messages.
    ///
    /// # Errors
    ///
    /// When a line is not `path:line reason` or `path:first-last reason`, has no reason, or names a line of a script that is
    /// listed already.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), ListError> {
        for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let error = |what: &str| ListError(format!("{name}:{number}: {what}: `{line}`"));
            let (place, reason) = line.split_once(' ').ok_or_else(|| error("a reason is missing"))?;
            let parsed = place.rsplit_once(':').and_then(|(path, lines)| Some((path, range(lines)?)));
            let (path, (first, last)) = parsed.ok_or_else(|| error("expected `path:line reason`"))?;
            let listed = self.scripts.entry(path.into()).or_default();
            // Ranges do not overlap, so only the one that starts last before this one's end can.
            if listed.range(..=last).next_back().is_some_and(|(_, before)| before.last >= first) {
                return Err(error("this line is listed already"));
            }
            listed.insert(first, Known { last, list: name.into(), reason: reason.trim().into() });
        }
        Ok(())
    }

    /// The scripts that have lines in the lists.
    pub fn scripts(&self) -> impl Iterator<Item = &str> {
        self.scripts.keys().map(String::as_str)
    }

    /// Whether a line of the script with exactly this path is listed.
    pub fn lists(&self, path: &str, line: usize) -> bool {
        self.scripts.get(path).is_some_and(|lines| covering(lines, line).is_some())
    }

    /// Holds the report on the script `name` against the lists: what failed must be listed, and what is listed must fail: of
    /// a range its first and last line and each between them at which a directive starts. A listed path means every script
    /// whose name ends in it, counted in whole parts of the path.
    pub fn judge<'a>(&'a self, name: &str, report: &'a Report) -> Verdict<'a> {
        let scripts = self.scripts.iter().filter(|(path, _)| ends_in(name, path));
        let listed: Vec<&BTreeMap<usize, Known>> = scripts.map(|(_, lines)| lines).collect();
        let reason = |failure: &DirectiveFailure| {
            let known = listed.iter().find_map(|lines| covering(lines, failure.line));
            known.filter(|_| !failure.internal).map(|known| &*known.reason)
        };
        let reasons = report.failures.iter().map(reason).collect();
        let failed: BTreeSet<usize> = report.failures.iter().map(|failure| failure.line).collect();
        let mut stale = Vec::new();
        if report.skipped.is_none() {
            let starts = report.directives.iter().map(|directive| directive.line).collect();
            for (&first, known) in listed.into_iter().flatten() {
                let Some((line, what)) = holds(&starts, &failed, first, known.last) else { continue };
                let (lines, list, reason) = (known.lines(first), &known.list, &known.reason);
                let line = if first == known.last { String::new() } else { format!(" at line {line}") };
                stale.push(format!("{name}:{lines}: listed in {list} ({reason}), but{line} {what}: take it out"));
            }
        }
        Verdict { report, reasons, stale }
    }
}

/// Of these ranges, which do not overlap, the one that has the line in it.
fn covering(lines: &BTreeMap<usize, Known>, line: usize) -> Option<&Known> {
    lines.range(..=line).next_back().map(|(_, known)| known).filter(|known| known.last >= line)
}

/// `line` or `first-last`.
fn range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

/// The first line of the range that does not fail as it should, and what it does; directives start at the lines `starts`.
fn holds(
    starts: &BTreeSet<usize>,
    failed: &BTreeSet<usize>,
    first: usize,
    last: usize,
) -> Option<(usize, &'static str)> {
    let ends = [first, last].into_iter();
    let line = ends.chain(starts.range(first..=last).copied()).find(|line| !failed.contains(line))?;
    Some((line, if starts.contains(&line) { "it passes" } else { "no directive starts there" }))
}

/// Whether the path `name` ends in the path `end`.
fn ends_in(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(['/', '\\']))
}

impl<'a> Verdict<'a> {
    /// The report that was judged.
    pub fn report(&self) -> &'a Report {
        self.report
    }

    /// Whether all is as it is listed. A script in which nothing ran has not passed.
    pub fn passed(&self) -> bool {
        self.unexpected().next().is_none() && self.stale.is_empty() && !self.nothing_ran()
    }

    /// Why the script was not run, if it was not. It has neither passed nor failed.
    pub fn skipped(&self) -> Option<&'a str> {
        self.report.skipped.as_deref()
    }

    /// How many failures were expected.
    pub fn expected(&self) -> u64 {
        self.reasons.iter().flatten().count() as u64
    }

    /// The failures of the report, each with the reason for which it is expected, if it is.
    pub fn failures(&self) -> impl Iterator<Item = (&'a DirectiveFailure, Option<&'a str>)> {
        self.report.failures.iter().zip(self.reasons.iter().copied())
    }

    /// What the lists say that is not so, one text each.
    pub fn stale(&self) -> &[String] {
        &self.stale
    }

    fn unexpected(&self) -> impl Iterator<Item = &'a DirectiveFailure> {
        self.failures().filter(|(_, reason)| reason.is_none()).map(|(failure, _)| failure)
    }

    /// Neither did a directive run, nor is it known that the script cannot be read.
    fn nothing_ran(&self) -> bool {
        self.report.counts.total().ran() == 0 && self.report.failures.is_empty()
    }
}

/// One line for the script, then what is otherwise than listed.
impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (report, expected) = (self.report, self.expected());
        if report.skipped.is_some() {
            return report.fmt(f);
        }
        let word = if self.passed() { "ok" } else { "FAILED" };
        write!(f, "{}: {word}: {}", Printable::message(&report.file), report.counts.total())?;
        if expected > 0 {
            write!(f, " ({expected} as expected)")?;
        }
        writeln!(f, "{}", if report.counts.total().ran() == 0 { " (nothing ran)" } else { "" })?;
        self.unexpected().try_for_each(|failure| write!(f, "{failure}"))?;
        self.stale.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{DirectiveKind, DirectiveResult, DirectiveStatus};
    use std::time::Instant;

    fn report(outcomes: &[(usize, DirectiveStatus)]) -> Report {
        let mut report = Report { file: "s/a.wast".into(), ..Report::default() };
        for &(line, status) in outcomes {
            let kind = DirectiveKind::AssertReturn;
            report.counts.count(kind, status);
            report.directives.push(DirectiveResult { line, column: 1, kind, status, fuel: None });
            if status == DirectiveStatus::Failed {
                let (file, source) = (report.file.clone(), String::new());
                let (expected, actual, place) = ("1".into(), "2".into(), vec![]);
                report.failures.push(DirectiveFailure {
                    file,
                    line,
                    column: 1,
                    kind: Some(kind),
                    source,
                    quoted: Default::default(),
                    expected,
                    actual,
                    difference: None,
                    place,
                    adapters: vec![],
                    internal: false,
                });
            }
        }
        report
    }

    fn lists(text: &str) -> KnownFailures {
        let mut known = KnownFailures::default();
        known.add("expected-failures.txt", text).unwrap();
        known
    }

    const PASSED: DirectiveStatus = DirectiveStatus::Passed;
    const FAILED: DirectiveStatus = DirectiveStatus::Failed;
    const SKIPPED: DirectiveStatus = DirectiveStatus::Skipped;

    /// The text of the verdict on `s/a.wast`, whether it passed, and how many failures were expected.
    fn judge(list: &str, outcomes: &[(usize, DirectiveStatus)]) -> (String, bool, u64) {
        let (known, report) = (lists(list), report(outcomes));
        let verdict = known.judge("s/a.wast", &report);
        (verdict.to_string(), verdict.passed(), verdict.expected())
    }

    #[test]
    fn a_failure_must_be_listed() {
        let outcomes = [(1, PASSED), (2, FAILED)];
        let (text, passed, expected) = judge("# why\n\ns/a.wast:2 resources\n", &outcomes);
        assert_eq!((&*text, passed), ("s/a.wast: ok: 1 passed, 1 failed, 0 skipped (1 as expected)\n", true));
        assert_eq!(expected, 1);
        let (text, passed, expected) = judge("s/a.wast:3 resources\n", &outcomes);
        assert_eq!((passed, expected), (false, 0));
        assert!(text.starts_with("s/a.wast: FAILED: "), "{text}");
        assert!(text.contains("s/a.wast:2:1: assert_return failed"), "{text}");
        assert!(text.contains("s/a.wast:3: listed in expected-failures.txt (resources), but no directive"), "{text}");
    }

    /// Each failure held against each listed line would take half a minute.
    #[test]
    fn many_failures_may_be_listed() {
        const MANY: usize = 200_000;
        let report = report(&(1..=MANY).map(|line| (line, FAILED)).collect::<Vec<_>>());
        let list: String = (1..=MANY).map(|line| format!("s/a.wast:{line} resources\n")).collect();
        let known = lists(&list);
        let began = Instant::now();
        let verdict = known.judge("s/a.wast", &report);
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
        assert_eq!((verdict.passed(), verdict.expected()), (true, MANY as u64));
    }

    #[test]
    fn an_unexpected_pass_fails() {
        let (text, passed, _) = judge("s/a.wast:1 resources", &[(1, PASSED)]);
        assert!(!passed && text.contains("it passes"), "{text}");
    }

    #[test]
    fn a_range_is_exact() {
        let outcomes = [(1, PASSED), (2, FAILED), (4, FAILED), (7, FAILED), (9, PASSED)];
        assert_eq!(judge("s/a.wast:2-7 resources", &outcomes).2, 3);
        assert!(judge("s/a.wast:2-7 resources", &outcomes).1);
        for (list, what) in [
            ("s/a.wast:1-7 resources", "1-7: listed in expected-failures.txt (resources), but at line 1 it passes"),
            ("s/a.wast:2-9 resources", "but at line 9 it passes"),
            ("s/a.wast:2-8 resources", "but at line 8 no directive starts there"),
            ("s/a.wast:2-4 resources", "s/a.wast:7:1: assert_return failed"),
        ] {
            let (text, passed, _) = judge(list, &outcomes);
            assert!(!passed && text.contains(what), "{text}");
        }
        let inside = [(2, FAILED), (4, PASSED), (7, FAILED)];
        let (text, passed, _) = judge("s/a.wast:2-7 resources", &inside);
        assert!(!passed && text.contains("at line 4 it passes"), "{text}");
    }

    #[test]
    fn a_fault_of_the_engine_is_never_forgiven() {
        let mut report = report(&[(2, FAILED)]);
        report.failures[0].internal = true;
        let verdict = lists("s/a.wast:2 resources").judge("s/a.wast", &report).to_string();
        assert!(verdict.starts_with("s/a.wast: FAILED") && verdict.contains("s/a.wast:2:1: "), "{verdict}");
    }

    #[test]
    fn a_script_that_is_skipped_neither_passes_nor_fails() {
        let skipped = Report { skipped: Some("it is for others".into()), ..report(&[(1, SKIPPED), (2, SKIPPED)]) };
        let known = lists("s/a.wast:1 resources");
        let verdict = known.judge("s/a.wast", &skipped);
        assert_eq!((verdict.passed(), verdict.skipped()), (false, Some("it is for others")));
        assert_eq!(verdict.to_string(), "s/a.wast: skipped: it is for others\n");
    }

    #[test]
    fn a_script_in_which_nothing_ran_fails() {
        for outcomes in [&[(1, SKIPPED)][..], &[]] {
            let (text, passed, _) = judge("", outcomes);
            assert!(!passed && text.contains("(nothing ran)"), "{text}");
        }
        assert!(judge("", &[(1, PASSED)]).1);
    }

    #[test]
    fn paths_match_by_their_end_in_whole_parts() {
        let report = report(&[(2, FAILED)]);
        let known = lists("s/a.wast:2 resources");
        for (name, passed) in [("s/a.wast", true), ("/x/s/a.wast", true), ("/x/bus/a.wast", false), ("a.wast", false)] {
            assert_eq!(known.judge(name, &report).passed(), passed, "{name}");
        }
        let both = lists("s/a.wast:2 resources\na.wast:3 gone");
        assert!(both.judge("/x/s/a.wast", &report).to_string().contains("a.wast:3: listed"));
    }

    #[test]
    fn lines_without_place_or_reason_are_errors() {
        let add = |text: &str| KnownFailures::default().add("list", text);
        assert!(add("s/a.wast:2").is_err());
        assert!(add("s/a.wast resources").is_err());
        assert!(add("s/a.wast:x resources").is_err());
        assert!(add("s/a.wast:1 a\ns/a.wast:1 b").is_err());
        assert!(add("s/a.wast:3-2 a").is_err());
        assert!(add("s/a.wast:2- a").is_err());
        for overlap in ["1-2", "2-2", "3-9", "1-9", "4", "5-6"] {
            assert!(add(&format!("s/a.wast:2-5 a\ns/a.wast:{overlap} b")).is_err(), "{overlap}");
        }
        assert_eq!(add("s/a.wast:2-5 a\ns/a.wast:6 b\ns/a.wast:1 c"), Ok(()));
        assert_eq!(add("s/a.wast:1 a\ns/a.wast:2 b"), Ok(()));
    }
}
