//! Artefacts: what is compiled, as bytes that are stored and shipped. They are read in `vm/deserialize.rs`, since to believe them is
//! unsafe.

mod processor;

use crate::component::Component;
use crate::core::Module;
use crate::engine::Engine;
use crate::error::{Error, Result, bail};
#[cfg(feature = "compile")]
use crate::source::{NamedSource, SourceInput};
use gusset_artifact::{ArtifactContent, ArtifactKind, detect_artifact, write_artifact};
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(crate) use processor::{has_feature, platform};

/// Which sort of artefact bytes are, as [`Engine::detect_precompiled`] tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Precompiled {
    /// Of a component: [`Component::deserialize`] reads it.
    Component,
    /// Of a core module: [`Module::deserialize`](crate::core::Module::deserialize) reads it.
    Module,
}

impl From<ArtifactKind> for Precompiled {
    fn from(kind: ArtifactKind) -> Precompiled {
        match kind {
            ArtifactKind::Component => Precompiled::Component,
            ArtifactKind::Module => Precompiled::Module,
        }
    }
}

/// A hash of the sources of this build, which `build.rs` makes: artefacts and entries of caches that are of other ones are not read, since
/// what compiled code shares with the runtime changes with any of them.
pub(crate) const SOURCES: u128 = match u128::from_str_radix(env!("GUSSET_SOURCES"), 16) {
    Ok(hash) => hash,
    Err(_) => panic!("the build script writes a hash"),
};

/// As many bytes at a file's start as say what it is.
const START_OF_FILE: u64 = 16;

impl Engine {
    /// Compiles a component to an artefact, which [`Component::deserialize`] makes a component of, in this process or another one. Nothing
    /// is made ready to run, so that the engine may be one for another machine ([`Config::target`](crate::Config::target)).
    ///
    /// `bytes` are as for [`Component::new`]. Equal ones give equal artefacts, if the settings are equal. Where they are text, what is told
    /// later of places in it is told of the artefact by offset only.
    ///
    /// # Errors
    ///
    /// Those of [`Component::new`].
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// use gusset::{Engine, Precompiled};
    /// let engine = Engine::default();
    /// let artifact = engine.precompile_component("(component)")?;
    /// assert_eq!(Engine::detect_precompiled(&artifact), Some(Precompiled::Component));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    #[cfg(feature = "compile")]
    pub fn precompile_component(&self, bytes: impl AsRef<[u8]>) -> Result<Vec<u8>> {
        let bytes = bytes.as_ref();
        crate::compile::with_stack(|| precompile_component(self, &SourceInput::new(bytes, None)?))?
    }

    /// Compiles a core module to an artefact, as [`precompile_component`](Engine::precompile_component) does a component.
    ///
    /// # Errors
    ///
    /// Those of [`Module::new`](crate::core::Module::new).
    #[cfg(feature = "compile")]
    pub fn precompile_module(&self, bytes: impl AsRef<[u8]>) -> Result<Vec<u8>> {
        let bytes = bytes.as_ref();
        crate::compile::with_stack(|| precompile_module(self, &SourceInput::new(bytes, None)?))?
    }

    /// Whether bytes start as an artefact of some version of Gusset, and which sort. Whether they are whole, and of this version, is
    /// found when they are read.
    ///
    /// ```
    /// assert_eq!(gusset::Engine::detect_precompiled(b"\0asm\x01\0\0\0"), None);
    /// ```
    pub fn detect_precompiled(bytes: &[u8]) -> Option<Precompiled> {
        detect_artifact(bytes).map(Precompiled::from)
    }

    /// The same of a file, of which only the start is read.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn detect_precompiled_file(path: impl AsRef<Path>) -> Result<Option<Precompiled>> {
        let path = path.as_ref();
        let mut start = Vec::new();
        let read = open(path)?.take(START_OF_FILE).read_to_end(&mut start);
        read.map_err(|error| Error::from(error).context(format!("cannot read {}", path.display())))?;
        Ok(Engine::detect_precompiled(&start))
    }
}

/// Opens a file, and nothing that would wait for somebody to write to it.
pub(crate) fn open(path: &Path) -> Result<File> {
    let shown = path.display();
    let file =
        std::fs::metadata(path).and_then(|found| if found.is_file() { File::open(path).map(Some) } else { Ok(None) });
    match file {
        Ok(Some(file)) => Ok(file),
        Ok(None) => bail!("cannot read {shown}: it is no regular file"),
        Err(error) => Err(Error::from(error).context(format!("cannot read {shown}"))),
    }
}

#[cfg(feature = "compile")]
impl NamedSource {
    /// Compiles it to an artefact: [`Engine::precompile_component`] or [`Engine::precompile_module`], whichever it is.
    ///
    /// # Errors
    ///
    /// Those of the two.
    ///
    /// ```
    /// # #[cfg(feature = "wat")] {
    /// use gusset::{Engine, NamedSource, Precompiled};
    /// let artifact = NamedSource::new("<text>", "(module)").precompile(&Engine::default())?;
    /// assert_eq!(Engine::detect_precompiled(&artifact), Some(Precompiled::Module));
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    pub fn precompile(&self, engine: &Engine) -> Result<Vec<u8>> {
        crate::compile::with_stack(|| {
            let input = SourceInput::of_source(self)?;
            match input.is_core_module() {
                true => precompile_module(engine, &input),
                false => precompile_component(engine, &input),
            }
        })?
    }
}

#[cfg(feature = "compile")]
fn precompile_component(engine: &Engine, input: &SourceInput<'_>) -> Result<Vec<u8>> {
    let (image, content) = crate::component::compile_image(engine, input)?;
    written(write_artifact(SOURCES, engine.compiler().identity(), &image, &content))
}

#[cfg(feature = "compile")]
fn precompile_module(engine: &Engine, input: &SourceInput<'_>) -> Result<Vec<u8>> {
    let image = engine.compiler().compile_module_image(input)?;
    let content = ArtifactContent::Module(gusset_artifact::ModuleIndex::from_u32(0));
    written(write_artifact(SOURCES, engine.compiler().identity(), &image, &content))
}

impl Component {
    /// The artefact of this component: what [`Component::deserialize`] makes it of. It is what
    /// [`Engine::precompile_component`] gives for what this was compiled from.
    ///
    /// Where functions are compiled when they are called, all of them are compiled for it.
    ///
    /// # Errors
    ///
    /// None but for faults of ours, and for functions that were left for later and are beyond a limit of the code generator.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let plan = self.plan().clone();
        let content = ArtifactContent::Component { plan, adapters: self.adapter_modules().to_vec() };
        written(write_artifact(SOURCES, self.code().identity(), &*self.code().whole_image()?, &content))
    }
}

impl Module {
    /// The artefact of this module: what [`Module::deserialize`] makes it of. That of a module within a component holds the code of
    /// the whole component.
    ///
    /// Where functions are compiled when they are called, all of them are compiled for it.
    ///
    /// # Errors
    ///
    /// None but for faults of ours, and for functions that were left for later and are beyond a limit of the code generator.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let (code, index) = self.code();
        written(write_artifact(SOURCES, code.identity(), &*code.whole_image()?, &ArtifactContent::Module(index)))
    }
}

fn written<E: std::error::Error + Send + Sync + 'static>(bytes: std::result::Result<Vec<u8>, E>) -> Result<Vec<u8>> {
    bytes.map_err(|error| Error::from(error).context("internal error: an artefact cannot be written"))
}
