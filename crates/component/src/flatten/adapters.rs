//! Adapters on their way into the plan: when one of the recorded adapters is needed, all are made.

use super::Flattener;
use crate::adapters::{AdapterIndex, MadeModule};
use crate::body::LinkedKind;
use crate::error::TranslateError;
use crate::link::LinkedImport;
use crate::scope::CoreItem;
use gusset_artifact::{
    AdapterModuleInfo, CoreDef, EntityIndex, FuncIndex, MemoryIndex, ModuleIndex, PlanModule, Step, Trampoline,
    TranscoderImport,
};
use gusset_fact::{AdapterImport, FunctionSpec};
use gusset_types::{ArenaIndex, CoreDefIndex, TrapSite};

impl Flattener<'_, '_> {
    /// What stands for `item` in the plan. If it is an adapter that has not been made, it is made now, with all others
    /// that are recorded.
    pub(super) fn require(&mut self, item: CoreItem) -> Result<CoreDefIndex, TranslateError> {
        let adapter = match item {
            CoreItem::Def(def) => return Ok(def),
            CoreItem::Adapter(adapter) => adapter,
        };
        if self.adapters.made(adapter).is_none() {
            for recorded in self.adapters.take_pending() {
                self.make_adapter_module(recorded)?;
            }
        }
        Ok(self.adapters.made(adapter).expect("every adapter that was recorded has been made"))
    }

    /// Makes one module of `recorded` adapters, and the steps that instantiate it.
    fn make_adapter_module(&mut self, recorded: Vec<(AdapterIndex, FunctionSpec)>) -> Result<(), TranslateError> {
        let (adapters, specs): (Vec<_>, Vec<_>) = recorded.into_iter().unzip();
        let made = gusset_fact::compile(&self.plan.types, &self.plan.resources, &specs);
        assert_eq!(made.functions.len(), specs.len(), "each adapter has its functions");
        // The modules of adapters follow those of the input.
        let module = ModuleIndex::from_usize(self.parsed.modules.len() + self.adapters.modules().len());
        let size = made.code_size + made.sites.iter().map(site_size).sum::<usize>();
        let info = AdapterModuleInfo {
            module,
            adapters: specs.iter().map(|spec| spec.name().clone()).collect(),
            types: specs.iter().map(FunctionSpec::lower_type).collect(),
            sites: made.sites,
        };
        let info = self.plan.adapter_modules.push(info);
        let mut imports = Vec::with_capacity(made.imports.len());
        let linked = made.imports.iter().map(linked_import).collect();
        for import in made.imports {
            imports.push(match import {
                AdapterImport::Func(def) | AdapterImport::Memory(def) => def,
                AdapterImport::State => {
                    self.plan.uses_state = true;
                    self.core_def(CoreDef::State)
                }
                AdapterImport::CalleeState => unreachable!("a component's adapters are of one root instance"),
                AdapterImport::Fuel => self.core_def(CoreDef::Fuel),
                AdapterImport::ResourceType(resource) => self.core_def(CoreDef::ResourceType(resource)),
                AdapterImport::Transcoder { .. } => continue,
                AdapterImport::Trap { indices } => self.trampoline(Trampoline::AdapterTrap { module: info, indices }),
            });
        }
        let instance = self.instantiate_module(PlanModule::Unit(module), imports)?;
        let defs = made.functions.into_iter().map(|functions| {
            let item = EntityIndex::Func(FuncIndex::from_u32(functions.call));
            self.core_def(CoreDef::Export { instance, item })
        });
        let made_adapters: Vec<_> = adapters.into_iter().zip(defs).collect();
        self.adapters.add_module(MadeModule { wasm: made.wasm, imports: linked }, size, made_adapters)
    }

    /// A trampoline, with the step that defines it.
    pub(super) fn trampoline(&mut self, trampoline: Trampoline) -> CoreDefIndex {
        let trampoline = self.plan.trampolines.push(trampoline);
        self.plan.steps.push(Step::DefineTrampoline(trampoline));
        self.core_def(CoreDef::Trampoline(trampoline))
    }
}

/// What a trap site takes in memory.
fn site_size(site: &TrapSite) -> usize {
    size_of::<TrapSite>() + site.path.len()
}

/// What an import of an adapter module is to those who link modules.
fn linked_import(import: &AdapterImport) -> LinkedImport {
    match *import {
        AdapterImport::Func(_) | AdapterImport::Trap { .. } => LinkedImport::Given(LinkedKind::Func),
        AdapterImport::Transcoder { op, src, dst } => {
            let [src, dst] = [src, dst].map(MemoryIndex::from_u32);
            LinkedImport::Transcoder(TranscoderImport { op, src, dst })
        }
        AdapterImport::Memory(_)
        | AdapterImport::State
        | AdapterImport::CalleeState
        | AdapterImport::Fuel
        | AdapterImport::ResourceType(_) => LinkedImport::Given(LinkedKind::Other),
    }
}
