//! Address space: when it runs out, that is an error, and whatever is dropped gives its share back.
#![cfg(all(feature = "compile", feature = "wat", target_os = "linux"))]

use gusset::core::{Instance, Module, Val};
use gusset::{AsContextMut, Config, Engine, InstanceAllocationStrategy, PoolingConfig, Result, Store, Trap, TrapCode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The tests of this file use and count what the whole process has: one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn call(mut store: impl AsContextMut, instance: Instance, name: &str, params: &[Val]) -> Result<i32> {
    let mut results = [Val::I32(0)];
    let func = instance.get_func(&mut store, name).expect("it is exported");
    func.call(&mut store, params, &mut results)?;
    let [Val::I32(result)] = results else { panic!("unexpected results {results:?}") };
    Ok(result)
}

/// How many mappings the process has, and how much address space.
fn mappings() -> (usize, u64) {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux says what is mapped");
    let size = |line: &str| {
        let (start, end) = line.split_once(' ')?.0.split_once('-')?;
        Some(u64::from_str_radix(end, 16).ok()? - u64::from_str_radix(start, 16).ok()?)
    };
    (maps.lines().count(), maps.lines().filter_map(size).sum())
}

/// Address space runs out before anything else does; a store that is dropped gives all of it back.
#[test]
fn running_out_of_address_space_is_an_error() -> Result<()> {
    let _alone = alone();
    let engine = Engine::new(Config::new().memory_reservation(1 << 40))?;
    let module =
        Module::new(&engine, r#"(module (memory 1) (func (export "f") (result i32) (memory.grow (i32.const 1))))"#)?;
    let run = || -> Result<usize> {
        let mut store = Store::new(&engine, ());
        let mut made = Vec::new();
        let error = loop {
            match Instance::new(&mut store, &module, &[]) {
                Ok(instance) => made.push(instance),
                Err(error) => break error,
            }
            assert!(made.len() < 1000, "the address space has an end");
        };
        assert!(format!("{error:#}").contains("address space"), "{error}");
        for &instance in &made {
            assert_eq!(call(&mut store, instance, "f", &[])?, 1);
        }
        assert!(mappings().1 > 100 << 40);
        Ok(made.len())
    };
    let first = run()?;
    for _ in 0..3 {
        let again = run()?;
        assert!(again + 3 > first, "{first} memories fitted at first, {again} later");
    }
    assert!(mappings().1 < 50 << 40, "all has been given back");
    Ok(())
}

/// Ten thousand instances in one store: more than its list of reservations, contexts and functions were made for.
#[test]
fn ten_thousand_instances_in_one_store() -> Result<()> {
    let _alone = alone();
    let engine = Engine::default();
    let text = r#"(module (memory 1) (table 1 funcref) (global $n (mut i32) (i32.const 0))
        (func (export "n") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
        (func (export "out") (result i32) (i32.store (i32.const 65533) (i32.const 1)) (i32.const 0)))"#;
    let module = Module::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    let instances = (0..10_000).map(|_| Instance::new(&mut store, &module, &[])).collect::<Result<Vec<_>>>()?;
    for &instance in instances.iter().step_by(1111) {
        assert_eq!(call(&mut store, instance, "n", &[])?, 1);
        let error = call(&mut store, instance, "out", &[]).expect_err("it traps");
        assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::MemoryOutOfBounds));
    }
    Ok(())
}

/// Code, memories, signal stacks: of two hundred rounds nothing is left.
#[test]
fn what_is_dropped_is_unmapped() -> Result<()> {
    let _alone = alone();
    const TEXT: &str = r#"(module (memory 1) (func $f (export "f") (param i32) (result i32)
        (i32.add (i32.load (local.get 0)) (call $f (local.get 0)))))"#;
    let round = || -> Result<()> {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, TEXT)?, &[])?;
        for at in [-1, 0] {
            assert!(call(&mut store, instance, "f", &[Val::I32(at)]).is_err());
        }
        Ok(())
    };
    let rounds = |count: usize| -> Result<()> {
        (0..count).try_for_each(|_| std::thread::spawn(round).join().expect("nothing panics"))
    };
    rounds(20)?;
    let (count, bytes) = mappings();
    rounds(200)?;
    let (count_after, bytes_after) = mappings();
    assert!(count_after < count + 100, "{count} mappings, then {count_after}");
    assert!(bytes_after < bytes + (4 << 30), "{bytes} bytes, then {bytes_after}");
    Ok(())
}

