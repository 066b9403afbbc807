//! WAVE, the text form of component values: printing, and parsing of values and calls. Any text is an answer or an error; the
//! parser bounds its own nesting.

use crate::types::{ComponentFunc, Type, TypeKind};
use crate::val::Val;
use gusset_types::Printable;
use std::borrow::Cow;
use std::fmt;
use wasm_wave::ast::Node;
use wasm_wave::parser::{Parser, ParserError};
use wasm_wave::wasm::{DisplayValue, WasmValueError};

mod bridge;
mod handle;

use handle::{handle_in, unwritable_in};

/// How much of the input an error quotes, in characters.
const MAX_QUOTED: usize = 60;

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
    /// Writes the value as WAVE. Handles, which WAVE does not have, are written as `<own>` and `<borrow>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DisplayValue(self).fmt(f)
    }
}

impl Val {
    /// The value as WAVE text, which [`from_wave`](Val::from_wave) reads.
    ///
    /// ```
    /// use gusset::Val;
    /// let val = Val::Option(Some(Box::new(Val::String("a \"b\"".into()))));
    /// assert_eq!(val.to_wave()?, r#"some("a \"b\"")"#);
    /// # Ok::<(), gusset::WaveError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The value holds a handle, which WAVE has no syntax for. `Display` writes something all the same.
    pub fn to_wave(&self) -> Result<String, WaveError> {
        match handle_in(self) {
            Some((path, what)) => Err(WaveError { message: no_syntax(what, &path) }),
            None => Ok(self.to_string()),
        }
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
    /// The text is not WAVE, or not of that type; the error quotes the place. It holds something that is a handle by its type,
    /// which WAVE has no syntax for.
    pub fn from_wave(ty: &Type, text: &str) -> Result<Val, WaveError> {
        let text = &*terminated(text);
        let mut parser = Parser::new(text);
        let value = parser.parse_raw_value().and_then(|value| parser.finish().map(|()| value));
        let explained = match value {
            Ok(value) => convert(value.node(), ty, text),
            Err(error) => Err(explain(&error, text)),
        };
        explained.map_err(|message| WaveError { message: format!("expected {ty}: {message}") })
    }
}

/// A call in WAVE: `name(argument, ...)`, parsed but for its arguments' types.
///
/// The name is whatever stands before the parenthesis, so that `docs:text/parse@1.0.0#parse(..)` is a call too. White space
/// and comments, from `//` to the end of the line, may stand between any two parts.
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
/// assert_eq!(results[0].to_wave()?, "42");
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
        let text = skip_space(text).trim_end();
        let name = &text[..name_length(text)];
        let call = skip_space(&text[name.len()..]);
        let Some(inner) = call.strip_prefix('(') else {
            let message = format!("expected a call such as `name(arguments)`, found {}", quote(text));
            return Err(WaveError { message });
        };
        if name.is_empty() {
            return Err(WaveError { message: format!("expected a function name, found {}", quote(name)) });
        }
        let text = terminated(call);
        let none = skip_space(inner).strip_prefix(')').is_some_and(|rest| skip_space(rest).is_empty());
        let arguments = if none { Vec::new() } else { parse_arguments(name, &text)? };
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
                Some(node) => convert(node, ty, &self.text).map_err(|message| WaveError {
                    message: format!("argument {} {name:?}: expected {ty}: {message}", i + 1),
                })?,
                None => Val::Option(None),
            });
        }
        Ok(values)
    }
}

/// The arguments of a call of `name`, from the opening parenthesis on: to the parser, a tuple.
fn parse_arguments(name: &str, text: &str) -> Result<Vec<Node>, WaveError> {
    let mut parser = Parser::new(text);
    let tuple = parser.parse_raw_value().and_then(|value| parser.finish().map(|()| value));
    let nodes = tuple.and_then(|tuple| tuple.node().as_tuple().map(|nodes| nodes.cloned().collect()));
    nodes.map_err(|error| WaveError { message: format!("arguments of {name}: {}", explain(&error, text)) })
}

/// `text` from its first token on: behind white space and comments, which end with their lines.
fn skip_space(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        let Some(comment) = text.strip_prefix("//") else { return text };
        text = comment.find('\n').map_or("", |end| &comment[end..]);
    }
}

/// How long the name is that `text` begins with: to a parenthesis, white space or a comment. A single `/` is part of it.
fn name_length(text: &str) -> usize {
    let ends = text.find(|c: char| c == '(' || c.is_whitespace()).unwrap_or(text.len());
    text[..ends].find("//").unwrap_or(ends)
}

