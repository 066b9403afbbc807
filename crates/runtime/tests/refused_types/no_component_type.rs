//! Rust types that stand for no component type: as a parameter, as a result, and within a record.
//~ `usize` cannot be written into a guest
//~ `Point` cannot be read out of a guest
//~ `isize` stands for no component type
//~ structs and enums can: `#[derive(gusset::ComponentType)]`
//~ the documentation of `gusset::ComponentType` has a table of the Rust types that can

use gusset::{ComponentType, Instance, Store};

pub struct Point {
    pub x: u32,
}

#[derive(ComponentType)]
#[component(record)]
pub struct Offset {
    pub x: isize,
}

pub fn call(store: &mut Store<()>, instance: Instance) -> gusset::Result<(Point,)> {
    instance.get_typed_func::<(usize,), (Point,)>(&mut *store, "at")?.call(store, (1,))
}
