//! How far the functions of a unit are, told to who waits for them: often enough for a bar, and never under a lock.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// About so often an observer is told of one unit, however many functions that has.
const REPORTS: usize = 256;

/// How many functions of a unit are done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FunctionsDone {
    /// Those that are done.
    pub functions: usize,
    /// All that the unit's modules define.
    pub total_functions: usize,
    /// Bytes of the bodies of those that are done.
    pub bytes: u64,
    /// Bytes of all bodies.
    pub total_bytes: u64,
}

/// Who is told, on whatever thread has finished a function.
pub(crate) type Observer<'a> = &'a (dyn Fn(FunctionsDone) + Sync);

/// Counts the functions that several threads finish.
pub(crate) struct ProgressCounter<'a> {
    functions: AtomicUsize,
    bytes: AtomicU64,
    total_functions: usize,
    total_bytes: u64,
    observer: Observer<'a>,
}

impl<'a> ProgressCounter<'a> {
    /// Tells the observer that nothing is done yet.
    pub(crate) fn start(total_functions: usize, total_bytes: u64, observer: Observer<'a>) -> ProgressCounter<'a> {
        observer(FunctionsDone { functions: 0, total_functions, bytes: 0, total_bytes });
        let (functions, bytes) = Default::default();
        ProgressCounter { functions, bytes, total_functions, total_bytes, observer }
    }

    /// Counts a function whose body has so many bytes.
    pub(crate) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // Who counts the last function sees the bytes of all.
        let functions = self.functions.fetch_add(1, Ordering::AcqRel) + 1;
        let &ProgressCounter { total_functions, total_bytes, .. } = self;
        if functions == total_functions || functions.is_multiple_of(total_functions.div_ceil(REPORTS)) {
            let bytes = self.bytes.load(Ordering::Relaxed);
            (self.observer)(FunctionsDone { functions, total_functions, bytes, total_bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn reports_are_few_and_the_last_one_is_whole() {
        for total in [0, 1, 255, 256, 257, 10_000] {
            let told = Mutex::new(Vec::new());
            let observer = |done| told.lock().expect("nothing panics").push(done);
            let counter = ProgressCounter::start(total, 3 * total as u64, &observer);
            std::thread::scope(|scope| {
                scope.spawn(|| (0..total / 2).for_each(|_| counter.add(3)));
                (total / 2..total).for_each(|_| counter.add(3));
            });
            let told = told.into_inner().expect("nothing panics");
            assert!(told.len() <= REPORTS + 2, "{} reports of {total}", told.len());
            assert_eq!((told[0].functions, told[0].bytes), (0, 0));
            let last = told.iter().max_by_key(|done| done.functions).expect("there is one");
            assert_eq!((last.functions, last.bytes), (last.total_functions, last.total_bytes));
        }
    }
}
