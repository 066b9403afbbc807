//! Whose the memory is: the guest's, all of it, at all times.

use crate::command::{BothWays, CommandRun};
use crate::{FUNCTIONS, adapter, guest};
use std::fmt::Write;

fn run(module: &[u8]) -> CommandRun {
    BothWays::new(module).as_component(&[])
}

fn text(printed: &[u8]) -> String {
    String::from_utf8_lossy(printed).into_owned()
}

/// A program with the wasi-libc of 2022, whose heap starts as all memory that there is when it is first asked for some, that which an adapter has
/// made it longer by too. With the adapter of wasi-preview1-component-adapter-provider 48.0.8, in Wasmtime 48, it prints `10 blocks` and
/// traps at its second write: `assertion failed at adapter line 2857`, where that looks whether its state is still there.
#[test]
fn a_heap_may_take_what_the_adapter_made_the_memory_longer_by() {
    let ran = run(&guest("heap"));
    let said = (text(&ran.stdout), text(&ran.stderr));
    let wanted: String = (1..=10).map(|tens| format!("{tens}0 blocks\n")).collect();
    assert_eq!((ran.end, said), (Ok(0), (wanted, String::new())));
    assert_eq!(ran.files.read("done").unwrap(), b"all as they were\n");
}

/// Calls in their order, each of which must return 0. What they are given and write lies from 1,024 to 16,384.
const CALLS: &[&str] = &[
    // Arguments and environment: sizes to 2,048, what is there to 2,064 and 3,000, printed.
    "(call $args_sizes_get (i32.const 2048) (i32.const 2052))",
    "(call $args_get (i32.const 2064) (i32.const 3000))",
    "(call $print (i32.const 3000) (i32.load (i32.const 2052)))",
    "(call $environ_sizes_get (i32.const 2048) (i32.const 2052))",
    "(call $environ_get (i32.const 2064) (i32.const 3000))",
    "(call $print (i32.const 3000) (i32.load (i32.const 2052)))",
    // The directory.
    "(call $fd_prestat_get (i32.const 3) (i32.const 2048))",
    "(call $fd_prestat_dir_name (i32.const 3) (i32.const 3000) (i32.load (i32.const 2052)))",
    "(call $print (i32.const 3000) (i32.load (i32.const 2052)))",
    "(call $fd_fdstat_get (i32.const 3) (i32.const 2048))",
    // `a-file` becomes descriptor 4.
    "(call $path_open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 6) (i32.const 1) (i64.const 0x1fffffff)
      (i64.const 0) (i32.const 0) (i32.const 2048))",
    "(call $fd_write (i32.const 4) (i32.const 1100) (i32.const 2) (i32.const 2048))",
    "(call $fd_pwrite (i32.const 4) (i32.const 1100) (i32.const 1) (i64.const 2) (i32.const 2048))",
    "(call $fd_seek (i32.const 4) (i64.const 0) (i32.const 0) (i32.const 2048))",
    "(call $fd_read (i32.const 4) (i32.const 1120) (i32.const 2) (i32.const 2048))",
    "(call $print (i32.const 3000) (i32.load (i32.const 2048)))",
    "(call $fd_pread (i32.const 4) (i32.const 1120) (i32.const 1) (i64.const 1) (i32.const 2048))",
    "(call $fd_fdstat_set_flags (i32.const 4) (i32.const 1))",
    "(call $fd_write (i32.const 4) (i32.const 1100) (i32.const 1) (i32.const 2048))",
    "(call $fd_tell (i32.const 4) (i32.const 2048))",
    "(call $fd_filestat_get (i32.const 4) (i32.const 2048))",
    "(call $fd_filestat_set_size (i32.const 4) (i64.const 9))",
    "(call $fd_filestat_set_times (i32.const 4) (i64.const 1000) (i64.const 2000) (i32.const 5))",
    "(call $fd_allocate (i32.const 4) (i64.const 0) (i64.const 12))",
    "(call $fd_advise (i32.const 4) (i64.const 0) (i64.const 12) (i32.const 1))",
    "(call $fd_sync (i32.const 4))",
    "(call $fd_datasync (i32.const 4))",
    "(call $fd_close (i32.const 4))",
    // Paths. A link's target is cut off where the buffer ends.
    "(call $path_filestat_get (i32.const 3) (i32.const 1) (i32.const 1024) (i32.const 6) (i32.const 2048))",
    "(call $path_filestat_set_times (i32.const 3) (i32.const 1) (i32.const 1024) (i32.const 6) (i64.const 1) (i64.const 0)
      (i32.const 9))",
    "(call $path_create_directory (i32.const 3) (i32.const 1040) (i32.const 5))",
    "(call $path_symlink (i32.const 1024) (i32.const 6) (i32.const 3) (i32.const 1060) (i32.const 1))",
    "(call $path_readlink (i32.const 3) (i32.const 1060) (i32.const 1) (i32.const 3000) (i32.const 3) (i32.const 2048))",
    "(call $print (i32.const 3000) (i32.load (i32.const 2048)))",
    "(call $path_readlink (i32.const 3) (i32.const 1060) (i32.const 1) (i32.const 3000) (i32.const 99) (i32.const 2048))",
    "(call $print (i32.const 3000) (i32.load (i32.const 2048)))",
    "(call $path_link (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 6) (i32.const 3) (i32.const 1062) (i32.const 1))",
    "(call $path_rename (i32.const 3) (i32.const 1062) (i32.const 1) (i32.const 3) (i32.const 1064) (i32.const 1))",
    // Listings: all of it, a part that ends within a name, what follows that.
    "(call $fd_readdir (i32.const 3) (i32.const 3000) (i32.const 4096) (i64.const 0) (i32.const 2048))",
    "(call $fd_readdir (i32.const 3) (i32.const 3000) (i32.const 78) (i64.const 0) (i32.const 2048))",
    "(call $fd_readdir (i32.const 3) (i32.const 3000) (i32.const 20) (i64.const 2) (i32.const 2048))",
    "(call $fd_readdir (i32.const 3) (i32.const 3000) (i32.const 4096) (i64.const 3) (i32.const 2048))",
    "(call $path_unlink_file (i32.const 3) (i32.const 1060) (i32.const 1))",
    "(call $path_remove_directory (i32.const 3) (i32.const 1040) (i32.const 5))",
    // Clocks, random bytes, waiting: with events behind the subscriptions, and over them.
    "(call $clock_res_get (i32.const 0) (i32.const 2048))",
    "(call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 2048))",
    "(call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 2048))",
    "(call $random_get (i32.const 3000) (i32.const 5000))",
    "(call $subscribe (i32.const 9000))",
    "(call $poll_oneoff (i32.const 9000) (i32.const 10000) (i32.const 3) (i32.const 2048))",
    "(call $told (i32.const 10000))",
    "(call $subscribe (i32.const 9000))",
    "(call $poll_oneoff (i32.const 9000) (i32.const 9008) (i32.const 3) (i32.const 2048))",
    "(call $told (i32.const 9008))",
    "(call $fd_renumber (i32.const 0) (i32.const 2))",
    "(call $sched_yield)",
];

