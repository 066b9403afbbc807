//! Memories that stores on several threads have: what guests and hosts do with them at the same time.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Extern, ExternType, Instance, Linker, Memory, MemoryType, Module, SharedMemory, WaitResult};
use gusset::{
    Config, Engine, Error, LimitExceeded, PoolingConfig, ResourceLimiter, Result, Store, StoreLimitsBuilder, Trap,
    TrapCode, UpdateDeadline,
};
use std::pin::pin;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes that does not hang.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(20);

const TEXT: &str = r#"(module
    (import "host" "memory" (memory 1 64 shared))
    (export "memory" (memory 0))
    (func (export "count") (param i32) (local $n i32)
        (loop
            (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get 0)))))
    ;; A lock at 8: 0 is free, 1 taken, 2 taken and somebody waits. What it guards, at 16, is not atomic.
    (func $lock (local $seen i32)
        (if (i32.eqz (local.tee $seen (i32.atomic.rmw.cmpxchg (i32.const 8) (i32.const 0) (i32.const 1)))) (then (return)))
        (loop
            (if (i32.or (i32.eq (local.get $seen) (i32.const 2))
                    (i32.atomic.rmw.cmpxchg (i32.const 8) (i32.const 1) (i32.const 2)))
                (then (drop (memory.atomic.wait32 (i32.const 8) (i32.const 2) (i64.const -1)))))
            (br_if 0 (local.tee $seen (i32.atomic.rmw.cmpxchg (i32.const 8) (i32.const 0) (i32.const 2))))))
    (func $unlock
        (if (i32.ne (i32.atomic.rmw.sub (i32.const 8) (i32.const 1)) (i32.const 1)) (then
            (i32.atomic.store (i32.const 8) (i32.const 0))
            (drop (memory.atomic.notify (i32.const 8) (i32.const 1))))))
    (func (export "guarded") (param i32) (local $n i32)
        (loop
            (call $lock)
            (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
            (call $unlock)
            (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get 0)))))
    ;; Grows page by page, and tells at 24 where the last one starts, once it is there.
    (func (export "grow") (local $old i32)
        (loop
            (if (i32.ne (local.tee $old (memory.grow (i32.const 1))) (i32.const -1)) (then
                (i32.atomic.store (i32.const 24) (i32.shl (local.get $old) (i32.const 16)))
                (br 1)))))
    ;; Uses the first and the last word of what was told, and of what the size says, until all is there.
    (func (export "follow") (result i32) (local $at i32) (local $rounds i32)
        (loop
            (local.set $at (i32.atomic.load (i32.const 24)))
            (drop (i64.atomic.rmw.add offset=65528 (local.get $at) (i64.const 1)))
            (i64.store offset=32768 (local.get $at) (i64.const 7))
            (i64.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 16)) (i64.const 7))
            (memory.fill (i32.add (local.get $at) (i32.const 4096)) (i32.const 5) (i32.const 1024))
            (local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))
            (br_if 0 (i32.lt_u (memory.size) (i32.const 64))))
        (local.get $rounds))
    (func (export "wait32") (param i32 i32 i64) (result i32)
        (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "wait64") (param i32 i64 i64) (result i32)
        (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
    (func (export "notify") (param i32 i32) (result i32) (memory.atomic.notify (local.get 0) (local.get 1)))
    (func (export "grow by") (param i32) (result i32) (memory.grow (local.get 0))))"#;

fn ty(minimum: u64, maximum: u64) -> MemoryType {
    MemoryType { minimum, maximum: Some(maximum), memory64: false, shared: true, page_size_log2: 16 }
}

/// A memory for the module above, and the module.
struct SharingGuest {
    engine: Engine,
    module: Module,
    memory: SharedMemory,
}

impl SharingGuest {
    fn new(config: &Config) -> Result<SharingGuest> {
        let engine = Engine::new(config)?;
        let (module, memory) = (Module::new(&engine, TEXT)?, SharedMemory::new(&engine, ty(1, 64))?);
        Ok(SharingGuest { engine, module, memory })
    }

    fn store(&self) -> Store<()> {
        Store::new(&self.engine, ())
    }

    fn instance(&self, store: &mut Store<()>) -> Result<Instance> {
        Instance::new(store, &self.module, &[self.memory.clone().into()])
    }

    /// Calls an export with one number on a store of its own.
    fn call(&self, name: &str, number: i32) -> Result<()> {
        let mut store = self.store();
        let instance = self.instance(&mut store)?;
        instance.get_typed_func::<i32, ()>(&mut store, name)?.call(&mut store, number)
    }

    fn word(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        self.memory.read(at, &mut bytes).expect("it is in the memory");
        u32::from_le_bytes(bytes)
    }
}

/// Ways in which accesses are checked.
fn configs() -> Vec<Config> {
    let mut all = vec![Config::new(); 3];
    all[1].signals_based_traps(false);
    all[2].memory_reservation(1 << 20).memory_guard(1 << 16);
    all
}

/// As many threads at once, each of which does the same.
fn on_threads(count: usize, work: impl Fn() -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(&work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
    })
}

