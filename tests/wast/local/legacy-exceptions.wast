;;! legacy_exceptions = true

;; Exceptions as the legacy proposal had them.

(module
  (tag $number (param i32))
  (tag $other (param i64))
  (tag $none)
  (func $throw (param $which i32) (param $value i32)
    (if (i32.eq (local.get $which) (i32.const 1)) (then (throw $number (local.get $value))))
    (if (i32.eq (local.get $which) (i32.const 2)) (then (throw $other (i64.const 7))))
    (if (i32.eq (local.get $which) (i32.const 3)) (then (throw $none))))

  (func $clauses (export "clauses") (param $which i32) (result i32)
    (i32.const 1000)
    try (result i32)
      (call $throw (local.get $which) (i32.const 5)) (i32.const 1)
    catch $number
      (i32.add (i32.const 10))
    catch $other
      (drop) (i32.const 20)
    catch_all
      (i32.const 30)
    end
    (i32.add))

  (func $without_all (export "without_all") (param $which i32) (result i32)
    try (result i32)
      (call $throw (local.get $which) (i32.const 5)) (i32.const 1)
    catch $number
    end)

  (func (export "outer") (param $which i32) (result i32)
    try (result i32)
      (call $without_all (local.get $which))
    catch $other
      (drop) (i32.const 200)
    end)

  (func (export "no_clauses") (param $which i32) (result i32)
    try (result i32)
      try
        (call $throw (local.get $which) (i32.const 5))
      end (i32.const 1)
    catch_all
      (i32.const 2)
    end)

  (func (export "rethrow") (param $which i32) (result i32)
    try (result i32)
      try (result i32)
        (call $throw (local.get $which) (i32.const 6)) (i32.const 0)
      catch_all
        ;; Another one in between.
        try
          (throw $none)
        catch_all
        end
        (rethrow 0)
      end
    catch $number
    catch $other
      (i32.wrap_i64)
    end)

  ;; Of the outer one, from within a clause of the inner.
  (func (export "rethrow_outer") (result i32)
    try (result i32)
      try (result i32)
        (throw $number (i32.const 1))
      catch $number
        (drop)
        try (result i32)
          (throw $number (i32.const 2))
        catch $number
          (drop) (rethrow 1)
        end
      end
    catch $number
    end)

  (func (export "delegate") (param $which i32) (result i32)
    try $outer (result i32)
      try (result i32)
        try (result i32)
          (call $throw (local.get $which) (i32.const 8)) (i32.const 0)
        delegate $outer
      catch_all
        (i32.const 50)
      end
    catch $number
    catch_all
      (i32.const 60)
    end)

  ;; To a block that is no `try`: to what is around it. And out of the function.
  (func (export "delegate_to_block") (param $which i32) (result i32)
    try (result i32)
      (block $block (result i32)
      try (result i32)
        try (result i32)
          (call $throw (local.get $which) (i32.const 9)) (i32.const 0)
        delegate $block
      catch_all
        (i32.const 70)
      end)
    catch $number
    catch_all
      (i32.const 80)
    end)
  (func (export "delegate_out") (param $which i32) (result i32)
    try (result i32)
      try (result i32)
        (call $throw (local.get $which) (i32.const 9)) (i32.const 0)
      delegate 1
    catch_all
      (i32.const 90)
    end)

  ;; Each clause calls something, and there are others behind it.
  (func (export "calls") (param $which i32) (result i32)
    try (result i32)
      try (result i32)
        (call $throw (local.get $which) (i32.const 5)) (i32.const 0)
      catch $number
        (call $throw (i32.const 0) (i32.const 0))
      catch $other
        (drop) (call $throw (i32.const 0) (i32.const 0)) (i32.const 6)
      end
    catch_all
      (call $throw (i32.const 0) (i32.const 0)) (i32.const 7)
    end)

  ;; Where nothing is thrown, and where no end is reached.
  (func (export "quiet") (param i32) (result i32)
    try (result i32)
      (local.get 0)
    catch_all
      (unreachable)
    end)
  (func (export "returns") (param i32) (result i32)
    try
      (return (local.get 0))
    catch $number
      (return)
    catch_all
      (return (i32.const 3))
    end
    (unreachable))
  (func (export "dead") (result i32)
    (return (i32.const 4))
    try
      try
        (unreachable)
      catch $none
      catch_all
        (rethrow 0)
      end (throw $none)
    delegate 0
    (unreachable))

  ;; A loop of throws and catches, with locals.
  (func (export "loop") (param $n i32) (result i32) (local $sum i32)
    (loop $again
    try
      (call $throw (i32.rem_u (local.get $n) (i32.const 4)) (local.get $n))
    catch $number
      (local.set $sum (i32.add (local.get $sum)))
    catch_all
      (local.set $sum (i32.add (local.get $sum) (i32.const 1)))
    end
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))

(assert_return (invoke "clauses" (i32.const 0)) (i32.const 1001))
(assert_return (invoke "clauses" (i32.const 1)) (i32.const 1015))
(assert_return (invoke "clauses" (i32.const 2)) (i32.const 1020))
(assert_return (invoke "clauses" (i32.const 3)) (i32.const 1030))
(assert_return (invoke "without_all" (i32.const 1)) (i32.const 5))
(assert_exception (invoke "without_all" (i32.const 2)))
(assert_return (invoke "outer" (i32.const 0)) (i32.const 1))
(assert_return (invoke "outer" (i32.const 1)) (i32.const 5))
(assert_return (invoke "outer" (i32.const 2)) (i32.const 200))
(assert_exception (invoke "outer" (i32.const 3)))
(assert_return (invoke "no_clauses" (i32.const 0)) (i32.const 1))
(assert_return (invoke "no_clauses" (i32.const 1)) (i32.const 2))
(assert_return (invoke "rethrow" (i32.const 0)) (i32.const 0))
(assert_return (invoke "rethrow" (i32.const 1)) (i32.const 6))
(assert_return (invoke "rethrow" (i32.const 2)) (i32.const 7))
(assert_exception (invoke "rethrow" (i32.const 3)))
(assert_return (invoke "rethrow_outer") (i32.const 1))
(assert_return (invoke "delegate" (i32.const 0)) (i32.const 0))
(assert_return (invoke "delegate" (i32.const 1)) (i32.const 8))
(assert_return (invoke "delegate" (i32.const 2)) (i32.const 60))
(assert_return (invoke "delegate_to_block" (i32.const 0)) (i32.const 0))
(assert_return (invoke "delegate_to_block" (i32.const 1)) (i32.const 9))
(assert_return (invoke "delegate_to_block" (i32.const 2)) (i32.const 80))
(assert_return (invoke "delegate_out" (i32.const 0)) (i32.const 0))
(assert_exception (invoke "delegate_out" (i32.const 1)))
(assert_return (invoke "calls" (i32.const 0)) (i32.const 0))
(assert_return (invoke "calls" (i32.const 1)) (i32.const 5))
(assert_return (invoke "calls" (i32.const 2)) (i32.const 6))
(assert_return (invoke "calls" (i32.const 3)) (i32.const 7))
(assert_return (invoke "quiet" (i32.const 6)) (i32.const 6))
(assert_return (invoke "returns" (i32.const 6)) (i32.const 6))
(assert_return (invoke "dead") (i32.const 4))
(assert_return (invoke "loop" (i32.const 1000)) (i32.const 125250))
