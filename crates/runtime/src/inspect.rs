//! What can be said of a component or core module without compiling it: what it is, and whether it is valid.

use crate::config::Config;
use crate::error::Result;
use crate::source::{NamedSource, SourceInput};
use gusset_codegen::UnitModule;
use gusset_component::{Outline, OutlinePart};
use gusset_types::ComponentFeatures;
use std::borrow::Cow;

/// Reads what a component or core module is, text or binary: its imports and exports with their types, and what is inside. Nothing is
/// compiled, and no engine asked whether it could run it; all is validated but the bodies of functions.
///
/// # Errors
///
/// When `bytes` are neither a component nor a core module, or not valid. It may use all that the specification has.
///
/// ```
/// # #[cfg(feature = "wat")] {
/// let text = r#"(component (import "log" (func async (param "lines" (list string)))))"#;
/// let outline = gusset::outline(text)?;
/// assert!(outline.to_string().contains("import log: async func(lines: list<string>);"));
/// # }
/// # Ok::<(), gusset::Error>(())
/// ```
pub fn outline(bytes: impl AsRef<[u8]>) -> Result<Outline> {
    let bytes = bytes.as_ref();
    crate::compile::with_stack(|| outline_input(&SourceInput::new(bytes, None)?))?
}

fn outline_input(input: &SourceInput<'_>) -> Result<Outline> {
    Ok(gusset_component::outline(&input.wasm).map_err(|error| input.translate_error(error))?)
}

impl NamedSource {
    /// It as a binary: itself, or what its text is encoded to.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// use gusset::NamedSource;
    /// assert_eq!(*NamedSource::new("a.wat", "(module)").to_wasm()?, *b"\0asm\x01\0\0\0");
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is text that is none of a component or module.
    pub fn to_wasm(&self) -> Result<Cow<'_, [u8]>> {
        crate::compile::with_stack(|| Ok(SourceInput::of_source(self)?.wasm))?
    }

    /// What it is, as [`outline`] tells.
    ///
    /// # Errors
    ///
    /// Those of [`outline`].
    pub fn outline(&self) -> Result<Outline> {
        crate::compile::with_stack(|| outline_input(&SourceInput::of_source(self)?))?
    }

    /// Validates it, as [`Config::validate`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Config::validate`].
    pub fn validate(&self, config: &Config) -> Result<()> {
        crate::compile::with_stack(|| config.validate_input(&SourceInput::of_source(self)?))?
    }
}

impl Config {
    /// Switches on all features of components that the specification has, those too that an engine cannot run.
    pub fn specified_features(&mut self) -> &mut Config {
        self.component_features = ComponentFeatures::specified();
        self
    }

    /// Validates a component or core module completely, text or binary, without asking whether an engine can run it. It may use
    /// the features that are on here, and of core wasm all that is standardised but what is off.
    ///
    /// # Errors
    ///
    /// When `bytes` are no valid component or module.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// use gusset::{Config, CoreFeature};
    /// let text = "(component (core module (memory 1) (memory 1)))";
    /// assert!(Config::new().validate(text).is_ok());
    /// let error = Config::new().wasm_feature(CoreFeature::MultiMemory, false).validate(text).unwrap_err();
    /// assert!(error.to_string().contains("(switched off: multi_memory)"));
    /// # }
    /// ```
    pub fn validate(&self, bytes: impl AsRef<[u8]>) -> Result<()> {
        let bytes = bytes.as_ref();
        crate::compile::with_stack(|| self.validate_input(&SourceInput::new(bytes, None)?))?
    }

    fn validate_input(&self, input: &SourceInput<'_>) -> Result<()> {
        self.validate_wasm(&input.wasm).map_err(|error| input.error(error))
    }

    fn validate_wasm(&self, wasm: &[u8]) -> Result<()> {
        // The version of a core module has the layer 0.
        if wasm.get(6..8) == Some(&[0, 0]) {
            return self.validate_module("module", wasm, 0);
        }
        gusset_component::validate(wasm, self.component_features)?;
        match self.features.off().next() {
            // What the component may use has all features of core modules.
            None => Ok(()),
            Some(_) => self.validate_modules(wasm, &gusset_component::outline(wasm)?.root),
        }
    }

    /// Validates the core modules of a component.
    fn validate_modules(&self, wasm: &[u8], part: &OutlinePart) -> Result<()> {
        for part in &part.parts {
            match part.core_module {
                false => self.validate_modules(wasm, part)?,
                true => {
                    let module = wasm.get(part.offset..part.offset + part.size).unwrap_or_default();
                    let name = part.name.clone().unwrap_or_else(|| format!("module {}", part.index));
                    self.validate_module(&name, module, part.offset)?;
                }
            }
        }
        Ok(())
    }

    fn validate_module(&self, name: &str, wasm: &[u8], offset: usize) -> Result<()> {
        let module =
            UnitModule { name, wasm, offset, imports: &[], open_exports: None, single: false, generated: false };
        Ok(gusset_codegen::validate(&module, self.features)?)
    }
}
