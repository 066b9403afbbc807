//! Rust types of another crate that stand for records, variants, enums and flags, implemented as a derive writes it.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::derive_support::{
    CanonResult, CaseCursor, FlatReader, FlatWriter, Layout, LiftContext, LowerContext, RecordCursor, TypeMismatch,
    TypeScope, ValType, flags_layouts, load_flags, record_layouts, store_flags, variant_layouts,
};
use gusset::{Component, ComponentType, Engine, Lift, Linker, Lower, Store, Val};

/// `record { id: u32, name: string, at: option<f64> }`
#[derive(Clone, PartialEq, Debug)]
struct Event {
    id: u32,
    name: String,
    at: Option<f64>,
}

impl ComponentType for Event {
    const FLAT_COUNT: usize = u32::FLAT_COUNT + String::FLAT_COUNT + Option::<f64>::FLAT_COUNT;
    const LAYOUTS: [Layout; 2] = record_layouts(&[u32::LAYOUTS, String::LAYOUTS, Option::<f64>::LAYOUTS]);
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        let fields = types.record(ty, &["id", "name", "at"])?;
        u32::matches(types, fields[0].ty).map_err(|mismatch| mismatch.within(".id"))?;
        String::matches(types, fields[1].ty).map_err(|mismatch| mismatch.within(".name"))?;
        Option::<f64>::matches(types, fields[2].ty).map_err(|mismatch| mismatch.within(".at"))
    }
    fn describe() -> String {
        "record { id: u32, name: string, at: option<f64> }".into()
    }
}

impl Lift for Event {
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let mut fields = RecordCursor::lift(cx, ty, at);
        Ok(Event { id: fields.load(cx)?, name: fields.load(cx)?, at: fields.load(cx)? })
    }
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let mut fields = RecordCursor::lift(cx, ty, 0);
        Ok(Event {
            id: fields.lift_flat(cx, flat)?,
            name: fields.lift_flat(cx, flat)?,
            at: fields.lift_flat(cx, flat)?,
        })
    }
}

impl Lower for Event {
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        let mut fields = RecordCursor::lower(cx, ty, at);
        fields.store(cx, &self.id)?;
        fields.store(cx, &self.name)?;
        fields.store(cx, &self.at)
    }
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let mut fields = RecordCursor::lower(cx, ty, 0);
        fields.lower_flat(cx, &self.id, flat)?;
        fields.lower_flat(cx, &self.name, flat)?;
        fields.lower_flat(cx, &self.at, flat)
    }
}

/// `variant { none, at(f32), named(string) }`
#[derive(Clone, PartialEq, Debug)]
enum Whereabouts {
    None,
    At(f32),
    Named(String),
}

impl ComponentType for Whereabouts {
    const FLAT_COUNT: usize = 3;
    const LAYOUTS: [Layout; 2] = variant_layouts(&[<()>::LAYOUTS, f32::LAYOUTS, String::LAYOUTS]);
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        let cases = types.variant(ty, &["none", "at", "named"])?;
        <()>::matches_payload(types, cases[0].ty).map_err(|mismatch| mismatch.within(".none"))?;
        f32::matches_payload(types, cases[1].ty).map_err(|mismatch| mismatch.within(".at"))?;
        String::matches_payload(types, cases[2].ty).map_err(|mismatch| mismatch.within(".named"))
    }
    fn describe() -> String {
        "variant { none, at(f32), named(string) }".into()
    }
}

impl Lift for Whereabouts {
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        let case = CaseCursor::load::<Self, 3>(cx, ty, at)?;
        Ok(match case.number() {
            0 => Whereabouts::None,
            1 => Whereabouts::At(case.load_payload(cx)?),
            _ => Whereabouts::Named(case.load_payload(cx)?),
        })
    }
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        let case = CaseCursor::lift_flat::<Self, 3>(cx, ty, flat)?;
        let value = match case.number() {
            0 => Whereabouts::None,
            1 => Whereabouts::At(case.lift_payload(cx, flat)?),
            _ => Whereabouts::Named(case.lift_payload(cx, flat)?),
        };
        case.skip_rest(flat);
        Ok(value)
    }
}

