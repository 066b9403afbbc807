//! The lower half of the runtime: compiled code, what it works on, and the ways into it and out of it. All unsafe code
//! of this crate stands here; everything above uses the safe methods of [`VmStore`] and
//! [`StoreInner`](crate::store::StoreInner).
//!
//! # Invariants
//!
//! Each unsafe block says which of these it relies on.
//!
//! - **V1, one way in.** While an activation runs, its store is reached only through the pointer that the entry derived
//!   from its exclusive borrow. Host functions and builtins borrow from that pointer for the time of their call, and a
//!   nested entry takes its own from that borrow. A `StoreInner` is never moved or exchanged meanwhile: only `Store`
//!   owns one, in a box, and no function hands out the place itself outside of this crate.
//! - **V2, code is ours.** A [`CodeMemory`] holds the output of this crate's compiler, unchanged, for processors like this
//!   one. What comes from an artefact is that too: who deserializes it says so, a hash over all of it that nothing changed by
//!   accident, and what it was compiled for is compared. Its tables say what stands where, and static links between its modules hold because instances are made as the plan that was compiled
//!   with it says. Contexts that it says are joint are parts of one [`JointContexts`], each taken once and at its place, which stays as long as
//!   any of them.
//! - **V3, compiled code passes what its signature says.** Builtins, stubs and `raise` get the context of the code that
//!   calls them, or that of its store where they take it, and indices and references that were valid when the module was validated.
//! - **V4, nothing in a store dies before the store.** Instances, contexts, memories, tables, host functions and code
//!   are only ever added, but for those of an instance that could not be made, core or component, which nothing refers to: none of its
//!   code has run, nor any of the host's while it was made, and nothing older has got anything of it. And the store keeps its engine. When a store is dropped, no activation of it exists, since that would borrow it.
//! - **V5, a mapping has one owner.** A [`Mapping`](mapping::Mapping) alone unmaps and protects its pages. One
//!   that is split is no more: each part is a mapping, and one of them has each page. Writable
//!   pages never become executable but by consuming the mapping or after it has given up writing, and executable ones never
//!   become writable. Those of an artefact are private and never writable, and what a memory holds at first is a private copy of a file
//!   that nobody changes; of those of a lazily compiled unit V14 says more.
//! - **V6, compiled code does not run beside a borrow.** Slices of linear memory borrow the store, and running any of
//!   its code borrows it exclusively. Of memories that are shared between threads (V16) there are no such slices.
//! - **V7, a store is not bound to a thread.** What is per thread (the current activation, how deep it may go, the signal
//!   stack) is set by an entry and restored before it returns. An activation on another thread may stand within one on
//!   this: a host function can lend its borrow of the store to a thread that it waits for. Counts of what it owns are changed by
//!   whoever has the store, on its stack or in it.
//! - **V8, host functions are of their store's type.** `StoreInner<T>` alone adds closures over a store of `T`, with the glue for
//!   `T` and the closure's own type, to the one `VmStore` that it holds for life, and makes that with the glue for `T` that an epoch and growth call; contexts of
//!   host functions are written only there. `StoreInner`
//!   is invariant in `T`, so that the type of its data is never another one than they were written for.
//! - **V9, frames are as compiled.** Code keeps frame pointers; entries record frame pointer, stack pointer and landing
//!   pad before they call; stubs record the frame that called them, and make room for the values that they pass.
//! - **V10, signal handlers take nothing for granted.** They read what the system passes, the thread's current
//!   activation, and tables that this thread is not changing: while the host runs, there is no current activation.
//! - **V11, references are checked on the way in.** A function reference that the host hands to compiled code
//!   (argument, result, element, global) is null or the address of a function reference in this store, and can be
//!   called. Records of functions are zero until their address is first given out, and do not change once they are written: who
//!   gives out an address, the runtime or compiled code, sees to that first. That of a direct import (`CoreImport::direct`) may have no code:
//!   nothing makes a reference of such an import, or calls it but by its link.
//! - **V12, numbers are plain data.** Every pattern of bits is a `u8`, a `u16`, a word of a context or an element of a table, and
//!   larger ones are so many smaller ones.
//! - **V13, files of a cache are ours and stay as they are.** A [`CachedFile`](crate::cache) comes out of a directory of which nobody but
//!   this process's user can change anything, and itself is of that kind. A build from the same sources wrote it, since the key in its name
//!   and at its end is made of them; under another name, until it was whole; and nothing writes to an entry afterwards. It is only ever
//!   removed.
//! - **V14, code that comes later has its own pages.** The address space of a lazily compiled unit ([`LazyMapping`](lazy_mapping::LazyMapping))
//!   is its text, its slots and room for code. Slots are on writable pages that are never executable, and hold addresses of code of the
//!   unit that may run; the two words before them, the resolver's address and the unit's. Pages for code are given to one writer, who
//!   fills them and makes them executable, once; what is known of the code is published before any slot leads there, and stays until
//!   the unit goes.
//! - **V15, a fiber waits with nothing of a thread.** A fiber waits only where all frames on its stack are the runtime's, compiled code's or a
//!   future's that can be sent: an activation that the host begins on it, other than the first, keeps it from waiting until it ends, and
//!   values of guests and of the host that frames of the runtime hold can be sent ([`ComponentType`](crate::ComponentType) says so). No guest
//!   of another store is running on it then. Each switch writes into the store's context where its thread says whose code it runs, and code
//!   that may be on another thread after a call reads it from there; no other address of a thread's is kept over one: what asks for a
//!   thread's own is never made a part of a function that may ask twice. A fiber, its state and
//!   what it was given stay where they are until it has finished, or for ever. The future that it belongs to has the borrow of
//!   the store, and leaves it to the fiber while it polls or cancels it; the context of that poll is the fiber's as long.
//! - **V16, what is shared is atomic.** Of a shared memory ([`SharedLinearMemory`](shared_memory::SharedLinearMemory)) the runtime only ever
//!   has atomic numbers, and reads and writes them in units of any size, as compiled code on other threads does with the same instructions. Its
//!   base and its definition stay where they are as long as anybody has it, each store that was given it to its end; what is accessible
//!   stays so, and its length, which is written once the pages are there, only grows.
//! - **V17, stack maps tell all.** While the host runs, each activation of a store waits for a call that it made through a stub, which
//!   recorded the frame (V9), or is between two calls and has none, which it says by a frame pointer of 0. Activations are linked from the innermost outwards, over fibers too. At each call that may lead to the host
//!   the stack map of the code lists where in the frame those references stand that the code uses afterwards; what else is listed is null
//!   or stood there before. What a forgotten fiber has on its stack nobody uses again.
//! - **V18, lent bytes are the lender's.** Whoever has borrowed an owner of bytes exclusively, and these with it, may look at them by their
//!   address until it uses the owner again ([`LentMemory`]): then it asks for them anew, and has none meanwhile.
//! - **V19, who has a feature's witness has the feature.** A [`ByteShuffles`](transcode) is made only where the processor has said
//!   that it has what the functions are compiled for that are called with one.

