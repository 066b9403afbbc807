//! `wasi:io/streams`, `poll` and `error`: what each function gives, and what it says when it cannot.

use super::channel::Channel;
use super::guest::{P2Guest, Told};
use gusset::{Resource, ResourceTableError};
use gusset_wasi::p2::{InputStream, IoError, IoPollable};
use gusset_wasi::{ErrorCode, Input, Output, OutputBuffer, Stream, WasiConfig};
use std::thread;
use std::time::Duration;

fn guest() -> P2Guest {
    P2Guest::new(&WasiConfig::builder().system_time().build().unwrap())
}

/// Does something from another thread after a moment.
fn later(act: impl FnOnce() + Send + 'static) {
    thread::spawn(|| {
        thread::sleep(Duration::from_millis(20));
        act();
    });
}

#[test]
fn reading_gives_what_has_come() {
    let (mut guest, channel) = (guest(), Channel::new(1 << 20));
    let input = guest.input(channel.clone());
    assert_eq!(guest.read(&input, 8), Ok(vec![]), "nothing has come");
    channel.write(b"0123456789").unwrap();
    assert_eq!(guest.read(&input, 0), Ok(vec![]));
    assert_eq!(guest.read(&input, 4), Ok(b"0123".to_vec()));
    assert_eq!(guest.count("skip", &input, 3), Ok(3));
    assert_eq!(guest.read(&input, u64::MAX), Ok(b"789".to_vec()));
    channel.change(|state| state.ended = true);
    assert_eq!(guest.read(&input, 8), Err(None));
    assert_eq!(guest.read(&input, 0), Err(None), "it is closed for all");
    assert_eq!(guest.count("skip", &input, 8), Err(None));
    assert_eq!(guest.count("blocking-skip", &input, 8), Err(None));
}

#[test]
fn a_guest_that_asks_for_all_gets_a_bounded_part() {
    let (mut guest, channel) = (guest(), Channel::new(1 << 20));
    let input = guest.input(channel.clone());
    channel.write(&vec![7; 1 << 20]).unwrap();
    assert_eq!(guest.read(&input, u64::MAX).map(|bytes| bytes.len()), Ok(64 << 10));
    assert_eq!(guest.blocking_read(&input, u64::MAX).map(|bytes| bytes.len()), Ok(64 << 10));
    assert_eq!(guest.count("skip", &input, u64::MAX), Ok(64 << 10));
    assert_eq!(guest.count("blocking-skip", &input, 1 << 40), Ok(64 << 10));
}

#[test]
fn a_read_that_blocks_waits_for_bytes_or_the_end() {
    let (mut guest, channel) = (guest(), Channel::new(16));
    let input = guest.input(channel.clone());
    let host = channel.clone();
    later(move || _ = host.write(b"late"));
    assert_eq!(guest.blocking_read(&input, 8), Ok(b"late".to_vec()));
    let host = channel.clone();
    later(move || _ = host.write(b"later"));
    assert_eq!(guest.count("blocking-skip", &input, 3), Ok(3));
    assert_eq!(guest.blocking_read(&input, 8), Ok(b"er".to_vec()));
    later(move || channel.change(|state| state.ended = true));
    assert_eq!(guest.blocking_read(&input, 8), Err(None));
}

#[test]
fn a_failure_is_told_once_and_closes_the_stream() {
    let (mut guest, channel) = (guest(), Channel::new(16));
    let (input, output) = (guest.input(channel.clone()), guest.output(channel.clone()));
    channel.change(|state| state.fails = Some(ErrorCode::ConnectionReset));
    assert_eq!(guest.read(&input, 8), Err(Some(ErrorCode::ConnectionReset)));
    channel.write(b"more").unwrap();
    assert_eq!(guest.read(&input, 8), Err(None));
    assert_eq!(guest.blocking_read(&input, 8), Err(None));
    let pollable = guest.subscribe_to_input(&input);
    assert!(guest.is_ready(&pollable), "a closed stream is always ready");
    assert!(guest.check_write(&output).is_ok_and(|permit| permit > 4));
    channel.change(|state| state.fails = Some(ErrorCode::Pipe));
    assert_eq!(guest.write(&output, b"x"), Err(Some(ErrorCode::Pipe)));
    assert_eq!(guest.write(&output, b"x"), Err(None));
    assert_eq!(guest.check_write(&output), Err(None));
    assert_eq!(guest.done("flush", &output), Err(None));
    assert_eq!(guest.done("blocking-flush", &output), Err(None));
    assert_eq!(guest.write_and_flush(&output, b"x"), Err(None));
    let pollable = guest.subscribe_to_output(&output);
    assert!(guest.is_ready(&pollable));
}

