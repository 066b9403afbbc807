//! The module `spectest` that core scripts import. Nothing is printed: reports are all that a run shows.

use gusset::core;
use gusset::core::ValType;

/// All of `spectest` but its functions: what each is, its name, and its type and value.
pub(crate) const DEFINED: &[(&str, &str, &str)] = &[
    ("global", "global_i32", "i32 (i32.const 666)"),
    ("global", "global_i64", "i64 (i64.const 666)"),
    ("global", "global_f32", "f32 (f32.const 666.6)"),
    ("global", "global_f64", "f64 (f64.const 666.6)"),
    ("table", "table", "10 20 funcref"),
    ("table", TABLE64, "i64 10 20 funcref"),
    ("memory", "memory", "1 2"),
    ("memory", SHARED_MEMORY, "1 2 shared"),
];

/// The table and the memory that the host makes itself: modules may not have such ones in every engine.
const TABLE64: &str = "table64";
const SHARED_MEMORY: &str = "shared_memory";

/// The functions of `spectest`, with their parameters.
pub(crate) const PRINTERS: &[(&str, &[ValType])] = &[
    ("print", &[]),
    ("print_i32", &[ValType::I32]),
    ("print_i64", &[ValType::I64]),
    ("print_f32", &[ValType::F32]),
    ("print_f64", &[ValType::F64]),
    ("print_i32_f32", &[ValType::I32, ValType::F32]),
    ("print_f64_f64", &[ValType::F64, ValType::F64]),
];

/// Makes the module `spectest` importable.
pub(crate) fn link_spectest<T: 'static>(
    linker: &mut core::Linker<T>,
    store: &mut gusset::Store<T>,
) -> gusset::Result<()> {
    // A core module is the shortest way to say it.
    let define = |(kind, name, what): &(&str, &str, &str)| format!("({kind} (export \"{name}\") {what})");
    let defined = DEFINED.iter().filter(|(_, name, _)| ![TABLE64, SHARED_MEMORY].contains(name));
    let text = format!("(module $spectest {})", defined.map(define).collect::<String>());
    let module = core::Module::new(store.engine(), text)?;
    let instance = linker.instantiate(&mut *store, &module)?;
    linker.instance(&mut *store, "spectest", instance)?;
    let ty = core::TableType { element: core::RefType::FUNCREF, minimum: 10, maximum: Some(20), table64: true };
    let table = core::Table::new(&mut *store, ty, core::Ref::Func(None))?;
    linker.define("spectest", TABLE64, table)?;
    let ty = core::MemoryType { minimum: 1, maximum: Some(2), memory64: false, shared: true, page_size_log2: 16 };
    linker.define("spectest", SHARED_MEMORY, core::SharedMemory::new(store.engine(), ty)?)?;
    for (name, params) in PRINTERS {
        let ty = core::FuncType { params: (*params).into(), results: [].into() };
        linker.func_new("spectest", name, ty, |_, _, _| Ok(()))?;
    }
    Ok(())
}
