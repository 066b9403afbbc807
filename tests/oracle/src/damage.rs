//! Values that are none: one place of a guest's memory made wrong, with the trap that lifting from it must end with.

use crate::model::{HEAP, Model, ModelSlot, PAGE, Units, WeakSpot, WeakSpotKind, low_bits};
use crate::side::{Addresses, Encoding};
use arbitrary::{Result, Unstructured};
use gusset::TrapCode;

/// No list or string has more bytes.
const MAX_BYTE_LENGTH: u64 = (1 << 28) - 1;
/// An address that is aligned to everything and behind the end of the guests' two pages.
const OUTSIDE: u64 = 2 * PAGE as u64 + 8;

/// Addresses behind the end of the guests' memory, aligned to everything. Of those of 64 bits, one has a place within in its low half.
pub(crate) fn outside(addresses: Addresses) -> &'static [u64] {
    const WIDE: &[u64] = &[OUTSIDE, 0xffff_fff8, 1 << 32 | HEAP as u64, 0xffff_ffff_ffff_fff8];
    match addresses {
        Addresses::I32 => &WIDE[..2],
        Addresses::I64 => WIDE,
    }
}

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
pub(crate) fn damage(model: &mut Model, input: &mut Unstructured<'_>) -> Result<Option<ExpectedTrap>> {
    if model.weak_spots.is_empty() {
        return Ok(None);
    }
    let spot = input.choose(&model.weak_spots)?.clone();
    let addresses = model.side.addresses;
    let both = |code, value, limit| Found::new(code, code, value, limit);
    let Found { adapter, host, values } = match spot.kind {
        WeakSpotKind::Char => {
            let wrong = *input.choose(&[0xd800, 0xdbff, 0xdfff, 0x11_0000, 0x7fff_ffff, 0xffff_ffff_u64])?;
            model.overwrite(spot.slot, 0, wrong, 4);
            both(TrapCode::InvalidChar, wrong, 0)
        }
        WeakSpotKind::Discriminant { cases, size } => {
            let largest = u32::MAX >> (32 - 8 * size);
            if cases > largest {
                return Ok(None);
            }
            let wrong = u64::from(*input.choose(&[cases, largest, cases + (largest - cases) / 2])?);
            model.overwrite(spot.slot, 0, wrong, size);
            both(TrapCode::InvalidDiscriminant, wrong, cases.into())
        }
        WeakSpotKind::Pointer { align, size } => {
            let unaligned = align > 1 && input.arbitrary()?;
            let outside = *input.choose(outside(addresses))?;
            let wrong = if unaligned { (HEAP + align / 2).into() } else { outside };
            model.overwrite(spot.slot, 0, wrong, addresses.size());
            match unaligned {
                true => both(TrapCode::UnalignedPointer, wrong, align.into()),
                false => both(TrapCode::PointerOutOfBounds, wrong, size.into()),
            }
        }
        WeakSpotKind::List { align, element_size } => damage_list(model, &spot, align, element_size, input)?,
        WeakSpotKind::String { .. } => match damage_string(model, &spot, input)? {
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
    fn new(adapter: TrapCode, host: TrapCode, value: u64, limit: u64) -> Found {
        Found { adapter, host, values: [value, limit] }
    }
}

/// Numbers of elements or code units of which so many bytes, or more, are too many. Some of 64 bits are few in their low half.
fn too_many(addresses: Addresses, size: u64, most: u64) -> Vec<u64> {
    let first = MAX_BYTE_LENGTH / size + 1;
    let all = [first, u32::MAX.into(), 1 << 32, 1 << 32 | 1, u64::MAX];
    all.into_iter()
        .filter(|count| *count <= most && (addresses == Addresses::I64 || *count <= u32::MAX.into()))
        .collect()
}

fn damage_list(
    model: &mut Model,
    spot: &WeakSpot,
    align: u32,
    element_size: u32,
    input: &mut Unstructured<'_>,
) -> Result<Found> {
    let is_outside = |at, bytes| Found::new(TrapCode::ListOutOfBounds, TrapCode::ListPointerOutOfBounds, at, bytes);
    let (addresses, element_size, heap) = (model.side.addresses, u64::from(element_size), u64::from(HEAP));
    let size = addresses.size();
    Ok(match input.int_in_range(0..=3)? {
        0 if align > 1 => {
            let at = (HEAP + align / 2).into();
            model.overwrite(spot.slot, 0, at, size);
            Found::new(TrapCode::UnalignedPointer, TrapCode::UnalignedPointer, at, align.into())
        }
        1 => {
            model.overwrite(spot.slot, 0, heap, size);
            let more = *input.choose(&too_many(addresses, element_size, u64::MAX))?;
            model.overwrite(spot.slot, 1, more, size);
            Found::new(TrapCode::ListTooLong, TrapCode::ListTooLong, more, element_size)
        }
        2 => {
            // As long as can be, but not in this memory.
            let most = MAX_BYTE_LENGTH / element_size;
            model.overwrite(spot.slot, 0, heap, size);
            model.overwrite(spot.slot, 1, most, size);
            is_outside(heap, most * element_size)
        }
        _ => {
            let at = *input.choose(outside(addresses))?;
            model.overwrite(spot.slot, 0, at, size);
            is_outside(at, model.peek(spot.slot, 1) * element_size)
        }
    })
}

fn damage_string(model: &mut Model, spot: &WeakSpot, input: &mut Unstructured<'_>) -> Result<Option<Found>> {
    let WeakSpotKind::String { units, at: place, count } = spot.kind else { unreachable!("the caller looked") };
    let (encoding, addresses) = (model.side.encoding, model.side.addresses);
    let is_tagged = units == Units::Utf16 && encoding == Encoding::Latin1Utf16;
    let tag = if is_tagged { addresses.utf16_tag() } else { 0 };
    // What has the tag of the encoding in it is another number.
    let most = if encoding == Encoding::Latin1Utf16 { addresses.utf16_tag() - 1 } else { u64::MAX };
    let (at, unit, bytes) = (u64::from(place), u64::from(units.size()), u64::from(count * units.size()));
    let size = addresses.size();
    let is_outside = |at, bytes| Found::new(TrapCode::StringOutOfBounds, TrapCode::StringPointerOutOfBounds, at, bytes);
    Ok(Some(match input.int_in_range(0..=5)? {
        0 if encoding != Encoding::Utf8 => {
            model.overwrite(spot.slot, 0, at + 1, size);
            Found::new(TrapCode::UnalignedPointer, TrapCode::UnalignedPointer, at + 1, 2)
        }
        1 => {
            let more = *input.choose(&too_many(addresses, unit, most))?;
            model.overwrite(spot.slot, 1, more | tag, size);
            Found::new(TrapCode::StringTooLong, TrapCode::StringTooLong, more, unit)
        }
        2 => {
            let most = MAX_BYTE_LENGTH / unit;
            model.overwrite(spot.slot, 1, most | tag, size);
            is_outside(at, most * unit)
        }
        3 => {
            let wrong = *input.choose(outside(addresses))?;
            model.overwrite(spot.slot, 0, wrong, size);
            is_outside(wrong, bytes)
        }
        _ if count == 0 => return Ok(None),
        _ => match bad_units(model, units, place, count, input)? {
            Some(code) => Found::new(code, code, at, bytes),
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
    /// The `n`-th address or length at a slot, or in the `n`-th core value from there on.
    fn peek(&self, slot: ModelSlot, n: u32) -> u64 {
        let size = self.side.addresses.size();
        match slot {
            ModelSlot::Memory(at) => {
                let mut bytes = [0; 8];
                bytes[..size as usize].copy_from_slice(&self.memory[(at + size * n) as usize..][..size as usize]);
                u64::from_le_bytes(bytes)
            }
            ModelSlot::Core(first) => self.core[first + n as usize] & low_bits(8 * size),
        }
    }

    /// Writes `size` bytes over the `n`-th address or length at a slot, or over the `n`-th core value from there on.
    pub(crate) fn overwrite(&mut self, slot: ModelSlot, n: u32, value: u64, size: u32) {
        match slot {
            ModelSlot::Memory(at) => {
                let at = (at + self.side.addresses.size() * n) as usize;
                self.memory[at..][..size as usize].copy_from_slice(&value.to_le_bytes()[..size as usize]);
            }
            ModelSlot::Core(first) => {
                let slot = &mut self.core[first + n as usize];
                // What is above the core value that it is stays noise.
                let kept = !low_bits(if size == 8 { 64 } else { 32 });
                *slot = (*slot & kept) | value;
            }
        }
    }
}
