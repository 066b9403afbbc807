//! A host function that returns a value where it returns a tuple.
//~ `u32` is no tuple of component values
//~ `u32` is no tuple of values that can be written into a guest
//~ parameters and results are a tuple each, also where there is one, `(u32,)`, or none, `()`

use gusset::{Linker, StoreContextMut};

pub fn define(linker: &mut Linker<()>) -> gusset::Result<()> {
    linker.root().func_wrap("double", |_: StoreContextMut<'_, ()>, (x,): (u32,)| Ok(x * 2))
}
