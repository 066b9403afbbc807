;; While `realloc` runs the instance may not leave: resource.new and resource.drop ask for that, resource.rep does not. A destructor runs
;; as it finds the instance. Each trap locks the instance, so each has one of its own.
(component definition $C
  (core module $libc
    (memory (export "memory") 1)
    (global $what (export "what") (mut i32) (i32.const 0))
    (table (export "builtins") 3 funcref)
    (type $builtin (func (param i32) (result i32)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (drop (call_indirect (type $builtin) (i32.const 1) (global.get $what)))
      (i32.const 64)))
  (core instance $libc (instantiate $libc))
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core func $rep (canon resource.rep $r))
  (core func $drop (canon resource.drop $r))
  (core module $m
    (import "libc" "builtins" (table 3 funcref))
    (import "libc" "what" (global $what (mut i32)))
    (import "r" "new" (func $new (param i32) (result i32)))
    (import "r" "rep" (func $rep (param i32) (result i32)))
    (import "r" "drop" (func $drop (param i32)))
    (func $dropping (param i32) (result i32) (call $drop (local.get 0)) (i32.const 0))
    (elem (i32.const 0) $new $rep $dropping)
    ;; The handle at index 1.
    (func (export "prepare") (param i32) (result i32)
      (global.set $what (local.get 0))
      (call $new (i32.const 7)))
    (func (export "take") (param i32 i32) (result i32) (local.get 1)))
  (core instance $m (instantiate $m
    (with "libc" (instance $libc))
    (with "r" (instance (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
  (func (export "prepare") (param "what" u32) (result u32) (canon lift (core func $m "prepare")))
  (func (export "take") (param "text" string) (result u32)
    (canon lift (core func $m "take") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc")))))

(component instance $new $C)
(assert_return (invoke "prepare" (u32.const 0)) (u32.const 1))
(assert_trap (invoke "take" (str.const "text")) "cannot leave component instance")

(component instance $rep $C)
(assert_return (invoke "prepare" (u32.const 1)) (u32.const 1))
(assert_return (invoke "take" (str.const "text")) (u32.const 4))

(component instance $drop $C)
(assert_return (invoke "prepare" (u32.const 2)) (u32.const 1))
(assert_trap (invoke "take" (str.const "text")) "cannot leave component instance")
