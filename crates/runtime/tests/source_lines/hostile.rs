//! DWARF that is made to take much time, memory or stack, and how far other DWARF may go.

use super::{backtrace, engine, module_with, unit};
use gusset::core::Module;
use gusset::{FrameSymbol, Result, WasmBacktrace, WasmBacktraceDetails};
use std::time::{Duration, Instant};

const COMPILE_UNIT: u8 = 0x11;
const SUBPROGRAM: u8 = 0x2e;
const INLINED_SUBROUTINE: u8 = 0x1d;
const VARIABLE: u8 = 0x34;

/// `DW_AT_low_pc` in an address and `DW_AT_high_pc` in 4 bytes, as [`CODE`] has them.
const HAS_CODE: [(u8, u8); 2] = [(0x11, 0x01), (0x12, 0x06)];
const CODE: [u8; 8] = [0, 0, 0, 0, 0, 0, 1, 0];

/// `DW_AT_name` in a string.
const HAS_NAME: (u8, u8) = (0x03, 0x08);

/// `DW_AT_stmt_list` in an offset.
const HAS_LINES: (u8, u8) = (0x10, 0x17);

fn abbreviation(code: u8, tag: u8, has_children: bool, attributes: &[(u8, u8)]) -> Vec<u8> {
    let mut bytes = vec![code, tag, has_children.into()];
    attributes.iter().for_each(|&(name, form)| bytes.extend([name, form]));
    bytes.extend([0, 0]);
    bytes
}

