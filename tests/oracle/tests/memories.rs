//! Raw memories with fixed seeds: where values lie, how `realloc` is called on the way, and which trap a wrong one ends with.

use gusset::Val;
use gusset_oracle::{
    Addresses, CallSide, Encoding, Findings, GeneratedType as T, check_memories, check_strings, check_value, engine,
    input,
};

#[test]
fn generated_values_lie_where_the_specification_says_and_wrong_ones_trap() {
    let engine = engine();
    let mut findings = Findings::default();
    for seed in 0..300 {
        match check_memories(&engine, &input(seed, 2048)) {
            Ok(checked) => findings += checked,
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
    }
    println!("{findings:?}");
    assert!(
        findings.memories > 1500 && findings.traps > 1500 && findings.padding > 10_000,
        "too little was checked: {findings:?}"
    );
    assert!(findings.outlined < findings.traps / 10, "too few traps say the whole path: {findings:?}");
}

/// Texts for each way through the `store_string_*` algorithms.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> =
        ["", "a", "plain", "é", "éa", "aé", "naïve café", "☃", "a☃", "é☃", "☃é", "né☃", "𝄞", "é𝄞a", "aé☃𝄞z"]
            .map(String::from)
            .into();
    let long =
        "an ascii text that is longer than any block of code units that is looked at in one go, and then some more";
    texts.extend([long.into(), format!("{long}é"), format!("é{long}"), format!("{long}☃{long}"), format!("{long}é𝄞")]);
    texts.push("é".repeat(200) + &"☃".repeat(200));
    // Around the lengths of the pieces that short texts are moved in, with something else in the first and in the last of them.
    for length in [2, 3, 4, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65] {
        texts.extend([long[..length].into(), format!("é{}", &long[1..length]), format!("{}é", &long[1..length])]);
    }
    texts
}

#[test]
fn strings_are_stored_as_the_specification_does_for_each_pair_of_encodings() {
    let engine = engine();
    for from in sides() {
        for to in sides() {
            let findings =
                check_strings(&engine, from, to, &texts()).unwrap_or_else(|difference| panic!("{difference}"));
            assert_eq!(findings.memories, 2 * 8 * texts().len(), "{from:?} to {to:?}");
        }
    }
}

/// All six.
fn sides() -> impl Iterator<Item = CallSide> {
    Encoding::ALL.into_iter().flat_map(|encoding| Addresses::ALL.map(|addresses| CallSide { encoding, addresses }))
}

/// What lies between values on one side, where the guest has noise, is not seen on the other.
#[test]
fn padding_never_crosses() {
    let engine = engine();
    let variant = T::Variant(vec![None, Some(T::U64), Some(T::U8)]);
    let case = |name: &str, payload: Option<Val>| Val::Variant(name.into(), payload.map(Box::new));
    let list = |ty: T| T::List(Box::new(ty));
    // Each with the number of bytes that hold nothing, all counted by hand.
    let cases = [
        // 1 of 3, then 2 behind the second; three times.
        (
            list(T::Tuple(vec![T::U8, T::U32, T::U16])),
            Val::List(vec![Val::Tuple(vec![Val::U8(1), Val::U32(2), Val::U16(3)]); 3]),
            3 * (3 + 2),
            0,
        ),
        // A discriminant of one byte before a payload at 8: none has 15 bytes of nothing, u64 has 7, u8 has 7 and 7.
        (
            list(variant.clone()),
            Val::List(vec![case("n0", None), case("n1", Some(Val::U64(u64::MAX))), case("n2", Some(Val::U8(7)))]),
            15 + 7 + 14,
            0,
        ),
        // The flags fill their bytes; the option has 3 before its payload, or 7 in all without.
        (
            list(T::Tuple(vec![T::Flags(9), T::Option(Box::new(T::F32))])),
            Val::List(vec![
                Val::Tuple(vec![Val::Flags(vec!["n8".into()]), Val::Option(None)]),
                Val::Tuple(vec![Val::Flags(vec![]), Val::Option(Some(Box::new(Val::F32(1.5))))]),
            ]),
            (2 + 7) + (2 + 3),
            0,
        ),
        // As a result in memory; as parameters it is in core values.
        (T::Tuple(vec![T::U8, T::U64]), Val::Tuple(vec![Val::U8(1), Val::U64(2)]), 0, 7),
        // A key of one byte, and a value.
        (
            T::Map(Box::new(T::U8), Box::new(T::U16)),
            Val::Map(vec![(Val::U8(1), Val::U16(2)), (Val::U8(1), Val::U16(3))]),
            2,
            0,
        ),
        (
            list(T::FixedLengthList(Box::new(T::Tuple(vec![T::U16, T::Bool])), 3)),
            Val::List(vec![Val::List(vec![Val::Tuple(vec![Val::U16(1), Val::Bool(true)]); 3]); 2]),
            6,
            0,
        ),
    ];
    for (ty, val, always, result) in cases {
        let findings = check_value(&engine, &ty, &val, Encoding::Utf8.into(), Encoding::Utf8.into());
        let findings = findings.unwrap_or_else(|difference| panic!("{difference}"));
        // Two ways as a parameter and two as a result, each with a `realloc` that copies and with one that does not.
        assert_eq!(findings.padding, 8 * always + 4 * result, "{ty:?}");
    }
}
