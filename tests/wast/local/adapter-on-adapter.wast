;; An adapter whose callee is reached through another one: the middle component calls the innermost with what it is given, and
;; also hands its import on as an export of its own. The string changes its encoding twice on the way in and twice back.
(component
  (core module $Memory
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (memory.copy (local.get $at) (local.get $old)
        (select (local.get $size) (local.get $old-size) (i32.lt_u (local.get $size) (local.get $old-size))))
      (local.get $at)))
  (core module $Forward
    (import "" "f" (func $f (param i32 i32 i32)))
    (func (export "f") (param i32 i32) (result i32)
      (call $f (local.get 0) (local.get 1) (i32.const 32))
      (i32.const 32)))

  (component $Inner
    (core module $M
      (import "memory" "memory" (memory 1))
      ;; Doubles the first byte of a UTF-8 string into the result, and counts.
      (func (export "f") (param $at i32) (param $len i32) (result i32)
        (i32.store (i32.const 16) (local.get $at))
        (i32.store (i32.const 20) (local.get $len))
        (i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1)))
        (i32.const 16)))
    (core instance $memory (instantiate $Memory))
    (core instance $m (instantiate $M (with "memory" (instance $memory))))
    (func (export "f") (param "s" string) (result string) (canon lift (core func $m "f")
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))

  (component $Middle
    (import "f" (func $f (param "s" string) (result string)))
    (core instance $memory (instantiate $Memory))
    (core func $lowered (canon lower (func $f) string-encoding=utf16
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
    (core instance $m (instantiate $Forward (with "" (instance (export "f" (func $lowered))))))
    (func (export "f") (param "s" string) (result string) (canon lift (core func $m "f") string-encoding=utf16
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
    (export "handed-on" (func $f)))

  (component $Outer
    (import "f" (func $f (param "s" string) (result string)))
    (core instance $memory (instantiate $Memory))
    (core func $lowered (canon lower (func $f) string-encoding=latin1+utf16
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
    (core instance $m (instantiate $Forward (with "" (instance (export "f" (func $lowered))))))
    (func (export "f") (param "s" string) (result string) (canon lift (core func $m "f") string-encoding=latin1+utf16
      (memory (core memory $memory "memory")) (realloc (core func $memory "realloc")))))

  (instance $inner (instantiate $Inner))
  (instance $middle (instantiate $Middle (with "f" (func $inner "f"))))
  (instance $again (instantiate $Middle (with "f" (func $middle "f"))))
  (instance $outer (instantiate $Outer (with "f" (func $again "f"))))
  (instance $direct (instantiate $Outer (with "f" (func $again "handed-on"))))
  (instance $shortest (instantiate $Outer (with "f" (func $middle "handed-on"))))
  (func (export "four-deep") (alias export $outer "f"))
  (func (export "three-deep") (alias export $direct "f"))
  (func (export "two-deep") (alias export $shortest "f"))
  (func (export "host-to-handed-on") (alias export $middle "handed-on")))

(assert_return (invoke "four-deep" (str.const "abc ☃")) (str.const "bbc ☃"))
(assert_return (invoke "three-deep" (str.const "abc ÿ")) (str.const "bbc ÿ"))
(assert_return (invoke "two-deep" (str.const "abc")) (str.const "bbc"))
(assert_return (invoke "host-to-handed-on" (str.const "abc")) (str.const "bbc"))

;; A realloc that is itself an adapter: the middle component's memory is allocated for by another component.
(component
  (component $Allocator
    (core module $M
      (global $next (mut i32) (i32.const 512))
      (func (export "allocate") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $next))
        (global.set $next (i32.and (i32.add (i32.add (local.get $at) (local.get 3)) (i32.const 15)) (i32.const -8)))
        (local.get $at)))
    (core instance $m (instantiate $M))
    (func (export "allocate") (param "old" u32) (param "old-size" u32) (param "align" u32) (param "size" u32) (result u32)
      (canon lift (core func $m "allocate"))))
  (component $Callee
    (import "allocate" (func $allocate
      (param "old" u32) (param "old-size" u32) (param "align" u32) (param "size" u32) (result u32)))
    (core func $realloc (canon lower (func $allocate)))
    (core module $M
      (memory (export "memory") 1)
      (func (export "sum") (param i32 i32) (result i32)
        (i32.add (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)))))
    (core instance $m (instantiate $M))
    (func (export "sum") (param "l" (list u32)) (result u32) (canon lift (core func $m "sum")
      (memory (core memory $m "memory")) (realloc $realloc))))
  (instance $allocator (instantiate $Allocator))
  (instance $callee (instantiate $Callee (with "allocate" (func $allocator "allocate"))))
  (func (export "sum") (alias export $callee "sum")))

;; During realloc the callee may not leave, so that lowering an import in it traps.
(assert_trap (invoke "sum" (list.const (u32.const 40) (u32.const 2))) "cannot leave component instance")
