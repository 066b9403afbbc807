//! What is the same in each round of a loop, taken out of it, where the optimiser leaves it in.
//!
//! Cranelift takes out what does not change, but writes constants and sums of a value and a constant anew in each block that uses them, and then whatever is
//! computed of such a copy stays in the loop too. That is as good as free where a sum joins an address, and never takes a register more. So
//! only what is worth a register is taken out here: products, and all that is done with floats and vectors; a sum, where the loop uses its
//! base for nothing else, so that one takes the register of the other (C keeps a function's frame at such a difference); and a few constants that are floats,
//! where no call makes the loop save them.

use crate::trap_place::is_pure;
use cranelift_codegen::Context;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::entity::packed_option::PackedOption;
use cranelift_codegen::entity::{EntityRef, SecondaryMap};
use cranelift_codegen::ir::{
    Block, Function, Inst, InstructionData, Opcode, SourceLoc, Type, Value, ValueDef, immediates::Imm64, types,
};
use cranelift_codegen::loop_analysis::{Loop, LoopAnalysis};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How often it looks for the loop around a loop, for each instruction of a function.
const STEPS_PER_INSTRUCTION: usize = 8;

/// How many copies of what is written anew may be made of one another, for an instruction that is taken out.
const COPIES_OF_COPIES: usize = 4;

/// Over how many blocks and calls values may come to be alive that are taken out, for each block and call that is in loops, and a first allowance.
const SPREAD_PER_PLACE: usize = 8;
const SPREAD_ALLOWANCE: usize = 64;

/// Constants that are taken out of a loop.
const FLOATS_OF_A_LOOP: usize = 4;

/// Takes what is worth it out of the loops of a function that has been optimised.
pub(crate) fn hoist(context: &mut Context) {
    context.compute_loop_analysis();
    let steps = STEPS_PER_INSTRUCTION * context.func.dfg.num_insts();
    let (loops, tree) = (&context.loop_analysis, &context.domtree);
    let blocks = tree.cfg_rpo().filter_map(|&block| Some((block, loops.innermost_loop(block)?)));
    let blocks: Vec<_> = blocks.collect();
    let mut hoister = Hoister { func: &mut context.func, loops, tree, blocks: &blocks, steps, spread: 0 };
    let Some(sizes) = hoister.sizes() else { return };
    hoister.costly(&sizes);
    hoister.sums();
    hoister.floats();
    // What makes code knows no other names of values.
    context.func.dfg.resolve_all_aliases();
}

struct Hoister<'a> {
    func: &'a mut Function,
    loops: &'a LoopAnalysis,
    tree: &'a DominatorTree,
    /// Those in loops, each behind those that dominate it, with the innermost loop.
    blocks: &'a [(Block, Loop)],
    /// How often it may still look for what is around a loop or a block.
    steps: usize,
    /// Over how many blocks and calls values may still come to be alive.
    spread: usize,
}

/// `base + constant` or `base - constant`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ConstantSum {
    base: Value,
    opcode: Opcode,
    constant: Imm64,
    ty: Type,
}

/// What a loop uses a base for.
enum LoopUse {
    /// Nothing but this sum, by these instructions.
    Sum(ConstantSum, Vec<Inst>),
    /// Something else too.
    Mixed,
}

