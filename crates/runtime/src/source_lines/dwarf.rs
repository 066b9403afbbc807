//! DWARF, read with addr2line: what [`vet`] has looked through first, by way of sections that count what is read.

use super::FrameSymbol;
use super::section::{CountedSection, KeptSource};
use super::vet::vet;
use crate::vm::stack_left;
use addr2line::Context;
use addr2line::gimli::{self, Dwarf, Reader};
use gusset_artifact::{DebugSections, SharedBytes};
use gusset_types::cut_text;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Bytes of DWARF; of a module with more none is read.
const MAX_DWARF: usize = 256 << 20;

/// How many bytes are read, those that are read over and over again counted each time: so many times what there is to look it through,
/// as many again to find the units, and as many for all functions and lines in these.
const READ_PASSES: u64 = 16;

/// What each may read in any case.
const LEAST_WORK: u64 = 1 << 20;

/// What each call may read of names.
const CALL_WORK: u64 = 1 << 20;

/// Bytes of a name of a function that are kept: what is demangled has no more.
const MAX_SYMBOL_NAME: usize = 4 << 10;

/// Bytes of the name of a file that are kept.
const MAX_FILE_NAME: usize = 1 << 10;

/// Most functions inlined into one another that are told of a place.
const MAX_INLINED: usize = 64;

/// How much of the stack reading takes, with functions as deep in one another as [`vet`] lets through.
const STACK_NEEDED: usize = 384 << 10;

/// A section as addr2line reads it.
pub(super) type DwarfSection = CountedSection<KeptSource>;

/// The DWARF of a module.
pub(crate) struct ModuleLines {
    sections: DebugSections,
    /// `None` if there is nothing to be read.
    lines: OnceLock<Option<Mutex<OpenLines>>>,
}

struct OpenLines {
    context: Context<DwarfSection>,
    /// What may still be read.
    work: Arc<AtomicU64>,
}

impl ModuleLines {
    pub(crate) fn new(sections: &DebugSections) -> ModuleLines {
        ModuleLines { sections: sections.clone(), lines: OnceLock::new() }
    }

    /// Where the operator at an offset of the input comes from, innermost function first.
    pub(crate) fn symbols(&self, offset: u32) -> Vec<FrameSymbol> {
        let Some(address) = self.sections.address(offset) else { return Vec::new() };
        if stack_left().is_none_or(|left| left < STACK_NEEDED) {
            return Vec::new();
        }
        let Some(lines) = self.lines.get_or_init(|| open(&self.sections)) else { return Vec::new() };
        lines.lock().unwrap_or_else(PoisonError::into_inner).symbols(address.into())
    }
}

impl OpenLines {
    fn symbols(&self, address: u64) -> Vec<FrameSymbol> {
        // Reads what was not read before, each unit and each function once.
        let found = self.context.find_frames(address).skip_all_loads();
        // What is read from here on is read again by each call.
        let left = self.work.swap(CALL_WORK, Ordering::Relaxed);
        let mut symbols = Vec::new();
        if let Ok(mut frames) = found {
            while let Ok(Some(frame)) = frames.next() {
                // The last one is of the function itself.
                if symbols.len() == MAX_INLINED {
                    symbols.pop();
                }
                symbols.push(symbol(&frame));
            }
        }
        self.work.store(left, Ordering::Relaxed);
        if symbols.iter().all(|symbol| symbol.name.is_none() && symbol.file.is_none()) {
            symbols.clear();
        }
        symbols
    }
}

fn symbol(frame: &addr2line::Frame<'_, DwarfSection>) -> FrameSymbol {
    let location = frame.location.as_ref();
    FrameSymbol {
        name: frame.function.as_ref().and_then(|function| symbol_name(&function.name)),
        file: location.and_then(|location| location.file).map(|file| cut_text(file, MAX_FILE_NAME).into_owned()),
        line: location.and_then(|location| location.line).filter(|&line| line != 0),
        column: location.and_then(|location| location.column).filter(|&column| column != 0),
    }
}

/// A name, cut before it is read.
fn symbol_name(name: &DwarfSection) -> Option<String> {
    let mut name = name.clone();
    // One more, by which it is known to be cut.
    let len = name.len().min(MAX_SYMBOL_NAME + 1);
    name.truncate(len).ok()?;
    let name = name.to_string_lossy().ok()?;
    Some(cut_text(&name, MAX_SYMBOL_NAME).into_owned())
}

fn open(sections: &DebugSections) -> Option<Mutex<OpenLines>> {
    if sections.len() > MAX_DWARF {
        return None;
    }
    let most = (sections.len() as u64).saturating_mul(READ_PASSES).max(LEAST_WORK);
    let abbreviations = vet(sections, most)?;
    let work = Arc::new(AtomicU64::new(most));
    let section = |id: gimli::SectionId| -> gimli::Result<DwarfSection> {
        // Units say where their code is.
        let unused = id == gimli::SectionId::DebugAranges;
        let bytes = if unused { SharedBytes::default() } else { sections.get(id.name()) };
        Ok(CountedSection::new(KeptSource::new(bytes, &work)))
    };
    let mut dwarf = Dwarf::load(section).ok()?;
    dwarf.abbreviations_cache = abbreviations;
    let context = Context::from_dwarf(dwarf).ok()?;
    work.store(most, Ordering::Relaxed);
    Some(Mutex::new(OpenLines { context, work }))
}
