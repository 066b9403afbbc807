//! The same calls of preview1's functions, made by a module and by the component that the adapter makes of it: they return the same, and write the
//! same to memory. What 0.2 does not tell (devices, inodes) and what nobody promises (times) is left out.

use crate::FUNCTIONS;
use crate::command::BothWays;
use std::fmt::Write;

/// What a parameter is.
#[derive(Clone, Copy, PartialEq)]
enum CallParam {
    Fd,
    /// A descriptor that may be closed.
    OwnFd,
    /// An address and a length.
    Path,
    /// Ranges, and how many, to be written or read.
    Written,
    Read,
    /// Where results go.
    Results,
    /// Where bytes go, and how many there is room for.
    Buffer,
    Small,
    /// Flags: the highest set.
    Flags(u64),
    Rights,
    Whence,
}

use CallParam::{Buffer, Fd, Flags, OwnFd, Path, Read, Results, Rights, Small, Whence, Written};

/// Which functions are called, how often among all of them, and with what.
const CALLED: &[(&str, u64, &[CallParam])] = &[
    ("args_sizes_get", 1, &[Results, Results]),
    ("environ_sizes_get", 1, &[Results, Results]),
    ("clock_res_get", 1, &[Small, Results]),
    ("fd_advise", 1, &[Fd, Small, Small, Small]),
    ("fd_allocate", 2, &[Fd, Small, Small]),
    ("fd_close", 3, &[OwnFd]),
    ("fd_datasync", 1, &[Fd]),
    ("fd_fdstat_get", 3, &[Fd, Results]),
    ("fd_fdstat_set_flags", 2, &[Fd, Flags(31)]),
    ("fd_fdstat_set_rights", 1, &[OwnFd, Rights, Rights]),
    ("fd_filestat_get", 4, &[Fd, Results]),
    ("fd_filestat_set_size", 2, &[Fd, Small]),
    ("fd_filestat_set_times", 1, &[Fd, Small, Small, Flags(15)]),
    ("fd_pread", 4, &[Fd, Read, Small, Results]),
    ("fd_prestat_get", 1, &[Fd, Results]),
    ("fd_prestat_dir_name", 1, &[Fd, Buffer]),
    ("fd_pwrite", 4, &[Fd, Written, Small, Results]),
    ("fd_read", 4, &[Fd, Read, Results]),
    ("fd_readdir", 4, &[Fd, Buffer, Small, Results]),
    ("fd_renumber", 1, &[OwnFd, OwnFd]),
    ("fd_seek", 4, &[Fd, Small, Whence, Results]),
    ("fd_sync", 1, &[Fd]),
    ("fd_tell", 2, &[Fd, Results]),
    ("fd_write", 5, &[Fd, Written, Results]),
    ("path_create_directory", 3, &[Fd, Path]),
    ("path_filestat_get", 4, &[Fd, Flags(1), Path, Results]),
    ("path_filestat_set_times", 1, &[Fd, Flags(1), Path, Small, Small, Flags(15)]),
    ("path_link", 2, &[Fd, Flags(1), Path, Fd, Path]),
    ("path_open", 12, &[Fd, Flags(1), Path, Flags(15), Rights, Rights, Flags(31), Results]),
    ("path_readlink", 2, &[Fd, Path, Buffer, Results]),
    ("path_remove_directory", 2, &[Fd, Path]),
    ("path_rename", 3, &[Fd, Path, Fd, Path]),
    ("path_symlink", 3, &[Path, Fd, Path]),
    ("path_unlink_file", 2, &[Fd, Path]),
    ("proc_raise", 1, &[Small]),
    ("sched_yield", 1, &[]),
    ("sock_accept", 1, &[Fd, Flags(31), Results]),
    ("sock_shutdown", 1, &[Fd, Flags(3)]),
];

/// Texts, of which some are no paths. Each has 32 bytes from 1,024 on.
const PATHS: &[&[u8]] = &[
    b"a",
    b"b",
    b"d",
    b"d/x",
    b"d/e",
    b"l",
    b"d/l",
    b"a",
    b"d",
    b"d/../a",
    b".",
    b"a/",
    b"d/",
    b"no/x",
    b"..",
    b"/a",
    b"",
    b"\xc0\x80",
    b"\xf0\x9f\xa6\x80",
    b"d//x",
];

