//! Artefacts: what is read does what was written, and what is not as it was written, or is for another engine, is refused.
#![cfg(all(feature = "compile", feature = "wat"))]
#![allow(
    unsafe_code,
    reason = "deserialize is unsafe: each artefact here was made here, or is damaged and must be refused"
)]

use gusset::core::{self, Module};
use gusset::{
    ArtifactError, ArtifactErrorKind, Component, ComponentFeature, Config, CoreFeature, Engine, Error, Linker,
    OptLevel, Precompiled, Result, Store, Trap, TrapCode, WasmBacktrace,
};
use std::path::{Path, PathBuf};

/// Two components with adapters between them, a host function, data, a table, and a trap.
pub(crate) const COMPOSITION: &str = r#"(component
  (import "log" (func $log (param "text" string)))
  (component $lib
    (core module $m
      (memory (export "mem") 1) (data (i32.const 16) "shout it")
      (global $next (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 3))))
      (func (export "greet") (param i32 i32) (result i32)
        (i32.store (i32.const 0) (i32.const 16))
        (i32.store (i32.const 4) (i32.add (i32.const 5) (i32.eqz (local.get 1))))
        (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "greet") (param "name" string) (result string)
      (canon lift (core func $i "greet") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))
  (component $app
    (import "log" (func $log (param "text" string)))
    (import "greet" (func $greet (param "name" string) (result string)))
    (core module $libc
      (memory (export "mem") 1)
      (global $next (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 3)))))
    (core instance $libc (instantiate $libc))
    (core func $greet (canon lower (func $greet) (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
    (core func $log (canon lower (func $log) (memory (core memory $libc "mem"))))
    (core module $m
      (import "" "mem" (memory 1))
      (import "" "greet" (func $greet (param i32 i32 i32)))
      (import "" "log" (func $log (param i32 i32)))
      (type $op (func (param i32) (result i32)))
      (table 3 funcref) (elem (i32.const 0) $double $square $fail)
      (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
      (func $square (param i32) (result i32) (i32.mul (local.get 0) (local.get 0)))
      (func $fail (param i32) (result i32) unreachable)
      (func (export "run") (param i32 i32) (result i32)
        (call $greet (i32.const 0) (i32.const 0) (i32.const 200))
        (call $log (i32.load (i32.const 200)) (i32.load (i32.const 204)))
        (call_indirect (type $op) (local.get 1) (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance
      (export "mem" (memory $libc "mem")) (export "greet" (func $greet)) (export "log" (func $log))))))
    (func (export "run") (param "which" u32) (param "x" u32) (result u32) (canon lift (core func $i "run"))))
  (instance $lib (instantiate $lib))
  (instance $app (instantiate $app (with "log" (func $log)) (with "greet" (func $lib "greet"))))
  (export "run" (func $app "run")))"#;

const MODULE: &str = r#"(module $calc
  (import "host" "limit" (func $limit (result i32)))
  (memory (export "mem") 1) (data (i32.const 8) "abc") (data $passive "de")
  (global (export "g") i32 (i32.const 9))
  (table (export "t") 2 funcref) (elem (i32.const 1) $add)
  (func $add (export "add") (param i32 i32) (result i32)
    (if (i32.gt_u (local.get 0) (call $limit)) (then unreachable))
    (i32.add (local.get 0) (local.get 1)))
  (func (export "init") (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 2))))"#;

pub(crate) fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Component> {
    // SAFETY: the tests make artefacts themselves; what they change in one must be refused.
    unsafe { Component::deserialize(engine, bytes) }
}

fn deserialize_module(engine: &Engine, bytes: &[u8]) -> Result<Module> {
    // SAFETY: as above.
    unsafe { Module::deserialize(engine, bytes) }
}

/// A module from a file that a test has written.
pub(crate) fn deserialize_module_file(engine: &Engine, path: &Path) -> Result<Module> {
    // SAFETY: as above.
    unsafe { Module::deserialize_file(engine, path) }
}

