//! Compares Gusset with the specification's reference implementation: `reference PATH`, with PATH a `definitions.py`. `cargo xtask oracle`
//! builds and runs it.

use gusset_oracle::{Compared, Encoding, Reference, compare_with_reference, engine, input};
use std::path::Path;
use std::process::ExitCode;

/// How many types are compared, unless the second argument says so.
const TYPES: u64 = 1200;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, types) = match &arguments[..] {
        [path] => (&**path, Some(TYPES)),
        [path, types] => (&**path, types.parse().ok()),
        _ => ("", None),
    };
    let Some(types) = types else {
        eprintln!("usage: reference PATH [TYPES]");
        return ExitCode::FAILURE;
    };
    match compare(Path::new(path), types) {
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

/// Compares so many types, each with its encodings, prints what was compared and returns what differs.
fn compare(path: &Path, types: u64) -> Result<Vec<String>, String> {
    let engine = engine();
    let encodings = [Encoding::Utf8, Encoding::Utf16, Encoding::Latin1Utf16];
    let mut reference = Reference::start(path)?;
    let (mut compared, mut differences) = (Compared::default(), Vec::new());
    for seed in 0..types {
        let pair = [encodings[seed as usize % 3], encodings[seed as usize / 3 % 3]];
        match compare_with_reference(&engine, &mut reference, &input(seed, 4096), pair) {
            Ok(more) => compared += more,
            Err(difference) => differences.push(format!("seed {seed}: {difference}")),
        }
    }
    println!("{compared}; {} differences", differences.len());
    Ok(differences)
}