const PATHS_AT: u64 = 1024;
const WRITTEN_AT: u64 = 2048;
const READ_AT: u64 = 2112;
/// What is looked at after each call.
const RESULTS_AT: u64 = 8192;

/// Calls of this many bytes: a number of a function, and nine values of 8.
const RECORD: usize = 80;

/// Numbers in no order that anyone would find.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % count
    }

    fn param(&mut self, param: CallParam, to: &mut Vec<u64>) {
        let results = RESULTS_AT + 64 * to.len() as u64;
        match param {
            Fd => to.push([3, 3, 3, 4, 4, 5, 5, 6, 1, 0, 7][self.below(11) as usize]),
            OwnFd => to.push(4 + self.below(5)),
            Path => {
                let which = self.below(PATHS.len() as u64);
                to.extend([PATHS_AT + which * 32, PATHS[which as usize].len() as u64]);
            }
            Written => to.extend([WRITTEN_AT, self.below(4)]),
            Read => to.extend([READ_AT, self.below(4)]),
            Results => to.push(results),
            Buffer => to.extend([results, [0, 3, 20, 30, 60, 1000][self.below(6) as usize]]),
            Small => to.push([0, 0, 1, 2, 3, 4, 5, 9, 30, 1 << 63][self.below(10) as usize]),
            Flags(all) => to.push(if self.below(2) == 0 { 0 } else { self.below(all + 2) }),
            Rights => to.push([0x1fff_ffff, 0x1fff_ffff, 0x1fff_ffbf, 2, 64, 1 << 14][self.below(6) as usize]),
            Whence => to.push(self.below(4)),
        }
    }

    /// What a sequence starts with, so that there is something: a file, a directory, a link, a file in the directory.
    fn first_calls() -> Vec<(usize, Vec<u64>)> {
        let path = |at: usize| [PATHS_AT + at as u64 * 32, PATHS[at].len() as u64];
        let named = |name: &str| CALLED.iter().position(|(other, ..)| *other == name).expect("it is one");
        let open = |at: usize, how: u64| {
            (named("path_open"), vec![3, 0, path(at)[0], path(at)[1], how, 0x1fff_ffff, 0x1fff_ffff, 0, RESULTS_AT])
        };
        let (a, d, x, l) = (0, 2, 3, 5);
        vec![
            open(a, 1),
            (named("fd_write"), vec![4, WRITTEN_AT, 3, RESULTS_AT]),
            (named("path_create_directory"), vec![3, path(d)[0], path(d)[1]]),
            (named("path_symlink"), vec![path(a)[0], path(a)[1], 3, path(l)[0], path(l)[1]]),
            // Without a right to write, as a library opens it.
            (named("path_open"), vec![3, 0, path(d)[0], path(d)[1], 2, 0x1fff_ffbf, 0x1fff_ffff, 0, RESULTS_AT]),
            open(x, 1),
        ]
    }

    /// A call: the number of its function, and its values.
    fn call(&mut self) -> (usize, Vec<u64>) {
        let all: u64 = CALLED.iter().map(|(_, often, _)| often).sum();
        let mut left = self.below(all);
        let number = CALLED.iter().position(|(_, often, _)| {
            let found = left < *often;
            left = left.wrapping_sub(*often);
            found
        });
        let number = number.expect("it is less than all");
        let mut values = Vec::new();
        CALLED[number].2.iter().for_each(|param| self.param(*param, &mut values));
        (number, values)
    }
}

