//! Runs the program on a mutant, in a process that is watched: how it ends, how long it takes and what memory it holds.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long one mutant may keep the program.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// How much memory it may cost.
const MEMORY_LIMIT_KIB: u64 = 1_000_000_000 / 1024;

/// How much of what the program says is looked at.
const SAID: u64 = 1 << 20;

/// The program.
pub struct Program(PathBuf);

/// What must not be.
#[derive(Debug)]
pub enum Finding {
    /// It panicked, or reported an internal error.
    Fault(String),
    /// A signal or an exit code that it does not have.
    Ended(ExitStatus),
    Hang,
    Memory(u64),
    /// The mutant could not be run at all.
    Io(std::io::Error),
}

impl From<std::io::Error> for Finding {
    fn from(error: std::io::Error) -> Finding {
        Finding::Io(error)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Fault(said) => write!(f, "{}", said.escape_debug()),
            Finding::Ended(status) => write!(f, "{status}"),
            Finding::Hang => write!(f, "not compiled within {TIME_LIMIT:?}"),
            Finding::Memory(kib) => write!(f, "{kib} KiB of memory"),
            Finding::Io(error) => write!(f, "{error}"),
        }
    }
}

/// How a process ended; none when it took too long.
struct Watched {
    status: Option<ExitStatus>,
    peak_kib: u64,
    said: String,
}

impl Program {
    pub fn new(path: &Path) -> Program {
        Program(path.into())
    }

    /// Compiles the component in `file` and calls `call`. Returns how it went, if that is all right. That a guest runs on is:
    /// only compiling has a time limit.
    pub fn run(&self, file: &Path, call: &str) -> Result<&'static str, Finding> {
        let ended = self.judge(&[file.as_os_str(), "--invoke".as_ref(), call.as_ref()])?;
        match ended {
            Some(what) => Ok(what),
            None => self.judge(&[file.as_os_str()])?.map(|_| "ran on").ok_or(Finding::Hang),
        }
    }

    fn judge(&self, arguments: &[&std::ffi::OsStr]) -> Result<Option<&'static str>, Finding> {
        let mut command = Command::new(&self.0);
        command.arg("run").args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let Watched { status, peak_kib, said } = watch(command.spawn()?)?;
        if let Some(line) = said.lines().find(|line| line.contains("panicked") || line.contains("internal error")) {
            return Err(Finding::Fault(line.chars().take(300).collect()));
        }
        if peak_kib > MEMORY_LIMIT_KIB {
            return Err(Finding::Memory(peak_kib));
        }
        let Some(status) = status else { return Ok(None) };
        match status.code() {
            Some(0) => Ok(Some("returned")),
            Some(1) => Ok(Some("an error")),
            Some(134) => Ok(Some("trapped")),
            _ => Err(Finding::Ended(status)),
        }
    }
}

/// Waits for the process, and ends it when its time or memory is used up.
fn watch(mut child: Child) -> std::io::Result<Watched> {
    let stderr = child.stderr.take();
    // It is read while the program runs: a pipe holds little.
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What cannot be read was not said.
        let _ = stderr.map(|pipe| pipe.take(SAID).read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let (start, mut peak_kib) = (Instant::now(), 0);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        peak_kib = peak_kib.max(memory(child.id()));
        if start.elapsed() > TIME_LIMIT || peak_kib > MEMORY_LIMIT_KIB {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Ok(Watched { status, peak_kib, said: reader.join().unwrap_or_default() })
}

/// The most memory that a process has held, in KiB, where the system tells.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
