//! References that nobody has any more are reclaimed, and no others: wherever a guest or the host can have them. A program of its own, since
//! it looks at how much memory the process has.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{
    Caller, Exception, ExnRef, Extern, ExternRef, FuncType, Global, GlobalType, Instance, Linker, Module, OwnedRooted,
    Ref, RefType, RootScope, Table, TableType, Tag, TypedFunc, Val, ValType,
};
use gusset::{AsContextMut, Config, Engine, Error, HostPanic, LimitExceeded, OptLevel, Result, Store};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// In all forms of code, with references reclaimed whenever that is possible.
fn engines() -> Result<Vec<Engine>> {
    let configs: [&dyn Fn(&mut Config); 7] = [
        &|_| {},
        &|config| _ = config.frame_form(true),
        &|config| _ = config.signals_based_traps(false),
        &|config| _ = config.signals_based_traps(false).frame_form(true),
        &|config| _ = config.lazy_compilation(true),
        &|config| _ = config.consume_fuel(true).epoch_interruption(true),
        &|config| _ = config.opt_level(OptLevel::None).consume_fuel(true).frame_form(true),
    ];
    let engine = |configure: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        config.gc_stress(true);
        configure(&mut config);
        Engine::new(&config)
    };
    configs.into_iter().map(engine).collect()
}

/// Numbers of values that have been dropped.
#[derive(Default)]
struct ValueDrops {
    made: AtomicU64,
    dropped: AtomicU64,
    most: AtomicU64,
}

impl ValueDrops {
    fn alive(&self) -> u64 {
        self.made.load(Ordering::Relaxed) - self.dropped.load(Ordering::Relaxed)
    }
}

/// A value of the host's that knows its number.
struct NumberedValue {
    number: i32,
    drops: Arc<ValueDrops>,
}

impl NumberedValue {
    fn new(number: i32, drops: &Arc<ValueDrops>) -> NumberedValue {
        drops.made.fetch_add(1, Ordering::Relaxed);
        drops.most.fetch_max(drops.alive(), Ordering::Relaxed);
        NumberedValue { number, drops: drops.clone() }
    }
}

