//! Named pipes, devices and sockets: opening never waits, and neither do the operations.

use crate::folder::{BOTH, READ, TestFolder, WRITE, path, refused, stream};
use gusset_wasi::{
    Directory, ErrorCode, FileType, HostDirectory, Interest, OpenOptions, SetTime, SetTimes, WasiConfig, WasiCtx,
};
use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::time::Duration;

#[test]
fn a_pipe_without_a_writer_makes_its_reader_wait() {
    let folder = TestFolder::new();
    folder.fifo("pipe");
    let reader = stream(&folder.inside, "pipe", READ).unwrap();
    assert_eq!(reader.file_type(), FileType::Fifo);
    let mut bytes = [0; 10];
    assert_eq!(refused(reader.read(&mut bytes)), ErrorCode::WouldBlock);
    let ctx = WasiCtx::new(WasiConfig::builder().system_time().build().as_ref().unwrap());
    let soon = ctx.monotonic_now() + Duration::from_millis(20);
    assert!(ctx.wait(&[(&*reader, Interest::Read)], Some(soon)).unwrap().is_empty());
    // Opening to write waits until there is a reader: there is.
    let mut writer = fs::OpenOptions::new().write(true).open(folder.at("pipe")).unwrap();
    assert_eq!(refused(reader.read(&mut bytes)), ErrorCode::WouldBlock);
    writer.write_all(b"abc").unwrap();
    let ready = ctx.wait(&[(&*reader, Interest::Read)], None).unwrap();
    assert_eq!((ready[0].1.bytes, ready[0].1.hung_up), (3, false));
    assert_eq!(reader.read(&mut bytes).unwrap(), 3);
    drop(writer);
    let ready = ctx.wait(&[(&*reader, Interest::Read)], None).unwrap();
    assert!(ready[0].1.hung_up);
    assert_eq!(reader.read(&mut bytes).unwrap(), 0);
}

#[test]
fn a_pipe_opened_not_to_wait_has_an_end_at_once() {
    let folder = TestFolder::new();
    folder.fifo("pipe");
    let reader = stream(&folder.inside, "pipe", OpenOptions { nonblocking: true, ..READ }).unwrap();
    assert_eq!(reader.read(&mut [0; 10]).unwrap(), 0);
}

#[test]
fn a_pipe_without_a_reader_is_not_opened_to_write() {
    let folder = TestFolder::new();
    folder.fifo("pipe");
    assert_eq!(refused(stream(&folder.inside, "pipe", WRITE)), ErrorCode::NoDevice);
    let both = stream(&folder.inside, "pipe", BOTH).unwrap();
    let writer = stream(&folder.inside, "pipe", WRITE).unwrap();
    assert_eq!(writer.write(b"abc").unwrap(), 3);
    assert_eq!(refused(writer.read(&mut [0])), ErrorCode::BadDescriptor);
    assert_eq!(both.read(&mut [0; 10]).unwrap(), 3);
    assert_eq!(refused(both.read(&mut [0; 10])), ErrorCode::WouldBlock);
    // It takes so much and no more, and does not wait.
    let mut written = 0;
    let refusal = loop {
        match writer.write(&[0; 4096]) {
            Ok(count) => written += count,
            Err(error) => break error,
        }
        assert!(written < 1 << 24);
    };
    assert_eq!(refusal.code(), Some(ErrorCode::WouldBlock));
    drop(both);
    assert_eq!(refused(writer.write(b"x")), ErrorCode::Pipe);
}

#[test]
fn devices_are_streams() {
    let devices = HostDirectory::open("/dev").unwrap();
    let zero = stream(&devices, "zero", READ).unwrap();
    assert_eq!(zero.file_type(), FileType::CharacterDevice);
    let mut bytes = [1; 10];
    assert_eq!(zero.read(&mut bytes).unwrap(), 10);
    assert_eq!(bytes, [0; 10]);
    assert_eq!(refused(zero.write(b"x")), ErrorCode::BadDescriptor);
    let null = stream(&devices, "null", BOTH).unwrap();
    assert_eq!(null.write(b"abc").unwrap(), 3);
    assert_eq!(null.read(&mut bytes).unwrap(), 0);
    let full = stream(&devices, "full", WRITE).unwrap();
    assert_eq!(refused(full.write(b"x")), ErrorCode::InsufficientSpace);
}

#[test]
fn sockets_are_not_opened_and_are_known() {
    let folder = TestFolder::new();
    let _listener = UnixListener::bind(folder.at("socket")).unwrap();
    for options in [READ, WRITE, BOTH] {
        assert_eq!(refused(folder.inside.open(path("socket"), options)), ErrorCode::NoDevice);
    }
    let metadata = folder.inside.metadata(path("socket"), true).unwrap();
    assert_eq!(metadata.file_type, FileType::SocketStream);
}

#[test]
fn nothing_waits_for_a_pipe_that_nobody_opens() {
    let folder = TestFolder::new();
    folder.fifo("pipe");
    folder.symlink("pipe", "link");
    for name in ["pipe", "link"] {
        let times = SetTimes { accessed: None, modified: Some(SetTime::At(Duration::from_secs(7))) };
        folder.inside.set_times(path(name), true, times).unwrap();
        let metadata = folder.inside.metadata(path(name), true).unwrap();
        assert_eq!((metadata.file_type, metadata.modified), (FileType::Fifo, Duration::from_secs(7)));
    }
    let options = OpenOptions { create: true, truncate: true, ..READ };
    assert_eq!(stream(&folder.inside, "link", options).unwrap().file_type(), FileType::Fifo);
    folder.inside.link(path("link"), true, &folder.inside, path("second")).unwrap();
    folder.inside.rename(path("second"), &folder.inside, path("third")).unwrap();
    folder.inside.unlink_file(path("third")).unwrap();
}
