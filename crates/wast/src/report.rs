//! What running a script yields: counts by directive, failures with their place, and the text that shows both. It holds no
//! engine values, only text, so that reports outlive the script.

use crate::call_log::CallLine;
use crate::difference::Difference;
use gusset::Printable;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use wast::{QuoteWat, WastDirective, Wat};

macro_rules! directive_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The kinds of directives, as scripts write them.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum DirectiveKind {
            $($(#[$doc])* $name,)*
        }

        impl DirectiveKind {
            /// All of them, in the order of summaries.
            pub const ALL: &[DirectiveKind] = &[$(DirectiveKind::$name,)*];
        }

        impl fmt::Display for DirectiveKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(DirectiveKind::$name => $text,)* })
            }
        }
    };
}

directive_kinds! {
    /// A core module that is instantiated at once.
    Module = "module",
    /// A component that is instantiated at once.
    Component = "component",
    /// A module or component that is only compiled.
    Definition = "definition",
    /// The instantiation of a definition.
    Instance = "instance",
    /// Makes an instance importable by name.
    Register = "register",
    /// A call whose results do not matter.
    Invoke = "invoke",
    /// A call that returns the given values.
    AssertReturn = "assert_return",
    /// A call or an instantiation that traps.
    AssertTrap = "assert_trap",
    /// A call that uses its stack up.
    AssertExhaustion = "assert_exhaustion",
    /// What does not validate.
    AssertInvalid = "assert_invalid",
    /// What cannot be decoded.
    AssertMalformed = "assert_malformed",
    /// What cannot be instantiated with what there is.
    AssertUnlinkable = "assert_unlinkable",
    /// A call that throws.
    AssertException = "assert_exception",
    /// A call that suspends with nobody to handle it.
    AssertSuspension = "assert_suspension",
    /// A custom section that does not validate.
    AssertInvalidCustom = "assert_invalid_custom",
    /// A custom section that cannot be decoded.
    AssertMalformedCustom = "assert_malformed_custom",
    /// A thread with directives of its own.
    Thread = "thread",
    /// Waits for a thread.
    Wait = "wait",
}

impl DirectiveKind {
    /// The kind of `directive`.
    pub(crate) fn of(directive: &WastDirective<'_>) -> DirectiveKind {
        match directive {
            WastDirective::Module(QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..)) => {
                DirectiveKind::Component
            }
            WastDirective::Module(_) => DirectiveKind::Module,
            WastDirective::ModuleDefinition(_) => DirectiveKind::Definition,
            WastDirective::ModuleInstance { .. } => DirectiveKind::Instance,
            WastDirective::Register { .. } => DirectiveKind::Register,
            WastDirective::Invoke(_) => DirectiveKind::Invoke,
            WastDirective::AssertReturn { .. } => DirectiveKind::AssertReturn,
            WastDirective::AssertTrap { .. } => DirectiveKind::AssertTrap,
            WastDirective::AssertExhaustion { .. } => DirectiveKind::AssertExhaustion,
            WastDirective::AssertInvalid { .. } => DirectiveKind::AssertInvalid,
            WastDirective::AssertMalformed { .. } => DirectiveKind::AssertMalformed,
            WastDirective::AssertUnlinkable { .. } => DirectiveKind::AssertUnlinkable,
            WastDirective::AssertException { .. } => DirectiveKind::AssertException,
            WastDirective::AssertSuspension { .. } => DirectiveKind::AssertSuspension,
            WastDirective::AssertInvalidCustom { .. } => DirectiveKind::AssertInvalidCustom,
            WastDirective::AssertMalformedCustom { .. } => DirectiveKind::AssertMalformedCustom,
            WastDirective::Thread(_) => DirectiveKind::Thread,
            WastDirective::Wait { .. } => DirectiveKind::Wait,
        }
    }
}

/// How many directives passed, failed and were skipped.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Directives that held.
    pub passed: u64,
    /// Directives that did not.
    pub failed: u64,
    /// Directives that were not run.
    pub skipped: u64,
}

impl Tally {
    /// Directives that were run.
    pub fn ran(&self) -> u64 {
        self.passed + self.failed
    }

    /// Adds what another one counted.
    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Tallies by kind of directive.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    tallies: BTreeMap<DirectiveKind, Tally>,
}

