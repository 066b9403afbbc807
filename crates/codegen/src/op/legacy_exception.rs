//! Exceptions as the legacy proposal had them: `try` with `catch` and `catch_all` clauses or a `delegate`, and `rethrow`.
//!
//! They use the same handlers and dispatches as [`exception`](super::exception): the dispatch is written where the first clause begins, and
//! the clauses are what it branches to. While a clause runs, the reference to what it caught is the first operand of its block, below
//! all that the clause itself sees.

use crate::error::CodegenError;
use crate::func::FuncTranslator;
use crate::metering::Fuel;
use crate::op::exception::Handler;
use cranelift_codegen::ir::{Block, Value};
use gusset_artifact::{BuiltinFunction, TagIndex};
use wasmparser::Operator;

/// What a `catch` clause may have caught.
#[derive(Clone, Copy)]
pub(crate) struct CaughtException {
    exception: Value,
    record: Value,
    /// Where it goes that the clauses so far do not catch; none behind `catch_all`.
    next: Option<Block>,
    /// As they are there.
    fuel: Option<Fuel>,
    look_due: bool,
}

/// What stands before a clause.
pub(crate) enum BeforeClause {
    /// The block, whose handler this was, above so many operands.
    Block(Handler, usize),
    /// Another clause; nothing if none could be reached.
    Clause(Option<CaughtException>),
}

impl FuncTranslator<'_, '_> {
    pub(crate) fn legacy_exception_operator(&mut self, operator: &Operator<'_>) -> Result<bool, CodegenError> {
        match *operator {
            Operator::Try { blockty } => {
                self.open_handler(Vec::new());
                self.try_block(blockty)?;
            }
            Operator::Catch { .. } | Operator::CatchAll | Operator::Delegate { .. } => self.clause(operator),
            Operator::Rethrow { relative_depth } => {
                let height = self.height_of(self.frame_of(relative_depth));
                let exception = self.operand(height);
                self.throw_by(BuiltinFunction::ThrowRef, &[exception]);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The next clause of a `try`, or its `delegate`, whether or not what stands before goes on to its end.
    pub(crate) fn clause(&mut self, operator: &Operator<'_>) {
        if let Operator::Delegate { relative_depth } = *operator {
            return self.delegate(relative_depth);
        }
        let caught = match self.begin_clause() {
            BeforeClause::Block(handler, height) => handler.is_reached().then(|| {
                let [exception, record] = self.begin_dispatch(&handler, height);
                if self.scan.rethrows() {
                    self.keep_exception(record);
                }
                (exception, record)
            }),
            BeforeClause::Clause(caught) => caught.and_then(|caught| {
                self.begin_next(&caught)?;
                Some((caught.exception, caught.record))
            }),
        };
        let Some((exception, record)) = caught else { return };
        self.reachable = true;
        let (fuel, look_due) = (self.fuel, self.look_due);
        self.push_exception_reference(exception);
        let next = match *operator {
            Operator::Catch { tag_index } => Some(self.catch_one(TagIndex::from_u32(tag_index), record)),
            _ => None,
        };
        self.open_clause(CaughtException { exception, record, next, fuel, look_due });
    }

    /// The end of the last clause: what none has caught goes on.
    pub(crate) fn throw_uncaught(&mut self, caught: CaughtException) {
        if self.begin_next(&caught).is_some() {
            self.throw_on(caught.exception, caught.record, self.handlers.len());
        }
    }

    /// Goes on with what the clauses so far do not catch, if there may be such.
    fn begin_next(&mut self, caught: &CaughtException) -> Option<()> {
        self.builder.switch_to_block(caught.next?);
        (self.fuel, self.look_due) = (caught.fuel, caught.look_due);
        Some(())
    }

    /// Ends a `try` whose exceptions are for those that this label is within.
    fn delegate(&mut self, depth: u32) {
        // It speaks of the labels around the `try`, which is still open.
        let within = self.handlers_within(self.frame_of(depth + 1));
        if let BeforeClause::Block(handler, height) = self.begin_clause()
            && handler.is_reached()
        {
            let [exception, record] = self.begin_dispatch(&handler, height);
            self.throw_on(exception, record, within);
        }
        self.end();
    }
}
