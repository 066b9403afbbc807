//! [`Global`]: a global variable.

use super::val::Val;
use crate::error::{Result, bail};
use crate::store::{AsContext, AsContextMut};
use crate::vm::{GlobalHandle, VmStore};
use gusset_artifact::GlobalType;

/// A [global] of a store.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Global, GlobalType, Val, ValType};
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = GlobalType { content: ValType::I64, mutable: true };
/// let global = Global::new(&mut store, ty, Val::I64(1))?;
/// global.set(&mut store, Val::I64(2))?;
/// assert_eq!(global.get(&mut store)?, Val::I64(2));
/// assert!(global.set(&mut store, Val::I32(3)).is_err());
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [global]: https://webassembly.github.io/spec/core/appendix/embedding.html#embed-global
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Global(GlobalHandle);

impl Global {
    /// A global of the host's, with `value` in it.
    ///
    /// # Errors
    ///
    /// When `value` is not of its type.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global> {
        let vm = &mut store.as_context_mut().0.vm;
        let value = value.to_raw(vm, ty.content)?;
        Ok(Global(vm.new_global(ty, value)?))
    }

    /// The type.
    ///
    /// # Panics
    ///
    /// Like all methods here: when the global is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> GlobalType {
        store.as_context().0.vm.global_type(self.0)
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// When the host cannot hold such a reference.
    #[track_caller]
    pub fn get(&self, mut store: impl AsContextMut) -> Result<Val> {
        let vm = &mut store.as_context_mut().0.vm;
        let raw = vm.global_get(self.0);
        Val::from_raw(vm, vm.global_type(self.0).content, raw)
    }

    /// Writes the value.
    ///
    /// # Errors
    ///
    /// When `value` is not of its type, or the global cannot be written.
    #[track_caller]
    pub fn set(&self, mut store: impl AsContextMut, value: Val) -> Result<()> {
        let vm = &mut store.as_context_mut().0.vm;
        let ty = vm.global_type(self.0);
        if !ty.mutable {
            bail!("a global that is not mutable cannot be written");
        }
        let value = value.to_raw(vm, ty.content)?;
        vm.global_set(self.0, value)
    }

    pub(crate) fn from_handle(handle: GlobalHandle) -> Global {
        Global(handle)
    }

    pub(crate) fn handle(self, vm: &VmStore) -> Result<GlobalHandle> {
        if !self.0.belongs_to(vm.id()) {
            bail!("a global of one store was used with another");
        }
        Ok(self.0)
    }
}