impl Hoister<'_> {
    /// For each loop, how many blocks and calls it has; `None` if they are too many in one another.
    fn sizes(&mut self) -> Option<SecondaryMap<Loop, usize>> {
        let mut sizes = SecondaryMap::new();
        self.spread = SPREAD_ALLOWANCE;
        for &(block, inner) in self.blocks {
            let is_call = |&inst: &Inst| self.func.dfg.insts[inst].opcode().is_call();
            let size = 1 + self.func.layout.block_insts(block).filter(is_call).count();
            self.spread += SPREAD_PER_PLACE * size;
            let mut next = Some(inner);
            while let Some(around) = next {
                self.spend(&[])?;
                sizes[around] += size;
                next = self.loops.loop_parent(around);
            }
        }
        Some(sizes)
    }

    /// What costs more than a register, with what it is computed of.
    fn costly(&mut self, sizes: &SecondaryMap<Loop, usize>) {
        for &(block, inner) in self.blocks {
            let insts = self.func.layout.block_insts(block);
            let insts: Vec<Inst> = insts.filter(|&inst| is_costly(self.func, inst)).collect();
            for inst in insts {
                if self.func.dfg.inst_args(inst).iter().any(|&argument| self.is_of(argument, inner)) {
                    continue;
                }
                let mut homes = Vec::new();
                let invariant = self.argument_homes(inst, COPIES_OF_COPIES, &mut homes);
                let Some(around) = self.outermost(inner, &homes).filter(|_| invariant) else { continue };
                let Some(before) = self.before(around, &homes) else { continue };
                let Some(spread) = self.spread.checked_sub(sizes[around]) else { continue };
                self.spread = spread;
                self.func.layout.remove_inst(inst);
                self.move_arguments(inst, before);
                self.append(inst, before);
            }
        }
    }

    /// Whether a value surely is another one in each round of a loop.
    fn is_of(&self, value: Value, around: Loop) -> bool {
        let inner = self.home(value).and_then(|home| self.loops.innermost_loop(home));
        inner == Some(around) && self.copied(value).is_none()
    }

    /// Where the arguments of an instruction come from, or what they must be computed of again; whether that is known.
    fn argument_homes(&self, inst: Inst, depth: usize, homes: &mut Vec<Block>) -> bool {
        self.func.dfg.inst_args(inst).iter().all(|&argument| match self.copied(argument) {
            Some(copied) => depth > 0 && self.argument_homes(copied, depth - 1, homes),
            None => self.home(argument).inspect(|&home| homes.push(home)).is_some(),
        })
    }

    /// The instruction of a value that the optimiser writes anew where it is used.
    fn copied(&self, value: Value) -> Option<Inst> {
        let inst = self.func.dfg.value_def(self.func.dfg.resolve_aliases(value)).inst()?;
        let is_copied =
            matches!(self.func.dfg.insts[inst].opcode(), Opcode::Iconst | Opcode::F32const | Opcode::F64const)
                || constant_sum(self.func, inst).is_some();
        is_copied.then_some(inst)
    }

    /// Gives an instruction copies of those of its arguments that are written anew, at the end of a block.
    fn move_arguments(&mut self, inst: Inst, block: Block) {
        for at in 0..self.func.dfg.inst_args(inst).len() {
            let Some(copied) = self.copied(self.func.dfg.inst_args(inst)[at]) else { continue };
            let copy = self.func.dfg.clone_inst(copied);
            self.move_arguments(copy, block);
            self.append(copy, block);
            self.func.dfg.inst_args_mut(inst)[at] = self.func.dfg.first_result(copy);
        }
    }

    /// Sums whose bases the loop needs for nothing else.
    fn sums(&mut self) {
        for ((base, around), found) in self.loop_uses() {
            let LoopUse::Sum(_, copies) = found else { continue };
            let home = self.home(base);
            let Some(before) = home.and_then(|home| self.before(Loop::new(around), &[home])) else { continue };
            self.merge(&copies, before);
        }
    }

    /// Constants of innermost loops without calls.
    fn floats(&mut self) {
        let mut found: BTreeMap<(usize, u64, u32), Vec<Inst>> = BTreeMap::new();
        let mut calling = HashSet::new();
        for &(block, inner) in self.blocks {
            for inst in self.func.layout.block_insts(block) {
                match self.func.dfg.insts[inst] {
                    InstructionData::UnaryIeee64 { imm, .. } if imm.bits() != 0 => {
                        found.entry((inner.index(), imm.bits(), 64)).or_default().push(inst);
                    }
                    InstructionData::UnaryIeee32 { imm, .. } if imm.bits() != 0 => {
                        found.entry((inner.index(), imm.bits().into(), 32)).or_default().push(inst);
                    }
                    ref data if data.opcode().is_call() => drop(calling.insert(inner.index())),
                    _ => {}
                }
            }
        }
        let mut counts = HashMap::new();
        for ((around, ..), copies) in found {
            let count: &mut usize = counts.entry(around).or_default();
            if calling.contains(&around) || *count == FLOATS_OF_A_LOOP {
                continue;
            }
            if let Some(before) = self.before(Loop::new(around), &[]) {
                *count += 1;
                self.merge(&copies, before);
            }
        }
    }

    /// Has the first of these instructions, which are the same, at the end of a block, and none of the others.
    fn merge(&mut self, copies: &[Inst], block: Block) {
        let kept = copies[0];
        self.func.layout.remove_inst(kept);
        self.move_arguments(kept, block);
        self.append(kept, block);
        let ready = self.func.dfg.first_result(kept);
        for &copy in &copies[1..] {
            let old = self.func.dfg.first_result(copy);
            self.func.layout.remove_inst(copy);
            self.func.dfg.clear_results(copy);
            self.func.dfg.change_to_alias(old, ready);
        }
    }

    /// Writes an instruction at the end of a block.
    fn append(&mut self, inst: Inst, block: Block) {
        FuncCursor::new(self.func).at_last_inst(block).insert_inst(inst);
        self.func.set_srcloc(inst, SourceLoc::default());
    }

    /// For each base, and each outermost loop that uses it and has it from outside, what it is used for. In an order that is the same each time.
    fn loop_uses(&mut self) -> BTreeMap<(Value, usize), LoopUse> {
        let mut homes: SecondaryMap<Value, PackedOption<Block>> = SecondaryMap::new();
        for &(block, inner) in self.blocks {
            for sum in self.func.layout.block_insts(block).filter_map(|inst| constant_sum(self.func, inst)) {
                let home = self.home(sum.base).filter(|&home| self.loops.innermost_loop(home) != Some(inner));
                homes[sum.base] = home.or(homes[sum.base].expand()).into();
            }
        }
        let mut uses = BTreeMap::new();
        if homes.values().all(|home| home.is_none()) {
            return uses;
        }
        let mut found = Vec::new();
        for &(block, inner) in self.blocks {
            found.clear();
            for inst in self.func.layout.block_insts(block) {
                let used = self.func.dfg.inst_values(inst).map(|value| self.func.dfg.resolve_aliases(value));
                found.extend(used.filter_map(|used| Some((inst, used, homes[used].expand()?))));
            }
            for &(inst, used, home) in &found {
                let Some(around) = self.outermost(inner, &[home]) else { continue };
                let sum = constant_sum(self.func, inst).filter(|sum| sum.base == used);
                note(&mut uses, (used, around.index()), sum, inst);
            }
            if self.steps == 0 {
                return BTreeMap::new();
            }
        }
        uses
    }

    /// The block that a value comes from.
    fn home(&self, value: Value) -> Option<Block> {
        match self.func.dfg.value_def(self.func.dfg.resolve_aliases(value)) {
            ValueDef::Result(inst, _) => self.func.layout.inst_block(inst),
            ValueDef::Param(block, _) => Some(block),
            ValueDef::Union(..) => None,
        }
    }

    /// Counts a look at blocks: as much as there are loops around them.
    fn spend(&mut self, homes: &[Block]) -> Option<()> {
        let levels: usize = homes.iter().map(|&home| 1 + self.loops.loop_level(home).level()).sum();
        self.steps = self.steps.saturating_sub(1 + levels);
        (self.steps > 0).then_some(())
    }

    /// The outermost loop from `inner` on that these blocks are outside of.
    fn outermost(&mut self, inner: Loop, homes: &[Block]) -> Option<Loop> {
        let loops = self.loops;
        let (mut found, mut next) = (None, Some(inner));
        while let Some(each) = next.filter(|&each| !homes.iter().any(|&home| loops.is_in_loop(home, each))) {
            self.spend(homes)?;
            found = next;
            next = loops.loop_parent(each);
        }
        found
    }

    /// The nearest block that runs before a loop, and no more often, and behind all of `homes`.
    fn before(&mut self, around: Loop, homes: &[Block]) -> Option<Block> {
        let mut block = self.tree.idom(self.loops.loop_header(around))?;
        while self.loops.innermost_loop(block) != self.loops.loop_parent(around) {
            self.spend(homes)?;
            block = self.tree.idom(block).filter(|_| !homes.contains(&block))?;
        }
        Some(block)
    }
}

