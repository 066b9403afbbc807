//! [`ExternRef`]: a value of the host's that guests pass around and cannot look into.

use crate::error::{Result, bail};
use crate::store::{AsContext, AsContextMut};
use crate::vm::{RawValue, StoreId, VmStore};
use std::any::Any;

/// A reference to a value of the host's, the [`externref`] of guests: they pass it around and cannot look into it. The
/// value lives as long as the store.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::ExternRef;
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let file = ExternRef::new(&mut store, String::from("notes.txt"))?;
/// let name = file.data(&store).and_then(|value| value.downcast_ref::<String>());
/// assert_eq!(name.map(String::as_str), Some("notes.txt"));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [`externref`]: https://webassembly.github.io/spec/core/syntax/types.html#reference-types
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternRef {
    store: StoreId,
    raw: RawValue,
}

impl ExternRef {
    /// Gives a value to the store, which drops it when it is dropped itself.
    ///
    /// # Errors
    ///
    /// When the store's guests have as much of the host's memory as they [may](crate::Config::max_host_bytes): a
    /// [`LimitExceeded`](crate::LimitExceeded). Of the value its size counts, not what it points to.
    pub fn new(mut store: impl AsContextMut, value: impl Any + Send + Sync) -> Result<ExternRef> {
        let vm = &mut store.as_context_mut().0.vm;
        Ok(ExternRef { store: vm.id(), raw: vm.new_extern(Box::new(value))? })
    }

    /// The value; `None` with another store.
    pub fn data<'a, T: 'static>(&self, store: &'a impl AsContext<Data = T>) -> Option<&'a (dyn Any + Send + Sync)> {
        let vm = &store.as_context().0.vm;
        if self.store == vm.id() { vm.extern_value(self.raw) } else { None }
    }

    pub(super) fn from_raw(vm: &VmStore, raw: RawValue) -> ExternRef {
        // Compiled code says nothing about the upper bytes.
        ExternRef { store: vm.id(), raw: RawValue::from_u32(raw.u32()) }
    }

    pub(super) fn to_raw(self, vm: &VmStore) -> Result<RawValue> {
        if self.store != vm.id() {
            bail!("an external reference of one store was used with another");
        }
        Ok(self.raw)
    }
}
