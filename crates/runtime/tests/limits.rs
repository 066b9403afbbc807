//! Limits of a store: each at n and n+1, whoever it is that makes something grow, and what is left when one is met.
#![cfg(all(feature = "compile", feature = "derive", feature = "wat"))]

use gusset::core::{self, Memory, MemoryType, Ref, RefType, Table, TableType};
use gusset::{
    AsContextMut, Component, ComponentType, Config, Engine, Error, Func, HostPanic, Instance, Lift, LimitExceeded,
    LimitKind, Linker, Lower, PoolingConfig, ResourceLimiter, Result, Store, StoreContextMut, StoreLimits,
    StoreLimitsBuilder, Trap, TrapCode, Val, WasmBacktrace,
};
use std::sync::Arc;

const PAGE: usize = 1 << 16;

fn limits() -> StoreLimitsBuilder {
    StoreLimitsBuilder::new()
}

/// A store under limits.
fn store(engine: &Engine, limits: StoreLimitsBuilder) -> Store<StoreLimits> {
    let mut store = Store::new(engine, limits.build());
    store.limiter(|limits| limits);
    store
}

fn exceeded(error: &Error) -> (LimitKind, u64, Option<u64>) {
    let found = error.downcast_ref::<LimitExceeded>().unwrap_or_else(|| panic!("{error:?} is about no limit"));
    (found.kind, found.asked, found.limit)
}

fn module(engine: &Engine, text: &str) -> core::Module {
    core::Module::new(engine, text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// Calls a function of a core instance that takes and returns a number.
fn number(store: &mut Store<StoreLimits>, instance: core::Instance, name: &str, param: i32) -> Result<i32> {
    instance.get_typed_func::<i32, i32>(&mut *store, name)?.call(store, param)
}

#[test]
fn what_a_guest_grows() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(module (memory 1) (table $t 2 funcref)
        (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))
        (func (export "size") (param i32) (result i32) (i32.add (memory.size) (table.size $t))))"#;
    let module = module(&engine, text);
    let limited = || limits().memory_size(3 * PAGE).table_elements(5);
    for total in [None, Some(3 * PAGE as u64 + 5 * 8)] {
        let limited = || total.into_iter().fold(limited(), StoreLimitsBuilder::total_memory);
        let mut store = store(&engine, limited());
        let instance = core::Instance::new(&mut store, &module, &[])?;
        for (name, param, result) in [
            ("memory", 3, -1),
            ("table", 4, -1),
            ("memory", 2, 1),
            ("memory", 1, -1),
            ("table", 3, 2),
            ("table", 1, -1),
        ] {
            assert_eq!(number(&mut store, instance, name, param)?, result, "{name} {param}");
        }
        assert_eq!(number(&mut store, instance, "size", 0)?, 8);
        assert_eq!((number(&mut store, instance, "memory", 0)?, number(&mut store, instance, "table", 0)?), (3, 5));
    }
    // Together they are too much, and the guest may be stopped for it.
    for trap in [false, true] {
        let limited = limits().total_memory(2 * PAGE as u64 + 16).trap_on_grow_failure(trap);
        let mut store = store(&engine, limited);
        let instance = core::Instance::new(&mut store, &module, &[])?;
        assert_eq!(number(&mut store, instance, "memory", 1)?, 1);
        for (name, asked) in [("memory", 3 * PAGE + 16), ("table", 2 * PAGE + 24)] {
            match number(&mut store, instance, name, 1) {
                Ok(result) => assert_eq!((result, trap), (-1, false)),
                Err(error) => {
                    assert_eq!(exceeded(&error), (LimitKind::TotalBytes, asked as u64, Some(2 * PAGE as u64 + 16)));
                    assert_eq!(WasmBacktrace::of(&error).map(|backtrace| backtrace.frames().len()), Some(1));
                    assert!(trap);
                }
            }
        }
        assert_eq!(number(&mut store, instance, "size", 0)?, 4);
    }
    Ok(())
}

