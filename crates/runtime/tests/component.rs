//! Components from the host's side: calls in and out, values of all kinds, and everything that can go wrong on the way.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    AsContextMut, Component, Engine, Error, Instance, Linker, Resource, ResourceAny, ResourceType, Store,
    StoreContextMut, Trap, TrapCode, Val, WaveCall,
};
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

fn component(text: &str) -> Component {
    Component::new(engine(), text).unwrap_or_else(|error| panic!("{error:?}"))
}

/// An instance of a component that imports nothing.
fn instance(text: &str) -> (Store<()>, Instance) {
    let mut store = Store::new(engine(), ());
    let instance = Linker::new(engine()).instantiate(&mut store, &component(text)).unwrap();
    (store, instance)
}

fn call(store: &mut Store<()>, instance: Instance, name: &str, params: &[Val]) -> Result<Val, Error> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = vec![Val::Bool(false); usize::from(func.result(&*store).is_some())];
    func.call(store, params, &mut results)?;
    Ok(results.pop().unwrap_or(Val::Tuple(Vec::new())))
}

fn trap_code(error: &Error) -> Option<TrapCode> {
    error.downcast_ref::<Trap>().map(Trap::code)
}

fn string(text: &str) -> Val {
    Val::String(text.into())
}

/// An allocator that only moves forward and copies what it moves, starting at 1024.
const REALLOC: &str = r#"
    (global $next (mut i32) (i32.const 1024))
    (func $realloc (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (if (i32.lt_u (local.get $old_size) (local.get $size)) (then) (else (local.set $old_size (local.get $size))))
      (memory.copy (local.get $at) (local.get $old) (local.get $old_size))
      (local.get $at))
"#;

const ADD: &str = r#"(component
  (core module $m
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "nothing"))
    (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5))))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
  (func (export "nothing") (canon lift (core func $i "nothing")))
  (func (export "half") (param "x" f64) (result f64) (canon lift (core func $i "half"))))"#;

#[test]
fn scalars_go_in_and_out() {
    let (mut store, instance) = instance(ADD);
    assert_eq!(call(&mut store, instance, "add", &[Val::U32(40), Val::U32(2)]).unwrap(), Val::U32(42));
    let add = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "add").unwrap();
    assert_eq!(add.call(&mut store, (u32::MAX, 2)).unwrap(), (1,));
    instance.get_typed_func::<(), ()>(&mut store, "nothing").unwrap().call(&mut store, ()).unwrap();
    let half = instance.get_typed_func::<(f64,), (f64,)>(&mut store, "half").unwrap();
    assert_eq!(half.call(&mut store, (3.0,)).unwrap(), (1.5,));
}

#[test]
fn wrong_types_are_errors_and_lock_nothing() {
    let (mut store, instance) = instance(ADD);
    let message = |result: Result<Val, Error>| format!("{:#}", result.unwrap_err());
    assert_eq!(
        message(call(&mut store, instance, "add", &[Val::U32(1), string("x")])),
        "the call of `add` failed: param \"b\": expected u32, found string"
    );
    assert_eq!(
        message(call(&mut store, instance, "add", &[Val::U32(1)])),
        "function `add` has 2 parameters, but 1 were given"
    );
    let func = instance.get_func(&mut store, "add").unwrap();
    let error = func.call(&mut store, &[Val::U32(1), Val::U32(2)], &mut []).unwrap_err();
    assert_eq!(format!("{error:#}"), "function `add` has 1 results, but there is room for 0");
    let error = instance.get_typed_func::<(String,), (u32,)>(&mut store, "add").err().unwrap();
    assert_eq!(
        format!("{error:#}"),
        "function `add`: its type is func(u32, u32) -> u32, but the Rust types stand for func(string) -> u32"
    );
    let error = instance.get_typed_func::<(), ()>(&mut store, "sub").err().unwrap();
    assert_eq!(
        error.to_string(),
        "no exported function is called `sub`; the component exports\n  add: func(a: u32, b: u32) -> u32\n  nothing: func()\n  \
         half: func(x: f64) -> f64"
    );
    assert_eq!(call(&mut store, instance, "add", &[Val::U32(1), Val::U32(2)]).unwrap(), Val::U32(3));
}

