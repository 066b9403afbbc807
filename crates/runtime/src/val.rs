//! A component value whose type is known at run time only, and the check of such a value against a type. Nothing here touches
//! a guest.

use crate::resource::ResourceAny;
use crate::type_scope::TypeScope;
use crate::types::{Type, type_text};
use gusset_types::{DefinedType, ERROR_LABEL, KEY_LABEL, OK_LABEL, SOME_LABEL, Types, VALUE_LABEL, ValType, cut_name};
use std::fmt;
use std::sync::Arc;

mod conversion;

/// A component value, for types that are known at run time only. The variants are the specification's [value types].
///
/// `Display` writes WAVE, and [`Val::from_wave`] reads it. Values are equal as Rust's are: a NaN equals nothing. Names of
/// fields, cases and labels are shared: those that are lifted out of a guest are the type's own.
///
/// ```
/// use gusset::Val;
/// let point = Val::Record(vec![("x".into(), Val::U32(1)), ("y".into(), Val::U32(2))]);
/// assert_eq!(point.to_string(), "{x: 1, y: 2}");
/// let shape = Val::Variant("circle".into(), Some(Box::new(Val::Tuple(vec![point, Val::F32(0.5)]))));
/// assert_eq!(shape.to_string(), "circle(({x: 1, y: 2}, 0.5))");
/// ```
///
/// [value types]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub enum Val {
    Bool(bool),
    S8(i8),
    U8(u8),
    S16(i16),
    U16(u16),
    S32(i32),
    U32(u32),
    S64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    Char(char),
    String(String),
    /// A list, of fixed length or not.
    List(Vec<Val>),
    /// Keys and values; a key may occur more than once.
    Map(Vec<(Val, Val)>),
    /// Fields, in the type's order.
    Record(Vec<(Arc<str>, Val)>),
    Tuple(Vec<Val>),
    /// The case and its payload.
    Variant(Arc<str>, Option<Box<Val>>),
    Enum(Arc<str>),
    Option(Option<Box<Val>>),
    Result(Result<Option<Box<Val>>, Option<Box<Val>>>),
    /// The labels that are set.
    Flags(Vec<Arc<str>>),
    /// An own or borrow handle.
    Resource(ResourceAny),
}

impl Val {
    /// Checks that this is a value of `ty`. Calls do that themselves.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker, Store};
    /// use gusset::Val;
    /// # let engine = Engine::default();
    /// # let component = Component::new(&engine, r#"(component
    /// #     (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    /// #     (core instance $i (instantiate $m))
    /// #     (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#)?;
    /// # let mut store = Store::new(&engine, ());
    /// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    /// let add = instance.get_func(&mut store, "add").expect("it is exported");
    /// let (_, ty) = &add.params(&store)[0];
    /// assert!(Val::U32(7).check(ty).is_ok());
    /// assert_eq!(Val::U8(7).check(ty).unwrap_err().to_string(), "expected u32, found u8");
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first difference, with its path within the value.
    pub fn check(&self, ty: &Type) -> Result<(), ValMismatch> {
        check(ty.scope(), ty.val_type(), self)
    }

    /// Visits each handle within the value. Recursion is bounded by the depth of the value's type.
    pub(crate) fn each_resource(&self, visit: &mut dyn FnMut(ResourceAny)) {
        match self {
            Val::Resource(any) => visit(*any),
            Val::List(items) | Val::Tuple(items) => items.iter().for_each(|item| item.each_resource(visit)),
            Val::Record(fields) => fields.iter().for_each(|(_, value)| value.each_resource(visit)),
            Val::Map(entries) => entries.iter().for_each(|(key, value)| {
                key.each_resource(visit);
                value.each_resource(visit);
            }),
            Val::Variant(_, Some(payload))
            | Val::Option(Some(payload))
            | Val::Result(Ok(Some(payload)) | Err(Some(payload))) => payload.each_resource(visit),
            _ => {}
        }
    }

    /// What kind of value this is, in the words of WIT.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Val::Bool(_) => "bool",
            Val::S8(_) => "s8",
            Val::U8(_) => "u8",
            Val::S16(_) => "s16",
            Val::U16(_) => "u16",
            Val::S32(_) => "s32",
            Val::U32(_) => "u32",
            Val::S64(_) => "s64",
            Val::U64(_) => "u64",
            Val::F32(_) => "f32",
            Val::F64(_) => "f64",
            Val::Char(_) => "char",
            Val::String(_) => "string",
            Val::List(_) => "list",
            Val::Map(_) => "map",
            Val::Record(_) => "record",
            Val::Tuple(_) => "tuple",
            Val::Variant(..) => "variant",
            Val::Enum(_) => "enum",
            Val::Option(_) => "option",
            Val::Result(_) => "result",
            Val::Flags(_) => "flags",
            Val::Resource(any) if any.owned() => "own",
            Val::Resource(_) => "borrow",
        }
    }
}