fn note(uses: &mut BTreeMap<(Value, usize), LoopUse>, key: (Value, usize), sum: Option<ConstantSum>, inst: Inst) {
    match (uses.get_mut(&key), sum) {
        (None, Some(sum)) => drop(uses.insert(key, LoopUse::Sum(sum, vec![inst]))),
        (Some(LoopUse::Sum(first, copies)), Some(sum)) if *first == sum => copies.push(inst),
        (Some(LoopUse::Mixed), _) => {}
        _ => drop(uses.insert(key, LoopUse::Mixed)),
    }
}

/// Whether it pays to have what an instruction gives ready.
fn is_costly(func: &Function, inst: Inst) -> bool {
    let opcode = func.dfg.insts[inst].opcode();
    let &[result] = func.dfg.inst_results(inst) else { return false };
    let ty = func.dfg.value_type(result);
    let product = matches!(opcode, Opcode::Imul | Opcode::Umulhi | Opcode::Smulhi);
    let constant = matches!(opcode, Opcode::F32const | Opcode::F64const | Opcode::Vconst);
    (product || (ty.is_float() || ty.is_vector()) && !constant) && !opcode.can_load() && is_pure(func, inst)
}

/// What an instruction is, if it is one.
fn constant_sum(func: &Function, inst: Inst) -> Option<ConstantSum> {
    let InstructionData::Binary { opcode: opcode @ (Opcode::Iadd | Opcode::Isub), args } = func.dfg.insts[inst] else {
        return None;
    };
    let ty = func.dfg.value_type(func.dfg.first_result(inst));
    if ty != types::I32 && ty != types::I64 {
        return None;
    }
    let [first, second] = args.map(|value| func.dfg.resolve_aliases(value));
    let constant = |value| match func.dfg.value_def(value) {
        ValueDef::Result(inst, _) => match func.dfg.insts[inst] {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm),
            _ => None,
        },
        _ => None,
    };
    let (base, constant) = match (constant(first), constant(second)) {
        (None, Some(constant)) => (first, constant),
        (Some(constant), None) if opcode == Opcode::Iadd => (second, constant),
        _ => return None,
    };
    Some(ConstantSum { base, opcode, constant, ty })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, UserFuncName, condcodes::IntCC};
    use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
    use cranelift_codegen::settings::{self, Configurable, Flags};
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    fn isa() -> OwnedTargetIsa {
        let mut flags = settings::builder();
        flags.set("opt_level", "speed").unwrap();
        cranelift_native::builder().unwrap().finish(Flags::new(flags)).unwrap()
    }

    /// A function of a number and a float: two loops in one another, in whose inner one `body` computes a number and a float of the two; it returns what they
    /// come to. Optimised, and hoisted.
    fn nested(body: impl Fn(&mut FunctionBuilder<'_>, Value, Value) -> (Value, Value)) -> Context {
        let params = [types::I32, types::F64].map(AbiParam::new).to_vec();
        let returns = params.clone();
        let signature = Signature { params, returns, call_conv: CallConv::Tail };
        let mut context = Context::for_function(Function::with_name_signature(UserFuncName::testcase("f"), signature));
        let mut buffers = FunctionBuilderContext::new();
        let mut builder = FunctionBuilder::new(&mut context.func, &mut buffers);
        let [entry, outer, inner, next, done] = std::array::from_fn(|_| builder.create_block());
        builder.append_block_params_for_function_params(entry);
        for block in [outer, inner, next, done] {
            builder.append_block_param(block, types::I32);
            builder.append_block_param(block, types::F64);
        }
        builder.switch_to_block(entry);
        let [number, float] = [0, 1].map(|at| builder.block_params(entry)[at]);
        let (zero, none) = (builder.ins().iconst(types::I32, 0), builder.ins().f64const(0.0));
        builder.ins().jump(outer, &[zero.into(), none.into()]);
        builder.switch_to_block(outer);
        let sums = |builder: &FunctionBuilder<'_>, block| [0, 1].map(|at| builder.block_params(block)[at]);
        let [sum, total] = sums(&builder, outer);
        builder.ins().jump(inner, &[sum.into(), total.into()]);
        builder.switch_to_block(inner);
        let [sum, total] = sums(&builder, inner);
        let (by, of) = body(&mut builder, number, float);
        let (sum, total) = (builder.ins().iadd(sum, by), builder.ins().fadd(total, of));
        let again = builder.ins().icmp_imm_s(IntCC::SignedLessThan, sum, 100);
        builder.ins().brif(again, inner, &[sum.into(), total.into()], next, &[sum.into(), total.into()]);
        builder.switch_to_block(next);
        let [sum, total] = sums(&builder, next);
        let again = builder.ins().icmp_imm_s(IntCC::SignedLessThan, sum, 1000);
        builder.ins().brif(again, outer, &[sum.into(), total.into()], done, &[sum.into(), total.into()]);
        builder.switch_to_block(done);
        let [sum, total] = sums(&builder, done);
        let sum = builder.ins().iadd(sum, number);
        builder.ins().return_(&[sum, total]);
        builder.seal_all_blocks();
        let isa = isa();
        builder.finalize(isa.frontend_config());
        context.optimize(&*isa, &mut Default::default()).unwrap();
        hoist(&mut context);
        context.verify(&*isa).unwrap();
        context
    }

    /// How often an opcode stands in loops.
    fn in_loops(context: &Context, opcode: Opcode) -> usize {
        let blocks =
            context.func.layout.blocks().filter(|&block| context.loop_analysis.innermost_loop(block).is_some());
        let insts = blocks.flat_map(|block| context.func.layout.block_insts(block));
        insts.filter(|&inst| context.func.dfg.insts[inst].opcode() == opcode).count()
    }

    #[test]
    fn a_sum_takes_the_place_of_its_base() {
        let frame = |builder: &mut FunctionBuilder<'_>, number| builder.ins().iadd_imm_s(number, -256);
        let context = nested(|builder, number, float| (frame(builder, number), float));
        // What is left adds to the sum of the loop.
        assert_eq!(in_loops(&context, Opcode::Iadd), 1);
        let context = nested(|builder, number, float| {
            let frame = frame(builder, number);
            (builder.ins().bxor(frame, number), float)
        });
        assert_eq!(in_loops(&context, Opcode::Iadd), 2, "the base is used too");
    }

    #[test]
    fn what_is_computed_of_a_copy_leaves_the_loop() {
        let context = nested(|builder, number, float| {
            let sum = builder.ins().iadd_imm_s(number, -48);
            let converted = builder.ins().fcvt_from_sint(types::F64, sum);
            let factor = builder.ins().f64const(3.0);
            let product = builder.ins().fmul(converted, factor);
            (builder.ins().imul(sum, number), builder.ins().fdiv(product, float))
        });
        for opcode in [Opcode::FcvtFromSint, Opcode::Fmul, Opcode::Fdiv, Opcode::Imul] {
            assert_eq!(in_loops(&context, opcode), 0, "{opcode}");
        }
    }

    #[test]
    fn a_float_leaves_the_innermost_loop_only() {
        let context = nested(|builder, number, _| {
            let total = builder.block_params(builder.current_block().unwrap())[1];
            let limit = builder.ins().f64const(4.0);
            (number, builder.ins().fmin(total, limit))
        });
        let inner = context.func.layout.blocks().filter(|&block| context.loop_analysis.loop_level(block).level() == 2);
        let insts = inner.flat_map(|block| context.func.layout.block_insts(block));
        assert_eq!(insts.filter(|&inst| context.func.dfg.insts[inst].opcode() == Opcode::F64const).count(), 0);
    }

    #[test]
    fn what_changes_stays() {
        let context = nested(|builder, _, float| {
            let block = builder.current_block().unwrap();
            let sum = builder.block_params(block)[0];
            let converted = builder.ins().fcvt_from_sint(types::F64, sum);
            (builder.ins().iconst(types::I32, 3), builder.ins().fmul(converted, float))
        });
        for opcode in [Opcode::FcvtFromSint, Opcode::Fmul, Opcode::Fadd] {
            assert_eq!(in_loops(&context, opcode), 1, "{opcode}");
        }
    }
}
