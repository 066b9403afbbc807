//! Calls in WAVE: a name and arguments.

use super::convert::convert;
use super::error::{Fault, WaveError, quote};
use super::syntax::{Goal, explain};
use super::terminated;
use crate::types::{ComponentFunc, Type, TypeKind};
use crate::val::Val;
use gusset_types::cut_name;
use std::borrow::Cow;
use wasm_wave::ast::Node;
use wasm_wave::parser::Parser;

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
    /// All that was given.
    source: &'a str,
    name: &'a str,
    /// Where in it the opening parenthesis is, and the text from there on.
    start: usize,
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
        let source = text;
        let text = skip_space(text).trim_end();
        let begin = source.len() - skip_space(source).len();
        let name = &text[..name_length(text)];
        let call = skip_space(&text[name.len()..]);
        let Some(inner) = call.strip_prefix('(') else {
            let found = if text.is_empty() { "nothing".into() } else { quote(text) };
            let what = format!("expected a call such as `name(arguments)`, found {found}");
            return Err(Fault::new(begin..begin + text.len(), what).explain(source, 0));
        };
        if name.is_empty() {
            let what = "expected a function's name before `(`";
            return Err(Fault::new(begin..begin + 1, what).explain(source, 0));
        }
        let start = begin + text.len() - call.len();
        let text = terminated(call);
        let none = skip_space(inner).strip_prefix(')').is_some_and(|rest| skip_space(rest).is_empty());
        let arguments = if none { Ok(Vec::new()) } else { parse_arguments(&text) };
        match arguments {
            Ok(arguments) => Ok(WaveCall { source, name, start, text, arguments }),
            Err(fault) => Err(fault.explain(source, start)),
        }
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
            let (name, expected) = (quote(self.name), expected.join(", "));
            let expected = if expected.is_empty() { String::new() } else { format!(" ({expected})") };
            let what = format!("{name} takes {} argument{plural}{expected}, found {given}", params.len());
            let place = match self.arguments.get(params.len()) {
                Some(superfluous) => superfluous.span(),
                None => self.text.trim_end().len() - 1..self.text.trim_end().len(),
            };
            return Err(Fault::new(place, what).explain(self.source, self.start));
        }
        let mut values = Vec::with_capacity(params.len());
        for (i, (name, ty)) in params.iter().enumerate() {
            values.push(match self.arguments.get(i) {
                Some(node) => convert(node, ty, &self.text)
                    .map_err(|fault| fault.within(&cut_name(name)).explain(self.source, self.start))?,
                None => Val::Option(None),
            });
        }
        Ok(values)
    }
}

/// The arguments of a call, from the opening parenthesis on: to the parser, a tuple.
fn parse_arguments(text: &str) -> Result<Vec<Node>, Fault> {
    let mut parser = Parser::new(text);
    let tuple = parser.parse_raw_value().and_then(|value| parser.finish().map(|()| value));
    let nodes = tuple.and_then(|tuple| tuple.node().as_tuple().map(|nodes| nodes.cloned().collect()));
    nodes.map_err(|error| explain(&error, text, Goal::Arguments))
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

fn is_option(ty: &Type) -> bool {
    matches!(ty.kind(), TypeKind::Option(_))
}