impl Drop for NumberedValue {
    fn drop(&mut self) {
        self.drops.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

type Data = Arc<ValueDrops>;

fn number(store: &impl gusset::AsContext<Data = Data>, value: ExternRef) -> Result<i32> {
    let value = value.data(store)?.downcast_ref::<NumberedValue>();
    value.map(|value| value.number).ok_or_else(|| Error::msg("another value"))
}

/// `make` makes a value of a number, `is` looks whether it is that, `gc` reclaims what it can, and `tag` carries a value.
fn linker(engine: &Engine, store: &mut Store<Data>) -> Result<Linker<Data>> {
    let mut linker = Linker::<Data>::new(engine);
    linker.func_wrap("", "make", |mut caller: Caller<'_, Data>, number: i32| {
        let value = NumberedValue::new(number, caller.data());
        ExternRef::new(&mut caller, value).map(Some)
    })?;
    linker.func_wrap(
        "",
        "is",
        |mut caller: Caller<'_, Data>, value: Option<ExternRef>, expected: i32| -> Result<()> {
            caller.gc()?;
            let found = value.map(|value| number(&caller, value)).transpose()?;
            if found != Some(expected) { Err(Error::msg(format!("{found:?} instead of {expected}"))) } else { Ok(()) }
        },
    )?;
    linker.func_wrap("", "gc", |mut caller: Caller<'_, Data>| caller.gc())?;
    let tag =
        Tag::new(&mut *store, &FuncType { params: [ValType::Ref(RefType::EXTERNREF)].into(), results: [].into() })?;
    linker.define("", "tag", tag)?;
    Ok(linker)
}

fn new_store(engine: &Engine) -> Result<Store<Data>> {
    let mut store = Store::new(engine, Arc::default());
    store.set_epoch_deadline(1 << 40);
    // Some of the engines count fuel.
    let _ = store.set_fuel(1 << 40);
    Ok(store)
}

const IMPORTS: &str = r#"
    (import "" "make" (func $make (param i32) (result externref)))
    (import "" "is" (func $is (param externref i32)))
    (import "" "gc" (func $gc))
    (import "" "tag" (tag $tag (param externref)))
    (type $unary (func (param externref) (result externref)))"#;

/// Each function ends if all that it still has is still there.
const HOLDERS: &str = r#"
    (table $t 4 externref) (table $e 2 exnref) (table $f funcref (elem $hand_on))
    (global $g (mut externref) (ref.null extern))
    (global $x (mut exnref) (ref.null exn))
    (elem $passive externref (ref.null extern))
    (func $hand_on (param externref) (result externref) (call $gc) (local.get 0))
    (func $swap (param externref externref) (result externref externref)
        (call $gc) (local.get 1) (call $gc) (local.get 0))
    (func (export "locals") (local externref externref)
        (local.set 0 (call $make (i32.const 1)))
        (local.set 1 (call $make (i32.const 2)))
        (call $is (local.get 0) (i32.const 1))
        (call $is (local.get 1) (i32.const 2))
        (call $is (local.get 0) (i32.const 1)))
    (func (export "operands")
        (call $make (i32.const 1)) (call $make (i32.const 2)) (call $make (i32.const 3))
        (call $is (i32.const 3)) (call $is (i32.const 2)) (call $is (i32.const 1)))
    (func (export "results") (local externref)
        (call $is (call $hand_on (call $hand_on (call $make (i32.const 5)))) (i32.const 5))
        (call $swap (call $make (i32.const 1)) (call $make (i32.const 2)))
        (local.set 0) (call $is (i32.const 2)) (call $is (local.get 0) (i32.const 1)))
    (func (export "indirect") (local externref)
        (local.set 0 (call $make (i32.const 4)))
        (call $is (call_indirect $f (type $unary) (call $make (i32.const 3)) (i32.const 0)) (i32.const 3))
        (call $is (call_ref $unary (local.get 0) (ref.func $hand_on)) (i32.const 4)))
    (func $deep (param i32) (local externref)
        (local.set 1 (call $make (local.get 0)))
        (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $gc)))
        (call $is (local.get 1) (local.get 0)))
    (func (export "deep") (call $deep (i32.const 40)))
    (func $tail (param externref i32) (result externref)
        (if (i32.eqz (local.get 1)) (then (return (local.get 0))))
        (call $gc)
        (return_call $tail (local.get 0) (i32.sub (local.get 1) (i32.const 1))))
    (func $to_host (param externref) (return_call $is (local.get 0) (i32.const 8)))
    (func (export "tails")
        (call $is (call $tail (call $make (i32.const 6)) (i32.const 10)) (i32.const 6))
        (call $to_host (call $make (i32.const 8))))
    (func (export "blocks") (local externref i32)
        (local.set 0 (call $make (i32.const 0)))
        (loop $next
            (call $is (local.get 0) (local.get 1))
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (local.set 0 (local.get 1) (block $out (param i32) (result externref)
                (br_if $out (call $make) (i32.and (local.get 1) (i32.const 1)))
                (call $gc)))
            (br_if $next (i32.lt_u (local.get 1) (i32.const 9))))
        (call $is (select (result externref) (local.get 0) (call $make (i32.const 30)) (i32.const 0)) (i32.const 30)))
    (func (export "null") (local externref)
        (call $gc)
        (local.set 0 (call $make (i32.const 1)))
        (call $is (block $some (result (ref extern)) (br_on_non_null $some (local.get 0)) unreachable) (i32.const 1))
        (call $is (ref.as_non_null (local.get 0)) (i32.const 1))
        (local.set 0 (ref.null extern))
        (call $gc))
    (func (export "table")
        (table.set $t (i32.const 0) (call $make (i32.const 1)))
        (drop (table.grow $t (call $make (i32.const 2)) (i32.const 3)))
        (table.fill $t (i32.const 1) (call $make (i32.const 3)) (i32.const 2))
        (call $gc)
        (table.copy $t $t (i32.const 3) (i32.const 0) (i32.const 1))
        (table.set $t (i32.const 0) (ref.null extern))
        (call $is (table.get $t (i32.const 3)) (i32.const 1))
        (call $is (table.get $t (i32.const 2)) (i32.const 3))
        (call $is (table.get $t (i32.sub (table.size $t) (i32.const 1))) (i32.const 2))
        (table.fill $t (i32.const 0) (ref.null extern) (table.size $t))
        (table.init $t $passive (i32.const 0) (i32.const 0) (i32.const 1)))
    (func (export "global") (local externref)
        (global.set $g (call $make (i32.const 7)))
        (call $gc)
        (local.set 0 (global.get $g))
        (global.set $g (ref.null extern))
        (call $is (local.get 0) (i32.const 7)))
    (func $throw (param i32) (throw $tag (call $make (local.get 0))))
    (func $only (param externref exnref) (result exnref) (local.get 1))
    (func $catch (param i32) (result externref exnref)
        (block $caught (result externref exnref)
            (try_table (catch_ref $tag $caught) (call $throw (local.get 0)))
            unreachable))
    (func (export "caught") (local externref externref exnref)
        (local.set 0 (call $make (i32.const 20)))
        (call $is (block $caught (result externref)
                (local.set 1 (call $make (i32.const 21)))
                (try_table (catch $tag $caught) (call $throw (i32.const 22)))
                unreachable)
            (i32.const 22))
        (call $is (local.get 0) (i32.const 20))
        (call $is (local.get 1) (i32.const 21))
        (call $catch (i32.const 23)) (local.set 2) (call $is (i32.const 23))
        (drop (drop (call $catch (i32.const 24))))
        (call $is (block $again (result externref)
                (try_table (catch $tag $again) (throw_ref (local.get 2)))
                unreachable)
            (i32.const 23))
        (call $is (local.get 0) (i32.const 20)))
    (func (export "kept_exceptions")
        (call $catch (i32.const 1)) (global.set $x) (drop)
        (table.set $e (i32.const 1) (call $only (call $catch (i32.const 2))))
        (drop (drop (call $catch (i32.const 3))))
        (call $gc)
        (call $is (block $x (result externref) (try_table (catch $tag $x) (throw_ref (global.get $x))) unreachable)
            (i32.const 1))
        (call $is (block $x (result externref)
            (try_table (catch $tag $x) (throw_ref (table.get $e (i32.const 1)))) unreachable) (i32.const 2))
        (global.set $x (ref.null exn))
        (table.set $e (i32.const 1) (ref.null exn)))"#;

