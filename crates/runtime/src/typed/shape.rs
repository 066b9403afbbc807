//! What implementations of [`Lift`] and [`Lower`] for Rust structs and enums are made of: cursors over the fields of a record, and
//! over the case of a variant. A derive writes them, by name: the types have been compared when the function was looked up.

use super::{COMPARED, ComponentType, Lift, Lower, NO_TYPE, layout_of};
use crate::canon::{
    CanonError, CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext, Offsets, load_discriminant,
};
use gusset_types::{DefinedType, Field, Layout, TrapCode, Types, ValType, cut_name};
use std::fmt;

/// The segment of a path for a field or case.
#[cold]
pub(super) fn segment(name: &str) -> String {
    format!(".{}", cut_name(name))
}

/// The fields of a record, one after the other. Either all of them go through memory, or all are core values.
pub struct RecordCursor<'a> {
    fields: &'a [Field],
    position: usize,
    offsets: Offsets,
}

impl<'a> RecordCursor<'a> {
    #[inline]
    fn new(types: &'a Types, ty: ValType, at: u64) -> RecordCursor<'a> {
        let fields: &[Field] = match types.find(ty) {
            Some(DefinedType::Record(fields)) => fields,
            _ => &[],
        };
        RecordCursor { fields, position: 0, offsets: Offsets::at(at) }
    }

    /// Of a value of the record type `ty` that is lifted, at `at` if it lies in memory.
    #[inline]
    pub fn lift(cx: &LiftContext<'a>, ty: ValType, at: u64) -> RecordCursor<'a> {
        RecordCursor::new(cx.types, ty, at)
    }

    /// Of a value of the record type `ty` that is lowered, to `at` if it goes to memory.
    #[inline]
    pub fn lower(cx: &LowerContext<'a>, ty: ValType, at: u64) -> RecordCursor<'a> {
        RecordCursor::new(cx.types, ty, at)
    }

    /// The type of the next field.
    #[inline]
    fn next(&mut self) -> ValType {
        self.position += 1;
        self.fields.get(self.position - 1).map_or(NO_TYPE, |field| field.ty)
    }

    #[cold]
    fn within(&self, error: CanonError) -> CanonError {
        let field = self.fields.get(self.position - 1).expect(COMPARED);
        error.within(segment(&field.name))
    }

    /// Reads the next field from memory.
    #[inline]
    pub fn load<T: Lift>(&mut self, cx: &mut LiftContext<'_>) -> CanonResult<T> {
        let (ty, at) = (self.next(), self.offsets.next(layout_of::<T>(cx.width)));
        T::load(cx, ty, at).map_err(|error| self.within(error))
    }

    /// Reads the next field from core values.
    #[inline]
    pub fn lift_flat<T: Lift>(&mut self, cx: &mut LiftContext<'_>, flat: &mut FlatReader<'_>) -> CanonResult<T> {
        T::lift_flat(cx, self.next(), flat).map_err(|error| self.within(error))
    }

    /// Writes the next field to memory.
    #[inline]
    pub fn store<T: Lower + ?Sized>(&mut self, cx: &mut LowerContext<'_>, value: &T) -> CanonResult<()> {
        let (ty, at) = (self.next(), self.offsets.next(layout_of::<T>(cx.width)));
        value.store(cx, ty, at).map_err(|error| self.within(error))
    }

    /// Writes the next field as core values.
    #[inline]
    pub fn lower_flat<T: Lower + ?Sized>(
        &mut self,
        cx: &mut LowerContext<'_>,
        value: &T,
        flat: &mut FlatWriter<'_>,
    ) -> CanonResult<()> {
        value.lower_flat(cx, self.next(), flat).map_err(|error| self.within(error))
    }
}

/// One case of a variant or enum, and where its payload lies or goes.
pub struct CaseCursor<'a> {
    types: &'a Types,
    ty: ValType,
    number: u32,
    /// In memory, the payload's address; in core values, the position behind the whole variant.
    place: u64,
}

/// The trap for a discriminant that is none of `count` cases.
#[cold]
fn invalid_case(number: u32, count: usize) -> CanonError {
    TrapCode::InvalidDiscriminant.with(number.into(), count as u64).into()
}

/// A Rust type `T` stands for a variant or enum of `COUNT` cases.
impl<'a> CaseCursor<'a> {
    /// Reads the discriminant at `at`.
    #[inline]
    pub fn load<T: ComponentType, const COUNT: usize>(
        cx: &mut LiftContext<'a>,
        ty: ValType,
        at: u64,
    ) -> CanonResult<CaseCursor<'a>> {
        let number = load_discriminant(cx, at, const { Layout::discriminant(COUNT).size })?;
        if number as usize >= COUNT {
            return Err(invalid_case(number, COUNT));
        }
        let place = at + u64::from(layout_of::<T>(cx.width).payload_offset(COUNT));
        Ok(CaseCursor { types: cx.types, ty, number, place })
    }

    /// Reads the discriminant from core values.
    #[inline]
    pub fn lift_flat<T: ComponentType, const COUNT: usize>(
        cx: &mut LiftContext<'a>,
        ty: ValType,
        flat: &mut FlatReader<'_>,
    ) -> CanonResult<CaseCursor<'a>> {
        let place = (flat.position() + T::FLAT_COUNT) as u64;
        let number = flat.u32();
        if number as usize >= COUNT {
            return Err(invalid_case(number, COUNT));
        }
        Ok(CaseCursor { types: cx.types, ty, number, place })
    }

