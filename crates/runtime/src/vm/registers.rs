//! [`Registers`]: those of an interrupted thread, by architecture and system. What they are called stands here only.

use std::marker::PhantomData;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!(
    "gusset runs on x86-64 and aarch64: for this architecture it lacks the registers of an interrupted thread (vm/registers.rs) and \
     the way out of a guest (vm/unwind.rs) in crates/runtime/src"
);
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
compile_error!(
    "gusset runs on Linux and, untested, macOS: for this system it lacks memory mappings (vm/mapping.rs), handlers of faults \
     (vm/signals.rs, vm/registers.rs) and the bounds of a thread's stack (vm/stack.rs) in crates/runtime/src"
);

/// The registers of an interrupted thread. What is written takes effect when the signal handler returns.
pub(super) struct Registers<'a> {
    context: *mut libc::ucontext_t,
    borrowed: PhantomData<&'a mut libc::ucontext_t>,
}

/// A mutable place in the saved registers: `$self`'s context, then the field's path.
macro_rules! register {
    ($self:ident . $($path:tt)*) => {
        // SAFETY: V10: the context is the system's, valid while the handler runs.
        unsafe { (*$self.context).$($path)* }
    };
}

impl Registers<'_> {
    /// # Safety
    ///
    /// `context` is the third argument of a running signal handler.
    pub(super) unsafe fn of(context: *mut libc::c_void) -> Registers<'static> {
        Registers { context: context.cast(), borrowed: PhantomData }
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
impl Registers<'_> {
    pub(super) fn pc(&self) -> usize {
        register!(self.uc_mcontext.gregs[libc::REG_RIP as usize]) as usize
    }

    pub(super) fn fp(&self) -> usize {
        register!(self.uc_mcontext.gregs[libc::REG_RBP as usize]) as usize
    }

    /// Continues at a landing pad, whose payload is two zeros.
    pub(super) fn resume(&mut self, pc: usize, sp: usize, fp: usize) {
        let set = |register: i32, value: usize| {
            register!(self.uc_mcontext.gregs[register as usize] = value as i64);
        };
        set(libc::REG_RIP, pc);
        set(libc::REG_RSP, sp);
        set(libc::REG_RBP, fp);
        set(libc::REG_RAX, 0);
        set(libc::REG_RDX, 0);
    }
}

#[cfg(all(target_arch = "aarch64", target_os = "linux"))]
impl Registers<'_> {
    pub(super) fn pc(&self) -> usize {
        register!(self.uc_mcontext.pc) as usize
    }

    pub(super) fn fp(&self) -> usize {
        register!(self.uc_mcontext.regs[29]) as usize
    }

    /// Continues at a landing pad, whose payload is two zeros.
    pub(super) fn resume(&mut self, pc: usize, sp: usize, fp: usize) {
        register!(self.uc_mcontext.pc = pc as u64);
        register!(self.uc_mcontext.sp = sp as u64);
        register!(self.uc_mcontext.regs[29] = fp as u64);
        register!(self.uc_mcontext.regs[0] = 0);
        register!(self.uc_mcontext.regs[1] = 0);
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "macos"))]
impl Registers<'_> {
    pub(super) fn pc(&self) -> usize {
        register!(self.uc_mcontext.as_ref().unwrap_unchecked().__ss.__rip) as usize
    }

    pub(super) fn fp(&self) -> usize {
        register!(self.uc_mcontext.as_ref().unwrap_unchecked().__ss.__rbp) as usize
    }

    /// Continues at a landing pad, whose payload is two zeros.
    pub(super) fn resume(&mut self, pc: usize, sp: usize, fp: usize) {
        let state = register!(self.uc_mcontext);
        // SAFETY: V10: as above.
        let state = unsafe { &mut (*state).__ss };
        state.__rip = pc as u64;
        state.__rsp = sp as u64;
        state.__rbp = fp as u64;
        state.__rax = 0;
        state.__rdx = 0;
    }
}

#[cfg(all(target_arch = "aarch64", target_os = "macos"))]
impl Registers<'_> {
    pub(super) fn pc(&self) -> usize {
        register!(self.uc_mcontext.as_ref().unwrap_unchecked().__ss.__pc) as usize
    }

    pub(super) fn fp(&self) -> usize {
        register!(self.uc_mcontext.as_ref().unwrap_unchecked().__ss.__fp) as usize
    }

    /// Continues at a landing pad, whose payload is two zeros.
    pub(super) fn resume(&mut self, pc: usize, sp: usize, fp: usize) {
        let state = register!(self.uc_mcontext);
        // SAFETY: V10: as above.
        let state = unsafe { &mut (*state).__ss };
        state.__pc = pc as u64;
        state.__sp = sp as u64;
        state.__fp = fp as u64;
        state.__x[0] = 0;
        state.__x[1] = 0;
    }
}
