//! Structured control: blocks, branches, and what cannot be reached.
//!
//! A block's label is a block of the IR. What a branch to it carries are the label's parameters in the SSA form, and goes
//! through the slots of the operand stack in the frame form. Code behind an unconditional branch is not translated; only the
//! nesting is followed until code can be reached again.

use crate::error::CodegenError;
use crate::func::{Form, FuncTranslator, MAX_TABLE_LABELS, Operand};
use crate::metering::Fuel;
use crate::op::legacy_exception::{BeforeClause, CaughtException};
use crate::signature::{clif_type, needs_stack_map};
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, Inst, InstBuilder, JumpTableData, Value};
use gusset_artifact::CoreValType;
use std::collections::HashMap;
use wasmparser::{BlockType, BrTable, Operator};

/// The types of what a block takes or leaves. They are never copied: two bytes can name a thousand.
#[derive(Clone, Copy)]
pub(crate) enum BlockTypes<'a> {
    One(CoreValType),
    All(&'a [CoreValType]),
}

impl std::ops::Deref for BlockTypes<'_> {
    type Target = [CoreValType];

    fn deref(&self) -> &[CoreValType] {
        match self {
            BlockTypes::One(ty) => std::slice::from_ref(ty),
            BlockTypes::All(types) => types,
        }
    }
}

/// A block that is open.
pub(crate) struct ControlFrame<'a> {
    kind: FrameKind<'a>,
    /// Where a branch to it goes.
    label: Block,
    /// What a branch to it carries.
    carried: BlockTypes<'a>,
    /// How many values stand below its own on the operand stack.
    height: usize,
    /// What it leaves.
    results: BlockTypes<'a>,
    /// Whether anything branches to its end.
    branched: bool,
    /// Whether it counts as nesting.
    nests: bool,
    /// Whether the function has still [to look](FuncTranslator::look_if_due) on a way to its end.
    look_due: bool,
}

enum FrameKind<'a> {
    Block,
    /// With its number, in the order in which loops begin.
    Loop(usize),
    /// Until its `else`: where the other arm starts, and with what.
    If {
        otherwise: Block,
        types: BlockTypes<'a>,
        /// Empty in the frame form.
        params: Box<[Operand]>,
        fuel: Option<Fuel>,
        look_due: bool,
    },
    /// What it catches is the topmost of the handlers.
    Try,
    /// A `try` of the legacy proposal that has come to one of its `catch` clauses, or to where none could be reached.
    Catch(Option<CaughtException>),
    /// It was opened where no code can be reached.
    Unreachable,
}

