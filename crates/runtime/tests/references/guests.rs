//! What guests have is there, wherever they have it and whatever they wait for.

use super::values::{Data, IMPORTS, engines, linker, new_store, number};
use gusset::core::{Caller, Extern, ExternRef, Instance, Linker, Module, TypedFunc};
use gusset::{AsContextMut, Config, Engine, Error, Result};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

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
