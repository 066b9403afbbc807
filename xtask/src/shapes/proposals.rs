//! Products of exceptions, vectors, tail calls and references that may be null.

use super::component::{ShapeModule, branch, change, i32s, keep, read};
use wasm_encoder::{BlockType, Catch, HeapType, InstructionSink, RefType, ValType};

/// A function that may throw, for all that the compiler knows, and a tag whose exceptions have so many values.
fn may_throw(module: &mut ShapeModule, values: u32) -> (u32, u32) {
    let tag = module.tag(i32s(values));
    let ty = module.ty([], []);
    (tag, module.func(ty, (0, ValType::I32), |_| {}))
}

/// A block around a `try_table` with these clauses, which branch to its end, and have nothing to hand over.
fn try_block(code: &mut InstructionSink<'_>, clauses: Vec<Catch>, body: impl FnOnce(&mut InstructionSink<'_>)) {
    code.block(BlockType::Empty).try_table(BlockType::Empty, clauses);
    body(code);
    code.end().end();
}

/// N `try_table` in one another around M calls.
pub(super) fn nested_tries(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let (tag, callee) = may_throw(&mut module, 0);
    module.component((0, ValType::I32), |code| {
        for _ in 0..n {
            code.block(BlockType::Empty).try_table(BlockType::Empty, [Catch::One { tag, label: 0 }]);
        }
        (0..m).for_each(|_| {
            code.call(callee);
        });
        (0..n).for_each(|_| {
            code.end().end();
        });
    })
}

/// N `try_table` in a row, each around a call, and M locals that are changed before and read after them.
pub(super) fn tries(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let (_, callee) = may_throw(&mut module, 0);
    module.component((m, ValType::I32), |code| {
        (1..=m).for_each(|local| change(code, local));
        for _ in 0..n {
            try_block(code, vec![Catch::All { label: 0 }], |code| {
                code.call(callee);
            });
        }
        (1..=m).for_each(|local| read(code, local));
    })
}

/// N `try_table` in a row, each around a call and a change of one of M locals, which are read after them.
pub(super) fn changing_tries(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let (_, callee) = may_throw(&mut module, 0);
    module.component((m, ValType::I32), |code| {
        for i in 0..n {
            try_block(code, vec![Catch::All { label: 0 }], |code| {
                code.call(callee);
                change(code, 1 + i % m);
                code.call(callee);
            });
        }
        (1..=m).for_each(|local| read(code, local));
    })
}

/// M calls within a `try_table` of N clauses.
pub(super) fn clauses(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let (tag, callee) = may_throw(&mut module, 0);
    module.component((0, ValType::I32), |code| {
        try_block(code, vec![Catch::One { tag, label: 0 }; n as usize], |code| {
            (0..m).for_each(|_| {
                code.call(callee);
            });
        });
    })
}

/// N `try_table` in a row that catch M values each.
pub(super) fn caught_values(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let (tag, callee) = may_throw(&mut module, m);
    let results = module.ty([], i32s(m));
    module.component((0, ValType::I32), |code| {
        for _ in 0..n {
            code.block(BlockType::Empty).block(BlockType::FunctionType(results));
            code.try_table(BlockType::Empty, [Catch::One { tag, label: 0 }]).call(callee).br(2).end();
            code.unreachable().end();
            (0..m).for_each(|_| {
                code.drop();
            });
            code.end();
        }
    })
}

/// N throws of M values, none of which is reached.
pub(super) fn throws(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let (tag, _) = may_throw(&mut module, m);
    module.component((0, ValType::I32), |code| {
        for _ in 0..n {
            code.local_get(0).if_(BlockType::Empty);
            (0..m).for_each(|_| {
                code.local_get(0);
            });
            code.throw(tag).end();
        }
    })
}

/// N blocks, each with a branch, then M locals read that are vectors.
pub(super) fn vector_locals(n: u32, m: u32) -> Vec<u8> {
    ShapeModule::new().component((m, ValType::V128), |code| {
        (1..=m).for_each(|local| {
            code.local_get(0).i32x4_splat().local_set(local);
        });
        for _ in 0..n {
            code.block(BlockType::Empty);
            branch(code);
            code.end();
        }
        for local in 1..=m {
            code.local_get(local).i32x4_extract_lane(0);
            keep(code);
        }
    })
}

/// N vectors of which each is another, in each of M functions.
pub(super) fn vector_constants(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let ty = module.ty([], []);
    let constants = |code: &mut InstructionSink<'_>, function: u32| {
        for i in 0..n {
            code.v128_const(i128::from(i) << 64 | i128::from(function)).i32x4_extract_lane(2);
            keep(code);
        }
    };
    for function in 1..m {
        module.func(ty, (0, ValType::I32), |code| constants(code, function));
    }
    module.component((0, ValType::I32), |code| constants(code, 0))
}

/// A chain of N shuffles, each with another pattern, in each of M functions.
pub(super) fn shuffles(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let ty = module.ty(i32s(1), []);
    let chain = |code: &mut InstructionSink<'_>| {
        code.local_get(0).i32x4_splat();
        for i in 0..n {
            code.local_get(0).i8x16_splat();
            code.i8x16_shuffle(std::array::from_fn(|lane| ((i >> (lane % 4 * 5)) % 32) as u8));
        }
        code.i32x4_extract_lane(0);
        keep(code);
    };
    for _ in 1..m {
        module.func(ty, (0, ValType::I32), chain);
    }
    module.component((0, ValType::I32), chain)
}

/// A chain of N operators on vectors that take many instructions, in each of M functions.
pub(super) fn vector_chain(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let ty = module.ty(i32s(1), []);
    let chain = |code: &mut InstructionSink<'_>| {
        code.local_get(0).i32x4_splat();
        for _ in 0..n {
            code.local_get(0).i8x16_shl().i32x4_trunc_sat_f64x2_u_zero();
        }
        code.i32x4_extract_lane(0);
        keep(code);
    };
    for _ in 1..m {
        module.func(ty, (0, ValType::I32), chain);
    }
    module.component((0, ValType::I32), chain)
}

/// N tail calls that pass M values on, none of which is reached.
pub(super) fn tail_calls(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let (ty, callee_ty) = (module.ty([], []), module.ty(i32s(m), []));
    let callee = module.func(callee_ty, (0, ValType::I32), |_| {});
    let caller = module.func(ty, (m, ValType::I32), |code| {
        for _ in 0..n {
            code.global_get(0).if_(BlockType::Empty);
            (0..m).for_each(|local| {
                code.local_get(local);
            });
            code.return_call(callee).end();
        }
    });
    module.component((0, ValType::I32), |code| {
        code.call(caller);
    })
}

/// N branches on null that carry M values.
pub(super) fn null_branches(n: u32, m: u32) -> Vec<u8> {
    let mut module = ShapeModule::new();
    let results = module.ty([], i32s(m));
    let ty = module.ty([ValType::Ref(RefType::EXTERNREF)], []);
    let func = module.func(ty, (0, ValType::I32), |code| {
        code.block(BlockType::FunctionType(results));
        (0..m).for_each(|_| {
            code.global_get(0);
        });
        for _ in 0..n {
            code.local_get(0).br_on_null(0).drop();
        }
        code.end();
        (0..m).for_each(|_| keep(code));
    });
    module.component((0, ValType::I32), |code| {
        code.ref_null(HeapType::EXTERN).call(func);
    })
}
