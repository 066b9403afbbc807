//! Lifting and lowering against bytes worked out by hand from the specification, with a memory that nobody runs in.

use super::budget::LiftBudget;
use super::context::{FlatReader, FlatWriter, Guest, LiftContext, LowerContext};
use super::guest::ScratchGuest;
use super::values::{LowerPlace, Vals, lift_values, lower_values};
use super::{CanonError, CanonResult, LiftList, LowerList, TypeList, lift, lower};
use crate::error::Error;
use crate::type_scope::TypeScope;
use crate::val::Val;
use crate::vm::{LendsMemory, RawValue};
use gusset_types::{
    Case, DefinedType, Field, Param, PointerWidth, ResultType, StringEncoding, TrapCode, Types, ValType,
};
use std::sync::Arc;

const WIDTH: PointerWidth = PointerWidth::Memory32;

/// A guest whose `realloc` gives what it is told, and remembers its calls.
struct Scripted {
    bytes: Vec<u8>,
    returns: Vec<u64>,
    calls: Vec<(u64, u64, u32, u64)>,
}

impl LendsMemory for Scripted {
    fn memory(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Guest for Scripted {
    fn realloc(&mut self, old: u64, old_size: u64, align: u32, new_size: u64) -> Result<u64, Error> {
        self.calls.push((old, old_size, align, new_size));
        Ok(self.returns.remove(0))
    }
}

fn scripted(returns: &[u64]) -> Scripted {
    Scripted { bytes: vec![0xaa; 64], returns: returns.to_vec(), calls: Vec::new() }
}

fn scope(types: &Types) -> TypeScope<'_> {
    TypeScope { types, resources: &[] }
}

fn lowering<'a>(types: &'a Types, guest: &'a mut (dyn Guest + 'a), encoding: StringEncoding) -> LowerContext<'a> {
    LowerContext::new(scope(types), guest, encoding, WIDTH)
}

fn lifting<'a>(types: &'a Types, memory: &'a [u8], encoding: StringEncoding) -> LiftContext<'a> {
    LiftContext::new(scope(types), memory, encoding, WIDTH, LiftBudget::unlimited(), None)
}

fn record(types: &mut Types, fields: &[(&str, ValType)]) -> ValType {
    types.intern(DefinedType::Record(fields.iter().map(|(name, ty)| Field { name: (*name).into(), ty: *ty }).collect()))
}

fn variant(types: &mut Types, cases: &[(&str, Option<ValType>)]) -> ValType {
    types.intern(DefinedType::Variant(cases.iter().map(|(name, ty)| Case { name: (*name).into(), ty: *ty }).collect()))
}

fn text(text: &str) -> Val {
    Val::String(text.into())
}

#[test]
fn a_record_lies_as_the_specification_says() {
    let mut types = Types::default();
    let flags = types.intern(DefinedType::Flags((0..9).map(|i| format!("f{i}").into()).collect()));
    let choice = variant(&mut types, &[("none", None), ("wide", Some(ValType::U64)), ("narrow", Some(ValType::U8))]);
    let list = types.intern(DefinedType::List(ValType::U16));
    let ty = record(
        &mut types,
        &[("a", ValType::S8), ("b", ValType::Char), ("c", flags), ("d", choice), ("e", list), ("f", ValType::Bool)],
    );
    let val = Val::Record(vec![
        ("a".into(), Val::S8(-2)),
        ("b".into(), Val::Char('é')),
        ("c".into(), Val::Flags(vec!["f0".into(), "f8".into()])),
        ("d".into(), Val::Variant("narrow".into(), Some(Box::new(Val::U8(7))))),
        ("e".into(), Val::List(vec![Val::U16(1), Val::U16(0x203)])),
        ("f".into(), Val::Bool(true)),
    ]);
    let mut guest = Scripted { bytes: vec![0; 64], ..scripted(&[50]) };
    lower::store(&mut lowering(&types, &mut guest, StringEncoding::Utf8), ty, &val, 0).unwrap();
    assert_eq!(guest.calls, [(0, 0, 2, 4)]);
    let mut expected = [0_u8; 64];
    expected[0] = 0xfe;
    expected[4..8].copy_from_slice(&[0xe9, 0, 0, 0]);
    expected[8..10].copy_from_slice(&[1, 1]);
    // The variant is aligned to 8, and so is its payload.
    (expected[16], expected[24]) = (2, 7);
    expected[32..40].copy_from_slice(&[50, 0, 0, 0, 2, 0, 0, 0]);
    expected[40] = 1;
    expected[50..54].copy_from_slice(&[1, 0, 3, 2]);
    assert_eq!(guest.bytes, expected);
    let lifted = lift::load(&mut lifting(&types, &guest.bytes, StringEncoding::Utf8), ty, 0).unwrap();
    assert_eq!(lifted, val);
}

