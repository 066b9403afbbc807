;; Core instances that hand on what they were given, and a module that is instantiated twice: what is known of each import.
(component
  (core module $a (func (export "f")) (global (export "g") i32 (i32.const 1)))
  (core module $b
    (import "a" "g" (global i32))
    (import "a" "f" (func $f))
    (export "again" (func $f))
    (func (export "own")))
  (core module $c (import "b" "again" (func)) (import "b" "own" (func)) (import "twice" "f" (func)))
  (core module $twice (import "a" "f" (func $f)) (func (export "f") (call $f)))
  (core module $never (import "x" "y" (func)))
  (core instance $a (instantiate $a))
  (core instance $b (instantiate $b (with "a" (instance $a))))
  (core instance $t1 (instantiate $twice (with "a" (instance $a))))
  (core instance $t2 (instantiate $twice (with "a" (instance $a))))
  (core instance (instantiate $c (with "b" (instance $b)) (with "twice" (instance $t2)))))
