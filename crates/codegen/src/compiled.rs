//! One function from Cranelift's IR to machine code, with everything that the image wants to know of it. Offsets are
//! relative to the function until [`image`](crate::image) places it.

use crate::cost;
use crate::error::CodegenError;
use crate::func::FormKind;
use crate::key::CodeKey;
use crate::loop_invariants;
use crate::placement::{Placement, STEP};
use crate::places::OperatorPlaces;
use crate::trap_place::{self, BranchTraps, with_trap_places};
use cranelift_codegen::binemit::{Addend, Reloc};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{self, ExternalName, Function, SourceLoc, UserFuncName};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::OptLevel;
use cranelift_codegen::{
    CompiledCode, Context, FinalizedMachExceptionHandler, FinalizedMachReloc, FinalizedRelocTarget,
};
use gusset_artifact::{AddressMapEntry, CallSite, InlinedCall, InlinedRange, StackMap, TrapRecord};
use gusset_types::TrapCode;

/// Functions start at multiples of this, so that their first instructions arrive in one fetch.
const MIN_ALIGNMENT: u32 = STEP;

/// Machine code that is still to be placed.
pub(crate) struct CompiledFunction {
    pub(crate) key: CodeKey,
    pub(crate) code: Vec<u8>,
    pub(crate) alignment: u32,
    pub(crate) placement: Placement,
    pub(crate) relocations: Vec<Relocation>,
    pub(crate) traps: Vec<TrapRecord>,
    pub(crate) call_sites: Vec<CallSite>,
    pub(crate) stack_maps: Vec<StackMap>,
    pub(crate) addresses: Vec<AddressMapEntry>,
    /// Empty where nothing is inlined; else the first entry is of the first byte.
    pub(crate) inlined: Vec<InlinedRange>,
    pub(crate) inlined_calls: Vec<InlinedCall>,
    /// Bytes below the frame pointer.
    pub(crate) frame_size: u32,
}

impl CompiledFunction {
    /// Code that neither traps nor calls.
    pub(crate) fn without_tables(key: CodeKey, code: Vec<u8>, alignment: u32) -> CompiledFunction {
        let (relocations, traps, call_sites, stack_maps, addresses) = Default::default();
        let (inlined, inlined_calls) = Default::default();
        CompiledFunction {
            key,
            code,
            alignment,
            placement: Placement::default(),
            relocations,
            traps,
            call_sites,
            stack_maps,
            addresses,
            inlined,
            inlined_calls,
            frame_size: 0,
        }
    }
}

/// A place in the code that refers to other code.
pub(crate) struct Relocation {
    pub(crate) offset: u32,
    pub(crate) kind: Reloc,
    pub(crate) addend: Addend,
    pub(crate) target: CodeKey,
}

impl CompiledFunction {
    /// The function with offsets from where it is, at `start`, and with inlined calls that stand behind so many others.
    pub(crate) fn moved(mut self, start: u32, calls: u32) -> CompiledFunction {
        self.relocations.iter_mut().for_each(|relocation| relocation.offset += start);
        self.traps.iter_mut().for_each(|trap| trap.offset += start);
        for site in &mut self.call_sites {
            site.return_offset += start;
            site.landing_pad += start;
        }
        self.stack_maps.iter_mut().for_each(|map| map.return_offset += start);
        self.addresses.iter_mut().for_each(|entry| entry.offset += start);
        for range in &mut self.inlined {
            range.offset += start;
            range.call = range.call.map(|call| calls + call);
        }
        self.inlined_calls.iter_mut().for_each(|call| call.within = call.within.map(|within| calls + within));
        self
    }
}

/// The code generator in two settings. Code made with one can call code made with the other.
pub(crate) struct Isas {
    /// As the host wants it.
    pub(crate) best: OwnedTargetIsa,
    /// Takes time and memory in proportion to a function's size, whatever its shape.
    pub(crate) linear: OwnedTargetIsa,
}

/// What the code generator keeps from one function to the next.
pub(crate) struct GeneratorBuffers {
    context: Context,
    allocator: regalloc2::Ctx,
}

