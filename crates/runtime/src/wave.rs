//! WAVE, the text form of component values: printing, and parsing of values and calls. Any text is an answer or an error; the
//! parser bounds its own nesting.

use crate::types::{ComponentFunc, Type, TypeKind};
use crate::val::Val;
use std::borrow::Cow;
use std::fmt;
use wasm_wave::ast::Node;
use wasm_wave::parser::{Parser, ParserError};
use wasm_wave::wasm::{DisplayValue, WasmType, WasmTypeKind, WasmValue, WasmValueError};

/// How much of the input an error quotes, in characters.
const QUOTE_LIMIT: usize = 60;

/// Why a text is not what was asked for. `Display` says what was expected and quotes the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaveError {
    message: String,
}

impl fmt::Display for WaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for WaveError {}

impl fmt::Display for Val {
    /// Writes the value as WAVE.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DisplayValue(self).fmt(f)
    }
}

impl Val {
    /// The value as WAVE text, as `Display` writes it.
    ///
    /// ```
    /// use gusset::Val;
    /// assert_eq!(Val::Option(Some(Box::new(Val::String("a \"b\"".into())))).to_wave(), r#"some("a \"b\"")"#);
    /// ```
    pub fn to_wave(&self) -> String {
        self.to_string()
    }

    /// Parses WAVE text as a value of `ty`.
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
    /// let ty = instance.get_func(&mut store, "add").and_then(|add| add.result(&store)).expect("it has a result");
    /// assert_eq!(Val::from_wave(&ty, " 42 ")?, Val::U32(42));
    /// assert!(Val::from_wave(&ty, "-1").is_err());
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The text is not WAVE, or not of that type; the error quotes the place.
    pub fn from_wave(ty: &Type, text: &str) -> Result<Val, WaveError> {
        let text = &*terminated(text);
        let mut parser = Parser::new(text);
        let value = parser.parse_value(ty).and_then(|value| parser.finish().map(|()| value));
        value.map_err(|error| WaveError { message: format!("expected {ty}: {}", explain(&error, text)) })
    }
}

/// A call in WAVE: `name(argument, ...)`, parsed but for its arguments' types.
///
/// The name is all that stands before the first parenthesis, so that `docs:text/parse@1.0.0#parse(..)` is a call too.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// # use gusset::{Component, Engine, Linker, Store};
/// use gusset::{Val, WaveCall};
/// # let engine = Engine::default();
/// # let component = Component::new(&engine, r#"(component
/// #     (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
/// #     (core instance $i (instantiate $m))
/// #     (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add"))))"#)?;
/// # let mut store = Store::new(&engine, ());
/// # let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
/// let call = WaveCall::parse("add(40, 2)")?;
/// let func = instance.get_func(&mut store, call.name()).expect("it is exported");
/// let arguments = call.arguments(&func.ty(&store))?;
/// let mut results = [Val::Bool(false)];
/// func.call(&mut store, &arguments, &mut results)?;
/// assert_eq!(results[0].to_wave(), "42");
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Debug)]
pub struct WaveCall<'a> {
    name: &'a str,
    /// The text from the opening parenthesis on.
    text: Cow<'a, str>,
    arguments: Vec<Node>,
}

impl<'a> WaveCall<'a> {
    /// Parses a call.
    ///
    /// # Errors
    ///
    /// The text has no name, no parentheses, or something in them is not WAVE.
    pub fn parse(text: &'a str) -> Result<WaveCall<'a>, WaveError> {
        let text = text.trim();
        let Some(open) = text.find('(') else {
            let message = format!("expected a call such as `name(arguments)`, found {}", quote(text));
            return Err(WaveError { message });
        };
        let (name, text) = (text[..open].trim(), terminated(&text[open..]));
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(WaveError { message: format!("expected a function name, found {}", quote(name)) });
        }
        let inner = text.strip_suffix(')').map(|inner| &inner[1..]);
        let arguments = match inner {
            Some(inner) if inner.trim().is_empty() => Vec::new(),
            _ => {
                let text = &*text;
                let mut parser = Parser::new(text);
                let tuple = parser.parse_raw_value().and_then(|value| parser.finish().map(|()| value));
                let nodes = tuple.and_then(|tuple| tuple.node().as_tuple().map(|nodes| nodes.cloned().collect()));
                nodes
                    .map_err(|error| WaveError { message: format!("arguments of {name}: {}", explain(&error, text)) })?
            }
        };
        Ok(WaveCall { name, text, arguments })
    }

