//! What values that are lifted out of a guest cost the host: names are shared, everything else is charged to the call.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::{Component, Config, Engine, Error, Instance, Linker, Store, StoreContextMut, Val, WaveCall};
use std::sync::Arc;

/// A component that returns whatever bounds of a list it is given, or passes them to the host; `long` is a name in its types.
fn guest(long: &str, pages: u32) -> String {
    let types = [
        ("record", format!("(record (field \"{long}\" u8) (field \"b\" (option u8)))")),
        ("variant", format!("(variant (case \"{long}\" u8) (case \"other\"))")),
        ("enum", format!("(enum \"{long}\" \"other\")")),
        ("flags", format!("(flags \"{long}\" \"other\")")),
    ];
    let named: String = types
        .iter()
        .map(|(name, ty)| format!("(type ${name}-it {ty}) (export ${name} \"{name}\" (type ${name}-it))"))
        .collect();
    let lists = [
        ("records", "(list $record)"),
        ("variants", "(list $variant)"),
        ("enums", "(list $enum)"),
        ("flagss", "(list $flags)"),
        ("bytes", "(list u8)"),
        ("texts", "(list string)"),
        ("pairs", "(list (tuple u8 string))"),
    ];
    let returns: String = lists
        .iter()
        .map(|(name, ty)| {
            format!(
                r#"(func (export "{name}") (param "at" u32) (param "length" u32) (result {ty})
                  (canon lift (core func $i "make") (memory $mem)))"#
            )
        })
        .collect();
    format!(
        r#"(component
          (import "take-bytes" (func $take-bytes (param "bytes" (list u8))))
          (import "take-texts" (func $take-texts (param "texts" (list string))))
          {named}
          (core module $libc (memory (export "mem") {pages}))
          (core instance $libc (instantiate $libc))
          (alias core export $libc "mem" (core memory $mem))
          (core func $take-bytes (canon lower (func $take-bytes) (memory $mem)))
          (core func $take-texts (canon lower (func $take-texts) (memory $mem)))
          (core module $m
            (import "" "mem" (memory 1))
            (import "" "bytes" (func $bytes (param i32 i32)))
            (import "" "texts" (func $texts (param i32 i32)))
            ;; As many references as are asked for to the same 1,000 letters.
            (func (export "fill") (param i32) (local i32)
              (memory.fill (i32.const 1024) (i32.const 97) (i32.const 1000))
              (loop $again
                (i32.store offset=4096 (i32.mul (local.get 1) (i32.const 8)) (i32.const 1024))
                (i32.store offset=4100 (i32.mul (local.get 1) (i32.const 8)) (i32.const 1000))
                (br_if $again (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))))
            (func (export "make") (param i32 i32) (result i32)
              (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1)) (i32.const 0))
            (func (export "pass-bytes") (param i32 i32) (call $bytes (local.get 0) (local.get 1)))
            (func (export "pass-texts") (param i32 i32) (call $texts (local.get 0) (local.get 1)))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096)))
          (core instance $i (instantiate $m (with "" (instance
            (export "mem" (memory $mem)) (export "bytes" (func $take-bytes)) (export "texts" (func $take-texts))))))
          {returns}
          (func (export "fill") (param "count" u32) (canon lift (core func $i "fill")))
          (func (export "pass-bytes") (param "at" u32) (param "length" u32) (canon lift (core func $i "pass-bytes")))
          (func (export "pass-texts") (param "at" u32) (param "length" u32) (canon lift (core func $i "pass-texts")))
          (func (export "count") (param "bytes" (list u8))
            (canon lift (core func $i "pass-bytes") (memory $mem) (realloc (core func $i "realloc"))))
          (export "passed-on" (func $take-bytes)))"#
    )
}

struct LimitedGuest {
    store: Store<usize>,
    instance: Instance,
}

/// An instance under a limit, whose host adds up how many elements it was given. One of its functions is typed.
fn guest_with_limit(limit: Option<u64>, long: &str, pages: u32) -> LimitedGuest {
    let mut config = Config::new();
    if let Some(limit) = limit {
        config.max_lifted_bytes(limit);
    }
    let engine = Engine::new(&config).unwrap();
    let component = Component::new(&engine, guest(long, pages)).unwrap();
    let mut linker = Linker::<usize>::new(&engine);
    let bytes = |mut store: StoreContextMut<'_, usize>, (bytes,): (Vec<u8>,)| {
        *store.data_mut() += bytes.len();
        Ok(())
    };
    linker.root().func_wrap("take-bytes", bytes).unwrap();
    let texts = |mut store: StoreContextMut<'_, usize>, params: &[Val], _: &mut [Val]| {
        let [Val::List(texts)] = params else { panic!("it takes a list") };
        *store.data_mut() += texts.len();
        Ok(())
    };
    linker.root().func_new("take-texts", texts).unwrap();
    let mut store = Store::new(&engine, 0);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    LimitedGuest { store, instance }
}

