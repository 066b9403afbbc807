;; A guest that calls the host n times, with an address and three numbers.
(module
  (import "host" "mix" (func $mix (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00")
  (func (export "run") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum
        (i32.add (local.get $sum)
          (call $mix
            (i32.add (i32.const 64) (i32.shl (i32.and (local.get $n) (i32.const 3)) (i32.const 2)))
            (local.get $sum) (local.get $n) (i32.const 7))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
