//! What an adapter's call of its imported trap function says: the code and the value in words for people, by the table of sites that
//! came with the adapter.

use crate::component::AdapterSource;
use crate::error::{Error, format_err};
use crate::trap::{AdapterTrapSite, Trap, mark_host_types};
use crate::vm::RawValue;
use gusset_types::{AdapterName, Arena, ResourceType, ResourceTypeIndex, TRAP_FROM_REALLOC, TrapCode, TrapSite};

/// What ends the path of a value that `realloc` returned a bad address for.
const FROM_REALLOC: &str = " (from realloc)";

/// The code that an adapter passed, and whether it is about the address that `realloc` returned.
fn trap_code(word: u32) -> Option<(TrapCode, bool)> {
    let code = u8::try_from(word & !TRAP_FROM_REALLOC).ok().and_then(TrapCode::from_u8)?;
    Some((code, word & TRAP_FROM_REALLOC != 0))
}

impl AdapterSource {
    /// What the code of the module does, for people: which function each adapter is, where calls stand, and what it means that an
    /// imported trap function is called.
    ///
    /// # Errors
    ///
    /// When the module cannot be read, which is a fault of ours.
    #[cfg(feature = "compile")]
    pub fn code(&self) -> crate::Result<gusset_component::AdapterCode> {
        Ok(gusset_component::AdapterCode::read(&self.wasm, |site, code| self.trap_text(site, code))?)
    }

    /// What it means that the module calls its imported trap function with these two arguments first: which value is bad, and
    /// why. Without a site it is one that the caller passed. None where no adapter does that.
    fn trap_text(&self, site: Option<u32>, code: u32) -> Option<String> {
        let path = match site {
            Some(site) => &*self.sites.get(usize::try_from(site).ok()?)?.path,
            None => "the caller's value",
        };
        let (code, from_realloc) = trap_code(code)?;
        let path = format!("{path}{}", if from_realloc { FROM_REALLOC } else { "" });
        Some(if path.is_empty() { code.to_string() } else { format!("{path}: {code}") })
    }
}

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
    let Some((code, from_realloc)) = trap_code(values[1].u32()) else {
        return format_err!("internal error: an adapter trapped with a code that there is not");
    };
    let mut cause = code.with(values[2].u64(), values[3].u64());
    mark_host_types(&mut cause, |ty| resources.get(ty).is_some_and(|resource| resource.instance.is_none()));
    let indices: Vec<u64> = values[4..].iter().map(|value| value.u64()).collect();
    let adapter = adapters.get(site.adapter as usize).cloned().unwrap_or_default();
    let mut path = site.path_with(&indices);
    if from_realloc {
        path.push_str(FROM_REALLOC);
    }
    Trap::new(cause).with_site(AdapterTrapSite { adapter, path }).into()
}
