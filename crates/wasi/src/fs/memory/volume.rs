//! [`Volume`]: what all of one in-memory file system shares, and how much memory it may take.

use crate::clock::{WallClock, nanoseconds};
use crate::error::{ErrorCode, WasiResult};
use crate::fs::device::new_device;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub(super) struct Volume {
    clock: Arc<dyn WallClock>,
    pub(super) device: u64,
    next_inode: AtomicU64,
    limit: u64,
    used: AtomicU64,
    /// Whoever locks more than one directory, or changes in which directory one is, has this.
    pub(super) topology: Mutex<()>,
}

/// What something in a volume takes of its memory; all of that is given back when it goes.
pub(super) struct Account {
    volume: Arc<Volume>,
    bytes: AtomicU64,
}

impl Volume {
    pub(super) fn new(limit: u64, clock: Arc<dyn WallClock>) -> Volume {
        Volume {
            clock,
            device: new_device(),
            next_inode: AtomicU64::new(1),
            limit,
            used: AtomicU64::new(0),
            topology: Mutex::new(()),
        }
    }

    /// Nanoseconds since 1970. Never with anything locked: the clock is the host's.
    pub(super) fn now(&self) -> u64 {
        nanoseconds(self.clock.now())
    }

    pub(super) fn new_inode(&self) -> u64 {
        self.next_inode.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

impl Account {
    pub(super) fn new(volume: &Arc<Volume>) -> Account {
        Account { volume: volume.clone(), bytes: AtomicU64::new(0) }
    }

    pub(super) fn volume(&self) -> &Arc<Volume> {
        &self.volume
    }

    pub(super) fn reserve(&self, bytes: u64) -> WasiResult<()> {
        let limit = self.volume.limit;
        let more = |used: u64| used.checked_add(bytes).filter(|&used| used <= limit);
        self.volume
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .map_err(|_| ErrorCode::InsufficientSpace)?;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back what was reserved.
    pub(super) fn release(&self, bytes: u64) {
        let less = |taken: u64| Some(taken.saturating_sub(bytes));
        let taken = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).unwrap_or_default();
        self.volume.used.fetch_sub(bytes.min(taken), Ordering::Relaxed);
    }

    /// Whether so much could be reserved now.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        self.volume.used().checked_add(bytes).is_some_and(|used| used <= self.volume.limit)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.volume.used.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}
