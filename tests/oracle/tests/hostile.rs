//! Damaged components: every prefix and many single-byte changes of a real one. None may panic, hang or pass by accident as
//! something that then cannot be compiled.

use gusset_oracle::{Addresses, CallSide, Encoding, GeneratedType, compile_anything, composition, is_valid};

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
    let callee = CallSide { encoding: Encoding::Utf16, addresses: Addresses::I64 };
    wat::parse_str(composition(&[shape], Encoding::Utf8.into(), callee)).expect("the composition is well-formed")
}

#[test]
fn every_prefix_is_an_error() {
    let (engine, bytes) = (gusset_oracle::engine(), sample());
    assert!(compile_anything(&engine, &bytes));
    let mut whole = 0;
    for end in 0..bytes.len() {
        // A prefix that ends between two sections can be a smaller component of its own; nothing else is one.
        let valid = end >= 8 && is_valid(&bytes[..end]);
        assert_eq!(compile_anything(&engine, &bytes[..end]), valid, "the first {end} bytes");
        whole += usize::from(valid);
    }
    assert!((2..100).contains(&whole), "{whole} prefixes are components");
}

/// The judge of the test above can tell.
#[test]
fn only_components_are_valid() {
    let bytes = sample();
    assert!(is_valid(&bytes) && is_valid(b"\0asm\x0d\0\x01\0"));
    for bytes in [&bytes[..bytes.len() - 1], b"\0asm\x01\0\0\0", b"\0asm", b""] {
        assert!(!is_valid(bytes), "{} bytes", bytes.len());
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
