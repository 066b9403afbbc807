//! What a newcomer does wrong, and what the program says to it, word for word: a file of `mistakes/` for each. `GUSSET_BLESS=1`
//! rewrites what they say; look at the difference.
//!
//! A file opens with what the mistake is. Then come sections, each with a head `=== KIND`: `file NAME` for each file that there is, `input
//! NAME` for one that is in `mistakes/inputs`, `unless root` where root is above such mistakes, `run` for what is typed into a shell beside those files; and, written by the test, `exit
//! CODE`, `stdout` and `stderr`, without those that are empty.

use crate::program::{ScratchFolder, shell};
use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where the files are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mistakes");

/// What the head of a section starts with.
const HEAD: &str = "=== ";

/// A mistake: the parts of its file.
struct Mistake<'a> {
    /// Everything before what the test writes.
    given: &'a str,
    files: Vec<(&'a str, String)>,
    line: &'a str,
    unless_root: bool,
}

impl Mistake<'_> {
    fn parse(text: &str) -> Mistake<'_> {
        let given = text.find("\n=== exit ").map_or(text, |end| &text[..=end]);
        let mut mistake = Mistake { given, files: Vec::new(), line: "", unless_root: false };
        let heads: Vec<usize> = given.match_indices("\n=== ").map(|(at, _)| at + 1).collect();
        let ends = heads.iter().skip(1).copied().chain([given.len()]);
        for (start, end) in heads.iter().copied().zip(ends) {
            let (head, body) = given[start + HEAD.len()..end].split_once('\n').expect("a head is a line");
            match head.split_once(' ') {
                Some(("file", name)) => mistake.files.push((name, body.to_string())),
                Some(("input", name)) => {
                    let input = Path::new(FOLDER).join("inputs").join(name);
                    mistake.files.push((name, std::fs::read_to_string(input).expect("the input is there")));
                }
                Some(("unless", "root")) => mistake.unless_root = true,
                None if head == "run" => mistake.line = body,
                _ => panic!("there is no section `{head}`"),
            }
        }
        assert!(!mistake.line.trim().is_empty(), "there is a line to run");
        assert!(!given.starts_with(HEAD), "the mistake is told first");
        mistake
    }

    /// Makes the mistake: its file as it should be.
    fn make(&self) -> String {
        let scratch = ScratchFolder::new();
        for (name, contents) in &self.files {
            scratch.file(name, contents.as_bytes());
        }
        let ended = shell(Path::new(&scratch.path("")), self.line);
        let code = ended.code.map_or("by a signal".into(), |code| code.to_string());
        let mut text = format!("{}{HEAD}exit {code}\n", self.given);
        for (name, output) in [("stdout", &ended.stdout), ("stderr", &ended.stderr)] {
            if !output.is_empty() {
                assert!(output.ends_with('\n'), "the last line of {name} ends: {output}");
                let _ = write!(text, "{HEAD}{name}\n{output}");
            }
        }
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        text
    }
}

fn compare(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let mistake = Mistake::parse(&text);
    if mistake.unless_root && std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        println!("not run: {}: this is root", path.display());
        return Ok(());
    }
    let actual = mistake.make();
    if std::env::var_os("GUSSET_BLESS").is_some() {
        return std::fs::write(path, actual).map_err(|error| error.to_string());
    }
    if text == actual {
        return Ok(());
    }
    Err(format!("it says something else now (`cargo xtask bless` rewrites it)\n--- now\n{actual}"))
}

#[test]
fn are_answered_as_their_files_say() {
    let files = std::fs::read_dir(FOLDER).expect("the folder is there").map(|file| file.expect("readable").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|name| name == "txt")).collect();
    files.sort();
    assert!(files.len() > 60, "mistakes are there");
    let failed = files.iter().filter_map(|file| Some(format!("{}: {}", file.display(), compare(file).err()?)));
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
