//! Everything that can be asked of a directory about a path.

use crate::folder::{BOTH, CREATE, DIRECTORY, READ, path};
use gusset_wasi::{Descriptor, Directory, ErrorCode, OpenOptions, SetTime, SetTimes, WasiResult};
use std::time::Duration;

/// What is asked, by what name it goes, and whether it follows a symbolic link at the end of the path.
pub struct Operation {
    pub name: &'static str,
    pub follows: bool,
    pub run: fn(&dyn Directory, &str) -> WasiResult<()>,
}

fn open(directory: &dyn Directory, name: &str, options: OpenOptions) -> WasiResult<()> {
    match directory.open(path(name), options)? {
        Descriptor::File(file) if options.write => file.write_at(b"!", 0).map(drop),
        Descriptor::File(file) => file.read_at(&mut [0; 8], 0).map(drop),
        Descriptor::Directory(directory) => directory.entries()?.try_for_each(|entry| entry.map(drop)),
        _ => Ok(()),
    }
}

fn times() -> SetTimes {
    let time = Some(SetTime::At(Duration::from_secs(1)));
    SetTimes { accessed: time, modified: time }
}

const STAY: OpenOptions = OpenOptions { follow: false, ..READ };

/// All of them. A `file` and an empty directory, `empty`, are there to be moved and linked; `spare` is not there.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "open", follows: true, run: |at, name| open(at, name, READ) },
    Operation { name: "open, staying", follows: false, run: |at, name| open(at, name, STAY) },
    Operation { name: "write", follows: true, run: |at, name| open(at, name, BOTH) },
    Operation {
        name: "truncate",
        follows: true,
        run: |at, name| open(at, name, OpenOptions { truncate: true, ..BOTH }),
    },
    Operation { name: "create", follows: true, run: |at, name| open(at, name, CREATE) },
    Operation {
        name: "create, exclusively",
        follows: false,
        run: |at, name| open(at, name, OpenOptions { exclusive: true, ..CREATE }),
    },
    Operation { name: "list", follows: true, run: |at, name| open(at, name, DIRECTORY) },
    Operation {
        name: "list, staying",
        follows: false,
        run: |at, name| open(at, name, OpenOptions { follow: false, ..DIRECTORY }),
    },
    Operation { name: "metadata", follows: true, run: |at, name| at.metadata(path(name), true).map(drop) },
    Operation { name: "metadata, staying", follows: false, run: |at, name| at.metadata(path(name), false).map(drop) },
    Operation { name: "read_link", follows: false, run: |at, name| at.read_link(path(name)).map(drop) },
    Operation { name: "create_directory", follows: false, run: |at, name| at.create_directory(path(name)) },
    Operation { name: "remove_directory", follows: false, run: |at, name| at.remove_directory(path(name)) },
    Operation { name: "unlink_file", follows: false, run: |at, name| at.unlink_file(path(name)) },
    Operation { name: "symlink", follows: false, run: |at, name| at.symlink("empty", path(name)) },
    Operation { name: "rename from", follows: false, run: |at, name| at.rename(path(name), at, path("spare")) },
    Operation { name: "rename to", follows: false, run: |at, name| at.rename(path("file"), at, path(name)) },
    Operation {
        name: "rename a directory to",
        follows: false,
        run: |at, name| at.rename(path("empty"), at, path(name)),
    },
    Operation { name: "link from", follows: false, run: |at, name| at.link(path(name), false, at, path("spare")) },
    Operation {
        name: "link from, following",
        follows: true,
        run: |at, name| at.link(path(name), true, at, path("spare")),
    },
    Operation { name: "link to", follows: false, run: |at, name| at.link(path("file"), false, at, path(name)) },
    Operation { name: "set_times", follows: true, run: |at, name| at.set_times(path(name), true, times()) },
    Operation { name: "set_times, staying", follows: false, run: |at, name| at.set_times(path(name), false, times()) },
];

impl Operation {
    /// What it is refused with, if it is.
    pub fn refusal(&self, directory: &dyn Directory, name: &str) -> Option<ErrorCode> {
        (self.run)(directory, name).err().map(|error| error.code().expect("a code"))
    }
}
