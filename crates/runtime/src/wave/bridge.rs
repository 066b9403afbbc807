//! What the WAVE parser and printer ask of types and values. Names are borrowed from the type, or shared with it: a short
//! text can hold many values of a type with long names.

use crate::types::{Type, TypeKind};
use crate::val::Val;
use gusset_types::{Case, DefinedType, Field, ValType};
use std::borrow::Cow;
use std::sync::Arc;
use wasm_wave::wasm::{WasmType, WasmTypeKind, WasmValue, WasmValueError};

impl WasmType for Type {
    fn kind(&self) -> WasmTypeKind {
        match Type::kind(self) {
            TypeKind::Bool => WasmTypeKind::Bool,
            TypeKind::S8 => WasmTypeKind::S8,
            TypeKind::U8 => WasmTypeKind::U8,
            TypeKind::S16 => WasmTypeKind::S16,
            TypeKind::U16 => WasmTypeKind::U16,
            TypeKind::S32 => WasmTypeKind::S32,
            TypeKind::U32 => WasmTypeKind::U32,
            TypeKind::S64 => WasmTypeKind::S64,
            TypeKind::U64 => WasmTypeKind::U64,
            TypeKind::F32 => WasmTypeKind::F32,
            TypeKind::F64 => WasmTypeKind::F64,
            TypeKind::Char => WasmTypeKind::Char,
            TypeKind::String => WasmTypeKind::String,
            TypeKind::List(_) => WasmTypeKind::List,
            // The parser knows no lists of fixed length; as lists they are checked for their length when they are used.
            TypeKind::FixedLengthList(..) => WasmTypeKind::List,
            TypeKind::Map(..) => WasmTypeKind::Map,
            TypeKind::Record(_) => WasmTypeKind::Record,
            TypeKind::Tuple(_) => WasmTypeKind::Tuple,
            TypeKind::Variant(_) => WasmTypeKind::Variant,
            TypeKind::Enum(_) => WasmTypeKind::Enum,
            TypeKind::Flags(_) => WasmTypeKind::Flags,
            TypeKind::Option(_) => WasmTypeKind::Option,
            TypeKind::Result { .. } => WasmTypeKind::Result,
            TypeKind::ErrorContext
            | TypeKind::Own(_)
            | TypeKind::Borrow(_)
            | TypeKind::Stream(_)
            | TypeKind::Future(_) => WasmTypeKind::Unsupported,
        }
    }

    fn list_element_type(&self) -> Option<Self> {
        match self.defined()? {
            DefinedType::List(element) | DefinedType::FixedLengthList(element, _) => Some(self.sibling(*element)),
            _ => None,
        }
    }

    fn record_fields(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Self)> + '_> {
        Box::new(self.fields().iter().map(|field| (Cow::Borrowed(&*field.name), self.sibling(field.ty))))
    }

    fn tuple_element_types(&self) -> Box<dyn Iterator<Item = Self> + '_> {
        match self.defined() {
            Some(DefinedType::Tuple(types)) => Box::new(types.iter().map(|ty| self.sibling(*ty))),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn variant_cases(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Option<Self>)> + '_> {
        let case = |case: &'_ Case| case.ty.map(|ty| self.sibling(ty));
        Box::new(self.cases().iter().map(move |it| (Cow::Borrowed(&*it.name), case(it))))
    }

    fn enum_cases(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        Box::new(self.labels().iter().map(|label| Cow::Borrowed(&**label)))
    }

    fn option_some_type(&self) -> Option<Self> {
        match self.defined()? {
            DefinedType::Option(some) => Some(self.sibling(*some)),
            _ => None,
        }
    }

    fn result_types(&self) -> Option<(Option<Self>, Option<Self>)> {
        match self.defined()? {
            DefinedType::Result(result) => {
                Some((result.ok.map(|ty| self.sibling(ty)), result.err.map(|ty| self.sibling(ty))))
            }
            _ => None,
        }
    }

    fn flags_names(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        Box::new(self.labels().iter().map(|label| Cow::Borrowed(&**label)))
    }

    fn map_key_value_types(&self) -> Option<(Self, Self)> {
        match self.defined()? {
            DefinedType::Map(key, value) => Some((self.sibling(*key), self.sibling(*value))),
            _ => None,
        }
    }
}

/// The names of a type, which its values share.
impl Type {
    fn defined(&self) -> Option<&DefinedType> {
        match self.val_type() {
            ValType::Defined(index) => Some(self.types().defined(index)),
            _ => None,
        }
    }

