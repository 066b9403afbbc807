;; Words moved one by one, four at a time, and then in bulk, n times 32 KiB each.
(module
  (memory 1)
  (func (export "run") (param $n i32) (result i32) (local $at i32)
    (loop $again
      (i32.store (i32.const 0) (local.get $n))
      (local.set $at (i32.const 0))
      (loop $words
        (i64.store offset=32768 (local.get $at) (i64.load (local.get $at)))
        (i64.store offset=32776 (local.get $at) (i64.load offset=8 (local.get $at)))
        (i64.store offset=32784 (local.get $at) (i64.load offset=16 (local.get $at)))
        (i64.store offset=32792 (local.get $at) (i64.load offset=24 (local.get $at)))
        (br_if $words (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 32))) (i32.const 32768))))
      (memory.copy (i32.const 4) (i32.const 32768) (i32.const 32764))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.load (i32.const 8))))
