//! Lists of directives that are known not to hold. A line is `path:line reason`; empty lines and those that start with `#` are
//! not looked at. A list only forgives: what is listed and holds is as wrong as what fails and is not listed.

use crate::report::{DirectiveStatus, Failure, Report};
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
    scripts: BTreeMap<String, BTreeMap<usize, Known>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Known {
    list: String,
    reason: String,
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
    expected: u64,
    unexpected: Vec<&'a Failure>,
    stale: Vec<String>,
}

impl KnownFailures {
    /// Adds the lines of a list; `name` is the list's, for messages.
    ///
    /// # Errors
    ///
    /// When a line is not `path:line reason`, has no reason, or stands in a list already.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), ListError> {
        for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let error = |what: &str| ListError(format!("{name}:{number}: {what}: `{line}`"));
            let (place, reason) = line.split_once(' ').ok_or_else(|| error("a reason is missing"))?;
            let parsed = place.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse::<usize>().ok()?)));
            let (path, at) = parsed.ok_or_else(|| error("expected `path:line reason`"))?;
            let known = Known { list: name.into(), reason: reason.trim().into() };
            if self.scripts.entry(path.into()).or_default().insert(at, known).is_some() {
                return Err(error("this line is listed already"));
            }
        }
        Ok(())
    }

    /// The scripts that have lines in the lists.
    pub fn scripts(&self) -> impl Iterator<Item = &str> {
        self.scripts.keys().map(String::as_str)
    }

    /// Holds the report on the script `name` against the lists: what failed must be listed, and what is listed must fail. A
    /// listed path means every script whose name ends in it, counted in whole parts of the path.
    pub fn judge<'a>(&self, name: &str, report: &'a Report) -> Verdict<'a> {
        let listed = || self.scripts.iter().filter(|(path, _)| ends_in(name, path)).flat_map(|(_, lines)| lines);
        let lines: BTreeSet<usize> = listed().map(|(&line, _)| line).collect();
        let (expected, unexpected): (Vec<&Failure>, Vec<&Failure>) =
            report.failures.iter().partition(|failure| lines.contains(&failure.line));
        let failed: BTreeSet<usize> = expected.iter().map(|failure| failure.line).collect();
        let mut stale = Vec::new();
        for (line, Known { list, reason }) in listed().filter(|(line, _)| !failed.contains(line)) {
            let here = report.directives.iter().filter(|directive| directive.line == *line);
            let statuses: Vec<DirectiveStatus> = here.map(|directive| directive.status).collect();
            let what = match &statuses[..] {
                [] => "no directive starts there",
                statuses if statuses.contains(&DirectiveStatus::Skipped) => "it is skipped",
                _ => "it passes",
            };
            stale.push(format!("{name}:{line}: listed in {list} ({reason}), but {what}: take it out"));
        }
        Verdict { report, expected: expected.len() as u64, unexpected, stale }
    }
}

/// Whether the path `name` ends in the path `end`.
fn ends_in(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(['/', '\\']))
}

impl Verdict<'_> {
    /// Whether all is as it is listed. A script in which nothing ran has failed.
    pub fn passed(&self) -> bool {
        self.unexpected.is_empty() && self.stale.is_empty() && !self.nothing_ran()
    }

    /// How many failures were expected.
    pub fn expected(&self) -> u64 {
        self.expected
    }

    /// Neither did a directive run, nor is it known that the script cannot be read.
    fn nothing_ran(&self) -> bool {
        self.report.counts.total().ran() == 0 && self.report.failures.is_empty()
    }
}

/// One line for the script, then what is otherwise than listed.
impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { report, expected, unexpected, stale } = self;
        let word = if self.passed() { "ok" } else { "FAILED" };
        write!(f, "{}: {word}: {}", report.file, report.counts.total())?;
        if *expected > 0 {
            write!(f, " ({expected} as expected)")?;
        }
        writeln!(f, "{}", if report.counts.total().ran() == 0 { " (nothing ran)" } else { "" })?;
        unexpected.iter().try_for_each(|failure| write!(f, "{failure}"))?;
        stale.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{DirectiveKind, DirectiveResult};

    fn report(outcomes: &[(usize, DirectiveStatus)]) -> Report {
        let mut report = Report { file: "s/a.wast".into(), ..Report::default() };
        for &(line, status) in outcomes {
            let kind = DirectiveKind::AssertReturn;
            report.counts.count(kind, status);
            report.directives.push(DirectiveResult { line, kind, status });
            if status == DirectiveStatus::Failed {
                let (file, source) = (report.file.clone(), String::new());
                let (expected, actual, place) = ("1".into(), "2".into(), vec![]);
                report.failures.push(Failure {
                    file,
                    line,
                    column: 1,
                    kind: Some(kind),
                    source,
                    expected,
                    actual,
                    place,
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

    #[test]
    fn an_unexpected_pass_fails() {
        let (text, passed, _) = judge("s/a.wast:1 resources", &[(1, PASSED)]);
        assert!(!passed && text.contains("it passes"), "{text}");
        let (text, passed, _) = judge("s/a.wast:1 resources", &[(1, SKIPPED), (2, PASSED)]);
        assert!(!passed && text.contains("it is skipped"), "{text}");
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
        assert_eq!(add("s/a.wast:1 a\ns/a.wast:2 b"), Ok(()));
    }
}