/// More arguments and results than there are registers for, also of a call in place of a return.
fn many_arguments() -> String {
    const COUNT: usize = 20;
    let types = "externref ".repeat(COUNT);
    let list = |text: &dyn Fn(usize) -> String| (0..COUNT).map(text).collect::<String>();
    let get = list(&|at| format!("(local.get {at})"));
    let make = list(&|at| format!("(call $make (i32.const {at}))"));
    let check = list(&|at| format!("(call $is (i32.const {}))", COUNT - 1 - at));
    let first = "(local.get 0)".repeat(COUNT);
    let check_first = "(call $is (i32.const 50))".repeat(COUNT);
    format!(
        r#"(func $many (param {types}) (result {types}) (call $gc) {get})
        (func $first (param externref) (result {types}) (call $gc) (return_call $many {first}))
        (func (export "many") (local externref)
            (local.set 0 (call $make (i32.const 99)))
            (call $many {make}) {check}
            (call $first (call $make (i32.const 50))) {check_first}
            (call $is (local.get 0) (i32.const 99)))"#
    )
}

#[test]
fn what_a_guest_has_is_there_and_nothing_else() -> Result<()> {
    for engine in engines()? {
        let mut store = new_store(&engine)?;
        let module = Module::new(&engine, format!("(module {IMPORTS} {HOLDERS} {})", many_arguments()))?;
        let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
        let names: Vec<String> = module.exports().map(|(name, _)| name.to_string()).collect();
        assert_eq!(names.len(), 13);
        for name in names {
            let func = instance.get_typed_func::<(), ()>(&mut store, &name)?;
            for _ in 0..3 {
                func.call(&mut store, ()).map_err(|error| error.context(name.clone()))?;
            }
            store.gc()?;
            assert_eq!(store.data().alive(), 0, "after {name}");
        }
    }
    Ok(())
}

/// How many of each are made: in a build that is not optimised a part, unless `GUSSET_MANY` says how many.
fn many() -> i32 {
    let wanted = std::env::var("GUSSET_MANY").ok().and_then(|many| many.parse().ok());
    wanted.unwrap_or(if cfg!(debug_assertions) { 500_000 } else { 10_000_000 })
}

/// Bytes of the process that are in memory, where the system says.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// Other tests of this program run at the same time, and none has much.
const LITTLE: u64 = 64 << 20;

#[test]
fn many_values_are_made_in_little_memory() -> Result<()> {
    let engine = Engine::default();
    let mut store = new_store(&engine)?;
    let text = format!(
        r#"(module {IMPORTS} (table $t 100 externref) (global $g (mut externref) (ref.null extern))
        (func (export "run") (param $count i32) (local $kept externref) (local $at i32)
            (local.set $kept (call $make (i32.const -1)))
            (loop $next
                (global.set $g (call $make (local.get $at)))
                (table.set $t (i32.rem_u (local.get $at) (i32.const 100)) (global.get $g))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (local.get $count))))
            (call $is (local.get $kept) (i32.const -1))))"#
    );
    let module = Module::new(&engine, &text)?;
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
    let (before, resident_before) = (store.host_bytes(), resident());
    run.call(&mut store, many())?;
    assert!(resident() <= resident_before.map(|before| before + LITTLE));
    let drops = store.data().clone();
    assert_eq!(drops.made.load(Ordering::Relaxed), many() as u64 + 1);
    assert!(drops.most.load(Ordering::Relaxed) < 10_000, "{:?} were alive at once", drops.most);
    assert!(store.host_bytes() < before + (1 << 20));
    store.gc()?;
    assert_eq!(drops.alive(), 100);
    drop(store);
    assert_eq!(drops.alive(), 0);
    Ok(())
}

