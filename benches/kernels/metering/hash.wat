;; FNV-1a over 64 KiB, n times: a loop with its condition at the end, and one chain of multiplications.
(module
  (memory 1)
  (data (i32.const 0) "some bytes that are hashed")
  (func (export "run") (param $n i32) (result i32) (local $at i32) (local $hash i32)
    (local.set $hash (i32.const 0x811c9dc5))
    (loop $again
      (local.set $at (i32.const 0))
      (loop $byte
        (local.set $hash
          (i32.mul (i32.xor (local.get $hash) (i32.load8_u (local.get $at))) (i32.const 0x01000193)))
        (br_if $byte (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 65536))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $hash)))
