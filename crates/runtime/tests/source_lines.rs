//! Lines of sources in backtraces, as the DWARF of guests has them: of a C and a Rust program, whose sources lie beside what
//! `source_lines/build.sh` makes of them.
#![cfg(all(feature = "addr2line", feature = "compile", feature = "wat"))]

use gusset::core::{Instance, Module, Val};
use gusset::{Component, Config, Engine, Linker, Result, Store, Trap, WasmBacktrace, WasmBacktraceDetails, WasmFrame};
use std::time::{Duration, Instant};
use wasmparser::{Parser, Payload};

mod hostile;

const AVERAGE: &[u8] = include_bytes!("source_lines/average.wasm");
const LIST: &[u8] = include_bytes!("source_lines/list.wasm");

fn engine(details: WasmBacktraceDetails) -> Engine {
    Engine::new(Config::new().wasm_backtrace_details(details)).expect("it can be made")
}

/// Where an instance of `module` stops when `name` is called with a number.
fn backtrace(module: &Module, engine: &Engine, name: &str, number: i32) -> Result<WasmBacktrace> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[])?;
    let func = instance.get_func(&mut store, name).expect("it is exported");
    let error = func.call(&mut store, &[Val::I32(number)], &mut [Val::I32(0)]).expect_err("it traps");
    Ok(error.downcast_ref::<Trap>().expect("it traps").backtrace().clone())
}

/// The functions and places of a frame.
fn shown(frame: &WasmFrame) -> Vec<String> {
    let symbols = frame.symbols();
    let text = |symbol: &gusset::FrameSymbol| format!("{} {symbol}", symbol.demangled_name().unwrap_or_default());
    symbols.iter().map(text).collect()
}

#[test]
fn a_program_in_c() -> Result<()> {
    let engine = engine(WasmBacktraceDetails::Enable);
    let backtrace = backtrace(&Module::new(&engine, AVERAGE)?, &engine, "outer", 0)?;
    let frames: Vec<_> = backtrace.frames().iter().map(shown).collect();
    assert_eq!(
        frames,
        [
            vec!["divide /source/average.c:6:16", "average /source/average.c:13:12", "run /source/average.c:20:12"],
            vec!["outer /source/average.c:27:12"],
        ]
    );
    let text = backtrace.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[1].ends_with(".wasm!run") || lines[1].ends_with("!run"), "{text}");
    assert_eq!(lines[2], "         at /source/average.c:6:16 in divide, inlined");
    assert_eq!(lines[3], "         at /source/average.c:13:12 in average, inlined");
    assert_eq!(lines[4], "         at /source/average.c:20:12");
    assert_eq!(lines[6], "         at /source/average.c:27:12");
    Ok(())
}

#[test]
fn a_program_in_rust() -> Result<()> {
    let engine = engine(WasmBacktraceDetails::Enable);
    let backtrace = backtrace(&Module::new(&engine, LIST)?, &engine, "run", 10)?;
    let frames: Vec<_> = backtrace.frames().iter().map(shown).collect();
    let places: Vec<Vec<&str>> = frames.iter().map(|frame| frame.iter().map(|text| &**text).collect()).collect();
    // What `core` does itself is inlined too.
    let own: Vec<_> = places[0].iter().filter(|text| text.contains("list.rs")).copied().collect();
    assert_eq!(
        own,
        [
            "list::stop /source/list.rs:25:5",
            "list::List::get /source/list.rs:17:13",
            "list::element /source/list.rs:30:10",
        ]
    );
    assert_eq!(places.last(), Some(&vec!["run /source/list.rs:36:5"]));
    Ok(())
}

