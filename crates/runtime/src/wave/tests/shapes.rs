//! The types that texts are read as in tests, by name: at least one of each kind.

use crate::type_scope::TypeTables;
use crate::types::{ComponentFunc, Type};
use gusset_artifact::Plan;
use gusset_types::{Case, DefinedType, Field, FuncType, Param, ResourceType, ResultType, ValType};
use std::sync::Arc;

fn fields(fields: &[(&str, ValType)]) -> DefinedType {
    DefinedType::Record(fields.iter().map(|&(name, ty)| Field { name: name.into(), ty }).collect())
}

fn cases(cases: &[(&str, Option<ValType>)]) -> DefinedType {
    DefinedType::Variant(cases.iter().map(|&(name, ty)| Case { name: name.into(), ty }).collect())
}

fn labels(labels: &[&str]) -> Box<[Arc<str>]> {
    labels.iter().map(|label| Arc::from(*label)).collect()
}

/// All types, by name.
pub(super) fn all() -> Vec<(&'static str, Type)> {
    let mut plan = Plan::default();
    let resource = plan.resources.push(ResourceType { name: "file".into(), instance: None, dtor: None });
    plan.types.name_resource(resource, "file".into());
    let mut named: Vec<(&'static str, ValType)> = vec![
        ("bool", ValType::Bool),
        ("s8", ValType::S8),
        ("u8", ValType::U8),
        ("s16", ValType::S16),
        ("u16", ValType::U16),
        ("s32", ValType::S32),
        ("u32", ValType::U32),
        ("s64", ValType::S64),
        ("u64", ValType::U64),
        ("f32", ValType::F32),
        ("f64", ValType::F64),
        ("char", ValType::Char),
        ("string", ValType::String),
        ("error-context", ValType::ErrorContext),
    ];
    let mut add = |name: &'static str, ty: DefinedType| {
        let ty = plan.types.intern(ty);
        named.push((name, ty));
        ty
    };
    let bytes = add("bytes", DefinedType::List(ValType::U8));
    add("names", DefinedType::List(ValType::String));
    add("three", DefinedType::FixedLengthList(ValType::U8, 3));
    add("scores", DefinedType::Map(ValType::String, ValType::U32));
    add("switches", DefinedType::Map(ValType::Bool, ValType::S8));
    let pair = add("pair", DefinedType::Tuple([ValType::U8, ValType::String].into()));
    let color = add("color", DefinedType::Enum(labels(&["red", "green", "dark-blue", "none", "true"])));
    add("rights", DefinedType::Flags(labels(&["read", "write", "execute", "ok"])));
    let maybe = add("maybe", DefinedType::Option(ValType::U32));
    let name = add("maybe-name", DefinedType::Option(ValType::String));
    add("maybe-maybe", DefinedType::Option(maybe));
    let outcome = add("outcome", DefinedType::Result(ResultType { ok: Some(ValType::U8), err: Some(ValType::String) }));
    add("done", DefinedType::Result(ResultType { ok: None, err: Some(color) }));
    add("either", DefinedType::Result(ResultType { ok: Some(outcome), err: None }));
    let shape =
        add("shape", cases(&[("dot", None), ("circle", Some(ValType::F32)), ("none", None), ("some", Some(pair))]));
    let item = add(
        "item",
        fields(&[("name", ValType::String), ("unit-price", ValType::U16), ("shape", shape), ("note", name)]),
    );
    add("items", DefinedType::List(item));
    add("all-optional", fields(&[("a", maybe), ("b", name)]));
    add("order", fields(&[("data", bytes), ("color", color), ("result", outcome)]));
    let own = add("own", DefinedType::Own(resource));
    add("handles", DefinedType::List(own));
    let tables = Arc::new(TypeTables::new(Arc::new(plan)));
    named.into_iter().map(|(name, ty)| (name, Type::new(&tables, ty))).collect()
}

/// The type with this name.
pub(super) fn one(name: &str) -> Type {
    let found = all().into_iter().find(|(other, _)| *other == name);
    found.unwrap_or_else(|| panic!("there is a type `{name}`")).1
}

/// A function with parameters of primitive types and of those that are defined, in order.
pub(super) fn func(params: &[(&str, ValType)], defined: &[DefinedType]) -> ComponentFunc {
    let mut plan = Plan::default();
    defined.iter().for_each(|ty| {
        plan.types.intern(ty.clone());
    });
    let params = params.iter().map(|(name, ty)| Param { name: (*name).into(), ty: *ty }).collect();
    let ty = plan.types.intern_func(FuncType { async_: false, params, result: None });
    ComponentFunc::new(&Arc::new(TypeTables::new(Arc::new(plan))), ty)
}
