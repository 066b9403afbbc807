//! What is statically known of the imports of each module, once the plan is complete.
//!
//! An import is known if its module is instantiated once, by the plan only, and it is given a function that another
//! module, instantiated once, defines. A module that the root exports can be instantiated by others, with anything.

use crate::adapters::Adapters;
use crate::body::Parsed;
use gusset_artifact::{
    CoreDef, CoreInstanceIndex, EntityIndex, ExternItem, ImportLink, ModuleIndex, Plan, PlanModule, RootExport, Step,
};
use gusset_types::{Arena, ArenaIndex, CoreDefIndex};

/// The links of all modules of the unit, in order.
pub(crate) fn links(parsed: &Parsed<'_>, adapters: &Adapters, plan: &Plan) -> Vec<Vec<ImportLink>> {
    let user = parsed.modules.values().map(|module| module.imports.iter().map(|import| import.is_func).collect());
    let made = adapters.modules().iter().map(|module| module.imported_functions.clone());
    let mut modules: Arena<ModuleIndex, ModuleLinks> = user.chain(made).map(ModuleLinks::new).collect();
    for (instance, &module) in plan.core_instances.iter() {
        let PlanModule::Unit(module) = module else { continue };
        let instances = &mut modules[module].instances;
        *instances = if *instances == Instances::None { Instances::One(instance) } else { Instances::Many };
    }
    // In the order of instantiation, so that what an instance hands on is known before.
    for step in &plan.steps {
        let Step::InstantiateModule { instance, imports } = step else { continue };
        let PlanModule::Unit(module) = plan.core_instances[*instance] else { continue };
        if modules[module].instances == Instances::One(*instance) {
            let functions = std::mem::take(&mut modules[module].functions);
            for &import in &functions {
                modules[module].links[import] = resolve(plan, &modules, imports[import]);
            }
            modules[module].functions = functions;
        }
    }
    for export in plan.exports.all() {
        if let ExternItem::Item(RootExport::Module(PlanModule::Unit(module))) = export {
            modules[*module].links.fill(ImportLink::Unknown);
        }
    }
    modules.iter_mut().map(|(_, module)| std::mem::take(&mut module.links)).collect()
}

/// How often the plan instantiates a module.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instances {
    None,
    One(CoreInstanceIndex),
    Many,
}

struct ModuleLinks {
    /// Which of its imports are functions: the n-th imported function is this import.
    functions: Vec<usize>,
    instances: Instances,
    links: Vec<ImportLink>,
}

impl ModuleLinks {
    fn new(is_func: Vec<bool>) -> ModuleLinks {
        let functions = is_func.iter().enumerate().filter(|&(_, &is_func)| is_func).map(|(import, _)| import);
        ModuleLinks {
            functions: functions.collect(),
            instances: Instances::None,
            links: vec![ImportLink::Unknown; is_func.len()],
        }
    }
}

/// Where a function is defined. An instance may hand on what it was given.
fn resolve(plan: &Plan, modules: &Arena<ModuleIndex, ModuleLinks>, def: CoreDefIndex) -> ImportLink {
    let CoreDef::Export { instance, item: EntityIndex::Func(func) } = plan.core_defs[def] else {
        return ImportLink::Unknown;
    };
    let PlanModule::Unit(module) = plan.core_instances[instance] else { return ImportLink::Unknown };
    if modules[module].instances != Instances::One(instance) {
        return ImportLink::Unknown;
    }
    match modules[module].functions.get(func.as_usize()) {
        Some(&import) => modules[module].links[import],
        None => ImportLink::Func { module, func },
    }
}
