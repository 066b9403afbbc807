;; Core modules with functions, memories, tables and globals of the host and of each other.
(module $m
  (import "spectest" "global_i32" (global $g i32))
  (import "spectest" "global_f64" (global $d f64))
  (import "spectest" "memory" (memory 1 2))
  (import "spectest" "table" (table 10 20 funcref))
  (import "spectest" "print_i32_f32" (func $print (param i32 f32)))
  (func (export "globals") (result i32 f64) (global.get $g) (global.get $d))
  (func (export "print") (call $print (i32.const 1) (f32.const 2)))
  (func (export "write") (i32.store (i32.const 8) (i32.const 42)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (export "host-print" (func $print)))
(assert_return (invoke "globals") (i32.const 666) (f64.const 666.6))
(assert_return (invoke "print"))
(assert_return (invoke "host-print" (i32.const 1) (f32.const 2)))
(invoke "write")
(assert_return (invoke "grow" (i32.const 1)) (i32.const 1))
(assert_return (invoke "grow" (i32.const 1)) (i32.const -1))

;; The host's memory is one for the whole script.
(module
  (import "spectest" "memory" (memory 2))
  (func (export "read") (result i32) (i32.load (i32.const 8))))
(assert_return (invoke "read") (i32.const 42))

;; Definitions, instances and names.
(module definition $counter
  (global $n (mut i32) (i32.const 0))
  (func (export "next") (result i32)
    (global.set $n (i32.add (global.get $n) (i32.const 1)))
    (global.get $n)))
(module instance $a $counter)
(module instance $b $counter)
(assert_return (invoke $a "next") (i32.const 1))
(assert_return (invoke $a "next") (i32.const 2))
(assert_return (invoke $b "next") (i32.const 1))
(register "a" $a)
(module
  (import "a" "next" (func $next (result i32)))
  (func (export "next") (result i32) (i32.mul (call $next) (i32.const 10))))
(assert_return (invoke "next") (i32.const 30))

;; References travel as they are.
(module
  (func (export "extern") (param externref) (result externref) (local.get 0))
  (func $f (export "func") (result funcref) (ref.func $f))
  (func (export "null") (result funcref externref) (ref.null func) (ref.null extern)))
(assert_return (invoke "extern" (ref.extern 7)) (ref.extern 7))
(assert_return (invoke "extern" (ref.null extern)) (ref.null extern))
(assert_return (invoke "func") (ref.func))
(assert_return (invoke "null") (ref.null func) (ref.null extern))

(assert_unlinkable (module (import "spectest" "unknown" (func))) "unknown import")
(assert_unlinkable (module (import "spectest" "print_i32" (func (param i64)))) "incompatible import type")
(assert_unlinkable (module (import "spectest" "memory" (memory 3))) "incompatible import type")
(assert_invalid (module (func (result i32) (i64.const 0))) "type mismatch")
(assert_malformed (module quote "(func (result i33))") "unknown type")
(assert_malformed (module binary "\00asm\02\00\00\00") "unknown binary version")
