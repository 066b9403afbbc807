//! What an adapter's call of its imported trap function says: the code and the value in words for people, by the table of sites that
//! came with the adapter.

use crate::error::{Error, format_err};
use crate::trap::{AdapterTrapSite, Trap, mark_host_types};
use crate::vm::RawValue;
use gusset_types::{AdapterName, Arena, ResourceType, ResourceTypeIndex, TRAP_FROM_REALLOC, TrapCode, TrapSite};

/// The error that an adapter's call of its imported trap function is: `values` are its arguments.
#[cold]
pub(crate) fn adapter_trap(
    sites: &[TrapSite],
    adapters: &[AdapterName],
    resources: &Arena<ResourceTypeIndex, ResourceType>,
    values: &[RawValue],
) -> Error {
    let Some(site) = sites.get(values[0].u32() as usize) else {
        return format_err!("internal error: an adapter trapped at a site that it does not have");
    };
    let (word, from_realloc) = (values[1].u32() & !TRAP_FROM_REALLOC, values[1].u32() & TRAP_FROM_REALLOC != 0);
    let Some(code) = u8::try_from(word).ok().and_then(TrapCode::from_u8) else {
        return format_err!("internal error: an adapter trapped with a code that there is not");
    };
    let mut cause = code.with(values[2].u64(), values[3].u64());
    mark_host_types(&mut cause, |ty| resources.get(ty).is_some_and(|resource| resource.instance.is_none()));
    let indices: Vec<u64> = values[4..].iter().map(|value| value.u64()).collect();
    let adapter = adapters.get(site.adapter as usize).cloned().unwrap_or_default();
    let mut path = site.path_with(&indices);
    if from_realloc {
        path.push_str(" (from realloc)");
    }
    Trap::new(cause).with_site(AdapterTrapSite { adapter, path }).into()
}
