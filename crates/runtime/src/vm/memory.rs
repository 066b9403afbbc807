//! [`LinearMemory`]: a linear memory. It reserves all it may ever need, so that its base never moves and compiled code can
//! leave bounds to the guard after it.

use super::mapping::Mapping;
use super::memory_image::{InitialContents, MemoryImage};
use super::memory_pool::{MemoryPool, TakenSpace, WantedSpace};
use super::memory_space::MemorySpace;
use crate::error::{Result, bail, format_err};
use gusset_artifact::MemoryType;
use std::ops::Range;
use std::sync::Arc;

/// A linear memory. Its address space goes back to where it came from.
pub(super) struct LinearMemory {
    /// Its own until it is dropped.
    space: Option<MemorySpace>,
    /// What is mapped at its start.
    image: Option<Arc<MemoryImage>>,
    pool: Arc<MemoryPool>,
    ty: MemoryType,
    /// In bytes.
    length: usize,
    /// The largest length in bytes: what the type and the reservation allow.
    limit: usize,
}

impl LinearMemory {
    /// A memory that holds at first what `contents` says, or zeros.
    pub(super) fn new(
        pool: &Arc<MemoryPool>,
        ty: MemoryType,
        contents: Option<InitialContents<'_>>,
    ) -> Result<LinearMemory> {
        check_limits(&ty)?;
        let bytes = |pages: u64| pages.checked_mul(1 << ty.page_size_log2);
        let minimum = bytes(ty.minimum);
        let minimum = minimum
            .ok_or_else(|| format_err!("a memory of {} pages does not fit into the address space", ty.minimum))?;
        let maximum = ty.maximum.unwrap_or(u64::MAX).min(most_pages(&ty));
        // As many pages may be more bytes than there are.
        let maximum = bytes(maximum).unwrap_or(u64::MAX);
        // What a shared memory may become is kept for it, so that no thread finds that another store's settings leave it less.
        let wanted = WantedSpace { minimum, maximum, memory64: ty.memory64, whole: ty.shared };
        let TakenSpace { space, image, limit } = pool.take(wanted, contents)?;
        let (length, limit) = (minimum as usize, limit.min(maximum) as usize);
        Ok(LinearMemory { space: Some(space), image, pool: pool.clone(), ty, length, limit })
    }

    #[inline]
    fn mapping(&self) -> &Mapping {
        self.space.as_ref().expect("a memory has its space while it lives").mapping()
    }

    #[inline]
    fn mapping_mut(&mut self) -> &mut Mapping {
        self.space.as_mut().expect("a memory has its space while it lives").mapping_mut()
    }

    pub(super) fn base(&self) -> *mut u8 {
        self.mapping().base()
    }

    /// In bytes.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// In pages.
    pub(super) fn pages(&self) -> u64 {
        self.length as u64 >> self.ty.page_size_log2
    }

    /// The type as it was declared.
    pub(super) fn declared_type(&self) -> MemoryType {
        self.ty
    }

    /// All addresses of the reservation, the guard among them.
    pub(super) fn reservation(&self) -> Range<usize> {
        let start = self.base() as usize;
        start..start + self.mapping().len()
    }

    /// The size before in pages; `None` when it cannot grow by so much, and then nothing has changed.
    pub(super) fn grow(&mut self, pages: u64) -> Option<u64> {
        let old = self.pages();
        let length = old.checked_add(pages)?.checked_mul(1 << self.ty.page_size_log2)?;
        let length = usize::try_from(length).ok().filter(|&length| length <= self.limit)?;
        self.mapping_mut().make_accessible(length).ok()?;
        self.length = length;
        Some(old)
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        self.mapping().bytes(self.length)
    }

    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        let length = self.length;
        self.mapping_mut().bytes_mut(length)
    }

    /// The bytes `start..start + len`, if all of them are in the memory.
    pub(super) fn range_mut(&mut self, start: u64, len: u64) -> Option<&mut [u8]> {
        let range = checked_range(start, len)?;
        self.bytes_mut().get_mut(range)
    }
}

impl Drop for LinearMemory {
    fn drop(&mut self) {
        if let Some(space) = self.space.take() {
            self.pool.give_back(space, self.image.as_deref());
        }
    }
}

/// What validation has found out about types of guests, the host may have got wrong.
fn check_limits(ty: &MemoryType) -> Result<()> {
    if !matches!(ty.page_size_log2, 0 | 16) {
        bail!("pages of a memory have 1 or 65536 bytes, not 2^{}", ty.page_size_log2);
    }
    let most = most_pages(ty);
    if ty.minimum > most || ty.maximum.is_some_and(|maximum| maximum < ty.minimum || maximum > most) {
        bail!("a memory of {} to {:?} pages cannot be", ty.minimum, ty.maximum);
    }
    if ty.shared && ty.maximum.is_none() {
        bail!("a shared memory has a maximum");
    }
    Ok(())
}

