//! [`vet`]: DWARF is looked through once before addr2line is given it, which trusts it to be of reasonable size and depth.

use super::dwarf::DwarfSection;
use super::section::{BorrowedSource, CountedSection, spend};
use addr2line::gimli::{
    self, AbbreviationsCache, Dwarf, DwarfSections, LineInstruction, Reader, ReaderOffsetId, Section,
};
use gusset_artifact::{DebugSections, SharedBytes};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What may be kept of a module's DWARF, in bytes, roughly: so many, and so many times what there is.
const MAX_KEPT: usize = 64 << 20;
const KEPT_PASSES: usize = 4;

/// Functions within one another, inlined or not: addr2line calls itself for each.
const MAX_NESTED_FUNCTIONS: usize = 96;

/// Attributes of an abbreviation, and those among them that take no byte where it is used.
const MAX_ATTRIBUTES: usize = 64;
const MAX_EMPTY_ATTRIBUTES: usize = 16;

/// Ranges of the code of units, which are gone through one by one where they overlap.
const MAX_UNIT_RANGES: usize = 1 << 18;

/// What addr2line and gimli keep of each, with what vectors have in reserve as they grow.
const ABBREVIATION: usize = size_of::<gimli::Abbreviation>() * 3 / 2;
const ATTRIBUTE: usize = 2 * size_of::<gimli::AttributeSpecification>();
const UNIT: usize = 2 * (size_of::<gimli::Unit<DwarfSection>>() + 256);
const FILE: usize = 2 * size_of::<gimli::FileEntry<DwarfSection>>();
const DIRECTORY: usize = 2 * size_of::<gimli::AttributeValue<DwarfSection>>();
const PATH: usize = 48;
const LINE_ROW: usize = 36;
const LINE_SEQUENCE: usize = 128;
const FUNCTION: usize = 192;
const INLINED_FUNCTION: usize = 96;
const RANGE: usize = 48;

/// Most that a byte of a line program's header becomes before it is counted in detail.
const HEADER_BYTE: usize = FILE;

type BorrowedSection<'a> = CountedSection<BorrowedSource<'a>>;

/// The abbreviations of a module's DWARF; `None` where something is deeper or larger than what is said in this file, or more than `most`
/// bytes have to be read to know. What is damaged is passed over, as it is when it is read for lines.
pub(super) fn vet(sections: &DebugSections, most: u64) -> Option<AbbreviationsCache> {
    let work = AtomicU64::new(most);
    let load = |id: gimli::SectionId| -> gimli::Result<SharedBytes> { Ok(sections.get(id.name())) };
    let owned = DwarfSections::load(load).ok()?;
    let dwarf = owned.borrow(|bytes| CountedSection::new(BorrowedSource { bytes, work: &work }));
    let room = sections.len().saturating_mul(KEPT_PASSES).saturating_add(MAX_KEPT);
    let mut walk = DwarfWalk { dwarf, work: &work, room, unit_ranges: 0, tables: BTreeMap::new() };
    let mut headers = walk.dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        // Errors are those of one unit, unless nothing is left.
        let read = walk.unit(header);
        if read.is_err() && work.load(Ordering::Relaxed) == 0 {
            return None;
        }
    }
    (work.load(Ordering::Relaxed) != 0).then_some(walk.dwarf.abbreviations_cache)
}

struct DwarfWalk<'a> {
    dwarf: Dwarf<BorrowedSection<'a>>,
    /// Bytes that may still be read, and attributes without bytes that may be gone through; 0 as soon as anything is beyond its limit.
    work: &'a AtomicU64,
    /// Bytes that may still be kept.
    room: usize,
    unit_ranges: usize,
    /// The abbreviations at each offset, where they are in order.
    tables: BTreeMap<usize, Option<Arc<gimli::Abbreviations>>>,
}

impl<'a> DwarfWalk<'a> {
    fn give_up(&self) -> gimli::Error {
        self.work.store(0, Ordering::Relaxed);
        gimli::Error::UnexpectedEof(ReaderOffsetId(0))
    }

    fn keep(&mut self, bytes: usize) -> gimli::Result<()> {
        self.room = self.room.checked_sub(bytes).ok_or_else(|| self.give_up())?;
        Ok(())
    }