#[test]
fn what_is_permitted_is_taken_at_once_and_kept_for_whoever_reads() {
    let (mut guest, channel) = (guest(), Channel::new(4));
    let output = guest.output(channel.clone());
    let permit = guest.check_write(&output).unwrap();
    assert!(permit >= 10);
    guest.write(&output, b"0123456789").unwrap();
    assert_eq!(channel.take(), b"0123");
    let pollable = guest.subscribe_to_output(&output);
    assert!(!guest.is_ready(&pollable), "the channel is full again, and two are left");
    assert_eq!(guest.check_write(&output), Ok(0));
    assert_eq!(channel.take(), b"4567");
    assert!(guest.is_ready(&pollable));
    assert_eq!(channel.take(), b"89");
    assert_eq!(guest.check_write(&output), Ok(permit));
    guest.write(&output, b"ab").unwrap();
    guest.write(&output, b"c").unwrap(); // of the same permit
    let zeroes: Told<()> = guest.call("streams#[method]output-stream.write-zeroes", (&output, 2_u64));
    assert!(zeroes.is_ok());
    assert_eq!(channel.take(), b"abc\0");
    assert_eq!(guest.done("blocking-flush", &output), Ok(()));
    assert_eq!(channel.take(), b"\0");
}

#[test]
fn more_than_is_permitted_ends_the_guest() {
    let write = "streams#[method]output-stream.write";
    let zeroes = "streams#[method]output-stream.write-zeroes";
    let (mut guest, channel) = (guest(), Channel::new(1 << 20));
    let output = guest.output(channel.clone());
    let error = guest.stop::<_, (Told<()>,)>(write, (&output, &b"x"[..]));
    assert_eq!(error.to_string(), "1 bytes were written to a stream where `check-write` permits 0");
    let permit = guest.check_write(&output).unwrap();
    let error = guest.stop::<_, (Told<()>,)>(write, (&output, vec![0_u8; permit as usize + 1]));
    assert_eq!(
        error.to_string(),
        format!("{} bytes were written to a stream where `check-write` permits {permit}", permit + 1)
    );
    guest.stop::<_, (Told<()>,)>(zeroes, (&output, u64::MAX));
    guest.write(&output, &vec![1; permit as usize - 1]).unwrap();
    guest.stop::<_, (Told<()>,)>(zeroes, (&output, 2_u64));
    guest.done("flush", &output).unwrap();
    guest.stop::<_, (Told<()>,)>(write, (&output, &b"x"[..]));
    for (function, length) in [("blocking-write-and-flush", 4097), ("blocking-write-zeroes-and-flush", u64::MAX)] {
        let name = format!("streams#[method]output-stream.{function}");
        let error = match length {
            4097 => guest.stop::<_, (Told<()>,)>(&name, (&output, vec![0_u8; 4097])),
            _ => guest.stop::<_, (Told<()>,)>(&name, (&output, length)),
        };
        assert_eq!(error.to_string(), format!("`{function}` takes 4096 bytes at most, and was given {length}"));
    }
}

#[test]
fn a_flush_is_over_when_all_is_written() {
    let (mut guest, channel) = (guest(), Channel::new(4));
    let output = guest.output(channel.clone());
    guest.check_write(&output).unwrap();
    guest.write(&output, b"012345").unwrap();
    guest.done("flush", &output).unwrap();
    assert_eq!(channel.change(|state| state.flushes), 0);
    assert_eq!(guest.check_write(&output), Ok(0));
    channel.take();
    assert!(guest.check_write(&output).is_ok_and(|permit| permit > 0));
    assert_eq!((channel.change(|state| state.flushes), channel.take()), (1, b"45".to_vec()));
    // Those that block wait for whoever reads.
    let host = channel.clone();
    let reader = thread::spawn(move || {
        let mut all = Vec::new();
        while all.len() < 4096 + 4096 + 2 {
            all.extend(host.take());
            thread::sleep(Duration::from_micros(20));
        }
        all
    });
    guest.check_write(&output).unwrap();
    guest.write(&output, b"ab").unwrap();
    guest.write_and_flush(&output, &[1; 4096]).unwrap();
    let zeroes: Told<()> =
        guest.call("streams#[method]output-stream.blocking-write-zeroes-and-flush", (&output, 4096_u64));
    assert!(zeroes.is_ok());
    assert_eq!(reader.join().unwrap(), [&b"ab"[..], &[1; 4096], &[0; 4096]].concat());
    assert_eq!(channel.change(|state| state.flushes), 3);
}