impl Counts {
    /// Counts one directive.
    pub fn count(&mut self, kind: DirectiveKind, status: DirectiveStatus) {
        let tally = self.tallies.entry(kind).or_default();
        match status {
            DirectiveStatus::Passed => tally.passed += 1,
            DirectiveStatus::Failed => tally.failed += 1,
            DirectiveStatus::Skipped => tally.skipped += 1,
        }
    }

    /// Adds what another script counted.
    pub fn add(&mut self, other: &Counts) {
        for (&kind, &tally) in &other.tallies {
            self.tallies.entry(kind).or_default().add(tally);
        }
    }

    /// The tally of one kind.
    pub fn of(&self, kind: DirectiveKind) -> Tally {
        self.tallies.get(&kind).copied().unwrap_or_default()
    }

    /// The kinds that occur, with their tallies.
    pub fn kinds(&self) -> impl Iterator<Item = (DirectiveKind, Tally)> {
        self.tallies.iter().map(|(&kind, &tally)| (kind, tally))
    }

    /// All kinds together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.tallies.values().for_each(|&tally| total.add(tally));
        total
    }
}

/// A table with one row a kind of directive and a line for all together.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.tallies.is_empty() {
            writeln!(f, "{:<24}{:>9}{:>9}{:>9}", "directive", "passed", "failed", "skipped")?;
        }
        for (kind, tally) in &self.tallies {
            writeln!(f, "{kind:<24}{:>9}{:>9}{:>9}", tally.passed, tally.failed, tally.skipped)?;
        }
        let Tally { passed, failed, skipped } = self.total();
        writeln!(f, "wast: {passed} directives passed, {failed} failed, {skipped} skipped")
    }
}

/// How a directive went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DirectiveStatus {
    /// It held.
    Passed,
    /// It did not.
    Failed,
    /// It was not run.
    Skipped,
}

/// How one directive of a script went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DirectiveResult {
    /// The line where it starts, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What it is.
    pub kind: DirectiveKind,
    /// How it went.
    pub status: DirectiveStatus,
    /// The fuel that guests used in it, where the engine counts: [`gusset::Config::consume_fuel`].
    pub fuel: Option<u64>,
}

/// A directive that did not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirectiveFailure {
    /// The script's name, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The directive; none when the script as a whole could not be read.
    pub kind: Option<DirectiveKind>,
    /// The source line, cut where it is long.
    pub source: String,
    /// The source line around the directive, and carets below it, as people are shown it.
    pub quoted: [String; 2],
    /// What should have happened. It is shown on one line, since it quotes the script.
    pub expected: String,
    /// What happened, shown on one line too.
    pub actual: String,
    /// Of values that have parts: the first that differs.
    pub difference: Option<Difference>,
    /// For a trap or a host's error: where in the guest it arose, and through which adapter; one entry a line.
    pub place: Vec<String>,
    /// Where they are asked for: the adapters of the component that was instantiated or called, as
    /// [`adapter_text`](crate::adapter_text) writes them; where a trap names an adapter, only its module.
    pub adapters: Vec<Arc<str>>,
    /// Whether the engine itself is at fault: it panicked, or reported an internal error. No list forgives that.
    pub internal: bool,
}

impl fmt::Display for DirectiveFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DirectiveFailure { file, line, column, kind, expected, actual, difference, place, adapters, .. } = self;
        let file = Printable::message(file);
        match kind {
            Some(kind) => writeln!(f, "{file}:{line}:{column}: {kind} failed")?,
            None => writeln!(f, "{file}:{line}:{column}: the script cannot be run")?,
        }
        let [quoted, carets] = &self.quoted;
        writeln!(f, "  {line:>5} | {quoted}\n  {:>5} | {carets}", "")?;
        for (label, text) in [("expected", expected), ("actual", actual)] {
            writeln!(f, "        {label:>9}: {}", Printable::message(text))?;
        }
        if let Some(difference) = difference {
            writeln!(f, "       differs at: {difference}")?;
        }
        for line in place {
            writeln!(f, "                   {}", Printable::message(line))?;
        }
        // Texts of ours, in which names are escaped.
        adapters.iter().flat_map(|text| text.lines()).try_for_each(|line| writeln!(f, "        {line}"))
    }
}

