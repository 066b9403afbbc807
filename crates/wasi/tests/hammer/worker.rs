//! One guest of the hammer: a store, its descriptors, and what it does to the files in each round.

use super::HammeredFiles;
use crate::functions::guest::{CREAT, EXCL, GuestFiles, OUT, PREVIEW0, PREVIEW1, ROOT, TestGuest};
use gusset_wasi::preview1::{Errno, Rights};
use gusset_wasi::{HostDirectory, WasiConfig};
use std::sync::atomic::Ordering;

/// The length of a line in the log.
pub const RECORD: usize = 16;

const APPEND: u64 = 1;
const DIRECTORY: u64 = 2;

// Where things are in the guest's memory.
const NAME: u32 = 0x1000;
const OTHER_NAME: u32 = 0x2000;
const VECTOR: u32 = 0x3000;
const DATA: u32 = 0x4000;
const READ: u32 = 0x8000;
const LISTING: u32 = 0x1_0000;
const LISTING_LENGTH: u32 = 0x4000;

/// A line of the log, of one thread and one round.
pub fn record(thread: u32, round: u32) -> String {
    format!("{thread:04} {round:010}\n")
}

pub struct Worker<'a> {
    guest: TestGuest,
    thread: u32,
    shared: &'a HammeredFiles,
    /// The log's descriptors, one for each file system.
    logs: [u64; 2],
}

impl<'a> Worker<'a> {
    /// A guest with both file systems, and a directory of its own in each.
    pub fn new(shared: &'a HammeredFiles, thread: u32) -> Worker<'a> {
        let mut config = WasiConfig::builder();
        config.preopened_directory("/memory", shared.files.root());
        config.preopened_directory("/host", HostDirectory::open(shared.folder.at("")).unwrap());
        let version = if thread.is_multiple_of(2) { PREVIEW1 } else { PREVIEW0 };
        let guest = TestGuest::new(version, &config, GuestFiles::Memory(shared.files.clone()), false);
        let mut worker = Worker { guest, thread, shared, logs: [0; 2] };
        for at in [0, 1] {
            worker.ok("path_create_directory", at, &format!("own-{thread}"), &[]);
            worker.logs[at] = worker.open(at, "log", CREAT, APPEND).expect("the log opens");
        }
        worker
    }

    /// Does rounds until the end, and one at least; how many.
    pub fn run(mut self) -> u32 {
        let mut round = 0;
        loop {
            for at in [0, 1] {
                self.round(at, round);
            }
            round += 1;
            if self.shared.is_over() {
                return round;
            }
        }
    }

    fn round(&mut self, at: usize, round: u32) {
        let thread = self.thread;
        let contents = record(thread, round).repeat(1 + (thread + round) as usize % 200);
        let own = format!("own-{thread}/file-{round}");
        let (made, moved) = (format!("file-{thread}-{round}"), format!("moved-{thread}-{round}"));
        self.write_new(at, &own, &contents);
        self.rename(at, &own, &format!("shared/{made}"));
        self.read_back(at, &format!("shared/{made}"), &contents);
        assert_eq!(self.call("path_filestat_get", at, &own, &[]), Errno::Noent);
        let listed = self.list(at, "shared");
        assert_eq!(listed.iter().filter(|name| **name == made).count(), 1, "{made} in {listed:?}");
        self.rename(at, &format!("shared/{made}"), &format!("shared/{moved}"));
        self.ok("path_unlink_file", at, &format!("shared/{moved}"), &[]);
        self.nest(at);
        self.lock(at);
        self.log(at, round);
    }

    fn write_new(&mut self, at: usize, name: &str, contents: &str) {
        let fd = self.open(at, name, CREAT | EXCL, 0).expect(name);
        self.guest.write(DATA, contents.as_bytes());
        self.transfer("fd_write", fd, DATA, contents.len());
        self.guest.ok("fd_filestat_get", &[fd, OUT.into()]);
        self.guest.seek_to_start(fd);
        self.transfer("fd_read", fd, READ, contents.len());
        assert_eq!(self.guest.read(READ, contents.len()), contents.as_bytes(), "{name}");
        self.guest.ok("fd_close", &[fd]);
    }

    fn read_back(&mut self, at: usize, name: &str, contents: &str) {
        let fd = self.open(at, name, 0, 0).expect(name);
        self.transfer("fd_read", fd, READ, contents.len());
        assert_eq!(self.guest.read(READ, contents.len()), contents.as_bytes(), "{name}");
        self.guest.ok("fd_close", &[fd]);
    }

    /// A directory in the shared one, which is not removed while there is something in it.
    fn nest(&mut self, at: usize) {
        let directory = format!("shared/directory-{}", self.thread);
        self.ok("path_create_directory", at, &directory, &[]);
        self.write_new(at, &format!("{directory}/file"), "nested");
        assert_eq!(self.call("path_remove_directory", at, &directory, &[]), Errno::Notempty);
        self.ok("path_unlink_file", at, &format!("{directory}/file"), &[]);
        self.ok("path_remove_directory", at, &directory, &[]);
    }

    /// What only one can make at a time.
    fn lock(&mut self, at: usize) {
        match self.open(at, "shared/lock", CREAT | EXCL, 0) {
            Ok(fd) => {
                let holders = &self.shared.holders[at];
                assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "somebody else has made it too");
                self.guest.ok("fd_close", &[fd]);
                holders.fetch_sub(1, Ordering::SeqCst);
                self.ok("path_unlink_file", at, "shared/lock", &[]);
            }
            Err(errno) => assert_eq!(errno, Errno::Exist),
        }
    }