    fn fields(&self) -> &[Field] {
        match self.defined() {
            Some(DefinedType::Record(fields)) => fields,
            _ => &[],
        }
    }

    fn cases(&self) -> &[Case] {
        match self.defined() {
            Some(DefinedType::Variant(cases)) => cases,
            _ => &[],
        }
    }

    /// Of an enum or of flags.
    fn labels(&self) -> &[Arc<str>] {
        match self.defined() {
            Some(DefinedType::Enum(labels) | DefinedType::Flags(labels)) => labels,
            _ => &[],
        }
    }

    fn label(&self, name: &str) -> Option<Arc<str>> {
        self.labels().iter().find(|label| ***label == *name).cloned()
    }
}

fn boxed(payload: Option<Val>) -> Option<Box<Val>> {
    payload.map(Box::new)
}

macro_rules! primitives {
    ($($variant:ident, $ty:ty, $make:ident, $unwrap:ident;)*) => {$(
        fn $make(val: $ty) -> Self {
            Val::$variant(val)
        }
        fn $unwrap(&self) -> $ty {
            match self {
                Val::$variant(val) => *val,
                _ => unreachable!("the kind is asked for first"),
            }
        }
    )*};
}

/// Unwraps a value whose kind has been asked for.
macro_rules! unwrap {
    ($val:expr, $pattern:pat => $result:expr) => {
        match $val {
            $pattern => $result,
            _ => unreachable!("the kind is asked for first"),
        }
    };
}

impl WasmValue for Val {
    type Type = Type;

    fn kind(&self) -> WasmTypeKind {
        match self {
            Val::Bool(_) => WasmTypeKind::Bool,
            Val::S8(_) => WasmTypeKind::S8,
            Val::U8(_) => WasmTypeKind::U8,
            Val::S16(_) => WasmTypeKind::S16,
            Val::U16(_) => WasmTypeKind::U16,
            Val::S32(_) => WasmTypeKind::S32,
            Val::U32(_) => WasmTypeKind::U32,
            Val::S64(_) => WasmTypeKind::S64,
            Val::U64(_) => WasmTypeKind::U64,
            Val::F32(_) => WasmTypeKind::F32,
            Val::F64(_) => WasmTypeKind::F64,
            Val::Char(_) => WasmTypeKind::Char,
            Val::String(_) => WasmTypeKind::String,
            Val::List(_) => WasmTypeKind::List,
            Val::Map(_) => WasmTypeKind::Map,
            Val::Record(_) => WasmTypeKind::Record,
            Val::Tuple(_) => WasmTypeKind::Tuple,
            Val::Variant(..) => WasmTypeKind::Variant,
            Val::Enum(_) => WasmTypeKind::Enum,
            Val::Option(_) => WasmTypeKind::Option,
            Val::Result(_) => WasmTypeKind::Result,
            Val::Flags(_) => WasmTypeKind::Flags,
            // WAVE has no handles: they are written as a word that it does not read.
            Val::Resource(_) => WasmTypeKind::Enum,
        }
    }

    primitives! {
        Bool, bool, make_bool, unwrap_bool;
        S8, i8, make_s8, unwrap_s8;
        U8, u8, make_u8, unwrap_u8;
        S16, i16, make_s16, unwrap_s16;
        U16, u16, make_u16, unwrap_u16;
        S32, i32, make_s32, unwrap_s32;
        U32, u32, make_u32, unwrap_u32;
        S64, i64, make_s64, unwrap_s64;
        U64, u64, make_u64, unwrap_u64;
        F32, f32, make_f32, unwrap_f32;
        F64, f64, make_f64, unwrap_f64;
        Char, char, make_char, unwrap_char;
    }

    fn make_string(val: Cow<'_, str>) -> Self {
        Val::String(val.into_owned())
    }

    fn make_list(ty: &Type, vals: impl IntoIterator<Item = Self>) -> Result<Self, WasmValueError> {
        let items: Vec<Val> = vals.into_iter().collect();
        match Type::kind(ty) {
            TypeKind::FixedLengthList(_, length) if items.len() != length as usize => {
                Err(WasmValueError::Other(format!("expected {length} elements, found {}", items.len())))
            }
            _ => Ok(Val::List(items)),
        }
    }

