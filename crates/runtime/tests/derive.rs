//! Rust structs and enums that stand for component types: each value goes to a guest and comes back, through memory and as core
//! values, and means what WAVE says.
#![cfg(all(feature = "compile", feature = "derive", feature = "wat"))]

use gusset::{
    AsContext, Component, ComponentType, Config, Engine, Instance, Lift, Linker, Lower, Resource, ResourceType, Store,
    StoreContextMut, Trap, TrapCode, Val, WasmList, WasmStr, flags,
};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::OnceLock;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Config::new().wasm_component_model_fixed_length_lists(true)).unwrap())
}

/// A guest that passes lists of `$t`, and one `$t` whose core values are `flat`, on to the host. `types` defines `$t`.
fn guest(types: &str, flat: &str) -> String {
    let locals: String = (0..flat.split_whitespace().count()).map(|i| format!("(local.get {i})")).collect();
    format!(
        r#"(component {types}
          (import "list" (func $list (param "x" (list $t)) (result (list $t))))
          (import "flat" (func $flat (param "x" $t)))
          (core module $libc
            (memory (export "mem") 1)
            (global $next (mut i32) (i32.const 1024))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
              (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
              (global.get $next)
              (global.set $next (i32.add (global.get $next) (local.get 3)))))
          (core instance $libc (instantiate $libc))
          (core func $list (canon lower (func $list)
            (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
          (core func $flat (canon lower (func $flat) (memory (core memory $libc "mem"))))
          (core module $m
            (import "libc" "mem" (memory 1))
            (import "host" "list" (func $list (param i32 i32 i32)))
            (import "host" "flat" (func $flat (param {flat})))
            (func (export "list") (param i32 i32) (result i32)
              (call $list (local.get 0) (local.get 1) (i32.const 512))
              (i32.const 512))
            (func (export "raw") (param i32 i32) (result i32)
              (i64.store (i32.const 512) (i64.extend_i32_u (local.get 0)))
              (i32.store (i32.const 516) (local.get 1))
              (i32.const 512))
            (func (export "flat") (param {flat}) {locals} (call $flat)))
          (core instance $m (instantiate $m (with "libc" (instance $libc)) (with "host" (instance
            (export "list" (func $list)) (export "flat" (func $flat))))))
          (func (export "list") (param "x" (list $t)) (result (list $t))
            (canon lift (core func $m "list")
              (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
          (func (export "raw") (param "x" (list u8)) (result (list $t))
            (canon lift (core func $m "raw")
              (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
          (func (export "flat") (param "x" $t)
            (canon lift (core func $m "flat")
              (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))"#
    )
}

/// An instance of [`guest`] whose host echoes lists, and keeps what comes flat.
fn instance<T: Lift + Lower + Send + 'static>(types: &str, flat: &str) -> (Store<Vec<T>>, Instance) {
    let component = Component::new(engine(), guest(types, flat)).unwrap();
    let mut linker = Linker::<Vec<T>>::new(engine());
    linker.root().func_wrap("list", |_, (list,): (Vec<T>,)| Ok((list,))).unwrap();
    let flat = |mut store: StoreContextMut<'_, Vec<T>>, (value,): (T,)| {
        store.data_mut().push(value);
        Ok(())
    };
    linker.root().func_wrap("flat", flat).unwrap();
    let mut store = Store::new(engine(), Vec::new());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    (store, instance)
}

/// Each value goes to the guest, to the host, and back, typed and as the WAVE text beside it.
fn echo<T: Lift + Lower + Clone + PartialEq + Debug + Send + 'static>(types: &str, flat: &str, cases: &[(T, &str)]) {
    let (mut store, instance) = instance::<T>(types, flat);
    let values: Vec<T> = cases.iter().map(|(value, _)| value.clone()).collect();
    let list = instance.get_typed_func::<(&[T],), (Vec<T>,)>(&mut store, "list").unwrap();
    assert_eq!(list.call(&mut store, (&values,)).unwrap(), (values.clone(),));
    let typed_flat = instance.get_typed_func::<(&T,), ()>(&mut store, "flat").unwrap();
    let (list, flat) = (list.func(), typed_flat.func());
    let text = format!("[{}]", cases.iter().map(|(_, text)| *text).collect::<Vec<_>>().join(", "));
    let given = Val::from_wave(&list.params(&store)[0].1, &text).unwrap();
    let mut results = [Val::Bool(false)];
    list.call(&mut store, std::slice::from_ref(&given), &mut results).unwrap();
    assert_eq!((results[0].to_string(), &results[0]), (text, &given));
    for (value, text) in cases {
        let ty = &flat.params(&store)[0].1;
        let val = Val::from_wave(ty, text).unwrap();
        typed_flat.call(&mut store, (value,)).unwrap();
        flat.call(&mut store, &[val], &mut []).unwrap();
        assert_eq!(store.data_mut().split_off(0), [value.clone(), value.clone()], "{text}");
    }
}

/// Why `T` does not stand for `$t`.
fn mismatch<T: Lift + Lower>(types: &str) -> String {
    let component = Component::new(
        engine(),
        format!(
            r#"(component {types} (core module $m (func (export "f") (result i32) unreachable))
              (core instance $m (instantiate $m))
              (core module $l (memory (export "mem") 1)) (core instance $l (instantiate $l))
              (func (export "f") (result (tuple u64 $t)) (canon lift (core func $m "f") (memory (core memory $l "mem")))))"#
        ),
    );
    let mut store = Store::new(engine(), ());
    let instance = Linker::new(engine()).instantiate(&mut store, &component.unwrap()).unwrap();
    let error = instance.get_typed_func::<(), ((u64, T),)>(&mut store, "f").expect_err("the types differ");
    format!("{error:#}")
}

#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Debug)]
#[component(record)]
struct Person {
    name: String,
    #[component(name = "born-in")]
    year: i16,
    r#final: bool,
    author_ids: Vec<u64>,
}

const PERSON: &str = r#"
    (type $p (record (field "name" string) (field "born-in" s16) (field "final" bool) (field "author-ids" (list u64))))
    (import "person" (type $t (eq $p)))"#;

#[test]
fn records() {
    let person =
        |name: &str, year, ids: &[u64]| Person { name: name.into(), year, r#final: year < 0, author_ids: ids.to_vec() };
    echo(
        PERSON,
        "i32 i32 i32 i32 i32 i32",
        &[
            (
                person("Ada", 1815, &[1, u64::MAX]),
                r#"{name: "Ada", born-in: 1815, final: false, author-ids: [1, 18446744073709551615]}"#,
            ),
            (person("", -1, &[]), r#"{name: "", born-in: -1, final: true, author-ids: []}"#),
        ],
    );
}

#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Debug)]
#[component(variant)]
enum Drawing {
    Circle(f64),
    Text(String),
    Point,
    Pair((u8, char)),
    #[component(name = "many-points")]
    Polygon(Vec<(f32, f32)>),
}

const SHAPE: &str = r#"
    (type $v (variant (case "circle" f64) (case "text" string) (case "point") (case "pair" (tuple u8 char))
      (case "many-points" (list (tuple f32 f32)))))
    (import "shape" (type $t (eq $v)))"#;

#[test]
fn variants() {
    echo(
        SHAPE,
        "i32 i64 i32",
        &[
            (Drawing::Circle(-0.5), "circle(-0.5)"),
            (Drawing::Text("é".into()), "text(\"é\")"),
            (Drawing::Point, "point"),
            (Drawing::Pair((7, 'ß')), "pair((7, 'ß'))"),
            (Drawing::Polygon(vec![(1.0, 2.0), (3.5, 4.0)]), "many-points([(1, 2), (3.5, 4)])"),
        ],
    );
}

#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Debug)]
#[component(enum)]
enum Colour {
    Red,
    DarkGreen,
    #[component(name = "RGB-blue")]
    Blue,
}

const COLOUR: &str = r#"(type $e (enum "red" "dark-green" "RGB-blue")) (import "colour" (type $t (eq $e)))"#;

#[test]
fn enums() {
    let cases = [(Colour::Red, "red"), (Colour::DarkGreen, "dark-green"), (Colour::Blue, "RGB-blue")];
    echo(COLOUR, "i32", &cases);
    echo("(type $e (enum \"only\")) (import \"one\" (type $t (eq $e)))", "i32", &[(One::Only, "only")]);
    let variant = "(type $v (variant (case \"it\" f32))) (import \"single\" (type $t (eq $v)))";
    echo(variant, "i32 f32", &[(Single::It(0.5), "it(0.5)")]);
}

#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Debug)]
#[component(enum)]
enum One {
    Only,
}

#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Debug)]
#[component(variant)]
enum Single {
    It(f32),
}

flags! {
    /// Nine labels lie in two bytes.
    Access {
        const READ;
        const WRITE_ALL;
        #[component(name = "x")]
        const EXECUTE;
        const A3; const A4; const A5; const A6; const A7;
        const LAST
    }
}

flags! {
    Few { const ONE; }
}

#[test]
fn flags_of_each_size() {
    let nine =
        r#"(type $f (flags "read" "write-all" "x" "a3" "a4" "a5" "a6" "a7" "last")) (import "f" (type $t (eq $f)))"#;
    let cases = [
        (Access::empty(), "{}"),
        (Access::READ | Access::EXECUTE, "{read, x}"),
        (Access::LAST ^ Access::WRITE_ALL, "{write-all, last}"),
        (Access::all() - (Access::READ | Access::WRITE_ALL), "{x, a3, a4, a5, a6, a7, last}"),
    ];
    echo(nine, "i32", &cases);
    let one = r#"(type $f (flags "one")) (import "f" (type $t (eq $f)))"#;
    echo(one, "i32", &[(Few::empty(), "{}"), (Few::ONE, "{one}")]);
    // Bits that no label has are not there.
    let (mut store, instance) = instance::<Few>(one, "i32");
    let raw = instance.get_typed_func::<(&[u8],), (Vec<Few>,)>(&mut store, "raw").unwrap();
    assert_eq!(raw.call(&mut store, (&[0xfe, 0xff],)).unwrap().0, [Few::empty(), Few::all()]);
}

#[test]
fn operators_of_flags() {
    let mut access = Access::READ;
    access |= Access::LAST;
    access.insert(Access::EXECUTE);
    assert_eq!(access.bits(), 0b1_0000_0101);
    access.remove(Access::LAST);
    access &= !Access::READ;
    assert_eq!(format!("{access:?} {:?} {:?}", Access::default(), Few::all()), "Access(EXECUTE) Access() Few(ONE)");
    assert!(Access::default().is_empty() && Access::all().contains(access) && !access.intersects(Access::READ));
    assert_eq!(!Access::all(), Access::empty());
}

#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Debug)]
#[component(record)]
struct Nested<T, const N: u32> {
    shapes: Vec<Drawing>,
    best: Option<T>,
    result: Result<Person, Colour>,
}

#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Debug)]
#[component(variant)]
enum Either<A, B: Clone> {
    Left(A),
    Right(B),
}

#[test]
fn aggregates_within_one_another_and_parameters_of_types() {
    let types = format!(
        "{} {} {} {}",
        PERSON.replace("$t", "$person"),
        SHAPE.replace("$t", "$shape"),
        COLOUR.replace("$t", "$colour"),
        r#"(type $n (record (field "shapes" (list $shape)) (field "best" (option (tuple $colour)))
             (field "result" (result $person (error $colour)))))
           (import "nested" (type $t (eq $n)))"#
    );
    let person = Person { name: "a".into(), year: 1, r#final: true, author_ids: vec![2] };
    let first = Nested::<(Colour,), 1> { shapes: vec![Drawing::Point], best: Some((Colour::Red,)), result: Ok(person) };
    let second = Nested { shapes: vec![], best: None, result: Err(Colour::Blue) };
    let cases = [
        (
            first,
            "{shapes: [point], best: some((red)), result: ok({name: \"a\", born-in: 1, final: true, author-ids: [2]})}",
        ),
        (second, "{shapes: [], result: err(RGB-blue)}"),
    ];
    echo(&types, "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32", &cases);
    let either = r#"(type $v (variant (case "left") (case "right" s64))) (import "either" (type $t (eq $v)))"#;
    let cases: [(Either<(), Box<i64>>, &str); 2] =
        [(Either::Left(()), "left"), (Either::Right(Box::new(-1)), "right(-1)")];
    echo(either, "i32 i64", &cases);
}

#[test]
fn maps_and_lists_of_fixed_length() {
    let types = "(type $t (map string u16))";
    fn map<M: FromIterator<(String, u16)>>(entries: &[(&str, u16)]) -> M {
        entries.iter().map(|(key, value)| (key.to_string(), *value)).collect()
    }
    let both = [("a", 1), ("b", 65535)];
    let tree: BTreeMap<String, u16> = map(&both);
    echo(types, "i32 i32", &[(tree, "{\"a\": 1, \"b\": 65535}")]);
    let (mut store, instance) = instance::<HashMap<String, u16>>(types, "i32 i32");
    let list = instance.get_typed_func::<(Vec<BTreeMap<&str, u16>>,), (Vec<HashMap<String, u16>>,)>(&mut store, "list");
    let given = vec![both.into_iter().collect(), BTreeMap::new()];
    assert_eq!(list.unwrap().call(&mut store, (given,)).unwrap().0, [map(&both), HashMap::new()]);
    // Of two entries of one key, the last one counts.
    let twice = Val::Map(vec![(Val::from("a"), Val::from(1_u16)), (Val::from("a"), Val::from(2_u16))]);
    let flat = instance.get_func(&mut store, "flat").unwrap();
    flat.call(&mut store, &[twice], &mut []).unwrap();
    assert_eq!(store.data(), &[map::<HashMap<_, _>>(&[("a", 2)])]);
    echo("(type $t (list s16 3))", "i32 i32 i32", &[([1_i16, -2, 3], "[1, -2, 3]"), ([0; 3], "[0, 0, 0]")]);
    let strings = [(["a".to_string(), "é".to_string()], "[\"a\", \"é\"]")];
    echo("(type $t (list string 2))", "i32 i32 i32 i32", &strings);
    let error = mismatch::<[u8; 3]>("(type $t (list u8 4))");
    assert!(error.ends_with("result.1: it is list<u8, 4>, the Rust type stands for list<u8, 3>"), "{error}");
    let error = mismatch::<HashMap<String, u8>>("(type $t (map string u16))");
    assert!(error.ends_with("result.1[].1: it is u16, the Rust type stands for u8"), "{error}");
}

#[test]
fn values_become_rust_values_and_back() {
    let (mut store, instance) = instance::<Person>(PERSON, "i32 i32 i32 i32 i32 i32");
    let ty = &instance.get_func(&mut store, "flat").unwrap().params(&store)[0].1;
    let person = Person { name: "Ada".into(), year: 1815, r#final: true, author_ids: vec![7] };
    let val = Val::from_typed(ty, &person).unwrap();
    assert_eq!(val.to_string(), "{name: \"Ada\", born-in: 1815, final: true, author-ids: [7]}");
    assert_eq!(val.to_typed::<Person>(ty).unwrap(), person);
    let error = format!("{:#}", val.to_typed::<String>(ty).unwrap_err());
    assert!(error.starts_with("the Rust type string does not stand for record { name: string,"), "{error}");
    let error = format!("{:#}", Val::Bool(true).to_typed::<Person>(ty).unwrap_err());
    assert!(error.contains("found bool"), "{error}");
    let fields = format!("{:#}", Val::from_typed(ty, &Drawing::Point).unwrap_err());
    assert!(fields.contains("does not stand for record"), "{fields}");
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Borrowed<'a, T: ?Sized> {
    name: &'a str,
    #[component(name = "born-in")]
    year: &'a i16,
    r#final: bool,
    author_ids: &'a T,
}

#[test]
fn fields_that_are_lowered_may_borrow() {
    let (mut store, instance) = instance::<Person>(PERSON, "i32 i32 i32 i32 i32 i32");
    let list = instance.get_typed_func::<(&[Borrowed<'_, [u64]>],), (Vec<Person>,)>(&mut store, "list").unwrap();
    let borrowed = Borrowed { name: "Ada", year: &1815, r#final: false, author_ids: &[1, 2][..] };
    let (people,) = list.call(&mut store, (&[borrowed],)).unwrap();
    assert_eq!(people, [Person { name: "Ada".into(), year: 1815, r#final: false, author_ids: vec![1, 2] }]);
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct PersonView {
    name: WasmStr,
    born_in: i16,
    r#final: bool,
    author_ids: WasmList<u64>,
}

#[test]
fn fields_that_are_lifted_may_be_views() {
    let (mut store, instance) = instance::<Person>(PERSON, "i32 i32 i32 i32 i32 i32");
    let list = instance.get_typed_func::<(&[Person],), (Vec<PersonView>,)>(&mut store, "list").unwrap();
    let person = Person { name: "Ada".into(), year: 1815, r#final: true, author_ids: vec![1, 2] };
    let seen = list.call_with(&mut store, (std::slice::from_ref(&person),), |store, (list,)| {
        let [view] = &list[..] else { panic!("it was one person") };
        let author_ids = view.author_ids.iter(store.as_context()).collect();
        let name = view.name.to_str(store.as_context()).unwrap().into_owned();
        Person { name, year: view.born_in, r#final: view.r#final, author_ids }
    });
    assert_eq!(seen.unwrap(), person);
}

struct Ticket;

#[derive(ComponentType, Lift, Lower, Debug)]
#[component(record)]
struct Tickets {
    names: Vec<String>,
    tokens: Vec<Option<Resource<Ticket>>>,
}

#[test]
fn handles_are_fields_like_others() {
    let text = r#"(component
      (import "token" (type $r (sub resource)))
      (type $h (record (field "names" (list string)) (field "tokens" (list (option (own $r))))))
      (import "held" (type $held (eq $h)))
      (import "turn" (func $turn (param "held" $held) (result $held)))
      (export "turn" (func $turn)))"#;
    let mut linker = Linker::<()>::new(engine());
    linker.root().resource("token", ResourceType::host::<Ticket>(), |_, _| Ok(())).unwrap();
    let turn = |_: StoreContextMut<'_, ()>, (mut held,): (Tickets,)| {
        held.names.reverse();
        held.tokens.reverse();
        Ok((held,))
    };
    linker.root().func_wrap("turn", turn).unwrap();
    let mut store = Store::new(engine(), ());
    let component = Component::new(engine(), text).unwrap();
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let turn = instance.get_typed_func::<(&Tickets,), (Tickets,)>(&mut store, "turn").unwrap();
    let tokens = vec![Some(Resource::new_own(7)), None, Some(Resource::new_own(8))];
    let held = Tickets { names: vec!["a".into(), "b".into()], tokens };
    let (turned,) = turn.call(&mut store, (&held,)).unwrap();
    let reps = turned.tokens.iter().map(|token| token.as_ref().map(Resource::rep)).collect::<Vec<_>>();
    assert_eq!((turned.names, reps), (vec!["b".to_string(), "a".to_string()], vec![Some(8), None, Some(7)]));
    // They were given away, and where is told.
    let error = format!("{:#}", turn.call(&mut store, (&held,)).unwrap_err());
    assert!(error.contains("param \"held\".tokens[0].some: a Resource<"), "{error}");
    assert!(error.contains("was used after it was given away"), "{error}");
}

/// Names that the derives use themselves, and another path of the crate.
mod names {
    use gusset as renamed;

    #[derive(renamed::ComponentType, renamed::Lift, renamed::Lower, Clone, PartialEq, Debug)]
    #[component(record, crate = renamed)]
    pub struct Ours<T, CanonResult> {
        pub cx: T,
        pub ty: CanonResult,
        pub at: u8,
        pub flat: u8,
        pub fields: u8,
        pub types: u8,
    }

    renamed::flags! {
        #[component(crate = renamed)]
        pub OurFlags { const ALL; const SELF; }
    }

    #[derive(renamed::ComponentType, renamed::Lift, renamed::Lower, Clone, PartialEq, Debug)]
    #[component(variant, crate = super::names::renamed)]
    pub enum OurCases {
        Ok(u8),
        Err(u8),
        None,
        Some(OurFlags),
    }
}

#[test]
fn names_do_not_meet_those_of_the_derives() {
    let fields = ["cx", "ty", "at", "flat", "fields", "types"].map(|name| format!("(field \"{name}\" u8)")).concat();
    let types = format!("(type $r (record {fields})) (import \"r\" (type $t (eq $r)))");
    let ours = names::Ours::<u8, u8> { cx: 1, ty: 2, at: 3, flat: 4, fields: 5, types: 6 };
    echo(&types, "i32 i32 i32 i32 i32 i32", &[(ours, "{cx: 1, ty: 2, at: 3, flat: 4, fields: 5, types: 6}")]);
    let types = r#"(type $f (flags "all" "self")) (import "f" (type $flags (eq $f)))
        (type $v (variant (case "ok" u8) (case "err" u8) (case "none") (case "some" $flags)))
        (import "v" (type $t (eq $v)))"#;
    let cases = [
        (names::OurCases::Ok(1), "%ok(1)"),
        (names::OurCases::Err(2), "%err(2)"),
        (names::OurCases::None, "%none"),
        (names::OurCases::Some(names::OurFlags::SELF), "%some({self})"),
    ];
    echo(types, "i32 i32", &cases);
}

#[test]
fn what_differs_is_named_with_its_path() {
    for (types, expected) in [
        (
            PERSON.replace("\"name\" string", "\"nom\" string"),
            "result.1: field 0 is \"nom\", the Rust type has \"name\" there",
        ),
        (PERSON.replace("s16", "s32"), "result.1.born-in: it is s32, the Rust type stands for s16"),
        (PERSON.replace("list u64", "list u8"), "result.1.author-ids[]: it is u8, the Rust type stands for u64"),
        (
            PERSON.replace("(field \"final\" bool) ", ""),
            "result.1: field 2 is \"author-ids\", the Rust type has \"final\" there",
        ),
        (COLOUR.into(), "result.1: it is enum { red, dark-green, RGB-blue }, the Rust type stands for record"),
    ] {
        let error = mismatch::<Person>(&types);
        assert!(error.ends_with(expected), "{error}");
        assert!(error.contains("but the Rust types stand for func() -> tuple<u64, record Person>"), "{error}");
    }
    for (types, expected) in [
        (
            SHAPE.replace("(case \"point\")", "(case \"point\" u8)"),
            "result.1.point: it is u8, the Rust type stands for no value",
        ),
        (SHAPE.replace("\"circle\" f64", "\"circle\""), "result.1.circle: it is nothing, the Rust type stands for f64"),
        (SHAPE.replace("u8 char", "u8 u8"), "result.1.pair.1: it is u8, the Rust type stands for char"),
        (SHAPE.replace("(case \"point\")", ""), "result.1: case 2 is \"pair\", the Rust type has \"point\" there"),
    ] {
        let error = mismatch::<Drawing>(&types);
        assert!(error.ends_with(expected), "{error}");
    }
    let error = mismatch::<Colour>(&COLOUR.replace("\"RGB-blue\"", "\"RGB-blue\" \"pink\""));
    assert!(error.ends_with("result.1: the Rust type has no case for \"pink\""), "{error}");
    let error = mismatch::<Few>("(type $f (flags \"one\" \"two\")) (export $t \"flags\" (type $f))");
    assert!(error.ends_with("result.1: the Rust type has no flag for \"two\""), "{error}");
}

/// A name that differs in a parameter itself is told too, since the types do not show it.
#[test]
fn what_the_texts_of_types_do_not_show_is_told() {
    let (mut store, instance) = instance::<Colour>(COLOUR, "i32");
    #[derive(ComponentType, Lower)]
    #[component(enum)]
    enum Color {
        Red,
        Green,
        Blue,
    }
    let error = instance.get_typed_func::<(Color,), ()>(&mut store, "flat").expect_err("the types differ").to_string();
    let expected = "its type is func(enum { red, dark-green, RGB-blue }), but the Rust types stand for func(enum Color); \
                    param \"x\": case 1 is \"dark-green\", the Rust type has \"green\" there";
    assert!(error.ends_with(expected), "{error}");
    let _ = [Color::Red, Color::Green, Color::Blue];
}

#[test]
fn bad_values_trap_with_their_paths() {
    fn trap<T: Lift + Lower + Debug + Send + 'static>(types: &str, flat: &str, bytes: &[u8]) -> (TrapCode, String) {
        let (mut store, instance) = instance::<T>(types, flat);
        let raw = instance.get_typed_func::<(&[u8],), (Vec<T>,)>(&mut store, "raw").unwrap();
        // The guest says that there are as many elements as bytes: the first one is wrong before the end of memory is.
        let error = raw.call(&mut store, (bytes,)).unwrap_err();
        let trap = error.downcast_ref::<Trap>().expect("it is a trap");
        (trap.code(), trap.site().expect("it is a bad value").path.to_string())
    }
    assert_eq!(trap::<Colour>(COLOUR, "i32", &[0, 3]), (TrapCode::InvalidDiscriminant, "result[1]".into()));
    assert_eq!(trap::<Drawing>(SHAPE, "i32 i64 i32", &[5]), (TrapCode::InvalidDiscriminant, "result[0]".into()));
    let pair = [3, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0x11, 0];
    assert_eq!(trap::<Drawing>(SHAPE, "i32 i64 i32", &pair), (TrapCode::InvalidChar, "result[0].pair.1".into()));
    let person = [0xff; 8];
    let found = trap::<Person>(PERSON, "i32 i32 i32 i32 i32 i32", &person);
    assert_eq!(found, (TrapCode::StringTooLong, "result[0].name".into()));
}
