//! [`Iovecs`] and [`Ciovecs`]: ranges of a guest's memory that are filled or written out, one after the other.

use super::memory::GuestMemory;
use super::parameter::{Parameter, Role};
use crate::error::{ErrorCode, WasiResult};
use std::marker::PhantomData;
use std::time::Instant;

/// How many vectors one call may have, as on most systems.
const MAX_VECTORS: u32 = 1024;

/// Bytes of a piece, where there is a deadline: some milliseconds of a disk's time.
const PIECE: u32 = 4 << 20;

/// So many vectors are kept without allocating.
const FEW_VECTORS: usize = 4;

/// Ranges of memory, kept aside: what is read into one of them cannot change the others.
pub(crate) struct Vectors<Use> {
    few: [(u32, u32); FEW_VECTORS],
    count: usize,
    /// Those beyond the few.
    more: Vec<(u32, u32)>,
    usage: PhantomData<Use>,
}

/// That ranges are written to.
pub(crate) enum Written {}

/// That ranges are read from.
pub(crate) enum Read {}

/// Where bytes go that are read.
pub(crate) type Iovecs = Vectors<Written>;

/// Where bytes come from that are written.
pub(crate) type Ciovecs = Vectors<Read>;

impl Parameter for Iovecs {
    const ROLES: &[Role] = &[Role::Vectors { written: true }, Role::Count];
    type Core = u32;
    type Values = [u32; 2];
    type Checked = Iovecs;

    #[inline]
    fn check(values: [u32; 2], memory: &GuestMemory<'_>) -> Result<Iovecs, ErrorCode> {
        Vectors::read(values, memory)
    }
}

impl Parameter for Ciovecs {
    const ROLES: &[Role] = &[Role::Vectors { written: false }, Role::Count];
    type Core = u32;
    type Values = [u32; 2];
    type Checked = Ciovecs;

    #[inline]
    fn check(values: [u32; 2], memory: &GuestMemory<'_>) -> Result<Ciovecs, ErrorCode> {
        Vectors::read(values, memory)
    }
}

impl<Use> Vectors<Use> {
    fn read([at, count]: [u32; 2], memory: &GuestMemory<'_>) -> Result<Vectors<Use>, ErrorCode> {
        memory.check(at, u64::from(count) * 8, 4)?;
        if count > MAX_VECTORS {
            return Err(ErrorCode::Invalid);
        }
        let mut vectors = Vectors { few: [(0, 0); FEW_VECTORS], count: 0, more: Vec::new(), usage: PhantomData };
        let mut total: u32 = 0;
        for index in 0..count {
            let at = at + index * 8;
            let (start, length) = (memory.read_u32(at)?, memory.read_u32(at + 4)?);
            memory.check(start, length.into(), 1)?;
            total = total.checked_add(length).ok_or(ErrorCode::Invalid)?;
            match vectors.few.get_mut(index as usize) {
                Some(place) => *place = (start, length),
                None => vectors.more.push((start, length)),
            }
        }
        vectors.count = FEW_VECTORS.min(count as usize);
        Ok(vectors)
    }

    /// How many bytes all of them are.
    pub(crate) fn length(&self) -> u32 {
        self.ranges().map(|(_, length)| length).sum()
    }

    /// Where each starts and how long it is.
    fn ranges(&self) -> impl Iterator<Item = (u32, u32)> {
        self.few[..self.count].iter().chain(&self.more).copied().filter(|&(_, length)| length > 0)
    }

    /// Those behind the first `done` bytes of all of them.
    fn ranges_behind(&self, mut done: u32) -> impl Iterator<Item = (u32, u32)> {
        self.ranges().filter_map(move |(at, length)| {
            let skipped = done.min(length);
            done -= skipped;
            (skipped < length).then_some((at + skipped, length - skipped))
        })
    }
}

/// How much is moved at once, so that a guest with a deadline is late by little: all, where there is none.
#[derive(Clone, Copy)]
pub(crate) struct Pace(Option<Instant>);

impl Pace {
    pub(crate) const WHOLE: Pace = Pace(None);

    pub(crate) fn until(deadline: Option<Instant>) -> Pace {
        Pace(deadline)
    }

    fn piece(self, length: u32) -> u32 {
        if self.0.is_some() { length.min(PIECE) } else { length }
    }

