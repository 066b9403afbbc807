//! Adapters: recorded when a function that a component lifts is lowered, and made when somebody needs one of them.
//!
//! What an adapter refers to (the lifted core function, memories, allocators) is part of the plan when the adapter is
//! recorded, so nothing recorded depends on what comes later, and whenever one adapter is needed, all that are recorded
//! can be made, as one module (more only where a module cannot have that many memories). If an adapter's callee is itself an adapter, lifting it has needed it: it stands in an
//! earlier module. An adapter that nobody ever needs is never made.

use crate::error::TranslateError;
use crate::flatten::{self, Flattener};
use crate::scope::CoreItem;
use gusset_artifact::{AdapterModuleInfo, CoreDef, EntityIndex, FuncIndex, Step, Trampoline};
use gusset_fact::{AdapterImport, AdapterSpec};
use gusset_types::{Arena, ArenaIndex, CoreDefIndex};
use std::collections::HashSet;

/// How many memories one module may have: the limit of WebAssembly's implementations.
const MAX_MODULE_MEMORIES: usize = 100;

/// A recorded adapter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AdapterIndex(u32);

impl ArenaIndex for AdapterIndex {
    fn from_usize(index: usize) -> Self {
        AdapterIndex(u32::try_from(index).expect("the limit on steps is far below 2^32"))
    }
    fn as_usize(self) -> usize {
        self.0 as usize
    }
}

/// All adapters, and the modules made of them.
#[derive(Default)]
pub(crate) struct Adapters {
    /// What stands for each adapter in the plan, once it is made.
    made: Arena<AdapterIndex, Option<CoreDefIndex>>,
    pending: Vec<(AdapterIndex, AdapterSpec)>,
    modules: Vec<MadeModule>,
    weight: usize,
}

/// A module of adapters.
pub(crate) struct MadeModule {
    pub(crate) wasm: Vec<u8>,
    /// Which of its imports are functions, in order.
    pub(crate) imported_functions: Vec<bool>,
}

impl Adapters {
    /// Records an adapter.
    pub(crate) fn record(&mut self, spec: AdapterSpec) -> AdapterIndex {
        let adapter = self.made.push(None);
        self.pending.push((adapter, spec));
        adapter
    }

    /// Adds to the weight of all adapters, and returns it.
    pub(crate) fn weigh(&mut self, weight: usize) -> usize {
        self.weight = self.weight.saturating_add(weight);
        self.weight
    }

    /// The modules made so far, in order.
    pub(crate) fn modules(&self) -> &[MadeModule] {
        &self.modules
    }

    /// The modules, in order.
    pub(crate) fn into_modules(self) -> Vec<MadeModule> {
        self.modules
    }
}

impl Flattener<'_, '_> {
    /// What stands for `item` in the plan. If it is an adapter that has not been made, it is made now, with all others
    /// that are recorded.
    pub(crate) fn require(&mut self, item: CoreItem) -> Result<CoreDefIndex, TranslateError> {
        let adapter = match item {
            CoreItem::Def(def) => return Ok(def),
            CoreItem::Adapter(adapter) => adapter,
        };
        if self.adapters.made[adapter].is_none() {
            self.make_adapters()?;
        }
        Ok(self.adapters.made[adapter].expect("every adapter that was recorded has been made"))
    }

    /// Makes modules of all recorded adapters: one, unless they use more memories than a module may have.
    fn make_adapters(&mut self) -> Result<(), TranslateError> {
        let mut module = Vec::new();
        let mut memories = HashSet::new();
        for recorded in std::mem::take(&mut self.adapters.pending) {
            let own: Vec<_> =
                [&recorded.1.lower, &recorded.1.lift].into_iter().filter_map(|side| side.memory).collect();
            let new = own.iter().filter(|memory| !memories.contains(*memory)).count();
            if memories.len() + new > MAX_MODULE_MEMORIES {
                self.make_adapter_module(std::mem::take(&mut module))?;
                memories.clear();
            }
            memories.extend(own);
            module.push(recorded);
        }
        self.make_adapter_module(module)
    }

    /// Makes one module of `recorded` adapters, and the steps that instantiate it.
    fn make_adapter_module(&mut self, recorded: Vec<(AdapterIndex, AdapterSpec)>) -> Result<(), TranslateError> {
        let (adapters, specs): (Vec<_>, Vec<_>) = recorded.into_iter().unzip();
        let made = gusset_fact::compile(&self.plan.types, &specs);
        assert_eq!(made.functions.len(), specs.len(), "each adapter has its functions");
        let module = flatten::adapter_module(self.parsed, self.adapters.modules.len());
        let info = AdapterModuleInfo {
            module,
            adapters: specs.into_iter().map(|spec| spec.name).collect(),
            sites: made.sites,
        };
        let info = self.plan.adapter_modules.push(info);
        let mut imports = Vec::with_capacity(made.imports.len());
        let mut imported_functions = Vec::with_capacity(made.imports.len());
        for import in made.imports {
            imported_functions.push(!matches!(import, AdapterImport::Memory(_) | AdapterImport::Flags(_)));
            imports.push(match import {
                AdapterImport::Func(def) | AdapterImport::Memory(def) => def,
                AdapterImport::Flags(instance) => self.core_def(CoreDef::InstanceFlags(instance)),
                AdapterImport::Transcoder { op, src, src_width, dst, dst_width } => {
                    self.trampoline(Trampoline::Transcoder { op, src, src_width, dst, dst_width })
                }
                AdapterImport::Trap { indices } => self.trampoline(Trampoline::AdapterTrap { module: info, indices }),
            });
        }
        let instance = self.instantiate_module(module, imports)?;
        for (adapter, functions) in adapters.into_iter().zip(made.functions) {
            let item = EntityIndex::Func(FuncIndex::from_u32(functions.call));
            self.adapters.made[adapter] = Some(self.core_def(CoreDef::Export { instance, item }));
        }
        self.adapters.modules.push(MadeModule { wasm: made.wasm, imported_functions });
        Ok(())
    }

    /// A trampoline, with the step that defines it.
    pub(crate) fn trampoline(&mut self, trampoline: Trampoline) -> CoreDefIndex {
        let trampoline = self.plan.trampolines.push(trampoline);
        self.plan.steps.push(Step::DefineTrampoline(trampoline));
        self.core_def(CoreDef::Trampoline(trampoline))
    }
}
