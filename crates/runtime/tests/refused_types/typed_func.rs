//! One parameter and a result without the comma that makes a tuple of each.
//~ `u32` is no tuple of component values
//~ `u32` is no tuple of values that can be written into a guest
//~ `u32` is no tuple of values that can be read out of a guest
//~ parameters and results are a tuple each, also where there is one, `(u32,)`, or none, `()`

use gusset::{Instance, Store};

pub fn call(store: &mut Store<()>, instance: Instance) -> gusset::Result<u32> {
    instance.get_typed_func::<u32, u32>(&mut *store, "double")?.call(store, 21)
}
