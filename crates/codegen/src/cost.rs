//! What the optimiser and the register allocator would cost, where that is not in proportion to a function's size.
//!
//! The constants are far above what the functions of compilers, interpreters and runtimes reach that were measured (in
//! brackets); what is beyond takes the frame form.

use cranelift_codegen::Context;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Block, Function, Inst, Value, ValueDef};

/// Instructions of a function, before it is optimised: each takes a kilobyte and more.
const MAX_INSTRUCTIONS: usize = 1 << 18;

/// Blocks and calls, times values, of a function that need not be looked at more closely.
const SMALL_PRODUCT: usize = 1 << 16;

/// Blocks at whose start a value is alive, for all values together, per instruction (7), and a first allowance. The allowances
/// are small, for a module can have many functions that use them up.
const LIVE_PER_INSTRUCTION: usize = 32;
const LIVE_ALLOWANCE: usize = 1 << 16;

/// Calls over which a value is alive, each of which splits its range, for all values together (8).
const CROSSED_PER_INSTRUCTION: usize = 64;
const CROSSED_ALLOWANCE: usize = 1 << 16;

/// Ranges that the allocator would merge, again with each edge between the values that it would like to have in one place:
/// per instruction (700; the largest functions of Go, which can resume at each call, have more), a first allowance, and a
/// bound.
const MERGED_PER_INSTRUCTION: usize = 1 << 11;
const MERGED_ALLOWANCE: usize = 1 << 18;
const MAX_MERGED: usize = 100_000_000;

/// The square of how many values are alive at the start of a block, for all blocks together: per instruction (a hundred values in blocks of eight
/// instructions, of which the optimiser has made thrice as many, have 420), and a first allowance.
const CROWD_PER_INSTRUCTION: usize = 1 << 9;
const CROWD_ALLOWANCE: usize = 1 << 21;

/// Parameters of blocks that the allocator would look at where values are alive: it goes through those of all blocks anew for each block at whose start a
/// value is alive, until it has met the first value that is alive in several places. Per instruction, and a first allowance.
const LOOKED_AT_PER_INSTRUCTION: usize = 1 << 12;
const LOOKED_AT_ALLOWANCE: usize = 1 << 22;

/// Inserting a range in a list costs so much less, by its length, than sorting the list.
const INSERTION_SHARE: usize = 64;

/// Whether the optimiser is affordable.
pub(crate) fn optimizable(func: &Function) -> bool {
    func.dfg.num_insts() <= MAX_INSTRUCTIONS
}

/// Whether a function is so small that nothing about it is expensive.
pub(crate) fn small(func: &Function) -> bool {
    let (values, blocks) = (func.dfg.num_values(), func.dfg.num_blocks());
    let small = |count: usize| values.saturating_mul(count) <= SMALL_PRODUCT;
    // Counting calls takes longer.
    small(blocks + func.dfg.num_insts()) || small(blocks) && small(blocks + calls(func))
}

fn calls(func: &Function) -> usize {
    let insts = func.layout.blocks().flat_map(|block| func.layout.block_insts(block));
    insts.filter(|&inst| is_call(func, inst)).count()
}

fn is_call(func: &Function, inst: Inst) -> bool {
    func.dfg.insts[inst].opcode().is_call()
}

/// Whether the register allocator is affordable for an optimised function.
pub(crate) fn allocatable(context: &Context) -> bool {
    let mut webs = Webs::new(context.func.dfg.num_values());
    let uses = Uses::collect(&context.func, &mut webs);
    let instructions = context.func.dfg.num_insts();
    let max_live = LIVE_ALLOWANCE + instructions * LIVE_PER_INSTRUCTION;
    let max_crossed = CROSSED_ALLOWANCE + instructions * CROSSED_PER_INSTRUCTION;
    let max_merged = MAX_MERGED.min(MERGED_ALLOWANCE + instructions * MERGED_PER_INSTRUCTION);
    let max_looked_at = LOOKED_AT_ALLOWANCE + instructions * LOOKED_AT_PER_INSTRUCTION;
    let max_crowd = CROWD_ALLOWANCE + instructions * CROWD_PER_INSTRUCTION;
    let order = emission_order(context);
    count_live(context, &order, &uses, &mut webs, max_live, max_crossed)
        && webs.crowd() <= max_crowd
        && webs.merged(&context.func) <= max_merged
        && webs.looked_at(context, &order) <= max_looked_at
}

