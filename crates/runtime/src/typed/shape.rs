//! What implementations of [`Lift`] and [`Lower`] for Rust structs and enums are made of: cursors over the fields of a record, and
//! over the case of a variant. A derive writes them, by name: the types have been compared when the function was looked up.

use super::variant::NO_PAYLOAD;
use super::{COMPARED, Lift, Lower};
use crate::canon::{
    CanonError, CanonResult, FlatReader, FlatWriter, LiftContext, LowerContext, Offsets, load_discriminant,
};
use gusset_types::{DefinedType, Field, Layout, TrapCode, ValType, align_to, cut_name};
use std::fmt;

/// The segment of a path for a field or case.
#[cold]
pub(super) fn segment(name: &str) -> String {
    format!(".{}", cut_name(name))
}

/// The fields of a record, one after the other. Either all of them go through memory, or all are core values.
pub struct RecordCursor<'a> {
    fields: std::slice::Iter<'a, Field>,
    offsets: Offsets,
}

impl<'a> RecordCursor<'a> {
    #[inline]
    fn new(defined: &'a DefinedType, at: u64) -> RecordCursor<'a> {
        let DefinedType::Record(fields) = defined else { panic!("{COMPARED}") };
        RecordCursor { fields: fields.iter(), offsets: Offsets::at(at) }
    }

    /// Of a value of the record type `ty` that is lifted, at `at` if it lies in memory.
    #[inline]
    pub fn lift(cx: &LiftContext<'a>, ty: ValType, at: u64) -> RecordCursor<'a> {
        RecordCursor::new(cx.defined(ty), at)
    }

    /// Of a value of the record type `ty` that is lowered, to `at` if it goes to memory.
    #[inline]
    pub fn lower(cx: &LowerContext<'a>, ty: ValType, at: u64) -> RecordCursor<'a> {
        RecordCursor::new(cx.defined(ty), at)
    }

    #[inline]
    fn next(&mut self) -> &'a Field {
        self.fields.next().expect(COMPARED)
    }

    /// Reads the next field from memory.
    #[inline]
    pub fn load<T: Lift>(&mut self, cx: &mut LiftContext<'_>) -> CanonResult<T> {
        let field = self.next();
        let at = self.offsets.next(cx.types.layout(field.ty, cx.width));
        T::load(cx, field.ty, at).map_err(|error| error.within(segment(&field.name)))
    }

    /// Reads the next field from core values.
    #[inline]
    pub fn lift_flat<T: Lift>(&mut self, cx: &mut LiftContext<'_>, flat: &mut FlatReader<'_>) -> CanonResult<T> {
        let field = self.next();
        T::lift_flat(cx, field.ty, flat).map_err(|error| error.within(segment(&field.name)))
    }

    /// Writes the next field to memory.
    #[inline]
    pub fn store<T: Lower + ?Sized>(&mut self, cx: &mut LowerContext<'_>, value: &T) -> CanonResult<()> {
        let field = self.next();
        let at = self.offsets.next(cx.types.layout(field.ty, cx.width));
        value.store(cx, field.ty, at).map_err(|error| error.within(segment(&field.name)))
    }

    /// Writes the next field as core values.
    #[inline]
    pub fn lower_flat<T: Lower + ?Sized>(
        &mut self,
        cx: &mut LowerContext<'_>,
        value: &T,
        flat: &mut FlatWriter<'_>,
    ) -> CanonResult<()> {
        let field = self.next();
        value.lower_flat(cx, field.ty, flat).map_err(|error| error.within(segment(&field.name)))
    }
}

/// One case of a variant or enum, and where its payload lies or goes.
pub struct CaseCursor<'a> {
    number: u32,
    name: &'a str,
    payload: Option<ValType>,
    /// In memory, the payload's address; in core values, the position behind the whole variant.
    place: u64,
}

impl<'a> CaseCursor<'a> {
    /// The case of that number, if there is one.
    #[inline]
    fn new(defined: &'a DefinedType, number: u32, place: u64) -> CanonResult<CaseCursor<'a>> {
        let (name, payload, count) = match defined {
            DefinedType::Variant(cases) => {
                let case = cases.get(number as usize).map(|case| (&*case.name, case.ty));
                (case.map(|case| case.0), case.and_then(|case| case.1), cases.len())
            }
            DefinedType::Enum(labels) => (labels.get(number as usize).map(|label| &**label), None, labels.len()),
            _ => panic!("{COMPARED}"),
        };
        match name {
            Some(name) => Ok(CaseCursor { number, name, payload, place }),
            None => Err(TrapCode::InvalidDiscriminant.with(number.into(), count as u64).into()),
        }
    }

    /// The size of the discriminant of a type of this layout, and where the payloads lie.
    #[inline]
    fn place(defined: &DefinedType, layout: Layout) -> (u32, u64) {
        let count = match defined {
            DefinedType::Variant(cases) => cases.len(),
            DefinedType::Enum(labels) => labels.len(),
            _ => panic!("{COMPARED}"),
        };
        // The whole is aligned as its discriminant or as its payloads: whichever it is, that is where they begin.
        let size = Layout::discriminant(count).size;
        (size, u64::from(align_to(size, layout.align)))
    }

    /// Reads the discriminant at `at`.
    #[inline]
    pub fn load(cx: &mut LiftContext<'a>, ty: ValType, at: u64) -> CanonResult<CaseCursor<'a>> {
        let (size, payload_offset) = CaseCursor::place(cx.defined(ty), cx.types.layout(ty, cx.width));
        let number = load_discriminant(cx, at, size)?;
        CaseCursor::new(cx.defined(ty), number, at + payload_offset)
    }

    /// Reads the discriminant from core values, which `count` in all belong to the variant.
    #[inline]
    pub fn lift_flat(
        cx: &mut LiftContext<'a>,
        ty: ValType,
        flat: &mut FlatReader<'_>,
        count: usize,
    ) -> CanonResult<CaseCursor<'a>> {
        let end = flat.position() + count;
        CaseCursor::new(cx.defined(ty), flat.u32(), end as u64)
    }

    /// Writes the discriminant `number` at `at`.
    #[inline]
    pub fn store(cx: &mut LowerContext<'a>, ty: ValType, number: u32, at: u64) -> CanonResult<CaseCursor<'a>> {
        let (size, payload_offset) = CaseCursor::place(cx.defined(ty), cx.types.layout(ty, cx.width));
        cx.write(at, &number.to_le_bytes()[..size as usize])?;
        CaseCursor::new(cx.defined(ty), number, at + payload_offset)
    }

    /// Writes the discriminant `number` as a core value; `count` in all belong to the variant.
    #[inline]
    pub fn lower_flat(
        cx: &mut LowerContext<'a>,
        ty: ValType,
        number: u32,
        flat: &mut FlatWriter<'_>,
        count: usize,
    ) -> CanonResult<CaseCursor<'a>> {
        let end = flat.position() + count;
        flat.u32(number);
        CaseCursor::new(cx.defined(ty), number, end as u64)
    }

    /// The case's position in the type.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The payload's type. Where there is none, the Rust type is `()`, which does not look at it.
    #[inline]
    fn payload(&self) -> ValType {
        self.payload.unwrap_or(NO_PAYLOAD)
    }

    fn within(&self, error: CanonError) -> CanonError {
        error.within(segment(self.name))
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

/// Reads the bits of a value of the flags type `ty` at `at`: the first label is bit 0.
#[inline]
pub fn load_flags(cx: &mut LiftContext<'_>, ty: ValType, at: u64) -> CanonResult<u32> {
    let size = cx.types.layout(ty, cx.width).size;
    load_discriminant(cx, at, size)
}

/// Writes the bits of a value of the flags type `ty` at `at`.
#[inline]
pub fn store_flags(cx: &mut LowerContext<'_>, ty: ValType, bits: u32, at: u64) -> CanonResult<()> {
    let size = cx.types.layout(ty, cx.width).size;
    cx.write(at, &bits.to_le_bytes()[..size as usize])
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
