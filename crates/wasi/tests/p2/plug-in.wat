;; A plug-in: gives the text of a file in the first directory that it was given, if there is one.
(component
  (import "wasi:filesystem/types@0.2.0" (instance $types
    (export "descriptor" (type $descriptor (sub resource)))
    (type $filesize-type u64)
    (export "filesize" (type $filesize (eq $filesize-type)))
    (type $error-code-type (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large"
      "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop" "too-many-links" "message-size" "name-too-long"
      "no-device" "no-entry" "no-lock" "insufficient-memory" "insufficient-space" "not-directory" "not-empty" "not-recoverable" "unsupported"
      "no-tty" "no-such-device" "overflow" "not-permitted" "pipe" "read-only" "invalid-seek" "text-file-busy" "cross-device"))
    (export "error-code" (type $error-code (eq $error-code-type)))
    (type $descriptor-flags-type (flags "read" "write" "file-integrity-sync" "data-integrity-sync" "requested-write-sync" "mutate-directory"))
    (export "descriptor-flags" (type $descriptor-flags (eq $descriptor-flags-type)))
    (type $path-flags-type (flags "symlink-follow"))
    (export "path-flags" (type $path-flags (eq $path-flags-type)))
    (type $open-flags-type (flags "create" "directory" "exclusive" "truncate"))
    (export "open-flags" (type $open-flags (eq $open-flags-type)))
    (export "[method]descriptor.read" (func (param "self" (borrow $descriptor)) (param "length" $filesize) (param "offset" $filesize) (result
      (result (tuple (list u8) bool) (error $error-code)))))
    (export "[method]descriptor.open-at" (func (param "self" (borrow $descriptor)) (param "path-flags" $path-flags) (param "path" string) (param
      "open-flags" $open-flags) (param "flags" $descriptor-flags) (result (result (own $descriptor) (error $error-code)))))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
    (export "descriptor" (type $granted (eq $descriptor)))
    (export "get-directories" (func (result (list (tuple (own $granted) string)))))))
  (core module $libc
    (memory (export "memory") 16)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (local.get $at)))
  (core instance $libc (instantiate $libc))
  (core func $directories (canon lower (func $preopens "get-directories") (memory (core memory $libc "memory"))
    (realloc (core func $libc "realloc"))))
  (core func $open (canon lower (func $types "[method]descriptor.open-at") (memory (core memory $libc "memory"))))
  (core func $read (canon lower (func $types "[method]descriptor.read") (memory (core memory $libc "memory"))
    (realloc (core func $libc "realloc"))))
  (core func $drop (canon resource.drop $descriptor))
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "host" "directories" (func $directories (param i32)))
    (import "host" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "read" (func $read (param i32 i64 i64 i32)))
    (import "host" "drop" (func $drop (param i32)))
    ;; Results are put at 0, that of this function too: where a call has failed, there is no text.
    (func $text (param $is-there i32) (result i32)
      (i32.store8 (i32.const 0) (local.get $is-there))
      (i32.const 0))
    (func (export "text") (param $name i32) (param $length i32) (result i32)
      (local $directory i32) (local $file i32)
      (call $directories (i32.const 0))
      (if (i32.eqz (i32.load (i32.const 4))) (then (return (call $text (i32.const 0)))))
      (local.set $directory (i32.load (i32.load (i32.const 0))))
      (call $open (local.get $directory) (i32.const 0) (local.get $name) (local.get $length) (i32.const 0) (i32.const 1) (i32.const 0))
      (call $drop (local.get $directory))
      (if (i32.load8_u (i32.const 0)) (then (return (call $text (i32.const 0)))))
      (local.set $file (i32.load (i32.const 4)))
      (call $read (local.get $file) (i64.const 4096) (i64.const 0) (i32.const 0))
      (call $drop (local.get $file))
      (call $text (i32.eqz (i32.load8_u (i32.const 0))))))
  (core instance $main (instantiate $main (with "libc" (instance $libc)) (with "host" (instance
    (export "directories" (func $directories)) (export "open" (func $open)) (export "read" (func $read)) (export "drop" (func $drop))))))
  (func (export "text") (param "name" string) (result (option string))
    (canon lift (core func $main "text") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))