#[test]
fn many_exceptions_are_kept_in_little_memory() -> Result<()> {
    let engine = Engine::default();
    let mut store = new_store(&engine)?;
    let text = format!(
        r#"(module {IMPORTS} (table $t 100 exnref) (global $g (mut exnref) (ref.null exn))
        (func $throw (throw $tag (ref.null extern)))
        (func (export "run") (param $count i32) (local $at i32)
            (loop $next
                (global.set $g (block $caught (result exnref)
                    (try_table (catch_all_ref $caught) (call $throw)) unreachable))
                (table.set $t (i32.rem_u (local.get $at) (i32.const 100)) (global.get $g))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (local.get $count))))))"#
    );
    let module = Module::new(&engine, &text)?;
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
    let (before, resident_before) = (store.host_bytes(), resident());
    run.call(&mut store, many())?;
    assert!(resident() <= resident_before.map(|before| before + LITTLE));
    assert!(store.host_bytes() < before + (2 << 20), "{} bytes more", store.host_bytes() - before);
    store.gc()?;
    // A hundred of 32 bytes each; places stay.
    assert!(store.host_bytes() < before + (1 << 20), "{} bytes more", store.host_bytes() - before);
    Ok(())
}

/// A large table is not looked at again and again, and what it has no more does not pile up.
#[test]
fn reclaiming_costs_no_more_than_making() -> Result<()> {
    let engine = Engine::default();
    let mut store = new_store(&engine)?;
    let size = many() / 100;
    let text = format!(
        r#"(module {IMPORTS} (table $t {size} externref)
        (func (export "run") (param $count i32) (local $at i32)
            (loop $next
                (table.set $t (i32.rem_u (local.get $at) (i32.const {size})) (call $make (local.get $at)))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (local.get $count))))))"#
    );
    let module = Module::new(&engine, &text)?;
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
    instance.get_typed_func::<i32, ()>(&mut store, "run")?.call(&mut store, size * 20)?;
    let drops = store.data().clone();
    assert!(drops.most.load(Ordering::Relaxed) <= 3 * size as u64 + 10_000, "{:?} were alive at once", drops.most);
    store.gc()?;
    assert_eq!(drops.alive(), size as u64);
    Ok(())
}

