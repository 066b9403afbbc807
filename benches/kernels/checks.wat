;; Loops over what is checked: calls through a table, elements of a table, memory, divisions.
(module
  (type $t (func (param i32) (result i32)))
  (memory 1)
  (table $functions 8 funcref)
  (table $elements 64 externref)
  (elem (table $functions) (i32.const 0) func $one $two $one $two $one $two $one $two)
  (func $one (type $t) (i32.add (local.get 0) (i32.const 3)))
  (func $two (type $t) (i32.xor (local.get 0) (i32.const 5)))
  (func (export "indirect") (param $n i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (call_indirect $functions (type $t)
        (local.get $sum) (i32.and (local.get $n) (i32.const 7))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "elements") (param $n i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum)
        (ref.is_null (table.get $elements (i32.and (local.get $n) (i32.const 63))))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  ;; Each address comes out of memory, as in a list.
  (func (export "chase") (param $n i32) (result i32) (local $at i32)
    (loop $l
      (i32.store (local.get $at) (i32.and (i32.mul (local.get $n) (i32.const 20)) (i32.const 0xfffc)))
      (local.set $at (i32.load (local.get $at)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $at))
  ;; Addresses are known beforehand, as in an array.
  (func (export "sweep") (param $n i32) (result i32) (local $at i32) (local $sum i32)
    (loop $l
      (local.set $at (i32.and (i32.shl (local.get $n) (i32.const 3)) (i32.const 0xfff8)))
      (local.set $sum (i32.add (local.get $sum)
        (i32.add (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)))))
      (i32.store offset=4 (local.get $at) (local.get $sum))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "divide") (param $n i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (i32.div_s (i32.const 1000000) (local.get $n))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $fib (export "calls") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add
        (call $fib (i32.sub (local.get 0) (i32.const 1)))
        (call $fib (i32.sub (local.get 0) (i32.const 2))))))))