#[test]
fn calls_in_wave() {
    let (mut store, instance) = instance(ADD);
    let call = WaveCall::parse("add(40, 2)").unwrap();
    let func = instance.get_func(&mut store, call.name()).unwrap();
    let args = call.arguments(&func.ty(&store)).unwrap();
    let mut results = [Val::Bool(false)];
    func.call(&mut store, &args, &mut results).unwrap();
    assert_eq!(results[0].to_wave().unwrap(), "42");
}

/// A component whose `echo` passes its one parameter back, through memory, and counts calls of `post-return`.
fn echo(types: &str, ty: &str, encoding: &str) -> String {
    format!(
        r#"(component
          (core module $m
            (memory (export "mem") 1)
            (global $posts (mut i32) (i32.const 0))
            {REALLOC}
            (func (export "echo") (param i32 i32) (result i32)
              (i32.store (i32.const 8) (local.get 0))
              (i32.store (i32.const 12) (local.get 1))
              (i32.const 8))
            (func (export "post") (param i32)
              (if (i32.ne (local.get 0) (i32.const 8)) (then unreachable))
              (global.set $posts (i32.add (global.get $posts) (i32.const 1))))
            (func (export "posts") (result i32) (global.get $posts)))
          (core instance $i (instantiate $m))
          {types}
          (func (export "echo") (param "x" {ty}) (result {ty})
            (canon lift (core func $i "echo") (memory (core memory $i "mem")) (realloc (core func $i "realloc"))
              (post-return (core func $i "post")) {encoding}))
          (func (export "posts") (result u32) (canon lift (core func $i "posts"))))"#
    )
}

#[test]
fn strings_pass_in_every_encoding() {
    for encoding in ["string-encoding=utf8", "string-encoding=utf16", "string-encoding=latin1+utf16"] {
        let (mut store, instance) = instance(&echo("", "string", encoding));
        let texts = ["", "hello", "naïve", "☃ 𝄞"];
        for text in texts {
            assert_eq!(call(&mut store, instance, "echo", &[string(text)]).unwrap(), string(text), "{encoding}");
        }
        let typed = instance.get_typed_func::<(&str,), (String,)>(&mut store, "echo").unwrap();
        assert_eq!(typed.call(&mut store, ("typed é",)).unwrap().0, "typed é");
        let posts = call(&mut store, instance, "posts", &[]).unwrap();
        assert_eq!(posts, Val::U32(texts.len() as u32 + 1));
    }
}

#[test]
fn lists_pass_through_memory() {
    let types = r#"(type $item (record (field "name" string) (field "size" u16)))
                   (export $item2 "item" (type $item))"#;
    let (mut store, instance) = instance(&echo(types, "(list $item2)", ""));
    let item = |name: &str, size| Val::Record(vec![("name".into(), string(name)), ("size".into(), Val::U16(size))]);
    let list = Val::List(vec![item("a", 1), item("", 2), item("ccc", u16::MAX)]);
    assert_eq!(call(&mut store, instance, "echo", std::slice::from_ref(&list)).unwrap(), list);
    let bad =
        Val::List(vec![item("a", 1), Val::Record(vec![("name".into(), Val::U32(1)), ("size".into(), Val::U16(1))])]);
    let error = call(&mut store, instance, "echo", &[bad]).unwrap_err();
    assert_eq!(format!("{error:#}"), "the call of `echo` failed: param \"x\"[1].name: expected string, found u32");

    let (mut store, instance) = self::instance(&echo("", "(list (tuple u8 string))", ""));
    let typed = instance.get_typed_func::<(&[(u8, &str)],), (Vec<(u8, String)>,)>(&mut store, "echo").unwrap();
    let (back,) = typed.call(&mut store, (&[(1, "x"), (2, "yy")],)).unwrap();
    assert_eq!(back, [(1, "x".to_string()), (2, "yy".to_string())]);
}

#[test]
fn many_parameters_and_results_go_through_memory() {
    let params: String = (0..17).map(|i| format!("(param \"p{i}\" u8)")).collect();
    let (mut store, instance) = instance(&format!(
        r#"(component
          (core module $m
            (memory (export "mem") 1)
            {REALLOC}
            (func (export "f") (param i32) (result i32)
              (i64.store (i32.const 16) (i64.load8_u offset=16 (local.get 0)))
              (i32.store8 (i32.const 24) (i32.load8_u offset=1 (local.get 0)))
              (i32.const 16)))
          (core instance $i (instantiate $m))
          (func (export "f") {params} (result (tuple u64 bool))
            (canon lift (core func $i "f") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))"#
    ));
    let params: Vec<Val> = (0..17).map(|i| Val::U8(if i == 16 { 200 } else { i })).collect();
    let result = call(&mut store, instance, "f", &params).unwrap();
    assert_eq!(result, Val::Tuple(vec![Val::U64(200), Val::Bool(true)]));
}