/// A folder that goes when it is dropped.
struct ArtifactFolder(PathBuf);

impl ArtifactFolder {
    fn new(name: &str) -> ArtifactFolder {
        let folder = std::env::temp_dir().join(format!("gusset-artifacts-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        ArtifactFolder(folder)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("a file can be written");
        path
    }
}

impl Drop for ArtifactFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the composition tells its host, and gives back.
fn run(engine: &Engine, component: &Component, which: u32, x: u32) -> (Vec<String>, Result<u32>) {
    let mut linker = Linker::<Vec<String>>::new(engine);
    let log = |mut store: gusset::StoreContextMut<'_, Vec<String>>, (text,): (String,)| {
        store.data_mut().push(text);
        Ok(())
    };
    linker.root().func_wrap("log", log).expect("the name is free");
    let mut store = Store::new(engine, Vec::new());
    let instance = linker.instantiate(&mut store, component).expect("it links");
    let run = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "run").expect("it is exported");
    let result = run.call(&mut store, (which, x)).map(|(result,)| result);
    (store.into_data(), result)
}

fn check_composition(engine: &Engine, component: &Component) {
    let (told, result) = run(engine, component, 1, 7);
    assert_eq!((told, result.expect("it returns")), (vec!["shout ".to_string()], 49));
    let error = run(engine, component, 2, 7).1.expect_err("it traps");
    assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Unreachable));
    let frames = WasmBacktrace::of(&error).expect("a guest was running").frames();
    assert_eq!(frames.iter().map(|frame| frame.name.as_deref()).collect::<Vec<_>>(), [Some("fail"), Some("run")]);
    assert!(frames[0].offset.is_some());
    let error = run(engine, component, 3, 7).1.expect_err("there is no such element");
    assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::UndefinedElement));
}

fn check_module(engine: &Engine, module: &Module) {
    let mut linker = core::Linker::<()>::new(engine);
    linker.func_wrap("host", "limit", || 100_i32).expect("the name is free");
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, module).expect("it links");
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add").expect("it is exported");
    assert_eq!(add.call(&mut store, (40, 2)).expect("it returns"), 42);
    let error = add.call(&mut store, (101, 0)).expect_err("it traps");
    assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Unreachable));
    instance
        .get_typed_func::<(), ()>(&mut store, "init")
        .expect("it is there")
        .call(&mut store, ())
        .expect("it returns");
    let memory = instance.get_memory(&mut store, "mem").expect("it is exported");
    assert_eq!(&memory.data(&store)[..11], b"de\0\0\0\0\0\0abc");
}

fn kind(error: &Error) -> Option<ArtifactErrorKind> {
    error.downcast_ref::<ArtifactError>().map(ArtifactError::kind)
}

#[test]
fn a_component_does_the_same_from_its_artefact() -> Result<()> {
    let engine = Engine::default();
    let component = Component::new(&engine, COMPOSITION)?;
    check_composition(&engine, &component);
    let artifact = component.serialize()?;
    let read = deserialize(&engine, &artifact)?;
    check_composition(&engine, &read);
    assert_eq!(read.adapters().len(), 1);
    assert_eq!(read.adapters()[0].wasm, component.adapters()[0].wasm);
    assert_eq!(read.adapters()[0].names, component.adapters()[0].names);
    assert_eq!(read.serialize()?, artifact, "what is read can be written again");
    // An engine of equal settings, and one that has never compiled anything.
    let other = Engine::default();
    check_composition(&other, &deserialize(&other, &artifact)?);

    let scratch = ArtifactFolder::new("component");
    let path = scratch.file("composition.gusset", &artifact);
    assert_eq!(Engine::detect_precompiled_file(&path)?, Some(Precompiled::Component));
    // SAFETY: the file holds what was serialized, and stays until the test ends.
    let mapped = unsafe { Component::deserialize_file(&engine, &path)? };
    check_composition(&engine, &mapped);
    // What is mapped stays, whatever becomes of the path.
    std::fs::remove_file(&path)?;
    check_composition(&engine, &mapped);
    Ok(())
}

