;; Writes 16 random bytes and the time of both clocks.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\20\00\00\00")
  (func (export "_start")
    (if (call $random_get (i32.const 16) (i32.const 16)) (then unreachable))
    (if (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 32)) (then unreachable))
    (if (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 40)) (then unreachable))
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))))