impl LimitedGuest {
    fn call(&mut self, name: &str, params: &[Val]) -> Result<Option<Val>, Error> {
        let func = self.instance.get_func(&mut self.store, name).expect("it is exported");
        let mut results = vec![Val::Bool(false); usize::from(func.result(&self.store).is_some())];
        func.call(&mut self.store, params, &mut results)?;
        Ok(results.pop())
    }

    fn list(&mut self, name: &str, at: u32, length: u32) -> Result<Vec<Val>, Error> {
        match self.call(name, &[Val::U32(at), Val::U32(length)])? {
            Some(Val::List(items)) => Ok(items),
            other => panic!("{other:?} is no list"),
        }
    }

    fn too_large(&mut self, name: &str, at: u32, length: u32) -> String {
        let error = format!("{:#}", self.call(name, &[Val::U32(at), Val::U32(length)]).expect_err("it is too large"));
        assert!(error.contains("bytes of the host; Config::max_lifted_bytes sets the limit"), "{error}");
        error
    }
}

/// The one name in a value of each kind.
fn name(val: &Val) -> &Arc<str> {
    match val {
        Val::Record(fields) => &fields[0].0,
        Val::Variant(name, _) | Val::Enum(name) => name,
        Val::Flags(names) => &names[0],
        other => panic!("{other:?} has no name"),
    }
}

#[test]
fn values_share_their_names() {
    let long = "a".repeat(90_000);
    let mut guest = guest_with_limit(None, &long, 1);
    // Every flag is set that is looked at.
    guest.call("fill", &[Val::U32(1000)]).unwrap();
    for (kind, at) in [("records", 16384), ("variants", 32768), ("enums", 32768), ("flagss", 4101)] {
        let items = guest.list(kind, at, if kind == "flagss" { 1 } else { 5000 }).unwrap();
        let again = guest.list(kind, at, 1).unwrap();
        assert_eq!(name(&items[0]).len(), long.len(), "{kind}");
        let shared = items.iter().chain(&again).all(|item| Arc::ptr_eq(name(item), name(&items[0])));
        assert!(shared, "{kind}");
    }
}

/// Text has the names of its type too: a record without its optional fields is four letters.
#[test]
fn values_out_of_text_share_their_names() {
    let long = "a".repeat(90_000);
    let text = format!(
        r#"(component
          (type $r (record (field "{long}" (option u8))))
          (import "r" (type $record (eq $r)))
          (import "f" (func (param "x" (list $record)))))"#
    );
    let component = Component::new(&Engine::default(), text).unwrap();
    let func = component.imports().find_map(|(_, item)| match item {
        gusset::types::ComponentItem::Func(func) => Some(func),
        _ => None,
    });
    let call = format!("f([{}])", vec!["{:}"; 5000].join(","));
    let arguments = WaveCall::parse(&call).unwrap().arguments(&func.unwrap()).unwrap();
    let Val::List(items) = &arguments[0] else { panic!("it is a list") };
    assert_eq!(items.len(), 5000);
    assert!(items.iter().all(|item| Arc::ptr_eq(name(item), name(&items[0]))));
}

/// The most memory that this process has used.
#[cfg(target_os = "linux")]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn the_longest_list_is_refused_before_it_is_made() {
    let longest = (1 << 28) - 1;
    let mut guest = guest_with_limit(None, "a", 4096);
    let error = guest.too_large("bytes", 0, longest);
    assert!(
        error.starts_with("the call of `bytes` failed: result: the values of one call take more than 134217728 bytes"),
        "{error}"
    );
    let mut guest = guest_with_limit(None, "a", 4096);
    let error = guest.too_large("pass-bytes", 0, longest);
    assert!(error.contains(": the call of `take-bytes` failed: param \"bytes\": the values"), "{error}");
    let mut guest = guest_with_limit(Some(1 << 40), "a", 4096);
    guest.call("pass-bytes", &[Val::U32(0), Val::U32(longest)]).unwrap();
    assert_eq!(*guest.store.data(), longest as usize);
    #[cfg(target_os = "linux")]
    assert!(peak_kib() < 2 << 20, "{} KiB; as `Val`s it would have been 8 GiB", peak_kib());
}

