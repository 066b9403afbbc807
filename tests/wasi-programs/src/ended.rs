//! [`EndedProgram`]: what a program did, however it was run.

use crate::case::CaseEnd;
use crate::mounted_files::MountedFiles;

/// What a program did.
#[derive(Debug)]
pub struct EndedProgram {
    /// All of standard output.
    pub stdout: Vec<u8>,
    /// All of standard error.
    pub stderr: Vec<u8>,
    /// Whether what ran the program tells of a trap in standard error, behind what the program printed there.
    pub stderr_has_trap: bool,
    /// How it ended. A trap has all that is told of it.
    pub end: CaseEnd,
    /// What lies in its mounts now.
    pub files: MountedFiles,
}
