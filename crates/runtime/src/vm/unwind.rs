//! Leaving a guest, or a part of it: the walk over its frames, and the jump to the landing pad of the entry that it is left by, or of the
//! call that an exception leaves. No Rust frame stands between the two.

use super::code::CodeMemory;
use super::context::{ActivationFrames, RawStoreContext};
use super::failure::FramePlace;
use gusset_types::TrapCode;

/// Records the return addresses of an activation's frames, from `fp` out to the entry. Neither allocates nor locks.
///
/// # Safety
///
/// `fp` is the frame pointer of a wasm frame (or stub) of the innermost activation of `context`.
pub(super) unsafe fn record_frames(context: &RawStoreContext, mut fp: usize) {
    let entry = context.entry_fp.get();
    while fp != entry && fp != 0 {
        let frame = fp as *const usize;
        // SAFETY: V9: every frame of compiled code starts with the caller's frame pointer and the return address.
        let (caller, return_address) = unsafe { (frame.read(), frame.add(1).read()) };
        if caller != entry {
            // The address before it is within the call.
            add_frames(context, return_address - 1);
        }
        fp = caller;
    }
}

/// Records the frames of the functions that run at an address: several where calls were inlined. Neither allocates nor locks.
pub(super) fn add_frames(context: &RawStoreContext, pc: usize) {
    let inlined = context.with_code_at(pc, |code| Some(code.inlined_at(pc))).unwrap_or(0);
    (0..=inlined).for_each(|number| context.failure.add_frame(FramePlace { pc, number }));
}

/// Tells of each reference that a stack map lists in the frames of all activations, and says how many frames there are.
///
/// # Safety
///
/// V17: all activations of `context` wait for the host, which runs.
pub(super) unsafe fn each_live_reference(context: &RawStoreContext, visit: &mut dyn FnMut(u32)) -> u64 {
    let mut count = 0;
    let mut look = |frames| {
        // SAFETY: V17: as the caller says.
        count += unsafe { each_reference_of(context, frames, visit) };
    };
    // SAFETY: V17: as the caller says.
    unsafe { context.each_activation(&mut look) };
    count
}

/// The same of one activation.
///
/// # Safety
///
/// As there; the activation is one of them.
unsafe fn each_reference_of(context: &RawStoreContext, frames: ActivationFrames, visit: &mut dyn FnMut(u32)) -> u64 {
    let (mut fp, mut return_address) = (frames.exit_fp, frames.exit_pc);
    let mut count = 0;
    while fp != frames.entry_fp && fp != 0 {
        context.with_code_at(return_address - 1, |code| {
            code.each_live_slot(return_address, &mut |frame_size, offset| {
                let slot = (fp - frame_size as usize + offset as usize) as *const u32;
                // SAFETY: V2, V9, V17: the stack map says that a reference stands there, so far above the stack pointer.
                visit(unsafe { slot.read() });
            });
            Some(())
        });
        count += 1;
        let frame = fp as *const usize;
        // SAFETY: V9: every frame of compiled code starts with the caller's frame pointer and the return address.
        (fp, return_address) = unsafe { (frame.read(), frame.add(1).read()) };
    }
    count
}

/// What compiled code calls when a host function or a built-in reported failure: leaves by the entry's landing pad, or with an exception by
/// the next one that there is for it.
///
/// It takes its caller's frame before any Rust code can build one.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn raise(_context: *const RawStoreContext) -> ! {
    std::arch::naked_asm!("mov rsi, rbp", "mov rdx, [rsp]", "jmp {}", sym raise_from)
}

/// What compiled code calls when a host function or a built-in reported failure: leaves by the entry's landing pad, or with an exception by
/// the next one that there is for it.
///
/// It takes its caller's frame before any Rust code can build one.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
pub(super) unsafe extern "C" fn raise(_context: *const RawStoreContext) -> ! {
    std::arch::naked_asm!("mov x1, x29", "mov x2, x30", "b {}", sym raise_from)
}

unsafe extern "C" fn raise_from(context: *const RawStoreContext, fp: usize, return_address: usize) -> ! {
    // SAFETY: V3, V9: compiled code passes its store's context; `fp` and `return_address` are of the frame that called
    // `raise`.
    unsafe {
        let context = &*context;
        if let Some(exception) = context.failure.take_exception() {
            match find_handler(context, fp, return_address) {
                HandlerSearch::Handler(place) => land(place, exception, record_of(context, exception)),
                HandlerSearch::Boundary => context.failure.set_trap(TrapCode::UncaughtException, None),
                HandlerSearch::Entry => context.failure.set_exception(exception),
            }
        }
        context.failure.clear_frames();
        add_frames(context, return_address - 1);
        record_frames(context, fp);
        resume(context)
    }
}

/// A landing pad, with the stack and frame pointers of its function at the call.
struct LandingPlace {
    pc: usize,
    sp: usize,
    fp: usize,
}

/// Where an exception goes.
enum HandlerSearch {
    Handler(LandingPlace),
    /// To a call between components, which it does not pass.
    Boundary,
    /// To the host.
    Entry,
}

