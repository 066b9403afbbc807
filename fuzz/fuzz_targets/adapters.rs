//! Generated adapters against the host's lift and lower.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gusset_fuzz::adapters(bytes));