    fn unit(&mut self, header: gimli::UnitHeader<BorrowedSection<'a>>) -> gimli::Result<()> {
        if matches!(header.type_(), gimli::UnitType::Type { .. } | gimli::UnitType::SplitType { .. }) {
            return Ok(());
        }
        self.keep(UNIT)?;
        let offset = header.debug_abbrev_offset();
        let Some(abbreviations) = self.abbreviations(offset)? else { return Ok(()) };
        self.line_header(&header, &abbreviations)?;
        let unit = gimli::Unit::new_with_abbreviations(&self.dwarf, header, abbreviations)?;
        let lines = self.lines(&unit);
        self.entries(&unit)?;
        lines
    }

    /// The abbreviations at an offset, if they are in order.
    fn abbreviations(
        &mut self,
        offset: gimli::DebugAbbrevOffset<usize>,
    ) -> gimli::Result<Option<Arc<gimli::Abbreviations>>> {
        if let Some(known) = self.tables.get(&offset.0) {
            return Ok(known.clone());
        }
        let checked = self.check_abbreviations(offset.0);
        if checked.is_err() && self.work.load(Ordering::Relaxed) == 0 {
            return Err(self.give_up());
        }
        let table = self.dwarf.debug_abbrev.abbreviations(offset).ok().map(Arc::new);
        if let Some(table) = &table {
            self.dwarf.abbreviations_cache.set::<BorrowedSection<'a>>(offset, table.clone());
        }
        self.tables.insert(offset.0, table.clone());
        Ok(table)
    }

    /// Counts what abbreviations will take, before they are made.
    fn check_abbreviations(&mut self, offset: usize) -> gimli::Result<()> {
        let mut input = self.dwarf.debug_abbrev.reader().clone();
        input.skip(offset)?;
        while !input.is_empty() && input.read_uleb128()? != 0 {
            let (_tag, _has_children) = (input.read_uleb128()?, input.read_u8()?);
            let (mut attributes, mut empty) = (0_usize, 0);
            loop {
                let (name, form) = (input.read_uleb128()?, gimli::DwForm(input.read_uleb128_u16()?));
                if name == 0 && form.0 == 0 {
                    break;
                }
                if form == gimli::DW_FORM_implicit_const {
                    input.read_sleb128()?;
                }
                attributes += 1;
                empty += usize::from(matches!(form, gimli::DW_FORM_implicit_const | gimli::DW_FORM_flag_present));
                if attributes > MAX_ATTRIBUTES || empty > MAX_EMPTY_ATTRIBUTES {
                    return Err(self.give_up());
                }
            }
            self.keep(ABBREVIATION + ATTRIBUTE * attributes)?;
        }
        Ok(())
    }

    /// Looks how long the headers of the line programs are that a unit names, before anything is made of them.
    fn line_header(
        &self,
        header: &gimli::UnitHeader<BorrowedSection<'a>>,
        abbreviations: &gimli::Abbreviations,
    ) -> gimli::Result<()> {
        let mut entries = header.entries(abbreviations);
        entries.next_dfs()?;
        for attribute in entries.current().map(|root| root.attrs()).unwrap_or_default() {
            let gimli::AttributeValue::DebugLineRef(offset) = attribute.value() else { continue };
            let mut input = self.dwarf.debug_line.reader().clone();
            input.skip(offset.0)?;
            let (length, format) = input.read_initial_length()?;
            let mut program = input.split(length)?;
            if program.read_u16()? >= 5 {
                program.skip(2)?;
            }
            let len = program.read_length(format)?;
            if len <= program.len() && len.saturating_mul(HEADER_BYTE) > self.room {
                return Err(self.give_up());
            }
        }
        Ok(())
    }

