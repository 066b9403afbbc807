//! Runs one program of wasi-testsuite in a process of `gusset` as its manifest says, and tells in what it did otherwise.

use super::manifest::ProgramManifest;
use crate::watch::{ProgramEnd, watch};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a program may run.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What tests name that they leave behind.
const LEFT_BEHIND: &str = "cleanup";

/// Runs a program, as a component if it goes `via_adapter`; why it failed, or nothing if it did as it must.
pub(super) fn run(gusset: &Path, program: &Path, via_adapter: bool) -> Result<Option<String>> {
    let manifest = ProgramManifest::of(program)?;
    let folder = program.parent().context("a program lies in a folder")?;
    let root = manifest.root.as_ref().map(|root| folder.join(root));
    if let Some(root) = &root {
        remove_left_behind(root)?;
    }
    let ended = watch(&mut command(gusset, program, &manifest, root.as_deref(), via_adapter), TIME_LIMIT);
    if let Some(root) = &root {
        remove_left_behind(root)?;
    }
    Ok(fault(&ended.with_context(|| format!("cannot run {}", gusset.display()))?, &manifest))
}

fn command(
    gusset: &Path,
    program: &Path,
    manifest: &ProgramManifest,
    root: Option<&Path>,
    via_adapter: bool,
) -> Command {
    let mut command = Command::new(gusset);
    command.args(["run", "--no-cache"]);
    if via_adapter {
        command.arg("--via-adapter");
    }
    for (name, value) in &manifest.env {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    if let Some(root) = root {
        let mut mapped = root.as_os_str().to_owned();
        mapped.push("::/");
        command.arg("--dir").arg(mapped);
    }
    command.arg(program).args(&manifest.args).stdin(Stdio::null());
    command
}

/// Removes what ends in `.cleanup`, in a folder and in those within it. No symbolic link is followed.
fn remove_left_behind(root: &Path) -> Result<()> {
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let (path, is_folder) = (entry.path(), entry.file_type()?.is_dir());
            if path.extension().is_some_and(|extension| extension == LEFT_BEHIND) {
                remove(&path, is_folder).with_context(|| format!("cannot remove {}", path.display()))?;
            } else if is_folder {
                folders.push(path);
            }
        }
    }
    Ok(())
}

fn remove(path: &PathBuf, is_folder: bool) -> std::io::Result<()> {
    if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
}

/// In what a program did otherwise than its manifest says.
fn fault(ended: &ProgramEnd, manifest: &ProgramManifest) -> Option<String> {
    let Some(status) = ended.status else {
        return Some(format!("it ran for more than {} s{}", TIME_LIMIT.as_secs(), ended.said()));
    };
    if status.code() != Some(manifest.exit_code) {
        return Some(format!("{status}, not {}{}", manifest.exit_code, ended.said()));
    }
    let differs = |name: &str, printed: &[u8], expected: &Option<String>| {
        let expected = expected.as_ref().filter(|expected| expected.as_bytes() != printed)?;
        Some(format!("{name} is {:?}, not {expected:?}", String::from_utf8_lossy(printed)))
    };
    differs("stdout", &ended.stdout, &manifest.stdout).or_else(|| differs("stderr", &ended.stderr, &manifest.stderr))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> ProgramEnd {
        watch(Command::new("sh").args(["-c", script]).stdin(Stdio::null()), limit).unwrap()
    }

    fn expect(exit_code: i32, stdout: Option<&str>, stderr: Option<&str>) -> ProgramManifest {
        let text = |text: Option<&str>| text.map(str::to_owned);
        ProgramManifest { exit_code, stdout: text(stdout), stderr: text(stderr), ..ProgramManifest::default() }
    }

    #[test]
    fn what_a_program_does_is_held_against_its_manifest() {
        let ended = shell("echo out; echo err >&2; exit 3", TIME_LIMIT);
        assert_eq!(fault(&ended, &expect(3, None, None)), None);
        assert_eq!(fault(&ended, &expect(3, Some("out\n"), Some("err\n"))), None);
        assert_eq!(fault(&ended, &expect(0, None, None)).unwrap(), "exit status: 3, not 0; it says: err");
        assert_eq!(fault(&ended, &expect(3, Some("out"), None)).unwrap(), r#"stdout is "out\n", not "out""#);
        assert_eq!(fault(&ended, &expect(3, None, Some(""))).unwrap(), r#"stderr is "err\n", not """#);
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let ended = shell("exec sleep 600", Duration::from_millis(20));
        assert_eq!(fault(&ended, &expect(0, None, None)).unwrap(), "it ran for more than 60 s");
    }

    #[test]
    fn a_program_gets_what_its_manifest_says() {
        let manifest = ProgramManifest {
            args: vec!["a b".into(), "--c".into()],
            env: [("K".to_owned(), "v=w".to_owned())].into(),
            ..ProgramManifest::default()
        };
        for (via_adapter, options) in
            [(false, &["run", "--no-cache"][..]), (true, &["run", "--no-cache", "--via-adapter"])]
        {
            let command =
                command(Path::new("gusset"), Path::new("p.wasm"), &manifest, Some(Path::new("/r")), via_adapter);
            let arguments: Vec<_> = command.get_args().collect();
            let expected = [options, &["--env", "K=v=w", "--dir", "/r::/", "p.wasm", "a b", "--c"]].concat();
            assert_eq!(arguments, expected);
        }
    }

    #[test]
    fn only_what_ends_in_cleanup_is_removed() {
        let root = std::env::temp_dir().join(format!("gusset-wasi-testsuite-{}", std::process::id()));
        for file in ["kept", "a.cleanup", "dir/b.cleanup", "dir/kept.txt", "dir.cleanup/c"] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        remove_left_behind(&root).unwrap();
        let there =
            ["kept", "dir/kept.txt", "a.cleanup", "dir/b.cleanup", "dir.cleanup"].map(|file| root.join(file).exists());
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(there, [true, true, false, false, false]);
    }
}
