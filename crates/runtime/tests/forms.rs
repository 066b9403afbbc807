//! Functions mean the same in both forms that the compiler gives them: the one for the optimiser, and the one that keeps
//! everything in the stack frame; and whether they trap by signals or not, with engines of both kinds in one process.
#![cfg(all(feature = "compile", feature = "wat"))]

use gusset::core::{ExternRef, FuncType, Instance, Linker, Module, Ref, Val, ValType};
use gusset::{Config, Engine, Error, Result, Store, Trap};
use std::fmt::Write;

fn engines() -> Result<[Engine; 4]> {
    let engine = |frame_form, signals| Engine::new(Config::new().frame_form(frame_form).signals_based_traps(signals));
    Ok([engine(false, true)?, engine(true, true)?, engine(false, false)?, engine(true, false)?])
}

/// What a call of `f` gives, or the trap that it ends with.
fn outcome(
    engine: &Engine,
    text: &str,
    name: &str,
    params: &[Val],
) -> Result<std::result::Result<Vec<String>, String>> {
    let module = Module::new(engine, text)?;
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    let none = FuncType { params: [].into(), results: [].into() };
    linker.func_new("host", "call", none, |_, _, _| Ok(()))?;
    let instance = linker.instantiate(&mut store, &module)?;
    let func = Instance::get_func(&instance, &mut store, name).expect("it is exported");
    let mut results = vec![Val::I32(0); func.ty(&store)?.results.len()];
    Ok(match func.call(&mut store, params, &mut results) {
        Ok(()) => Ok(results.iter().map(|result| format!("{result:?}")).collect()),
        Err(error) => {
            let trap = error.downcast_ref::<Trap>().expect("it is a trap");
            let places = trap.backtrace().frames().iter().map(|frame| (frame.function, frame.offset));
            let places: Vec<_> = places.collect();
            Err(format!("{:?} at {places:?}", trap.code()))
        }
    })
}

fn agree(text: &str, name: &str, params: &[Val]) -> Result<Vec<String>> {
    let [first, others @ ..] = engines()?;
    let first = outcome(&first, text, name, params)?;
    for (number, other) in others.iter().enumerate() {
        assert_eq!(first, outcome(other, text, name, params)?, "{name}({params:?}) by {number} of {text}");
    }
    Ok(first.unwrap_or_else(|trap| vec![trap]))
}

#[test]
fn values_cross_every_kind_of_edge() -> Result<()> {
    let text = r#"(module
        (type $pair (func (param i32 i32) (result i32 i32)))
        (func $swap (param i32 i64 f64) (result f64 i64 i32) (local.get 2) (local.get 1) (local.get 0))
        (func (export "loop") (param i32) (result i32) (local $sum i32)
            (local.get 0) (i32.const 7)
            (loop (type $pair)
                (local.set $sum (i32.add (local.get $sum)))
                (i32.sub (i32.const 1))
                (local.tee 0) (local.get $sum)
                (br_if 0 (local.get 0)))
            (i32.mul) (i32.add (local.get $sum)))
        (func (export "table") (param i32) (result i32)
            (i32.const 100)
            (block $a (result i32) (block $b (result i32) (block $c (result i32)
                (i32.const 1) (i32.const 2) (i32.const 3)
                (br_table $a $b $c $b (local.get 0)))
                (i32.add (i32.const 10)))
                (i32.add (i32.const 20)))
            (i32.add))
        (func (export "down") (param i32) (result i32)
            (i32.const 1000)
            (block $out (result i32 i32)
                (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
                (br_if $out (i32.eqz (local.get 0)))
                (drop) (drop) (br $out))
            (i32.sub) (i32.add))
        (func (export "else") (param i32) (result i32)
            (i32.const 5) (i32.const 6)
            (if (type $pair) (local.get 0)
                (then (i32.const 1) (i32.add))
                (else (drop) (drop) (i32.const 3) (i32.const 4)))
            (i32.shl))
        (func (export "calls") (param i32) (result i32)
            (local.get 0) (i64.const 3) (f64.const 2.5) (call $swap)
            (i32.const 9) (i32.add) (f64.convert_i32_s) (drop) (i32.wrap_i64) (drop)
            (i32.trunc_f64_s))
        (func (export "dead") (param i32) (result i32)
            (block (result i32) (br 0 (i32.const 4)) (loop (if (i32.const 1) (then (br 1)) (else))) (i32.add))
            (if (result i32) (local.get 0) (then (i32.const 1) (return)) (else (i32.const 2)))
            (i32.add))
        (func (export "snapshot") (param i32) (result i32)
            (local.get 0) (local.set 0 (i32.const 50)) (local.get 0) (loop (local.set 0 (i32.const 60)))
            (i32.sub) (local.get 0) (i32.add)))"#;
    let expected = [
        ("loop", 3, "I32(28)"),
        ("table", 0, "I32(103)"),
        ("table", 1, "I32(123)"),
        ("table", 2, "I32(133)"),
        ("table", 9, "I32(123)"),
        ("down", 0, "I32(999)"),
        ("down", 1, "I32(999)"),
        ("else", 0, "I32(48)"),
        ("else", 1, "I32(640)"),
        ("calls", 1, "I32(2)"),
        ("dead", 0, "I32(6)"),
        ("dead", 1, "I32(1)"),
        ("snapshot", 70, "I32(80)"),
    ];
    for (name, param, result) in expected {
        assert_eq!(agree(text, name, &[Val::I32(param)])?, [result], "{name}({param})");
    }
    Ok(())
}

