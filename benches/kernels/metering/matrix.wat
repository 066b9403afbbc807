;; The product of two matrices of 64 by 64 floats, n times: loops in loops. The result is a sum over the diagonal.
(module
  (memory 2)
  (func (export "run") (param $n i32) (result i32)
    (local $i i32) (local $j i32) (local $k i32) (local $sum f64) (local $trace f64) (local $at i32) (local $row i32) (local $column i32)
    (loop $fill
      (f64.store (local.get $at) (f64.convert_i32_u (i32.and (local.get $at) (i32.const 0x78))))
      (br_if $fill (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 65536))))
    (loop $again
      (local.set $trace (f64.const 0))
      (local.set $i (i32.const 0))
      (loop $rows
        (local.set $j (i32.const 0))
        (loop $columns
          (local.set $sum (f64.const 0))
          (local.set $k (i32.const 0))
          (local.set $row (i32.shl (local.get $i) (i32.const 9)))
          (local.set $column (i32.shl (local.get $j) (i32.const 3)))
          (loop $products
            (local.set $sum
              (f64.add (local.get $sum)
                (f64.mul (f64.load (local.get $row)) (f64.load offset=32768 (local.get $column)))))
            (local.set $row (i32.add (local.get $row) (i32.const 8)))
            (local.set $column (i32.add (local.get $column) (i32.const 512)))
            (br_if $products (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 64))))
          (f64.store offset=65536
            (i32.add (i32.shl (local.get $i) (i32.const 9)) (i32.shl (local.get $j) (i32.const 3))) (local.get $sum))
          (if (i32.eq (local.get $i) (local.get $j))
            (then (local.set $trace (f64.add (local.get $trace) (local.get $sum)))))
          (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 64))))
        (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.trunc_sat_f64_u (local.get $trace))))
