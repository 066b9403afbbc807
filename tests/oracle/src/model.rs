//! The canonical ABI once more: a guest's memory as it must be when values have been lowered into it, byte for byte, with each call of
//! `realloc` and what the memory held then. Written from the specification, and from nothing in Gusset.
//!
//! The same code makes what guests lift from: there it fills whatever does not count (padding, high bits, payloads that are not used)
//! with noise, and notes the weak spots, where a value could be wrong.

use crate::composition::flat_types;
use crate::generate::GeneratedType;
use crate::side::{CallSide, Encoding};
use crate::view::{
    View, align_to, bits, case, discriminant_size, entries, fields, fields_layout, flag_bits, flags_size, layout,
    payload_offset, view,
};
use gusset::Val;

/// Bytes of memory that count. Behind them lies a page with the guest's notes.
pub(crate) const PAGE: u32 = 0x1_0000;
/// Where the guests' allocator begins. Below are core values, eight bytes for each.
pub(crate) const HEAP: u32 = 1024;
/// Bytes that the allocator leaves between blocks.
pub(crate) const GAP: u32 = 16;
/// What memory holds where nobody has written.
pub(crate) const UNTOUCHED: u8 = 0xa5;
/// How many calls of `realloc` a guest has room for in its notes.
const MAX_CALLS: usize = 1000;

/// The value does not fit the guests' memory: the case counts for nothing.
pub(crate) struct TooLarge;

/// A call of `realloc`, as guests note it: its arguments, and the memory's digest when it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ReallocCall {
    pub(crate) arguments: [u64; 4],
    pub(crate) digest: u64,
}

/// What memory was wanted for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    String,
    List,
    /// Values that do not fit core values.
    Values,
    /// A result, by who wants it.
    Result,
}

/// What a value is lifted from: a place in memory, or a core value and those after it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ModelSlot {
    Memory(u32),
    Core(usize),
}

/// What could be wrong at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WeakSpotKind {
    Char,
    Discriminant { cases: u32, size: u32 },
    List { align: u32, element_size: u32 },
    String { units: Units, at: u32, count: u32 },
    Pointer { align: u32, size: u32 },
}

/// A place where a value could be wrong.
#[derive(Clone, Debug)]
pub(crate) struct WeakSpot {
    pub(crate) path: String,
    pub(crate) slot: ModelSlot,
    pub(crate) kind: WeakSpotKind,
}

/// What a string is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Units {
    Utf8,
    Utf16,
    Latin1,
}

impl Units {
    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Units::Utf8 => text.as_bytes().to_vec(),
            Units::Utf16 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Units::Latin1 => text.chars().map(|char| u8::try_from(u32::from(char)).expect("it is Latin-1")).collect(),
        }
    }

    pub(crate) fn size(self) -> u32 {
        if self == Units::Utf16 { 2 } else { 1 }
    }

    /// What a peer of `encoding` has `text` in. `latin1+utf16` has a choice for Latin-1: the texts of even length are tagged if
    /// `seed` is odd.
    pub(crate) fn of(encoding: Encoding, text: &str, seed: u64) -> Units {
        let latin1 = text.chars().all(|char| u32::from(char) <= 0xff);
        match encoding {
            Encoding::Utf8 => Units::Utf8,
            Encoding::Utf16 => Units::Utf16,
            Encoding::Latin1Utf16 if latin1 && (seed & 1 == 0 || text.chars().count() % 2 == 1) => Units::Latin1,
            Encoding::Latin1Utf16 => Units::Utf16,
        }
    }
}

/// How memory comes to hold values.
#[derive(Clone, Copy)]
enum Writer {
    /// As canonical lowering does it, with strings from a peer of this encoding.
    Lowering { from: Encoding },
    /// As the guest itself might: strings as long as they are, and noise where nothing counts.
    Guest { noise: u64 },
}

/// A guest's memory.
pub(crate) struct Model {
    pub(crate) memory: Vec<u8>,
    /// Core values, zero-extended.
    pub(crate) core: Vec<u64>,
    pub(crate) calls: Vec<ReallocCall>,
    /// For each call, the path of the value and what the memory was for.
    pub(crate) purposes: Vec<(String, Purpose)>,
    pub(crate) weak_spots: Vec<WeakSpot>,
    /// The bytes that somebody has written.
    written: Vec<bool>,
    /// Blocks that hold values, from where to where.
    blocks: Vec<(u32, u32)>,
    /// The end of what is allocated.
    pub(crate) next: u32,
    pub(crate) side: CallSide,
    seed: u64,
    /// Whether `realloc` copies what it moves.
    copies: bool,
    writer: Writer,
    path: String,
}