/// A component that returns whatever string or list bounds it is given.
const RAW: &str = r#"(component
  (core module $m
    (memory (export "mem") 1)
    (data (i32.const 0) "\ff\c3")
    (func (export "f") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (i32.const 16))
    (func (export "at") (param i32) (result i32) (local.get 0))
    (func (export "trap") unreachable))
  (core instance $i (instantiate $m))
  (func (export "string") (param "at" u32) (param "len" u32) (result string)
    (canon lift (core func $i "f") (memory (core memory $i "mem"))))
  (func (export "list") (param "at" u32) (param "len" u32) (result (list u32))
    (canon lift (core func $i "f") (memory (core memory $i "mem"))))
  (func (export "tuple") (param "at" u32) (result (tuple u32 u32))
    (canon lift (core func $i "at") (memory (core memory $i "mem"))))
  (func (export "char") (param "at" u32) (result char) (canon lift (core func $i "at")))
  (type $e (enum "a" "b"))
  (export $e2 "e" (type $e))
  (func (export "enum") (param "at" u32) (result $e2) (canon lift (core func $i "at")))
  (func (export "trap") (canon lift (core func $i "trap"))))"#;

#[test]
fn bad_results_trap_with_their_texts_and_places() {
    let page = 65536;
    let cases: &[(&str, &[u32], TrapCode, &str)] = &[
        ("string", &[page + 1, 0], TrapCode::StringPointerOutOfBounds, "string pointer/length out of bounds of memory"),
        ("string", &[page - 1, 2], TrapCode::StringPointerOutOfBounds, "string pointer/length out of bounds of memory"),
        ("string", &[0, 1], TrapCode::InvalidUtf8, "invalid utf-8"),
        ("string", &[1, 1], TrapCode::IncompleteUtf8, "incomplete utf-8 byte sequence"),
        ("list", &[2, 0], TrapCode::UnalignedPointer, "unaligned pointer"),
        ("list", &[page, 1], TrapCode::ListPointerOutOfBounds, "list pointer/length out of bounds of memory"),
        ("tuple", &[2], TrapCode::UnalignedPointer, "unaligned pointer"),
        ("tuple", &[page], TrapCode::PointerOutOfBounds, "pointer out of bounds"),
        ("char", &[0xd800], TrapCode::InvalidChar, "invalid `char` bit pattern"),
        ("enum", &[2], TrapCode::InvalidDiscriminant, "invalid variant discriminant"),
    ];
    for (name, params, code, text) in cases {
        let (mut store, instance) = instance(RAW);
        let params: Vec<Val> = params.iter().map(|param| Val::U32(*param)).collect();
        let error = call(&mut store, instance, name, &params).unwrap_err();
        assert_eq!(trap_code(&error), Some(*code), "{name}");
        assert!(format!("{error:#}").contains(text), "{error}");
        let site = error.downcast_ref::<Trap>().and_then(Trap::site).unwrap();
        assert_eq!((&*site.adapter.caller, &*site.adapter.function, &*site.path), ("host", *name, "result"));
    }
}

#[test]
fn a_trap_locks_the_instance() {
    let (mut store, instance) = instance(RAW);
    assert_eq!(call(&mut store, instance, "char", &[Val::U32(97)]).unwrap(), Val::Char('a'));
    let error = call(&mut store, instance, "trap", &[]).unwrap_err();
    assert_eq!(trap_code(&error), Some(TrapCode::Unreachable));
    let error = call(&mut store, instance, "char", &[Val::U32(97)]).unwrap_err();
    assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter));
    assert!(format!("{error:#}").contains("cannot enter component instance"));
}

#[test]
fn bad_allocators_trap() {
    let guest = |pointer: i32| {
        format!(
            r#"(component
              (core module $m
                (memory (export "mem") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const {pointer}))
                (func (export "f") (param i32 i32)))
              (core instance $m (instantiate $m))
              (func (export "f") (param "a" (list u32))
                (canon lift (core func $m "f") (memory (core memory $m "mem")) (realloc (core func $m "realloc")))))"#
        )
    };
    let error = |pointer, items: &[u32]| {
        let (mut store, instance) = instance(&guest(pointer));
        let list = Val::List(items.iter().map(|item| Val::U32(*item)).collect());
        call(&mut store, instance, "f", &[list]).unwrap_err().to_string()
    };
    assert!(error(-4, &[1, 2]).contains("realloc return: beyond end of memory"));
    assert!(error(-4, &[]).contains("realloc return: beyond end of memory"));
    assert!(error(-1, &[1]).contains("realloc return: result not aligned"));
}

