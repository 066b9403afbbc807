//! Adapters without Gusset: those of one composition run in Node, with glue that is written by hand. Where there is no Node that is new
//! enough, the test says so and passes.

use crate::common::translate;
use gusset_artifact::{CoreDef, EntityIndex, ImportLink, Plan, PlanModule, Step, Trampoline, TranscoderImport};
use gusset_component::{TranslatedModule, Translation};
use gusset_types::{CoreDefIndex, Transcode, TranscodeResult, TrapCode, heap_start};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

const COMPOSITION: &str = include_str!("outside/composition.wat");
/// The first major version of Node whose modules may have several memories.
const NODE: u32 = 22;

/// The major version of the Node that there is.
fn node_version() -> Option<u32> {
    let output = Command::new("node").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The name that a module exports an item under.
fn export_name(wasm: &[u8], item: EntityIndex) -> String {
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::ExportSection(section) = payload.expect("it is valid") else { continue };
        for export in section {
            let export = export.expect("it is valid");
            let found = match (export.kind, item) {
                (ExternalKind::Func, EntityIndex::Func(index)) => index.as_u32() == export.index,
                (ExternalKind::Memory, EntityIndex::Memory(index)) => index.as_u32() == export.index,
                _ => false,
            };
            if found {
                return export.name.to_string();
            }
        }
    }
    panic!("{item:?} is exported")
}

/// What a core definition is, as the glue reads it.
fn definition(translation: &Translation<'_>, def: CoreDefIndex) -> String {
    let plan = &translation.plan;
    match plan.core_defs[def] {
        CoreDef::Export { instance, item } => {
            let PlanModule::Unit(module) = plan.core_instances[instance] else { panic!("it imports no modules") };
            let name = export_name(&translation.modules[module].wasm, item);
            format!(r#"{{"kind":"export","instance":{},"name":"{name}"}}"#, instance.as_u32())
        }
        CoreDef::State => r#"{"kind":"state"}"#.into(),
        CoreDef::Fuel => unreachable!("it is not asked for"),
        CoreDef::Trampoline(index) => match &plan.trampolines[index] {
            Trampoline::AdapterTrap { module, .. } => format!(r#"{{"kind":"trap","module":{}}}"#, module.as_u32()),
            other => panic!("the composition needs no {other:?}"),
        },
        other => panic!("the composition needs no {other:?}"),
    }
}

/// What the imports of a module are, as the glue reads it: `given` are those of them that are no transcoders.
fn imports(translation: &Translation<'_>, module: &TranslatedModule<'_>, given: &[CoreDefIndex]) -> String {
    let mut kinds = Vec::new();
    for payload in Parser::new(0).parse_all(&module.wasm) {
        let Payload::ImportSection(section) = payload.expect("it is valid") else { continue };
        kinds.extend(section.into_imports().map(|import| import.expect("it is valid").ty));
    }
    assert_eq!(kinds.len(), module.imports.len());
    let mut given = given.iter().map(|def| definition(translation, *def));
    let (mut memories, mut definitions) = (Vec::new(), Vec::new());
    for (kind, link) in kinds.iter().zip(&module.imports) {
        let transcoder = matches!(link, ImportLink::Transcoder(_));
        let definition = (!transcoder).then(|| given.next().expect("each import is given something"));
        if let (TypeRef::Memory(_), Some(memory)) = (kind, &definition) {
            memories.push(memory.clone());
        }
        definitions.push(definition);
    }
    assert!(given.next().is_none());
    list(definitions.into_iter().zip(&module.imports).map(|(definition, link)| match link {
        ImportLink::Transcoder(TranscoderImport { op, src, dst }) => {
            let (name, [src, dst]) = (op.contract().name, [src, dst].map(|at| &memories[at.as_u32() as usize]));
            format!(r#"{{"kind":"transcoder","name":"{name}","src":{src},"dst":{dst}}}"#)
        }
        _ => definition.expect("it is given something"),
    }))
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

fn plan_json(translation: &Translation<'_>) -> String {
    let plan = &translation.plan;
    let instances = plan.steps.iter().filter_map(|step| match step {
        Step::InstantiateModule { instance, imports } => {
            let PlanModule::Unit(module) = plan.core_instances[*instance] else { panic!("it imports no modules") };
            let imports = self::imports(translation, &translation.modules[module], imports);
            Some(format!(r#"{{"module":{},"imports":{imports}}}"#, module.as_u32()))
        }
        _ => None,
    });
    let sites =
        plan.adapter_modules.values().map(|module| list(module.sites.iter().map(|site| format!("{:?}", site.path))));
    let codes: Vec<_> = TrapCode::ALL.iter().map(|code| format!("\"{code:?}\":{}", *code as u8)).collect();
    let transcoders: Vec<_> = Transcode::ALL.iter().map(|op| transcoder_json(*op)).collect();
    let mut json = String::new();
    write!(
        json,
        r#"{{"heapStart":{},"app":{},"codes":{{{}}},"transcoders":{{{}}},"sites":{},"instances":{}}}"#,
        heap_start(plan.component_instances.len() as u32),
        app(plan, translation),
        codes.join(","),
        transcoders.join(","),
        list(sites),
        list(instances)
    )
    .expect("strings can be written to");
    json
}

/// The results of a transcoder.
fn transcoder_json(op: Transcode) -> String {
    let contract = op.contract();
    let results = contract.results.iter().map(|result| match result {
        TranscodeResult::Read => "\"read\"".to_string(),
        TranscodeResult::Written => "\"written\"".to_string(),
    });
    let status = (!contract.invalid.is_empty()).then(|| "\"status\"".to_string());
    format!("\"{}\":{}", contract.name, list(results.chain(status)))
}

/// The instance of the core module that exports what it imports.
fn app(plan: &Plan, translation: &Translation<'_>) -> u32 {
    let instances = plan.core_instances.iter();
    let mut found = instances.filter(|(_, module)| match module {
        PlanModule::Unit(module) => translation.modules[*module].name.contains("app-main"),
        PlanModule::Imported(_) => false,
    });
    found.next().expect("it is instantiated").0.as_u32()
}

/// Says so past the harness, which would keep what a test that passes prints.
fn not_run(why: &str) {
    writeln!(std::io::stderr(), "adapters in Node NOT run: {why}").expect("it can be written to");
}

#[test]
fn adapters_run_in_node_with_glue_by_hand() {
    match node_version() {
        Some(version) if version >= NODE => {}
        Some(version) => return not_run(&format!("Node {version} is there, and {NODE} is needed")),
        None => return not_run("there is no Node"),
    }
    let bytes = wat::parse_str(COMPOSITION).expect("it is well-formed");
    let translation = translate(&bytes).expect("it is supported");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    std::fs::create_dir_all(&folder).expect("it can be made");
    for (index, module) in translation.modules.iter() {
        std::fs::write(folder.join(format!("{}.wasm", index.as_u32())), &module.wasm).expect("it can be written");
    }
    std::fs::write(folder.join("plan.json"), plan_json(&translation)).expect("it can be written");
    let glue = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside/glue.mjs");
    let output = Command::new("node").arg(glue).arg(&folder).output().expect("it is there");
    let [said, failed] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said}{failed}");
    assert!(said.contains("7 texts, 1000 handles"), "{said}");
    println!("{said}");
}
