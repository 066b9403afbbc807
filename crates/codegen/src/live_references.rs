//! How long references are alive, where there are so many of them and of calls that each over each would be too much: in functions with
//! destructors, each of which has the exception that it interrupts, and throws it on after a call or two.

use crate::cost::edges;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function, Inst, Value};

/// Finding the live references of a block costs so much less than listing them at a call.
const BLOCKS_PER_CALL: usize = 4;

/// No reference.
const NONE: u32 = u32::MAX;

/// Whether the stack maps of a function need at most so many entries, and finding them is not more work than listing them.
pub(crate) fn affordable(func: &Function, references: &[Value], calls: usize, max_entries: usize) -> bool {
    // Each of them everywhere.
    let listed = references.len().saturating_mul(calls);
    let looked_at = references.len().saturating_mul(func.dfg.num_blocks() / BLOCKS_PER_CALL);
    listed.max(looked_at) <= max_entries || ReferenceUses::collect(func, references).affordable(func, max_entries)
}

/// Where references are used, and where calls stand.
struct ReferenceUses {
    /// Which of the references a value is, or `NONE`.
    numbers: SecondaryMap<Value, u32>,
    /// For each reference, where it is defined.
    defined: Vec<Option<CallPlace>>,
    /// For each reference, where it is used.
    used: Vec<Vec<CallPlace>>,
    /// The calls in a block.
    calls: SecondaryMap<Block, u32>,
}

/// A place in a block, behind so many of its calls.
#[derive(Clone, Copy)]
struct CallPlace {
    block: Block,
    calls: u32,
}

impl ReferenceUses {
    fn collect(func: &Function, references: &[Value]) -> ReferenceUses {
        let mut uses = ReferenceUses {
            numbers: SecondaryMap::with_default(NONE),
            defined: vec![None; references.len()],
            used: vec![Vec::new(); references.len()],
            calls: SecondaryMap::with_capacity(func.dfg.num_blocks()),
        };
        for (number, &reference) in references.iter().enumerate() {
            uses.numbers[func.dfg.resolve_aliases(reference)] = number as u32;
        }
        for block in func.layout.blocks() {
            let mut place = CallPlace { block, calls: 0 };
            for &param in func.dfg.block_params(block) {
                uses.define(param, place);
            }
            for inst in func.layout.block_insts(block) {
                uses.visit(func, inst, &mut place);
            }
            uses.calls[block] = place.calls;
        }
        uses
    }

    fn visit(&mut self, func: &Function, inst: Inst, place: &mut CallPlace) {
        for &argument in func.dfg.inst_args(inst) {
            self.note_use(func.dfg.resolve_aliases(argument), *place);
        }
        place.calls += u32::from(func.dfg.insts[inst].opcode().is_call());
        // What is passed to where a call returns or throws is alive over it.
        edges(func, inst, |argument, _| self.note_use(argument, *place));
        for &result in func.dfg.inst_results(inst) {
            self.define(result, *place);
        }
    }

    fn define(&mut self, value: Value, place: CallPlace) {
        if let Some(defined) = self.defined.get_mut(self.numbers[value] as usize) {
            *defined = Some(place);
        }
    }

    fn note_use(&mut self, value: Value, place: CallPlace) {
        if let Some(used) = self.used.get_mut(self.numbers[value] as usize) {
            used.push(place);
        }
    }

    /// Follows each reference from its uses back to its definition.
    fn affordable(&self, func: &Function, max_entries: usize) -> bool {
        let cfg = ControlFlowGraph::with_function(func);
        // For each block, the last reference that was found alive at its start, plus 1.
        let mut alive: SecondaryMap<Block, u32> = SecondaryMap::with_capacity(func.dfg.num_blocks());
        let (mut entries, mut blocks, mut waiting) = (0, 0, Vec::new());
        for (number, (defined, used)) in self.defined.iter().zip(&self.used).enumerate() {
            let Some(CallPlace { block: home, calls: start }) = *defined else { continue };
            let mut end = start;
            waiting.extend_from_slice(used);
            while let Some(CallPlace { block, calls }) = waiting.pop() {
                if block == home {
                    end = end.max(calls);
                } else if alive[block] != number as u32 + 1 {
                    alive[block] = number as u32 + 1;
                    blocks += 1;
                    // At most.
                    entries += self.calls[block] as usize;
                    waiting.extend(
                        cfg.pred_iter(block).map(|pred| CallPlace { block: pred.block, calls: self.calls[pred.block] }),
                    );
                }
            }
            entries += (end - start) as usize;
            if entries > max_entries || blocks / BLOCKS_PER_CALL > max_entries {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cranelift_codegen::cursor::{Cursor, FuncCursor};
    use cranelift_codegen::ir::types::I32;
    use cranelift_codegen::ir::{AbiParam, ExtFuncData, ExternalName, InstBuilder, LibCall, Signature};
    use cranelift_codegen::isa::CallConv;

    /// A function of so many blocks, in each of which a reference is made and a function called twice; all of them are used in the next block,
    /// or all in the last.
    fn function(blocks: usize, short: bool) -> (Function, Vec<Value>) {
        let mut func = Function::new();
        let mut signature = Signature::new(CallConv::Fast);
        signature.params.push(AbiParam::new(I32));
        let signature = func.import_signature(signature);
        let name = ExternalName::LibCall(LibCall::Memset);
        let callee = func.import_function(ExtFuncData { name, signature, colocated: false, patchable: false });
        let all: Vec<Block> = (0..=blocks).map(|_| func.dfg.make_block()).collect();
        let mut cursor = FuncCursor::new(&mut func);
        let mut references: Vec<Value> = Vec::new();
        for (at, &block) in all.iter().enumerate() {
            cursor.insert_block(block);
            let used = match (short, at == blocks) {
                (true, _) => references.len().saturating_sub(1)..references.len(),
                (false, last) => 0..if last { blocks } else { 0 },
            };
            for &reference in &references[used] {
                cursor.ins().call(callee, &[reference]);
            }
            let Some(&next) = all.get(at + 1) else { break };
            let reference = cursor.ins().iconst(I32, at as i64);
            references.push(reference);
            cursor.ins().call(callee, &[reference]);
            cursor.ins().jump(next, []);
        }
        cursor.ins().return_(&[]);
        (func, references)
    }

    #[test]
    fn what_is_soon_over_is_affordable() {
        let (func, references) = function(1_000, true);
        // Each is alive over the last call of its block, and counts in all of the next block, which has two calls; the last has one.
        assert!(affordable(&func, &references, 2_000, 2_999));
        assert!(!affordable(&func, &references, 2_000, 2_998));
        let (func, references) = function(1_000, false);
        assert!(!affordable(&func, &references, 2_000, 100_000));
        assert!(affordable(&func, &references, 2_000, 2_000_000), "that many would be allowed without a look");
    }
}
