//! Runs one command in a process of `gusset` in its setting, and tells in what it did otherwise than it must.

use super::echo_server::EchoServer;
use super::setting::{ExpectedEnd, PeerCommand, PeerFile, PeerInput};
use crate::watch::{ProgramEnd, watch, watch_child, watch_reading};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::fs::{File, FileTimes};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// How long a program may run.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(120);

/// What the folder that is to be read only holds.
const READ_ONLY_FILE: (&str, &str) = ("test.txt", "read only test file\n");
const STREAMED_FILE: (&str, &str) = ("stream-perms.txt", "stream permission test\n");

/// How a program becomes what is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ProgramForm {
    Module,
    Component,
}

/// Runs a program; why it failed, or nothing if it did as it must.
pub(super) fn run(gusset: &Path, program: &Path, form: ProgramForm, setting: &PeerCommand) -> Result<Option<String>> {
    let folders = Folders::new(setting)?;
    let server = setting.server.map(EchoServer::start).transpose()?;
    let mut command = command(gusset, form);
    command.args(&setting.options);
    command.envs(setting.inherited.iter().map(|(name, value)| (name, value)));
    if let Some(server) = &server {
        command.arg("--env").arg(format!("HTTP_SERVER={}", server.authority()));
    }
    if let Some(name) = setting.folder {
        command.arg("--dir").arg(grant(&folders.folder(), name));
    }
    if setting.read_only {
        command.arg("--dir").arg(grant(&folders.read_only(), "readonly:ro"));
    }
    command.arg(program).args(&setting.words);
    let ended = with_input(&mut command, setting.input, &folders.folder())
        .with_context(|| format!("cannot run {}", gusset.display()))?;
    Ok(fault(&ended, &setting.end).or_else(|| folders.fault(setting)))
}

/// Runs a program twice, one printing what the other reads; what either did otherwise than it must.
pub(super) fn run_piped(gusset: &Path, program: &Path) -> Result<Option<String>> {
    let side = |name: &str| {
        let mut command = command(gusset, ProgramForm::Component);
        command.args(["--env", &format!("PIPED_SIDE={name}")]).arg(program);
        command
    };
    let context = || format!("cannot run {}", gusset.display());
    let mut producer = side("PRODUCER").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let pipe = producer.stdout.take().context("the pipe was asked for")?;
    // Each is watched from its beginning: what it says must not fill a pipe while the other is waited for.
    let producer = std::thread::spawn(move || watch_child(producer, TIME_LIMIT));
    let consumer = watch(side("CONSUMER").stdin(pipe), TIME_LIMIT);
    let producer = producer.join().ok().context("who watched the program that prints is gone")?;
    let (producer, consumer) = (producer.with_context(context)?, consumer.with_context(context)?);
    let expected = ExpectedEnd::default();
    let fault_of = |who: &str, ended: &ProgramEnd| Some(format!("{who}: {}", fault(ended, &expected)?));
    Ok(match (fault_of("who prints", &producer), fault_of("who reads", &consumer)) {
        // Whether it still had something to print when the other one failed is a matter of time.
        (Some(_), Some(reads)) if is_end_of_closed_pipe(&producer) => Some(reads),
        (Some(prints), Some(reads)) => Some(format!("{prints}; {reads}")),
        (prints, reads) => prints.or(reads),
    })
}

/// Whether a program ended since nobody read what it printed: by the signal, or by the code that a shell has for that and `gusset run` too.
fn is_end_of_closed_pipe(ended: &ProgramEnd) -> bool {
    const SIGPIPE: i32 = 13;
    ended.status.is_some_and(|status| status.signal() == Some(SIGPIPE) || status.code() == Some(128 + SIGPIPE))
}

/// The command up to the program's own options.
fn command(gusset: &Path, form: ProgramForm) -> Command {
    let mut command = Command::new(gusset);
    command.arg("run").arg("--no-cache");
    if form == ProgramForm::Component {
        command.arg("--via-adapter");
    }
    command
}

fn grant(folder: &Path, name: &str) -> OsString {
    let mut grant = folder.as_os_str().to_owned();
    grant.push("::");
    grant.push(name);
    grant
}

