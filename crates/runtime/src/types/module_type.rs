//! [`ModuleType`]: what a core module that a component imports or exports has to import and export.

use crate::core::{ExternType, Module};
use crate::type_scope::TypeTables;
use gusset_artifact::{CoreModuleType, ModuleImportIndex};
use std::fmt;
use std::sync::Arc;

/// The [type of a core module](https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#core-type-definitions)
/// that a component imports or exports.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::{Component, Engine, types::ComponentItem};
/// let component = Component::new(&Engine::default(), r#"(component
///     (import "code" (core module
///         (import "host" "limit" (global i32))
///         (export "run" (func (param i32) (result i64))))))"#)?;
/// let Some((_, ComponentItem::Module(ty))) = component.imports().next() else { panic!("it is a module") };
/// let (from, name, item) = ty.imports().next().expect("it has an import");
/// assert_eq!((from, name, item.to_string()), ("host", "limit", "(global i32)".to_string()));
/// let (name, item) = ty.exports().next().expect("it has an export");
/// assert_eq!((name, item.to_string()), ("run", "(func (param i32) (result i64))".to_string()));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
#[derive(Clone)]
pub struct ModuleType(ModuleTypeSource);

#[derive(Clone)]
enum ModuleTypeSource {
    /// A module of the component.
    Own(Module),
    /// One that it imports.
    Imported(Arc<TypeTables>, ModuleImportIndex),
}

impl ModuleType {
    pub(super) fn own(module: Module) -> ModuleType {
        ModuleType(ModuleTypeSource::Own(module))
    }

    pub(super) fn imported(tables: &Arc<TypeTables>, index: ModuleImportIndex) -> ModuleType {
        ModuleType(ModuleTypeSource::Imported(tables.clone(), index))
    }

    /// What it imports, in order: both names and the type.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str, ExternType)> {
        let (own, imported) = self.source();
        let imported = imported.into_iter().flat_map(|ty| &ty.imports);
        let imported = imported.map(|((module, name), ty)| (&**module, &**name, ExternType::from(ty)));
        own.into_iter().flat_map(Module::imports).chain(imported)
    }

    /// What it exports, in order: name and type.
    pub fn exports(&self) -> impl Iterator<Item = (&str, ExternType)> {
        let (own, imported) = self.source();
        let imported = imported.into_iter().flat_map(|ty| &ty.exports);
        let imported = imported.map(|(name, ty)| (&**name, ExternType::from(ty)));
        own.into_iter().flat_map(Module::exports).chain(imported)
    }

    fn source(&self) -> (Option<&Module>, Option<&CoreModuleType>) {
        match &self.0 {
            ModuleTypeSource::Own(module) => (Some(module), None),
            ModuleTypeSource::Imported(tables, index) => (None, Some(&tables.plan.imported_modules[*index].ty)),
        }
    }
}

impl fmt::Debug for ModuleType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [imports, exports] = [self.imports().count(), self.exports().count()];
        f.debug_struct("ModuleType").field("imports", &imports).field("exports", &exports).finish_non_exhaustive()
    }
}
