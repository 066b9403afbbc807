//! The labels of parts that have none in the type: those that the specification gives them (`despecialize`). Paths of values are
//! made of them wherever a value is found bad.

/// The key of an entry of a map, which is a tuple.
pub const KEY_LABEL: &str = "0";
/// The value of an entry of a map.
pub const VALUE_LABEL: &str = "1";
/// The case of an `option` without a payload.
pub const NONE_LABEL: &str = "none";
/// The case of an `option` with one.
pub const SOME_LABEL: &str = "some";
/// The first case of a `result`.
pub const OK_LABEL: &str = "ok";
/// The second case of a `result`.
pub const ERROR_LABEL: &str = "error";
