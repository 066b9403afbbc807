//! What the WAVE printer asks of values. Nothing is made of this: texts are read by `convert.rs`.

use crate::val::Val;
use std::borrow::Cow;
use wasm_wave::wasm::{WasmTypeKind, WasmValue};

macro_rules! primitives {
    ($($variant:ident, $ty:ty, $unwrap:ident;)*) => {$(
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
    /// The printer asks for no type.
    type Type = wasm_wave::value::Type;

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
        Bool, bool, unwrap_bool;
        S8, i8, unwrap_s8;
        U8, u8, unwrap_u8;
        S16, i16, unwrap_s16;
        U16, u16, unwrap_u16;
        S32, i32, unwrap_s32;
        U32, u32, unwrap_u32;
        S64, i64, unwrap_s64;
        U64, u64, unwrap_u64;
        F32, f32, unwrap_f32;
        F64, f64, unwrap_f64;
        Char, char, unwrap_char;
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
