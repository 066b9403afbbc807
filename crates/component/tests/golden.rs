//! Golden files: each `golden/*.wat` beside the plan that it leads to, with the text of its adapters. `GUSSET_BLESS=1` rewrites the plans.

use crate::common::translate;
use gusset_artifact::ImportLink;
use gusset_component::Translation;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn text(translation: &Translation<'_>) -> String {
    let mut text = translation.plan.to_text();
    for (index, module) in translation.modules.iter() {
        let _ = writeln!(text, "module {index} \"{}\"", module.name);
        for (import, link) in module.imports.iter().enumerate() {
            if *link != ImportLink::Unknown {
                let _ = writeln!(text, "  import {import} is {link}");
            }
        }
        if module.adapter {
            text.push_str(&wasmprinter::print_bytes(&module.wasm).expect("adapters can be printed"));
        }
    }
    text
}

fn compare(wat: &Path) -> Result<(), String> {
    let source = std::fs::read(wat).map_err(|error| error.to_string())?;
    let bytes = wat::parse_bytes(&source).map_err(|error| error.to_string())?;
    let translation = translate(&bytes).map_err(|error| error.to_string())?;
    for module in translation.modules.values() {
        let valid = wasmparser::Validator::new().validate_all(&module.wasm);
        valid.map_err(|error| format!("module \"{}\": {error}", module.name))?;
    }
    let actual = text(&translation);
    let plan = wat.with_extension("plan");
    if std::env::var_os("GUSSET_BLESS").is_some() {
        return std::fs::write(plan, actual).map_err(|error| error.to_string());
    }
    let expected = std::fs::read_to_string(&plan).map_err(|error| error.to_string())?;
    if expected == actual {
        return Ok(());
    }
    Err(format!("the plan has changed (`cargo xtask bless` rewrites it)\n--- expected\n{expected}--- actual\n{actual}"))
}

#[test]
fn plans_are_as_their_golden_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("readable").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|name| name == "wat")).collect();
    files.sort();
    assert!(files.len() > 5, "golden files are there");
    let failed = files.iter().filter_map(|wat| Some(format!("{}: {}", wat.display(), compare(wat).err()?)));
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
