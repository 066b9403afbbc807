//! Which pages of private memory have been written since they were mapped: the system is asked by `PAGEMAP_SCAN`, which Linux
//! has since 6.7. Elsewhere nobody knows.

use std::ops::Range;

/// Asks which pages of memory have been written, from the start on, until `most` such pages have been found. Each run of
/// them is given to `found`; what is returned is where the search ended. `None` where the system cannot tell; then some runs
/// may have been given all the same.
///
/// Every page that differs from what was mapped is found. Once it has been written, a page is found again and again,
/// whatever is written to it, until it is discarded.
#[cfg(target_os = "linux")]
pub(super) fn scan(pages: Range<usize>, most: usize, found: &mut dyn FnMut(Range<usize>)) -> Option<usize> {
    linux::scan(pages, most, found)
}

/// See above.
#[cfg(not(target_os = "linux"))]
pub(super) fn scan(_: Range<usize>, _: usize, _: &mut dyn FnMut(Range<usize>)) -> Option<usize> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use super::super::mapping::{Mapping, page_size};
    use super::super::memory_image::{file_in_memory, is_momentary};
    use rustix::io::Errno;
    use std::fs::File;
    use std::io;
    use std::ops::Range;
    use std::os::fd::AsRawFd;
    use std::sync::OnceLock;

    // Kinds of pages, as the system numbers them.
    const FILE: u64 = 1 << 2;
    const PRESENT: u64 = 1 << 3;
    const SWAPPED: u64 = 1 << 4;
    /// The page of zeros that is mapped where memory has only been read.
    const ZERO: u64 = 1 << 5;

    /// `_IOWR('f', 16, struct pm_scan_arg)`.
    const PAGEMAP_SCAN: libc::Ioctl = (3 << 30 | (size_of::<ScanArguments>() << 16) | (b'f' as usize) << 8 | 16) as _;

    /// Whether pages of the process may be merged; of Linux since 6.4.
    const PR_GET_MEMORY_MERGE: i32 = 68;

    /// Runs of pages of one call: more are asked for again.
    const RUNS: usize = 64;

    #[repr(C)]
    #[derive(Clone, Copy, Default)]
    struct PageRun {
        start: u64,
        end: u64,
        kinds: u64,
    }

    #[repr(C)]
    struct ScanArguments {
        size: u64,
        flags: u64,
        start: u64,
        end: u64,
        walk_end: u64,
        runs: u64,
        runs_len: u64,
        max_pages: u64,
        inverted: u64,
        all_of: u64,
        any_of: u64,
        returned: u64,
    }

    /// The process's page map. It is of the process that opened it: a child that was forked has another.
    struct PageMap {
        file: File,
        process: u32,
    }

    static PAGE_MAP: OnceLock<Option<PageMap>> = OnceLock::new();

    pub(super) fn scan(pages: Range<usize>, most: usize, found: &mut dyn FnMut(Range<usize>)) -> Option<usize> {
        let map = match PAGE_MAP.get() {
            Some(map) => map,
            None => {
                let map = PageMap::new().ok()?;
                PAGE_MAP.get_or_init(|| map)
            }
        };
        let map = map.as_ref().filter(|map| map.process == std::process::id() && !pages_are_merged())?;
        map.scan(pages, most, found)
    }

    /// Whether the system may merge pages of equal contents, as the process asks it to, now or later: a page that was written with zeros
    /// would look as if it had only been read.
    fn pages_are_merged() -> bool {
        // SAFETY: V10: it only asks; systems that do not know the question say so.
        unsafe { libc::prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0) == 1 }
    }

    impl PageMap {
        /// `None` where the system does not tell, or not the truth.
        ///
        /// # Errors
        ///
        /// What it lacks now and may have later.
        fn new() -> io::Result<Option<PageMap>> {
            let file = match File::open("/proc/self/pagemap") {
                Ok(file) => file,
                Err(error) if Errno::from_io_error(&error).is_some_and(is_momentary) => return Err(error),
                Err(_) => return Ok(None),
            };
            let map = PageMap { file, process: std::process::id() };
            Ok(if map.knows_what_was_zero() && map.knows_what_was_a_file()? { Some(map) } else { None })
        }

        /// Tries it on pages of which some are written, some read, and some neither.
        fn knows_what_was_zero(&self) -> bool {
            let page = page_size();
            let try_it = || {
                let mut mapping = Mapping::reserve(6 * page).ok()?;
                mapping.make_accessible(6 * page).ok()?;
                let bytes = mapping.bytes_mut(6 * page);
                (bytes[page], bytes[2 * page + 7], bytes[5 * page]) = (1, 1, 0);
                std::hint::black_box(bytes[4 * page]);
                Some(self.finds(&mapping, 6) == Some(vec![1, 2, 5]))
            };
            try_it() == Some(true)
        }

        /// The same of a file's pages, which are its own until they are written. Where there are no files to try it on, no images are
        /// mapped but those of artefacts, and then nobody knows.
        fn knows_what_was_a_file(&self) -> io::Result<bool> {
            let page = page_size();
            let Some(file) = file_in_memory(&vec![7; 4 * page])? else { return Ok(false) };
            let try_it = || {
                let mut mapping = Mapping::reserve(4 * page).ok()?;
                mapping.make_accessible(4 * page).ok()?;
                mapping.map_file(0, &file, 0, 4 * page).ok()?;
                let bytes = mapping.bytes_mut(4 * page);
                (bytes[page], bytes[2 * page + 7]) = (1, 7);
                std::hint::black_box(bytes[3 * page]);
                Some(self.finds(&mapping, 4) == Some(vec![1, 2]))
            };
            Ok(try_it() == Some(true))
        }

        /// The numbers of the pages that it says were written, of the first so many.
        fn finds(&self, mapping: &Mapping, pages: usize) -> Option<Vec<usize>> {
            let (base, page, mut found) = (mapping.base() as usize, page_size(), Vec::new());
            let all = base..base + pages * page;
            let end =
                self.scan(all.clone(), 100, &mut |run| found.extend(run.step_by(page).map(|at| (at - base) / page)))?;
            (end == all.end).then_some(found)
        }

        fn scan(&self, pages: Range<usize>, most: usize, found: &mut dyn FnMut(Range<usize>)) -> Option<usize> {
            let (mut at, mut left) = (pages.start, most);
            while at < pages.end && left > 0 {
                let mut runs = [PageRun::default(); RUNS];
                let mut arguments = ScanArguments {
                    size: size_of::<ScanArguments>() as u64,
                    flags: 0,
                    start: at as u64,
                    end: pages.end as u64,
                    walk_end: 0,
                    runs: runs.as_mut_ptr() as u64,
                    runs_len: RUNS as u64,
                    max_pages: left as u64,
                    inverted: FILE | ZERO,
                    all_of: FILE | ZERO,
                    any_of: PRESENT | SWAPPED,
                    returned: PRESENT | SWAPPED,
                };
                // SAFETY: V10: the system reads the arguments, and writes where the search ended and so many runs as there is
                // room for; both live on.
                let count = unsafe { libc::ioctl(self.file.as_raw_fd(), PAGEMAP_SCAN, &raw mut arguments) };
                for run in runs.get(..usize::try_from(count).ok()?)? {
                    let run = run.start as usize..run.end as usize;
                    left = left.saturating_sub(run.len() / page_size());
                    found(run);
                }
                let end = arguments.walk_end as usize;
                if end <= at || end > pages.end {
                    return None;
                }
                at = end;
            }
            Some(at)
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::super::mapping::{Mapping, page_size};
    use super::*;

    #[test]
    fn written_pages_are_found_in_order_until_there_are_enough() {
        let page = page_size();
        let mut mapping = Mapping::reserve(1000 * page).unwrap();
        mapping.make_accessible(1000 * page).unwrap();
        // More runs than one call of the system returns.
        let written: Vec<usize> = (0..1000).filter(|at| at % 7 == 3 || at % 7 == 4).collect();
        written.iter().for_each(|at| mapping.bytes_mut(1000 * page)[at * page + at] = 1);
        let base = mapping.base() as usize;
        let look = |most| {
            let mut pages = Vec::new();
            let end = scan(base..base + 1000 * page, most, &mut |run| pages.extend(run.step_by(page)));
            (end.map(|end| (end - base) / page), pages.iter().map(|at| (at - base) / page).collect::<Vec<_>>())
        };
        let (end, pages) = look(usize::MAX);
        if end.is_none() {
            eprintln!("not run: the system does not tell which pages have been written");
            return;
        }
        assert_eq!((end, &pages), (Some(1000), &written));
        let (end, pages) = look(5);
        assert_eq!(pages, [3, 4, 10, 11, 17]);
        assert!(end.is_some_and(|end| (18..=24).contains(&end)), "{end:?}");
        assert!(mapping.discard(0..100 * page));
        assert_eq!(look(usize::MAX).1, written.into_iter().filter(|&at| at >= 100).collect::<Vec<_>>());
    }
}