#[cfg(all(test, feature = "compile", feature = "wat"))]
mod allocations;
mod allocator;
mod artifact_code;
mod atomics;
mod budget;
mod builtins;
mod bulk;
#[cfg(feature = "cache")]
mod cached;
mod cells;
#[cfg(feature = "compile")]
mod chunk_table;
mod code;
mod collector;
#[cfg(feature = "compile")]
mod compiled_code;
mod const_expr;
mod context;
mod deserialize;
mod dirty_pages;
mod entry;
mod exceptions;
mod externs;
mod failure;
mod fiber;
#[cfg(all(test, feature = "compile", feature = "wat"))]
mod forks;
mod free_spaces;
mod function;
mod growth;
mod handle;
mod host;
mod icache;
mod import;
mod instance;
mod items;
#[cfg(feature = "compile")]
mod lazy_code;
#[cfg(feature = "compile")]
mod lazy_mapping;
mod lent_memory;
mod lent_store;
mod limits;
mod mapping;
mod memory;
mod memory_image;
mod memory_pool;
mod memory_space;
mod metering;
mod on_fiber;
mod parking;
mod pieces;
mod plain;
mod raw_value;
mod reference_table;
mod registers;
#[cfg(feature = "compile")]
mod resolver;
mod rollback;
mod roots;
mod segment;
mod shared_bytes;
mod shared_memory;
mod signals;
mod slot_pool;
mod stack;
mod stack_pool;
mod store;
mod store_memory;
mod table;
mod trampolines;
mod transcode;
mod transcoding;
mod unwind;

pub(crate) use allocator::InstanceAllocator;
pub(crate) use budget::{BudgetLoan, HostBudget};
pub(crate) use code::CodeMemory;
pub(crate) use context::JointContexts;
pub(crate) use entry::GuestCalls;
pub(crate) use fiber::CurrentFiber;
pub(crate) use handle::{
    ExternHandle, FuncHandle, GlobalHandle, InstanceHandle, MemoryHandle, StoreId, TableHandle, TagHandle,
};
pub(crate) use host::HostFunc;
pub(crate) use import::extern_matches;
pub(crate) use lent_memory::{LendsMemory, LentMemory};
pub(crate) use lent_store::LentStore;
pub(crate) use limits::{Limiter, WantedItems};
pub(crate) use parking::ParkOutcome;
pub use plain::PlainNumber;
pub(crate) use plain::{plain_bytes, plain_numbers, read_number, write_number};
pub(crate) use raw_value::RawValue;
pub(crate) use rollback::StoreMark;
pub(crate) use roots::{OwnedRoot, RootMark, ScopedRoot};
pub(crate) use shared_memory::{AwaitedNumber, SharedLinearMemory};
pub(crate) use signals::install_signal_handlers;
#[cfg(any(feature = "addr2line", feature = "compile", feature = "demangle"))]
pub(crate) use stack::stack_left;
pub(crate) use stack::{EnteredBy, StackLimit};
pub(crate) use store::VmStore;
