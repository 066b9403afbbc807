;;! wasi = true
;; Random bytes follow from a seed, so they are the same in each run; they go on where the last ones ended.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (export "random" (func $random))
  (func (export "value") (param i32) (result i64) (i64.load (local.get 0))))
(assert_return (invoke "random" (i32.const 0) (i32.const 16)) (i32.const 0))
(assert_return (invoke "value" (i32.const 0)) (i64.const -4960082002416210049))
(assert_return (invoke "value" (i32.const 8)) (i64.const -4178922001741158021))
(assert_return (invoke "value" (i32.const 16)) (i64.const 0))
(assert_return (invoke "random" (i32.const 0) (i32.const 8)) (i32.const 0))
(assert_return (invoke "value" (i32.const 0)) (i64.const 476749353381333526))
(assert_return (invoke "random" (i32.const 65536) (i32.const 0)) (i32.const 0))
;; `fault`: nothing is written.
(assert_return (invoke "random" (i32.const 65529) (i32.const 8)) (i32.const 21))
(assert_return (invoke "random" (i32.const 0) (i32.const -1)) (i32.const 21))
(assert_return (invoke "value" (i32.const 65528)) (i64.const 0))