#[test]
fn a_limit_is_met_by_what_is_in_use_only() -> Result<()> {
    let engine = Engine::new(Config::new().max_host_bytes(64 << 10))?;
    let mut store = new_store(&engine)?;
    let text = format!(
        r#"(module {IMPORTS} (table $t 0 externref)
        (func (export "drop") (param i32)
            (loop $next (drop (call $make (local.get 0)))
                (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func (export "keep") (param i32)
            (loop $next (drop (table.grow $t (call $make (local.get 0)) (i32.const 1)))
                (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#
    );
    let module = Module::new(&engine, &text)?;
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &module)?;
    instance.get_typed_func::<i32, ()>(&mut store, "drop")?.call(&mut store, 20_000)?;
    let keep = instance.get_typed_func::<i32, ()>(&mut store, "keep")?;
    let error = keep.call(&mut store, 20_000).unwrap_err();
    assert!(error.is::<LimitExceeded>(), "{error:?}");
    assert!(store.host_bytes() <= 64 << 10 && store.data().alive() > 500);
    Ok(())
}

#[test]
fn handles_of_a_host_function_end_with_it() -> Result<()> {
    for engine in engines()? {
        let mut linker = Linker::<Vec<ExternRef>>::new(&engine);
        linker.func_wrap(
            "",
            "keep",
            |mut caller: Caller<'_, Vec<ExternRef>>, given: Option<ExternRef>| -> Result<()> {
                let made = ExternRef::new(&mut caller, 7_u32)?;
                assert_eq!(made.data(&caller)?.downcast_ref(), Some(&7_u32));
                caller.data_mut().extend(given.into_iter().chain([made]));
                Ok(())
            },
        )?;
        let module = Module::new(
            &engine,
            r#"(module (import "" "keep" (func $keep (param externref)))
                (func (export "run") (param externref) (call $keep (local.get 0))))"#,
        )?;
        let mut store = Store::new(&engine, Vec::new());
        store.set_epoch_deadline(1 << 40);
        let _ = store.set_fuel(1 << 40);
        let instance = linker.instantiate(&mut store, &module)?;
        let run = instance.get_typed_func::<Option<ExternRef>, ()>(&mut store, "run")?;
        let value = ExternRef::new(&mut store, "value")?;
        run.call(&mut store, Some(value))?;
        let [given, made] = store.data()[..] else { panic!("two are kept") };
        assert_eq!(given, value);
        assert_eq!(value.data(&store)?.downcast_ref(), Some(&"value"));
        for ended in [given, made] {
            let errors = [
                ended.data(&store).map(drop).unwrap_err(),
                run.call(&mut store, Some(ended)).unwrap_err(),
                ended.to_owned_rooted(&mut store).map(drop).unwrap_err(),
            ];
            for error in errors {
                assert!(error.to_string().starts_with("a reference was used after the scope"), "{error:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_place_that_is_used_again_is_not_taken_for_the_first() -> Result<()> {
    let mut store = Store::<()>::default();
    let first = {
        let mut scope = RootScope::new(&mut store);
        ExternRef::new(&mut scope, "first")?
    };
    store.gc()?;
    let second = ExternRef::new(&mut store, "second")?;
    assert_ne!(first, second);
    assert!(first.data(&store).is_err());
    assert_eq!(second.data(&store)?.downcast_ref(), Some(&"second"));
    Ok(())
}

#[test]
fn owned_handles_hold_what_they_refer_to() -> Result<()> {
    let engine = Engine::new(Config::new().gc_stress(true))?;
    let mut store = new_store(&engine)?;
    let drops = store.data().clone();
    let owned: Vec<OwnedRooted<ExternRef>> = (0..1000)
        .map(|number| {
            let mut scope = RootScope::new(&mut store);
            ExternRef::new(&mut scope, NumberedValue::new(number, &drops))?.to_owned_rooted(&mut scope)
        })
        .collect::<Result<_>>()?;
    store.gc()?;
    assert_eq!(drops.alive(), 1000);
    for (at, owned) in owned.iter().enumerate() {
        let mut scope = RootScope::new(&mut store);
        let value = owned.to_rooted(&mut scope)?;
        assert_eq!(number(&scope, value)?, at as i32);
        assert_eq!(&value.to_owned_rooted(&mut scope)?, owned);
    }
    let copy = owned[3].clone();
    drop(owned);
    store.gc()?;
    assert_eq!(drops.alive(), 1);
    assert!(copy.to_rooted(&mut new_store(&engine)?).is_err());
    drop(copy);
    store.gc()?;
    assert_eq!(drops.alive(), 0);
    Ok(())
}

#[test]
fn hosts_put_references_into_tables_and_globals() -> Result<()> {
    let engine = Engine::new(Config::new().gc_stress(true))?;
    let mut store = new_store(&engine)?;
    let drops = store.data().clone();
    let element = RefType::EXTERNREF;
    let (table, global, tag) = {
        let mut scope = RootScope::new(&mut store);
        let [one, two, three] = [1, 2, 3].map(|number| ExternRef::new(&mut scope, NumberedValue::new(number, &drops)));
        let [one, two, three] = [one?, two?, three?].map(|value| Ref::Extern(Some(value)));
        let table = Table::new(&mut scope, TableType { element, minimum: 2, maximum: None, table64: false }, one)?;
        table.set(&mut scope, 1, two)?;
        let exn = ValType::Ref(RefType { nullable: true, heap: gusset::core::HeapType::Exn });
        let tag = Tag::new(&mut scope, &FuncType { params: [ValType::Ref(element), exn].into(), results: [].into() })?;
        let inner = ExnRef::new(&mut scope, tag, &[Val::Ref(three), Val::Ref(Ref::Exn(None))])?;
        let outer = ExnRef::new(&mut scope, tag, &[Val::Ref(one), Val::Ref(Ref::Exn(Some(inner)))])?;
        let ty = GlobalType { content: exn, mutable: true };
        (table, Global::new(&mut scope, ty, Val::Ref(Ref::Exn(Some(outer))))?, tag)
    };
    store.gc()?;
    assert_eq!(drops.alive(), 3);
    {
        let mut scope = RootScope::new(&mut store);
        let Some(Ref::Extern(Some(two))) = table.get(&mut scope, 1)? else { panic!("it is there") };
        assert_eq!(number(&scope, two)?, 2);
        let Val::Ref(Ref::Exn(Some(outer))) = global.get(&mut scope)? else { panic!("it is there") };
        assert_eq!(outer.tag(&scope)?, tag);
        let Val::Ref(Ref::Exn(Some(inner))) = outer.field(&mut scope, 1)? else { panic!("it is there") };
        let Val::Ref(Ref::Extern(Some(three))) = inner.fields(&mut scope)?[0] else { panic!("it is there") };
        assert_eq!(number(&scope, three)?, 3);
        assert!(inner.field(&mut scope, 2).unwrap_err().to_string().contains("field 2"));
        global.set(&mut scope, Val::Ref(Ref::Exn(None)))?;
        table.set(&mut scope, 1, Ref::Extern(None))?;
    }
    store.gc()?;
    assert_eq!(drops.alive(), 1);
    Ok(())
}

/// Panics when it is dropped.
struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        panic!("no");
    }
}

#[test]
fn a_panic_of_what_is_dropped_is_an_error() -> Result<()> {
    let mut store = new_store(&Engine::default())?;
    let drops = store.data().clone();
    {
        let mut scope = RootScope::new(&mut store);
        for number in 0..10 {
            ExternRef::new(&mut scope, NumberedValue::new(number, &drops))?;
            ExternRef::new(&mut scope, Spiteful)?;
        }
    }
    let error = store.gc().unwrap_err();
    assert_eq!(error.downcast_ref::<HostPanic>().and_then(HostPanic::message), Some("no"));
    assert_eq!(drops.alive(), 0);
    store.gc()?;
    let value = ExternRef::new(&mut store, 5_u8)?;
    assert_eq!(value.data(&store)?.downcast_ref(), Some(&5_u8));
    Ok(())
}

/// A guest is left, waits on a stack of its own, and is gone on with by other polls, within guests and without.
#[test]
fn guests_that_wait_keep_what_they_have() -> Result<()> {
    for engine in engines()? {
        let mut store = new_store(&engine)?;
        let mut linker = linker(&engine, &mut store)?;
        linker.func_wrap_async("", "wait", |mut caller: Caller<'_, Data>, (value,): (Option<ExternRef>,)| {
            Box::new(async move {
                for _ in 0..2 {
                    caller.gc()?;
                    Pause::default().await;
                }
                // A guest within this guest, on a stack of its own again.
                let inner = caller.get_export("inner").and_then(Extern::into_func);
                let inner =
                    inner.ok_or_else(|| Error::msg("it is exported"))?.typed::<(), Option<ExternRef>>(&caller)?;
                let made = inner.call_async(&mut caller, ()).await?;
                caller.gc()?;
                assert_eq!(made.map(|made| number(&caller, made)).transpose()?, Some(50));
                Ok::<_, Error>((value, made))
            })
        })?;
        linker.func_wrap_async("", "pause", |mut caller: Caller<'_, Data>, (): ()| {
            Box::new(async move {
                Pause::default().await;
                caller.gc()
            })
        })?;
        let text = format!(
            r#"(module {IMPORTS}
            (import "" "wait" (func $wait (param externref) (result externref externref)))
            (import "" "pause" (func $pause))
            (func (export "inner") (result externref) (local externref)
                (local.set 0 (call $make (i32.const 50)))
                (call $pause)
                (call $is (local.get 0) (i32.const 50))
                (local.get 0))
            (func (export "run") (local externref externref externref)
                (local.set 0 (call $make (i32.const 1)))
                (call $wait (call $make (i32.const 2)))
                (local.set 2) (local.set 1)
                (call $is (local.get 0) (i32.const 1))
                (call $is (local.get 1) (i32.const 2))
                (call $is (local.get 2) (i32.const 50))))"#
        );
        let instance = linker.instantiate(&mut store, &Module::new(&engine, &text)?)?;
        let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
        // From within a guest, whose frames are around those of the fiber.
        let mut outer = Linker::<Data>::new(&engine);
        let polls = Arc::new(AtomicU64::new(0));
        let counted = polls.clone();
        outer.func_wrap("", "poll", move |mut caller: Caller<'_, Data>| -> Result<()> {
            poll_to_the_end(&mut caller, run, &counted)
        })?;
        for name in ["make", "is", "gc", "tag"] {
            let item = linker.get(&mut store, "", name)?.ok_or_else(|| Error::msg("it is defined"))?;
            outer.define("", name, item)?;
        }
        let text = format!(
            r#"(module {IMPORTS} (import "" "poll" (func $poll))
            (func (export "run") (local externref)
                (local.set 0 (call $make (i32.const 99)))
                (call $poll)
                (call $is (local.get 0) (i32.const 99))))"#
        );
        let outer = outer.instantiate(&mut store, &Module::new(&engine, &text)?)?;
        let outer = outer.get_typed_func::<(), ()>(&mut store, "run")?;
        poll_to_the_end(&mut store, run, &polls)?;
        outer.call(&mut store, ())?;
        assert_eq!(polls.load(Ordering::Relaxed), 8);
        store.gc()?;
        assert_eq!(store.data().alive(), 0);
    }
    Ok(())
}

