//! Raw memories, right and wrong, against a model of the canonical ABI.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gusset_fuzz::memories(bytes));
