//! 64 threads instantiate, call, trap, throw, pass references, time out, meet limits, compile and drop, each outcome checked; then the process has what it had before:
//! no mapping, descriptor, thread or memory is left. For a second each way, on demand and pooled, or `GUSSET_HAMMER_SECONDS`; `--nocapture`
//! shows how much was done. The longer it takes, the smaller a leak may be that is found.
#![cfg(all(feature = "cache", feature = "wat", target_os = "linux"))]

use gusset::core::{self, Caller, Exception, Extern, ExternRef, Ref, Val};
use gusset::{
    Cache, CacheConfig, Component, Config, Engine, Error, InstancePre, LimitExceeded, LimitKind, Linker, PoolingConfig,
    Result, Store, StoreLimits, StoreLimitsBuilder, Trap, TrapCode,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const THREADS: u64 = 64;
const PAGE: usize = 1 << 16;
/// What the guests of a thread may have at most.
const CAP: u64 = 1 << 20;

/// The allocator keeps up to 256 memories that are free, of three mappings each, and need not have come so far before; threads come and go.
const KEPT_MAPPINGS: usize = 3 * 256 + 100;

/// What the process may have of memory more than before: of what threads leave behind in the lists of the system's allocator, and for each
/// round that little, which is less than anything that a round could leave of what it makes.
const KEPT_BYTES: u64 = 32 << 20;
const BYTES_OF_A_ROUND: u64 = 512;

/// Where the module's data begin, and how many bytes they have: enough for them to be mapped from a file.
const DATA: (usize, usize) = (1_000, 70_000);
const PAGES: usize = 3;

fn datum(at: usize) -> u8 {
    (at % 251) as u8 + 1
}

/// What memory each instance of the module starts with.
fn first_contents() -> Vec<u8> {
    let mut memory = vec![0; PAGES * PAGE];
    memory[DATA.0..][..DATA.1].iter_mut().enumerate().for_each(|(at, byte)| *byte = datum(at));
    memory
}

fn module_text() -> String {
    let data: String = (0..DATA.1).map(|at| format!("\\{:02x}", datum(at))).collect();
    MODULE.replace("DATA", &format!("(data (i32.const {}) \"{data}\")", DATA.0))
}

const MODULE: &str = r#"(module
    (import "host" "fail" (func $fail))
    (import "host" "throw" (func $host_throws (param i32)))
    (memory (export "memory") 3) (table 200 funcref) (elem (i32.const 7) $double)
    (table $kept 8 externref)
    (tag $bad (export "bad") (param i32 i64))
    DATA
    (global $calls (mut i32) (i32.const 0))
    (type $double (func (param i32) (result i32)))
    (func $double (type $double) (i32.shl (local.get 0) (i32.const 1)))
    (func (export "double") (param i32) (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (call_indirect (type $double) (local.get 0) (i32.const 7)))
    ;; Grows as far as it can, and writes to all of it; how many pages there are then.
    (func (export "grow") (param i32) (result i32)
        (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (memory.fill (i32.const 0) (i32.const 0xee) (i32.shl (memory.size) (i32.const 16)))
        (memory.size))
    (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "calls") (param i32) (result i32) (global.get $calls))
    (func $deep (export "deep") (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
    (func (export "spin") (param i32) (result i32) (loop $again (br $again)) (unreachable))
    (func (export "null") (param i32) (result i32) (call_indirect (type $double) (local.get 0) (i32.const 8)))
    (func (export "fail") (param i32) (result i32) (call $fail) (i32.const 0))
    ;; From so deep, and a handler on the way throws on.
    (func $throw (param i32 i32) (result i32)
        (if (local.get 1) (then
            (block $any (result exnref)
                (return (try_table (result i32) (catch_all_ref $any)
                    (call $throw (local.get 0) (i32.sub (local.get 1) (i32.const 1))))))
            (throw_ref)))
        (throw $bad (local.get 0) (i64.extend_i32_s (local.get 0))))
    (func (export "throw") (param i32) (result i32) (call $throw (local.get 0) (i32.const 5)))
    ;; What is caught, 100 times from the guest and once from the host.
    (func (export "catch") (param i32) (result i32) (local $n i32) (local $sum i32)
        (local.set $n (i32.const 100))
        (loop $again
            (block $caught (result i32 i64)
                (drop (try_table (result i32) (catch $bad $caught) (call $throw (local.get 0) (i32.const 3))))
                (unreachable))
            (drop)
            (local.set $sum (i32.add (local.get $sum)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (block $caught (result i32 i64)
            (try_table (catch $bad $caught) (call $host_throws (local.get 0)))
            (unreachable))
        (i32.wrap_i64)
        (i32.add)
        (i32.add (local.get $sum)))
    ;; Keeps a reference, and gives back the one that it had there.
    (func (export "exchange") (param i32 externref) (result externref)
        (table.get $kept (local.get 0))
        (table.set $kept (local.get 0) (local.get 1))))"#;

/// A module that a round compiles; there are a few of them, which differ by a number.
fn small_module(number: u64) -> String {
    format!(
        r#"(module (memory 1) (data (i32.const 0) "{}") (table funcref (elem $more))
            (type $more (func (param i32) (result i32)))
            (func $more (type $more) (i32.add (local.get 0) (i32.const {number})))
            (func (export "more") (param i32) (result i32) (call_indirect (type $more) (local.get 0) (i32.const 0))))"#,
        "x".repeat(20_000)
    )
}

/// A program passes a text to a service, whose `realloc` lets its memory grow.
const COMPONENT: &str = r#"(component
  (component $service
    (core module $m
      (memory (export "memory") 1)
      (global $next (mut i32) (i32.const 16))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 3)))
        (block $fits (loop $more
          (br_if $fits (i32.le_u (global.get $next) (i32.shl (memory.size) (i32.const 16))))
          (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
          (unreachable))))
      (func (export "length") (param i32 i32) (result i32) (local.get 1)))
    (core instance $i (instantiate $m))
    (func (export "length") (param "text" string) (result u32)
      (canon lift (core func $i "length") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (component $program
    (import "length" (func $length (param "text" string) (result u32)))
    (core module $libc (memory (export "memory") 4))
    (core instance $libc (instantiate $libc))
    (core func $length (canon lower (func $length) (memory (core memory $libc "memory"))))
    (core module $m
      (import "" "length" (func $length (param i32 i32) (result i32)))
      (func (export "run") (param i32) (result i32) (call $length (i32.const 0) (local.get 0))))
    (core instance $m (instantiate $m (with "" (instance (export "length" (func $length))))))
    (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))
  (instance $service (instantiate $service))
  (instance $program (instantiate $program (with "length" (func $service "length"))))
  (export "run" (func $program "run")))"#;

/// What all threads have.
struct HammeredEngine {
    engine: Engine,
    module: core::Module,
    linker: core::Linker<StoreLimits>,
    component: InstancePre<StoreLimits>,
    first_contents: Vec<u8>,
    /// Where the engines that rounds make keep what they compile, with one another.
    directory: tempfile::TempDir,
    /// Rounds that compile are heavy: one thread at a time does so, and the others go on.
    compiling: Mutex<()>,
    ended: AtomicBool,
    rounds: AtomicU64,
}

impl HammeredEngine {
    fn new(config: &mut Config) -> Result<HammeredEngine> {
        let engine = Engine::new(config.epoch_interruption(true).memory_reservation(16 << 20).memory_guard(1 << 16))?;
        let mut linker = core::Linker::new(&engine);
        linker.func_wrap("host", "fail", || -> Result<()> { Err(std::io::Error::other("of no use").into()) })?;
        linker.func_wrap("host", "throw", |mut caller: Caller<'_, StoreLimits>, n: i32| -> Result<()> {
            let Some(Extern::Tag(bad)) = caller.get_export("bad") else { panic!("it is exported") };
            Err(Exception::new(&mut caller, bad, &[Val::I32(n), Val::I64(1)])?.into())
        })?;
        let component = Component::new(&engine, COMPONENT)?;
        Ok(HammeredEngine {
            module: core::Module::new(&engine, module_text())?,
            component: Linker::new(&engine).instantiate_pre(&component)?,
            linker,
            engine,
            first_contents: first_contents(),
            directory: tempfile::tempdir()?,
            compiling: Mutex::default(),
            ended: AtomicBool::new(false),
            rounds: AtomicU64::new(0),
        })
    }

    fn store(&self, limits: StoreLimitsBuilder) -> Store<StoreLimits> {
        let mut store = Store::new(&self.engine, limits.total_memory(CAP).build());
        store.limiter(|limits| limits);
        store.set_epoch_deadline(u64::MAX);
        store
    }

    /// One thing that a host does, from the store to its end.
    fn round(&self, round: u64) -> Result<()> {
        match round % 11 {
            0 => self.answers(round),
            1 => self.grows(),
            2 => self.traps("deep", TrapCode::StackOverflow),
            3 => self.traps("null", TrapCode::UninitializedElement),
            4 => self.times_out(),
            5 => self.passes_texts(),
            6 => self.meets_limits_halfway(),
            7 => self.is_full(),
            8 => self.throws(round as i32),
            9 => self.passes_references(round),
            _ => self.compiles(round),
        }
    }

    fn instance(&self, store: &mut Store<StoreLimits>) -> Result<core::Instance> {
        self.linker.instantiate(store, &self.module)
    }

    fn answers(&self, round: u64) -> Result<()> {
        let mut store = self.store(StoreLimitsBuilder::new());
        let instance = self.instance(&mut store)?;
        for call in 1..=3 {
            assert_eq!(number(&mut store, instance, "double", round as i32)?, (round as i32).wrapping_shl(1));
            assert_eq!(number(&mut store, instance, "calls", 0)?, call);
        }
        // What other instances have done to their memories is not to be seen.
        let memory = instance.get_memory(&mut store, "memory").expect("it is exported");
        assert!(memory.data(&store) == self.first_contents, "a memory does not start as its module says");
        let error = number(&mut store, instance, "fail", 0).unwrap_err();
        assert!(error.is::<std::io::Error>(), "{error:?}");
        Ok(())
    }

    fn grows(&self) -> Result<()> {
        let mut store = self.store(StoreLimitsBuilder::new().memory_size(5 * PAGE));
        let instance = self.instance(&mut store)?;
        assert_eq!(number(&mut store, instance, "grow", 0)?, 5);
        assert_eq!(number(&mut store, instance, "byte", 5 * PAGE as i32 - 1)?, 0xee);
        let error = number(&mut store, instance, "byte", 5 * PAGE as i32).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::MemoryOutOfBounds), "{error:?}");
        Ok(())
    }

    /// An engine of its own, or a module of the one that all have: they end while others go on. At once or function by function, compiled or
    /// found.
    fn compiles(&self, round: u64) -> Result<()> {
        let Ok(_alone) = self.compiling.try_lock() else { return self.answers(round) };
        let cache = || Cache::new(CacheConfig::new().with_directory(self.directory.path().join("cache")));
        let mut config = Config::new();
        config.memory_reservation(16 << 20).memory_guard(1 << 16).compile_threads(2);
        config.epoch_interruption(true);
        let engine = match round / 11 % 4 {
            0 => self.engine.clone(),
            1 => Engine::new(&config)?,
            2 => Engine::new(config.lazy_compilation(true))?,
            _ => Engine::new(config.cache(Some(cache()?)))?,
        };
        let n = round % 5;
        let module = core::Module::new(&engine, small_module(n))?;
        let mut store = Store::new(&engine, StoreLimits::default());
        store.set_epoch_deadline(u64::MAX);
        let instance = core::Instance::new(&mut store, &module, &[])?;
        // The module ends before its instance.
        drop(module);
        assert_eq!(number(&mut store, instance, "more", 7)?, 7 + n as i32);
        Ok(())
    }

    fn traps(&self, name: &str, code: TrapCode) -> Result<()> {
        let mut store = self.store(StoreLimitsBuilder::new());
        let instance = self.instance(&mut store)?;
        let error = number(&mut store, instance, name, 0).unwrap_err();
        assert_eq!(trap_code(&error), Some(code), "{error:?}");
        assert_eq!(number(&mut store, instance, "double", 4)?, 8);
        Ok(())
    }

    fn throws(&self, n: i32) -> Result<()> {
        let mut store = self.store(StoreLimitsBuilder::new());
        let instance = self.instance(&mut store)?;
        assert_eq!(number(&mut store, instance, "catch", n)?, n.wrapping_mul(101).wrapping_add(1));
        let error = number(&mut store, instance, "throw", n).unwrap_err();
        let exception = error.downcast_ref::<Exception>().unwrap_or_else(|| panic!("it is not caught: {error:?}"));
        assert_eq!(exception.values(), [Val::I32(n), Val::I64(i64::from(n))]);
        assert_eq!(number(&mut store, instance, "double", 4)?, 8);
        Ok(())
    }

    /// What the guest is given it has until the store ends, and no longer.
    fn passes_references(&self, round: u64) -> Result<()> {
        let value = Arc::new(round);
        let mut store = self.store(StoreLimitsBuilder::new());
        let instance = self.instance(&mut store)?;
        let exchange = instance.get_func(&mut store, "exchange").expect("it is exported");
        for at in 0..32 {
            let given = ExternRef::new(&mut store, (at, Arc::clone(&value)))?;
            let mut back = [Val::Ref(Ref::Extern(None))];
            exchange.call(&mut store, &[Val::I32(at % 8), Val::Ref(Ref::Extern(Some(given)))], &mut back)?;
            let [Val::Ref(Ref::Extern(back))] = back else { panic!("{back:?}") };
            let data = back.as_ref().and_then(|back| back.data(&store).ok()?.downcast_ref::<(i32, Arc<u64>)>());
            assert_eq!(data.map(|data| (data.0, *data.1)), (at >= 8).then_some((at - 8, round)));
        }
        drop(store);
        assert_eq!(Arc::strong_count(&value), 1, "the store has dropped all that it was given");
        Ok(())
    }

    fn times_out(&self) -> Result<()> {
        let mut store = self.store(StoreLimitsBuilder::new());
        let instance = self.instance(&mut store)?;
        let deadline = Instant::now() + Duration::from_millis(1);
        let error = store.with_deadline(deadline, |mut store| number(&mut store, instance, "spin", 0)).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::Interrupt), "{error:?}");
        assert!(Instant::now() >= deadline);
        assert_eq!(number(&mut store, instance, "double", 4)?, 8);
        Ok(())
    }

    fn passes_texts(&self) -> Result<()> {
        let mut store = self.store(StoreLimitsBuilder::new().memory_size(4 * PAGE));
        let instance = self.component.instantiate(&mut store)?;
        let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run")?;
        assert_eq!(run.call(&mut store, (100_000,))?, (100_000,));
        let error = run.call(&mut store, (4 * PAGE as u32 - 1,)).unwrap_err();
        assert_eq!(trap_code(&error), Some(TrapCode::Unreachable), "{error:?}");
        Ok(())
    }

    /// The service is made, and the program's memory is too large.
    fn meets_limits_halfway(&self) -> Result<()> {
        let mut store = self.store(StoreLimitsBuilder::new().memory_size(3 * PAGE));
        for _ in 0..3 {
            let error = self.component.instantiate(&mut store).unwrap_err();
            assert_eq!(exceeded(&error), Some(LimitKind::MemoryBytes), "{error:?}");
        }
        let instance = self.instance(&mut store)?;
        assert_eq!(number(&mut store, instance, "double", 4)?, 8);
        Ok(())
    }

    fn is_full(&self) -> Result<()> {
        let mut store = self.store(StoreLimitsBuilder::new().instances(4));
        let instances = (0..4).map(|_| self.instance(&mut store)).collect::<Result<Vec<_>>>()?;
        let error = self.instance(&mut store).unwrap_err();
        assert_eq!(exceeded(&error), Some(LimitKind::Instances), "{error:?}");
        for (instance, n) in instances.into_iter().zip(0..) {
            assert_eq!(number(&mut store, instance, "double", n)?, 2 * n);
        }
        Ok(())
    }
}

