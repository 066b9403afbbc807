//! Programs over handles whose host waits, in turns.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    gusset_fuzz::waiting_programs(bytes);
});
