//! Structured control: blocks, branches, and what cannot be reached.
//!
//! A block's label is a block of the IR whose parameters are what a branch to it carries. Code behind an unconditional
//! branch is not translated; only the nesting is followed until code can be reached again.

use crate::bounds::trap;
use crate::convert;
use crate::error::CodegenError;
use crate::func::{FuncTranslator, MAX_TABLE_LABELS};
use crate::signature::{clif_type, needs_stack_map};
use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Value};
use gusset_artifact::{CoreFuncType, CoreValType};
use gusset_types::TrapCode;
use std::collections::HashMap;
use wasmparser::{BlockType, BrTable, Operator};

/// A block that is open.
pub(crate) struct ControlFrame {
    kind: FrameKind,
    /// Where a branch to it goes.
    label: Block,
    /// How many values a branch to it carries.
    arity: usize,
    /// How many values stand below its own on the operand stack.
    height: usize,
    /// How many values it leaves.
    results: usize,
    /// Whether anything branches to its end.
    branched: bool,
    /// Whether it counts as nesting.
    nests: bool,
}

enum FrameKind {
    Block,
    Loop,
    /// Until its `else`: where the other arm starts, and with what.
    If {
        otherwise: Block,
        params: Box<[Value]>,
    },
    /// It was opened where no code can be reached.
    Unreachable,
}

impl FuncTranslator<'_, '_> {
    pub(crate) fn control_operator(&mut self, operator: &Operator<'_>) -> Result<bool, CodegenError> {
        match *operator {
            Operator::Nop => {}
            Operator::Unreachable => {
                self.builder.ins().trap(trap(TrapCode::Unreachable));
                self.reachable = false;
            }
            Operator::Block { blockty } => self.block(blockty)?,
            Operator::Loop { blockty } => self.loop_(blockty)?,
            Operator::If { blockty } => self.if_(blockty)?,
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            Operator::Br { relative_depth } => {
                let (label, arguments) = self.branch(relative_depth);
                self.builder.ins().jump(label, &arguments);
                self.reachable = false;
            }
            Operator::BrIf { relative_depth } => self.br_if(relative_depth),
            Operator::BrTable { ref targets } => self.br_table(targets)?,
            Operator::Return => {
                let results = self.control[0].results;
                self.return_(results);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Follows the nesting of code that cannot be reached.
    pub(crate) fn unreachable_operator(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                let label = self.control[0].label;
                let kind = FrameKind::Unreachable;
                let height = self.stack.len();
                let (arity, results, branched, nests) = (0, 0, false, false);
                self.control.push(ControlFrame { kind, label, arity, height, results, branched, nests });
            }
            Operator::Else => self.else_(),
            Operator::End => self.end(),
            _ => {}
        }
    }

    /// Opens the outermost block, whose end returns.
    pub(crate) fn push_function_frame(&mut self, results: &[CoreValType]) {
        let label = self.label(results);
        let results = results.len();
        self.push_frame(FrameKind::Block, label, results, 0, results);
    }

    fn push_frame(&mut self, kind: FrameKind, label: Block, arity: usize, params: usize, results: usize) {
        let height = self.stack.len() - params;
        let nests = !matches!(kind, FrameKind::Block);
        self.nesting += usize::from(nests);
        self.control.push(ControlFrame { kind, label, arity, height, results, branched: false, nests });
    }

    /// A new block with parameters of these types.
    fn label(&mut self, types: &[CoreValType]) -> Block {
        self.bulk_values += types.len();
        let label = self.builder.create_block();
        for &ty in types {
            let value = self.builder.append_block_param(label, clif_type(ty));
            if needs_stack_map(ty) {
                self.builder.declare_value_needs_stack_map(value);
            }
        }
        label
    }

    fn block(&mut self, ty: BlockType) -> Result<(), CodegenError> {
        let CoreFuncType { params, results } = self.block_type(ty)?;
        let label = self.label(&results);
        self.push_frame(FrameKind::Block, label, results.len(), params.len(), results.len());
        Ok(())
    }

    fn loop_(&mut self, ty: BlockType) -> Result<(), CodegenError> {
        let CoreFuncType { params, results } = self.block_type(ty)?;
        let header = self.label(&params);
        let arguments = self.edge(params.len());
        self.builder.ins().jump(header, &arguments);
        self.stack.truncate(self.stack.len() - params.len());
        self.builder.switch_to_block(header);
        self.stack.extend_from_slice(self.builder.block_params(header));
        self.push_frame(FrameKind::Loop, header, params.len(), params.len(), results.len());
        Ok(())
    }

    fn if_(&mut self, ty: BlockType) -> Result<(), CodegenError> {
        let CoreFuncType { params, results } = self.block_type(ty)?;
        let condition = self.pop();
        let label = self.label(&results);
        let (then, otherwise) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(condition, then, [], otherwise, []);
        self.builder.switch_to_block(then);
        self.builder.seal_block(then);
        self.bulk_values += params.len();
        let kind = FrameKind::If { otherwise, params: self.top(params.len()).into() };
        self.push_frame(kind, label, results.len(), params.len(), results.len());
        Ok(())
    }

    fn else_(&mut self) {
        let frame = self.control.last_mut().expect("validated: a block is open");
        let FrameKind::If { otherwise, params } = std::mem::replace(&mut frame.kind, FrameKind::Block) else {
            frame.kind = FrameKind::Unreachable;
            return;
        };
        let (label, results, height) = (frame.label, frame.results, frame.height);
        frame.branched |= self.reachable;
        if self.reachable {
            let arguments = self.edge(results);
            self.builder.ins().jump(label, &arguments);
        }
        self.stack.truncate(height);
        self.stack.extend_from_slice(&params);
        self.builder.switch_to_block(otherwise);
        self.builder.seal_block(otherwise);
        self.reachable = true;
    }

    fn end(&mut self) {
        if matches!(self.control.last(), Some(ControlFrame { kind: FrameKind::If { .. }, .. })) {
            // Without an `else` the parameters are the results.
            self.else_();
        }
        let frame = self.control.pop().expect("validated: a block is open");
        self.nesting -= usize::from(frame.nests);
        match frame.kind {
            FrameKind::Unreachable => return,
            // The only way out of a loop is through its last instruction; branches go to its start.
            FrameKind::Loop => {
                self.builder.seal_block(frame.label);
                if !self.reachable {
                    self.stack.truncate(frame.height);
                }
            }
            FrameKind::Block | FrameKind::If { .. } if frame.branched => self.join(&frame),
            FrameKind::Block | FrameKind::If { .. } => {
                if !self.reachable {
                    self.stack.truncate(frame.height);
                }
            }
        }
        if self.control.is_empty() && self.reachable {
            self.return_(frame.results);
        }
    }

    /// Goes on at a label that something branches to.
    fn join(&mut self, frame: &ControlFrame) {
        if self.reachable {
            let arguments = self.edge(frame.results);
            self.builder.ins().jump(frame.label, &arguments);
        }
        self.stack.truncate(frame.height);
        self.builder.switch_to_block(frame.label);
        self.builder.seal_block(frame.label);
        self.stack.extend_from_slice(self.builder.block_params(frame.label));
        self.reachable = true;
    }

    fn return_(&mut self, results: usize) {
        let values = &self.stack[self.stack.len() - results..];
        self.builder.ins().return_(values);
        self.reachable = false;
    }

    fn br_if(&mut self, depth: u32) {
        let condition = self.pop();
        let (label, arguments) = self.branch(depth);
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, label, &arguments, next, []);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
    }

