//! What is statically known of the imports of each module, once the plan is complete.
//!
//! An import is known if its module is instantiated once, by the plan only, and it is given a function or table that another
//! module, instantiated once, defines. A module that the root exports can be instantiated by others, with anything. Of a table it must
//! also be known who else has it.

use crate::adapters::Adapters;
use crate::body::{LinkedKind, Parsed};
use gusset_artifact::{
    CoreDef, CoreInstanceIndex, EntityIndex, ExternItem, ImportLink, ModuleIndex, Plan, PlanModule, RootExport, Step,
};
use gusset_types::{Arena, ArenaIndex, CoreDefIndex};
use std::collections::HashSet;

/// The links of all modules of the unit, in order.
pub(crate) fn links(parsed: &Parsed<'_>, adapters: &Adapters, plan: &Plan) -> Vec<Vec<ImportLink>> {
    let user = parsed.modules.values().map(|module| module.imports.iter().map(|import| import.kind).collect());
    let made = adapters.modules().iter().map(|module| module.imported_kinds.clone());
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
            Some(module) => modules[module].links = links,
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
    instances: Instances,
    /// Whether others can make instances of it.
    exported: bool,
    links: Vec<ImportLink>,
}

impl ModuleLinks {
    fn new(imports: Vec<LinkedKind>) -> ModuleLinks {
        let of_kind = |wanted: LinkedKind| {
            let imports = imports.iter().enumerate().filter(|&(_, &kind)| kind == wanted);
            imports.map(|(import, _)| import).collect()
        };
        ModuleLinks {
            functions: of_kind(LinkedKind::Func),
            tables: of_kind(LinkedKind::Table),
            instances: Instances::None,
            exported: false,
            links: vec![ImportLink::Unknown; imports.len()],
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
    imported.map_or(own, |&import| links.links[import])
}
