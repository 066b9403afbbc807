//! A temporary folder with a [`HostDirectory`] of it, and short ways to ask for things.

use gusset_wasi::{
    Descriptor, Directory, ErrorCode, File, HostDirectory, OpenOptions, RelativePath, Stream, WasiResult,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// `inside`, which guests are given, and around it what they must not reach.
pub struct TestFolder {
    around: TempDir,
    pub inside: HostDirectory,
}

impl TestFolder {
    pub fn new() -> TestFolder {
        let around = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(around.path().join("inside")).expect("a folder");
        let inside = HostDirectory::open(around.path().join("inside")).expect("a directory");
        TestFolder { around, inside }
    }

    /// A path in what guests are given, as the host has it.
    pub fn at(&self, path: &str) -> PathBuf {
        self.around.path().join("inside").join(path)
    }

    /// A path outside.
    pub fn outside(&self, path: &str) -> PathBuf {
        self.around.path().join(path)
    }

    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        std::fs::write(self.at(path), contents).expect(path);
    }

    pub fn make_directory(&self, path: &str) {
        std::fs::create_dir_all(self.at(path)).expect(path);
    }

    pub fn symlink(&self, target: impl AsRef<Path>, path: &str) {
        std::os::unix::fs::symlink(target, self.at(path)).expect(path);
    }

    pub fn fifo(&self, path: &str) {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, self.at(path), FileType::Fifo, Mode::RWXU, 0).expect(path);
    }
}

pub const READ: OpenOptions = OpenOptions {
    read: true,
    write: false,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    follow: true,
    nonblocking: false,
};
pub const WRITE: OpenOptions = OpenOptions { read: false, write: true, ..READ };
pub const BOTH: OpenOptions = OpenOptions { write: true, ..READ };
pub const CREATE: OpenOptions = OpenOptions { create: true, ..BOTH };
pub const DIRECTORY: OpenOptions = OpenOptions { directory: true, ..READ };

pub fn path(path: &str) -> RelativePath<'_> {
    RelativePath::new(path).expect("a relative path")
}

pub fn file(directory: &dyn Directory, name: &str, options: OpenOptions) -> WasiResult<Arc<dyn File>> {
    match directory.open(path(name), options)? {
        Descriptor::File(file) => Ok(file),
        _ => panic!("{name} is no file"),
    }
}

pub fn subdirectory(directory: &dyn Directory, name: &str) -> WasiResult<Arc<dyn Directory>> {
    match directory.open(path(name), DIRECTORY)? {
        Descriptor::Directory(directory) => Ok(directory),
        _ => panic!("{name} is no directory"),
    }
}

pub fn stream(directory: &dyn Directory, name: &str, options: OpenOptions) -> WasiResult<Arc<dyn Stream>> {
    match directory.open(path(name), options)? {
        Descriptor::Stream(stream) => Ok(stream),
        _ => panic!("{name} is no stream"),
    }
}

/// The names in a directory, sorted.
pub fn names(directory: &dyn Directory) -> Vec<String> {
    let mut names: Vec<String> =
        directory.entries().expect("a listing").map(|entry| entry.expect("an entry").name).collect();
    names.sort();
    names
}

/// What a refusal says; that it is none is the caller's failure.
#[track_caller]
pub fn refused<T>(result: WasiResult<T>) -> ErrorCode {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.code().expect("a code"),
    }
}
