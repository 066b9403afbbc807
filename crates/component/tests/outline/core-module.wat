;; A core module.
(module $calc
  (import "env" "memory" (memory 1))
  (import "env" "log" (func (param i32 i32)))
  (memory 2 3)
  (table (export "table") 1 10 funcref)
  (global (export "count") (mut i64) (i64.const 0))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
