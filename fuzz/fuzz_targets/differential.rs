//! Generated core modules in Gusset and in its peer.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gusset_fuzz::differential(bytes);
});
