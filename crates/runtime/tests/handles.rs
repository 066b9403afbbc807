//! Handles of resources between components: which index each gets, who owns what when, which representation arrives, when
//! destructors run, and every way in which a handle cannot be used, with its place and its number.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    Component, Config, Engine, Instance, Linker, Resource, ResourceType, Store, StoreContextMut, Trap, TrapCode, Val,
    core,
};
use gusset_types::heap_start;

/// Defines `r`, whose destructor notes the representation, and `s`. It sees representations where others see handles.
const OWNER: &str = r#"(component $owner
  (core module $notes
    (global $last (mut i32) (i32.const 0)) (global $drops (mut i32) (i32.const 0))
    (func (export "dtor") (param i32)
      (global.set $last (local.get 0))
      (global.set $drops (i32.add (global.get $drops) (i32.const 1))))
    (func (export "last") (result i32) (global.get $last))
    (func (export "count") (result i32) (global.get $drops)))
  (core instance $notes (instantiate $notes))
  (type $r (resource (rep i32) (dtor (core func $notes "dtor"))))
  (type $s (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core func $rep (canon resource.rep $r))
  (core func $drop (canon resource.drop $r))
  (core func $new-s (canon resource.new $s))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (import "" "new-s" (func $new-s (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "make-s") (param i32) (result i32) (call $new-s (local.get 0)))
    ;; Two lists of `n` handles, of representations from 100 on.
    (func (export "make-many") (param $n i32) (result i32)
      (local $i i32)
      (loop $next
        (i32.store (i32.add (i32.const 1024) (i32.shl (local.get $i) (i32.const 2)))
          (call $new (i32.add (i32.const 100) (local.get $i))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (i32.store (i32.const 8) (i32.const 1024))
      (i32.store (i32.const 12) (local.get $n))
      (i32.const 8))
    (func (export "get") (param i32) (result i32) (local.get 0))
    (func (export "second") (param i32 i32) (result i32) (local.get 1))
    (func (export "take") (param $h i32) (result i32)
      (local $rep i32)
      (local.set $rep (call $rep (local.get $h)))
      (call $drop (local.get $h))
      (local.get $rep))
    (func (export "sum") (param $at i32) (param $n i32) (result i32)
      (local $sum i32)
      (block $end (loop $next
        (br_if $end (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
      (local.get $sum)))
  (core instance $m (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop)) (export "new-s" (func $new-s))))))
  (alias core export $m "memory" (core memory $memory))
  (core func $realloc (alias core export $m "realloc"))
  (export $r' "r" (type $r))
  (export $s' "s" (type $s))
  (func (export "make") (param "x" u32) (result (own $r')) (canon lift (core func $m "make")))
  (func (export "make-s") (param "x" u32) (result (own $s')) (canon lift (core func $m "make-s")))
  (func (export "make-many") (param "n" u32) (result (list (own $r')))
    (canon lift (core func $m "make-many") (memory $memory)))
  (func (export "get") (param "self" (borrow $r')) (result u32) (canon lift (core func $m "get")))
  (func (export "either") (param "it" (result (borrow $r') (error u32))) (result u32)
    (canon lift (core func $m "second")))
  (func (export "take") (param "self" (own $r')) (result u32) (canon lift (core func $m "take")))
  (func (export "sum") (param "all" (list (borrow $r'))) (result u32)
    (canon lift (core func $m "sum") (memory $memory) (realloc $realloc)))
  (func (export "last") (result u32) (canon lift (core func $notes "last")))
  (func (export "count") (result u32) (canon lift (core func $notes "count"))))"#;

/// Uses `r` of the owner, as somebody to whom it is a handle.
const KEEPER: &str = r#"(component $keeper
  (import "r" (type $r (sub resource)))
  (import "get" (func $get (param "self" (borrow $r)) (result u32)))
  (import "take" (func $take (param "self" (own $r)) (result u32)))
  (core func $get (canon lower (func $get)))
  (core func $take (canon lower (func $take)))
  (core func $drop (canon resource.drop $r))
  (core module $m
    (import "" "get" (func $get (param i32) (result i32)))
    (import "" "take" (func $take (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
    (func (export "same") (param i32) (result i32) (local.get 0))
    (func (export "look") (param i32) (result i32) (call $drop (local.get 0)) (local.get 0))
    (func (export "look-all") (param $at i32) (param $n i32) (result i32)
      (local $sum i32)
      (block $end (loop $next
        (br_if $end (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 10)) (i32.load (local.get $at))))
        (call $drop (i32.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
      (local.get $sum))
    (func (export "both") (param i32 i32) (result i32) (call $drop (local.get 0)) (local.get 1))
    (func (export "lend-on") (param i32) (result i32)
      (call $get (local.get 0)) (call $drop (local.get 0)))
    (func (export "steal") (param i32) (result i32) (call $take (local.get 0)))
    (func (export "drop") (param i32) (call $drop (local.get 0))))
  (core instance $m (instantiate $m (with "" (instance
    (export "get" (func $get)) (export "take" (func $take)) (export "drop" (func $drop))))))
  (alias core export $m "memory" (core memory $memory))
  (core func $realloc (alias core export $m "realloc"))
  (func (export "hold") (param "it" (own $r)) (result u32) (canon lift (core func $m "same")))
  (func (export "give") (param "index" u32) (result (own $r)) (canon lift (core func $m "same")))
  (func (export "look") (param "it" (borrow $r)) (result u32) (canon lift (core func $m "look")))
  (func (export "keep") (param "it" (borrow $r)) (result u32) (canon lift (core func $m "same")))
  (func (export "keep-as-own") (param "it" (borrow $r)) (result (own $r)) (canon lift (core func $m "same")))
  (func (export "look-all") (param "all" (list (borrow $r))) (result u32)
    (canon lift (core func $m "look-all") (memory $memory) (realloc $realloc)))
  (func (export "both") (param "lent" (borrow $r)) (param "given" (own $r)) (result u32)
    (canon lift (core func $m "both")))
  (func (export "lend-on") (param "it" (borrow $r)) (result u32) (canon lift (core func $m "lend-on")))
  (func (export "steal") (param "it" (borrow $r)) (result u32) (canon lift (core func $m "steal")))
  (func (export "drop") (param "index" u32) (canon lift (core func $m "drop"))))"#;

/// Calls both with whatever it is told.
const USER: &str = r#"(component $user
  (import "owner" (instance $owner
    (export "r" (type $r (sub resource)))
    (export "s" (type $s (sub resource)))
    (export "make" (func (param "x" u32) (result (own $r))))
    (export "make-s" (func (param "x" u32) (result (own $s))))
    (export "make-many" (func (param "n" u32) (result (list (own $r)))))
    (export "get" (func (param "self" (borrow $r)) (result u32)))
    (export "either" (func (param "it" (result (borrow $r) (error u32))) (result u32)))
    (export "take" (func (param "self" (own $r)) (result u32)))
    (export "sum" (func (param "all" (list (borrow $r))) (result u32)))))
  (alias export $owner "r" (type $r))
  (import "keeper" (instance $keeper
    (alias outer $user $r (type $r))
    (export "hold" (func (param "it" (own $r)) (result u32)))
    (export "give" (func (param "index" u32) (result (own $r))))
    (export "look" (func (param "it" (borrow $r)) (result u32)))
    (export "keep" (func (param "it" (borrow $r)) (result u32)))
    (export "keep-as-own" (func (param "it" (borrow $r)) (result (own $r))))
    (export "look-all" (func (param "all" (list (borrow $r))) (result u32)))
    (export "both" (func (param "lent" (borrow $r)) (param "given" (own $r)) (result u32)))
    (export "lend-on" (func (param "it" (borrow $r)) (result u32)))
    (export "steal" (func (param "it" (borrow $r)) (result u32)))
    (export "drop" (func (param "index" u32)))))
  (core module $libc
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096)))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core func $realloc (alias core export $libc "realloc"))
  (core func $make (canon lower (func $owner "make")))
  (core func $make-s (canon lower (func $owner "make-s")))
  (core func $make-many (canon lower (func $owner "make-many") (memory $memory) (realloc $realloc)))
  (core func $get (canon lower (func $owner "get")))
  (core func $either (canon lower (func $owner "either")))
  (core func $take (canon lower (func $owner "take")))
  (core func $sum (canon lower (func $owner "sum") (memory $memory)))
  (core func $hold (canon lower (func $keeper "hold")))
  (core func $give (canon lower (func $keeper "give")))
  (core func $look (canon lower (func $keeper "look")))
  (core func $keep (canon lower (func $keeper "keep")))
  (core func $keep-as-own (canon lower (func $keeper "keep-as-own")))
  (core func $look-all (canon lower (func $keeper "look-all") (memory $memory)))
  (core func $both (canon lower (func $keeper "both")))
  (core func $lend-on (canon lower (func $keeper "lend-on")))
  (core func $steal (canon lower (func $keeper "steal")))
  (core func $keeper-drop (canon lower (func $keeper "drop")))
  (core func $drop (canon resource.drop $r))
  (core func $drop-s (canon resource.drop (type $owner "s")))
  (core module $m
    (import "libc" "memory" (memory 1))
    (import "" "make-many" (func $make-many (param i32 i32)))
    (import "" "sum" (func $sum (param i32 i32) (result i32)))
    (import "" "look-all" (func $look-all (param i32 i32) (result i32)))
    ;; The first and the last of the handles that it gets.
    (func (export "make-many") (param $n i32) (result i32)
      (call $make-many (local.get $n) (i32.const 8))
      (i32.add
        (i32.mul (i32.load (i32.load (i32.const 8))) (i32.const 10000))
        (i32.load (i32.add (i32.load (i32.const 8)) (i32.shl (i32.sub (local.get $n) (i32.const 1)) (i32.const 2))))))
    (func $three (param i32 i32 i32)
      (i32.store (i32.const 1024) (local.get 0))
      (i32.store (i32.const 1028) (local.get 1))
      (i32.store (i32.const 1032) (local.get 2)))
    (func (export "sum") (param i32 i32 i32) (result i32)
      (call $three (local.get 0) (local.get 1) (local.get 2))
      (call $sum (i32.const 1024) (i32.const 3)))
    (func (export "look-all") (param i32 i32 i32) (result i32)
      (call $three (local.get 0) (local.get 1) (local.get 2))
      (call $look-all (i32.const 1024) (i32.const 3))))
  (core instance $m (instantiate $m (with "libc" (instance $libc)) (with "" (instance
    (export "make-many" (func $make-many)) (export "sum" (func $sum)) (export "look-all" (func $look-all))))))
  (func (export "make") (param "x" u32) (result u32) (canon lift (core func $make)))
  (func (export "make-s") (param "x" u32) (result u32) (canon lift (core func $make-s)))
  (func (export "make-many") (param "x" u32) (result u32) (canon lift (core func $m "make-many")))
  (func (export "get") (param "x" u32) (result u32) (canon lift (core func $get)))
  (func (export "either") (param "case" u32) (param "x" u32) (result u32) (canon lift (core func $either)))
  (func (export "take") (param "x" u32) (result u32) (canon lift (core func $take)))
  (func (export "sum") (param "a" u32) (param "b" u32) (param "c" u32) (result u32) (canon lift (core func $m "sum")))
  (func (export "hold") (param "x" u32) (result u32) (canon lift (core func $hold)))
  (func (export "give") (param "x" u32) (result u32) (canon lift (core func $give)))
  (func (export "look") (param "x" u32) (result u32) (canon lift (core func $look)))
  (func (export "keep") (param "x" u32) (result u32) (canon lift (core func $keep)))
  (func (export "keep-as-own") (param "x" u32) (result u32) (canon lift (core func $keep-as-own)))
  (func (export "look-all") (param "a" u32) (param "b" u32) (param "c" u32) (result u32)
    (canon lift (core func $m "look-all")))
  (func (export "both") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $both)))
  (func (export "lend-on") (param "x" u32) (result u32) (canon lift (core func $lend-on)))
  (func (export "steal") (param "x" u32) (result u32) (canon lift (core func $steal)))
  (func (export "keeper-drop") (param "x" u32) (canon lift (core func $keeper-drop)))
  (func (export "drop") (param "x" u32) (canon lift (core func $drop)))
  (func (export "drop-s") (param "x" u32) (canon lift (core func $drop-s))))"#;

const EXPORTS: [&str; 19] = [
    "make",
    "make-s",
    "make-many",
    "get",
    "either",
    "take",
    "sum",
    "hold",
    "give",
    "look",
    "keep",
    "keep-as-own",
    "look-all",
    "both",
    "lend-on",
    "steal",
    "keeper-drop",
    "drop",
    "drop-s",
];

/// A user, a keeper and an owner.
struct Three {
    store: Store<()>,
    instance: Instance,
}

impl Three {
    fn new() -> Three {
        let engine = Engine::default();
        let exports: String = EXPORTS.map(|name| format!("(export \"{name}\" (func $user \"{name}\"))")).concat();
        let text = format!(
            r#"(component {OWNER} {KEEPER} {USER}
                (instance $owner (instantiate $owner))
                (instance $keeper (instantiate $keeper (with "r" (type $owner "r"))
                    (with "get" (func $owner "get")) (with "take" (func $owner "take"))))
                (instance $user (instantiate $user (with "owner" (instance $owner)) (with "keeper" (instance $keeper))))
                {exports}
                (export "last" (func $owner "last")) (export "count" (func $owner "count")))"#
        );
        let component = Component::new(&engine, text).unwrap_or_else(|error| panic!("{error:?}"));
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
        Three { store, instance }
    }

    fn try_call(&mut self, name: &str, params: &[u32]) -> Result<u32, gusset::Error> {
        let func = self.instance.get_func(&mut self.store, name).unwrap();
        let params: Vec<Val> = params.iter().map(|&param| Val::U32(param)).collect();
        let mut results = vec![Val::U32(0); usize::from(func.result(&self.store).is_some())];
        func.call(&mut self.store, &params, &mut results)?;
        match results.pop() {
            Some(Val::U32(result)) => Ok(result),
            _ => Ok(0),
        }
    }

    fn call(&mut self, name: &str, params: &[u32]) -> u32 {
        self.try_call(name, params).unwrap_or_else(|error| panic!("{name}{params:?}: {error:?}"))
    }

    /// The trap of a call: its code and values as text, the function that was called, and the path.
    fn trap(mut self, name: &str, params: &[u32]) -> (TrapCode, String, String) {
        let error = self.try_call(name, params).expect_err("it traps");
        let trap = error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?}"));
        let site = trap.site().expect("an adapter has found it");
        (trap.code(), trap.cause().to_string(), format!("{} {}", site.adapter.function, site.path).trim().into())
    }
}

#[test]
fn indices_are_those_of_the_specification() {
    let mut three = Three::new();
    assert_eq!([7, 8, 9].map(|rep| three.call("make", &[rep])), [1, 2, 3]);
    assert_eq!([1, 2, 3].map(|index| three.call("get", &[index])), [7, 8, 9]);
    // The index that was freed last is taken first.
    three.call("drop", &[1]);
    three.call("drop", &[3]);
    three.call("drop", &[2]);
    assert_eq!([4, 5, 6, 7].map(|rep| three.call("make", &[rep])), [2, 3, 1, 4]);
    assert_eq!([1, 2, 3, 4].map(|index| three.call("get", &[index])), [6, 4, 5, 7]);
    // Handles of all types are in one table.
    assert_eq!(three.call("make-s", &[1]), 5);
    three.call("drop-s", &[5]);
    assert_eq!(three.call("make", &[1]), 5);
}

#[test]
fn owners_change() {
    let mut three = Three::new();
    three.call("make", &[70]);
    three.call("make", &[71]);
    assert_eq!(three.call("hold", &[1]), 1, "the keeper's first");
    assert_eq!(three.call("hold", &[2]), 2);
    assert_eq!(three.call("make", &[72]), 2, "the user's own were freed");
    assert_eq!(three.call("give", &[1]), 1);
    assert_eq!(three.call("get", &[1]), 70);
    assert_eq!(three.call("take", &[1]), 70, "the owner sees it as a handle, too");
    assert_eq!((three.call("last", &[]), three.call("count", &[])), (70, 1));
}

#[test]
fn destructors_run_for_whoever_drops() {
    let mut three = Three::new();
    three.call("make", &[5]);
    three.call("make", &[6]);
    three.call("hold", &[1]);
    assert_eq!(three.call("count", &[]), 0);
    three.call("keeper-drop", &[1]);
    assert_eq!((three.call("last", &[]), three.call("count", &[])), (5, 1));
    three.call("drop", &[2]);
    assert_eq!((three.call("last", &[]), three.call("count", &[])), (6, 2));
}

#[test]
fn what_is_lent_comes_back() {
    let mut three = Three::new();
    for rep in [10, 20, 30] {
        three.call("make", &[rep]);
    }
    assert_eq!(three.call("look", &[2]), 1, "to the keeper it is a handle of its own");
    assert_eq!(three.call("look", &[3]), 1);
    assert_eq!(three.call("sum", &[1, 2, 3]), 60);
    assert_eq!(three.call("sum", &[1, 1, 2]), 40, "one handle is lent twice");
    assert_eq!(three.call("look-all", &[3, 3, 1]), 123);
    // They were freed in that order.
    assert_eq!(three.call("look-all", &[1, 2, 3]), 321);
    assert_eq!(three.call("count", &[]), 0, "a borrow has no destructor");
    // Nothing is lent any more.
    assert_eq!([1, 2, 3].map(|index| three.call("take", &[index])), [10, 20, 30]);
}

/// What the place of a borrow held before does not count as lent.
#[test]
fn a_case_without_a_handle_lends_none() {
    let mut three = Three::new();
    three.call("make", &[10]);
    three.call("make", &[11]);
    for _ in 0..3 {
        assert_eq!(three.call("either", &[0, 1]), 10);
        assert_eq!(three.call("either", &[1, 2]), 2, "the error is a number and not a handle");
        assert_eq!(three.call("either", &[0, 2]), 11);
    }
    assert_eq!([1, 2].map(|index| three.call("take", &[index])), [10, 11]);
}

#[test]
fn tables_grow() {
    let mut three = Three::new();
    let count = 5_000;
    let indices: Vec<u32> = (1..=count).map(|rep| three.call("make", &[rep])).collect();
    assert_eq!(indices, (1..=count).collect::<Vec<_>>());
    for index in [1, 15, 16, 17, 4_095, 4_096, count] {
        assert_eq!(three.call("get", &[index]), index);
    }
    let held: Vec<u32> = (1..=count).map(|index| three.call("hold", &[index])).collect();
    assert_eq!(held, indices);
    assert_eq!(three.call("make", &[1]), count, "the last one freed");
    assert_eq!(three.call("give", &[17]), count - 1);
    assert_eq!(three.call("take", &[count - 1]), 17);
}

#[test]
fn lists_of_owned_handles() {
    let mut three = Three::new();
    assert_eq!(three.call("make-many", &[900]), 10_900);
    assert_eq!([1, 450, 900].map(|index| three.call("get", &[index])), [100, 549, 999]);
    // The owner has none of them any more: its next are what it had first, in reverse order.
    assert_eq!(three.call("make-many", &[2]), 9_010_902);
    assert_eq!([901, 902].map(|index| three.call("get", &[index])), [100, 101]);
}

#[test]
fn calls_with_scopes_repeat() {
    let mut three = Three::new();
    for rep in [10, 20, 30] {
        three.call("make", &[rep]);
    }
    for _ in 0..20_000 {
        three.call("look-all", &[1, 2, 3]);
    }
    assert_eq!(three.call("sum", &[1, 2, 3]), 60);
}

#[test]
fn handles_that_there_are_not() {
    let text = |index: u32| format!("unknown handle index {index}");
    for index in [0, 2, 15, 16, 1 << 28, u32::MAX] {
        let mut three = Three::new();
        three.call("make", &[1]);
        assert_eq!(three.trap("get", &[index]), (TrapCode::UnknownHandle, text(index), "get param \"self\"".into()));
    }
    // Before there is a table at all.
    assert_eq!(Three::new().trap("get", &[0]).1, text(0));
    assert_eq!(Three::new().trap("drop", &[1]), (TrapCode::UnknownHandle, text(1), "resource.drop r".into()));
    let freed = |name: &str| {
        let mut three = Three::new();
        three.call("make", &[1]);
        three.call(name, &[1]);
        three
    };
    assert_eq!(freed("drop").trap("take", &[1]).1, text(1));
    assert_eq!(freed("take").trap("drop", &[1]).1, text(1));
    assert_eq!(freed("hold").trap("look", &[1]).2, "look param \"it\"");
    // What a callee gives back, out of its own table.
    assert_eq!(Three::new().trap("give", &[3]), (TrapCode::UnknownHandle, text(3), "give result".into()));
}

#[test]
fn handles_of_another_type() {
    let user = || {
        let mut three = Three::new();
        three.call("make", &[1]);
        three.call("make-s", &[1]);
        three
    };
    let text = "handle index 2 used with the wrong type, expected guest-defined resource but found a different guest-defined \
                resource";
    for (name, params, place) in [
        ("get", &[2][..], "get param \"self\""),
        ("take", &[2], "take param \"self\""),
        ("drop", &[2], "resource.drop r"),
        ("sum", &[1, 2, 1], "sum param \"all\"[1]"),
        ("look-all", &[1, 1, 2], "look-all param \"all\"[2]"),
    ] {
        assert_eq!(user().trap(name, params), (TrapCode::HandleTypeMismatch, text.into(), place.into()));
    }
    assert_eq!(user().trap("drop-s", &[1]).0, TrapCode::HandleTypeMismatch);
}

#[test]
fn what_is_lent_stays() {
    let mut three = Three::new();
    three.call("make", &[1]);
    let trap = three.trap("both", &[1, 1]);
    let text = "cannot remove owned resource while borrowed: handle index 1, lent 1 times";
    assert_eq!(trap, (TrapCode::HandleLent, text.into(), "both param \"given\"".into()));
    // One lent, another given.
    let mut three = Three::new();
    three.call("make", &[1]);
    three.call("make", &[2]);
    assert_eq!(three.call("both", &[1, 2]), 2);
}

#[test]
fn borrows_end_with_the_call() {
    let mut three = Three::new();
    three.call("make", &[1]);
    let trap = three.trap("keep", &[1]);
    assert_eq!(
        trap,
        (TrapCode::BorrowsRemain, "borrow handles still remain at the end of the call: 1".into(), "keep".into())
    );
    // The result is lifted before that is looked at.
    let mut three = Three::new();
    three.call("make", &[1]);
    let text = "cannot lift own resource from a borrow: handle index 1";
    assert_eq!(three.trap("keep-as-own", &[1]), (TrapCode::HandleNotOwned, text.into(), "keep-as-own result".into()));
}

#[test]
fn a_borrow_can_be_lent_on_but_not_given_away() {
    let mut three = Three::new();
    three.call("make", &[40]);
    assert_eq!(three.call("lend-on", &[1]), 40);
    assert_eq!(three.call("lend-on", &[1]), 40);
    let text = "cannot lift own resource from a borrow: handle index 1";
    assert_eq!(three.trap("steal", &[1]), (TrapCode::HandleNotOwned, text.into(), "take param \"self\"".into()));
}

/// Two components that pass a resource of the host; it gives the type `file` under two names, and `folder` under one.
const HOSTED: &str = r#"(component
  (import "host" (instance $host
    (export "file" (type $file (sub resource)))
    (export "again" (type $again (sub resource)))
    (export "folder" (type $folder (sub resource)))
    (export "open" (func (param "x" u32) (result (own $file))))
    (export "open-folder" (func (param "x" u32) (result (own $folder))))))
  (alias export $host "file" (type $file))
  (alias export $host "again" (type $again))
  (alias export $host "folder" (type $folder))
  (component $lib
    (import "file" (type $file (sub resource)))
    (core func $drop (canon resource.drop $file))
    (core module $m
      (import "" "drop" (func $drop (param i32)))
      (func (export "look") (param i32) (result i32) (call $drop (local.get 0)) (local.get 0))
      (func (export "hold") (param i32) (result i32) (local.get 0)))
    (core instance $m (instantiate $m (with "" (instance (export "drop" (func $drop))))))
    (func (export "look") (param "it" (borrow $file)) (result u32) (canon lift (core func $m "look")))
    (func (export "hold") (param "it" (own $file)) (result u32) (canon lift (core func $m "hold")))
    (func (export "drop") (param "index" u32) (canon lift (core func $drop))))
  (instance $lib (instantiate $lib (with "file" (type $file))))
  (core func $open (canon lower (func $host "open")))
  (core func $open-folder (canon lower (func $host "open-folder")))
  (core func $look (canon lower (func $lib "look")))
  (core func $hold (canon lower (func $lib "hold")))
  (core func $drop-again (canon resource.drop $again))
  (core func $drop-folder (canon resource.drop $folder))
  (func (export "open") (param "x" u32) (result u32) (canon lift (core func $open)))
  (func (export "open-folder") (param "x" u32) (result u32) (canon lift (core func $open-folder)))
  (func (export "look") (param "x" u32) (result u32) (canon lift (core func $look)))
  (func (export "hold") (param "x" u32) (result u32) (canon lift (core func $hold)))
  (func (export "drop-again") (param "x" u32) (canon lift (core func $drop-again)))
  (func (export "drop-folder") (param "x" u32) (canon lift (core func $drop-folder)))
  (export "lib-drop" (func $lib "drop")))"#;

struct HostFile;
struct Folder;

/// Calls one function after the other; the last result, and what the host was told to destroy.
fn hosted(calls: &[(&str, u32)]) -> (Result<u32, gusset::Error>, Vec<u32>) {
    let engine = Engine::default();
    let component = Component::new(&engine, HOSTED).unwrap_or_else(|error| panic!("{error:?}"));
    let mut linker = Linker::<Vec<u32>>::new(&engine);
    let mut host = linker.instance("host").unwrap();
    let destroy = |mut store: StoreContextMut<'_, Vec<u32>>, rep| {
        store.data_mut().push(rep);
        Ok(())
    };
    host.resource("file", ResourceType::host::<HostFile>(), destroy).unwrap();
    host.resource("again", ResourceType::host::<HostFile>(), destroy).unwrap();
    host.resource("folder", ResourceType::host::<Folder>(), destroy).unwrap();
    type Context<'a> = StoreContextMut<'a, Vec<u32>>;
    host.func_wrap("open", |_: Context<'_>, (x,): (u32,)| Ok((Resource::<HostFile>::new_own(x),))).unwrap();
    host.func_wrap("open-folder", |_: Context<'_>, (x,): (u32,)| Ok((Resource::<Folder>::new_own(x),))).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let mut last = Ok(0);
    for &(name, param) in calls {
        let func = instance.get_func(&mut store, name).unwrap();
        let mut results = vec![Val::U32(0); usize::from(func.result(&store).is_some())];
        last = func.call(&mut store, &[Val::U32(param)], &mut results).map(|()| match results.pop() {
            Some(Val::U32(result)) => result,
            _ => 0,
        });
    }
    (last, store.into_data())
}

#[test]
fn resources_of_the_host_pass_between_components() {
    let (index, destroyed) = hosted(&[("open", 40), ("open", 41), ("look", 2), ("look", 1)]);
    assert_eq!((index.unwrap(), destroyed), (1, vec![]));
    let (index, destroyed) = hosted(&[("open", 40), ("open", 41), ("hold", 2), ("lib-drop", 1), ("open", 42)]);
    assert_eq!((index.unwrap(), destroyed), (2, vec![41]));
    // One type under two names.
    let (dropped, destroyed) = hosted(&[("open", 40), ("drop-again", 1)]);
    assert_eq!((dropped.unwrap(), destroyed), (0, vec![40]));
}

#[test]
fn types_of_the_host_are_told_apart() {
    let text = "handle index 1 used with the wrong type, expected host-defined resource but found a different host-defined \
                resource";
    for calls in [[("open-folder", 1), ("look", 1)], [("open", 1), ("drop-folder", 1)]] {
        let error = hosted(&calls).0.expect_err("it traps");
        assert_eq!(error.downcast_ref::<Trap>().unwrap().cause().to_string(), text);
    }
}

/// A component that makes as many handles as it is told, and says which index it got last.
const MANY: &str = r#"(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (func (export "many") (param $n i32) (result i32)
      (local $last i32)
      (loop $next
        (local.set $last (call $new (local.get $n)))
        (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $last)))
  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func (export "many") (param "n" u32) (result u32) (canon lift (core func $m "many"))))"#;

#[test]
#[ignore = "takes 2 GiB"]
fn tables_have_a_limit() {
    let engine = Engine::new(Config::new().max_host_bytes(8 << 30)).unwrap();
    let component = Component::new(&engine, MANY).unwrap_or_else(|error| panic!("{error:?}"));
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
    let many = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "many").unwrap();
    let most = (1 << 26) - 1;
    assert_eq!(many.call(&mut store, (most,)).unwrap(), (most,));
    let error = many.call(&mut store, (1,)).unwrap_err();
    let trap = error.downcast_ref::<Trap>().unwrap();
    assert_eq!(trap.cause().to_string(), "handle table is full: 67108864");
}

/// The functions of an adapter module with a state memory that cannot grow beyond two pages: what they do where there is no room.
/// They need no component for that, and no runtime of components.
#[test]
fn tables_end_with_their_memory() {
    let engine = Engine::default();
    let component = Component::new(&engine, MANY).unwrap_or_else(|error| panic!("{error:?}"));
    let [adapters] = component.adapters() else { panic!("there is one module of adapters") };
    let module = core::Module::new(&engine, &adapters.wasm).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let mut linker = core::Linker::<Vec<core::Val>>::new(&engine);
    let ty = core::MemoryType { minimum: 1, maximum: Some(2), memory64: false, shared: false, page_size_log2: 16 };
    let state = core::Memory::new(&mut store, ty).unwrap();
    let heap = heap_start(1);
    state.data_mut(&mut store)[..4].copy_from_slice(&heap.to_le_bytes());
    linker.define("state", "state", state).unwrap();
    let (i32, i64) = (core::ValType::I32, core::ValType::I64);
    let ty = core::FuncType { params: [i32, i32, i64, i64].into(), results: [].into() };
    linker
        .func_new("trap", "0", ty, |mut store, params, _| {
            store.data_mut().extend(params);
            Err(Trap::new(TrapCode::Unreachable).into())
        })
        .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let (name, _) = instance.exports(&mut store).remove(0);
    let new = instance.get_func(&mut store, &name).unwrap();
    let add = |store: &mut Store<_>| {
        let mut index = [core::Val::I32(0)];
        new.call(store, &[core::Val::I32(9)], &mut index).map(|()| index)
    };
    for index in 1..4_096 {
        assert_eq!(add(&mut store).unwrap(), [core::Val::I32(index)]);
    }
    assert_eq!(state.size(&store), 2, "tables of 16, 32, ... 4096 entries");
    let full = TrapCode::HandleTableFull as i32;
    add(&mut store).unwrap_err();
    assert_eq!(store.data()[1..], [core::Val::I32(full), core::Val::I64(4_096), core::Val::I64(0)]);
}
