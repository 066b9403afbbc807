//! The core engine beside its peer: a generated module is instantiated in both, every function that it exports is called with the
//! same arguments, and results, traps, globals, memories and tables must be the same.
//!
//! Which NaN an operation gives is nobody's promise: the generator makes all of them one before they can be seen.

use crate::peer::{CoreGuest, Gusset, Halt, Peer, Seen, ValueType};
use arbitrary::Unstructured;
use std::sync::LazyLock;
use wasm_smith::{Config, Module};
use wasmparser::{Operator, Parser, Payload};

/// How many loops and calls one module may begin before it traps: both engines stop at the same one.
const FUEL: u32 = 2000;
/// How many of a module's exported functions are called.
const MAX_CALLS: usize = 50;

/// Each of the two forms that a function has to be compiled in, with inlining and without. The second form keeps locals and operands in the
/// stack frame.
static ENGINES: LazyLock<[gusset::Engine; 4]> = LazyLock::new(|| {
    [(false, true), (true, true), (false, false), (true, false)].map(|(frame_form, inlining)| {
        let mut config = gusset::Config::new();
        gusset::Engine::new(config.frame_form(frame_form).compiler_inlining(inlining)).expect("the machine is supported")
    })
});

/// What modules have shown.
#[derive(Clone, Copy, Default, Debug)]
pub struct Shown {
    /// Modules that both engines instantiated.
    pub instances: usize,
    /// Calls that returned the same in both.
    pub returns: usize,
    /// Calls and instantiations that trapped for the same reason in both.
    pub traps: usize,
    /// Calls and instantiations that ended with an exception in both.
    pub exceptions: usize,
    /// Modules left half-way, since one engine had no stack left: how much a call takes is its own affair.
    pub exhausted: usize,
}

impl std::ops::AddAssign for Shown {
    fn add_assign(&mut self, other: Shown) {
        self.instances += other.instances;
        self.returns += other.returns;
        self.traps += other.traps;
        self.exceptions += other.exceptions;
        self.exhausted += other.exhausted;
    }
}

/// Makes a module from `bytes` and compares the engines.
///
/// # Panics
///
/// When they differ, with the module's text.
pub fn differential(bytes: &[u8]) -> Shown {
    let mut input = Unstructured::new(bytes);
    let Ok(seed) = input.arbitrary::<u64>() else { return Shown::default() };
    // Most functions of a module that may trap do so before they have done much: half of them may not.
    let config = config(seed % 2 == 0, seed % 16 < 4, seed % 64 < 16);
    let Ok(mut module) = Module::new(config, &mut input) else { return Shown::default() };
    module.ensure_termination(FUEL).expect("the generator wrote every function");
    let wasm = module.to_bytes();
    // There are no other threads that would end its waiting.
    if has_operator(&wasm, |it| matches!(it, Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. }))
    {
        return Shown::default();
    }
    // Every function has two forms to be compiled in; the usual one is not left for the other by what is so small.
    let engine = &ENGINES[usize::from(seed % 4 >= 2) + 2 * usize::from(seed & 64 != 0)];
    match compare(engine, &wasm, seed) {
        Ok(shown) => shown,
        Err(difference) => {
            let text = wasmprinter::print_bytes(&wasm).unwrap_or_else(|error| error.to_string());
            panic!("{difference}\n\n{text}")
        }
    }
}

/// Whether one of these operators stands in a module.
fn has_operator(wasm: &[u8], is_one: impl Fn(&Operator<'_>) -> bool) -> bool {
    let bodies = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload {
        Ok(Payload::CodeSectionEntry(body)) => body.get_operators_reader().ok(),
        _ => None,
    });
    bodies.flatten().any(|operator| operator.is_ok_and(|operator| is_one(&operator)))
}

/// What Gusset supports, of a size that many modules can be made of.
fn config(disallow_traps: bool, large: bool, threads: bool) -> Config {
    Config {
        disallow_traps,
        bulk_memory_enabled: true,
        multi_value_enabled: true,
        reference_types_enabled: true,
        saturating_float_to_int_enabled: true,
        sign_extension_ops_enabled: true,
        extended_const_enabled: true,
        compact_imports_enabled: false,
        exceptions_enabled: true,
        gc_enabled: false,
        memory64_enabled: true,
        // Their results are the processor's choice.
        relaxed_simd_enabled: false,
        simd_enabled: true,
        tail_call_enabled: true,
        threads_enabled: threads,
        wide_arithmetic_enabled: true,
        custom_page_sizes_enabled: true,
        canonicalize_nans: true,
        export_everything: true,
        max_imports: 0,
        min_funcs: 3,
        max_funcs: 12,
        max_instructions: if large { 3000 } else { 300 },
        max_globals: 8,
        max_memories: 3,
        max_memory32_bytes: 10 << 16,
        max_memory64_bytes: 10 << 16,
        memory_max_size_required: true,
        max_tables: 3,
        max_table_elements: 500,
        table_max_size_required: true,
        ..Config::default()
    }
}

