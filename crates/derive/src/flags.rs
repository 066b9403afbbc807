//! `flags!`: a struct that stands for a `flags` type, with a constant for each label.

use crate::input::{Parts, crate_path, each_meta, name_of};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Result, Token, Visibility, braced};

/// The most labels of a `flags` type: they are bits of an `i32`.
const LABELS: usize = u32::BITS as usize;

/// What `flags!` is given: `pub Name { const A; const B; }`.
pub(crate) struct FlagsInput {
    attrs: Vec<Attribute>,
    gusset: TokenStream,
    vis: Visibility,
    ident: Ident,
    labels: Vec<FlagLabel>,
}

/// `#[component(name = "a")] const A`.
struct FlagLabel {
    attrs: Vec<Attribute>,
    ident: Ident,
    name: String,
}

/// A label as it is written.
struct WrittenLabel {
    attrs: Vec<Attribute>,
    ident: Ident,
}

impl Parse for WrittenLabel {
    fn parse(input: ParseStream<'_>) -> Result<WrittenLabel> {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Token![const]>()?;
        Ok(WrittenLabel { attrs, ident: input.parse()? })
    }
}

impl Parse for FlagsInput {
    fn parse(input: ParseStream<'_>) -> Result<FlagsInput> {
        let attrs = input.call(Attribute::parse_outer)?;
        let mut gusset = quote!(::gusset);
        each_meta(&attrs, |meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("expected `crate = path`"));
            }
            gusset = crate_path(meta)?;
            Ok(())
        })?;
        let (vis, ident) = (input.parse()?, input.parse::<Ident>()?);
        let braces;
        braced!(braces in input);
        let written = Punctuated::<WrittenLabel, Token![;]>::parse_terminated(&braces)?;
        let labels = labels(&ident, written)?;
        Ok(FlagsInput { attrs: without_ours(attrs), gusset, vis, ident, labels })
    }
}

fn labels(ident: &Ident, written: Punctuated<WrittenLabel, Token![;]>) -> Result<Vec<FlagLabel>> {
    if written.is_empty() {
        return Err(Error::new(ident.span(), "flags have at least one label: `const NAME;`"));
    }
    if let Some(label) = written.iter().nth(LABELS) {
        return Err(Error::new(label.ident.span(), format!("flags have at most {LABELS} labels")));
    }
    let mut parts = Parts::new();
    for label in &written {
        parts.push("label", &label.ident, name_of(&label.ident, &label.attrs).map(|name| (name, label)));
    }
    let parts = parts.finish()?.into_iter();
    let label = |(name, label): (String, &WrittenLabel)| FlagLabel {
        attrs: without_ours(label.attrs.clone()),
        ident: label.ident.clone(),
        name,
    };
    Ok(parts.map(label).collect())
}

fn without_ours(attrs: Vec<Attribute>) -> Vec<Attribute> {
    attrs.into_iter().filter(|attr| !attr.path().is_ident("component")).collect()
}

