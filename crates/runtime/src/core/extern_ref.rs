//! [`ExternRef`]: a value of the host's that guests pass around and cannot look into.

use crate::error::{Result, bail};
use crate::store::{AsContext, AsContextMut};
use crate::vm::{RawValue, StoreId, VmStore};
use std::any::Any;

/// A reference to a value of the host's. The value lives as long as the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternRef {
    store: StoreId,
    raw: RawValue,
}

impl ExternRef {
    /// Gives a value to the store.
    pub fn new(mut store: impl AsContextMut, value: impl Any + Send + Sync) -> ExternRef {
        let vm = &mut store.as_context_mut().0.vm;
        ExternRef { store: vm.id(), raw: vm.new_extern(Box::new(value)) }
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
