//! Which functions are translated in place of calls of them: small ones that do not loop, nor call themselves by way of others. It is decided
//! once for a unit, callees before their callers, so that a function which is made of small ones is small only with all of them.

use crate::known_tables;
use crate::module_env::{Body, UnitEnv};
use crate::optional_bodies::open_functions;
use crate::parallel::Helpers;
use gusset_artifact::{FuncIndex, ImportLink, ModuleIndex};
use std::collections::{HashMap, HashSet};
use wasmparser::{BinaryReader, FuncValidatorAllocations, FunctionBody, Operator, WasmFeatures};

/// Bytes of a body, at most: of a function of a guest, and of one that stands between components.
const MAX_BODY: usize = 80;
const MAX_GENERATED_BODY: usize = 1 << 10;

/// What makes code in it, in [operators](weight).
const MAX_WEIGHT: u32 = 24;
const MAX_GENERATED_WEIGHT: u32 = 200;

/// The same where a function of a guest calls one of its own module, with all that is inlined into that in turn: as much as a call takes itself, since
/// there are many such calls and each costs compile time.
const MAX_OWN_WEIGHT: u32 = 4;

/// The same with all that is inlined into it in turn; and how deep that may go.
const MAX_NESTED_WEIGHT: u32 = 200;
const MAX_DEPTH: u32 = 24;

/// Parameters, results and locals.
const MAX_INLINED_VALUES: u32 = 64;

/// Bytes of bodies of which one thread surveys as many while it would take to start another.
const BYTES_FOR_A_THREAD: usize = 64 << 10;

/// A function of a unit.
pub(crate) type UnitFunction = (ModuleIndex, FuncIndex);

/// The functions of a unit that are inlined.
#[derive(Default)]
pub(crate) struct InlinePlan {
    functions: HashMap<UnitFunction, InlinedBody>,
    /// Their bodies, one behind the other.
    code: Box<[u8]>,
}

/// A function that is inlined. It is valid.
pub(crate) struct InlinedBody {
    start: usize,
    len: usize,
    /// Where it stands in the input.
    offset: u64,
    features: WasmFeatures,
    /// Whether it calls no function.
    pub(crate) is_leaf: bool,
    /// Whether those that it calls are inlined along with it.
    pub(crate) nests: bool,
    /// Whether it is so small that functions of its own module inline it.
    pub(crate) is_tiny: bool,
    /// Whether whoever is linked with it inlines it: its own code is for others, which are few, and is not worth inlining into. So what is
    /// inlined in a chain of calls is translated in one place, not in each member of the chain.
    pub(crate) is_elsewhere: bool,
    /// Whether it needs no code of its own if all calls of it are inlined, which it seems they are.
    pub(crate) is_optional: bool,
    /// What its own code calls, if nothing is inlined into that.
    calls: Box<[UnitFunction]>,
}

/// What a body is like that may be inlined.
struct Survey {
    weight: u32,
    /// What it calls of the unit.
    calls: Vec<UnitFunction>,
    is_leaf: bool,
}

