//! Raw memories with fixed seeds: where values lie, how `realloc` is called on the way, and which trap a wrong one ends with.

use gusset_oracle::{Encoding, Findings, check_memories, check_strings, engine, input};

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
    assert!(findings.memories > 1500 && findings.traps > 1500, "too little was checked: {findings:?}");
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
    texts
}

#[test]
fn strings_are_stored_as_the_specification_does_for_each_pair_of_encodings() {
    let engine = engine();
    let encodings = [Encoding::Utf8, Encoding::Utf16, Encoding::Latin1Utf16];
    for from in encodings {
        for to in encodings {
            let findings =
                check_strings(&engine, from, to, &texts()).unwrap_or_else(|difference| panic!("{difference}"));
            assert_eq!(findings.memories, 2 * 8 * texts().len(), "{from:?} to {to:?}");
        }
    }
}
