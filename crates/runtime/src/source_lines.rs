//! [`ModuleLines`]: from an offset in a module to lines of its sources, as its DWARF has them. It is read when somebody asks first, and it is a
//! guest's: whatever is wrong with it is ignored, and what reading it takes is bounded, in time, memory and stack.

use std::fmt;
use std::sync::Arc;

/// A place in the sources of a guest, and the function there. Of a [`WasmFrame`](crate::WasmFrame) there are several where functions
/// were inlined: see [`symbols`](crate::WasmFrame::symbols).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameSymbol {
    /// The name of the function, as linkers have it: see [`demangled_name`](FrameSymbol::demangled_name).
    pub name: Option<String>,
    /// The file, as the compiler was given it.
    pub file: Option<String>,
    /// The line, from 1 on.
    pub line: Option<u32>,
    /// The column, from 1 on.
    pub column: Option<u32>,
}

impl FrameSymbol {
    /// The name of the function as its source has it: see [`WasmFrame::demangled_name`](crate::WasmFrame::demangled_name).
    pub fn demangled_name(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.name.as_deref().map(crate::demangle::demangled)
    }
}

/// The place: `src/list.c:12:5`; nothing where the file is not known.
impl fmt::Display for FrameSymbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(file) = self.file.as_deref() else { return Ok(()) };
        write!(f, "{}", gusset_types::Printable::message(file))?;
        [self.line, self.column].into_iter().map_while(|number| number).try_for_each(|number| write!(f, ":{number}"))
    }
}

/// What a frame's module knows of lines.
#[derive(Clone, Default)]
pub(crate) struct FrameLines(pub(crate) Option<Arc<ModuleLines>>);

impl fmt::Debug for FrameLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "lines" } else { "no lines" })
    }
}

impl PartialEq for FrameLines {
    fn eq(&self, other: &FrameLines) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(this), Some(other)) => Arc::ptr_eq(this, other),
            _ => false,
        }
    }
}

impl Eq for FrameLines {}

/// Without a reader nothing is known.
#[cfg(not(feature = "addr2line"))]
pub(crate) struct UnreadLines;

#[cfg(not(feature = "addr2line"))]
pub(crate) use UnreadLines as ModuleLines;

#[cfg(not(feature = "addr2line"))]
impl UnreadLines {
    pub(crate) fn new(_: &gusset_artifact::DebugSections) -> UnreadLines {
        UnreadLines
    }

    pub(crate) fn symbols(&self, _: u32) -> Vec<FrameSymbol> {
        Vec::new()
    }
}

#[cfg(feature = "addr2line")]
pub(crate) use dwarf::ModuleLines;

#[cfg(feature = "addr2line")]
mod dwarf;
#[cfg(feature = "addr2line")]
mod section;
#[cfg(feature = "addr2line")]
mod vet;