/// Lowers and lifts, flat and through memory, and expects the same value.
fn round_trip(types: &Types, ty: ValType, val: &Val) {
    for encoding in [StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16] {
        let list = TypeList::Result(Some(ty));
        for in_memory in [None, Some(list.layout(types, WIDTH))] {
            if in_memory.is_none() && types.flat(ty, WIDTH).is_none() {
                continue;
            }
            let mut guest = ScratchGuest::default();
            let mut flat = [RawValue::from_u64(u64::MAX); 17];
            let vals = Vals(std::slice::from_ref(val));
            let mut cx = lowering(types, &mut guest, encoding);
            lower_values(&mut cx, &vals, list, LowerPlace::of_params(in_memory), &mut FlatWriter::new(&mut flat))
                .unwrap();
            let mut cx = lifting(types, &guest.bytes, encoding);
            let lifted: Vec<Val> = lift_values(&mut cx, list, in_memory, &mut FlatReader::new(&flat)).unwrap();
            assert_eq!(lifted, std::slice::from_ref(val), "{encoding:?}");
        }
    }
}

#[test]
fn every_type_round_trips_in_every_encoding() {
    let mut types = Types::default();
    for (ty, val) in [
        (ValType::Bool, Val::Bool(true)),
        (ValType::S8, Val::S8(i8::MIN)),
        (ValType::U8, Val::U8(u8::MAX)),
        (ValType::S16, Val::S16(i16::MIN)),
        (ValType::U16, Val::U16(u16::MAX)),
        (ValType::S32, Val::S32(i32::MIN)),
        (ValType::U32, Val::U32(u32::MAX)),
        (ValType::S64, Val::S64(i64::MIN)),
        (ValType::U64, Val::U64(u64::MAX)),
        (ValType::F32, Val::F32(-1.5)),
        (ValType::F64, Val::F64(1e300)),
        (ValType::Char, Val::Char('\u{10ffff}')),
    ] {
        round_trip(&types, ty, &val);
        let list = types.intern(DefinedType::List(ty));
        round_trip(&types, list, &Val::List(vec![val.clone(), val]));
    }
    for string in ["", "ascii", "naïve", "☃", "a𝄞é", &"é".repeat(300)] {
        round_trip(&types, ValType::String, &text(string));
    }
    let option = types.intern(DefinedType::Option(ValType::String));
    round_trip(&types, option, &Val::Option(None));
    round_trip(&types, option, &Val::Option(Some(Box::new(text("x")))));
    let nested = types.intern(DefinedType::Option(option));
    round_trip(&types, nested, &Val::Option(Some(Box::new(Val::Option(None)))));
    let result = types.intern(DefinedType::Result(ResultType { ok: Some(ValType::F32), err: Some(nested) }));
    round_trip(&types, result, &Val::Result(Ok(Some(Box::new(Val::F32(0.25))))));
    round_trip(&types, result, &Val::Result(Err(Some(Box::new(Val::Option(None))))));
    let empty = types.intern(DefinedType::Result(ResultType { ok: None, err: None }));
    round_trip(&types, empty, &Val::Result(Err(None)));
    let map = types.intern(DefinedType::Map(ValType::String, ValType::U64));
    round_trip(&types, map, &Val::Map(vec![(text("k"), Val::U64(1)), (text("k"), Val::U64(2))]));
    let fixed = types.intern(DefinedType::FixedLengthList(ValType::U16, 3));
    round_trip(&types, fixed, &Val::List(vec![Val::U16(1), Val::U16(2), Val::U16(3)]));
    let wide = types.intern(DefinedType::Enum((0..300).map(|i| format!("e{i}").into()).collect()));
    round_trip(&types, wide, &Val::Enum("e299".into()));
    let items: Box<[ValType]> = [result, ValType::U8, wide, option].into();
    let tuple = types.intern(DefinedType::Tuple(items));
    let item = Val::Tuple(vec![
        Val::Result(Ok(Some(Box::new(Val::F32(1.0))))),
        Val::U8(3),
        Val::Enum("e0".into()),
        Val::Option(Some(Box::new(text("é")))),
    ]);
    round_trip(&types, tuple, &item);
    let list = types.intern(DefinedType::List(tuple));
    round_trip(&types, list, &Val::List(vec![item.clone(), item]));
}

