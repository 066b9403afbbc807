//! What programs do with WASI preview1, Gusset beside Wasmtime with its default settings: files of a host directory, listing, clocks.
//!
//!     cargo bench --bench wasi -- [DIRECTORY]
//!
//! The files are made in DIRECTORY, or else in memory (`/dev/shm`) where the system has it: what is measured are the two runtimes.

use anyhow::{Context, Result};
use gusset_benches::{Contender, measure, print};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const KERNEL: &str = include_str!("../kernels/wasi.wat");
const ROUNDS: usize = 31;
/// Of a listing: the peer takes minutes for each.
const LISTING_ROUNDS: usize = 1;
/// How many entries the directory has that is listed.
const ENTRIES: i32 = 100_000;

/// A row of the table: an export, its arguments, and how many operations a run counts as.
struct Kernel {
    title: &'static str,
    export: &'static str,
    count: i32,
    size: i32,
}

const KERNELS: &[Kernel] = &[
    Kernel { title: "write of 1 GiB in pieces of 64 KiB, per piece", export: "write", count: 16_384, size: 65_536 },
    Kernel { title: "read of 1 GiB in pieces of 64 KiB, per piece", export: "read", count: 16_384, size: 65_536 },
    Kernel { title: "fd_write of 16 bytes", export: "write", count: 1_000_000, size: 16 },
    Kernel { title: "path_open and fd_close", export: "open-close", count: 100_000, size: 0 },
    Kernel { title: "clock_time_get", export: "clock", count: 1_000_000, size: 0 },
    Kernel { title: "a directory of 100,000 entries, per entry", export: "list", count: ENTRIES, size: 65_536 },
    Kernel { title: "the same through a buffer of 4 KiB", export: "list", count: ENTRIES, size: 4096 },
];

fn gusset<'a>(kernel: &'a Kernel, directory: &Path) -> Result<Contender<'a>> {
    use gusset_wasi::{HostDirectory, WasiConfig, WasiCtx, preview1};
    let engine = gusset::Engine::new(&gusset::Config::new())?;
    let module = gusset::core::Module::new(&engine, KERNEL)?;
    let mut builder = WasiConfig::builder();
    builder.system_time().preopened_directory("/", HostDirectory::open(directory)?);
    let mut store = gusset::Store::new(&engine, WasiCtx::new(&builder.build()?));
    let mut linker = gusset::core::Linker::new(&engine);
    preview1::add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let func = instance.get_typed_func::<(i32, i32), i32>(&mut store, kernel.export)?;
    let run = move || timed(|| func.call(&mut store, (kernel.count, kernel.size)).expect("the kernel returns"));
    Ok(Contender { name: "gusset".into(), run: Box::new(run) })
}

fn wasmtime<'a>(kernel: &'a Kernel, directory: &Path) -> Result<Contender<'a>> {
    use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_sync};
    use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
    let engine = wasmtime::Engine::new(&wasmtime::Config::new())?;
    let module = wasmtime::Module::new(&engine, KERNEL)?;
    let mut builder = WasiCtxBuilder::new();
    // What its program does: file operations run on the thread that asks for them.
    builder.allow_blocking_current_thread(true);
    builder.preopened_dir(directory, "/", FsPerms::ReadWrite)?;
    let mut store = wasmtime::Store::new(&engine, builder.build_p1());
    let mut linker = wasmtime::Linker::new(&engine);
    add_to_linker_sync(&mut linker, |ctx: &mut WasiP1Ctx| ctx)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let func = instance.get_typed_func::<(i32, i32), i32>(&mut store, kernel.export)?;
    let run = move || timed(|| func.call(&mut store, (kernel.count, kernel.size)).expect("the kernel returns"));
    Ok(Contender { name: "wasmtime, default".into(), run: Box::new(run) })
}

fn timed(run: impl FnOnce() -> i32) -> Duration {
    let start = Instant::now();
    let result = run();
    let time = start.elapsed();
    assert_eq!(result, 1, "the kernel saw what it must");
    time
}

fn main() -> Result<()> {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let shared = PathBuf::from("/dev/shm");
    let base = given.unwrap_or_else(|| if shared.is_dir() { shared } else { std::env::temp_dir() });
    let scratch = base.join(format!("gusset-benches-{}", std::process::id()));
    let (files, listed) = (scratch.join("files"), scratch.join("listed"));
    fs::create_dir_all(&files).with_context(|| format!("cannot make {}", files.display()))?;
    fs::create_dir_all(&listed)?;
    for entry in 0..ENTRIES {
        fs::write(listed.join(format!("entry-{entry:06}.txt")), "")?;
    }
    let outcome = KERNELS.iter().try_for_each(|kernel| {
        let directory = if kernel.export == "list" { &listed } else { &files };
        let mut contenders = [gusset(kernel, directory)?, wasmtime(kernel, directory)?];
        let rounds = if kernel.export == "list" { LISTING_ROUNDS } else { ROUNDS };
        print(kernel.title, &measure(&mut contenders, rounds, kernel.count as u64));
        Ok(())
    });
    fs::remove_dir_all(&scratch)?;
    outcome
}
