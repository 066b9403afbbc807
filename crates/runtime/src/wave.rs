//! WAVE, the text form of component values: printing, and parsing of values and calls. Any text is an answer or an error; the
//! parser bounds its own nesting.

use crate::types::Type;
use crate::val::Val;
use std::borrow::Cow;
use std::fmt;
use wasm_wave::parser::Parser;
use wasm_wave::wasm::DisplayValue;

mod bridge;
mod call;
mod context;
mod convert;
mod error;
mod handle;
mod hint;
mod syntax;
#[cfg(test)]
mod tests;

pub use call::WaveCall;
pub use error::WaveError;

use convert::{convert, no_syntax};
use error::Fault;
use handle::handle_in;
use syntax::{Goal, explain};

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
            Some((path, what)) => Err(Fault::new(0..0, no_syntax(what)).within(&path).without_text()),
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
        let parsed = &*terminated(text);
        let mut parser = Parser::new(parsed);
        let value = parser.parse_raw_value().and_then(|value| parser.finish().map(|()| value));
        let converted = match value {
            Ok(value) => convert(value.node(), ty, parsed),
            Err(error) => Err(explain(&error, parsed, Goal::Value(ty))),
        };
        converted.map_err(|fault| fault.explain(text, 0))
    }
}

/// `text` with a line end after it where it may end in a comment: the parser panics on one that ends with nothing behind `//`.
fn terminated(text: &str) -> Cow<'_, str> {
    if text.contains("//") { Cow::Owned(format!("{text}\n")) } else { Cow::Borrowed(text) }
}