    /// Writes the discriminant `number`, which is less than `COUNT`, at `at`.
    #[inline]
    pub fn store<T: ComponentType, const COUNT: usize>(
        cx: &mut LowerContext<'a>,
        ty: ValType,
        number: u32,
        at: u64,
    ) -> CanonResult<CaseCursor<'a>> {
        cx.write(at, &number.to_le_bytes()[..const { Layout::discriminant(COUNT).size as usize }])?;
        let place = at + u64::from(layout_of::<T>(cx.width).payload_offset(COUNT));
        Ok(CaseCursor { types: cx.types, ty, number, place })
    }

    /// Writes the discriminant `number`, which is less than the number of cases, as a core value.
    #[inline]
    pub fn lower_flat<T: ComponentType>(
        cx: &mut LowerContext<'a>,
        ty: ValType,
        number: u32,
        flat: &mut FlatWriter<'_>,
    ) -> CaseCursor<'a> {
        let place = (flat.position() + T::FLAT_COUNT) as u64;
        flat.u32(number);
        CaseCursor { types: cx.types, ty, number, place }
    }

    /// The case's position in the type.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The payload's type. Where there is none, the Rust type is `()`, which does not look at it.
    #[inline]
    fn payload(&self) -> ValType {
        let case = match self.types.find(self.ty) {
            Some(DefinedType::Variant(cases)) => cases.get(self.number as usize),
            _ => None,
        };
        case.and_then(|case| case.ty).unwrap_or(NO_TYPE)
    }

    #[cold]
    fn within(&self, error: CanonError) -> CanonError {
        let Some(DefinedType::Variant(cases)) = self.types.find(self.ty) else { panic!("{COMPARED}") };
        error.within(segment(&cases[self.number as usize].name))
    }

    /// Reads the payload from memory.
    #[inline]
    pub fn load_payload<T: Lift>(&self, cx: &mut LiftContext<'_>) -> CanonResult<T> {
        T::load(cx, self.payload(), self.place).map_err(|error| self.within(error))
    }

    /// Reads the payload from core values.
    #[inline]
    pub fn lift_payload<T: Lift>(&self, cx: &mut LiftContext<'_>, flat: &mut FlatReader<'_>) -> CanonResult<T> {
        T::lift_flat(cx, self.payload(), flat).map_err(|error| self.within(error))
    }

    /// Writes the payload to memory.
    #[inline]
    pub fn store_payload<T: Lower + ?Sized>(&self, cx: &mut LowerContext<'_>, value: &T) -> CanonResult<()> {
        value.store(cx, self.payload(), self.place).map_err(|error| self.within(error))
    }

    /// Writes the payload as core values.
    #[inline]
    pub fn lower_payload<T: Lower + ?Sized>(
        &self,
        cx: &mut LowerContext<'_>,
        value: &T,
        flat: &mut FlatWriter<'_>,
    ) -> CanonResult<()> {
        value.lower_flat(cx, self.payload(), flat).map_err(|error| self.within(error))
    }

    /// Goes behind the core values of the variant that its case has not used.
    #[inline]
    pub fn skip_rest(&self, flat: &mut FlatReader<'_>) {
        flat.skip_to(self.place as usize);
    }

    /// Fills the core values of the variant that its case has not used.
    #[inline]
    pub fn fill_rest(&self, flat: &mut FlatWriter<'_>) {
        flat.fill_to(self.place as usize);
    }
}

