//! Size and alignment of interface types in linear memory: `alignment` and `elem_size` of `CanonicalABI.md`.
//!
//! Layouts are computed once, when a type is interned, so that asking for one never walks a type.

use crate::val_type::{DefinedType, Types, ValType};
use serde::{Deserialize, Serialize};

/// The width of pointers and lengths in a linear memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum PointerWidth {
    /// 32-bit addresses.
    #[default]
    Memory32,
    /// 64-bit addresses (the gated memory64 ABI).
    Memory64,
}

impl PointerWidth {
    /// Bytes of a pointer: 4 or 8.
    #[inline]
    pub const fn bytes(self) -> u32 {
        match self {
            PointerWidth::Memory32 => 4,
            PointerWidth::Memory64 => 8,
        }
    }
}

/// The most bytes that a list or a string may have.
pub const MAX_BYTE_LENGTH: u32 = (1 << 28) - 1;

/// How a value lies in linear memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Layout {
    /// `elem_size`, in bytes. Saturates at `u32::MAX`, which is above every size that validation admits.
    pub size: u32,
    /// `alignment`, in bytes: 1, 2, 4 or 8.
    pub align: u32,
}

/// `offset` rounded up to a multiple of `align`, a power of two. Saturates.
#[inline]
pub const fn align_to(offset: u32, align: u32) -> u32 {
    match offset.checked_add(align - 1) {
        Some(sum) => sum & !(align - 1),
        None => u32::MAX,
    }
}

/// Whether `at` is a multiple of `align`, a power of two: without a division.
#[inline]
pub const fn is_aligned(at: u64, align: u32) -> bool {
    at & (align as u64 - 1) == 0
}

impl Layout {
    /// A layout of `bytes` that is aligned to its own size.
    #[inline]
    pub const fn scalar(bytes: u32) -> Layout {
        Layout { size: bytes, align: bytes }
    }

    /// A pointer and a length: strings, lists, maps.
    #[inline]
    pub const fn pointer_pair(width: PointerWidth) -> Layout {
        Layout { size: 2 * width.bytes(), align: width.bytes() }
    }

    /// The layout of fields one after the other, each at its alignment, padded at the end.
    pub fn record(fields: impl IntoIterator<Item = Layout>) -> Layout {
        let mut whole = Layout { size: 0, align: 1 };
        for field in fields {
            whole.place(field);
        }
        whole.padded()
    }

    /// Places one more field behind what is there and returns its offset. The end is not padded.
    pub const fn place(&mut self, field: Layout) -> u32 {
        let offset = align_to(self.size, field.align);
        self.size = offset.saturating_add(field.size);
        if field.align > self.align {
            self.align = field.align;
        }
        offset
    }

    /// The end of what has been placed, padded.
    pub const fn padded(self) -> Layout {
        Layout { size: align_to(self.size, self.align), align: self.align }
    }

    /// Where the payloads lie in a variant of so many cases that has this layout: the whole is aligned as its discriminant or as its
    /// payloads, and whichever it is, that is where they begin.
    #[inline]
    pub const fn payload_offset(self, cases: usize) -> u32 {
        align_to(Layout::discriminant(cases).size, self.align)
    }

    /// The layout of a variant: its discriminant, then the largest payload at the strictest alignment.
    pub fn variant(cases: usize, payloads: impl IntoIterator<Item = Layout>) -> Layout {
        let discriminant = Layout::discriminant(cases);
        let payload = payloads.into_iter().fold(Layout { size: 0, align: 1 }, |a, b| Layout {
            size: a.size.max(b.size),
            align: a.align.max(b.align),
        });
        Layout::record([discriminant, payload])
    }

    /// The layout of the discriminant of a variant with this many cases: of 1, 2 or 4 bytes.
    #[inline]
    pub const fn discriminant(cases: usize) -> Layout {
        match cases {
            0..=0x100 => Layout::scalar(1),
            0x101..=0x1_0000 => Layout::scalar(2),
            _ => Layout::scalar(4),
        }
    }

    /// The layout of flags with this many labels (1 to 32).
    pub const fn flags(labels: usize) -> Layout {
        match labels {
            0..=8 => Layout::scalar(1),
            9..=16 => Layout::scalar(2),
            _ => Layout::scalar(4),
        }
    }
}

