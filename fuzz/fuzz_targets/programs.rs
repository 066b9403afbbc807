//! Programs over handles against a model of handle tables.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gusset_fuzz::programs(bytes));
