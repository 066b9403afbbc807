//! Something else than a name.
//~ `usize` is no name of an export
//~ a string, or an array of names, is wanted here

use gusset::{Func, Instance, Store};

pub fn first(store: &mut Store<()>, instance: Instance) -> Option<Func> {
    instance.get_func(store, 0_usize)
}