/// Bytes of memory that the process has touched.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux says what is resident");
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number of pages") * 4096
}

/// Tables, memories and contexts, as large as a kilobyte can ask for, cost nothing until they are used.
#[test]
fn what_is_never_touched_costs_nothing() -> Result<()> {
    let _alone = alone();
    let engine = Engine::new(Config::new().memory_reservation(1 << 32).memory_guard(0).max_host_bytes(16 << 30))?;
    let (tables, memories) = ("(table 10000000 funcref)".repeat(50), "(memory 65536)".repeat(50));
    let more = "(table 10000000 externref)".repeat(49);
    let text = format!(
        r#"(module {tables}{more}{memories} (table $t 0 10000000 funcref) (elem declare func $f)
            (func (export "grow") (result i32) (table.grow $t (ref.null func) (i32.const 5000000)))
            (func $f (export "set") (param i32) (result i32)
                (table.set $t (local.get 0) (ref.func $f))
                (i32.add (ref.is_null (table.get $t (local.get 0)))
                    (ref.is_null (table.get $t (i32.sub (local.get 0) (i32.const 1)))))))"#
    );
    let module = Module::new(&engine, text)?;
    let (before, start) = (resident(), Instant::now());
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    assert_eq!(call(&mut store, instance, "grow", &[])?, 0);
    assert_eq!(call(&mut store, instance, "grow", &[])?, 5_000_000);
    assert_eq!(call(&mut store, instance, "grow", &[])?, -1);
    assert_eq!(call(&mut store, instance, "set", &[Val::I32(9_999_999)])?, 1);
    let (used, time) = (resident().saturating_sub(before), start.elapsed());
    assert!(used < 64 << 20, "{used} bytes");
    assert!(time.as_secs() < 20, "{time:?}");
    // Many small ones neither.
    let text = format!("(module {})", "(table 8000 funcref)".repeat(100));
    let (module, before) = (Module::new(&engine, text)?, resident());
    for _ in 0..200 {
        Instance::new(&mut store, &module, &[])?;
    }
    let used = resident().saturating_sub(before);
    assert!(used < 320 << 20, "{used} bytes");
    // Elements that are not null are written.
    let text = r#"(module (table 0 funcref) (elem declare func 0)
        (func (result i32) (table.grow 0 (ref.func 0) (i32.const 100000)))
        (func (export "grow") (result i32) (call 0))
        (func (export "null") (param i32) (result i32) (ref.is_null (table.get 0 (local.get 0)))))"#;
    let instance = Instance::new(&mut store, &Module::new(&engine, text)?, &[])?;
    assert_eq!(call(&mut store, instance, "grow", &[])?, 0);
    for at in [0, 1, 50_000, 99_999] {
        assert_eq!(call(&mut store, instance, "null", &[Val::I32(at)])?, 0);
    }
    Ok(())
}

/// Settings that no machine can follow fail where memories are made.
#[test]
fn reservations_beyond_the_address_space_are_errors() -> Result<()> {
    let _alone = alone();
    for (reservation, guard) in [(u64::MAX, 0), (0, u64::MAX), (u64::MAX, u64::MAX), (1 << 62, 1 << 62), (1 << 48, 1)] {
        let engine = Engine::new(Config::new().memory_reservation(reservation).memory_guard(guard))?;
        let module = Module::new(&engine, r#"(module (memory 1))"#)?;
        let error = Instance::new(Store::new(&engine, ()), &module, &[]).expect_err("there is no room");
        assert!(format!("{error:#}").contains("address space"), "{error}");
    }
    Ok(())
}

/// How many places of the process map the first contents of a memory.
fn image_mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux says what is mapped");
    maps.lines().filter(|line| line.contains("memfd:gusset-memory")).count()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("Linux says what is open").count()
}

