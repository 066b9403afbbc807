//! Numbers of file systems that are not the host's.

use std::sync::atomic::{AtomicU64, Ordering};

/// Real devices are numbered below this.
static NEXT_DEVICE: AtomicU64 = AtomicU64::new(1 << 32);

/// A number for a file system that no other one has.
pub(super) fn new_device() -> u64 {
    NEXT_DEVICE.fetch_add(1, Ordering::Relaxed)
}
