//! Standard streams of each kind.

use super::*;
use crate::error::{ErrorCode, WasiError, WasiResult};
use crate::{Exit, Interest, WasiConfig, WasiCtx};
use rustix::fd::OwnedFd;
use rustix::pipe::{PipeFlags, pipe, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::io::{self, Cursor, Seek, SeekFrom};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

fn real_ctx() -> WasiCtx {
    WasiCtx::new(&WasiConfig::builder().system_time().build().unwrap())
}

/// All of a stream, waiting where it has to be waited for.
fn read_to_end(ctx: &WasiCtx, stream: &dyn Stream) -> Result<Vec<u8>, WasiError> {
    let (mut all, mut piece) = (Vec::new(), [0; 1000]);
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return Ok(all),
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) if error.would_block() => _ = ctx.wait(&[(stream, Interest::Read)], None)?,
            Err(error) => return Err(error),
        }
    }
}

fn ready(ctx: &WasiCtx, stream: &dyn Stream, interest: Interest) -> Option<crate::Ready> {
    let now = ctx.monotonic_now();
    ctx.wait(&[(stream, interest)], Some(now)).unwrap().first().map(|&(_, ready)| ready)
}

fn code<T: std::fmt::Debug>(result: Result<T, WasiError>) -> ErrorCode {
    result.unwrap_err().code().expect("the guest is told")
}

#[test]
fn a_regular_file_is_read_from_where_it_stands() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"one two").unwrap();
    file.seek(SeekFrom::Start(4)).unwrap();
    let (ctx, stream) = (real_ctx(), Input::file(file).open());
    assert_eq!(stream.file_type(), crate::FileType::RegularFile);
    assert_eq!(ready(&ctx, &*stream, Interest::Read).unwrap().bytes, 3);
    assert_eq!(read_to_end(&ctx, &*stream).unwrap(), b"two");
    assert!(ready(&ctx, &*stream, Interest::Read).is_some(), "the end is ready as well");
}

#[test]
fn a_pipe_is_waited_for_and_ends() {
    let (read, write) = pipe().unwrap();
    let (ctx, stream) = (real_ctx(), Input::file(read.into()).open());
    assert_eq!(stream.file_type(), crate::FileType::Fifo);
    assert_eq!(code(stream.read(&mut [0; 8])), ErrorCode::WouldBlock);
    assert_eq!(stream.read(&mut []).unwrap(), 0);
    assert!(ready(&ctx, &*stream, Interest::Read).is_none());
    let writer = thread::spawn(move || {
        for piece in ["slowly", " ", "written"] {
            thread::sleep(Duration::from_millis(5));
            rustix::io::write(&write, piece.as_bytes()).unwrap();
        }
    });
    assert_eq!(read_to_end(&ctx, &*stream).unwrap(), b"slowly written");
    writer.join().unwrap();
    assert!(ready(&ctx, &*stream, Interest::Read).unwrap().hung_up);
}

#[test]
fn nothing_is_read_from_the_null_device_nor_from_what_is_only_written() {
    let ctx = real_ctx();
    let null = Input::file(File::open("/dev/null").unwrap()).open();
    assert_eq!(null.file_type(), crate::FileType::Unknown, "nobody sits there");
    assert_eq!(read_to_end(&ctx, &*null).unwrap(), b"");
    let (_read, write) = pipe().unwrap();
    // The other end of a pipe is always ready to be read: reading it fails.
    let stream = Input::file(File::from(write)).open();
    assert!(matches!(code(stream.read(&mut [0; 8])), ErrorCode::BadDescriptor | ErrorCode::WouldBlock));
}

#[test]
fn a_guest_waits_for_what_is_set_not_to_wait() {
    let (read, write) = pipe_with(PipeFlags::NONBLOCK).unwrap();
    let (ctx, stream) = (real_ctx(), FdStream::new(write));
    let written = stream.write(&vec![7; 1 << 20]).unwrap();
    assert!(written < 1 << 20, "a pipe holds less");
    assert_eq!(code(stream.write(&[7])), ErrorCode::WouldBlock);
    assert!(ready(&ctx, &stream, Interest::Write).is_none());
    let reader = thread::spawn(move || {
        thread::sleep(Duration::from_millis(5));
        rustix::io::read(&read, &mut vec![0; written]).unwrap();
        read
    });
    ctx.wait(&[(&stream, Interest::Write)], None).unwrap();
    assert_eq!(stream.write(&[7]).unwrap(), 1);
    drop(reader.join().unwrap());
    assert_eq!(code(stream.write(&[7])), ErrorCode::Pipe);
}

