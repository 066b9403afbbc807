//! The canonical ABI between the host and a guest: lifting reads values out of a guest, lowering writes them into one. Calls
//! between components never come here: adapters do the same in wasm.
//!
//! The guest is hostile: every pointer, length and code unit is checked before it is used, memory is only reached through
//! slices, and what is allocated is charged to the call's budget before ([`LiftContext::charge_block`]).
//!
//! [`CanonicalABI.md`](https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md) is the
//! specification; names are its own.

mod budget;
mod context;
mod error;
mod guest;
mod handle_table;
mod handles;
mod lift;
mod lower;
mod string;
mod values;

pub use context::{FlatReader, FlatWriter, LiftContext, LowerContext};
pub use error::{CanonError, CanonResult};
pub use values::{LiftList, LowerList, TypeList};

pub(crate) use budget::LiftBudget;
pub(crate) use guest::{HostPassage, InstanceState, ResolvedOptions, StoreGuest, pass_without_handles};
pub(crate) use lift::{Offsets, char_from, load_discriminant};
pub(crate) use string::{StringBytes, StringForm};
pub(crate) use values::{
    FewVals, LowerPlace, PassedValues, ResultVal, Vals, lift_scalars, lift_values, lower_scalars, lower_values,
    scalar_context,
};

/// No list or string is longer than this many bytes.
pub(crate) const MAX_BYTE_LENGTH: u64 = gusset_types::MAX_BYTE_LENGTH as u64;

#[cfg(test)]
mod tests;