#[test]
fn traps_stand_at_the_same_places() -> Result<()> {
    let text = r#"(module
        (memory 1) (table 3 funcref) (elem (i32.const 0) $two)
        (func $two (param i32) (result i32) (i32.const 5))
        (func (export "f") (param i32 i32) (result i32) (local i32)
            (local.set 2 (i32.load (local.get 0)))
            (i32.const 9)
            (i32.store8 offset=2 (local.get 0) (i32.add (local.get 2) (local.get 1)))
            (local.set 2 (i32.div_s (local.get 2) (local.get 1)))
            (if (param i32) (result i32) (i32.load16_u offset=1 (local.get 0))
                (then (local.set 0 (i32.trunc_f32_u (f32.convert_i32_s (local.get 1)))))
                (else (local.set 0 (i32.rem_u (local.get 0) (local.get 1)))))
            (call_indirect (param i32) (result i32) (local.get 1) (local.get 0))
            (i32.add) (i32.add (local.get 2))))"#;
    let params = [0, 1, 2, 3, -1, -5, 65_532, 65_533, 65_535, 0x7fff_ffff];
    let mut traps = std::collections::BTreeSet::new();
    for first in params {
        for second in params {
            let result = agree(text, "f", &[Val::I32(first), Val::I32(second)])?;
            traps.extend(result.into_iter().filter(|result| result.contains(" at ")));
        }
    }
    assert_eq!(traps.len(), 5, "{traps:?}");
    Ok(())
}

