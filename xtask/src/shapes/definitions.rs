//! Products of definitions: functions and signatures of a module, instances and types of a component.

use super::component::{ENTRY, ShapeModule, export, function, i32s, keep, lift};
use wasm_encoder::{
    CanonicalOption, CodeSection, ComponentBuilder, ComponentExportKind, ComponentTypeRef, ComponentValType, ConstExpr,
    DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, MemorySection,
    MemoryType, Module, ModuleArg, PrimitiveValType, TypeBounds, TypeSection, ValType,
};

/// The longest name that the validator accepts.
const LONGEST_NAME: u32 = 100_000;

/// N functions that write a global M times.
pub(super) fn functions(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let ty = module.ty([], []);
    for _ in 0..n {
        module.func(ty, (0, ValType::I32), |code| {
            for _ in 0..m {
                code.i32_const(1);
                keep(code);
            }
        });
    }
    module.component((0, ValType::I32), |_| {})
}

/// N different signatures of M parameters, with a function of each.
pub(super) fn signatures(n: u32, m: u32) -> Vec<u8> {
    const TYPES: [ValType; 4] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];
    let mut module = ShapeModule::new();
    for at in 0..n {
        // The first parameters are the digits of the number.
        let digit = |place: u32| at.checked_shr(2 * place).unwrap_or(0) as usize % TYPES.len();
        let params: Vec<ValType> = (0..m).map(|place| TYPES[digit(place)]).collect();
        let ty = module.ty(params, []);
        module.func(ty, (0, ValType::I32), |_| {});
    }
    module.component((0, ValType::I32), |_| {})
}

/// Instances that export one another twice, N deep, under names of M letters.
pub(super) fn dag(n: u32, m: u32) -> Vec<u8> {
    let mut component = ComponentBuilder::default();
    let func = lift(&mut component, &ShapeModule::new().module((0, ValType::I32), |_| {}));
    let names = ["a", "b"].map(|letter| letter.repeat(m as usize));
    let mut inner = component.instantiate_exports(None, [(ENTRY, ComponentExportKind::Func, func)]);
    for _ in 0..n {
        let exports = names.each_ref().map(|name| (name.as_str(), ComponentExportKind::Instance, inner));
        inner = component.instantiate_exports(None, exports);
    }
    export(&mut component, "x", ComponentExportKind::Instance, inner, None);
    export(&mut component, ENTRY, ComponentExportKind::Func, func, None);
    component.finish()
}

/// A list of M records whose fields have names of N letters in all, for the host.
pub(super) fn labels(n: u32, m: u32) -> Vec<u8> {
    let mut component = ComponentBuilder::default();
    let names: Vec<String> = (0..n.div_ceil(LONGEST_NAME))
        .map(|at| {
            let length = LONGEST_NAME.min(n - at * LONGEST_NAME) as usize;
            // Names differ, and have just their length.
            let mut name = "a".repeat(length);
            name.replace_range(length - 1.., &char::from(b'a' + at as u8).to_string());
            name
        })
        .collect();
    let (record, encoder) = component.type_defined(None);
    let u8 = ComponentValType::Primitive(PrimitiveValType::U8);
    encoder.record(names.iter().map(|name| (name.as_str(), u8)));
    let record = export(
        &mut component,
        "e",
        ComponentExportKind::Type,
        record,
        Some(ComponentTypeRef::Type(TypeBounds::Eq(record))),
    );
    let (list, encoder) = component.type_defined(None);
    encoder.list(ComponentValType::Type(record));
    let module = component.core_module(None, &list_module(m, names.len() as u32));
    let instance = component.core_instantiate(None, module, []);
    let func = component.core_alias_export(None, instance, ENTRY, ExportKind::Func);
    let memory = component.core_alias_export(None, instance, "m", ExportKind::Memory);
    let (ty, mut encoder) = component.type_function(None);
    encoder.params([("x", PrimitiveValType::U32)]).result(Some(ComponentValType::Type(list)));
    let func = component.lift_func(None, func, ty, [CanonicalOption::Memory(memory)]);
    export(&mut component, ENTRY, ComponentExportKind::Func, func, None);
    component.finish()
}