impl Model {
    /// A memory that canonical lowering writes to, from a peer whose strings are in `from`.
    pub(crate) fn lowering(side: CallSide, from: Encoding, seed: u64, copies: bool) -> Model {
        let memory = vec![UNTOUCHED; PAGE as usize];
        Model::new(memory, side, seed, copies, Writer::Lowering { from })
    }

    /// A memory with values to lift.
    pub(crate) fn guest(side: CallSide, seed: u64) -> Model {
        let mut noise = seed;
        let memory = (0..PAGE).map(|_| next_noise(&mut noise) as u8).collect();
        Model::new(memory, side, seed, true, Writer::Guest { noise })
    }

    fn new(memory: Vec<u8>, side: CallSide, seed: u64, copies: bool, writer: Writer) -> Model {
        let (core, calls, purposes, weak_spots, blocks, path) = Default::default();
        let (written, next) = (vec![false; PAGE as usize], HEAP);
        Model { memory, core, calls, purposes, weak_spots, written, blocks, next, side, seed, copies, writer, path }
    }

    /// Parameters: one `x`, in core values or in memory.
    pub(crate) fn param(&mut self, ty: &GeneratedType, val: &Val) -> Result<(), TooLarge> {
        let flat = flat_types(ty, self.side.addresses);
        self.path = "params".into();
        let at = if flat.len() > 16 { Some(self.allocate_values(ty)?) } else { None };
        self.path = "param \"x\"".into();
        match at {
            Some(at) => self.store(ty, val, at),
            None => self.flat(ty, val, &flat),
        }
    }

    /// A result: one core value, or in memory. Who lowers one gets the place from who wants it.
    pub(crate) fn result(&mut self, ty: &GeneratedType, val: &Val) -> Result<(), TooLarge> {
        let flat = flat_types(ty, self.side.addresses);
        self.path = "result".into();
        if flat.len() == 1 {
            return self.flat(ty, val, &flat);
        }
        let at = match self.writer {
            Writer::Guest { .. } => self.allocate_values(ty)?,
            Writer::Lowering { .. } => {
                let (size, align) = layout(ty, self.side.addresses);
                self.allocate(align, size, Purpose::Result)?
            }
        };
        self.store(ty, val, at)
    }

    /// Stores the core values, of these types, where the guest that gets them does.
    pub(crate) fn spill(&mut self, types: &[&str]) {
        for (n, ty) in types.iter().enumerate() {
            let size = if matches!(*ty, "i64" | "f64") { 8 } else { 4 };
            let bytes = self.core[n].to_le_bytes();
            self.write(8 * n as u32, &bytes[..size]);
        }
    }

    /// New memory for values that do not fit core values, whose address is the only one.
    fn allocate_values(&mut self, ty: &GeneratedType) -> Result<u32, TooLarge> {
        let (size, align) = layout(ty, self.side.addresses);
        let at = self.allocate(align, size, Purpose::Values)?;
        self.note(ModelSlot::Core(0), WeakSpotKind::Pointer { align, size });
        self.core.push(at.into());
        Ok(at)
    }

    pub(crate) fn allocate(&mut self, align: u32, size: u32, purpose: Purpose) -> Result<u32, TooLarge> {
        let at = self.reallocate([0, 0, align, size], purpose)?;
        if purpose != Purpose::String {
            self.blocks.push((at, at + size));
        }
        Ok(at)
    }

    /// How many bytes of the blocks that hold values nobody writes.
    pub(crate) fn padding(&self) -> usize {
        let bytes = self.blocks.iter().flat_map(|&(from, to)| &self.written[from as usize..to as usize]);
        bytes.filter(|written| !**written).count()
    }

    /// `realloc` of the guests: a new block each time.
    fn reallocate(&mut self, arguments: [u32; 4], purpose: Purpose) -> Result<u32, TooLarge> {
        let [old, old_size, align, size] = arguments;
        let at = align_to(self.next, align);
        if self.calls.len() == MAX_CALLS || PAGE - GAP - at.min(PAGE - GAP) < size {
            return Err(TooLarge);
        }
        self.next = at + size + GAP;
        if let Writer::Lowering { .. } = self.writer {
            self.calls.push(ReallocCall { arguments: arguments.map(u64::from), digest: self.digest() });
            self.purposes.push((self.path.clone(), purpose));
        }
        if self.copies {
            let kept = old_size.min(size) as usize;
            self.memory.copy_within(old as usize..old as usize + kept, at as usize);
        }
        Ok(at)
    }

