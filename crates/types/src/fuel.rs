//! What uses how much fuel, where it is not an operator of a guest that does. These are promises: a run must use the same in every
//! later version, or hosts that compare runs see a difference.

/// Of a function of a guest that is entered, beside its operators.
pub const FUNCTION_FUEL: i64 = 1;

/// Of a call from one component to another, beside what both sides use.
pub const ADAPTER_FUEL: i64 = 10;

/// Of a byte that such a call writes for a string or a list into the memory of the component that gets it.
pub const BYTE_FUEL: i64 = 1;