/// Is pending once.
#[derive(Default)]
struct Pause {
    polled: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut self.polled, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Polls a call, on another thread each time.
fn poll_to_the_end(
    store: impl AsContextMut<Data = Data> + Send,
    run: TypedFunc<(), ()>,
    polls: &AtomicU64,
) -> Result<()> {
    let mut future = pin!(run.call_async(store, ()));
    loop {
        polls.fetch_add(1, Ordering::Relaxed);
        let polled = std::thread::scope(|scope| {
            let future = future.as_mut();
            scope.spawn(move || future.poll(&mut Context::from_waker(Waker::noop()))).join()
        });
        if let Poll::Ready(outcome) = polled.expect("it does not panic") {
            return outcome;
        }
    }
}

/// An exception that nobody catches, which carries another: it arrives whole, can be thrown again, and be made anew.
#[test]
fn exceptions_that_carry_exceptions_go_through_the_host() -> Result<()> {
    for engine in engines()? {
        let mut store = new_store(&engine)?;
        let mut linker = linker(&engine, &mut store)?;
        let exn = ValType::Ref(RefType { nullable: false, heap: gusset::core::HeapType::Exn });
        let tag = Tag::new(&mut store, &FuncType { params: [ValType::I32, exn].into(), results: [].into() })?;
        linker.define("", "nested", tag)?;
        let text = format!(
            r#"(module {IMPORTS} (import "" "nested" (tag $nested (param i32 (ref exn))))
            (import "" "again" (func $again))
            (func $throw (throw $tag (call $make (i32.const 7))))
            (func (export "fail")
                (throw $nested (i32.const 5) (block $caught (result (ref exn))
                    (try_table (catch_all_ref $caught) (call $throw)) unreachable)))
            (func (export "unwrap") (result externref)
                (block $value (result externref)
                    (try_table (catch $tag $value)
                        (block $nested (result i32 (ref exn))
                            (try_table (catch $nested $nested) (call $again)) unreachable)
                        (throw_ref))
                    unreachable)))"#
        );
        // The host calls a guest that throws, looks at it, and throws it again.
        linker.func_wrap("", "again", move |mut caller: Caller<'_, Data>| -> Result<()> {
            let fail = caller.get_export("fail").and_then(Extern::into_func).expect("it is exported");
            let error = fail.call(&mut caller, &[], &mut []).unwrap_err();
            caller.gc()?;
            let exception = error.downcast_ref::<Exception>().expect("it is an exception");
            assert_eq!((exception.tag(), exception.values()[0]), (tag, Val::I32(5)));
            let Val::Ref(Ref::Exn(Some(inner))) = exception.values()[1] else { panic!("{exception:?}") };
            assert_eq!(exception.to_string(), "uncaught wasm exception with the values 5, a reference");
            let made = exception.to_exn_ref(&mut caller)?;
            assert_eq!(made.fields(&mut caller)?[1], Val::Ref(Ref::Exn(Some(inner))));
            let wrong = ExnRef::new(&mut caller, tag, &[Val::I32(5), Val::Ref(Ref::Exn(None))]).unwrap_err();
            assert!(wrong.to_string().contains("null"), "{wrong}");
            assert!(ExnRef::new(&mut caller, tag, &[]).unwrap_err().to_string().contains("has 2 values, not 0"));
            Err(made.to_exception(&mut caller)?.into())
        })?;
        let instance = linker.instantiate(&mut store, &Module::new(&engine, &text)?)?;
        let unwrap = instance.get_typed_func::<(), Option<ExternRef>>(&mut store, "unwrap")?;
        let mut scope = RootScope::new(&mut store);
        let value = unwrap.call(&mut scope, ())?.expect("it is not null");
        assert_eq!(number(&scope, value)?, 7);
        // Nobody catches it: it arrives at the outermost call.
        let fail = instance.get_typed_func::<(), ()>(&mut scope, "fail")?;
        let error = fail.call(&mut scope, ()).unwrap_err();
        let exception = error.downcast_ref::<Exception>().expect("it is an exception");
        let Val::Ref(Ref::Exn(Some(inner))) = exception.values()[1] else { panic!("{exception:?}") };
        scope.as_context_mut().gc()?;
        let Val::Ref(Ref::Extern(Some(value))) = inner.field(&mut scope, 0)? else { panic!("it carries a value") };
        assert_eq!(number(&scope, value)?, 7);
        drop(scope);
        assert!(inner.tag(&store).is_err());
        store.gc()?;
        assert_eq!(store.data().alive(), 0);
    }
    Ok(())
}