/// `text` with a line end after it where it may end in a comment: the parser panics on one that ends with nothing behind `//`.
fn terminated(text: &str) -> Cow<'_, str> {
    if text.contains("//") { Cow::Owned(format!("{text}\n")) } else { Cow::Borrowed(text) }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty.kind(), TypeKind::Option(_))
}

/// The value of `ty` that `node` of `text` is, or what is wrong with it.
fn convert(node: &Node, ty: &Type, text: &str) -> Result<Val, String> {
    node.to_wasm_value(ty, text).map_err(|error| match unsupported_type(&error) {
        true => match unwritable_in(node, ty, text) {
            Some((path, ty)) => no_syntax(ty, &path),
            None => explain(&error, text),
        },
        false => explain(&error, text),
    })
}

/// Whether the parser has met a type that WAVE does not have.
fn unsupported_type(error: &ParserError) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
    matches!(source, Some(WasmValueError::UnsupportedType(_)))
}

fn no_syntax(what: impl fmt::Display, path: &str) -> String {
    let place = if path.is_empty() { String::new() } else { format!(" at {}", Printable::name(path)) };
    format!("WAVE has no syntax for a value of type {what}{place}")
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
    let mut short: String = text.chars().take(MAX_QUOTED).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::type_scope::TypeTables;
    use gusset_artifact::Plan;
    use gusset_types::{Case, DefinedType, Field, FuncType, Param, ResourceType, ResultType, ValType};
    use std::sync::Arc;

    fn round_trip(ty: &Type, text: &str) -> Val {
        let val = Val::from_wave(ty, text).unwrap();
        assert_eq!(val.check(ty), Ok(()));
        assert_eq!(val.to_wave().as_deref(), Ok(text));
        val
    }

    fn types(defined: &[DefinedType]) -> Vec<Type> {
        let mut plan = Plan::default();
        let types: Vec<ValType> = defined.iter().map(|ty| plan.types.intern(ty.clone())).collect();
        let tables = Arc::new(TypeTables::new(Arc::new(plan)));
        types.into_iter().map(|ty| Type::new(&tables, ty)).collect()
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
    fn maps_and_lists_of_fixed_length_round_trip() {
        let tys = types(&[
            DefinedType::Map(ValType::String, ValType::U8),
            DefinedType::Map(ValType::Bool, ValType::Char),
            DefinedType::Map(ValType::S32, ValType::String),
            DefinedType::FixedLengthList(ValType::U8, 3),
        ]);
        round_trip(&tys[0], "{\"a b\": 1, \"true\": 2}");
        round_trip(&tys[1], "{true: 'x', false: '\\n'}");
        assert_eq!(round_trip(&tys[2], "{-1: \"\"}"), Val::Map(vec![(Val::S32(-1), Val::String(String::new()))]));
        assert_eq!(Val::from_wave(&tys[2], "{:}"), Ok(Val::Map(Vec::new())));
        assert_eq!(Val::from_wave(&tys[2], &Val::Map(Vec::new()).to_string()), Ok(Val::Map(Vec::new())));
        round_trip(&tys[3], "[1, 2, 3]");
        for (ty, text, expected) in [
            (&tys[0], "{a: 1}", "expected a string key, found a label"),
            (&tys[0], "{\"a\": 256}", "invalid value at `256`"),
            (&tys[1], "{1: 'x'}", "invalid value type at `1`"),
            (&tys[2], "[1]", "invalid value type at `[1]`"),
            (&tys[2], "{1}", "unexpected token"),
            (&tys[3], "[1, 2]", "expected 3 elements, found 2"),
            (&tys[3], "[1, 2, 3, 4]", "expected 3 elements, found 4"),
        ] {
            let error = Val::from_wave(ty, text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn as_deep_as_the_parser_goes() {
        let mut plan = Plan::default();
        let mut ty = ValType::U8;
        for _ in 0..100 {
            ty = plan.types.intern(DefinedType::List(ty));
        }
        let ValType::Defined(index) = ty else { unreachable!() };
        let tables = Arc::new(TypeTables::new(Arc::new(plan)));
        let inner = ValType::Defined(gusset_types::DefinedTypeIndex::from_u32(index.as_u32() - 1));
        let text = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        round_trip(&Type::new(&tables, inner), &text(99));
        let error = Val::from_wave(&Type::new(&tables, ty), &text(100)).unwrap_err().to_string();
        assert!(error.contains("nesting too deep"), "{error}");
    }

    #[test]
    fn what_has_no_syntax_is_named_with_its_path() {
        let mut plan = Plan::default();
        let resource = ResourceType { name: "file".into(), instance: None, dtor: None };
        let own = plan.types.intern(DefinedType::Own(plan.resources.push(resource)));
        let stream = plan.types.intern(DefinedType::Stream(None));
        let result = plan.types.intern(DefinedType::Result(ResultType { ok: Some(own), err: Some(ValType::String) }));
        let list = plan.types.intern(DefinedType::List(result));
        let map = plan.types.intern(DefinedType::Map(ValType::U8, list));
        let option = plan.types.intern(DefinedType::Option(stream));
        let fields = [("files", map), ("more", option)].map(|(name, ty)| Field { name: name.into(), ty });
        let record = plan.types.intern(DefinedType::Record(fields.into()));
        let tables = Arc::new(TypeTables::new(Arc::new(plan)));
        let (ty, own) = (Type::new(&tables, record), Type::new(&tables, own));
        let error = |text: &str| Val::from_wave(&ty, text).unwrap_err().to_string();
        let own = format!("WAVE has no syntax for a value of type {own} at .files[1].1[1].ok");
        assert!(error("{files: {1: [], 7: [err(\"a\"), ok(1)]}}").ends_with(&own));
        assert!(error("{more: x, files: {1: [], 2: [err(\"a\"), x]}}").ends_with(&own));
        let stream = "WAVE has no syntax for a value of type stream at .more.some";
        assert!(error("{files: {1: []}, more: some(1)}").ends_with(stream));
        // What is there without a handle is WAVE.
        round_trip(&ty, "{files: {1: [err(\"a\")]}}");
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
        ComponentFunc::new(&Arc::new(TypeTables::new(Arc::new(plan))), ty)
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
    fn what_errors_quote_is_cut() {
        let error = |text: &str| WaveCall::parse(text).unwrap_err().to_string();
        let text = "x".repeat(MAX_QUOTED);
        assert!(error(&text).ends_with(&format!(", found `{text}`")), "{}", error(&text));
        assert!(error(&text.repeat(1000)).ends_with(&format!(", found `{text}...`")));
        let wide = "é".repeat(MAX_QUOTED);
        assert!(error(&wide.repeat(2)).ends_with(&format!(", found `{wide}...`")));
    }

    #[test]
    fn comments_are_white_space_everywhere() {
        let list = ValType::Defined(gusset_types::DefinedTypeIndex::from_u32(0));
        let f = func(&[("name", ValType::String), ("counts", list)], &[DefinedType::List(ValType::U32)]);
        let nothing = func(&[], &[]);
        let call = |text: &str, ty: &ComponentFunc| {
            WaveCall::parse(text).and_then(|call| Ok((call.name().to_string(), call.arguments(ty)?)))
        };
        let name = "a:b/c@1.0.0#f";
        for text in [
            "a:b/c@1.0.0#f( // nothing\n)",
            "a:b/c@1.0.0#f(// nothing\n)",
            "// (before\n a:b/c@1.0.0#f()",
            "a:b/c@1.0.0#f // between (\n ()",
            "a:b/c@1.0.0#f// between\r\n//\n()",
            "a:b/c@1.0.0#f() // after )",
            "a:b/c@1.0.0#f(\t//)\n\n// second\n)//",
        ] {
            assert_eq!(call(text, &nothing), Ok((name.to_string(), Vec::new())), "{text:?}");
        }
        let arguments = vec![Val::String("http://x".into()), Val::List(vec![Val::U32(1), Val::U32(2)])];
        for text in [
            "a:b/c@1.0.0#f(\"http://x\", [1, 2])",
            "a:b/c@1.0.0#f(// (\n\"http://x\"// ,\n, // ]\n[// [\n1, // 3\n2 // 4\n] // )\n) // end",
        ] {
            assert_eq!(call(text, &f), Ok((name.to_string(), arguments.clone())), "{text:?}");
        }
        for text in ["f // ()", "// f()", "f(//)", "f() / /", "f() x // y", "f( // \n", "f / ()", "f g()"] {
            assert!(call(text, &nothing).is_err(), "{text:?}");
        }
        let tys = types(&[
            DefinedType::List(ValType::U8),
            DefinedType::Record([Field { name: "a".into(), ty: ValType::U8 }].into()),
            DefinedType::Flags(["x".into(), "y".into()].into()),
            DefinedType::Option(ValType::U8),
        ]);
        for (ty, text) in [
            (&tys[0], "// [\n[// 1\n1, // 2\n2 // 3\n]// end"),
            (&tys[1], "{ // a\na // :\n: // 2\n1 // }\n}"),
            (&tys[2], "{ // x\nx, // y\ny // }\n}"),
            (&tys[3], "some // (\n( // 1\n1 // )\n) //"),
        ] {
            assert!(Val::from_wave(ty, text).is_ok(), "{text:?}");
        }
        assert!(Val::from_wave(&tys[0], "// only").is_err());
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
