//! Adapters: recorded when a function that a component lifts is lowered, and made when somebody needs one of them.
//!
//! What an adapter refers to (the lifted core function, memories, allocators) is part of the plan when the adapter is
//! recorded, so nothing recorded depends on what comes later, and whenever one adapter is needed, all that are recorded
//! can be made, as one module; as several only where one cannot have that many memories. If an adapter's callee is itself
//! an adapter, lifting it has needed it: it stands in an earlier module. An adapter that nobody ever needs is never made.
//!
//! Nothing is decided here about the plan: `flatten/adapters.rs` puts the modules into it.

use crate::error::TranslateError;
use crate::link::LinkedImport;
use gusset_fact::FunctionSpec;
use gusset_types::{Arena, ArenaIndex, CoreDefIndex};
use std::collections::HashSet;

/// How many memories of guests one module may have: one less than the limit of WebAssembly's implementations, since the state
/// memory is one, too.
const MAX_MODULE_MEMORIES: usize = 99;
/// Most modules of adapters. An adapter that another adapter calls stands in an earlier module, so a chain of them is as many
/// modules, each with its own imports, code and instance.
const MAX_ADAPTER_MODULES: usize = 10_000;
/// Most bytes of code and of trap sites in all of them. The code is a few seconds' work for the code generator; sites are counted
/// since cases that share code have a site each.
const MAX_ADAPTER_CODE: usize = 8 << 20;
/// Most nodes in the types of all adapters, written out: it bounds what is generated before its size is known.
const MAX_ADAPTER_NODES: usize = 1_000_000;

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
    pending: Vec<(AdapterIndex, FunctionSpec)>,
    modules: Vec<MadeModule>,
    nodes: usize,
    size: usize,
}

/// A module of adapters.
pub(crate) struct MadeModule {
    pub(crate) wasm: Vec<u8>,
    pub(crate) imports: Vec<LinkedImport>,
}

impl Adapters {
    /// Counts the nodes of the types of an adapter that is to be recorded.
    pub(crate) fn spend(&mut self, nodes: usize) -> Result<(), TranslateError> {
        self.nodes = self.nodes.saturating_add(nodes);
        match self.nodes > MAX_ADAPTER_NODES {
            true => Err(TranslateError::limit("types in calls between components", MAX_ADAPTER_NODES)),
            false => Ok(()),
        }
    }

    /// Records an adapter.
    pub(crate) fn record(&mut self, spec: FunctionSpec) -> AdapterIndex {
        let adapter = self.made.push(None);
        self.pending.push((adapter, spec));
        adapter
    }

    /// What stands for an adapter in the plan, if it is made.
    pub(crate) fn made(&self, adapter: AdapterIndex) -> Option<CoreDefIndex> {
        self.made[adapter]
    }

    /// Takes all recorded adapters, in sets that can be a module each: one, unless they use more memories than a module may
    /// have.
    pub(crate) fn take_pending(&mut self) -> Vec<Vec<(AdapterIndex, FunctionSpec)>> {
        let mut sets = vec![Vec::new()];
        let mut memories = HashSet::new();
        for recorded in std::mem::take(&mut self.pending) {
            let own: Vec<_> = match &recorded.1 {
                FunctionSpec::Call(spec) => {
                    [&spec.lower, &spec.lift].into_iter().filter_map(|side| side.memory).collect()
                }
                FunctionSpec::Builtin(_) => Vec::new(),
            };
            let new = own.iter().filter(|memory| !memories.contains(*memory)).count();
            if memories.len() + new > MAX_MODULE_MEMORIES {
                sets.push(Vec::new());
                memories.clear();
            }
            memories.extend(own);
            sets.last_mut().expect("there is at least one set").push(recorded);
        }
        sets
    }

    /// Adds a module of `size` bytes of code and trap sites, in which each of `adapters` stands for its core definition.
    pub(crate) fn add_module(
        &mut self,
        module: MadeModule,
        size: usize,
        adapters: impl IntoIterator<Item = (AdapterIndex, CoreDefIndex)>,
    ) -> Result<(), TranslateError> {
        if self.modules.len() == MAX_ADAPTER_MODULES {
            return Err(TranslateError::limit("modules of adapters", MAX_ADAPTER_MODULES));
        }
        self.size = self.size.saturating_add(size);
        if self.size > MAX_ADAPTER_CODE {
            return Err(TranslateError::limit("bytes of code and trap sites in adapters", MAX_ADAPTER_CODE));
        }
        self.modules.push(module);
        for (adapter, def) in adapters {
            self.made[adapter] = Some(def);
        }
        Ok(())
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
