//! The state memory: one linear memory for each root instance, beside those of its guests, in which adapters and the runtime
//! keep what the specification keeps in a `ComponentInstance`: whether it may leave, and its table of handles. Guests cannot
//! reach it. Zeroed, it is a fresh state, but for [`StateHeaderLayout::heap_top`].
//!
//! A header, a record for each component instance of the tree, then a heap of tables and cells. All fields are `u32`,
//! little-endian. Tables move when they grow, so nothing but their own record holds the address of one; cells stay.

use crate::index::{ComponentInstanceIndex, ResourceTypeIndex};

/// Offsets in the header, which stands at address 0.
#[derive(Clone, Copy, Debug)]
pub struct StateHeaderLayout {
    /// The first address that nothing uses. Who makes the memory sets it to [`heap_start`].
    pub heap_top: u32,
    /// The address of a free cell; 0 if there is none.
    pub free_cells: u32,
    /// Bytes.
    pub size: u32,
}

/// The header of a state memory.
pub const STATE_HEADER: StateHeaderLayout = StateHeaderLayout { heap_top: 0, free_cells: 4, size: 16 };

/// Offsets in the record of a component instance.
#[derive(Clone, Copy, Debug)]
pub struct InstanceStateLayout {
    /// [`FLAG_CANNOT_LEAVE`] or 0.
    pub flags: u32,
    /// The address of the entry at index 0 of its table; 0 while it has none.
    pub handles: u32,
    /// How many entries have ever been in use, that at index 0, which nobody uses, among them; 0 while it has no table.
    pub length: u32,
    /// How many entries there is room for.
    pub capacity: u32,
    /// The index of the entry that was freed last; 0 if none is free.
    pub free: u32,
    /// Bytes.
    pub size: u32,
}

/// The record of a component instance.
pub const INSTANCE_STATE: InstanceStateLayout =
    InstanceStateLayout { flags: 0, handles: 4, length: 8, capacity: 12, free: 16, size: 32 };

/// Set while the instance may not call out (`may_leave` is false).
pub const FLAG_CANNOT_LEAVE: i32 = 1 << 0;

/// Offsets in an entry of a table of handles.
#[derive(Clone, Copy, Debug)]
pub struct HandleEntryLayout {
    /// What it is: a [`handle_tag`].
    pub tag: u32,
    /// The representation of the resource; of a free entry the index of the one that was freed before, or 0.
    pub rep: u32,
    /// How often it is lent (`num_lends`).
    pub lends: u32,
    /// For a borrow, the address of the cell of its [scope](BORROW_SCOPE); else 0.
    pub scope: u32,
    /// Bytes.
    pub size: u32,
}

/// An entry of a table of handles (`ResourceHandle`).
pub const HANDLE_ENTRY: HandleEntryLayout = HandleEntryLayout { tag: 0, rep: 4, lends: 8, scope: 12, size: 16 };

/// What stands in an entry of a table. Kinds other than handles of resources have their numbers, and nothing makes them yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the spec's own words, one for one")]
#[repr(u8)]
pub enum HandleKind {
    Free = 0,
    Own = 1,
    Borrow = 2,
    Subtask = 3,
    WaitableSet = 4,
    ReadableStreamEnd = 5,
    WritableStreamEnd = 6,
    ReadableFutureEnd = 7,
    WritableFutureEnd = 8,
    ErrorContext = 9,
}

impl HandleKind {
    /// What a [tag](handle_tag) stands for.
    pub const fn of_tag(tag: u32) -> Option<HandleKind> {
        Some(match tag & ((1 << HANDLE_KIND_BITS) - 1) {
            0 => HandleKind::Free,
            1 => HandleKind::Own,
            2 => HandleKind::Borrow,
            3 => HandleKind::Subtask,
            4 => HandleKind::WaitableSet,
            5 => HandleKind::ReadableStreamEnd,
            6 => HandleKind::WritableStreamEnd,
            7 => HandleKind::ReadableFutureEnd,
            8 => HandleKind::WritableFutureEnd,
            9 => HandleKind::ErrorContext,
            _ => return None,
        })
    }
}

/// How many low bits of a tag are the [`HandleKind`]; the number of the resource type is above them.
pub const HANDLE_KIND_BITS: u32 = 4;

/// Most entries of one table, the one at index 0 among them. The specification has 2^28 - 1; this is what the memory can hold
/// while a table moves.
pub const MAX_HANDLES: u32 = 1 << 26;

/// How many entries a table has room for when the first handle is added.
pub const FIRST_HANDLES: u32 = 16;

/// Offsets in a cell that counts the borrows of a call (`Task.num_borrows`) and chains what its caller lent
/// (`Subtask.lenders`).
#[derive(Clone, Copy, Debug)]
pub struct BorrowScopeLayout {
    /// How many borrow handles of this scope there are.
    pub count: u32,
    /// The address of the first [cell](LENDER) of a chain; 0 if there is none.
    pub lenders: u32,
}

/// The cell of a borrow scope.
pub const BORROW_SCOPE: BorrowScopeLayout = BorrowScopeLayout { count: 0, lenders: 4 };

/// Offsets in a cell that names a handle that was lent.
#[derive(Clone, Copy, Debug)]
pub struct LenderLayout {
    /// The address of the next cell; 0 at the end.
    pub next: u32,
    /// The handle, as an index of the caller's table.
    pub index: u32,
}

/// A cell that names a lender.
pub const LENDER: LenderLayout = LenderLayout { next: 0, index: 4 };

/// Offsets in any cell.
#[derive(Clone, Copy, Debug)]
pub struct CellLayout {
    /// Of a free cell: the address of the next free one, or 0.
    pub next_free: u32,
    /// Bytes.
    pub size: u32,
}

/// A cell of the heap.
pub const CELL: CellLayout = CellLayout { next_free: 12, size: 16 };

/// The address of the record of a component instance.
pub const fn instance_state(instance: ComponentInstanceIndex) -> u32 {
    STATE_HEADER.size + instance.as_u32() * INSTANCE_STATE.size
}

/// Where the heap starts, in a state of `instances` component instances.
pub const fn heap_start(instances: u32) -> u32 {
    instance_state(ComponentInstanceIndex::from_u32(instances))
}

/// The number of a resource type that a component of the tree defines, and of an imported one that is none of those before it.
pub const fn resource_type_number(resource: ResourceTypeIndex) -> u32 {
    resource.as_u32() + 1
}

/// The tag of an entry: what it is, and of which resource type (0 where it is of none).
///
/// ```
/// use gusset_types::{HandleKind, ResourceTypeIndex, handle_tag, resource_type_number};
/// let number = resource_type_number(ResourceTypeIndex::from_u32(2));
/// assert_eq!(handle_tag(HandleKind::Own, number), 0x31);
/// assert_eq!(handle_tag(HandleKind::Free, 0), 0);
/// ```
pub const fn handle_tag(kind: HandleKind, resource_type_number: u32) -> u32 {
    kind as u32 | resource_type_number << HANDLE_KIND_BITS
}
