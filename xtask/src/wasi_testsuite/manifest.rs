//! What a manifest of wasi-testsuite says of a program: how it is run and what it must do. A key that is not known here is an
//! error: it may say what nobody would check.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is said of a whole folder of programs, in its `manifest.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuiteManifest {
    pub(super) name: String,
    /// The target of its programs, such as `wasm32-wasip1`.
    pub(super) version: String,
}

/// What is said of one program, in the file of its name that ends in `.json`; without one, nothing is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ProgramManifest {
    pub(super) args: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    /// The folder, beside the manifest, that the program gets as `/`.
    pub(super) root: Option<String>,
    pub(super) exit_code: i32,
    /// All that it must print, where that is said.
    pub(super) stdout: Option<String>,
    pub(super) stderr: Option<String>,
}

impl SuiteManifest {
    pub(super) fn read(file: &Path) -> Result<SuiteManifest> {
        parse(&text(file)?, file)
    }
}

impl ProgramManifest {
    /// The manifest of a program.
    pub(super) fn of(program: &Path) -> Result<ProgramManifest> {
        let file = program.with_extension("json");
        if file.exists() { parse(&text(&file)?, &file) } else { Ok(ProgramManifest::default()) }
    }
}

fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

fn parse<'a, M: Deserialize<'a>>(text: &'a str, file: &Path) -> Result<M> {
    serde_json::from_str(text).with_context(|| format!("{} is no manifest that this runner knows", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Result<ProgramManifest> {
        parse(text, Path::new("a/b.json"))
    }

    #[test]
    fn all_that_a_manifest_may_say_is_read() {
        let read = manifest(
            r#"{ "args": ["one", "the \"second\""], "env": { "c": "new\nline", "a": "b" }, "root": "fs-tests.dir",
                 "exit_code": 33, "stdout": "hello", "stderr": "" }"#,
        );
        let read = read.unwrap();
        assert_eq!(read.args, ["one", "the \"second\""]);
        let env: Vec<(&str, &str)> = read.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(env, [("a", "b"), ("c", "new\nline")]);
        assert_eq!(read.root.as_deref(), Some("fs-tests.dir"));
        assert_eq!(read.exit_code, 33);
        assert_eq!((read.stdout.as_deref(), read.stderr.as_deref()), (Some("hello"), Some("")));
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let read = manifest("{}").unwrap();
        assert!(read.args.is_empty() && read.env.is_empty() && read.root.is_none());
        assert_eq!((read.exit_code, read.stdout, read.stderr), (0, None, None));
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_errors_that_name_the_file() {
        let error = |text: &str| format!("{:#}", manifest(text).unwrap_err());
        for (text, why) in [
            (r#"{ "operations": [] }"#, "unknown field `operations`"),
            (r#"{ "stdin": "x" }"#, "unknown field `stdin`"),
            (r#"{ "exit_code": "1" }"#, "invalid type: string"),
            (r#"{ "args": [1] }"#, "invalid type: integer"),
            ("{", "EOF"),
        ] {
            let error = error(text);
            assert!(error.starts_with("a/b.json is no manifest that this runner knows: "), "{error}");
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_suite_has_a_name_and_a_version() {
        let read: SuiteManifest = parse(r#"{ "name": "N", "version": "wasm32-wasip1" }"#, Path::new("m")).unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str()), ("N", "wasm32-wasip1"));
        assert!(parse::<SuiteManifest>(r#"{ "name": "N" }"#, Path::new("m")).is_err());
        assert!(parse::<SuiteManifest>(r#"{ "name": "N", "version": "v", "world": "w" }"#, Path::new("m")).is_err());
    }
}