/// Of a module that is dropped nothing is mapped, though memories that had its image are kept; of an engine, nothing at all.
#[test]
fn kept_memories_go_with_their_engine_and_images_with_their_module() -> Result<()> {
    let _alone = alone();
    let data = "\\07".repeat(40_000);
    let text = format!(
        r#"(module (memory (export "m") 3 5) (data (i32.const 9) "{data}") (table 10 funcref)
            (func (export "f") (result i32) (i32.store8 (i32.const 9) (i32.const 1)) (memory.grow (i32.const 2))))"#
    );
    let round = |strategy: &InstanceAllocationStrategy| -> Result<()> {
        let engine = Engine::new(Config::new().allocation_strategy(strategy.clone()))?;
        let module = Module::new(&engine, &text)?;
        for _ in 0..3 {
            let mut stores: Vec<_> = (0..20).map(|_| Store::new(&engine, ())).collect();
            for store in &mut stores {
                let instance = Instance::new(&mut *store, &module, &[])?;
                assert_eq!(call(&mut *store, instance, "f", &[])?, 3);
            }
            assert!(image_mappings() >= 20);
        }
        assert!(image_mappings() >= 20, "they are kept for the next instances");
        drop(module);
        assert_eq!(image_mappings(), 0);
        Ok(())
    };
    for strategy in [InstanceAllocationStrategy::OnDemand, PoolingConfig::new().into()] {
        (0..3).try_for_each(|_| round(&strategy))?;
        let ((count, bytes), open) = (mappings(), descriptors());
        (0..20).try_for_each(|_| round(&strategy))?;
        let (count_after, bytes_after) = mappings();
        assert_eq!(descriptors(), open);
        assert!(count_after < count + 20, "{count} mappings, then {count_after}");
        assert!(bytes_after < bytes + (1 << 30), "{bytes} bytes, then {bytes_after}");
    }
    Ok(())
}

/// Threads that compile: the harness starts threads of its own at any time. (Linux keeps 15 bytes of a name.)
fn compiling_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux says what runs").flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim_end() == "gusset-compiler").count()
}

/// Nor does anything stay of an engine that compiled when functions were called, or found what it wanted in a cache, or both.
#[test]
#[cfg(feature = "cache")]
fn engines_end_however_they_compile() -> Result<()> {
    use gusset::{Cache, CacheConfig};
    let _alone = alone();
    let directory = tempfile::tempdir()?;
    let functions: String = (0..200)
        .map(|n| {
            format!(r#"(func (export "f{n}") (result i32) (i32.add (i32.load8_u (i32.const 9)) (i32.const {n})))"#)
        })
        .collect();
    let text = format!(r#"(module (memory 2) (data (i32.const 9) "{}") {functions})"#, "\\07".repeat(40_000));
    let round = |lazy: bool, cached: bool, instances: usize| -> Result<()> {
        let cache = || Cache::new(CacheConfig::new().with_directory(directory.path().join("cache")));
        let mut config = Config::new();
        config.lazy_compilation(lazy).compile_threads(3).cache(if cached { Some(cache()?) } else { None });
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, &text)?;
        let mut store = Store::new(&engine, ());
        for n in 0..instances {
            let instance = Instance::new(&mut store, &module, &[])?;
            assert_eq!(call(&mut store, instance, &format!("f{n}"), &[])?, 7 + n as i32);
        }
        Ok(())
    };
    let at_rest = || {
        let start = Instant::now();
        while compiling_threads() > 0 && start.elapsed().as_secs() < 30 {
            std::thread::sleep(Duration::from_millis(10));
        }
        (compiling_threads(), descriptors(), mappings())
    };
    for (lazy, cached) in [(true, false), (false, true), (true, true)] {
        (0..3).try_for_each(|n| round(lazy, cached, n))?;
        let (_, open, (count, bytes)) = at_rest();
        (0..20).try_for_each(|n| round(lazy, cached, n))?;
        let (threads, open_after, (count_after, bytes_after)) = at_rest();
        assert_eq!((threads, open_after), (0, open), "{lazy} {cached}");
        assert!(count_after < count + 20, "{lazy} {cached}: {count} mappings, then {count_after}");
        assert!(bytes_after < bytes + (256 << 20), "{lazy} {cached}: {bytes} bytes, then {bytes_after}");
        assert_eq!(image_mappings(), 0);
    }
    Ok(())
}

/// Where there is no descriptor for a file with first contents they are copied, and mapped once there are some again.
#[test]
fn without_descriptors_first_contents_are_copied_for_the_time_being() -> Result<()> {
    let _alone = alone();
    let text = format!(
        r#"(module (memory 2) (data (i32.const 9) "{}")
            (func (export "f") (result i32) (i32.load8_u (i32.const 40008))))"#,
        "\\07".repeat(40_000)
    );
    let engine = Engine::default();
    let module = Module::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    let mut open = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        open.push(file);
        if open.len() > 200_000 {
            eprintln!("not run: the process may open any number of files");
            return Ok(());
        }
    }
    let copied = Instance::new(&mut store, &module, &[])?;
    drop(open);
    assert_eq!((call(&mut store, copied, "f", &[])?, image_mappings()), (7, 0));
    for mapped in 1..=2 {
        let instance = Instance::new(&mut store, &module, &[])?;
        assert_eq!((call(&mut store, instance, "f", &[])?, image_mappings()), (7, mapped));
    }
    Ok(())
}