/// A component around a module that exports `run`.
fn component_of(module: &[u8]) -> Result<Vec<u8>> {
    let placeholder = r#"(component
        (core module $m (func (export "run") (param i32) (result i32) (local.get 0)))
        (core instance $i (instantiate $m))
        (func (export "run") (param "n" s32) (result s32) (canon lift (core func $i "run"))))"#;
    let bytes = wat::parse_str(placeholder).map_err(gusset::Error::new)?;
    // The first section is the module; it is shorter than 128 bytes.
    assert_eq!(bytes[8], 1);
    let rest = 10 + usize::from(bytes[9]);
    let mut component = bytes[..9].to_vec();
    let mut len = module.len();
    while len >= 0x80 {
        component.push(len as u8 | 0x80);
        len >>= 7;
    }
    component.push(len as u8);
    component.extend_from_slice(module);
    component.extend_from_slice(&bytes[rest..]);
    Ok(component)
}

#[test]
fn a_module_in_a_component() -> Result<()> {
    let engine = engine(WasmBacktraceDetails::Enable);
    let component = Component::new(&engine, component_of(AVERAGE)?)?;
    // SAFETY: this library made it.
    let read = unsafe { Component::deserialize(&engine, component.serialize()?)? };
    for component in [component, read] {
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
        let run = instance.get_typed_func::<(i32,), (i32,)>(&mut store, "run")?;
        let error = run.call(&mut store, (0,)).expect_err("it traps");
        let backtrace = WasmBacktrace::of(&error).expect("a guest was running");
        assert_eq!(shown(&backtrace.frames()[0])[0], "divide /source/average.c:6:16", "{error:#}");
    }
    Ok(())
}

#[test]
fn lines_are_told_where_they_are_wanted_alone() -> Result<()> {
    let with = engine(WasmBacktraceDetails::Enable);
    let without = engine(WasmBacktraceDetails::Disable);
    let has_lines = |module: &Module, engine: &Engine| -> Result<bool> {
        Ok(!backtrace(module, engine, "run", 0)?.frames()[0].symbols().is_empty())
    };
    let (rich, plain) = (Module::new(&with, AVERAGE)?, Module::new(&without, AVERAGE)?);
    assert!(has_lines(&rich, &with)? && !has_lines(&plain, &without)?);
    // Artefacts have them or have not, and run in engines of both kinds.
    let (rich, plain) = (rich.serialize()?, plain.serialize()?);
    let debug = |bytes: &[u8]| bytes.windows(7).any(|part| part == b"divide\0");
    assert!(debug(&rich) && !debug(&plain));
    // SAFETY: this library made them.
    let read = |engine: &Engine, bytes: &[u8]| unsafe { Module::deserialize(engine, bytes) };
    assert!(has_lines(&read(&with, &rich)?, &with)?);
    assert!(!has_lines(&read(&without, &rich)?, &without)?);
    assert!(!has_lines(&read(&with, &plain)?, &with)?);
    // Lazily compiled functions have them too.
    let lazy = Engine::new(Config::new().lazy_compilation(true).wasm_backtrace_details(WasmBacktraceDetails::Enable))?;
    assert!(has_lines(&Module::new(&lazy, AVERAGE)?, &lazy)?);
    Ok(())
}

/// Where the contents of sections for debuggers stand.
fn debug_ranges(wasm: &[u8]) -> Vec<std::ops::Range<usize>> {
    let sections = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.expect("it is valid") {
        Payload::CustomSection(section) if section.name().starts_with(".debug_") => Some(section.data_offset()),
        _ => None,
    });
    let starts: Vec<usize> = sections.map(|start| start as usize).collect();
    let lens = Parser::new(0).parse_all(wasm).filter_map(|payload| match payload.expect("it is valid") {
        Payload::CustomSection(section) if section.name().starts_with(".debug_") => Some(section.data().len()),
        _ => None,
    });
    starts.into_iter().zip(lens).map(|(start, len)| start..start + len).collect()
}

