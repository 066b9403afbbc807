//! When types of different components are the same: they have the same structure, with the same names, and the same resource types.

use super::{ComponentFunc, Type};
use crate::type_scope::TypeScope;
use gusset_types::{DefinedType, DefinedTypeIndex, FuncTypeIndex, ValType};
use std::collections::HashSet;

/// Types are equal when a value of one is a value of the other: they have the same structure, fields, cases and labels of the
/// same names in the same order, and the same resource types. The components that they are of do not matter.
impl PartialEq for Type {
    fn eq(&self, other: &Type) -> bool {
        TypeComparison::new(self.tables.scope(), other.tables.scope()).same(self.ty, other.ty)
    }
}

impl Eq for Type {}

/// Types of functions are equal when their parameters, with their names, and results are.
impl PartialEq for ComponentFunc {
    fn eq(&self, other: &ComponentFunc) -> bool {
        same_func((self.tables.scope(), self.ty), (other.tables.scope(), other.ty))
    }
}

impl Eq for ComponentFunc {}

/// Whether two types of functions are the same: their parameters, with their names, and results.
pub(crate) fn same_func(
    (one_in, one): (TypeScope<'_>, FuncTypeIndex),
    (other_in, other): (TypeScope<'_>, FuncTypeIndex),
) -> bool {
    let mut comparison = TypeComparison::new(one_in, other_in);
    let (one, two) = (one_in.types.func(one), other_in.types.func(other));
    one.async_ == two.async_
        && one.params.len() == two.params.len()
        && one.params.iter().zip(&two.params).all(|(a, b)| a.name == b.name && comparison.same(a.ty, b.ty))
        && comparison.same_optional(one.result, two.result)
}

/// Two tables, and which of their types are being compared or have been. A difference ends the comparison, so that what is in
/// the set is the same: types that share parts are walked once.
struct TypeComparison<'a> {
    one: TypeScope<'a>,
    other: TypeScope<'a>,
    /// Whether types of the same index are the same.
    one_table: bool,
    walked: HashSet<(DefinedTypeIndex, DefinedTypeIndex)>,
}

impl<'a> TypeComparison<'a> {
    fn new(one: TypeScope<'a>, other: TypeScope<'a>) -> TypeComparison<'a> {
        let one_table = std::ptr::eq(one.types, other.types) && std::ptr::eq(one.resources, other.resources);
        TypeComparison { one, other, one_table, walked: HashSet::new() }
    }

    fn same(&mut self, one: ValType, other: ValType) -> bool {
        let (ValType::Defined(one), ValType::Defined(other)) = (one, other) else { return one == other };
        if (self.one_table && one == other) || !self.walked.insert((one, other)) {
            return true;
        }
        self.same_defined(self.one.types.defined(one), self.other.types.defined(other))
    }

    fn same_optional(&mut self, one: Option<ValType>, other: Option<ValType>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => self.same(one, other),
            _ => one == other,
        }
    }

    fn same_defined(&mut self, one: &DefinedType, other: &DefinedType) -> bool {
        match (one, other) {
            (DefinedType::List(a), DefinedType::List(b)) | (DefinedType::Option(a), DefinedType::Option(b)) => {
                self.same(*a, *b)
            }
            (DefinedType::FixedLengthList(a, length), DefinedType::FixedLengthList(b, other)) => {
                length == other && self.same(*a, *b)
            }
            (DefinedType::Map(key, value), DefinedType::Map(other_key, other_value)) => {
                self.same(*key, *other_key) && self.same(*value, *other_value)
            }
            (DefinedType::Record(a), DefinedType::Record(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && self.same(a.ty, b.ty))
            }
            (DefinedType::Tuple(a), DefinedType::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same(*a, *b))
            }
            (DefinedType::Variant(a), DefinedType::Variant(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name == b.name && self.same_optional(a.ty, b.ty))
            }
            (DefinedType::Enum(a), DefinedType::Enum(b)) | (DefinedType::Flags(a), DefinedType::Flags(b)) => a == b,
            (DefinedType::Result(a), DefinedType::Result(b)) => {
                self.same_optional(a.ok, b.ok) && self.same_optional(a.err, b.err)
            }
            (DefinedType::Own(a), DefinedType::Own(b)) | (DefinedType::Borrow(a), DefinedType::Borrow(b)) => {
                self.one.resource(*a) == self.other.resource(*b)
            }
            (DefinedType::Stream(a), DefinedType::Stream(b)) | (DefinedType::Future(a), DefinedType::Future(b)) => {
                self.same_optional(*a, *b)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::type_scope::TypeTables;
    use gusset_artifact::Plan;
    use gusset_types::{Case, Field, ResultType, Types};
    use std::sync::Arc;

    /// A type that holds one of each kind, made after `before` others, so that its parts have other indices; `name` is the
    /// name of one case, deep inside.
    fn whole(before: usize, name: &str) -> Type {
        let mut plan = Plan::default();
        for length in 0..before as u32 {
            plan.types.intern(DefinedType::FixedLengthList(ValType::U8, length + 1));
        }
        let ty = parts(&mut plan.types, name);
        Type::new(&Arc::new(TypeTables::new(Arc::new(plan))), ty)
    }

    fn parts(types: &mut Types, name: &str) -> ValType {
        let labels = [name.into(), "b".into()];
        let variant = DefinedType::Variant(
            [Case { name: name.into(), ty: Some(ValType::U8) }, Case { name: "b".into(), ty: None }].into(),
        );
        let mut all = vec![
            types.intern(DefinedType::Enum(labels.clone().into())),
            types.intern(DefinedType::Flags(labels.into())),
            types.intern(variant),
            types.intern(DefinedType::Record([Field { name: name.into(), ty: ValType::Char }].into())),
            types.intern(DefinedType::Stream(None)),
        ];
        let first = all[0];
        all.push(types.intern(DefinedType::List(first)));
        all.push(types.intern(DefinedType::FixedLengthList(first, 3)));
        all.push(types.intern(DefinedType::Map(ValType::String, first)));
        all.push(types.intern(DefinedType::Option(first)));
        all.push(types.intern(DefinedType::Result(ResultType { ok: None, err: Some(first) })));
        all.push(types.intern(DefinedType::Future(Some(first))));
        types.intern(DefinedType::Tuple(all.into()))
    }

    #[test]
    fn types_of_different_components_are_equal_by_structure() {
        assert_eq!(whole(0, "a"), whole(3, "a"));
        assert_ne!(whole(0, "a"), whole(0, "c"));
        let one = whole(0, "a");
        let super::super::TypeKind::Tuple(parts) = one.kind() else { panic!("it is a tuple") };
        for (i, part) in parts.iter().enumerate() {
            for (k, other) in parts.iter().enumerate() {
                assert_eq!(part == other, i == k, "{part} {other}");
            }
        }
    }

    #[test]
    fn shared_parts_are_walked_once() {
        let deep = |leaf: DefinedType| {
            let mut plan = Plan::default();
            let mut ty = plan.types.intern(leaf);
            for _ in 0..100 {
                ty = plan.types.intern(DefinedType::Tuple([ty, ty].into()));
            }
            Type::new(&Arc::new(TypeTables::new(Arc::new(plan))), ty)
        };
        assert_eq!(deep(DefinedType::List(ValType::U8)), deep(DefinedType::List(ValType::U8)));
        assert_ne!(deep(DefinedType::List(ValType::U8)), deep(DefinedType::List(ValType::S8)));
    }
}
