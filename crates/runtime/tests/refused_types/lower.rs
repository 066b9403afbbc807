//! A derive that has been forgotten: the type can be read, and not written.
//~ `Pixel` cannot be written into a guest
//~ structs and enums can: `#[derive(gusset::ComponentType, gusset::Lower)]`

use gusset::{ComponentType, Instance, Lift, Store};

#[derive(ComponentType, Lift)]
#[component(record)]
pub struct Pixel {
    pub x: u32,
}

pub fn call(store: &mut Store<()>, instance: Instance) -> gusset::Result<()> {
    instance.get_typed_func::<(Pixel,), ()>(&mut *store, "draw")?.call(store, (Pixel { x: 1 },))
}