#[track_caller]
fn wait_until(mut what: impl FnMut() -> bool) {
    let start = Instant::now();
    while !what() {
        assert!(start.elapsed() < LONG, "it takes too long");
        thread::yield_now();
    }
}

/// Wakes one, however late it begins to wait.
#[track_caller]
fn wake_one(memory: &SharedMemory, at: u64) {
    wait_until(|| memory.atomic_notify(at, 1).expect("it can be waited for there") == 1);
}

#[track_caller]
fn check_trap(error: &Error, code: TrapCode) {
    let trap = error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?} is no trap"));
    assert_eq!(trap.code(), code);
}

#[test]
fn many_threads_count_and_lock() -> Result<()> {
    for config in configs() {
        let guest = SharingGuest::new(&config)?;
        on_threads(4, || guest.call("count", 5_000))?;
        on_threads(4, || guest.call("guarded", 2_000))?;
        assert_eq!((guest.word(0), guest.word(16)), (20_000, 8_000));
        assert_eq!(guest.word(8), 0, "nobody has the lock");
    }
    Ok(())
}

#[test]
fn one_thread_grows_what_others_use() -> Result<()> {
    for config in configs() {
        let guest = SharingGuest::new(&config)?;
        let start = guest.memory.data().as_ptr();
        thread::scope(|scope| {
            let follow = || -> Result<i32> {
                let mut store = guest.store();
                let instance = guest.instance(&mut store)?;
                instance.get_typed_func::<(), i32>(&mut store, "follow")?.call(&mut store, ())
            };
            let following: Vec<_> = (0..3).map(|_| scope.spawn(follow)).collect();
            let watching = scope.spawn(|| {
                let mut last = 0;
                while last < 64 << 16 {
                    let bytes = guest.memory.data();
                    assert!(bytes.len() >= last);
                    last = bytes.len();
                    bytes[last - 1].fetch_add(1, SeqCst);
                }
            });
            let mut store = guest.store();
            let instance = guest.instance(&mut store)?;
            instance.get_typed_func::<(), ()>(&mut store, "grow")?.call(&mut store, ())?;
            watching.join().expect("it does not panic");
            following.into_iter().try_for_each(|thread| {
                assert!(thread.join().expect("no thread panics")? > 0);
                Ok::<(), Error>(())
            })
        })?;
        assert_eq!((guest.memory.size(), guest.memory.data_size()), (64, 64 << 16));
        assert_eq!(guest.memory.data().as_ptr(), start, "it never moves");
        assert!(guest.memory.grow(1).unwrap_err().to_string().contains("cannot grow"));
    }
    Ok(())
}

