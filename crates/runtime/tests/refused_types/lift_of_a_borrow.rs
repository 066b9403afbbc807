//! What borrows from the host cannot be made out of a guest's memory.
//~ ` cannot be read out of a guest
//~ what borrows cannot; structs and enums can: `#[derive(gusset::ComponentType, gusset::Lift)]`

use gusset::{Instance, Store};

pub fn call(store: &mut Store<()>, instance: Instance) -> gusset::Result<(&'static str,)> {
    instance.get_typed_func::<(), (&'static str,)>(&mut *store, "name")?.call(store, ())
}
