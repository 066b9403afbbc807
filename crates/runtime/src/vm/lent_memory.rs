//! [`LentMemory`]: the bytes of a guest's memory at hand, as long as nobody else can change what they are.

use std::marker::PhantomData;

/// Has a memory, of which it lends the bytes.
pub(crate) trait LendsMemory {
    /// The memory; empty if there is none.
    fn memory(&mut self) -> &mut [u8];
}

/// An owner of a memory that has been borrowed for a while, and its memory, which is asked for once, and again after each use of the owner: a
/// guest that runs may have its memory grow.
pub(crate) struct LentMemory<'a, O: ?Sized> {
    /// It is borrowed for `'a`.
    owner: *mut O,
    /// What it lent when it was last used.
    bytes: *mut [u8],
    borrow: PhantomData<&'a mut O>,
}

impl<'a, O: LendsMemory + ?Sized> LentMemory<'a, O> {
    #[inline]
    pub(crate) fn new(owner: &'a mut O) -> LentMemory<'a, O> {
        let owner: *mut O = owner;
        // SAFETY: V18: it is borrowed exclusively.
        let bytes: *mut [u8] = unsafe { (*owner).memory() };
        LentMemory { owner, bytes, borrow: PhantomData }
    }

    /// The memory.
    #[inline]
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: V18: the owner lent them for as long as it is borrowed here, and has not been used since.
        unsafe { &mut *self.bytes }
    }

    /// How many bytes it has.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Uses the owner.
    #[inline]
    pub(crate) fn with_owner<R>(&mut self, work: impl FnOnce(&mut O) -> R) -> R {
        // If it panics, nothing of what it may have invalidated is left.
        self.bytes = &mut [];
        // SAFETY: V18: it is borrowed exclusively, and what it had lent is not looked at any more.
        let owner = unsafe { &mut *self.owner };
        let result = work(owner);
        self.bytes = owner.memory();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    impl LendsMemory for Vec<u8> {
        fn memory(&mut self) -> &mut [u8] {
            self
        }
    }

    #[test]
    fn bytes_are_asked_for_after_each_use() {
        let mut owner = vec![1, 2, 3];
        let mut lent = LentMemory::new(&mut owner);
        lent.bytes()[0] = 7;
        assert_eq!(lent.with_owner(|owner| std::mem::replace(owner, vec![9; 1 << 20])), [7, 2, 3]);
        assert_eq!((lent.len(), lent.bytes()[1 << 19]), (1 << 20, 9));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            lent.with_owner(|owner| {
                *owner = Vec::new();
                panic!("in the middle");
            })
        }));
        assert!(panicked.is_err() && lent.bytes().is_empty());
    }
}
