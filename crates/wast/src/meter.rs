//! What limits guests of scripts: nothing, whatever the engine's settings. What they use is told.

use gusset::Store;

/// More than any script uses.
const FUEL: u64 = 1 << 50;

/// Lets the guests of a store run for ever.
pub(crate) fn unlimited<T>(store: &mut Store<T>) {
    // An engine that counts no fuel needs none.
    let _ = store.set_fuel(FUEL);
    store.set_epoch_deadline(u64::MAX);
}

/// The fuel that the guests of a store have used since this was asked last, where they count it.
pub(crate) fn take_fuel<T>(store: &mut Store<T>) -> Option<u64> {
    let left = store.get_fuel().ok()?;
    unlimited(store);
    Some(FUEL - left)
}
