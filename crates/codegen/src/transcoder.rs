//! String transcoders that adapters import: calls of them are calls of the runtime, and nothing else is ever done with them.

use crate::error::CodegenError;
use crate::func::FuncTranslator;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use gusset_artifact::{
    BuiltinFunction, CoreFuncType, CoreModule, CoreValType, FuncIndex, ImportLink, MemoryIndex, MemoryType,
    SignatureIndex, TRANSCODE_STATUS_SHIFT, TranscoderImport,
};
use gusset_types::{Arena, FlatType, PointerWidth, Transcode};
use std::collections::BTreeSet;

/// Checks what is said of imported functions that are transcoders: a wrong link would become a call with other operands, or one of nothing.
/// `taken` are the functions that somebody could have a reference to.
pub(crate) fn check_links(
    module: &CoreModule,
    signatures: &Arena<SignatureIndex, CoreFuncType>,
    links: &[ImportLink],
    taken: &BTreeSet<FuncIndex>,
    generated: bool,
) -> Result<(), CodegenError> {
    for (func, link) in links.iter().enumerate() {
        let ImportLink::Transcoder(transcoder) = link else { continue };
        let func = FuncIndex::from_u32(func as u32);
        let given = &signatures[module.functions.at(func)];
        let fits = generated && !taken.contains(&func) && module.start != Some(func);
        if !fits || signature(module, transcoder).as_ref() != Some(given) || transcoder.to_number().is_none() {
            let message = format!("imported function {func} is linked to a transcoder, which does not fit");
            return Err(CodegenError::internal(message));
        }
    }
    Ok(())
}

/// The type of a transcoder between memories of a module; `None` where there is none.
fn signature(module: &CoreModule, transcoder: &TranscoderImport) -> Option<CoreFuncType> {
    let width = |memory: MemoryIndex| {
        let MemoryType { memory64, .. } = module.memories.get(memory).filter(|memory| !memory.shared)?;
        Some(if *memory64 { PointerWidth::Memory64 } else { PointerWidth::Memory32 })
    };
    let (params, results) = transcoder.op.signature(width(transcoder.src)?, width(transcoder.dst)?);
    let number = |ty| match ty {
        FlatType::I32 => Some(CoreValType::I32),
        FlatType::I64 => Some(CoreValType::I64),
        _ => None,
    };
    let all = |types: Vec<FlatType>| types.into_iter().map(number).collect::<Option<_>>();
    Some(CoreFuncType { params: all(params)?, results: all(results)? })
}

impl FuncTranslator<'_, '_> {
    /// Calls a transcoder with the topmost operands, and pushes its results.
    pub(crate) fn call_transcoder(
        &mut self,
        transcoder: TranscoderImport,
        signature: SignatureIndex,
    ) -> Result<(), CodegenError> {
        let wrong = || CodegenError::internal("a transcoder has other operands");
        let number = transcoder.to_number().ok_or_else(wrong)?;
        let count = self.unit.signature(signature).params.len();
        let operands: Vec<Value> = self.top(count).into_iter().map(|operand| self.wide(operand)).collect();
        self.truncate(self.stack.len() - count);
        let number = self.builder.ins().iconst(I64, number as i64);
        let arguments = match (transcoder.op, &*operands) {
            (Transcode::InflateLatin1, &[dst, length]) => [number, dst, length, dst],
            (_, &[src, length, dst]) => [number, src, length, dst],
            _ => return Err(wrong()),
        };
        self.hand_over_fuel();
        let values = self.call_builtin_for_all(BuiltinFunction::Transcode, &arguments);
        self.take_back_fuel();
        let &[first, second] = &*values else { return Err(wrong()) };
        let contract = transcoder.op.contract();
        let types = &self.unit.signature(signature).results;
        let numbers = [first, second].into_iter().zip(types).take(contract.results.len());
        let mut results: Vec<Value> = numbers
            .map(|(value, ty)| if *ty == CoreValType::I32 { self.builder.ins().ireduce(I32, value) } else { value })
            .collect();
        if !contract.invalid.is_empty() {
            let status = self.builder.ins().ushr_imm_u(second, i64::from(TRANSCODE_STATUS_SHIFT));
            results.push(self.builder.ins().ireduce(I32, status));
        }
        self.push_results(&results, signature);
        Ok(())
    }
}