/// A component that calls the host: `run` passes its string on, doubled by the host.
fn importer() -> String {
    format!(
        r#"(component
          (import "docs:demo/text@1.0.0" (instance $text
            (export "twice" (func (param "s" string) (result string)))
            (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
          (core module $libc (memory (export "mem") 1) {REALLOC})
          (core instance $libc (instantiate $libc))
          (core func $twice (canon lower (func $text "twice")
            (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
          (core func $add (canon lower (func $text "add")))
          (core module $m
            (import "host" "twice" (func $twice (param i32 i32 i32)))
            (import "host" "add" (func $add (param i32 i32) (result i32)))
            (func (export "run") (param i32 i32) (result i32)
              (call $twice (local.get 0) (local.get 1) (i32.const 512))
              (i32.const 512))
            (func (export "sum") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1))))
          (core instance $m (instantiate $m (with "host" (instance
            (export "twice" (func $twice)) (export "add" (func $add))))))
          (func (export "run") (param "s" string) (result string)
            (canon lift (core func $m "run") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
          (func (export "sum") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $m "sum")))
          (export "passed-on" (instance $text)))"#
    )
}

fn host(linker: &mut Linker<Vec<String>>) {
    let mut text = linker.instance("docs:demo/text@1.0.0").unwrap();
    text.func_wrap("twice", |mut store: StoreContextMut<'_, Vec<String>>, (s,): (String,)| {
        store.data_mut().push(s.clone());
        if s == "fail" {
            return Err(Error::from(std::io::Error::other("the host failed")));
        }
        Ok((format!("{s}{s}"),))
    })
    .unwrap();
    text.func_new("add", |_, params, results| {
        let [Val::U32(a), Val::U32(b)] = params else { return Err(Error::msg("not two numbers")) };
        results[0] = if *a == 99 { Val::Bool(true) } else { Val::U32(a + b) };
        Ok(())
    })
    .unwrap();
}

#[test]
fn guests_call_the_host() {
    let component = component(&importer());
    let mut linker = Linker::new(engine());
    host(&mut linker);
    let pre = linker.instantiate_pre(&component).unwrap();
    let mut store = Store::new(engine(), Vec::new());
    let instance = pre.instantiate(&mut store).unwrap();
    let run = instance.get_typed_func::<(&str,), (String,)>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, ("né",)).unwrap().0, "néné");
    let sum = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "sum").unwrap();
    assert_eq!(sum.call(&mut store, (1, 2)).unwrap().0, 3);
    assert_eq!(store.data(), &["né"]);
    // What a component imports and exports as it is, the host calls through it.
    let passed = instance.get_func(&mut store, "passed-on#twice").unwrap();
    let mut results = [Val::Bool(false)];
    passed.call(&mut store, &[string("x")], &mut results).unwrap();
    assert_eq!(results[0], string("xx"));
    let typed = passed.typed::<(&str,), (String,)>(&store).unwrap();
    assert_eq!(typed.call(&mut store, ("yé",)).unwrap().0, "yéyé");
    let dynamic = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "passed-on#add").unwrap();
    assert_eq!(dynamic.call(&mut store, (40, 2)).unwrap().0, 42);
    assert!(passed.typed::<(u32,), (String,)>(&store).is_err());
    let error = typed.call(&mut store, ("fail",)).unwrap_err();
    assert_eq!(error.downcast_ref::<std::io::Error>().unwrap().to_string(), "the host failed");
    // An error of the host comes back as it was.
    let error = run.call(&mut store, ("fail",)).unwrap_err();
    assert_eq!(error.downcast_ref::<std::io::Error>().unwrap().to_string(), "the host failed");
    let error = run.call(&mut store, ("x",)).unwrap_err();
    assert_eq!(trap_code(&error), Some(TrapCode::CannotEnter));
    // A host function that returns something else is found out, by name.
    let instance = pre.instantiate(&mut store).unwrap();
    let sum = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "sum").unwrap();
    let error = format!("{:#}", sum.call(&mut store, (99, 0)).unwrap_err());
    assert!(error.contains(": import `docs:demo/text@1.0.0#add` failed: a host function returned a value"), "{error}");
    assert!(error.contains("result: expected u32, found bool"), "{error}");
}

