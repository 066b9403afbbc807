//! Values that are none: one place of a guest's memory made wrong, with the trap that lifting from it must end with.

use crate::composition::Encoding;
use crate::model::{HEAP, Model, ModelSlot, PAGE, UTF16_TAG, Units, WeakSpot, WeakSpotKind};
use arbitrary::{Result, Unstructured};
use gusset::TrapCode;

/// No list or string has more bytes.
const MAX_BYTE_LENGTH: u32 = (1 << 28) - 1;
/// An address that is aligned to everything and behind the end of the guests' two pages.
pub(crate) const OUTSIDE: u32 = 2 * PAGE + 8;

/// What lifting must end with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ExpectedTrap {
    /// The code of an adapter.
    pub(crate) adapter: TrapCode,
    /// The code of the host.
    pub(crate) host: TrapCode,
    /// The bad value and what it was compared with, as the codes say.
    pub(crate) values: [u64; 2],
    pub(crate) path: String,
    /// It is the address that `realloc` returned: an adapter adds that to the path.
    pub(crate) from_realloc: bool,
}

/// Makes one place wrong, if `input` finds one that can be.
///
/// # Errors
///
/// When the input ends.
pub(crate) fn damage(
    model: &mut Model,
    encoding: Encoding,
    input: &mut Unstructured<'_>,
) -> Result<Option<ExpectedTrap>> {
    if model.weak_spots.is_empty() {
        return Ok(None);
    }
    let spot = input.choose(&model.weak_spots)?.clone();
    let both = |code, value, limit| Found::new(code, code, value, limit);
    let Found { adapter, host, values } = match spot.kind {
        WeakSpotKind::Char => {
            let wrong = *input.choose(&[0xd800, 0xdbff, 0xdfff, 0x11_0000, 0x7fff_ffff, 0xffff_ffff])?;
            model.overwrite(spot.slot, 0, wrong, 4);
            both(TrapCode::InvalidChar, wrong, 0)
        }
        WeakSpotKind::Discriminant { cases, size } => {
            let largest = u32::MAX >> (32 - 8 * size);
            if cases > largest {
                return Ok(None);
            }
            let wrong = *input.choose(&[cases, largest, cases + (largest - cases) / 2])?;
            model.overwrite(spot.slot, 0, wrong, size);
            both(TrapCode::InvalidDiscriminant, wrong, cases)
        }
        WeakSpotKind::Pointer { align, size } => {
            let unaligned = align > 1 && input.arbitrary()?;
            let wrong = if unaligned { HEAP + align / 2 } else { OUTSIDE };
            model.overwrite(spot.slot, 0, wrong, 4);
            match unaligned {
                true => both(TrapCode::UnalignedPointer, wrong, align),
                false => both(TrapCode::PointerOutOfBounds, wrong, size),
            }
        }
        WeakSpotKind::List { align, element_size } => damage_list(model, &spot, align, element_size, input)?,
        WeakSpotKind::String { .. } => match damage_string(model, &spot, encoding, input)? {
            Some(found) => found,
            None => return Ok(None),
        },
    };
    Ok(Some(ExpectedTrap { adapter, host, values, path: spot.path, from_realloc: false }))
}

/// A trap without its place.
struct Found {
    adapter: TrapCode,
    host: TrapCode,
    values: [u64; 2],
}

impl Found {
    fn new(adapter: TrapCode, host: TrapCode, value: u32, limit: u32) -> Found {
        Found { adapter, host, values: [value.into(), limit.into()] }
    }
}

fn damage_list(
    model: &mut Model,
    spot: &WeakSpot,
    align: u32,
    element_size: u32,
    input: &mut Unstructured<'_>,
) -> Result<Found> {
    let outside = |at, bytes| Found::new(TrapCode::ListOutOfBounds, TrapCode::ListPointerOutOfBounds, at, bytes);
    Ok(match input.int_in_range(0..=3)? {
        0 if align > 1 => {
            let at = HEAP + align / 2;
            model.overwrite(spot.slot, 0, at, 4);
            Found::new(TrapCode::UnalignedPointer, TrapCode::UnalignedPointer, at, align)
        }
        1 => {
            model.overwrite(spot.slot, 0, HEAP, 4);
            let more = if input.arbitrary()? { u32::MAX } else { MAX_BYTE_LENGTH / element_size + 1 };
            model.overwrite(spot.slot, 1, more, 4);
            Found::new(TrapCode::ListTooLong, TrapCode::ListTooLong, more, element_size)
        }
        2 => {
            // As long as can be, but not in this memory.
            let most = MAX_BYTE_LENGTH / element_size;
            model.overwrite(spot.slot, 0, HEAP, 4);
            model.overwrite(spot.slot, 1, most, 4);
            outside(HEAP, most * element_size)
        }
        _ => {
            let at = *input.choose(&[OUTSIDE, 0xffff_fff8])?;
            model.overwrite(spot.slot, 0, at, 4);
            outside(at, model.peek(spot.slot, 1) * element_size)
        }
    })
}

