//! What is statically known of the imports of each module, once the plan is complete.
//!
//! An import is known if its module is instantiated once, by the plan only, and it is given a function, table or memory that another
//! module, instantiated once, defines. A module that the root exports can be instantiated by others, with anything. Of a table it must
//! also be known who else has it. What transcoders a module imports is known in any case: they are no definitions of the plan.
//!
//! What is known of an import is all that its function is called by; an exported function that anything else of the plan names is open.

use crate::adapters::Adapters;
use crate::body::{LinkedKind, Parsed};
use gusset_artifact::{
    CoreDef, CoreInstanceIndex, EntityIndex, ExternItem, FuncIndex, FuncSource, ImportLink, ModuleIndex, Plan,
    PlanModule, RootExport, Step, Trampoline, TranscoderImport,
};
use gusset_types::{Arena, ArenaIndex, CanonOptions, CoreDefIndex, ResourceType};
use std::collections::{BTreeSet, HashSet};

/// What is known of a module.
pub(crate) struct KnownModule {
    /// Of its imports, in order.
    pub(crate) imports: Vec<ImportLink>,
    /// The exported functions that others call than those whose links say so, in order; `None` if all are.
    pub(crate) open_exports: Option<Vec<FuncIndex>>,
    /// Whether there is one instance of it, and nobody but the plan makes any.
    pub(crate) single: bool,
}

/// What is known of all modules of the unit, in order.
pub(crate) fn known_modules(parsed: &Parsed<'_>, adapters: &Adapters, plan: &Plan) -> Vec<KnownModule> {
    let user = parsed.modules.values();
    let user = user.map(|module| module.imports.iter().map(|import| LinkedImport::Given(import.kind)).collect());
    let made = adapters.modules().iter().map(|module| module.imports.clone());
    let mut modules: Arena<ModuleIndex, ModuleLinks> = user.chain(made).map(ModuleLinks::new).collect();
    for (instance, &module) in plan.core_instances.iter() {
        let PlanModule::Unit(module) = module else { continue };
        let instances = &mut modules[module].instances;
        *instances = if *instances == Instances::None { Instances::One(instance) } else { Instances::Many };
    }
    for export in plan.exports.all() {
        if let ExternItem::Item(RootExport::Module(PlanModule::Unit(module))) = export {
            modules[*module].exported = true;
        }
    }
    // Tables that those have too of whom nothing is known.
    let mut open = HashSet::new();
    // In the order of instantiation, so that what an instance hands on is known before.
    for step in &plan.steps {
        let Step::InstantiateModule { instance, imports } = step else { continue };
        let known = match plan.core_instances[*instance] {
            PlanModule::Unit(module) => {
                Some(module).filter(|&module| modules[module].is_only(*instance) && !modules[module].exported)
            }
            _ => None,
        };
        let links: Vec<ImportLink> = imports.iter().map(|&import| resolve(plan, &modules, import)).collect();
        for (&import, link) in imports.iter().zip(&links) {
            if known.is_none() || !matches!(link, ImportLink::Func { .. }) {
                open_export(plan, &mut modules, import);
            }
        }
        match known {
            Some(module) => modules[module].set_given(links),
            None => open.extend(links.into_iter().filter(|link| matches!(link, ImportLink::Table { .. }))),
        }
    }
    for def in used_by_the_host(plan) {
        open_export(plan, &mut modules, def);
    }
    let known = modules.iter_mut().map(|(_, module)| {
        let mut imports = std::mem::take(&mut module.links);
        imports.iter_mut().filter(|link| open.contains(*link)).for_each(|link| *link = ImportLink::Unknown);
        let open_exports = (!module.exported).then(|| std::mem::take(&mut module.open_exports).into_iter().collect());
        let single = !module.exported && matches!(module.instances, Instances::One(_));
        KnownModule { imports, open_exports, single }
    });
    known.collect()
}

/// Notes that somebody has a definition of whom the links do not tell. It concerns functions of modules of the unit alone.
fn open_export(plan: &Plan, modules: &mut Arena<ModuleIndex, ModuleLinks>, def: CoreDefIndex) {
    if let CoreDef::Export { instance, item: EntityIndex::Func(func) } = plan.core_defs[def]
        && let PlanModule::Unit(module) = plan.core_instances[instance]
    {
        modules[module].open_exports.insert(func);
    }
}

