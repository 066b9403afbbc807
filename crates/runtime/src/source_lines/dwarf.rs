//! DWARF, read with addr2line by way of [`DwarfSection`], which counts what is read.

use super::FrameSymbol;
use crate::vm::stack_left;
use addr2line::Context;
use addr2line::gimli::{self, Dwarf, LittleEndian, Reader, ReaderOffsetId};
use gusset_artifact::{DebugSections, SharedBytes};
use gusset_types::cut_text;
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How many bytes of DWARF are read to find the units of a module, those that are read over and over again counted each time: at most so
/// many times what there is, and so many in all.
const UNIT_PASSES: u64 = 16;
const MAX_UNIT_WORK: u64 = 64 << 20;

/// The same for the functions and lines in those units, and for the names that are made of them. What is kept is in proportion.
const LINE_PASSES: u64 = 8;
const MAX_LINE_WORK: u64 = 32 << 20;

/// What each may read in any case.
const LEAST_WORK: u64 = 1 << 20;

/// Bytes of a name of a function or file that are kept.
const MAX_SHOWN_TEXT: usize = 1 << 10;

/// Most functions inlined into one another that are told of a place.
const MAX_INLINED: usize = 64;

/// How much of the stack reading takes.
const STACK_NEEDED: usize = 256 << 10;

/// The DWARF of a module.
pub(crate) struct ModuleLines {
    sections: DebugSections,
    /// `None` if there is nothing to be read.
    context: OnceLock<Option<Mutex<Context<DwarfSection>>>>,
}

impl ModuleLines {
    pub(crate) fn new(sections: &DebugSections) -> ModuleLines {
        ModuleLines { sections: sections.clone(), context: OnceLock::new() }
    }

    /// Where the operator at an offset of the input comes from, innermost function first.
    pub(crate) fn symbols(&self, offset: u32) -> Vec<FrameSymbol> {
        let Some(address) = self.sections.address(offset) else { return Vec::new() };
        if stack_left().is_none_or(|left| left < STACK_NEEDED) {
            return Vec::new();
        }
        let Some(context) = self.context.get_or_init(|| open(&self.sections)) else { return Vec::new() };
        let context = context.lock().unwrap_or_else(PoisonError::into_inner);
        let mut symbols = Vec::new();
        let Ok(mut frames) = context.find_frames(address.into()).skip_all_loads() else { return symbols };
        while let Ok(Some(frame)) = frames.next() {
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let location = frame.location.as_ref();
            let symbol = FrameSymbol {
                name: name.as_deref().map(cut),
                file: location.and_then(|location| location.file).map(cut),
                line: location.and_then(|location| location.line).filter(|&line| line != 0),
                column: location.and_then(|location| location.column).filter(|&column| column != 0),
            };
            if symbol.name.is_some() || symbol.file.is_some() {
                symbols.push(symbol);
            }
            if symbols.len() == MAX_INLINED {
                break;
            }
        }
        symbols
    }
}

fn cut(text: &str) -> String {
    cut_text(text, MAX_SHOWN_TEXT).into_owned()
}

fn open(sections: &DebugSections) -> Option<Mutex<Context<DwarfSection>>> {
    let work = |passes: u64, most: u64| (sections.len() as u64).saturating_mul(passes).max(LEAST_WORK).min(most);
    let (units, lines) = (work(UNIT_PASSES, MAX_UNIT_WORK), work(LINE_PASSES, MAX_LINE_WORK));
    let work = Arc::new(AtomicU64::new(units));
    let section =
        |id: gimli::SectionId| -> gimli::Result<DwarfSection> { Ok(DwarfSection::new(sections.get(id.name()), &work)) };
    let context = Context::from_dwarf(Dwarf::load(section).ok()?).ok()?;
    work.store(lines, Ordering::Relaxed);
    Some(Mutex::new(context))
}

/// A part of a section, of which no more is read than there is work left for all of them.
#[derive(Clone)]
struct DwarfSection {
    bytes: SharedBytes,
    start: usize,
    end: usize,
    work: Arc<AtomicU64>,
}

impl DwarfSection {
    fn new(bytes: SharedBytes, work: &Arc<AtomicU64>) -> DwarfSection {
        DwarfSection { start: 0, end: bytes.len(), bytes, work: work.clone() }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Accounts for `amount` bytes.
    fn spend(&self, amount: usize) -> gimli::Result<()> {
        let left = self.work.load(Ordering::Relaxed);
        // Whoever reads holds the lock; a sum that is lost otherwise is no harm.
        let Some(left) = left.checked_sub(amount as u64) else {
            self.work.store(0, Ordering::Relaxed);
            return Err(self.eof());
        };
        self.work.store(left, Ordering::Relaxed);
        Ok(())
    }

    fn eof(&self) -> gimli::Error {
        gimli::Error::UnexpectedEof(self.offset_id())
    }
}

impl fmt::Debug for DwarfSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.end - self.start)
    }
}

impl Reader for DwarfSection {
    type Endian = LittleEndian;
    type Offset = usize;

    fn endian(&self) -> LittleEndian {
        LittleEndian
    }

    fn len(&self) -> usize {
        self.end - self.start
    }

    fn empty(&mut self) {
        self.end = self.start;
    }

    fn truncate(&mut self, len: usize) -> gimli::Result<()> {
        if len > self.len() {
            return Err(self.eof());
        }
        self.end = self.start + len;
        Ok(())
    }

    fn offset_from(&self, base: &DwarfSection) -> usize {
        self.start.wrapping_sub(base.start)
    }

    fn offset_id(&self) -> ReaderOffsetId {
        ReaderOffsetId((self.bytes.as_ptr() as u64).wrapping_add(self.start as u64))
    }

    fn lookup_offset_id(&self, id: ReaderOffsetId) -> Option<usize> {
        let offset = usize::try_from(id.0.checked_sub(self.offset_id().0)?).ok()?;
        (offset <= self.len()).then_some(offset)
    }

    fn find(&self, byte: u8) -> gimli::Result<usize> {
        let found = self.rest().iter().position(|&other| other == byte);
        self.spend(found.unwrap_or(self.len()))?;
        found.ok_or_else(|| self.eof())
    }

    fn skip(&mut self, len: usize) -> gimli::Result<()> {
        self.spend(1)?;
        if len > self.len() {
            return Err(self.eof());
        }
        self.start += len;
        Ok(())
    }

    fn split(&mut self, len: usize) -> gimli::Result<DwarfSection> {
        let mut first = self.clone();
        self.skip(len)?;
        first.truncate(len)?;
        Ok(first)
    }

    fn to_slice(&self) -> gimli::Result<Cow<'_, [u8]>> {
        self.spend(self.len())?;
        Ok(Cow::Borrowed(self.rest()))
    }

    fn to_string(&self) -> gimli::Result<Cow<'_, str>> {
        self.spend(self.len())?;
        std::str::from_utf8(self.rest()).map(Cow::Borrowed).map_err(|_| gimli::Error::BadUtf8)
    }

    fn to_string_lossy(&self) -> gimli::Result<Cow<'_, str>> {
        self.spend(self.len())?;
        Ok(String::from_utf8_lossy(self.rest()))
    }

    fn read_slice(&mut self, buffer: &mut [u8]) -> gimli::Result<()> {
        self.spend(buffer.len())?;
        let Some(bytes) = self.rest().get(..buffer.len()) else { return Err(self.eof()) };
        buffer.copy_from_slice(bytes);
        self.start += buffer.len();
        Ok(())
    }
}