/// The blocks from the last to the first, as code is made of them: cold ones are the last.
fn emission_order(context: &Context) -> Vec<Block> {
    let blocks = || context.domtree.cfg_postorder().iter().copied();
    let is_cold = |block: &Block| context.func.layout.is_cold(*block);
    blocks().filter(is_cold).chain(blocks().filter(|block| !is_cold(block))).collect()
}

/// Where each value is used, and where calls stand.
struct Uses {
    /// For each value, where its part of `places` starts, and the end of the last.
    starts: Vec<u32>,
    places: Vec<UsePlace>,
    /// The calls up to and with an instruction.
    calls: SecondaryMap<Inst, u32>,
    /// The calls before the start of a block, and before its end.
    bounds: SecondaryMap<Block, (u32, u32)>,
}

/// A place in a block, behind so many calls of the function.
#[derive(Clone, Copy)]
struct UsePlace {
    block: Block,
    calls: u32,
}

impl Uses {
    fn collect(func: &Function, webs: &mut Webs) -> Uses {
        let mut all = Vec::new();
        let mut calls = SecondaryMap::with_capacity(func.dfg.num_insts());
        let mut bounds = SecondaryMap::with_capacity(func.dfg.num_blocks());
        let mut count = 0;
        for block in func.layout.blocks() {
            let start = count;
            for inst in func.layout.block_insts(block) {
                let place = UsePlace { block, calls: count };
                let arguments = func.dfg.inst_args(inst).iter().copied();
                all.extend(arguments.map(|value| (func.dfg.resolve_aliases(value), place)));
                edges(func, inst, |argument, param| {
                    all.push((argument, place));
                    webs.join(argument, param);
                });
                count += u32::from(is_call(func, inst));
                calls[inst] = count;
            }
            bounds[block] = (start, count);
        }
        let (starts, places) = Uses::sort(func.dfg.num_values(), &all);
        Uses { starts, places, calls, bounds }
    }

    /// By counting.
    fn sort(values: usize, all: &[(Value, UsePlace)]) -> (Vec<u32>, Vec<UsePlace>) {
        let mut starts = vec![0; values + 2];
        for (value, _) in all {
            starts[value.as_u32() as usize + 2] += 1;
        }
        for at in 2..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut places = vec![UsePlace { block: Block::from_u32(0), calls: 0 }; all.len()];
        for &(value, place) in all {
            let next = &mut starts[value.as_u32() as usize + 1];
            places[*next as usize] = place;
            *next += 1;
        }
        (starts, places)
    }

    fn of(&self, value: u32) -> &[UsePlace] {
        &self.places[self.starts[value as usize] as usize..self.starts[value as usize + 1] as usize]
    }
}

/// What a branch passes to parameters.
pub(crate) fn edges(func: &Function, branch: Inst, mut each: impl FnMut(Value, Value)) {
    let dfg = &func.dfg;
    for call in dfg.insts[branch].branch_destination(&dfg.jump_tables, &dfg.exception_tables) {
        let params = dfg.block_params(call.block(&dfg.value_lists));
        for (argument, &param) in call.args(&dfg.value_lists).zip(params) {
            if let Some(value) = argument.as_value() {
                each(dfg.resolve_aliases(value), param);
            }
        }
    }
}

/// Values that are passed to each other, which the allocator tries to merge.
struct Webs {
    parents: Vec<u32>,
    /// What is passed to which parameter, unless it is the parameter itself.
    edges: Vec<(Value, Value)>,
    /// How often each value is passed.
    passed: Vec<u32>,
    /// Of each value.
    ranges: Vec<u32>,
    /// At how many blocks' starts each value is alive.
    lives: Vec<u32>,
    /// How many values are alive at the start of each block, in the order of blocks.
    alive: Vec<u32>,
}

impl Webs {
    fn new(values: usize) -> Webs {
        Webs {
            parents: (0..values as u32).collect(),
            edges: Vec::new(),
            passed: vec![0; values],
            ranges: vec![0; values],
            lives: vec![0; values],
            alive: Vec::new(),
        }
    }

