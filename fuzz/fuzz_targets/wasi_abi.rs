//! Calls of WASI's functions with made-up arguments over a made-up memory.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gusset_fuzz::wasi_abi(bytes);
});