#[test]
fn handles_change_hands_on_the_way_from_the_host_to_itself() {
    struct Token;
    let component = component(
        r#"(component
          (import "thing" (type $r (sub resource)))
          (import "swap" (func $swap (param "given" (own $r)) (param "lent" (borrow $r)) (result (own $r))))
          (export "passed-on" (func $swap)))"#,
    );
    let mut linker = Linker::<()>::new(engine());
    linker.root().resource("thing", ResourceType::host::<Token>(), |_, _| Ok(())).unwrap();
    let swap = |_: StoreContextMut<'_, ()>, (given, lent): (Resource<Token>, Resource<Token>)| {
        assert!(given.owned() && !lent.owned());
        Ok((Resource::<Token>::new_own(10 * given.rep() + lent.rep()),))
    };
    linker.root().func_wrap("swap", swap).unwrap();
    let mut store = Store::new(engine(), ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let passed = instance
        .get_typed_func::<(&Resource<Token>, &Resource<Token>), (Resource<Token>,)>(&mut store, "passed-on")
        .unwrap();
    let (given, lent) = (Resource::new_own(1), Resource::new_own(2));
    let (swapped,) = passed.call(&mut store, (&given, &lent)).unwrap();
    assert_eq!((swapped.rep(), swapped.owned()), (12, true));
    // What was given away is gone, what was lent is not lent any more.
    let error = format!("{:#}", passed.call(&mut store, (&given, &lent)).unwrap_err());
    assert!(error.contains("was used after it was given away"), "{error}");
    assert_eq!(passed.call(&mut store, (&lent, &swapped)).unwrap().0.rep(), 32);
    // WAVE has no syntax for them.
    let any = ResourceAny::try_from_resource(Resource::<Token>::new_own(1), &mut store).unwrap();
    let val = Val::Record(vec![("a".into(), Val::Tuple(vec![Val::U8(1), Val::Resource(any)]))]);
    assert_eq!(val.to_wave().unwrap_err().to_string(), ".a.1: WAVE has no syntax for a value of type own");
    assert_eq!(val.to_string(), "{a: (1, <own>)}");
}