/// How a script went.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Report {
    /// The script's name, as it was given.
    pub file: String,
    /// Tallies by kind.
    pub counts: Counts,
    /// What became of each directive, in order.
    pub directives: Vec<DirectiveResult>,
    /// Directives that did not hold, and what kept the script as a whole from running.
    pub failures: Vec<DirectiveFailure>,
    /// Where they are traced: the calls between components that the script made.
    pub calls: Vec<CallLine>,
    /// Why the script was not run, if it was not.
    pub skipped: Option<String>,
}

impl Report {
    /// Whether everything held. A script in which nothing ran has not passed.
    pub fn passed(&self) -> bool {
        self.failures.is_empty() && self.counts.total().ran() > 0
    }
}

/// One line for the script, then its failures.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = Printable::message(&self.file);
        if let Some(reason) = &self.skipped {
            return writeln!(f, "{file}: skipped: {}", Printable::message(reason));
        }
        let verdict = if self.passed() { "ok" } else { "FAILED" };
        let nothing = if self.counts.total().ran() == 0 { " (nothing ran)" } else { "" };
        writeln!(f, "{file}: {verdict}: {}{nothing}", self.counts.total())?;
        self.failures.iter().try_for_each(|failure| write!(f, "{failure}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_in_which_nothing_ran_has_not_passed() {
        let mut report = Report { file: "a.wast".into(), ..Report::default() };
        assert!(!report.passed());
        report.counts.count(DirectiveKind::Thread, DirectiveStatus::Skipped);
        assert!(!report.passed());
        assert!(report.to_string().contains("FAILED: 0 passed, 0 failed, 1 skipped (nothing ran)"));
        report.counts.count(DirectiveKind::Module, DirectiveStatus::Passed);
        assert!(report.passed());
        let skipped = Report { file: "a.wast".into(), skipped: Some("why".into()), ..Report::default() };
        assert!(!skipped.passed());
        assert_eq!(skipped.to_string(), "a.wast: skipped: why\n");
    }

    #[test]
    fn counts_add_up_and_print_as_a_table() {
        let mut counts = Counts::default();
        counts.count(DirectiveKind::Module, DirectiveStatus::Passed);
        counts.count(DirectiveKind::AssertTrap, DirectiveStatus::Failed);
        let mut sum = counts.clone();
        sum.add(&counts);
        assert_eq!(sum.total(), Tally { passed: 2, failed: 2, skipped: 0 });
        assert_eq!(sum.of(DirectiveKind::AssertTrap).failed, 2);
        let text = sum.to_string();
        assert!(text.contains("assert_trap                     0        2        0\n"), "{text}");
        assert!(text.ends_with("wast: 2 directives passed, 2 failed, 0 skipped\n"), "{text}");
    }

    #[test]
    fn a_failure_shows_its_source_line_and_both_values() {
        let failure = DirectiveFailure {
            file: "a.wast".into(),
            line: 12,
            column: 1,
            kind: Some(DirectiveKind::AssertReturn),
            source: "(assert_return (invoke \"f\") (i32.const 1))".into(),
            quoted: ["(assert_return (invoke \"f\") (i32.const 1))".into(), " ^^^^^^^^^^^^^".into()],
            expected: "(i32.const 1)".into(),
            actual: "(i32.const 2)".into(),
            difference: None,
            place: vec![],
            adapters: vec![],
            internal: false,
        };
        let expected = "\
a.wast:12:1: assert_return failed
     12 | (assert_return (invoke \"f\") (i32.const 1))
        |  ^^^^^^^^^^^^^
         expected: (i32.const 1)
           actual: (i32.const 2)
";
        assert_eq!(failure.to_string(), expected);
        let place = ["at 0x1 - m!f", "at 0x2 - m!g\nPASS"].map(String::from).into();
        let forged = DirectiveFailure { expected: "trap: x\nPASS".into(), actual: "\r\nPASS".into(), place, ..failure };
        let expected = "\
         expected: trap: x\\nPASS
           actual: \\r\\nPASS
                   at 0x1 - m!f
                   at 0x2 - m!g\\nPASS
";
        assert!(forged.to_string().ends_with(expected), "{forged}");
    }
}
