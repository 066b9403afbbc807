//! Reading, writing and positions.

use super::guest::{CREAT, OUT, ROOT, TestGuest, for_each, for_each_with};
use gusset_wasi::preview1::{Errno, Rights};
use gusset_wasi::{ErrorCode, FileType, Input, Output, OutputBuffer, Pollable, Stream, WasiConfigBuilder, WasiResult};
use std::io::{Seek, SeekFrom, Write};

/// The end of the guest's memory.
const END: u64 = 2 << 16;

fn tell(guest: &mut TestGuest, fd: u64) -> u64 {
    guest.ok("fd_tell", &[fd, OUT.into()]);
    guest.u64_at(OUT)
}

fn seek(guest: &mut TestGuest, fd: u64, offset: i64, whence: &str) -> Result<u64, Errno> {
    let whence = guest.whence(whence);
    match guest.call("fd_seek", &[fd, offset.cast_unsigned(), whence, OUT.into()]) {
        Errno::Success => Ok(guest.u64_at(OUT)),
        errno => Err(errno),
    }
}

#[test]
fn fd_read_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abcdefghij");
        let at = guest.place(64);
        guest.write(at, &[b'.'; 16]);
        // An empty vector, wherever it is, and vectors that overlap: what comes later stands.
        let [vectors, count] =
            guest.vectors(&[(at, 3), (0, 0), (END as u32, 0), (at + 8, 4), (at + 9, 2), (at + 12, 9)]);
        guest.ok("fd_read", &[fd, vectors, count, OUT.into()]);
        assert_eq!((guest.u32_at(OUT), guest.read(at, 16)), (10, b"abc.....dhigj...".to_vec()));
        assert_eq!(tell(guest, fd), 10);
        guest.ok("fd_read", &[fd, vectors, count, OUT.into()]);
        assert_eq!(guest.u32_at(OUT), 0, "the end");
        guest.ok("fd_read", &[fd, vectors, 0, OUT.into()]);
        assert_eq!(guest.u32_at(OUT), 0, "nothing was asked for");
    });
}

#[test]
fn vectors_that_a_read_overwrites_are_as_they_were() {
    for_each(|guest| {
        let fd = guest.file("a", "12345678ABCD");
        let (vectors, to) = (guest.place(16), guest.place(8));
        let bytes = [vectors + 8, 8, to, 4].map(u32::to_le_bytes).concat();
        guest.write(vectors, &bytes);
        guest.ok("fd_read", &[fd, vectors.into(), 2, OUT.into()]);
        assert_eq!((guest.read(vectors + 8, 8), guest.read(to, 4)), (b"12345678".to_vec(), b"ABCD".to_vec()));
        // The count may go where the bytes went.
        guest.seek_to_start(fd);
        let [vectors, count] = guest.vectors(&[(to, 8)]);
        guest.ok("fd_read", &[fd, vectors, count, u64::from(to) + 4]);
        assert_eq!(guest.read(to, 8), b"1234\x08\0\0\0");
    });
}

/// What every function with vectors refuses of them; nothing is moved.
fn vectors_are_refused(guest: &mut TestGuest, name: &str, arguments: impl Fn([u64; 2]) -> Vec<u64>) {
    let refused = |guest: &mut TestGuest, errno, vectors| guest.fails(errno, name, &arguments(vectors));
    let [good, _] = guest.vectors(&[(OUT + 8, 4)]);
    for (errno, at, count) in [
        (Errno::Inval, good + 2, 1),
        (Errno::Fault, END - 4, 1),
        (Errno::Fault, END - 8, 2),
        (Errno::Fault, u64::from(u32::MAX - 7), 1),
        (Errno::Fault, 0, u64::from(u32::MAX)),
        (Errno::Inval, 0, 1025),
    ] {
        refused(guest, errno, [at, count]);
    }
    for second in [(END as u32 - 3, 4), (END as u32 + 1, 0), (8, u32::MAX), (u32::MAX, u32::MAX), (u32::MAX, 0)] {
        let vectors = guest.vectors(&[(OUT + 8, 4), second]);
        refused(guest, Errno::Fault, vectors);
    }
    // Each is in bounds, and all together are more than can be told.
    guest.grow(64);
    let many = guest.vectors(&[(0, 66 << 16); 1024]);
    refused(guest, Errno::Inval, many);
}