#[test]
fn missing_and_wrong_imports_are_named() {
    let component = component(&importer());
    let error = |linker: &Linker<Vec<String>>| linker.instantiate_pre(&component).err().unwrap().to_string();
    let mut linker = Linker::new(engine());
    assert_eq!(
        error(&linker),
        "import \"docs:demo/text@1.0.0\" (instance) is missing: \"twice\": func(s: string) -> string, \
         \"add\": func(a: u32, b: u32) -> u32"
    );
    let mut text = linker.instance("docs:demo/text@1.0.0").unwrap();
    text.func_new("twice", |_, _, _| Ok(())).unwrap();
    assert_eq!(
        error(&linker),
        "import \"docs:demo/text@1.0.0\": function \"add\" is missing: func(a: u32, b: u32) -> u32"
    );
    let mut text = linker.instance("docs:demo/text@1.0.0").unwrap();
    text.func_wrap("add", |_: StoreContextMut<'_, Vec<String>>, (_, _): (u32, String)| Ok((1_u32,))).unwrap();
    assert_eq!(
        error(&linker),
        "import \"docs:demo/text@1.0.0\": function \"add\": its type is func(u32, u32) -> u32, \
         but the host function's is func(u32, string) -> u32"
    );
    let text = linker.instance("docs:demo/text@1.0.0").unwrap().func_new("add", |_, _, _| Ok(()));
    assert_eq!(text.unwrap_err().to_string(), "`docs:demo/text@1.0.0#add` is already defined as a function");
    linker.allow_shadowing(true).instance("docs:demo/text@1.0.0").unwrap().instance("add").unwrap();
    assert_eq!(error(&linker), "import \"docs:demo/text@1.0.0\": function \"add\" is defined as an instance");
    linker.root().func_new("docs:demo/text@1.0.0", |_, _, _| Ok(())).unwrap();
    assert_eq!(error(&linker), "import \"docs:demo/text@1.0.0\" (instance) is defined as a function");
}

#[test]
fn the_host_can_enter_what_is_calling_it() {
    let component = component(&importer());
    let mut linker = Linker::<Option<Instance>>::new(engine());
    let mut text = linker.instance("docs:demo/text@1.0.0").unwrap();
    text.func_wrap("twice", |_: StoreContextMut<'_, Option<Instance>>, (s,): (String,)| Ok((s,))).unwrap();
    text.func_wrap("add", |mut store: StoreContextMut<'_, Option<Instance>>, (a, b): (u32, u32)| {
        if a == 0 {
            return Ok((b,));
        }
        let instance = store.data().unwrap();
        let sum = instance.get_typed_func::<(u32, u32), (u32,)>(store.as_context_mut(), "sum")?;
        sum.call(&mut store, (a - 1, b + 1))
    })
    .unwrap();
    let mut store = Store::new(engine(), None);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    *store.data_mut() = Some(instance);
    let sum = instance.get_typed_func::<(u32, u32), (u32,)>(&mut store, "sum").unwrap();
    assert_eq!(sum.call(&mut store, (3, 4)).unwrap(), (7,));
}

#[test]
fn nobody_calls_out_of_post_return() {
    let text = r#"(component
      (import "out" (func $out))
      (core func $out (canon lower (func $out)))
      (core module $m
        (import "" "out" (func $out))
        (func (export "f") (result i32) (i32.const 1))
        (func (export "post") (param i32) (call $out)))
      (core instance $i (instantiate $m (with "" (instance (export "out" (func $out))))))
      (func (export "f") (result u32) (canon lift (core func $i "f") (post-return (core func $i "post")))))"#;
    let mut linker = Linker::new(engine());
    linker.root().func_wrap("out", |_: StoreContextMut<'_, ()>, (): ()| Ok(())).unwrap();
    let mut store = Store::new(engine(), ());
    let instance = linker.instantiate(&mut store, &component(text)).unwrap();
    let error = call(&mut store, instance, "f", &[]).unwrap_err();
    assert_eq!(trap_code(&error), Some(TrapCode::CannotLeave));
}

#[test]
fn components_call_each_other_through_adapters() {
    let text = format!(
        r#"(component
          (component $callee
            (core module $m
              (memory (export "mem") 1)
              {REALLOC}
              (func (export "len") (param i32 i32) (result i32) (local.get 1)))
            (core instance $i (instantiate $m))
            (func (export "len") (param "s" string) (result u32)
              (canon lift (core func $i "len") (memory (core memory $i "mem")) (realloc (core func $i "realloc"))
                string-encoding=utf16)))
          (component $caller
            (import "len" (func $len (param "s" string) (result u32)))
            (core module $libc (memory (export "mem") 1) {REALLOC})
            (core instance $libc (instantiate $libc))
            (core func $len (canon lower (func $len) (memory (core memory $libc "mem"))))
            (core module $m
              (import "" "len" (func $len (param i32 i32) (result i32)))
              (func (export "run") (param i32 i32) (result i32) (call $len (local.get 0) (local.get 1))))
            (core instance $m (instantiate $m (with "" (instance (export "len" (func $len))))))
            (func (export "run") (param "s" string) (result u32)
              (canon lift (core func $m "run") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))
          (instance $callee (instantiate $callee))
          (instance $caller (instantiate $caller (with "len" (func $callee "len"))))
          (export "run" (func $caller "run")))"#
    );
    let (mut store, instance) = instance(&text);
    let run = instance.get_typed_func::<(&str,), (u32,)>(&mut store, "run").unwrap();
    // In UTF-16 code units.
    assert_eq!(run.call(&mut store, ("né𝄞",)).unwrap().0, 4);
    let component = component(&text);
    let [adapters] = component.adapters() else { panic!("one module of adapters") };
    assert_eq!(adapters.names.len(), 1);
    assert!(adapters.wasm.starts_with(b"\0asm"));
}

#[test]
fn wrong_inputs_are_named() {
    let error = |bytes: &[u8]| format!("{:#}", Component::new(engine(), bytes).unwrap_err());
    assert!(error(b"\0asm\x01\0\0\0").contains("core module"), "{}", error(b"\0asm\x01\0\0\0"));
    assert_eq!(error(b""), "the input is empty");
    assert!(error(b"\xff\xfe\0binary").contains("neither wasm"));
    assert!(error(b"(component (nonsense))").contains("nonsense"));
    assert!(!error(b"\0asm\x0d\0\x01\0\x01").is_empty());
    assert!(error(b"(module)").contains("core module"), "{}", error(b"(module)"));
}

#[test]
fn imports_and_exports_can_be_listed() {
    use gusset::types::ComponentItem;
    let component = component(&importer());
    let (name, item) = component.imports().next().unwrap();
    assert_eq!(name, "docs:demo/text@1.0.0");
    let ComponentItem::Instance(items) = item else { panic!("an instance") };
    let ComponentItem::Func(twice) = &items[0].1 else { panic!("a function") };
    assert_eq!((&*items[0].0, twice.to_string()), ("twice", "func(s: string) -> string".to_string()));
    let mut exports: Vec<&str> = component.exports().map(|(name, _)| name).collect();
    exports.sort();
    assert_eq!(exports, ["passed-on", "run", "sum"]);
}

#[test]
fn the_types_of_modules_can_be_listed() {
    use gusset::types::ComponentItem;
    let component = component(
        r#"(component
          (import "given" (core module $given
            (import "a" "m" (memory 1 2)) (import "a" "t" (table 3 funcref)) (export "f" (func (param i32)))))
          (core module $own (import "b" "g" (global (mut f64))) (func (export "seven") (result i32) (i32.const 7)))
          (instance $i (export "own" (core module $own)))
          (export "inner" (instance $i))
          (export "passed-on" (core module $given)))"#,
    );
    let module = |item: &ComponentItem| {
        let ComponentItem::Module(ty) = item else { panic!("{item:?} is no module") };
        let imports = ty.imports().map(|(from, name, ty)| format!("{from} {name} {ty}"));
        imports.chain(ty.exports().map(|(name, ty)| format!("{name} {ty}"))).collect::<Vec<_>>()
    };
    let given = ["a m (memory 1 2)", "a t (table 3 funcref)", "f (func (param i32))"];
    let imports: Vec<_> = component.imports().map(|(_, item)| item).collect();
    let exports: Vec<_> = component.exports().map(|(_, item)| item).collect();
    assert_eq!(
        (module(&imports[0]), module(&exports[1])),
        (given.map(String::from).into(), given.map(String::from).into())
    );
    let ComponentItem::Instance(items) = &exports[0] else { panic!("an instance") };
    assert_eq!(module(&items[0].1), ["b g (global (mut f64))", "seven (func (result i32))"]);
}