type Sections = Vec<(&'static str, Vec<u8>)>;

/// The backtrace of a function of a module with these sections that stops at its first operator.
fn stopped(sections: &Sections) -> Result<WasmBacktrace> {
    let engine = engine(WasmBacktraceDetails::Enable);
    backtrace(&Module::new(&engine, module_with(sections))?, &engine, "run", 0)
}

fn symbols(sections: &Sections) -> Result<Vec<FrameSymbol>> {
    Ok(stopped(sections)?.frames()[0].symbols())
}

/// A function `own`, in which functions are inlined within one another, the outermost one first.
fn inlined(names: impl Iterator<Item = String>) -> Sections {
    let named: Vec<_> = HAS_CODE.into_iter().chain([HAS_NAME]).collect();
    let abbreviations = [
        abbreviation(1, COMPILE_UNIT, true, &HAS_CODE),
        abbreviation(2, SUBPROGRAM, true, &named),
        abbreviation(3, INLINED_SUBROUTINE, true, &named),
        vec![0],
    ];
    let mut entries = vec![1];
    entries.extend(CODE);
    entries.push(2);
    entries.extend(CODE);
    entries.extend(b"own\0");
    let mut deep = 2;
    for name in names {
        entries.push(3);
        entries.extend(CODE);
        entries.extend(name.as_bytes());
        entries.push(0);
        deep += 1;
    }
    entries.extend(vec![0; deep]);
    vec![(".debug_abbrev", abbreviations.concat()), (".debug_info", unit(0, &entries))]
}

#[test]
fn functions_deep_in_one_another() -> Result<()> {
    let nested = |depth: usize| inlined((0..depth).map(|at| format!("f{at}")));
    let few = symbols(&nested(2))?;
    let names: Vec<_> = few.iter().map(|symbol| symbol.name.as_deref()).collect();
    assert_eq!(names, [Some("f1"), Some("f0"), Some("own")]);
    let many = symbols(&nested(95))?;
    assert_eq!((many.len(), many[0].name.as_deref(), many[63].name.as_deref()), (64, Some("f94"), Some("own")));
    assert_eq!(symbols(&nested(96))?, []);
    assert_eq!(symbols(&nested(500_000))?, []);
    Ok(())
}

/// A thread with little stack tells nothing, one with a little more tells all; none is stopped by its end.
#[test]
fn functions_deep_in_one_another_on_little_stack() -> Result<()> {
    let backtrace = stopped(&inlined((0..95).map(|at| format!("f{at}"))))?;
    let told = |kib: usize| {
        let frame = backtrace.frames()[0].clone();
        let thread = std::thread::Builder::new().stack_size(kib << 10).spawn(move || frame.symbols().len());
        thread.expect("it can be made").join().expect("it comes to its end")
    };
    assert_eq!(told(128), 0);
    let first = (128..1_024).step_by(32).find(|&kib| told(kib) != 0);
    assert!(first.is_some_and(|kib| kib < 600), "{first:?} KiB");
    Ok(())
}

/// Units whose code is where the function stands, each with the line program at 0.
fn with_lines(units: usize, program: Vec<u8>) -> Sections {
    let attributes: Vec<_> = HAS_CODE.into_iter().chain([HAS_LINES]).collect();
    let mut abbreviations = abbreviation(1, COMPILE_UNIT, false, &attributes);
    abbreviations.push(0);
    let entry: Vec<u8> = [1].into_iter().chain(CODE).chain([0; 4]).collect();
    let info = unit(0, &entry).repeat(units);
    vec![(".debug_abbrev", abbreviations), (".debug_info", info), (".debug_line", program)]
}

/// A line program of a version, with what comes behind the standard opcodes in its header, and rows for an address each.
fn line_program(version: u8, files: &[u8], rows: usize) -> Vec<u8> {
    let mut header = vec![1, 1, 1, 0xfb, 14, 13];
    header.extend([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]);
    header.extend(files);
    let mut program = vec![version, 0];
    if version >= 5 {
        program.extend([4, 0]);
    }
    program.extend((header.len() as u32).to_le_bytes());
    program.extend(header);
    // The address is 0; each row goes on by one; the end.
    program.extend([0, 5, 2, 0, 0, 0, 0]);
    program.extend(vec![33; rows]);
    program.extend([0, 1, 1]);
    let mut bytes = (program.len() as u32).to_le_bytes().to_vec();
    bytes.extend(program);
    bytes
}

/// Files of version 5 whose names are empty: a byte each.
fn empty_files(count: usize) -> Vec<u8> {
    // No directories; names in strings.
    let mut files = vec![1, 1, 8, 0, 1, 1, 8];
    files.extend([count as u8 | 0x80, (count >> 7) as u8 | 0x80, (count >> 14) as u8]);
    files.extend(vec![0; count]);
    files
}

#[test]
fn what_would_become_large_in_memory() -> Result<()> {
    let known = |sections: Sections| -> Result<bool> { Ok(!symbols(&sections)?.is_empty()) };
    assert!(known(with_lines(1, line_program(5, &empty_files(1_000), 16)))?);
    assert!(!known(with_lines(1, line_program(5, &empty_files(400_000), 16)))?);
    // Each unit keeps the files that it names.
    assert!(!known(with_lines(1_000, line_program(5, &empty_files(1_000), 16)))?);

    // No directories, `a.c`.
    let file = b"\0a.c\0\0\0\0\0";
    let few = symbols(&with_lines(1, line_program(4, file, 16)))?;
    assert_eq!(few[0].file.as_deref(), Some("a.c"));
    assert!(known(with_lines(1, line_program(4, file, 600_000)))?);
    // Each unit keeps its rows.
    assert!(!known(with_lines(4, line_program(4, file, 600_000)))?);
    Ok(())
}

#[test]
fn many_ranges_of_units() -> Result<()> {
    let ranges = |count: u32| -> Sections {
        let named: Vec<_> = HAS_CODE.into_iter().chain([HAS_NAME]).collect();
        // `DW_AT_ranges` in an offset.
        let mut abbreviations = abbreviation(1, COMPILE_UNIT, true, &[(0x55, 0x17)]);
        abbreviations.extend(abbreviation(2, SUBPROGRAM, false, &named));
        abbreviations.push(0);
        let mut entries = vec![1, 0, 0, 0, 0, 2];
        entries.extend(CODE);
        entries.extend(b"own\0\0");
        let ends = (0..count).map(|at| 0x1_0000 + at).chain([0]);
        let list = ends.flat_map(|end| [0, end]).flat_map(u32::to_le_bytes).collect();
        vec![(".debug_abbrev", abbreviations), (".debug_info", unit(0, &entries)), (".debug_ranges", list)]
    };
    assert_eq!(symbols(&ranges(200_000))?.len(), 1);
    assert_eq!(symbols(&ranges(300_000))?, []);
    Ok(())
}

#[test]
fn attributes_without_bytes() -> Result<()> {
    // `DW_AT_external`, there or not: such an attribute takes nothing where it is used.
    let entries = |attributes: usize, count: usize| -> Sections {
        let mut abbreviations = inlined(std::iter::empty()).remove(0).1;
        assert_eq!(abbreviations.pop(), Some(0));
        abbreviations.extend(abbreviation(4, VARIABLE, false, &vec![(0x3f, 0x19); attributes]));
        abbreviations.push(0);
        let mut entries = [1].into_iter().chain(CODE).chain([2]).chain(CODE).collect::<Vec<u8>>();
        entries.extend(b"own\0");
        entries.extend(vec![4; count]);
        entries.extend([0, 0]);
        vec![(".debug_abbrev", abbreviations), (".debug_info", unit(0, &entries))]
    };
    assert_eq!(symbols(&entries(4, 200_000))?.len(), 1);
    let start = Instant::now();
    assert_eq!(symbols(&entries(16, 400_000))?, []);
    assert_eq!(symbols(&entries(60_000, 400_000))?, []);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    Ok(())
}

#[test]
fn names_are_told_as_often_as_one_asks() -> Result<()> {
    let backtrace = stopped(&inlined([format!("inlined{}", "x".repeat(900))].into_iter()))?;
    let frame = &backtrace.frames()[0];
    let first = frame.symbols();
    assert_eq!(first.len(), 2);
    for call in 0..5_000 {
        assert_eq!(frame.symbols(), first, "call {call}");
    }
    Ok(())
}

#[test]
fn long_names() -> Result<()> {
    let part = "a".repeat(900);
    let mangled = format!("_ZN900{part}900{part}900{part}17h0123456789abcdefE");
    let told = symbols(&inlined([mangled.clone(), "b".repeat(5_000)].into_iter()))?;
    assert_eq!(told[1].name.as_deref(), Some(&*mangled));
    if cfg!(feature = "demangle") {
        assert_eq!(told[1].demangled_name().as_deref(), Some(&*format!("{part}::{part}::{part}")));
    }
    let cut = told[0].name.as_deref().expect("it is known");
    assert!(cut.starts_with("bbb") && cut.ends_with('…') && cut.len() <= 4 << 10, "{} bytes", cut.len());
    Ok(())
}

#[test]
fn what_is_not_known_is_left_out() -> Result<()> {
    let text = stopped(&inlined(["inner".to_string()].into_iter()))?.to_string();
    let lines: Vec<_> = text.lines().skip(2).collect();
    assert_eq!(lines, ["         in inner, inlined"]);
    Ok(())
}
