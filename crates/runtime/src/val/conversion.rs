//! Values out of Rust ones, and back: those that say themselves what they are, and those of a [`Type`].

use super::{Val, check};
use crate::canon::{TypeList, Vals, pass_without_handles};
use crate::error::{Error, Result, bail};
use crate::typed::{ComponentType, Lift, Lower};
use crate::types::Type;

macro_rules! from {
    ($($rust:ty => $variant:ident;)*) => {$(
        impl From<$rust> for Val {
            fn from(value: $rust) -> Val {
                Val::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Bool;
    i8 => S8;
    u8 => U8;
    i16 => S16;
    u16 => U16;
    i32 => S32;
    u32 => U32;
    i64 => S64;
    u64 => U64;
    f32 => F32;
    f64 => F64;
    char => Char;
    String => String;
    &str => String;
}

impl Val {
    /// The value of `ty` that a Rust value stands for.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Val, types::ComponentItem};
    /// # let component = Component::new(&Engine::default(), r#"(component
    /// #     (import "f" (func (param "x" (list (tuple string u8))))))"#)?;
    /// # let Some((_, ComponentItem::Func(func))) = component.imports().next() else { panic!("it is a function") };
    /// # let (_, ty) = func.params().next().expect("it has a parameter");
    /// assert_eq!(ty.to_string(), "list<tuple<string, u8>>");
    /// let val = Val::from_typed(&ty, &[("a", 1_u8), ("b", 2)][..])?;
    /// assert_eq!(val.to_string(), r#"[("a", 1), ("b", 2)]"#);
    /// assert_eq!(val.to_typed::<Vec<(String, u8)>>(&ty)?, [("a".to_string(), 1), ("b".to_string(), 2)]);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `V` does not stand for `ty`, or `ty` holds handles: they are of a store, and pass in calls alone.
    pub fn from_typed<V: Lower + ?Sized>(ty: &Type, value: &V) -> Result<Val> {
        comparable::<V>(ty)?;
        let passed = pass_without_handles(ty.scope(), &(value,), TypeList::Result(Some(ty.val_type())));
        let vals: Vec<Val> = passed.map_err(|error| error.without_call())?;
        vals.into_iter().next().ok_or_else(|| Error::msg("internal error: a value was lost on its way"))
    }

    /// The Rust value that stands for this value of `ty`.
    ///
    /// # Errors
    ///
    /// When `V` does not stand for `ty`, this is no value of `ty`, or `ty` holds handles.
    pub fn to_typed<V: Lift>(&self, ty: &Type) -> Result<V> {
        comparable::<V>(ty)?;
        check(ty.scope(), ty.val_type(), self)?;
        let vals = Vals(std::slice::from_ref(self));
        let passed = pass_without_handles(ty.scope(), &vals, TypeList::Result(Some(ty.val_type())));
        passed.map(|(value,)| value).map_err(|error| error.without_call())
    }
}

/// Whether `V` stands for `ty`, and values can pass.
fn comparable<V: ComponentType + ?Sized>(ty: &Type) -> Result<()> {
    if let Err(mismatch) = V::matches(ty.scope(), ty.val_type()) {
        bail!("the Rust type {} does not stand for {ty}: {mismatch}", V::describe());
    }
    if ty.types().holds_handles(ty.val_type()) {
        bail!("a value of {ty} holds handles, which pass in calls alone");
    }
    Ok(())
}