#[test]
fn exported_modules_can_be_instantiated_by_themselves() {
    let text = r#"(component
      (core module (export "m") (func (export "seven") (result i32) (i32.const 7))))"#;
    let module = component(text).get_module("m").unwrap();
    assert_eq!(module.exports().next().unwrap().0, "seven");
    assert!(component(text).get_module("n").is_none());
}

#[test]
fn a_result_of_the_host_is_checked_against_the_callers_pointer() {
    let text = |pointer: i32| {
        format!(
            r#"(component
              (import "pair" (func $pair (result (tuple u32 u32))))
              (core module $libc (memory (export "mem") 1))
              (core instance $libc (instantiate $libc))
              (core func $pair (canon lower (func $pair) (memory (core memory $libc "mem"))))
              (core module $m
                (import "" "pair" (func $pair (param i32)))
                (import "" "mem" (memory 1))
                (func (export "f") (result i32)
                  (call $pair (i32.const {pointer}))
                  (i32.load (i32.const 12))))
              (core instance $m (instantiate $m (with "" (instance
                (export "pair" (func $pair)) (export "mem" (memory $libc "mem"))))))
              (func (export "f") (result u32) (canon lift (core func $m "f"))))"#
        )
    };
    let mut linker = Linker::new(engine());
    linker.root().func_wrap("pair", |_: StoreContextMut<'_, ()>, (): ()| Ok(((3_u32, 4_u32),))).unwrap();
    let run = |pointer| {
        let mut store = Store::new(engine(), ());
        let instance = linker.instantiate(&mut store, &component(&text(pointer))).unwrap();
        call(&mut store, instance, "f", &[])
    };
    assert_eq!(run(8).unwrap(), Val::U32(4));
    assert_eq!(trap_code(&run(9).unwrap_err()), Some(TrapCode::UnalignedPointer));
    let error = run(65532).unwrap_err();
    assert_eq!(trap_code(&error), Some(TrapCode::PointerOutOfBounds));
    let site = error.downcast_ref::<Trap>().and_then(Trap::site).unwrap();
    assert_eq!((&*site.adapter.callee, &*site.adapter.function), ("host", "pair"));
}

