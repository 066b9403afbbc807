//! What functions have to do with the host around them: waiting, ends of guests, syncing, and modules that are not as they should be.

use super::guest::{CREAT, OUT, for_each_with};
use gusset::core::{Linker, Module};
use gusset::{Engine, Store};
use gusset_wasi::preview1::{self, Errno, Rights};
use gusset_wasi::{
    Descriptor, Directory, DirectoryEntries, ErrorCode, Exit, File, FileType, Input, Metadata, OpenOptions, Output,
    Pollable, RelativePath, SocketStream, Stream, WasiConfig, WasiConfigBuilder, WasiCtx, WasiError, WasiResult,
};
use std::any::Any;
use std::cell::RefCell;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_read_waits_for_bytes_that_have_not_come() {
    let ours = RefCell::new(None);
    let socket = |config: &mut WasiConfigBuilder| {
        let (host, guest) = UnixStream::pair().expect("a pair of sockets");
        *ours.borrow_mut() = Some(host);
        config.stdin(Input::stream(SocketStream::unix(guest)));
    };
    for_each_with(socket, |guest| {
        let mut host = ours.borrow_mut().take().expect("there is one");
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            host.write_all(b"late").expect("the guest reads");
        });
        assert_eq!(guest.get(0, 16), Ok("late".to_owned()));
        writer.join().unwrap();
        assert_eq!(guest.get(0, 16), Ok(String::new()), "the other side has gone");
    });
}

/// Ends its guest.
struct EndingInput;

impl Pollable for EndingInput {}

impl Stream for EndingInput {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    /// The first two bytes come, and then the end.
    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        if bytes.len() == 2 { Ok(2) } else { Err(WasiError::Stop(Exit::new(42).into())) }
    }
}

#[test]
fn what_ends_a_guest_is_no_errno() {
    for_each_with(
        |config| {
            config.stdin(Input::stream(EndingInput));
        },
        |guest| {
            let at = guest.place(8);
            let [vectors, _] = guest.vectors(&[(at, 2), (at + 2, 3)]);
            let error = guest.try_call("fd_read", &[0, vectors, 2, OUT.into()]).unwrap_err();
            assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit::new(42)), "even after bytes");
        },
    );
}

/// A directory of one file, which takes down what is asked of it.
#[derive(Clone, Default)]
struct Recording(Arc<Mutex<Vec<String>>>);

