;; Calls of small functions, directly and through a table, n times.
(module
  (type $step (func (param i32) (result i32)))
  (table 4 4 funcref)
  (elem (i32.const 0) $add $xor $rotate $square)
  (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 0x9e3779b9)))
  (func $xor (param i32) (result i32) (i32.xor (local.get 0) (i32.shr_u (local.get 0) (i32.const 7))))
  (func $rotate (param i32) (result i32) (i32.rotl (local.get 0) (i32.const 5)))
  (func $square (param i32) (result i32) (i32.mul (local.get 0) (i32.or (local.get 0) (i32.const 1))))
  (func (export "run") (param $n i32) (result i32) (local $x i32)
    (loop $again
      (local.set $x
        (call_indirect (type $step) (call $add (local.get $x)) (i32.and (local.get $n) (i32.const 3))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x)))
