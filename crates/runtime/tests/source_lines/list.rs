//! A guest whose functions are inlined into one another, for `source_lines.rs`: lines of this file are named there.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct List {
    len: u32,
}

impl List {
    #[inline(always)]
    fn get(&self, index: u32) -> u32 {
        if index >= self.len {
            stop();
        }
        index * 2
    }
}

#[inline(always)]
fn stop() -> ! {
    core::arch::wasm32::unreachable()
}

#[inline(never)]
fn element(list: &List, index: u32) -> u32 {
    list.get(index) + 1
}

/// Traps in `stop` when `index` is 10 or more.
#[unsafe(no_mangle)]
pub extern "C" fn run(index: u32) -> u32 {
    element(&List { len: 10 }, index)
}
