//! Runs the built program under watch: how it ends, what it says, how long it takes and how much memory it touches.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a bad input may keep the program, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many times as long it may take where programs are slow, as under emulation: 1 if the environment does not say.
fn slowness() -> u32 {
    std::env::var("GUSSET_TEST_SLOWNESS").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1)
}

/// How much memory a bad input may cost.
const MEMORY_LIMIT_KIB: u64 = 200 << 10;

/// How a run ended.
pub struct Ended {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// The most memory it was seen to hold, where the system tells.
    pub peak_kib: Option<u64>,
}

/// Runs `gusset` with these arguments.
pub fn gusset(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
    gusset_within(PATIENCE, arguments)
}

/// Runs `gusset` with these arguments, which may take that long.
pub fn gusset_within(patience: Duration, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
    ended(patience, Command::new(env!("CARGO_BIN_EXE_gusset")).args(arguments))
}

/// Runs a line of a shell in `folder`, with `gusset` among the shell's commands.
pub fn shell(folder: &Path, line: &str) -> Ended {
    let program = Path::new(env!("CARGO_BIN_EXE_gusset")).parent().expect("the program lies in a folder");
    let mut path = program.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    ended(PATIENCE, Command::new("sh").args(["-c", line]).current_dir(folder).env("PATH", path).env("LC_ALL", "C"))
}

/// Runs a program that may keep things in a cache, with this on its standard input.
pub fn run_program(patience: Duration, program: &str, arguments: &[&str], stdin: &str) -> Ended {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("the pipe was asked for");
    // It may end without having read all of it.
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    outcome(child, patience)
}

/// Where a cache cannot be: what these tests run is compiled, unless they say otherwise.
pub const NO_CACHE: (&str, &str) = ("GUSSET_CACHE_DIR", "/dev/null");

/// Runs `command`, which may take that long.
fn ended(patience: Duration, command: &mut Command) -> Ended {
    let command =
        command.env(NO_CACHE.0, NO_CACHE.1).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    outcome(command.spawn().expect("the program starts"), patience)
}

/// What becomes of it.
fn outcome(mut child: Child, patience: Duration) -> Ended {
    // Read while it runs: its output may be more than a pipe holds.
    let [stdout, stderr] = [reader(child.stdout.take()), reader(child.stderr.take())];
    let (status, peak_kib) = watch(&mut child, patience);
    let text = |reader: JoinHandle<Vec<u8>>| {
        let bytes = reader.join().expect("the program's output can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr), peak_kib }
}

/// Starts `gusset` with these arguments and interrupts it, as a terminal does, once it has written a line, and, if it `waits` then, is
/// at that: the signal that ended it. Nothing comes on its standard input, which does not end. `None` where interruptions are ignored
/// here, as in a shell's background.
pub fn interrupted(arguments: &[&str], waits: bool) -> Option<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or_default();
    if ignored >> (SIGINT - 1) & 1 == 1 {
        return None;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_gusset"));
    command.env(NO_CACHE.0, NO_CACHE.1);
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("the pipe was asked for")).read_line(&mut line).expect("it can be read");
    let start = Instant::now();
    while waits && !sleeps(child.id()) {
        assert!(start.elapsed() < PATIENCE * slowness(), "it does not wait after it wrote {line:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("there is kill").success());
    let (status, _) = watch(&mut child, PATIENCE);
    Some(status.signal().unwrap_or_else(|| panic!("it ended with {status} after it wrote {line:?}")))
}

/// The number of the signal that a terminal interrupts with.
pub const SIGINT: i32 = 2;

fn reader(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    let mut pipe = pipe.expect("the pipe was asked for");
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("the pipe can be read");
        bytes
    })
}

/// Waits for the program to end and returns how it ended and its largest memory.
fn watch(child: &mut Child, patience: Duration) -> (ExitStatus, Option<u64>) {
    let start = Instant::now();
    let mut peak = None;
    loop {
        if let Some(status) = child.try_wait().expect("the program can be waited for") {
            return (status, peak);
        }
        peak = peak.max(peak_memory(child.id()));
        if start.elapsed() > patience * slowness() {
            child.kill().expect("the program can be ended");
            child.wait().expect("the program has ended");
            panic!("the program did not end within {patience:?}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the first thread of a process waits for something; yes where the system does not tell.
fn sleeps(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("State:")).is_none_or(|state| state.trim().starts_with('S'))
}

fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

impl Ended {
    /// It ended with `code`, an error on stderr and nothing on stdout, without a panic and without touching much memory.
    pub fn assert_refused(&self, code: i32) {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert_eq!(self.stdout, "");
        self.assert_frugal();
    }

    /// It did not touch much memory.
    pub fn assert_frugal(&self) {
        if let Some(peak) = self.peak_kib {
            assert!(peak < MEMORY_LIMIT_KIB, "{peak} KiB");
        }
    }

    /// All of `parts` stand on stderr.
    pub fn assert_says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is missing in\n{}", self.stderr);
        }
    }
}

/// A folder for the inputs of one test.
pub struct ScratchFolder(TempDir);

impl ScratchFolder {
    pub fn new() -> ScratchFolder {
        ScratchFolder(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    /// The path of `name` in the folder.
    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("temporary folders have readable names").to_string()
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, contents: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, contents).expect("the temporary folder can be written");
        path
    }

    /// Lets other users look into the folder.
    pub fn share(&self) {
        std::fs::set_permissions(self.path(""), PermissionsExt::from_mode(0o755)).expect("the folder is ours");
    }

    /// Takes away every permission to `name`.
    pub fn forbid(&self, name: &str) {
        std::fs::set_permissions(self.path(name), PermissionsExt::from_mode(0o000)).expect("the file is ours");
    }
}
