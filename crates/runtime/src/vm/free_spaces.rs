//! [`FreeSpaces`]: address space that no memory has at present, by what is in it. It only keeps account.

use super::memory_space::MemorySpace;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// What a memory needs that gets a space as it is: the image that is mapped, and the bytes of address space.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct SpaceKey {
    pub(super) image: Option<u64>,
    pub(super) len: usize,
}

impl SpaceKey {
    fn of(space: &MemorySpace) -> SpaceKey {
        SpaceKey { image: space.image(), len: space.mapping().len() }
    }
}

/// How much of what is warm is kept.
#[derive(Clone, Copy)]
pub(super) struct WarmLimits {
    pub(super) spaces: usize,
    /// Bytes of memory.
    pub(super) kept: usize,
    /// Bytes of address space.
    pub(super) len: usize,
}

/// Spaces that no memory has. *Warm* ones are as the last memory left them, *cold* ones are empty.
#[derive(Default)]
pub(super) struct FreeSpaces {
    cold: Vec<MemorySpace>,
    /// By the time when they were put here.
    warm: BTreeMap<u64, MemorySpace>,
    /// The same times, each list in order, with the bytes that are accessible.
    times: HashMap<SpaceKey, VecDeque<(u64, usize)>>,
    next_time: u64,
    kept: usize,
    len: usize,
}

impl FreeSpaces {
    pub(super) fn put_cold(&mut self, space: MemorySpace) {
        self.cold.push(space);
    }

    pub(super) fn put_warm(&mut self, space: MemorySpace) {
        let time = self.next_time;
        self.next_time += 1;
        self.kept += space.kept();
        self.len += space.mapping().len();
        let accessible = space.mapping().accessible();
        self.times.entry(SpaceKey::of(&space)).or_default().push_back((time, accessible));
        self.warm.insert(time, space);
    }

    /// A warm space that is as wanted: of those with the number of accessible bytes that is nearest to `length`, which costs the system least to
    /// change, the one that was put last, of which most is in a cache. Memories of a few sizes, such as those of one component, do not change places.
    pub(super) fn take_warm(&mut self, key: SpaceKey, length: usize) -> Option<MemorySpace> {
        let times = self.times.get_mut(&key)?;
        let nearest = times.iter().enumerate().rev().min_by_key(|(_, (_, accessible))| accessible.abs_diff(length));
        let (at, &(time, _)) = nearest?;
        times.remove(at);
        self.remove(time)
    }

    pub(super) fn take_cold(&mut self) -> Option<MemorySpace> {
        self.cold.pop()
    }

    /// The warm space that was put first.
    pub(super) fn take_oldest(&mut self) -> Option<MemorySpace> {
        let (&time, space) = self.warm.first_key_value()?;
        let key = SpaceKey::of(space);
        let times = self.times.get_mut(&key)?;
        times.pop_front();
        if times.is_empty() {
            self.times.remove(&key);
        }
        self.remove(time)
    }

    /// The same, while there is more than is to be kept.
    pub(super) fn take_excess(&mut self, limits: WarmLimits) -> Option<MemorySpace> {
        let excess = self.warm.len() > limits.spaces || self.kept > limits.kept || self.len > limits.len;
        if excess { self.take_oldest() } else { None }
    }

    /// A warm space with that image.
    pub(super) fn take_image(&mut self, image: u64) -> Option<MemorySpace> {
        while let Some(&key) = self.times.keys().find(|key| key.image == Some(image)) {
            match self.take_warm(key, 0) {
                Some(space) => return Some(space),
                None => self.times.remove(&key),
            };
        }
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.warm.is_empty() && self.cold.is_empty()
    }

    fn remove(&mut self, time: u64) -> Option<MemorySpace> {
        let space = self.warm.remove(&time)?;
        self.kept -= space.kept();
        self.len -= space.mapping().len();
        Some(space)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mapping::{Mapping, page_size};
    use super::*;

    fn space(pages: usize) -> MemorySpace {
        MemorySpace::new(Mapping::reserve(pages * page_size()).unwrap())
    }

    fn key(pages: usize) -> SpaceKey {
        SpaceKey { image: None, len: pages * page_size() }
    }

    #[test]
    fn the_last_of_its_kind_comes_first_and_the_oldest_of_all_goes() {
        let mut free = FreeSpaces::default();
        let bases = [1, 2, 1, 2].map(|pages| {
            let space = space(pages);
            let base = space.mapping().base();
            free.put_warm(space);
            base
        });
        let base = |space: Option<MemorySpace>| {
            let space = space?;
            let base = space.mapping().base();
            std::mem::forget(space);
            Some(base)
        };
        let limits = WarmLimits { spaces: 4, kept: 0, len: 6 * page_size() };
        assert_eq!(base(free.take_excess(limits)), None);
        assert_eq!(base(free.take_excess(WarmLimits { len: 5 * page_size(), ..limits })), Some(bases[0]));
        assert_eq!(base(free.take_warm(key(2), 0)), Some(bases[3]));
        assert_eq!(base(free.take_warm(key(3), 0)), None);
        assert_eq!(base(free.take_excess(WarmLimits { spaces: 1, ..limits })), Some(bases[1]));
        assert_eq!(base(free.take_warm(key(2), 0)), None);
        assert_eq!(base(free.take_warm(key(1), 0)), Some(bases[2]));
        assert_eq!((base(free.take_warm(key(1), 0)), base(free.take_oldest())), (None, None));
        assert_eq!((free.kept, free.len, free.warm.len()), (0, 0, 0));
        assert!(free.take_image(1).is_none() && free.take_cold().is_none());
    }
    #[test]
    fn the_nearest_size_comes_first_and_of_these_the_last() {
        let mut free = FreeSpaces::default();
        let bases = [8, 1, 8, 2].map(|accessible| {
            let mut space = space(16);
            space.prepare(accessible * page_size(), None).unwrap();
            let base = space.mapping().base();
            free.put_warm(space);
            base
        });
        let mut take = |pages: usize| {
            let space = free.take_warm(key(16), pages * page_size())?;
            let base = space.mapping().base();
            std::mem::forget(space);
            bases.iter().position(|known| *known == base)
        };
        assert_eq!([take(9), take(1), take(1), take(1), take(1)], [Some(2), Some(1), Some(3), Some(0), None]);
        assert!(free.take_oldest().is_none() && free.is_empty());
    }
}
