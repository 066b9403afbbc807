//! Operations on files as lines of text, so that one suite serves all file systems: `mkdir a`, `write a/x hello`, `mv a b`. Each gives a
//! line, `ok` or the error's name where nothing is to be told.

use gusset_wasi::{
    Descriptor, Directory, ErrorCode, File, FileType, Metadata, OpenOptions, RelativePath, SetTime, SetTimes,
    WasiError, WasiResult,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A file system at work: its root, and what was opened by `hold`.
pub(crate) struct Session {
    root: Arc<dyn Directory>,
    held: BTreeMap<String, Descriptor>,
}

impl Session {
    pub(crate) fn new(root: Arc<dyn Directory>) -> Session {
        Session { root, held: BTreeMap::new() }
    }

    /// Runs a line: an operation on paths from the root; `hold NAME FLAGS PATH`, `release NAME`; or `@NAME` and an operation on that.
    pub(crate) fn run(&mut self, line: &str) -> String {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let outcome = match word() {
            "hold" => {
                let (name, flags, path) = (word(), word(), word());
                self.open(flags, path).map(|opened| {
                    let kind = kind(&opened);
                    self.held.insert(name.to_owned(), opened);
                    kind.to_owned()
                })
            }
            "release" => {
                self.held.remove(word());
                Ok("ok".to_owned())
            }
            first if first.starts_with('@') => {
                let words: Vec<&str> = words.collect();
                match self.held.get(&first[1..]) {
                    None => Ok("not held".to_owned()),
                    Some(Descriptor::Directory(directory)) => self.on_directory(&directory.clone(), &words),
                    Some(Descriptor::File(file)) => on_file(&**file, &words),
                    Some(_) => panic!("{line}: neither file nor directory"),
                }
            }
            first => {
                let words: Vec<&str> = [first].into_iter().chain(words).collect();
                self.on_directory(&self.root.clone(), &words)
            }
        };
        match outcome {
            Ok(text) if text.is_empty() => "empty".to_owned(),
            Ok(text) => text,
            Err(error) => format!("{:?}", code(&error)),
        }
    }

    fn open(&self, flags: &str, path: &str) -> WasiResult<Descriptor> {
        self.root.open(RelativePath::new(path)?, options(flags))
    }

    fn on_directory(&self, directory: &Arc<dyn Directory>, words: &[&str]) -> WasiResult<String> {
        let path = |at: usize| Ok::<_, WasiError>(RelativePath::new(words[at])?);
        let directory = &**directory;
        let done = match words[0] {
            "mkdir" => directory.create_directory(path(1)?),
            "rmdir" => directory.remove_directory(path(1)?),
            "rm" => directory.unlink_file(path(1)?),
            "symlink" => directory.symlink(words[1], path(2)?),
            "link" => directory.link(path(1)?, false, &*self.target(words, 3), path(2)?),
            "link-follow" => directory.link(path(1)?, true, &*self.target(words, 3), path(2)?),
            "mv" => directory.rename(path(1)?, &*self.target(words, 3), path(2)?),
            "touch" => directory.set_times(path(1)?, true, times(words[2])),
            "touch-link" => directory.set_times(path(1)?, false, times(words[2])),
            "write" => file(directory.open(path(1)?, options("wctf"))?).and_then(|file| write_all(&*file, 0, words[2])),
            "stat" => return directory.metadata(path(1)?, true).map(|found| describe(&found)),
            "lstat" => return directory.metadata(path(1)?, false).map(|found| describe(&found)),
            "modified" => return directory.metadata(path(1)?, false).map(|found| seconds(&found)),
            "readlink" => return directory.read_link(path(1)?),
            "open" => return directory.open(path(2)?, options(words[1])).map(|opened| kind(&opened).to_owned()),
            "read" => return read_all(&*file(directory.open(path(1)?, options("rf"))?)?),
            "ls" => return self.list(directory, words.get(1).copied().unwrap_or(".")),
            "same" => {
                let [one, other] = [directory.metadata(path(1)?, false)?, directory.metadata(path(2)?, false)?];
                return Ok((one.device == other.device && one.inode == other.inode).to_string());
            }
            "put" | "append" | "size" | "allocate" | "sync" => return Ok("a directory".to_owned()),
            other => panic!("no operation is called {other:?}"),
        };
        done.map(|()| "ok".to_owned())
    }

    /// The directory that a second path starts at: one that is held, else the root.
    fn target(&self, words: &[&str], at: usize) -> Arc<dyn Directory> {
        match words.get(at).and_then(|name| self.held.get(&name[1..])) {
            Some(Descriptor::Directory(directory)) => directory.clone(),
            _ => self.root.clone(),
        }
    }

    fn list(&self, directory: &dyn Directory, path: &str) -> WasiResult<String> {
        let Descriptor::Directory(listed) = directory.open(RelativePath::new(path)?, options("df"))? else {
            panic!("{path}: asked for a directory");
        };
        let mut names = Vec::new();
        for entry in listed.entries()? {
            let entry = entry?;
            names.push(format!("{}{}", entry.name, mark(entry.file_type)));
        }
        names.sort();
        Ok(names.join(" "))
    }

    /// All that is below the root: a line for each.
    pub(crate) fn dump(&self) -> String {
        let mut lines = String::new();
        let mut left = vec![String::new()];
        while let Some(at) = left.pop() {
            let path = if at.is_empty() { "." } else { &at };
            let listing = self.list(&*self.root, path).unwrap_or_else(|error| format!("{:?}", code(&error)));
            lines.push_str(&format!("{path}: {listing}\n"));
            for name in listing.split(' ').filter(|name| !name.is_empty()) {
                let path = format!("{at}{}{}", if at.is_empty() { "" } else { "/" }, name.trim_end_matches(['/', '@']));
                match name.chars().last() {
                    Some('/') => left.push(path),
                    Some('@') => lines.push_str(&format!("{path} -> {:?}\n", self.at("readlink", &path))),
                    _ => {
                        lines.push_str(&format!("{path}: {:?} {:?}\n", self.at("lstat", &path), self.at("read", &path)))
                    }
                }
            }
        }
        lines
    }

    fn at(&self, operation: &str, path: &str) -> Result<String, ErrorCode> {
        self.on_directory(&self.root, &[operation, path]).map_err(|error| code(&error))
    }
}

fn on_file(file: &dyn File, words: &[&str]) -> WasiResult<String> {
    let number = |at: usize| words[at].parse::<u64>().expect("a number");
    let done = match words[0] {
        "read" => return read_all(file),
        "stat" => return file.metadata().map(|found| describe(&found)),
        "put" => write_all(file, number(1), words[2]),
        "append" => return file.append(words[1].as_bytes()).map(|(count, end)| format!("{count} {end}")),
        "size" => file.set_size(number(1)),
        "allocate" => file.allocate(number(1), number(2)),
        "sync" => file.sync(false),
        _ => return Ok("a file".to_owned()),
    };
    done.map(|()| "ok".to_owned())
}

pub(crate) fn code(error: &WasiError) -> ErrorCode {
    error.code().unwrap_or_else(|| panic!("{error:?} ends a guest"))
}

/// `r`ead, `w`rite, `c`reate, e`x`clusive, `t`runcate, `d`irectory, `f`ollow.
pub(crate) fn options(flags: &str) -> OpenOptions {
    let has = |flag| flags.contains(flag);
    OpenOptions {
        read: has('r'),
        write: has('w'),
        create: has('c'),
        exclusive: has('x'),
        truncate: has('t'),
        directory: has('d'),
        follow: has('f'),
        nonblocking: false,
    }
}

pub(crate) fn file(opened: Descriptor) -> WasiResult<Arc<dyn File>> {
    match opened {
        Descriptor::File(file) => Ok(file),
        Descriptor::Directory(_) => Err(ErrorCode::IsDirectory.into()),
        _ => panic!("neither file nor directory"),
    }
}

fn kind(opened: &Descriptor) -> &'static str {
    match opened {
        Descriptor::Directory(_) => "directory",
        Descriptor::File(_) => "file",
        Descriptor::Stream(_) => "stream",
        Descriptor::Listener(_) => "listener",
    }
}