#[test]
fn a_module_does_the_same_from_its_artefact() -> Result<()> {
    let engine = Engine::default();
    let artifact = Module::new(&engine, MODULE)?.serialize()?;
    let module = deserialize_module(&engine, &artifact)?;
    assert_eq!(module.name(), Some("calc"));
    let names: Vec<_> = module.exports().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["mem", "g", "t", "add", "init"]);
    check_module(&engine, &module);
    let scratch = ArtifactFolder::new("module");
    let path = scratch.file("calc.gusset", &artifact);
    assert_eq!(Engine::detect_precompiled_file(&path)?, Some(Precompiled::Module));
    // SAFETY: the file holds what was serialized, and stays until the test ends.
    check_module(&engine, &unsafe { Module::deserialize_file(&engine, &path)? });
    Ok(())
}

#[test]
fn what_has_no_code_has_an_artefact() -> Result<()> {
    let engine = Engine::default();
    deserialize(&engine, &engine.precompile_component("(component)")?)?;
    deserialize_module(&engine, &engine.precompile_module("(module)")?)?;
    Ok(())
}

#[test]
fn a_module_within_a_component_has_an_artefact() -> Result<()> {
    let engine = Engine::default();
    let text = format!(
        r#"(component (core module $other) (core module $m {}) (export "m" (core module $m)))"#,
        &MODULE[13..MODULE.len() - 1]
    );
    let module = Component::new(&engine, text)?.get_module("m").expect("it is exported");
    check_module(&engine, &module);
    check_module(&engine, &deserialize_module(&engine, &module.serialize()?)?);
    Ok(())
}

#[test]
fn equal_inputs_and_settings_give_equal_bytes() -> Result<()> {
    let artifact = |threads| -> Result<(Vec<u8>, Vec<u8>)> {
        let engine = Engine::new(Config::new().compile_threads(threads))?;
        Ok((engine.precompile_component(COMPOSITION)?, engine.precompile_module(MODULE)?))
    };
    let one = artifact(1)?;
    for threads in [2, 5] {
        assert!(artifact(threads)? == one, "{threads} threads");
    }
    let engine = Engine::default();
    assert!(Component::new(&engine, COMPOSITION)?.serialize()? == one.0);
    assert!(Module::new(&engine, MODULE)?.serialize()? == one.1);
    Ok(())
}

/// Each byte is changed, but of the zeros that fill up to pages some only.
fn positions(artifact: &[u8]) -> impl Iterator<Item = usize> {
    (0..artifact.len()).filter(|&at| at < 1024 || at % 1021 == 0 || artifact[at] != 0 || artifact[at - 1] != 0)
}

#[test]
fn each_damaged_byte_is_an_error() -> Result<()> {
    let engine = Engine::default();
    for (artifact, is_module) in
        [(engine.precompile_component(COMPOSITION)?, false), (engine.precompile_module(MODULE)?, true)]
    {
        let mut damaged = artifact.clone();
        for at in positions(&artifact) {
            damaged[at] ^= 1 << (at % 8);
            let error = match is_module {
                true => deserialize_module(&engine, &damaged).expect_err("it is damaged"),
                false => deserialize(&engine, &damaged).expect_err("it is damaged"),
            };
            let wanted = match at {
                0..8 => &[ArtifactErrorKind::Foreign][..],
                8..12 => &[ArtifactErrorKind::Version],
                16..24 => &[ArtifactErrorKind::Truncated, ArtifactErrorKind::TrailingBytes],
                40..72 => &[ArtifactErrorKind::Version, ArtifactErrorKind::Damaged],
                72..88 => &[ArtifactErrorKind::Version],
                _ => &[ArtifactErrorKind::Damaged],
            };
            assert!(kind(&error).is_some_and(|kind| wanted.contains(&kind)), "byte {at}: {error:?}");
            damaged[at] = artifact[at];
        }
    }
    Ok(())
}

