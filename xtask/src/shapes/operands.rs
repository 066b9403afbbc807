//! Products of control flow with values on the stack: operands below it, parameters and results of blocks, arguments of
//! branches and calls.

use super::component::{ShapeModule, branch, i32s, keep};
use wasm_encoder::{BlockType, InstructionSink, ValType};

/// A module with a function that does nothing, and one that returns a value which its caller cannot know.
struct Callees {
    module: ShapeModule,
    nothing: u32,
    value: u32,
}

impl Callees {
    fn new() -> Callees {
        let mut module = ShapeModule::new();
        let (none, one) = (module.ty([], []), module.ty([], i32s(1)));
        let nothing = module.func(none, (0, ValType::I32), |_| {});
        let value = module.func(one, (0, ValType::I32), |code| {
            code.global_get(0);
        });
        Callees { module, nothing, value }
    }

    /// The component whose function pushes `count` values, does `body`, which leaves as many, and uses them.
    fn component(self, count: u32, body: impl FnOnce(&mut InstructionSink<'_>)) -> Vec<u8> {
        let value = self.value;
        self.module.component((0, ValType::I32), |code| {
            for _ in 0..count {
                code.call(value);
            }
            body(code);
            (0..count).for_each(|_| keep(code));
        })
    }
}

/// N operands below M conditionals in a row.
pub(super) fn operands_ifs(n: u32, m: u32) -> Vec<u8> {
    Callees::new().component(n, |code| {
        for _ in 0..m {
            code.local_get(0).if_(BlockType::Empty).end();
        }
    })
}

/// N operands below M loops in a row.
pub(super) fn operands_loops(n: u32, m: u32) -> Vec<u8> {
    Callees::new().component(n, |code| {
        for _ in 0..m {
            code.loop_(BlockType::Empty);
            branch(code);
            code.end();
        }
    })
}

/// N operands below M calls.
pub(super) fn operands_calls(n: u32, m: u32) -> Vec<u8> {
    let callees = Callees::new();
    let nothing = callees.nothing;
    callees.component(n, |code| {
        for _ in 0..m {
            code.call(nothing);
        }
    })
}

/// N blocks in a row that take and give M values, each with a branch.
pub(super) fn block_results(n: u32, m: u32) -> Vec<u8> {
    let mut callees = Callees::new();
    let ty = BlockType::FunctionType(callees.module.ty(i32s(m), i32s(m)));
    callees.component(m, |code| {
        for _ in 0..n {
            code.block(ty);
            branch(code);
            code.end();
        }
    })
}

/// N loops in a row that take and give M values, each with a branch.
pub(super) fn loop_params(n: u32, m: u32) -> Vec<u8> {
    let mut callees = Callees::new();
    let ty = BlockType::FunctionType(callees.module.ty(i32s(m), i32s(m)));
    callees.component(m, |code| {
        for _ in 0..n {
            code.loop_(ty);
            branch(code);
            code.end();
        }
    })
}

/// N loops in each other that take and give M values.
pub(super) fn nested_loop_params(n: u32, m: u32) -> Vec<u8> {
    let mut callees = Callees::new();
    let ty = BlockType::FunctionType(callees.module.ty(i32s(m), i32s(m)));
    callees.component(m, |code| {
        for _ in 0..n {
            code.loop_(ty);
        }
        for _ in 0..n {
            branch(code);
            code.end();
        }
    })
}

/// N conditionals in a row that take and give M values.
pub(super) fn if_params(n: u32, m: u32) -> Vec<u8> {
    let mut callees = Callees::new();
    let ty = BlockType::FunctionType(callees.module.ty(i32s(m), i32s(m)));
    callees.component(m, |code| {
        for _ in 0..n {
            code.local_get(0).if_(ty).end();
        }
    })
}

/// N tables of branches, each with M labels of M blocks.
pub(super) fn table_labels(n: u32, m: u32) -> Vec<u8> {
    Callees::new().component(0, |code| {
        for _ in 0..m {
            code.block(BlockType::Empty);
        }
        for _ in 0..n {
            code.block(BlockType::Empty).local_get(0).br_table(1..m + 1, 0).end();
        }
        for _ in 0..m {
            code.end();
        }
    })
}

/// A table of branches to N blocks, each with M arguments.
pub(super) fn table_arguments(n: u32, m: u32) -> Vec<u8> {
    let mut callees = Callees::new();
    let value = callees.value;
    let ty = BlockType::FunctionType(callees.module.ty([], i32s(m)));
    callees.module.component((0, ValType::I32), |code| {
        for _ in 0..n {
            code.block(ty);
        }
        for _ in 0..m {
            code.call(value);
        }
        code.local_get(0).br_table(0..n, n - 1);
        for _ in 0..n {
            code.end();
        }
        (0..m).for_each(|_| keep(code));
    })
}

/// N calls that pass M values on, to a function that returns them.
pub(super) fn wide_calls(n: u32, m: u32) -> Vec<u8> {
    let mut callees = Callees::new();
    let ty = callees.module.ty(i32s(m), i32s(m));
    let wide = callees.module.func(ty, (0, ValType::I32), |code| {
        for param in 0..m {
            code.local_get(param);
        }
    });
    callees.component(m, |code| {
        for _ in 0..n {
            code.call(wide);
        }
    })
}

/// Chains of N operators, one in each of M functions.
pub(super) fn chain(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let ty = module.ty(i32s(1), i32s(1));
    let chain = |code: &mut InstructionSink<'_>| {
        code.local_get(0);
        for _ in 0..n {
            code.i32_eqz();
        }
    };
    for _ in 1..m {
        module.func(ty, (0, ValType::I32), chain);
    }
    module.component((0, ValType::I32), |code| {
        chain(code);
        keep(code);
    })
}

/// N values pushed and then added up, in each of M functions.
pub(super) fn tree(n: u32, m: u32) -> Vec<u8> {
    let mut callees = Callees::new();
    let (value, ty) = (callees.value, callees.module.ty([], i32s(1)));
    let tree = |code: &mut InstructionSink<'_>| {
        for _ in 0..n {
            code.call(value);
        }
        for _ in 1..n {
            code.i32_add();
        }
    };
    for _ in 1..m {
        callees.module.func(ty, (0, ValType::I32), tree);
    }
    callees.module.component((0, ValType::I32), |code| {
        tree(code);
        keep(code);
    })
}