/// What the calls print.
const PRINTED: &str = "program\0first\0\0the third one\0NAME=value\0EMPTY=\0/outa a linea-fa-file";

/// A module that makes the calls. Before each it writes its own bytes to all of its memory but what they work on; after each it
/// looks whether they are there, and whether what the memory has grown by is zeros. The last `free` bytes of the memory it leaves alone:
/// there it only looks whether they are zeros.
fn program(free: u32) -> Vec<u8> {
    let mut text = String::from("(module\n");
    for (name, ty) in FUNCTIONS.iter().filter(|(name, _)| {
        CALLS.iter().any(|call| call.contains(&format!("${name} ")) || call.contains(&format!("${name})")))
    }) {
        writeln!(text, "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} {ty}))").unwrap();
    }
    text.push_str(MODULE);
    writeln!(text, "(func (export \"_start\")").unwrap();
    for (number, call) in CALLS.iter().enumerate() {
        writeln!(text, "(call $fill (i32.const {free}))").unwrap();
        writeln!(text, "(call $check (i32.const {number}) {call})").unwrap();
    }
    text.push_str("))");
    wat::parse_str(text).unwrap()
}

const MODULE: &str = r#"
  (memory (export "memory") 4)
  (global $filled (mut i32) (i32.const 0))
  (data (i32.const 1024) "a-file")
  (data (i32.const 1040) "a-dir")
  (data (i32.const 1060) "l")
  (data (i32.const 1062) "m")
  (data (i32.const 1064) "n")
  (data (i32.const 1080) "a line")
  ;; Two ranges to write, of which the second is empty, and two to read.
  (data (i32.const 1100) "\38\04\00\00\06\00\00\00\38\04\00\00\00\00\00\00")
  (data (i32.const 1120) "\b8\0b\00\00\03\00\00\00\bb\0b\00\00\40\00\00\00")
  ;; Prints from an address on.
  (func $print (param i32 i32) (result i32)
    (i32.store (i32.const 1200) (local.get 0))
    (i32.store (i32.const 1204) (local.get 1))
    (call $fd_write (i32.const 1) (i32.const 1200) (i32.const 1) (i32.const 1208)))
  ;; Three subscriptions: 1 to standard output, 2 to no descriptor, 3 to an hour.
  (func $subscribe (param $at i32) (result i32)
    (memory.fill (local.get $at) (i32.const 0) (i32.const 144))
    (i64.store (local.get $at) (i64.const 1))
    (i32.store8 offset=8 (local.get $at) (i32.const 2))
    (i32.store offset=16 (local.get $at) (i32.const 1))
    (i64.store offset=48 (local.get $at) (i64.const 2))
    (i32.store8 offset=56 (local.get $at) (i32.const 1))
    (i32.store offset=64 (local.get $at) (i32.const 99))
    (i64.store offset=96 (local.get $at) (i64.const 3))
    (i32.store offset=112 (local.get $at) (i32.const 1))
    (i64.store offset=120 (local.get $at) (i64.const 3600000000000))
    (i32.const 0))
  ;; 0 if there are two events at 2,048: of 1, and `badf` of 2.
  (func $told (param $at i32) (result i32)
    (i32.eqz (i32.and
      (i32.and (i32.eq (i32.load (i32.const 2048)) (i32.const 2)) (i64.eq (i64.load (local.get $at)) (i64.const 1)))
      (i32.and (i64.eq (i64.load offset=32 (local.get $at)) (i64.const 2))
        (i32.eq (i32.load16_u offset=40 (local.get $at)) (i32.const 8))))))
  (func $byte (param $at i32) (result i64)
    (i64.mul (i64.extend_i32_u (i32.add (local.get $at) (i32.const 7))) (i64.const 0x9e3779b97f4a7c15)))
  ;; Whether an address is of what the calls work on.
  (func $theirs (param $at i32) (result i32)
    (i32.lt_u (i32.sub (local.get $at) (i32.const 1024)) (i32.const 15360)))
  (func $fill (param $free i32) (local $at i32)
    (global.set $filled (i32.sub (i32.mul (memory.size) (i32.const 65536)) (local.get $free)))
    (loop $next
      (if (i32.eqz (call $theirs (local.get $at)))
        (then (i64.store (local.get $at) (call $byte (local.get $at)))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (global.get $filled)))))
  ;; Traps where a call did not return 0, or something is not as it was; says which call it was.
  (func $check (param $number i32) (param $errno i32) (local $at i32)
    (if (local.get $errno) (then (call $fail (local.get $number) (local.get $errno))))
    (loop $next
      (if (i32.eqz (call $theirs (local.get $at)))
        (then (if (i64.ne (i64.load (local.get $at))
                  (if (result i64) (i32.lt_u (local.get $at) (global.get $filled))
                    (then (call $byte (local.get $at))) (else (i64.const 0))))
          (then (call $fail (local.get $number) (local.get $at))))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8)))
        (i32.mul (memory.size) (i32.const 65536))))))
  (func $fail (param i32 i32)
    (i32.store (i32.const 1220) (i32.add (i32.const 0x30303030) (i32.or
      (i32.div_u (local.get 0) (i32.const 10)) (i32.shl (i32.rem_u (local.get 0) (i32.const 10)) (i32.const 8)))))
    (i32.store (i32.const 1200) (i32.const 1220))
    (i32.store (i32.const 1204) (i32.const 2))
    (drop (call $fd_write (i32.const 1) (i32.const 1200) (i32.const 1) (i32.const 1208)))
    (unreachable))
"#;

fn gives_back(free: u32) {
    let ran = run(&program(free));
    let stdout = text(&ran.stdout);
    let number = stdout.get(stdout.len().saturating_sub(2)..).and_then(|last| last.parse::<usize>().ok());
    assert_eq!(ran.end, Ok(0), "call {:?}", number.and_then(|at| CALLS.get(at)));
    assert_eq!(stdout, PRINTED);
}

/// As of an allocator that takes whatever is there: nothing that was made room for remains the adapter's.
#[test]
fn a_guest_that_uses_all_of_its_memory_keeps_all_of_it() {
    gives_back(0);
}

/// What is zeros in the guest's memory is lent, and is zeros again.
#[test]
fn a_guest_s_zeros_are_zeros_afterwards() {
    gives_back(0x20000);
}

/// There is no `cabi_realloc` by which a guest would be asked.
#[test]
fn nothing_of_the_guest_s_is_called() {
    for name in ["reactor", "proxy"] {
        let shape = gusset_wasi_adapter_tests::shape(&adapter(name)).unwrap();
        assert!(!shape.imports.iter().any(|import| import.starts_with("__main_module__")), "{name}");
    }
}