/// A stack of a pool for which the system has no memory now is one of the pool's all the same.
#[test]
fn stacks_without_memory_for_the_time_being_stay_in_their_pool() -> Result<()> {
    let _alone = alone();
    let mut pool = PoolingConfig::new();
    pool.total_stacks(1).total_memories(1).total_core_instances(1).total_tables(0).max_memory_size(1 << 20);
    let engine = Engine::new(Config::new().allocation_strategy(pool).async_stack_size(256 << 20))?;
    let module = Module::new(&engine, r#"(module (func (export "f") (result i32) (i32.const 7)))"#)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let func = instance.get_typed_func::<(), i32>(&mut store, "f")?;
    // What the process has is bounded, with room for everything but a stack.
    let status = std::fs::read_to_string("/proc/self/status")?;
    let data = status.lines().find_map(|line| line.strip_prefix("VmData:")?.trim().strip_suffix(" kB"));
    let data: u64 = data.expect("Linux says how much data there is").parse()?;
    let before = getrlimit(Resource::Data);
    setrlimit(Resource::Data, Rlimit { current: Some((data << 10) + (64 << 20)), ..before })?;
    let refused: Vec<_> = (0..3).map(|_| now(func.call_async(&mut store, ()))).collect();
    setrlimit(Resource::Data, before)?;
    for refused in refused {
        let error = refused.expect_err("there is no memory for a stack");
        assert!(format!("{error:#}").contains("committing 268435456 bytes of stack"), "{error:#}");
    }
    assert_eq!(now(func.call_async(&mut store, ()))?, 7);
    Ok(())
}

/// What comes of something that does not wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// What the last instances wrote is kept only as far as the limits say.
#[test]
fn free_memories_keep_little() -> Result<()> {
    let _alone = alone();
    let text = r#"(module (memory 512) (func (export "f") (result i32)
        (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x2000000)) (i32.const 0)))"#;
    for strategy in [InstanceAllocationStrategy::OnDemand, PoolingConfig::new().into()] {
        let engine = Engine::new(Config::new().allocation_strategy(strategy))?;
        let module = Module::new(&engine, text)?;
        let before = resident();
        let mut store = Store::new(&engine, ());
        for _ in 0..10 {
            let instance = Instance::new(&mut store, &module, &[])?;
            call(&mut store, instance, "f", &[])?;
        }
        let used = resident().saturating_sub(before);
        assert!(used > 300 << 20, "{used} bytes");
        drop(store);
        let kept = resident().saturating_sub(before);
        assert!(kept < 32 << 20, "{kept} bytes");
    }
    Ok(())
}

/// Threads that compile in the background end when nobody wants what they compile, and soon: after the function that they are at.
#[test]
fn threads_that_compile_end_with_their_engine() -> Result<()> {
    let _alone = alone();
    let padding = "(local.set 0 (i32.xor (local.get 0) (i32.const 0)))".repeat(100);
    let text = format!("(module {})", format!("(func (param i32) {padding})").repeat(300));
    for _ in 0..10 {
        let engine = Engine::new(Config::new().lazy_compilation(true).compile_threads(3))?;
        let module = Module::new(&engine, &text)?;
        let mut store = Store::new(&engine, ());
        Instance::new(&mut store, &module, &[])?;
    }
    let start = Instant::now();
    while compiling_threads() > 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "{} are left", compiling_threads());
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
