//! Whether types of two tables are the same: in structure and names, and with the same resource types.

use super::TypeScope;
use gusset_types::{DefinedType, DefinedTypeIndex, FuncType, ValType};
use std::collections::HashSet;

/// A comparison of types of two tables.
pub(crate) struct TypeComparison<'a> {
    left: TypeScope<'a>,
    right: TypeScope<'a>,
    /// What is known to be the same: parts may be shared, and are compared once.
    same: HashSet<(DefinedTypeIndex, DefinedTypeIndex)>,
}

impl<'a> TypeComparison<'a> {
    pub(crate) fn new(left: TypeScope<'a>, right: TypeScope<'a>) -> TypeComparison<'a> {
        TypeComparison { left, right, same: HashSet::new() }
    }

    /// Whether types of functions are the same, the names of their parameters too.
    pub(crate) fn same_func(&mut self, left: &FuncType, right: &FuncType) -> bool {
        let names = left.params.iter().map(|param| &param.name).eq(right.params.iter().map(|param| &param.name));
        names
            && left.async_ == right.async_
            && self.same_all(left.param_types(), right.param_types())
            && self.same_optional(left.result, right.result)
    }

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
    pub(crate) fn same(&mut self, left: ValType, right: ValType) -> bool {
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
