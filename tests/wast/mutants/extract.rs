//! Takes the modules and components out of scripts, as binaries: those of all directives, also what is invalid.

use gusset_wast_tests::{ScriptText, SuiteScript};
use std::collections::HashSet;
use wasmparser::{ExternalKind, FuncType, Parser, Payload, TypeRef, Validator, WasmFeatures};
use wast::parser::{ParseBuffer, parse};
use wast::{QuoteWat, QuoteWatTest, Wast, WastDirective, WastExecute, Wat};

/// What the engine does not refuse as unsupported, roughly: it decides which binaries are damaged more often.
const SUPPORTED: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::SIMD)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// A binary, with what is needed to run it.
#[derive(Debug)]
pub struct Specimen {
    /// The script, for people.
    pub origin: String,
    pub wasm: Vec<u8>,
    /// Whether it is valid, and needs nothing that is not supported.
    pub valid: bool,
    pub kind: SpecimenKind,
}

impl Specimen {
    pub fn is_component(&self) -> bool {
        matches!(self.kind, SpecimenKind::Component { .. })
    }
}

/// What a specimen is.
#[derive(Debug)]
pub enum SpecimenKind {
    /// A component, with the names of the functions that it exports.
    Component { functions: Vec<String> },
    /// A core module.
    Module {
        /// Whether everything that it imports is of the module `spectest`, or nothing; otherwise it can only be compiled.
        can_be_instantiated: bool,
        functions: Vec<(String, FuncType)>,
    },
}

/// The binaries in `scripts`, each once.
///
/// # Errors
///
/// When a script's file cannot be read.
pub fn specimens(scripts: &[SuiteScript]) -> std::io::Result<Vec<Specimen>> {
    let (mut found, mut seen, mut unread) = (Vec::new(), HashSet::new(), 0);
    for script in scripts {
        let text = match &script.text {
            ScriptText::Inline(text) => text.to_string(),
            ScriptText::File(path) => std::fs::read_to_string(path)?,
        };
        let Some(binaries) = binaries(&text) else {
            unread += 1;
            continue;
        };
        for wasm in binaries.into_iter().filter(|wasm| seen.insert(wasm.clone())) {
            let valid = Validator::new_with_features(SUPPORTED).validate_all(&wasm).is_ok();
            let kind = kind(&wasm);
            found.push(Specimen { origin: script.name.clone(), wasm, valid, kind });
        }
    }
    println!("{} binaries of {} scripts; {unread} scripts cannot be read", found.len(), scripts.len());
    Ok(found)
}

/// The binaries in a script; none if it is not to be read.
fn binaries(text: &str) -> Option<Vec<Vec<u8>>> {
    let buffer = buffer(text)?;
    let wast = parse::<Wast<'_>>(&buffer).ok()?;
    Some(wast.directives.into_iter().filter_map(module).filter_map(encode).collect())
}

fn buffer(text: &str) -> Option<ParseBuffer<'_>> {
    let mut lexer = wast::lexer::Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    ParseBuffer::new_with_lexer(lexer).ok()
}

fn module(directive: WastDirective<'_>) -> Option<QuoteWat<'_>> {
    match directive {
        WastDirective::Module(wat)
        | WastDirective::ModuleDefinition(wat)
        | WastDirective::AssertInvalid { module: wat, .. }
        | WastDirective::AssertMalformed { module: wat, .. } => Some(wat),
        WastDirective::AssertUnlinkable { module, .. } => Some(QuoteWat::Wat(module)),
        WastDirective::AssertTrap { exec: WastExecute::Wat(wat), .. } => Some(QuoteWat::Wat(wat)),
        _ => None,
    }
}

fn encode(mut wat: QuoteWat<'_>) -> Option<Vec<u8>> {
    match wat.to_test().ok()? {
        QuoteWatTest::Binary(bytes) => Some(bytes),
        QuoteWatTest::Text(text) => parse::<Wat<'_>>(&buffer(std::str::from_utf8(&text).ok()?)?).ok()?.encode().ok(),
    }
}

/// Reads what a specimen imports and exports, as far as it can be read.
fn kind(wasm: &[u8]) -> SpecimenKind {
    if wasm.get(6) == Some(&1) {
        return SpecimenKind::Component { functions: component_functions(wasm) };
    }
    let (mut types, mut signatures, mut functions) = (Vec::new(), Vec::new(), Vec::new());
    let mut can_be_instantiated = true;
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::TypeSection(section) => {
                types = section.into_iter_err_on_gc_types().map_while(Result::ok).collect();
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports().map_while(Result::ok) {
                    can_be_instantiated &= import.module == "spectest";
                    if let TypeRef::Func(ty) = import.ty {
                        signatures.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => signatures.extend(section.into_iter().map_while(Result::ok)),
            Payload::ExportSection(exports) => {
                for export in exports.into_iter().map_while(Result::ok).filter(|it| it.kind == ExternalKind::Func) {
                    let signature = signatures.get(export.index as usize);
                    let ty: Option<&FuncType> = signature.and_then(|&ty: &u32| types.get(ty as usize));
                    functions.extend(ty.map(|ty| (export.name.to_string(), ty.clone())));
                }
            }
            _ => {}
        }
    }
    SpecimenKind::Module { can_be_instantiated, functions }
}

/// The names of the functions that a component exports.
fn component_functions(wasm: &[u8]) -> Vec<String> {
    let (mut depth, mut functions) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentExportSection(exports) if depth == 0 => {
                let funcs = exports.into_iter().map_while(Result::ok);
                let funcs = funcs.filter(|export| export.kind == wasmparser::ComponentExternalKind::Func);
                functions.extend(funcs.map(|export| export.name.name.to_string()));
            }
            _ => {}
        }
    }
    functions
}