/// Pipes, sockets and what is opened once more for it: what is not set so does not wait either, if it is asked not to.
#[test]
fn writing_can_be_asked_not_to_wait() {
    let ((pipe_read, pipe_write), (socket_read, socket_write)) = (pipe().unwrap(), UnixStream::pair().unwrap());
    type Write<'a> = &'a dyn Fn(&FdStream<OwnedFd>, &[u8]) -> WasiResult<usize>;
    let ways: [Write<'_>; 2] = [&|stream, bytes| stream.write_without_waiting(bytes), &FdStream::write_if_ready];
    for (read, write) in [(pipe_read, pipe_write), (socket_read.into(), socket_write.into())] {
        let (ctx, stream) = (real_ctx(), FdStream::new(write));
        for way in ways {
            let mut written = 0;
            let refusal = loop {
                match way(&stream, &[7; 100_000]) {
                    Ok(count) => written += count,
                    Err(error) => break error,
                }
                assert!(written < 1 << 24, "it holds less");
            };
            assert_eq!(refusal.code(), Some(ErrorCode::WouldBlock));
            assert!(written > 0 && ready(&ctx, &stream, Interest::Write).is_none());
            let (mut taken, mut bytes) = (0, vec![0; 100_000]);
            while taken < written {
                taken += rustix::io::read(&read, &mut *bytes).unwrap();
            }
            assert_eq!(stream.write_without_waiting(&[]).unwrap(), 0);
        }
        drop(read);
        assert_eq!(code(stream.write_without_waiting(b"x")), ErrorCode::Pipe);
    }
}

/// What terminals are made by would be another one if it were opened once more, and nobody would read what is written there.
#[test]
fn the_other_side_of_a_terminal_is_written_to() {
    let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&outer).and_then(|()| unlockpt(&outer)).unwrap();
    let name = ptsname(&outer, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK;
    let inner = rustix::fs::open(name, flags, Mode::empty()).unwrap();
    let stream = FdStream::new(outer);
    assert_eq!(stream.write_if_ready(b"line\n").unwrap(), 5);
    let mut bytes = [0; 8];
    let count = rustix::io::read(&inner, &mut bytes).expect("it has arrived");
    assert_eq!(&bytes[..count], b"line\n");
}

/// A named pipe is opened without waiting, and read once somebody writes.
#[test]
fn a_file_is_opened_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    assert!(Input::open_file(&path).is_err_and(|error| error.to_string().contains("No such file")));
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (ctx, stream) = (real_ctx(), Input::open_file(&path).unwrap().open());
    assert_eq!(code(stream.read(&mut [0; 8])), ErrorCode::WouldBlock);
    let writer = thread::spawn(move || std::fs::write(path, "late").unwrap());
    assert_eq!(read_to_end(&ctx, &*stream).unwrap(), b"late");
    writer.join().unwrap();
}

#[test]
fn an_output_that_nobody_reads_ends_the_guest_where_it_is_to() {
    for (end, from) in [(false, None), (true, Some(Exit::new(141)))] {
        let (read, write) = pipe().unwrap();
        let config = WasiConfig::builder()
            .stderr(Output::stream(FdStream::new(write)))
            .end_at_closed_output(end)
            .build()
            .unwrap();
        let [_, _, stderr] = config.0.open_stdio(None);
        assert_eq!(stderr.write(b"somebody there?").unwrap(), 15);
        drop(read);
        match (stderr.write(b"and now?").unwrap_err(), from) {
            (WasiError::Code(code), None) => assert_eq!(code, ErrorCode::Pipe),
            (WasiError::Stop(error), Some(exit)) => assert_eq!(error.downcast_ref(), Some(&exit)),
            (error, _) => panic!("{error:?}"),
        }
    }
}

#[test]
fn a_reader_is_read_to_its_end() {
    let bytes: Vec<u8> = (0..300_000_u32).map(|at| at as u8).collect();
    let ctx = real_ctx();
    let stream = Input::reader(Cursor::new(bytes.clone())).open();
    assert_eq!(read_to_end(&ctx, &*stream).unwrap(), bytes);
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    assert!(ready(&ctx, &*stream, Interest::Read).unwrap().hung_up);
}

/// Counts what it gives away.
struct Endless(Arc<AtomicUsize>);

impl Read for Endless {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }
}

#[test]
fn a_reader_is_read_so_far_ahead_and_not_before_anybody_asks() {
    let given = Arc::new(AtomicUsize::new(0));
    let (ctx, stream) = (real_ctx(), Input::reader(Endless(given.clone())).open());
    thread::sleep(Duration::from_millis(5));
    assert_eq!(given.load(Ordering::Relaxed), 0);
    ctx.wait(&[(&*stream, Interest::Read)], None).unwrap();
    for _ in 0..200 {
        thread::sleep(Duration::from_millis(1));
        assert!(given.load(Ordering::Relaxed) <= 64 << 10);
    }
    let read = stream.read(&mut vec![0; 1 << 20]).unwrap();
    assert!((1..=64 << 10).contains(&read));
}

