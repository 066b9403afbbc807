//! [`ProgramCase`]: what a program is given, and what it must do then.

use crate::ended::EndedProgram;
use crate::mounted_files::{FileNode, MountedFiles};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A folder that the program is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its name for the guest.
    pub guest: String,
    /// Whether the guest may only read it.
    pub read_only: bool,
}

/// What a program must print to standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorText {
    /// This and nothing else.
    Is(Vec<u8>),
    /// Whatever else, this too.
    Contains(Vec<u8>),
}

/// How a program must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseEnd {
    /// With this exit code.
    Exit(u32),
    /// With a trap that says this.
    Trap(String),
}

/// What must be at a path when the program has ended, and was not before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AfterNode {
    Is(FileNode),
    /// A file of so many bytes.
    Size(usize),
}

/// One run of a program.
#[derive(Clone, Debug)]
pub struct ProgramCase {
    /// What it is about, as a person would say it.
    pub name: String,
    /// Why another runtime does otherwise, where one may.
    pub differs: Option<String>,
    /// In the order in which they are given.
    pub mounts: Vec<Mount>,
    /// What lies in the mounts before the run.
    pub before: MountedFiles,
    /// Without the program's name.
    pub args: Vec<String>,
    /// Names and values.
    pub env: Vec<(String, String)>,
    /// What it may connect to, as rules of the network.
    pub connects: Vec<String>,
    /// Where it may listen, as such rules.
    pub listens: Vec<String>,
    /// All of standard input.
    pub stdin: Vec<u8>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: ErrorText,
    pub(crate) end: CaseEnd,
    pub(crate) after: Vec<(String, AfterNode)>,
}

impl ProgramCase {
    pub(crate) fn new(name: &str) -> ProgramCase {
        ProgramCase {
            name: name.to_owned(),
            differs: None,
            mounts: Vec::new(),
            before: MountedFiles::default(),
            args: Vec::new(),
            env: Vec::new(),
            connects: Vec::new(),
            listens: Vec::new(),
            stdin: Vec::new(),
            stdout: Vec::new(),
            stderr: ErrorText::Is(Vec::new()),
            end: CaseEnd::Exit(0),
            after: Vec::new(),
        }
    }

    /// The same for whoever is told success and failure by an exit, and no more.
    #[must_use]
    pub fn with_two_exit_codes(&self) -> ProgramCase {
        let end = match &self.end {
            CaseEnd::Exit(code) => CaseEnd::Exit(u32::from(*code != 0)),
            trap => trap.clone(),
        };
        ProgramCase { end, ..self.clone() }
    }

