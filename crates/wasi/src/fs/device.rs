//! Numbers of file systems that are not the host's.

use crate::fs::Metadata;
use std::sync::atomic::{AtomicU64, Ordering};

/// Real devices are numbered below this.
const VIRTUAL: u64 = 1 << 32;

static NEXT_DEVICE: AtomicU64 = AtomicU64::new(VIRTUAL);

/// So many are numbered anew. No host gives a guest more, unless its file systems make them up.
const MAX_NUMBERED: usize = 1024;

/// A number for a file system that no other one has.
pub(super) fn new_device() -> u64 {
    NEXT_DEVICE.fetch_add(1, Ordering::Relaxed)
}

/// By which numbers a guest knows file systems that are not the host's: in the order in which it meets them, so that they are the same in each
/// run, whatever else the process has made.
#[derive(Default)]
pub(crate) struct DeviceNumbers(Vec<u64>);

impl DeviceNumbers {
    /// The same, with the guest's number.
    pub(crate) fn renumbered(&mut self, found: Metadata) -> Metadata {
        if found.device < VIRTUAL {
            return found;
        }
        let at = self.0.iter().position(|device| *device == found.device);
        if at.is_none() && self.0.len() == MAX_NUMBERED {
            return found;
        }
        let at = at.unwrap_or_else(|| {
            self.0.push(found.device);
            self.0.len() - 1
        });
        Metadata { device: VIRTUAL + at as u64, ..found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_numbered_as_they_are_met() {
        let mut numbers = DeviceNumbers::default();
        let mut number = |device| numbers.renumbered(Metadata { device, size: 3, ..Metadata::default() });
        let of = |device| Metadata { device, size: 3, ..Metadata::default() };
        assert_eq!(
            [VIRTUAL + 70, 8, VIRTUAL + 5, VIRTUAL + 70].map(&mut number),
            [VIRTUAL, 8, VIRTUAL + 1, VIRTUAL].map(of)
        );
        let last = 2 * VIRTUAL + 2 * MAX_NUMBERED as u64;
        for device in 2 * VIRTUAL..last {
            number(device);
        }
        assert_eq!(number(last), of(last), "no more are kept");
    }
}
