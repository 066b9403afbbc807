//! What is statically known of the imports of each module, once the plan is complete.
//!
//! An import is known if its module is instantiated once, by the plan only, and it is given a function or table that another
//! module, instantiated once, defines. A module that the root exports can be instantiated by others, with anything. Of a table it must
//! also be known who else has it. What transcoders a module imports is known in any case: they are no definitions of the plan.

use crate::adapters::Adapters;
use crate::body::{LinkedKind, Parsed};
use gusset_artifact::{
    CoreDef, CoreInstanceIndex, EntityIndex, ExternItem, ImportLink, ModuleIndex, Plan, PlanModule, RootExport, Step,
    TranscoderImport,
};
use gusset_types::{Arena, ArenaIndex, CoreDefIndex};
use std::collections::HashSet;

/// The links of all modules of the unit, in order.
pub(crate) fn links(parsed: &Parsed<'_>, adapters: &Adapters, plan: &Plan) -> Vec<Vec<ImportLink>> {
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
        match known {
            Some(module) => modules[module].set_given(links),
            None => open.extend(links.into_iter().filter(|link| matches!(link, ImportLink::Table { .. }))),
        }
    }
    let links = modules.iter_mut().map(|(_, module)| {
        let mut links = std::mem::take(&mut module.links);
        links.iter_mut().filter(|link| open.contains(*link)).for_each(|link| *link = ImportLink::Unknown);
        links
    });
    links.collect()
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
    /// Which of its imports are functions, and which are tables: the n-th imported one is this import.
    functions: Vec<usize>,
    tables: Vec<usize>,
    /// Which of its imports the plan gives.
    given: Vec<usize>,
    instances: Instances,
    /// Whether others can make instances of it.
    exported: bool,
    links: Vec<ImportLink>,
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
            given: all(|import| matches!(import, LinkedImport::Given(_))),
            instances: Instances::None,
            exported: false,
            links: links.collect(),
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

/// Where a function or table is defined. An instance may hand on what it was given.
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
        _ => return ImportLink::Unknown,
    };
    match imported.map(|&import| links.links[import]) {
        // It has a meaning in its own module alone, and is not handed on.
        Some(ImportLink::Transcoder(_)) => ImportLink::Unknown,
        Some(link) => link,
        None => own,
    }
}
