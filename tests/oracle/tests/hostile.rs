//! Damaged components: every prefix and many single-byte changes of a real one. None may panic, hang or pass by accident as
//! something that then cannot be compiled.

use gusset_oracle::{Encoding, GeneratedType, compile_anything, composition};

fn sample() -> Vec<u8> {
    let shape = GeneratedType::Record(vec![
        GeneratedType::String,
        GeneratedType::List(Box::new(GeneratedType::Variant(vec![
            None,
            Some(GeneratedType::U64),
            Some(GeneratedType::F32),
        ]))),
        GeneratedType::Option(Box::new(GeneratedType::Char)),
    ]);
    wat::parse_str(composition(&shape, Encoding::Utf8, Encoding::Utf16)).expect("the composition is well-formed")
}

#[test]
fn every_prefix_is_an_error() {
    let (engine, bytes) = (gusset_oracle::engine(), sample());
    assert!(compile_anything(&engine, &bytes));
    for end in 8..bytes.len() {
        // A prefix that ends between two sections can be a smaller component of its own.
        compile_anything(&engine, &bytes[..end]);
    }
    for end in 0..8 {
        assert!(!compile_anything(&engine, &bytes[..end]), "{end} bytes are no component");
    }
}

#[test]
fn changed_bytes_do_not_panic() {
    let (engine, bytes) = (gusset_oracle::engine(), sample());
    for at in (0..bytes.len()).step_by(3) {
        for change in [0x00, 0x01, 0x7f, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            compile_anything(&engine, &damaged);
        }
    }
}