/// A module whose function returns a list of so many elements of so many bytes.
fn list_module(elements: u32, size: u32) -> Module {
    const CONTENTS: u32 = 8;
    let mut types = TypeSection::new();
    types.ty().function(i32s(1), i32s(1));
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    let pages = (CONTENTS + elements * size).div_ceil(1 << 16);
    memories.memory(MemoryType {
        minimum: pages.into(),
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export(ENTRY, ExportKind::Func, 0).export("m", ExportKind::Memory, 0);
    let mut code = CodeSection::new();
    let mut function = Function::new([]);
    function.instructions().i32_const(0).end();
    code.function(&function);
    let mut data = DataSection::new();
    let list = [CONTENTS.to_le_bytes(), elements.to_le_bytes()].concat();
    data.active(0, &ConstExpr::i32_const(0), list);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code).section(&data);
    module
}

/// N core instances of a module with M functions.
pub(super) fn instances(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let ty = module.ty([], []);
    for _ in 0..m {
        module.func(ty, (0, ValType::I32), |_| {});
    }
    let module = module.module((0, ValType::I32), |_| {});
    let mut component = ComponentBuilder::default();
    let func = lift(&mut component, &module);
    for _ in 1..n {
        component.core_instantiate(None, 0, []);
    }
    export(&mut component, ENTRY, ComponentExportKind::Func, func, None);
    component.finish()
}

/// N functions that take a record of M fields, lifted for the host.
pub(super) fn lifted(n: u32, m: u32) -> Vec<u8> {
    let mut component = ComponentBuilder::default();
    let func = lift(&mut component, &ShapeModule::new().module((0, ValType::I32), |_| {}));
    for (at, func) in record_funcs(&mut component, n, m).into_iter().enumerate() {
        export(&mut component, &format!("f{at}"), ComponentExportKind::Func, func, None);
    }
    export(&mut component, ENTRY, ComponentExportKind::Func, func, None);
    component.finish()
}

/// N functions that take a record of M fields, lifted and lowered.
pub(super) fn adapters(n: u32, m: u32) -> Vec<u8> {
    let mut component = ComponentBuilder::default();
    let funcs = record_funcs(&mut component, n, m);
    let memory = CanonicalOption::Memory(0);
    let lowered: Vec<_> =
        (0..n).zip(funcs).map(|(at, func)| (at.to_string(), component.lower_func(None, func, [memory]))).collect();
    let lowered = lowered.iter().map(|(name, func)| (name.as_str(), ExportKind::Func, *func));
    let lowered = component.core_instantiate_exports(None, lowered.collect::<Vec<_>>());
    let mut types = TypeSection::new();
    types.ty().function(i32s(1), []);
    let mut imports = ImportSection::new();
    for at in 0..n {
        imports.import("i", &at.to_string(), EntityType::Function(0));
    }
    let mut module = Module::new();
    module.section(&types).section(&imports);
    let module = component.core_module(None, &module);
    component.core_instantiate(None, module, [("i", ModuleArg::Instance(lowered))]);
    let func = lift(&mut component, &ShapeModule::new().module((0, ValType::I32), |_| {}));
    export(&mut component, ENTRY, ComponentExportKind::Func, func, None);
    component.finish()
}

/// Lifts N functions of a core module, each of which takes a record of M bytes. Its memory is the component's first.
fn record_funcs(component: &mut ComponentBuilder, n: u32, m: u32) -> Vec<u32> {
    // So many that they lie in memory.
    let fields: Vec<String> = (0..m.max(17)).map(|at| format!("x{at}")).collect();
    let (record, encoder) = component.type_defined(None);
    let u8 = ComponentValType::Primitive(PrimitiveValType::U8);
    encoder.record(fields.iter().map(|name| (name.as_str(), u8)));
    let eq = ComponentTypeRef::Type(TypeBounds::Eq(record));
    let record = export(component, "e", ComponentExportKind::Type, record, Some(eq));
    let (ty, mut encoder) = component.type_function(None);
    encoder.params([("r", ComponentValType::Type(record))]).result(None);
    let module = component.core_module(None, &record_module(n));
    let instance = component.core_instantiate(None, module, []);
    let memory = component.core_alias_export(None, instance, "m", ExportKind::Memory);
    let realloc = component.core_alias_export(None, instance, "r", ExportKind::Func);
    let options = [CanonicalOption::Memory(memory), CanonicalOption::Realloc(realloc)];
    (0..n)
        .map(|at| {
            let func = component.core_alias_export(None, instance, &at.to_string(), ExportKind::Func);
            component.lift_func(None, func, ty, options)
        })
        .collect()
}

/// A module with N functions that take a pointer, and what lifting them needs.
fn record_module(n: u32) -> Module {
    let mut types = TypeSection::new();
    types.ty().function(i32s(1), []);
    types.ty().function(i32s(4), i32s(1));
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    let mut exports = ExportSection::new();
    for at in 0..n {
        functions.function(0);
        let mut function = Function::new([]);
        function.instructions().end();
        code.function(&function);
        exports.export(&at.to_string(), ExportKind::Func, at);
    }
    functions.function(1);
    let mut realloc = Function::new([]);
    realloc.instructions().unreachable().end();
    code.function(&realloc);
    exports.export("r", ExportKind::Func, n).export("m", ExportKind::Memory, 0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code);
    module
}

/// N writes of the global in one block.
pub(super) fn straight(n: u32, _: u32) -> Vec<u8> {
    function(0, |code| {
        for at in 0..n as i32 {
            code.i32_const(at);
            keep(code);
        }
    })
}
