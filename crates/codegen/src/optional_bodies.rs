//! Which functions have code of their own. A function that nothing can reach but by calls that are inlined has none: it was translated where
//! it is called. What is inlined is known for sure once the callers are translated, so such functions come last, and those of them that
//! somebody calls after all.

use crate::compiled::CompiledFunction;
use crate::inline_plan::{InlinePlan, UnitFunction};
use crate::key::CodeKey;
use crate::known_tables;
use crate::module_env::{Body, ModuleEnv, UnitEnv};
use gusset_artifact::ModuleIndex;
use std::collections::{HashMap, HashSet};

/// The bodies of a unit that may never be compiled. They are valid.
pub(crate) struct OptionalBodies<'a, 'b> {
    plan: Option<&'a InlinePlan>,
    waiting: HashMap<UnitFunction, (usize, Body<'b>)>,
    /// Functions of which a call has been inlined.
    inlined: HashSet<UnitFunction>,
}

/// The functions of a unit that something may call otherwise than by their index.
pub(crate) fn open_functions(env: &UnitEnv) -> HashSet<UnitFunction> {
    let open = |(module, env): (ModuleIndex, &ModuleEnv)| {
        env.open.iter().filter_map(|&func| known_tables::defined(env, module, func)).collect::<Vec<_>>()
    };
    env.modules.iter().flat_map(open).collect()
}

impl<'a, 'b> OptionalBodies<'a, 'b> {
    /// Takes out of the bodies of a unit, which have their numbers, what may not be needed.
    pub(crate) fn of(env: &'a UnitEnv, bodies: &mut Vec<(usize, Body<'b>)>) -> OptionalBodies<'a, 'b> {
        let plan = env.inlining.as_deref();
        let mut optional = OptionalBodies { plan, waiting: HashMap::new(), inlined: HashSet::new() };
        let Some(plan) = plan else { return optional };
        let function = |body: &Body<'_>| (body.module, body.index);
        let waits = |body: &Body<'_>| plan.get(function(body)).is_some_and(|inlined| inlined.is_optional);
        let waiting = bodies.extract_if(.., |(_, body)| waits(body));
        optional.waiting = waiting.map(|(at, body)| (function(&body), (at, body))).collect();
        let called: Vec<UnitFunction> =
            bodies.iter().flat_map(|(_, body)| plan.surely_called_by(function(body))).copied().collect();
        optional.take(called, bodies);
        optional
    }

    /// What has to be compiled beside functions that have been.
    pub(crate) fn needed_by<'f>(
        &mut self,
        functions: impl Iterator<Item = &'f CompiledFunction>,
    ) -> Vec<(usize, Body<'b>)> {
        let (mut needed, mut called) = (Vec::new(), Vec::new());
        if self.waiting.is_empty() {
            return needed;
        }
        for function in functions {
            called.extend(function.relocations.iter().filter_map(|relocation| match relocation.target {
                CodeKey::Function(module, func) => Some((module, func)),
                _ => None,
            }));
            self.inlined.extend(function.inlined_calls.iter().map(|call| call.callee));
        }
        self.take(called, &mut needed);
        if needed.is_empty() {
            // What nobody calls has not been translated anywhere: it is, so that what cannot be compiled is an error wherever it stands.
            let idle = self.waiting.keys().filter(|function| !self.inlined.contains(*function)).copied().collect();
            self.take(idle, &mut needed);
        }
        needed
    }

    /// Moves what waits to what is needed: these functions, and what they call for sure.
    fn take(&mut self, mut functions: Vec<UnitFunction>, needed: &mut Vec<(usize, Body<'b>)>) {
        while let Some(function) = functions.pop() {
            let Some(body) = self.waiting.remove(&function) else { continue };
            needed.push(body);
            functions.extend(self.plan.into_iter().flat_map(|plan| plan.surely_called_by(function)));
        }
    }

    /// What was not needed.
    pub(crate) fn left(self) -> impl Iterator<Item = Body<'b>> {
        self.waiting.into_values().map(|(_, body)| body)
    }
}
