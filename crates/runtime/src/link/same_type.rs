//! Whether a function of one component can stand for one that another imports: their types are the same.

use super::problems::func_text;
use crate::type_scope::{TypeComparison, TypeScope};
use gusset_types::FuncTypeIndex;

/// Why a function of the type `given` cannot stand where one of type `wanted` is imported, if it cannot.
pub(super) fn func_mismatch(
    (wanted_in, wanted): (TypeScope<'_>, FuncTypeIndex),
    (given_in, given): (TypeScope<'_>, FuncTypeIndex),
) -> Option<String> {
    let (left, right) = (wanted_in.types.func(wanted), given_in.types.func(given));
    if TypeComparison::new(wanted_in, given_in).same_func(left, right) {
        return None;
    }
    let texts = [(wanted_in, wanted), (given_in, given)].map(|(scope, ty)| func_text(scope.types, ty));
    let [wanted, given] = &texts;
    Some(match wanted == given {
        true => format!("its type is {wanted}, and the function's is not the same, though it looks so"),
        false => format!("its type is {wanted}, but the function's is {given}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::ResourceType;
    use gusset_types::{DefinedType, FuncType, Param, ResourceTypeIndex, Types, ValType};

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