/// Why a value is not of a type. `Display` writes the [path](ValMismatch::path), what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValMismatch {
    path: String,
    what: String,
}

impl ValMismatch {
    fn new(what: impl Into<String>) -> ValMismatch {
        ValMismatch { path: String::new(), what: what.into() }
    }

    /// Puts `segment` before the path, as the error travels from the inside out.
    pub(crate) fn within(mut self, segment: &str) -> ValMismatch {
        self.path.insert_str(0, segment);
        self
    }

    /// Where in the value: `param "items"[3].name`; empty for the whole value.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for ValMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for ValMismatch {}

/// Checks `val` against `ty`. Recursion is bounded by the depth of `ty`.
pub(crate) fn check(types: TypeScope<'_>, ty: ValType, val: &Val) -> Result<(), ValMismatch> {
    let index = match (ty, val) {
        (ValType::Bool, Val::Bool(_))
        | (ValType::S8, Val::S8(_))
        | (ValType::U8, Val::U8(_))
        | (ValType::S16, Val::S16(_))
        | (ValType::U16, Val::U16(_))
        | (ValType::S32, Val::S32(_))
        | (ValType::U32, Val::U32(_))
        | (ValType::S64, Val::S64(_))
        | (ValType::U64, Val::U64(_))
        | (ValType::F32, Val::F32(_))
        | (ValType::F64, Val::F64(_))
        | (ValType::Char, Val::Char(_))
        | (ValType::String, Val::String(_)) => return Ok(()),
        (ValType::Defined(index), _) => index,
        _ => return Err(mismatch(types.types, ty, val)),
    };
    match (types.types.defined(index), val) {
        (DefinedType::List(element), Val::List(items)) => check_elements(types, *element, items),
        (DefinedType::FixedLengthList(element, length), Val::List(items)) => {
            if items.len() != *length as usize {
                return Err(ValMismatch::new(format!("expected {length} elements, found {}", items.len())));
            }
            check_elements(types, *element, items)
        }
        (DefinedType::Map(key, value), Val::Map(entries)) => {
            for (i, (k, v)) in entries.iter().enumerate() {
                check(types, *key, k).map_err(|error| error.within(&format!("[{i}].{KEY_LABEL}")))?;
                check(types, *value, v).map_err(|error| error.within(&format!("[{i}].{VALUE_LABEL}")))?;
            }
            Ok(())
        }
        (DefinedType::Record(fields), Val::Record(found)) => check_record(types, fields, found),
        (DefinedType::Tuple(expected), Val::Tuple(items)) => {
            if items.len() != expected.len() {
                let (expected, found) = (expected.len(), items.len());
                return Err(ValMismatch::new(format!("expected a tuple of {expected}, found a tuple of {found}")));
            }
            for (i, (ty, item)) in expected.iter().zip(items).enumerate() {
                check(types, *ty, item).map_err(|error| error.within(&format!(".{i}")))?;
            }
            Ok(())
        }
        (DefinedType::Variant(cases), Val::Variant(name, payload)) => {
            match cases.iter().find(|case| case.name == *name) {
                Some(case) => check_payload(types, name, case.ty, payload.as_deref()),
                None => Err(unknown_label("variant case", name, types.types, ty)),
            }
        }
        (DefinedType::Enum(labels), Val::Enum(name)) => match labels.contains(name) {
            true => Ok(()),
            false => Err(unknown_label("enum case", name, types.types, ty)),
        },
        (DefinedType::Flags(labels), Val::Flags(set)) => match set.iter().find(|name| !labels.contains(name)) {
            None => Ok(()),
            Some(name) => Err(unknown_label("flag", name, types.types, ty)),
        },
        (DefinedType::Own(_), Val::Resource(any)) if !any.owned() => Err(mismatch(types.types, ty, val)),
        (DefinedType::Own(resource) | DefinedType::Borrow(resource), Val::Resource(any)) => {
            match types.resource(*resource) == Some(any.ty()) {
                true => Ok(()),
                false => Err(ValMismatch::new(format!(
                    "expected {}, found a handle of another resource type",
                    type_text(types.types, ty)
                ))),
            }
        }
        (DefinedType::Option(some), Val::Option(payload)) => match payload {
            Some(payload) => check_payload(types, SOME_LABEL, Some(*some), Some(payload)),
            None => Ok(()),
        },
        (DefinedType::Result(result), Val::Result(payload)) => match payload {
            Ok(payload) => check_payload(types, OK_LABEL, result.ok, payload.as_deref()),
            Err(payload) => check_payload(types, ERROR_LABEL, result.err, payload.as_deref()),
        },
        _ => Err(mismatch(types.types, ty, val)),
    }
}

fn check_elements(types: TypeScope<'_>, element: ValType, items: &[Val]) -> Result<(), ValMismatch> {
    macro_rules! primitives {
        ($($variant:ident)*) => {
            match element {
                $(ValType::$variant if items.iter().all(|item| matches!(item, Val::$variant(_))) => return Ok(()),)*
                _ => {}
            }
        };
    }
    // One loop for each type: lists of numbers are long.
    primitives! { Bool S8 U8 S16 U16 S32 U32 S64 U64 F32 F64 Char String }
    for (i, item) in items.iter().enumerate() {
        check(types, element, item).map_err(|error| error.within(&format!("[{i}]")))?;
    }
    Ok(())
}

fn check_record(
    types: TypeScope<'_>,
    fields: &[gusset_types::Field],
    found: &[(Arc<str>, Val)],
) -> Result<(), ValMismatch> {
    for (i, field) in fields.iter().enumerate() {
        match found.get(i) {
            Some((name, val)) if *name == field.name => {
                check(types, field.ty, val).map_err(|error| error.within(&format!(".{}", cut_name(name))))?;
            }
            Some((name, _)) => {
                let (expected, found) = (cut_name(&field.name), cut_name(name));
                let what = format!("expected field {expected:?} at place {i} of the record, found {found:?}");
                return Err(ValMismatch::new(what));
            }
            None => return Err(ValMismatch::new(format!("field {:?} is missing", cut_name(&field.name)))),
        }
    }
    match found.get(fields.len()) {
        Some((name, _)) => Err(ValMismatch::new(format!("unknown field {:?}", cut_name(name)))),
        None => Ok(()),
    }
}

fn check_payload(
    types: TypeScope<'_>,
    case: &str,
    ty: Option<ValType>,
    payload: Option<&Val>,
) -> Result<(), ValMismatch> {
    match (ty, payload) {
        (Some(ty), Some(payload)) => {
            check(types, ty, payload).map_err(|error| error.within(&format!(".{}", cut_name(case))))
        }
        (None, None) => Ok(()),
        (Some(ty), None) => {
            let (case, ty) = (cut_name(case), type_text(types.types, ty));
            Err(ValMismatch::new(format!("case {case:?} needs a payload of type {ty}")))
        }
        (None, Some(_)) => Err(ValMismatch::new(format!("case {:?} has no payload", cut_name(case)))),
    }
}

fn mismatch(types: &Types, ty: ValType, val: &Val) -> ValMismatch {
    ValMismatch::new(format!("expected {}, found {}", type_text(types, ty), val.kind_name()))
}

fn unknown_label(what: &str, name: &str, types: &Types, ty: ValType) -> ValMismatch {
    ValMismatch::new(format!("unknown {what} {:?} of {}", cut_name(name), type_text(types, ty)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_types::Field;

    fn scope(types: &Types) -> TypeScope<'_> {
        TypeScope { types, resources: &[] }
    }

    #[test]
    fn a_mismatch_names_its_path() {
        let mut types = Types::default();
        let item = types.intern(DefinedType::Record([Field { name: "name".into(), ty: ValType::String }].into()));
        let items = types.intern(DefinedType::List(item));
        let good = Val::Record(vec![("name".into(), Val::String("a".into()))]);
        let bad = Val::Record(vec![("name".into(), Val::U32(1))]);
        assert_eq!(check(scope(&types), items, &Val::List(vec![good.clone()])), Ok(()));
        let error = check(scope(&types), items, &Val::List(vec![good, bad])).unwrap_err().within("param \"items\"");
        assert_eq!(error.to_string(), "param \"items\"[1].name: expected string, found u32");
    }

    /// Lists of values are vectors of them.
    #[test]
    fn a_handle_makes_values_no_larger() {
        assert_eq!(size_of::<Val>(), size_of::<String>() + size_of::<usize>());
    }

    #[test]
    fn labels_payloads_and_arity_are_checked() {
        let mut types = Types::default();
        let colour = types.intern(DefinedType::Enum(["red".into(), "green".into()].into()));
        let error = check(scope(&types), colour, &Val::Enum("blue".into())).unwrap_err();
        assert_eq!(error.to_string(), "unknown enum case \"blue\" of enum { red, green }");
        let option = types.intern(DefinedType::Option(colour));
        let error = check(scope(&types), option, &Val::Option(Some(Box::new(Val::Bool(true))))).unwrap_err();
        assert_eq!(error.to_string(), ".some: expected enum { red, green }, found bool");
        let result = types.intern(DefinedType::Result(gusset_types::ResultType { ok: None, err: Some(colour) }));
        let error = check(scope(&types), result, &Val::Result(Err(Some(Box::new(Val::Bool(true)))))).unwrap_err();
        assert_eq!(error.to_string(), ".error: expected enum { red, green }, found bool");
        let pair = types.intern(DefinedType::Tuple([ValType::U8, ValType::U8].into()));
        assert!(check(scope(&types), pair, &Val::Tuple(vec![Val::U8(1)])).is_err());
    }
}
