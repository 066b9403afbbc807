;; A component virtualises an interface for another: the virtualising component is instantiated inside, defined outside, and
;; what the inner component believes to be the host's file system is the outer component's. The same component stands beside
;; it with the real thing.
(component
  (import "host:fs/files" (instance $files
    (export "size" (func (param "path" string) (result u64)))))
  (component $virtual
    (import "host:fs/files" (instance $files
      (export "size" (func (param "path" string) (result u64)))))
    (core module $memory
      (memory (export "memory") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
    (core instance $memory (instantiate $memory))
    (core func $size (canon lower (func $files "size")
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
    (core module $m
      (import "files" "size" (func $size (param i32 i32) (result i64)))
      (func (export "size") (param i32 i32) (result i64)
        (i64.mul (call $size (local.get 0) (local.get 1)) (i64.const 2))))
    (core instance $m (instantiate $m (with "files" (instance (export "size" (func $size))))))
    (func $size (param "path" string) (result u64) (canon lift (core func $m "size")
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
    (instance (export "host:fs/files") (export "size" (func $size))))
  (component $child
    (import "host:fs/files" (instance $files
      (export "size" (func (param "path" string) (result u64)))))
    (core module $memory
      (memory (export "memory") 1)
      (data (i32.const 0) "path"))
    (core instance $memory (instantiate $memory))
    (core func $size (canon lower (func $files "size") string-encoding=utf16
      (memory (core memory $memory "memory"))))
    (core module $m
      (import "files" "size" (func $size (param i32 i32) (result i64)))
      (func (export "run") (result i64) (call $size (i32.const 0) (i32.const 2))))
    (core instance $m (instantiate $m (with "files" (instance (export "size" (func $size))))))
    (func (export "run") (result u64) (canon lift (core func $m "run"))))
  (component $virtualised
    (import "host:fs/files" (instance $files
      (export "size" (func (param "path" string) (result u64)))))
    (alias outer 1 $virtual (component $virtual))
    (alias outer 1 $child (component $child))
    (instance $virtual (instantiate $virtual (with "host:fs/files" (instance $files))))
    (instance $child (instantiate $child (with "host:fs/files" (instance $virtual "host:fs/files"))))
    (export "run" (func $child "run")))
  (instance $real (instantiate $child (with "host:fs/files" (instance $files))))
  (instance $virtualised (instantiate $virtualised (with "host:fs/files" (instance $files))))
  (export "real" (func $real "run"))
  (export "virtual" (func $virtualised "run")))
