//! What lifting and lowering work on: the types, a guest's memory and allocator, its options, and core values in a row.

use super::MAX_BYTE_LENGTH;
use super::budget::LiftBudget;
use super::error::CanonResult;
use super::handles::{LiftHandles, LowerHandles, no_handles};
use crate::error::Error;
use crate::resource::ResourceType;
use crate::type_scope::TypeScope;
use crate::vm::{LendsMemory, LentMemory, MemoryHandle, RawValue};
use gusset_types::{DefinedType, Layout, PointerWidth, StringEncoding, TrapCode, Types, ValType, is_aligned};
use std::cell::Cell;

/// From where values are lifted. No code of the guest runs while one exists.
pub struct LiftContext<'a> {
    pub(crate) types: &'a Types,
    pub(super) resources: &'a [ResourceType],
    pub(crate) memory: &'a [u8],
    /// The memory itself, if it is a guest's: what a view keeps.
    pub(crate) guest_memory: Option<MemoryHandle>,
    pub(crate) encoding: StringEncoding,
    pub(crate) width: PointerWidth,
    pub(super) budget: LiftBudget,
    /// `None` where the types hold no handles.
    pub(super) handles: Option<LiftHandles<'a>>,
    /// The bytes of strings and lists so far.
    copied: Cell<u64>,
}

impl<'a> LiftContext<'a> {
    #[inline]
    pub(crate) fn new(
        scope: TypeScope<'a>,
        memory: &'a [u8],
        encoding: StringEncoding,
        width: PointerWidth,
        budget: LiftBudget,
        handles: Option<LiftHandles<'a>>,
    ) -> Self {
        let TypeScope { types, resources } = scope;
        let (guest_memory, copied) = (None, Cell::new(0));
        LiftContext { types, resources, memory, guest_memory, encoding, width, budget, handles, copied }
    }

    /// The same, for values that lie in a guest's memory.
    #[inline]
    pub(super) fn in_guest(self, memory: Option<MemoryHandle>) -> Self {
        LiftContext { guest_memory: memory, ..self }
    }

    /// The structure of a type that is not primitive.
    #[inline]
    pub(crate) fn defined(&self, ty: ValType) -> &'a DefinedType {
        defined(self.types, ty)
    }

    /// Notes the bytes of a string or list.
    #[inline]
    pub(super) fn copies(&self, bytes: u64) {
        self.copied.set(self.copied.get().saturating_add(bytes));
    }

    /// How many bytes the strings and lists have that were lifted, where they come from.
    #[inline]
    pub(crate) fn copied(&self) -> u64 {
        self.copied.get()
    }

    /// `N` bytes of memory. Callers have checked the range of the whole value; a range outside is still only a trap.
    #[inline]
    pub(crate) fn bytes<const N: usize>(&self, at: u64) -> CanonResult<[u8; N]> {
        let rest = usize::try_from(at).ok().and_then(|at| self.memory.get(at..));
        let bytes = rest.and_then(|rest| rest.first_chunk::<N>());
        bytes.copied().ok_or_else(|| TrapCode::PointerOutOfBounds.with(at, N as u64).into())
    }

    #[inline]
    pub(crate) fn u32(&self, at: u64) -> CanonResult<u32> {
        self.bytes(at).map(u32::from_le_bytes)
    }

    /// A pointer or length.
    #[inline]
    pub(crate) fn pointer(&self, at: u64) -> CanonResult<u64> {
        match self.width {
            PointerWidth::Memory32 => self.u32(at).map(u64::from),
            PointerWidth::Memory64 => self.bytes(at).map(u64::from_le_bytes),
        }
    }

    /// The two pointer-wide values of a string or list.
    #[inline]
    pub(crate) fn pointer_pair(&self, at: u64) -> CanonResult<(u64, u64)> {
        Ok((self.pointer(at)?, self.pointer(at + u64::from(self.width.bytes()))?))
    }

    /// The bytes of a list of `length` elements, after all checks (`load_list_from_range`).
    #[inline]
    pub(crate) fn list_bytes(&self, at: u64, length: u64, element: Layout) -> CanonResult<&'a [u8]> {
        let bytes = length.saturating_mul(u64::from(element.size));
        if bytes > MAX_BYTE_LENGTH {
            return Err(TrapCode::ListTooLong.with(length, u64::from(element.size)).into());
        }
        if !is_aligned(at, element.align) {
            return Err(TrapCode::UnalignedPointer.with(at, u64::from(element.align)).into());
        }
        self.copies(bytes);
        slice_at(self.memory, at, bytes).ok_or_else(|| TrapCode::ListPointerOutOfBounds.with(at, bytes).into())
    }

    /// Checks the address of parameters or a result that lie in memory.
    #[inline]
    pub(crate) fn check_pointer(&self, at: u64, layout: Layout) -> CanonResult<()> {
        check_pointer(at, layout, self.memory.len())
    }
}

