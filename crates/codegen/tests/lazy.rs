//! Units whose functions are compiled later: what is placed before, and what comes then. Nothing is run here.

use crate::common::*;
use gusset_artifact::{CodeImage, ImportLink, LAZY_SLOTS};
use gusset_codegen::{
    CodeChunk, CodegenError, CodegenErrorKind, Compiler, CompilerSettings, LazyUnit, LazyWorker, LinkUnit, UnitModule,
};

/// Prepares a unit.
fn prepare(compiler: &Compiler, modules: &[(&[u8], &[ImportLink])]) -> Result<(CodeImage, LazyUnit), CodegenError> {
    let unit = |&(wasm, imports)| UnitModule {
        name: "test",
        wasm,
        offset: 0,
        imports,
        open_exports: None,
        single: false,
        generated: false,
    };
    compiler.prepare(&LinkUnit { modules: modules.iter().map(unit).collect() }, &|_| {})
}

fn compiler() -> Compiler {
    Compiler::new(&CompilerSettings::default()).expect("the machine is supported")
}

/// A function has the same code whenever it is compiled, but for where its calls go, and the same tables.
#[test]
fn a_function_is_the_same_whenever_it_is_compiled() {
    let library =
        wasm("(module (func (export \"f\") (param i32) (result i32) (i32.div_u (i32.const 9) (local.get 0))))");
    let user = wasm(
        r#"(module (import "l" "f" (func $f (param i32) (result i32))) (memory 1)
            (func $g (param i32) (result i32) (loop) (i32.load (call $f (local.get 0))))
            (func (export "h") (param i32) (result i32) (memory.grow (call $g (call $g (local.get 0))))))"#,
    );
    let links = [ImportLink::Func { module: MODULE, func: func(0) }];
    let modules: [(&[u8], &[ImportLink]); 2] = [(&library, &[]), (&user, &links)];
    let whole = compile_unit(&modules).expect("it is valid");
    let compiler = compiler();
    let (image, unit) = prepare(&compiler, &modules).expect("it is valid");
    assert_eq!(unit.functions(), 3);
    assert!(image.text.len() <= unit.slots() as usize && unit.slots().is_multiple_of(64 << 10));
    assert_eq!(unit.slots_end(), unit.slots() + LAZY_SLOTS.slot(3));
    let mut worker = LazyWorker::default();
    for number in [2, 0, 1] {
        let mut chunk = CodeChunk::default();
        compiler.compile_lazily(&unit, &mut worker, number, &mut chunk).expect("it is valid");
        let callees: Vec<u32> = unit.callees(&chunk).collect();
        // The first function is inlined, and one with a loop is called.
        assert_eq!(callees, [&[][..], &[], &[1, 1]][number as usize], "function {number}");
        let function = chunk.functions[0];
        let (module, index) = function.function;
        let range = whole.code_of(module, index).expect("it is defined");
        assert_eq!((function.number, function.start, function.len), (number, 0, range.len));
        let traps: Vec<_> = chunk.traps.iter().map(|trap| (trap.offset, trap.code)).collect();
        let inside = whole.tables.traps.iter().filter(|trap| contains(range, trap.offset));
        assert_eq!(traps, inside.map(|trap| (trap.offset - range.start, trap.code)).collect::<Vec<_>>());
        for offset in 0..range.len {
            assert_eq!(chunk.wasm_offset_at(offset), whole.tables.wasm_offset_at(range.start + offset));
            assert_eq!(chunk.function_at(offset), Some((module, index)));
            let inlined: Vec<_> = chunk.frames_at(offset).collect();
            assert_eq!(inlined, whole.tables.frames_at(range.start + offset).collect::<Vec<_>>());
            assert_eq!(chunk.inlined_at(offset) as usize + 1, inlined.len());
        }
        // Its calls go to thunks of the image and to stubs, which are near.
        chunk.place(unit.slots_end().next_multiple_of(64 << 10)).expect("it reaches them");
    }
    let again = compiler.compile_whole(&unit, image.data.to_vec()).expect("it is valid");
    assert!(again == whole, "the whole unit is what it would have been");
}

/// Several functions in a chunk: tables are sorted, and each function is found.
#[test]
fn chunks_hold_many_functions() {
    let one = "(func (param i32) (result i32) (i32.div_s (local.get 0) (call 3 (local.get 0))))";
    let wasm = wasm(&format!("(module {})", one.repeat(20)));
    let compiler = compiler();
    let (_, unit) = prepare(&compiler, &[(&wasm, &[])]).expect("it is valid");
    let (mut worker, mut chunk) = (LazyWorker::default(), CodeChunk::default());
    for number in [7, 3, 19, 0] {
        compiler.compile_lazily(&unit, &mut worker, number, &mut chunk).expect("it is valid");
    }
    assert!(chunk.traps.windows(2).all(|two| two[0].offset < two[1].offset));
    assert!(chunk.addresses.windows(2).all(|two| two[0].offset < two[1].offset));
    for (function, number) in chunk.functions.iter().zip([7, 3, 19, 0]) {
        assert_eq!(function.number, number);
        assert_eq!(chunk.function_at(function.start + function.len - 1), Some((MODULE, func(number))));
        assert!(chunk.traps.iter().any(|trap| chunk.trap_at(trap.offset) == Some(trap.code)));
    }
    let room = chunk.room();
    chunk.place(1 << 20).expect("it reaches the thunks");
    assert!(chunk.text.len() <= room);
    assert!(compiler.compile_lazily(&unit, &mut worker, 20, &mut CodeChunk::default()).is_err());
}

/// A body is validated before anything of it is compiled; of several that are wrong, the first is reported.
#[test]
fn what_is_invalid_is_found_at_once() {
    let good = "(func (param i32) (drop (i32.mul (local.get 0) (i32.const 3))))";
    let compiler = compiler();
    for (before, after) in [(0, 0), (3000, 10), (10, 3000)] {
        let text = format!(
            "(module {} (func (result i32)) {} (func (drop (i64.add (i32.const 1) (i64.const 1)))))",
            good.repeat(before),
            good.repeat(after)
        );
        let wasm = wasm(&text);
        let lazy = prepare(&compiler, &[(&wasm, &[])]).map(drop).expect_err("it is invalid");
        assert_eq!((lazy.kind(), &lazy), (CodegenErrorKind::Invalid, &error(&text)));
        assert!(lazy.to_string().contains(&format!("function {before} of")), "{lazy}");
    }
}
