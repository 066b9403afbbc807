;; Exceptions that are thrown a few calls deep and caught where their tag is asked for, on the way caught and thrown on by reference.
(module
  (tag $odd (param i32))
  (tag $pair (param i32 i64))
  (global $unwound (mut i32) (i32.const 0))

  ;; Goes down so many calls and throws there.
  (func $dive (param $depth i32) (param $x i32) (result i32)
    (if (local.get $depth)
      (then
        (return (i32.add (i32.const 1)
          (call $dive (i32.sub (local.get $depth) (i32.const 1)) (i32.mul (local.get $x) (i32.const 1664525)))))))
    (if (i32.and (local.get $x) (i32.const 16))
      (then (throw $pair (local.get $x) (i64.extend_i32_u (local.get $x)))))
    (throw $odd (local.get $x)))

  ;; Cleans up, as destructors do, and throws on.
  (func $cleans (param $depth i32) (param $x i32) (result i32)
    (block $any (result exnref)
      (return (try_table (result i32) (catch_all_ref $any)
        (call $dive (local.get $depth) (local.get $x)))))
    (global.set $unwound (i32.add (global.get $unwound) (i32.const 1)))
    (throw_ref))

  ;; Catches one tag of two.
  (func $catches_odd (param $depth i32) (param $x i32) (result i32)
    (block $odd (result i32)
      (return (try_table (result i32) (catch $odd $odd)
        (call $cleans (local.get $depth) (local.get $x)))))
    (i32.xor (i32.const 0x5555)))

  (func (export "run") (param $n i32) (result i64)
    (local $sum i64) (local $x i32)
    (local.set $x (i32.const 12345))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1103515245)) (i32.const 12345)))
        (block $pair (result i32 i64)
          (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31))
            (i64.extend_i32_s
              (try_table (result i32) (catch $pair $pair)
                (call $catches_odd (i32.and (i32.shr_u (local.get $x) (i32.const 8)) (i32.const 3)) (local.get $x))))))
          (br $next))
        (local.set $sum (i64.xor (local.get $sum)))
        (i64.extend_i32_u)
        (local.set $sum (i64.add (local.get $sum)))
        (br $next)))
    (i64.add (local.get $sum) (i64.extend_i32_u (global.get $unwound)))))