impl Default for GeneratorBuffers {
    fn default() -> Self {
        GeneratorBuffers { context: Context::new(), allocator: regalloc2::Ctx::default() }
    }
}

/// Makes machine code of a function; `None` when it must take the frame form first.
pub(crate) fn compile(
    isas: &Isas,
    buffers: &mut GeneratorBuffers,
    func: Function,
    form: FormKind,
    has_loops: bool,
    places: OperatorPlaces,
) -> Result<Option<CompiledFunction>, CodegenError> {
    let branches = BranchTraps::of(&func);
    if form == FormKind::Frame {
        optimize(&isas.linear, buffers, func)?;
        return finish(&isas.linear, buffers, &branches, places).map(Some);
    }
    if !cost::optimizable(&func) {
        return Ok(None);
    }
    let (small, shares_codes) = (cost::small(&func), trap_place::shares_codes(&func));
    optimize(&isas.best, buffers, func)?;
    // What the optimiser did is known only now.
    if !small && !cost::allocatable(&buffers.context) {
        return Ok(None);
    }
    if has_loops && isas.best.flags().opt_level() != OptLevel::None {
        loop_invariants::hoist(&mut buffers.context);
    }
    if !small || shares_codes {
        trap_place::move_users_to_loads(&mut buffers.context.func);
    }
    finish(&isas.best, buffers, &branches, places).map(Some)
}

/// Makes machine code of a stub; `linear` where stubs are many or have many values.
pub(crate) fn compile_stub(
    isas: &Isas,
    buffers: &mut GeneratorBuffers,
    func: Function,
    linear: bool,
) -> Result<CompiledFunction, CodegenError> {
    let isa = if linear { &isas.linear } else { &isas.best };
    optimize(isa, buffers, func)?;
    finish(isa, buffers, &BranchTraps::default(), OperatorPlaces::default())
}

fn optimize(isa: &OwnedTargetIsa, buffers: &mut GeneratorBuffers, func: Function) -> Result<(), CodegenError> {
    buffers.context.clear();
    buffers.context.func = func;
    buffers.context.optimize(&**isa, &mut ControlPlane::default()).map_err(|error| explain(&error))
}

fn finish(
    isa: &OwnedTargetIsa,
    buffers: &mut GeneratorBuffers,
    branches: &BranchTraps,
    places: OperatorPlaces,
) -> Result<CompiledFunction, CodegenError> {
    let GeneratorBuffers { context, allocator } = buffers;
    let UserFuncName::User(name) = &context.func.name else {
        return Err(CodegenError::internal("a function without a name"));
    };
    let key = CodeKey::from_name(name);
    context.verify_if(&**isa).map_err(|error| explain(&error))?;
    let (func, plane) = (&context.func, &mut ControlPlane::default());
    let stencil = isa.compile_function(func, &context.domtree, allocator, false, plane);
    let compiled = stencil.map_err(|error| explain(&error))?.apply_params(&func.params);
    let relocations = compiled.buffer.relocs().iter().map(|reloc| relocation(&context.func, reloc));
    let relocations = relocations.collect::<Result<_, _>>()?;
    let alignment = isa.function_alignment();
    let code = compiled.buffer.data().to_vec();
    let placement = Placement::of(&**isa, &code);
    let addresses = with_trap_places(addresses(&compiled), &context.func, branches, compiled.buffer.traps());
    let (addresses, inlined, inlined_calls) = places.resolve(addresses, code.len() as u32);
    Ok(CompiledFunction {
        key,
        code,
        placement,
        alignment: compiled.buffer.alignment.max(alignment.minimum).max(MIN_ALIGNMENT),
        relocations,
        traps: traps(&compiled)?,
        call_sites: call_sites(&compiled)?,
        stack_maps: stack_maps(&compiled),
        addresses,
        inlined,
        inlined_calls,
        frame_size: compiled.buffer.frame_layout().map_or(0, |layout| layout.frame_to_fp_offset),
    })
}

fn explain(error: &cranelift_codegen::CodegenError) -> CodegenError {
    use cranelift_codegen::CodegenError as Cranelift;
    match error {
        Cranelift::ImplLimitExceeded | Cranelift::CodeTooLarge => {
            CodegenError::unsupported("not supported: a function that is so large or complicated")
        }
        Cranelift::Verifier(errors) => CodegenError::internal(format!("the code generator's verifier: {errors}")),
        other => CodegenError::internal(format!("the code generator: {other}")),
    }
}