#[test]
fn joined_slots_take_the_low_bits() {
    let mut types = Types::default();
    let ty =
        variant(&mut types, &[("int", Some(ValType::U64)), ("float", Some(ValType::F32)), ("byte", Some(ValType::S8))]);
    let mut cx = lifting(&types, &[], StringEncoding::Utf8);
    let mut lift = |case: u32, bits: u64| {
        let flat = [RawValue::from_u32(case), RawValue::from_u64(bits)];
        lift::lift_flat(&mut cx, ty, &mut FlatReader::new(&flat))
    };
    let case = |name: &str, val| Val::Variant(name.into(), Some(Box::new(val)));
    assert_eq!(lift(1, 0xffff_ffff_3fc0_0000).unwrap(), case("float", Val::F32(1.5)));
    assert_eq!(lift(2, 0xffff_ffff_ffff_ff80).unwrap(), case("byte", Val::S8(-128)));
    assert_eq!(lift(3, 0).unwrap_err().code(), Some(TrapCode::InvalidDiscriminant));
    let mut guest = scripted(&[]);
    let mut flat = [RawValue::from_u64(u64::MAX); 2];
    let mut cx = lowering(&types, &mut guest, StringEncoding::Utf8);
    lower::lower_flat(&mut cx, ty, &case("byte", Val::S8(-1)), &mut FlatWriter::new(&mut flat)).unwrap();
    // An i32 in an i64 slot is extended with zeros.
    assert_eq!(flat.map(RawValue::u64), [2, 0xffff_ffff]);
}

#[test]
fn narrow_integers_and_flags_ignore_high_bits() {
    let mut types = Types::default();
    let flags = types.intern(DefinedType::Flags(["a".into(), "b".into()].into()));
    let mut cx = lifting(&types, &[], StringEncoding::Utf8);
    let mut lift =
        |ty, bits: u32| lift::lift_flat(&mut cx, ty, &mut FlatReader::new(&[RawValue::from_u32(bits)])).unwrap();
    assert_eq!(lift(ValType::U8, 0xf01), Val::U8(1));
    assert_eq!(lift(ValType::S8, 0xff), Val::S8(-1));
    assert_eq!(lift(ValType::S16, 0xff_ffff), Val::S16(-1));
    assert_eq!(lift(ValType::Bool, 2), Val::Bool(true));
    assert_eq!(lift(flags, 0xff), Val::Flags(vec!["a".into(), "b".into()]));
}

fn string_calls(encoding: StringEncoding, string: &str, returns: &[u64]) -> (Scripted, CanonResult<(u64, u64)>) {
    let types = Types::default();
    let mut guest = scripted(returns);
    let result = lowering(&types, &mut guest, encoding).string(string);
    (guest, result)
}

