//! Arbitrary bytes as what follows a component's header.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gusset_fuzz::component(bytes);
});