#[inline]
fn defined(types: &Types, ty: ValType) -> &DefinedType {
    match ty {
        ValType::Defined(index) => types.defined(index),
        _ => panic!("{ty:?} has no structure: types were compared when the function was looked up"),
    }
}

/// `bytes` bytes at `at`, if they all lie in `memory`.
#[inline]
pub(crate) fn slice_at(memory: &[u8], at: u64, bytes: u64) -> Option<&[u8]> {
    let start = usize::try_from(at).ok()?;
    let end = start.checked_add(usize::try_from(bytes).ok()?)?;
    memory.get(start..end)
}

#[inline]
fn check_pointer(at: u64, layout: Layout, length: usize) -> CanonResult<()> {
    if !is_aligned(at, layout.align) {
        return Err(TrapCode::UnalignedPointer.with(at, u64::from(layout.align)).into());
    }
    match at.checked_add(u64::from(layout.size)) {
        Some(end) if end <= length as u64 => Ok(()),
        _ => Err(TrapCode::PointerOutOfBounds.with(at, u64::from(layout.size)).into()),
    }
}

/// A memory with its allocator. `realloc` runs code of the guest: the memory may grow, so its slice is asked for anew after it.
pub(crate) trait Guest: LendsMemory {
    /// Calls `realloc` (`LiftLowerContext.reallocate`). What it returns is not checked.
    fn realloc(&mut self, old: u64, old_size: u64, align: u32, new_size: u64) -> Result<u64, Error>;
    /// What handles are lowered to.
    fn handles(&mut self) -> CanonResult<LowerHandles<'_>> {
        Err(no_handles())
    }
}

/// Where values are lowered to.
pub struct LowerContext<'a> {
    pub(crate) types: &'a Types,
    pub(crate) resources: &'a [ResourceType],
    pub(crate) guest: LentMemory<'a, dyn Guest + 'a>,
    pub(crate) encoding: StringEncoding,
    pub(crate) width: PointerWidth,
}

