//! Derives of `gusset::{ComponentType, Lift, Lower}` for Rust structs and enums, and `gusset::flags!`. They are used through
//! `gusset`, whose feature `derive` brings them in. Nothing of the canonical ABI stands here.
//!
//! **Internal.** Use these through `gusset`. What else stands here may change in any release, without notice.
#![forbid(unsafe_code)]

mod expand;
mod flags;
mod input;
mod name;

#[cfg(test)]
mod tests;

use input::DerivedType;
use proc_macro::TokenStream;
use syn::{DeriveInput, Error, Result, parse_macro_input};

#[cfg_attr(not(doctest), doc = include_str!("doc/derive_component_type.md"))]
#[proc_macro_derive(ComponentType, attributes(component))]
pub fn derive_component_type(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input), |input| Ok(expand::component_type(input)))
}

#[cfg_attr(not(doctest), doc = include_str!("doc/derive_lift.md"))]
#[proc_macro_derive(Lift, attributes(component))]
pub fn derive_lift(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input), expand::lift)
}

#[cfg_attr(not(doctest), doc = include_str!("doc/derive_lower.md"))]
#[proc_macro_derive(Lower, attributes(component))]
pub fn derive_lower(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input), |input| Ok(expand::lower(input)))
}

fn derive(input: DeriveInput, expand: impl FnOnce(&DerivedType) -> Result<proc_macro2::TokenStream>) -> TokenStream {
    let expanded = DerivedType::new(input).and_then(|input| expand(&input));
    expanded.unwrap_or_else(Error::into_compile_error).into()
}

#[cfg_attr(not(doctest), doc = include_str!("doc/flags.md"))]
#[proc_macro]
pub fn flags(input: TokenStream) -> TokenStream {
    parse_macro_input!(input as flags::FlagsInput).expand().into()
}
