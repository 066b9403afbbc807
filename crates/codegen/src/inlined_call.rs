//! A call whose callee is translated in its place, as a block with locals of its own.

use crate::error::CodegenError;
use crate::func::{Form, FuncTranslator};
use crate::inline_plan::{InlinePlan, InlinedBody, UnitFunction};
use crate::joint_contexts::ContextAt;
use crate::locals::LocalTypes;
use crate::module_env::{ModuleEnv, UnitEnv};
use crate::op::{BlockTypes, ControlFrame};
use crate::scan::BodyScan;
use gusset_artifact::{ModuleIndex, SignatureIndex};
use wasmparser::OperatorsReader;

/// Bytes of bodies that may be inlined into one function: as many as it has itself, and a fair share of the first constant, between the others.
const UNIT_ALLOWANCE: usize = 4 << 20;
const LEAST_ALLOWANCE: usize = 1 << 8;
const MOST_ALLOWANCE: usize = 8 << 10;

/// What may still be inlined into the function that is translated.
pub(crate) struct Inlining<'a> {
    plan: Option<&'a InlinePlan>,
    /// Bytes of bodies.
    left: usize,
    /// How many of the bodies that are translated are inlined.
    depth: usize,
    /// Whether the body at hand is inlined with what it calls.
    nests: bool,
    /// Whether it has become too much.
    abandoned: bool,
}

impl<'a> Inlining<'a> {
    /// For a function whose body has so many bytes.
    pub(crate) fn of(unit: &'a UnitEnv, inlines: bool, function: UnitFunction, body_len: usize) -> Inlining<'a> {
        let allowance = (UNIT_ALLOWANCE / unit.functions.max(1)).clamp(LEAST_ALLOWANCE, MOST_ALLOWANCE);
        let is_elsewhere = |plan: &InlinePlan| plan.get(function).is_some_and(|body| body.is_elsewhere);
        let plan = unit.inlining.as_deref().filter(|plan| inlines && !is_elsewhere(plan));
        Inlining { plan, left: allowance + body_len, depth: 0, nests: true, abandoned: false }
    }

    /// Whether the body at hand is inlined.
    pub(crate) fn is_inlined(&self) -> bool {
        self.depth > 0
    }

    /// Whether the function must be translated anew, without any of this.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned
    }
}

/// What belongs to the body that is translated, and not to the whole function: kept while another one stands in its place.
struct CallerBody<'a> {
    env: &'a ModuleEnv,
    module: ModuleIndex,
    context: ContextAt,
    form: Form,
    scan: BodyScan,
    position: u32,
    loops: usize,
    control: Vec<ControlFrame<'a>>,
    nests: bool,
}

impl<'a> FuncTranslator<'a, '_> {
    /// A function of the unit, if calls of it are inlined here.
    pub(crate) fn inlinable(&self, function: UnitFunction) -> Option<(UnitFunction, &'a InlinedBody)> {
        let plan = self.inlining.plan.filter(|_| self.inlining.nests && !self.inlining.abandoned)?;
        let body = plan.get(function)?;
        let within_module = function.0 == self.module && !self.env.generated;
        // What is thrown in it would have to find the handlers of this function.
        let fits = body.len() <= self.inlining.left
            && (body.is_leaf || self.handlers.is_empty())
            && (body.is_tiny || !within_module);
        (fits && matches!(self.form, Form::Ssa(_))).then_some((function, body))
    }

    /// Calls a function with the topmost operands, and pushes its results: by its body, here.
    pub(crate) fn inline_call(
        &mut self,
        (function, inlined): (UnitFunction, &'a InlinedBody),
        context: ContextAt,
        signature: SignatureIndex,
    ) -> Result<(), CodegenError> {
        let Some(plan) = self.inlining.plan else { return Err(CodegenError::internal("nothing is inlined")) };
        let unit = self.unit;
        let ty = unit.signature(signature);
        let arguments = self.top(ty.params.len());
        self.truncate(self.stack.len() - ty.params.len());
        self.inlining.left -= inlined.len();
        let (from, place) = (self.current_block(), self.places.enter(function));

        let env = &unit.modules[function.0];
        let body = plan.body(inlined);
        let mut reader = body.get_binary_reader();
        let locals = LocalTypes::read_valid(&ty.params, &env.types, &mut reader)?;
        let mut scan = self.buffers.scans.pop().unwrap_or_default();
        let allocations = self.buffers.operators.pop().unwrap_or_default();
        let allocations = scan.run(reader.clone(), locals.len(), allocations);
        let ssa = self.buffers.ssa(self.max_passed);
        let caller = self.enter_body(CallerBody {
            env,
            module: function.0,
            context,
            form: Form::Ssa(ssa),
            scan,
            position: 0,
            loops: 0,
            control: Vec::new(),
            nests: inlined.nests,
        });
        self.inlining.depth += 1;
        let start = self.places.next(reader.original_position());
        self.builder.set_srcloc(start);
        self.declare_locals(&locals, &arguments);
        if self.watches() {
            self.watch_entry(inlined.len());
        }
        self.push_function_frame(BlockTypes::All(&ty.results));
        let mut operators = OperatorsReader::new_with_allocs(reader, allocations);
        while !operators.eof() && !self.inlining.abandoned {
            let (operator, offset) = operators.read_with_offset()?;
            let place = self.places.next(offset);
            self.builder.set_srcloc(place);
            self.operator(&operator).map_err(|error| error.at(offset))?;
            self.position += 1;
            self.open_loops.count_operator();
            self.inlining.abandoned |= self.wants_frame() || self.check_limits().is_err();
        }
        self.buffers.operators.push(operators.into_allocations());
        self.inlining.depth -= 1;
        let CallerBody { form, scan, .. } = self.enter_body(caller);
        if let Form::Ssa(ssa) = form {
            self.passed += ssa.work();
            self.references.extend_from_slice(ssa.references());
            self.buffers.ssas.push(*ssa);
        }
        self.buffers.scans.push(scan);
        let place = self.places.leave(place);
        self.builder.set_srcloc(place);
        if self.reachable {
            self.continue_after(from);
        }
        // A call that is made has been looked at before.
        self.look_due = false;
        Ok(())
    }

    /// Puts another body in the place of the one at hand, which is returned.
    fn enter_body(&mut self, body: CallerBody<'a>) -> CallerBody<'a> {
        CallerBody {
            env: std::mem::replace(&mut self.env, body.env),
            module: std::mem::replace(&mut self.module, body.module),
            context: std::mem::replace(&mut self.context, body.context),
            form: std::mem::replace(&mut self.form, body.form),
            scan: std::mem::replace(&mut self.scan, body.scan),
            position: std::mem::replace(&mut self.position, body.position),
            loops: std::mem::replace(&mut self.loops, body.loops),
            control: std::mem::replace(&mut self.control, body.control),
            nests: std::mem::replace(&mut self.inlining.nests, body.nests),
        }
    }

    /// The body of the caller goes on in the block at hand, which only `from` leads to as far as its own values are concerned.
    fn continue_after(&mut self, from: cranelift_codegen::ir::Block) {
        let (block, position) = (self.current_block(), self.position);
        if let Form::Ssa(ssa) = &mut self.form
            && block != from
        {
            ssa.single(block, from, position);
        }
    }
}