    /// Counts the files and rows of a unit's line program.
    fn lines(&mut self, unit: &gimli::Unit<BorrowedSection<'a>>) -> gimli::Result<()> {
        let Some(program) = &unit.line_program else { return Ok(()) };
        let header = program.header();
        self.keep(DIRECTORY * header.include_directories().len())?;
        self.keep((FILE + PATH) * header.file_names().len())?;
        let directory = match &unit.comp_dir {
            Some(directory) => directory.to_string_lossy()?.len(),
            None => 0,
        };
        let mut instructions = header.instructions();
        while let Some(instruction) = instructions.next_instruction(header)? {
            match instruction {
                LineInstruction::Special(_) | LineInstruction::Copy => self.keep(LINE_ROW)?,
                LineInstruction::EndSequence => {
                    self.unit_range()?;
                    self.keep(LINE_SEQUENCE)?;
                }
                LineInstruction::DefineFile(file) => {
                    self.keep(FILE + PATH)?;
                    self.path(unit, header, &file, directory)?;
                }
                _ => {}
            }
        }
        if let Some(file) = header.file(0).filter(|_| header.version() <= 4) {
            self.path(unit, header, file, directory)?;
        }
        header.file_names().iter().try_for_each(|file| self.path(unit, header, file, directory))
    }

    /// Counts the path of a file, of which that of the unit's directory is a part.
    fn path(
        &mut self,
        unit: &gimli::Unit<BorrowedSection<'a>>,
        header: &gimli::LineProgramHeader<BorrowedSection<'a>>,
        file: &gimli::FileEntry<BorrowedSection<'a>>,
        directory: usize,
    ) -> gimli::Result<()> {
        let mut len = directory;
        let own = file.directory(header).filter(|_| file.directory_index() != 0);
        for part in own.into_iter().chain([file.path_name()]) {
            len += self.dwarf.attr_string(unit, part)?.to_string_lossy()?.len();
        }
        self.keep(2 * len)
    }

    /// Counts the functions of a unit, and looks how deep they are.
    fn entries(&mut self, unit: &gimli::Unit<BorrowedSection<'a>>) -> gimli::Result<()> {
        let mut entries = unit.entries_raw(None)?;
        let mut is_root = true;
        // How deep the functions stand that are around.
        let mut around: Vec<isize> = Vec::new();
        while !entries.is_empty() {
            let depth = entries.next_depth();
            let root = std::mem::take(&mut is_root);
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            let attributes = abbreviation.attributes();
            if !spend(self.work, attributes.len()) {
                return Err(self.give_up());
            }
            while around.last().is_some_and(|&other| other >= depth) {
                around.pop();
            }
            let inlined = abbreviation.tag() == gimli::DW_TAG_inlined_subroutine;
            let function = inlined || abbreviation.tag() == gimli::DW_TAG_subprogram;
            if function {
                around.push(depth);
                if around.len() > MAX_NESTED_FUNCTIONS {
                    return Err(self.give_up());
                }
            }
            if !function && !root {
                entries.skip_attributes(attributes)?;
                continue;
            }
            let mut has_code = inlined;
            for &attribute in attributes {
                let attribute = entries.read_attribute(attribute)?;
                match attribute.name() {
                    gimli::DW_AT_low_pc => self.range(root)?,
                    gimli::DW_AT_ranges => self.ranges(unit, attribute.value(), root),
                    _ => continue,
                }
                has_code = true;
            }
            if has_code {
                self.keep(if inlined { INLINED_FUNCTION } else { FUNCTION })?;
            }
        }
        Ok(())
    }

    fn range(&mut self, of_unit: bool) -> gimli::Result<()> {
        if of_unit {
            self.unit_range()?;
        }
        self.keep(RANGE)
    }

    fn unit_range(&mut self) -> gimli::Result<()> {
        self.unit_ranges += 1;
        if self.unit_ranges > MAX_UNIT_RANGES { Err(self.give_up()) } else { Ok(()) }
    }

    /// Counts a list of ranges, each time that it is named.
    fn ranges(
        &mut self,
        unit: &gimli::Unit<BorrowedSection<'a>>,
        list: gimli::AttributeValue<BorrowedSection<'a>>,
        of_unit: bool,
    ) {
        let Ok(Some(offset)) = self.dwarf.attr_ranges_offset(unit, list) else { return };
        let Ok(mut ranges) = self.dwarf.raw_ranges(unit, offset) else { return };
        // Where there is no room the next one that reads has nothing left.
        while let Ok(Some(_)) = ranges.next() {
            if self.range(of_unit).is_err() {
                return;
            }
        }
    }
}
