//! Makes freshly written code visible to instruction fetches, where the processor does not do so by itself.

/// To be called after code has been written to `start..start + len` and before any of it runs.
#[cfg(target_arch = "x86_64")]
pub(super) fn flush(_start: *const u8, _len: usize) {}

/// To be called after code has been written to `start..start + len` and before any of it runs.
#[cfg(all(target_arch = "aarch64", target_vendor = "apple"))]
pub(super) fn flush(start: *const u8, len: usize) {
    unsafe extern "C" {
        fn sys_icache_invalidate(start: *const u8, len: usize);
    }
    // SAFETY: V5: the range is a mapping of ours; the call has no other effect.
    unsafe { sys_icache_invalidate(start, len) }
}

/// To be called after code has been written to `start..start + len` and before any of it runs.
#[cfg(all(target_arch = "aarch64", not(target_vendor = "apple")))]
pub(super) fn flush(start: *const u8, len: usize) {
    // The smallest line size that the architecture allows: right for every processor.
    const LINE: usize = 16;
    let lines = || (0..len).step_by(LINE).map(|offset| start.wrapping_add(offset));
    for line in lines() {
        // SAFETY: V5: the line is of a mapping of ours; cleaning it changes no byte.
        unsafe { std::arch::asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) }
    }
    // SAFETY: V5: a barrier.
    unsafe { std::arch::asm!("dsb ish", options(nostack, preserves_flags)) }
    for line in lines() {
        // SAFETY: V5: the line is of a mapping of ours; it is fetched anew.
        unsafe { std::arch::asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) }
    }
    // SAFETY: V5: barriers; the system call makes every thread of the process pass one, and is skipped by old kernels,
    // whose next context switch does the same.
    unsafe {
        std::arch::asm!("dsb ish", "isb", options(nostack, preserves_flags));
        const REGISTER: i32 = 1 << 6;
        const SYNC_CORE: i32 = 1 << 5;
        libc::syscall(libc::SYS_membarrier, REGISTER, 0);
        libc::syscall(libc::SYS_membarrier, SYNC_CORE, 0);
    }
}
