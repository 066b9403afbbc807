//! [`TypeScope`]: what the types of a component are read with, by Rust types that are compared with them; and why one is not the
//! other.

use crate::resource::ResourceType;
use gusset_artifact::Plan;
use gusset_types::{Case, DefinedType, Field, ResourceTypeIndex, Types, ValType, cut_name, type_text};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

mod comparison;

pub(crate) use comparison::TypeComparison;

/// The tables that the types of a component, or of one of its instances, stand in.
pub(crate) struct TypeTables {
    pub(crate) plan: Arc<Plan>,
    /// What each resource type is to the host, by [`ResourceTypeIndex`].
    pub(crate) resources: Box<[ResourceType]>,
}

impl TypeTables {
    /// The tables of a component that is not instantiated: its resource types are equal to no other.
    pub(crate) fn new(plan: Arc<Plan>) -> TypeTables {
        let resources = plan.resources.values().map(|_| ResourceType::new()).collect();
        TypeTables { plan, resources }
    }

    #[inline]
    pub(crate) fn scope(&self) -> TypeScope<'_> {
        TypeScope { types: &self.plan.types, resources: &self.resources }
    }

    /// What a resource type of the plan is to the host.
    pub(crate) fn resource(&self, index: ResourceTypeIndex) -> ResourceType {
        self.resources[index.as_u32() as usize]
    }
}

/// The types of a component, or of one of its instances, with what its resource types are to the host.
#[derive(Clone, Copy)]
pub struct TypeScope<'a> {
    pub(crate) types: &'a Types,
    /// By [`ResourceTypeIndex`].
    pub(crate) resources: &'a [ResourceType],
}

impl<'a> TypeScope<'a> {
    /// The structure of a type that is not primitive.
    pub(crate) fn defined(self, ty: ValType) -> Option<&'a DefinedType> {
        self.types.find(ty)
    }

    /// What a resource type is to the host.
    pub(crate) fn resource(self, index: ResourceTypeIndex) -> Option<ResourceType> {
        self.resources.get(index.as_u32() as usize).copied()
    }

    /// Whether `ty` is the primitive type `expected`, which is called `name`.
    pub(crate) fn primitive(self, ty: ValType, expected: ValType, name: &'static str) -> Result<(), TypeMismatch> {
        if ty == expected { Ok(()) } else { Err(self.other(ty, name)) }
    }

    /// The fields of `ty`, if it is a record of fields with these names, in order. The mismatch names the first field that is not.
    pub fn record(self, ty: ValType, names: &[&str]) -> Result<&'a [Field], TypeMismatch> {
        let Some(DefinedType::Record(fields)) = self.defined(ty) else { return Err(self.other(ty, "record")) };
        same_names("field", fields.iter().map(|field| &*field.name), names)?;
        Ok(fields)
    }

    /// The cases of `ty`, if it is a variant of cases with these names, in order.
    pub fn variant(self, ty: ValType, names: &[&str]) -> Result<&'a [Case], TypeMismatch> {
        let Some(DefinedType::Variant(cases)) = self.defined(ty) else { return Err(self.other(ty, "variant")) };
        same_names("case", cases.iter().map(|case| &*case.name), names)?;
        Ok(cases)
    }

    /// Whether `ty` is an enum of cases with these names, in order.
    pub fn enumeration(self, ty: ValType, names: &[&str]) -> Result<(), TypeMismatch> {
        match self.defined(ty) {
            Some(DefinedType::Enum(labels)) => same_names("case", labels.iter().map(|label| &**label), names),
            _ => Err(self.other(ty, "enum")),
        }
    }

    /// Whether `ty` is flags with these labels, in order.
    pub fn flags(self, ty: ValType, names: &[&str]) -> Result<(), TypeMismatch> {
        match self.defined(ty) {
            Some(DefinedType::Flags(labels)) => same_names("flag", labels.iter().map(|label| &**label), names),
            _ => Err(self.other(ty, "flags")),
        }
    }

    /// `ty` is another type than what `rust` stands for.
    #[cold]
    pub fn other(self, ty: ValType, rust: impl Into<Cow<'static, str>>) -> TypeMismatch {
        let rust = rust.into();
        TypeMismatch::new(format!("it is {}, the Rust type stands for {rust}", type_text(self.types, ty)))
    }
}

/// Whether the parts of a type have these names.
fn same_names<'a>(
    what: &str,
    theirs: impl ExactSizeIterator<Item = &'a str>,
    names: &[&str],
) -> Result<(), TypeMismatch> {
    let count = theirs.len();
    for (i, theirs) in theirs.enumerate() {
        match names.get(i) {
            Some(name) if *name == theirs => {}
            Some(name) => {
                let theirs = cut_name(theirs);
                return Err(TypeMismatch::of_name(format!(
                    "{what} {i} is {theirs:?}, the Rust type has {name:?} there"
                )));
            }
            None => {
                return Err(TypeMismatch::of_name(format!("the Rust type has no {what} for {:?}", cut_name(theirs))));
            }
        }
    }
    match names.get(count) {
        Some(name) => Err(TypeMismatch::of_name(format!("it has no {what} {name:?}"))),
        None => Ok(()),
    }
}

/// Why a Rust type does not stand for a component type, with the path to the part that differs. `Display` writes both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeMismatch {
    /// The segments of the path, innermost first.
    path: Vec<Cow<'static, str>>,
    what: String,
    /// Whether it is about a name: the type as a whole does not show it at a glance.
    named: bool,
}

impl TypeMismatch {
    /// A mismatch of the whole type.
    #[cold]
    pub fn new(what: impl Into<String>) -> TypeMismatch {
        TypeMismatch { path: Vec::new(), what: what.into(), named: false }
    }

    fn of_name(what: String) -> TypeMismatch {
        TypeMismatch { named: true, ..TypeMismatch::new(what) }
    }

    /// The same mismatch, one level further out: `segment` stands before the path.
    #[cold]
    #[must_use]
    pub fn within(mut self, segment: impl Into<Cow<'static, str>>) -> TypeMismatch {
        self.path.push(segment.into());
        self
    }

    /// Whether it is hard to see between two types of parameters or results that are written out.
    pub(crate) fn is_deep(&self) -> bool {
        self.named || self.path.len() > 1
    }
}

impl fmt::Display for TypeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.iter().rev().try_for_each(|segment| f.write_str(segment))?;
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for TypeMismatch {}
