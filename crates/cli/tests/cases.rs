//! Cases that stand beside this repository, each with its right outcome in its first lines: run where `GUSSET_CASES` names their
//! folder, which only `.ci/run` does. Tests of ours for the same things stand in the tree.

use crate::program::{NO_CACHE, ScratchFolder, gusset_within};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// The environment variable that names the folder of the cases.
const CASES: &str = "GUSSET_CASES";

/// How long one input may keep the program: ten times what is expected of it, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(100);

/// How much memory one input may cost.
const MEMORY_LIMIT_KIB: u64 = 1 << 20;

/// The names of `shapes.py` with sizes that take a moment.
const SHAPES: &[(&str, u32, u32)] = &[
    ("blocks", 20_000, 2_000),
    ("loops", 200, 200),
    ("readers", 400, 400),
    ("ifs", 4_000, 400),
    ("table", 4_000, 5),
    ("locals", 1_000, 10_000),
    ("refs", 1_000, 2_000),
    ("dag", 11, 1_000),
    ("labels", 10_000, 1_000),
];

/// Says so past the test harness, which keeps to itself what tests that pass print.
fn not_run(why: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "cases NOT run: {why}");
}

/// The files in the folder of the cases that end in `extension`; none, visibly, where there is no folder.
fn cases(extension: &str) -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os(CASES) else {
        not_run(format_args!("{CASES} names no folder"));
        return Vec::new();
    };
    let entries = Path::new(&folder).read_dir().unwrap_or_else(|error| panic!("{CASES}: {error}"));
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == extension)).collect();
    found.sort();
    assert!(!found.is_empty(), "there are no .{extension} files in {CASES}");
    found
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("there is id");
    output.stdout == b"0\n"
}

#[test]
fn scripts_of_the_shell() {
    let folder = ScratchFolder::new();
    folder.share();
    let mut failed = Vec::new();
    for case in cases("sh") {
        let source = std::fs::read_to_string(&case).expect("a case is text");
        if source.contains("setpriv") && !is_root() {
            not_run(format_args!("{} needs root", case.display()));
            continue;
        }
        let mut command = Command::new("bash");
        command
            .arg(&case)
            .env("GUSSET", env!("CARGO_BIN_EXE_gusset"))
            .env("TMPDIR", folder.path(""))
            .env(NO_CACHE.0, NO_CACHE.1);
        let output = command.output().expect("there is bash");
        if !output.status.success() {
            failed.push(format!("{}: {}\n{}", case.display(), output.status, text(&output)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn scripts_of_directives() {
    for case in cases("wast") {
        let ended = gusset_within(PATIENCE, ["wast".as_ref(), case.as_os_str()]);
        assert_eq!(ended.code, Some(0), "{}: {}{}", case.display(), ended.stdout, ended.stderr);
    }
}

/// Each is compiled or refused, within bounds.
#[test]
fn shapes() {
    let Some(program) = cases("py").into_iter().find(|path| path.ends_with("shapes.py")) else { return };
    if Command::new("python3").arg("--version").output().is_err() {
        not_run(format_args!("there is no python3"));
        return;
    }
    let folder = ScratchFolder::new();
    let mut failed = Vec::new();
    for &(name, n, m) in SHAPES {
        let output = Command::new("python3").arg(&program).args([name, &n.to_string(), &m.to_string()]).output();
        let output = output.expect("there is python3");
        assert!(output.status.success(), "{name}: {}", text(&output));
        let file = folder.file(&format!("{name}.wat"), &output.stdout);
        let call = if ["dag", "labels"].contains(&name) { "f()" } else { "f(1)" };
        let ended = gusset_within(PATIENCE, ["run", &file, "--invoke", call]);
        let refused =
            ended.code == Some(1) && ended.stderr.starts_with("error: ") && !ended.stderr.contains("internal");
        let frugal = ended.peak_kib.is_none_or(|peak| peak < MEMORY_LIMIT_KIB);
        if !(frugal && (ended.code == Some(0) || refused)) {
            let said: String = ended.stderr.chars().take(500).collect();
            failed.push(format!("{name} {n} {m}: exit code {:?}, peak {:?} KiB\n{said}", ended.code, ended.peak_kib));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