#[test]
fn strings_are_allocated_as_the_specification_says() {
    let (guest, result) = string_calls(StringEncoding::Utf8, "é", &[5]);
    assert_eq!((result.unwrap(), guest.calls), ((5, 2), vec![(0, 0, 1, 2)]));
    assert_eq!(guest.bytes[5..7], *"é".as_bytes());

    let (guest, result) = string_calls(StringEncoding::Utf16, "aé", &[4, 8]);
    assert_eq!((result.unwrap(), guest.calls), ((8, 2), vec![(0, 0, 2, 6), (4, 6, 2, 4)]));
    assert_eq!(guest.bytes[4..8], [b'a', 0, 0xe9, 0]);

    let (guest, result) = string_calls(StringEncoding::Utf16, "ab", &[4]);
    assert_eq!((result.unwrap(), guest.calls), ((4, 2), vec![(0, 0, 2, 4)]));

    let (guest, result) = string_calls(StringEncoding::Latin1Utf16, "aé", &[4, 6]);
    assert_eq!((result.unwrap(), guest.calls), ((6, 2), vec![(0, 0, 2, 3), (4, 3, 2, 2)]));
    assert_eq!(guest.bytes[4..6], [b'a', 0xe9]);

    let (guest, result) = string_calls(StringEncoding::Latin1Utf16, "a☃", &[4, 8, 16]);
    let calls = vec![(0, 0, 2, 4), (4, 4, 2, 8), (8, 8, 2, 4)];
    assert_eq!((result.unwrap(), guest.calls), ((16, 2 | 1 << 31), calls));
    // Latin-1 is stored before it grows. This `realloc` does not copy, so what is widened is what its new block held.
    assert_eq!(guest.bytes[4..8], [b'a', 0xaa, 0xaa, 0xaa]);
    assert_eq!(guest.bytes[8..12], [0xaa, 0, 0x03, 0x26]);

    let (guest, result) = string_calls(StringEncoding::Utf16, "", &[2]);
    assert_eq!((result.unwrap(), guest.calls), ((2, 0), vec![(0, 0, 2, 0)]));
}

#[test]
fn what_realloc_returns_is_checked_alignment_first() {
    let code = |encoding, returns: &[u64]| string_calls(encoding, "ab", returns).1.unwrap_err().code();
    assert_eq!(code(StringEncoding::Utf16, &[3]), Some(TrapCode::ReallocUnaligned));
    assert_eq!(code(StringEncoding::Utf16, &[0xffff_ffff]), Some(TrapCode::ReallocUnaligned));
    assert_eq!(code(StringEncoding::Utf16, &[62]), Some(TrapCode::ReallocOutOfBounds));
    assert_eq!(code(StringEncoding::Utf8, &[63]), Some(TrapCode::ReallocOutOfBounds));
    assert_eq!(string_calls(StringEncoding::Utf8, "", &[64]).1.unwrap(), (64, 0));
    assert_eq!(string_calls(StringEncoding::Utf8, "", &[65]).1.unwrap_err().code(), Some(TrapCode::ReallocOutOfBounds));
    let mut types = Types::default();
    let list = types.intern(DefinedType::List(ValType::U32));
    let lower = |val: &Val, returns: &[u64]| {
        let mut guest = scripted(returns);
        let mut flat = [RawValue::default(); 2];
        let mut cx = lowering(&types, &mut guest, StringEncoding::Utf8);
        lower::lower_flat(&mut cx, list, val, &mut FlatWriter::new(&mut flat)).unwrap_err().code()
    };
    let empty = Val::List(Vec::new());
    assert_eq!(lower(&empty, &[0xffff_fffc]), Some(TrapCode::ReallocOutOfBounds));
    assert_eq!(lower(&Val::List(vec![Val::U32(1)]), &[2]), Some(TrapCode::ReallocUnaligned));
}

fn lift_string(encoding: StringEncoding, memory: &[u8], at: u64, units: u64) -> Result<String, TrapCode> {
    let types = Types::default();
    lifting(&types, memory, encoding).string(at, units).map_err(|error| error.code().unwrap())
}

