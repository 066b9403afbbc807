//! What a derive is given: a struct or an enum with its `#[component(..)]` attributes, read and checked. What is wrong is told
//! where it stands, all of it at once.

use crate::name::{conflict, default_name, given_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Generics, LitStr, Path, Result, Type, Variant};

/// A type to derive for.
pub(crate) struct DerivedType {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The path of the crate `gusset`.
    pub(crate) gusset: TokenStream,
    pub(crate) shape: DerivedShape,
}

/// What it stands for.
pub(crate) enum DerivedShape {
    Record(Vec<NamedField>),
    Variant(Vec<NamedCase>),
    /// Cases without payloads.
    Enum(Vec<NamedCase>),
}

/// A field of a record.
pub(crate) struct NamedField {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) ty: Type,
}

/// A case of a variant or enum.
pub(crate) struct NamedCase {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) payload: Option<Type>,
}

/// The kinds of types that an attribute can name.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Record,
    Variant,
    Enum,
}

/// The attributes of the type itself.
struct TypeAttributes {
    kind: Option<(Kind, Span)>,
    gusset: TokenStream,
}

const WHICH: &str = "say what it stands for: `#[component(record)]` for a struct, `#[component(variant)]` or \
                     `#[component(enum)]` for an enum";

impl DerivedType {
    pub(crate) fn new(input: DeriveInput) -> Result<DerivedType> {
        let attributes = TypeAttributes::read(&input.attrs)?;
        let Some((kind, span)) = attributes.kind else { return Err(Error::new(input.ident.span(), WHICH)) };
        let shape = match (kind, &input.data) {
            (Kind::Record, Data::Struct(data)) => DerivedShape::Record(fields(&input.ident, &data.fields)?),
            (Kind::Variant | Kind::Enum, Data::Enum(data)) => {
                let cases = cases(&input.ident, data.variants.iter(), kind == Kind::Enum)?;
                if kind == Kind::Enum { DerivedShape::Enum(cases) } else { DerivedShape::Variant(cases) }
            }
            (Kind::Record, _) => return Err(Error::new(span, "a record is a `struct` with named fields")),
            (Kind::Variant, _) => return Err(Error::new(span, "a variant is an `enum`")),
            (Kind::Enum, _) => return Err(Error::new(span, "an enum of the component model is an `enum`")),
        };
        Ok(DerivedType { ident: input.ident, generics: input.generics, gusset: attributes.gusset, shape })
    }
}

impl TypeAttributes {
    fn read(attrs: &[Attribute]) -> Result<TypeAttributes> {
        let mut read = TypeAttributes { kind: None, gusset: quote!(::gusset) };
        each_meta(attrs, |meta| {
            let kind = match meta.path.get_ident().map(Ident::to_string).as_deref() {
                Some("record") => Kind::Record,
                Some("variant") => Kind::Variant,
                Some("enum") => Kind::Enum,
                Some("crate") => {
                    read.gusset = crate_path(meta)?;
                    return Ok(());
                }
                _ => return Err(meta.error("expected `record`, `variant`, `enum` or `crate = path`")),
            };
            match read.kind.replace((kind, meta.path.span())) {
                None => Ok(()),
                Some(_) => Err(meta.error("a type stands for one kind of type")),
            }
        })?;
        Ok(read)
    }
}