    /// The mount that a path lies in: the longest.
    pub(crate) fn mount_of(&self, path: &str) -> Option<&str> {
        let within =
            |mount: &str| path.strip_prefix(mount.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        self.mounts
            .iter()
            .map(|mount| mount.guest.as_str())
            .filter(|mount| within(mount))
            .max_by_key(|mount| mount.len())
    }

    /// Writes what lies in the mounts to folders within `scratch`, one for each mount.
    pub(crate) fn write_mounts(&self, scratch: &Path) -> Result<Vec<PathBuf>> {
        let write = |(at, mount): (usize, &Mount)| {
            let folder = scratch.join(at.to_string());
            std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            self.before.write_to(&mount.guest, &folder)?;
            Ok(folder)
        };
        self.mounts.iter().enumerate().map(write).collect()
    }

    /// What lies in the folders that stand for the mounts.
    pub(crate) fn read_mounts(&self, folders: &[PathBuf]) -> Result<MountedFiles> {
        let mut files = MountedFiles::default();
        for (mount, folder) in self.mounts.iter().zip(folders) {
            files.read_from(&mount.guest, folder)?;
        }
        Ok(files)
    }

    /// In what a run was otherwise than it must be, a line each.
    pub fn faults(&self, ended: &EndedProgram) -> Vec<String> {
        let mut faults = Vec::new();
        if ended.stdout != self.stdout {
            faults.push(format!("stdout is\n{}not\n{}", shown(&ended.stdout), shown(&self.stdout)));
        }
        if !self.is_stderr(ended) {
            let (how, text) = match &self.stderr {
                ErrorText::Is(text) => ("not", text),
                ErrorText::Contains(text) => ("without", text),
            };
            faults.push(format!("stderr is\n{}{how}\n{}", shown(&ended.stderr), shown(text)));
        }
        let right_end = match (&self.end, &ended.end) {
            (CaseEnd::Exit(expected), CaseEnd::Exit(code)) => code == expected,
            (CaseEnd::Trap(expected), CaseEnd::Trap(text)) => text.contains(expected),
            _ => false,
        };
        if !right_end {
            faults.push(format!("it ended with {:?}, not {:?}", ended.end, self.end));
        }
        self.compare_files(&ended.files, &mut faults);
        faults
    }

    fn is_stderr(&self, ended: &EndedProgram) -> bool {
        match &self.stderr {
            ErrorText::Is(text) if ended.stderr_has_trap => ended.stderr.starts_with(text),
            ErrorText::Is(text) => ended.stderr == *text,
            ErrorText::Contains(text) => ended.stderr.windows(text.len().max(1)).any(|window| window == text),
        }
    }

    fn compare_files(&self, files: &MountedFiles, faults: &mut Vec<String>) {
        let mut expected = self.before.clone();
        for (path, node) in &self.after {
            let node = match node {
                AfterNode::Is(node) => node.clone(),
                AfterNode::Size(size) => match files.get(path) {
                    Some(FileNode::File(bytes)) if bytes.len() == *size => FileNode::File(bytes.clone()),
                    found => {
                        faults.push(format!("{path} is {found:?}, not a file of {size} bytes"));
                        continue;
                    }
                },
            };
            expected.put(self.mount_of(path).unwrap_or_default(), path, node);
        }
        for (path, node) in expected.iter().filter(|(path, node)| files.get(path) != Some(*node)) {
            faults.push(format!("{path} is {:?}, not {node:?}", files.get(path)));
        }
        for (path, node) in files.iter().filter(|(path, _)| expected.get(path).is_none()) {
            if !self.after.iter().any(|(known, _)| known == path) {
                faults.push(format!("{path} is left behind: {node:?}"));
            }
        }
    }
}

/// What was printed, each line with a mark before it.
fn shown(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    text.lines().take(60).map(|line| format!("  | {}\n", line.escape_debug())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(stdout: &str, stderr: &str, end: CaseEnd) -> EndedProgram {
        let (stdout, stderr) = (stdout.as_bytes().to_vec(), stderr.as_bytes().to_vec());
        EndedProgram { stdout, stderr, stderr_has_trap: false, end, files: MountedFiles::default() }
    }

    #[test]
    fn each_way_to_be_wrong_is_told() {
        let mut case = ProgramCase::new("x");
        case.stdout = b"a\n".to_vec();
        assert!(case.faults(&ended("a\n", "", CaseEnd::Exit(0))).is_empty());
        let faults = case.faults(&ended("b\n", "e", CaseEnd::Exit(1)));
        assert_eq!(faults.len(), 3);
        assert_eq!(faults[0], "stdout is\n  | b\nnot\n  | a\n");
        assert_eq!(faults[2], "it ended with Exit(1), not Exit(0)");

        (case.stderr, case.end) = (ErrorText::Contains(b"why".to_vec()), CaseEnd::Trap("divide".into()));
        assert!(case.faults(&ended("a\n", "that is why.", CaseEnd::Trap("integer divide by zero".into()))).is_empty());
        assert_eq!(case.faults(&ended("a\n", "wh", CaseEnd::Trap("unreachable".into()))).len(), 2);
        assert_eq!(case.faults(&ended("a\n", "why", CaseEnd::Exit(134))).len(), 1);
    }

    #[test]
    fn files_that_are_missing_changed_or_left_behind_are_told() {
        let mut case = ProgramCase::new("x");
        case.mounts.push(Mount { guest: "/m".into(), read_only: false });
        let file = |text: &str| FileNode::File(text.into());
        case.before.put("/m", "/m/kept", file("k"));
        case.after.push(("/m/made/a".into(), AfterNode::Is(file("a"))));
        case.after.push(("/m/sized".into(), AfterNode::Size(3)));
        let mut right = case.before.clone();
        right.put("/m", "/m/made/a", file("a"));
        right.put("/m", "/m/sized", file("123"));
        let faults = |files: &MountedFiles| {
            let ended = EndedProgram { files: files.clone(), ..ended("", "", CaseEnd::Exit(0)) };
            case.faults(&ended)
        };
        assert!(faults(&right).is_empty());
        let mut wrong = right.clone();
        wrong.remove("/m/kept");
        wrong.put("/m", "/m/made/a", file("b"));
        wrong.put("/m", "/m/sized", file("12"));
        wrong.put("/m", "/m/more", FileNode::Folder);
        assert_eq!(
            faults(&wrong),
            [
                "/m/sized is Some(the file \"12\"), not a file of 3 bytes",
                "/m/kept is None, not the file \"k\"",
                "/m/made/a is Some(the file \"b\"), not the file \"a\"",
                "/m/more is left behind: a folder",
            ]
        );
    }

    #[test]
    fn a_path_lies_in_the_longest_mount() {
        let mut case = ProgramCase::new("x");
        case.mounts = ["/", "/a", "/ab"].map(|guest| Mount { guest: guest.into(), read_only: false }).into();
        assert_eq!(case.mount_of("/a/b"), Some("/a"));
        assert_eq!(case.mount_of("/abc"), Some("/"));
        assert_eq!(case.mount_of("/ab/c"), Some("/ab"));
    }
}
