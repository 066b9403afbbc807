//! Removing entries: those that have not been used for longest where there is too much, and what processes left that ended while they
//! wrote. Who uses a file that is removed keeps it until it is done with it.

use super::CacheUsage;
use super::directory::{CacheDirectory, CacheListing};
use crate::error::{Context, Error, Result};

/// Of the limit, the part (one in so many) that is made free where there is too much, so that not every write removes something.
const PART_TO_FREE: u64 = 8;

/// Removes entries until no more than `limit` bytes are there, and says how many are free then. One process does that at a time, and others
/// do not wait for it: for them nothing is free.
pub(super) fn keep_within(directory: &CacheDirectory, limit: u64) -> Result<u64> {
    let Some(_lock) = directory.lock()? else { return Ok(0) };
    let listing = directory.listing()?;
    // What cannot be removed of it is in nobody's way.
    remove_litter(directory, &listing, &mut Failures::default());
    let CacheUsage { bytes: mut total, .. } = listing.usage();
    if total <= limit {
        return Ok(limit - total);
    }
    let mut entries = listing.entries;
    entries.sort_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
    let goal = limit - limit / PART_TO_FREE;
    // The last one stays, since it is no larger than the limit.
    entries.pop();
    let mut failures = Failures::default();
    for entry in entries {
        if total <= goal {
            break;
        }
        if failures.note(directory.remove(&entry.name)) {
            total = total.saturating_sub(entry.bytes);
        }
    }
    failures.into_result()?;
    Ok(limit.saturating_sub(total))
}

/// Removes all entries, and says what they were.
///
/// # Errors
///
/// When something cannot be removed; the rest is gone then.
pub(super) fn clear(directory: &CacheDirectory) -> Result<CacheUsage> {
    let listing = directory.listing()?;
    let (mut failures, mut removed) = (Failures::default(), CacheUsage::default());
    for entry in &listing.entries {
        if failures.note(directory.remove(&entry.name)) {
            removed.entries += 1;
            removed.bytes += entry.bytes;
        }
    }
    remove_litter(directory, &listing, &mut failures);
    let CacheUsage { entries, bytes } = removed;
    failures
        .into_result()
        .with_context(|| format!("removed {entries} entries, {bytes} bytes, and could not remove all"))?;
    Ok(removed)
}

/// The first of the errors, if there are any: one does not keep the others from being removed.
#[derive(Default)]
struct Failures(Option<Error>);

impl Failures {
    /// Whether it went well.
    fn note(&mut self, outcome: Result<()>) -> bool {
        match outcome {
            Ok(()) => true,
            Err(error) => {
                self.0.get_or_insert(error);
                false
            }
        }
    }

    fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Removes what nobody writes any more, and what is no file.
fn remove_litter(directory: &CacheDirectory, listing: &CacheListing, failures: &mut Failures) {
    let abandoned = listing.temporary.iter().filter(|name| directory.is_abandoned(name));
    for name in abandoned.chain(&listing.strange) {
        failures.note(directory.remove(name));
    }
}