#[test]
fn growth_that_fails_for_another_reason_stops_a_guest_too() -> Result<()> {
    let engine = Engine::new(Config::new().memory_reservation(4 << 16))?;
    let text = r#"(module (memory 1 3) (table $t 2 4 funcref)
        (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "table") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))"#;
    let module = module(&engine, text);
    for (name, param, message) in [
        ("memory", 3, "a memory of 65536 bytes cannot grow to 262144 bytes"),
        ("memory", -1, "a memory of 65536 bytes cannot grow to 281474976710656 bytes"),
        ("table", 3, "a table of 2 elements cannot grow to 5 elements"),
    ] {
        let mut store = store(&engine, limits().trap_on_grow_failure(true));
        let instance = core::Instance::new(&mut store, &module, &[])?;
        let error = number(&mut store, instance, name, param).unwrap_err();
        assert!(format!("{error:#}").ends_with(message), "{error:#}");
        assert_eq!(number(&mut store, instance, name, 1)?, if name == "memory" { 1 } else { 2 });
    }
    Ok(())
}

#[test]
fn what_an_instance_starts_with() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(module (memory 2) (memory 1) (table 3 funcref) (table 5 externref) (func (export "f")))"#;
    let (module, bytes) = (module(&engine, text), 3 * PAGE as u64 + 3 * 8 + 5 * 4);
    let exact =
        || limits().memory_size(2 * PAGE).table_elements(5).total_memory(bytes).instances(1).memories(2).tables(2);
    core::Instance::new(store(&engine, exact()), &module, &[])?;
    for (limited, kind, asked, limit) in [
        (exact().memory_size(2 * PAGE - 1), LimitKind::MemoryBytes, 2 * PAGE as u64, 2 * PAGE as u64 - 1),
        (exact().table_elements(4), LimitKind::TableElements, 5, 4),
        (exact().total_memory(bytes - 1), LimitKind::TotalBytes, bytes, bytes - 1),
        (exact().instances(0), LimitKind::Instances, 1, 0),
        (exact().memories(1), LimitKind::Memories, 2, 1),
        (exact().tables(1), LimitKind::Tables, 2, 1),
    ] {
        let mut store = store(&engine, limited);
        let before = store.host_bytes();
        let error = core::Instance::new(&mut store, &module, &[]).unwrap_err();
        assert_eq!(exceeded(&error), (kind, asked, Some(limit)));
        assert!(format!("{error:#}").starts_with("module `<module 0>` cannot be instantiated: "), "{error:#}");
        assert_eq!(store.host_bytes(), before, "nothing has been made");
        // With another limit it goes on, and what was refused does not count.
        *store.data_mut() = exact().build();
        core::Instance::new(&mut store, &module, &[])?;
        assert_eq!(exceeded(&core::Instance::new(&mut store, &module, &[]).unwrap_err()).1, 2);
    }
    Ok(())
}