impl<'a> LowerContext<'a> {
    #[inline]
    pub(crate) fn new(
        scope: TypeScope<'a>,
        guest: &'a mut (dyn Guest + 'a),
        encoding: StringEncoding,
        width: PointerWidth,
    ) -> LowerContext<'a> {
        let TypeScope { types, resources } = scope;
        LowerContext { types, resources, guest: LentMemory::new(guest), encoding, width }
    }

    #[inline]
    pub(crate) fn scope(&self) -> TypeScope<'a> {
        TypeScope { types: self.types, resources: self.resources }
    }

    /// The structure of a type that is not primitive.
    #[inline]
    pub(crate) fn defined(&self, ty: ValType) -> &'a DefinedType {
        defined(self.types, ty)
    }

    /// Writes `bytes` at `at`. Callers have checked the range of the whole value; a range outside is still only a trap.
    #[inline]
    pub(crate) fn write(&mut self, at: u64, bytes: &[u8]) -> CanonResult<()> {
        self.slice_mut(at, bytes.len() as u64)?.copy_from_slice(bytes);
        Ok(())
    }

    /// The memory from `at` on, `bytes` long.
    #[inline]
    pub(crate) fn slice_mut(&mut self, at: u64, bytes: u64) -> CanonResult<&mut [u8]> {
        let range = || {
            let start = usize::try_from(at).ok()?;
            Some(start..start.checked_add(usize::try_from(bytes).ok()?)?)
        };
        let slice = range().and_then(|range| self.guest.bytes().get_mut(range));
        slice.ok_or_else(|| TrapCode::PointerOutOfBounds.with(at, bytes).into())
    }

    /// Writes a pointer or length.
    #[inline]
    pub(crate) fn write_pointer(&mut self, at: u64, value: u64) -> CanonResult<()> {
        match self.width {
            PointerWidth::Memory32 => self.write(at, &(value as u32).to_le_bytes()),
            PointerWidth::Memory64 => self.write(at, &value.to_le_bytes()),
        }
    }

    /// Writes the two pointer-wide values of a string or list.
    #[inline]
    pub(crate) fn write_pointer_pair(&mut self, at: u64, (pointer, length): (u64, u64)) -> CanonResult<()> {
        self.write_pointer(at, pointer)?;
        self.write_pointer(at + u64::from(self.width.bytes()), length)
    }

    /// Calls `realloc` and checks what it returns.
    #[inline]
    pub(crate) fn reallocate(&mut self, old: u64, old_size: u64, align: u32, new_size: u64) -> CanonResult<u64> {
        let at = self.guest.with_owner(|guest| guest.realloc(old, old_size, align, new_size))?;
        if !is_aligned(at, align) {
            return Err(TrapCode::ReallocUnaligned.with(at, u64::from(align)).into());
        }
        match at.checked_add(new_size) {
            Some(end) if end <= self.guest.len() as u64 => Ok(at),
            _ => Err(TrapCode::ReallocOutOfBounds.with(at, new_size).into()),
        }
    }

    #[inline]
    pub(crate) fn allocate(&mut self, align: u32, size: u64) -> CanonResult<u64> {
        self.reallocate(0, 0, align, size)
    }

    /// Allocates a list of `length` elements.
    #[inline]
    pub(crate) fn allocate_list(&mut self, length: usize, element: Layout) -> CanonResult<u64> {
        let bytes = (length as u64).saturating_mul(u64::from(element.size));
        if bytes > MAX_BYTE_LENGTH {
            return Err(TrapCode::ListTooLong.with(length as u64, u64::from(element.size)).into());
        }
        self.allocate(element.align, bytes)
    }

    /// Checks the address that a caller gave for a result.
    #[inline]
    pub(crate) fn check_pointer(&mut self, at: u64, layout: Layout) -> CanonResult<()> {
        check_pointer(at, layout, self.guest.len())
    }
}

/// Core values, read one after the other. A slot may be wider than the value in it (variants join their cases): reading takes the
/// low bits.
pub struct FlatReader<'a> {
    values: &'a [RawValue],
    position: usize,
}

impl<'a> FlatReader<'a> {
    #[inline]
    pub(crate) fn new(values: &'a [RawValue]) -> FlatReader<'a> {
        FlatReader { values, position: 0 }
    }

    #[inline]
    fn next(&mut self) -> RawValue {
        let value = self.values[self.position];
        self.position += 1;
        value
    }

    /// The next value's low 32 bits.
    #[inline]
    pub fn u32(&mut self) -> u32 {
        self.next().u32()
    }

    #[inline]
    pub(crate) fn u64(&mut self) -> u64 {
        self.next().u64()
    }

    #[inline]
    pub(crate) fn pointer(&mut self, width: PointerWidth) -> u64 {
        match width {
            PointerWidth::Memory32 => u64::from(self.u32()),
            PointerWidth::Memory64 => self.u64(),
        }
    }

    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Continues at `position`: behind the slots of a variant that its case has not used.
    #[inline]
    pub(crate) fn skip_to(&mut self, position: usize) {
        self.position = position;
    }
}

/// Core values, written one after the other, zero-extended: what a wider slot of a variant wants.
pub struct FlatWriter<'a> {
    values: &'a mut [RawValue],
    position: usize,
}

impl<'a> FlatWriter<'a> {
    #[inline]
    pub(crate) fn new(values: &'a mut [RawValue]) -> FlatWriter<'a> {
        FlatWriter { values, position: 0 }
    }

    /// Writes the next value.
    #[inline]
    pub fn u32(&mut self, value: u32) {
        self.u64(u64::from(value));
    }

    #[inline]
    pub(crate) fn u64(&mut self, value: u64) {
        self.values[self.position] = RawValue::from_u64(value);
        self.position += 1;
    }

    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Fills the slots of a variant that its case has not used.
    #[inline]
    pub(crate) fn fill_to(&mut self, position: usize) {
        while self.position < position {
            self.u64(0);
        }
    }
}
