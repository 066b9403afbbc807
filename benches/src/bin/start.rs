//! How long a program takes from the shell's command to its end: `gusset run` beside `wasmtime run`, each without a cache, from its cache,
//! and from a precompiled file. Each run is a process of its own, in turn; the tables give medians, and the 99th percentiles below them.
//!
//!     cargo run --release --bin start -- GUSSET WASMTIME FILE.wasm [ROUNDS]

use anyhow::{Result, bail, ensure};
use gusset_benches::{Contender, measure, percentile, print};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// How long a cache is left alone after it was filled, for what it does behind that.
const REST: Duration = Duration::from_millis(500);

/// A process to be started, with what it is called in a table.
struct Start {
    name: String,
    words: Vec<String>,
    /// Where Gusset's cache lies.
    cache: PathBuf,
}

impl Start {
    fn new(words: &[&str], cache: &Path) -> Start {
        let program = Path::new(words[0]).file_name().unwrap_or_default().to_string_lossy();
        let name =
            std::iter::once(&*program).chain(words[1..words.len() - 1].iter().copied()).collect::<Vec<_>>().join(" ");
        Start { name, words: words.iter().map(|word| word.to_string()).collect(), cache: cache.into() }
    }

    fn run(&self) -> Result<(Duration, Output)> {
        let start = Instant::now();
        let output =
            Command::new(&self.words[0]).args(&self.words[1..]).env("GUSSET_CACHE_DIR", &self.cache).output()?;
        Ok((start.elapsed(), output))
    }
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ([gusset, wasmtime, file], rounds) = match &args[..] {
        [gusset, wasmtime, file] => ([gusset, wasmtime, file], 41),
        [gusset, wasmtime, file, rounds] => ([gusset, wasmtime, file], rounds.parse()?),
        _ => bail!("usage: start GUSSET WASMTIME FILE.wasm [ROUNDS]"),
    };
    let scratch = std::env::temp_dir().join(format!("start-{}", std::process::id()));
    std::fs::create_dir(&scratch)?;
    let outcome = compare_all(gusset, wasmtime, file, rounds, &scratch);
    std::fs::remove_dir_all(&scratch)?;
    outcome
}

fn compare_all(gusset: &str, wasmtime: &str, file: &str, rounds: usize, scratch: &Path) -> Result<()> {
    let path = |name: &str| scratch.join(name).display().to_string();
    let config = path("wasmtime.toml");
    std::fs::write(&config, format!("[cache]\ndirectory = {:?}\n", path("wasmtime-cache")))?;
    let (ours, theirs) = (path("program.gusset"), path("program.cwasm"));
    for words in [[gusset, "compile", file, "-o", &ours], [wasmtime, "compile", file, "-o", &theirs]] {
        let (_, output) = Start::new(&words, scratch).run()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let cache = scratch.join("gusset-cache");
    let cache_config = format!("cache-config={config}");
    let start = |words: &[&str]| Start::new(words, &cache);
    let without = [start(&[gusset, "run", "--no-cache", file]), start(&[wasmtime, "run", "-C", "cache=n", file])];
    let cached = [start(&[gusset, "run", file]), start(&[wasmtime, "run", "-C", &cache_config, file])];
    let precompiled = [
        start(&[gusset, "run", "--allow-precompiled", &ours]),
        start(&[wasmtime, "run", "--allow-precompiled", &theirs]),
    ];
    for start in cached.iter().chain(&cached) {
        start.run()?;
        std::thread::sleep(REST);
    }
    for (title, starts) in [("without a cache", &without), ("from the cache", &cached), ("precompiled", &precompiled)] {
        compare(&format!("{title}: start to end of {file}, whole process"), starts, rounds)?;
    }
    Ok(())
}

fn compare(title: &str, starts: &[Start; 2], rounds: usize) -> Result<()> {
    let outputs = starts.iter().map(|start| Ok(start.run()?.1)).collect::<Result<Vec<_>>>()?;
    ensure!(outputs[0].status.success(), "{}", String::from_utf8_lossy(&outputs[0].stderr));
    ensure!(outputs[0].stdout == outputs[1].stdout, "the two print different things");
    let times = [const { RefCell::new(Vec::new()) }; 2];
    let mut contenders: Vec<Contender<'_>> = starts
        .iter()
        .zip(&times)
        .map(|(start, times)| {
            let run = || {
                let (time, _) = start.run().expect("it ran before");
                times.borrow_mut().push(time.as_secs_f64() * 1e3);
                time
            };
            Contender { name: start.name.clone(), run: Box::new(run) }
        })
        .collect();
    let rows = measure(&mut contenders, rounds, 1);
    drop(contenders);
    print(title, &rows);
    for (start, times) in starts.iter().zip(&times) {
        // The first round is not counted.
        println!("{:44} {:>10.2} ms is the 99th percentile", start.name, percentile(&times.borrow()[1..], 0.99));
    }
    Ok(())
}