    /// The memory's digest, as the guests compute it: each step can be undone, so that no single change goes unseen, and what
    /// words at the end that nobody has touched make of a digest can be told beforehand.
    pub(crate) fn digest(&self) -> u64 {
        let words = self.memory.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
        words.fold(0, |digest: u64, word| digest.wrapping_mul(0x0000_0100_0000_01b3).wrapping_add(word))
    }

    fn note(&mut self, slot: ModelSlot, kind: WeakSpotKind) {
        self.weak_spots.push(WeakSpot { path: self.path.clone(), slot, kind });
    }

    fn write(&mut self, at: u32, bytes: &[u8]) {
        self.memory[at as usize..][..bytes.len()].copy_from_slice(bytes);
        self.written[at as usize..][..bytes.len()].fill(true);
    }

    fn within(&mut self, segment: &str, then: impl FnOnce(&mut Model) -> Result<(), TooLarge>) -> Result<(), TooLarge> {
        let length = self.path.len();
        self.path.push_str(segment);
        then(self)?;
        self.path.truncate(length);
        Ok(())
    }

    /// Bits where nothing counts: noise from a guest, zero from lowering.
    fn noise(&mut self) -> u64 {
        match &mut self.writer {
            Writer::Lowering { .. } => 0,
            Writer::Guest { noise } => next_noise(noise),
        }
    }

    /// A scalar or flags, of which `width` bits count in a place of `room` bits.
    fn with_noise(&mut self, ty: &GeneratedType, bits: u64, width: u32, room: u32) -> u64 {
        let noise = self.noise();
        match ty {
            GeneratedType::Bool if bits == 1 => 1 | (noise & low_bits(room)),
            GeneratedType::Bool => 0,
            _ => ((bits & low_bits(width)) | (noise & !low_bits(width))) & low_bits(room),
        }
    }

    fn store(&mut self, ty: &GeneratedType, val: &Val, at: u32) -> Result<(), TooLarge> {
        match view(ty) {
            View::Scalar(size) => {
                if *ty == GeneratedType::Char {
                    self.note(ModelSlot::Memory(at), WeakSpotKind::Char);
                }
                let bits = self.with_noise(ty, bits(val), 8 * size, 8 * size);
                self.write(at, &bits.to_le_bytes()[..size as usize]);
            }
            View::Flags(labels) => {
                let size = flags_size(labels);
                let bits = self.with_noise(ty, flag_bits(val).into(), labels, 8 * size);
                self.write(at, &bits.to_le_bytes()[..size as usize]);
            }
            View::String | View::List(_) => {
                let pair = self.range(ty, val, ModelSlot::Memory(at))?;
                let size = self.side.addresses.size();
                self.write(at, &u64::from(pair.0).to_le_bytes()[..size as usize]);
                self.write(at + size, &pair.1.to_le_bytes()[..size as usize]);
            }
            View::Fields(types) => self.store_fields(&types, &fields(val), at)?,
            View::Cases(cases) => {
                let (number, payload) = case(val);
                let size = discriminant_size(cases.len());
                self.note(ModelSlot::Memory(at), WeakSpotKind::Discriminant { cases: cases.len() as u32, size });
                self.write(at, &(number as u32).to_le_bytes()[..size as usize]);
                if let ((name, Some(ty)), Some(payload)) = (&cases[number], payload) {
                    let at = at + payload_offset(&cases, self.side.addresses);
                    self.within(&format!(".{name}"), |model| model.store(ty, payload, at))?;
                }
            }
        }
        Ok(())
    }

    /// Values one after the other.
    fn store_fields(&mut self, types: &[(String, &GeneratedType)], vals: &[&Val], at: u32) -> Result<(), TooLarge> {
        let mut offset = 0;
        for ((segment, ty), val) in types.iter().zip(vals) {
            let (size, align) = layout(ty, self.side.addresses);
            offset = align_to(offset, align);
            self.within(segment, |model| model.store(ty, val, at + offset))?;
            offset += size;
        }
        Ok(())
    }