#[test]
fn fd_read_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "some text");
        vectors_are_refused(guest, "fd_read", |[vectors, count]| vec![fd, vectors, count, OUT.into()]);
        let good = guest.vectors(&[(OUT + 8, 4)]);
        guest.fails(Errno::Inval, "fd_read", &[fd, good[0], 1, u64::from(OUT) + 1]);
        guest.fails(Errno::Fault, "fd_read", &[fd, good[0], 1, u64::from(u32::MAX) - 3]);
        assert_eq!(tell(guest, fd), 0, "what fails moves nothing");
        guest.fails(Errno::Badf, "fd_read", &[9, 1, 1, 1]);
        guest.fails(Errno::Isdir, "fd_read", &[ROOT, good[0], 1, OUT.into()]);
        guest.fails(Errno::Badf, "fd_read", &[1, good[0], 1, OUT.into()]);
        guest.drop_rights(fd, Rights::FD_READ);
        guest.fails(Errno::Badf, "fd_read", &[fd, good[0], 1, OUT.into()]);
    });
}

#[test]
fn fd_write_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abcdefghij");
        let [text, _] = guest.text("0123456789");
        let text = text as u32;
        let [vectors, count] = guest.vectors(&[(text, 2), (0, 0), (text + 1, 3), (text, 1)]);
        guest.ok("fd_write", &[fd, vectors, count, OUT.into()]);
        assert_eq!((guest.u32_at(OUT), tell(guest, fd)), (6, 6));
        assert_eq!(guest.host_file("a").unwrap(), b"011230ghij");
        // What is between the end and where it is written is zero.
        assert_eq!(seek(guest, fd, 12, "set"), Ok(12));
        assert_eq!(guest.put(fd, "z"), Ok(1));
        assert_eq!(guest.host_file("a").unwrap(), b"011230ghij\0\0z");
        guest.ok("fd_write", &[fd, 0, 0, OUT.into()]);
        assert_eq!(guest.u32_at(OUT), 0);
    });
}

#[test]
fn fd_write_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "text");
        vectors_are_refused(guest, "fd_write", |[vectors, count]| vec![fd, vectors, count, OUT.into()]);
        let good = guest.vectors(&[(OUT + 8, 4)]);
        guest.fails(Errno::Inval, "fd_write", &[fd, good[0], 1, u64::from(OUT) + 2]);
        assert_eq!((tell(guest, fd), guest.host_file("a").unwrap()), (0, b"text".to_vec()));
        guest.fails(Errno::Isdir, "fd_write", &[ROOT, good[0], 1, OUT.into()]);
        guest.fails(Errno::Badf, "fd_write", &[0, good[0], 1, OUT.into()]);
        let fd = guest.open("a", 0, Rights::FD_READ);
        guest.fails(Errno::Badf, "fd_write", &[fd, good[0], 1, OUT.into()]);
    });
}

#[test]
fn fd_pread_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abcdefghij");
        let at = guest.place(8);
        let [vectors, count] = guest.vectors(&[(at, 2), (at + 4, 3)]);
        for (offset, length, bytes) in [(0, 5, *b"ab\0\0cde\0"), (6, 4, *b"gh\0\0ij\0\0"), (10, 0, [0; 8])] {
            guest.write(at, &[0; 8]);
            guest.ok("fd_pread", &[fd, vectors, count, offset, OUT.into()]);
            assert_eq!((guest.u32_at(OUT), guest.read(at, 8)), (length, bytes.to_vec()));
        }
        guest.ok("fd_pread", &[fd, vectors, count, 1 << 50, OUT.into()]);
        assert_eq!((guest.u32_at(OUT), tell(guest, fd)), (0, 0), "the position stays");
    });
}

