//! What the limits of a store are asked about a component before anything of it is made: how many instances, memories and tables it
//! will have. How large these are is asked as each is made.

use super::{InstancePre, not_made};
use crate::component_instance::{ComponentInstanceState, ExportTarget, InstanceResource};
use crate::erased_store::ErasedStore;
use crate::error::Result;
use crate::store::StoreInner;
use crate::vm::WantedItems;
use gusset_artifact::{ModuleIndex, Plan, PlanModule};

/// Whether Gusset made a module of a component: those of adapters follow those of the input.
pub(super) fn is_generated(plan: &Plan, module: ModuleIndex) -> bool {
    plan.adapter_modules.values().next().is_some_and(|first| module >= first.module)
}

impl<T: 'static> InstancePre<T> {
    /// Checks that the store may have so many more instances, memories and tables, and counts what it keeps of this one.
    ///
    /// # Errors
    ///
    /// A [`LimitExceeded`](crate::LimitExceeded).
    pub(super) fn admit(&self, store: &mut StoreInner<T>) -> Result<()> {
        self.check_counts(store)?;
        let plan = self.component.plan();
        let bytes = size_of::<ComponentInstanceState>()
            + plan.exported_funcs.len() * size_of::<ExportTarget>()
            + plan.resources.len() * size_of::<InstanceResource>();
        Ok(store.vm.budget().charge(bytes as u64)?)
    }

    fn check_counts(&self, store: &mut StoreInner<T>) -> Result<()> {
        let (vm, Some(limiter)) = store.vm_and_limiter() else { return Ok(()) };
        let plan = self.component.plan();
        let mut counts = [0; 3];
        for &module in plan.core_instances.values() {
            let image = match module {
                PlanModule::Unit(module) if is_generated(plan, module) => continue,
                PlanModule::Unit(module) => self.component.code().module(module)?,
                PlanModule::Imported(module) => {
                    let linked = self.imports.modules.get(module.as_u32() as usize).ok_or_else(not_made)?;
                    let (code, index) = linked.module.code();
                    code.module(index)?
                }
            };
            for (count, more) in counts.iter_mut().zip(WantedItems::counts(image)) {
                *count += more;
            }
        }
        vm.check_counts(counts, limiter)
    }
}