fn with_input(command: &mut Command, input: PeerInput, folder: &Path) -> Result<ProgramEnd> {
    Ok(match input {
        PeerInput::Nothing => watch(command.stdin(Stdio::null()), TIME_LIMIT)?,
        PeerInput::Bytes(bytes) => watch_reading(command, bytes, TIME_LIMIT)?,
        PeerInput::Folder => watch(command.stdin(File::open(folder)?), TIME_LIMIT)?,
        PeerInput::HeldUntil(text) => {
            let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = piped.spawn()?;
            let mut printed = vec![0; text.len()];
            let read = child.stdout.take().context("the pipe was asked for")?.read_exact(&mut printed);
            drop(child.stdin.take());
            let ended = watch_child(child, TIME_LIMIT)?;
            match read {
                Ok(()) if printed == text.as_bytes() => ended,
                Ok(()) => bail!("it began to print {:?}", String::from_utf8_lossy(&printed)),
                Err(error) => bail!("it did not print {text:?}: {error}{}", ended.said()),
            }
        }
    })
}

/// In what a program ended otherwise than it must.
fn fault(ended: &ProgramEnd, expected: &ExpectedEnd) -> Option<String> {
    let Some(status) = ended.status else {
        return Some(format!("it ran for more than {} s{}", TIME_LIMIT.as_secs(), ended.said()));
    };
    if status.code() != Some(expected.code) {
        return Some(format!("{status}, not {}{}", expected.code, ended.said()));
    }
    if let Some(stdout) = expected.stdout.as_ref().filter(|stdout| stdout.as_bytes() != ended.stdout) {
        let (printed, end) = (String::from_utf8_lossy(&ended.stdout), stdout.len().min(80));
        return Some(format!("it printed {} bytes: {:.80?}, not {:?}", printed.len(), printed, &stdout[..end]));
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    (!said.contains(expected.says)).then(|| format!("it did not say {:?}{}", expected.says, ended.said()))
}

/// The folders of one run, which end with it.
struct Folders(PathBuf);

impl Folders {
    fn new(setting: &PeerCommand) -> Result<Folders> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("gusset-peer-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folders = Folders(std::env::temp_dir().join(name));
        let make = || -> std::io::Result<()> {
            std::fs::create_dir_all(folders.folder())?;
            std::fs::create_dir_all(folders.read_only())?;
            for (name, contents) in [READ_ONLY_FILE, STREAMED_FILE] {
                std::fs::write(folders.read_only().join(name), contents)?;
            }
            setting.files.iter().try_for_each(|file| make(&folders.folder(), file))
        };
        make().with_context(|| format!("cannot make {}", folders.0.display()))?;
        Ok(folders)
    }

    fn folder(&self) -> PathBuf {
        self.0.join("folder")
    }

    fn read_only(&self) -> PathBuf {
        self.0.join("readonly")
    }

    /// What is in them that must not be, or is not.
    fn fault(&self, setting: &PeerCommand) -> Option<String> {
        let expected = setting.end.file.map(|(path, contents)| (self.folder().join(path), contents));
        let kept = [READ_ONLY_FILE, STREAMED_FILE].map(|(path, contents)| (self.read_only().join(path), contents));
        expected.into_iter().chain(kept).find_map(|(path, contents)| match std::fs::read_to_string(&path) {
            Ok(found) if found == contents => None,
            Ok(found) => Some(format!("it left {found:?} in {}, not {contents:?}", path.display())),
            Err(error) => Some(format!("it left {} behind so that: {error}", path.display())),
        })
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn make(folder: &Path, file: &PeerFile) -> std::io::Result<()> {
    let path = folder.join(file.path);
    let Some(contents) = file.contents else { return std::fs::create_dir_all(path) };
    std::fs::write(&path, contents)?;
    if file.is_ancient {
        let ancient = SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(i64::MAX.unsigned_abs() + 1));
        let times = ancient.map(|time| FileTimes::new().set_modified(time).set_accessed(time));
        // Where a file system does not take the time, the program finds another one.
        let _ = File::options().write(true).open(&path)?.set_times(times.unwrap_or_default());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that is a script, in place of `gusset`: it gets the words of the command line. Another process writes it: while this one has it
    /// open to be written, whatever other tests start inherits that for a moment, and what is open so cannot be run.
    fn script(text: &str) -> (Folders, PathBuf) {
        let folders = Folders::new(&PeerCommand::default()).unwrap();
        let path = folders.0.join("script");
        let mut write = Command::new("sh");
        write.args(["-c", r#"printf '#!/bin/sh\n%s\n' "$1" >"$2" && chmod 700 "$2""#, "sh", text]).arg(&path);
        assert!(write.status().unwrap().success());
        (folders, path)
    }

    fn run_script(text: &str, setting: &PeerCommand) -> Option<String> {
        let (_folders, path) = script(text);
        run(&path, Path::new("p.wasm"), ProgramForm::Component, setting).unwrap()
    }

    /// What is found where one script prints what the other reads.
    fn run_sides(prints: &str, reads: &str) -> Option<String> {
        let (_folders, path) = script(&format!("case \"$5\" in *PRODUCER) {prints};; *) {reads};; esac"));
        run_piped(&path, Path::new("p.wasm")).unwrap()
    }

    #[test]
    fn a_program_gets_its_setting() {
        let setting = PeerCommand::default().env("A=b").words(&["c d"]).folder("/").file("f", "text");
        let setting = setting.prints("run --no-cache --via-adapter --env A=b --dir\n/ p.wasm c d\ntext");
        let text = r#"echo "$1" "$2" "$3" "$4" "$5" "$6"; echo "${7##*::}" "$8" "$9"; cat "${7%%::*}/f""#;
        assert_eq!(run_script(text, &setting), None);
        let (server, input) = (super::super::setting::PeerServer::Echo, PeerInput::Bytes(b"in"));
        let setting = PeerCommand::default().server(server).input(input).prints("HTTP_SERVER in");
        assert_eq!(run_script(r#"printf "%s " "${5%%=*}"; cat"#, &setting), None);
        let setting = PeerCommand::default().input(PeerInput::HeldUntil("> ")).ends(3, "done");
        assert_eq!(run_script("printf '> '; cat; echo done >&2; exit 3", &setting), None);
    }

    #[test]
    fn what_a_program_does_otherwise_is_told() {
        let plain = PeerCommand::default();
        for (text, setting, fault) in [
            ("echo why >&2; exit 1", plain.clone(), "exit status: 1, not 0; it says: why"),
            ("echo b", plain.clone().prints("a\n"), "it printed 2 bytes: \"b\\n\", not \"a\\n\""),
            ("echo b >&2", plain.clone().ends(0, "a"), "it did not say \"a\"; it says: b"),
            ("exit 0", plain.leaves("file", "text"), "behind so that: No such file"),
        ] {
            let found = run_script(text, &setting).unwrap();
            assert!(found.contains(fault), "{found}");
        }
        let setting = PeerCommand { read_only: true, ..PeerCommand::default() };
        let found = run_script(r#"echo x > "${5%%::*}/test.txt""#, &setting).unwrap();
        assert!(found.contains(r#"it left "x\n" in"#), "{found}");
    }

    #[test]
    fn programs_read_what_others_print() {
        assert_eq!(run_sides("echo text", r#"read -r line; test "$line" = text"#), None);
        let fault = |prints, reads| run_sides(prints, reads).unwrap();
        let reads_all = "cat >/dev/null; exit 2";
        assert_eq!(fault("echo text", reads_all), "who reads: exit status: 2, not 0");
        assert_eq!(fault("exit 3", "cat"), "who prints: exit status: 3, not 0");
        let both = "who prints: exit status: 3, not 0; it says: why; who reads: exit status: 2, not 0";
        assert_eq!(fault("echo why >&2; exit 3", reads_all), both);
    }

    #[test]
    fn who_prints_for_nobody_is_not_to_blame_for_a_reader_that_failed() {
        // Each prints until nobody reads.
        for prints in ["while :; do echo text; done", "trap '' PIPE; while echo text 2>/dev/null; do :; done; exit 141"]
        {
            assert_eq!(run_sides(prints, "exit 2").unwrap(), "who reads: exit status: 2, not 0", "{prints}");
            let found = run_sides(prints, "exit 0").unwrap();
            assert!(found.starts_with("who prints: "), "{found}");
        }
        // It may say more than a pipe holds before the other has ended.
        let prints = "i=0; while [ $i -lt 9999 ]; do echo 0123456789 >&2; i=$((i + 1)); done; echo text";
        assert_eq!(run_sides(prints, "read -r line"), None);
    }
}
