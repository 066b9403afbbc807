//! Writes `expected-failures.txt` anew, for `cargo xtask known-failures`: the lines of what failed, with the reason that the
//! engine gave. It reads no list and forgives nothing: a person looks at the difference.

use gusset_wast::{DirectiveFailure, Report};
use std::collections::{BTreeMap, BTreeSet};

/// What the list says of itself.
const HEAD: &str = "\
# What Gusset cannot do yet: `path:line reason`, or `path:first-last reason` for every directive from one line to another. An
# unexpected pass fails the run; this list only shrinks. `cargo xtask known-failures` writes it.
";

/// What an error says, in small letters, and the feature that it speaks of. The first that fits counts.
const FEATURES: &[(&str, &str)] = &[
    ("threads of scripts", "threads"),
    ("relaxed simd", "relaxed SIMD"),
    ("simd", "SIMD"),
    ("v128", "SIMD"),
    ("tail calls", "tail calls"),
    ("exception", "exceptions"),
    ("tag", "exceptions"),
    ("wide arithmetic", "wide arithmetic"),
    ("shared memor", "threads"),
    ("shared", "threads"),
    ("threads", "threads"),
    ("atomic", "threads"),
    ("function references", "typed function references"),
    ("typed", "typed function references"),
    ("compact", "compact imports"),
    ("(ref ", "typed function references"),
    ("not supported: imports of components", "imports of components"),
    ("not supported: async", "async"),
    ("not supported: resources", "resources"),
    ("not supported: map", "maps"),
    ("gc", "garbage collection"),
    ("array", "garbage collection"),
    ("struct", "garbage collection"),
    ("subtypes", "garbage collection"),
    ("i31", "garbage collection"),
    ("constant expression required", "garbage collection"),
    ("expression initializers", "typed function references"),
    ("rec group", "garbage collection"),
    ("heap type", "typed function references"),
];

/// What follows from an earlier failure, and says nothing of its own.
const CONSEQUENCES: &[&str] = &["there is none", "unknown import", "has not been defined"];

/// Proposals that no standard has: what they allow is invalid, and whatever their scripts fail with is for their lack.
const UNSTANDARDISED: &[(&str, &str)] = &[("proposals/custom-descriptors/", "custom descriptors")];

/// The reason of a failure; none where it only follows from an earlier one.
fn reason(failure: &DirectiveFailure) -> Option<String> {
    if let Some((_, proposal)) = UNSTANDARDISED.iter().find(|(folder, _)| failure.file.starts_with(folder)) {
        return Some(proposal.to_string());
    }
    let actual = failure.actual.lines().next().unwrap_or_default();
    if CONSEQUENCES.iter().any(|consequence| actual.contains(consequence)) {
        return None;
    }
    if let Some((_, feature)) = actual.split_once("the component model ") {
        return Some(feature.split(" feature").next().unwrap_or(feature).to_string());
    }
    let lower = actual.to_lowercase();
    let lacking = ["not supported", "unsupported", "invalid", "proposal"].iter().any(|word| lower.contains(word));
    let feature = FEATURES.iter().find(|(needle, _)| lacking && lower.contains(needle));
    Some(feature.map_or_else(|| actual.chars().take(120).collect(), |(_, feature)| feature.to_string()))
}

/// The list of all failures in `reports` but those at the lines that `elsewhere` tells.
pub fn expected_failures(reports: &[Report], elsewhere: impl Fn(&str, usize) -> bool) -> String {
    let mut text = HEAD.to_string();
    for report in reports {
        let name = &report.file;
        let failures: BTreeMap<usize, &DirectiveFailure> =
            report.failures.iter().map(|failure| (failure.line, failure)).collect();
        let starts: BTreeSet<usize> = report.directives.iter().map(|directive| directive.line).collect();
        let mut ranges: Vec<(usize, usize, String)> = Vec::new();
        let (mut latest, mut open) = (None, false);
        for &line in starts.iter().chain(failures.keys()).collect::<BTreeSet<_>>() {
            let Some(failure) = failures.get(&line).filter(|_| !elsewhere(name, line)) else {
                open = false;
                continue;
            };
            latest = reason(failure).or(latest);
            let reason = latest.clone().unwrap_or_else(|| failure.actual.clone());
            match ranges.last_mut() {
                Some((_, last, before)) if open && *before == reason => *last = line,
                _ => ranges.push((line, line, reason)),
            }
            open = true;
        }
        for (first, last, reason) in ranges {
            let lines = if first == last { first.to_string() } else { format!("{first}-{last}") };
            text.push_str(&format!("{name}:{lines} {reason}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_wast::{KnownFailures, WastOptions, WastRunner};

    #[test]
    fn what_is_written_forgives_what_failed_and_no_more() {
        let script = "(module $a (type (struct)) (func (export \"f\") (result i32) (i32.const 0)))\n\
            (assert_return (invoke \"f\") (i32.const 0))\n\
            (module)\n\
            (assert_trap (invoke $a \"f\") \"\")\n\
            (module (func (export \"g\")))\n(assert_trap (invoke \"g\") \"unreachable\")\n";
        let runner = WastRunner::new(WastOptions::default()).unwrap();
        let report = runner.run_text("s/a.wast", script);
        let list = expected_failures(std::slice::from_ref(&report), |_, _| false);
        let lines: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines, ["s/a.wast:1-2 garbage collection", "s/a.wast:4 garbage collection", "s/a.wast:6 no result"]);
        let mut known = KnownFailures::default();
        known.add("list", &list).unwrap();
        assert!(known.judge("s/a.wast", &report).passed());
        assert!(!expected_failures(&[report], |_, line| line == 4).contains("a.wast:4"));
    }
}
