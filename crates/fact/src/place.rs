//! Where a value comes from and where it goes: flat values or linear memory, and the two sides that own them.

use gusset_types::{
    CanonOptions, ComponentInstanceIndex, CoreDefIndex, FlatType, PointerWidth, StringEncoding, ValType,
};

/// What translating a value needs to know of one side.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Side {
    pub(crate) instance: ComponentInstanceIndex,
    pub(crate) encoding: StringEncoding,
    pub(crate) memory: Option<CoreDefIndex>,
    pub(crate) width: PointerWidth,
    pub(crate) page_size_log2: u8,
    pub(crate) realloc: Option<CoreDefIndex>,
    /// Whether `may_leave` is cleared while `realloc` runs.
    pub(crate) toggle: bool,
    /// Whether what is lifted from it is charged.
    pub(crate) fuel: bool,
}

impl Side {
    fn new(options: &CanonOptions, realloc: Option<CoreDefIndex>, toggle: bool) -> Side {
        Side {
            instance: options.instance,
            encoding: options.string_encoding,
            memory: options.memory,
            width: options.pointer_width,
            page_size_log2: options.page_size_log2,
            realloc,
            toggle,
            fuel: false,
        }
    }

    /// The side that values are lifted from.
    pub(crate) fn source(options: &CanonOptions, fuel: bool) -> Side {
        Side { fuel, ..Side::new(options, None, false) }
    }

    /// The side that values are lowered into.
    pub(crate) fn destination(options: &CanonOptions, toggle: bool) -> Side {
        Side::new(options, options.realloc, toggle)
    }

    /// The core type of addresses and lengths.
    pub(crate) fn pointer(&self) -> FlatType {
        FlatType::pointer(self.width)
    }
}

/// The two sides of a translation: parameters go from caller to callee, results the other way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Lane {
    pub(crate) src: Side,
    pub(crate) dst: Side,
}

/// One type as both sides have it. The structure is the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Pair {
    pub(crate) src: ValType,
    pub(crate) dst: ValType,
}

/// A flat value that is lifted: a local, of the type that variants around it joined it to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlatSlot {
    pub(crate) local: u32,
    pub(crate) ty: FlatType,
}

/// A place in linear memory. Alignment and bounds have been checked by whoever made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryPlace {
    pub(crate) local: u32,
    pub(crate) offset: u32,
}

impl MemoryPlace {
    /// The place that a local holds the address of.
    pub(crate) fn of(local: u32) -> MemoryPlace {
        MemoryPlace { local, offset: 0 }
    }

    /// The place `offset` bytes further on.
    pub(crate) fn at(self, offset: u32) -> MemoryPlace {
        MemoryPlace { local: self.local, offset: self.offset.saturating_add(offset) }
    }
}

/// Where a value is lifted from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'s> {
    Flat(&'s [FlatSlot]),
    Memory(MemoryPlace),
}

/// Where a value is lowered to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination<'d> {
    /// Pushed onto the operand stack, coerced to these types.
    Stack(&'d [FlatType]),
    Memory(MemoryPlace),
}

/// A length as the adapter computes with it. Products fit 32 bits: lengths have been checked against the limits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    Const(u32),
    /// A local's value times `scale`.
    Scaled {
        local: u32,
        ty: FlatType,
        scale: u32,
    },
}

impl Amount {
    /// The value of a local.
    pub(crate) fn of(local: u32, ty: FlatType) -> Amount {
        Amount::Scaled { local, ty, scale: 1 }
    }
}