/// The path in `crate = path`.
pub(crate) fn crate_path(meta: &ParseNestedMeta<'_>) -> Result<TokenStream> {
    let path: Path = meta.value()?.call(Path::parse_mod_style)?;
    Ok(quote!(#path))
}

/// Calls `read` with each item of each `#[component(..)]`.
pub(crate) fn each_meta(attrs: &[Attribute], mut read: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let ours = attrs.iter().filter(|attr| attr.path().is_ident("component"));
    ours.into_iter().try_for_each(|attr| attr.parse_nested_meta(|meta| read(&meta)))
}

/// The name of a field, case or flag: what its attribute says, or what its identifier stands for.
pub(crate) fn name_of(ident: &Ident, attrs: &[Attribute]) -> Result<String> {
    let mut given = None;
    each_meta(attrs, |meta| {
        if !meta.path.is_ident("name") {
            return Err(meta.error("expected `name = \"a-name\"`"));
        }
        let literal: LitStr = meta.value()?.parse()?;
        match given.replace(given_name(&literal)?) {
            None => Ok(()),
            Some(_) => Err(meta.error("it has one name")),
        }
    })?;
    given.map_or_else(|| default_name(ident), Ok)
}

/// Collects results and errors, and refuses a name that stands there already.
pub(crate) struct Parts<T> {
    parts: Vec<(String, T)>,
    errors: Option<Error>,
}

impl<T> Parts<T> {
    pub(crate) fn new() -> Parts<T> {
        Parts { parts: Vec::new(), errors: None }
    }

    pub(crate) fn push(&mut self, what: &str, ident: &Ident, part: Result<(String, T)>) {
        let error = match part {
            Ok((name, part)) => match self.parts.iter().find(|(other, _)| conflict(other, &name)) {
                None => return self.parts.push((name, part)),
                Some((other, _)) => {
                    let mut message = format!("there is another {what} of the name `{name}`");
                    if *other != name {
                        message.push_str(&format!(": `{other}` differs only in capitals or hyphens"));
                    }
                    Error::new(ident.span(), message)
                }
            },
            Err(error) => error,
        };
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<(String, T)>> {
        self.errors.map_or(Ok(self.parts), Err)
    }
}

fn fields(ident: &Ident, fields: &Fields) -> Result<Vec<NamedField>> {
    let Fields::Named(named) = fields else {
        let span = if matches!(fields, Fields::Unit) { ident.span() } else { fields.span() };
        return Err(Error::new(span, "the fields of a record have names: write `struct Name { field: Type }`"));
    };
    if named.named.is_empty() {
        return Err(Error::new(ident.span(), "a record has at least one field"));
    }
    let mut parts = Parts::new();
    for field in &named.named {
        let ident = field.ident.as_ref().expect("the fields are named");
        parts.push("field", ident, name_of(ident, &field.attrs).map(|name| (name, (ident, &field.ty))));
    }
    let parts = parts.finish()?.into_iter();
    Ok(parts.map(|(name, (ident, ty))| NamedField { ident: ident.clone(), name, ty: ty.clone() }).collect())
}

fn cases<'a>(
    ident: &Ident,
    variants: impl Iterator<Item = &'a Variant>,
    without_payloads: bool,
) -> Result<Vec<NamedCase>> {
    let mut parts = Parts::new();
    for variant in variants {
        let part = name_of(&variant.ident, &variant.attrs).and_then(|name| {
            let payload = payload(variant)?;
            match payload {
                Some(ty) if without_payloads => Err(Error::new(
                    ty.span(),
                    "a case of an enum has no payload; `#[component(variant)]` stands for a type whose cases have some",
                )),
                _ => Ok((name, (variant.ident.clone(), payload.cloned()))),
            }
        });
        parts.push("case", &variant.ident, part);
    }
    let parts = parts.finish()?;
    if parts.is_empty() {
        return Err(Error::new(ident.span(), "it has at least one case"));
    }
    Ok(parts.into_iter().map(|(name, (ident, payload))| NamedCase { ident, name, payload }).collect())
}

/// The payload of a case.
fn payload(variant: &Variant) -> Result<Option<&Type>> {
    let (fields, case) = (&variant.fields, variant.ident.unraw());
    match fields {
        Fields::Unit => Ok(None),
        Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => Ok(Some(&unnamed.unnamed[0].ty)),
        Fields::Unnamed(_) => Err(Error::new(
            fields.span(),
            format!("a case has one payload or none: give it a tuple, `{case}((A, B))`, or a record"),
        )),
        Fields::Named(_) => Err(Error::new(
            fields.span(),
            format!("the fields of a case have no names: give it a record, `{case}(Record)`"),
        )),
    }
}