impl Recording {
    fn record(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Directory for Recording {
    fn open(&self, path: RelativePath<'_>, options: OpenOptions) -> WasiResult<Descriptor> {
        let asked = [
            (options.read, "read"),
            (options.write, "write"),
            (options.create, "create"),
            (options.exclusive, "exclusive"),
            (options.truncate, "truncate"),
            (options.directory, "directory"),
            (options.follow, "follow"),
            (options.nonblocking, "nonblocking"),
        ];
        let asked: Vec<_> = asked.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        self.record(format!("open {} {}", path.as_str(), asked.join(" ")));
        Ok(Descriptor::File(Arc::new(self.clone())))
    }

    fn metadata(&self, _: RelativePath<'_>, _: bool) -> WasiResult<Metadata> {
        Ok(Metadata::default())
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        Ok(Box::new(std::iter::empty()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Pollable for Recording {}

impl File for Recording {
    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(Metadata { file_type: FileType::RegularFile, size: 100, ..Metadata::default() })
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> WasiResult<usize> {
        self.record(format!("read {} at {offset}", bytes.len()));
        Ok(bytes.len())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> WasiResult<usize> {
        self.record(format!("write {} at {offset}", bytes.len()));
        Ok(bytes.len().min(5))
    }

    fn append(&self, bytes: &[u8]) -> WasiResult<(usize, u64)> {
        self.record(format!("append {}", bytes.len()));
        Ok((bytes.len(), 1000))
    }

    fn sync(&self, data_only: bool) -> WasiResult<()> {
        self.record(if data_only { "sync data" } else { "sync" });
        if data_only { Err(ErrorCode::Io.into()) } else { Ok(()) }
    }
}

fn with_recording(test: impl Fn(&mut super::guest::TestGuest, &Recording)) {
    let recording = Recording::default();
    let configure = |config: &mut WasiConfigBuilder| {
        config.preopened_directory("recording", recording.clone());
    };
    for_each_with(configure, |guest| test(guest, &recording));
}

/// The directory that records.
const RECORDING: u64 = 4;

#[test]
fn each_vector_is_one_operation_and_a_short_one_is_the_last() {
    with_recording(|guest, recording| {
        let [at, length] = guest.text("f");
        let all = Rights::ALL.bits();
        guest.ok("path_open", &[RECORDING, 1, at, length, 0, all, all, 0, OUT.into()]);
        let fd = guest.u32_at(OUT).into();
        let [vectors, _] = guest.vectors(&[(0, 3), (8, 0), (0, 4), (0, 9), (0, 2)]);
        guest.ok("fd_write", &[fd, vectors, 5, OUT.into()]);
        assert_eq!(guest.u32_at(OUT), 12);
        guest.ok("fd_read", &[fd, vectors, 3, OUT.into()]);
        guest.ok("fd_pwrite", &[fd, vectors, 1, 77, OUT.into()]);
        let expected = ["open f read write follow", "write 3 at 0", "write 4 at 3", "write 9 at 7"];
        let then = ["read 3 at 12", "read 4 at 15", "write 3 at 77"];
        assert_eq!(recording.take(), [&expected[..], &then].concat());
    });
}

#[test]
fn what_is_written_is_synced_where_the_descriptor_says_so() {
    with_recording(|guest, recording| {
        let [at, length] = guest.text("f");
        let all = Rights::ALL.bits();
        let [vectors, _] = guest.vectors(&[(0, 3), (0, 4)]);
        // sync, dsync (whose failure is told), rsync, append and sync.
        for (flags, errno, expected) in [
            (16, Errno::Success, ["write 3 at 0", "write 4 at 3", "sync"]),
            (2, Errno::Io, ["write 3 at 0", "write 4 at 3", "sync data"]),
            (8 | 16, Errno::Success, ["write 3 at 0", "write 4 at 3", "sync"]),
            (1 | 16, Errno::Success, ["append 3", "append 4", "sync"]),
        ] {
            guest.ok("path_open", &[RECORDING, 0, at, length, 0, all, all, flags, OUT.into()]);
            let fd = guest.u32_at(OUT).into();
            recording.take();
            assert_eq!(guest.call("fd_write", &[fd, vectors, 2, OUT.into()]), errno);
            assert_eq!(recording.take(), expected);
        }
    });
}

#[test]
fn how_a_file_is_opened_follows_from_the_rights_that_are_asked_for() {
    with_recording(|guest, recording| {
        let (read, write) = (Rights::FD_READ, Rights::FD_WRITE);
        let size = Rights::FD_FILESTAT_SET_SIZE;
        let [at, length] = guest.text("f");
        for (how, rights, flags, expected) in [
            (0, Rights::NONE, 0, "read"),
            (0, read, 0, "read"),
            (0, write, 0, "write"),
            (0, read.union(write), 4, "read write nonblocking"),
            // What some libraries ask for to read: all but to write.
            (0, Rights::ALL.without(write), 0, "read"),
            (0, size, 0, "write"),
            (CREAT, read, 0, "read create"),
            (CREAT | 4, write, 0, "write create exclusive"),
            (4, write, 0, "write"),
            (8, read, 0, "read write truncate"),
            (2, read, 0, "read directory"),
        ] {
            let (base, inheriting) = (rights.bits(), Rights::ALL.bits());
            guest.ok("path_open", &[RECORDING, 0, at, length, how, base, inheriting, flags, OUT.into()]);
            assert_eq!(recording.take(), [format!("open f {expected}")]);
        }
        // Nor is more opened than the directory hands on.
        guest.ok("fd_fdstat_set_rights", &[RECORDING, Rights::PATH_OPEN.bits(), read.bits()]);
        let all = Rights::ALL.bits();
        guest.ok("path_open", &[RECORDING, 1, at, length, 0, all, all, 0, OUT.into()]);
        assert_eq!(recording.take(), ["open f read follow"]);
    });
}

/// Calls `run` of a module, which exports its memory so.
fn run_with_memory(memory: &str) -> gusset::Result<i32> {
    let engine = Engine::default();
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
            (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_tell" (func $tell (param i32 i32) (result i32)))
            {memory}
            (func (export "run") (result i32)
                (drop (call $yield))
                (drop (call $close (i32.const 0)))
                (call $tell (i32.const 1) (i32.const 0))))"#
    );
    let mut linker = Linker::new(&engine);
    preview1::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let config = WasiConfig::builder().stdout(Output::null()).build()?;
    let mut store = Store::new(&engine, WasiCtx::new(&config));
    let instance = linker.instantiate(&mut store, &Module::new(&engine, &text)?)?;
    instance.get_typed_func::<(), i32>(&mut store, "run")?.call(&mut store, ())
}

#[test]
fn a_module_without_its_memory_is_told_so() {
    assert_eq!(run_with_memory(r#"(memory (export "memory") 1)"#).unwrap(), i32::from(Errno::Spipe.code()));
    for memory in ["", "(memory 1)", r#"(memory (export "mem") 1)"#, r#"(global (export "memory") i32 (i32.const 0))"#]
    {
        let error = format!("{:?}", run_with_memory(memory).unwrap_err());
        assert!(error.contains("`fd_tell` was called by a module that exports no memory named `memory`"), "{error}");
    }
}

#[test]
fn names_are_defined_once() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    preview1::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
    let error = preview1::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap_err();
    assert_eq!(error.to_string(), "`wasi_snapshot_preview1::args_get` is defined already");
}
