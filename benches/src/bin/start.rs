//! How long a program takes from the shell's command to its end: `gusset run` beside `wasmtime run` with its compile cache off. Each run is a
//! process of its own, in turn; the table gives medians.
//!
//!     cargo run --release --bin start -- GUSSET WASMTIME FILE.wasm [ROUNDS]

use anyhow::{Result, bail, ensure};
use gusset_benches::{Contender, measure, print};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let ([gusset, wasmtime, file], rounds) = match &args[..] {
        [gusset, wasmtime, file] => ([gusset, wasmtime, file], 41),
        [gusset, wasmtime, file, rounds] => ([gusset, wasmtime, file], rounds.parse()?),
        _ => bail!("usage: start GUSSET WASMTIME FILE.wasm [ROUNDS]"),
    };
    let commands: [Vec<&str>; 2] = [vec![gusset, "run", file], vec![wasmtime, "run", "-C", "cache=n", file]];
    let outputs = commands.iter().map(|command| Ok(run(command)?.1)).collect::<Result<Vec<_>>>()?;
    ensure!(outputs[0].status.success(), "{}", String::from_utf8_lossy(&outputs[0].stderr));
    ensure!(outputs[0].stdout == outputs[1].stdout, "the two print different things");
    let mut contenders =
        [("gusset run", &commands[0]), ("wasmtime run -C cache=n", &commands[1])].map(|(name, command)| {
            let run = || run(command).expect("it ran before").0;
            Contender { name: name.into(), run: Box::new(run) }
        });
    print(&format!("start to end of {file}, whole process"), &measure(&mut contenders, rounds, 1));
    Ok(())
}

fn run(command: &[&str]) -> Result<(Duration, Output)> {
    let start = Instant::now();
    let output = Command::new(command[0]).args(&command[1..]).output()?;
    Ok((start.elapsed(), output))
}
