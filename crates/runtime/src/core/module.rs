//! [`Module`]: a compiled core module.

use super::item::ExternType;
use crate::vm::CodeMemory;
use gusset_artifact::{CoreModule, ModuleIndex};
use std::sync::Arc;

/// A compiled core module. Cheap to clone; it can be instantiated any number of times.
#[derive(Clone)]
pub struct Module {
    code: Arc<CodeMemory>,
    index: ModuleIndex,
}

impl Module {
    /// Compiles a module: the binary format, or the text format with the feature `wat`.
    ///
    /// # Errors
    ///
    /// When the input is malformed or not valid, or uses what is not supported.
    #[cfg(feature = "compile")]
    pub fn new(engine: &crate::Engine, bytes: impl AsRef<[u8]>) -> crate::Result<Module> {
        let wasm = crate::source::wasm(bytes.as_ref())?;
        let code = engine.compiler().compile_module(engine, &wasm, false)?;
        Ok(Module { code, index: ModuleIndex::from_u32(0) })
    }

    /// A module of a link unit.
    pub(crate) fn of_unit(code: Arc<CodeMemory>, index: ModuleIndex) -> Module {
        Module { code, index }
    }

    /// The name in the name section.
    pub fn name(&self) -> Option<&str> {
        self.module().name.as_deref()
    }

    /// Imports in order: both names and the type.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = (&str, &str, ExternType)> {
        let image = self.code.image();
        self.module().imports.iter().map(|import| (&*import.module, &*import.name, ExternType::new(image, import.ty)))
    }

    /// Exports in order: name and type.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = (&str, ExternType)> {
        let image = self.code.image();
        let module = self.module();
        module.exports.iter().map(|(name, &entity)| (&**name, ExternType::new(image, module.type_of(entity))))
    }

    pub(super) fn module(&self) -> &CoreModule {
        &self.code.image().modules[self.index].module
    }

    pub(super) fn code(&self) -> (&Arc<CodeMemory>, ModuleIndex) {
        (&self.code, self.index)
    }
}