    fn br_table(&mut self, table: &BrTable<'_>) -> Result<(), CodegenError> {
        self.table_labels += table.len() as usize;
        if self.table_labels > MAX_TABLE_LABELS {
            // The limits are checked after each operator.
            self.reachable = false;
            return Ok(());
        }
        let index = self.pop();
        let arity = self.frame(table.default()).arity;
        // Where values are carried, each label is reached over a block of its own, so that the table repeats none of them.
        let mut landings = HashMap::new();
        let mut order = Vec::new();
        let mut target = |this: &mut Self, depth: u32| {
            this.frame(depth).branched = true;
            let label = this.frame(depth).label;
            let landing = match arity {
                0 => label,
                _ => *landings.entry(label).or_insert_with(|| {
                    let landing = this.builder.create_block();
                    order.push((label, landing));
                    landing
                }),
            };
            BlockCall::new(landing, [], &mut this.builder.func.dfg.value_lists)
        };
        let mut targets = Vec::new();
        for depth in table.targets() {
            targets.push(target(self, depth?));
        }
        let default = target(self, table.default());
        let table = self.builder.create_jump_table(JumpTableData::new(default, &targets));
        self.builder.ins().br_table(index, table);
        self.reachable = false;
        self.bulk_values = self.bulk_values.saturating_add(order.len() * arity);
        if self.bulk_values > self.max_bulk_values {
            return Ok(());
        }
        for (label, landing) in order {
            self.builder.switch_to_block(landing);
            self.builder.seal_block(landing);
            let arguments = block_args(self.top(arity));
            self.builder.ins().jump(label, &arguments);
        }
        Ok(())
    }

    /// The label of a branch, and what the branch carries.
    fn branch(&mut self, depth: u32) -> (Block, Vec<BlockArg>) {
        let frame = self.frame(depth);
        frame.branched = true;
        let (label, arity) = (frame.label, frame.arity);
        (label, self.edge(arity))
    }

    /// The topmost operands, as what an edge carries.
    fn edge(&mut self, count: usize) -> Vec<BlockArg> {
        self.bulk_values += count;
        block_args(self.top(count))
    }

    fn frame(&mut self, depth: u32) -> &mut ControlFrame {
        let last = self.control.len() - 1;
        &mut self.control[last - depth as usize]
    }

    fn block_type(&self, ty: BlockType) -> Result<CoreFuncType, CodegenError> {
        Ok(match ty {
            BlockType::Empty => CoreFuncType::default(),
            BlockType::Type(ty) => CoreFuncType { params: Box::default(), results: [convert::val_type(ty)?].into() },
            BlockType::FuncType(index) => self.unit.signature(self.env.types[index as usize]).clone(),
        })
    }
}

fn block_args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|&value| BlockArg::from(value)).collect()
}