#[test]
fn guests_and_hosts_wake_one_another() -> Result<()> {
    let guest = &SharingGuest::new(&Config::new())?;
    thread::scope(|scope| {
        let waiting = scope.spawn(|| -> Result<i32> {
            let mut store = guest.store();
            let instance = guest.instance(&mut store)?;
            let wait = instance.get_typed_func::<(i32, i64, i64), i32>(&mut store, "wait64")?;
            assert_eq!(wait.call(&mut store, (40, 1, -1))?, 1);
            assert_eq!(wait.call(&mut store, (56, 0, 1_000_000))?, 2);
            wait.call(&mut store, (40, 0, i64::MIN))
        });
        wake_one(&guest.memory, 40);
        assert_eq!(waiting.join().expect("it does not panic")?, 0);

        let host = scope.spawn(|| guest.memory.atomic_wait64(48, 0, Some(LONG)));
        let mut store = guest.store();
        let instance = guest.instance(&mut store)?;
        let notify = instance.get_typed_func::<(i32, i32), i32>(&mut store, "notify")?;
        // A word within what is waited for is another address.
        assert_eq!(notify.call(&mut store, (52, -1))?, 0);
        wait_until(|| notify.call(&mut store, (48, -1)).expect("it does not trap") == 1);
        assert_eq!(host.join().expect("it does not panic")?, WaitResult::Ok);
        Ok(())
    })
}

#[test]
fn who_waits_is_stopped_at_its_deadline() -> Result<()> {
    let guest = SharingGuest::new(Config::new().epoch_interruption(true))?;
    let mut store = guest.store();
    store.set_epoch_deadline(1);
    let instance = guest.instance(&mut store)?;
    let wait = instance.get_typed_func::<(i32, i32, i64), i32>(&mut store, "wait32")?;

    // By an epoch.
    let engine = guest.engine.clone();
    let ticker = thread::spawn(move || {
        thread::sleep(SHORT);
        engine.increment_epoch();
    });
    let start = Instant::now();
    check_trap(&wait.call(&mut store, (0, 0, -1)).unwrap_err(), TrapCode::Interrupt);
    ticker.join().expect("it does not panic");
    assert!(start.elapsed() < LONG);
    assert_eq!(guest.memory.atomic_notify(0, 1)?, 0, "it does not wait any more");

    // By the clock.
    store.set_epoch_deadline(1_000);
    store.set_deadline(Some(Instant::now() + SHORT))?;
    check_trap(&wait.call(&mut store, (0, 0, -1)).unwrap_err(), TrapCode::Interrupt);
    store.set_deadline(None)?;

    // By the host, who lets it wait twice before; the store can be used meanwhile.
    store.set_epoch_deadline(0);
    let mut asked = 0;
    store.epoch_deadline_callback(move |mut store| {
        asked += 1;
        let nested = wait.call(&mut store, (0, 0, -1)).unwrap_err();
        assert_eq!(nested.downcast_ref().map(Trap::code), Some(TrapCode::Interrupt));
        if asked < 3 { Ok(UpdateDeadline::Continue(0)) } else { Err(Error::msg("three times is enough")) }
    });
    let error = wait.call(&mut store, (0, 0, -1)).unwrap_err();
    assert!(format!("{error:#}").contains("three times is enough"), "{error:#}");

    // Woken while the host lets it wait.
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(0)));
    let memory = guest.memory.clone();
    let waker = thread::spawn(move || wake_one(&memory, 0));
    assert_eq!(wait.call(&mut store, (0, 0, -1))?, 0);
    waker.join().expect("it does not panic");
    Ok(())
}