#[test]
fn references_live_over_calls_and_edges() -> Result<()> {
    let text = r#"(module
        (import "host" "call" (func $host))
        (table $t 10 externref)
        (func (export "f") (param externref i32) (result externref i32) (local externref externref i32)
            (local.set 2 (local.get 0))
            (table.set $t (i32.const 3) (local.get 0))
            (table.get $t (i32.const 3)) (ref.null extern) (i32.const 8)
            (call $host)
            (drop) (local.set 3)
            (block (param externref) (result externref)
                (br_if 0 (local.get 1))
                (drop) (local.get 3))
            (call $host)
            (ref.is_null (local.get 3)) (local.set 4)
            (loop (param externref) (result externref)
                (call $host)
                (local.set 1 (i32.add (local.get 1) (i32.const 1)))
                (br_if 0 (i32.lt_s (local.get 1) (i32.const 4))))
            (select (result externref) (local.get 2) (i32.const 1))
            (local.get 4)))"#;
    for param in [0, 1, 5] {
        let outcomes = engines()?.map(|engine| -> Result<bool> {
            let module = Module::new(&engine, text)?;
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            linker.func_new("host", "call", FuncType { params: [].into(), results: [].into() }, |_, _, _| Ok(()))?;
            let instance = linker.instantiate(&mut store, &module)?;
            let func = instance.get_func(&mut store, "f").expect("it is exported");
            let reference = ExternRef::new(&mut store, "kept")?;
            let mut results = vec![Val::I32(0); 2];
            func.call(&mut store, &[Val::Ref(Ref::Extern(Some(reference))), Val::I32(param)], &mut results)?;
            assert!(matches!(results[1], Val::I32(1)), "{:?}", results[1]);
            Ok(matches!(results[0], Val::Ref(Ref::Extern(Some(_)))))
        });
        for outcome in outcomes {
            assert_eq!(outcome?, param != 0, "whether the reference comes back for {param}");
        }
    }
    Ok(())
}

/// Writes functions at random, of which each is valid and ends.
struct BodyWriter {
    state: u64,
    text: String,
    /// What a branch to each open label carries.
    labels: Vec<usize>,
    /// Statements that may still be written.
    fuel: usize,
}

const LOCALS: u64 = 5;

impl BodyWriter {
    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound
    }

    fn write(&mut self, text: &str) {
        writeln!(self.text, "{text}").expect("a string takes text");
    }

    /// Brings the operands of the innermost block to a number.
    fn settle(&mut self, stack: usize, wanted: usize) {
        for _ in wanted..stack {
            self.write("drop");
        }
        for _ in stack..wanted {
            let local = self.below(LOCALS);
            self.write(&format!("local.get {local}"));
        }
    }

    /// A block from `stack` operands to `results` of them.
    fn body(&mut self, mut stack: usize, results: usize) {
        for _ in 0..self.below(12) {
            if self.fuel == 0 {
                break;
            }
            self.fuel -= 1;
            let local = self.below(LOCALS);
            match self.below(16) {
                0..=2 => {
                    self.write(&format!("local.get {local}"));
                    stack += 1;
                }
                3..=5 if stack > 0 => {
                    self.write(&format!("local.set {local}"));
                    stack -= 1;
                }
                6 if stack > 0 => self.write(&format!("local.tee {local}")),
                7..=8 if stack > 1 => {
                    let operator = ["i32.add", "i32.sub", "i32.xor", "i32.mul"][self.below(4) as usize];
                    self.write(operator);
                    stack -= 1;
                }
                9 if stack > 0 => {
                    self.write("call $two");
                    stack += 1;
                }
                10 => {
                    let depth = self.below(self.labels.len() as u64) as usize;
                    let carried = self.labels[self.labels.len() - 1 - depth];
                    if stack >= carried {
                        self.write(&format!("(br_if {depth} (i32.and (local.get {local}) (i32.const 1)))"));
                    }
                }
                11..=14 => stack = self.construct(stack),
                _ if self.below(6) == 0 => return self.leave(stack),
                _ => {
                    let value = self.below(1 << 20);
                    self.write(&format!("i32.const {value}"));
                    stack += 1;
                }
            }
        }
        self.settle(stack, results);
    }

    /// A block, loop or conditional; how many operands there are behind it.
    fn construct(&mut self, stack: usize) -> usize {
        let (params, results) = (self.below(4).min(stack as u64) as usize, self.below(4) as usize);
        let ty = format!("(param{}) (result{})", " i32".repeat(params), " i32".repeat(results));
        let kind = self.below(3);
        match kind {
            0 => self.write(&format!("block {ty}")),
            1 => self.write(&format!("loop {ty}\ncall $tick")),
            _ => {
                let local = self.below(LOCALS);
                self.write(&format!("local.get {local}\ni32.const 2\ni32.and\nif {ty}"));
            }
        }
        self.labels.push(if kind == 1 { params } else { results });
        self.body(params, results);
        if kind == 2 {
            self.write("else");
            self.body(params, results);
        }
        self.labels.pop();
        self.write("end");
        stack - params + results
    }

    /// Branches away, behind which nothing can be reached.
    fn leave(&mut self, stack: usize) {
        let count = 1 + self.below(4) as usize;
        let depth = self.below(self.labels.len() as u64) as usize;
        let carried = self.labels[self.labels.len() - 1 - depth];
        self.settle(stack, stack.max(carried));
        let same = |labels: &[usize], at: usize| labels[labels.len() - 1 - at] == carried;
        let all: Vec<_> = (0..self.labels.len()).filter(|&at| same(&self.labels, at)).collect();
        let table: Vec<_> = (0..count).map(|_| all[self.below(all.len() as u64) as usize].to_string()).collect();
        let local = self.below(LOCALS);
        self.write(&format!("local.get {local}\ni32.const 7\ni32.and\nbr_table {} {depth}", table.join(" ")));
    }
}

