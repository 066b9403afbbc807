//! Places all code of a unit side by side, resolves its references, and joins the tables. It makes no code.

use crate::compiled::CompiledFunction;
use crate::error::CodegenError;
use crate::key::CodeKey;
use crate::module_env::{ModuleEnv, UnitEnv};
use crate::placement::LINE;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::TargetIsa;
use gusset_artifact::{
    AddressMapEntry, CallSite, CodeImage, CodeRange, CodeTables, FunctionRange, InlinedCall, InlinedRange, ModuleImage,
    ModuleIndex, SignatureIndex, StackMap, TrapRecord,
};
use gusset_types::Arena;
use std::collections::HashMap;

/// The most code that direct calls can span on every platform that they are made for.
const MAX_TEXT: usize = i32::MAX as usize;

/// Links `functions`, which must hold everything that they refer to, in this order.
pub(crate) fn link(
    isa: &dyn TargetIsa,
    env: UnitEnv,
    functions: Vec<CompiledFunction>,
    data: Vec<u8>,
) -> Result<CodeImage, CodegenError> {
    let room = |func: &CompiledFunction| func.code.len().next_multiple_of(func.alignment as usize) + LINE as usize;
    let size: usize = functions.iter().map(room).sum();
    if size > MAX_TEXT {
        return Err(CodegenError::unsupported("not supported: more than 2 GiB of machine code"));
    }
    let (text, starts) = place(isa, &functions)?;
    let UnitEnv { modules, signatures, joint_size, .. } = env;
    let mut lists = CodeLists::new(signatures.len(), &modules);
    for (func, &start) in functions.into_iter().zip(&starts) {
        lists.add(func, start);
    }
    let (tables, ranges) = lists.finish();
    let modules = modules.into_iter().zip(ranges);
    let modules = modules.map(|(env, (_, functions))| ModuleImage {
        joint: env.joint,
        ..ModuleImage::new(env.module, functions.into_iter().collect(), env.generated)
    });
    Ok(CodeImage { text: text.into(), data: data.into(), modules: modules.collect(), signatures, tables, joint_size })
}

/// The text, and where each function starts in it.
fn place(isa: &dyn TargetIsa, functions: &[CompiledFunction]) -> Result<(Vec<u8>, Vec<u32>), CodegenError> {
    let labels: HashMap<CodeKey, usize> = functions.iter().enumerate().map(|(at, func)| (func.key, at)).collect();
    let mut control = ControlPlane::default();
    let mut text = isa.text_section_builder(functions.len());
    let mut starts = Vec::with_capacity(functions.len());
    let mut end = 0;
    for func in functions {
        let padding = func.placement.start(end, func.alignment) - end;
        if padding >= func.alignment {
            text.append(false, &[0; LINE as usize][..padding as usize], 1, &mut control);
        }
        let start = text.append(true, &func.code, func.alignment, &mut control);
        starts.push(start as u32);
        end = start as u32 + func.code.len() as u32;
        for reloc in &func.relocations {
            let target = labels.get(&reloc.target);
            let target = *target.ok_or_else(|| CodegenError::internal(format!("{:?} has no code", reloc.target)))?;
            if !text.resolve_reloc(start + u64::from(reloc.offset), reloc.kind, reloc.addend, target) {
                return Err(CodegenError::internal(format!("cannot resolve a reference of kind {:?}", reloc.kind)));
            }
        }
    }
    Ok((text.finish(&mut control), starts))
}

/// What the image's tables are made of.
struct CodeLists {
    /// By module, with the number of its imported functions. A function without code has an empty range.
    ranges: Arena<ModuleIndex, (u32, Vec<CodeRange>)>,
    entries: Vec<Option<u32>>,
    host_stubs: Vec<Option<u32>>,
    traps: Vec<TrapRecord>,
    call_sites: Vec<CallSite>,
    stack_maps: Vec<StackMap>,
    addresses: Vec<AddressMapEntry>,
    inlined: Vec<InlinedRange>,
    inlined_calls: Vec<InlinedCall>,
    functions: Vec<FunctionRange>,
}

impl CodeLists {
    fn new(signatures: usize, modules: &Arena<ModuleIndex, ModuleEnv>) -> CodeLists {
        let ranges = modules.values().map(|env| {
            let (all, imported) = (env.module.functions.len() as u32, env.module.imported_functions);
            (imported, vec![CodeRange { start: 0, len: 0 }; (all - imported) as usize])
        });
        CodeLists {
            ranges: ranges.collect(),
            entries: vec![None; signatures],
            host_stubs: vec![None; signatures],
            traps: Vec::new(),
            call_sites: Vec::new(),
            stack_maps: Vec::new(),
            addresses: Vec::new(),
            inlined: Vec::new(),
            inlined_calls: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// Adds what is known of a function.
    fn add(&mut self, func: CompiledFunction, start: u32) {
        let code = CodeRange { start, len: func.code.len() as u32 };
        let entry_of = |table: &mut Vec<Option<u32>>, signature: SignatureIndex| {
            table[signature.as_u32() as usize] = Some(start);
        };
        let function = match func.key {
            CodeKey::Function(module, index) => {
                let (imported, ranges) = &mut self.ranges[module];
                ranges[(index.as_u32() - *imported) as usize] = code;
                Some((module, index))
            }
            CodeKey::Entry(signature) => {
                entry_of(&mut self.entries, signature);
                None
            }
            CodeKey::HostStub(signature) => {
                entry_of(&mut self.host_stubs, signature);
                None
            }
            CodeKey::Builtin(_) => None,
        };
        self.functions.push(FunctionRange { code, function });
        let func = func.moved(start, self.inlined_calls.len() as u32);
        self.traps.extend(func.traps);
        self.call_sites.extend(func.call_sites);
        self.stack_maps.extend(func.stack_maps);
        self.addresses.extend(func.addresses);
        self.inlined.extend(func.inlined);
        self.inlined_calls.extend(func.inlined_calls);
    }

    /// The tables, and for each module the code of the functions that it defines.
    fn finish(self) -> (CodeTables, Arena<ModuleIndex, (u32, Vec<CodeRange>)>) {
        let tables = CodeTables {
            entries: self.entries.into_iter().collect(),
            host_stubs: self.host_stubs.into_iter().collect(),
            traps: self.traps.into_iter().collect(),
            call_sites: self.call_sites.into_iter().collect(),
            stack_maps: self.stack_maps.into_iter().collect(),
            addresses: self.addresses.into_iter().collect(),
            inlined: self.inlined.into_iter().collect(),
            inlined_calls: self.inlined_calls.into_iter().collect(),
            functions: self.functions.into_iter().collect(),
        };
        (tables, self.ranges)
    }
}
