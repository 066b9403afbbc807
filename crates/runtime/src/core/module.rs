//! [`Module`]: a compiled core module.

use super::item::ExternType;
#[cfg(feature = "compile")]
use crate::source::SourceInput;
use crate::vm::CodeMemory;
use gusset_artifact::{CoreModule, EntityIndex, ModuleIndex};
use std::fmt;
use std::sync::Arc;

/// A compiled core [module]. Cheap to clone; it can be instantiated any number of times, in any store of its engine.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::core::Module;
/// use gusset::Engine;
/// let module = Module::new(&Engine::default(), r#"(module $calc
///     (import "host" "limit" (global i32))
///     (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#)?;
/// assert_eq!(module.name(), Some("calc"));
/// let imports: Vec<_> = module.imports().map(|(module, name, _)| (module, name)).collect();
/// assert_eq!(imports, [("host", "limit")]);
/// assert_eq!(module.exports().map(|(name, _)| name).collect::<Vec<_>>(), ["add"]);
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
///
/// [module]: https://webassembly.github.io/spec/core/appendix/embedding.html#embed-module
#[derive(Clone)]
pub struct Module {
    code: Arc<CodeMemory>,
    index: ModuleIndex,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl Module {
    /// Compiles a module: the binary format, or the text format with the feature `wat`. All of it is validated.
    ///
    /// # Errors
    ///
    /// When the input is malformed or not valid, or uses what is not supported.
    #[cfg(feature = "compile")]
    pub fn new(engine: &crate::Engine, bytes: impl AsRef<[u8]>) -> crate::Result<Module> {
        let bytes = bytes.as_ref();
        crate::compile::with_stack(|| Module::compile(engine, &SourceInput::new(bytes, None)?))?
    }

    /// Compiles a module that has a name, as [`Module::new`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Module::new`].
    #[cfg(feature = "compile")]
    pub fn from_source(engine: &crate::Engine, source: &crate::NamedSource) -> crate::Result<Module> {
        crate::compile::with_stack(|| Module::compile(engine, &SourceInput::of_source(source)?))?
    }

    /// What [`Module::new`] does, where the stack has room for it.
    #[cfg(feature = "compile")]
    fn compile(engine: &crate::Engine, input: &SourceInput<'_>) -> crate::Result<Module> {
        let compile = || {
            let code = engine.compiler().compile_module(engine.signatures(), input)?;
            Ok(Module { code, index: ModuleIndex::from_u32(0) })
        };
        #[cfg(feature = "cache")]
        return crate::cache::module(engine, input, compile);
        #[cfg(not(feature = "cache"))]
        compile()
    }

    /// Compiles the module in a file, as [`Module::new`] does.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and those of [`Module::new`]; they say which file.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Engine, core::Module};
    /// let error = Module::from_file(&Engine::default(), "no/such/file.wasm").expect_err("there is none");
    /// assert!(error.to_string().starts_with("cannot read no/such/file.wasm"));
    /// # }
    /// ```
    #[cfg(feature = "compile")]
    pub fn from_file(engine: &crate::Engine, path: impl AsRef<std::path::Path>) -> crate::Result<Module> {
        crate::source::with_file(path.as_ref(), |bytes, name| {
            crate::compile::with_stack(|| Module::compile(engine, &SourceInput::new(bytes, Some(name))?))?
        })
    }

    /// A module of a link unit.
    pub(crate) fn of_unit(code: Arc<CodeMemory>, index: ModuleIndex) -> Module {
        Module { code, index }
    }

    /// The name in the name section; none if there is none.
    pub fn name(&self) -> Option<&str> {
        self.module().name.as_deref()
    }

    /// Imports in order: both names and the type.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = (&str, &str, ExternType)> {
        let code = &self.code;
        self.module().imports.iter().map(|import| (&*import.module, &*import.name, ExternType::new(code, import.ty)))
    }

    /// Exports in order: name and type.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = (&str, ExternType)> {
        let (code, module) = (&self.code, self.module());
        module.exports.iter().map(|(name, entity)| (name, ExternType::new(code, module.type_of(entity))))
    }

    /// The type of the export of that name, if there is one.
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        self.export(name).map(|(_, ty)| ty)
    }

    /// Whether it has a [start function](https://webassembly.github.io/spec/core/syntax/modules.html#start-function), which runs when it is
    /// instantiated. The `_start` of a program is none: it is an export.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Engine, core::Module};
    /// let engine = Engine::default();
    /// assert!(Module::new(&engine, "(module (func $set-up) (start $set-up))")?.has_start_function());
    /// assert!(!Module::new(&engine, r#"(module (func (export "_start")))"#)?.has_start_function());
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn has_start_function(&self) -> bool {
        self.module().start.is_some()
    }

    pub(crate) fn module(&self) -> &CoreModule {
        &self.code.image().modules[self.index].module
    }

    /// What it exports as `name`, and its type.
    pub(crate) fn export(&self, name: &str) -> Option<(EntityIndex, ExternType)> {
        let module = self.module();
        let entity = module.exports.get(name)?;
        Some((entity, ExternType::new(&self.code, module.type_of(entity))))
    }

    pub(crate) fn code(&self) -> (&Arc<CodeMemory>, ModuleIndex) {
        (&self.code, self.index)
    }
}