/// A module of one function `f`, from two numbers to three.
fn random_module(seed: u64) -> String {
    let mut writer = BodyWriter { state: seed, text: String::new(), labels: vec![3], fuel: 150 };
    writer.body(0, 3);
    format!(
        r#"(module
            (global $fuel (mut i32) (i32.const 200))
            (func $tick
                (if (i32.eqz (global.get $fuel)) (then unreachable))
                (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))))
            (func $two (param i32) (result i32 i32)
                (i32.rotl (local.get 0) (i32.const 3)) (i32.add (local.get 0) (i32.const 1)))
            (func (export "f") (param i32 i32) (result i32 i32 i32) (local i32 i32 i32)
                {}))"#,
        writer.text
    )
}

#[test]
fn random_control_agrees() -> Result<()> {
    let mut returned = 0;
    for seed in 0..400 {
        let text = random_module(seed);
        for params in [[0, 1], [-3, 6], [7, 1 << 20]] {
            returned += usize::from(agree(&text, "f", &params.map(Val::I32))?.len() == 3);
        }
    }
    assert!(returned > 300, "most of them return: {returned}");
    Ok(())
}

#[test]
fn many_values_pass_between_host_and_guest() -> Result<()> {
    const COUNT: usize = 400;
    let types = " i32".repeat(COUNT);
    let gets: String = (0..COUNT).rev().map(|local| format!("local.get {local} ")).collect();
    let text = format!(
        r#"(module
            (type $t (func (param{types}) (result{types})))
            (import "host" "echo" (func $echo (type $t)))
            (func (export "f") (type $t) {gets} call $echo))"#
    );
    for engine in engines()? {
        let module = Module::new(&engine, &text)?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let echo = FuncType { params: [ValType::I32; COUNT].into(), results: [ValType::I32; COUNT].into() };
        linker.func_new("host", "echo", echo, |_, params, results| {
            results.clone_from_slice(params);
            match params[0] {
                Val::I32(-1) => Err(Error::msg("no")),
                _ => Ok(()),
            }
        })?;
        let instance = linker.instantiate(&mut store, &module)?;
        let func = instance.get_func(&mut store, "f").expect("it is exported");
        let mut params: Vec<_> = (0..COUNT as i32).map(Val::I32).collect();
        let mut results = vec![Val::I32(0); COUNT];
        func.call(&mut store, &params, &mut results)?;
        for (at, result) in results.iter().rev().enumerate() {
            assert!(matches!(result, Val::I32(value) if *value == at as i32), "{at}: {result:?}");
        }
        // A failure leaves by the landing pad of the entry.
        params[COUNT - 1] = Val::I32(-1);
        func.call(&mut store, &params, &mut results).expect_err("the host refuses");
        params[COUNT - 1] = Val::I32(7);
        func.call(&mut store, &params, &mut results)?;
        assert!(matches!(results[0], Val::I32(7)), "{:?}", results[0]);
    }
    Ok(())
}
