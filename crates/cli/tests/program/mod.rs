//! Runs the built program under watch: how it ends, what it says, how long it takes and how much memory it touches.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a bad input may keep the program, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(10);

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
    let mut child = Command::new(env!("CARGO_BIN_EXE_gusset"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let peak_kib = watch(&mut child);
    let output = child.wait_with_output().expect("the program has ended");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr), peak_kib }
}

/// Waits for the program to end and returns its largest memory. The outputs of these tests fit into a pipe.
fn watch(child: &mut Child) -> Option<u64> {
    let start = Instant::now();
    let mut peak = None;
    while child.try_wait().expect("the program can be waited for").is_none() {
        peak = peak.max(peak_memory(child.id()));
        if start.elapsed() > PATIENCE {
            child.kill().expect("the program can be ended");
            panic!("the program did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    peak
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

    /// Takes away every permission to `name`.
    pub fn forbid(&self, name: &str) {
        std::fs::set_permissions(self.path(name), PermissionsExt::from_mode(0o000)).expect("the file is ours");
    }
}
