//! The end of a memory of 4 GiB, behind which no address of 32 bits is left.

use gusset_wasi::preview1::{Errno, call};
use gusset_wasi::{WasiConfig, WasiCtx};

const SIZE: u64 = 1 << 32;

#[test]
fn what_ends_where_memory_ends_is_written() {
    let config = WasiConfig::builder().args(["name", "x"]).env("A", "b").build().unwrap();
    let ctx = &mut WasiCtx::new(&config);
    // All zero, and so the system's to give only where it is touched.
    let memory = &mut vec![0; SIZE as usize][..];
    let mut write = |name: &str, arguments: &[u64], tail: &[u8]| {
        assert_eq!(call(name, ctx, memory, arguments).unwrap(), Errno::Success, "{name}");
        assert_eq!(memory[memory.len() - tail.len()..], *tail, "{name}");
    };
    write("args_get", &[0, SIZE - 7], b"name\0x\0");
    write("args_get", &[SIZE - 8, 16], &[16, 0, 0, 0, 21, 0, 0, 0]);
    write("environ_get", &[0, SIZE - 4], b"A=b\0");
    write("random_get", &[SIZE, 0], b"");
    // A subscription of zeros is one of the calendar's clock, whose time has come.
    write("poll_oneoff", &[1024, SIZE - 32, 1, 512], &[0; 32]);
    write("poll_oneoff", &[SIZE - 48, 1024, 1, 512], &[0; 32]);
    write("clock_time_get", &[0, 0, SIZE - 8], &[]);
}
