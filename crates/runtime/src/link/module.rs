//! [`LinkedModule`]: a core module that stands for an import, checked against the import's type. It may import less and export
//! more than the type says, in any order.

use crate::core::{ExternType, Module};
use crate::engine::Engine;
use crate::error::Result;
use crate::store::StoreInner;
use crate::vm::{ExternHandle, InstanceHandle, extern_matches};
use gusset_artifact::{CoreModuleType, EntityIndex};
use gusset_types::Printable;

/// A core module that the host gives a component.
pub(crate) struct LinkedModule {
    pub(crate) module: Module,
    /// For each import of the module, which of the type's it is.
    imports: Box<[usize]>,
    /// For each export of the type, what it is in the module.
    exports: Box<[EntityIndex]>,
}

impl LinkedModule {
    /// `module`, where a module of type `ty` is imported.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub(crate) fn new(engine: &Engine, ty: &CoreModuleType, module: &Module) -> Result<LinkedModule, String> {
        if !module.code().0.belongs_to(engine.signatures()) {
            return Err("the module is of another engine".into());
        }
        let imports = module.imports().map(|(from, name, wanted)| {
            let quoted = || format!("`{}::{}`", Printable::name(from), Printable::name(name));
            let Some((position, _, given)) = ty.imports.get_full(&(from.into(), name.into())) else {
                return Err(format!("module import {} not defined", quoted()));
            };
            let given = ExternType::from(given);
            match extern_matches(&wanted, &given) {
                true => Ok(position),
                false => {
                    Err(format!("module import {} has the wrong type: expected {wanted}, found {given}", quoted()))
                }
            }
        });
        let imports = imports.collect::<Result<_, _>>()?;
        let exports = ty.exports.iter().map(|(name, wanted)| {
            let quoted = Printable::name(name);
            let Some((entity, found)) = module.export(name) else {
                return Err(format!("module export `{quoted}` not defined"));
            };
            let wanted = ExternType::from(wanted);
            match extern_matches(&wanted, &found) {
                true => Ok(entity),
                false => Err(format!("module export `{quoted}` has the wrong type: expected {wanted}, found {found}")),
            }
        });
        let exports = exports.collect::<Result<_, _>>()?;
        Ok(LinkedModule { module: module.clone(), imports, exports })
    }

    /// Makes an instance, with `imports` in the order of the type.
    pub(crate) fn instantiate<T>(&self, store: &mut StoreInner<T>, imports: &[ExternHandle]) -> Result<InstanceHandle> {
        let imports: Vec<_> = self.imports.iter().map(|&import| imports[import]).collect();
        let (code, index) = self.module.code();
        store.instantiate(code, index, &imports, None)
    }

    /// What the export of the type at `position` is in the module.
    pub(crate) fn export(&self, position: u32) -> Option<EntityIndex> {
        self.exports.get(position as usize).copied()
    }
}