#[test]
fn a_failure_behind_the_guests_back_is_told_by_what_comes_next() {
    for function in ["flush", "blocking-flush"] {
        let (mut guest, channel) = (guest(), Channel::new(4));
        let output = guest.output(channel.clone());
        guest.check_write(&output).unwrap();
        guest.write(&output, b"012345").unwrap();
        channel.change(|state| state.fails = Some(ErrorCode::Pipe));
        let pollable = guest.subscribe_to_output(&output);
        assert!(guest.is_ready(&pollable));
        assert_eq!(guest.done(function, &output), Err(Some(ErrorCode::Pipe)));
        assert_eq!(guest.done(function, &output), Err(None));
    }
}

#[test]
fn splicing_moves_what_both_sides_allow() {
    let (mut guest, from, to) = (guest(), Channel::new(1 << 20), Channel::new(1 << 20));
    let (input, output) = (guest.input(from.clone()), guest.output(to.clone()));
    assert_eq!(guest.splice("splice", &output, &input, 9), Ok(0), "nothing has come");
    from.write(&[7; 100_000]).unwrap();
    assert_eq!(guest.splice("splice", &output, &input, 0), Ok(0));
    assert_eq!(guest.splice("splice", &output, &input, 9), Ok(9));
    assert_eq!(guest.splice("splice", &output, &input, u64::MAX), Ok(64 << 10));
    assert_eq!(guest.splice("blocking-splice", &output, &input, u64::MAX), Ok(100_000 - 9 - (64 << 10)));
    assert_eq!(to.take(), [7; 100_000]);
    let host = from.clone();
    later(move || _ = host.write(b"late"));
    assert_eq!(guest.splice("blocking-splice", &output, &input, 9), Ok(4));
    to.change(|state| state.room = 6);
    from.write(b"more").unwrap();
    assert_eq!(guest.splice("splice", &output, &input, 9), Ok(4), "what has no room is kept");
    assert_eq!(guest.splice("splice", &output, &input, 9), Ok(0));
    from.write(b"!").unwrap();
    let host = to.clone();
    later(move || assert_eq!(host.take(), b"latemo"));
    assert_eq!(guest.splice("blocking-splice", &output, &input, 9), Ok(1));
    assert_eq!(to.take(), b"re!");
    from.change(|state| state.ended = true);
    assert_eq!(guest.splice("splice", &output, &input, 9), Err(None));
    assert_eq!(guest.splice("blocking-splice", &output, &input, 9), Err(None));
    to.change(|state| state.fails = Some(ErrorCode::Pipe));
    assert_eq!(guest.write_and_flush(&output, b"x"), Err(Some(ErrorCode::Pipe)));
    assert_eq!(guest.splice("splice", &output, &input, 9), Err(None));
}

#[test]
fn polling_tells_what_is_ready_in_order() {
    let (mut guest, one, two) = (guest(), Channel::new(16), Channel::new(16));
    let (first, second) = (guest.input(one.clone()), guest.input(two.clone()));
    let output = guest.output(one.clone());
    let pollables = [
        guest.subscribe_to_input(&first),
        guest.subscribe_to_input(&second),
        guest.subscribe_to_output(&output),
        guest.call("monotonic-clock#subscribe-duration", (1_000_000_000_000_u64,)),
    ];
    let poll = |guest: &mut P2Guest, which: &[usize]| -> Vec<u32> {
        let list: Vec<_> = which.iter().map(|at| &pollables[*at]).collect();
        guest.call("poll#poll", (list,))
    };
    assert_eq!(poll(&mut guest, &[0, 1, 2, 3]), [2]);
    let host = two.clone();
    later(move || _ = host.write(b"x"));
    assert_eq!(poll(&mut guest, &[0, 3, 1]), [2]);
    assert_eq!(poll(&mut guest, &[1, 2, 0, 1]), [0, 1, 3], "the same one twice");
    one.write(b"x").unwrap();
    assert_eq!(poll(&mut guest, &[3, 2, 1, 0]), [1, 2, 3]);
    guest.try_call::<_, ()>("poll#[method]pollable.block", (&pollables[0],)).unwrap();
    let nothing: Vec<Resource<IoPollable>> = Vec::new();
    let error = guest.stop::<_, (Vec<u32>,)>("poll#poll", (nothing,));
    assert_eq!(error.to_string(), "`wasi:io/poll#poll` was called with an empty list, which nothing would end");
}

