//! Handles among generated values: a generated value has a representation where its type has `own`, and a handle of the host takes
//! its place on the way into a guest.

use crate::generate::GeneratedType;
use gusset::{AsContextMut, Error, Resource, Val};

/// What stands for the host's resource type.
pub(crate) struct HostResource;

/// `val` with a handle of the host for each representation.
pub(crate) fn with_handles(ty: &GeneratedType, val: &Val, mut store: impl AsContextMut) -> Result<Val, Error> {
    convert(ty, val, &mut |val| {
        let Val::U32(rep) = val else { return Err(Error::msg("a representation is a number")) };
        let resource = Resource::<HostResource>::new_own(*rep);
        Ok(Val::Resource(resource.try_into_resource_any(store.as_context_mut())?))
    })
}

/// `val` with the representation for each handle, which is taken from the store.
pub(crate) fn without_handles(ty: &GeneratedType, val: &Val, mut store: impl AsContextMut) -> Result<Val, Error> {
    convert(ty, val, &mut |val| {
        let Val::Resource(any) = val else { return Err(Error::msg("it is no handle")) };
        if !any.owned() {
            return Err(Error::msg("the handle is borrowed"));
        }
        Ok(Val::U32(any.try_into_resource::<HostResource>(store.as_context_mut())?.rep()))
    })
}

type Convert<'a> = dyn FnMut(&Val) -> Result<Val, Error> + 'a;

fn convert(ty: &GeneratedType, val: &Val, own: &mut Convert<'_>) -> Result<Val, Error> {
    Ok(match (ty, val) {
        (GeneratedType::Own, val) => own(val)?,
        (GeneratedType::List(element) | GeneratedType::FixedLengthList(element, _), Val::List(items)) => {
            Val::List(items.iter().map(|item| convert(element, item, own)).collect::<Result<_, _>>()?)
        }
        (GeneratedType::Map(key, value), Val::Map(entries)) => {
            let entries = entries.iter().map(|(k, v)| Ok((convert(key, k, own)?, convert(value, v, own)?)));
            Val::Map(entries.collect::<Result<_, Error>>()?)
        }
        (GeneratedType::Tuple(types), Val::Tuple(fields)) => {
            let fields = types.iter().zip(fields).map(|(ty, val)| convert(ty, val, own));
            Val::Tuple(fields.collect::<Result<_, _>>()?)
        }
        (GeneratedType::Record(types), Val::Record(fields)) => {
            let fields = types.iter().zip(fields).map(|(ty, (name, val))| Ok((name.clone(), convert(ty, val, own)?)));
            Val::Record(fields.collect::<Result<_, Error>>()?)
        }
        (GeneratedType::Variant(cases), Val::Variant(name, Some(val))) => {
            let number: usize = name[1..].parse().map_err(|_| Error::msg("cases are numbered"))?;
            let ty = cases[number].as_ref().ok_or_else(|| Error::msg("the case has no payload"))?;
            Val::Variant(name.clone(), Some(Box::new(convert(ty, val, own)?)))
        }
        (GeneratedType::Option(some), Val::Option(Some(val))) => Val::Option(Some(Box::new(convert(some, val, own)?))),
        (GeneratedType::Result(Some(ok), _), Val::Result(Ok(Some(val)))) => {
            Val::Result(Ok(Some(Box::new(convert(ok, val, own)?))))
        }
        (GeneratedType::Result(_, Some(err)), Val::Result(Err(Some(val)))) => {
            Val::Result(Err(Some(Box::new(convert(err, val, own)?))))
        }
        (_, val) => val.clone(),
    })
}
