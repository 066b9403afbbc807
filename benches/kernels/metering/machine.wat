;; An interpreter of a made-up machine that runs a loop of n rounds: a table of branches in a loop, as interpreters have it.
(module
  (memory 1)
  (data (i32.const 0) "\00\01\02\03\02\00\01\04")
  (func (export "run") (param $n i32) (result i32) (local $pc i32) (local $a i32) (local $b i32)
    (block $halt
      (loop $next
        (block $repeat (block $swap (block $mix (block $double (block $increment
          (br_table $increment $double $mix $swap $repeat
            (i32.load8_u (i32.and (local.get $pc) (i32.const 7)))))
          ;; increment
          (local.set $a (i32.add (local.get $a) (i32.const 1)))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $next))
          ;; double
          (local.set $a (i32.shl (local.get $a) (i32.const 1)))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $next))
          ;; mix
          (local.set $b (i32.xor (local.get $b) (i32.mul (local.get $a) (i32.const 0x85ebca6b))))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $next))
          ;; swap
          (local.get $a) (local.set $a (local.get $b)) (local.set $b)
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $next))
        ;; repeat
        (local.set $pc (i32.const 0))
        (br_if $halt (i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (br $next)))
    (i32.add (local.get $a) (local.get $b))))