impl Lower for Whereabouts {
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        match self {
            Whereabouts::None => CaseCursor::store::<Self, 3>(cx, ty, 0, at).map(|_| ()),
            Whereabouts::At(payload) => CaseCursor::store::<Self, 3>(cx, ty, 1, at)?.store_payload(cx, payload),
            Whereabouts::Named(payload) => CaseCursor::store::<Self, 3>(cx, ty, 2, at)?.store_payload(cx, payload),
        }
    }
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        let number = match self {
            Whereabouts::None => 0,
            Whereabouts::At(_) => 1,
            Whereabouts::Named(_) => 2,
        };
        let case = CaseCursor::lower_flat::<Self>(cx, ty, number, flat);
        match self {
            Whereabouts::None => {}
            Whereabouts::At(payload) => case.lower_payload(cx, payload, flat)?,
            Whereabouts::Named(payload) => case.lower_payload(cx, payload, flat)?,
        }
        case.fill_rest(flat);
        Ok(())
    }
}

/// `enum { low, high }`
#[derive(Clone, Copy, PartialEq, Debug)]
enum Urgency {
    Low,
    High,
}

impl ComponentType for Urgency {
    const FLAT_COUNT: usize = 1;
    const LAYOUTS: [Layout; 2] = variant_layouts(&[<()>::LAYOUTS, <()>::LAYOUTS]);
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        types.enumeration(ty, &["low", "high"])
    }
    fn describe() -> String {
        "enum { low, high }".into()
    }
}

impl Lift for Urgency {
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        Ok(if CaseCursor::load::<Self, 2>(cx, ty, at)?.number() == 0 { Urgency::Low } else { Urgency::High })
    }
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        Ok(if CaseCursor::lift_flat::<Self, 2>(cx, ty, flat)?.number() == 0 { Urgency::Low } else { Urgency::High })
    }
}

impl Lower for Urgency {
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        CaseCursor::store::<Self, 2>(cx, ty, *self as u32, at).map(|_| ())
    }
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        CaseCursor::lower_flat::<Self>(cx, ty, *self as u32, flat);
        Ok(())
    }
}

/// `flags { read, write, run }`
#[derive(Clone, Copy, PartialEq, Debug)]
struct Access(u32);

impl ComponentType for Access {
    const FLAT_COUNT: usize = 1;
    const LAYOUTS: [Layout; 2] = flags_layouts(3);
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        types.flags(ty, &["read", "write", "run"])
    }
    fn describe() -> String {
        "flags { read, write, run }".into()
    }
}

impl Lift for Access {
    fn load(cx: &mut LiftContext<'_>, _: ValType, at: u64) -> CanonResult<Self> {
        load_flags::<Self>(cx, at).map(Access)
    }
    fn lift_flat(_: &mut LiftContext<'_>, _: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        Ok(Access(flat.u32()))
    }
}

impl Lower for Access {
    fn store(&self, cx: &mut LowerContext<'_>, _: ValType, at: u64) -> CanonResult<()> {
        store_flags::<Self>(cx, self.0, at)
    }
    fn lower_flat(&self, _: &mut LowerContext<'_>, _: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        flat.u32(self.0);
        Ok(())
    }
}

type Everything = (Event, Whereabouts, Urgency, Access);

