//! From the parser's tree to values, with the type in hand. What is taken is what the parser's own conversion takes; a value that
//! is not of its type is told with its path, the type, and the text that stands there.

use super::error::{Fault, cut, cut_at, list, quote};
use super::hint;
use crate::types::{Type, type_text};
use crate::val::Val;
use gusset_types::{
    Case, DefinedType, ERROR_LABEL, Field, KEY_LABEL, OK_LABEL, ResultType, SOME_LABEL, Types, VALUE_LABEL, ValType,
    cut_name,
};
use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use wasm_wave::ast::{Node, NodeType};
use wasm_wave::parser::{ParserError, ParserErrorKind};

/// How much of a type's text a message has, in characters.
const MAX_TYPE: usize = 100;

/// The value of `ty` that `node` of `text` is.
pub(super) fn convert(node: &Node, ty: &Type, text: &str) -> Result<Val, Fault> {
    WaveReader { text, types: ty.types() }.value(node, ty.val_type())
}

/// What a message calls the type that is wanted: with its range, if it is one of integers.
pub(super) fn wanted(types: &Types, ty: ValType) -> String {
    match range(ty) {
        Some((least, most)) => format!("{} ({least} to {most})", type_text(types, ty)),
        None => short(types, ty),
    }
}

/// A type's text, as far as a message has room for it.
fn short(types: &Types, ty: ValType) -> String {
    cut_at(&type_text(types, ty), MAX_TYPE)
}

