//! What the host hands over as a component or module: binary, or text where that is accepted. Text is kept with what is made of
//! it, so that errors and backtraces can say where in it something stands.

#[cfg(feature = "compile")]
mod input;

use crate::backtrace::{WasmBacktrace, WasmFrame};
use crate::error::{Error, LinkError};
use gusset_types::SourceLocation;
use std::sync::Arc;

#[cfg(feature = "compile")]
pub(crate) use input::{SourceInput, with_file};

#[cfg(feature = "wat")]
pub(crate) use gusset_text::TextSource;

/// Where text is not accepted, nothing is made of any.
#[cfg(not(feature = "wat"))]
#[derive(Debug)]
pub(crate) enum NoText {}
#[cfg(not(feature = "wat"))]
pub(crate) use NoText as TextSource;

/// A component or module with the name that people know it by: of a file that was read in another way than by
/// [`Component::from_file`](crate::Component::from_file), of an entry in an archive, or `<stdin>`. Errors and backtraces give the
/// name where they show the line of a text.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::{Component, Engine, NamedSource};
/// let source = NamedSource::new("<stdin>", "(component\n  (export \"f\" (func 0)))");
/// let error = Component::from_source(&Engine::default(), &source).unwrap_err();
/// let lines = [" --> <stdin>:2:21", "  |", "2 |   (export \"f\" (func 0)))", "  |                     ^"];
/// let message = "invalid component: unknown function 0: function index out of bounds";
/// assert_eq!(error.to_string(), format!("{message}\n{}", lines.join("\n")));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct NamedSource {
    bytes: Arc<Vec<u8>>,
    name: Arc<str>,
    /// What the bytes were encoded from.
    text: Option<Arc<TextSource>>,
}

impl NamedSource {
    /// Binary or, with the feature `wat`, text: what begins with `\0asm` is taken for binary.
    pub fn new(name: impl Into<Arc<str>>, bytes: impl Into<Vec<u8>>) -> NamedSource {
        NamedSource { bytes: Arc::new(bytes.into()), name: name.into(), text: None }
    }

    /// The binary `wasm` of a module or component that is defined in a text which holds more than that, a script. The keyword of the
    /// definition, `module` or `component`, stands at `keyword`, in bytes, and `wasm` is what the crate `wast` encodes it to.
    #[cfg(feature = "wat")]
    pub fn part_of_text(
        name: impl Into<Arc<str>>,
        text: impl Into<Arc<str>>,
        keyword: usize,
        wasm: impl Into<Vec<u8>>,
    ) -> NamedSource {
        let name = name.into();
        let text = TextSource::part(Some(name.clone()), text.into(), keyword);
        NamedSource { bytes: Arc::new(wasm.into()), name, text: Some(Arc::new(text)) }
    }
}

/// Where in a text it is that `error` is about, whatever sort of error it is and whatever was put around it: what cannot be compiled,
/// an import that is not met, or where a guest stood when it was stopped or its host failed. `None` if there was no text.
///
/// ```
/// # #[cfg(all(feature = "compile", feature = "wat"))] {
/// use gusset::{Component, Engine, NamedSource, source_location};
/// let source = NamedSource::new("a.wat", "(component\n  (import \"f\" (func (type 1))))");
/// let error = Component::from_source(&Engine::default(), &source).unwrap_err().context("loading");
/// assert_eq!(source_location(&error).expect("it was text").to_string(), "a.wat:2:27");
/// # }
/// ```
pub fn source_location(error: &Error) -> Option<SourceLocation> {
    let link = error.downcast_ref::<LinkError>().and_then(LinkError::location);
    let found = link.or_else(|| refused(error)).cloned();
    found.or_else(|| WasmBacktrace::of(error)?.frames().iter().find_map(WasmFrame::location))
}

/// Where it is that an input was refused for.
fn refused(error: &Error) -> Option<&SourceLocation> {
    #[cfg(feature = "wat")]
    if let Some(error) = error.downcast_ref::<crate::TextError>() {
        return Some(error.location());
    }
    #[cfg(feature = "compile")]
    if let Some(error) = error.downcast_ref::<crate::TranslateError>() {
        return error.location();
    }
    #[cfg(feature = "compile")]
    if let Some(error) = error.downcast_ref::<crate::CodegenError>() {
        return error.location();
    }
    #[cfg(not(feature = "compile"))]
    let _ = error;
    None
}

/// The text that the code of a unit comes from.
#[derive(Clone, Debug)]
pub(crate) struct CodeSource {
    pub(crate) text: Arc<TextSource>,
    /// How many of the unit's modules are in it: those that come first. The others are adapters.
    pub(crate) modules: usize,
}

/// Where the byte at `offset` of what was encoded from `text` comes from. Nothing is told where there is no room to parse it again.
pub(crate) fn locate(text: &TextSource, offset: usize, message: &str) -> Option<SourceLocation> {
    #[cfg(all(feature = "compile", feature = "wat"))]
    return crate::compile::with_stack(|| text.locate(offset, message)).ok();
    #[cfg(not(all(feature = "compile", feature = "wat")))]
    {
        let _ = (text, offset, message);
        None
    }
}

/// Where `text` declares the imports that these paths lead to, each.
pub(crate) fn locate_imports(text: &TextSource, paths: &[Vec<&str>]) -> Vec<Option<SourceLocation>> {
    let nowhere = || vec![None; paths.len()];
    #[cfg(all(feature = "compile", feature = "wat"))]
    return crate::compile::with_stack(|| text.locate_imports(paths)).unwrap_or_else(|_| nowhere());
    #[cfg(not(all(feature = "compile", feature = "wat")))]
    {
        let _ = text;
        nowhere()
    }
}
