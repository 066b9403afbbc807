//! Products of control flow with locals: blocks, loops, conditionals and branches by the locals that are read or changed.

use super::component::{ShapeModule, branch, change, function, i32s, keep, read};
use wasm_encoder::{BlockType, InstructionSink, ValType};

fn read_all(code: &mut InstructionSink<'_>, m: u32) {
    (1..=m).for_each(|local| read(code, local));
}

fn change_all(code: &mut InstructionSink<'_>, m: u32) {
    (1..=m).for_each(|local| change(code, local));
}

fn end_all(code: &mut InstructionSink<'_>, n: u32) {
    for _ in 0..n {
        code.end();
    }
}

/// N empty blocks and a branch, then M locals read.
pub(super) fn blocks(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for _ in 0..n {
            code.block(BlockType::Empty).end();
        }
        code.block(BlockType::Empty);
        branch(code);
        code.end();
        read_all(code, m);
    })
}

/// N blocks, each with a branch, then M locals read.
pub(super) fn branches(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for _ in 0..n {
            code.block(BlockType::Empty);
            branch(code);
            code.end();
        }
        read_all(code, m);
    })
}

/// N branches to one label before M locals are changed, and as many after that; then all are read.
pub(super) fn changes_between(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        code.block(BlockType::Empty);
        (0..n).for_each(|_| branch(code));
        change_all(code, m);
        (0..n).for_each(|_| branch(code));
        code.end();
        read_all(code, m);
    })
}

/// N branches to one label, before each a change of one of M locals; then all are read.
pub(super) fn outward(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        code.block(BlockType::Empty);
        for at in 0..n {
            change(code, 1 + at % m);
            branch(code);
        }
        code.end();
        read_all(code, m);
    })
}

/// N loops in each other; the innermost changes M locals.
pub(super) fn loops(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for _ in 0..n {
            code.loop_(BlockType::Empty);
        }
        change_all(code, m);
        for _ in 0..n {
            branch(code);
            code.end();
        }
    })
}

/// N loops in each other; the innermost reads M locals.
pub(super) fn readers(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for _ in 0..n {
            code.loop_(BlockType::Empty);
        }
        read_all(code, m);
        for _ in 0..n {
            branch(code);
            code.end();
        }
    })
}

/// N loops in a row, each changes one of M locals; then all are read.
pub(super) fn loop_row(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for at in 0..n {
            code.loop_(BlockType::Empty);
            change(code, 1 + at % m);
            branch(code);
            code.end();
        }
        read_all(code, m);
    })
}

/// M locals changed, N loops in a row that leave them alone, then all are read.
pub(super) fn live_over_loops(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        change_all(code, m);
        for _ in 0..n {
            code.loop_(BlockType::Empty);
            branch(code);
            code.end();
        }
        read_all(code, m);
    })
}

/// N conditionals in a row, each changes one of M locals.
pub(super) fn ifs(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for at in 0..n {
            code.local_get(0).if_(BlockType::Empty);
            change(code, 1 + at % m);
            code.end();
        }
    })
}

/// N conditionals in each other; the innermost changes M locals, which are read after all of them.
pub(super) fn nested_ifs(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for _ in 0..n {
            code.local_get(0).if_(BlockType::Empty);
        }
        change_all(code, m);
        end_all(code, n);
        read_all(code, m);
    })
}

/// N conditionals, each in the other arm of the one before, each changes one of M locals, which are read after all of them.
pub(super) fn elses(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for at in 0..n {
            code.local_get(0).if_(BlockType::Empty);
            change(code, 1 + at % m);
            code.else_();
        }
        end_all(code, n);
        read_all(code, m);
    })
}

/// A table of branches to N blocks, and M locals changed after each.
pub(super) fn table(n: u32, m: u32) -> Vec<u8> {
    function(m, |code| {
        for _ in 0..n {
            code.block(BlockType::Empty);
        }
        code.local_get(0).br_table(0..n, n - 1);
        for _ in 0..n {
            code.end();
            change_all(code, m);
        }
    })
}

/// N functions of M locals that read one.
pub(super) fn locals(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let ty = module.ty([], []);
    for _ in 0..n {
        module.func(ty, (m, ValType::I32), |code| read(code, m - 1));
    }
    module.component((m, ValType::I32), |_| {})
}

/// N extern references live over M calls.
pub(super) fn refs(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let (none, make, take) =
        (module.ty([], []), module.ty([], [ValType::EXTERNREF]), module.ty([ValType::EXTERNREF], []));
    let between = module.func(none, (0, ValType::I32), |_| {});
    let make = module.func(make, (0, ValType::I32), |code| {
        code.ref_null(wasm_encoder::HeapType::EXTERN);
    });
    let take = module.func(take, (0, ValType::I32), |_| {});
    module.component((n, ValType::EXTERNREF), |code| {
        for local in 1..=n {
            code.call(make).local_set(local);
        }
        for _ in 0..m {
            code.call(between);
        }
        for local in 1..=n {
            code.local_get(local).call(take);
        }
    })
}

/// N products by constants before M branches, and the same ones after them.
pub(super) fn equal_values(n: u32, m: u32) -> Vec<u8> {
    let products = |code: &mut InstructionSink<'_>| {
        for at in 0..n as i32 {
            code.local_get(0).i32_const(at).i32_mul();
            keep(code);
        }
    };
    function(0, |code| {
        products(code);
        for _ in 0..m {
            code.block(BlockType::Empty);
            branch(code);
            code.end();
        }
        products(code);
    })
}

/// N loops in each other; the innermost computes M values that none of them changes.
pub(super) fn invariants(n: u32, m: u32) -> Vec<u8> {
    function(0, |code| {
        for _ in 0..n {
            code.loop_(BlockType::Empty);
        }
        for at in 0..m as i32 {
            code.local_get(0).i32_const(at).i32_mul();
            keep(code);
        }
        for _ in 0..n {
            branch(code);
            code.end();
        }
    })
}

/// N functions that have M parameters and read the last one.
pub(super) fn params(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let ty = module.ty(i32s(m), []);
    for _ in 0..n {
        module.func(ty, (0, ValType::I32), |code| read(code, m - 1));
    }
    module.component((0, ValType::I32), |_| {})
}
