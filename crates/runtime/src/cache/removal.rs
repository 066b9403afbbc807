//! Removing entries: those that have not been used for longest where there is too much, and what processes left that ended while they
//! wrote. Who uses a file that is removed keeps it until it is done with it.

use super::CacheUsage;
use super::directory::{CacheDirectory, CacheListing};
use crate::error::Result;

/// Of the limit, the part (one in so many) that is made free where there is too much, so that not every write removes something.
const PART_TO_FREE: u64 = 8;

/// Removes entries until no more than `limit` bytes are there, and says how many are free then. One process does that at a time, and others
/// do not wait for it: for them nothing is free.
pub(super) fn keep_within(directory: &CacheDirectory, limit: u64) -> Result<u64> {
    let Some(_lock) = directory.lock()? else { return Ok(0) };
    let listing = directory.listing()?;
    remove_abandoned(directory, &listing)?;
    let CacheUsage { bytes: mut total, .. } = listing.usage();
    if total <= limit {
        return Ok(limit - total);
    }
    let mut entries = listing.entries;
    entries.sort_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
    let goal = limit - limit / PART_TO_FREE;
    // The last one stays, since it is no larger than the limit.
    entries.pop();
    for entry in entries {
        if total <= goal {
            break;
        }
        directory.remove(&entry.name)?;
        total = total.saturating_sub(entry.bytes);
    }
    Ok(limit.saturating_sub(total))
}

/// Removes all entries.
pub(super) fn clear(directory: &CacheDirectory) -> Result<CacheUsage> {
    let listing = directory.listing()?;
    remove_abandoned(directory, &listing)?;
    listing.entries.iter().try_for_each(|entry| directory.remove(&entry.name))?;
    Ok(listing.usage())
}

fn remove_abandoned(directory: &CacheDirectory, listing: &CacheListing) -> Result<()> {
    let mut abandoned = listing.temporary.iter().filter(|name| directory.is_abandoned(name));
    abandoned.try_for_each(|name| directory.remove(name))
}