fn damage_string(
    model: &mut Model,
    spot: &WeakSpot,
    encoding: Encoding,
    input: &mut Unstructured<'_>,
) -> Result<Option<Found>> {
    let WeakSpotKind::String { units, at, count } = spot.kind else { unreachable!("the caller looked") };
    let tag = if units == Units::Utf16 && encoding == Encoding::Latin1Utf16 { UTF16_TAG } else { 0 };
    let size = units.size();
    let outside = |at, bytes| Found::new(TrapCode::StringOutOfBounds, TrapCode::StringPointerOutOfBounds, at, bytes);
    Ok(Some(match input.int_in_range(0..=5)? {
        0 if encoding != Encoding::Utf8 => {
            model.overwrite(spot.slot, 0, at + 1, 4);
            Found::new(TrapCode::UnalignedPointer, TrapCode::UnalignedPointer, at + 1, 2)
        }
        1 => {
            let more = MAX_BYTE_LENGTH / size + 1;
            model.overwrite(spot.slot, 1, more | tag, 4);
            Found::new(TrapCode::StringTooLong, TrapCode::StringTooLong, more, size)
        }
        2 => {
            let most = MAX_BYTE_LENGTH / size;
            model.overwrite(spot.slot, 1, most | tag, 4);
            outside(at, most * size)
        }
        3 => {
            let wrong = *input.choose(&[OUTSIDE, 0xffff_fff8])?;
            model.overwrite(spot.slot, 0, wrong, 4);
            outside(wrong, count * size)
        }
        _ if count == 0 => return Ok(None),
        _ => match bad_units(model, units, at, count, input)? {
            Some(code) => Found::new(code, code, at, count * size),
            None => return Ok(None),
        },
    }))
}

/// Code units that are none of their encoding, in place of some that are.
fn bad_units(
    model: &mut Model,
    units: Units,
    at: u32,
    count: u32,
    input: &mut Unstructured<'_>,
) -> Result<Option<TrapCode>> {
    let last = at + (count - 1) * units.size();
    let (at, bytes, code): (_, &[u8], _) = match units {
        Units::Latin1 => return Ok(None),
        // A low surrogate at the beginning, or a high one at the end.
        Units::Utf16 if input.arbitrary()? => (at, &[0x00, 0xdc], TrapCode::InvalidUtf16),
        Units::Utf16 => (last, &[0x00, 0xd8], TrapCode::InvalidUtf16),
        Units::Utf8 => {
            let text = &model.memory[at as usize..(at + count) as usize];
            let ascii_end = text.last().is_some_and(u8::is_ascii);
            match input.int_in_range(0..=4)? {
                0 if ascii_end => (last, &[0xc3], TrapCode::IncompleteUtf8),
                1 if ascii_end => (last, &[0xf0], TrapCode::IncompleteUtf8),
                // A surrogate; an overlong form; one beyond the last character; a continuation of nothing.
                2 if count >= 3 => (at, &[0xed, 0xa0, 0x80], TrapCode::InvalidUtf8),
                3 if count >= 2 => (at, &[0xc0, 0x80], TrapCode::InvalidUtf8),
                4 if count >= 4 => (at, &[0xf4, 0x90, 0x80, 0x80], TrapCode::InvalidUtf8),
                _ => (at, &[0x80], TrapCode::InvalidUtf8),
            }
        }
    };
    model.memory[at as usize..][..bytes.len()].copy_from_slice(bytes);
    Ok(Some(code))
}

impl Model {
    /// The `n`-th four bytes at a slot, or the `n`-th core value from there on.
    fn peek(&self, slot: ModelSlot, n: u32) -> u32 {
        match slot {
            ModelSlot::Memory(at) => {
                let bytes = &self.memory[(at + 4 * n) as usize..][..4];
                u32::from_le_bytes(bytes.try_into().expect("four bytes"))
            }
            ModelSlot::Core(first) => self.core[first + n as usize] as u32,
        }
    }

    /// Writes `size` bytes over the `n`-th four bytes at a slot, or over the `n`-th core value from there on.
    pub(crate) fn overwrite(&mut self, slot: ModelSlot, n: u32, value: u32, size: u32) {
        match slot {
            ModelSlot::Memory(at) => {
                let at = (at + 4 * n) as usize;
                self.memory[at..][..size as usize].copy_from_slice(&value.to_le_bytes()[..size as usize]);
            }
            ModelSlot::Core(first) => {
                let slot = &mut self.core[first + n as usize];
                // What is above the low half stays noise.
                *slot = (*slot & !0xffff_ffff) | u64::from(value);
            }
        }
    }
}