/// Reads calls from standard input, makes them, and prints for each what it returned and what its results are then.
fn interpreter() -> Vec<u8> {
    let mut text = String::from("(module\n");
    for (name, ty) in FUNCTIONS {
        if CALLED.iter().any(|(called, ..)| called == name) {
            writeln!(text, "(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} {ty}))").unwrap();
        }
    }
    for (path, at) in PATHS.iter().zip((PATHS_AT..).step_by(32)) {
        let bytes: String = path.iter().map(|byte| format!("\\{byte:02x}")).collect();
        writeln!(text, "(data (i32.const {at}) \"{bytes}\")").unwrap();
    }
    text.push_str(INTERPRETER);
    text.push_str("(func $dispatch (param $at i32) (result i32)\n");
    for (number, (name, ..)) in CALLED.iter().enumerate() {
        let ty = FUNCTIONS.iter().find(|(other, _)| other == name).expect("it is one").1;
        let params = ty.split("(result").next().unwrap_or("");
        let values: String = params
            .split([' ', '(', ')'])
            .filter(|word| ["i32", "i64"].contains(word))
            .zip((8..).step_by(8))
            .map(|(ty, offset)| format!(" ({ty}.load offset={offset} (local.get $at))"))
            .collect();
        let mask = match *name {
            "fd_filestat_get" => "(call $mask_filestat (i32.load offset=16 (local.get $at)))",
            "path_filestat_get" => "(call $mask_filestat (i32.load offset=40 (local.get $at)))",
            "fd_readdir" => {
                "(call $mask_listing (i32.load offset=16 (local.get $at)) (i32.load offset=40 (local.get $at)))"
            }
            _ => "",
        };
        writeln!(
            text,
            "(if (i32.eq (i32.load (local.get $at)) (i32.const {number}))
               (then (global.set $errno (call ${name}{values})) {mask} (return (global.get $errno))))"
        )
        .unwrap();
    }
    text.push_str("(unreachable)))");
    wat::parse_str(text).unwrap()
}

const INTERPRETER: &str = r#"
  (memory (export "memory") 4)
  (global $errno (mut i32) (i32.const 0))
  (data (i32.const 2000) "hello, world")
  (data (i32.const 2048) "\d0\07\00\00\05\00\00\00\d0\07\00\00\00\00\00\00\d5\07\00\00\07\00\00\00")
  (data (i32.const 2112) "\00\24\00\00\03\00\00\00\10\24\00\00\00\00\00\00\20\24\00\00\20\00\00\00")
  ;; All calls lie from 65,536 on, what is printed from 131,072 on.
  (data (i32.const 2200) "\00\00\01\00\00\00\01\00")
  (func $mask_filestat (param $at i32)
    (if (i32.eqz (global.get $errno)) (then
      (memory.fill (local.get $at) (i32.const 0) (i32.const 16))
      (memory.fill (i32.add (local.get $at) (i32.const 40)) (i32.const 0) (i32.const 24)))))
  ;; Inodes, and what comes behind the last whole name or is of no meaning.
  (func $mask_listing (param $at i32) (param $used i32) (local $end i32) (local $rest i32)
    (local.set $rest (local.get $at))
    (if (i32.eqz (global.get $errno)) (then
      (local.set $end (i32.add (local.get $at) (i32.load (local.get $used))))
      (block $done (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $rest) (i32.const 24)) (local.get $end)))
        (i64.store offset=8 (local.get $rest) (i64.const 0))
        (br_if $done (i32.gt_u (i32.add (local.get $rest) (i32.add (i32.const 24) (i32.load offset=16 (local.get $rest))))
          (local.get $end)))
        (local.set $rest (i32.add (local.get $rest) (i32.add (i32.const 24) (i32.load offset=16 (local.get $rest)))))
        (br $next)))))
    ;; Of a record that is cut off its first 8 bytes stay.
    (local.set $rest (i32.add (local.get $rest) (i32.const 8)))
    (memory.fill (local.get $rest) (i32.const 0) (i32.sub (i32.const 16384) (local.get $rest)))
    (i32.store (local.get $used) (select (i32.const 0) (i32.load (local.get $used)) (global.get $errno))))
  (func $sum (result i32) (local $at i32) (local $sum i32)
    (local.set $at (i32.const 8192))
    (loop $next
      (local.set $sum (i32.mul (i32.xor (local.get $sum) (i32.load8_u (local.get $at))) (i32.const 16777619)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 16384))))
    (local.get $sum))
  (func (export "_start") (local $at i32) (local $end i32) (local $log i32)
    (drop (call $fd_read (i32.const 0) (i32.const 2200) (i32.const 1) (i32.const 2208)))
    (local.set $at (i32.const 0x10000))
    (local.set $log (i32.const 0x20000))
    (local.set $end (i32.add (i32.const 0x10000) (i32.load (i32.const 2208))))
    (loop $next
      (memory.fill (i32.const 8192) (i32.const 0) (i32.const 8192))
      (i32.store (local.get $log) (call $dispatch (local.get $at)))
      (i32.store offset=4 (local.get $log) (call $sum))
      (local.set $log (i32.add (local.get $log) (i32.const 8)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 80))) (local.get $end))))
    (i32.store (i32.const 2200) (i32.const 0x20000))
    (i32.store (i32.const 2204) (i32.sub (local.get $log) (i32.const 0x20000)))
    (drop (call $fd_write (i32.const 2) (i32.const 2200) (i32.const 1) (i32.const 2208))))