impl FlagsInput {
    pub(crate) fn expand(&self) -> TokenStream {
        let (attrs, vis, ident) = (&self.attrs, &self.vis, &self.ident);
        let (items, operators, traits) = (self.items(), self.operators(), self.traits());
        quote! {
            #(#attrs)*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
            #vis struct #ident {
                bits: u32,
            }

            #items
            #operators
            #traits
        }
    }

    /// The bits of all labels.
    fn all(&self) -> u32 {
        u32::MAX >> (LABELS - self.labels.len())
    }

    fn items(&self) -> TokenStream {
        let (ident, all) = (&self.ident, self.all());
        let labels = self.labels.iter().enumerate().map(|(i, FlagLabel { attrs, ident, .. })| {
            let bit = 1_u32 << i;
            quote!(#(#attrs)* pub const #ident: Self = Self { bits: #bit };)
        });
        quote_spanned! {Span::mixed_site()=>
            #[allow(dead_code, reason = "not every type of flags needs all of it")]
            impl #ident {
                #(#labels)*

                /// No label.
                pub const fn empty() -> Self {
                    Self { bits: 0 }
                }

                /// All labels.
                pub const fn all() -> Self {
                    Self { bits: #all }
                }

                /// The labels as bits: the first one is the lowest.
                pub const fn bits(self) -> u32 {
                    self.bits
                }

                /// Whether there is no label.
                pub const fn is_empty(self) -> bool {
                    self.bits == 0
                }

                /// Whether all labels of `other` are there.
                pub const fn contains(self, other: Self) -> bool {
                    self.bits & other.bits == other.bits
                }

                /// Whether a label of `other` is there.
                pub const fn intersects(self, other: Self) -> bool {
                    self.bits & other.bits != 0
                }

                /// Adds the labels of `other`.
                pub const fn insert(&mut self, other: Self) {
                    self.bits |= other.bits;
                }

                /// Takes the labels of `other` away.
                pub const fn remove(&mut self, other: Self) {
                    self.bits &= !other.bits;
                }
            }
        }
    }

    fn operators(&self) -> TokenStream {
        let ident = &self.ident;
        let operators = [
            ("BitOr", "bitor", quote!(self.bits | other.bits)),
            ("BitAnd", "bitand", quote!(self.bits & other.bits)),
            ("BitXor", "bitxor", quote!(self.bits ^ other.bits)),
            ("Sub", "sub", quote!(self.bits & !other.bits)),
        ];
        let binary = operators.into_iter().map(|(operator, method, bits)| {
            let [name, assign] = [format_ident!("{operator}"), format_ident!("{operator}Assign")];
            let [method, assign_method] = [format_ident!("{method}"), format_ident!("{method}_assign")];
            quote! {
                #[automatically_derived]
                impl ::core::ops::#name for #ident {
                    type Output = Self;

                    fn #method(self, other: Self) -> Self {
                        Self { bits: #bits }
                    }
                }

                #[automatically_derived]
                impl ::core::ops::#assign for #ident {
                    fn #assign_method(&mut self, other: Self) {
                        *self = ::core::ops::#name::#method(*self, other);
                    }
                }
            }
        });
        quote! {
            #(#binary)*

            #[automatically_derived]
            impl ::core::ops::Not for #ident {
                type Output = Self;

                fn not(self) -> Self {
                    Self { bits: !self.bits & Self::all().bits }
                }
            }
        }
    }

    fn traits(&self) -> TokenStream {
        let FlagsInput { gusset, ident, labels, .. } = self;
        let count = labels.len();
        let names = labels.iter().map(|label| &label.name);
        let constants = labels.iter().map(|label| label.ident.to_string());
        let (text, rust) = (format!("flags {ident}"), ident.to_string());
        let support = quote!(#gusset::derive_support);
        quote_spanned! {Span::mixed_site()=>
            #[automatically_derived]
            impl ::core::fmt::Debug for #ident {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #support::debug_flags(f, #rust, self.bits, &[#(#constants),*])
                }
            }

            #[automatically_derived]
            impl #gusset::ComponentType for #ident {
                const FLAT_COUNT: usize = 1;
                const LAYOUTS: [#support::Layout; 2] = #support::flags_layouts(#count);
                const SCALAR: bool = true;

                fn matches(
                    types: #support::TypeScope<'_>,
                    ty: #support::ValType,
                ) -> ::core::result::Result<(), #support::TypeMismatch> {
                    types.flags(ty, &[#(#names),*])
                }

                fn describe() -> ::std::string::String {
                    ::std::string::String::from(#text)
                }
            }

            #[automatically_derived]
            impl #gusset::Lift for #ident {
                fn load(
                    cx: &mut #support::LiftContext<'_>,
                    _: #support::ValType,
                    at: u64,
                ) -> #support::CanonResult<Self> {
                    let bits = #support::load_flags::<Self>(cx, at)?;
                    ::core::result::Result::Ok(Self { bits: bits & Self::all().bits })
                }

                fn lift_flat(
                    _: &mut #support::LiftContext<'_>,
                    _: #support::ValType,
                    flat: &mut #support::FlatReader<'_>,
                ) -> #support::CanonResult<Self> {
                    ::core::result::Result::Ok(Self { bits: flat.u32() & Self::all().bits })
                }
            }

            #[automatically_derived]
            impl #gusset::Lower for #ident {
                fn store(
                    &self,
                    cx: &mut #support::LowerContext<'_>,
                    _: #support::ValType,
                    at: u64,
                ) -> #support::CanonResult<()> {
                    #support::store_flags::<Self>(cx, self.bits, at)
                }

                fn lower_flat(
                    &self,
                    _: &mut #support::LowerContext<'_>,
                    _: #support::ValType,
                    flat: &mut #support::FlatWriter<'_>,
                ) -> #support::CanonResult<()> {
                    flat.u32(self.bits);
                    ::core::result::Result::Ok(())
                }
            }
        }
    }
}