/// References that a table has no place for are of no instance: an instance that calls another one, over the host and directly.
#[test]
fn frames_of_other_instances_and_activations_are_looked_at() -> Result<()> {
    for engine in engines()? {
        let mut store = new_store(&engine)?;
        let mut linker = linker(&engine, &mut store)?;
        let inner = Module::new(
            &engine,
            format!(
                r#"(module {IMPORTS} (func (export "f") (param externref) (result externref) (local externref)
                    (local.set 1 (call $make (i32.const 3)))
                    (call $gc)
                    (call $is (local.get 1) (i32.const 3))
                    (local.get 0)))"#
            ),
        )?;
        let inner: Instance = linker.instantiate(&mut store, &inner)?;
        let f = inner.get_func(&mut store, "f").expect("it is exported");
        linker.define("", "direct", f)?;
        let by_host = f.typed::<Option<ExternRef>, Option<ExternRef>>(&store)?;
        linker.func_wrap("", "by_host", move |mut caller: Caller<'_, Data>, value: Option<ExternRef>| {
            let back = by_host.call(&mut caller, value)?;
            caller.gc()?;
            assert_eq!(back, value);
            Ok(back)
        })?;
        let outer = Module::new(
            &engine,
            format!(
                r#"(module {IMPORTS} (import "" "direct" (func $direct (type $unary)))
                (import "" "by_host" (func $by_host (type $unary)))
                (func (export "run") (local externref)
                    (local.set 0 (call $make (i32.const 1)))
                    (call $is (call $direct (call $make (i32.const 2))) (i32.const 2))
                    (call $is (call $by_host (call $make (i32.const 4))) (i32.const 4))
                    (call $is (local.get 0) (i32.const 1))))"#
            ),
        )?;
        let outer = linker.instantiate(&mut store, &outer)?;
        outer.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
        store.gc()?;
        assert_eq!(store.data().alive(), 0);
    }
    Ok(())
}