/// All definitions that the plan names but for imports of core modules: what the runtime itself calls is among them.
fn used_by_the_host(plan: &Plan) -> Vec<CoreDefIndex> {
    let mut used = Vec::new();
    for ResourceType { dtor, name: _, instance: _ } in plan.resources.values() {
        used.extend(*dtor);
    }
    for trampoline in plan.trampolines.values() {
        match trampoline {
            Trampoline::LowerImport { options, import: _, ty: _ } => used.extend(named_by(options)),
            Trampoline::LowerLifted { func, lift, lower, lift_type: _, lower_type: _, name: _ } => {
                used.push(*func);
                used.extend(named_by(lift).chain(named_by(lower)));
            }
            Trampoline::AdapterTrap { .. } | Trampoline::DropImportedResource(_) => {}
        }
    }
    for export in plan.exported_funcs.values() {
        match &export.source {
            FuncSource::Lift { func, options } => {
                used.push(*func);
                used.extend(named_by(options));
            }
            FuncSource::Import(_) => {}
        }
    }
    used
}

/// What canonical options name.
fn named_by(options: &CanonOptions) -> impl Iterator<Item = CoreDefIndex> {
    let CanonOptions {
        instance: _,
        string_encoding: _,
        memory,
        pointer_width: _,
        page_size_log2: _,
        realloc,
        post_return,
        async_: _,
        callback,
    } = *options;
    [memory, realloc, post_return, callback].into_iter().flatten()
}

/// What an import of a module is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkedImport {
    /// Something that the plan gives it.
    Given(LinkedKind),
    /// A transcoder, for which the plan gives it nothing.
    Transcoder(TranscoderImport),
}

/// How often the plan instantiates a module.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instances {
    None,
    One(CoreInstanceIndex),
    Many,
}

struct ModuleLinks {
    /// Which of its imports are functions, tables, and memories: the n-th imported one is this import.
    functions: Vec<usize>,
    tables: Vec<usize>,
    memories: Vec<usize>,
    /// Which of its imports the plan gives.
    given: Vec<usize>,
    instances: Instances,
    /// Whether others can make instances of it.
    exported: bool,
    links: Vec<ImportLink>,
    open_exports: BTreeSet<FuncIndex>,
}

impl ModuleLinks {
    fn new(imports: Vec<LinkedImport>) -> ModuleLinks {
        let all = |wanted: fn(LinkedImport) -> bool| {
            let imports = imports.iter().enumerate().filter(|&(_, &import)| wanted(import));
            imports.map(|(import, _)| import).collect()
        };
        let links = imports.iter().map(|import| match *import {
            LinkedImport::Given(_) => ImportLink::Unknown,
            LinkedImport::Transcoder(transcoder) => ImportLink::Transcoder(transcoder),
        });
        ModuleLinks {
            functions: all(|import| {
                matches!(import, LinkedImport::Given(LinkedKind::Func) | LinkedImport::Transcoder(_))
            }),
            tables: all(|import| import == LinkedImport::Given(LinkedKind::Table)),
            memories: all(|import| import == LinkedImport::Given(LinkedKind::Memory)),
            given: all(|import| matches!(import, LinkedImport::Given(_))),
            instances: Instances::None,
            exported: false,
            links: links.collect(),
            open_exports: BTreeSet::new(),
        }
    }

    /// Says what the imports are that the plan gives.
    fn set_given(&mut self, links: Vec<ImportLink>) {
        for (&import, link) in self.given.iter().zip(links) {
            self.links[import] = link;
        }
    }

    /// Whether an instance is the only one that the plan makes.
    fn is_only(&self, instance: CoreInstanceIndex) -> bool {
        self.instances == Instances::One(instance)
    }
}

/// Where a function, table or memory is defined. An instance may hand on what it was given.
fn resolve(plan: &Plan, modules: &Arena<ModuleIndex, ModuleLinks>, def: CoreDefIndex) -> ImportLink {
    let CoreDef::Export { instance, item } = plan.core_defs[def] else { return ImportLink::Unknown };
    let PlanModule::Unit(module) = plan.core_instances[instance] else { return ImportLink::Unknown };
    let links = &modules[module];
    if !links.is_only(instance) {
        return ImportLink::Unknown;
    }
    let (imported, own) = match item {
        EntityIndex::Func(func) => (links.functions.get(func.as_usize()), ImportLink::Func { module, func }),
        EntityIndex::Table(table) if !links.exported => {
            (links.tables.get(table.as_usize()), ImportLink::Table { module, table })
        }
        EntityIndex::Memory(memory) if !links.exported => {
            (links.memories.get(memory.as_usize()), ImportLink::Memory { module, memory })
        }
        _ => return ImportLink::Unknown,
    };
    match imported.map(|&import| links.links[import]) {
        // It has a meaning in its own module alone, and is not handed on.
        Some(ImportLink::Transcoder(_)) => ImportLink::Unknown,
        Some(link) => link,
        None => own,
    }
}
