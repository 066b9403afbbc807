//! Handles among generated values: a generated value has a representation where its type has `own` or `borrow`, and a handle of the host takes
//! its place on the way into a guest.

use crate::generate::GeneratedType;
use crate::view::{View, view};
use gusset::{AsContextMut, Error, Resource, Val};

/// What stands for the host's resource type.
pub(crate) struct HostResource;

/// `val` with a handle of the host for each representation.
pub(crate) fn with_handles(ty: &GeneratedType, val: &Val, mut store: impl AsContextMut) -> Result<Val, Error> {
    convert(ty, val, &mut |val, own| {
        let Val::U32(rep) = val else { return Err(Error::msg("a representation is a number")) };
        let resource = if own { Resource::<HostResource>::new_own(*rep) } else { Resource::new_borrow(*rep) };
        Ok(Val::Resource(resource.try_into_resource_any(store.as_context_mut())?))
    })
}

/// `val` with the representation for each handle, which is taken from the store.
pub(crate) fn without_handles(ty: &GeneratedType, val: &Val, mut store: impl AsContextMut) -> Result<Val, Error> {
    convert(ty, val, &mut |val, own| {
        let Val::Resource(any) = val else { return Err(Error::msg("it is no handle")) };
        if any.owned() != own {
            return Err(Error::msg("the handle is of the other kind"));
        }
        Ok(Val::U32(any.try_into_resource::<HostResource>(store.as_context_mut())?.rep()))
    })
}

/// How many handles there are in a generated value.
pub(crate) fn count_handles(ty: &GeneratedType, val: &Val) -> u32 {
    let mut count = 0;
    let counted = convert(ty, val, &mut |val, _| {
        count += 1;
        Ok(val.clone())
    });
    counted.expect("counting does not fail");
    count
}

/// Whether values of a type can have borrowed handles.
pub(crate) fn lends(ty: &GeneratedType) -> bool {
    match view(ty) {
        View::Scalar(_) => *ty == GeneratedType::Borrow,
        View::String | View::Flags(_) => false,
        View::List(fields) | View::Fields(fields) => fields.iter().any(|(_, ty)| lends(ty)),
        View::Cases(cases) => cases.iter().filter_map(|case| case.1).any(lends),
    }
}

/// Makes something else of what stands for a handle; the second argument says whether it is owned.
type Convert<'a> = dyn FnMut(&Val, bool) -> Result<Val, Error> + 'a;

fn convert(ty: &GeneratedType, val: &Val, handle: &mut Convert<'_>) -> Result<Val, Error> {
    Ok(match (ty, val) {
        (GeneratedType::Own, val) => handle(val, true)?,
        (GeneratedType::Borrow, val) => handle(val, false)?,
        (GeneratedType::List(element) | GeneratedType::FixedLengthList(element, _), Val::List(items)) => {
            Val::List(items.iter().map(|item| convert(element, item, handle)).collect::<Result<_, _>>()?)
        }
        (GeneratedType::Map(key, value), Val::Map(entries)) => {
            let entries = entries.iter().map(|(k, v)| Ok((convert(key, k, handle)?, convert(value, v, handle)?)));
            Val::Map(entries.collect::<Result<_, Error>>()?)
        }
        (GeneratedType::Tuple(types), Val::Tuple(fields)) => {
            let fields = types.iter().zip(fields).map(|(ty, val)| convert(ty, val, handle));
            Val::Tuple(fields.collect::<Result<_, _>>()?)
        }
        (GeneratedType::Record(types), Val::Record(fields)) => {
            let fields =
                types.iter().zip(fields).map(|(ty, (name, val))| Ok((name.clone(), convert(ty, val, handle)?)));
            Val::Record(fields.collect::<Result<_, Error>>()?)
        }
        (GeneratedType::Variant(cases), Val::Variant(name, Some(val))) => {
            let number: usize = name[1..].parse().map_err(|_| Error::msg("cases are numbered"))?;
            let ty = cases[number].as_ref().ok_or_else(|| Error::msg("the case has no payload"))?;
            Val::Variant(name.clone(), Some(Box::new(convert(ty, val, handle)?)))
        }
        (GeneratedType::Option(some), Val::Option(Some(val))) => {
            Val::Option(Some(Box::new(convert(some, val, handle)?)))
        }
        (GeneratedType::Result(Some(ok), _), Val::Result(Ok(Some(val)))) => {
            Val::Result(Ok(Some(Box::new(convert(ok, val, handle)?))))
        }
        (GeneratedType::Result(_, Some(err)), Val::Result(Err(Some(val)))) => {
            Val::Result(Err(Some(Box::new(convert(err, val, handle)?))))
        }
        (_, val) => val.clone(),
    })
}
