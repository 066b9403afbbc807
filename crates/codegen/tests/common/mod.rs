//! What the tests of this crate share.
#![allow(dead_code, reason = "each test file uses a part of it")]

use gusset_artifact::{CodeImage, CodeRange, FuncIndex, ImportLink, ModuleIndex, TrapRecord};
use gusset_codegen::{CodegenError, Compiler, CompilerSettings, LinkUnit, UnitModule};
use gusset_types::{Arena, TrapCode};

pub const MODULE: ModuleIndex = ModuleIndex::from_u32(0);

pub fn func(index: u32) -> FuncIndex {
    FuncIndex::from_u32(index)
}

pub fn wasm(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).expect("the test's text is well-formed")
}

pub fn compile_unit(modules: &[(&[u8], &[ImportLink])]) -> Result<CodeImage, CodegenError> {
    compile_with(&CompilerSettings::default(), modules, 0)
}

pub fn compile_with(
    settings: &CompilerSettings,
    modules: &[(&[u8], &[ImportLink])],
    offset: usize,
) -> Result<CodeImage, CodegenError> {
    let unit = |&(wasm, imports)| UnitModule {
        name: "test",
        wasm,
        offset,
        imports,
        open_exports: None,
        single: false,
        generated: false,
    };
    let modules = modules.iter().map(unit);
    Compiler::new(settings)?.compile(&LinkUnit { modules: modules.collect::<Arena<_, _>>() })
}

pub fn compile(wat: &str) -> CodeImage {
    compile_unit(&[(&wasm(wat), &[])]).unwrap_or_else(|error| panic!("{error}"))
}

pub fn error(wat: &str) -> CodegenError {
    compile_unit(&[(&wasm(wat), &[])]).expect_err("the module must not compile")
}

pub fn contains(range: CodeRange, offset: u32) -> bool {
    (range.start..range.start + range.len).contains(&offset)
}

/// The traps of a function of the first module.
pub fn traps_of(image: &CodeImage, index: u32) -> Vec<TrapRecord> {
    let range = image.code_of(MODULE, func(index)).expect("it is defined");
    image.tables.traps.iter().filter(|trap| contains(range, trap.offset)).collect()
}

pub fn has_trap(image: &CodeImage, index: u32, code: TrapCode) -> bool {
    traps_of(image, index).iter().any(|trap| trap.code == code)
}