fn mark(file_type: FileType) -> &'static str {
    match file_type {
        FileType::RegularFile => "",
        FileType::Directory => "/",
        FileType::SymbolicLink => "@",
        other => panic!("{other:?} in a listing"),
    }
}

/// How many links a directory has and how large it is, differs among systems.
fn describe(found: &Metadata) -> String {
    match found.file_type {
        FileType::Directory => "directory".to_owned(),
        FileType::RegularFile => format!("file size={} links={}", found.size, found.link_count),
        FileType::SymbolicLink => format!("link size={}", found.size),
        other => panic!("{other:?}"),
    }
}

fn seconds(found: &Metadata) -> String {
    format!("accessed={} modified={}", found.accessed.as_secs(), found.modified.as_secs())
}

/// `ACCESSED,MODIFIED`, in seconds; nothing leaves one.
fn times(text: &str) -> SetTimes {
    let time = |text: &str| text.parse().ok().map(|seconds| SetTime::At(Duration::from_secs(seconds)));
    let (accessed, modified) = text.split_once(',').expect("two times");
    SetTimes { accessed: time(accessed), modified: time(modified) }
}

fn write_all(file: &dyn File, offset: u64, text: &str) -> WasiResult<()> {
    let count = file.write_at(text.as_bytes(), offset)?;
    assert_eq!(count, text.len(), "it is short");
    Ok(())
}

/// Zeros are shown as `0`; what is long by its length and a sum.
fn read_all(file: &dyn File) -> WasiResult<String> {
    let mut bytes = Vec::new();
    let mut piece = vec![7; 5000];
    loop {
        match file.read_at(&mut piece, bytes.len() as u64)? {
            0 => break,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
    if bytes.len() > 64 {
        let sum = bytes.iter().fold(0_u64, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        return Ok(format!("{} bytes, {sum:x}", bytes.len()));
    }
    let text = |byte: &u8| if *byte == 0 { '0' } else { *byte as char };
    Ok(bytes.iter().map(text).collect())
}
