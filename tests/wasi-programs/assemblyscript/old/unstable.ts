// A program for preview0, by the bindings that AssemblyScript had when that was WASI: what differs there from preview1 (the order of
// whence, what is known of files, subscriptions of 56 bytes), on a file in the first folder that it is given.

import {
  args_get, args_sizes_get, clock_time_get, clockid, clocksubscription, errno, event, eventtype, fd_close, fd_filestat_get,
  fd_read, fd_seek, fd_write, fdsubscription, filestat, filetype, iovec, oflags, path_filestat_get, path_link, path_open, poll_oneoff,
  proc_exit, rights, subclockflags, whence,
} from "bindings/wasi_unstable";

const PREOPEN: u32 = 3;
const MILLISECOND: u64 = 1000000;

const result = changetype<usize>(new ArrayBuffer(16));
const vector = changetype<usize>(new ArrayBuffer(8));

function move(fd: u32, bytes: ArrayBuffer, write: bool): errno {
  store<u32>(vector, changetype<usize>(bytes));
  store<u32>(vector, bytes.byteLength, 4);
  return write ? fd_write(fd, vector, 1, result) : fd_read(fd, vector, 1, result);
}

function say(line: string): void {
  move(1, String.UTF8.encode(line + "\n"), true);
}

function must(what: string, outcome: errno): void {
  if (outcome == errno.SUCCESS) return;
  say(what + ": errno " + outcome.toString());
  proc_exit(1);
}

function seek(what: string, fd: u32, offset: i64, from: whence): void {
  must(what, fd_seek(fd, offset, from, result));
  say(what + ": " + load<u64>(result).toString());
}

function showArguments(): void {
  must("args_sizes_get", args_sizes_get(result, result + 4));
  const count = load<u32>(result);
  const pointers = changetype<usize>(new ArrayBuffer(count * 4));
  must("args_get", args_get(pointers, changetype<usize>(new ArrayBuffer(load<u32>(result, 4)))));
  for (let i: u32 = 0; i < count; i++) {
    const start = load<u32>(pointers + i * 4);
    let length: usize = 0;
    while (load<u8>(start + length) != 0) length++;
    say("argument " + i.toString() + ": " + String.UTF8.decodeUnsafe(start, length));
  }
}

function open(path: ArrayBuffer, how: oflags): u32 {
  const all = rights.FD_READ | rights.FD_WRITE | rights.FD_SEEK | rights.FD_TELL | rights.FD_FILESTAT_GET | rights.POLL_FD_READWRITE;
  must("path_open", path_open(PREOPEN, 0, changetype<usize>(path), path.byteLength, how, all, 0, 0, result));
  return load<u32>(result);
}

function files(): u32 {
  const path = String.UTF8.encode("made");
  const fd = open(path, oflags.CREAT | oflags.EXCL);
  must("fd_write", move(fd, String.UTF8.encode("0123456789"), true));
  seek("from the end", fd, -3, whence.END);
  seek("from here", fd, -2, whence.CUR);
  seek("from the start", fd, 4, whence.SET);
  const read = new ArrayBuffer(3);
  must("fd_read", move(fd, read, false));
  say("there is " + String.UTF8.decode(read));
  say("before the start: errno " + fd_seek(fd, -1, whence.SET, result).toString());

  const second = String.UTF8.encode("second");
  must("path_link", path_link(PREOPEN, 0, changetype<usize>(path), path.byteLength, PREOPEN, changetype<usize>(second), second.byteLength));
  // Two records with a mark behind each: one that is too long would change it.
  const known = changetype<usize>(new ArrayBuffer(128));
  store<u64>(known, 0x5555555555555555, 56);
  must("fd_filestat_get", fd_filestat_get(fd, changetype<filestat>(known)));
  const byFile = changetype<filestat>(known);
  say("links " + byFile.nlink.toString() + ", size " + byFile.size.toString() + ", a file: " + (byFile.filetype == filetype.REGULAR_FILE).toString());
  const other = known + 64;
  store<u64>(other, 0x5555555555555555, 56);
  must("path_filestat_get", path_filestat_get(PREOPEN, 0, changetype<usize>(second), second.byteLength, changetype<filestat>(other)));
  const byPath = changetype<filestat>(other);
  say("the same: " + (byPath.ino == byFile.ino && byPath.nlink == byFile.nlink && byPath.mtim == byFile.mtim).toString());
  say("nothing behind: " + (load<u64>(known, 56) == 0x5555555555555555 && load<u64>(other, 56) == 0x5555555555555555).toString());
  return fd;
}

function subscribe(at: usize, userdata: u64, milliseconds: u64): void {
  const clock = changetype<clocksubscription>(at);
  clock.userdata = userdata;
  clock.type = eventtype.CLOCK;
  clock.clock_id = clockid.MONOTONIC;
  clock.timeout = milliseconds * MILLISECOND;
}

function polls(fd: u32): void {
  const subscriptions = changetype<usize>(new ArrayBuffer(3 * 56));
  const events = changetype<usize>(new ArrayBuffer(3 * 32));
  subscribe(subscriptions, 1, 60000);
  subscribe(subscriptions + 56, 2, 20);
  must("clock_time_get", clock_time_get(clockid.MONOTONIC, 0, result));
  const started = load<u64>(result);
  must("poll_oneoff", poll_oneoff(subscriptions, events, 2, result));
  say("events " + load<u32>(result).toString() + ", of " + load<u64>(events).toString() + ", type " + load<u8>(events, 10).toString());
  must("clock_time_get", clock_time_get(clockid.MONOTONIC, 0, result));
  say("it has waited: " + (load<u64>(result) - started >= 20 * MILLISECOND).toString());

  const file = changetype<fdsubscription>(subscriptions + 112);
  file.userdata = 3;
  file.type = eventtype.FD_READ;
  file.fd = fd;
  must("poll_oneoff", poll_oneoff(subscriptions, events, 3, result));
  say("events " + load<u32>(result).toString() + ", of " + load<u64>(events).toString() + ", type " + load<u8>(events, 10).toString());
}

export function _start(): void {
  showArguments();
  const made = files();
  polls(made);
  must("fd_close", fd_close(made));
  proc_exit(7);
}
