;; Writes what `fd_filestat_get` says of standard input and standard output, 64 bytes each, and the last 4 bytes of the input; then goes to
;; byte 5 of the input. Exits with the number of the step that failed.
(module
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $check (param $step i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $step)))))
  ;; 128: the records, 256: what is read, 0: a vector, 8 and 16: results.
  (func (export "_start")
    (call $check (i32.const 1) (call $fd_filestat_get (i32.const 0) (i32.const 128)))
    (call $check (i32.const 2) (call $fd_filestat_get (i32.const 1) (i32.const 192)))
    (call $check (i32.const 3) (call $fd_seek (i32.const 0) (i64.const -4) (i32.const 2) (i32.const 16)))
    (i64.store (i32.const 0) (i64.const 0x4_0000_0100))
    (call $check (i32.const 4) (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $check (i32.const 5) (call $fd_tell (i32.const 0) (i32.const 16)))
    (call $check (i32.const 6) (i64.ne (i64.load (i32.const 16)) (i64.load (i32.const 160))))
    (i64.store (i32.const 0) (i64.const 0x84_0000_0080))
    (call $check (i32.const 7) (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $check (i32.const 8) (call $fd_seek (i32.const 0) (i64.const 5) (i32.const 0) (i32.const 16)))))