/// Looks for the innermost call that an exception leaves by a way of its own. Neither allocates nor locks.
///
/// # Safety
///
/// As for [`record_frames`]; `return_address` is where a call in the frame at `fp` returns to.
unsafe fn find_handler(context: &RawStoreContext, mut fp: usize, mut return_address: usize) -> HandlerSearch {
    let entry = context.entry_fp.get();
    while fp != entry && fp != 0 {
        let look = |code: &CodeMemory| {
            let place = code.call_site_at(return_address);
            let place = place.map(|(site, pc)| LandingPlace { pc, sp: fp - site.frame_size as usize, fp });
            place
                .map(HandlerSearch::Handler)
                .or_else(|| code.is_between_components(return_address - 1).then_some(HandlerSearch::Boundary))
        };
        if let Some(found) = context.with_code_at(return_address - 1, look) {
            return found;
        }
        let frame = fp as *const usize;
        // SAFETY: V9: every frame of compiled code starts with the caller's frame pointer and the return address.
        (fp, return_address) = unsafe { (frame.read(), frame.add(1).read()) };
    }
    HandlerSearch::Entry
}

/// Where the record of an exception stands that is being thrown.
///
/// # Safety
///
/// An activation of `context` is running, and nobody holds a borrow of the store.
unsafe fn record_of(context: &RawStoreContext, exception: u32) -> usize {
    // SAFETY: V1, V3: the context knows the store while an activation is running.
    let address = unsafe { (*context.vm.get()).exceptions.address(exception) };
    address.expect("an exception that is being thrown has a record")
}

/// Continues at a landing pad with what it is given: the reference to the exception, and the address of its record.
///
/// # Safety
///
/// The place is one of the innermost activation on this stack, and no frame between here and there needs to be dropped.
#[cfg(target_arch = "x86_64")]
unsafe fn land(place: LandingPlace, exception: u32, record: usize) -> ! {
    // SAFETY: V9: the code generator says where its pads are and what the pointers were at their calls.
    unsafe {
        std::arch::asm!(
            "mov rsp, rcx", "mov rbp, rsi", "jmp rdi",
            in("rdi") place.pc, in("rcx") place.sp, in("rsi") place.fp,
            in("rax") exception as usize, in("rdx") record,
            options(noreturn)
        )
    }
}

/// Continues at a landing pad with what it is given: the reference to the exception, and the address of its record.
///
/// # Safety
///
/// The place is one of the innermost activation on this stack, and no frame between here and there needs to be dropped.
#[cfg(target_arch = "aarch64")]
unsafe fn land(place: LandingPlace, exception: u32, record: usize) -> ! {
    // SAFETY: V9: the code generator says where its pads are and what the pointers were at their calls.
    unsafe {
        std::arch::asm!(
            "mov sp, x3", "mov x29, x4", "br x2",
            in("x2") place.pc, in("x3") place.sp, in("x4") place.fp,
            in("x0") exception as usize, in("x1") record,
            options(noreturn)
        )
    }
}

/// Leaves by the entry's landing pad, from a function that compiled code called.
///
/// # Safety
///
/// Compiled code of the innermost activation of `context` called through a stub, and no frame since then needs to be dropped.
pub(super) unsafe fn leave(context: &RawStoreContext) -> ! {
    // SAFETY: V9: the stub recorded the frame that called it, and where it goes on there.
    unsafe { raise_from(context, context.exit_fp.get(), context.exit_pc.get()) }
}

/// Continues at the landing pad of the innermost entry, which returns failure to the host.
///
/// # Safety
///
/// An activation of `context` is running on this stack, and no frame between here and its entry needs to be dropped.
#[cfg(target_arch = "x86_64")]
unsafe fn resume(context: &RawStoreContext) -> ! {
    // SAFETY: V9: the three values were written by the entry of the activation. The pad's payload is two zeros.
    unsafe {
        std::arch::asm!(
            "mov rsp, rcx", "mov rbp, rsi", "jmp rdi",
            in("rdi") context.entry_handler.get(), in("rcx") context.entry_sp.get(), in("rsi") context.entry_fp.get(),
            in("rax") 0usize, in("rdx") 0usize,
            options(noreturn)
        )
    }
}

/// Continues at the landing pad of the innermost entry, which returns failure to the host.
///
/// # Safety
///
/// An activation of `context` is running on this stack, and no frame between here and its entry needs to be dropped.
#[cfg(target_arch = "aarch64")]
unsafe fn resume(context: &RawStoreContext) -> ! {
    // SAFETY: V9: the three values were written by the entry of the activation. The pad's payload is two zeros.
    unsafe {
        std::arch::asm!(
            "mov sp, x3", "mov x29, x4", "br x2",
            in("x2") context.entry_handler.get(), in("x3") context.entry_sp.get(), in("x4") context.entry_fp.get(),
            in("x0") 0usize, in("x1") 0usize,
            options(noreturn)
        )
    }
}
