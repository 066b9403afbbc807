//! Where the first call of a lazily compiled function goes: to the runtime, which has it compiled, and on to its code with all that it was
//! called with.

use super::lazy_code::LazyCode;
use super::signals::current;
use super::unwind::leave;
use crate::lazy::compiler_panicked;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// Jumped to by thunks, with the number of the function in `eax` and the address of the slots' header in `r11`. It keeps every register
/// that can hold an argument in the wasm convention; arguments on the stack stay where they are, and so does the return address.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn resolver() {
    std::arch::naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "sub rsp, 176",
        "and rsp, -16",
        "mov [rsp], rdi",
        "mov [rsp + 8], rsi",
        "mov [rsp + 16], rdx",
        "mov [rsp + 24], rcx",
        "mov [rsp + 32], r8",
        "mov [rsp + 40], r9",
        "movups [rsp + 48], xmm0",
        "movups [rsp + 64], xmm1",
        "movups [rsp + 80], xmm2",
        "movups [rsp + 96], xmm3",
        "movups [rsp + 112], xmm4",
        "movups [rsp + 128], xmm5",
        "movups [rsp + 144], xmm6",
        "movups [rsp + 160], xmm7",
        "mov rdi, [r11 + {unit}]",
        "mov esi, eax",
        "mov rdx, [rbp]",
        "mov rcx, [rbp + 8]",
        "call {resolve}",
        "mov rdi, [rsp]",
        "mov rsi, [rsp + 8]",
        "mov rdx, [rsp + 16]",
        "mov rcx, [rsp + 24]",
        "mov r8, [rsp + 32]",
        "mov r9, [rsp + 40]",
        "movups xmm0, [rsp + 48]",
        "movups xmm1, [rsp + 64]",
        "movups xmm2, [rsp + 80]",
        "movups xmm3, [rsp + 96]",
        "movups xmm4, [rsp + 112]",
        "movups xmm5, [rsp + 128]",
        "movups xmm6, [rsp + 144]",
        "movups xmm7, [rsp + 160]",
        "mov rsp, rbp",
        "pop rbp",
        "jmp rax",
        unit = const gusset_artifact::LAZY_SLOTS.unit,
        resolve = sym resolve,
    )
}

/// Jumped to by thunks, with the number of the function in `w16` and the address of the slots' header in `x17`. It keeps every register
/// that can hold an argument in the wasm convention; arguments on the stack stay where they are, and so does the return address.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn resolver() {
    std::arch::naked_asm!(
        "stp x29, x30, [sp, #-16]!",
        "mov x29, sp",
        "sub sp, sp, #208",
        "stp x0, x1, [sp]",
        "stp x2, x3, [sp, #16]",
        "stp x4, x5, [sp, #32]",
        "stp x6, x7, [sp, #48]",
        "str x8, [sp, #64]",
        "stp q0, q1, [sp, #80]",
        "stp q2, q3, [sp, #112]",
        "stp q4, q5, [sp, #144]",
        "stp q6, q7, [sp, #176]",
        "ldr x0, [x17, #{unit}]",
        "mov w1, w16",
        "ldr x2, [x29]",
        "mov x3, x30",
        "bl {resolve}",
        "mov x16, x0",
        "ldp x0, x1, [sp]",
        "ldp x2, x3, [sp, #16]",
        "ldp x4, x5, [sp, #32]",
        "ldp x6, x7, [sp, #48]",
        "ldr x8, [sp, #64]",
        "ldp q0, q1, [sp, #80]",
        "ldp q2, q3, [sp, #112]",
        "ldp q4, q5, [sp, #144]",
        "ldp q6, q7, [sp, #176]",
        "add sp, sp, #208",
        "ldp x29, x30, [sp], #16",
        "br x16",
        unit = const gusset_artifact::LAZY_SLOTS.unit,
        resolve = sym resolve,
    )
}

/// The address of a function's code. Leaves the guest where there is none; `fp` and `pc` are the frame pointer of who called the
/// function, and where he goes on.
///
/// # Safety
///
/// Called by [`resolver`] only.
unsafe extern "C" fn resolve(code: *const LazyCode, function: u32, fp: usize, pc: usize) -> usize {
    // While the compiler runs, no fault of this thread is the guest's, nor is the time.
    let (guest, start) = (current(), Instant::now());
    // SAFETY: V10: compiled code of that store calls; the store outlives its activation.
    unsafe { (*guest).leave_guest() }
    let outcome = {
        // SAFETY: V14: the slots' header has the address of the unit that they are of, which lives while its code runs.
        let code = unsafe { &*code };
        let resolved = catch_unwind(AssertUnwindSafe(|| code.resolve(function)));
        resolved.unwrap_or_else(|payload| Err(compiler_panicked(&*payload)))
    };
    // SAFETY: V1: the owner was borrowed exclusively by the entry, which does not touch it until the guest returns; compiled code holds no
    // reference into it.
    unsafe {
        (*(*guest).erased_owner()).waited_for_compiler(start.elapsed());
        (*guest).go_to_guest();
    }
    match outcome {
        Ok(address) => address,
        // SAFETY: V1, V9: the store outlives its activation, and its code called; nothing of this function's is left to drop.
        Err(error) => unsafe {
            let context = &*guest;
            context.exit_fp.set(fp);
            context.exit_pc.set(pc);
            context.failure.set_host(error);
            leave(context)
        },
    }
}

/// What is placed in the slots' header.
pub(super) fn address() -> usize {
    resolver as *const () as usize
}
