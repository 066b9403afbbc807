//! Contexts that stand in one piece of memory: those of modules that have one instance each, made with the unit, as far as links lead from
//! one of them to another. From where one stands the others stand at distances that are known, so that what a module imports from another one
//! is reached without a load. That has been made before; what has not is not reached by an import.

use crate::func::FuncTranslator;
use crate::module_env::{ModuleEnv, UnitEnv};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use gusset_artifact::{FuncIndex, ImportLink, MemoryIndex, ModuleIndex};
use gusset_types::Arena;
use std::collections::BTreeSet;

/// The most bytes that joint contexts have: what does not fit stands by itself. A pool's slots have more than that by default.
pub const MAX_JOINT_CONTEXTS: u32 = 256 << 10;

/// Contexts are aligned so.
const ALIGNMENT: u32 = 16;

/// Lays out the joint contexts of a unit. How many bytes they have.
pub(crate) fn lay_out(modules: &mut Arena<ModuleIndex, ModuleEnv>) -> u32 {
    let single = |module: ModuleIndex| modules.get(module).is_some_and(|env| env.single);
    let links = modules.iter().filter(|(_, env)| env.single).flat_map(|(importer, env)| {
        let definers = env.definers().filter(|&definer| single(definer));
        definers.flat_map(move |definer| [importer, definer])
    });
    let linked: BTreeSet<ModuleIndex> = links.collect();
    let mut end = 0u32;
    for (_, env) in modules.iter_mut().filter(|(module, _)| linked.contains(module)) {
        let next = end.saturating_add(env.layout.size()).next_multiple_of(ALIGNMENT);
        if next <= MAX_JOINT_CONTEXTS {
            env.joint = Some(end);
            end = next;
        }
    }
    end
}

impl ModuleEnv {
    /// The modules that define what it imports, as far as that is known, for each import that would be reached from its context.
    fn definers(&self) -> impl Iterator<Item = ModuleIndex> {
        let functions = self.links.iter().filter_map(|link| match *link {
            ImportLink::Func { module, .. } => Some(module),
            _ => None,
        });
        functions.chain(self.memory_links.iter().flatten().map(|&(module, _)| module))
    }
}

impl UnitEnv {
    /// How far the context of one module is behind that of another one, if both are joint.
    fn distance(&self, from: ModuleIndex, to: ModuleIndex) -> Option<i32> {
        let place = |module: ModuleIndex| self.modules[module].joint.map(|place| place as i32);
        Some(place(to)? - place(from)?)
    }

    /// Where a memory is, seen from the context of a module that knows it by this index: as for
    /// [`ContextLayout::memory`](gusset_artifact::ContextLayout::memory), but that the definition of another module may be at hand too.
    fn memory_place(&self, module: ModuleIndex, memory: MemoryIndex) -> Result<i32, i32> {
        let env = &self.modules[module];
        env.layout.memory(memory).or_else(|pointer| {
            let link = env.memory_links.get(memory.as_u32() as usize).copied().flatten();
            let place = link.and_then(|(definer, memory)| {
                Some(self.distance(module, definer)? + self.modules[definer].layout.memory(memory).ok()?)
            });
            place.ok_or(pointer)
        })
    }
}

/// The context of an instance: so many bytes behind another one.
#[derive(Clone, Copy)]
pub(crate) struct ContextAt {
    base: Value,
    distance: i32,
}

impl ContextAt {
    /// One whose address is at hand.
    pub(crate) fn value(base: Value) -> ContextAt {
        ContextAt { base, distance: 0 }
    }

    /// What stands at an offset in it.
    pub(crate) fn field(self, offset: i32) -> (Value, i32) {
        (self.base, self.distance + offset)
    }
}

impl FuncTranslator<'_, '_> {
    /// The address of a context.
    pub(crate) fn context_address(&mut self, context: ContextAt) -> Value {
        match context.distance {
            0 => context.base,
            distance => self.builder.ins().iadd_imm_s(context.base, i64::from(distance)),
        }
    }

    /// The address of the context of the body at hand.
    pub(crate) fn own_context(&mut self) -> Value {
        self.context_address(self.context)
    }

    /// Loads a field of the context of the body at hand.
    pub(crate) fn load_field(&mut self, ty: Type, flags: MemFlagsData, offset: i32) -> Value {
        let (base, offset) = self.context.field(offset);
        self.builder.ins().load(ty, flags, base, offset)
    }

    /// The context of an imported function, if it is a joint one. Its instance has been made before that of the body at hand.
    pub(crate) fn joint_context(&self, func: FuncIndex) -> Option<ContextAt> {
        let ImportLink::Func { module, .. } = *self.env.links.get(func.as_u32() as usize)? else { return None };
        let ContextAt { base, distance } = self.context;
        Some(ContextAt { base, distance: distance + self.unit.distance(self.module, module)? })
    }

    /// Where a memory of the body at hand is, seen from its context.
    pub(crate) fn memory_place(&self, memory: MemoryIndex) -> Result<i32, i32> {
        self.unit.memory_place(self.module, memory)
    }
}