fn number(
    mut store: impl gusset::AsContextMut<Data = StoreLimits>,
    instance: core::Instance,
    name: &str,
    param: i32,
) -> Result<i32> {
    let mut results = [Val::I32(0)];
    let func = instance.get_func(&mut store, name).expect("it is exported");
    func.call(&mut store, &[Val::I32(param)], &mut results)?;
    let [Val::I32(result)] = results else { panic!("{results:?}") };
    Ok(result)
}

fn trap_code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

fn exceeded(error: &Error) -> Option<LimitKind> {
    error.downcast_ref::<LimitExceeded>().map(|exceeded| exceeded.kind)
}

/// What the process has that could be left behind.
#[derive(Debug)]
struct ProcessState {
    mappings: usize,
    descriptors: usize,
    threads: usize,
    /// Bytes of memory that have been touched.
    resident: u64,
}

impl ProcessState {
    fn now() -> ProcessState {
        let count = |directory| std::fs::read_dir(directory).expect("Linux tells").count();
        let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
        let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("a number of pages");
        ProcessState {
            mappings: std::fs::read_to_string("/proc/self/maps").expect("Linux tells").lines().count(),
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
            resident: pages * 4096,
        }
    }

    /// The state once the thread that waits for deadlines has ended.
    fn at_rest(threads: usize) -> ProcessState {
        let start = Instant::now();
        while ProcessState::now().threads > threads && start.elapsed().as_secs() < 30 {
            std::thread::sleep(Duration::from_millis(20));
        }
        ProcessState::now()
    }
}

