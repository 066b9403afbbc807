;; A loop in one component that calls a scalar function of another; and the same loop over a function of its own module.
(component
  (component $callee
    (core module $m
      (func (export "mix") (param i32 i32) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 31)) (local.get 1))))
    (core instance $i (instantiate $m))
    (func (export "mix") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "mix"))))
  (component $caller
    (import "mix" (func $mix (param "a" u32) (param "b" u32) (result u32)))
    (core func $mix (canon lower (func $mix)))
    (core module $m
      (import "" "mix" (func $mix (param i32 i32) (result i32)))
      (func $own (param i32 i32) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 31)) (local.get 1)))
      (func (export "across") (param $n i32) (result i32) (local $acc i32)
        (loop $l
          (local.set $acc (call $mix (local.get $acc) (local.get $n)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $acc))
      (func (export "within") (param $n i32) (result i32) (local $acc i32)
        (loop $l
          (local.set $acc (call $own (local.get $acc) (local.get $n)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $acc)))
    (core instance $i (instantiate $m (with "" (instance (export "mix" (func $mix))))))
    (func (export "across") (param "n" u32) (result u32) (canon lift (core func $i "across")))
    (func (export "within") (param "n" u32) (result u32) (canon lift (core func $i "within"))))
  (instance $a (instantiate $callee))
  (instance $b (instantiate $caller (with "mix" (func $a "mix"))))
  (func (export "across") (alias export $b "across"))
  (func (export "within") (alias export $b "within")))
