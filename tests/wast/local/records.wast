;; Records, tuples and flags: on the stack while they are few, through memory when they are many, and results that go through
;; memory on both sides.
(component
  (core module $Memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (local.get $at)))

  (component $Callee
    (type $flags' (flags "a" "b" "c" "d" "e" "f" "g" "h" "i"))
    (export $flags "labels" (type $flags'))
    (type $mixed' (record (field "small" u8) (field "large" u64) (field "labels" $flags) (field "real" f32)))
    (export $mixed "mixed" (type $mixed'))
    (core instance $memory (instantiate $Memory))
    (core module $M
      (import "memory" "memory" (memory 1))
      ;; Four flat parameters in, the record through memory out, each number one larger and the labels inverted.
      (func (export "change") (param i32 i64 i32 f32) (result i32)
        (i32.store8 (i32.const 64) (i32.add (local.get 0) (i32.const 1)))
        (i64.store (i32.const 72) (i64.add (local.get 1) (i64.const 1)))
        (i32.store16 (i32.const 80) (i32.xor (local.get 2) (i32.const 0xffff)))
        (f32.store (i32.const 84) (f32.add (local.get 3) (f32.const 1)))
        (i32.const 64))
      ;; Seventeen numbers through memory: their sum weighted by position.
      (func (export "weigh") (param $at i32) (result i64)
        (local $i i32)
        (local $sum i64)
        (loop $next
          (local.set $sum (i64.add (local.get $sum) (i64.mul
            (i64.extend_i32_u (local.get $i))
            (i64.load (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 3)))))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $i) (i32.const 17))))
        (local.get $sum)))
    (core instance $m (instantiate $M (with "memory" (instance $memory))))
    (func (export "change") (param "r" $mixed) (result $mixed) (canon lift (core func $m "change")
      (memory (core memory $memory "memory"))))
    (func (export "weigh")
      (param "r" (tuple u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64)) (result u64)
      (canon lift (core func $m "weigh") (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))

  (component $Caller
    (import "callee" (instance $callee
      (type $flags' (flags "a" "b" "c" "d" "e" "f" "g" "h" "i"))
      (export "labels" (type $flags (eq $flags')))
      (type $mixed' (record (field "small" u8) (field "large" u64) (field "labels" $flags) (field "real" f32)))
      (export "mixed" (type $mixed (eq $mixed')))
      (export "change" (func (param "r" $mixed) (result $mixed)))
      (export "weigh" (func
        (param "r" (tuple u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64)) (result u64)))))
    (alias export $callee "mixed" (type $mixed'))
    (export $mixed "mixed" (type $mixed'))
    (core instance $memory (instantiate $Memory))
    (core func $change (canon lower (func $callee "change") (memory (core memory $memory "memory"))))
    (core func $weigh (canon lower (func $callee "weigh") (memory (core memory $memory "memory"))))
    (core module $M
      (import "" "change" (func $change (param i32 i64 i32 f32 i32)))
      (import "" "weigh" (func $weigh (param i32) (result i64)))
      (func (export "change") (param i32 i64 i32 f32) (result i32)
        (call $change (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 128))
        (i32.const 128))
      (func (export "weigh") (param i32) (result i64) (call $weigh (local.get 0))))
    (core instance $m (instantiate $M (with "" (instance
      (export "change" (func $change)) (export "weigh" (func $weigh))))))
    (func (export "change") (param "r" $mixed) (result $mixed) (canon lift (core func $m "change")
      (memory (core memory $memory "memory"))))
    (func (export "weigh")
      (param "r" (tuple u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64)) (result u64)
      (canon lift (core func $m "weigh") (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))

  (instance $callee (instantiate $Callee))
  (instance $caller (instantiate $Caller (with "callee" (instance $callee))))
  (func $change (alias export $caller "change"))
  (func $weigh (alias export $caller "weigh"))
  (type $flags' (flags "a" "b" "c" "d" "e" "f" "g" "h" "i"))
  (export $flags "labels" (type $flags'))
  (type $mixed' (record (field "small" u8) (field "large" u64) (field "labels" $flags) (field "real" f32)))
  (export $mixed "mixed" (type $mixed'))
  (export "change" (func $change) (func (param "r" $mixed) (result $mixed)))
  (export "weigh" (func $weigh)))

(assert_return
  (invoke "change" (record.const
    (field "small" u8.const 255) (field "large" u64.const 0xffff_ffff) (field "labels" flags.const "a" "i")
    (field "real" f32.const 0.5)))
  (record.const
    (field "small" u8.const 0) (field "large" u64.const 0x1_0000_0000)
    (field "labels" flags.const "b" "c" "d" "e" "f" "g" "h") (field "real" f32.const 1.5)))
(assert_return
  (invoke "change" (record.const
    (field "small" u8.const 1) (field "large" u64.const 1) (field "labels" flags.const) (field "real" f32.const 0)))
  (record.const
    (field "small" u8.const 2) (field "large" u64.const 2)
    (field "labels" flags.const "a" "b" "c" "d" "e" "f" "g" "h" "i") (field "real" f32.const 1)))
(assert_return
  (invoke "weigh" (tuple.const
    (u64.const 100) (u64.const 1) (u64.const 0) (u64.const 0) (u64.const 0) (u64.const 0) (u64.const 0) (u64.const 0)
    (u64.const 2) (u64.const 0) (u64.const 0) (u64.const 0) (u64.const 0) (u64.const 0) (u64.const 0) (u64.const 0)
    (u64.const 0x1_0000_0000)))
  (u64.const 0x10_0000_0011))
