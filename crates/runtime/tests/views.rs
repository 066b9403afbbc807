//! Views of strings and lists that stay in a guest's memory: what they show, when the guest writes there, moves on, or lies.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{
    AsContext, Component, Config, Engine, Instance, Linker, Result, Store, StoreContextMut, Trap, TrapCode, WasmList,
    WasmStr,
};
use std::borrow::Cow;
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(Engine::default)
}

/// A guest of that encoding whose `pass` gives the host a string and a list at these places, and which can be written to and grown.
/// `post-return` of `result` overwrites what it returned.
fn guest(encoding: &str) -> String {
    format!(
        r#"(component
          (import "take" (func $take (param "text" string) (param "numbers" (list u32))))
          (core module $libc
            (memory (export "mem") 1)
            (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
          (core instance $libc (instantiate $libc))
          (core func $take (canon lower (func $take) (memory (core memory $libc "mem")) string-encoding={encoding}))
          (core module $m
            (import "" "take" (func $take (param i32 i32 i32 i32)))
            (import "libc" "mem" (memory 1))
            (func (export "pass") (param i32 i32 i32 i32)
              (call $take (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
            (func (export "result") (param i32 i32) (result i32)
              (i32.store (i32.const 8) (local.get 0))
              (i32.store (i32.const 12) (local.get 1))
              (i32.const 8))
            (func (export "post") (param i32)
              (memory.fill (i32.load (local.get 0)) (i32.const 0xff) (i32.load (i32.const 12)))))
          (core instance $m (instantiate $m
            (with "libc" (instance $libc)) (with "" (instance (export "take" (func $take))))))
          (func (export "poke") (param "at" u32) (param "byte" u8) (canon lift (core func $libc "poke")))
          (func (export "grow") (param "by" u32) (result s32) (canon lift (core func $libc "grow")))
          (func (export "pass") (param "t" u32) (param "tl" u32) (param "n" u32) (param "nl" u32)
            (canon lift (core func $m "pass")))
          (func (export "result") (param "at" u32) (param "length" u32) (result (list u8))
            (canon lift (core func $m "result") (memory (core memory $libc "mem")) (post-return (core func $m "post"))))
          (export "passed-on" (func $take)))"#
    )
}

/// What the host was given, and the instance.
#[derive(Default)]
struct Taken {
    views: Vec<(WasmStr, WasmList<u32>)>,
    instance: Option<Instance>,
}

fn instance(encoding: &str) -> (Store<Taken>, Instance) {
    let component = Component::new(engine(), guest(encoding)).unwrap();
    let mut linker = Linker::<Taken>::new(engine());
    let take = |mut store: StoreContextMut<'_, Taken>, views: (WasmStr, WasmList<u32>)| {
        store.data_mut().views.push(views);
        Ok(())
    };
    linker.root().func_wrap("take", take).unwrap();
    let mut store = Store::new(engine(), Taken::default());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    store.data_mut().instance = Some(instance);
    (store, instance)
}

fn poke(store: &mut Store<Taken>, at: u32, bytes: &[u8]) {
    let instance = store.data().instance.unwrap();
    let poke = instance.get_typed_func::<(u32, u8), ()>(&mut *store, "poke").unwrap();
    bytes.iter().zip(at..).for_each(|(byte, at)| poke.call(&mut *store, (at, *byte)).unwrap());
}

fn pass(store: &mut Store<Taken>, text: (u32, u32), numbers: (u32, u32)) -> Result<(WasmStr, WasmList<u32>)> {
    let instance = store.data().instance.unwrap();
    let pass = instance.get_typed_func::<(u32, u32, u32, u32), ()>(&mut *store, "pass")?;
    pass.call(&mut *store, (text.0, text.1, numbers.0, numbers.1))?;
    Ok(store.data_mut().views.pop().unwrap())
}

fn code(error: gusset::Error) -> (TrapCode, String) {
    let trap = error.downcast_ref::<Trap>().expect("it is a trap");
    (trap.code(), trap.site().map(|site| site.path.to_string()).unwrap_or_default())
}

#[test]
fn views_borrow_what_stands_there_now() {
    let (mut store, instance) = instance("utf8");
    poke(&mut store, 100, "aé☃".as_bytes());
    poke(&mut store, 200, &[1, 0, 0, 0, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let (text, numbers) = pass(&mut store, (100, 6), (200, 3)).unwrap();
    assert!(matches!(text.to_str(&store).unwrap(), Cow::Borrowed("aé☃")));
    assert_eq!(numbers.as_le_slice(&store), [1, 2, u32::MAX]);
    assert_eq!((numbers.len(), numbers.get(&store, 1), numbers.get(&store, 3)), (3, Some(2), None));
    assert_eq!(numbers.iter(store.as_context()).rev().collect::<Vec<_>>(), [u32::MAX, 2, 1]);
    // Both show what the guest writes later, also where they overlap, and after its memory has grown.
    let (_, overlapping) = pass(&mut store, (0, 0), (204, 1)).unwrap();
    poke(&mut store, 101, b"xy");
    poke(&mut store, 204, &[7]);
    let grow = instance.get_typed_func::<(u32,), (i32,)>(&mut store, "grow").unwrap();
    assert_eq!(grow.call(&mut store, (100,)).unwrap().0, 1);
    assert_eq!(text.to_str(&store).unwrap(), "axy☃");
    assert_eq!(numbers.as_le_slice(&store), [1, 7, u32::MAX]);
    assert_eq!(overlapping.clone().as_le_slice(&store), [7]);
    assert_eq!(format!("{text:?} {numbers:?}"), "WasmStr(6 bytes) WasmList(3 elements)");
}

#[test]
fn a_list_is_copied_into_the_callers_buffer() {
    let (mut store, _) = instance("utf8");
    poke(&mut store, 200, &[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
    let (_, numbers) = pass(&mut store, (0, 0), (200, 3)).unwrap();
    let mut large = [9; 5];
    assert_eq!((numbers.copy_into(&store, &mut large), large), (3, [1, 2, 3, 9, 9]));
    let mut small = [9; 2];
    assert_eq!((numbers.copy_into(&store, &mut small), small), (2, [1, 2]));
    let (_, none) = pass(&mut store, (0, 0), (65536, 0)).unwrap();
    assert_eq!((none.copy_into(&store, &mut small), none.is_empty()), (0, true));
}

#[test]
fn strings_of_other_encodings_are_decoded() {
    let (mut store, _) = instance("utf16");
    poke(&mut store, 100, &[b'a', 0, 0xe9, 0, 0x34, 0xd8, 0x1e, 0xdd]);
    let (text, _) = pass(&mut store, (100, 4), (0, 0)).unwrap();
    assert_eq!(text.to_str(&store).unwrap(), "aé𝄞");
    poke(&mut store, 106, b"aa");
    assert_eq!(code(text.to_str(&store).unwrap_err()), (TrapCode::InvalidUtf16, String::new()));
    let (mut store, _) = instance("latin1+utf16");
    poke(&mut store, 100, &[b'a', 0xe9, 0x34, 0]);
    let (latin1, _) = pass(&mut store, (100, 2), (0, 0)).unwrap();
    let (utf16, _) = pass(&mut store, (102, 1 | 1 << 31), (0, 0)).unwrap();
    assert_eq!((latin1.to_str(&store).unwrap(), utf16.to_str(&store).unwrap()), ("aé".into(), "4".into()));
}

#[test]
fn places_are_checked_when_they_are_lifted_and_texts_when_they_are_looked_at() {
    let page = 65536;
    for (text, numbers, expected) in [
        ((page - 1, 2), (0, 0), (TrapCode::StringPointerOutOfBounds, "param \"text\"")),
        ((page + 1, 0), (0, 0), (TrapCode::StringPointerOutOfBounds, "param \"text\"")),
        ((0, u32::MAX), (0, 0), (TrapCode::StringTooLong, "param \"text\"")),
        ((0, 0), (2, 0), (TrapCode::UnalignedPointer, "param \"numbers\"")),
        ((0, 0), (page - 4, 2), (TrapCode::ListPointerOutOfBounds, "param \"numbers\"")),
        ((0, 0), (0, 1 << 30), (TrapCode::ListTooLong, "param \"numbers\"")),
    ] {
        let (mut store, _) = instance("utf8");
        let (found, path) = code(pass(&mut store, text, numbers).unwrap_err());
        assert_eq!((found, &*path), expected, "{text:?} {numbers:?}");
    }
    let (mut store, _) = instance("utf8");
    poke(&mut store, 100, &[b'a', 0xff]);
    let (text, _) = pass(&mut store, (100, 2), (0, 0)).unwrap();
    let error = text.to_str(&store).unwrap_err();
    assert!(error.to_string().contains("invalid utf-8"), "{error}");
    assert_eq!(code(error), (TrapCode::InvalidUtf8, String::new()));
    poke(&mut store, 101, b"b");
    assert_eq!(text.to_str(&store).unwrap(), "ab");
}

#[test]
fn results_are_looked_at_before_post_return() {
    let (mut store, instance) = instance("utf8");
    poke(&mut store, 100, b"abc");
    let result = instance.get_typed_func::<(u32, u32), (WasmList<u8>,)>(&mut store, "result").unwrap();
    let (sum, view) = result
        .call_with(&mut store, (100, 3), |store, (list,)| (list.iter(store).map(u32::from).sum::<u32>(), list.clone()))
        .unwrap();
    assert_eq!(sum, 97 + 98 + 99);
    // Now the guest has written there.
    assert_eq!(view.as_le_slice(&store), [0xff; 3]);
    let copied = instance.get_typed_func::<(u32, u32), (Vec<u8>,)>(&mut store, "result").unwrap();
    poke(&mut store, 100, b"abc");
    assert_eq!(copied.call(&mut store, (100, 3)).unwrap().0, b"abc");
}

#[test]
fn a_decoded_text_has_a_limit() {
    let engine = Engine::new(Config::new().max_lifted_bytes(1000)).unwrap();
    let component = Component::new(&engine, guest("utf16")).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    let take = |store: StoreContextMut<'_, ()>, (text, _): (WasmStr, WasmList<u32>)| text.to_str(&store).map(|_| ());
    linker.root().func_wrap("take", take).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let pass = instance.get_typed_func::<(u32, u32, u32, u32), ()>(&mut store, "pass").unwrap();
    pass.call(&mut store, (1000, 900, 0, 0)).unwrap();
    let error = pass.call(&mut store, (1000, 1100, 0, 0)).unwrap_err().root_cause().to_string();
    assert!(error.contains("more than 1000 bytes of the host; Config::max_lifted_bytes"), "{error}");
}

#[test]
fn from_the_host_to_itself_a_view_shows_a_copy() {
    let (mut store, instance) = instance("utf16");
    let passed = instance.get_typed_func::<(&str, &[u32]), ()>(&mut store, "passed-on").unwrap();
    passed.call(&mut store, ("a𝄞", &[5, 6, 7])).unwrap();
    let (text, numbers) = store.data_mut().views.pop().unwrap();
    assert_eq!(text.to_str(&store).unwrap(), "a𝄞");
    assert_eq!(numbers.as_le_slice(&store), [5, 6, 7]);
}

#[test]
#[should_panic(expected = "a MemoryHandle was used with a store that it is not of")]
fn a_view_is_of_one_store() {
    let (mut store, _) = instance("utf8");
    let (text, _) = pass(&mut store, (0, 1), (0, 0)).unwrap();
    let _ = text.to_str(&Store::new(engine(), ()));
}
