//! [`MemorySpace`]: the address space of a linear memory, which one memory after the other can have. What the next one finds
//! in it never depends on what the one before wrote.

use super::dirty_pages;
use super::mapping::{Mapping, page_size};
use super::memory_image::MemoryImage;
use crate::error::Result;
use std::mem::forget;
use std::ops::Range;

/// Address space for a memory, its guard among it.
///
/// Between two memories it is *clean*: what is accessible holds the image that is mapped, if there is one, and else zeros.
pub(super) struct MemorySpace {
    mapping: Mapping,
    /// The number of the image that is mapped, and where.
    image: Option<(u64, Range<usize>)>,
    /// Bytes that were written and are kept in memory all the same.
    kept: usize,
}

impl MemorySpace {
    /// Nothing of the mapping is accessible.
    pub(super) fn new(mapping: Mapping) -> MemorySpace {
        assert!(mapping.accessible() == 0, "a new space is empty");
        MemorySpace { mapping, image: None, kept: 0 }
    }

    #[inline]
    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    #[inline]
    pub(super) fn mapping_mut(&mut self) -> &mut Mapping {
        &mut self.mapping
    }

    /// The number of the image that is mapped.
    pub(super) fn image(&self) -> Option<u64> {
        self.image.as_ref().map(|(id, _)| *id)
    }

    /// Bytes that it takes of the machine's memory while no memory has it.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    /// Makes so many bytes of a clean space accessible, in whole pages, and no more. They hold the image, or zeros.
    ///
    /// # Errors
    ///
    /// When the system has no room. Only [`clear`](MemorySpace::clear) makes it clean then.
    pub(super) fn prepare(&mut self, length: usize, image: Option<&MemoryImage>) -> Result<()> {
        if self.image.is_some() && self.image() != image.map(MemoryImage::id) {
            self.mapping.clear()?;
            (self.image, self.kept) = (None, 0);
        }
        // Nobody looks at what is hidden, so nothing of it is kept.
        let hidden = length.next_multiple_of(page_size())..self.mapping.accessible();
        if self.kept > 0 && !hidden.is_empty() && !self.mapping.discard(hidden) {
            self.mapping.clear()?;
            (self.image, self.kept) = (None, 0);
        }
        self.mapping.hide_from(length)?;
        self.mapping.make_accessible(length)?;
        match image {
            Some(image) if self.image.is_none() => self.map(image),
            _ => Ok(()),
        }
    }

    /// Pages that were kept go where the image comes.
    #[cfg(target_os = "linux")]
    fn map(&mut self, image: &MemoryImage) -> Result<()> {
        let (range, (file, from)) = (image.range(), image.file());
        self.mapping.map_file(range.start, file, from, range.len())?;
        self.image = Some((image.id(), range));
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn map(&mut self, _: &MemoryImage) -> Result<()> {
        Ok(())
    }

    /// Makes it clean with nothing accessible, and with nothing that takes memory.
    ///
    /// # Errors
    ///
    /// When the system has no room. The space is lost then: nobody knows what is mapped there.
    pub(super) fn clear(mut self) -> Result<MemorySpace> {
        (self.image, self.kept) = (None, 0);
        match self.mapping.clear() {
            Ok(()) => Ok(self),
            Err(error) => {
                forget(self);
                Err(error)
            }
        }
    }

    /// Makes it clean after a memory has had it, with `image` if that is mapped. Up to `keep` bytes that were written stay in
    /// memory and are written once more; the rest is given back to the system. `None` when the system has no room: the space is
    /// lost then.
    pub(super) fn reset(mut self, keep: usize, image: Option<&MemoryImage>) -> Option<MemorySpace> {
        let image = image.filter(|image| self.image() == Some(image.id()));
        assert!(image.is_some() == self.image.is_some(), "who has a space with an image keeps the image");
        let (base, accessible) = (self.mapping.base() as usize, self.mapping.accessible());
        let (mapping, mut kept) = (&mut self.mapping, 0);
        let done = match keep / page_size() {
            0 => None,
            most => dirty_pages::scan(base..base + accessible, most, &mut |run| {
                kept += run.len();
                restore(mapping, run.start - base..run.end - base, image);
            }),
        };
        // Where nobody could tell what was written, all of it may have been.
        let done = done.map(|end| end - base);
        self.kept = if done.is_some() { kept } else { 0 };
        if self.mapping.discard(done.unwrap_or(0)..accessible) { Some(self) } else { self.clear().ok() }
    }
}

/// Writes what a range held at first.
fn restore(mapping: &mut Mapping, range: Range<usize>, image: Option<&MemoryImage>) {
    let bytes = mapping.bytes_mut(range.end);
    let Some(image) = image else { return bytes[range].fill(0) };
    let at = image.range();
    let before = range.start..range.end.min(at.start).max(range.start);
    let within = range.start.max(at.start)..range.end.min(at.end);
    let after = range.start.max(at.end).min(range.end)..range.end;
    bytes[before].fill(0);
    if !within.is_empty() {
        bytes[within.clone()].copy_from_slice(&image.bytes()[within.start - at.start..within.end - at.start]);
    }
    bytes[after].fill(0);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// How many pages of a range are in memory, or `None` where the system does not say.
    fn resident(mapping: &Mapping) -> Option<usize> {
        let mut pages = 0;
        let base = mapping.base() as usize;
        dirty_pages::scan(base..base + mapping.len(), usize::MAX, &mut |run| pages += run.len() / page_size())?;
        Some(pages)
    }

    #[test]
    fn a_shorter_memory_leaves_nothing_behind_that_was_kept() {
        let page = page_size();
        let mut space = MemorySpace::new(Mapping::reserve(100 * page).unwrap());
        space.prepare(80 * page, None).unwrap();
        space.mapping_mut().bytes_mut(80 * page).fill(1);
        let mut space = space.reset(90 * page, None).unwrap();
        if space.kept() == 0 {
            eprintln!("not run: the system does not tell which pages have been written");
            return;
        }
        assert_eq!((space.kept(), resident(space.mapping())), (80 * page, Some(80)));
        space.prepare(10 * page - 5, None).unwrap();
        assert_eq!(resident(space.mapping()), Some(10));
        let mut space = space.reset(90 * page, None).unwrap();
        assert_eq!(space.kept(), 10 * page);
        space.prepare(100 * page, None).unwrap();
        assert!(space.mapping().bytes(100 * page).iter().all(|&byte| byte == 0));
        let space = space.clear().unwrap();
        assert_eq!(resident(space.mapping()), Some(0));
    }
}
