//! Values that WAVE cannot write: handles, streams, futures and error contexts, and where in a value they are.

use crate::types::{Type, TypeKind};
use crate::val::Val;
use gusset_types::{ERROR_LABEL, OK_LABEL, SOME_LABEL, VALUE_LABEL};
use std::fmt::Write;
use wasm_wave::ast::Node;

/// The first part of `val` that is a handle: its path, and what it is.
pub(super) fn handle_in(val: &Val) -> Option<(String, &'static str)> {
    let mut path = String::new();
    let what = find_handle(val, &mut path)?;
    Some((path, what))
}

fn find_handle(val: &Val, path: &mut String) -> Option<&'static str> {
    match val {
        Val::Resource(_) => Some(val.kind_name()),
        Val::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| within(path, format_args!("[{i}]"), |path| find_handle(item, path))),
        Val::Tuple(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| within(path, format_args!(".{i}"), |path| find_handle(item, path))),
        Val::Map(entries) => entries.iter().enumerate().find_map(|(i, (_, value))| {
            within(path, format_args!("[{i}].{VALUE_LABEL}"), |path| find_handle(value, path))
        }),
        Val::Record(fields) => {
            fields.iter().find_map(|(name, val)| within(path, format_args!(".{name}"), |path| find_handle(val, path)))
        }
        Val::Variant(case, Some(payload)) => within(path, format_args!(".{case}"), |path| find_handle(payload, path)),
        Val::Option(Some(payload)) => within(path, format_args!(".{SOME_LABEL}"), |path| find_handle(payload, path)),
        Val::Result(Ok(Some(payload))) => within(path, format_args!(".{OK_LABEL}"), |path| find_handle(payload, path)),
        Val::Result(Err(Some(payload))) => {
            within(path, format_args!(".{ERROR_LABEL}"), |path| find_handle(payload, path))
        }
        _ => None,
    }
}

/// What `find` finds with `segment` at the end of the path, which stays there if it finds something.
fn within<R>(
    path: &mut String,
    segment: std::fmt::Arguments<'_>,
    find: impl FnOnce(&mut String) -> Option<R>,
) -> Option<R> {
    let length = path.len();
    path.write_fmt(segment).expect("a string takes all");
    let found = find(path);
    if found.is_none() {
        path.truncate(length);
    }
    found
}

/// Where `node` has a value of a type that WAVE cannot write, when it is read as a value of `ty`: its path, and that type.
pub(super) fn unwritable_in(node: &Node, ty: &Type, text: &str) -> Option<(String, Type)> {
    let mut path = String::new();
    let found = find_unwritable(node, ty, text, &mut path)?;
    Some((path, found))
}

/// As the parser goes through it.
fn find_unwritable(node: &Node, ty: &Type, text: &str, path: &mut String) -> Option<Type> {
    let mut inside = |segment: std::fmt::Arguments<'_>, node: &Node, ty: &Type| {
        within(path, segment, |path| find_unwritable(node, ty, text, path))
    };
    match ty.kind() {
        TypeKind::Own(_) | TypeKind::Borrow(_) | TypeKind::Stream(_) | TypeKind::Future(_) | TypeKind::ErrorContext => {
            Some(ty.clone())
        }
        TypeKind::List(element) | TypeKind::FixedLengthList(element, _) => {
            node.as_list().ok()?.enumerate().find_map(|(i, node)| inside(format_args!("[{i}]"), node, &element))
        }
        TypeKind::Map(_, value) => node
            .as_map()
            .ok()?
            .enumerate()
            .find_map(|(i, (_, node))| inside(format_args!("[{i}].{VALUE_LABEL}"), node, &value)),
        TypeKind::Tuple(types) => node
            .as_tuple()
            .ok()?
            .zip(&types)
            .enumerate()
            .find_map(|(i, (node, ty))| inside(format_args!(".{i}"), node, ty)),
        TypeKind::Record(fields) => {
            let given: Vec<(&str, &Node)> = node.as_record(text).ok()?.collect();
            fields.iter().find_map(|(name, ty)| {
                let (_, node) = given.iter().find(|(given, _)| *given == &**name)?;
                inside(format_args!(".{name}"), node, ty)
            })
        }
        TypeKind::Variant(cases) => {
            let (given, payload) = node.as_variant(text).ok()?;
            let (name, ty) = cases.iter().find(|(name, _)| **name == *given)?;
            inside(format_args!(".{name}"), payload?, ty.as_ref()?)
        }
        TypeKind::Option(some) => match node.as_option() {
            Ok(payload) => inside(format_args!(".{SOME_LABEL}"), payload?, &some),
            Err(_) => inside(format_args!(".{SOME_LABEL}"), node, &some),
        },
        TypeKind::Result { ok, err } => match node.as_result() {
            Ok(Ok(payload)) => inside(format_args!(".{OK_LABEL}"), payload?, &ok?),
            Ok(Err(payload)) => inside(format_args!(".{ERROR_LABEL}"), payload?, &err?),
            Err(_) => inside(format_args!(".{OK_LABEL}"), node, &ok?),
        },
        _ => None,
    }
}