#[test]
fn what_was_never_made_does_not_count() -> Result<()> {
    let engine = Engine::default();
    let mut store = store(&engine, limits().instances(1));
    let needy = module(&engine, r#"(module (import "" "f" (func)))"#);
    for _ in 0..3 {
        let error = core::Instance::new(&mut store, &needy, &[]).unwrap_err().to_string();
        assert!(error.contains("has 1 imports, but 0 were given"), "{error}");
    }
    let module = module(&engine, "(module)");
    core::Instance::new(&mut store, &module, &[])?;
    assert_eq!(exceeded(&core::Instance::new(&mut store, &module, &[]).unwrap_err()).1, 2);
    Ok(())
}

#[test]
fn what_the_host_makes_and_grows() -> Result<()> {
    let engine = Engine::default();
    let mut store = store(&engine, limits().memory_size(2 * PAGE).table_elements(3).memories(1).tables(1));
    let memory_type =
        |minimum| MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2: 16 };
    let table_type = |minimum| TableType { element: RefType::EXTERNREF, minimum, maximum: None, table64: false };
    let null = Ref::Extern(None);
    let error = Memory::new(&mut store, memory_type(3)).unwrap_err();
    assert_eq!(exceeded(&error), (LimitKind::MemoryBytes, 3 * PAGE as u64, Some(2 * PAGE as u64)));
    let memory = Memory::new(&mut store, memory_type(1))?;
    assert_eq!(memory.grow(&mut store, 1)?, 1);
    let error = memory.grow(&mut store, 1).unwrap_err();
    assert_eq!(exceeded(&error), (LimitKind::MemoryBytes, 3 * PAGE as u64, Some(2 * PAGE as u64)));
    assert_eq!(error.to_string(), "a memory of 2 pages cannot grow by 1");
    assert_eq!(exceeded(&Memory::new(&mut store, memory_type(0)).unwrap_err()).0, LimitKind::Memories);
    assert_eq!(
        exceeded(&Table::new(&mut store, table_type(4), null).unwrap_err()),
        (LimitKind::TableElements, 4, Some(3))
    );
    let table = Table::new(&mut store, table_type(2), null)?;
    assert_eq!(table.grow(&mut store, 1, null)?, 2);
    let error = table.grow(&mut store, 1, null).unwrap_err();
    assert_eq!((exceeded(&error).1, table.size(&store)), (4, 3));
    assert_eq!(exceeded(&Table::new(&mut store, table_type(0), null).unwrap_err()).0, LimitKind::Tables);
    Ok(())
}

/// Where memories are, and how `realloc` lets them grow: no further than it must.
const LIBC: &str = r#"
  (core module $libc
    (memory (export "mem") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "reset") (global.set $next (i32.const 1024)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32) (local $missing i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.set $missing (i32.sub (global.get $next) (i32.shl (memory.size) (i32.const 16))))
      (if (i32.gt_s (local.get $missing) (i32.const 0)) (then
        (if (i32.eq (i32.const -1) (memory.grow (i32.div_u (i32.add (local.get $missing) (i32.const 65535)) (i32.const 65536))))
          (then unreachable))))
      (local.get $at)))
  (core instance $libc (instantiate $libc))"#;