"#;

/// What is printed, a call each: what it returned, and a sum over its results.
fn returned(printed: &[u8]) -> Vec<(u32, u32)> {
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
    printed.chunks_exact(8).map(|call| (number(&call[..4]), number(&call[4..]))).collect()
}

/// Whether it is for the host to say which of two mistakes it sees first: flags that exclude each other, or what is no text, and a path that leads
/// nowhere.
fn fails_in_two_ways(name: &str, values: &[u64]) -> bool {
    match name {
        "path_open" => values[4] & 2 != 0 && values[4] & 9 != 0,
        "path_rename" | "path_link" => true,
        _ => false,
    }
}

/// Whether a listing goes on in a directory that may have changed, where a module's goes on in what there was at its start; or another directory
/// has been listed, whose entry may be kept, so that the end of the buffer is filled without looking for one.
fn goes_on(calls: &[(usize, Vec<u64>)], at: usize) -> bool {
    let is_listing = |call: &(usize, Vec<u64>)| CALLED[call.0].0 == "fd_readdir";
    let values = &calls[at].1;
    is_listing(&calls[at])
        && (values[3] != 0 || calls[..at].iter().any(|call| is_listing(call) && call.1[0] != values[0]))
}

#[test]
fn calls_return_the_same_as_a_module_s() {
    let program = BothWays::new(&interpreter());
    let sequences = std::env::var("GUSSET_SEQUENCES").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    let (mut succeeded, mut differences) = (0, Vec::new());
    for seed in 1..=sequences {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut calls = Dice::first_calls();
        calls.extend((0..80 - calls.len()).map(|_| dice.call()));
        let mut script = Vec::new();
        for (number, values) in &calls {
            let end = script.len() + RECORD;
            script.extend((*number as u64).to_le_bytes());
            script.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            script.resize(end, 0);
        }
        let (module, component) = (program.as_module(&script), program.as_component(&script));
        assert_eq!((&module.end, &component.end), (&Ok(0), &Ok(0)), "seed {seed}");
        let (module, component) = (returned(&module.stderr), returned(&component.stderr));
        assert_eq!((module.len(), component.len()), (80, 80), "seed {seed}");
        succeeded += module.iter().filter(|call| call.0 == 0).count();
        // What comes after the first difference follows from it.
        let same = |at: usize| {
            let (name, values) = (CALLED[calls[at].0].0, &calls[at].1);
            let both_fail = module[at].0 != 0 && component[at].0 != 0;
            module[at] == component[at]
                || both_fail && fails_in_two_ways(name, values)
                || module[at].0 == component[at].0 && goes_on(&calls, at)
        };
        if let Some(at) = (0..calls.len()).find(|&at| !same(at)) {
            let (number, values) = &calls[at];
            let before = calls[..at]
                .iter()
                .zip(&module)
                .map(|((number, values), call)| format!("  {}{values:x?} = {}\n", CALLED[*number].0, call.0));
            differences.push(format!(
                "seed {seed}: {}{values:x?} returns {:x?}, not {:x?}, after\n{}",
                CALLED[*number].0,
                component[at],
                module[at],
                before.collect::<String>()
            ));
        }
    }
    differences.sort_by_key(String::len);
    let first = differences.first().map_or("", String::as_str);
    let others = differences.iter().skip(1).filter_map(|difference| difference.lines().next()).take(20);
    let others: String = others.map(|line| format!("{line} ..\n")).collect();
    assert!(differences.is_empty(), "{} of {sequences} sequences differ:\n{first}{others}", differences.len());
    assert!(succeeded > 25 * sequences as usize, "only {succeeded} calls of {sequences} sequences did something");
}
