//! Exports that are found once for all instances of a component.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::derive_support::{
    CanonResult, FlatReader, FlatWriter, Layout, LiftContext, LowerContext, TypeMismatch, TypeScope, ValType,
};
use gusset::{
    Component, ComponentType, Engine, InstancePre, Lift, Linker, Lower, Resource, ResourceType, Result, Store,
};
use std::sync::atomic::{AtomicU32, Ordering};

/// How often a [`CountedNumber`] has been compared with a type.
static COMPARED: AtomicU32 = AtomicU32::new(0);

/// An `u32`.
struct CountedNumber(u32);

impl ComponentType for CountedNumber {
    const FLAT_COUNT: usize = u32::FLAT_COUNT;
    const LAYOUTS: [Layout; 2] = u32::LAYOUTS;
    fn matches(types: TypeScope<'_>, ty: ValType) -> Result<(), TypeMismatch> {
        COMPARED.fetch_add(1, Ordering::Relaxed);
        u32::matches(types, ty)
    }
    fn describe() -> String {
        u32::describe()
    }
}

impl Lift for CountedNumber {
    fn load(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<Self> {
        u32::load(cx, ty, at).map(CountedNumber)
    }
    fn lift_flat(cx: &mut LiftContext<'_>, ty: ValType, flat: &mut FlatReader<'_>) -> CanonResult<Self> {
        u32::lift_flat(cx, ty, flat).map(CountedNumber)
    }
}

impl Lower for CountedNumber {
    fn store(&self, cx: &mut LowerContext<'_>, ty: ValType, at: u64) -> CanonResult<()> {
        self.0.store(cx, ty, at)
    }
    fn lower_flat(&self, cx: &mut LowerContext<'_>, ty: ValType, flat: &mut FlatWriter<'_>) -> CanonResult<()> {
        self.0.lower_flat(cx, ty, flat)
    }
}

/// Exports `docs:calc/ops@1.2.0#twice`.
const CALCULATOR: &str = r#"(component
    (core module $m (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (local.get 0))))
    (core instance $i (instantiate $m))
    (func $twice (param "a" u32) (result u32) (canon lift (core func $i "f")))
    (instance $ops (export "twice" (func $twice)))
    (export "docs:calc/ops@1.2.0" (instance $ops)))"#;

/// Uses a resource type of the host.
const CLIENT: &str = r#"(component
    (import "thing" (type $thing (sub resource)))
    (core func $drop (canon resource.drop $thing))
    (core module $m
        (import "" "drop" (func $drop (param i32)))
        (func (export "f") (param i32) (call $drop (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance (export "drop" (func $drop))))))
    (func (export "take") (param "thing" (borrow $thing)) (canon lift (core func $i "f"))))"#;

fn ready(engine: &Engine, text: &str) -> Result<InstancePre<()>> {
    Linker::new(engine).instantiate_pre(&Component::new(engine, text)?)
}

#[test]
fn types_are_compared_once() -> Result<()> {
    let engine = Engine::default();
    let ready = ready(&engine, CALCULATOR)?;
    let twice = ready.get_typed_export::<(CountedNumber,), (CountedNumber,)>("docs:calc/ops@1.0.0#twice")?;
    assert_eq!(COMPARED.load(Ordering::Relaxed), 2);
    assert_eq!(format!("{twice:?}"), "TypedExport(\"docs:calc/ops@1.2.0#twice\")");
    for n in 0..10 {
        let mut store = Store::new(&engine, ());
        let instance = ready.instantiate(&mut store)?;
        let func = twice.of(&store, instance)?;
        assert_eq!(Some(func.func()), instance.get_func(&mut store, "twice"));
        assert_eq!(func.call(&mut store, (CountedNumber(n),))?.0.0, 2 * n);
    }
    assert_eq!(COMPARED.load(Ordering::Relaxed), 2);
    Ok(())
}

#[test]
fn what_does_not_fit_is_told_without_an_instance() -> Result<()> {
    let engine = Engine::default();
    let ready = ready(&engine, CALCULATOR)?;
    let mut store = Store::new(&engine, ());
    let instance = ready.instantiate(&mut store)?;
    let early = ready.get_typed_export::<(u32,), (u64,)>("twice").unwrap_err();
    assert_eq!(
        early.to_string(),
        instance.get_typed_func::<(u32,), (u64,)>(&mut store, "twice").unwrap_err().to_string()
    );
    let early = ready.get_typed_export::<(u32,), (u32,)>("trice").unwrap_err();
    assert_eq!(
        early.to_string(),
        instance.get_typed_func::<(u32,), (u32,)>(&mut store, "trice").unwrap_err().to_string()
    );
    Ok(())
}

#[test]
fn an_instance_is_of_the_same_component_and_has_the_same_resource_types() -> Result<()> {
    struct Apple;
    struct Pear;
    let engine = Engine::default();
    let component = Component::new(&engine, CLIENT)?;
    let linked = |ty: ResourceType| {
        let mut linker = Linker::new(&engine);
        linker.root().resource("thing", ty, |_, _| Ok(()))?;
        linker.instantiate_pre(&component)
    };
    let (apples, pears) = (linked(ResourceType::host::<Apple>())?, linked(ResourceType::host::<Pear>())?);
    let take = apples.get_typed_export::<(Resource<Apple>,), ()>("take")?;
    assert!(pears.get_typed_export::<(Resource<Apple>,), ()>("take").is_err());
    let mut store = Store::new(&engine, ());
    let instance = apples.instantiate(&mut store)?;
    take.of(&store, instance)?.call(&mut store, (Resource::new_borrow(1),))?;
    // Of another linker, with the same type.
    let instance = linked(ResourceType::host::<Apple>())?.instantiate(&mut store)?;
    take.of(&store, instance)?.call(&mut store, (Resource::new_borrow(1),))?;
    let instance = pears.instantiate(&mut store)?;
    let error = take.of(&store, instance).unwrap_err();
    assert!(error.to_string().starts_with("function `take`: its type is "), "{error}");
    let instance = ready(&engine, CALCULATOR)?.instantiate(&mut store)?;
    let error = take.of(&store, instance).unwrap_err();
    assert_eq!(error.to_string(), "an export of one component was asked of an instance of another");
    Ok(())
}