/// A host that is asked at an epoch may reclaim, too: what the guest has then is in no call.
#[test]
fn what_a_guest_has_at_an_epoch_is_there() -> Result<()> {
    for form in [false, true] {
        let engine = Engine::new(Config::new().gc_stress(true).epoch_interruption(true).frame_form(form))?;
        let mut store = new_store(&engine)?;
        store.set_epoch_deadline(0);
        store.epoch_deadline_callback(|mut store| {
            store.gc()?;
            Ok(gusset::UpdateDeadline::Continue(0))
        });
        let text = format!(
            r#"(module {IMPORTS} (func (export "run") (local externref i32)
                (local.set 0 (call $make (i32.const 1)))
                (call $make (i32.const 2))
                (loop $next
                    (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.get 1) (i32.const 100))))
                (call $is (i32.const 2))
                (call $is (local.get 0) (i32.const 1))
                (loop $again
                    (br_on_null $again (call $make (i32.const 3)))
                    (call $is (i32.const 3)))))"#
        );
        let instance = linker(&engine, &mut store)?.instantiate(&mut store, &Module::new(&engine, &text)?)?;
        instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
    }
    Ok(())
}

/// A guest that has used up what it may of the host's memory is told so, and does not have all that there is looked at for each exception.
#[test]
fn a_full_budget_is_not_looked_through_for_each_exception() -> Result<()> {
    let engine = Engine::new(Config::new().max_host_bytes(16 << 20))?;
    let mut store = new_store(&engine)?;
    let text = format!(
        r#"(module {IMPORTS} (table $t 0 externref) (tag $none)
        (func (export "fill") (local $step i32)
            (call $throw)
            (local.set $step (i32.const 0x100000))
            (loop $next
                (br_if $next (i32.ge_s (table.grow $t (ref.null extern) (local.get $step)) (i32.const 0)))
                (br_if $next (local.tee $step (i32.shr_u (local.get $step) (i32.const 1))))))
        (func $throw
            (drop (block $c (result exnref) (try_table (catch_all_ref $c) (throw $none)) unreachable)))
        (func (export "run") (param i32)
            (loop $next (call $throw) (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#
    );
    let instance = linker(&engine, &mut store)?.instantiate(&mut store, &Module::new(&engine, &text)?)?;
    instance.get_typed_func::<(), ()>(&mut store, "fill")?.call(&mut store, ())?;
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run")?;
    // That many looks at millions of elements would take minutes.
    let error = run.call(&mut store, 1_000_000).unwrap_err();
    assert!(error.is::<LimitExceeded>(), "{error:?}");
    Ok(())
}

/// A value that enters a guest of another store when it is dropped.
struct EntersWhenDropped(Mutex<Store<()>>, Instance);

impl Drop for EntersWhenDropped {
    fn drop(&mut self) {
        let EntersWhenDropped(store, instance) = self;
        let store = store.get_mut().expect("nobody has locked it");
        let run = instance.get_typed_func::<(), ()>(&mut *store, "run");
        run.and_then(|run| run.call(store, ())).expect("it does nothing");
    }
}

/// What is dropped to make room for an exception of the host's may do what it likes: the guest that catches it traps as it did before.
#[test]
fn what_is_dropped_for_an_exception_may_enter_guests() -> Result<()> {
    for engine in engines()? {
        let mut linker = linker(&engine, &mut new_store(&engine)?)?;
        linker.allow_shadowing(true);
        let mut store = new_store(&engine)?;
        let nothing = Module::new(&engine, r#"(module (func (export "run")))"#)?;
        let inner = nothing.clone();
        linker.func_wrap("", "value", move |mut caller: Caller<'_, Data>| -> Result<Option<ExternRef>> {
            let mut other = Store::new(caller.engine(), ());
            other.set_epoch_deadline(1 << 40);
            let _ = other.set_fuel(1 << 40);
            let instance = Instance::new(&mut other, &inner, &[])?;
            ExternRef::new(&mut caller, EntersWhenDropped(Mutex::new(other), instance)).map(Some)
        })?;
        let tag = Tag::new(&mut store, &FuncType { params: [].into(), results: [].into() })?;
        linker.define("", "none", tag)?;
        linker.func_wrap("", "fail", move |mut caller: Caller<'_, Data>| -> Result<()> {
            Err(Exception::new(&mut caller, tag, &[])?.into())
        })?;
        let text = r#"(module
            (import "" "value" (func $value (result externref)))
            (import "" "fail" (func $fail))
            (memory 1)
            (func $make (drop (call $value)))
            (func (export "run")
                (call $make)
                (block $c (try_table (catch_all $c) (call $fail)))
                (drop (i32.load (i32.const -1)))))"#;
        let instance = linker.instantiate(&mut store, &Module::new(&engine, text)?)?;
        let error = instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ()).unwrap_err();
        let trap = error.downcast_ref::<gusset::Trap>().map(gusset::Trap::code);
        assert_eq!(trap, Some(gusset::TrapCode::MemoryOutOfBounds), "{error:?}");
    }
    Ok(())
}