fn relocation(func: &Function, reloc: &FinalizedMachReloc) -> Result<Relocation, CodegenError> {
    let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = &reloc.target else {
        return Err(CodegenError::internal(format!("the code refers to {:?}", reloc.target)));
    };
    let target = CodeKey::from_name(&func.params.user_named_funcs()[*name]);
    Ok(Relocation { offset: reloc.offset, kind: reloc.kind, addend: reloc.addend, target })
}

fn traps(compiled: &CompiledCode) -> Result<Vec<TrapRecord>, CodegenError> {
    let traps = compiled.buffer.traps().iter();
    let traps = traps.map(|trap| Ok(TrapRecord { offset: trap.offset, code: trap_code(trap.code)? }));
    let mut traps: Vec<_> = traps.collect::<Result<_, CodegenError>>()?;
    traps.sort_by_key(|trap| trap.offset);
    Ok(traps)
}

fn trap_code(code: ir::TrapCode) -> Result<TrapCode, CodegenError> {
    Ok(match code {
        ir::TrapCode::STACK_OVERFLOW => TrapCode::StackOverflow,
        ir::TrapCode::HEAP_OUT_OF_BOUNDS => TrapCode::MemoryOutOfBounds,
        ir::TrapCode::INTEGER_OVERFLOW => TrapCode::IntegerOverflow,
        ir::TrapCode::INTEGER_DIVISION_BY_ZERO => TrapCode::IntegerDivideByZero,
        ir::TrapCode::BAD_CONVERSION_TO_INTEGER => TrapCode::InvalidConversionToInteger,
        other => {
            let raw = other.as_raw().get();
            let code = trap_place::trap_code(raw).or_else(|| TrapCode::from_u8(raw));
            code.ok_or_else(|| CodegenError::internal(format!("unknown trap code {other}")))?
        }
    })
}

fn call_sites(compiled: &CompiledCode) -> Result<Vec<CallSite>, CodegenError> {
    let mut sites = Vec::new();
    for site in compiled.buffer.call_sites().filter(|site| !site.exception_handlers.is_empty()) {
        let [FinalizedMachExceptionHandler::Default(landing_pad)] = *site.exception_handlers else {
            return Err(CodegenError::internal(format!("unknown exception handlers {:?}", site.exception_handlers)));
        };
        let frame_size = site.frame_offset.ok_or_else(|| CodegenError::internal("a call site without a frame"))?;
        sites.push(CallSite { return_offset: site.ret_addr, frame_size, landing_pad });
    }
    sites.sort_by_key(|site| site.return_offset);
    Ok(sites)
}

fn stack_maps(compiled: &CompiledCode) -> Vec<StackMap> {
    let maps = compiled.buffer.user_stack_maps().iter();
    let maps = maps.map(|(return_offset, frame_size, map)| StackMap {
        return_offset: *return_offset,
        frame_size: *frame_size,
        slots: map.entries().map(|(_, offset)| offset).collect(),
    });
    let mut maps: Vec<_> = maps.collect();
    maps.sort_by_key(|map| map.return_offset);
    maps
}

/// An entry where the origin changes; code without an origin has entries of its own.
fn addresses(compiled: &CompiledCode) -> Vec<AddressMapEntry> {
    let mut entries: Vec<AddressMapEntry> = Vec::new();
    let mut push = |offset: u32, wasm: u32| match entries.last_mut() {
        Some(last) if last.wasm == wasm => {}
        Some(last) if last.offset == offset => last.wasm = wasm,
        _ => entries.push(AddressMapEntry { offset, wasm }),
    };
    push(0, u32::MAX);
    for range in compiled.buffer.get_srclocs_sorted() {
        let wasm = if range.loc == SourceLoc::default() { u32::MAX } else { range.loc.bits() };
        push(range.start, wasm);
        // Where the function ends, another one's code may start.
        if range.end < compiled.buffer.total_size() {
            push(range.end, u32::MAX);
        }
    }
    entries
}
