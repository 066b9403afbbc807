//! The example composition, run by the program as its README says: every case of its `cases.txt`.

use std::path::{Path, PathBuf};
use std::process::Command;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/text-pipeline")
}

/// Runs a composition and returns what it printed to standard output.
fn invoke(pipeline: &Path, call: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gusset"))
        .arg("run")
        .arg(pipeline)
        .args(["--invoke", call])
        .output()
        .expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{call}\n{}\n{errors}", output.status);
    String::from_utf8(output.stdout).expect("WAVE is UTF-8")
}

/// Runs every case of `cases.txt` with a composition.
fn check_cases(pipeline: &Path) {
    let cases = std::fs::read_to_string(example().join("cases.txt")).expect("the example has cases");
    let (mut note, mut call, mut ran) = ("", "", 0);
    for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ').expect("a word, then its text") {
            ("case", text) => note = text,
            ("invoke", text) => call = text,
            ("expect", text) => {
                assert_eq!(invoke(pipeline, call).trim_end_matches('\n'), text, "case {note}");
                ran += 1;
            }
            (word, _) => panic!("`{word}` is not a word of case files"),
        }
    }
    assert!(ran >= 10, "only {ran} cases ran");
}

#[test]
fn every_case_gives_its_answer() {
    check_cases(&example().join("pipeline.wasm"));
}

/// The built files are what the sources say: built anew, they answer the same.
#[test]
#[ignore = "needs the guest toolchains that the example's README names; run with --ignored"]
fn a_rebuilt_composition_gives_the_same_answers() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let copied = Command::new("cp").arg("-R").arg(example()).arg(folder.path()).status();
    assert!(copied.expect("there is cp").success());
    let example = folder.path().join("text-pipeline");
    std::fs::remove_file(example.join("pipeline.wasm")).expect("it was copied");
    let built = Command::new("sh").arg(example.join("build.sh")).status().expect("there is sh");
    assert!(built.success(), "the build failed; it says what is missing");
    check_cases(&example.join("pipeline.wasm"));
}

#[test]
fn adapters_are_listed_with_who_calls_whom() {
    let output = Command::new(env!("CARGO_BIN_EXE_gusset"))
        .arg("adapters")
        .arg(example().join("pipeline.wasm"))
        .output()
        .expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("text is UTF-8");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for function in ["docs:text/parse@0.1.0#blocks", "docs:text/transform@0.1.0#arrange", "docs:text/parse@0.1.0#spans"]
    {
        assert!(text.contains(function), "no adapter for {function}");
    }
    assert!(text.contains("(module"));
}