    fn is_over(self) -> bool {
        self.0.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// Moves the bytes of one range after the other by steps, each of which tells how many it moved, and of how many: until one moves fewer, or
/// it is late. What has been moved counts, and the guest is stopped soon after. Where some were moved before it fails, those count.
#[inline]
fn each(
    ranges: impl Iterator<Item = (u32, u32)>,
    pace: Pace,
    mut step: impl FnMut(u32, u32, u32) -> WasiResult<(usize, u32)>,
) -> WasiResult<u32> {
    let mut total = 0;
    for (at, length) in ranges {
        let mut done = 0;
        while done < length {
            let (moved, piece) = match step(at + done, pace.piece(length - done), total) {
                // More than there was room for is not to be had.
                Ok((moved, piece)) => (u32::try_from(moved).unwrap_or(piece).min(piece), piece),
                Err(error) if total > 0 && error.code().is_some() => return Ok(total),
                Err(error) => return Err(error),
            };
            (done, total) = (done + moved, total + moved);
            if moved < piece || pace.is_over() {
                return Ok(total);
            }
        }
    }
    Ok(total)
}

impl Iovecs {
    /// Fills the ranges by reads, each of which is told how many bytes came before; how many came.
    #[inline]
    pub(crate) fn fill(
        &self,
        memory: &mut GuestMemory<'_>,
        pace: Pace,
        mut read: impl FnMut(&mut [u8], u32) -> WasiResult<usize>,
    ) -> WasiResult<u32> {
        each(self.ranges(), pace, |at, length, before| {
            let length = memory.piece(length);
            let moved = memory.write_piece(at, length, |bytes| read(bytes, before))?;
            Ok((moved, length))
        })
    }

    /// Fills what stands behind the first `done` bytes; how many bytes came.
    pub(crate) fn fill_rest(
        &self,
        memory: &mut GuestMemory<'_>,
        done: u32,
        mut read: impl FnMut(&mut [u8]) -> WasiResult<usize>,
    ) -> WasiResult<u32> {
        each(self.ranges_behind(done), Pace::WHOLE, |at, length, _| {
            let length = memory.piece(length);
            Ok((memory.write_piece(at, length, &mut read)?, length))
        })
    }
}

impl Ciovecs {
    /// Writes the ranges, each by a write that is told how many bytes went before; how many went.
    #[inline]
    pub(crate) fn drain(
        &self,
        memory: &GuestMemory<'_>,
        pace: Pace,
        mut write: impl FnMut(&[u8], u32) -> WasiResult<usize>,
    ) -> WasiResult<u32> {
        each(self.ranges(), pace, |at, length, before| {
            let length = memory.piece(length);
            let moved = memory.read_piece(at, length, |bytes| write(bytes, before))?;
            Ok((moved, length))
        })
    }

    /// Writes what stands behind the first `done` bytes; how many bytes went.
    pub(crate) fn drain_rest(
        &self,
        memory: &GuestMemory<'_>,
        done: u32,
        mut write: impl FnMut(&[u8]) -> WasiResult<usize>,
    ) -> WasiResult<u32> {
        each(self.ranges_behind(done), Pace::WHOLE, |at, length, _| {
            let length = memory.piece(length);
            Ok((memory.read_piece(at, length, &mut write)?, length))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What is moved at once of 5 and then 9 MiB, each as a whole.
    fn moved(pace: Pace) -> (Vec<(u32, u32)>, u32) {
        let mut steps = Vec::new();
        let ranges = [(100, 5 << 20), (200, 9 << 20)];
        let total = each(ranges.into_iter(), pace, |at, length, _| {
            steps.push((at, length));
            Ok((length as usize, length))
        });
        (steps, total.unwrap())
    }

    #[test]
    fn with_a_deadline_bytes_move_in_pieces() {
        let whole = (vec![(100, 5 << 20), (200, 9 << 20)], 14 << 20);
        assert_eq!(moved(Pace::WHOLE), whole);
        assert_eq!(moved(Pace::until(None)), whole);
        let (steps, total) = moved(Pace::until(Some(Instant::now() + Duration::from_secs(3600))));
        assert_eq!(total, 14 << 20);
        let pieces = [(100, 4 << 20), (100 + (4 << 20), 1 << 20), (200, 4 << 20), (200 + (4 << 20), 4 << 20)];
        assert_eq!((&steps[..4], steps[4]), (&pieces[..], (200 + (8 << 20), 1 << 20)));
        assert_eq!(moved(Pace::until(Some(Instant::now()))), (vec![(100, 4 << 20)], 4 << 20), "it is late");
    }
}
