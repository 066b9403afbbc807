//! NaNs that pass from one component to another: with `Config::nan_canonicalization` they are the canonical ones, wherever they stand.

use gusset::{Component, Config, Engine, Linker, Result, Store};

const F32: u64 = 0x7fc0_0000;
const F64: u64 = 0x7ff8_0000_0000_0000;

/// What calls of another component see of a NaN that has other bits, by how it is passed: flat, as a result, in lists that are passed in blocks and in
/// what is left of them. The `n`-th element of each list is read.
fn text() -> String {
    let list = ["(param i32 i32 i32) (result i32)", "(param i32 i32 i32) (result i64)"];
    let functions = [
        ("a32", "(param \"x\" f32) (result u32)", "(param f32) (result i32)"),
        ("a64", "(param \"x\" f64) (result u64)", "(param f64) (result i64)"),
        ("r32", "(result f32)", "(result f32)"),
        ("l32", "(param \"l\" (list f32)) (param \"n\" u32) (result u32)", list[0]),
        ("l64", "(param \"l\" (list f64)) (param \"n\" u32) (result u64)", list[1]),
        ("pairs", "(param \"l\" (list (tuple f32 u8))) (param \"n\" u32) (result u32)", list[0]),
        ("fixed", "(param \"l\" (list (tuple f64 f32 bool))) (param \"n\" u32) (result u32)", list[0]),
    ];
    let each = |write: &dyn Fn(&(&str, &str, &str)) -> String| functions.iter().map(write).collect::<String>();
    let lifted = each(&|(name, ty, _)| {
        format!(
            "(func (export \"{name}\") {ty} (canon lift (core func $i \"{name}\")
              (memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\"))))"
        )
    });
    let types = each(&|(name, ty, _)| format!("(export \"{name}\" (func {ty}))"));
    let lowered = each(&|(name, _, _)| {
        format!("(core func ${name} (canon lower (func $c \"{name}\") (memory (core memory $libc \"memory\"))))")
    });
    let imported = each(&|(name, _, ty)| format!("(import \"c\" \"{name}\" (func ${name} {ty}))"));
    let given = each(&|(name, ..)| format!("(export \"{name}\" (func ${name}))"));
    // Of each list 20 elements, all of them NaNs with other bits, and what is not read is no padding that matters.
    let [bits32, bits64, pairs, fixed] = [
        "\\01\\02\\83\\7f",
        "\\01\\00\\00\\00\\00\\00\\f5\\ff",
        "\\01\\02\\83\\ff\\07\\ee\\ee\\ee",
        "\\01\\00\\00\\00\\00\\00\\f5\\ff\\01\\02\\83\\7f\\07\\ee\\ee\\ee",
    ]
    .map(|element| element.repeat(20));
    format!(
        "(component
          (component $callee
            (core module $m (memory (export \"memory\") 1)
              (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
              (func (export \"a32\") (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))
              (func (export \"a64\") (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
              (func (export \"r32\") (result f32) (f32.const nan:0x30201))
              (func (export \"l32\") (param i32 i32 i32) (result i32)
                (i32.load (i32.add (local.get 0) (i32.mul (local.get 2) (i32.const 4)))))
              (func (export \"l64\") (param i32 i32 i32) (result i64)
                (i64.load (i32.add (local.get 0) (i32.mul (local.get 2) (i32.const 8)))))
              (func (export \"pairs\") (param i32 i32 i32) (result i32)
                (i32.load (i32.add (local.get 0) (i32.mul (local.get 2) (i32.const 8)))))
              (func (export \"fixed\") (param i32 i32 i32) (result i32) (local $at i32)
                (local.set $at (i32.add (local.get 0) (i32.mul (local.get 2) (i32.const 16))))
                (i32.add (i32.load offset=8 (local.get $at))
                  (i32.xor (i32.load offset=4 (local.get $at)) (i32.const 0x7ff80000)))))
            (core instance $i (instantiate $m))
            {lifted})
          (component $caller
            (import \"c\" (instance $c {types}))
            (core module $libc (memory (export \"memory\") 1)
              (data (i32.const 1024) \"{bits32}\") (data (i32.const 2048) \"{bits64}\")
              (data (i32.const 3072) \"{pairs}\") (data (i32.const 4096) \"{fixed}\"))
            (core instance $libc (instantiate $libc))
            {lowered}
            (core module $m {imported}
              (func (export \"run\") (param $way i32) (param $n i32) (result i64)
                (block $r (block $f (block $p (block $l64 (block $l32 (block $a64 (block $a32
                  (br_table $a32 $a64 $l32 $l64 $p $f $r (local.get $way)))
                  (return (i64.extend_i32_u (call $a32 (f32.const -nan:0x30201)))))
                  (return (call $a64 (f64.const nan:0x5000000000001))))
                  (return (i64.extend_i32_u (call $l32 (i32.const 1024) (i32.const 20) (local.get $n)))))
                  (return (call $l64 (i32.const 2048) (i32.const 20) (local.get $n))))
                  (return (i64.extend_i32_u (call $pairs (i32.const 3072) (i32.const 20) (local.get $n)))))
                  (return (i64.extend_i32_u (call $fixed (i32.const 4096) (i32.const 20) (local.get $n)))))
                (i64.extend_i32_u (i32.reinterpret_f32 (call $r32)))))
            (core instance $i (instantiate $m (with \"c\" (instance {given}))))
            (func (export \"run\") (param \"way\" u32) (param \"n\" u32) (result u64) (canon lift (core func $i \"run\"))))
          (instance $callee (instantiate $callee))
          (instance $caller (instantiate $caller (with \"c\" (instance $callee))))
          (export \"run\" (func $caller \"run\")))"
    )
}

fn seen(config: &Config) -> Result<Vec<Vec<u64>>> {
    let engine = Engine::new(config)?;
    let component = Component::new(&engine, text())?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let run = instance.get_typed_func::<(u32, u32), (u64,)>(&mut store, "run")?;
    (0..7).map(|way| (0..20).map(|n| Ok(run.call(&mut store, (way, n))?.0)).collect()).collect()
}

#[test]
fn they_become_canonical_where_a_host_wants_it() -> Result<()> {
    let ways = [F32, F64, F32, F64, F32, F32, F32];
    for inlining in [true, false] {
        let seen = seen(Config::new().nan_canonicalization(true).compiler_inlining(inlining))?;
        assert_eq!(seen, ways.map(|bits| vec![bits; 20]));
    }
    Ok(())
}

/// Otherwise they are passed as they are, as are all other bits: so what the test above looks at has something to change.
#[test]
fn they_are_left_as_they_are_otherwise() -> Result<()> {
    let (pair, double) = (0xff83_0201, 0xfff5_0000_0000_0001);
    let fixed = 0x7f83_0201_u64 + (0xfff5_0000 ^ 0x7ff8_0000);
    let ways = [0xff83_0201, 0x7ff5_0000_0000_0001, 0x7f83_0201, double, pair, fixed & 0xffff_ffff, 0x7f83_0201];
    assert_eq!(seen(&Config::new())?, ways.map(|bits| vec![bits; 20]));
    Ok(())
}
