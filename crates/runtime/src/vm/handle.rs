//! Handles: what stands for the parts of a store outside of it. A handle names its store, so that one of another store
//! is found out before it is used.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number of a store, unique in the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct StoreId(u64);

impl StoreId {
    /// A number that no other store has.
    pub(super) fn new() -> StoreId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        StoreId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub(crate) struct $name {
            store: StoreId,
            index: u32,
        }

        impl $name {
            pub(super) fn new(store: StoreId, index: usize) -> $name {
                $name { store, index: u32::try_from(index).expect("a store holds fewer than 2^32 of a kind") }
            }

            /// The position in `store`'s list.
            ///
            /// # Panics
            ///
            /// When the handle is of another store.
            #[track_caller]
            #[inline]
            pub(super) fn index(self, store: StoreId) -> usize {
                assert!(self.store == store, concat!("a ", stringify!($name), " was used with a store that it is not of"));
                self.index as usize
            }

            /// Whether the handle is of that store.
            #[inline]
            pub(crate) fn belongs_to(self, store: StoreId) -> bool {
                self.store == store
            }
        }
    )*};
}

handles! {
    /// A core instance.
    InstanceHandle;
    /// A core function, of a guest or of the host.
    FuncHandle;
    /// A linear memory.
    MemoryHandle;
    /// A table.
    TableHandle;
    /// A global.
    GlobalHandle;
    /// A tag.
    TagHandle;
}

/// What an import is given, and an export yields.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
pub(crate) enum ExternHandle {
    Func(FuncHandle),
    Table(TableHandle),
    Memory(MemoryHandle),
    Global(GlobalHandle),
    Tag(TagHandle),
}