/// Reads the bits of a value of the flags type `T` at `at`: the first label is bit 0.
#[inline]
pub fn load_flags<T: ComponentType>(cx: &mut LiftContext<'_>, at: u64) -> CanonResult<u32> {
    load_discriminant(cx, at, T::LAYOUTS[0].size)
}

/// Writes the bits of a value of the flags type `T` at `at`.
#[inline]
pub fn store_flags<T: ComponentType>(cx: &mut LowerContext<'_>, bits: u32, at: u64) -> CanonResult<()> {
    cx.write(at, &bits.to_le_bytes()[..T::LAYOUTS[0].size as usize])
}

/// The layouts of flags with so many labels.
pub const fn flags_layouts(labels: usize) -> [Layout; 2] {
    [Layout::flags(labels); 2]
}

/// The layouts of a record or tuple of fields of these layouts.
pub const fn record_layouts(fields: &[[Layout; 2]]) -> [Layout; 2] {
    let (mut wholes, mut i) = ([Layout { size: 0, align: 1 }; 2], 0);
    while i < fields.len() {
        wholes[0].place(fields[i][0]);
        wholes[1].place(fields[i][1]);
        i += 1;
    }
    [wholes[0].padded(), wholes[1].padded()]
}

/// The layouts of a variant with a case for each of these payloads; no payload has size 0 and alignment 1.
pub const fn variant_layouts(payloads: &[[Layout; 2]]) -> [Layout; 2] {
    let (mut largest, mut i) = ([Layout { size: 0, align: 1 }; 2], 0);
    while i < payloads.len() {
        let mut width = 0;
        while width < 2 {
            let Layout { size, align } = payloads[i][width];
            let Layout { size: most, align: strictest } = largest[width];
            largest[width] = Layout {
                size: if size > most { size } else { most },
                align: if align > strictest { align } else { strictest },
            };
            width += 1;
        }
        i += 1;
    }
    record_layouts(&[[Layout::discriminant(payloads.len()); 2], largest])
}

/// The largest of `counts`, 0 if there are none.
pub const fn largest(counts: &[usize]) -> usize {
    let (mut largest, mut i) = (0, 0);
    while i < counts.len() {
        if counts[i] > largest {
            largest = counts[i];
        }
        i += 1;
    }
    largest
}

/// Writes flags as `Name(A | B)`, with the constants of the bits that are set.
pub fn debug_flags(f: &mut fmt::Formatter<'_>, name: &str, bits: u32, constants: &[&str]) -> fmt::Result {
    write!(f, "{name}(")?;
    let set = constants.iter().enumerate().filter(|(i, _)| bits >> i & 1 != 0);
    for (n, (_, constant)) in set.enumerate() {
        write!(f, "{}{constant}", if n > 0 { " | " } else { "" })?;
    }
    f.write_str(")")
}
