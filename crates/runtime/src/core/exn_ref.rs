//! [`ExnRef`]: a reference to an exception.

use super::exception::Exception;
use super::rooted::OwnedRooted;
use super::tag::Tag;
use super::val::Val;
use crate::error::{Result, bail, format_err};
use crate::store::{AsContext, AsContextMut};
use crate::vm::{RawValue, ScopedRoot, TagHandle, VmStore};

/// A reference to an [exception], the `exnref` of guests: what a `catch_all_ref` or `catch_ref` clause yields and `throw_ref` throws again.
/// What is on its way, as the error of a call, is an [`Exception`].
///
/// The handle is good until its scope ends, as that of an [`ExternRef`](super::ExternRef).
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::{Exception, ExnRef, Extern, FuncType, Instance, Module, Tag, Val, ValType};
/// use gusset::{Engine, Store};
/// let engine = Engine::default();
/// let module = Module::new(&engine, r#"(module
///     (import "" "tag" (tag $tag (param i32)))
///     (func (export "catch") (result exnref)
///         (block $caught (result exnref)
///             (try_table (catch_all_ref $caught) (throw $tag (i32.const 7)))
///             unreachable))
///     (func (export "throw") (param exnref) (throw_ref (local.get 0))))"#)?;
/// let mut store = Store::new(&engine, ());
/// let tag = Tag::new(&mut store, &FuncType { params: [ValType::I32].into(), results: [].into() })?;
/// let instance = Instance::new(&mut store, &module, &[Extern::Tag(tag)])?;
/// let catch = instance.get_typed_func::<(), Option<ExnRef>>(&mut store, "catch")?;
/// let caught = catch.call(&mut store, ())?.expect("it is not null");
/// assert_eq!((caught.tag(&store)?, caught.fields(&mut store)?), (tag, vec![Val::I32(7)]));
/// // The host makes one, and a guest throws it.
/// let made = ExnRef::new(&mut store, tag, &[Val::I32(8)])?;
/// let throw = instance.get_typed_func::<Option<ExnRef>, ()>(&mut store, "throw")?;
/// let error = throw.call(&mut store, Some(made)).unwrap_err();
/// assert_eq!(error.downcast_ref::<Exception>().map(Exception::values), Some(&[Val::I32(8)][..]));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [exception]: https://webassembly.github.io/spec/core/exec/runtime.html#exception-instances
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExnRef(pub(super) ScopedRoot);

impl ExnRef {
    /// A new exception with these values. It is not thrown: [`to_exception`](ExnRef::to_exception) makes an error of it that is.
    ///
    /// # Errors
    ///
    /// When the tag is of another store, the values are not of its type, or the store's guests have as much of the host's memory as they
    /// [may](crate::Config::max_host_bytes).
    pub fn new(mut store: impl AsContextMut, tag: Tag, values: &[Val]) -> Result<ExnRef> {
        let vm = &mut store.as_context_mut().0.vm;
        ExnRef::from_values(vm, tag, values)
    }

    pub(super) fn from_values(vm: &mut VmStore, tag: Tag, values: &[Val]) -> Result<ExnRef> {
        let tag = tag.handle(vm)?;
        let values = raw_values(vm, tag, values)?;
        let reference = vm.new_exception_reference(tag, &values)?;
        Ok(ExnRef(vm.root(reference)?))
    }

    /// Its tag.
    ///
    /// # Errors
    ///
    /// When the reference is one of another store, or its scope has ended.
    pub fn tag(&self, store: impl AsContext) -> Result<Tag> {
        let vm = &store.as_context().0.vm;
        let (tag, _) = vm.exception(vm.rooted(self.0)?).ok_or_else(gone)?;
        Ok(Tag::from_handle(tag))
    }

    /// Its values, of the types that the tag has for parameters.
    ///
    /// # Errors
    ///
    /// As for [`tag`](ExnRef::tag).
    pub fn fields(&self, mut store: impl AsContextMut) -> Result<Vec<Val>> {
        let vm = &mut store.as_context_mut().0.vm;
        let reference = vm.rooted(self.0)?;
        Ok(parts(vm, reference)?.1)
    }

    /// One of its values.
    ///
    /// # Errors
    ///
    /// As for [`tag`](ExnRef::tag), and when there are not so many.
    pub fn field(&self, store: impl AsContextMut, index: usize) -> Result<Val> {
        let fields = self.fields(store)?;
        let count = fields.len();
        fields.get(index).copied().ok_or_else(|| format_err!("field {index} of an exception that has {count}"))
    }

    /// The exception as an error, which is thrown when a host function returns it.
    ///
    /// # Errors
    ///
    /// As for [`tag`](ExnRef::tag).
    pub fn to_exception(&self, mut store: impl AsContextMut) -> Result<Exception> {
        let vm = &mut store.as_context_mut().0.vm;
        let reference = vm.rooted(self.0)?;
        Exception::of_guest(vm, reference)
    }

    /// The same reference, held beyond its scope.
    ///
    /// # Errors
    ///
    /// As for [`tag`](ExnRef::tag).
    pub fn to_owned_rooted(&self, store: impl AsContextMut) -> Result<OwnedRooted<ExnRef>> {
        OwnedRooted::new(store, self.0)
    }
}

/// The tag and the values of an exception.
pub(super) fn parts(vm: &mut VmStore, reference: u32) -> Result<(Tag, Vec<Val>)> {
    let (tag, raw) = vm.exception(reference).ok_or_else(gone)?;
    let ty = vm.tag_type(tag).clone();
    let values = ty.params.iter().zip(raw).map(|(&ty, raw)| Val::from_raw(vm, ty, raw));
    Ok((Tag::from_handle(tag), values.collect::<Result<_>>()?))
}

/// Values as compiled code holds them, if they are of the tag's type.
pub(super) fn raw_values(vm: &mut VmStore, tag: TagHandle, values: &[Val]) -> Result<Vec<RawValue>> {
    let ty = vm.tag_type(tag).clone();
    if ty.params.len() != values.len() {
        bail!("an exception of this tag has {} values, not {}", ty.params.len(), values.len());
    }
    values.iter().zip(&ty.params).map(|(value, &ty)| value.to_raw(vm, ty)).collect()
}

fn gone() -> crate::Error {
    format_err!("internal error: an exception is gone")
}
