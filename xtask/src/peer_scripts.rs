//! `cargo xtask peer-scripts DIR`: runs another engine's scripts, which are not part of this repository, and tells for each file
//! what passed and why the rest did not. Two lists say what is known not to hold: where a script says otherwise than
//! the specification, and what we do not have yet.

use crate::program::{build, target};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What these scripts say otherwise than the specification, and what we do not have.
const LISTS: &[&str] = &["tests/wast/peer-deviations.txt", "tests/wast/peer-expected-failures.txt"];

/// What these folders and files, wherever they lie, are named after is not ours yet, and every script in them needs it.
const LEFT_OUT: &[&str] = &[
    "async",
    "component-model-threading",
    "gc",
    "shared-everything-threads",
    "stack-switching",
    "stack-switching-and-gc.wast",
];

/// Runs with the arguments that follow the chore's name: `DIR [--gusset PATH]`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let (folder, program) = match arguments {
        [folder] => {
            build(root, "gusset-cli", false)?;
            (folder, target(root).join("debug/gusset"))
        }
        [folder, "--gusset", program] => (folder, PathBuf::from(program)),
        _ => bail!("usage: cargo xtask peer-scripts DIR [--gusset PATH]"),
    };
    let scripts = scripts(Path::new(folder))?;
    if scripts.is_empty() {
        bail!("there are no .wast files in {folder}");
    }
    let mut command = Command::new(&program);
    command.args(["wast", "--ignore-messages", "--no-skip", "--link-by-name"]);
    for list in LISTS {
        command.arg("--known-failures").arg(root.join(list));
    }
    let status = command.args(&scripts).status().with_context(|| format!("cannot start {}", program.display()))?;
    println!("peer-scripts: what is called one of these was left out: {}", LEFT_OUT.join(", "));
    if !status.success() {
        bail!("peer-scripts: not all scripts passed");
    }
    Ok(())
}

/// The scripts in a folder and in those within it, in order of their names.
fn scripts(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut scripts, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let path = entry.path();
            if LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wast") {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    Ok(scripts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_folders_and_files_are_left_out() {
        let root = std::env::temp_dir().join(format!("gusset-peer-scripts-{}", std::process::id()));
        for file in [
            "b.wast",
            "a.txt",
            "c/a.wast",
            "async/c.wast",
            "c/gc/d.wast",
            "asynchronous/e.wast",
            "stack-switching-and-gc.wast",
        ] {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = scripts(&root).unwrap();
        std::fs::remove_dir_all(&root).unwrap();
        let names: Vec<&Path> = found.iter().map(|path| path.strip_prefix(&root).unwrap()).collect();
        assert_eq!(names, ["asynchronous/e.wast", "b.wast", "c/a.wast"].map(Path::new));
    }
}
