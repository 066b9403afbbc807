//! When types of different components are the same: they have the same structure, with the same names, and the same resource types.

use super::{ComponentFunc, Type};
use crate::type_scope::TypeComparison;
use std::sync::Arc;

/// Types are equal when a value of one is a value of the other: they have the same structure, fields, cases and labels of the
/// same names in the same order, and the same resource types. The components that they are of do not matter.
impl PartialEq for Type {
    fn eq(&self, other: &Type) -> bool {
        let one_table = Arc::ptr_eq(&self.tables, &other.tables) && self.ty == other.ty;
        one_table || TypeComparison::new(self.scope(), other.scope()).same(self.ty, other.ty)
    }
}

impl Eq for Type {}

/// Types of functions are equal when their parameters, with their names, and results are.
impl PartialEq for ComponentFunc {
    fn eq(&self, other: &ComponentFunc) -> bool {
        let mut comparison = TypeComparison::new(self.tables.scope(), other.tables.scope());
        comparison.same_func(self.func_type(), other.func_type())
    }
}

impl Eq for ComponentFunc {}

#[cfg(test)]
mod tests {
    use super::super::TypeKind;
    use super::*;
    use crate::type_scope::TypeTables;
    use gusset_artifact::Plan;
    use gusset_types::{Case, DefinedType, Field, ResultType, Types, ValType};

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
        let TypeKind::Tuple(parts) = one.kind() else { panic!("it is a tuple") };
        for (i, part) in parts.iter().enumerate() {
            for (k, other) in parts.iter().enumerate() {
                assert_eq!(part == other, i == k, "{part} {other}");
            }
        }
    }
}