#[test]
fn adapters_name_the_bad_value() {
    let text = r#"(component
      (component $callee
        (core module $m (func (export "f") (param i32)))
        (core instance $i (instantiate $m))
        (func (export "f") (param "c" char) (canon lift (core func $i "f"))))
      (component $caller
        (import "f" (func $f (param "c" char)))
        (core func $f (canon lower (func $f)))
        (core module $m
          (import "" "f" (func $f (param i32)))
          (func (export "run") (call $f (i32.const 0xd800))))
        (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "run") (canon lift (core func $m "run"))))
      (instance $callee (instantiate $callee))
      (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
      (export "run" (func $caller "run")))"#;
    let (mut store, instance) = instance(text);
    let error = call(&mut store, instance, "run", &[]).unwrap_err();
    assert_eq!(trap_code(&error), Some(TrapCode::InvalidChar));
    let site = error.downcast_ref::<Trap>().and_then(Trap::site).unwrap();
    assert_eq!(site.path, "param \"c\"");
    assert_eq!((&*site.adapter.caller, &*site.adapter.callee), ("caller", "callee"));
}

/// What transcoders find is reported by the adapter, at the value's own place.
#[test]
fn adapters_name_the_bad_string() {
    let text = |caller: &str, callee: &str, bytes: &str| {
        format!(
            r#"(component
      (component $callee
        (core module $m
          (memory (export "memory") 1)
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
          (func (export "f") (param i32 i32)))
        (core instance $i (instantiate $m))
        (func (export "f") (param "texts" (list (tuple u8 string)))
          (canon lift (core func $i "f") string-encoding={callee}
            (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
      (component $caller
        (import "f" (func $f (param "texts" (list (tuple u8 string)))))
        (core module $libc
          (memory (export "memory") 1)
          (data (i32.const 0) "\00\00\00\00\40\00\00\00\00\00\00\00" "\00\00\00\00\40\00\00\00\02\00\00\00")
          (data (i32.const 64) "{bytes}"))
        (core instance $libc (instantiate $libc))
        (core func $f (canon lower (func $f) string-encoding={caller} (memory (core memory $libc "memory"))))
        (core module $m
          (import "" "f" (func $f (param i32 i32)))
          (func (export "run") (call $f (i32.const 0) (i32.const 2))))
        (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
        (func (export "run") (canon lift (core func $m "run"))))
      (instance $callee (instantiate $callee))
      (instance $caller (instantiate $caller (with "f" (func $callee "f"))))
      (export "run" (func $caller "run")))"#
        )
    };
    for (caller, bytes, code) in [
        ("utf8", r"a\ff", TrapCode::InvalidUtf8),
        ("utf8", r"a\c3", TrapCode::IncompleteUtf8),
        ("utf16", r"a\00\00\d8", TrapCode::InvalidUtf16),
    ] {
        for callee in ["utf8", "utf16", "latin1+utf16"] {
            let (mut store, instance) = instance(&text(caller, callee, bytes));
            let error = call(&mut store, instance, "run", &[]).unwrap_err();
            assert_eq!(trap_code(&error), Some(code), "{caller} to {callee}");
            let site = error.downcast_ref::<Trap>().and_then(Trap::site).unwrap();
            assert_eq!(site.path, "param \"texts\"[1].1", "{caller} to {callee}");
        }
    }
}

#[test]
fn files_are_named_in_their_errors() {
    let missing = Component::from_file(engine(), "no/such/file.wasm").err().unwrap();
    assert!(format!("{missing:#}").starts_with("cannot read no/such/file.wasm: "), "{missing}");
    assert!(missing.is::<std::io::Error>());
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let wrong = gusset::core::Module::from_file(engine(), &manifest).err().unwrap();
    assert!(format!("{wrong:#}").starts_with(&format!("cannot compile {}: ", manifest.display())), "{wrong}");
    let example = manifest.with_file_name("../../examples/text-pipeline/pipeline.wasm");
    assert!(Component::from_file(engine(), example).is_ok());
}

#[test]
fn what_may_go_to_other_threads() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<Engine>();
    shared::<Component>();
    shared::<Linker<()>>();
    shared::<gusset::InstancePre<()>>();
    shared::<gusset::core::Module>();
    sent::<Store<()>>();
}
