//! [`Tag`]: what exceptions are told apart by.

use crate::error::{Result, bail};
use crate::store::{AsContext, AsContextMut};
use crate::vm::{TagHandle, VmStore};
use gusset_artifact::CoreFuncType;

/// A [tag] of a store, by which an [`Exception`](super::Exception) is told from others.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{FuncType, Tag, ValType};
/// use gusset::{Engine, Store};
/// let mut store = Store::new(&Engine::default(), ());
/// let ty = FuncType { params: [ValType::I32].into(), results: [].into() };
/// let tag = Tag::new(&mut store, &ty)?;
/// assert_eq!(tag.ty(&store), ty);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [tag]: https://webassembly.github.io/spec/core/syntax/modules.html#tags
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag(TagHandle);

impl Tag {
    /// A tag of the host's.
    ///
    /// # Errors
    ///
    /// When the signature is not supported.
    pub fn new(mut store: impl AsContextMut, ty: &CoreFuncType) -> Result<Tag> {
        Ok(Tag(store.as_context_mut().0.vm.new_tag(ty)?))
    }

    /// The type.
    ///
    /// # Panics
    ///
    /// When the tag is of another store.
    #[track_caller]
    pub fn ty(&self, store: impl AsContext) -> CoreFuncType {
        store.as_context().0.vm.tag_type(self.0).as_ref().clone()
    }

    pub(crate) fn from_handle(handle: TagHandle) -> Tag {
        Tag(handle)
    }

    pub(crate) fn handle(self, vm: &VmStore) -> Result<TagHandle> {
        if !self.0.belongs_to(vm.id()) {
            bail!("a tag of one store was used with another");
        }
        Ok(self.0)
    }
}
