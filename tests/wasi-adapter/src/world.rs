//! The custom section that tells tools of which world an adapter's imports are.

use anyhow::{Context, Result};
use std::path::Path;
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// The version of our WIT, and the one that adapters import: of later ones hosts have all that it has.
const WRITTEN: &str = "@0.2.12";
const IMPORTED: &str = "@0.2.0";

/// Packages, each behind those that it uses.
const PACKAGES: [&str; 6] = ["io", "clocks", "random", "filesystem", "sockets", "cli"];

/// The section's name and bytes, for a world of `wit/adapter.wit`; `folder` is the adapter's.
pub(crate) fn section(world: &str, folder: &Path) -> Result<(String, Vec<u8>)> {
    let mut resolve = Resolve::default();
    for package in PACKAGES {
        push(&mut resolve, &folder.join(format!("../wasi/wit/deps/{package}.wit")))?;
    }
    let package = push(&mut resolve, &folder.join("wit/adapter.wit"))?;
    let id = resolve.select_world(&[package], Some(world))?;
    let bytes = wit_component::metadata::encode(&resolve, id, StringEncoding::UTF8, None, false)?;
    Ok((format!("component-type:gusset-wasi-adapter:{world}"), bytes))
}

fn push(resolve: &mut Resolve, path: &Path) -> Result<wit_parser::PackageId> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    resolve.push_str(path, &as_first_version(&text))
}

/// The text without what came with a later version: one line, behind one that says so.
fn as_first_version(text: &str) -> String {
    let (mut first, mut later) = (String::new(), false);
    for line in text.lines() {
        let says_so = line.trim_start().starts_with("@since(");
        if !says_so && !later {
            first.push_str(&line.replace(WRITTEN, IMPORTED));
            first.push('\n');
        }
        later = says_so;
    }
    first
}
