;;! wasi = true
;; How a guest ends itself: past its own code, with all 32 bits of the code, and its instance can be called again.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "proc_raise" (func $raise (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (global $passed (mut i32) (i32.const 0))
  (export "raise" (func $raise))
  (export "yield" (func $yield))
  (func (export "passed") (result i32) (global.get $passed))
  (func $inner (param i32)
    (global.set $passed (i32.const 1))
    (call $exit (local.get 0))
    (global.set $passed (i32.const 2)))
  (func (export "exit") (param i32) (call $inner (local.get 0))))
(assert_trap (invoke "exit" (i32.const 0)) "exit with code 0")
(assert_return (invoke "passed") (i32.const 1))
(assert_trap (invoke "exit" (i32.const 256)) "exit with code 256")
(assert_trap (invoke "exit" (i32.const -1)) "exit with code 4294967295")
;; Nobody has signals (`notsup`), and there are 31 of them (`inval`).
(assert_return (invoke "raise" (i32.const 6)) (i32.const 58))
(assert_return (invoke "raise" (i32.const 31)) (i32.const 28))
(assert_return (invoke "yield") (i32.const 0))

;; A start function can end its guest.
(assert_trap
  (module
    (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
    (start $start)
    (func $start (call $exit (i32.const 9))))
  "exit with code 9")