#[test]
fn a_call_that_lets_others_run_can_be_dropped_while_it_waits() -> Result<()> {
    let guest = SharingGuest::new(Config::new().epoch_interruption(true))?;
    let mut store = guest.store();
    store.set_epoch_deadline(0);
    store.epoch_deadline_async_yield_and_update(0);
    let instance = guest.instance(&mut store)?;
    let wait = instance.get_typed_func::<(i32, i32, i64), i32>(&mut store, "wait32")?;
    {
        let mut call = pin!(wait.call_async(&mut store, (0, 0, -1)));
        for _ in 0..3 {
            assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
    }
    assert_eq!(guest.memory.atomic_notify(0, 1)?, 0, "the entry is gone with the call");
    let mut call = pin!(wait.call_async(&mut store, (0, 0, -1)));
    let mut poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    // It may let others run before it waits, too.
    while guest.memory.atomic_notify(0, 5)? == 0 {
        assert!(poll().is_pending());
    }
    let woken = poll();
    assert!(matches!(woken, Poll::Ready(Ok(0))), "{woken:?}");
    Ok(())
}

#[test]
fn a_memory_outlives_all_who_have_it() -> Result<()> {
    let text = r#"(module (memory (export "memory") 1 2 shared) (data (i32.const 3) "first")
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;
    let engine = Engine::default();
    let module = Module::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    assert!(instance.get_memory(&mut store, "memory").is_none());
    let memory = instance.get_shared_memory(&mut store, "memory").expect("it is exported");
    let exported = instance.get_export(&mut store, "memory").expect("it is exported");
    assert_eq!(exported, Extern::from(memory.clone()));
    assert_eq!(exported.ty(&store), ExternType::Memory(ty(1, 2)));
    assert_eq!(exported.ty(&store).to_string(), "(memory 1 2 shared)");
    // The memory before the store, the store before the memory.
    let other = Instance::new(&mut store, &module, &[])?;
    drop(other.get_shared_memory(&mut store, "memory"));
    let load = other.get_typed_func::<i32, i32>(&mut store, "load")?;
    assert_eq!(load.call(&mut store, 3)?, i32::from(b'f'));
    drop((store, module, engine, exported));
    let mut first = [0; 5];
    memory.read(3, &mut first)?;
    assert_eq!(&first, b"first");
    assert_eq!((memory.grow(1)?, memory.ty()), (1, ty(2, 2)));
    memory.write((2 << 16) - 4, b"last")?;
    let outside = memory.write((2 << 16) - 3, b"last").unwrap_err();
    assert_eq!((outside.offset, outside.length, outside.size), ((2 << 16) - 3, 4, 2 << 16));
    assert_eq!(memory.read((2 << 16) - 3, &mut [0; 4]), Err(outside));
    assert!(memory.read(usize::MAX, &mut [0; 4]).is_err());

    // And again another store.
    let engine = memory.engine().clone();
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (memory 2 2 shared))
        (func (export "load") (result i64) (i64.load (i32.const 0x1fff8))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    linker.define("", "", memory)?;
    let instance = linker.instantiate(&mut store, &module)?;
    drop(linker);
    let load = instance.get_typed_func::<(), i64>(&mut store, "load")?;
    assert_eq!(load.call(&mut store, ())?.to_le_bytes(), *b"\0\0\0\0last");
    Ok(())
}

#[test]
fn what_cannot_be_is_refused() -> Result<()> {
    let engine = Engine::default();
    let error = |result: Result<()>| format!("{:#}", result.unwrap_err());
    let new = |ty| error(SharedMemory::new(&engine, ty).map(drop));
    assert!(new(MemoryType { shared: false, ..ty(1, 1) }).contains("Memory::new"));
    assert!(new(MemoryType { maximum: None, ..ty(1, 1) }).contains("a shared memory has a maximum"));
    assert!(new(ty(2, 1)).contains("cannot be"));
    assert!(new(ty(1, 65_537)).contains("cannot be"));
    // With addresses of 64 bits it has what there is for such memories, however much its type says: a guest's is no larger than others.
    let small = Engine::new(Config::new().memory64_reservation(1 << 20))?;
    let large = |pages| MemoryType { memory64: true, ..ty(1, pages) };
    let memory = SharedMemory::new(&small, large(1 << 40))?;
    assert_eq!(memory.grow(15)?, 1);
    assert!(error(memory.grow(1).map(drop)).contains("cannot grow"));
    let text = r#"(module (memory i64 1 0x1_0000_0000_0000 shared)
        (func (export "grow") (result i64) (memory.grow (i64.const 16))))"#;
    let mut store = Store::new(&small, ());
    let instance = Instance::new(&mut store, &Module::new(&small, text)?, &[])?;
    assert_eq!(instance.get_typed_func::<(), i64>(&mut store, "grow")?.call(&mut store, ())?, -1);
    let mut store = Store::new(&engine, ());
    assert!(error(Memory::new(&mut store, ty(1, 1)).map(drop)).contains("SharedMemory::new"));

    let module = Module::new(&engine, r#"(module (import "" "" (memory 1 1 shared)))"#)?;
    let elsewhere = SharedMemory::new(&Engine::default(), ty(1, 1))?;
    let made = Instance::new(&mut store, &module, &[elsewhere.into()]);
    assert!(error(made.map(drop)).contains("of one engine was used with a store of another"));
    let own = Memory::new(&mut store, MemoryType { shared: false, ..ty(1, 1) })?;
    let made = error(Instance::new(&mut store, &module, &[own.into()]).map(drop));
    assert!(made.contains("expected (memory 1 1 shared), found (memory 1 1)"), "{made}");

    let memory = SharedMemory::new(&engine, ty(1, 1))?;
    check_trap(&memory.atomic_notify(2, 1).unwrap_err(), TrapCode::UnalignedAtomic);
    check_trap(&memory.atomic_notify(1 << 16, 1).unwrap_err(), TrapCode::MemoryOutOfBounds);
    check_trap(&memory.atomic_wait64(4, 0, Some(SHORT)).unwrap_err(), TrapCode::UnalignedAtomic);
    check_trap(&memory.atomic_wait64(u64::MAX - 7, 0, Some(SHORT)).unwrap_err(), TrapCode::MemoryOutOfBounds);
    assert_eq!(memory.atomic_wait32(0xfffc, 0, Some(Duration::ZERO))?, WaitResult::TimedOut);
    Ok(())
}

/// A limiter speaks for its own store: for what that defines, and for what that makes grow.
#[test]
fn limits_are_those_of_the_store_that_asks() -> Result<()> {
    let guest = SharingGuest::new(&Config::new())?;
    let limited = |memories, bytes| {
        let limits = StoreLimitsBuilder::new().memories(memories).memory_size(bytes).build();
        let mut store = Store::new(&guest.engine, limits);
        store.limiter(|limits| limits);
        store
    };
    // What is given to a store is there already.
    let mut store = limited(0, 3 << 16);
    let instance = Instance::new(&mut store, &guest.module, &[guest.memory.clone().into()])?;
    let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow by")?;
    assert_eq!(grow.call(&mut store, 3)?, -1);
    assert_eq!(grow.call(&mut store, 2)?, 1);
    assert_eq!(grow.call(&mut store, 1)?, -1);
    // The host's own growth asks nobody, and what others did counts for who asks next.
    assert_eq!(guest.memory.grow(1)?, 3);
    assert_eq!(grow.call(&mut store, 0)?, 4);
    let module = Module::new(&guest.engine, "(module (memory 1 4 shared))")?;
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert!(error.downcast_ref::<LimitExceeded>().is_some(), "{error:#}");
    let error = Instance::new(limited(1, 100), &module, &[]).unwrap_err();
    assert!(error.downcast_ref::<LimitExceeded>().is_some(), "{error:#}");
    Instance::new(limited(1, 1 << 16), &module, &[])?;
    Ok(())
}

/// Stores come and go while others wait, are woken, stopped and late: nobody hangs, and nobody is left in a queue.
#[test]
fn stores_come_and_go() -> Result<()> {
    let guest = SharingGuest::new(Config::new().epoch_interruption(true))?;
    let until = Instant::now() + Duration::from_millis(300);
    let rounds = |thread: i32| -> Result<[u32; 4]> {
        let (mut outcomes, mut round) = ([0; 4], thread);
        while Instant::now() < until {
            round += 1;
            let mut store = guest.store();
            store.set_epoch_deadline(1 + round as u64 % 3);
            let instance = guest.instance(&mut store)?;
            let wait = instance.get_typed_func::<(i32, i32, i64), i32>(&mut store, "wait32")?;
            let timeout = [-1, 0, 50_000, 2_000_000][round as usize % 4];
            match wait.call(&mut store, (64 + round % 3 * 4, 0, timeout)) {
                Ok(outcome) => outcomes[outcome as usize] += 1,
                Err(error) => {
                    check_trap(&error, TrapCode::Interrupt);
                    outcomes[3] += 1;
                }
            }
            guest.memory.atomic_notify(64 + round as u64 % 3 * 4, 1 + round as u32 % 2)?;
        }
        Ok(outcomes)
    };
    let outcomes = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(move || rounds(thread))).collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            assert!(Instant::now() < until + LONG, "somebody hangs");
            guest.engine.increment_epoch();
            thread::sleep(Duration::from_millis(1));
        }
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect::<Result<Vec<_>>>()
    })?;
    let sum = |which: usize| outcomes.iter().map(|of_thread| of_thread[which]).sum::<u32>();
    assert!(sum(0) > 0 && sum(2) > 0 && sum(3) > 0, "all ways of ending are met: {outcomes:?}");
    for address in [64, 68, 72] {
        assert_eq!(guest.memory.atomic_notify(address, u32::MAX)?, 0);
    }
    Ok(())
}