    /// The function's name, as [`Instance::get_func`](crate::Instance::get_func) takes it.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The arguments, as the parameters of `ty` want them. Trailing parameters of type `option` may be left out.
    ///
    /// # Errors
    ///
    /// There are more or fewer arguments than parameters, or one is not of its parameter's type.
    pub fn arguments(&self, ty: &ComponentFunc) -> Result<Vec<Val>, WaveError> {
        let params: Vec<(&str, Type)> = ty.params().collect();
        let given = self.arguments.len();
        let required = params.iter().rposition(|(_, ty)| !is_option(ty)).map_or(0, |last| last + 1);
        if given > params.len() || given < required {
            let expected: Vec<String> = params.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
            let plural = if params.len() == 1 { "" } else { "s" };
            let (name, expected) = (self.name, expected.join(", "));
            let message = format!("{name}: expected {} argument{plural} ({expected}), found {given}", params.len());
            return Err(WaveError { message });
        }
        let mut values = Vec::with_capacity(params.len());
        for (i, (name, ty)) in params.iter().enumerate() {
            values.push(match self.arguments.get(i) {
                Some(node) => node.to_wasm_value::<Val>(ty, &self.text).map_err(|error| WaveError {
                    message: format!("argument {} {name:?}: expected {ty}: {}", i + 1, explain(&error, &self.text)),
                })?,
                None => Val::Option(None),
            });
        }
        Ok(values)
    }
}

/// `text` with a line end after it where it may end in a comment: the parser panics on one that ends with nothing behind `//`.
fn terminated(text: &str) -> Cow<'_, str> {
    if text.contains("//") { Cow::Owned(format!("{text}\n")) } else { Cow::Borrowed(text) }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty.kind(), TypeKind::Option(_))
}

/// The parser's error with the text that it points to.
fn explain(error: &ParserError, text: &str) -> String {
    let kind = error.kind();
    let mut message = match (std::error::Error::source(error), error.detail()) {
        (Some(source), _) => source.to_string(),
        (None, Some(detail)) => format!("{kind}: {detail}"),
        (None, None) => kind.to_string(),
    };
    let span = error.span();
    match text.get(span.clone()) {
        Some(part) if !part.trim().is_empty() => message.push_str(&format!(" at {}", quote(part))),
        _ if span.start >= text.trim_end().len() => message.push_str(" at the end"),
        _ => message.push_str(&format!(" at offset {}", span.start)),
    }
    message
}