#[test]
fn fd_pread_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "text");
        vectors_are_refused(guest, "fd_pread", |[vectors, count]| vec![fd, vectors, count, 0, OUT.into()]);
        let good = guest.vectors(&[(OUT + 8, 4)]);
        for offset in [1 << 63, u64::MAX] {
            guest.fails(Errno::Inval, "fd_pread", &[fd, good[0], 1, offset, OUT.into()]);
        }
        guest.fails(Errno::Spipe, "fd_pread", &[0, good[0], 1, 0, OUT.into()]);
        guest.fails(Errno::Isdir, "fd_pread", &[ROOT, good[0], 1, 0, OUT.into()]);
        guest.drop_rights(fd, Rights::FD_SEEK);
        guest.fails(Errno::Notcapable, "fd_pread", &[fd, good[0], 1, 0, OUT.into()]);
    });
}

#[test]
fn fd_pwrite_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abcdefghij");
        let [text, _] = guest.text("0123");
        let vectors = guest.vectors(&[(text as u32, 2), (text as u32 + 2, 1)]);
        guest.ok("fd_pwrite", &[fd, vectors[0], 2, 4, OUT.into()]);
        assert_eq!((guest.u32_at(OUT), tell(guest, fd)), (3, 0));
        guest.ok("fd_pwrite", &[fd, vectors[0], 2, 12, OUT.into()]);
        assert_eq!(guest.host_file("a").unwrap(), b"abcd012hij\0\x00012");
        // To append is to append, whatever the offset.
        guest.ok("fd_fdstat_set_flags", &[fd, 1]);
        guest.ok("fd_pwrite", &[fd, vectors[0], 2, 0, OUT.into()]);
        assert_eq!(tell(guest, fd), 0);
        assert_eq!(guest.host_file("a").unwrap(), b"abcd012hij\0\x00012012");
    });
}

#[test]
fn fd_pwrite_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "text");
        vectors_are_refused(guest, "fd_pwrite", |[vectors, count]| vec![fd, vectors, count, 0, OUT.into()]);
        let good = guest.vectors(&[(OUT + 8, 4)]);
        guest.fails(Errno::Inval, "fd_pwrite", &[fd, good[0], 1, 1 << 63, OUT.into()]);
        guest.fails(Errno::Spipe, "fd_pwrite", &[1, good[0], 1, 0, OUT.into()]);
        let errno = guest.call("fd_pwrite", &[fd, good[0], 1, i64::MAX as u64, OUT.into()]);
        assert!(matches!(errno, Errno::Fbig | Errno::Inval | Errno::Nospc), "no file is so large: {errno}");
        assert_eq!(guest.host_file("a").unwrap(), b"text");
        guest.drop_rights(fd, Rights::FD_WRITE);
        guest.fails(Errno::Badf, "fd_pwrite", &[fd, good[0], 1, 0, OUT.into()]);
    });
}

#[test]
fn fd_seek_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abcdefghij");
        for (offset, whence, expected) in [
            (4, "set", 4),
            (2, "cur", 6),
            (-6, "cur", 0),
            (0, "end", 10),
            (-3, "end", 7),
            (100, "end", 110),
            (0, "cur", 110),
        ] {
            assert_eq!(seek(guest, fd, offset, whence), Ok(expected), "{offset} {whence}");
        }
        assert_eq!(seek(guest, fd, i64::MAX, "set"), Ok(i64::MAX as u64));
        assert_eq!(seek(guest, fd, 1 << 50, "set"), Ok(1 << 50));
        assert_eq!(guest.get(fd, 1), Ok(String::new()));
        assert_eq!(seek(guest, fd, 9, "set"), Ok(9));
        assert_eq!(guest.get(fd, 9), Ok("j".to_owned()));
    });
}