    /// The value that stands for the web of a value.
    fn web(&mut self, value: Value) -> usize {
        let mut at = value.as_u32() as usize;
        while self.parents[at] as usize != at {
            self.parents[at] = self.parents[self.parents[at] as usize];
            at = self.parents[at] as usize;
        }
        at
    }

    fn join(&mut self, argument: Value, param: Value) {
        if argument != param {
            let (from, to) = (self.web(argument), self.web(param));
            self.parents[from] = to as u32;
            self.edges.push((argument, param));
            self.passed[argument.as_u32() as usize] += 1;
        }
    }

    /// For each edge the ranges of its web, in words of memory that are looked at or moved. What is in one range and goes one
    /// way is inserted; else lists are merged and sorted.
    fn merged(&mut self, func: &Function) -> usize {
        let mut sizes = vec![0; self.ranges.len()];
        for value in 0..self.ranges.len() {
            let web = self.web(Value::from_u32(value as u32));
            sizes[web] += self.ranges[value] as usize;
        }
        let mut merged = 0_usize;
        for at in 0..self.edges.len() {
            let (argument, param) = self.edges[at];
            let size = sizes[self.web(param)];
            let from = argument.as_u32() as usize;
            let result = matches!(func.dfg.value_def(argument), ValueDef::Result(..));
            let inserted = result && self.passed[from] == 1 && self.ranges[from] <= 1;
            merged = merged.saturating_add(if inserted { size / INSERTION_SHARE } else { size });
        }
        merged
    }
}

impl Webs {
    /// How many passed parameters of blocks are looked at for values that are alive at starts of blocks.
    fn looked_at(&self, context: &Context, order: &[Block]) -> usize {
        let func = &context.func;
        let (mut looked_at, mut passed, mut skipped) = (0_usize, 0, 0);
        // Parameters, and what calls hand on, are numbered as they stand; then all else, as code is made of it, from the end.
        for block in func.layout.blocks() {
            for &param in func.dfg.block_params(block) {
                passed += context.cfg.pred_iter(block).count();
                looked_at += (passed - skipped) * (1 + self.lives[param.as_u32() as usize] as usize);
                skipped = if self.is_in_pieces(param) { passed } else { skipped };
            }
            if let Some(table) = func.layout.last_inst(block).and_then(|last| func.dfg.insts[last].exception_table()) {
                let calls = func.dfg.exception_tables[table].all_branches().iter();
                let handed_on: usize = calls.map(|call| call.args(&func.dfg.value_lists).len()).sum();
                looked_at += (passed - skipped) * handed_on;
            }
        }
        let insts = order.iter().flat_map(|&block| func.layout.block_insts(block).rev());
        for &result in insts.flat_map(|inst| func.dfg.inst_results(inst)) {
            looked_at = looked_at.saturating_add((passed - skipped) * self.lives[result.as_u32() as usize] as usize);
            if self.is_in_pieces(result) {
                break;
            }
        }
        looked_at
    }

    fn crowd(&self) -> usize {
        self.alive.iter().map(|&values| (values as usize).pow(2)).fold(0, usize::saturating_add)
    }

    /// Whether a value is alive in several places, one of which has a block's start.
    fn is_in_pieces(&self, value: Value) -> bool {
        let value = value.as_u32() as usize;
        self.ranges[value] > 1 && self.lives[value] > 0
    }
}

