//! Arguments and environment: strings that lie one after the other, and an array that says where.

use super::guest::{MEMORY_SIZE, TestGuest, for_each, for_each_with};
use gusset_wasi::WasiConfigBuilder;
use gusset_wasi::preview1::Errno;

const END: u64 = MEMORY_SIZE as u64;

const ARGS: [&str; 3] = ["prog\0", "\0", "h\u{e9}\0"];
const ENVIRON: [&str; 3] = ["A=1\0", "EMPTY=\0", "B==x=\0"];

fn some(config: &mut WasiConfigBuilder) {
    config.args(["prog", "", "h\u{e9}"]).env("A", "1").env("EMPTY", "").env("B", "=x=");
}

fn gets(guest: &mut TestGuest, name: &str, expected: &[&str]) {
    let all = expected.concat();
    // Exactly as much room as there is need for, up to the end of memory.
    let bytes = MEMORY_SIZE - all.len() as u32;
    guest.write(64, &[0xaa; 16]);
    guest.ok(name, &[64, bytes.into()]);
    assert_eq!(guest.read(bytes, all.len()), all.as_bytes());
    assert_eq!(guest.u32_at(76), 0xaaaa_aaaa, "nothing follows the array");
    let mut start = bytes;
    for (at, string) in expected.iter().enumerate() {
        assert_eq!(guest.u32_at(64 + 4 * at as u32), start);
        start += string.len() as u32;
    }
}

fn get_refuses(name: &str, length: usize) {
    for_each_with(some, |guest| {
        guest.fails(Errno::Fault, name, &[0, END - length as u64 + 1]);
        guest.fails(Errno::Fault, name, &[END - 8, 0]);
        guest.fails(Errno::Fault, name, &[0, u32::MAX.into()]);
        guest.fails(Errno::Fault, name, &[u64::from(u32::MAX) - 3, 0]);
        guest.fails(Errno::Inval, name, &[2, 64]);
    });
    for_each(|guest| {
        guest.fails(Errno::Fault, name, &[END + 4, 0]);
        // There is room for nothing at the end of memory.
        guest.ok(name, &[END, END]);
    });
}

fn sizes(name: &str, length: usize) {
    for_each_with(some, |guest| {
        guest.ok(name, &[0, 4]);
        assert_eq!((guest.u32_at(0), guest.u32_at(4)), (3, length as u32));
    });
    for_each(|guest| {
        guest.write(0, &[0xff; 8]);
        guest.ok(name, &[4, 0]);
        assert_eq!(guest.u64_at(0), 0);
    });
}

fn sizes_refuses(name: &str) {
    for_each_with(some, |guest| {
        guest.fails(Errno::Fault, name, &[END - 3, 0]);
        guest.fails(Errno::Fault, name, &[0, END]);
        guest.fails(Errno::Inval, name, &[0, 6]);
    });
}

#[test]
fn args_get_means() {
    for_each_with(some, |guest| gets(guest, "args_get", &ARGS));
}

#[test]
fn args_get_refuses() {
    get_refuses("args_get", ARGS.concat().len());
}

#[test]
fn args_sizes_get_means() {
    sizes("args_sizes_get", ARGS.concat().len());
}

#[test]
fn args_sizes_get_refuses() {
    sizes_refuses("args_sizes_get");
}

#[test]
fn environ_get_means() {
    for_each_with(some, |guest| gets(guest, "environ_get", &ENVIRON));
}

#[test]
fn environ_get_refuses() {
    get_refuses("environ_get", ENVIRON.concat().len());
}

#[test]
fn environ_sizes_get_means() {
    sizes("environ_sizes_get", ENVIRON.concat().len());
}

#[test]
fn environ_sizes_get_refuses() {
    sizes_refuses("environ_sizes_get");
}