#[test]
fn strings_of_a_guest_are_checked() {
    use StringEncoding::{Latin1Utf16, Utf8, Utf16};
    let tag = 1 << 31;
    assert_eq!(lift_string(Utf8, b"ok", 2, 0).as_deref(), Ok(""));
    assert_eq!(lift_string(Utf8, b"ok", 3, 0), Err(TrapCode::StringPointerOutOfBounds));
    assert_eq!(lift_string(Utf8, b"ok", 1, 2), Err(TrapCode::StringPointerOutOfBounds));
    assert_eq!(lift_string(Utf8, b"ok", 0xffff_ffff, 0xfff_ffff), Err(TrapCode::StringPointerOutOfBounds));
    assert_eq!(lift_string(Utf8, b"ok", 0, 1 << 28), Err(TrapCode::StringTooLong));
    assert_eq!(lift_string(Utf16, b"ok", 1, 1 << 27), Err(TrapCode::StringTooLong));
    assert_eq!(lift_string(Utf8, b"\xff", 0, 1), Err(TrapCode::InvalidUtf8));
    assert_eq!(lift_string(Utf8, b"a\xc3", 0, 2), Err(TrapCode::IncompleteUtf8));
    assert_eq!(lift_string(Utf8, b"\xed\xa0\x80", 0, 3), Err(TrapCode::InvalidUtf8));
    assert_eq!(lift_string(Utf16, b"\0\xd8", 0, 1), Err(TrapCode::InvalidUtf16));
    assert_eq!(lift_string(Utf16, b"a\0", 1, 0), Err(TrapCode::UnalignedPointer));
    assert_eq!(lift_string(Latin1Utf16, b"abc", 1, 1), Err(TrapCode::UnalignedPointer));
    assert_eq!(lift_string(Latin1Utf16, b"a\xe9", 0, 2).as_deref(), Ok("aé"));
    assert_eq!(lift_string(Latin1Utf16, b"\x03\x26", 0, 1 | tag).as_deref(), Ok("☃"));
    assert_eq!(lift_string(Latin1Utf16, b"\x03\x26", 0, tag | 1 << 27), Err(TrapCode::StringTooLong));
}

#[test]
fn traps_name_the_value() {
    let mut types = Types::default();
    let item = record(&mut types, &[("name", ValType::String), ("kind", ValType::Char)]);
    let items = types.intern(DefinedType::List(item));
    let mut memory = vec![0; 48];
    // Two records at 16; the second one's char is a surrogate.
    memory[36..40].copy_from_slice(&0xd800_u32.to_le_bytes());
    let params = [Param { name: "items".into(), ty: items }];
    let mut cx = lifting(&types, &memory, StringEncoding::Utf8);
    let flat = [RawValue::from_u32(16), RawValue::from_u32(2)];
    let mut lift = |flat: &[RawValue]| -> CanonError {
        let types = TypeList::Params(&params);
        <Vec<Val> as LiftList>::lift_flat(&mut cx, types, &mut FlatReader::new(flat)).unwrap_err()
    };
    let error = lift(&flat);
    assert_eq!((error.code(), &*error.path()), (Some(TrapCode::InvalidChar), "param \"items\"[1].kind"));
    let mut code = |pointer, length| lift(&[RawValue::from_u32(pointer), RawValue::from_u32(length)]).code();
    assert_eq!(code(18, 1), Some(TrapCode::UnalignedPointer));
    assert_eq!(code(52, 0), Some(TrapCode::ListPointerOutOfBounds));
    assert_eq!(code(16, 3), Some(TrapCode::ListPointerOutOfBounds));
    assert_eq!(code(16, 0xffff_ffff), Some(TrapCode::ListTooLong));
}

#[test]
fn a_result_in_memory_is_checked() {
    let types = Types::default();
    let list = TypeList::Result(Some(ValType::U32));
    let memory = [1, 0, 0, 0, 2, 0, 0, 0];
    let mut cx = lifting(&types, &memory, StringEncoding::Utf8);
    let layout = list.layout(&types, WIDTH);
    let mut lift =
        |at| lift_values::<Vec<Val>>(&mut cx, list, Some(layout), &mut FlatReader::new(&[RawValue::from_u32(at)]));
    assert_eq!(lift(4).unwrap(), [Val::U32(2)]);
    assert_eq!(lift(2).unwrap_err().code(), Some(TrapCode::UnalignedPointer));
    assert_eq!(lift(8).unwrap_err().code(), Some(TrapCode::PointerOutOfBounds));
    let mut guest = scripted(&[]);
    let mut store = |at| {
        let mut cx = lowering(&types, &mut guest, StringEncoding::Utf8);
        lower_values(&mut cx, &Vals(&[Val::U32(1)]), list, LowerPlace::At(at, layout), &mut FlatWriter::new(&mut []))
    };
    assert_eq!(store(61).unwrap_err().code(), Some(TrapCode::UnalignedPointer));
    assert_eq!(store(64).unwrap_err().code(), Some(TrapCode::PointerOutOfBounds));
    store(60).unwrap();
    assert_eq!(guest.bytes[60..], [1, 0, 0, 0]);
}

