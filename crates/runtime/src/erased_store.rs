//! [`ErasedStore`]: a store of whose data nothing is known, not even its type: what the runtime, called by compiled code, asks of the host.

use crate::vm::{Limiter, VmStore};

/// A [`StoreInner`](crate::store::StoreInner) with data of any type.
pub(crate) trait ErasedStore {
    /// Whether the host has a limiter.
    fn has_limiter(&self) -> bool;

    /// What guests work on, and what the host has to say on how large that may become. Calls the host's code.
    fn vm_and_limiter(&mut self) -> (&mut VmStore, Limiter<'_>);

    /// A guest has waited for so long until what it calls was compiled.
    #[cfg(feature = "compile")]
    fn waited_for_compiler(&mut self, time: std::time::Duration);
}
