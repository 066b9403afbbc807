//! Imports that are transcoders: they are called as builtins, and no instance has anything for them.

use crate::common::{MODULE, func, wasm};
use gusset_artifact::{CodeImage, ImportLink, MemoryIndex, TranscoderImport};
use gusset_codegen::{CodegenError, CodegenErrorKind, Compiler, CompilerSettings, LinkUnit, UnitModule};
use gusset_types::{Arena, PointerWidth, Transcode};

fn link(op: Transcode, src: u32, dst: u32) -> ImportLink {
    let [src, dst] = [src, dst].map(MemoryIndex::from_u32);
    ImportLink::Transcoder(TranscoderImport { op, src, dst })
}

fn compile(
    settings: &CompilerSettings,
    text: &str,
    imports: &[ImportLink],
    generated: bool,
) -> Result<CodeImage, CodegenError> {
    let wasm = wasm(text);
    let module =
        UnitModule { name: "test", wasm: &wasm, offset: 0, imports, open_exports: None, single: false, generated };
    Compiler::new(settings)?.compile(&LinkUnit { modules: Arena::from_iter([module]) })
}

/// A module that calls a transcoder between a memory of 32 and one of 64 bits with zeros, and returns what it does.
fn caller(op: Transcode, rest: &str) -> String {
    let (params, results) = op.signature(PointerWidth::Memory32, PointerWidth::Memory64);
    let text =
        |types: &[gusset_types::FlatType]| types.iter().map(|ty| format!(" {ty:?}").to_lowercase()).collect::<String>();
    let zeros: String = params.iter().map(|ty| format!(" ({ty:?}.const 0)").to_lowercase()).collect();
    format!(
        r#"(module (import "m" "a" (memory 1)) (import "m" "b" (memory i64 1))
            (import "transcode" "it" (func $it (param{}) (result{}))) (import "x" "y" (func))
            (func (export "run") (result{}) (call $it{zeros})) {rest})"#,
        text(&params),
        text(&results),
        text(&results),
    )
}

fn links(op: Transcode) -> [ImportLink; 4] {
    [ImportLink::Unknown, ImportLink::Unknown, link(op, 0, 1), ImportLink::Unknown]
}

#[test]
fn each_is_called_in_every_form_and_needs_no_stub_of_its_type() {
    let forms = [
        CompilerSettings::default(),
        CompilerSettings { frame_form: true, ..CompilerSettings::default() },
        CompilerSettings { consume_fuel: true, epoch_interruption: true, ..CompilerSettings::default() },
        CompilerSettings { signals_based_traps: false, ..CompilerSettings::default() },
    ];
    for settings in forms {
        for &op in Transcode::ALL {
            let image = compile(&settings, &caller(op, ""), &links(op), true).expect("it fits");
            let module = &image.modules[MODULE].module;
            assert_eq!(
                module.imports.iter().map(|import| import.builtin).collect::<Vec<_>>(),
                [false, false, true, false]
            );
            assert!(image.code_of(MODULE, func(2)).is_some());
            let stub = |index: u32| image.tables.host_stubs.get(module.functions.at(func(index))).flatten();
            assert!(stub(0).is_none() && stub(1).is_some(), "{op:?}");
        }
    }
}

#[test]
fn wrong_ones_are_refused() {
    let op = Transcode::Utf8ToUtf16;
    let refused = |text: &str, links: &[ImportLink], generated: bool| {
        let error = compile(&CompilerSettings::default(), text, links, generated).expect_err("it must not compile");
        assert_eq!(error.kind(), CodegenErrorKind::Internal, "{error}");
    };
    let text = caller(op, "");
    assert!(compile(&CompilerSettings::default(), &text, &links(op), true).is_ok());
    // A module of a guest's.
    refused(&text, &links(op), false);
    // Of another type, by its operation or its memories.
    refused(&text, &links(Transcode::Utf8ToUtf8), true);
    for (src, dst) in [(1, 0), (0, 0), (1, 1), (0, 2), (2, 1), (0, u32::MAX)] {
        refused(&text, &[ImportLink::Unknown, ImportLink::Unknown, link(op, src, dst), ImportLink::Unknown], true);
    }
    // Other things are done with it than calling it.
    for rest in [
        r#"(export "it" (func $it))"#,
        r#"(elem declare func $it) (func (drop (ref.func $it)))"#,
        r#"(table funcref (elem $it))"#,
        r#"(global funcref (ref.func $it))"#,
        r#"(func (param i32 i32 i64) (result i64 i32) (return_call $it (local.get 0) (local.get 1) (local.get 2)))"#,
    ] {
        refused(&caller(op, rest), &links(op), true);
    }
    let shared = text.replace(r#"(import "m" "a" (memory 1))"#, r#"(import "m" "a" (memory 1 1 shared))"#);
    refused(&shared, &links(op), true);
}