#[test]
fn the_numbers_of_whence_are_the_versions_own() {
    for_each(|guest| {
        let fd = guest.file("a", "abcdefghij");
        // Preview0: from the position, the end, the start; preview1: from the start, the position, the end.
        let expected = if guest.version.name == "wasi_unstable" { [3, 13, 3] } else { [3, 6, 13] };
        let mut found = [0; 3];
        for (whence, found) in found.iter_mut().enumerate() {
            guest.ok("fd_seek", &[fd, 3, whence as u64, OUT.into()]);
            *found = guest.u64_at(OUT);
        }
        assert_eq!(found, expected);
        guest.fails(Errno::Inval, "fd_seek", &[fd, 0, 3, OUT.into()]);
    });
}

#[test]
fn fd_seek_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "text");
        assert_eq!(seek(guest, fd, 2, "set"), Ok(2));
        for (offset, whence) in
            [(-1, "set"), (-3, "cur"), (-5, "end"), (i64::MIN, "cur"), (i64::MAX, "cur"), (i64::MAX, "end")]
        {
            assert_eq!(seek(guest, fd, offset, whence), Err(Errno::Inval), "{offset} {whence}");
        }
        for whence in [3, 255, 256, u64::from(u32::MAX)] {
            guest.fails(Errno::Inval, "fd_seek", &[fd, 0, whence, OUT.into()]);
        }
        guest.fails(Errno::Inval, "fd_seek", &[fd, 0, 0, u64::from(OUT) + 4]);
        assert_eq!(tell(guest, fd), 2);
        assert_eq!(seek(guest, 0, 0, "cur"), Err(Errno::Spipe));
        assert_eq!(seek(guest, ROOT, 0, "cur"), Err(Errno::Isdir));
        guest.drop_rights(fd, Rights::FD_SEEK);
        assert_eq!(seek(guest, fd, 0, "cur"), Ok(2), "to tell is another right");
        assert_eq!(seek(guest, fd, 0, "set"), Err(Errno::Notcapable));
    });
}

#[test]
fn fd_tell_means() {
    for_each(|guest| {
        let fd = guest.file("a", "abcdefghij");
        assert_eq!(guest.get(fd, 4), Ok("abcd".to_owned()));
        assert_eq!(tell(guest, fd), 4);
        // Each descriptor has a position of its own.
        let other = guest.open("a", 0, Rights::ALL);
        assert_eq!((tell(guest, other), tell(guest, fd)), (0, 4));
        guest.ok("fd_fdstat_set_flags", &[other, 1]);
        assert_eq!(guest.put(other, "kl"), Ok(2));
        assert_eq!(tell(guest, other), 12, "behind what was appended");
    });
}

#[test]
fn fd_tell_refuses() {
    for_each(|guest| {
        let fd = guest.file("a", "");
        guest.fails(Errno::Spipe, "fd_tell", &[1, OUT.into()]);
        guest.fails(Errno::Isdir, "fd_tell", &[ROOT, OUT.into()]);
        guest.fails(Errno::Fault, "fd_tell", &[fd, END]);
        guest.drop_rights(fd, Rights::FD_TELL);
        guest.fails(Errno::Notcapable, "fd_tell", &[fd, OUT.into()]);
    });
}

#[test]
fn standard_streams_are_read_and_written() {
    let said = OutputBuffer::new(10);
    let streams = |config: &mut WasiConfigBuilder| {
        said.take();
        config.stdin(Input::bytes("in and")).stdout(Output::buffer(&said)).stderr(Output::null());
    };
    for_each_with(streams, |guest| {
        assert_eq!(guest.get(0, 3), Ok("in ".to_owned()));
        assert_eq!(guest.get(0, 9), Ok("and".to_owned()));
        assert_eq!(guest.get(0, 9), Ok(String::new()));
        assert_eq!((guest.put(1, "12345678"), guest.put(2, "nobody sees that")), (Ok(8), Ok(16)));
        // What there is room for is written, and told; then there is none.
        assert_eq!((guest.put(1, "9abc"), guest.put(1, "d")), (Ok(2), Err(Errno::Nospc)));
        assert_eq!(said.contents(), b"123456789a");
    });
}

/// Gives two bytes, and fails.
struct Failing;

impl Pollable for Failing {}

impl Stream for Failing {
    fn file_type(&self) -> FileType {
        FileType::Fifo
    }