#[test]
fn damaged_dwarf_is_ignored() -> Result<()> {
    let engine = engine(WasmBacktraceDetails::Enable);
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let (mut known, mut unknown) = (0, 0);
    for (wasm, number) in [(AVERAGE, 0), (LIST, 10)] {
        let ranges = debug_ranges(wasm);
        for _ in 0..700 {
            let mut damaged = wasm.to_vec();
            for _ in 0..=random(6) {
                let range = ranges[random(ranges.len())].clone();
                let at = range.start + random(range.len());
                match random(3) {
                    0 => damaged[at] = random(256) as u8,
                    1 => damaged[at] ^= 1 << random(8),
                    _ => damaged[at..range.end.min(at + 9)].fill([0, 0xff, 0x80][random(3)]),
                }
            }
            let start = Instant::now();
            let backtrace = backtrace(&Module::new(&engine, &damaged)?, &engine, "run", number)?;
            let text = backtrace.to_string();
            assert!(text.contains("!run"), "{text}");
            assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
            if backtrace.frames()[0].symbols().is_empty() { unknown += 1 } else { known += 1 }
        }
    }
    assert!(known > 100 && unknown > 100, "{known} have lines, {unknown} have none");
    Ok(())
}

/// A module with these sections beside a function that traps.
fn module_with(sections: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut wasm =
        wat::parse_str(r#"(module (func (export "run") (param i32) (result i32) unreachable))"#).expect("it is right");
    let number = |mut number: usize| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    for (name, bytes) in sections {
        let name_len = number(name.len());
        wasm.push(0);
        wasm.extend(number(name_len.len() + name.len() + bytes.len()));
        wasm.extend(name_len);
        wasm.extend_from_slice(name.as_bytes());
        wasm.extend_from_slice(bytes);
    }
    wasm
}

/// A unit of DWARF 4 with the abbreviations at an offset, and what comes behind its header.
fn unit(abbreviations: u32, rest: &[u8]) -> Vec<u8> {
    let mut unit = ((7 + rest.len()) as u32).to_le_bytes().to_vec();
    unit.extend([4, 0]);
    unit.extend(abbreviations.to_le_bytes());
    unit.push(4);
    unit.extend(rest);
    unit
}

#[test]
fn dwarf_that_asks_for_much_is_given_up() -> Result<()> {
    let engine = engine(WasmBacktraceDetails::Enable);
    let abbreviations: Vec<u8> = (1..60_000_u32)
        .flat_map(|code| {
            let code = [code as u8 | 0x80, (code >> 7) as u8 | 0x80, (code >> 14) as u8];
            code.into_iter().chain([0x11, 0, 0, 0])
        })
        .collect();
    // Each unit reads all abbreviations, or all but a few.
    let units = (0..50_000_u32).flat_map(|at| unit(7 * (at % 30_000), &[1])).collect();
    let many_units = vec![(".debug_abbrev", abbreviations), (".debug_info", units)];

    // A unit whose line program has a row for each byte, and files whose directory has a long name.
    let abbreviation = vec![1, 0x11, 0, 0x11, 1, 0x12, 6, 0x10, 0x17, 0, 0, 0];
    let root: Vec<u8> = [&[1][..], &0_u32.to_le_bytes(), &100_u32.to_le_bytes(), &0_u32.to_le_bytes()].concat();
    let mut header = vec![1, 1, 1, 0xfb, 14, 13];
    header.extend([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]);
    header.extend(vec![b'd'; 100_000]);
    header.extend([0, 0]);
    (0..100_000).for_each(|_| header.extend([b'f', 0, 1, 0, 0]));
    header.push(0);
    let mut program = (header.len() as u32).to_le_bytes().to_vec();
    program.extend(header);
    // Sets the address to 0, then goes on.
    program.extend([0, 5, 2, 0, 0, 0, 0]);
    program.extend(vec![0x20; 2_000_000]);
    let mut lines = ((2 + program.len()) as u32).to_le_bytes().to_vec();
    lines.extend([4, 0]);
    lines.extend(program);
    let long_lines = vec![(".debug_abbrev", abbreviation), (".debug_info", unit(0, &root)), (".debug_line", lines)];

    for sections in [many_units, long_lines] {
        let start = Instant::now();
        let module = Module::new(&engine, module_with(&sections))?;
        let backtrace = backtrace(&module, &engine, "run", 0)?;
        assert!(
            backtrace.to_string().contains("<function 0>") || backtrace.to_string().contains("!run"),
            "{backtrace}"
        );
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
    Ok(())
}
