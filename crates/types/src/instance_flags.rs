//! The flags of a component instance, as adapters and the runtime share them: a mutable `i32` global each.

/// Set while the instance may call out (`may_leave`).
pub const FLAG_MAY_LEAVE: i32 = 1 << 0;
/// The value of a fresh instance's flags.
pub const FLAGS_INITIAL: i32 = FLAG_MAY_LEAVE;