/// What a value takes in the host beside itself: bytes and blocks.
fn blocks(val: &Val) -> (u64, u64) {
    let block = |capacity: usize, size: usize| ((capacity * size) as u64, u64::from(capacity > 0));
    let add = |a: (u64, u64), b: (u64, u64)| (a.0 + b.0, a.1 + b.1);
    let boxed = |payload: &Val| add(block(1, size_of::<Val>()), blocks(payload));
    match val {
        Val::String(text) => block(text.capacity(), 1),
        Val::List(items) | Val::Tuple(items) => {
            items.iter().map(blocks).fold(block(items.capacity(), size_of::<Val>()), add)
        }
        Val::Map(entries) => {
            let parts = entries.iter().map(|(key, value)| add(blocks(key), blocks(value)));
            parts.fold(block(entries.capacity(), size_of::<(Val, Val)>()), add)
        }
        Val::Record(fields) => {
            let values = fields.iter().map(|(_, value)| blocks(value));
            values.fold(block(fields.capacity(), size_of::<(Arc<str>, Val)>()), add)
        }
        Val::Variant(_, Some(payload)) | Val::Option(Some(payload)) => boxed(payload),
        Val::Result(Ok(Some(payload)) | Err(Some(payload))) => boxed(payload),
        Val::Flags(names) => block(names.capacity(), size_of::<Arc<str>>()),
        _ => (0, 0),
    }
}

#[test]
fn what_is_charged_is_what_values_take() {
    let mut types = Types::default();
    let flags = types.intern(DefinedType::Flags(["x".into(), "y".into()].into()));
    let choice = variant(&mut types, &[("none", None), ("text", Some(ValType::String))]);
    let option = types.intern(DefinedType::Option(choice));
    let map = types.intern(DefinedType::Map(ValType::String, ValType::U8));
    let fixed = types.intern(DefinedType::FixedLengthList(ValType::U8, 3));
    let result = types.intern(DefinedType::Result(ResultType { ok: None, err: Some(fixed) }));
    let pair = types.intern(DefinedType::Tuple([map, result].into()));
    let item = record(&mut types, &[("flags", flags), ("option", option), ("pair", pair)]);
    let list = types.intern(DefinedType::List(item));
    let item = |string: &str| {
        let choice = Val::Variant("text".into(), Some(Box::new(text(string))));
        let err = Val::List(vec![Val::U8(1); 3]);
        let pair = vec![
            Val::Map(vec![(text(string), Val::U8(1)), (text(""), Val::U8(2))]),
            Val::Result(Err(Some(Box::new(err)))),
        ];
        Val::Record(vec![
            ("flags".into(), Val::Flags(vec!["y".into()])),
            ("option".into(), Val::Option(Some(Box::new(choice)))),
            ("pair".into(), Val::Tuple(pair)),
        ])
    };
    let val = Val::List(["", "ascii", "na\u{ef}ve", "\u{2603}"].map(item).into());
    for encoding in [StringEncoding::Utf8, StringEncoding::Utf16, StringEncoding::Latin1Utf16] {
        let (mut guest, mut flat) = (ScratchGuest::default(), [RawValue::default(); 2]);
        let mut cx = lowering(&types, &mut guest, encoding);
        lower::lower_flat(&mut cx, list, &val, &mut FlatWriter::new(&mut flat)).unwrap();
        let lift = |limit| {
            let mut cx = LiftContext::new(scope(&types), &guest.bytes, encoding, WIDTH, LiftBudget::new(limit), None);
            lift::lift_flat(&mut cx, list, &mut FlatReader::new(&flat)).map(|lifted| (lifted, cx.budget.spent()))
        };
        let (lifted, spent) = lift(1 << 20).unwrap();
        assert_eq!(lifted, val);
        let (bytes, blocks) = blocks(&lifted);
        assert_eq!(spent, bytes + 16 * blocks, "{encoding:?}");
        assert!(lift(spent).is_ok());
        assert!(format!("{:?}", lift(spent - 1).unwrap_err()).contains("more than"));
    }
}

