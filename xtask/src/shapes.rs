//! `cargo xtask shapes`: has the program compile components of about a megabyte each that ask for a product, such as one of
//! blocks by locals. Each must be compiled or refused within 10 s of CPU time and 1 GiB of memory.

mod component;
mod definitions;
mod locals;
mod operands;
mod process;
mod proposals;
mod table;

use crate::program;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use table::{InputShape, SHAPES, Sizes};

/// The call of what every shape exports.
const CALL: &str = "f(0)";

/// The most that N or M may be.
const MAX_SIZE: u32 = 1_000_000;

/// Runs with the arguments that follow the chore's name: `[--gusset PATH] [NAME[:NxM[xK]]...]`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let (given, shapes) = order(arguments)?;
    let target = program::target(root);
    let gusset = match given {
        Some(path) => path,
        None => {
            program::build(root, "gusset-cli", true)?;
            target.join("release/gusset")
        }
    };
    let folder = target.join("shapes");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    println!("{:<20} {:>9} {:>9} {:>6} {:>9} {:>8} {:>9}  outcome", "name", "N", "M", "copies", "bytes", "cpu", "rss");
    let mut above = 0;
    for (shape, sizes) in shapes {
        above += usize::from(!measure(&gusset, &folder, shape, sizes)?);
    }
    if above > 0 {
        bail!("shapes: {above} are above {:?} of CPU time or 1 GiB, or failed", process::CPU_LIMIT);
    }
    Ok(())
}

/// What is to be run.
type Chosen = (&'static InputShape, Sizes);

/// The program, if one is given, and the shapes that are named, or all.
fn order(arguments: &[&str]) -> Result<(Option<PathBuf>, Vec<Chosen>)> {
    let (mut gusset, mut shapes) = (None, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(&argument) = arguments.next() {
        match argument {
            "--gusset" => gusset = Some(arguments.next().context("--gusset takes a path")?.into()),
            name => shapes.extend(named(name)?),
        }
    }
    if shapes.is_empty() {
        shapes = SHAPES.iter().flat_map(all_sizes).collect();
    }
    Ok((gusset, shapes))
}

/// What `NAME`, `NAME:NxM` or `NAME:NxMxK` means; K is how many copies there are.
fn named(argument: &str) -> Result<Vec<Chosen>> {
    let (name, sizes) = argument.split_once(':').map_or((argument, None), |(name, sizes)| (name, Some(sizes)));
    let known = || SHAPES.iter().map(|shape| shape.name).collect::<Vec<_>>().join(", ");
    let found = SHAPES.iter().find(|shape| shape.name == name);
    let shape = found.with_context(|| format!("there is no shape `{name}`, but {}", known()))?;
    let Some(sizes) = sizes else { return Ok(all_sizes(shape).collect()) };
    let size = |text: &str| match text.parse() {
        Ok(size) if (1..=MAX_SIZE).contains(&size) => Ok(size),
        _ => bail!("`{text}` in `{argument}` is no size from 1 to {MAX_SIZE}"),
    };
    match sizes.split('x').map(size).collect::<Result<Vec<u32>>>()?[..] {
        [n, m] => Ok(vec![(shape, (n, m, 1))]),
        [n, m, copies] => Ok(vec![(shape, (n, m, copies))]),
        _ => bail!("`{argument}` is not NAME:NxM or NAME:NxMxK"),
    }
}

fn all_sizes(shape: &'static InputShape) -> impl Iterator<Item = Chosen> {
    shape.sizes.iter().map(move |&sizes| (shape, sizes))
}

/// Runs one and prints its line. Whether it is within the bounds; one that is not is kept.
fn measure(gusset: &Path, folder: &Path, shape: &InputShape, sizes: Sizes) -> Result<bool> {
    let (bytes, (n, m, copies)) = (shape.component(sizes), sizes);
    let file = folder.join(format!("{}-{n}-{m}-{copies}.wasm", shape.name));
    std::fs::write(&file, &bytes).with_context(|| format!("cannot write {}", file.display()))?;
    let cost = process::run(gusset, &file, CALL)?;
    let bounded = cost.is_bounded();
    if bounded {
        std::fs::remove_file(&file)?;
    }
    let (name, cpu, mib, mark) =
        (shape.name, cost.cpu.as_secs_f64(), cost.peak_kib >> 10, if bounded { "" } else { " <-- ABOVE" });
    println!("{name:<20} {n:>9} {m:>9} {copies:>6} {:>9} {cpu:>6.2} s {mib:>5} MiB  {}{mark}", bytes.len(), cost.end);
    Ok(bounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_the_program_and_shapes() {
        let (gusset, shapes) = order(&["dag:3x40", "--gusset", "g", "ifs"]).unwrap();
        assert_eq!(gusset, Some("g".into()));
        let shapes: Vec<_> = shapes.iter().map(|(shape, sizes)| (shape.name, *sizes)).collect();
        assert_eq!(shapes[0], ("dag", (3, 40, 1)));
        assert_eq!(order(&["ifs:3x40x5"]).unwrap().1[0].1, (3, 40, 5));
        assert!(shapes.len() > 1 && shapes[1..].iter().all(|(name, _)| *name == "ifs"), "{shapes:?}");
        assert!(order(&[]).unwrap().1.len() > SHAPES.len());
    }

    #[test]
    fn wrong_arguments_are_named() {
        let error = |arguments: &[&str]| order(arguments).err().unwrap().to_string();
        assert_eq!(error(&["--gusset"]), "--gusset takes a path");
        assert!(error(&["ifs", "nothing"]).starts_with("there is no shape `nothing`, but blocks, "));
        assert_eq!(error(&["ifs:3"]), "`ifs:3` is not NAME:NxM or NAME:NxMxK");
        assert_eq!(error(&["ifs:3x0"]), "`0` in `ifs:3x0` is no size from 1 to 1000000");
    }
}
