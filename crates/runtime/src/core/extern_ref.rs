//! [`ExternRef`]: a value of the host's that guests pass around and cannot look into.

use super::rooted::OwnedRooted;
use crate::error::{Result, format_err};
use crate::store::{AsContext, AsContextMut};
use crate::vm::ScopedRoot;
use std::any::Any;

/// A reference to a value of the host's, the [`externref`] of guests: they pass it around and cannot look into it.
///
/// The host's handle is good until its scope ends: the call of a host function that it was made in or given to, or a
/// [`RootScope`](super::RootScope); elsewhere, as long as the store. An [`OwnedRooted`] holds the reference for longer. The value itself lives as
/// long as a handle is good, or a guest has a reference to it, in a local, table, global or exception; some time after that it is dropped:
/// see [`Store::gc`](crate::Store::gc).
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::ExternRef;
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let file = ExternRef::new(&mut store, String::from("notes.txt"))?;
/// assert_eq!(file.data(&store)?.downcast_ref::<String>().map(String::as_str), Some("notes.txt"));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [`externref`]: https://webassembly.github.io/spec/core/syntax/types.html#reference-types
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternRef(pub(super) ScopedRoot);

impl ExternRef {
    /// Gives a value to the store, which drops it when nobody has a reference to it any more.
    ///
    /// # Errors
    ///
    /// When the store's guests have as much of the host's memory as they [may](crate::Config::max_host_bytes): a
    /// [`LimitExceeded`](crate::LimitExceeded). Of the value its size counts, not what it points to. And the panic, a
    /// [`HostPanic`](crate::HostPanic), of an earlier value that is dropped to make room.
    pub fn new(mut store: impl AsContextMut, value: impl Any + Send + Sync) -> Result<ExternRef> {
        let vm = &mut store.as_context_mut().0.vm;
        let reference = vm.new_extern(Box::new(value))?;
        Ok(ExternRef(vm.root(reference)?))
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// When the reference is one of another store, or its scope has ended.
    pub fn data<'a, T: 'static>(&self, store: &'a impl AsContext<Data = T>) -> Result<&'a (dyn Any + Send + Sync)> {
        let vm = &store.as_context().0.vm;
        vm.extern_value(vm.rooted(self.0)?).ok_or_else(gone)
    }

    /// The value.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::core::ExternRef;
    /// use gusset::{Engine, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let counter = ExternRef::new(&mut store, 0_u32)?;
    /// if let Some(count) = counter.data_mut(&mut store)?.downcast_mut::<u32>() {
    ///     *count += 1;
    /// }
    /// assert_eq!(counter.data(&store)?.downcast_ref(), Some(&1_u32));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`data`](ExternRef::data).
    pub fn data_mut<'a, T: 'static>(
        &self,
        store: &'a mut impl AsContextMut<Data = T>,
    ) -> Result<&'a mut (dyn Any + Send + Sync)> {
        let store = store.as_context_mut().0;
        let vm = &mut store.vm;
        let reference = vm.rooted(self.0)?;
        vm.extern_value_mut(reference).ok_or_else(gone)
    }

    /// The same reference, held beyond its scope.
    ///
    /// # Errors
    ///
    /// As for [`data`](ExternRef::data).
    pub fn to_owned_rooted(&self, store: impl AsContextMut) -> Result<OwnedRooted<ExternRef>> {
        OwnedRooted::new(store, self.0)
    }
}

/// What is held is there.
fn gone() -> crate::Error {
    format_err!("internal error: the value of a reference is gone that the host holds")
}
