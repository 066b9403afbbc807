//! What programs of tests say at their end, added up.

use anyhow::{Context, Result};
use std::fmt::{self, Display};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// How many tests ran, and how they ended.
#[derive(Default)]
pub(crate) struct TestTally {
    /// Programs that began to run tests, and those that came to their end.
    begun: u64,
    ended: u64,
    passed: u64,
    ignored: u64,
    /// What a program had and was not asked for.
    left_out: u64,
    failed: u64,
    failures: Vec<String>,
}

impl TestTally {
    /// Runs a command that runs programs of tests, and shows what they say. Whether all went well.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<bool> {
        let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
        let stdout = child.stdout.take().context("the pipe was asked for")?;
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            self.line(&line);
        }
        Ok(child.wait()?.success())
    }

    /// Takes in a line of what such programs say.
    fn line(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.failures.push(name.trim_end().to_string());
        } else if line.strip_prefix("running ").is_some_and(|rest| rest.ends_with(" test") || rest.ends_with(" tests"))
        {
            self.begun += 1;
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            self.ended += 1;
            self.counts(counts);
        }
    }

    /// Takes in `ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s`.
    fn counts(&mut self, counts: &str) {
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                "filtered out" => self.left_out += number,
                _ => {}
            }
        }
    }
}

impl Display for TestTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TestTally { begun, ended, passed, ignored, left_out, failed, failures } = self;
        write!(f, "{passed} tests passed in {ended} programs, {failed} failed, {left_out} were left out, ")?;
        write!(f, "{ignored} are run by nobody who does not ask for them")?;
        if begun > ended {
            write!(f, "; {} programs did not come to their end", begun - ended)?;
        }
        failures.iter().try_for_each(|name| write!(f, "\n- failed: {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_say_is_added_up() {
        let mut tally = TestTally::default();
        let text = "running 3 tests\ntest a ... ok\ntest b::c ... FAILED\ntest d ... ignored\nrunning late\n\n\
            test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.02s\n\
            running 1 test\ntest local/x  ... ok\n\
            test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            running 7 tests\ntest e ... ok";
        text.lines().for_each(|line| tally.line(line));
        assert_eq!(
            tally.to_string(),
            "2 tests passed in 2 programs, 1 failed, 4 were left out, 1 are run by nobody who does not ask for them; \
             1 programs did not come to their end\n- failed: b::c"
        );
    }
}