    /// Appends core values, of the types that variants joined them to.
    fn flat(&mut self, ty: &GeneratedType, val: &Val, want: &[&'static str]) -> Result<(), TooLarge> {
        let slot = ModelSlot::Core(self.core.len());
        let room = |n: usize| if want[n] == "i64" || want[n] == "f64" { 64 } else { 32 };
        match view(ty) {
            View::Scalar(size) => {
                if *ty == GeneratedType::Char {
                    self.note(slot, WeakSpotKind::Char);
                }
                // Lowering extends signed numbers to 32 bits; lifting looks at no more bits than the type has.
                let width = if matches!(self.writer, Writer::Lowering { .. }) { 64 } else { 8 * size };
                let bits = self.with_noise(ty, bits(val), width, room(0));
                self.core.push(bits);
            }
            View::Flags(labels) => {
                let bits = self.with_noise(ty, flag_bits(val).into(), labels, room(0));
                self.core.push(bits);
            }
            View::String | View::List(_) => {
                let pair = self.range(ty, val, slot)?;
                for (n, part) in [pair.0.into(), pair.1].into_iter().enumerate() {
                    let high = self.noise() & low_bits(room(n)) & !low_bits(8 * self.side.addresses.size());
                    self.core.push(part | high);
                }
            }
            View::Fields(types) => {
                let mut want = want;
                for ((segment, ty), val) in types.into_iter().zip(fields(val)) {
                    let (these, rest) = want.split_at(flat_types(ty, self.side.addresses).len());
                    self.within(&segment, |model| model.flat(ty, val, these))?;
                    want = rest;
                }
            }
            View::Cases(cases) => {
                let (number, payload) = case(val);
                let end = self.core.len() + want.len();
                self.note(slot, WeakSpotKind::Discriminant { cases: cases.len() as u32, size: 4 });
                let high = self.noise() & low_bits(room(0)) & !low_bits(32);
                self.core.push(number as u64 | high);
                if let ((name, Some(ty)), Some(payload)) = (&cases[number], payload) {
                    let these = &want[1..=flat_types(ty, self.side.addresses).len()];
                    self.within(&format!(".{name}"), |model| model.flat(ty, payload, these))?;
                }
                while self.core.len() < end {
                    let used = want.len() - (end - self.core.len());
                    let noise = self.noise() & low_bits(room(used));
                    self.core.push(noise);
                }
            }
        }
        Ok(())
    }

    /// Address and length of a string or list in new memory.
    fn range(&mut self, ty: &GeneratedType, val: &Val, slot: ModelSlot) -> Result<(u32, u64), TooLarge> {
        match (view(ty), val) {
            (View::List(types), _) => {
                let (size, align) = fields_layout(&types, self.side.addresses);
                let entries = entries(val);
                self.note(slot, WeakSpotKind::List { align, element_size: size });
                let at = self.allocate(align, size * entries.len() as u32, Purpose::List)?;
                for (i, entry) in entries.iter().enumerate() {
                    let at = at + i as u32 * size;
                    self.within(&format!("[{i}]"), |model| model.store_fields(&types, entry, at))?;
                }
                Ok((at, entries.len() as u64))
            }
            (View::String, Val::String(text)) => match self.writer {
                Writer::Lowering { from } => self.store_string(text, Units::of(from, text, self.seed), from),
                Writer::Guest { .. } => self.place_string(text, slot),
            },
            _ => panic!("{val:?} is no {ty:?}"),
        }
    }

    /// A string as the guest has it.
    fn place_string(&mut self, text: &str, slot: ModelSlot) -> Result<(u32, u64), TooLarge> {
        let units = Units::of(self.side.encoding, text, self.seed);
        let bytes = units.bytes(text);
        let align = if self.side.encoding == Encoding::Utf8 { 1 } else { 2 };
        let at = self.allocate(align, bytes.len() as u32, Purpose::String)?;
        self.write(at, &bytes);
        let count = bytes.len() as u32 / units.size();
        self.note(slot, WeakSpotKind::String { units, at, count });
        let is_tagged = units == Units::Utf16 && self.side.encoding == Encoding::Latin1Utf16;
        let tag = if is_tagged { self.side.addresses.utf16_tag() } else { 0 };
        Ok((at, u64::from(count) | tag))
    }

    /// `store_string_into_range`.
    fn store_string(&mut self, text: &str, units: Units, from: Encoding) -> Result<(u32, u64), TooLarge> {
        let count = units.bytes(text).len() as u32 / units.size();
        match (self.side.encoding, units) {
            (Encoding::Utf8, Units::Utf8) => self.string_copy(text, count, Units::Utf8, 1),
            (Encoding::Utf8, Units::Utf16) => self.string_to_utf8(text, count, 3 * count),
            (Encoding::Utf8, Units::Latin1) => self.string_to_utf8(text, count, 2 * count),
            (Encoding::Utf16, Units::Utf8) => self.utf8_to_utf16(text, count),
            (Encoding::Utf16, _) => self.string_copy(text, count, Units::Utf16, 2),
            (Encoding::Latin1Utf16, Units::Latin1) => self.string_copy(text, count, Units::Latin1, 2),
            (Encoding::Latin1Utf16, _) if from == Encoding::Latin1Utf16 => self.probably_utf16(text, count),
            (Encoding::Latin1Utf16, _) => self.string_to_latin1_or_utf16(text, count),
        }
    }

    fn string_copy(&mut self, text: &str, count: u32, units: Units, align: u32) -> Result<(u32, u64), TooLarge> {
        let bytes = units.bytes(text);
        let at = self.allocate(align, bytes.len() as u32, Purpose::String)?;
        self.write(at, &bytes);
        Ok((at, count.into()))
    }

    fn string_to_utf8(&mut self, text: &str, count: u32, worst: u32) -> Result<(u32, u64), TooLarge> {
        let mut at = self.allocate(1, count, Purpose::String)?;
        let ascii = text.bytes().take_while(u8::is_ascii).count();
        self.write(at, &text.as_bytes()[..ascii]);
        if ascii == text.len() {
            return Ok((at, count.into()));
        }
        at = self.reallocate([at, count, 1, worst], Purpose::String)?;
        self.write(at + ascii as u32, &text.as_bytes()[ascii..]);
        let length = text.len() as u32;
        if length < worst {
            at = self.reallocate([at, worst, 1, length], Purpose::String)?;
        }
        Ok((at, length.into()))
    }

    fn utf8_to_utf16(&mut self, text: &str, count: u32) -> Result<(u32, u64), TooLarge> {
        let mut at = self.allocate(2, 2 * count, Purpose::String)?;
        let bytes = Units::Utf16.bytes(text);
        self.write(at, &bytes);
        let length = bytes.len() as u32;
        if length < 2 * count {
            at = self.reallocate([at, 2 * count, 2, length], Purpose::String)?;
        }
        Ok((at, (length / 2).into()))
    }

    fn string_to_latin1_or_utf16(&mut self, text: &str, count: u32) -> Result<(u32, u64), TooLarge> {
        let mut at = self.allocate(2, count, Purpose::String)?;
        let mut written = 0;
        for char in text.chars() {
            let Ok(byte) = u8::try_from(u32::from(char)) else { return self.inflate(text, count, at, written) };
            self.write(at + written, &[byte]);
            written += 1;
        }
        if written < count {
            at = self.reallocate([at, count, 2, written], Purpose::String)?;
        }
        Ok((at, written.into()))
    }

    /// The second half of `store_string_to_latin1_or_utf16`: `written` characters have been stored as Latin-1.
    fn inflate(&mut self, text: &str, count: u32, at: u32, written: u32) -> Result<(u32, u64), TooLarge> {
        let mut at = self.reallocate([at, count, 2, 2 * count], Purpose::String)?;
        for i in (0..written).rev() {
            let byte = self.memory[(at + i) as usize];
            self.write(at + 2 * i, &[byte, 0]);
        }
        let bytes = Units::Utf16.bytes(text);
        self.write(at + 2 * written, &bytes[2 * written as usize..]);
        let length = bytes.len() as u32;
        if length < 2 * count {
            at = self.reallocate([at, 2 * count, 2, length], Purpose::String)?;
        }
        Ok((at, u64::from(length / 2) | self.side.addresses.utf16_tag()))
    }

    /// `store_probably_utf16_to_latin1_or_utf16`.
    fn probably_utf16(&mut self, text: &str, count: u32) -> Result<(u32, u64), TooLarge> {
        let mut at = self.allocate(2, 2 * count, Purpose::String)?;
        self.write(at, &Units::Utf16.bytes(text));
        if text.chars().any(|char| u32::from(char) > 0xff) {
            return Ok((at, u64::from(count) | self.side.addresses.utf16_tag()));
        }
        for i in 0..count {
            let byte = self.memory[(at + 2 * i) as usize];
            self.write(at + i, &[byte]);
        }
        at = self.reallocate([at, 2 * count, 1, count], Purpose::String)?;
        Ok((at, count.into()))
    }
}

pub(crate) fn low_bits(count: u32) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

/// A linear congruential generator: the noise need not be good, only there.
fn next_noise(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 13) ^ (*state << 31)
}