impl<'a> FuncTranslator<'a, '_> {
    pub(crate) fn control_operator(&mut self, operator: &Operator<'_>) -> Result<bool, CodegenError> {
        match *operator {
            Operator::Nop => {}
            Operator::Unreachable => {
                // Most programs that fail end here, and are charged for all that they used.
                self.hand_over_fuel();
                self.trap_now();
                self.reachable = false;
            }
            Operator::Block { blockty } => self.block(blockty)?,
            Operator::Loop { blockty } => self.loop_(blockty)?,
            Operator::If { blockty } => self.if_(blockty)?,
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Br { relative_depth } => self.br(relative_depth),
            Operator::BrIf { relative_depth } => self.br_if(relative_depth),
            Operator::BrTable { ref targets } => self.br_table(targets)?,
            Operator::Return if self.inlining.is_inlined() => self.br(self.control.len() as u32 - 1),
            Operator::Return => {
                let results = self.control[0].results.len();
                self.return_(results);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Follows the nesting of code that cannot be reached.
    pub(crate) fn unreachable_operator(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => {
                self.loops += usize::from(matches!(operator, Operator::Loop { .. }));
                let label = self.control[0].label;
                let kind = FrameKind::Unreachable;
                let height = self.stack.len();
                let (carried, results, branched, nests) = (BlockTypes::All(&[]), BlockTypes::All(&[]), false, false);
                let look_due = false;
                self.control.push(ControlFrame { kind, label, carried, height, results, branched, nests, look_due });
            }
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Catch { .. } | Operator::CatchAll | Operator::Delegate { .. } => {
                match self.control.last().map(|frame| &frame.kind) {
                    Some(FrameKind::Unreachable) if matches!(operator, Operator::Delegate { .. }) => self.end(),
                    Some(FrameKind::Unreachable) => {}
                    _ => self.clause(operator),
                }
            }
            _ => {}
        }
    }

    /// Opens the outermost block, whose end returns.
    pub(crate) fn push_function_frame(&mut self, results: BlockTypes<'a>) {
        let label = self.forward_label(results);
        self.push_frame(FrameKind::Block, label, results, 0, results);
    }

    fn push_frame(
        &mut self,
        kind: FrameKind<'a>,
        label: Block,
        carried: BlockTypes<'a>,
        params: usize,
        results: BlockTypes<'a>,
    ) {
        let height = self.stack.len() - params;
        let nests = !matches!(kind, FrameKind::Block);
        self.nesting += usize::from(nests);
        self.open_loops.depth += usize::from(matches!(kind, FrameKind::Loop(_)));
        let (branched, look_due) = (false, false);
        self.control.push(ControlFrame { kind, label, carried, height, results, branched, nests, look_due });
    }

    /// A label behind the construct that begins here.
    fn forward_label(&mut self, types: BlockTypes<'a>) -> Block {
        let (label, from) = (self.label(types), self.current_block());
        if let Form::Ssa(ssa) = &mut self.form {
            ssa.label(label, from, self.position);
        }
        self.owe_fuel(label);
        label
    }

    /// A new block, with parameters of these types in the SSA form.
    fn label(&mut self, types: BlockTypes<'a>) -> Block {
        let label = self.builder.create_block();
        if let Form::Ssa(_) = self.form {
            self.passed += types.len();
            for &ty in &*types {
                let value = self.builder.append_block_param(label, clif_type(ty));
                if needs_stack_map(ty) {
                    self.track(value);
                }
            }
        }
        self.fuel_parameter(label);
        label
    }

    /// A new block that only what is written here branches to, once.
    pub(crate) fn next_block(&mut self) -> Block {
        let (block, from) = (self.builder.create_block(), self.current_block());
        if let Form::Ssa(ssa) = &mut self.form {
            ssa.single(block, from, self.position);
        }
        block
    }

    fn block(&mut self, ty: BlockType) -> Result<(), CodegenError> {
        let (params, results) = self.block_type(ty)?;
        let label = self.forward_label(results);
        self.push_frame(FrameKind::Block, label, results, params.len(), results);
        Ok(())
    }

    fn loop_(&mut self, ty: BlockType) -> Result<(), CodegenError> {
        let (params, results) = self.block_type(ty)?;
        let index = self.loops;
        self.loops += 1;
        self.look_if_due();
        let (header, from) = (self.label(params), self.current_block());
        let height = self.stack.len() - params.len();
        let end = self.scan.loop_end(index);
        if let Form::Ssa(ssa) = &mut self.form {
            ssa.loop_label(header, from, self.position..end);
        }
        self.jump(header, params, height);
        self.continue_at(header, params, height);
        self.push_frame(FrameKind::Loop(index), header, params, params.len(), results);
        Ok(())
    }

    fn if_(&mut self, ty: BlockType) -> Result<(), CodegenError> {
        let (params, results) = self.block_type(ty)?;
        let condition = self.pop();
        self.store_operands();
        self.split_fuel();
        let label = self.forward_label(results);
        let (then, otherwise) = (self.next_block(), self.next_block());
        self.builder.ins().brif(condition, then, [], otherwise, []);
        self.builder.switch_to_block(then);
        let saved = match self.form {
            Form::Ssa(_) => {
                self.passed += params.len();
                self.stack[self.stack.len() - params.len()..].into()
            }
            Form::Frame(_) => Box::default(),
        };
        let kind = FrameKind::If { otherwise, types: params, params: saved, fuel: self.fuel, look_due: self.look_due };
        self.push_frame(kind, label, results, params.len(), results);
        Ok(())
    }

    fn else_(&mut self) {
        let frame = self.control.last_mut().expect("validated: a block is open");
        let FrameKind::If { otherwise, types, params, fuel, look_due } =
            std::mem::replace(&mut frame.kind, FrameKind::Block)
        else {
            frame.kind = FrameKind::Unreachable;
            return;
        };
        let (label, results, height) = (frame.label, frame.results, frame.height);
        frame.branched |= self.reachable;
        frame.look_due |= self.reachable && self.look_due;
        if self.reachable {
            self.jump(label, results, height);
        }
        self.truncate(height);
        match self.form {
            Form::Ssa(_) => self.stack.extend_from_slice(&params),
            Form::Frame(_) => self.push_stored(types),
        }
        self.builder.switch_to_block(otherwise);
        (self.fuel, self.look_due) = (fuel, look_due);
        self.reachable = true;
    }

    pub(crate) fn end(&mut self) {
        if matches!(self.control.last(), Some(ControlFrame { kind: FrameKind::If { .. }, .. })) {
            // Without an `else` the parameters are the results.
            self.else_();
        }
        let mut frame = self.control.pop().expect("validated: a block is open");
        self.nesting -= usize::from(frame.nests);
        self.open_loops.depth -= usize::from(matches!(frame.kind, FrameKind::Loop(_)));
        match frame.kind {
            FrameKind::Unreachable => return,
            // The only way out of a loop is through its last instruction; branches go to its start.
            FrameKind::Loop(_) => self.complete(frame.label),
            FrameKind::Try => self.end_try(&mut frame),
            FrameKind::Catch(caught) => self.end_catch(&mut frame, caught),
            FrameKind::Block | FrameKind::If { .. } if frame.branched => self.join(&frame),
            FrameKind::Block | FrameKind::If { .. } => {}
        }
        if !self.reachable {
            self.truncate(frame.height);
        } else if self.control.is_empty() && !self.inlining.is_inlined() {
            self.return_(frame.results.len());
        }
    }

    /// Opens a block whose exceptions go to the topmost of the handlers.
    pub(crate) fn try_block(&mut self, ty: BlockType) -> Result<(), CodegenError> {
        let (params, results) = self.block_type(ty)?;
        let label = self.forward_label(results);
        self.push_frame(FrameKind::Try, label, results, params.len(), results);
        Ok(())
    }

    /// Ends what comes before a clause of a `try`: the block itself, or another clause. What was caught, if this is not the first one.
    pub(crate) fn begin_clause(&mut self) -> BeforeClause {
        let frame = self.control.last_mut().expect("validated: a block is open");
        let (label, results, height) = (frame.label, frame.results, frame.height);
        frame.branched |= self.reachable;
        frame.look_due |= self.reachable && self.look_due;
        let kind = std::mem::replace(&mut frame.kind, FrameKind::Catch(None));
        if self.reachable {
            self.jump(label, results, height);
        }
        self.reachable = false;
        self.truncate(height);
        match kind {
            FrameKind::Catch(caught) => BeforeClause::Clause(caught),
            _ => BeforeClause::Block(self.handlers.pop().expect("a `try` has a handler"), height),
        }
    }

    /// The clause that begins here is for this exception.
    pub(crate) fn open_clause(&mut self, caught: CaughtException) {
        let frame = self.control.last_mut().expect("a `try` is open");
        frame.kind = FrameKind::Catch(Some(caught));
    }

    /// Which frame of control a label is of.
    pub(crate) fn frame_of(&self, depth: u32) -> usize {
        self.control.len() - 1 - depth as usize
    }

    /// How many operands stand below those of a frame.
    pub(crate) fn height_of(&self, frame: usize) -> usize {
        self.control[frame].height
    }

    fn end_catch(&mut self, frame: &mut ControlFrame<'a>, caught: Option<CaughtException>) {
        if self.reachable {
            frame.branched = true;
            frame.look_due |= self.look_due;
            self.jump(frame.label, frame.results, frame.height);
            self.reachable = false;
        }
        self.truncate(frame.height);
        if let Some(caught) = caught {
            self.throw_uncaught(caught);
        }
        if frame.branched {
            self.join(frame);
        }
    }

    /// What is thrown in the block goes where its handler says; what ends in it goes on behind.
    fn end_try(&mut self, frame: &mut ControlFrame<'a>) {
        let handler = self.handlers.pop().expect("a `try_table` has a handler");
        if handler.is_reached() {
            if self.reachable {
                frame.branched = true;
                frame.look_due |= self.look_due;
                self.jump(frame.label, frame.results, frame.height);
            }
            self.dispatch(&handler, frame.height);
        }
        if frame.branched {
            self.join(frame);
        }
    }

    /// Goes on at a label that something branches to.
    fn join(&mut self, frame: &ControlFrame<'a>) {
        if self.reachable {
            self.jump(frame.label, frame.results, frame.height);
        }
        self.complete(frame.label);
        self.continue_at(frame.label, frame.results, frame.height);
        self.look_due = frame.look_due || self.reachable && self.look_due;
        self.reachable = true;
    }

    /// Nothing more branches to a label.
    pub(crate) fn complete(&mut self, label: Block) {
        if let Form::Ssa(ssa) = &mut self.form {
            ssa.complete(&mut self.builder, &self.scan, label, self.position);
        }
    }

    /// Writes to the block of a label from here on, with what is carried to it on the operand stack.
    fn continue_at(&mut self, label: Block, carried: BlockTypes<'a>, height: usize) {
        self.builder.switch_to_block(label);
        self.join_fuel(label, carried.len());
        match self.form {
            Form::Ssa(_) => {
                self.truncate(height);
                let params = &self.builder.block_params(label)[..carried.len()];
                self.stack.extend(params.iter().zip(&*carried).map(|(&value, &ty)| {
                    let reference = needs_stack_map(ty);
                    Operand::Value { value, reference }
                }));
            }
            Form::Frame(_) => {
                self.truncate(height);
                self.push_stored(carried);
            }
        }
    }

    /// Pushes operands that stand in their slots.
    fn push_stored(&mut self, types: BlockTypes<'a>) {
        let stored = types.iter().map(|&ty| Operand::Stored { ty: clif_type(ty), reference: needs_stack_map(ty) });
        self.stack.extend(stored);
    }

    fn return_(&mut self, results: usize) {
        let mut values = self.top(results);
        values.extend(self.fuel_left());
        self.builder.ins().return_(&values);
        self.reachable = false;
    }

    pub(crate) fn br(&mut self, depth: u32) {
        let (label, carried, height) = self.branch(depth);
        match self.goes_back(depth) {
            Some(index) if self.watches() => self.jump_back(label, carried, height, self.kept_in_loop(index)),
            _ => self.jump(label, carried, height),
        }
        self.reachable = false;
    }

    pub(crate) fn br_if(&mut self, depth: u32) {
        let condition = self.pop();
        self.watch_way_back(depth);
        self.branch_if(condition, depth);
    }

    /// Looks before a branch to the start of a loop.
    pub(crate) fn watch_way_back(&mut self, depth: u32) {
        if let Some(index) = self.goes_back(depth) {
            self.watch_branch(self.kept_in_loop(index));
        }
    }

    /// Branches on a condition, as one does that has looked where it goes back.
    pub(crate) fn branch_if(&mut self, condition: Value, depth: u32) {
        let (label, carried, height) = self.branch(depth);
        self.split_fuel();
        let next = self.next_block();
        // In the frame form, what must be moved first is moved on the way. Nor is what has been used subtracted but on the way out of a
        // loop, which is taken once.
        let on_the_way = match self.form {
            Form::Frame(_) => !carried.is_empty() && self.stack.len() - carried.len() != height,
            Form::Ssa(_) => self.fuel.is_some() && self.leaves_loop(depth),
        };
        if on_the_way {
            self.store_operands();
            let landing = self.next_block();
            self.builder.ins().brif(condition, landing, [], next, []);
            self.builder.switch_to_block(landing);
            self.jump(label, carried, height);
        } else {
            self.store_operands();
            self.branch_to(label, carried, |this, arguments| {
                this.builder.ins().brif(condition, label, arguments, next, [])
            });
        }
        self.builder.switch_to_block(next);
    }

    fn br_table(&mut self, table: &BrTable<'_>) -> Result<(), CodegenError> {
        self.table_labels += table.len() as usize;
        if self.table_labels > MAX_TABLE_LABELS {
            // The limits are checked after each operator.
            self.reachable = false;
            return Ok(());
        }
        let index = self.pop();
        let depths = table.targets().chain([Ok(table.default())]);
        let depths = depths.collect::<Result<Vec<_>, _>>()?;
        if let Some(index) = depths.iter().find_map(|&depth| self.goes_back(depth)) {
            self.watch_branch(self.kept_in_loop(index));
        }
        self.store_operands();
        // Once for all labels, so that what is between the table and them need not stay a block.
        self.settle_fuel();
        // Each label is reached over a block of its own, so that the table repeats nothing of what goes to it.
        let mut landings = HashMap::new();
        let mut order = Vec::new();
        let mut target = |this: &mut Self, depth: u32| {
            let (label, carried, height) = this.branch(depth);
            let landing = *landings.entry(label).or_insert_with(|| {
                let landing = this.next_block();
                order.push((landing, label, carried, height));
                landing
            });
            BlockCall::new(landing, [], &mut this.builder.func.dfg.value_lists)
        };
        let mut targets: Vec<_> = depths.into_iter().map(|depth| target(self, depth)).collect();
        let default = targets.pop().expect("the default is among them");
        let table = self.builder.create_jump_table(JumpTableData::new(default, &targets));
        self.builder.ins().br_table(index, table);
        self.reachable = false;
        for (landing, label, carried, height) in order {
            if self.passed > self.max_passed {
                return Ok(());
            }
            self.builder.switch_to_block(landing);
            self.jump(label, carried, height);
        }
        Ok(())
    }

    /// Goes to a label with the topmost operands.
    pub(crate) fn jump(&mut self, label: Block, carried: BlockTypes<'_>, height: usize) {
        if let Form::Frame(_) = self.form {
            self.split_fuel();
            self.move_operands(carried.len(), height);
        }
        self.branch_to(label, carried, |this, arguments| this.builder.ins().jump(label, arguments));
    }

    /// A branch to a label, written by `branch`, with the topmost operands.
    pub(crate) fn branch_to(
        &mut self,
        label: Block,
        carried: BlockTypes<'_>,
        branch: impl FnOnce(&mut Self, &[BlockArg]) -> Inst,
    ) {
        let arguments = self.edge(label, carried);
        let from = self.current_block();
        let branch = branch(self, &arguments);
        if let Form::Ssa(ssa) = &mut self.form {
            ssa.edge(label, from, branch, self.position);
        }
    }

    /// The topmost operands as what an edge carries: nothing in the frame form.
    fn edge(&mut self, label: Block, carried: BlockTypes<'_>) -> Vec<BlockArg> {
        match self.form {
            Form::Ssa(_) => {
                let mut arguments: Vec<_> = self.top(carried.len()).into_iter().map(BlockArg::from).collect();
                arguments.extend(self.fuel_argument(label));
                arguments
            }
            Form::Frame(_) => Vec::new(),
        }
    }

    /// The label of a branch, what the branch carries, and to which height.
    fn branch(&mut self, depth: u32) -> (Block, BlockTypes<'a>, usize) {
        let last = self.control.len() - 1;
        let frame = &mut self.control[last - depth as usize];
        frame.branched = true;
        frame.look_due |= self.look_due;
        (frame.label, frame.carried, frame.height)
    }

    /// The number of the loop to whose start a branch goes back, if there it must be looked whether it may.
    fn goes_back(&self, depth: u32) -> Option<usize> {
        match self.control[self.control.len() - 1 - depth as usize].kind {
            FrameKind::Loop(index) if !self.scan.is_brief(index) => Some(index),
            _ => None,
        }
    }

    /// Whether a branch leaves a loop.
    fn leaves_loop(&self, depth: u32) -> bool {
        let left = self.control.len() - depth as usize;
        self.control[left..].iter().any(|frame| matches!(frame.kind, FrameKind::Loop(_)))
    }

    fn block_type(&self, ty: BlockType) -> Result<(BlockTypes<'a>, BlockTypes<'a>), CodegenError> {
        let none = BlockTypes::All(&[]);
        Ok(match ty {
            BlockType::Empty => (none, none),
            BlockType::Type(ty) => (none, BlockTypes::One(self.env.types.val_type(ty)?)),
            BlockType::FuncType(index) => {
                let ty = self.unit.signature(self.env.types.signature(index));
                (BlockTypes::All(&ty.params), BlockTypes::All(&ty.results))
            }
        })
    }
}