#[test]
fn a_stream_stays_as_long_as_a_pollable_of_it() {
    let mut guest = guest();
    let input = guest.input(Channel::new(1));
    let pollable = guest.subscribe_to_input(&input);
    let table = &mut guest.store.data_mut().table;
    assert_eq!(
        table.delete(Resource::<InputStream>::new_own(input.rep())).err(),
        Some(ResourceTableError::HasChildren)
    );
    table.delete(pollable).map(drop).unwrap();
    table.delete(input).map(drop).unwrap();
    assert!(table.is_empty());
}

#[test]
fn what_is_left_of_a_dropped_stream_is_written_where_that_does_not_wait() {
    let (mut guest, channel) = (guest(), Channel::new(4));
    let output = guest.output(channel.clone());
    guest.check_write(&output).unwrap();
    guest.write(&output, b"0123456789").unwrap();
    assert_eq!(channel.take(), b"0123");
    guest.store.data_mut().table.delete(output).map(drop).unwrap();
    assert_eq!(channel.take(), b"4567");
}

#[test]
fn an_error_says_what_it_is() {
    let mut guest = guest();
    let error = guest.store.data_mut().table.push(IoError::new(ErrorCode::ConnectionReset)).unwrap();
    assert_eq!(guest.call::<_, String>("error#[method]error.to-debug-string", (&error,)), "connection reset");
}

#[test]
fn standard_streams_are_those_of_the_host() {
    let (out, err) = (OutputBuffer::new(64), OutputBuffer::new(64));
    let config = WasiConfig::builder()
        .stdin(Input::bytes("what comes in"))
        .stdout(Output::buffer(&out))
        .stderr(Output::buffer(&err))
        .build()
        .unwrap();
    let mut guest = P2Guest::new(&config);
    let (input, again): (Resource<InputStream>, Resource<InputStream>) =
        (guest.call("stdin#get-stdin", ()), guest.call("stdin#get-stdin", ()));
    assert_eq!(guest.read(&input, 5), Ok(b"what ".to_vec()));
    assert_eq!(guest.read(&again, 64), Ok(b"comes in".to_vec()), "both are one");
    let (stdout, stderr) = (guest.call("stdout#get-stdout", ()), guest.call("stderr#get-stderr", ()));
    guest.write_and_flush(&stdout, b"what goes out").unwrap();
    guest.write_and_flush(&stderr, b"what went wrong").unwrap();
    assert_eq!((out.contents(), err.contents()), (b"what goes out".to_vec(), b"what went wrong".to_vec()));
    guest.write_and_flush(&stdout, &[0; 51]).unwrap();
    assert_eq!(guest.write_and_flush(&stdout, b"x"), Err(Some(ErrorCode::InsufficientSpace)));
}

#[test]
fn what_is_kept_is_written_while_the_guest_waits_for_something_else() {
    let (mut guest, to, from) = (guest(), Channel::new(4), Channel::new(16));
    let (input, output) = (guest.input(from.clone()), guest.output(to.clone()));
    guest.check_write(&output).unwrap();
    guest.write(&output, b"0123456789").unwrap();
    let reader = thread::spawn(move || {
        let mut all = Vec::new();
        while all.len() < 10 {
            all.extend(to.take());
            thread::sleep(Duration::from_millis(1));
        }
        from.write(b"answer").unwrap();
        all
    });
    assert_eq!(guest.blocking_read(&input, 16), Ok(b"answer".to_vec()), "to all that was written");
    assert_eq!(reader.join().unwrap(), b"0123456789");
}

#[test]
fn a_guest_that_drops_a_stream_waits_until_all_is_written() {
    let (mut guest, channel) = (guest(), Channel::new(4));
    let output = guest.output(channel.clone());
    guest.check_write(&output).unwrap();
    guest.write(&output, b"0123456789").unwrap();
    let reader = thread::spawn(move || {
        let mut all = Vec::new();
        while all.len() < 10 {
            thread::sleep(Duration::from_millis(1));
            all.extend(channel.take());
        }
        all
    });
    guest.drop_output(output);
    assert_eq!(reader.join().unwrap(), b"0123456789");

    // Nobody takes anything any more, which is no reason to wait.
    let channel = Channel::new(4);
    let output = guest.output(channel.clone());
    guest.check_write(&output).unwrap();
    guest.write(&output, b"0123456789").unwrap();
    channel.change(|state| state.fails = Some(ErrorCode::Pipe));
    guest.drop_output(output);
}