fn quote(text: &str) -> String {
    if text.is_empty() {
        return "nothing".into();
    }
    let mut short: String = text.chars().take(QUOTE_LIMIT).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    format!("`{short}`")
}

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
            TypeKind::ErrorContext | TypeKind::Own | TypeKind::Borrow | TypeKind::Stream(_) | TypeKind::Future(_) => {
                WasmTypeKind::Unsupported
            }
        }
    }

    fn list_element_type(&self) -> Option<Self> {
        match Type::kind(self) {
            TypeKind::List(element) | TypeKind::FixedLengthList(element, _) => Some(element),
            _ => None,
        }
    }

    fn record_fields(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Self)> + '_> {
        match Type::kind(self) {
            TypeKind::Record(fields) => Box::new(fields.into_iter().map(|(name, ty)| (owned(name), ty))),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn tuple_element_types(&self) -> Box<dyn Iterator<Item = Self> + '_> {
        match Type::kind(self) {
            TypeKind::Tuple(types) => Box::new(types.into_iter()),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn variant_cases(&self) -> Box<dyn Iterator<Item = (Cow<'_, str>, Option<Self>)> + '_> {
        match Type::kind(self) {
            TypeKind::Variant(cases) => Box::new(cases.into_iter().map(|(name, ty)| (owned(name), ty))),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn enum_cases(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        match Type::kind(self) {
            TypeKind::Enum(labels) => Box::new(labels.into_iter().map(|label| Cow::Owned(label.into_string()))),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn option_some_type(&self) -> Option<Self> {
        match Type::kind(self) {
            TypeKind::Option(some) => Some(some),
            _ => None,
        }
    }

    fn result_types(&self) -> Option<(Option<Self>, Option<Self>)> {
        match Type::kind(self) {
            TypeKind::Result { ok, err } => Some((ok, err)),
            _ => None,
        }
    }

    fn flags_names(&self) -> Box<dyn Iterator<Item = Cow<'_, str>> + '_> {
        match Type::kind(self) {
            TypeKind::Flags(labels) => Box::new(labels.into_iter().map(|label| Cow::Owned(label.into_string()))),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn map_key_value_types(&self) -> Option<(Self, Self)> {
        match Type::kind(self) {
            TypeKind::Map(key, value) => Some((key, value)),
            _ => None,
        }
    }
}

fn owned(name: Box<str>) -> Cow<'static, str> {
    Cow::Owned(name.into_string())
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

    fn make_record<'a>(_: &Type, fields: impl IntoIterator<Item = (&'a str, Self)>) -> Result<Self, WasmValueError> {
        Ok(Val::Record(fields.into_iter().map(|(name, val)| (name.to_string(), val)).collect()))
    }

    fn make_tuple(_: &Type, vals: impl IntoIterator<Item = Self>) -> Result<Self, WasmValueError> {
        Ok(Val::Tuple(vals.into_iter().collect()))
    }

    fn make_variant(_: &Type, case: &str, val: Option<Self>) -> Result<Self, WasmValueError> {
        Ok(Val::Variant(case.into(), boxed(val)))
    }

    fn make_enum(ty: &Type, case: &str) -> Result<Self, WasmValueError> {
        match ty.enum_cases().any(|label| label == case) {
            true => Ok(Val::Enum(case.into())),
            false => Err(WasmValueError::UnknownCase(case.into())),
        }
    }

    fn make_option(_: &Type, val: Option<Self>) -> Result<Self, WasmValueError> {
        Ok(Val::Option(boxed(val)))
    }

    fn make_result(_: &Type, val: Result<Option<Self>, Option<Self>>) -> Result<Self, WasmValueError> {
        Ok(Val::Result(val.map(boxed).map_err(boxed)))
    }

    fn make_flags<'a>(ty: &Type, names: impl IntoIterator<Item = &'a str>) -> Result<Self, WasmValueError> {
        let labels: Vec<_> = ty.flags_names().collect();
        let names: Vec<String> = names.into_iter().map(str::to_string).collect();
        match names.iter().find(|name| !labels.iter().any(|label| label == *name)) {
            None => Ok(Val::Flags(names)),
            Some(name) => Err(WasmValueError::Other(format!("unknown flag {name:?}"))),
        }
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
            fields.iter().map(|(name, val)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(val)))
        ))
    }

    fn unwrap_tuple(&self) -> Box<dyn Iterator<Item = Cow<'_, Self>> + '_> {
        unwrap!(self, Val::Tuple(items) => Box::new(items.iter().map(Cow::Borrowed)))
    }

    fn unwrap_variant(&self) -> (Cow<'_, str>, Option<Cow<'_, Self>>) {
        unwrap!(self, Val::Variant(case, payload) => (Cow::Borrowed(case.as_str()), payload.as_deref().map(Cow::Borrowed)))
    }

    fn unwrap_enum(&self) -> Cow<'_, str> {
        unwrap!(self, Val::Enum(case) => Cow::Borrowed(case.as_str()))
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
        unwrap!(self, Val::Flags(names) => Box::new(names.iter().map(|name| Cow::Borrowed(name.as_str()))))
    }

    fn unwrap_map(&self) -> Box<dyn Iterator<Item = (Cow<'_, Self>, Cow<'_, Self>)> + '_> {
        unwrap!(self, Val::Map(entries) => Box::new(
            entries.iter().map(|(key, value)| (Cow::Borrowed(key), Cow::Borrowed(value)))
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gusset_artifact::Plan;
    use gusset_types::{Case, DefinedType, Field, FuncType, Param, ValType};
    use std::sync::Arc;

    fn round_trip(ty: &Type, text: &str) -> Val {
        let val = Val::from_wave(ty, text).unwrap();
        assert_eq!(val.check(ty), Ok(()));
        assert_eq!(val.to_wave(), text);
        val
    }

    fn types(defined: &[DefinedType]) -> Vec<Type> {
        let mut plan = Plan::default();
        let types: Vec<ValType> = defined.iter().map(|ty| plan.types.intern(ty.clone())).collect();
        let plan = Arc::new(plan);
        types.into_iter().map(|ty| Type::new(&plan, ty)).collect()
    }

    #[test]
    fn values_round_trip() {
        let field = |name: &str, ty| Field { name: name.into(), ty };
        let case = |name: &str, ty| Case { name: name.into(), ty };
        let tys = types(&[
            DefinedType::List(ValType::S16),
            DefinedType::Record([field("a", ValType::String), field("b", ValType::Char)].into()),
            DefinedType::Variant([case("none", None), case("some-text", Some(ValType::String))].into()),
            DefinedType::Flags(["x".into(), "y".into(), "z".into()].into()),
            DefinedType::Option(ValType::F64),
            DefinedType::Tuple([ValType::Bool, ValType::U64].into()),
        ]);
        round_trip(&tys[0], "[-1, 2, 3]");
        round_trip(&tys[1], "{a: \"x\\\"\\n\", b: 'é'}");
        round_trip(&tys[2], "%none");
        round_trip(&tys[2], "some-text(\"t\")");
        assert_eq!(round_trip(&tys[3], "{x, z}"), Val::Flags(vec!["x".into(), "z".into()]));
        round_trip(&tys[4], "some(-inf)");
        round_trip(&tys[5], "(true, 18446744073709551615)");
    }

    #[test]
    fn errors_say_what_and_where() {
        let tys = types(&[DefinedType::Enum(["red".into()].into()), DefinedType::List(ValType::U8)]);
        let error = |ty: &Type, text: &str| Val::from_wave(ty, text).unwrap_err().to_string();
        assert_eq!(error(&tys[0], "blue"), "expected enum { red }: unknown case \"blue\" at `blue`");
        assert_eq!(error(&tys[1], "[1, 256]"), "expected list<u8>: invalid value at `256`");
        assert_eq!(error(&tys[1], "[1, 2"), "expected list<u8>: unexpected end of input at the end");
        let deep = "[".repeat(100_000);
        assert!(error(&tys[1], &deep).contains("nesting too deep"));
    }

    fn func(params: &[(&str, ValType)], defined: &[DefinedType]) -> ComponentFunc {
        let mut plan = Plan::default();
        defined.iter().for_each(|ty| {
            plan.types.intern(ty.clone());
        });
        let params = params.iter().map(|(name, ty)| Param { name: (*name).into(), ty: *ty }).collect();
        let ty = plan.types.intern_func(FuncType { async_: false, params, result: None });
        ComponentFunc::new(&Arc::new(plan), ty)
    }

    #[test]
    fn calls_are_checked_for_number_and_types() {
        let list = ValType::Defined(gusset_types::DefinedTypeIndex::from_u32(0));
        let f = func(&[("name", ValType::String), ("counts", list)], &[DefinedType::List(ValType::U32)]);
        let call = WaveCall::parse("pkg:ns/iface@1.0.0#f(\"x\", [1,2])").unwrap();
        assert_eq!(call.name(), "pkg:ns/iface@1.0.0#f");
        let list = Val::List(vec![Val::U32(1), Val::U32(2)]);
        assert_eq!(call.arguments(&f), Ok(vec![Val::String("x".into()), list]));
        let error = |text: &str| WaveCall::parse(text).and_then(|call| call.arguments(&f)).unwrap_err().to_string();
        assert_eq!(error("f(\"x\")"), "f: expected 2 arguments (name: string, counts: list<u32>), found 1");
        assert_eq!(error("f()"), "f: expected 2 arguments (name: string, counts: list<u32>), found 0");
        assert_eq!(error("f(1, [])"), "argument 1 \"name\": expected string: invalid value type at `1`");
        assert_eq!(
            error("f(\"x\", [1, \"y\"])"),
            "argument 2 \"counts\": expected list<u32>: invalid value type at `\"y\"`"
        );
        assert!(error("f").starts_with("expected a call such as"));
        assert!(error("f(").contains("unexpected end of input"));
        assert!(error("f(1) 2").contains("trailing characters"));
        assert!(error("(1)").contains("expected a function name, found nothing"));
    }

    #[test]
    fn garbage_is_an_error_not_a_panic() {
        let f = func(&[("x", ValType::String)], &[]);
        let pieces = [
            "(",
            ")",
            "[",
            "{",
            "}",
            ":",
            ",",
            "'",
            "\"",
            "\\",
            "\"\"\"",
            "\n",
            "é",
            "-",
            "1e",
            "%",
            "some(",
            "//",
            "a",
            "\\u{110000}",
        ];
        let mut state = 1_u32;
        for _ in 0..20_000 {
            let mut text = String::from("f(");
            for _ in 0..state % 7 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(pieces[(state >> 16) as usize % pieces.len()]);
            }
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state & 1 == 0 {
                text.push(')');
            }
            let _ = WaveCall::parse(&text).and_then(|call| call.arguments(&f));
        }
    }
}