impl InlinePlan {
    /// The plan for a unit, whose bodies are in order, and may be known to be valid.
    pub(crate) fn of(env: &UnitEnv, bodies: &[Body<'_>], valid: bool, helpers: &Helpers) -> InlinePlan {
        let is_small = |body: &&Body<'_>| body.body.as_bytes().len() <= max_body(env, body.module);
        let small: Vec<&Body<'_>> = bodies.iter().filter(is_small).collect();
        let bytes: usize = small.iter().map(|body| body.body.as_bytes().len()).sum();
        let pieces: Vec<&[&Body<'_>]> = small.chunks(256).collect();
        let new = FuncValidatorAllocations::default;
        let surveys = helpers.map(pieces, bytes / BYTES_FOR_A_THREAD, new, |allocations, _, piece| {
            let survey = |body: &&Body<'_>| Survey::of(env, body).filter(|_| valid || is_valid(body, allocations));
            piece.iter().map(survey).collect::<Vec<_>>()
        });
        let surveyed = small.into_iter().zip(surveys.into_iter().flatten());
        let found: Vec<_> = surveyed.filter_map(|(body, survey)| Some((body, survey?))).collect();
        let nested = InlineNesting::of(&found);
        let is_linked = linked_functions(env);
        let called = found.iter().zip(&nested).filter(|(_, nesting)| nesting.is_some_and(|body| !body.nests));
        let is_called: HashSet<UnitFunction> =
            called.flat_map(|((_, survey), _)| survey.calls.iter().copied()).collect();
        let is_open = open_functions(env);
        let is_called_within = called_within(env, &found);
        let mut plan = InlinePlan::default();
        let mut code = Vec::new();
        for ((body, survey), nesting) in found.into_iter().zip(nested) {
            let Some(NestedBody { nests, weight, .. }) = nesting else { continue };
            let (bytes, offset) = (body.body.as_bytes(), body.body.range().start);
            let (start, len, features) = (code.len(), bytes.len(), body.validate.features);
            code.extend_from_slice(bytes);
            let function = (body.module, body.index);
            let (is_leaf, is_tiny) = (survey.is_leaf, weight <= MAX_OWN_WEIGHT);
            let is_elsewhere = is_linked.contains(&function) && !is_called.contains(&function);
            let is_optional = match is_open.contains(&function) {
                true => false,
                false if is_tiny || env.modules[body.module].generated => true,
                false => is_linked.contains(&function) && !is_called_within.contains(&function),
            };
            let calls = if is_elsewhere { survey.calls.into() } else { Box::default() };
            let inlined =
                InlinedBody { start, len, offset, features, is_leaf, nests, is_tiny, is_elsewhere, is_optional, calls };
            plan.functions.insert(function, inlined);
        }
        plan.code = code.into();
        plan
    }

    /// A function, if it is inlined.
    pub(crate) fn get(&self, function: UnitFunction) -> Option<&InlinedBody> {
        self.functions.get(&function)
    }

    /// What the code of a function calls, whatever becomes of other functions.
    pub(crate) fn surely_called_by(&self, function: UnitFunction) -> &[UnitFunction] {
        self.functions.get(&function).map_or(&[], |inlined| &inlined.calls)
    }

    /// The body of one that is.
    pub(crate) fn body(&self, inlined: &InlinedBody) -> FunctionBody<'_> {
        let bytes = &self.code[inlined.start..][..inlined.len];
        let mut reader = BinaryReader::new(bytes, inlined.offset);
        reader.set_features(inlined.features);
        FunctionBody::new(reader)
    }
}

impl InlinedBody {
    /// Bytes of the body.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// The functions that modules of the unit import.
fn linked_functions(env: &UnitEnv) -> HashSet<UnitFunction> {
    let links = env.modules.values().flat_map(|module| &module.links);
    let functions = links.filter_map(|link| match *link {
        ImportLink::Func { module, func } => Some((module, func)),
        _ => None,
    });
    functions.collect()
}

/// The functions that small ones of their own module call, which does not inline what is more than tiny.
fn called_within(env: &UnitEnv, found: &[(&Body<'_>, Survey)]) -> HashSet<UnitFunction> {
    let guests = found.iter().filter(|(body, _)| !env.modules[body.module].generated);
    let called = guests.flat_map(|(body, survey)| survey.calls.iter().filter(|callee| callee.0 == body.module));
    called.copied().collect()
}

fn max_body(env: &UnitEnv, module: ModuleIndex) -> usize {
    if env.modules[module].generated { MAX_GENERATED_BODY } else { MAX_BODY }
}

fn is_valid(body: &Body<'_>, allocations: &mut FuncValidatorAllocations) -> bool {
    let mut validator = body.validator(std::mem::take(allocations));
    let valid = validator.validate(&body.body).is_ok();
    if valid {
        *allocations = validator.into_allocations();
    }
    valid
}

impl Survey {
    /// `None` when it cannot be inlined.
    fn of(env: &UnitEnv, body: &Body<'_>) -> Option<Survey> {
        let module = &env.modules[body.module];
        let ty = env.signature(module.module.functions.at(body.index));
        let mut values = (ty.params.len() + ty.results.len()) as u32;
        for local in body.body.get_locals_reader().ok()? {
            values = values.saturating_add(local.ok()?.0);
        }
        let max_weight = if module.generated { MAX_GENERATED_WEIGHT } else { MAX_WEIGHT };
        let mut survey = Survey { weight: 0, calls: Vec::new(), is_leaf: true };
        for operator in body.body.get_operators_reader().ok()? {
            survey.weight += survey.take(env, body.module, &operator.ok()?)?;
        }
        (values <= MAX_INLINED_VALUES && survey.weight <= max_weight).then_some(survey)
    }

    /// The weight of an operator; `None` if what has it cannot be inlined.
    fn take(&mut self, env: &UnitEnv, module: ModuleIndex, operator: &Operator<'_>) -> Option<u32> {
        match *operator {
            // Those stay in the frame that they are in, or leave it by a way of their own.
            Operator::ReturnCall { .. } | Operator::ReturnCallIndirect { .. } | Operator::ReturnCallRef { .. } => None,
            Operator::TryTable { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Try { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Delegate { .. }
            | Operator::Rethrow { .. } => None,
            // What loops is not done the sooner for it.
            Operator::Loop { .. } => None,
            Operator::Call { function_index } => {
                let env = &env.modules[module];
                let func = FuncIndex::from_u32(function_index);
                self.is_leaf &= env.transcoder(func).is_some();
                self.calls.extend(known_tables::defined(env, module, func));
                Some(CALL_WEIGHT)
            }
            Operator::CallIndirect { .. } | Operator::CallRef { .. } => {
                self.is_leaf = false;
                Some(2 * CALL_WEIGHT)
            }
            Operator::BrTable { ref targets } => Some(CALL_WEIGHT.saturating_add(targets.len())),
            Operator::LocalGet { .. }
            | Operator::LocalSet { .. }
            | Operator::LocalTee { .. }
            | Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::Nop
            | Operator::Drop
            | Operator::Block { .. }
            | Operator::Else
            | Operator::End
            | Operator::Return
            | Operator::Unreachable => Some(0),
            ref operator if crate::scan::is_long(operator) => Some(CALL_WEIGHT),
            _ => Some(1),
        }
    }
}

/// What a call weighs, in operators that take one instruction.
const CALL_WEIGHT: u32 = 4;

/// Which of the functions that were found are inlined, and whether with what they call: by strongly connected components of their calls, which are
/// found callees first.
struct InlineNesting<'a> {
    surveys: Vec<&'a Survey>,
    numbers: HashMap<UnitFunction, usize>,
    /// For each: when it was come to, from 1 on, and the earliest that it leads back to.
    order: Vec<(u32, u32)>,
    /// Those that are in no component yet.
    open: Vec<usize>,
    is_open: Vec<bool>,
    /// For each that is inlined.
    result: Vec<Option<NestedBody>>,
}

/// A function that is inlined.
#[derive(Clone, Copy)]
struct NestedBody {
    /// Whether it is with what it calls.
    nests: bool,
    /// What it weighs with all that is inlined into it, and how deep that goes.
    weight: u32,
    depth: u32,
}

impl<'a> InlineNesting<'a> {
    fn of(found: &'a [(&Body<'_>, Survey)]) -> Vec<Option<NestedBody>> {
        let numbers = found.iter().enumerate().map(|(at, (body, _))| ((body.module, body.index), at));
        let mut nesting = InlineNesting {
            surveys: found.iter().map(|(_, survey)| survey).collect(),
            numbers: numbers.collect(),
            order: vec![(0, 0); found.len()],
            open: Vec::new(),
            is_open: vec![false; found.len()],
            result: vec![None; found.len()],
        };
        let mut next = 1;
        for at in 0..found.len() {
            if nesting.order[at].0 == 0 {
                nesting.visit(at, &mut next);
            }
        }
        nesting.result
    }

    /// Tarjan's walk, with a stack of its own.
    fn visit(&mut self, from: usize, next: &mut u32) {
        let mut path: Vec<(usize, usize)> = Vec::new();
        self.begin(from, next);
        path.push((from, 0));
        while let Some(&mut (at, ref mut call)) = path.last_mut() {
            let target = self.surveys[at].calls.get(*call).map(|callee| self.numbers.get(callee).copied());
            *call += 1;
            match target {
                Some(Some(target)) if self.order[target].0 == 0 => {
                    self.begin(target, next);
                    path.push((target, 0));
                }
                Some(Some(target)) if self.is_open[target] => {
                    self.order[at].1 = self.order[at].1.min(self.order[target].0);
                }
                Some(_) => {}
                None => {
                    path.pop();
                    if let Some(&(caller, _)) = path.last() {
                        self.order[caller].1 = self.order[caller].1.min(self.order[at].1);
                    }
                    self.end(at);
                }
            }
        }
    }

    fn begin(&mut self, at: usize, next: &mut u32) {
        self.order[at] = (*next, *next);
        *next += 1;
        self.open.push(at);
        self.is_open[at] = true;
    }

    /// Closes the component that began with a function, if one did.
    fn end(&mut self, at: usize) {
        if self.order[at].0 != self.order[at].1 {
            return;
        }
        let first = self.open.iter().rposition(|&open| open == at).expect("it is open until its component is closed");
        let component = self.open.split_off(first);
        component.iter().for_each(|&member| self.is_open[member] = false);
        let calls_itself = || self.surveys[at].calls.iter().any(|callee| self.numbers.get(callee) == Some(&at));
        if component.len() == 1 && !calls_itself() {
            self.decide(at);
        }
    }

    /// What it calls has been decided.
    fn decide(&mut self, at: usize) {
        let survey = self.surveys[at];
        let inlined = survey.calls.iter().filter_map(|callee| self.result[*self.numbers.get(callee)?]);
        let (mut weight, mut depth) = (survey.weight, 1);
        for callee in inlined {
            // The call itself is gone.
            weight = weight.saturating_add(callee.weight).saturating_sub(CALL_WEIGHT);
            depth = depth.max(1 + callee.depth);
        }
        let nests = weight <= MAX_NESTED_WEIGHT && depth <= MAX_DEPTH;
        let (weight, depth) = if nests { (weight, depth) } else { (survey.weight, 1) };
        self.result[at] = Some(NestedBody { nests, weight, depth });
    }
}