/// As many pages may a memory of the type have: their number, and all addresses, are of its index type.
fn most_pages(ty: &MemoryType) -> u64 {
    let last = if ty.memory64 { u64::MAX } else { u32::MAX.into() };
    match ty.page_size_log2 {
        0 => last,
        log2 => (last >> log2) + 1,
    }
}

/// `start..start + len`, if these are numbers that an index can be.
pub(super) fn checked_range(start: u64, len: u64) -> Option<Range<usize>> {
    let end = start.checked_add(len)?;
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

#[cfg(test)]
mod tests {
    use super::super::mapping::page_size;
    use super::super::memory_pool::MemoryLayout;
    use super::*;

    fn pool(reservation: u64, guard: u64) -> Arc<MemoryPool> {
        Arc::new(MemoryPool::on_demand(MemoryLayout { reservation, reservation64: 8 << 30, guard, map_images: true }))
    }

    fn memory(ty: MemoryType) -> Result<LinearMemory> {
        LinearMemory::new(&pool(4 << 30, 2 << 30), ty, None)
    }

    fn ty(minimum: u64, maximum: Option<u64>, page_size_log2: u8) -> MemoryType {
        MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2 }
    }

    #[test]
    fn the_largest_memory_is_made_lazily_and_cannot_grow() {
        let mut memory = memory(ty(65536, None, 16)).unwrap();
        assert_eq!(memory.pages(), 65536);
        *memory.bytes_mut().last_mut().unwrap() = 1;
        assert_eq!(memory.grow(1), None);
        assert_eq!(memory.grow(0), Some(65536));
    }

    #[test]
    fn growth_stops_at_the_maximum_and_at_the_reservation() {
        let mut memory = memory(ty(1, Some(3), 16)).unwrap();
        assert_eq!((memory.grow(2), memory.grow(1)), (Some(1), None));
        let mut memory = LinearMemory::new(&pool(1 << 20, 0), ty(0, None, 16), None).unwrap();
        assert_eq!((memory.grow(17), memory.grow(16), memory.grow(1)), (None, Some(0), None));
        assert!(memory.bytes().iter().all(|&byte| byte == 0));
    }

    #[test]
    fn pages_of_one_byte() {
        let mut memory = memory(ty(5, Some(7), 0)).unwrap();
        assert_eq!((memory.bytes().len(), memory.grow(2), memory.grow(1)), (5, Some(5), None));
        assert!(memory.range_mut(6, 1).is_some() && memory.range_mut(7, 1).is_none());
        assert!(memory.range_mut(u64::MAX, 2).is_none());
    }

    #[test]
    fn the_size_of_a_memory_is_a_number_of_its_index_type() {
        let mut memory = memory(ty(0, None, 0)).unwrap();
        assert_eq!((memory.grow(1 << 32), memory.grow(u64::from(u32::MAX)), memory.grow(1)), (None, Some(0), None));
        assert_eq!(memory.pages(), u64::from(u32::MAX));
        let wide = |page_size_log2| MemoryType { memory64: true, ..ty(0, None, page_size_log2) };
        let most = [(0, u64::from(u32::MAX), u64::MAX), (16, 1 << 16, 1 << 48)];
        for (log2, narrow, wide_most) in most {
            assert_eq!((most_pages(&ty(0, None, log2)), most_pages(&wide(log2))), (narrow, wide_most));
            assert!(check_limits(&ty(narrow, Some(narrow), log2)).is_ok());
            assert!(check_limits(&ty(narrow + 1, None, log2)).is_err());
            assert!(check_limits(&MemoryType { maximum: Some(wide_most), ..wide(log2) }).is_ok());
        }
        assert!(check_limits(&MemoryType { maximum: Some((1 << 48) + 1), ..wide(16) }).is_err());
    }

    #[test]
    fn memories_of_64_bits_have_a_reservation_of_their_own() {
        let wide = |minimum, maximum| MemoryType { memory64: true, ..ty(minimum, maximum, 16) };
        // 8 GiB.
        let most = 8 << 14;
        let mut large = memory(wide(1, None)).unwrap();
        assert_eq!((large.grow(most), large.grow(most - 1), large.grow(1)), (None, Some(1), None));
        *large.bytes_mut().last_mut().unwrap() = 1;
        assert_eq!(large.reservation().len(), (8 << 30) + (2 << 30) + page_size());
        assert_eq!((large.grow(u64::MAX), large.grow(u64::MAX - most + 1)), (None, None));
        let small = memory(wide(1, Some(2))).unwrap();
        assert_eq!(small.reservation().len(), (4 << 30) + (2 << 30) + page_size());
        let mut at_once = memory(wide(most + 1, None)).unwrap();
        assert_eq!((at_once.pages(), at_once.grow(1)), (most + 1, None));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let huge = MemoryType { memory64: true, ..ty(1 << 40, None, 16) };
        assert!(memory(huge).is_err());
        let shared = MemoryType { shared: true, ..ty(1, None, 16) };
        assert!(memory(shared).is_err_and(|error| error.to_string().contains("has a maximum")));
    }
}