/// What a pool has is all that guests define.
#[test]
fn with_a_pool_shared_memories_are_the_hosts() -> Result<()> {
    let mut pool = PoolingConfig::default();
    pool.total_memories(1).max_memory_size(1 << 16);
    let guest = SharingGuest::new(Config::new().allocation_strategy(pool))?;
    guest.call("count", 3)?;
    assert_eq!((guest.word(0), guest.memory.grow(63)?), (3, 1));
    let module = Module::new(&guest.engine, "(module (memory 1 1 shared))")?;
    let error = format!("{:#}", Instance::new(&mut guest.store(), &module, &[]).unwrap_err());
    assert!(error.contains("memory 0: not supported: a shared memory that a module defines"), "{error}");
    Ok(())
}

/// Words are whole, whoever reads them, as long as they are aligned.
#[test]
fn hosts_read_what_guests_write_meanwhile() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (memory 1 1 shared))
        (func (export "run") (local $n i64)
            (loop
                (local.set $n (i64.add (local.get $n) (i64.const 0x0000000100000001)))
                (i64.store (i32.const 64) (local.get $n))
                (memory.fill (i32.const 1024) (i32.wrap_i64 (local.get $n)) (i32.const 4096))
                (br_if 0 (i32.eqz (i32.atomic.load (i32.const 0)))))))"#,
    )?;
    let memory = SharedMemory::new(&engine, ty(1, 1))?;
    thread::scope(|scope| {
        let running = scope.spawn(|| -> Result<()> {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[memory.clone().into()])?;
            instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())
        });
        let mut seen = 0;
        let start = Instant::now();
        while seen < 100 && start.elapsed() < LONG {
            let (mut word, mut many) = ([0; 8], vec![0; 4096]);
            memory.read(64, &mut word)?;
            memory.read(1024, &mut many)?;
            let [low, high] = [&word[..4], &word[4..]];
            assert_eq!(low, high, "half of a word");
            assert!(many.chunks(8).all(|word| word.iter().all(|byte| *byte == word[0])), "half of a word");
            seen += u32::from(u32::from_le_bytes([word[0], word[1], word[2], word[3]]) > 0);
        }
        memory.data()[0].store(1, SeqCst);
        running.join().expect("it does not panic")
    })
}

/// A limiter that is slow: others grow the memory while it thinks.
struct SlowLimiter;

impl ResourceLimiter for SlowLimiter {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        thread::sleep(Duration::from_millis(5));
        Ok(desired <= 10 << 16)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

#[test]
fn threads_that_grow_together_stay_within_their_limits() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "" "" (memory 1 100 shared)) (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#,
    )?;
    let memory = SharedMemory::new(&engine, ty(9, 100))?;
    let grown = thread::scope(|scope| {
        let grow = || -> Result<i32> {
            let mut store = Store::new(&engine, SlowLimiter);
            store.limiter(|limiter| limiter);
            let instance = Instance::new(&mut store, &module, &[memory.clone().into()])?;
            instance.get_typed_func::<(), i32>(&mut store, "grow")?.call(&mut store, ())
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(grow)).collect();
        threads.into_iter().map(|thread| thread.join().expect("nothing panics")).collect::<Result<Vec<_>>>()
    })?;
    assert_eq!((memory.size(), grown.iter().filter(|&&before| before == 9).count()), (10, 1));
    assert!(grown.iter().all(|&before| before == 9 || before == -1), "{grown:?}");
    Ok(())
}