/// Takes bytes, and asks the host for some: both come into its memory by `realloc`.
fn lib() -> String {
    format!(
        r#"(component $lib
  (import "give" (func $give (param "n" u32) (result (list u8)))) {LIBC}
  (core func $give (canon lower (func $give) (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
  (core module $m
    (import "libc" "mem" (memory 1)) (import "libc" "reset" (func $reset))
    (import "host" "give" (func $give (param i32 i32)))
    (func (export "take") (param i32 i32) (result i32) (call $reset) (local.get 1))
    (func (export "ask") (param i32) (result i32)
      (call $give (local.get 0) (i32.const 8)) (call $reset) (i32.load (i32.const 12))))
  (core instance $m (instantiate $m (with "libc" (instance $libc)) (with "host" (instance (export "give" (func $give))))))
  (func (export "take") (param "bytes" (list u8)) (result u32)
    (canon lift (core func $m "take") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
  (type $bag' (record (field "name" string) (field "bytes" (list u8))))
  (export $bag "bag" (type $bag'))
  (func (export "take-bag") (param "bag" $bag) (result u32)
    (canon lift (core func $m "take-bag") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
  (func (export "ask") (param "n" u32) (result u32) (canon lift (core func $m "ask"))))"#
    )
    .replace(
        r#"(func (export "ask") (param i32) (result i32)
"#,
        r#"(func (export "take-bag") (param i32 i32 i32 i32) (result i32) (call $reset) (local.get 3))
    (func (export "ask") (param i32) (result i32)
"#,
    )
}

/// Passes on some bytes of its memory of eight pages.
const APP: &str = r#"(component $app
  (import "take" (func $take (param "bytes" (list u8)) (result u32)))
  (core module $libc (memory (export "mem") 8))
  (core instance $libc (instantiate $libc))
  (core func $take (canon lower (func $take) (memory (core memory $libc "mem"))))
  (core module $m
    (import "" "take" (func $take (param i32 i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $take (i32.const 0) (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance (export "take" (func $take))))))
  (func (export "run") (param "n" u32) (result u32) (canon lift (core func $m "run"))))"#;

/// Both in one.
fn composition() -> String {
    format!(
        r#"(component
  (import "give" (func $give (param "n" u32) (result (list u8))))
  {} {APP}
  (instance $lib (instantiate $lib (with "give" (func $give))))
  (instance $app (instantiate $app (with "take" (func $lib "take"))))
  (export "run" (func $app "run")))"#,
        lib()
    )
}

fn component(engine: &Engine, text: &str) -> Component {
    Component::new(engine, text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// A linker whose `give` is typed or dynamic.
fn linker(engine: &Engine, typed: bool) -> Linker<StoreLimits> {
    let mut linker = Linker::new(engine);
    let mut root = linker.root();
    let defined = match typed {
        true => {
            root.func_wrap("give", |_: StoreContextMut<'_, StoreLimits>, (n,): (u32,)| Ok((vec![0_u8; n as usize],)))
        }
        false => root.func_new("give", |_, params, results| {
            let [Val::U32(n)] = params else { panic!("it takes a number") };
            results[0] = Val::List(vec![Val::U8(0); *n as usize]);
            Ok(())
        }),
    };
    defined.unwrap();
    linker
}

#[derive(ComponentType, Lower, Lift)]
#[component(record)]
struct Bag {
    name: String,
    bytes: Vec<u8>,
}

/// How bytes get to a guest.
#[derive(Clone, Copy, Debug)]
enum PassedBy {
    /// The host calls `take`, typed or not.
    Argument { typed: bool },
    /// The same within a record, which a derive lowers.
    Derived,
    /// The host returns from `give`, typed or not.
    Result { typed: bool },
    /// A component of the same composition calls `take`: an adapter copies.
    Adapter,
    /// The same, but calls are traced: the host relays.
    Relayed,
    /// An instance of another component calls `take`, with an adapter or without.
    Linked { adapter: bool },
}

const WAYS: [PassedBy; 9] = [
    PassedBy::Argument { typed: false },
    PassedBy::Argument { typed: true },
    PassedBy::Derived,
    PassedBy::Result { typed: false },
    PassedBy::Result { typed: true },
    PassedBy::Adapter,
    PassedBy::Relayed,
    PassedBy::Linked { adapter: true },
    PassedBy::Linked { adapter: false },
];

fn call_number(store: &mut Store<StoreLimits>, instance: Instance, name: &str, n: usize) -> Result<u32> {
    let func = instance.get_typed_func::<(u32,), (u32,)>(&mut *store, name)?;
    Ok(func.call(store, (n as u32,))?.0)
}

impl PassedBy {
    fn engine(self) -> Engine {
        let mut config = Config::new();
        match self {
            PassedBy::Relayed => config.trace_calls(|_| {}),
            PassedBy::Linked { adapter } => config.link_adapters(adapter),
            _ => &mut config,
        };
        Engine::new(&config).unwrap()
    }

    /// Has `n` bytes passed to a guest; how many it says that they are.
    fn pass(self, engine: &Engine, store: &mut Store<StoreLimits>, n: usize) -> Result<u32> {
        let typed = matches!(self, PassedBy::Result { typed: true });
        let linker = linker(engine, typed);
        let lib = |store: &mut Store<StoreLimits>| linker.instantiate(store, &component(engine, &lib()));
        match self {
            PassedBy::Argument { typed: true } => {
                let take = lib(store)?.get_typed_func::<(Vec<u8>,), (u32,)>(&mut *store, "take")?;
                Ok(take.call(store, (vec![0; n],))?.0)
            }
            PassedBy::Argument { typed: false } => {
                let take: Func = lib(store)?.get_func(&mut *store, "take").expect("it is exported");
                let mut results = [Val::Bool(false)];
                take.call(store, &[Val::List(vec![Val::U8(0); n])], &mut results)?;
                let [Val::U32(count)] = results else { panic!("{results:?}") };
                Ok(count)
            }
            PassedBy::Derived => {
                let take = lib(store)?.get_typed_func::<(Bag,), (u32,)>(&mut *store, "take-bag")?;
                Ok(take.call(store, (Bag { name: String::new(), bytes: vec![0; n] },))?.0)
            }
            PassedBy::Result { .. } => {
                let instance = lib(store)?;
                call_number(store, instance, "ask", n)
            }
            PassedBy::Adapter | PassedBy::Relayed => {
                let instance = linker.instantiate(&mut *store, &component(engine, &composition()))?;
                call_number(store, instance, "run", n)
            }
            PassedBy::Linked { .. } => {
                let take = lib(store)?.get_func(&mut *store, "take").expect("it is exported");
                let mut linker = Linker::new(engine);
                linker.root().define_func(&*store, "take", take)?;
                let app = linker.instantiate(&mut *store, &component(engine, APP))?;
                call_number(store, app, "run", n)
            }
        }
    }
}

#[test]
fn what_realloc_grows_whoever_calls_it() {
    const MOST: usize = 8 * PAGE - 1024;
    for way in WAYS {
        let engine = way.engine();
        let limited = || limits().memory_size(8 * PAGE);
        let count = way.pass(&engine, &mut store(&engine, limited()), MOST);
        assert_eq!(count.unwrap_or_else(|error| panic!("{way:?}: {error:?}")) as usize, MOST, "{way:?}");
        // The guest's `realloc` gives up, or is stopped.
        let error = way.pass(&engine, &mut store(&engine, limited()), MOST + 1).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>().map(Trap::code), Some(TrapCode::Unreachable), "{way:?}: {error:?}");
        let error = way.pass(&engine, &mut store(&engine, limited().trap_on_grow_failure(true)), MOST + 1).unwrap_err();
        let limit = (LimitKind::MemoryBytes, 9 * PAGE as u64, Some(8 * PAGE as u64));
        assert_eq!(exceeded(&error), limit, "{way:?}: {error:?}");
        let backtrace = WasmBacktrace::of(&error).expect("a guest was running");
        assert_eq!(backtrace.frames()[0].module, "libc", "{way:?}: {error:?}");
    }
}

#[test]
fn what_gusset_adds_to_a_component_does_not_count() -> Result<()> {
    for way in
        [PassedBy::Adapter, PassedBy::Relayed, PassedBy::Linked { adapter: true }, PassedBy::Linked { adapter: false }]
    {
        let engine = way.engine();
        let exact = || limits().instances(4).memories(2).tables(0).total_memory(9 * PAGE as u64);
        assert_eq!(way.pass(&engine, &mut store(&engine, exact()), 100)?, 100, "{way:?}");
        for (limited, kind) in [
            (exact().instances(3), LimitKind::Instances),
            (exact().memories(1), LimitKind::Memories),
            (exact().total_memory(9 * PAGE as u64 - 1), LimitKind::TotalBytes),
        ] {
            let error = way.pass(&engine, &mut store(&engine, limited), 100).unwrap_err();
            assert_eq!(exceeded(&error).0, kind, "{way:?}");
        }
    }
    Ok(())
}

#[test]
fn a_component_that_would_be_too_many_is_not_begun() -> Result<()> {
    let engine = Engine::default();
    let ready = linker(&engine, true).instantiate_pre(&component(&engine, &composition()))?;
    let mut store = store(&engine, limits().instances(7));
    let instance = ready.instantiate(&mut store)?;
    let before = store.host_bytes();
    for _ in 0..3 {
        assert_eq!(exceeded(&ready.instantiate(&mut store).unwrap_err()), (LimitKind::Instances, 8, Some(7)));
    }
    assert_eq!(store.host_bytes(), before);
    assert_eq!(call_number(&mut store, instance, "run", 5)?, 5);
    Ok(())
}

/// Counts on its own, and remembers what it was asked.
#[derive(Default)]
struct Witness {
    most: Option<usize>,
    bytes: usize,
    totals: Vec<(u64, u64)>,
    failed: Vec<String>,
    failed_tables: usize,
    answer: Option<fn() -> Result<bool>>,
}

impl ResourceLimiter for Witness {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        if let Some(answer) = self.answer {
            return answer();
        }
        self.bytes += desired - current;
        Ok(self.most.is_none_or(|most| desired <= most))
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        self.failed.push(error.to_string());
        Ok(())
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }

    fn table_grow_failed(&mut self, _: Error) -> Result<()> {
        self.failed_tables += 1;
        Ok(())
    }

    fn total_growing(&mut self, current: u64, desired: u64) -> Result<bool> {
        self.totals.push((current, desired));
        Ok(desired <= 20 * PAGE as u64)
    }
}

fn witnessed(engine: &Engine, witness: Witness) -> Store<Witness> {
    let mut store = Store::new(engine, witness);
    store.limiter(|witness| witness);
    store
}

/// The fourth memory is too large: three of the five instances have been made.
#[test]
fn a_limit_that_is_met_halfway_leaves_a_store_that_can_be_used() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(component
        (core module $a (memory 1) (table 3 funcref)) (core module $b (memory (export "m") 9))
        (core instance (instantiate $a)) (core instance (instantiate $a)) (core instance (instantiate $a))
        (core instance $i (instantiate $b)) (core instance (instantiate $a)))"#;
    let ready = Linker::new(&engine).instantiate_pre(&component(&engine, text))?;
    let mut store = witnessed(&engine, Witness { most: Some(8 * PAGE), ..Witness::default() });
    let made = 3 * (PAGE as u64 + 24);
    for round in 1..=2 {
        let error = ready.instantiate(&mut store).unwrap_err();
        assert_eq!(exceeded(&error), (LimitKind::MemoryBytes, 9 * PAGE as u64, None));
        assert!(error.to_string().starts_with("module `b`"), "{error:#}");
        // Nothing of it stays, and the limiter, which had allowed it, is told.
        assert_eq!(store.data().totals.last(), Some(&(made - 24, made)));
        assert_eq!((store.data().failed.len(), store.data().failed_tables), (3 * round, 3 * round));
    }
    let told = std::mem::take(&mut store.data_mut().failed);
    let message = "a memory was not made: module `b` cannot be instantiated: a memory of 589824 bytes: the host's limiter does not allow it";
    assert!(told.iter().all(|told| told == message), "{told:?}");
    let memory = Memory::new(
        &mut store,
        MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: 16 },
    )?;
    assert_eq!(store.data().totals.last(), Some(&(0, PAGE as u64)));
    memory.grow(&mut store, 7)?;
    let error = memory.grow(&mut store, 1).unwrap_err();
    assert_eq!((exceeded(&error).0, store.data().failed.len()), (LimitKind::MemoryBytes, 0));
    // What a limiter had allowed and then did not happen, it is told.
    store.data_mut().most = None;
    memory.grow(&mut store, 60_000).unwrap_err();
    let failed = "memories and tables of 3932684288 bytes in all: the host's limiter does not allow it";
    assert_eq!(store.data().failed, [failed]);
    Ok(())
}

/// The pool is empty, or the address space, or another limit is met: what the limiter has allowed until then is not made.
#[test]
fn a_limiter_is_told_what_is_not_made_of_what_it_allowed() -> Result<()> {
    let mut pool = PoolingConfig::new();
    pool.total_memories(1).total_tables(1);
    let engine = Engine::new(Config::new().allocation_strategy(pool))?;
    let told = |text: &str, most: Option<usize>| -> Result<(usize, usize)> {
        let mut store = witnessed(&engine, Witness { most, ..Witness::default() });
        core::Instance::new(&mut store, &module(&engine, text), &[]).unwrap_err();
        Ok((store.data().failed.len(), store.data().failed_tables))
    };
    assert_eq!(told("(module (memory 1) (memory 1) (table 1 funcref))", None)?, (2, 1));
    assert_eq!(told("(module (memory 1) (table 1 funcref) (table 1 funcref))", None)?, (1, 2));
    assert_eq!(told("(module (memory 1) (memory 3) (table 1 funcref))", Some(2 * PAGE))?, (1, 0));
    // Those of the last one are there, though it failed: they may have been seen.
    assert_eq!(told(r#"(module (memory 1) (table 1 funcref) (data (i32.const 65536) "a"))"#, None)?, (0, 0));
    let mut store = witnessed(&engine, Witness::default());
    let ty = MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: 3 };
    Memory::new(&mut store, ty).unwrap_err();
    assert_eq!(store.data().failed, ["a memory was not made: pages of a memory have 1 or 65536 bytes, not 2^3"]);
    Ok(())
}

#[test]
fn what_a_limiter_says_or_panics_with_arrives() -> Result<()> {
    let engine = Engine::default();
    let module = module(
        &engine,
        r#"(module (memory 1) (func $f (export "f") (drop (memory.grow (i32.const 1)))) (func (export "g")))"#,
    );
    let mut store = witnessed(&engine, Witness::default());
    let instance = core::Instance::new(&mut store, &module, &[])?;
    let mut call = |answer: fn() -> Result<bool>, name: &str| -> Result<()> {
        store.data_mut().answer = Some(answer);
        instance.get_typed_func::<(), ()>(&mut store, name)?.call(&mut store, ())
    };
    let error = call(|| Err(std::io::Error::other("no more today").into()), "f").unwrap_err();
    assert!(error.is::<std::io::Error>() && WasmBacktrace::of(&error).is_some(), "{error:?}");
    let error = call(|| panic!("it is late"), "f").unwrap_err();
    assert_eq!(error.downcast_ref().and_then(HostPanic::message), Some("it is late"));
    assert_eq!(WasmBacktrace::of(&error).map(|backtrace| backtrace.frames()[0].name.clone()), Some(Some("f".into())));
    call(|| Ok(true), "g")?;
    call(|| Ok(true), "f")
}

/// A guest that the host called within a call of another guest asks as any other.
#[test]
fn calls_within_calls_ask_too() -> Result<()> {
    let engine = Engine::default();
    let text = r#"(module (import "" "again" (func $again (param i32))) (memory 1)
        (func (export "grow") (param i32) (result i32)
            (local.set 0 (memory.grow (local.get 0)))
            (call $again (local.get 0)) (local.get 0)))"#;
    let mut store = store(&engine, limits().memory_size(4 * PAGE));
    let mut linker = core::Linker::<StoreLimits>::new(&engine);
    linker.func_wrap("", "again", |mut caller: core::Caller<'_, StoreLimits>, before: i32| -> Result<()> {
        let instance = caller.instance().expect("it is a linker's");
        if before != -1 {
            let grow = instance.get_typed_func::<i32, i32>(&mut caller, "grow")?;
            let inner = grow.call(&mut caller, 1)?;
            // The data is the host's own again.
            *caller.data_mut() = limits().memory_size(if inner == -1 { 0 } else { 4 * PAGE }).build();
        }
        Ok(())
    })?;
    let instance = linker.instantiate(&mut store, &module(&engine, text))?;
    assert_eq!(number(&mut store, instance, "grow", 1)?, 1);
    assert_eq!(number(&mut store, instance, "grow", 0)?, 4);
    Ok(())
}

/// Limits are of a store: another one of the engine has its own, on another thread too.
#[test]
fn stores_do_not_share_limits() -> Result<()> {
    let engine = Arc::new(Engine::default());
    let module = Arc::new(module(&engine, r#"(module (memory 1))"#));
    let threads: Vec<_> = (1..=4)
        .map(|most| {
            let (engine, module) = (engine.clone(), module.clone());
            std::thread::spawn(move || {
                let mut store = store(&engine, limits().instances(most));
                (0..10).filter(|_| core::Instance::new(store.as_context_mut(), &module, &[]).is_ok()).count()
            })
        })
        .collect();
    let made: Vec<usize> = threads.into_iter().map(|thread| thread.join().expect("it ends")).collect();
    assert_eq!(made, [1, 2, 3, 4]);
    Ok(())
}
