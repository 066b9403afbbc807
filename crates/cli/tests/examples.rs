//! The example composition, run by the program as its README says: every case of its `cases.txt`.

use std::path::{Path, PathBuf};
use std::process::Command;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/text-pipeline")
}

/// Runs the composition and returns what it printed to standard output.
fn invoke(call: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gusset"))
        .arg("run")
        .arg(example().join("pipeline.wasm"))
        .args(["--invoke", call])
        .output()
        .expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{call}\n{}\n{errors}", output.status);
    String::from_utf8(output.stdout).expect("WAVE is UTF-8")
}

#[test]
fn every_case_gives_its_answer() {
    let cases = std::fs::read_to_string(example().join("cases.txt")).expect("the example has cases");
    let (mut note, mut call, mut ran) = ("", "", 0);
    for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(' ').expect("a word, then its text") {
            ("case", text) => note = text,
            ("invoke", text) => call = text,
            ("expect", text) => {
                assert_eq!(invoke(call).trim_end_matches('\n'), text, "case {note}");
                ran += 1;
            }
            (word, _) => panic!("`{word}` is not a word of case files"),
        }
    }
    assert!(ran >= 10, "only {ran} cases ran");
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
