//! Runs the program on a component, in a process that is watched: how it ends, what CPU time it takes and what memory it holds.
//! This needs `/proc`.

use anyhow::{Context, Result};
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What one component may cost. It is ended at twice that, so that what is above is measured too.
pub(super) const CPU_LIMIT: Duration = Duration::from_secs(10);
pub(super) const MEMORY_LIMIT_KIB: u64 = 1 << 20;

/// How long one may last, even if it only waits.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// What Linux counts CPU time in, for programs.
const TICK: Duration = Duration::from_millis(10);

/// How much of what the program says is looked at.
const SAID: u64 = 1 << 16;

/// What a component has cost, and how it ended.
#[derive(Debug)]
pub(super) struct Cost {
    pub(super) cpu: Duration,
    pub(super) peak_kib: u64,
    pub(super) end: End,
}

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Returned,
    /// With the code for a guest's trap.
    Trapped(String),
    /// With an error of the input, in its words.
    Refused(String),
    /// With a panic, an internal error, a signal or a code that it does not have.
    Failed(String),
    /// It was ended.
    Stopped,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Returned => f.write_str("returned"),
            End::Trapped(said) => write!(f, "trapped: {said}"),
            End::Refused(said) => write!(f, "refused: {said}"),
            End::Failed(said) => write!(f, "FAILED: {said}"),
            End::Stopped => f.write_str("STOPPED at twice a bound"),
        }
    }
}

impl Cost {
    /// Whether it is within the bounds and ended as a program may.
    pub(super) fn is_bounded(&self) -> bool {
        let ended = !matches!(self.end, End::Failed(_) | End::Stopped);
        ended && self.cpu <= CPU_LIMIT && self.peak_kib <= MEMORY_LIMIT_KIB
    }
}

/// Has `gusset` run the component in `file` and call `call`.
pub(super) fn run(gusset: &Path, file: &Path, call: &str) -> Result<Cost> {
    let mut command = Command::new(gusset);
    command.args(["run", "--no-cache"]).arg(file).args(["--invoke", call]);
    watch(&mut command).with_context(|| format!("cannot run {}", gusset.display()))
}

fn watch(command: &mut Command) -> Result<Cost> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stderr = child.stderr.take();
    // It is read while the program runs: a pipe holds little.
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What cannot be read was not said.
        let _ = stderr.map(|pipe| pipe.take(SAID).read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let (start, mut cpu, mut peak_kib) = (Instant::now(), Duration::ZERO, 0);
    let stopped = loop {
        // Until it is waited for, what it took is there even when it has ended.
        let Some(usage) = usage(child.id()) else {
            let _ = child.kill();
            child.wait()?;
            anyhow::bail!("there is no /proc to measure it");
        };
        cpu = cpu.max(usage.cpu);
        peak_kib = peak_kib.max(peak_memory(child.id()));
        if usage.ended {
            break false;
        }
        if start.elapsed() > TIME_LIMIT || cpu > 2 * CPU_LIMIT || peak_kib > 2 * MEMORY_LIMIT_KIB {
            child.kill()?;
            break true;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let status = child.wait()?;
    let said = reader.join().unwrap_or_default();
    let end = if stopped { End::Stopped } else { end(status, &said) };
    Ok(Cost { cpu, peak_kib, end })
}

/// How a process ended that said this.
fn end(status: ExitStatus, said: &str) -> End {
    let fault = said.lines().find(|line| line.contains("panicked") || line.contains("internal error"));
    let shown = |line: &str| line.trim().chars().take(120).collect::<String>().escape_debug().to_string();
    // Why it is so stands below what cannot be done.
    let mut lines = said.lines().skip_while(|line| *line != "Caused by:").skip(1);
    let reason = shown(lines.next().or(said.lines().next()).unwrap_or_default());
    match (fault, status.code()) {
        (Some(line), _) => End::Failed(shown(line)),
        (None, Some(0)) => End::Returned,
        (None, Some(134)) => End::Trapped(reason),
        (None, Some(1)) => End::Refused(reason),
        _ => End::Failed(status.to_string()),
    }
}

/// What a process has used.
struct Usage {
    /// All its threads, user and system.
    cpu: Duration,
    ended: bool,
}

fn usage(process: u32) -> Option<Usage> {
    parse_usage(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

fn parse_usage(stat: &str) -> Option<Usage> {
    // The program's name is in parentheses, and may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let (user, system): (u32, u32) = (fields.nth(10)?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Usage { cpu: TICK * (user + system), ended: state == "Z" || state == "X" })
}

/// The most memory that a process has held, in KiB; 0 when it has ended.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Cost {
        watch(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn ends_are_told_apart() {
        assert_eq!(sh("exit 0").end, End::Returned);
        assert_eq!(sh("echo bad >&2; exit 1").end, End::Refused("bad".into()));
        let causes = sh("printf 'error: cannot run it\\n\\nCaused by:\\n    so it is\\n' >&2; exit 1");
        assert_eq!(causes.end, End::Refused("so it is".into()));
        assert_eq!(sh("echo why >&2; exit 134").end, End::Trapped("why".into()));
        assert_eq!(sh("echo; echo it panicked >&2; exit 1").end, End::Failed("it panicked".into()));
        assert!(matches!(sh("kill -9 $$").end, End::Failed(_)));
        assert!(matches!(sh("exit 3").end, End::Failed(_)));
    }

    #[test]
    fn time_and_memory_are_measured() {
        let cost = sh("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done");
        assert!(cost.cpu >= 2 * TICK && cost.cpu < CPU_LIMIT, "{cost:?}");
        assert!(cost.peak_kib > 100 && cost.peak_kib < MEMORY_LIMIT_KIB, "{cost:?}");
        assert!(cost.is_bounded());
    }

    #[test]
    fn what_is_above_a_bound_is_found() {
        let cost = |cpu, peak_kib, end| Cost { cpu, peak_kib, end }.is_bounded();
        assert!(cost(CPU_LIMIT, MEMORY_LIMIT_KIB, End::Refused("limit".into())));
        assert!(!cost(CPU_LIMIT + TICK, 0, End::Returned));
        assert!(!cost(TICK, MEMORY_LIMIT_KIB + 1, End::Returned));
        assert!(!cost(TICK, 1, End::Stopped));
        assert!(!cost(TICK, 1, End::Failed("signal".into())));
    }

    #[test]
    fn the_statistics_of_a_process_are_read() {
        let usage = parse_usage("12 (a) b) Z 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0").unwrap();
        assert_eq!((usage.cpu, usage.ended), (Duration::from_secs(2), true));
        assert!(parse_usage("12 (a) R 1 2").is_none());
    }
}