    fn read(&self, bytes: &mut [u8]) -> WasiResult<usize> {
        if bytes.len() != 2 {
            return Err(ErrorCode::Io.into());
        }
        bytes.copy_from_slice(b"ok");
        Ok(2)
    }

    /// More than there was.
    fn write(&self, bytes: &[u8]) -> WasiResult<usize> {
        Ok(bytes.len() + 1000)
    }
}

#[test]
fn what_was_moved_before_a_failure_is_told() {
    let failing = |config: &mut WasiConfigBuilder| {
        config.stdin(Input::stream(Failing)).stdout(Output::stream(Failing));
    };
    for_each_with(failing, |guest| {
        let at = guest.place(16);
        let [vectors, _] = guest.vectors(&[(at, 2), (at + 2, 2), (at + 4, 3)]);
        guest.ok("fd_read", &[0, vectors, 3, OUT.into()]);
        assert_eq!((guest.u32_at(OUT), guest.read(at, 7)), (4, b"okok\0\0\0".to_vec()));
        guest.fails(Errno::Io, "fd_read", &[0, vectors + 16, 1, OUT.into()]);
        assert_eq!(guest.put(1, "four"), Ok(4), "a host's stream cannot say more than it was given");
    });
}

#[test]
fn files_are_as_they_were_opened() {
    for_each(|guest| {
        guest.file("a", "text");
        let write_only = guest.open("a", 0, Rights::FD_WRITE.union(Rights::FD_SEEK));
        assert_eq!(guest.get(write_only, 4), Err(Errno::Badf));
        assert_eq!(guest.put(write_only, "T"), Ok(1));
        let nothing = guest.open("b", CREAT, Rights::NONE);
        assert_eq!((guest.get(nothing, 1), guest.put(nothing, "x")), (Err(Errno::Badf), Err(Errno::Badf)));
        assert_eq!((guest.host_file("a"), guest.host_file("b")), (Some(b"Text".to_vec()), Some(Vec::new())));
    });
}

#[test]
fn a_file_behind_a_stream_has_the_systems_position() {
    let mut file = tempfile::tempfile().unwrap();
    let stdin = file.try_clone().unwrap();
    let configure = |config: &mut WasiConfigBuilder| _ = config.stdin(Input::file(stdin.try_clone().unwrap()));
    file.write_all(b"0123456789").unwrap();
    for_each_with(configure, |guest| {
        (&file).seek(SeekFrom::Start(1)).unwrap();
        assert_eq!((tell(guest, 0), guest.get(0, 3)), (1, Ok("123".to_owned())));
        for (offset, whence, expected) in
            [(0, "cur", 4), (-2, "end", 8), (-1, "cur", 7), (6, "set", 6), (12, "set", 12)]
        {
            assert_eq!(seek(guest, 0, offset, whence), Ok(expected), "{offset} {whence}");
            assert_eq!((&file).stream_position().unwrap(), expected, "whoever shares it is there too");
        }
        for (offset, whence) in [(-1, "set"), (-11, "end"), (-13, "cur"), (i64::MIN, "set")] {
            assert_eq!(seek(guest, 0, offset, whence), Err(Errno::Inval), "{offset} {whence}");
        }
        let at = guest.place(16);
        let [vectors, count] = guest.vectors(&[(at, 2), (at + 2, 14)]);
        guest.ok("fd_pread", &[0, vectors, count, 5, OUT.into()]);
        assert_eq!((guest.u32_at(OUT), guest.read(at, 5)), (5, b"56789".to_vec()));
        assert_eq!(tell(guest, 0), 12, "it stays where it was");
        guest.fails(Errno::Badf, "fd_pwrite", &[0, vectors, count, 0, OUT.into()]);
        guest.drop_rights(0, Rights::FD_SEEK);
        assert_eq!((tell(guest, 0), seek(guest, 0, 0, "set")), (12, Err(Errno::Notcapable)));
        guest.fails(Errno::Notcapable, "fd_pread", &[0, vectors, count, 5, OUT.into()]);
    });
}
