//! The lists of directives that are known not to hold: `expected-failures.txt`, what Gusset cannot do yet, which only
//! shrinks; and `superseded.txt`, what a later change of the specification overtook. A line is `path:line reason`.

use gusset_wast::{DirectiveStatus, Report};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Known failures: for each script, its lines, and in which list and why.
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

    /// How many lines of the script `name` are listed.
    pub fn listed(&self, name: &str) -> usize {
        self.scripts.get(name).map_or(0, BTreeMap::len)
    }

    /// Holds the report on the script `name` against the lists: what failed must be listed, and what is listed must fail.
    ///
    /// # Errors
    ///
    /// Everything that is otherwise than listed, as a text.
    pub fn judge(&self, name: &str, report: &Report) -> Result<(), String> {
        let nothing = BTreeMap::new();
        let known = self.scripts.get(name).unwrap_or(&nothing);
        let mut text = String::new();
        for failure in &report.failures {
            if !known.contains_key(&failure.line) {
                text.push_str(&failure.to_string());
            }
        }
        let failed: BTreeSet<usize> = report.failures.iter().map(|failure| failure.line).collect();
        for (line, Known { list, reason }) in known.iter().filter(|(line, _)| !failed.contains(line)) {
            let here = report.directives.iter().filter(|directive| directive.line == *line);
            let statuses: Vec<DirectiveStatus> = here.map(|directive| directive.status).collect();
            let what = match &statuses[..] {
                [] => "no directive starts there any more",
                statuses if statuses.contains(&DirectiveStatus::Skipped) => "it is skipped",
                _ => "it passes now",
            };
            text.push_str(&format!("{name}:{line}: listed in {list} ({reason}), but {what}: take it out\n"));
        }
        if report.counts.total().ran() == 0 && report.failures.is_empty() {
            text.push_str(&format!("{name}: nothing ran\n"));
        }
        if text.is_empty() { Ok(()) } else { Err(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_wast::{DirectiveKind, DirectiveResult, Failure};

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

    #[test]
    fn a_failure_must_be_listed() {
        let outcome = report(&[(1, PASSED), (2, FAILED)]);
        let known = lists("# why\n\ns/a.wast:2 resources\n");
        assert_eq!(known.judge("s/a.wast", &outcome), Ok(()));
        assert_eq!((known.listed("s/a.wast"), known.listed("s/b.wast")), (1, 0));
        let error = lists("s/a.wast:3 resources\n").judge("s/a.wast", &outcome).unwrap_err();
        assert!(error.contains("s/a.wast:2:1: assert_return failed"), "{error}");
        assert!(error.contains("s/a.wast:3: listed in expected-failures.txt (resources), but no directive"), "{error}");
    }

    #[test]
    fn an_unexpected_pass_fails() {
        let error = lists("s/a.wast:1 resources").judge("s/a.wast", &report(&[(1, PASSED)])).unwrap_err();
        assert!(error.contains("it passes now"), "{error}");
        let error = lists("s/a.wast:1 resources").judge("s/a.wast", &report(&[(1, SKIPPED), (2, PASSED)])).unwrap_err();
        assert!(error.contains("it is skipped"), "{error}");
    }

    #[test]
    fn a_script_in_which_nothing_ran_fails() {
        assert!(lists("").judge("s/a.wast", &report(&[(1, SKIPPED)])).unwrap_err().contains("nothing ran"));
        assert!(lists("").judge("s/a.wast", &report(&[])).is_err());
        assert_eq!(lists("").judge("s/a.wast", &report(&[(1, PASSED)])), Ok(()));
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