/// Follows each value from its uses back to its definition, and notes how many ranges of blocks it is alive in. Whether it is
/// alive in no more blocks than `max_live` and over no more calls than `max_crossed`, for all values together.
fn count_live(
    context: &Context,
    blocks: &[Block],
    uses: &Uses,
    webs: &mut Webs,
    max_live: usize,
    max_crossed: usize,
) -> bool {
    let func = &context.func;
    let mut order = SecondaryMap::with_capacity(func.dfg.num_blocks());
    for (at, &block) in blocks.iter().enumerate() {
        order[block] = at as u32;
    }
    webs.alive = vec![0; blocks.len()];
    // For each place in the order, the last value found alive there, plus 1.
    let mut alive = vec![0; func.dfg.num_blocks() + 1];
    let (mut live, mut crossed, mut waiting, mut found) = (0, 0, Vec::new(), Vec::new());
    for value in 0..func.dfg.num_values() as u32 {
        if uses.of(value).is_empty() {
            // It may even be one that the optimiser has removed.
            continue;
        }
        let (home, start) = match func.dfg.value_def(Value::from_u32(value)) {
            ValueDef::Result(inst, _) => (func.layout.inst_block(inst), uses.calls[inst]),
            ValueDef::Param(block, _) => (Some(block), uses.bounds[block].0),
            ValueDef::Union(..) => continue,
        };
        let mut end = start;
        waiting.extend_from_slice(uses.of(value));
        while let Some(UsePlace { block, calls }) = waiting.pop() {
            let at = order[block];
            if Some(block) == home {
                end = end.max(calls);
            } else if alive[at as usize] != value + 1 {
                alive[at as usize] = value + 1;
                webs.alive[at as usize] += 1;
                found.push(at);
                // Up to one of its uses, or to the end: near enough.
                crossed += (calls - uses.bounds[block].0) as usize;
                let before = context.cfg.pred_iter(block).map(|pred| pred.block);
                waiting.extend(before.map(|block| UsePlace { block, calls: uses.bounds[block].1 }));
            }
        }
        live += found.len();
        crossed += (end - start) as usize;
        if live > max_live || crossed > max_crossed {
            return false;
        }
        webs.ranges[value as usize] =
            1 + found.iter().filter(|&&at| alive[at as usize + 1] != value + 1).count() as u32;
        webs.lives[value as usize] = found.len() as u32;
        found.clear();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, UserFuncName, types::I32};
    use cranelift_codegen::isa::CallConv;
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    /// A function of so many conditionals with a result, over which a value is alive; and behind them perhaps one that is alive in two of three places.
    fn conditionals(count: usize, in_pieces: bool) -> Context {
        let (params, returns) = (vec![AbiParam::new(I32)], vec![AbiParam::new(I32)]);
        let signature = Signature { params, returns, call_conv: CallConv::Tail };
        let mut context = Context::for_function(Function::with_name_signature(UserFuncName::testcase("f"), signature));
        let mut buffers = FunctionBuilderContext::new();
        let mut builder = FunctionBuilder::new(&mut context.func, &mut buffers);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let given = builder.block_params(entry)[0];
        let value = builder.ins().bnot(given);
        let mut condition = given;
        for _ in 0..count {
            let [yes, no, end] = std::array::from_fn(|_| builder.create_block());
            builder.ins().brif(condition, yes, &[], no, &[]);
            for block in [yes, no] {
                builder.switch_to_block(block);
                builder.ins().jump(end, &[given.into()]);
            }
            condition = builder.append_block_param(end, I32);
            builder.switch_to_block(end);
        }
        if in_pieces {
            let piece = builder.ins().bnot(condition);
            let blocks: [Block; 4] = std::array::from_fn(|_| builder.create_block());
            builder.ins().brif(condition, blocks[0], &[], blocks[1], &[]);
            builder.switch_to_block(blocks[1]);
            builder.ins().brif(given, blocks[2], &[], blocks[3], &[]);
            for block in [blocks[0], blocks[2]] {
                builder.switch_to_block(block);
                builder.ins().return_(&[piece]);
            }
            builder.switch_to_block(blocks[3]);
        }
        builder.ins().return_(&[value]);
        builder.seal_all_blocks();
        context.compute_cfg();
        context.compute_domtree();
        context
    }

    #[test]
    fn parameters_are_looked_at_for_each_value_until_one_is_in_pieces() {
        assert!(allocatable(&conditionals(1_000, false)));
        assert!(!allocatable(&conditionals(8_000, false)));
        let looked_at = |count, in_pieces| {
            let context = conditionals(count, in_pieces);
            let mut webs = Webs::new(context.func.dfg.num_values());
            let uses = Uses::collect(&context.func, &mut webs);
            let order = emission_order(&context);
            assert!(count_live(&context, &order, &uses, &mut webs, usize::MAX, usize::MAX));
            webs.looked_at(&context, &order)
        };
        // Each of two parameters a conditional is looked at in three blocks for the value, and half of them for each result.
        assert_eq!(looked_at(100, false), 2 * 100 * 3 * 100 + (1..=100).map(|at| 2 * at).sum::<usize>());
        assert!(looked_at(100, true) < looked_at(100, false));
    }
}