impl Types {
    /// The layout of `ty` in a memory with pointers of `width`.
    #[inline]
    pub fn layout(&self, ty: ValType, width: PointerWidth) -> Layout {
        match ty {
            ValType::Bool | ValType::S8 | ValType::U8 => Layout::scalar(1),
            ValType::S16 | ValType::U16 => Layout::scalar(2),
            ValType::S32 | ValType::U32 | ValType::F32 | ValType::Char | ValType::ErrorContext => Layout::scalar(4),
            ValType::S64 | ValType::U64 | ValType::F64 => Layout::scalar(8),
            ValType::String => Layout::pointer_pair(width),
            ValType::Defined(index) => self.interned(index).layout[width as usize],
        }
    }

    /// The offset of each of `fields` when they lie one after the other as in a record, tuple or spilled parameter list.
    pub fn field_offsets(&self, fields: impl IntoIterator<Item = ValType>, width: PointerWidth) -> Vec<u32> {
        let mut whole = Layout { size: 0, align: 1 };
        fields.into_iter().map(|ty| whole.place(self.layout(ty, width))).collect()
    }

    /// For a type that is a variant in memory (variant, enum, option, result): the size of its discriminant in bytes and the
    /// offset at which every payload starts. `None` for every other type.
    pub fn variant_layout(&self, ty: ValType, width: PointerWidth) -> Option<(u32, u32)> {
        let cases = match self.find(ty)? {
            DefinedType::Variant(cases) => cases.len(),
            DefinedType::Enum(labels) => labels.len(),
            DefinedType::Option(_) | DefinedType::Result(_) => 2,
            _ => return None,
        };
        Some((Layout::discriminant(cases).size, self.layout(ty, width).payload_offset(cases)))
    }

    pub(crate) fn compute_layout(&self, ty: &DefinedType, width: PointerWidth) -> Layout {
        let of = |ty: &ValType| self.layout(*ty, width);
        match ty {
            DefinedType::List(_) | DefinedType::Map(..) => Layout::pointer_pair(width),
            DefinedType::FixedLengthList(element, length) => {
                let element = of(element);
                Layout { size: element.size.saturating_mul(*length), align: element.align }
            }
            DefinedType::Record(fields) => Layout::record(fields.iter().map(|field| of(&field.ty))),
            DefinedType::Tuple(types) => Layout::record(types.iter().map(of)),
            DefinedType::Variant(cases) => {
                Layout::variant(cases.len(), cases.iter().filter_map(|case| case.ty.as_ref()).map(of))
            }
            DefinedType::Enum(labels) => Layout::variant(labels.len(), []),
            DefinedType::Option(some) => Layout::variant(2, [of(some)]),
            DefinedType::Result(result) => Layout::variant(2, result.ok.iter().chain(result.err.iter()).map(of)),
            DefinedType::Flags(labels) => Layout::flags(labels.len()),
            DefinedType::Own(_) | DefinedType::Borrow(_) | DefinedType::Stream(_) | DefinedType::Future(_) => {
                Layout::scalar(4)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_follow_the_specification() {
        let mut types = Types::default();
        let option = types.intern(DefinedType::Option(ValType::U64));
        assert_eq!(types.layout(option, PointerWidth::Memory32), Layout { size: 16, align: 8 });
        assert_eq!(types.variant_layout(option, PointerWidth::Memory32), Some((1, 8)));
        let labels = (0..257).map(|i| format!("l{i}").into()).collect();
        let wide = types.intern(DefinedType::Enum(labels));
        assert_eq!(types.layout(wide, PointerWidth::Memory32), Layout::scalar(2));
    }

    #[test]
    fn records_pad_between_fields_and_at_the_end() {
        let mut types = Types::default();
        let tuple = types.intern(DefinedType::Tuple([ValType::U8, ValType::String, ValType::U8].into()));
        assert_eq!(types.layout(tuple, PointerWidth::Memory32), Layout { size: 16, align: 4 });
        assert_eq!(types.layout(tuple, PointerWidth::Memory64), Layout { size: 32, align: 8 });
    }
}
