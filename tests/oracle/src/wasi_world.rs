//! What a guest is given whose calls are made up: files in memory, writable and not, and streams that let it wait, but not for ever.

use gusset_wasi::preview1::{self, Errno};
use gusset_wasi::{
    ArchiveDirectory, ErrorCode, FileType, Input, Interest, Listener, MemoryFileSystem, Output, OutputBuffer, Overlay,
    Pollable, ReadOnly, Ready, Stream, Waiter, WasiConfig, WasiCtx, WasiResult,
};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

/// How much the files may take, and what is written to standard output.
const FILES: u64 = 1 << 20;
const SAID: usize = 4096;

pub(crate) const ARGS: [&str; 3] = ["prog", "", "h\u{e9}llo"];
pub(crate) const ENV: [(&str, &str); 2] = [("A", "1"), ("LONGER", "=value=")];
/// What a guest has at first, after its standard streams.
pub(crate) const DIRECTORIES: RangeInclusive<u64> = 3..=6;
pub(crate) const CONNECTION: u64 = 7;
pub(crate) const LISTENER: u64 = 8;
/// How many that are with two files.
pub(crate) const FIRST_DESCRIPTORS: u32 = 11;
/// How many descriptors it has at most.
pub(crate) const MAX_DESCRIPTORS: u32 = 24;

/// A guest's state, and what bounds can be seen of it.
pub(crate) struct CallWorld {
    pub(crate) ctx: WasiCtx,
    files: MemoryFileSystem,
    /// What is written over the archive.
    upper: MemoryFileSystem,
    sealed: MemoryFileSystem,
    /// How much these take.
    sealed_size: u64,
    said: OutputBuffer,
}

impl CallWorld {
    pub(crate) fn new() -> CallWorld {
        let (files, sealed) = (populated(), populated());
        let said = OutputBuffer::new(SAID);
        let upper = MemoryFileSystem::builder().capacity_limit(FILES).build();
        let embedded = [("file", CONTENTS), ("dir/other", &[7; 5000]), ("dir/below/deep", b"")];
        let archive = ArchiveDirectory::embedded(embedded).expect("the paths are in order");
        let mut config = WasiConfig::builder();
        config
            .args(ARGS)
            .envs(ENV)
            .stdin(Input::bytes("some input\n"))
            .stdout(Output::buffer(&said))
            .stderr(Output::stream(Fickle::default()))
            .preopened_directory("/", files.root())
            .preopened_directory("/sealed", ReadOnly::new(sealed.root()))
            .preopened_directory("archive", archive.clone())
            .preopened_directory("overlay", Overlay::new(upper.root(), archive))
            .preopened_stream(Fickle::default())
            .preopened_listener(Fickle::default())
            .max_descriptors(MAX_DESCRIPTORS);
        let config = config.build().expect("the configuration is in order");
        let mut ctx = WasiCtx::new(&config);
        open(&mut ctx, "file");
        open(&mut ctx, "dir/other");
        CallWorld { ctx, files, upper, sealed_size: sealed.used(), sealed, said }
    }

    /// What is larger than it may be, or has changed and may not.
    pub(crate) fn check(&self) -> Result<(), String> {
        let (used, upper, said) = (self.files.used(), self.upper.used(), self.said.contents().len());
        if used > FILES || upper > FILES || said > SAID {
            return Err(format!("files take {used} and {upper} bytes, and {said} were said"));
        }
        match self.sealed.read("file") {
            Ok(bytes) if bytes == CONTENTS && self.sealed.used() == self.sealed_size => Ok(()),
            other => Err(format!("what is read-only has changed: {other:?}")),
        }
    }
}

/// Opens a file of the first directory, with all rights.
fn open(ctx: &mut WasiCtx, path: &str) {
    let (mut memory, length) = (path.as_bytes().to_vec(), path.len() as u64);
    memory.resize(64, 0);
    let arguments = [*DIRECTORIES.start(), 0, 0, length, 0, u64::MAX, u64::MAX, 0, 60];
    let errno = preview1::call("path_open", ctx, &mut memory, &arguments).expect("the guest goes on");
    assert_eq!(errno, Errno::Success);
}

const CONTENTS: &[u8] = b"0123456789abcdef";

/// Files, directories, and symbolic links, some of which lead out.
fn populated() -> MemoryFileSystem {
    use gusset_wasi::{Directory, RelativePath};
    let files = MemoryFileSystem::builder().capacity_limit(FILES).build();
    files.create_directory_all("dir/below").expect("there is room");
    files.write("file", CONTENTS).expect("there is room");
    files.write("dir/other", vec![7; 5000]).expect("there is room");
    for (target, path) in [("file", "link"), ("loop", "loop"), ("../..", "dir/out"), ("dir", "d")] {
        let path = RelativePath::new(path).expect("a path");
        files.root().symlink(target, path).expect("there is room");
    }
    files
}

/// A connection, and a socket that takes some: nothing comes and goes at the first time, something at the second, and by the third
/// the other side is gone.
#[derive(Default)]
struct Fickle(AtomicU32);

impl Fickle {
    fn turn(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) % 8
    }

    fn moved(&self, length: usize) -> WasiResult<usize> {
        match self.turn() {
            0 | 2 | 5 => Err(ErrorCode::WouldBlock.into()),
            1 => Ok(length.min(3)),
            3 | 4 => Ok(length),
            6 => Err(ErrorCode::ConnectionReset.into()),
            _ => Ok(0),
        }
    }
}

impl Pollable for Fickle {
    fn poll_ready<'a>(&'a self, _: Interest, waiter: &mut Waiter<'a>) -> Poll<Ready> {
        let waker = waiter.waker();
        match self.turn() {
            0 | 3 => {
                waker.wake();
                Poll::Pending
            }
            turn => Poll::Ready(Ready { bytes: turn.into(), hung_up: turn == 7 }),
        }
    }
}

impl Stream for Fickle {
    fn file_type(&self) -> FileType {
        FileType::SocketStream
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        let count = self.moved(bytes.len())?;
        bytes[..count].fill(b'r');
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        self.moved(bytes.len())
    }

    fn peek(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        self.read(bytes)
    }

    fn shutdown(&self, _: bool, _: bool) -> WasiResult<()> {
        Ok(())
    }
}

impl Listener for Fickle {
    fn accept(&self) -> WasiResult<Arc<dyn Stream>> {
        self.moved(1)?;
        Ok(Arc::new(Fickle::default()))
    }
}
