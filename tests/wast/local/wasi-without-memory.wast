;;! wasi = true
;; A guest without a memory called `memory` has the functions that need none; from the others it gets an error that says so.
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "mem") 1)
  (export "yield" (func $yield))
  (export "close" (func $close))
  (export "exit" (func $exit)))
(assert_return (invoke "yield") (i32.const 0))
(assert_return (invoke "close" (i32.const 9)) (i32.const 8))
(assert_trap (invoke "exit" (i32.const 4)) "exit with code 4")

;; What is not WASI's, or not of its type, is not met.
(assert_unlinkable
  (module (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))))
  "incompatible import type")
(assert_unlinkable
  (module (import "wasi_snapshot_preview2" "fd_close" (func (param i32) (result i32))))
  "unknown import")