/// Gives what is sent to it, as somebody at a keyboard does.
struct Typed(mpsc::Receiver<&'static [u8]>);

impl Read for Typed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let Ok(typed) = self.0.recv() else { return Ok(0) };
        bytes[..typed.len()].copy_from_slice(typed);
        Ok(typed.len())
    }
}

#[test]
fn a_reader_that_never_returns_holds_up_neither_a_timer_nor_another_source() {
    let (typist, typed) = mpsc::channel();
    let (ctx, stream) = (real_ctx(), Input::reader(Typed(typed)).open());
    let start = Instant::now();
    let deadline = ctx.monotonic_now() + Duration::from_millis(20);
    assert_eq!(ctx.wait(&[(&*stream, Interest::Read)], Some(deadline)).unwrap(), []);
    assert!(start.elapsed() >= Duration::from_millis(20));
    let other = Input::bytes("at once").open();
    let ready = ctx.wait(&[(&*stream, Interest::Read), (&*other, Interest::Read)], None).unwrap();
    assert_eq!(ready.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1]);
    // A virtual clock lets no time pass in the world.
    let virtual_ctx = WasiCtx::new(&WasiConfig::default());
    let deadline = virtual_ctx.monotonic_now() + Duration::from_secs(1_000_000);
    assert_eq!(virtual_ctx.wait(&[(&*stream, Interest::Read)], Some(deadline)).unwrap(), []);
    typist.send(b"at last").unwrap();
    drop(typist);
    assert_eq!(read_to_end(&ctx, &*stream).unwrap(), b"at last");
}

#[test]
fn the_thread_of_a_reader_ends_when_its_read_returns_and_nobody_is_left() {
    struct WatchedReader(Typed, mpsc::Sender<()>);
    impl Read for WatchedReader {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            self.0.read(bytes)
        }
    }
    impl Drop for WatchedReader {
        fn drop(&mut self) {
            self.1.send(()).unwrap();
        }
    }
    let (typist, typed) = mpsc::channel();
    let (dropping, dropped) = mpsc::channel();
    let stream = Input::reader(WatchedReader(Typed(typed), dropping)).open();
    assert_eq!(code(stream.read(&mut [0; 8])), ErrorCode::WouldBlock);
    drop(stream);
    typist.send(b"nobody reads this").unwrap();
    dropped.recv_timeout(Duration::from_secs(60)).expect("the thread has ended");
}

/// Says these one after the other.
struct Says(Vec<Result<usize, io::ErrorKind>>);

impl Says {
    fn next(&mut self) -> io::Result<usize> {
        if self.0.is_empty() { panic!("it was asked once too often") } else { self.0.remove(0).map_err(Into::into) }
    }
}

impl Read for Says {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.next()
    }
}

impl Write for Says {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        self.next()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.next().map(|_| ())
    }
}

#[test]
fn a_readers_failure_comes_after_its_bytes_and_is_told_once() {
    use io::ErrorKind::{ConnectionReset, Interrupted, WouldBlock};
    let says = Says(vec![Err(WouldBlock), Ok(3), Err(Interrupted), Ok(usize::MAX), Err(ConnectionReset)]);
    let (ctx, stream) = (real_ctx(), Input::reader(says).open());
    let mut read = 0;
    let failure = loop {
        match stream.read(&mut [0; 1024]) {
            Ok(count) => read += count,
            Err(error) if error.would_block() => _ = ctx.wait(&[(&*stream, Interest::Read)], None).unwrap(),
            Err(error) => break error,
        }
    };
    assert_eq!((read, failure.code()), (3 + (32 << 10), Some(ErrorCode::ConnectionReset)));
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn a_reader_that_panics_leaves_nobody_waiting() {
    let (ctx, stream) = (real_ctx(), Input::reader(Says(Vec::new())).open());
    assert_eq!(code(read_to_end(&ctx, &*stream)), ErrorCode::Io);
}

#[test]
fn a_writer_writes_what_it_takes() {
    use io::ErrorKind::{BrokenPipe, Interrupted, WouldBlock};
    let says = Says(vec![Err(Interrupted), Ok(2), Err(WouldBlock), Ok(3), Ok(0), Err(BrokenPipe), Ok(0)]);
    let (ctx, stream) = (real_ctx(), Output::writer(says).open(StandardOutput::Stdout, false));
    assert!(ready(&ctx, &*stream, Interest::Write).is_some());
    assert_eq!(stream.write(b"12345").unwrap(), 2);
    assert_eq!(code(stream.write(b"345")), ErrorCode::WouldBlock);
    assert!(ctx.wait(&[(&*stream, Interest::Write)], None).is_ok(), "it is asked again some time later");
    assert_eq!(stream.write(b"345").unwrap(), 3);
    assert_eq!(code(stream.write(b"6")), ErrorCode::InsufficientSpace);
    assert_eq!(code(stream.write(b"6")), ErrorCode::Pipe);
    stream.flush().unwrap();
}
