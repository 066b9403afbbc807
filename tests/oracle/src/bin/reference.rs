//! Compares Gusset with the specification's reference implementation: `reference PATH`, with PATH a `definitions.py`. `cargo xtask oracle`
//! builds and runs it.

use gusset_oracle::{
    Compared, Encoding, Interpreters, Reference, Unstructured, arbitrary_program, compare_program,
    compare_with_reference, engine, input,
};
use std::path::Path;
use std::process::ExitCode;

/// How many types and programs are compared, unless the second and third arguments say so.
const COUNTS: [u64; 2] = [1000, 10_000];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, counts) = match &arguments[..] {
        [path] => (&**path, Some(COUNTS)),
        [path, types, programs] => (&**path, types.parse().ok().zip(programs.parse().ok()).map(<[u64; 2]>::from)),
        _ => ("", None),
    };
    let Some(counts) = counts else {
        eprintln!("usage: reference PATH [TYPES PROGRAMS]");
        return ExitCode::FAILURE;
    };
    match compare(Path::new(path), counts) {
        Ok(differences) if differences.is_empty() => ExitCode::SUCCESS,
        Ok(differences) => {
            for difference in differences {
                eprintln!("{difference}\n");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Compares so many types, each with its encodings, and so many programs, prints what was compared and returns what differs.
fn compare(path: &Path, [types, programs]: [u64; 2]) -> Result<Vec<String>, String> {
    let engine = engine();
    let mut reference = Reference::start(path)?;
    let mut differences = Vec::new();
    let encodings = Encoding::ALL;
    let mut compared = Compared::default();
    for seed in 0..types {
        let pair = [encodings[seed as usize % 3], encodings[seed as usize / 3 % 3]];
        match compare_with_reference(&engine, &mut reference, &input(seed, 4096), pair) {
            Ok(more) => compared += more,
            Err(difference) => differences.push(format!("type {seed}: {difference}")),
        }
    }
    println!("{compared}");
    let interpreters = (2..=4).map(|instances| Interpreters::new(&engine, instances)).collect::<Result<Vec<_>, _>>()?;
    let (mut notes, mut traps) = (0, 0);
    for seed in 0..programs {
        let instances = 2 + seed as usize % 3;
        let program = arbitrary_program(instances, &mut Unstructured::new(&input(seed, 1024)));
        notes += program.log.len();
        traps += usize::from(program.trap.is_some());
        let here = interpreters[instances - 2].check(&program);
        let there = compare_program(&mut reference, &program);
        differences.extend(here.and(there).err().map(|difference| format!("program {seed}: {difference}")));
    }
    println!("{programs} programs over handles: {notes} indices, representations and destructors, {traps} traps");
    println!("{} differences", differences.len());
    Ok(differences)
}
