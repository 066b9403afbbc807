//! `args_get`, `args_sizes_get`, `environ_get`, `environ_sizes_get`.

use super::guest::{Guest, MEMORY_SIZE};
use gusset_wasi::WasiConfig;
use gusset_wasi::preview1::Errno;

fn config() -> WasiConfig {
    let mut config = WasiConfig::builder();
    config.args(["prog", "", "h\u{e9}"]).env("A", "1").env("EMPTY", "").env("B", "=x=");
    config.build().unwrap()
}

#[test]
fn strings_lie_one_after_the_other_and_the_array_says_where() {
    Guest::each(config, |guest| {
        for (sizes, get, expected) in [
            ("args_sizes_get", "args_get", &["prog\0", "\0", "h\u{e9}\0"]),
            ("environ_sizes_get", "environ_get", &["A=1\0", "EMPTY=\0", "B==x=\0"]),
        ] {
            let all = expected.concat();
            guest.succeed(sizes, [0, 4]);
            assert_eq!((guest.u32(0), guest.u32(4)), (3, all.len() as u32));
            // Exactly as much room as there is need for, up to the end of memory.
            let bytes = MEMORY_SIZE - all.len() as u32;
            guest.write(64, &[0xaa; 16]);
            guest.succeed(get, [64, bytes.into()]);
            assert_eq!(guest.bytes(bytes, all.len() as u32), all.as_bytes());
            assert_eq!(guest.u32(76), 0xaaaa_aaaa, "nothing follows the array");
            let mut start = bytes;
            for (at, string) in expected.iter().enumerate() {
                assert_eq!(guest.u32(64 + 4 * at as u32), start);
                start += string.len() as u32;
            }
        }
    });
}

#[test]
fn a_guest_without_any_is_given_none() {
    Guest::each(WasiConfig::default, |guest| {
        for (sizes, get) in [("args_sizes_get", "args_get"), ("environ_sizes_get", "environ_get")] {
            guest.write(0, &[0xff; 8]);
            guest.succeed(sizes, [0, 4]);
            assert_eq!(guest.u64(0), 0);
            guest.succeed(get, [MEMORY_SIZE.into(), MEMORY_SIZE.into()]);
        }
    });
}

#[test]
fn nothing_is_written_where_not_all_has_room() {
    Guest::each(config, |guest| {
        for (sizes, get, length) in [("args_sizes_get", "args_get", 10), ("environ_sizes_get", "environ_get", 17)] {
            let end = u64::from(MEMORY_SIZE);
            guest.refused(get, [0, end - length + 1], Errno::Fault);
            guest.refused(get, [end - 8, 0], Errno::Fault);
            guest.refused(get, [0, u32::MAX.into()], Errno::Fault);
            guest.refused(get, [u64::from(u32::MAX) - 3, 0], Errno::Fault);
            guest.refused(get, [2, 64], Errno::Inval);
            guest.refused(sizes, [end - 3, 0], Errno::Fault);
            guest.refused(sizes, [0, end], Errno::Fault);
            guest.refused(sizes, [0, 6], Errno::Inval);
        }
    });
}