/// Typed values and dynamic ones make the same bytes, and read each other's.
fn typed_agrees<L: LowerList + LiftList + PartialEq + std::fmt::Debug>(
    types: &Types,
    ty: ValType,
    typed: &L,
    val: &Val,
) {
    let list = TypeList::Result(Some(ty));
    for encoding in [StringEncoding::Utf8, StringEncoding::Latin1Utf16] {
        for in_memory in [None, Some(list.layout(types, WIDTH))] {
            let place = LowerPlace::of_params(in_memory);
            let (mut a, mut b) = (ScratchGuest::default(), ScratchGuest::default());
            let (mut flat_a, mut flat_b) = ([RawValue::default(); 17], [RawValue::default(); 17]);
            let mut cx = lowering(types, &mut a, encoding);
            lower_values(&mut cx, typed, list, place, &mut FlatWriter::new(&mut flat_a)).unwrap();
            let mut cx = lowering(types, &mut b, encoding);
            lower_values(&mut cx, &Vals(std::slice::from_ref(val)), list, place, &mut FlatWriter::new(&mut flat_b))
                .unwrap();
            assert_eq!((&a.bytes, flat_a), (&b.bytes, flat_b));
            let mut cx = lifting(types, &a.bytes, encoding);
            assert_eq!(&lift_values::<L>(&mut cx, list, in_memory, &mut FlatReader::new(&flat_a)).unwrap(), typed);
        }
    }
}

#[test]
fn typed_values_agree_with_dynamic_ones() {
    let mut types = Types::default();
    typed_agrees(&types, ValType::S16, &(-3_i16,), &Val::S16(-3));
    typed_agrees(&types, ValType::String, &("né☃".to_string(),), &text("né☃"));
    let bytes = types.intern(DefinedType::List(ValType::U8));
    typed_agrees(&types, bytes, &(vec![1_u8, 2, 255],), &Val::List([1, 2, 255].map(Val::U8).into()));
    let floats = types.intern(DefinedType::List(ValType::F64));
    typed_agrees(&types, floats, &(vec![0.5_f64, -1.0],), &Val::List([0.5, -1.0].map(Val::F64).into()));
    let pair = types.intern(DefinedType::Tuple([ValType::U8, ValType::U64].into()));
    let pairs = types.intern(DefinedType::List(pair));
    let val = Val::List(vec![Val::Tuple(vec![Val::U8(1), Val::U64(2)])]);
    typed_agrees(&types, pairs, &(vec![(1_u8, 2_u64)],), &val);
    let option = types.intern(DefinedType::Option(pair));
    typed_agrees(
        &types,
        option,
        &(Some((1_u8, 2_u64)),),
        &Val::Option(Some(Box::new(Val::Tuple(vec![Val::U8(1), Val::U64(2)])))),
    );
    typed_agrees(&types, option, &(None::<(u8, u64)>,), &Val::Option(None));
    let result = types.intern(DefinedType::Result(ResultType { ok: None, err: Some(ValType::String) }));
    typed_agrees(&types, result, &(Ok::<(), String>(()),), &Val::Result(Ok(None)));
    let err = Val::Result(Err(Some(Box::new(text("bad")))));
    typed_agrees(&types, result, &(Err::<(), String>("bad".into()),), &err);
    let wide = types.intern(DefinedType::Result(ResultType { ok: Some(ValType::F32), err: Some(ValType::U64) }));
    typed_agrees(&types, wide, &(Ok::<f32, u64>(1.5),), &Val::Result(Ok(Some(Box::new(Val::F32(1.5))))));
}
