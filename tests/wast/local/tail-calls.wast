;; Calls in place of returns use no stack, wherever they go.

(module $even
  (import "spectest" "print_i32" (func $print (param i32)))
  (type $test (func (param i64) (result i32)))
  (table $table (export "table") 2 funcref)
  (func $even (export "even") (type $test)
    (if (result i32) (i64.eqz (local.get 0))
      (then (i32.const 1))
      (else (return_call_indirect (type $test) (i64.sub (local.get 0) (i64.const 1)) (i32.const 1)))))
  (elem (i32.const 0) func $even)

  ;; Into a function of the host, with what it takes more than the caller.
  (func $to_host (export "to_host") (param i64)
    (return_call $print (i32.wrap_i64 (local.get 0)))))
(register "even" $even)

(module $odd
  (import "even" "even" (func $even (param i64) (result i32)))
  (import "even" "table" (table $table 2 funcref))
  (type $test (func (param i64) (result i32)))
  (func $odd (export "odd") (type $test)
    (if (result i32) (i64.eqz (local.get 0))
      (then (i32.const 0))
      (else (return_call $even (i64.sub (local.get 0) (i64.const 1))))))
  (elem (table $table) (i32.const 1) func $odd))

;; Between two modules, through a table and an import.
(assert_return (invoke $even "even" (i64.const 3000000)) (i32.const 1))
(assert_return (invoke $odd "odd" (i64.const 3000000)) (i32.const 0))
(assert_return (invoke $even "to_host" (i64.const 7)))

;; A callee with more parameters and results than registers hold, and one with fewer again.
(module
  (type $wide (func
    (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
  (type $narrow (func (param i64) (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))
  (func $narrow (export "narrow") (type $narrow)
    (return_call $wide
      (local.get 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
      (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11)))
  (func $wide (type $wide)
    (if (i64.eqz (local.get 0))
      (then (return
        (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
        (local.get 6) (local.get 7) (local.get 8) (local.get 9) (local.get 10) (local.get 11))))
    (return_call $narrow (i64.sub (local.get 0) (i64.const 1))))
  (func (export "sum") (param i64) (result i64)
    (call $narrow (local.get 0))
    (i64.add) (i64.add) (i64.add) (i64.add) (i64.add) (i64.add) (i64.add) (i64.add) (i64.add) (i64.add) (i64.add)))
(assert_return (invoke "narrow" (i64.const 100000))
  (i64.const 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
  (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11))
(assert_return (invoke "sum" (i64.const 100000)) (i64.const 66))

;; What traps before a call does so in the frame of the caller, and what traps in the callee without it.
(module
  (type $none (func))
  (table 1 funcref)
  (func $trap unreachable)
  (func (export "null") (return_call_indirect (type $none) (i32.const 0)))
  (func (export "outside") (return_call_indirect (type $none) (i32.const 1)))
  (func (export "callee") (return_call $trap)))
(assert_trap (invoke "null") "uninitialized element")
(assert_trap (invoke "outside") "undefined element")
(assert_trap (invoke "callee") "unreachable")

;; Without end, it is not the stack that ends.
(module (func $f (export "forever") (param i32) (result i32)
  (if (i32.eqz (local.get 0)) (then (return (i32.const 9))))
  (return_call $f (i32.sub (local.get 0) (i32.const 1)))))
(assert_return (invoke "forever" (i32.const 20000000)) (i32.const 9))
