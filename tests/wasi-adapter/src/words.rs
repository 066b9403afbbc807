//! The words of an adapter: a global for each, and functions that find one by its number.

use wasm_encoder::{BlockType, ConstExpr, Function, GlobalSection, GlobalType, ValType};

/// As many globals, each 0 at first.
pub(crate) fn globals(count: u32) -> GlobalSection {
    let mut globals = GlobalSection::new();
    for _ in 0..count {
        let ty = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        globals.global(ty, &ConstExpr::i64_const(0));
    }
    globals
}

/// `get(i32) -> i64`.
pub(crate) fn get(count: u32) -> Function {
    each(count, 0, |function, global| {
        function.instructions().global_get(global);
    })
}

/// `set(i64, i32)`.
pub(crate) fn set(count: u32) -> Function {
    each(count, 1, |function, global| {
        function.instructions().local_get(0).global_set(global);
    })
}

/// A function that does something to the global whose number a parameter is, and traps where there is none: a block around each, out of
/// which a table of branches leads.
fn each(count: u32, number: u32, with: impl Fn(&mut Function, u32)) -> Function {
    let mut function = Function::new([]);
    for _ in 0..=count {
        function.instructions().block(BlockType::Empty);
    }
    function.instructions().local_get(number).br_table(0..count, count).end();
    for global in 0..count {
        with(&mut function, global);
        function.instructions().return_().end();
    }
    function.instructions().unreachable().end();
    function
}
