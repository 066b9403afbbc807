//! A store that is shared where a guest runs, and something else than a store.
//~ `&Store<()>` is no store that can be changed
//~ pass `&mut store`, or in a host function `&mut` of the `StoreContextMut` that it is given
//~ `Engine` is no store
//~ pass `&store`, or in a host function the `StoreContextMut` that it is given

use gusset::{Engine, Instance, Store, TypedFunc};

pub fn call(store: &Store<()>, func: &TypedFunc<(), ()>) -> gusset::Result<()> {
    func.call(store, ())
}

pub fn component(engine: &Engine, instance: Instance) -> gusset::Component {
    instance.component(engine)
}