/// A component that passes a host's function on: flat and through memory.
fn passing(record: &str) -> String {
    format!(
        r#"(component
  (type $event' {record})
  (import "event" (type $event (eq $event')))
  (type $place' (variant (case "none") (case "at" f32) (case "named" string)))
  (import "place" (type $place (eq $place')))
  (type $level' (enum "low" "high"))
  (import "level" (type $level (eq $level')))
  (type $access' (flags "read" "write" "run"))
  (import "access" (type $access (eq $access')))
  (import "pass" (func $pass (param "event" $event) (param "place" $place) (param "level" $level)
    (param "access" $access) (result (tuple $event $place $level $access))))
  (core module $libc
    (memory (export "mem") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 7)) (i32.const -8)))))
  (core instance $libc (instantiate $libc))
  (core func $pass (canon lower (func $pass)
    (memory (core memory $libc "mem")) (realloc (core func $libc "realloc"))))
  (core module $m
    (import "" "pass" (func $pass (param i32 i32 i32 i32 f64 i32 i32 i32 i32 i32 i32)))
    (func (export "pass") (param i32 i32 i32 i32 f64 i32 i32 i32 i32 i32) (result i32)
      (call $pass (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)
        (local.get 7) (local.get 8) (local.get 9) (i32.const 16))
      (i32.const 16)))
  (core instance $m (instantiate $m (with "" (instance (export "pass" (func $pass))))))
  (func (export "pass") (param "event" $event) (param "place" $place) (param "level" $level)
    (param "access" $access) (result (tuple $event $place $level $access))
    (canon lift (core func $m "pass") (memory (core memory $libc "mem")) (realloc (core func $libc "realloc")))))"#
    )
}

const RECORD: &str = r#"(record (field "id" u32) (field "name" string) (field "at" (option f64)))"#;

fn linker(engine: &Engine) -> Linker<Vec<Everything>> {
    let mut linker = Linker::new(engine);
    linker
        .root()
        .func_wrap("pass", |mut store: gusset::StoreContextMut<'_, Vec<Everything>>, all: Everything| {
            store.data_mut().push(all.clone());
            Ok((all,))
        })
        .unwrap();
    linker
}

#[test]
fn values_pass_as_rust_types_and_as_dynamic_ones() {
    let engine = Engine::default();
    let component = Component::new(&engine, passing(RECORD)).unwrap_or_else(|error| panic!("{error:?}"));
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker(&engine).instantiate(&mut store, &component).unwrap();
    let pass = instance.get_typed_func::<Everything, (Everything,)>(&mut store, "pass").unwrap();
    let event = |at| Event { id: 7, name: "naïve".into(), at };
    for all in [
        (event(None), Whereabouts::None, Urgency::Low, Access(0)),
        (event(Some(0.5)), Whereabouts::At(-1.5), Urgency::High, Access(5)),
        (event(Some(-0.0)), Whereabouts::Named("here".into()), Urgency::Low, Access(7)),
    ] {
        assert_eq!(pass.call(&mut store, all.clone()).unwrap(), (all.clone(),));
        assert_eq!(store.data_mut().pop(), Some(all));
    }
    let params = [
        Val::Record(vec![
            ("id".into(), Val::U32(1)),
            ("name".into(), Val::String("é".into())),
            ("at".into(), Val::Option(None)),
        ]),
        Val::Variant("at".into(), Some(Box::new(Val::F32(2.0)))),
        Val::Enum("high".into()),
        Val::Flags(vec!["write".into()]),
    ];
    let mut results = [Val::Bool(false)];
    pass.func().call(&mut store, &params, &mut results).unwrap();
    assert_eq!(results, [Val::Tuple(params.to_vec())]);
    let seen = (Event { id: 1, name: "é".into(), at: None }, Whereabouts::At(2.0), Urgency::High, Access(2));
    assert_eq!(*store.data(), [seen]);
}

#[test]
fn a_mismatch_points_at_the_field() {
    let engine = Engine::default();
    let text = passing(&RECORD.replace("f64", "f32")).replace("f64", "f32");
    let component = Component::new(&engine, text).unwrap_or_else(|error| panic!("{error:?}"));
    let error = linker(&engine).instantiate_pre(&component).err().unwrap().to_string();
    let told = "param \"event\".at.some: it is f32, the Rust type stands for f64";
    assert!(error.ends_with(told), "{error}");
    let text = passing(&RECORD.replace("\"id\"", "\"number\""));
    let component = Component::new(&engine, text).unwrap_or_else(|error| panic!("{error:?}"));
    let error = linker(&engine).instantiate_pre(&component).err().unwrap().to_string();
    assert!(error.contains("field 0 is \"number\", the Rust type has \"id\" there"), "{error}");
}
