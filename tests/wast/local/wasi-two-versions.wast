;;! wasi = true
;; One module imports preview1 and preview0 together: one context, one table of descriptors, and one position in a file.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $seek1 (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $filestat1 (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_seek" (func $seek0 (param i32 i64 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_filestat_get" (func $filestat0 (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_read" (func $read0 (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "poll_oneoff" (func $poll0 (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "clock_time_get" (func $time0 (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\06\00\00\00\30\00\00\00\10\00\00\00")
  (data (i32.const 32) "abcdef")
  (export "filestat0" (func $filestat0))
  (export "filestat1" (func $filestat1))
  (export "time0" (func $time0))
  (func (export "i32") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "i64") (param i32) (result i64) (i64.load (local.get 0)))
  ;; Makes a file with six bytes in it.
  (func (export "make") (result i32 i32)
    (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 1)
      (i64.const 0x200066) (i64.const 0) (i32.const 0) (i32.const 64))
    (call $write (i32.load (i32.const 64)) (i32.const 0) (i32.const 1) (i32.const 68)))
  ;; Where each version's whence leads to.
  (func (export "seek0") (param i64 i32) (result i32 i64)
    (call $seek0 (i32.const 4) (local.get 0) (local.get 1) (i32.const 72))
    (i64.load (i32.const 72)))
  (func (export "seek1") (param i64 i32) (result i32 i64)
    (call $seek1 (i32.const 4) (local.get 0) (local.get 1) (i32.const 72))
    (i64.load (i32.const 72)))
  (func (export "read0") (result i32 i32 i32)
    (call $read0 (i32.const 4) (i32.const 8) (i32.const 1) (i32.const 68))
    (i32.load (i32.const 68))
    (i32.load8_u (i32.const 48)))
  ;; Two subscriptions of 56 bytes each: a second by the monotonic clock, and what is written to descriptor 4.
  (func (export "poll0") (result i32 i32)
    (i64.store (i32.const 1024) (i64.const 1))
    (i64.store (i32.const 1040) (i64.const 0xffffffffffff))
    (i32.store (i32.const 1048) (i32.const 1))
    (i64.store (i32.const 1056) (i64.const 1000000000))
    (i64.store (i32.const 1080) (i64.const 2))
    (i32.store8 (i32.const 1088) (i32.const 2))
    (i32.store (i32.const 1096) (i32.const 4))
    (call $poll0 (i32.const 1024) (i32.const 2048) (i32.const 2) (i32.const 68))
    (i32.load (i32.const 68))))

(assert_return (invoke "make") (i32.const 0) (i32.const 0))
;; In preview1 0 is from the start, 1 from here, 2 from the end; in preview0 2, 0, 1.
(assert_return (invoke "seek1" (i64.const 0) (i32.const 1)) (i32.const 0) (i64.const 6))
(assert_return (invoke "seek1" (i64.const 2) (i32.const 0)) (i32.const 0) (i64.const 2))
(assert_return (invoke "seek0" (i64.const 1) (i32.const 0)) (i32.const 0) (i64.const 3))
(assert_return (invoke "seek0" (i64.const -2) (i32.const 1)) (i32.const 0) (i64.const 4))
(assert_return (invoke "seek0" (i64.const 1) (i32.const 2)) (i32.const 0) (i64.const 1))
(assert_return (invoke "read0") (i32.const 0) (i32.const 5) (i32.const 0x62))
(assert_return (invoke "seek1" (i64.const 0) (i32.const 3)) (i32.const 28) (i64.const 1))
(assert_return (invoke "seek0" (i64.const 0) (i32.const 3)) (i32.const 28) (i64.const 1))

;; The same facts, in records of 64 and 56 bytes: links and size stand at 24 and 32, or at 20 and 24.
(assert_return (invoke "filestat1" (i32.const 4) (i32.const 256)) (i32.const 0))
(assert_return (invoke "i64" (i32.const 280)) (i64.const 1))
(assert_return (invoke "i64" (i32.const 288)) (i64.const 6))
(assert_return (invoke "filestat0" (i32.const 4) (i32.const 256)) (i32.const 0))
(assert_return (invoke "i32" (i32.const 276)) (i32.const 1))
(assert_return (invoke "i64" (i32.const 280)) (i64.const 6))

;; A file is ready at once, so nothing is waited for.
(assert_return (invoke "poll0") (i32.const 0) (i32.const 1))
(assert_return (invoke "i64" (i32.const 2048)) (i64.const 2))

;; What preview1 has and preview0 has not.
(assert_unlinkable
  (module (import "wasi_unstable" "sock_accept" (func (param i32 i32 i32) (result i32))))
  "`wasi_unstable::sock_accept` has not been defined")
