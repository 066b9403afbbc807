//! Every atomic operator, however accesses are checked: where it traps, as what, and that the last place there is can be used.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{Instance, Module, Val};
use gusset::{Config, Engine, NamedSource, OptLevel, Result, Store, Trap, TrapCode};

/// An operator: its name, the bytes that it accesses, its operands behind the address, and its result.
struct AtomicRow {
    name: String,
    bytes: u32,
    operands: Vec<&'static str>,
    result: Option<&'static str>,
}

fn rows() -> Vec<AtomicRow> {
    let mut rows = Vec::new();
    let mut add = |name: String, bytes: u32, operands: &[&'static str], result| {
        rows.push(AtomicRow { name, bytes, operands: operands.to_vec(), result });
    };
    for (ty, widths) in [("i32", &[8, 16, 32][..]), ("i64", &[8, 16, 32, 64])] {
        for &width in widths {
            let whole = format!("i{width}") == ty;
            let (width_text, sign) = if whole { (String::new(), "") } else { (width.to_string(), "_u") };
            add(format!("{ty}.atomic.load{width_text}{sign}"), width / 8, &[], Some(ty));
            add(format!("{ty}.atomic.store{width_text}"), width / 8, &[ty], None);
            for change in ["add", "sub", "and", "or", "xor", "xchg"] {
                add(format!("{ty}.atomic.rmw{width_text}.{change}{sign}"), width / 8, &[ty], Some(ty));
            }
            add(format!("{ty}.atomic.rmw{width_text}.cmpxchg{sign}"), width / 8, &[ty, ty], Some(ty));
        }
    }
    add("memory.atomic.notify".into(), 4, &["i32"], Some("i32"));
    add("memory.atomic.wait32".into(), 4, &["i32", "i64"], Some("i32"));
    add("memory.atomic.wait64".into(), 8, &["i64", "i64"], Some("i32"));
    rows
}

/// A module with a function for each operator, each operator on a line of its own, and the line of each.
fn module_text(rows: &[AtomicRow], memory: &str, index: &str) -> (String, Vec<usize>) {
    let (mut text, mut lines) = (format!("(module (memory {memory})\n"), Vec::new());
    for AtomicRow { name, operands, result, .. } in rows {
        text += &format!("(func (export \"{name}\") (param {index}) local.get 0\n");
        text.extend(operands.iter().map(|ty| format!("{ty}.const 1\n")));
        text += &format!("{name}\n");
        lines.push(text.lines().count());
        // What could be merged with it stands on a line of its own, too. On aarch64 the extension of an atomic load is that load, and has
        // its place.
        let merged = cfg!(target_arch = "aarch64") && name.starts_with("i32.atomic.load");
        text += match result {
            Some(_) if merged => "drop)\n",
            Some("i32") => "i64.extend_i32_u\ni64.const 3\ni64.add\ndrop)\n",
            Some(_) => "i32.wrap_i64\ni32.eqz\ndrop)\n",
            None => ")\n",
        };
    }
    (text + ")", lines)
}

/// Ways in which accesses are checked and code counts; whether it counts fuel.
fn engines() -> Result<Vec<(Engine, bool)>> {
    let mut configs = vec![Config::new(); 6];
    configs[1].opt_level(OptLevel::None);
    configs[2].signals_based_traps(false);
    configs[3].memory_reservation(1 << 20).memory_guard(1 << 16);
    configs[4].consume_fuel(true).epoch_interruption(true);
    configs[5].signals_based_traps(false).consume_fuel(true);
    configs.iter().enumerate().map(|(at, config)| Ok((Engine::new(config)?, at > 3))).collect()
}

#[test]
fn each_operator_traps_at_its_own_place() -> Result<()> {
    let rows = rows();
    assert_eq!(rows.len(), 66);
    for (engine, counts) in engines()? {
        for (memory, index) in [("1", "i32"), ("1 1 shared", "i32"), ("i64 1", "i64"), ("i64 1 2 shared", "i64")] {
            let (text, lines) = module_text(&rows, memory, index);
            let module = Module::from_source(&engine, &NamedSource::new("atomics.wat", text))?;
            let mut store = Store::new(&engine, ());
            if counts {
                store.set_fuel(u64::MAX)?;
            }
            store.set_epoch_deadline(1 << 40);
            let instance = Instance::new(&mut store, &module, &[])?;
            for (row, line) in rows.iter().zip(&lines) {
                let func = instance.get_func(&mut store, &row.name).expect("it is exported");
                let mut call = |at: u32| {
                    let at = if index == "i32" { Val::I32(at as i32) } else { Val::I64(at.into()) };
                    func.call(&mut store, &[at], &mut [])
                };
                let mut check = |at: u32, code: TrapCode| {
                    let error = call(at).expect_err(&row.name);
                    let trap = error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{}: {error:?}", row.name));
                    assert_eq!(trap.code(), code, "{} at {at} of {memory}", row.name);
                    let place = trap.backtrace().frames()[0].location().expect("there is a text").to_string();
                    assert!(place.starts_with(&format!("atomics.wat:{line}:")), "{} at {place}, not {line}", row.name);
                };
                check(1 << 16, TrapCode::MemoryOutOfBounds);
                check(0x8000_0000, TrapCode::MemoryOutOfBounds);
                if row.bytes > 1 {
                    check(1, TrapCode::UnalignedAtomic);
                    check((1 << 16) - row.bytes / 2, TrapCode::UnalignedAtomic);
                    check((1 << 16) + row.bytes / 2, TrapCode::UnalignedAtomic);
                }
                let last = (1 << 16) - row.bytes;
                match row.name.starts_with("memory.atomic.wait") && !memory.contains("shared") {
                    true => check(last, TrapCode::UnsharedWait),
                    false => call(last)?,
                }
            }
        }
    }
    Ok(())
}
