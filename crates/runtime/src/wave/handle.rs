//! Values that WAVE cannot write: handles, and where in a value they are.

use crate::val::Val;
use gusset_types::{ERROR_LABEL, OK_LABEL, SOME_LABEL, VALUE_LABEL};
use std::fmt::Write;

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
