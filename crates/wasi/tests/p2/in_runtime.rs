//! All the same for guests that wait in a runtime; and what only these can do.

const IN_RUNTIME: bool = true;

#[path = "channel.rs"]
mod channel;
#[path = "clocks.rs"]
mod clocks;
#[path = "directories.rs"]
mod directories;
#[path = "files.rs"]
mod files;
#[path = "filesystem.rs"]
mod filesystem;
#[path = "generated.rs"]
mod generated;
#[path = "guest.rs"]
mod guest;
#[path = "programs.rs"]
mod programs;
#[path = "random.rs"]
mod random;
#[path = "sockets.rs"]
mod sockets;
#[path = "streams.rs"]
mod streams;
#[path = "versions.rs"]
mod versions;

use channel::Channel;
use filesystem::{Code, How, NONE, Open};
use guest::{P2Guest, Told};
use gusset::{ResourceAny, Trap, TrapCode};
use gusset_wasi::{
    Descriptor, Directory, DirectoryEntries, ErrorCode, File, Metadata, OpenOptions, Pollable, RelativePath, Stream,
    WasiConfig, WasiResult,
};
use std::any::Any;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;

const READ: &str = "streams#[method]input-stream.blocking-read";
const WRITE: &str = "streams#[method]output-stream.blocking-write-and-flush";

fn guest() -> P2Guest {
    P2Guest::new(&WasiConfig::builder().system_time().build().unwrap())
}

/// One thread, so that what keeps it shows.
fn run<R>(future: impl Future<Output = R>) -> R {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn guests_of_one_thread_wait_for_one_another() {
    let (mut reader, mut writer, channel) = (guest(), guest(), Channel::new(4));
    let (input, output) = (reader.input(channel.clone()), writer.output(channel));
    let all: Vec<u8> = (0..100).collect();
    run(async {
        let reads = async {
            let mut read = Vec::new();
            while read.len() < all.len() {
                let (bytes,): (Told<Vec<u8>>,) = reader.call_async(READ, (&input, 64_u64)).await.unwrap();
                read.extend(bytes.unwrap());
            }
            read
        };
        let writes = writer.call_async::<_, (Told<()>,)>(WRITE, (&output, &all[..]));
        let (read, written) = tokio::join!(reads, writes);
        assert!(written.unwrap().0.is_ok());
        assert_eq!(read, all);
    });
}

#[test]
fn a_call_that_is_given_up_takes_nothing_with_it() {
    let (mut guest, channel) = (guest(), Channel::new(16));
    let input = guest.input(channel.clone());
    run(async {
        for _ in 0..20 {
            let read = guest.call_async::<_, (Told<Vec<u8>>,)>(READ, (&input, 64_u64));
            assert!(tokio::time::timeout(Duration::from_micros(200), read).await.is_err());
        }
    });
    channel.write(b"kept").unwrap();
    let mut again = self::guest();
    let input = again.input(channel);
    assert_eq!(again.blocking_read(&input, 64), Ok(b"kept".to_vec()));
}

/// A plain call has no task that could wait.
#[test]
fn a_call_that_cannot_wait_says_so() {
    let mut guest = guest();
    let input = guest.input(Channel::new(1));
    let error = guest.call_in_thread::<_, (Told<Vec<u8>>,)>(READ, (&input, 64_u64)).expect_err("it cannot wait");
    let said = format!("{error:#}");
    assert!(said.contains("blocking-read") && said.contains("call_async"), "{said}");
}

/// A directory of files that take their time.
struct SlowFiles;

impl Pollable for SlowFiles {}

impl File for SlowFiles {
    fn metadata(&self) -> WasiResult<Metadata> {
        Ok(Metadata { inode: 1, ..Metadata::default() })
    }

    fn read_at(&self, bytes: &mut [u8], _: u64) -> WasiResult<usize> {
        thread::sleep(Duration::from_millis(20));
        bytes.fill(7);
        Ok(bytes.len())
    }
}

impl Directory for SlowFiles {
    fn open(&self, _: RelativePath<'_>, _: OpenOptions) -> WasiResult<Descriptor> {
        thread::sleep(Duration::from_millis(20));
        Ok(Descriptor::File(Arc::new(SlowFiles)))
    }

    fn metadata(&self, _: RelativePath<'_>, _: bool) -> WasiResult<Metadata> {
        File::metadata(self)
    }

    fn entries(&self) -> WasiResult<DirectoryEntries> {
        Err(ErrorCode::NotSupported.into())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[test]
fn work_on_files_holds_nobody_up() {
    let mut guest = P2Guest::new(&WasiConfig::builder().preopened_directory("/", SlowFiles).build().unwrap());
    let root = guest.preopens().remove(0).0;
    run(async {
        let mut ticks = 0;
        let work = async {
            let open = (root, NONE, "f", Open::empty(), How::READ);
            let (file,): (Result<ResourceAny, Code>,) =
                guest.call_async("types#[method]descriptor.open-at", open).await.unwrap();
            let read = (file.unwrap(), 3_u64, 0_u64);
            let (read,): (Result<(Vec<u8>, bool), Code>,) =
                guest.call_async("types#[method]descriptor.read", read).await.unwrap();
            read.unwrap().0
        };
        tokio::select! {
            biased;
            read = work => assert_eq!(read, [7; 3]),
            () = async { loop { tokio::time::sleep(Duration::from_millis(1)).await; ticks += 1; } } => {}
        }
        assert!(ticks > 2, "{ticks}");
    });
}

#[test]
fn a_deadline_ends_a_guest_that_waits() {
    let engine = gusset::Engine::new(gusset::Config::new().epoch_interruption(true)).unwrap();
    let mut guest = P2Guest::in_engine(&engine, &WasiConfig::builder().system_time().build().unwrap());
    let input = guest.input(Channel::new(1));
    guest.store.set_deadline(Some(std::time::Instant::now() + Duration::from_millis(20))).unwrap();
    let error = guest.stop::<_, (Told<Vec<u8>>,)>(READ, (&input, 64_u64));
    assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Interrupt));
}

#[test]
fn without_a_runtime_a_guest_that_would_wait_ends() {
    let mut guest = guest();
    let input = guest.input(Channel::new(1));
    let mut call = pin!(guest.call_async::<_, (Told<Vec<u8>>,)>(READ, (&input, 64_u64)));
    let Poll::Ready(Err(error)) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it cannot wait");
    };
    assert!(format!("{error:#}").contains("there is no Tokio runtime"), "{error:#}");
}

/// Tasks of a runtime of many threads are sent about.
#[test]
fn calls_can_be_sent_to_other_threads() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..20)
            .map(|number: u8| {
                tokio::spawn(async move {
                    let (mut guest, channel) = (guest(), Channel::new(1 << 10));
                    let input = guest.input(channel.clone());
                    let write = async {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        channel.write(&[number]).unwrap()
                    };
                    let read = guest.call_async::<_, (Told<Vec<u8>>,)>(READ, (&input, 64_u64));
                    let (read, _) = tokio::join!(read, write);
                    assert_eq!(read.unwrap().0.unwrap(), [number]);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}
