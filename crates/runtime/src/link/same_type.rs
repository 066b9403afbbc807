//! Whether the types of two components are the same: in structure and names, and with the same resource types.

use super::problems::func_text;
use crate::type_scope::TypeScope;
use gusset_types::{DefinedType, DefinedTypeIndex, FuncTypeIndex, ValType};
use std::collections::HashSet;

/// Why a function of the type `given` cannot stand where one of type `wanted` is imported, if it cannot.
pub(super) fn func_mismatch(
    (wanted_in, wanted): (TypeScope<'_>, FuncTypeIndex),
    (given_in, given): (TypeScope<'_>, FuncTypeIndex),
) -> Option<String> {
    let (left, right) = (wanted_in.types.func(wanted), given_in.types.func(given));
    let mut comparison = TypeComparison { left: wanted_in, right: given_in, same: HashSet::new() };
    let names = left.params.iter().map(|param| &param.name).eq(right.params.iter().map(|param| &param.name));
    let same = names
        && left.async_ == right.async_
        && comparison.same_all(left.param_types(), right.param_types())
        && comparison.same_optional(left.result, right.result);
    if same {
        return None;
    }
    let texts = [(wanted_in, wanted), (given_in, given)].map(|(scope, ty)| func_text(scope.types, ty));
    let [wanted, given] = &texts;
    Some(match wanted == given {
        true => format!("its type is {wanted}, and the function's is not the same, though it looks so"),
        false => format!("its type is {wanted}, but the function's is {given}"),
    })
}

/// A comparison of types of two tables.
struct TypeComparison<'a> {
    left: TypeScope<'a>,
    right: TypeScope<'a>,
    /// What is known to be the same: parts may be shared, and are compared once.
    same: HashSet<(DefinedTypeIndex, DefinedTypeIndex)>,
}

impl TypeComparison<'_> {
    fn same_optional(&mut self, left: Option<ValType>, right: Option<ValType>) -> bool {
        match (left, right) {
            (Some(left), Some(right)) => self.same(left, right),
            (left, right) => left.is_none() && right.is_none(),
        }
    }

    fn same_all(
        &mut self,
        left: impl ExactSizeIterator<Item = ValType>,
        right: impl ExactSizeIterator<Item = ValType>,
    ) -> bool {
        left.len() == right.len() && left.zip(right).all(|(left, right)| self.same(left, right))
    }

    /// Recursion is bounded by the depth of types that are exchanged with the host.
    fn same(&mut self, left: ValType, right: ValType) -> bool {
        let (ValType::Defined(left), ValType::Defined(right)) = (left, right) else { return left == right };
        if self.same.contains(&(left, right)) {
            return true;
        }
        let same = self.same_defined(self.left.types.defined(left), self.right.types.defined(right));
        if same {
            self.same.insert((left, right));
        }
        same
    }

    fn same_defined(&mut self, left: &DefinedType, right: &DefinedType) -> bool {
        use DefinedType as D;
        match (left, right) {
            (D::List(left), D::List(right)) | (D::Option(left), D::Option(right)) => self.same(*left, *right),
            (D::FixedLengthList(left, n), D::FixedLengthList(right, m)) => n == m && self.same(*left, *right),
            (D::Map(key, value), D::Map(other_key, other)) => self.same(*key, *other_key) && self.same(*value, *other),
            (D::Record(left), D::Record(right)) => {
                left.iter().map(|field| &field.name).eq(right.iter().map(|field| &field.name))
                    && self.same_all(left.iter().map(|field| field.ty), right.iter().map(|field| field.ty))
            }
            (D::Tuple(left), D::Tuple(right)) => self.same_all(left.iter().copied(), right.iter().copied()),
            (D::Variant(left), D::Variant(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .zip(right)
                        .all(|(left, right)| left.name == right.name && self.same_optional(left.ty, right.ty))
            }
            (D::Enum(left), D::Enum(right)) | (D::Flags(left), D::Flags(right)) => left == right,
            (D::Result(left), D::Result(right)) => {
                self.same_optional(left.ok, right.ok) && self.same_optional(left.err, right.err)
            }
            (D::Own(left), D::Own(right)) | (D::Borrow(left), D::Borrow(right)) => {
                let left = self.left.resource(*left);
                left.is_some() && left == self.right.resource(*right)
            }
            (D::Stream(left), D::Stream(right)) | (D::Future(left), D::Future(right)) => {
                self.same_optional(*left, *right)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::ResourceType;
    use gusset_types::{FuncType, Param, ResourceTypeIndex, Types};

    fn func(types: &mut Types, name: &str, param: ValType, result: Option<ValType>) -> FuncTypeIndex {
        types.intern_func(FuncType { async_: false, params: [Param { name: name.into(), ty: param }].into(), result })
    }

    #[test]
    fn types_of_two_tables_are_compared_by_structure_and_resource_types() {
        let (mut a, mut b) = (Types::default(), Types::default());
        // In another order, so that indices differ.
        let other = b.intern(DefinedType::Option(ValType::Char));
        let [left, right] = [&mut a, &mut b].map(|types| {
            let list = types.intern(DefinedType::List(ValType::U8));
            types.intern(DefinedType::Tuple([list, ValType::String].into()))
        });
        let own = |types: &mut Types, resource| types.intern(DefinedType::Own(ResourceTypeIndex::from_u32(resource)));
        let (mine, theirs) = (own(&mut a, 0), own(&mut b, 1));
        let (first, second) = (ResourceType::new(), ResourceType::new());
        let wanted = [func(&mut a, "x", left, None), func(&mut a, "x", mine, Some(left))];
        let given = [func(&mut b, "x", right, None), func(&mut b, "x", theirs, Some(right))];
        let wrong = [
            func(&mut b, "y", right, None),
            func(&mut b, "x", other, None),
            func(&mut b, "x", right, Some(other)),
            func(&mut b, "x", ValType::U8, None),
        ];
        let a = TypeScope { types: &a, resources: &[first] };
        let same = TypeScope { types: &b, resources: &[second, first] };
        for (wanted, given) in wanted.into_iter().zip(given) {
            assert_eq!(func_mismatch((a, wanted), (same, given)), None);
        }
        for given in wrong {
            let text = func_mismatch((a, wanted[0]), (same, given)).expect("it is another type");
            assert!(
                text.starts_with("its type is func(x: tuple<list<u8>, string>), but the function's is func("),
                "{text}"
            );
        }
        let swapped = TypeScope { types: &b, resources: &[first, second] };
        assert!(func_mismatch((a, wanted[1]), (swapped, given[1])).is_some());
    }

    /// Two types that are 100 levels of pairs of themselves have 2^100 parts.
    #[test]
    fn shared_parts_are_compared_once() {
        let deep = |leaf| {
            let mut types = Types::default();
            let mut ty = leaf;
            for _ in 0..100 {
                ty = types.intern(DefinedType::Tuple([ty, ty].into()));
            }
            let func = func(&mut types, "x", ty, None);
            (types, func)
        };
        let [a, b, c] = [ValType::U8, ValType::U8, ValType::U16].map(deep);
        let scope = |types| TypeScope { types, resources: &[] };
        assert_eq!(func_mismatch((scope(&a.0), a.1), (scope(&b.0), b.1)), None);
        assert!(func_mismatch((scope(&a.0), a.1), (scope(&c.0), c.1)).is_some());
    }
}