#[test]
fn many_references_to_one_string_are_legal() {
    let mut guest = guest_with_limit(None, "a", 8);
    guest.call("fill", &[Val::U32(20_000)]).unwrap();
    let letters = Val::String("a".repeat(1000));
    let texts = guest.list("texts", 4096, 20_000).unwrap();
    assert!(texts.len() == 20_000 && texts.iter().all(|text| *text == letters));
    guest.call("pass-texts", &[Val::U32(4096), Val::U32(20_000)]).unwrap();
    assert_eq!(*guest.store.data(), 20_000);
    let typed = guest.instance.get_typed_func::<(u32, u32), (Vec<String>,)>(&mut guest.store, "texts").unwrap();
    let (texts,) = typed.call(&mut guest.store, (4096, 20_000)).unwrap();
    assert!(texts.len() == 20_000 && texts.iter().all(|text| text.len() == 1000));
}

#[test]
fn the_limit_holds_for_one_call_and_says_where_it_was_met() {
    let limit = 1 << 20;
    let mut guest = guest_with_limit(Some(limit), "a", 8);
    guest.call("fill", &[Val::U32(2000)]).unwrap();
    for _ in 0..3 {
        assert_eq!(guest.list("texts", 4096, 900).unwrap().len(), 900);
        guest.call("pass-texts", &[Val::U32(4096), Val::U32(900)]).unwrap();
    }
    let error = guest.too_large("texts", 4096, 1100);
    assert!(error.starts_with("the call of `texts` failed: result["), "{error}");
    for (name, path) in [
        ("pass-texts", "the call of `take-texts` failed: param \"texts\"["),
        ("pass-bytes", "the call of `take-bytes` failed: param \"bytes\": "),
    ] {
        let mut guest = guest_with_limit(Some(limit / 8), "a", 8);
        guest.call("fill", &[Val::U32(2000)]).unwrap();
        let length = if name == "pass-texts" { 140 } else { 140_000 };
        let error = guest.too_large(name, 4096, length);
        assert!(error.contains(path) && error.contains(&format!("more than {} bytes", limit / 8)), "{error}");
        assert_eq!(*guest.store.data(), 0);
    }
}

#[test]
fn typed_values_count_too() {
    let typed = |name: &str, at, length| {
        let mut guest = guest_with_limit(Some(1 << 17), "a", 8);
        guest.call("fill", &[Val::U32(2000)]).unwrap();
        let store = &mut guest.store;
        let result = match name {
            "texts" => guest
                .instance
                .get_typed_func::<(u32, u32), (Vec<String>,)>(&mut *store, name)
                .unwrap()
                .call(store, (at, length))
                .map(drop),
            "pairs" => {
                type Pairs = Vec<(u8, Box<String>)>;
                guest
                    .instance
                    .get_typed_func::<(u32, u32), (Pairs,)>(&mut *store, name)
                    .unwrap()
                    .call(store, (at, length))
                    .map(drop)
            }
            _ => guest
                .instance
                .get_typed_func::<(u32, u32), (Vec<u8>,)>(&mut *store, name)
                .unwrap()
                .call(store, (at, length))
                .map(drop),
        };
        result.map_err(|error| format!("{error:#}"))
    };
    typed("bytes", 0, 131_000).unwrap();
    assert!(typed("bytes", 0, 131_100).unwrap_err().contains("Config::max_lifted_bytes"));
    typed("texts", 4096, 120).unwrap();
    assert!(typed("texts", 4096, 131).unwrap_err().contains("Config::max_lifted_bytes"));
    // Empty strings: nothing but the tuples and the boxes, 32 bytes each and more.
    typed("pairs", 65536, 1000).unwrap();
    assert!(typed("pairs", 65536, 2500).unwrap_err().contains("Config::max_lifted_bytes"));
}

/// What the host gives is its own affair, also where it only passes through a component.
#[test]
fn what_the_host_lowers_does_not_count() {
    let bytes = Val::List(vec![Val::U8(7); 40_000]);
    let mut guest = guest_with_limit(Some(50_000), "a", 8);
    guest.call("count", std::slice::from_ref(&bytes)).unwrap();
    guest.call("passed-on", &[bytes]).unwrap();
    let more = Val::List(vec![Val::U8(7); 60_000]);
    guest.call("passed-on", &[more]).unwrap();
    assert_eq!(*guest.store.data(), 40_000 + 40_000 + 60_000);
}

