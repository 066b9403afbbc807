;; What WIT has no words for, what cannot be run, and what is inside.
(component $outer
  (import "code" (core module (import "env" "f" (func (param i32 f64) (result i64))) (export "m" (memory i64 1 2))
    (export "t" (table 1 funcref)) (export "g" (global (mut externref)))))
  (import "lib" (component (import "f" (func)) (export "g" (func (result (stream u8))))))
  (import "nested" (instance (export "inner" (instance (export "f" (func (param "x" (future))))))))
  (import "primary" (implements "docs:shop/store") (instance (export "get" (func))))
  (core module $first (memory 1) (func) (func) (@custom "note" "three"))
  (component $inside
    (core module $deep (func $f (export "f")))
    (core instance $i (instantiate $deep))
    (func (export "f") (canon lift (core func $i "f"))))
  (instance $i (instantiate $inside))
  (export "f" (func $i "f")))