/// All threads for so long.
fn hammer(shared: &HammeredEngine, time: Duration) {
    shared.ended.store(false, Ordering::Relaxed);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let mut round = thread;
                while !shared.ended.load(Ordering::Relaxed) {
                    shared.round(round).unwrap_or_else(|error| panic!("round {round}: {error:?}"));
                    shared.rounds.fetch_add(1, Ordering::Relaxed);
                    round += 1;
                }
            });
        }
        std::thread::sleep(time);
        shared.ended.store(true, Ordering::Relaxed);
    });
}

fn nothing_is_left(name: &str, config: &mut Config) -> Result<()> {
    let seconds = std::env::var("GUSSET_HAMMER_SECONDS").map_or(1, |seconds| seconds.parse().expect("seconds"));
    let threads = ProcessState::now().threads;
    let shared = HammeredEngine::new(config)?;
    // What the allocator keeps for so many threads it has from now on, and all entries of the cache are there.
    hammer(&shared, Duration::from_millis(500));
    let before = ProcessState::at_rest(threads);
    assert_eq!(before.threads, threads, "the thread that waits for deadlines ends when there are none");
    shared.rounds.store(0, Ordering::Relaxed);
    hammer(&shared, Duration::from_secs(seconds));
    let after = ProcessState::at_rest(threads);
    let rounds = shared.rounds.load(Ordering::Relaxed);
    println!("{name}: {rounds} rounds; {before:?}, then {after:?}");
    assert_eq!((after.threads, after.descriptors), (before.threads, before.descriptors), "{before:?}, then {after:?}");
    assert!(after.mappings < before.mappings + KEPT_MAPPINGS, "{before:?}, then {after:?}");
    let most = before.resident + KEPT_BYTES + rounds * BYTES_OF_A_ROUND;
    assert!(after.resident < most, "{rounds} rounds: {before:?}, then {after:?}");
    drop(shared);
    let ended = ProcessState::at_rest(threads);
    assert!(ended.mappings <= after.mappings, "{after:?}, then {ended:?}");
    Ok(())
}

/// A pool with room for what all threads have at once, that keeps so much of each free memory.
fn pool(keep_resident: usize) -> PoolingConfig {
    let mut pool = PoolingConfig::new();
    pool.total_core_instances(1000).total_memories(1000).total_tables(1000).table_elements(1000).max_memory_size(CAP);
    pool.linear_memory_keep_resident(keep_resident).table_keep_resident(keep_resident);
    pool
}

/// One after the other: each counts what the whole process has.
#[test]
fn many_threads_leave_nothing_behind() -> Result<()> {
    nothing_is_left("on demand", &mut Config::new())?;
    nothing_is_left("pooled", Config::new().allocation_strategy(pool(0)))?;
    nothing_is_left("pooled, and some kept", Config::new().allocation_strategy(pool(2 * PAGE)))
}
