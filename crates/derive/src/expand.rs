//! The implementations that the derives write. They say which fields and cases there are, in order; what is done with one stands
//! in `gusset::derive_support`.

use crate::input::{DerivedShape, DerivedType, NamedCase, NamedField};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, Result, Type};

/// `quote!` whose identifiers meet none of the type's.
macro_rules! ours {
    ($($tokens:tt)*) => { quote_spanned!(Span::mixed_site()=> $($tokens)*) };
}

/// The implementation of the trait `name` with these items, for parameters that implement it.
fn implementation(input: &DerivedType, name: &str, items: TokenStream) -> TokenStream {
    let DerivedType { ident, gusset, .. } = input;
    let name = format_ident!("{name}");
    let mut generics = input.generics.clone();
    let params: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
    if !params.is_empty() {
        let predicates = &mut generics.make_where_clause().predicates;
        predicates
            .extend(params.iter().map(|param| -> syn::WherePredicate { syn::parse_quote!(#param: #gusset::#name) }));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    ours! {
        #[automatically_derived]
        impl #impl_generics #gusset::#name for #ident #type_generics #where_clause {
            #items
        }
    }
}

pub(crate) fn component_type(input: &DerivedType) -> TokenStream {
    let (gusset, ident) = (&input.gusset, &input.ident);
    let parts: Vec<TokenStream> = match &input.shape {
        DerivedShape::Record(fields) => fields.iter().map(|NamedField { ty, .. }| quote!(#ty)).collect(),
        DerivedShape::Variant(cases) | DerivedShape::Enum(cases) => payloads(cases).collect(),
    };
    let layouts = match &input.shape {
        DerivedShape::Record(_) => quote!(record_layouts),
        DerivedShape::Variant(_) | DerivedShape::Enum(_) => quote!(variant_layouts),
    };
    let (kind, flat_count, matches) = match &input.shape {
        DerivedShape::Record(fields) => ("record", record_flat_count(gusset, fields), record_matches(gusset, fields)),
        DerivedShape::Variant(cases) => ("variant", variant_flat_count(gusset, cases), variant_matches(gusset, cases)),
        DerivedShape::Enum(cases) => {
            let names = cases.iter().map(|case| &case.name);
            ("enum", quote!(1), ours!(types.enumeration(ty, &[#(#names),*])))
        }
    };
    let text = format!("{kind} {ident}");
    let items = ours! {
        const FLAT_COUNT: usize = #flat_count;
        const LAYOUTS: [#gusset::derive_support::Layout; 2] =
            #gusset::derive_support::#layouts(&[#(<#parts as #gusset::ComponentType>::LAYOUTS),*]);
        const SCALAR: bool = true #(&& <#parts as #gusset::ComponentType>::SCALAR)*;

        fn matches(
            types: #gusset::derive_support::TypeScope<'_>,
            ty: #gusset::derive_support::ValType,
        ) -> ::core::result::Result<(), #gusset::derive_support::TypeMismatch> {
            #matches
        }

        fn describe() -> ::std::string::String {
            ::std::string::String::from(#text)
        }
    };
    implementation(input, "ComponentType", items)
}

fn record_flat_count(gusset: &TokenStream, fields: &[NamedField]) -> TokenStream {
    let types = fields.iter().map(|field| &field.ty);
    ours!(0 #(+ <#types as #gusset::ComponentType>::FLAT_COUNT)*)
}

fn record_matches(gusset: &TokenStream, fields: &[NamedField]) -> TokenStream {
    let names = fields.iter().map(|field| &field.name);
    let types = fields.iter().map(|field| &field.ty);
    let segments = fields.iter().map(|field| format!(".{}", field.name));
    let places = 0..fields.len();
    ours! {
        let fields = types.record(ty, &[#(#names),*])?;
        #(
            <#types as #gusset::ComponentType>::matches(types, fields[#places].ty)
                .map_err(|mismatch| mismatch.within(#segments))?;
        )*
        ::core::result::Result::Ok(())
    }
}

fn payloads(cases: &[NamedCase]) -> impl Iterator<Item = TokenStream> {
    cases.iter().map(|case| case.payload.as_ref().map_or_else(|| quote!(()), |ty| quote!(#ty)))
}

fn variant_flat_count(gusset: &TokenStream, cases: &[NamedCase]) -> TokenStream {
    let payloads = payloads(cases);
    ours!(1 + #gusset::derive_support::largest(&[#(<#payloads as #gusset::ComponentType>::FLAT_COUNT),*]))
}

fn variant_matches(gusset: &TokenStream, cases: &[NamedCase]) -> TokenStream {
    let names = cases.iter().map(|case| &case.name);
    let segments = cases.iter().map(|case| format!(".{}", case.name));
    let (payloads, places) = (payloads(cases), 0..cases.len());
    ours! {
        let cases = types.variant(ty, &[#(#names),*])?;
        #(
            <#payloads as #gusset::ComponentType>::matches_payload(types, cases[#places].ty)
                .map_err(|mismatch| mismatch.within(#segments))?;
        )*
        ::core::result::Result::Ok(())
    }
}

/// # Errors
///
/// A field that borrows: it could not be read out of a guest.
pub(crate) fn lift(input: &DerivedType) -> Result<TokenStream> {
    refuse_references(input)?;
    let gusset = &input.gusset;
    let (load, lift_flat) = match &input.shape {
        DerivedShape::Record(fields) => (
            lift_record(gusset, fields, quote!(load), &quote!()),
            lift_record(gusset, fields, quote!(lift_flat), &quote!(, flat)),
        ),
        DerivedShape::Variant(cases) => (load_variant(gusset, cases), lift_flat_variant(gusset, cases)),
        DerivedShape::Enum(cases) => (load_enum(gusset, cases), lift_flat_enum(gusset, cases)),
    };
    let items = ours! {
        fn load(
            cx: &mut #gusset::derive_support::LiftContext<'_>,
            ty: #gusset::derive_support::ValType,
            at: u64,
        ) -> #gusset::derive_support::CanonResult<Self> {
            #load
        }

        fn lift_flat(
            cx: &mut #gusset::derive_support::LiftContext<'_>,
            ty: #gusset::derive_support::ValType,
            flat: &mut #gusset::derive_support::FlatReader<'_>,
        ) -> #gusset::derive_support::CanonResult<Self> {
            #lift_flat
        }
    };
    Ok(implementation(input, "Lift", items))
}

fn refuse_references(input: &DerivedType) -> Result<()> {
    let types: Vec<&Type> = match &input.shape {
        DerivedShape::Record(fields) => fields.iter().map(|field| &field.ty).collect(),
        DerivedShape::Variant(cases) | DerivedShape::Enum(cases) => {
            cases.iter().filter_map(|case| case.payload.as_ref()).collect()
        }
    };
    let what = "`Lift` copies values out of a guest, so that nothing of one can be borrowed: `String`, `Vec<T>`, `WasmStr` and \
                `WasmList<T>` can be lifted";
    let references = types.into_iter().filter(|ty| matches!(ty, Type::Reference(_)));
    let errors = references.map(|ty| Error::new_spanned(ty, what)).reduce(|mut errors, error| {
        errors.combine(error);
        errors
    });
    errors.map_or(Ok(()), Err)
}

/// `flat` is the last argument of `method`, if it takes one; else the fields lie in memory.
fn lift_record(gusset: &TokenStream, fields: &[NamedField], method: TokenStream, flat: &TokenStream) -> TokenStream {
    let idents = fields.iter().map(|field| &field.ident);
    let types = fields.iter().map(|field| &field.ty);
    let at = if flat.is_empty() { ours!(at) } else { quote!(0) };
    let flat = if flat.is_empty() { quote!() } else { ours!(, flat) };
    ours! {
        let mut fields = #gusset::derive_support::RecordCursor::lift(cx, ty, #at);
        ::core::result::Result::Ok(Self { #(#idents: fields.#method::<#types>(cx #flat)?,)* })
    }
}

/// The arms of a `match` over the number of a case, whose values are `value`'s. The number has been checked.
fn number_arms(cases: &[NamedCase], value: impl Fn(&NamedCase) -> TokenStream) -> TokenStream {
    let last = cases.len() - 1;
    let arms = cases.iter().enumerate().map(|(number, case)| {
        let number = number as u32;
        let pattern = if number as usize == last { quote!(_) } else { quote!(#number) };
        let value = value(case);
        quote!(#pattern => #value,)
    });
    quote!(#(#arms)*)
}

fn load_variant(gusset: &TokenStream, cases: &[NamedCase]) -> TokenStream {
    let count = cases.len();
    let arms = number_arms(cases, |NamedCase { ident, payload, .. }| match payload {
        Some(ty) => ours!(Self::#ident(case.load_payload::<#ty>(cx)?)),
        None => quote!(Self::#ident),
    });
    ours! {
        let case = #gusset::derive_support::CaseCursor::load::<Self, #count>(cx, ty, at)?;
        ::core::result::Result::Ok(match case.number() { #arms })
    }
}

fn lift_flat_variant(gusset: &TokenStream, cases: &[NamedCase]) -> TokenStream {
    let count = cases.len();
    let arms = number_arms(cases, |NamedCase { ident, payload, .. }| match payload {
        Some(ty) => ours!(Self::#ident(case.lift_payload::<#ty>(cx, flat)?)),
        None => quote!(Self::#ident),
    });
    ours! {
        let case = #gusset::derive_support::CaseCursor::lift_flat::<Self, #count>(cx, ty, flat)?;
        let value = match case.number() { #arms };
        case.skip_rest(flat);
        ::core::result::Result::Ok(value)
    }
}

fn load_enum(gusset: &TokenStream, cases: &[NamedCase]) -> TokenStream {
    let count = cases.len();
    let arms = number_arms(cases, |NamedCase { ident, .. }| quote!(Self::#ident));
    ours! {
        let case = #gusset::derive_support::CaseCursor::load::<Self, #count>(cx, ty, at)?;
        ::core::result::Result::Ok(match case.number() { #arms })
    }
}

fn lift_flat_enum(gusset: &TokenStream, cases: &[NamedCase]) -> TokenStream {
    let count = cases.len();
    let arms = number_arms(cases, |NamedCase { ident, .. }| quote!(Self::#ident));
    ours! {
        let case = #gusset::derive_support::CaseCursor::lift_flat::<Self, #count>(cx, ty, flat)?;
        ::core::result::Result::Ok(match case.number() { #arms })
    }
}

pub(crate) fn lower(input: &DerivedType) -> TokenStream {
    let gusset = &input.gusset;
    let (store, lower_flat) = match &input.shape {
        DerivedShape::Record(fields) => lower_record(gusset, fields),
        DerivedShape::Variant(cases) | DerivedShape::Enum(cases) => {
            let arms = |arm: &dyn Fn(u32, &NamedCase) -> TokenStream| {
                let arms = cases.iter().enumerate().map(|(number, case)| arm(number as u32, case));
                ours!(match self { #(#arms)* })
            };
            let store = |number, case: &NamedCase| store_case(gusset, number, cases.len(), case);
            (arms(&store), arms(&|number, case| lower_flat_case(gusset, number, case)))
        }
    };
    let items = ours! {
        fn store(
            &self,
            cx: &mut #gusset::derive_support::LowerContext<'_>,
            ty: #gusset::derive_support::ValType,
            at: u64,
        ) -> #gusset::derive_support::CanonResult<()> {
            #store
        }

        fn lower_flat(
            &self,
            cx: &mut #gusset::derive_support::LowerContext<'_>,
            ty: #gusset::derive_support::ValType,
            flat: &mut #gusset::derive_support::FlatWriter<'_>,
        ) -> #gusset::derive_support::CanonResult<()> {
            #lower_flat
        }
    };
    implementation(input, "Lower", items)
}

/// The bodies of `store` and of `lower_flat`.
fn lower_record(gusset: &TokenStream, fields: &[NamedField]) -> (TokenStream, TokenStream) {
    let idents: Vec<&Ident> = fields.iter().map(|field| &field.ident).collect();
    let types: Vec<&Type> = fields.iter().map(|field| &field.ty).collect();
    let store = ours! {
        let mut fields = #gusset::derive_support::RecordCursor::lower(cx, ty, at);
        #(fields.store::<#types>(cx, &self.#idents)?;)*
        ::core::result::Result::Ok(())
    };
    let lower_flat = ours! {
        let mut fields = #gusset::derive_support::RecordCursor::lower(cx, ty, 0);
        #(fields.lower_flat::<#types>(cx, &self.#idents, flat)?;)*
        ::core::result::Result::Ok(())
    };
    (store, lower_flat)
}

fn store_case(
    gusset: &TokenStream,
    number: u32,
    count: usize,
    NamedCase { ident, payload, .. }: &NamedCase,
) -> TokenStream {
    let case = ours!(#gusset::derive_support::CaseCursor::store::<Self, #count>(cx, ty, #number, at));
    match payload {
        Some(ty) => ours!(Self::#ident(payload) => #case?.store_payload::<#ty>(cx, payload),),
        None => ours!(Self::#ident => #case.map(|_| ()),),
    }
}

fn lower_flat_case(gusset: &TokenStream, number: u32, NamedCase { ident, payload, .. }: &NamedCase) -> TokenStream {
    let case = ours!(#gusset::derive_support::CaseCursor::lower_flat::<Self>(cx, ty, #number, flat));
    match payload {
        Some(ty) => ours! {
            Self::#ident(payload) => {
                let case = #case;
                case.lower_payload::<#ty>(cx, payload, flat)?;
                case.fill_rest(flat);
                ::core::result::Result::Ok(())
            }
        },
        None => ours! {
            Self::#ident => {
                #case.fill_rest(flat);
                ::core::result::Result::Ok(())
            }
        },
    }
}
