//! The example compositions, run by the program as their READMEs say: every case of each `cases.txt`.

use crate::program::shell;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An example: its folder, and its composition in there.
struct Example {
    folder: &'static str,
    composition: &'static str,
}

const TEXT_PIPELINE: Example = Example { folder: "text-pipeline", composition: "pipeline.wasm" };
const WORD_INDEX: Example = Example { folder: "word-index", composition: "words.wasm" };

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

impl Example {
    fn composition(&self) -> PathBuf {
        examples().join(self.folder).join(self.composition)
    }

    /// Runs every case of `cases.txt` with a composition.
    fn check_cases(&self, composition: &Path) {
        let cases = std::fs::read_to_string(examples().join(self.folder).join("cases.txt"));
        let cases = cases.expect("the example has cases");
        let (mut note, mut call, mut ran) = ("", "", 0);
        for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_once(' ').expect("a word, then its text") {
                ("case", text) => note = text,
                ("invoke", text) => call = text,
                ("expect", text) => {
                    assert_eq!(invoke(composition, call).trim_end_matches('\n'), text, "case {note}");
                    ran += 1;
                }
                (word, _) => panic!("`{word}` is not a word of case files"),
            }
        }
        assert!(ran >= 10, "only {ran} cases ran");
    }

    /// Built anew from its sources, the composition gives the same answers.
    fn check_rebuilt(&self) {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        for folder in ["guest", self.folder] {
            let copied = Command::new("cp").arg("-R").arg(examples().join(folder)).arg(scratch.path()).status();
            assert!(copied.expect("there is cp").success());
        }
        let example = scratch.path().join(self.folder);
        let composition = example.join(self.composition);
        std::fs::remove_file(&composition).expect("it was copied");
        let built = Command::new("sh").arg(example.join("build.sh")).status().expect("there is sh");
        assert!(built.success(), "the build failed; it says what is missing");
        self.check_cases(&composition);
    }
}

/// Runs a composition and returns what it printed to standard output.
fn invoke(composition: &Path, call: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gusset"))
        .arg("run")
        .arg(composition)
        .args(["--invoke", call])
        .output()
        .expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{call}\n{}\n{errors}", output.status);
    String::from_utf8(output.stdout).expect("WAVE is UTF-8")
}

/// What `gusset adapters` prints of an example's composition.
fn adapters(example: &Example) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gusset"))
        .arg("adapters")
        .arg(example.composition())
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text is UTF-8")
}

#[test]
fn every_case_of_the_text_pipeline_gives_its_answer() {
    TEXT_PIPELINE.check_cases(&TEXT_PIPELINE.composition());
}

#[test]
fn every_case_of_the_word_index_gives_its_answer() {
    WORD_INDEX.check_cases(&WORD_INDEX.composition());
}

#[test]
#[ignore = "needs the guest toolchains that the example's README names; run with --ignored"]
fn a_rebuilt_text_pipeline_gives_the_same_answers() {
    TEXT_PIPELINE.check_rebuilt();
}

#[test]
#[ignore = "needs the guest toolchains that the example's README names; run with --ignored"]
fn a_rebuilt_word_index_gives_the_same_answers() {
    WORD_INDEX.check_rebuilt();
}

#[test]
fn adapters_are_listed_with_who_calls_whom() {
    let text = adapters(&TEXT_PIPELINE);
    for function in ["docs:text/parse@0.1.0#blocks", "docs:text/transform@0.1.0#arrange", "docs:text/parse@0.1.0#spans"]
    {
        assert!(text.contains(function), "no adapter for {function}");
    }
    assert!(text.contains("(module"));
}

/// Handles go through adapters, and what the components import, destructors among it, through wit-component's shims.
#[test]
fn the_word_index_passes_resources_through_adapters_and_shims() {
    let text = adapters(&WORD_INDEX);
    for function in [
        "keeper -> indexer docs:words/indexing@0.1.0#[static]index.merge",
        "front -> keeper docs:words/sessions@0.1.0#[constructor]session",
        "front -> keeper docs:words/sessions@0.1.0#best",
        "front -> keeper docs:words/sessions@0.1.0#gather",
    ] {
        assert!(text.contains(function), "no adapter for {function}");
    }
    let bytes = std::fs::read(WORD_INDEX.composition()).expect("the composition is there");
    for name in ["wit-component-shim-module", "dtor-index", "dtor-session"] {
        assert!(bytes.windows(name.len()).any(|window| window == name.as_bytes()), "no {name}");
    }
}

/// Each command of the README that runs something, followed by what it prints.
#[test]
fn the_readme_shows_what_its_commands_print() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    let mut blocks = readme.split("```").skip(1).step_by(2);
    let mut ran = 0;
    while let Some(block) = blocks.next() {
        let Some(command) = block.strip_prefix("sh\n").filter(|command| command.contains("-- run ")) else { continue };
        let expected = blocks.next().and_then(|block| block.strip_prefix("text\n")).expect("what it prints follows");
        let ended = shell(&root, &command.replace("cargo run --release --", "gusset"));
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), expected, ""), "{command}");
        ran += 1;
    }
    assert_eq!(ran, 2);
}
