//! What tools make of a module and an adapter.

use crate::{FUNCTIONS, adapter};
use wasmparser::{ComponentExternalKind, Encoding, Operator, Parser, Payload, Validator};
use wit_component::ComponentEncoder;

/// A module that imports these functions and exports `_start`.
fn importing(functions: &[(&str, &str)]) -> Vec<u8> {
    let imports: String = functions
        .iter()
        .map(|(name, ty)| format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func {ty}))"))
        .collect();
    let module = format!(r#"(module {imports} (memory (export "memory") 1) (func (export "_start")))"#);
    wat::parse_str(module).unwrap()
}

pub(crate) fn component(module: &[u8], with: &str) -> Vec<u8> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(module).unwrap().adapter("wasi_snapshot_preview1", &adapter(with)).unwrap();
    let component = encoder.encode().unwrap_or_else(|error| panic!("{with}: {error:#}"));
    Validator::new().validate_all(&component).unwrap();
    component
}

/// Names of what a component imports, or exports.
fn names(component: &[u8], exported: bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(reader) if depth == 0 && !exported => {
                names.extend(reader.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(reader) if depth == 0 && exported => {
                let exports = reader.into_iter().map(Result::unwrap);
                let instances = exports.filter(|export| export.kind == ComponentExternalKind::Instance);
                names.extend(instances.map(|export| export.name.name.to_owned()));
            }
            _ => {}
        }
    }
    names
}

#[test]
fn a_module_that_imports_everything_becomes_a_command() {
    let component = component(&importing(FUNCTIONS), "command");
    assert_eq!(names(&component, true), ["wasi:cli/run@0.2.0"]);
    let imports = names(&component, false);
    assert!(imports.contains(&"wasi:filesystem/types@0.2.0".to_owned()), "{imports:?}");
    assert!(imports.iter().all(|name| name.ends_with("@0.2.0")), "{imports:?}");
}

#[test]
fn what_is_not_needed_is_not_imported() {
    let component = component(&importing(&[("random_get", "(param i32 i32) (result i32)")]), "command");
    assert_eq!(names(&component, false), ["wasi:random/random@0.2.0"]);
}

#[test]
fn a_library_and_a_service_are_made_too() {
    for with in ["reactor", "proxy"] {
        assert_eq!(names(&component(&importing(FUNCTIONS), with), true), [""; 0]);
    }
}

/// Nothing of the adapter's runs before the guest does, and nothing makes room in the guest's memory ahead of time.
#[test]
fn no_module_of_the_component_has_a_start_function() {
    let component = component(&importing(FUNCTIONS), "command");
    let mut modules = 0;
    for payload in Parser::new(0).parse_all(&component) {
        match payload.unwrap() {
            Payload::Version { encoding: Encoding::Module, .. } => modules += 1,
            Payload::StartSection { .. } => panic!("there is a start function"),
            _ => {}
        }
    }
    assert!(modules >= 2, "the module and the adapter");
}

/// The adapter's functions that grow memory: one, which lends what is behind the end.
#[test]
fn memory_grows_in_one_place() {
    let mut grows = 0;
    for payload in Parser::new(0).parse_all(&adapter("command")) {
        if let Payload::CodeSectionEntry(body) = payload.unwrap() {
            let operators = body.get_operators_reader().unwrap().into_iter().map(Result::unwrap);
            grows += operators.filter(|operator| matches!(operator, Operator::MemoryGrow { .. })).count();
        }
    }
    assert_eq!(grows, 1);
}
