//! What engines keep in a directory for one another: that it is what compiling gives, whatever happens to the directory.

#![cfg(all(feature = "cache", feature = "wat"))]

mod mounts;
mod processes;

use gusset::core::{Instance, Linker, Module, Val};
use gusset::{
    Cache, CacheConfig, CacheStats, Component, ComponentFeature, Config, CoreFeature, Engine, NamedSource, OptLevel,
    Store, Trap, TrapCode,
};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A directory for a cache.
struct SharedDirectory(TempDir);

impl SharedDirectory {
    fn new() -> SharedDirectory {
        SharedDirectory(tempfile::tempdir().expect("a temporary directory can be made"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    /// A cache there that has done nothing yet.
    fn cache(&self) -> Cache {
        Cache::new(CacheConfig::new().with_directory(self.path())).expect("a directory is given")
    }

    /// An engine with such a cache, and these settings.
    fn engine_of(&self, set: impl FnOnce(&mut Config) -> &mut Config) -> (Engine, Cache) {
        let (cache, mut config) = (self.cache(), Config::new());
        let engine = Engine::new(set(config.cache(Some(cache.clone()))));
        (engine.expect("the settings are supported"), cache)
    }

    fn engine(&self) -> (Engine, Cache) {
        self.engine_of(|config| config)
    }

    /// The only entry.
    fn entry(&self) -> PathBuf {
        let files = fs::read_dir(self.path()).expect("it is there").map(|file| file.expect("readable").path());
        let mut entries = files.filter(|path| path.extension().is_some_and(|ending| ending == "gusset"));
        let entry = entries.next().expect("there is an entry");
        assert_eq!(entries.next(), None);
        entry
    }
}

/// A module whose `answer` gives `number`, by way of a memory and a table.
fn module_text(number: u32) -> String {
    format!(
        r#"(module
            (memory 1)
            (data (i32.const 8) "{}")
            (table funcref (elem $load))
            (type $get (func (result i32)))
            (func $load (type $get) (i32.load (i32.const 8)))
            (func (export "answer") (result i32) (call_indirect (type $get) (i32.const 0))))"#,
        number.to_le_bytes().iter().map(|byte| format!("\\{byte:02x}")).collect::<String>()
    )
}

fn answer(engine: &Engine, module: &Module) -> u32 {
    let mut store = Store::new(engine, ());
    let instance: Instance = Linker::new(engine).instantiate(&mut store, module).expect("it imports nothing");
    let func = instance.get_func(&mut store, "answer").expect("it is exported");
    let mut results = [Val::I32(0)];
    func.call(&mut store, &[], &mut results).expect("it returns");
    match results {
        [Val::I32(number)] => number as u32,
        other => panic!("a number is expected: {other:?}"),
    }
}

/// What a module that answers `number` answers, once it is compiled or found.
fn compiled_answer(engine: &Engine, number: u32) -> u32 {
    answer(engine, &Module::new(engine, module_text(number)).expect("it is valid"))
}

const COMPOSITION: &str = r#"(component
    (component $lib
        (core module $m
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
            (func (export "length") (param $at i32) (param $length i32) (result i32)
                (if (i32.eqz (local.get $length)) (then unreachable))
                (local.get $length)))
        (core instance $i (instantiate $m))
        (func (export "length") (param "text" string) (result u32)
            (canon lift (core func $i "length") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
    (component $app
        (import "length" (func $length (param "text" string) (result u32)))
        (core module $libc (memory (export "memory") 1) (data (i32.const 16) "gusset"))
        (core instance $libc (instantiate $libc))
        (core func $length (canon lower (func $length) (memory (core memory $libc "memory"))))
        (core module $m
            (import "" "length" (func $length (param i32 i32) (result i32)))
            (func (export "run") (param $length i32) (result i32) (call $length (i32.const 16) (local.get $length))))
        (core instance $i (instantiate $m (with "" (instance (export "length" (func $length))))))
        (func (export "run") (param "length" u32) (result u32) (canon lift (core func $i "run"))))
    (instance $lib (instantiate $lib))
    (instance $app (instantiate $app (with "length" (func $lib "length"))))
    (export "run" (func $app "run")))"#;

/// What the composition answers, and how it traps.
fn run_composition(engine: &Engine, component: &Component) -> (u32, String) {
    let mut store = Store::new(engine, ());
    let instance = gusset::Linker::new(engine).instantiate(&mut store, component).expect("it imports nothing");
    let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run").expect("it is exported");
    let (length,) = run.call(&mut store, (6,)).expect("it returns");
    let error = run.call(&mut store, (0,)).expect_err("it traps");
    assert_eq!(error.downcast_ref().map(Trap::code), Some(TrapCode::Unreachable));
    (length, error.to_string())
}

fn hits_and_misses(cache: &Cache) -> (u64, u64) {
    let CacheStats { hits, misses, damaged: 0, .. } = cache.stats() else { panic!("{:?}", cache.last_problem()) };
    (hits, misses)
}

#[test]
fn what_is_found_is_what_compiling_gives() {
    let scratch = SharedDirectory::new();
    let (engine, cache) = scratch.engine();
    let component = Component::new(&engine, COMPOSITION).expect("it is valid");
    let expected = run_composition(&engine, &component);
    assert_eq!(expected.0, 6);
    assert!(expected.1.contains("at <text>:7:57"), "{}", expected.1);
    assert_eq!(hits_and_misses(&cache), (0, 1));
    // In this engine, and in another one.
    for (engine, cache, counts) in [(engine, cache, (1, 1)), {
        let (engine, cache) = scratch.engine();
        (engine, cache, (1, 0))
    }] {
        let found = Component::new(&engine, COMPOSITION).expect("it is valid");
        assert_eq!(run_composition(&engine, &found), expected);
        assert_eq!(hits_and_misses(&cache), counts);
        let names = |component: &Component| {
            component
                .adapters()
                .iter()
                .map(|module| (format!("{:?}", module.names), module.wasm.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&found), names(&component));
        assert_eq!(format!("{found:?}"), format!("{component:?}"));
    }
}

#[test]
fn places_are_told_with_the_name_that_is_given_now() {
    let scratch = SharedDirectory::new();
    let (engine, cache) = scratch.engine();
    for name in ["first.wat", "second.wat"] {
        let component = Component::from_source(&engine, &NamedSource::new(name, COMPOSITION)).expect("it is valid");
        let (_, trap) = run_composition(&engine, &component);
        assert!(trap.contains(&format!("at {name}:7:57")), "{trap}");
    }
    assert_eq!(hits_and_misses(&cache), (1, 1));
}

#[test]
fn a_file_is_found_by_what_is_in_it() {
    let scratch = SharedDirectory::new();
    let (engine, cache) = scratch.engine();
    let path = scratch.0.path().join("module.wat");
    for (number, counts) in [(1, (0, 1)), (1, (1, 1)), (2, (1, 2)), (1, (2, 2))] {
        fs::write(&path, module_text(number)).expect("it can be written");
        let module = Module::from_file(&engine, &path).expect("it is valid");
        assert_eq!((answer(&engine, &module), hits_and_misses(&cache)), (number, counts));
    }
}

#[test]
fn what_cannot_be_compiled_is_not_kept() {
    let scratch = SharedDirectory::new();
    let (engine, cache) = scratch.engine();
    for _ in 0..2 {
        let error = Module::new(&engine, "(module (func (result i32)))").expect_err("nothing is returned");
        assert!(error.to_string().contains("type mismatch"), "{error}");
        assert!(Component::new(&engine, "(module)").is_err(), "it is none");
    }
    assert_eq!((cache.stats().hits, cache.stats().stored), (0, 0));
}

/// Changes a setting.
type Setting = fn(&mut Config) -> &mut Config;

#[test]
fn engines_with_other_settings_share_nothing() {
    let scratch = SharedDirectory::new();
    let settings: &[Setting] = &[
        |config| config,
        |config| config.opt_level(OptLevel::None),
        |config| config.nan_canonicalization(true),
        |config| config.relaxed_simd_deterministic(true),
        |config| config.memory_reservation(1 << 20),
        |config| config.memory_guard(0),
        |config| config.frame_form(true),
        |config| config.wasm_feature(CoreFeature::MultiMemory, false),
        |config| config.component_feature(ComponentFeature::FixedLengthLists, true),
        |config| config.trace_calls(|_| {}),
        |config| config.epoch_interruption(true),
        |config| config.consume_fuel(true),
        |config| config.signals_based_traps(false),
        |config| config.heap_access_spectre_mitigation(false),
        |config| config.table_access_spectre_mitigation(false),
        |config| config.keep_flags(true),
    ];
    for (number, set) in settings.iter().enumerate() {
        let (engine, cache) = scratch.engine_of(set);
        Component::new(&engine, COMPOSITION).expect("it is valid");
        assert_eq!(hits_and_misses(&cache), (0, 1), "setting {number}");
        assert_eq!(cache.usage().expect("it can be read").entries, number as u64 + 1);
    }
    // What does not change code is not asked.
    let others: &[Setting] = &[
        |config| config.compile_threads(1),
        |config| config.max_wasm_stack(1 << 20),
        |config| config.lazy_compilation(true),
    ];
    for set in settings.iter().chain(others) {
        let (engine, cache) = scratch.engine_of(set);
        Component::new(&engine, COMPOSITION).expect("it is valid");
        assert_eq!(hits_and_misses(&cache), (1, 0));
    }
}

#[test]
fn what_an_engine_refuses_is_refused_though_another_one_kept_it() {
    let scratch = SharedDirectory::new();
    let text = "(module (memory 1) (memory 1))";
    Module::new(&scratch.engine().0, text).expect("it is valid");
    let (engine, cache) = scratch.engine_of(|config| config.wasm_feature(CoreFeature::MultiMemory, false));
    assert!(Module::new(&engine, text).is_err());
    assert_eq!(hits_and_misses(&cache), (0, 1));
}

/// Damages the entry, and sees that the next engine finds that, compiles, and leaves a whole one.
fn assert_mended(scratch: &SharedDirectory, whole: &[u8], damaged: &[u8], what: &str) {
    fs::write(scratch.entry(), damaged).expect("it can be written");
    let (engine, cache) = scratch.engine();
    assert_eq!(compiled_answer(&engine, 7), 7, "{what}");
    let CacheStats { hits, misses, stored, damaged, .. } = cache.stats();
    assert_eq!((hits, misses, stored, damaged), (0, 1, 1, 1), "{what}: {:?}", cache.last_problem());
    assert!(fs::read(scratch.entry()).expect("it is there") == whole, "{what}");
}

#[test]
fn damaged_entries_are_found_and_mended() {
    let scratch = SharedDirectory::new();
    let (engine, _) = scratch.engine();
    assert_eq!(compiled_answer(&engine, 7), 7);
    let whole = fs::read(scratch.entry()).expect("it is there");
    // All of the head, and then in steps that meet every section.
    for at in (0..256).chain((256..whole.len()).step_by(whole.len() / 150)) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        assert_mended(&scratch, &whole, &damaged, &format!("a bit of byte {at}"));
    }
    for length in [0, 1, 16, 100, whole.len() / 2, whole.len() - 1] {
        assert_mended(&scratch, &whole, &whole[..length], &format!("{length} bytes"));
    }
    assert_mended(&scratch, &whole, &[&whole[..], b"more"].concat(), "more bytes");
    assert_mended(&scratch, &whole, &vec![0; whole.len()], "zeros");
    assert_mended(&scratch, &whole, b"\0asm\x01\0\0\0", "a module");
}

#[test]
fn an_entry_of_other_settings_is_not_used_under_this_name() {
    let (scratch, other) = (SharedDirectory::new(), SharedDirectory::new());
    let (engine, _) = scratch.engine();
    assert_eq!(compiled_answer(&engine, 7), 7);
    let whole = fs::read(scratch.entry()).expect("it is there");
    let (engine, _) = other.engine_of(|config| config.memory_reservation(1 << 20));
    assert_eq!(compiled_answer(&engine, 7), 7);
    let foreign = fs::read(other.entry()).expect("it is there");
    assert_mended(&scratch, &whole, &foreign, "of other settings");
    let (engine, _) = other.engine();
    other.cache().clear().expect("it can be removed");
    Component::new(&engine, "(component)").expect("it is valid");
    assert_mended(&scratch, &whole, &fs::read(other.entry()).expect("it is there"), "a component");
}

#[test]
fn an_entry_is_not_used_under_the_name_of_another_one() {
    let scratch = SharedDirectory::new();
    let (engine, _) = scratch.engine();
    assert_eq!(compiled_answer(&engine, 7), 7);
    let (entry, whole) = (scratch.entry(), fs::read(scratch.entry()).expect("it is there"));
    fs::remove_file(&entry).expect("it is ours");
    assert_eq!(compiled_answer(&engine, 8), 8);
    // Both are whole, of this build and of these settings.
    fs::rename(scratch.entry(), &entry).expect("it is ours");
    assert_mended(&scratch, &whole, &fs::read(&entry).expect("it is there"), "of another module");
}

#[test]
fn code_outlives_its_entry() {
    let scratch = SharedDirectory::new();
    compiled_answer(&scratch.engine().0, 7);
    let (engine, cache) = scratch.engine();
    let module = Module::new(&engine, module_text(7)).expect("it is valid");
    assert_eq!(hits_and_misses(&cache), (1, 0));
    cache.clear().expect("it can be removed");
    assert_eq!(answer(&engine, &module), 7);
    fs::remove_dir_all(scratch.path()).expect("it is ours");
    assert_eq!(answer(&engine, &module), 7);
}

#[test]
fn without_a_usable_directory_everything_is_compiled() {
    let file = tempfile::NamedTempFile::new().expect("it can be made");
    for path in [file.path(), Path::new("/proc/nowhere")] {
        let cache = Cache::new(CacheConfig::new().with_directory(path)).expect("a directory is given");
        let engine = Engine::new(Config::new().cache(Some(cache.clone()))).expect("the settings are supported");
        for number in [1, 1, 2] {
            assert_eq!(compiled_answer(&engine, number), number);
        }
        assert_eq!(hits_and_misses(&cache), (0, 3));
        assert!(cache.last_problem().is_some());
    }
}

#[test]
fn threads_that_compile_the_same_all_succeed() {
    let scratch = SharedDirectory::new();
    let (engine, cache) = scratch.engine();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (1..20).for_each(|number| assert_eq!(compiled_answer(&engine, number), number)));
        }
    });
    let (hits, misses) = hits_and_misses(&cache);
    assert!(hits + misses == 8 * 19 && misses >= 19, "{hits} and {misses}");
    assert_eq!(cache.usage().expect("it can be read").entries, 19);
}
