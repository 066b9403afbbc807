//! Programs that compilers of several languages made for WASI, and what each must do: `cases/NAME.txt` says what a program is given and
//! what it must print, end with and leave behind, and every way to run programs is held against it.
#![forbid(unsafe_code)]

mod case;
mod case_file;
mod conversation;
mod ended;
mod in_component;
mod in_library;
mod in_process;
mod in_threads;
mod line_text;
mod mounted_files;

pub use case::{CaseEnd, ErrorText, Mount, ProgramCase};
pub use case_file::{CaseFile, case_files, program};
pub use conversation::Conversation;
pub use ended::EndedProgram;
pub use in_component::{AdaptedPrograms, GuestWaits, is_component};
pub use in_library::{CompiledPrograms, LibraryFiles};
pub use in_process::run_in_process;
pub use in_threads::{has_threads, run_threads};
pub use mounted_files::{FileNode, MountedFiles};
