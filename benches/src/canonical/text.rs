//! The text of compositions: a caller and a callee, each a component of its own, and the allocator that both have.

use super::SPREAD;
use std::fmt::Write;

/// Where the caller has its values.
pub const DATA: u32 = 1 << 16;

/// Where the caller has a result that is returned through memory.
pub const RESULT: u32 = 1024;

/// What empties the allocator of a module.
pub const RESET: &str = "(global.set $next (i32.const 0x200000))";

/// An allocator that only goes on, until it is emptied. The last block grows and shrinks where it is.
pub const ALLOCATOR: &str = "(global $next (export \"next\") (mut i32) (i32.const 0x200000))
    (func $realloc (export \"realloc\")
      (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32) (local $at i32)
      (if (i32.and (i32.ne (local.get $old) (i32.const 0))
                   (i32.eq (i32.add (local.get $old) (local.get $old-size)) (global.get $next)))
        (then
          (global.set $next (i32.add (local.get $old) (local.get $size)))
          (return (local.get $old))))
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (if (local.get $old)
        (then (memory.copy (local.get $at) (local.get $old)
          (select (local.get $size) (local.get $old-size) (i32.lt_u (local.get $size) (local.get $old-size))))))
      (local.get $at))";

/// Of a callee: what it keeps of the call before. [`answer`] uses it.
pub const LAST: &str = "(global $last (mut i64) (i64.const 0))";

/// Of a callee: leaves the answer to a call whose hash is in the local `$h`, and keeps that.
pub const ANSWER: &str = "(i64.add (i64.mul (global.get $last) (i64.const 31)) (local.get $h))
    (global.set $last (local.get $h))";

/// A caller and a callee, joined by one function `f`.
#[derive(Default)]
pub struct TwoComponents<'a> {
    /// Named types that both know, `$name` in `ty`.
    pub types: &'a [(&'a str, &'a str)],
    /// The type of `f`.
    pub ty: &'a str,
    /// Its core type, as the caller sees it.
    pub lowered: &'a str,
    /// The encodings of strings, the caller's and the callee's.
    pub encodings: [&'a str; 2],
    /// Whether the callee exports a core function `post-return`.
    pub post_return: bool,
    /// What the callee's core module has beside a memory and the allocator: the core function `f` among it.
    pub callee: &'a str,
    /// The locals of the caller's loop, beside `$n`, `$step`, `$i` and `$sum`.
    pub locals: &'a str,
    /// One turn of the loop: it leaves a number of 64 bits.
    pub once: &'a str,
    /// What the caller has at [`DATA`].
    pub data: &'a [u8],
}

impl TwoComponents<'_> {
    /// The composition, which exports `run`.
    pub fn text(&self) -> String {
        let callee = self.callee_text();
        let caller = self.caller_text();
        format!(
            "(component
            {callee}
            {caller}
            (instance $callee (instantiate $callee))
            (instance $caller (instantiate $caller (with \"callee\" (instance $callee))))
            (export \"run\" (func $caller \"run\")))"
        )
    }

    fn callee_text(&self) -> String {
        let types: String = self
            .types
            .iter()
            .map(|(name, ty)| format!("(type ${name}' {ty}) (export ${name} \"{name}\" (type ${name}'))\n"))
            .collect();
        let (ty, callee, encoding) = (self.ty, self.callee, encoding(self.encodings[1]));
        let post_return = if self.post_return { "(post-return (core func $i \"post-return\"))" } else { "" };
        format!(
            "(component $callee
              (core module $m (memory (export \"memory\") 96) {ALLOCATOR} {LAST} {callee})
              (core instance $i (instantiate $m))
              {types}
              (func (export \"f\") {ty} (canon lift (core func $i \"f\")
                (memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\")) {encoding} {post_return})))"
        )
    }

    fn caller_text(&self) -> String {
        let types: String = self
            .types
            .iter()
            .map(|(name, ty)| format!("(type ${name}' {ty}) (export \"{name}\" (type ${name} (eq ${name}')))\n"))
            .collect();
        let (ty, lowered, encoding) = (self.ty, self.lowered, encoding(self.encodings[0]));
        let (data, run) = (data(DATA, self.data), run("run", self.locals, self.once));
        format!(
            "(component $caller
              (import \"callee\" (instance $callee {types} (export \"f\" (func {ty}))))
              (core module $libc (memory (export \"memory\") 96) {data} {ALLOCATOR})
              (core instance $libc (instantiate $libc))
              (core func $f (canon lower (func $callee \"f\")
                (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\")) {encoding}))
              (core module $m
                (import \"libc\" \"memory\" (memory 96))
                (import \"libc\" \"next\" (global $next (mut i32)))
                (import \"callee\" \"f\" (func $f {lowered}))
                {run})
              (core instance $i (instantiate $m
                (with \"libc\" (instance $libc)) (with \"callee\" (instance (export \"f\" (func $f))))))
              (func (export \"run\") (param \"n\" u32) (param \"step\" u32) (result u64) (canon lift (core func $i \"run\"))))"
        )
    }
}

fn encoding(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("string-encoding={name}") }
}

/// A core function that runs `once` for `$i` from 1 to `$n`, after a turn 0 that does not count.
pub fn run(export: &str, locals: &str, once: &str) -> String {
    format!(
        "(func (export \"{export}\") (param $n i32) (param $step i32) (result i64) (local $i i32) (local $sum i64) {locals}
          {once} (drop)
          (block $done
            (loop $turn
              (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (i64.rotl (local.get $sum) (i64.const 7)) {once} (local.set $sum (i64.xor))
              (br $turn)))
          (local.get $sum))"
    )
}

/// A data segment.
pub fn data(at: u32, bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let mut text = format!("(data (i32.const {at}) \"");
    for byte in bytes {
        write!(text, "\\{byte:02x}").expect("strings grow");
    }
    text + "\")"
}

/// An expression: [`spread`](super::spread) of an expression of 32 bits.
pub fn spread_text(of: &str) -> String {
    format!("(i64.mul (i64.extend_i32_u {of}) (i64.const {:#x}))", SPREAD)
}

/// Statements of a callee: hashes, into `$h`, the call's number `$i` and every `$step`th element of `$count`, of which the first is one of the
/// first `$step`. `element` is an expression of `$j`, the element's number.
pub fn hash_elements(element: &str) -> String {
    format!(
        "(local.set $h (i64.extend_i32_u (local.get $i)))
        (local.set $j (i32.and (local.get $i) (i32.sub (local.get $step) (i32.const 1))))
        (block $done
          (loop $next-element
            (br_if $done (i32.ge_u (local.get $j) (local.get $count)))
            (local.set $h (i64.add (i64.mul (local.get $h) (i64.const 31)) {element}))
            (local.set $j (i32.add (local.get $j) (local.get $step)))
            (br $next-element)))"
    )
}

/// What [`hash_elements`] comes to.
pub fn elements_hash(i: u32, step: u32, count: usize, element: impl Fn(usize) -> u64) -> u64 {
    let first = (i & (step - 1)) as usize;
    (first..count).step_by(step as usize).fold(i.into(), |hash: u64, j| hash.wrapping_mul(31).wrapping_add(element(j)))
}

/// A step by which about four of so many elements are looked at.
pub fn sparse(count: usize) -> u32 {
    (count as u32 / 4).max(1).next_power_of_two()
}