/// The least and greatest value of a type of integers.
pub(super) fn range(ty: ValType) -> Option<(i128, i128)> {
    Some(match ty {
        ValType::S8 => (i8::MIN.into(), i8::MAX.into()),
        ValType::U8 => (0, u8::MAX.into()),
        ValType::S16 => (i16::MIN.into(), i16::MAX.into()),
        ValType::U16 => (0, u16::MAX.into()),
        ValType::S32 => (i32::MIN.into(), i32::MAX.into()),
        ValType::U32 => (0, u32::MAX.into()),
        ValType::S64 => (i64::MIN.into(), i64::MAX.into()),
        ValType::U64 => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// A value that WAVE cannot write.
pub(super) fn no_syntax(what: impl Display) -> String {
    format!("WAVE has no syntax for a value of type {what}")
}

/// Texts of values of types.
pub(super) struct WaveReader<'a> {
    pub(super) text: &'a str,
    pub(super) types: &'a Types,
}

impl<'a> WaveReader<'a> {
    /// Recursion is bounded by the depth of the tree, which the parser bounds.
    fn value(&self, node: &Node, ty: ValType) -> Result<Val, Fault> {
        Ok(match ty {
            ValType::Bool => Val::Bool(node.as_bool().map_err(|_| self.mismatch(node, ty))?),
            ValType::S8 => Val::S8(self.number(node, ty)?),
            ValType::U8 => Val::U8(self.number(node, ty)?),
            ValType::S16 => Val::S16(self.number(node, ty)?),
            ValType::U16 => Val::U16(self.number(node, ty)?),
            ValType::S32 => Val::S32(self.number(node, ty)?),
            ValType::U32 => Val::U32(self.number(node, ty)?),
            ValType::S64 => Val::S64(self.number(node, ty)?),
            ValType::U64 => Val::U64(self.number(node, ty)?),
            ValType::F32 => Val::F32(self.number(node, ty)?),
            ValType::F64 => Val::F64(self.number(node, ty)?),
            ValType::Char => Val::Char(node.as_char(self.text).map_err(|error| self.bad_literal(&error, node, ty))?),
            ValType::String => {
                let string = node.as_str(self.text).map_err(|error| self.bad_literal(&error, node, ty))?;
                Val::String(string.into_owned())
            }
            ValType::ErrorContext => return Err(Fault::new(node.span(), no_syntax(type_text(self.types, ty)))),
            ValType::Defined(index) => return self.defined(node, ty, self.types.defined(index)),
        })
    }

    fn defined(&self, node: &Node, ty: ValType, defined: &'a DefinedType) -> Result<Val, Fault> {
        match defined {
            DefinedType::List(element) => self.list(node, ty, *element).map(Val::List),
            DefinedType::FixedLengthList(element, length) => {
                self.check_count(node, ty, NodeType::List, *length as usize)?;
                self.list(node, ty, *element).map(Val::List)
            }
            DefinedType::Map(key, value) => self.map(node, ty, *key, *value),
            DefinedType::Record(fields) => self.record(node, ty, fields),
            DefinedType::Tuple(types) => self.tuple(node, ty, types),
            DefinedType::Variant(cases) => self.variant(node, ty, cases),
            DefinedType::Enum(labels) => self.enumeration(node, ty, labels),
            DefinedType::Flags(labels) => self.flags(node, ty, labels),
            DefinedType::Option(some) => self.option(node, ty, *some),
            DefinedType::Result(result) => self.result(node, ty, result),
            DefinedType::Own(_) | DefinedType::Borrow(_) | DefinedType::Stream(_) | DefinedType::Future(_) => {
                Err(Fault::new(node.span(), no_syntax(type_text(self.types, ty))))
            }
        }
    }

    fn number<T: FromStr>(&self, node: &Node, ty: ValType) -> Result<T, Fault> {
        if node.ty() != NodeType::Number {
            return Err(self.mismatch(node, ty));
        }
        let text = self.part(node);
        text.parse().map_err(|_| {
            let (expected, hint) = (wanted(self.types, ty), hint::integer(text, ty));
            Fault::new(node.span(), format!("expected {expected}, found {}{hint}", quote(text)))
        })
    }

    fn list(&self, node: &Node, ty: ValType, element: ValType) -> Result<Vec<Val>, Fault> {
        let items = node.as_list().map_err(|_| self.mismatch(node, ty))?;
        let item = |(i, item)| self.value(item, element).map_err(|fault| fault.within(&format!("[{i}]")));
        items.enumerate().map(item).collect()
    }

    /// Of several entries with one key the last is taken, in the place of the first.
    fn map(&self, node: &Node, ty: ValType, key_type: ValType, value_type: ValType) -> Result<Val, Fault> {
        let given = node.as_map().map_err(|_| self.mismatch(node, ty))?;
        let mut entries: Vec<(Val, Val)> = Vec::with_capacity(given.len());
        let mut places = HashMap::with_capacity(given.len());
        for (i, (key, value)) in given.enumerate() {
            let inside = |fault: Fault, label: &str| fault.within(&format!("[{i}].{label}"));
            let key = self.map_key(key, key_type).map_err(|fault| inside(fault, KEY_LABEL))?;
            let value = self.value(value, value_type).map_err(|fault| inside(fault, VALUE_LABEL))?;
            match *places.entry(key.to_string()).or_insert(entries.len()) {
                place if place < entries.len() => entries[place].1 = value,
                _ => entries.push((key, value)),
            }
        }
        Ok(Val::Map(entries))
    }

    /// To the parser, a word before a colon is the name of a field. As keys there are only the two words of `bool`.
    fn map_key(&self, node: &Node, ty: ValType) -> Result<Val, Fault> {
        match (node.ty(), ty, self.part(node)) {
            (NodeType::Label, ValType::Bool, "true") => Ok(Val::Bool(true)),
            (NodeType::Label, ValType::Bool, "false") => Ok(Val::Bool(false)),
            (NodeType::Label, ..) => Err(self.mismatch(node, ty)),
            _ => self.value(node, ty),
        }
    }

    /// A field of type `option` may be left out.
    fn record(&self, node: &Node, ty: ValType, fields: &[Field]) -> Result<Val, Fault> {
        if node.ty() != NodeType::TupleSet {
            return Err(self.mismatch(node, ty));
        }
        let mut given = HashMap::new();
        for (key, value) in node.as_map().map_err(|_| self.mismatch(node, ty))? {
            if key.ty() != NodeType::Label {
                let (found, hint) = (hint::describe(key, self.text), hint::field_name(key, self.text));
                let what = format!("expected a field of {}, found {found}{hint}", short(self.types, ty));
                return Err(Fault::new(key.span(), what));
            }
            let name = self.label(key);
            if given.insert(name, value).is_some() {
                let what = format!("field {} of {} is given twice", quote(name), short(self.types, ty));
                return Err(Fault::new(key.span(), what));
            }
        }
        let mut values = Vec::with_capacity(fields.len());
        for Field { name, ty: field_type } in fields {
            let value = match given.remove(&**name) {
                Some(value) => {
                    self.value(value, *field_type).map_err(|fault| fault.within(&format!(".{}", cut_name(name))))?
                }
                None if matches!(self.shape(*field_type), Some(DefinedType::Option(_))) => Val::Option(None),
                None => return Err(self.wrong_fields(node, ty, fields)),
            };
            values.push((name.clone(), value));
        }
        if given.is_empty() { Ok(Val::Record(values)) } else { Err(self.wrong_fields(node, ty, fields)) }
    }

    /// Of a record that lacks fields of its type or has others: an unknown one first, since it may be one that is missing.
    fn wrong_fields(&self, node: &Node, ty: ValType, fields: &[Field]) -> Fault {
        let names: HashSet<&str> = fields.iter().map(|field| &*field.name).collect();
        let mut given = HashSet::new();
        for (key, _) in node.as_map().into_iter().flatten() {
            let name = self.label(key);
            if !names.contains(name) {
                let what =
                    format!("unknown field {} of {}{}", quote(name), short(self.types, ty), self.names(name, ty));
                return Fault::new(key.span(), what);
            }
            given.insert(name);
        }
        let optional = |field: &&Field| matches!(self.shape(field.ty), Some(DefinedType::Option(_)));
        let missing = fields.iter().filter(|field| !given.contains(&*field.name) && !optional(field));
        let missing: Vec<String> =
            missing.map(|field| format!("{}: {}", cut(&field.name), type_text(self.types, field.ty))).collect();
        let (plural, are) = if missing.len() == 1 { ("", "is") } else { ("s", "are") };
        let (names, ty) = (list(missing.iter().map(|field| &**field)), short(self.types, ty));
        let end = node.span().end - 1..node.span().end;
        Fault::new(end, format!("expected {ty}, field{plural} {names} {are} missing"))
    }

    fn tuple(&self, node: &Node, ty: ValType, types: &[ValType]) -> Result<Val, Fault> {
        self.check_count(node, ty, NodeType::Tuple, types.len())?;
        let items = node.as_tuple().map_err(|_| self.mismatch(node, ty))?;
        let item = |(i, (item, ty))| self.value(item, ty).map_err(|fault: Fault| fault.within(&format!(".{i}")));
        items.zip(types.iter().copied()).enumerate().map(item).collect::<Result<_, _>>().map(Val::Tuple)
    }

    /// Checks that a list or tuple has `count` elements. The place is the first that is too many, or the end.
    fn check_count(&self, node: &Node, ty: ValType, kind: NodeType, count: usize) -> Result<(), Fault> {
        let items: Vec<&Node> = match kind {
            _ if node.ty() != kind => return Err(self.mismatch(node, ty)),
            NodeType::Tuple => node.as_tuple().map_err(|_| self.mismatch(node, ty))?.collect(),
            _ => node.as_list().map_err(|_| self.mismatch(node, ty))?.collect(),
        };
        if items.len() == count {
            return Ok(());
        }
        let place = items.get(count).map_or(node.span().end - 1..node.span().end, |item| item.span());
        let (ty, found, plural) = (short(self.types, ty), items.len(), if count == 1 { "" } else { "s" });
        Err(Fault::new(place, format!("expected {count} element{plural} of {ty}, found {found}")))
    }

    fn variant(&self, node: &Node, ty: ValType, cases: &[Case]) -> Result<Val, Fault> {
        let Ok((name, payload)) = node.as_variant(self.text) else { return Err(self.mismatch(node, ty)) };
        match cases.iter().find(|case| *case.name == *name) {
            Some(case) => Ok(Val::Variant(case.name.clone(), self.payload(node, ty, &case.name, case.ty, payload)?)),
            None => Err(self.unknown(name, "case", ty)),
        }
    }

    fn enumeration(&self, node: &Node, ty: ValType, labels: &[Arc<str>]) -> Result<Val, Fault> {
        let Ok((name, payload)) = node.as_variant(self.text) else { return Err(self.mismatch(node, ty)) };
        match labels.iter().find(|label| ***label == *name) {
            Some(label) => self.payload(node, ty, label, None, payload).map(|_| Val::Enum(label.clone())),
            None => Err(self.unknown(name, "case", ty)),
        }
    }

    /// The labels come in the type's order.
    fn flags(&self, node: &Node, ty: ValType, labels: &[Arc<str>]) -> Result<Val, Fault> {
        let given: Vec<&str> = node.as_flags(self.text).map_err(|_| self.mismatch(node, ty))?.collect();
        if given.is_empty() {
            return Ok(Val::Flags(Vec::new()));
        }
        let known: HashSet<&str> = labels.iter().map(|label| &**label).collect();
        if let Some(name) = given.iter().find(|name| !known.contains(**name)) {
            return Err(self.unknown(name, "flag", ty));
        }
        let given: HashSet<&str> = given.into_iter().collect();
        Ok(Val::Flags(labels.iter().filter(|label| given.contains(&***label)).cloned().collect()))
    }

    /// What is neither `some` nor `none` is a payload, unless that is an option or a result itself.
    fn option(&self, node: &Node, ty: ValType, some: ValType) -> Result<Val, Fault> {
        match node.as_option() {
            Ok(Some(payload)) => Ok(Val::Option(self.payload(node, ty, SOME_LABEL, Some(some), Some(payload))?)),
            Ok(None) => Ok(Val::Option(None)),
            Err(_) if self.may_stand_bare(some) => match self.value(node, some) {
                Ok(payload) => Ok(Val::Option(Some(Box::new(payload)))),
                Err(fault) if fault.is_outermost() && hint::is_null(node, self.text) => Err(self.mismatch(node, ty)),
                Err(fault) => Err(fault),
            },
            Err(_) => Err(self.mismatch(node, ty)),
        }
    }

    /// What is neither `ok` nor `err` is the payload of `ok`, unless that is an option or a result itself.
    fn result(&self, node: &Node, ty: ValType, result: &ResultType) -> Result<Val, Fault> {
        Ok(Val::Result(match (node.as_result(), result.ok) {
            (Ok(Ok(payload)), ok) => Ok(self.payload(node, ty, OK_LABEL, ok, payload)?),
            (Ok(Err(payload)), _) => Err(self.payload(node, ty, ERROR_LABEL, result.err, payload)?),
            (Err(_), Some(ok)) if self.may_stand_bare(ok) => match self.value(node, ok) {
                Ok(payload) => Ok(Some(Box::new(payload))),
                Err(fault) if fault.is_outermost() && hint::is_result(node, self.text) => {
                    return Err(self.mismatch(node, ty));
                }
                Err(fault) => return Err(fault),
            },
            (Err(_), _) => return Err(self.mismatch(node, ty)),
        }))
    }

    fn may_stand_bare(&self, ty: ValType) -> bool {
        !matches!(self.shape(ty), Some(DefinedType::Option(_) | DefinedType::Result(_)))
    }

    /// The payload of the case `name` of `of`, which is `node`.
    fn payload(
        &self,
        node: &Node,
        of: ValType,
        name: &str,
        ty: Option<ValType>,
        payload: Option<&Node>,
    ) -> Result<Option<Box<Val>>, Fault> {
        let (span, what) = match (ty, payload) {
            (Some(ty), Some(payload)) => {
                let value = self.value(payload, ty).map_err(|fault| fault.within(&format!(".{}", cut_name(name))))?;
                return Ok(Some(Box::new(value)));
            }
            (None, None) => return Ok(None),
            (Some(ty), None) => (
                node.span(),
                format!("needs a payload, which stands in parentheses: expected {}", wanted(self.types, ty)),
            ),
            (None, Some(payload)) => (payload.span(), "has no payload: it is written without parentheses".into()),
        };
        let written = self.part(node).split('(').next().unwrap_or_default().trim_end();
        Err(Fault::new(span, format!("{} of {} {what}", quote(written), short(self.types, of))))
    }

    fn mismatch(&self, node: &Node, ty: ValType) -> Fault {
        let (expected, found) = (wanted(self.types, ty), hint::describe(node, self.text));
        let hint = hint::mismatch(self, node, ty);
        Fault::new(node.span(), format!("expected {expected}, found {found}{hint}"))
    }

    /// A case or flag that `ty` does not have, where `name` stands.
    fn unknown(&self, name: &str, what: &str, ty: ValType) -> Fault {
        let near = self.names(name, ty);
        let start = name.as_ptr() as usize - self.text.as_ptr() as usize;
        Fault::new(
            start..start + name.len(),
            format!("unknown {what} {} of {}{near}", quote(name), short(self.types, ty)),
        )
    }

    /// The name of `ty` that is near to `name`, or all of them, where the type's text has not shown them already.
    fn names(&self, name: &str, ty: ValType) -> String {
        let near = hint::near(name, self.labels(ty));
        match near.is_empty() && type_text(self.types, ty).chars().nth(MAX_TYPE).is_some() {
            true => format!("; there are {}", list(self.labels(ty).into_iter())),
            false => near,
        }
    }

    /// Why the parser does not take a char or a string.
    fn bad_literal(&self, error: &ParserError, node: &Node, ty: ValType) -> Fault {
        let span = error.span();
        match error.kind() {
            ParserErrorKind::InvalidType => self.mismatch(node, ty),
            ParserErrorKind::InvalidEscape => {
                let start = span.start + self.text[span.start..].find('\\').unwrap_or_default();
                let (escape, what) = hint::escape(&self.text[start..node.span().end]);
                Fault::new(start..start + escape.len(), format!("expected {}: {what}", short(self.types, ty)))
            }
            _ => Fault::new(node.span(), format!("expected {}: {}", short(self.types, ty), hint::MULTILINE)),
        }
    }

    /// The names of the cases, flags or fields of a type.
    pub(super) fn labels(&self, ty: ValType) -> Vec<&'a str> {
        match self.shape(ty) {
            Some(DefinedType::Record(fields)) => fields.iter().map(|field| &*field.name).collect(),
            Some(DefinedType::Variant(cases)) => cases.iter().map(|case| &*case.name).collect(),
            Some(DefinedType::Enum(labels) | DefinedType::Flags(labels)) => {
                labels.iter().map(|label| &**label).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn shape(&self, ty: ValType) -> Option<&'a DefinedType> {
        match ty {
            ValType::Defined(index) => Some(self.types.defined(index)),
            _ => None,
        }
    }

    /// The text of a node.
    pub(super) fn part(&self, node: &Node) -> &'a str {
        &self.text[node.span()]
    }

    /// The name that a label is: `%`, which makes a name of a keyword, is not part of it.
    fn label(&self, node: &Node) -> &'a str {
        let label = self.part(node);
        label.strip_prefix('%').unwrap_or(label)
    }
}