    /// The fields come in the type's order, and those that the text leaves out are there too.
    fn make_record<'a>(ty: &Type, fields: impl IntoIterator<Item = (&'a str, Self)>) -> Result<Self, WasmValueError> {
        let names = ty.fields().iter().map(|field| field.name.clone());
        Ok(Val::Record(names.zip(fields.into_iter().map(|(_, val)| val)).collect()))
    }

    fn make_tuple(_: &Type, vals: impl IntoIterator<Item = Self>) -> Result<Self, WasmValueError> {
        Ok(Val::Tuple(vals.into_iter().collect()))
    }

    fn make_variant(ty: &Type, case: &str, val: Option<Self>) -> Result<Self, WasmValueError> {
        match ty.cases().iter().find(|known| *known.name == *case) {
            Some(known) => Ok(Val::Variant(known.name.clone(), boxed(val))),
            None => Err(WasmValueError::UnknownCase(case.into())),
        }
    }

    fn make_enum(ty: &Type, case: &str) -> Result<Self, WasmValueError> {
        ty.label(case).map(Val::Enum).ok_or_else(|| WasmValueError::UnknownCase(case.into()))
    }

    fn make_option(_: &Type, val: Option<Self>) -> Result<Self, WasmValueError> {
        Ok(Val::Option(boxed(val)))
    }

    fn make_result(_: &Type, val: Result<Option<Self>, Option<Self>>) -> Result<Self, WasmValueError> {
        Ok(Val::Result(val.map(boxed).map_err(boxed)))
    }

    fn make_flags<'a>(ty: &Type, names: impl IntoIterator<Item = &'a str>) -> Result<Self, WasmValueError> {
        let known = |name| ty.label(name).ok_or_else(|| WasmValueError::Other(format!("unknown flag {name:?}")));
        names.into_iter().map(known).collect::<Result<_, _>>().map(Val::Flags)
    }

    fn make_map(_: &Type, entries: impl IntoIterator<Item = (Self, Self)>) -> Result<Self, WasmValueError> {
        Ok(Val::Map(entries.into_iter().collect()))
    }

    fn unwrap_string(&self) -> Cow<'_, str> {
        unwrap!(self, Val::String(text) => Cow::Borrowed(text))
    }

    fn unwrap_list(&self) -> Box<dyn Iterator<Item = Cow<'_, Self>> + '_> {
        unwrap!(self, Val::List(items) => Box::new(items.iter().map(Cow::Borrowed)))
    }

    fn unwrap_record(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Cow<'_, Self>)> + '_> {
        unwrap!(self, Val::Record(fields) => Box::new(
            fields.iter().map(|(name, val)| (Cow::Borrowed(&**name), Cow::Borrowed(val)))
        ))
    }

    fn unwrap_tuple(&self) -> Box<dyn Iterator<Item = Cow<'_, Self>> + '_> {
        unwrap!(self, Val::Tuple(items) => Box::new(items.iter().map(Cow::Borrowed)))
    }

    fn unwrap_variant(&self) -> (Cow<'_, str>, Option<Cow<'_, Self>>) {
        unwrap!(self, Val::Variant(case, payload) => (Cow::Borrowed(&**case), payload.as_deref().map(Cow::Borrowed)))
    }

    fn unwrap_enum(&self) -> Cow<'_, str> {
        match self {
            Val::Resource(any) => Cow::Borrowed(if any.owned() { "<own>" } else { "<borrow>" }),
            _ => unwrap!(self, Val::Enum(case) => Cow::Borrowed(case)),
        }
    }

    fn unwrap_option(&self) -> Option<Cow<'_, Self>> {
        unwrap!(self, Val::Option(payload) => payload.as_deref().map(Cow::Borrowed))
    }

    fn unwrap_result(&self) -> Result<Option<Cow<'_, Self>>, Option<Cow<'_, Self>>> {
        unwrap!(self, Val::Result(payload) => match payload {
            Ok(payload) => Ok(payload.as_deref().map(Cow::Borrowed)),
            Err(payload) => Err(payload.as_deref().map(Cow::Borrowed)),
        })
    }

    fn unwrap_flags(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        unwrap!(self, Val::Flags(names) => Box::new(names.iter().map(|name| Cow::Borrowed(&**name))))
    }

    fn unwrap_map(&self) -> Box<dyn Iterator<Item = (Cow<'_, Self>, Cow<'_, Self>)> + '_> {
        unwrap!(self, Val::Map(entries) => Box::new(
            entries.iter().map(|(key, value)| (Cow::Borrowed(key), Cow::Borrowed(value)))
        ))
    }
}