/// Where the host relays a call between instances, it holds the values meanwhile.
#[test]
fn calls_that_are_relayed_are_under_the_limit_too() {
    let take = r#"(component
      (core module $m (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
        (func (export "take") (param i32 i32) (result i32) (local.get 1)))
      (core instance $i (instantiate $m))
      (func (export "take") (param "bytes" (list u8)) (result u32)
        (canon lift (core func $i "take") (memory (core memory $i "mem")) (realloc (core func $i "realloc")))))"#;
    let give = r#"(component
      (import "take" (func $take (param "bytes" (list u8)) (result u32)))
      (core module $libc (memory (export "mem") 1))
      (core instance $libc (instantiate $libc))
      (core func $take (canon lower (func $take) (memory (core memory $libc "mem"))))
      (core module $m
        (import "" "take" (func $take (param i32 i32) (result i32)))
        (func (export "give") (param i32) (result i32) (call $take (i32.const 0) (local.get 0))))
      (core instance $i (instantiate $m (with "" (instance (export "take" (func $take))))))
      (func (export "give") (param "count" u32) (result u32) (canon lift (core func $i "give"))))"#;
    for adapters in [true, false] {
        let engine = Engine::new(Config::new().link_adapters(adapters).max_lifted_bytes(50_000)).unwrap();
        let (mut linker, mut store) = (Linker::new(&engine), Store::new(&engine, ()));
        let taker = linker.instantiate(&mut store, &Component::new(&engine, take).unwrap()).unwrap();
        let func = taker.get_func(&mut store, "take").unwrap();
        linker.root().define_func(&store, "take", func).unwrap();
        let giver = linker.instantiate(&mut store, &Component::new(&engine, give).unwrap()).unwrap();
        let give = giver.get_typed_func::<(u32,), (u32,)>(&mut store, "give").unwrap();
        assert_eq!(give.call(&mut store, (500,)).unwrap(), (500,));
        match give.call(&mut store, (60_000,)) {
            Ok(count) => assert!(adapters && count == (60_000,)),
            Err(error) => {
                let error = format!("{error:#}");
                assert!(!adapters && error.contains("Config::max_lifted_bytes sets the limit"), "{error}");
            }
        }
    }
}

/// Errors do not repeat what is long.
#[test]
fn long_names_are_cut_in_errors() {
    let long = "a".repeat(90_000);
    let mut guest = guest_with_limit(None, &long, 1);
    for (kind, at) in [("records", 1025), ("variants", 1024), ("enums", 1024)] {
        let mut guest = guest_with_limit(None, &long, 1);
        guest.call("fill", &[Val::U32(10)]).unwrap();
        let error = guest.list(kind, at, 1).unwrap_err();
        assert!(format!("{error:#}").len() < 1000, "{kind}");
    }
    let enums = guest.instance.get_func(&mut guest.store, "enums").unwrap().result(&guest.store).unwrap();
    assert!(enums.to_string().len() < 1000);
    let wrong = Val::List(vec![Val::Enum(long.as_str().into()), Val::Enum("neither".into())]);
    let error = wrong.check(&enums).unwrap_err();
    assert!(
        format!("{error:#}").starts_with("[1]: unknown enum case \"neither\"") && format!("{error:#}").len() < 1000
    );
}

/// The path of a value in a map does not depend on how it is lifted.
#[test]
fn parts_of_a_map_are_named_alike_in_dynamic_and_typed_values() {
    let engine = Engine::default();
    let text = r#"(component
      (core module $m
        (memory (export "m") 1)
        (data (i32.const 8) "\10\00\00\00\01\00\00\00")
        (func (export "f") (param $key i32) (param $value i32) (result i32)
          (i32.store (i32.const 16) (local.get $key))
          (i32.store (i32.const 20) (local.get $value))
          (i32.const 8)))
      (core instance $m (instantiate $m))
      (func (export "f") (param "key" u32) (param "value" u32) (result (map char char))
        (canon lift (core func $m "f") (memory (core memory $m "m")))))"#;
    let component = Component::new(&engine, text).unwrap();
    for (key, value, part) in [(0xd800, 0x41, "0"), (0x41, 0xd800, "1")] {
        let instantiate = || {
            let mut store = Store::new(&engine, ());
            let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
            let func = instance.get_func(&mut store, "f").unwrap();
            (store, func)
        };
        let (mut store, func) = instantiate();
        let dynamic = func.call(&mut store, &[Val::U32(key), Val::U32(value)], &mut [Val::Bool(false)]).unwrap_err();
        let (mut store, func) = instantiate();
        let typed = func.typed::<(u32, u32), (std::collections::BTreeMap<char, char>,)>(&store).unwrap();
        let typed = typed.call(&mut store, (key, value)).unwrap_err();
        for error in [dynamic, typed] {
            let site = error.downcast_ref::<gusset::Trap>().and_then(gusset::Trap::site).unwrap();
            assert_eq!(site.path, format!("result[0].{part}"));
        }
    }
}
