//! Who compiles what, and who waits for whom, step by step and without threads.

use super::*;
use crate::Config;
use crate::vm::forks::{alone, in_child};
use gusset_codegen::{LinkUnit, UnitModule};
use gusset_types::Arena;

/// A module that is compiled by nobody yet.
fn lazy_code(text: &str) -> Arc<LazyCode> {
    let wasm = wat::parse_str(text).unwrap();
    let mut modules = Arena::default();
    modules.push(UnitModule {
        name: "module",
        wasm: &wasm,
        offset: 0,
        imports: &[],
        open_exports: None,
        single: false,
        generated: false,
    });
    // What is called is to be called.
    let compiler = Compiler::new(&Config::new().compiler_inlining(false).code_settings()).unwrap().with_threads(1);
    let (image, unit) = compiler.prepare(&LinkUnit { modules }, &|_| {}).unwrap();
    LazyCode::new(&image.text, unit, Arc::new(compiler)).unwrap()
}

fn is_done(code: &LazyCode, function: u32) -> bool {
    matches!(code.work.claim(function), Claim::Done)
}

#[test]
fn nobody_waits_for_a_long_function_but_who_calls_it() {
    let long = "(drop (i32.const 1))".repeat(LONG_BODY);
    let code = lazy_code(&format!("(module (func) (func {long}) (func))"));
    let weak = Arc::downgrade(&code);
    let mut background = BackgroundWork::new(&code.work, &weak);
    let (short, wanted) = background.next().unwrap();
    background.compile(short, wanted);
    assert!(matches!(code.work.claim(0), Claim::Busy), "it is placed with others");
    let (long, _) = background.next().unwrap();
    assert_eq!(long.function(), 1);
    assert!(is_done(&code, 0), "it is placed before the long one is begun");
    let compiled = code.start()..code.start() + code.len();
    assert!(compiled.contains(&code.resolve(0).unwrap()) && compiled.contains(&code.resolve(2).unwrap()));
    assert!(matches!(code.work.claim(1), Claim::Busy));
    // What a thread leaves undone is anybody's.
    drop((long, background));
    code.resolve(1).unwrap();
    assert!((0..3).all(|function| is_done(&code, function)));
}

#[test]
fn what_is_likely_to_be_called_comes_first_while_there_is_a_background() {
    let code = lazy_code("(module (func (call 3) (call 2)) (func (call 3)) (func) (func))");
    let next = || code.work.next().map(|(claim, wanted)| (claim.function(), wanted));
    let threads = [code.work.in_background(), code.work.in_background()];
    code.resolve(0).unwrap();
    assert_eq!(next(), Some((3, true)));
    let [thread, other] = threads;
    drop(thread);
    assert_eq!(next(), Some((2, true)), "another one is there");
    code.resolve(1).unwrap();
    drop(other);
    assert_eq!(next(), Some((2, false)), "what was wanted is forgotten with the last");
    assert_eq!(next(), Some((3, false)));
    assert_eq!(next(), None);
}

#[test]
fn a_forked_process_compiles_what_the_other_had_begun() {
    alone(concat!(module_path!(), "::a_forked_process_compiles_what_the_other_had_begun"), || {
        let code = lazy_code("(module (func) (func (call 0)))");
        let _background = code.work.in_background();
        let Claim::Mine(_claim) = code.work.claim(0) else { panic!("nobody has it") };
        assert!(in_child(|| {
            let resolved = code.resolve(0).is_ok() && code.resolve(1).is_ok();
            resolved && is_done(&code, 0) && is_done(&code, 1)
        }));
        assert!(matches!(code.work.claim(0), Claim::Busy), "here nothing has changed");
    });
}
