//! Programs that are watched: what they print is kept, and one that does not end is ended.

use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much of what a program prints is kept.
const MOST_PRINTED: u64 = 1 << 20;

/// How a program ended.
pub(crate) struct ProgramEnd {
    /// None where it ran for too long and was ended.
    pub(crate) status: Option<ExitStatus>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl ProgramEnd {
    /// The first line that it wrote to standard error, to stand behind what was found wrong.
    pub(crate) fn said(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let line = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
        if line.is_empty() { String::new() } else { format!("; it says: {}", line.escape_debug()) }
    }
}

/// Runs a program to its end, or for as long as it may run. Its standard input is what the command says.
pub(crate) fn watch(command: &mut Command, limit: Duration) -> std::io::Result<ProgramEnd> {
    watch_child(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?, limit)
}

/// The same, with these bytes to read; it need not read them.
pub(crate) fn watch_reading(command: &mut Command, bytes: &[u8], limit: Duration) -> std::io::Result<ProgramEnd> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdin, bytes) = (child.stdin.take(), bytes.to_vec());
    let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&bytes)));
    let ended = watch_child(child, limit);
    // A program that reads nothing has ended by now, and so has the pipe.
    let _ = writer.join();
    ended
}

/// The same of one that runs: what of its output has not been taken is kept.
pub(crate) fn watch_child(mut child: Child, limit: Duration) -> std::io::Result<ProgramEnd> {
    let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    Ok(ProgramEnd { status, stdout: stdout.join().unwrap_or_default(), stderr: stderr.join().unwrap_or_default() })
}

/// Reads while the program runs, for a pipe holds little; past what is kept, too, lest the program wait.
fn reader(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What cannot be read was not printed.
            let _ = pipe.by_ref().take(MOST_PRINTED).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        bytes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    #[test]
    fn what_a_program_prints_is_kept() {
        let ended = watch(&mut shell("echo out; echo err >&2; exit 3"), Duration::from_secs(60)).unwrap();
        assert_eq!(
            (ended.status.unwrap().code(), &*ended.stdout, &*ended.stderr),
            (Some(3), &b"out\n"[..], &b"err\n"[..])
        );
        assert_eq!(ended.said(), "; it says: err");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let ended = watch(&mut shell("exec sleep 600"), Duration::from_millis(20)).unwrap();
        assert!(ended.status.is_none());
    }

    #[test]
    fn a_program_reads_what_it_is_given() {
        let limit = Duration::from_secs(60);
        let ended = watch_reading(&mut shell("cat"), b"bytes", limit).unwrap();
        assert_eq!(ended.stdout, b"bytes");
        let ended = watch_reading(&mut shell("exit 0"), &[0; 1 << 20], limit).unwrap();
        assert_eq!(ended.status.unwrap().code(), Some(0));
    }
}