fn compare(engine: &gusset::Engine, wasm: &[u8], mut seed: u64) -> Result<Shown, String> {
    let mut shown = Shown::default();
    let pair = (Gusset::instantiate(engine, wasm), Peer::instantiate(wasm));
    let (mut ours, mut theirs) = match pair {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(ours), Err(theirs)) => return stopped((&ours, &theirs), &mut shown, "instantiation", wasm).map(|_| shown),
        (ours, theirs) => {
            let (ours, theirs) = (ours.err(), theirs.err());
            if [&ours, &theirs].into_iter().any(|halt| matches!(halt, Some(Halt::Exhausted))) {
                return Ok(Shown { exhausted: 1, ..shown });
            }
            return Err(format!("instantiation ends with {ours:?}, the peer's with {theirs:?}"));
        }
    };
    shown.instances = 1;
    for (name, params) in theirs.functions().into_iter().take(MAX_CALLS) {
        let arguments: Vec<Seen> = params.iter().map(|ty| argument(*ty, &mut seed)).collect();
        let what = format!("{name:?} of {arguments:x?}");
        match (ours.call(&name, &arguments), theirs.call(&name, &arguments)) {
            (Ok(ours), Ok(theirs)) if ours == theirs => shown.returns += 1,
            (Ok(ours), Ok(theirs)) => return Err(format!("{what} is {ours:x?}, the peer's {theirs:x?}")),
            (Err(ours), Err(theirs)) => {
                if !stopped((&ours, &theirs), &mut shown, &what, wasm)? {
                    return Ok(shown);
                }
            }
            (Err(Halt::Exhausted), _) | (_, Err(Halt::Exhausted)) => {
                return Ok(Shown { exhausted: 1, ..shown });
            }
            (ours, theirs) => return Err(format!("{what} ends with {ours:x?}, the peer's with {theirs:x?}")),
        }
    }
    same_state(&mut ours, &mut theirs)?;
    Ok(shown)
}

/// Both stopped: for the same reason? Whether to go on with the module.
fn stopped((ours, theirs): (&Halt, &Halt), shown: &mut Shown, what: &str, wasm: &[u8]) -> Result<bool, String> {
    match (ours, theirs) {
        (Halt::Exhausted, _) | (_, Halt::Exhausted) => {
            shown.exhausted = 1;
            Ok(false)
        }
        (Halt::Trap(ours), Halt::Trap(theirs)) if ours == theirs => {
            shown.traps += 1;
            Ok(true)
        }
        // Of an address beyond 2^64 the peer's `notify` says so first, where the specification looks at its last bits.
        (Halt::Trap(ours), Halt::Trap(theirs))
            if ours == "unaligned atomic"
                && theirs == "out of bounds memory access"
                && has_operator(wasm, |it| matches!(it, Operator::MemoryAtomicNotify { .. })) =>
        {
            shown.traps += 1;
            Ok(true)
        }
        (Halt::Exception, Halt::Exception) => {
            shown.exceptions += 1;
            Ok(true)
        }
        _ => Err(format!("{what} ends with {ours:?}, the peer's with {theirs:?}")),
    }
}

fn same_state(ours: &mut Gusset, theirs: &mut Peer) -> Result<(), String> {
    for name in theirs.globals() {
        let (ours, theirs) = (ours.global(&name)?, theirs.global(&name)?);
        if ours != theirs {
            return Err(format!("global {name:?} is {ours:x?}, the peer's {theirs:x?}"));
        }
    }
    for name in theirs.tables() {
        let (ours, theirs) = (ours.table(&name)?, theirs.table(&name)?);
        if ours != theirs {
            return Err(format!("table {name:?} is {ours:?}, the peer's {theirs:?}"));
        }
    }
    for name in theirs.memories() {
        let (ours, theirs) = (ours.memory(&name)?, theirs.memory(&name)?);
        if ours.len() != theirs.len() {
            return Err(format!("memory {name:?} has {} bytes, the peer's {}", ours.len(), theirs.len()));
        }
        if let Some(at) = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs) {
            let (ours, theirs) = (ours[at], theirs[at]);
            return Err(format!("memory {name:?} holds {ours:#x} at {at}, the peer's {theirs:#x}"));
        }
    }
    Ok(())
}

/// An argument: often one of those at which something changes.
fn argument(ty: ValueType, seed: &mut u64) -> Seen {
    let mut next = || {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 16) ^ (*seed << 40)
    };
    const EDGES: [u64; 8] = [0, 1, u64::MAX, 1 << 31, 1 << 63, i32::MAX as u64, i64::MAX as u64, 0xffff];
    let bits = if next() % 2 == 0 { EDGES[(next() % 8) as usize] } else { next() };
    match ty {
        ValueType::I32 => Seen::I32(bits as u32),
        ValueType::I64 => Seen::I64(bits),
        ValueType::F32 => Seen::F32(if next() % 2 == 0 { (bits as i32 as f32).to_bits() } else { bits as u32 }),
        ValueType::F64 => Seen::F64(if next() % 2 == 0 { (bits as i64 as f64).to_bits() } else { bits }),
        ValueType::V128 => Seen::V128(u128::from(bits) | u128::from(next()) << 64),
        ValueType::FuncRef => Seen::FuncRef { null: true },
        ValueType::ExternRef => Seen::ExternRef { null: true },
        ValueType::ExnRef => Seen::ExnRef { null: true },
    }
}