    fn log(&mut self, at: usize, round: u32) {
        self.guest.write(DATA, record(self.thread, round).as_bytes());
        self.transfer("fd_write", self.logs[at], DATA, RECORD);
    }

    /// The names in a directory, by a buffer that may be too small for all.
    fn list(&mut self, at: usize, name: &str) -> Vec<String> {
        let fd = self.open(at, name, DIRECTORY, 0).expect(name);
        let (mut names, mut cookie) = (Vec::new(), 0);
        loop {
            self.guest.ok("fd_readdir", &[fd, LISTING.into(), LISTING_LENGTH.into(), cookie, OUT.into()]);
            let used = self.guest.u32_at(OUT);
            let bytes = self.guest.read(LISTING, used as usize);
            let mut rest = &bytes[..];
            while let Some((header, after)) = rest.split_first_chunk::<24>() {
                let length = u32::from_le_bytes(header[16..20].try_into().unwrap()) as usize;
                let Some((name, after)) = after.split_at_checked(length) else { break };
                cookie = u64::from_le_bytes(header[..8].try_into().unwrap());
                names.push(String::from_utf8(name.to_vec()).unwrap());
                rest = after;
            }
            if used < LISTING_LENGTH {
                self.guest.ok("fd_close", &[fd]);
                return names;
            }
        }
    }

    fn rename(&mut self, at: usize, from: &str, to: &str) {
        self.guest.write(OTHER_NAME, to.as_bytes());
        let to = [ROOT + at as u64, OTHER_NAME.into(), to.len() as u64];
        self.ok("path_rename", at, from, &to);
    }

    fn open(&mut self, at: usize, name: &str, how: u64, flags: u64) -> Result<u64, Errno> {
        self.guest.write(NAME, name.as_bytes());
        let rights = if how == DIRECTORY { Rights::ALL.without(Rights::FD_WRITE) } else { Rights::ALL }.bits();
        let (root, length) = (ROOT + at as u64, name.len() as u64);
        match self.guest.call("path_open", &[root, 0, NAME.into(), length, how, rights, 0, flags, OUT.into()]) {
            Errno::Success => Ok(self.guest.u32_at(OUT).into()),
            errno => Err(errno),
        }
    }

    /// Reads or writes so many bytes at once, and no fewer.
    fn transfer(&mut self, function: &str, fd: u64, data: u32, length: usize) {
        self.guest.write(VECTOR, &[data.to_le_bytes(), (length as u32).to_le_bytes()].concat());
        self.guest.ok(function, &[fd, VECTOR.into(), 1, OUT.into()]);
        assert_eq!(self.guest.u32_at(OUT) as usize, length, "{function}");
    }

    /// Calls a function of a path.
    fn call(&mut self, function: &str, at: usize, name: &str, more: &[u64]) -> Errno {
        self.guest.write(NAME, name.as_bytes());
        let path = [NAME.into(), name.len() as u64];
        let root = ROOT + at as u64;
        let arguments = match function {
            "path_filestat_get" => [&[root, 0][..], &path, &[OUT.into()]].concat(),
            _ => [&[root][..], &path, more].concat(),
        };
        self.guest.call(function, &arguments)
    }

    fn ok(&mut self, function: &str, at: usize, name: &str, more: &[u64]) {
        assert_eq!(self.call(function, at, name, more), Errno::Success, "{function} {name}");
    }
}