#[test]
fn each_truncation_is_an_error() -> Result<()> {
    let engine = Engine::default();
    let artifact = engine.precompile_component(COMPOSITION)?;
    for len in positions(&artifact).filter(|&len| len != 0) {
        let error = deserialize(&engine, &artifact[..len]).expect_err("its end is missing");
        assert_eq!(kind(&error), Some(ArtifactErrorKind::Truncated), "{len} bytes: {error:?}");
    }
    let longer = [&artifact[..], b"\n"].concat();
    assert_eq!(kind(&deserialize(&engine, &longer).unwrap_err()), Some(ArtifactErrorKind::TrailingBytes));
    Ok(())
}

#[test]
fn another_build_of_this_version_is_told_from_this_one() -> Result<()> {
    let engine = Engine::default();
    let mut artifact = engine.precompile_component(COMPOSITION)?;
    // Where the header has the hash of the sources.
    let sources = &mut artifact[72..88];
    assert_eq!(*sources, crate::build_script::hash_of_these_sources().to_le_bytes());
    sources[0] ^= 1;
    let error = deserialize(&engine, &artifact).expect_err("it is of other sources");
    assert_eq!(kind(&error), Some(ArtifactErrorKind::Version));
    let wanted = format!("was made by another build of Gusset {}, from other sources", env!("CARGO_PKG_VERSION"));
    assert!(error.to_string().contains(&wanted), "{error}");
    Ok(())
}

#[test]
fn files_that_are_no_artefacts_are_errors_that_name_them() -> Result<()> {
    let engine = Engine::default();
    let scratch = ArtifactFolder::new("foreign");
    let load = |path: &PathBuf| {
        // SAFETY: none of these files looks like an artefact.
        let error = unsafe { Component::deserialize_file(&engine, path) }.expect_err("it is none");
        let text = format!("{error:#}");
        assert!(text.contains(&path.display().to_string()), "{text}");
        (kind(&error), text)
    };
    assert_eq!(load(&scratch.file("empty", b"")).0, Some(ArtifactErrorKind::Foreign));
    let (found, text) = load(&scratch.file("a.wasm", &wat::parse_str(COMPOSITION)?));
    assert_eq!(found, Some(ArtifactErrorKind::Foreign));
    assert!(text.contains("it is WebAssembly, which has to be compiled first"), "{text}");
    assert_eq!(load(&scratch.file("a.wat", COMPOSITION.as_bytes())).0, Some(ArtifactErrorKind::Foreign));
    assert_eq!(
        load(&scratch.file("a.gusset", &engine.precompile_component("(component)")?[..100])).0,
        Some(ArtifactErrorKind::Truncated)
    );
    assert_eq!(load(&scratch.0).0, None, "a folder is no file");
    assert_eq!(load(&scratch.0.join("none")).0, None);
    assert!(Engine::detect_precompiled_file(scratch.0.join("none")).is_err());
    Ok(())
}

