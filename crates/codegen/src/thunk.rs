//! Thunks: through them functions of a lazily compiled unit are called, whoever calls them and whether or not they have been compiled.
//!
//! A thunk jumps to where its slot says. At first that is the second half of the thunk itself, which says which function is meant and goes
//! to the runtime's resolver; later it is the function's code. Slots stand behind the text, on pages of their own, which are never executable:
//! a header of two words, then a word for each function.
//!
//! No register that can hold an argument in the wasm convention is touched. The second half passes the number of the function in `eax`
//! (`w16`), and the address of the header in `r11` (`x17`).

use crate::error::CodegenError;
use cranelift_codegen::isa::TargetIsa;
use gusset_artifact::LAZY_SLOTS;

/// Bytes of a thunk, and what it is aligned to.
pub(crate) const THUNK_SIZE: u32 = 32;

/// Where the second half of a thunk starts.
pub(crate) const RESOLVE_PART: u32 = 12;

/// The thunk of a function, to stand at `at` in the text; the header of the slots stands at `header`, which is a multiple of 64 KiB.
///
/// # Errors
///
/// Of kind `Unsupported`, for architectures that nobody wrote thunks for.
pub(crate) fn thunk(isa: &dyn TargetIsa, function: u32, at: u32, header: u32) -> Result<Vec<u8>, CodegenError> {
    let slot = header + LAZY_SLOTS.slot(function);
    match isa.triple().architecture.to_string().as_str() {
        "x86_64" => Ok(x86_64(function, at, header, slot)),
        "aarch64" => Ok(aarch64(function, at, header, slot)),
        other => Err(CodegenError::unsupported(format!("not supported: lazy compilation for {other}"))),
    }
}

fn x86_64(function: u32, at: u32, header: u32, slot: u32) -> Vec<u8> {
    let mut code = Vec::with_capacity(THUNK_SIZE as usize);
    // What follows an opcode is relative to the end of the instruction.
    let relative = |code: &mut Vec<u8>, opcode: &[u8], target: u32| {
        code.extend_from_slice(opcode);
        let end = at + code.len() as u32 + 4;
        code.extend_from_slice(&target.wrapping_sub(end).to_le_bytes());
    };
    // jmp [rip + slot]
    relative(&mut code, &[0xff, 0x25], slot);
    code.resize(RESOLVE_PART as usize, 0xcc);
    // mov eax, function
    code.push(0xb8);
    code.extend_from_slice(&function.to_le_bytes());
    // lea r11, [rip + header]
    relative(&mut code, &[0x4c, 0x8d, 0x1d], header);
    // jmp [r11 + resolver]: the displacement is a byte.
    code.extend_from_slice(&[0x41, 0xff, 0x63, LAZY_SLOTS.resolver as u8]);
    code
}

fn aarch64(function: u32, at: u32, header: u32, slot: u32) -> Vec<u8> {
    /// Bytes of what `adrp` calls a page. The text starts at one, so that pages of offsets are pages of addresses.
    const PAGE: u32 = 1 << 12;
    let adrp = |register: u32, target: u32| {
        let pages = (target / PAGE).wrapping_sub(at / PAGE);
        0x9000_0000 | (pages & 3) << 29 | (pages >> 2 & 0x7_ffff) << 5 | register
    };
    let load = |to: u32, base: u32, offset: u32| 0xf940_0000 | (offset / 8) << 10 | base << 5 | to;
    let branch = |register: u32| 0xd61f_0000 | register << 5;
    let words = [
        adrp(16, slot),
        load(16, 16, slot % PAGE),
        branch(16),
        // The second half: movz w16, low; movk w16, high, lsl #16.
        0x5280_0000 | (function & 0xffff) << 5 | 16,
        0x72a0_0000 | (function >> 16) << 5 | 16,
        // The header starts a page.
        adrp(17, header),
        load(9, 17, LAZY_SLOTS.resolver as u32),
        branch(9),
    ];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thunks_are_what_an_assembler_makes_of_them() {
        let (function, at, header) = (0x12345, 0x40, 0x30000);
        let slot = header + LAZY_SLOTS.slot(function);
        let hex = |code: Vec<u8>| code.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let x86 = "ff25f2190c00 cccccccccccc b845230100 4c8d1da8ff0200 41ff6300";
        assert_eq!(slot, 0xc1a38);
        assert_eq!(hex(x86_64(function, at, header, slot)), x86.replace(' ', ""));
        let arm = "100600b0 101e45f9 00021fd6 b0688452 3000a072 91010090 290240f9 20011fd6";
        assert_eq!(hex(aarch64(function, at, header, slot)), arm.replace(' ', ""));
    }
}
