;; Writes what it reads, until the end, and exits with 3 if it read nothing.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $any i32)
    (i32.store (i32.const 0) (i32.const 65536))
    (block $end
      (loop $next
        (i32.store (i32.const 4) (i32.const 65536))
        (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
        (br_if $end (i32.eqz (i32.load (i32.const 8))))
        (local.set $any (i32.const 1))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)) (then unreachable))
        (br $next)))
    (if (i32.eqz (local.get $any)) (then (call $proc_exit (i32.const 3))))))
