;; A library that counts from where `_initialize` puts it.
(module
  (global $count (mut i64) (i64.const 0))
  (func (export "_initialize") (global.set $count (i64.const 40)))
  (func (export "next") (result i64)
    (global.set $count (i64.add (global.get $count) (i64.const 1)))
    (global.get $count))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "halves") (param f64) (result f32 f64)
    (f32.demote_f64 (f64.div (local.get 0) (f64.const 2))) (f64.neg (f64.div (local.get 0) (f64.const 2)))))