#[test]
fn what_is_for_another_engine_is_refused_with_what_differs() -> Result<()> {
    let engine = Engine::default();
    let artifact = engine.precompile_component(COMPOSITION)?;
    let refused = |config: &mut Config| -> Result<String> {
        let error = deserialize(&Engine::new(config)?, &artifact).expect_err("its settings differ");
        assert_eq!(kind(&error), Some(ArtifactErrorKind::Settings));
        Ok(error.to_string())
    };
    let text = refused(Config::new().opt_level(OptLevel::None))?;
    let wanted = "the artefact was compiled with other settings: `opt_level` is Speed in it, and None in this engine; compile \
                  it with the engine's";
    assert_eq!(text, wanted);
    assert!(refused(Config::new().wasm_feature(CoreFeature::MultiMemory, false))?.contains("`multi_memory`"));
    assert!(refused(Config::new().nan_canonicalization(true))?.contains("`nan_canonicalization`"));
    let relaxed = refused(Config::new().relaxed_simd_deterministic(true))?;
    assert!(relaxed.contains("`relaxed_simd_deterministic`"), "{relaxed}");
    assert!(refused(Config::new().memory_reservation(1 << 20))?.contains("`memory_reservation`"));
    assert!(refused(Config::new().memory_guard(1 << 16))?.contains("`memory_guard`"));
    assert!(refused(Config::new().frame_form(true))?.contains("`frame_form`"));
    assert!(
        refused(Config::new().component_feature(ComponentFeature::Values, true))?.contains("`component_model_values`")
    );
    assert!(refused(Config::new().trace_calls(|_| {}))?.contains("`trace_calls`"));
    assert!(refused(Config::new().keep_flags(true))?.contains("`keep_flags`"));
    let text = refused(Config::new().consume_fuel(true).epoch_interruption(true))?;
    assert!(text.contains("`consume_fuel` is false in it, and true in this engine; `epoch_interruption` is"), "{text}");
    // What does not change code is no difference.
    deserialize(&Engine::new(Config::new().max_wasm_stack(1 << 20).compile_threads(1))?, &artifact)?;

    let module = engine.precompile_module(MODULE)?;
    let error = deserialize(&engine, &module).expect_err("it is a module");
    assert_eq!(error.to_string(), "this is the artefact of a core module, and not of a component");
    let error = deserialize_module(&engine, &artifact).expect_err("it is a component");
    assert_eq!(kind(&error), Some(ArtifactErrorKind::Kind));
    Ok(())
}

#[test]
fn processors_and_targets_can_be_chosen() -> Result<()> {
    let native = Engine::default();
    if cfg!(target_arch = "x86_64") {
        for cpu in ["baseline", "native", "x86-64-v2"] {
            let engine = Engine::new(Config::new().target_cpu(cpu))?;
            check_composition(&native, &deserialize(&native, &engine.precompile_component(COMPOSITION)?)?);
        }
        let baseline = Engine::new(Config::new().target_cpu("baseline"))?;
        check_composition(&baseline, &Component::new(&baseline, COMPOSITION)?);
    }
    for config in [Config::new().target_cpu("abacus"), Config::new().target("abacus-unknown-linux-gnu")] {
        let error = Engine::new(config).err().expect("there is no such thing");
        assert!(error.to_string().starts_with("not supported: "), "{error}");
    }
    // What no processor has yet, or this one has not.
    if cfg!(target_arch = "x86_64") {
        let error = deserialize_for_every_feature(&native)?;
        assert!(error.is_none_or(|error| kind(&error) == Some(ArtifactErrorKind::CpuFeatures)));
    }
    Ok(())
}

/// Why code for the largest processor does not run here, if it does not. The engine itself says so when it is to run something.
fn deserialize_for_every_feature(native: &Engine) -> Result<Option<Error>> {
    let large = Engine::new(Config::new().target_cpu("sapphirerapids"))?;
    let error = deserialize(native, &large.precompile_component("(component)")?).err();
    let runs = Component::new(&large, "(component (core module (func)))");
    assert_eq!(runs.is_err(), error.is_some());
    if let Err(error) = runs {
        assert!(error.to_string().contains("it can make artefacts, and run nothing"), "{error}");
    }
    Ok(error)
}

#[test]
fn code_for_another_machine_is_made_or_refused_by_name() -> Result<()> {
    let other = if cfg!(target_arch = "x86_64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };
    match Engine::new(Config::new().target(other)) {
        Ok(engine) => {
            let artifact = engine.precompile_component(COMPOSITION)?;
            let error = deserialize(&Engine::default(), &artifact).expect_err("it is for another machine");
            assert_eq!(kind(&error), Some(ArtifactErrorKind::Target));
            assert!(Component::new(&engine, COMPOSITION).is_err(), "nothing runs here");
        }
        Err(error) => assert!(error.to_string().contains("feature `cross-compile`"), "{error}"),
    }
    Ok(())
}
