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

/// Derives `gusset::ComponentType`: the type stands for a [record, variant or enum].
///
/// The attribute of the type says for which:
///
/// | attribute | of | stands for |
/// | --- | --- | --- |
/// | `#[component(record)]` | a struct with named fields | a record |
/// | `#[component(variant)]` | an enum whose cases have one unnamed field or none | a variant |
/// | `#[component(enum)]` | an enum whose cases have no fields | an enum |
///
/// Fields and cases stand in the order of the component's type. The name of one is its identifier's, in lower case with `-`
/// between the words (`author_id` is `author-id`, `NotFound` is `not-found`), or what `#[component(name = "..")]` on it says.
/// Type parameters are types that implement the trait. Where `gusset` has another path, `#[component(crate = path)]` names it.
///
/// ```
/// use gusset::{ComponentType, Lift, Lower};
///
/// #[derive(ComponentType, Lift, Lower)]
/// #[component(record)]
/// struct Person {
///     name: String,
///     #[component(name = "id")]
///     number: u32,
/// }
///
/// #[derive(ComponentType, Lift, Lower)]
/// #[component(variant)]
/// enum Lookup {
///     Found(Person),
///     NotFound,
/// }
///
/// #[derive(ComponentType, Lower)]
/// #[component(record)]
/// struct Pair<'a, T> {
///     key: &'a str,
///     value: T,
/// }
/// # fn lifts<T: Lift>() {}
/// # fn lowers<T: Lower>() {}
/// # lifts::<Vec<Lookup>>();
/// # lowers::<Pair<'_, Option<Lookup>>>();
/// ```
///
/// # Errors
///
/// Each of these is an error of the compiler that points at what is wrong. Without a kind, or with two:
///
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// struct Point { x: u32 }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(variant, enum)]
/// enum Answer { Yes, No }
/// ```
///
/// A kind that the item is not of:
///
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// enum Answer { Yes, No }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(variant)]
/// struct Point { x: u32 }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(enum)]
/// union Number { whole: u32, real: f32 }
/// ```
///
/// Fields without names, or none; cases with more than one field, or with named ones; no case at all; a payload in an enum:
///
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Point(u32, u32);
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Point {}
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(variant)]
/// enum Shape { Point(u32, u32) }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(variant)]
/// enum Shape { Point { x: u32 } }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(variant)]
/// enum Never {}
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(enum)]
/// enum Answer { Yes, No(String) }
/// ```
///
/// Names that are none, are missing or stand twice, and attributes that nobody knows:
///
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Point { #[component(name = "the x")] x: u32 }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Point { _x: u32 }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Point { x: u32, #[component(name = "X")] y: u32 }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Point { #[component(rename = "y")] x: u32 }
/// ```
///
/// A field whose type stands for nothing:
///
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Started { at: std::time::Instant }
/// ```
///
/// [record, variant or enum]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#[proc_macro_derive(ComponentType, attributes(component))]
pub fn derive_component_type(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input), |input| Ok(expand::component_type(input)))
}

/// Derives `gusset::Lift` beside `gusset::ComponentType`: values can be read out of a guest.
///
/// A field that borrows is an error, and so is one whose type cannot be lifted:
///
/// ```compile_fail
/// #[derive(gusset::ComponentType, gusset::Lift)]
/// #[component(record)]
/// struct Line<'a> { text: &'a str }
/// ```
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Inner { x: u32 }
///
/// #[derive(gusset::ComponentType, gusset::Lift)]
/// #[component(record)]
/// struct Outer { inner: Inner }
/// ```
#[proc_macro_derive(Lift, attributes(component))]
pub fn derive_lift(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input), expand::lift)
}

/// Derives `gusset::Lower` beside `gusset::ComponentType`: values can be written into a guest. Fields may borrow.
///
/// A field whose type cannot be lowered is an error:
///
/// ```compile_fail
/// #[derive(gusset::ComponentType)]
/// #[component(record)]
/// struct Inner { x: u32 }
///
/// #[derive(gusset::ComponentType, gusset::Lower)]
/// #[component(record)]
/// struct Outer { inner: Inner }
/// ```
#[proc_macro_derive(Lower, attributes(component))]
pub fn derive_lower(input: TokenStream) -> TokenStream {
    derive(parse_macro_input!(input), |input| Ok(expand::lower(input)))
}

fn derive(input: DeriveInput, expand: impl FnOnce(&DerivedType) -> Result<proc_macro2::TokenStream>) -> TokenStream {
    let expanded = DerivedType::new(input).and_then(|input| expand(&input));
    expanded.unwrap_or_else(Error::into_compile_error).into()
}

/// A struct that stands for a [`flags`] type, with a constant for each label, in the order of the component's type. It
/// implements `gusset::{ComponentType, Lift, Lower}`.
///
/// Names are found as those of fields are. `|`, `&`, `^`, `-` and `!` work on it, and it has `empty`, `all`, `bits`,
/// `is_empty`, `contains`, `intersects`, `insert` and `remove`.
///
/// ```
/// gusset::flags! {
///     /// What may be done with a file.
///     pub Permissions {
///         const READ;
///         const WRITE;
///         #[component(name = "exec")]
///         const EXECUTE;
///     }
/// }
/// let both = Permissions::READ | Permissions::EXECUTE;
/// assert!(both.contains(Permissions::READ) && !both.intersects(Permissions::WRITE));
/// assert_eq!(format!("{both:?}"), "Permissions(READ | EXECUTE)");
/// assert_eq!(!both, Permissions::WRITE);
/// ```
///
/// No label, more than 32, two of one name, and a name that is none are errors:
///
/// ```compile_fail
/// gusset::flags! { Nothing {} }
/// ```
/// ```compile_fail
/// gusset::flags! {
///     Many {
///         const A0; const A1; const A2; const A3; const A4; const A5; const A6; const A7; const A8; const A9; const A10;
///         const B0; const B1; const B2; const B3; const B4; const B5; const B6; const B7; const B8; const B9; const B10;
///         const C0; const C1; const C2; const C3; const C4; const C5; const C6; const C7; const C8; const C9; const C10;
///     }
/// }
/// ```
/// ```compile_fail
/// gusset::flags! { Twice { const A; #[component(name = "a")] const B; } }
/// ```
/// ```compile_fail
/// gusset::flags! { Spaced { #[component(name = "a b")] const A; } }
/// ```
///
/// [`flags`]: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#type-definitions
#[proc_macro]
pub fn flags(input: TokenStream) -> TokenStream {
    parse_macro_input!(input as flags::FlagsInput).expand().into()
}
