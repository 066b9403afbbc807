;; Atomic accesses of a shared memory that nobody else has: counters of every width, a lock, an exchange, a queue's ends; and notifying when
;; nobody waits.
(module
  (memory 1 1 shared)

  (func $lock
    (loop $again
      (br_if $again (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1)))))
  (func $unlock
    (i32.atomic.store (i32.const 0) (i32.const 0)))

  (func (export "run") (param $n i32) (result i64)
    (local $x i32) (local $i i32) (local $sum i64)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 4096))
    (local.set $x (i32.const 4711))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $i) (local.get $n)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
        ;; A histogram: 256 counters of 32 bits, and 64 of 64.
        (drop (i32.atomic.rmw.add offset=1024 (i32.and (i32.shr_u (local.get $x) (i32.const 14)) (i32.const 1020)) (i32.const 1)))
        (local.set $sum (i64.add (local.get $sum)
          (i64.atomic.rmw.add offset=2048 (i32.and (i32.shr_u (local.get $x) (i32.const 20)) (i32.const 504)) (i64.extend_i32_u (local.get $x)))))
        ;; Flags of a byte and of two.
        (drop (i32.atomic.rmw8.or_u offset=3072 (i32.and (local.get $x) (i32.const 255)) (i32.shr_u (local.get $x) (i32.const 9))))
        (local.set $sum (i64.xor (local.get $sum)
          (i64.extend_i32_u (i32.atomic.rmw16.xchg_u offset=3328 (i32.and (local.get $x) (i32.const 254)) (local.get $x)))))
        ;; Under a lock: what is not atomic.
        (call $lock)
        (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.extend_i32_u (i32.atomic.load offset=1024 (i32.const 0)))))
        (call $unlock)
        ;; The ends of a queue, and those who may wait for it.
        (i32.atomic.store (i32.const 16) (i32.add (i32.atomic.load (i32.const 20)) (i32.const 1)))
        (drop (i32.atomic.rmw.sub (i32.const 20) (i32.const -1)))
        (if (i32.eqz (i32.and (local.get $i) (i32.const 1023)))
          (then (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (memory.atomic.notify (i32.const 16) (i32.const 1)))))))
        (atomic.fence)
        (br $next)))
    (i64.xor (local.get $sum) (i64.load (i32.const 8)))))
