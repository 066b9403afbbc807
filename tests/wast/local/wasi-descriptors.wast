;;! wasi = true
;; Numbers of descriptors, and what is there from the start: three streams, and the directory `/`.
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 256) "abc")
  (export "prestat_get" (func $prestat_get))
  (export "prestat_dir_name" (func $prestat_dir_name))
  (export "fdstat_get" (func $fdstat_get))
  (export "renumber" (func $renumber))
  (export "close" (func $close))
  (func (export "i32") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "i8") (param i32) (result i32) (i32.load8_u (local.get 0)))
  ;; Reads from a descriptor: the error, and how many bytes.
  (func (export "read") (param i32) (result i32 i32)
    (i32.store (i32.const 0) (i32.const 512))
    (i32.store (i32.const 4) (i32.const 16))
    (call $read (local.get 0) (i32.const 0) (i32.const 1) (i32.const 8))
    (i32.load (i32.const 8)))
  ;; Opens a file whose name has so many letters, to read and write: its number, or the error below zero.
  (func (export "open") (param $letters i32) (param $oflags i32) (result i32) (local $errno i32)
    (local.set $errno
      (call $open (i32.const 3) (i32.const 0) (i32.const 256) (local.get $letters) (local.get $oflags)
        (i64.const 0x42) (i64.const 0) (i32.const 0) (i32.const 8)))
    (select (i32.load (i32.const 8)) (i32.sub (i32.const 0) (local.get $errno)) (i32.eqz (local.get $errno)))))

;; A directory with a name of one letter, without a zero; nothing else is given.
(assert_return (invoke "prestat_get" (i32.const 3) (i32.const 0)) (i32.const 0))
(assert_return (invoke "i8" (i32.const 0)) (i32.const 0))
(assert_return (invoke "i32" (i32.const 4)) (i32.const 1))
(assert_return (invoke "prestat_dir_name" (i32.const 3) (i32.const 16) (i32.const 1)) (i32.const 0))
(assert_return (invoke "i32" (i32.const 16)) (i32.const 0x2f))
(assert_return (invoke "prestat_dir_name" (i32.const 3) (i32.const 16) (i32.const 0)) (i32.const 37))
(assert_return (invoke "prestat_get" (i32.const 0) (i32.const 0)) (i32.const 8))
(assert_return (invoke "prestat_get" (i32.const 4) (i32.const 0)) (i32.const 8))

;; Nothing stands on standard input.
(assert_return (invoke "read" (i32.const 0)) (i32.const 0) (i32.const 0))
(assert_return (invoke "read" (i32.const 7)) (i32.const 8) (i32.const 0))

;; The lowest free number is the next one's. `noent` where nothing is there, `exist` where something is.
(assert_return (invoke "open" (i32.const 1) (i32.const 0)) (i32.const -44))
(assert_return (invoke "open" (i32.const 1) (i32.const 1)) (i32.const 4))
(assert_return (invoke "open" (i32.const 2) (i32.const 1)) (i32.const 5))
(assert_return (invoke "open" (i32.const 2) (i32.const 5)) (i32.const -20))
(assert_return (invoke "close" (i32.const 4)) (i32.const 0))
(assert_return (invoke "close" (i32.const 4)) (i32.const 8))
(assert_return (invoke "open" (i32.const 3) (i32.const 1)) (i32.const 4))
(assert_return (invoke "close" (i32.const 0)) (i32.const 0))
(assert_return (invoke "open" (i32.const 1) (i32.const 0)) (i32.const 0))
(assert_return (invoke "fdstat_get" (i32.const 0) (i32.const 0)) (i32.const 0))
(assert_return (invoke "i8" (i32.const 0)) (i32.const 4))

;; A number is moved onto another one that is open, which is closed.
(assert_return (invoke "renumber" (i32.const 5) (i32.const 4)) (i32.const 0))
(assert_return (invoke "close" (i32.const 5)) (i32.const 8))
(assert_return (invoke "renumber" (i32.const 4) (i32.const 9)) (i32.const 8))
(assert_return (invoke "close" (i32.const 4)) (i32.const 0))

;; Another module of the script is the same guest: its first file is not the first.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (memory (export "memory") 1)
  (export "close" (func $close)))
(assert_return (invoke "close" (i32.const 0)) (i32.const 0))
(assert_return (invoke "close" (i32.const 0)) (i32.const 8))
